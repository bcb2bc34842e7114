"""Read order lines out of Excel workbooks, every cell as text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

import duckdb

from retail.ingest import confined
from retail.ingest.columns import (
    COLUMNS,
    MOST_LANDED,
    Header,
    count_known,
    insist_on_titles,
    mention,
)
from retail.ingest.errors import IngestError, reading
from retail.ingest.mapping import Reader
from retail.ingest.rows import Piece, Row, describe, write_rows
from retail.ingest.sniff import TITLE_LINES
from retail.ingest.sources import SourceFile
from retail.ingest.sql import read_parquet

Rows = Iterator[tuple[int, list[str]]]
"""Rows with their numbers in a sheet."""


class OtherColumnsError(IngestError):
    """A sheet has other columns than those before it, and one plan is to read all."""


@dataclass(frozen=True)
class Sheet:
    """One filled sheet of a workbook."""

    name: str
    header: Header | None
    """None for a sheet that lacks some of the eight columns."""
    rows: Iterator[tuple[int, list[str]]]
    """Its rows below the header that are not empty, with their numbers in the sheet, each in the
    order of ``FIELDS``."""


def write_workbook(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path, reader: Reader
) -> tuple[Piece, ...]:
    """Write the order lines of all sheets of a workbook into the Parquet file ``target``.

    Raises:
        IngestError: the workbook can't be read, no sheet has the columns, or the disk refuses.
    """
    try:
        return _write(connection, source, target, reader)
    except OtherColumnsError:
        if not reader.looks:
            raise
        # All columns of all sheets are landed at once: not where they are only looked into.
        return _write(connection, source, target, replace(reader, looks=False))


def _write(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path, reader: Reader
) -> tuple[Piece, ...]:
    headers: dict[str, Header | None] = {}

    def rows() -> Iterator[Row]:
        for sheet in read_sheets(source.path, str(source.path), reader):
            name = f"{source.label}#{sheet.name}"
            headers[name] = sheet.header
            unmarked = (None,) * len(sheet.header.marks if sheet.header else ())
            for number, row in sheet.rows:
                yield (*row, name, number, None, None, *unmarked)

    lines = rows()
    start = list(itertools.islice(lines, 1))
    landed = next((header.landed for header in headers.values() if header), COLUMNS)
    write_rows(connection, itertools.chain(start, lines), landed, target)
    query = f"select source_file, count(*) from {read_parquet([target])} group by all"  # noqa: S608
    counts = dict(connection.execute(query).fetchall())
    others = [name for name, header in headers.items() if not header]
    note = f"sheets not read, for their columns: {mention(others)}" if others else ""
    return tuple(
        describe(name, counts.get(name, 0), header, note)
        for name, header in headers.items()
        if header
    )


def read_sheets(path: Path, where: str, reader: Reader) -> Iterator[Sheet]:
    """Read the filled sheets of a workbook, one at a time.

    Args:
        path: the workbook.
        where: what the error line calls it.
        reader: finds the columns.

    Raises:
        IngestError: it can't be read, or no sheet has the eight columns.
    """
    best: list[str] = []
    found = False
    first: list[str] | None = None
    is_planned = False
    with reading(path), path.open("rb"):
        lines = confined.read_workbook(path, where)
    for sheet, filled in itertools.groupby(lines, key=itemgetter(0)):
        rows: Rows = ((int(number), cells) for _, number, *cells in filled)
        names, above = _find_header(rows, reader)
        if is_planned and first and sorted(names) == sorted(first):
            rows, names = _in_order(rows, names, first), first
        if reader.is_header(names):
            header = reader.match(names, f"{where}#{sheet}")
            # A plan makes order lines of the columns of all sheets at once.
            if (is_planned or header.plan) and first not in (None, names):
                raise OtherColumnsError(
                    f"{where}#{sheet} has other columns ({mention(names)}) than the sheets before "
                    f"it ({mention(first or [])}); give both the same, or save each as a file of "
                    "its own"
                )
            insist_on_titles(header, above, f"{where}#{sheet}")
            first, is_planned, found = names, is_planned or bool(header.plan), True
            yield Sheet(sheet, header, _chosen(rows, header))
        elif names:
            best = max(best, names, key=count_known)
            yield Sheet(sheet, None, iter(()))
    if not (found or best):
        raise IngestError(f"{where} is empty; put order lines into it or take it away")
    if not found:
        reader.match(best, where)


def _chosen(rows: Rows, header: Header) -> Rows:
    """The fields of rows."""
    return ((number, header.choose(row)) for number, row in rows)


def _in_order(rows: Rows, names: Sequence[str], wanted: Sequence[str]) -> Rows:
    """Rows whose columns are in the order of another sheet."""
    at = [names.index(name) for name in wanted]
    return ((number, [[*row, *[""] * len(names)][i] for i in at]) for number, row in rows)


def _find_header(rows: Rows, reader: Reader) -> tuple[list[str], list[list[str]]]:
    """Go on to the first row that names all that an order line needs; else the best of the first.

    The rows of a sheet without one are not read, so it does no harm that some are gone.

    Returns:
        The row, and those above it.
    """
    above: list[list[str]] = []
    for _, cells in itertools.islice(rows, TITLE_LINES):
        row = _without_nameless_end(cells)
        if reader.is_header(row):
            return row, above
        above.append(row)
    return max(above, key=count_known, default=[]), above


def _without_nameless_end(names: list[str]) -> list[str]:
    """Columns without those behind the last name, where a cell far to the right makes them many."""
    if len(names) <= MOST_LANDED:
        return names
    return names[: max((i for i, name in enumerate(names, start=1) if name.strip()), default=0)]
