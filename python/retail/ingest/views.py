"""Show what was landed as the views raw.order_lines and raw.files, and by what code."""

from __future__ import annotations

from dataclasses import astuple, fields

import duckdb

from retail.ingest.cache import RawFile
from retail.ingest.dates import DAY_FIRST
from retail.ingest.errors import IngestError
from retail.ingest.parquet_cache import Landing
from retail.ingest.sql import COLUMNS, OTHER_ROW_HASH, ROW_HASH, read_parquet
from retail.storage.errors import first_line
from retail.storage.quoting import literal

_TYPES = {
    "raw_rows": "bigint",
    "bytes": "bigint",
    "landed_at": "timestamp",
    "content_hash": "bigint",
}


def create_views(
    connection: duckdb.DuckDBPyConnection, landing: Landing, code_hash: str = ""
) -> None:
    """Create or replace the views raw.order_lines, raw.files and raw.project, all or none.

    Args:
        connection: the database.
        landing: what was landed.
        code_hash: what the project's code comes to, the one column of raw.project.

    Raises:
        IngestError: DuckDB refuses, for one because a table has the name of a view.
    """
    try:
        connection.execute("begin")
        connection.execute("create schema if not exists raw")
        connection.execute(f"create or replace view raw.order_lines as {_order_lines(landing)}")
        connection.execute(f"create or replace view raw.files as {_files(landing)}")
        connection.execute(
            f"create or replace view raw.project as select {literal(code_hash)} as code_hash"
        )
        connection.execute("commit")
    except duckdb.Error as error:
        connection.execute("rollback")
        raise IngestError(f"cannot show the raw data to dbt: {first_line(error)}") from error


def _order_lines(landing: Landing) -> str:
    parquets = [path for landed in landing.landed for path in landed.parquets]
    queries = [landed.query for landed in landing.landed if landed.query]
    if parquets:
        queries.insert(0, f"select {', '.join(COLUMNS)} from {read_parquet(parquets)}")  # noqa: S608 - by ingest.sql: quoted
    every = " union all by name ".join(queries)
    return f"select *, {_row_hash(landing)} as row_hash from ({every}) as order_lines"  # noqa: S608 - by ingest.sql: quoted


def _row_hash(landing: Landing) -> str:
    names = [literal(file.source_file) for file in landing.files if file.date_order == DAY_FIRST]
    if not names:
        return ROW_HASH
    return (
        f"case when source_file in ({', '.join(names)}) then {OTHER_ROW_HASH} else {ROW_HASH} end"
    )


def _files(landing: Landing) -> str:
    shared = (landing.origin, landing.location)
    rows = [", ".join(map(literal, (*astuple(file), *shared))) for file in landing.files]
    names = [*(field.name for field in fields(RawFile)), "origin", "location"]
    typed = [f"{name}::{_TYPES.get(name, 'varchar')} as {name}" for name in names]
    values = ", ".join(f"({row})" for row in rows)
    return f"select {', '.join(typed)} from (values {values}) as file ({', '.join(names)})"  # noqa: S608 - by ingest.sql: quoted
