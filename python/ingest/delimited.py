"""Land delimited text: through DuckDB where every line is one record, else line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from ingest.columns import FIELDS
from ingest.rows import Piece, Row, copy, describe, write_rows
from ingest.sources import SourceFile
from ingest.sql import COLUMNS, read_csv, read_parquet
from ingest.survey import Survey, read_lines, survey
from ingest.tolerant import read_records, without_end
from warehouse.quoting import literal

_DUCKDB_NAMES = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "iso-8859-1": "latin-1"}


def write_delimited(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path
) -> tuple[Piece, ...]:
    """Write every record of a delimited text file into the Parquet file ``target``.

    Raises:
        IngestError: the file can't be read, lacks a column, or the disk refuses.
    """
    found = survey(source.path)
    count = _copy_regular(connection, source, found, target)
    broken = 0
    if count is None:
        count = write_rows(connection, _tolerant_rows(source, found), COLUMNS, target)
        broken = _count_broken(connection, target)
    note = f"lines that do not split into the columns: {broken}" if broken else ""
    return (describe(source.label, count, found.header, note, found.encoding),)


def _copy_regular(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, found: Survey, target: Path
) -> int | None:
    """Copy a regular file; None when it is not one after all, in DuckDB's or our eyes."""
    if found.records is None:
        return None
    columns = [f"c{i}" for i in range(len(found.header.names))]
    texts = read_csv(
        source.path,
        columns,
        delim=literal(found.delimiter),
        header="true",
        encoding=literal(_DUCKDB_NAMES[found.encoding]),
        compression=literal("gzip" if found.gzipped else "none"),
    )
    fields = ", ".join(
        f"nullif(c{position}, '') as {field}"
        for field, position in zip(FIELDS, found.header.positions, strict=True)
    )
    query = (
        f"select {fields}, {literal(source.label)} as source_file, row_number() over () as "  # noqa: S608 - by ingest.sql: quoted
        f"source_row, null::varchar as parse_error, null::varchar as raw_line from {texts}"
    )
    try:
        count = copy(connection, query, target)
    except duckdb.Error:
        return None  # for one, DuckDB refuses the control characters of ISO-8859-1
    return count if count == found.records else None


def _tolerant_rows(source: SourceFile, found: Survey) -> Iterator[Row]:
    lines = read_lines(source.path, found.encoding, found.newline)
    for line in lines:
        if without_end(line).strip(" "):
            break  # that was the header
    records = read_records(lines, found.delimiter, len(found.header.names))
    for number, record in enumerate(records, start=1):
        padded = record.fields + [""] * len(found.header.names)
        fields = (padded[position] for position in found.header.positions)
        yield (*fields, source.label, number, record.problem, record.line)


def _count_broken(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    query = f"select count(parse_error) from {read_parquet([target])}"  # noqa: S608 - by ingest.sql: quoted
    return int(connection.execute(query).fetchall()[0][0])
