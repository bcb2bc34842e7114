"""Read order lines out of a table of a database, or of JSON lines, by way of a Parquet file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb

from retail.ingest.columns import mention
from retail.ingest.errors import IngestError, reading
from retail.ingest.in_place import show_parquet
from retail.ingest.mapping import Reader
from retail.ingest.rows import Piece, copy, write_rows
from retail.ingest.sniff import insist_on_bounds
from retail.ingest.sources import SourceFile
from retail.ingest.workspace import draft_in
from retail.storage.errors import first_line
from retail.storage.quoting import identifier, literal

SQLITE = b"SQLite format 3\0"
DUCKDB, DUCKDB_AT = b"DUCK", 8
"""How files of either begin; DuckDB's after a checksum."""
SYSTEM_SCHEMAS = ("information_schema", "pg_catalog")
GIVEN = "given"
"""Name of the database that is read."""


def write_exported(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path, reader: Reader
) -> tuple[Piece, ...]:
    """Write the order lines of a table, or of JSON lines, into the Parquet file ``target``.

    Raises:
        IngestError: it can't be read, lacks a column, or the disk refuses.
    """
    with draft_in(target.parent, ".parquet") as draft:
        export = _export_table if source.table else _export_json
        export(connection, source, draft)
        try:
            query, pieces, _ = show_parquet(connection, replace(source, path=draft), reader)
        except IngestError as error:
            raise IngestError(str(error).replace(str(draft), source.label)) from error
        copy(connection, query, target)
    return pieces


def _export_json(connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path) -> None:
    """Copy JSON lines as texts; what is no text is written as JSON writes it."""
    insist_on_bounds(source.path)
    given = f"{literal(source.path)}, format = 'newline_delimited', records = true"
    found = f"describe select * from read_json({given}, sample_size = -1)"  # noqa: S608 - quoted
    try:
        names = [name for name, *_ in connection.execute(found).fetchall()]
        types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        rows = f"select * from read_json({given}, columns = {{{types}}})"  # noqa: S608 - quoted
        copy(connection, rows, target)
    except duckdb.Error as error:
        raise IngestError(
            f"{source.path} has no JSON object on every line ({first_line(error)})"
        ) from error


def _export_table(connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path) -> None:
    with reading(source.path), source.path.open("rb") as file:
        start = file.read(len(SQLITE))
    if start == SQLITE:
        _export_sqlite(connection, source, target)
    elif start[DUCKDB_AT : DUCKDB_AT + len(DUCKDB)] == DUCKDB:
        _export_duckdb(connection, source, target)
    else:
        raise IngestError(f"{source.path} is no database of DuckDB or SQLite")


def _export_duckdb(connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path) -> None:
    try:
        connection.execute(f"attach {literal(source.path)} as {GIVEN} (read_only)")
    except duckdb.Error as error:
        raise IngestError(f"cannot open {source.path}: {first_line(error)}") from error
    try:
        tables = connection.execute(
            """
            select table_schema, table_name from information_schema.tables
            where table_catalog = ? and not list_contains(?, table_schema) order by all
            """,
            [GIVEN, SYSTEM_SCHEMAS],
        ).fetchall()
        schema, name = _table(source, [(str(schema), str(name)) for schema, name in tables])
        place = ".".join(map(identifier, (GIVEN, schema, name)))
        copy(connection, f"select * from {place}", target)  # noqa: S608 - quoted
    except duckdb.Error as error:
        raise IngestError(f"cannot read {source.label}: {first_line(error)}") from error
    finally:
        connection.execute(f"detach {GIVEN}")


def _table(source: SourceFile, tables: list[tuple[str, str]]) -> tuple[str, str]:
    """Find the table that is asked for, with or without its schema, in whatever case.

    Raises:
        IngestError: there is none, or there are several of that name.
    """
    asked = str(source.table).casefold()
    found = [
        (schema, name)
        for schema, name in tables
        if asked in (name.casefold(), f"{schema}.{name}".casefold())
    ]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{schema}.{name}" for schema, name in found)
        raise IngestError(f"{source.path} has several tables {source.table}: name one of {several}")
    known = mention([f"{schema}.{name}" if schema else name for schema, name in tables])
    raise IngestError(f"{source.path} has no table {source.table}; it has {known}")


def _export_sqlite(connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{source.path.as_uri()}?mode=ro", uri=True)) as database:
            query = "select name from sqlite_master where type in ('table', 'view') order by name"
            tables = [("", str(name)) for (name,) in database.execute(query).fetchall()]
            asked = replace(source, table=str(source.table).removeprefix("main."))
            _, name = _table(asked, tables)
            rows = database.execute(f"select * from {identifier(name)}")  # noqa: S608 - quoted
            columns = [str(column[0]) for column in rows.description]
            write_rows(connection, _texts(rows), columns, target)
    except sqlite3.Error as error:
        raise IngestError(f"cannot read {source.label}: {first_line(error)}") from error


def _texts(rows: sqlite3.Cursor) -> Iterator[list[str]]:
    for row in rows:
        yield ["" if value is None else str(value) for value in row]
