"""Show the Parquet of a run as the schemas `marts` and `seeds` of a DuckDB file.

Small tables are loaded: the file then has all that detection and the pages ask for most, and stays
whole when it is copied elsewhere. Larger ones are views on the Parquet, at its absolute path, since
DuckDB takes a relative one from the reader's folder and not from the file's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retail.errors import RetailError
from retail.ingest.sql import read_parquet
from retail.storage.errors import first_line
from retail.storage.quoting import identifier, literal

LOAD_BELOW = 64 * 2**20
"""Bytes of Parquet from which a table is shown and not loaded."""
SCHEMAS = ("marts", "seeds")
"""What is published."""
OTHERS = ("raw", "staging", "intermediate")
"""What a build on DuckDB has left in the file, which is not of this run."""


@dataclass(frozen=True)
class Table:
    """A table that dbt builds: its columns are pairs of name and DuckDB type.

    One without a contract has further columns, in the types that the engine wrote.
    """

    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]
    has_contract: bool = True


def read_tables(manifest: Path) -> tuple[Table, ...]:
    """Read from dbt's manifest what there is to publish, with the types of its contracts."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return tuple(
        Table(node["schema"], node["alias"], _columns(node), _has_contract(node))
        for node in nodes
        if node["resource_type"] in ("model", "seed") and node["schema"] in SCHEMAS
    )


def _columns(node: dict[str, object]) -> tuple[tuple[str, str], ...]:
    if node["resource_type"] == "seed":
        types = node["config"]["column_types"]  # type: ignore[index]
        return tuple(types.items())
    columns = node["columns"].values()  # type: ignore[attr-defined]
    return tuple((column["name"], column["data_type"]) for column in columns)


def _has_contract(node: dict[str, object]) -> bool:
    """Whether the columns are all that there are; a seed's always are."""
    enforced = node["config"]["contract"]["enforced"]  # type: ignore[index]
    return node["resource_type"] == "seed" or bool(enforced)


def show(run: Path, tables: Sequence[Table], database: Path, load_below: int = LOAD_BELOW) -> None:
    """Replace the published schemas of a DuckDB file by the tables of a run, all or none.

    Args:
        run: folder of the run; a table's Parquet files are in `schema/name` below it.
        tables: what there must be.
        database: the DuckDB file; made where it is missing.
        load_below: bytes of Parquet under which a table is loaded.

    Raises:
        RetailError: a table is missing or not what its contract says.
    """
    with duckdb.connect(
        str(database), config={"storage_compatibility_version": "v1.2.0"}
    ) as connection:
        try:
            connection.execute("set timezone = 'UTC'")
            connection.execute("begin")
            for statement in _statements(run, tables, load_below):
                connection.execute(statement)
            connection.execute("commit")
        except duckdb.Error as error:
            raise RetailError(f"cannot show the tables in {run}: {first_line(error)}") from error


def shown_run(database: Path) -> str | None:
    """Name of the folder whose tables a DuckDB file shows; None where it shows none."""
    if not database.is_file():
        return None
    with duckdb.connect(str(database), read_only=True) as connection:
        try:
            row = connection.execute("select run from raw.lake_run").fetchone()
        except duckdb.CatalogException:
            return None
    return str(row[0]) if row else None


def _statements(run: Path, tables: Sequence[Table], load_below: int) -> Iterable[str]:
    for schema in (*OTHERS, *SCHEMAS):
        yield f"drop schema if exists {schema} cascade"
    for schema in ("raw", *SCHEMAS):
        yield f"create schema {schema}"
    yield f"create table raw.lake_run as select {literal(run.name)} as run"
    for table in tables:
        yield _statement(run, table, load_below)


def _statement(run: Path, table: Table, load_below: int) -> str:
    folder = run / table.schema / table.name
    files = sorted(folder.glob("*.parquet"))
    if not folder.is_dir():
        raise RetailError(f"{folder} is not there: can this machine see what the cluster wrote?")
    is_small = sum(path.stat().st_size for path in files) < load_below
    kind = "table" if is_small or not files else "view"
    name = f"{table.schema}.{identifier(table.name)}"
    return f"create {kind} {name} as {_query(table, folder, is_empty=not files)}"


def _query(table: Table, folder: Path, *, is_empty: bool) -> str:
    """The rows in the types of the contract; engines may write none at all where there are none."""
    if is_empty:
        columns = ", ".join(
            f"cast(null as {kind}) as {identifier(name)}" for name, kind in table.columns
        )
        return f"select {columns} where false"
    columns = ", ".join(_column(name, kind) for name, kind in table.columns)
    wanted = columns if table.has_contract else f"* replace ({columns})"
    return f"select {wanted} from {read_parquet([folder / '*.parquet'])}"  # noqa: S608


def _column(name: str, kind: str) -> str:
    """Times are those of UTC, whether the engine knows times without a zone or not."""
    column = identifier(name)
    if kind == "timestamp":
        return f"make_timestamp(epoch_us({column})) as {column}"
    return f"cast({column} as {kind}) as {column}"
