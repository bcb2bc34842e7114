"""Write rows made in Python into Parquet, in bounded memory, and describe what was read."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from retail.ingest.columns import WITHOUT, Header, may_matter, mention
from retail.ingest.errors import IngestError, cannot_write, writing
from retail.ingest.sql import copy_to_parquet, read_csv
from retail.ingest.unread import is_known
from retail.storage.errors import first_line

_log = logging.getLogger(__name__)
Row = tuple[str | int | None, ...]

# DuckDB's own bounds on a line and on its buffer; a longer line, which hardly exists, raises both.
_USUAL_LINE = 2_000_000
_USUAL_BUFFER = 32_000_000
_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True)
class Piece:
    """A raw file, or one sheet of it."""

    source_file: str
    raw_rows: int
    encoding: str | None = None
    note: str | None = None
    broken: int = 0
    """Lines of a delimited file that do not split into the columns."""
    last_row: int = 0
    """Number of its last row, as a spreadsheet counts, where it has rows."""
    header: Header | None = None
    currency: str | None = None
    """Of its money, where a column names it."""


def describe(
    source_file: str, raw_rows: int, header: Header, note: str = "", encoding: str | None = None
) -> Piece:
    """Describe rows that were read below ``header``; ``note`` is what else is to be said."""
    ignored = f"columns not read: {mention(header.ignored)}" if header.ignored else ""
    missing = f"no column for {', '.join(header.missing)}" if header.missing else ""
    form = header.preset
    suspicious = [
        name
        for name in header.suspicious
        if may_matter(name) or not (form and is_known(name, form))
    ]
    if suspicious:
        _log.warning(
            "%s: %s not read, and may say which lines count or in what money they are",
            source_file, mention(suspicious),
        )  # fmt: skip
    if missing:
        effects = ", ".join(WITHOUT[field] for field in header.missing)
        _log.warning("%s has %s: %s", source_file, missing, effects)
    preset = (
        f"read as an export of the form {header.preset}"
        if header.preset and header.plan and header.plan.shop.maps_columns
        else ""
    )
    notes = filter(None, ("" if raw_rows else "no rows", preset, missing, ignored, note))
    return Piece(source_file, raw_rows, encoding, "; ".join(notes) or None, header=header)


def noted(piece: Piece, *notes: str | None) -> Piece:
    """Add what is to be said of a piece."""
    return replace(piece, note="; ".join(filter(None, (piece.note, *notes))) or None)


def write_rows(
    connection: duckdb.DuckDBPyConnection,
    rows: Iterable[Row | list[str]],
    columns: Sequence[str],
    target: Path,
) -> int:
    """Write rows into the Parquet file ``target``; an empty text becomes NULL.

    The rows pass through a well-formed CSV file beside ``target``, so that they need no memory.

    Args:
        connection: any DuckDB connection.
        rows: the rows, each with one value per column.
        columns: names of the columns; ``source_row`` becomes a number, the others are texts.
        target: the Parquet file to write.

    Returns:
        The number of rows.

    Raises:
        CannotWriteError: the disk refuses.
    """
    draft = target.with_suffix(".csv")
    try:
        count, longest = _write_draft(rows, draft)
        texts = _read_draft(draft, columns, longest * _BYTES_PER_CHARACTER)
        numbers = "replace (source_row::bigint as source_row)" if "source_row" in columns else ""
        written = copy(connection, f"select * {numbers} from {texts}", target)  # noqa: S608 - by ingest.sql: quoted
    finally:
        draft.unlink(missing_ok=True)
    if written != count:
        raise IngestError(f"{target} received {written} of {count} rows; please report this")
    return count


def copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write the rows of ``query`` into the Parquet file ``target`` and count them.

    Raises:
        CannotWriteError: the disk refuses.
        duckdb.Error: the query fails.
    """
    try:
        return int(connection.execute(copy_to_parquet(query, target)).fetchall()[0][0])
    except duckdb.IOException as error:
        raise cannot_write(target.parent, first_line(error)) from error


def _write_draft(rows: Iterable[Row | list[str]], draft: Path) -> tuple[int, int]:
    """Write rows as CSV; returns their number and the characters of the longest."""
    count = longest = 0
    with writing(draft.parent), draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in rows:
            count += 1
            longest = max(longest, writer.writerow(row))
    return count, longest


def _read_draft(draft: Path, columns: Sequence[str], longest: int) -> str:
    return read_csv(
        draft,
        columns,
        delim="','",
        header="false",
        new_line=r"'\n'",
        max_line_size=str(max(longest, _USUAL_LINE)),
        buffer_size=str(max(longest, _USUAL_BUFFER)),
    )
