"""Read order lines out of Excel workbooks, every cell as text."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import duckdb
from python_calamine import (
    CalamineError,
    CalamineSheet,
    PasswordError,
    SheetTypeEnum,
    load_workbook,
)

from retail.ingest.columns import COLUMNS, Header, count_known, mention
from retail.ingest.errors import IngestError, reading
from retail.ingest.mapping import Reader
from retail.ingest.rows import Piece, Row, describe, write_rows
from retail.ingest.sniff import TITLE_LINES
from retail.ingest.sources import SourceFile
from retail.ingest.sql import read_parquet

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


@dataclass(frozen=True)
class Sheet:
    """One filled sheet of a workbook."""

    name: str
    header: Header | None
    """None for a sheet that lacks some of the eight columns."""
    rows: Iterator[list[str]]
    """Its rows below the header that are not empty, in the order of ``FIELDS``."""


def write_workbook(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path, reader: Reader
) -> tuple[Piece, ...]:
    """Write the order lines of all sheets of a workbook into the Parquet file ``target``.

    Raises:
        IngestError: the workbook can't be read, no sheet has the columns, or the disk refuses.
    """
    headers: dict[str, Header | None] = {}

    def rows(file: BinaryIO) -> Iterator[Row]:
        for sheet in read_sheets(file, str(source.path), reader):
            name = f"{source.label}#{sheet.name}"
            headers[name] = sheet.header
            unmarked = (None,) * len(sheet.header.marks if sheet.header else ())
            for number, row in enumerate(sheet.rows, start=1):
                yield (*row, name, number, None, None, *unmarked)

    with reading(source.path):
        file = source.path.open("rb")
    with file:
        lines = rows(file)
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


def read_sheets(file: BinaryIO, where: str, reader: Reader) -> Iterator[Sheet]:
    """Read the filled sheets of a workbook, one at a time.

    Args:
        file: the workbook.
        where: what the error line calls it.
        reader: finds the columns.

    Raises:
        IngestError: it can't be read, or no sheet has the eight columns.
    """
    best: list[str] = []
    found, first = False, None
    for sheet in _open_sheets(file, where):
        rows = _filled_rows(sheet)
        names = _find_header(rows, reader)
        if reader.is_header(names) and first in (None, names):
            header = reader.match(names, f"{where}#{sheet.name}")
            # A plan makes order lines of the columns of all sheets at once.
            first = names if header.plan else None
            found = True
            yield Sheet(sheet.name, header, _choose(rows, header))
        elif names:
            best = max(best, names, key=count_known)
            yield Sheet(sheet.name, None, iter(()))
    if not (found or best):
        raise IngestError(f"{where} is empty; put order lines into it or take it away")
    if not found:
        reader.match(best, where)


def as_text(cell: Cell) -> str:
    """Write a cell as text: numbers at their shortest, dates and times in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{Decimal(repr(cell)):f}"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    # calamine gives midnight as a date without a time.
    return f"{cell} 00:00:00" if isinstance(cell, dt.date) else str(cell)


def _open_sheets(file: BinaryIO, where: str) -> Iterator[CalamineSheet]:
    with _opening(where):
        workbook = load_workbook(file)
    for sheet in workbook.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet:
            with _opening(where):
                opened = workbook.get_sheet_by_name(sheet.name)
            yield opened


@contextmanager
def _opening(where: str) -> Iterator[None]:
    try:
        with reading(where):
            yield
    except PasswordError as error:
        raise IngestError(f"{where} is protected by a password; save it without one") from error
    except CalamineError as error:
        raise IngestError(
            f"{where} is not a readable workbook ({error}); save it as .xlsx again"
        ) from error


def _filled_rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    for cells in sheet.iter_rows():
        row = [as_text(cell) for cell in cells]
        if any(row):
            yield row


def _find_header(rows: Iterator[list[str]], reader: Reader) -> list[str]:
    """Go on to the first row that names all that an order line needs; else the best of the first.

    The rows of a sheet without one are not read, so it does no harm that some are gone.
    """
    best: list[str] = []
    for row in itertools.islice(rows, TITLE_LINES):
        if reader.is_header(row):
            return row
        best = row if not best or count_known(row) > count_known(best) else best
    return best


def _choose(rows: Iterator[list[str]], header: Header) -> Iterator[list[str]]:
    return (header.choose(row) for row in rows)
