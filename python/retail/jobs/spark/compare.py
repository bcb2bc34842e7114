"""Compare the tables of two DuckDB files, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retail.errors import RetailError
from retail.storage.errors import first_line
from retail.storage.quoting import identifier, literal

BOOKKEEPING = frozenset({"row_hash", "line_hash", "source_checksum", "landed_at", "location"})
"""Columns that are about the build and not the shop: NULL on Spark, or when and where files lay."""


@dataclass(frozen=True)
class Difference:
    """How one table differs: rows in each file, and how many of them the other has not.

    `columns` are those that one file has not, or with another type.
    """

    table: str
    rows: int
    other_rows: int
    missing: int
    surplus: int
    columns: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        """Whether the two are equal in every cell."""
        return not (self.missing or self.surplus or self.columns)


def compare(one: Path, other: Path, schema: str = "marts") -> tuple[Difference, ...]:
    """Compare every table of a schema; nothing is rounded, floating-point numbers neither.

    Returns:
        One record per table of either file, in order of their names.

    Raises:
        RetailError: a file can't be read.
    """
    with duckdb.connect() as connection:
        try:
            connection.execute("set timezone = 'UTC'")
            for name, path in (("one", one), ("other", other)):
                connection.execute(f"attach {literal(path)} as {name} (read_only)")
            columns = {name: _columns(connection, name, schema) for name in ("one", "other")}
            tables = sorted({table for found in columns.values() for table in found})
            return tuple(
                _difference(connection, f"{schema}.{identifier(table)}", table, columns)
                for table in tables
            )
        except duckdb.Error as error:
            raise RetailError(f"cannot compare {one} with {other}: {first_line(error)}") from error


Columns = dict[str, dict[str, str]]


def _columns(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> Columns:
    """Table → column → type."""
    rows = connection.execute(
        """
        select table_name, column_name, data_type from duckdb_columns()
        where database_name = ? and schema_name = ?
        """,
        [database, schema],
    ).fetchall()
    found: Columns = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def _difference(
    connection: duckdb.DuckDBPyConnection, name: str, table: str, columns: dict[str, Columns]
) -> Difference:
    left, right = columns["one"].get(table, {}), columns["other"].get(table, {})
    differing = tuple(sorted(dict(left.items() ^ right.items())))
    shared = [column for column in left if column not in (*differing, *BOOKKEEPING)]
    if not left or not right or not shared:
        return Difference(table, 0, 0, 0, 0, differing or (table,))
    return Difference(table, *_count(connection, name, shared), differing)


def _count(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]
) -> tuple[int, int, int, int]:
    chosen = ", ".join(map(identifier, columns))
    # Names out of DuckDB's own catalogue, quoted.
    one, other = (f"select {chosen} from {file}.{name}" for file in ("one", "other"))  # noqa: S608
    queries = (one, other, f"{one} except all {other}", f"{other} except all {one}")
    counts = ", ".join(f"(select count(*) from ({query}))" for query in queries)  # noqa: S608
    ((rows, other_rows, missing, surplus),) = connection.execute(f"select {counts}").fetchall()
    return rows, other_rows, missing, surplus
