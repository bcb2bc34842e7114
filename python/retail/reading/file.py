"""Open the finished file for reading, and read its rows as records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np

from detect.records import Floats
from retail.schema import TABLES, Table
from retail.storage.errors import HeldError, StorageError, first_line
from retail.storage.opening import PATIENCE_SECONDS, describe_error, open_database
from retail.storage.quoting import identifier

AGAIN = "run `dbt build` and `python -m detect` again"
Connection = duckdb.DuckDBPyConnection
Row = TypeVar("Row")


class ReadError(StorageError):
    """The file can't be read; the message says what, where, and what to do."""


class LockedError(ReadError):
    """Another program is writing to the file, and did not finish in time."""


class UnreadyError(Exception):
    """A table is not there, or not as it is written today."""


def missing(path: Path) -> ReadError:
    """Say that there is no such file, and what to do."""
    return ReadError(f"{path}: no such database; run `make run` first, or give --db")


@contextmanager
def reading(path: Path, patience: float = PATIENCE_SECONDS) -> Iterator[Connection]:
    """Open the file in one consistent state, and close it at the end, so that nobody waits long.

    Args:
        path: the finished DuckDB file.
        patience: seconds to wait while another program writes to it.

    Raises:
        LockedError: it stays locked.
        ReadError: there is no such file, it is no database, or a table or a column is missing.
    """
    if not path.is_file():
        raise missing(path)
    connection = _open(path, patience)
    try:
        connection.execute("begin")
        yield connection
    except UnreadyError as error:
        raise ReadError(f"{path}: {error}") from error
    except ReadError:
        raise
    except StorageError as error:
        raise _read_error(error) from error
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise ReadError(f"{path}: {first_line(error)} {AGAIN.capitalize()}") from error
    except duckdb.Error as error:
        raise ReadError(describe_error(path, error)) from error
    finally:
        connection.close()


def _open(path: Path, patience: float) -> Connection:
    try:
        return open_database(path, read_only=True, patience=patience)
    except StorageError as error:
        raise _read_error(error) from error


def _read_error(error: StorageError) -> ReadError:
    """An error of a file as one of reading."""
    kind = LockedError if isinstance(error, HeldError) else ReadError
    return kind(str(error))


def path_of(connection: Connection) -> Path:
    """The file that a connection has open."""
    query = "select path from duckdb_databases() where database_name = current_database()"
    ((path,),) = connection.execute(query).fetchall()
    return Path(path)


def has_table(connection: Connection, schema: str, name: str) -> bool:
    """Whether the file has a table or view of that name."""
    query = """
        select count(*) from information_schema.tables
        where table_schema = ? and table_name = ?
    """
    ((count,),) = connection.execute(query, [schema, name]).fetchall()
    return bool(count)


def rows_of(
    connection: Connection, record: type[Row], query: str, parameters: Sequence[object] = ()
) -> tuple[Row, ...]:
    """Rows of a query whose columns are the record's fields, in order; NaN is None."""
    rows = connection.execute(query, list(parameters)).fetchall()
    return tuple(record(*map(known, row)) for row in rows)


def read_table(
    connection: Connection,
    record: type[Row],
    name: str,
    tail: str = "",
    parameters: Sequence[object] = (),
) -> tuple[Row, ...]:
    """Rows of an insights table as its records; none of one that outlives runs and is not there.

    Rows of a KPI that the build no longer has are left out, until the next run does so too.

    Args:
        connection: from `reading`.
        record: that of the table.
        name: of the table.
        tail: what follows `from` in the query: a condition and an order.
        parameters: those of the tail.
    """
    table = TABLES[name]
    there = _columns_there(connection, name)
    if not there and table.outlives_runs:
        return ()
    _require_current(name, table, there)
    columns = ", ".join(c.name if c.name in there else f"null as {c.name}" for c in table.columns)
    rows_of_kpis, kpis = _of_known_kpis(connection, name, table)
    query = f"select {columns} from {rows_of_kpis} {tail}"  # noqa: S608 - names from the schema
    rows = connection.execute(query, [*kpis, *parameters]).fetchall()
    return _records(record, table, rows)


def _of_known_kpis(connection: Connection, name: str, table: Table) -> tuple[str, list[object]]:
    """What to select from, and its parameters: `dim_kpis` may be newer than the last run."""
    every = f"insights.{identifier(name)}"
    has_kpi = any(column.name == "kpi" for column in table.columns)
    if table.outlives_runs or not has_kpi or not has_table(connection, "marts", "dim_kpis"):
        return every, []
    known = [kpi for (kpi,) in connection.execute("select kpi from marts.dim_kpis").fetchall()]
    return f"(from {every} where list_contains(?::varchar[], kpi))", [known]


def _columns_there(connection: Connection, name: str) -> set[str]:
    """Columns that a table has in this file; the information schema takes five times as long."""
    there = "select 1 from duckdb_tables() where schema_name = 'insights' and table_name = ?"
    if not connection.execute(there, [name]).fetchall():
        return set()
    query = "select name from pragma_table_info(?)"
    return {column for (column,) in connection.execute(query, [f"insights.{name}"]).fetchall()}


def _require_current(name: str, table: Table, there: set[str]) -> None:
    """Refuse a table that is missing, or that an earlier version wrote.

    Raises:
        UnreadyError: it is; a table that outlives runs may lack columns.
    """
    if not there:
        raise UnreadyError("no finished run yet; run `python -m detect` first")
    lacking = [column.name for column in table.columns if column.name not in there]
    if lacking and not table.outlives_runs:
        raise UnreadyError(
            f"insights.{name} has no column {lacking[0]}: an earlier version wrote it; {AGAIN}"
        )


def _records(
    record: type[Row], table: Table, rows: Sequence[tuple[object, ...]]
) -> tuple[Row, ...]:
    """Rows as records; the file has NULL for what is no number already."""
    nested = [place for place, column in enumerate(table.columns) if column.type == "JSON"]
    whole = [_unpacked(row, nested) for row in rows] if nested else rows
    if not table.implied:
        return tuple(record(*row) for row in whole)
    names = [column.field for column in table.columns]
    return tuple(record(**table.implied, **dict(zip(names, row, strict=True))) for row in whole)


def _unpacked(row: tuple[object, ...], nested: Sequence[int]) -> tuple[object, ...]:
    """A row whose JSON is what it stands for."""
    values = list(row)
    for place in nested:
        values[place] = json.loads(str(values[place]))
    return tuple(values)


def known(value: Any) -> Any:  # noqa: ANN401 - whatever type the column has
    """The value, None for one that is no number."""
    return None if isinstance(value, float) and value != value else value


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever type the column has
    """A value as Python counts with it: a decimal is a float."""
    return float(value) if isinstance(value, Decimal) else value


def floats(column: Any) -> Floats:  # noqa: ANN401 - masked where the database has nulls
    """A column of numbers, with zero where there is none."""
    return np.asarray(np.ma.filled(column, 0.0), dtype=np.float64)
