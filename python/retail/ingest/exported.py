"""Read order lines out of a table of a database, or of JSON lines, by way of a Parquet file."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import duckdb

from retail.ingest import confined, postgres
from retail.ingest.errors import IngestError, reading
from retail.ingest.in_place import show_parquet
from retail.ingest.mapping import Reader
from retail.ingest.rows import Piece, copy, noted, write_rows
from retail.ingest.sniff import insist_on_bounds
from retail.ingest.sources import SourceFile, find_table
from retail.ingest.workspace import draft_in
from retail.storage.quoting import identifier

SQLITE = b"SQLite format 3\0"
DUCKDB, DUCKDB_AT = b"DUCK", 8
"""How files of either begin; DuckDB's after a checksum."""
NO_OBJECTS = "has no JSON objects with a name for each value, one on every line or all in an array"
ODD = "objects whose keys are not those of the others"


def write_exported(
    connection: duckdb.DuckDBPyConnection,
    source: SourceFile,
    target: Path,
    reader: Reader,
    rows: postgres.Snapshot | None = None,
) -> tuple[Piece, ...]:
    """Write the order lines of a table, or of JSON lines, into the Parquet file ``target``.

    Args:
        connection: any DuckDB connection.
        source: the file, or the table.
        target: the Parquet file to write.
        reader: finds the columns.
        rows: of a table on a server, the snapshot to read.

    Raises:
        IngestError: it can't be read, lacks a column, or the disk refuses.
    """
    odd: list[str] = []
    with draft_in(target.parent, ".parquet") as draft:
        if source.server:
            with ExitStack() as asked:
                (rows or asked.enter_context(postgres.snapshot(source))).export(connection, draft)
        elif source.table:
            _export_table(connection, source, draft)
        else:
            insist_on_bounds(source.path)
            odd = confined.export("json", source.path, f"{source.path} {NO_OBJECTS}", draft)
        try:
            query, pieces, _ = show_parquet(connection, replace(source, path=draft), reader)
        except IngestError as error:
            raise IngestError(str(error).replace(str(draft), source.label)) from error
        copy(connection, query, target)
    return tuple(noted(one, *(f"{ODD}: {each}" for each in odd)) for one in pieces)


def _export_table(connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path) -> None:
    with reading(source.path), source.path.open("rb") as file:
        start = file.read(len(SQLITE))
    is_sqlite = start == SQLITE
    if not is_sqlite and start[DUCKDB_AT : DUCKDB_AT + len(DUCKDB)] != DUCKDB:
        raise IngestError(f"{source.path} is no database of DuckDB or SQLite")
    kind, what = "sqlite" if is_sqlite else "duckdb", f"cannot read {source.label}"
    query = source.query
    if not query:
        tables = [(schema, name) for schema, name in confined.list_tables(kind, source.path, what)]
        query = f"select * from {'.'.join(map(identifier, find_table(source, tables)))}"  # noqa: S608 - quoted
    if is_sqlite:
        rows = confined.read_sqlite(source.path, what, query)
        write_rows(connection, rows, next(rows), target)
    else:
        confined.export("duckdb", source.path, what, target, query)
