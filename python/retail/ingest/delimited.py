"""Land delimited text: through DuckDB where every line is one record, else line by line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb

from retail.ingest.columns import text_columns
from retail.ingest.encodings import (
    CP1252,
    ISO_8859_1,
    MIXED,
    UNKNOWN,
    UNREAD,
    UTF,
    Departures,
    as_cp1252,
    departs,
    is_cp1252,
)
from retail.ingest.errors import CannotWriteError
from retail.ingest.forms.moments import field_sql
from retail.ingest.lenient_csv import Record, read_records, split, splitter
from retail.ingest.mapping import Reader
from retail.ingest.rows import Piece, Row, copy, describe, write_rows
from retail.ingest.sniff import Survey, is_ascii, read_lines, survey
from retail.ingest.sources import SourceFile
from retail.ingest.sql import nulls, read_csv, read_parquet
from retail.storage.quoting import literal

_DUCKDB_NAMES = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "iso-8859-1": "latin-1"}


def write_delimited(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path, reader: Reader
) -> tuple[Piece, ...]:
    """Write every record of a delimited text file into the Parquet file ``target``.

    Raises:
        IngestError: the file can't be read, lacks a column, or the disk refuses.
    """
    found = survey(source.path, reader)
    return (_write(connection, source, found, target, Piece(source.label, 0)),)


def write_rest(
    connection: duckdb.DuckDBPyConnection,
    rest: SourceFile,
    before: Piece,
    last_line: bytes,
    target: Path,
) -> Piece | None:
    """Write the records of the end of a file that has grown into the Parquet file ``target``.

    Args:
        connection: any DuckDB connection.
        rest: the file's header, and what stands behind the cut.
        before: what stands before the cut.
        last_line: the last line before the cut that is not blank.
        target: the Parquet file to write; its rows are numbered on from the last one before.

    Returns:
        What the whole file is; None when its lines are not those before and those behind the cut,
        each read by themselves.

    Raises:
        IngestError: as ``write_delimited``.
    """
    if before.encoding not in (*_DUCKDB_NAMES, CP1252) or not before.raw_rows:
        return None
    if UNKNOWN in (before.note or ""):
        return None  # all such rows are to be counted
    found = survey(rest.path, Reader())
    # The cut was made between line feeds, below a header of one line.
    if found.newline != "\n" or found.height > 1:
        return None
    if not _goes_on_in(before.encoding, found, rest.path):
        return None
    # A record ends a run of lines that is being looked at for the end of a quote.
    encoding = CP1252 if before.encoding == ISO_8859_1 else before.encoding
    fields, problem = split(last_line.decode(encoding, "replace"), splitter(found.delimiter))
    if problem or len(fields) != len(found.header.names):
        return None
    return _write(connection, rest, replace(found, encoding=before.encoding), target, before)


def _goes_on_in(encoding: str, rest: Survey, path: Path) -> bool:
    """Whether a file in ``encoding`` is still in it with the rest of its lines."""
    if rest.encoding == encoding or encoding not in (ISO_8859_1, CP1252):
        return rest.encoding == encoding
    return (encoding, rest.encoding) == (CP1252, ISO_8859_1) or is_ascii(path, rest.newline)


def _write(
    connection: duckdb.DuckDBPyConnection,
    source: SourceFile,
    found: Survey,
    target: Path,
    before: Piece,
) -> Piece:
    above = before.last_row or found.skipped + 1
    count = _copy_regular(connection, source, found, target, above)
    broken = before.broken
    departures = Departures(found.encoding)
    if count is None:
        rows = _tolerant_rows(source, found, departures, above)
        count = write_rows(connection, rows, found.header.landed, target)
        broken += _count_broken(connection, target)
    notes = f"lines that do not split into the columns: {broken}" if broken else ""
    note = "; ".join(filter(None, (notes, departures.evidence)))
    whole = describe(source.label, before.raw_rows + count, found.header, note, found.encoding)
    return replace(whole, broken=broken)


def _copy_regular(
    connection: duckdb.DuckDBPyConnection,
    source: SourceFile,
    found: Survey,
    target: Path,
    above: int,
) -> int | None:
    """Copy a regular file; None when it is not one after all, in DuckDB's or our eyes."""
    if found.records is None or found.encoding not in _DUCKDB_NAMES:
        return None
    columns = text_columns(len(found.header.names))
    rows = read_csv(
        source.path,
        columns,
        delim=literal(found.delimiter),
        header="true",
        encoding=literal(_DUCKDB_NAMES[found.encoding]),
        compression=literal("gzip" if found.gzipped else "none"),
    )
    texts = [f"nullif({column}, '')" for column in columns]
    fields = ", ".join(
        f"{field_sql([texts[i] for i in at])} as {field}"
        for field, at in zip(found.header.fields, found.header.columns, strict=True)
    )
    query = (
        f"select {fields}, {literal(source.label)} as source_file, "  # noqa: S608 - by ingest.sql: quoted
        f"row_number() over () + {above} as source_row, null::varchar as parse_error, "
        f"null::varchar as raw_line{nulls(found.header.marks)} from {rows}"
    )
    try:
        count = copy(connection, query, target)
    except (duckdb.Error, CannotWriteError):  # an input that DuckDB can't unpack is one too
        return None
    return count if count == found.records else None


def _tolerant_rows(
    source: SourceFile, found: Survey, departures: Departures, above: int
) -> Iterator[Row]:
    """Read line by line, and note the rows that depart from the encoding."""
    lines = read_lines(source.path, found.encoding, found.newline)
    lines = itertools.islice(lines, found.skipped + found.height, None)
    unmarked = (None,) * len(found.header.marks)
    records = read_records(lines, found.delimiter, len(found.header.names))
    for number, record in enumerate(records, start=above + 1):
        if record is None:
            continue
        if found.encoding in MIXED:
            record = _as_it_is(record, number, departures)
        elif not found.encoding.startswith(UTF):
            _note_unread(record, number, departures)
        padded = record.fields + [""] * len(found.header.names)
        place = (source.label, number, record.problem, record.line)
        yield (*found.header.choose(padded), *place, *unmarked)


def _as_it_is(record: Record, number: int, departures: Departures) -> Record:
    """Read a record of a mixed file in its own encoding."""
    text = record.line or "".join(record.fields)
    if text.isascii() or not is_cp1252(text, departures.encoding):
        return record
    fields = [as_cp1252(field) for field in record.fields]
    line = as_cp1252(record.line) if record.line else None
    if departs(text, departures.encoding):
        departures.others.add(
            number, line or next(field for field in fields if not field.isascii())
        )
    read = Record(fields, record.problem, line)
    _note_unread(read, number, departures)
    return read


def _note_unread(record: Record, number: int, departures: Departures) -> None:
    """Note a record with bytes that mean nothing in its encoding."""
    texts = (record.line, *record.fields)
    if unread := next((text for text in texts if text and UNREAD in text), None):
        departures.unknown.add(number, unread)


def _count_broken(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    query = f"select count(parse_error) from {read_parquet([target])}"  # noqa: S608 - by ingest.sql: quoted
    return int(connection.execute(query).fetchall()[0][0])
