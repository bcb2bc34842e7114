"""Program: read files whose parser may crash or take all memory, in a process that may.

It is run by its path, so that it imports the parser alone and starts in a tenth of a second. What
it finds goes to its standard output as CSV, a kind and then cells in each row; ``END`` is the last
of a file that was read to its end.
"""

from __future__ import annotations

import csv
import datetime as dt
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

MEMORY_BYTES = 4 << 30
CPU_SECONDS = 600
LONGEST_CELL, LONGEST_ROW, MOST_TEXT = 100_000, 1 << 20, 4 << 30
"""Characters; Excel itself allows 32,767 in a cell."""
MOST_ROWS, MOST_ROWS_A_BYTE = 10_000_000, 8
"""Rows that a Parquet file may have, and how many a byte where it has more."""
ROW, REFUSED, LOCKED, END = "row", "refused", "locked", "end"

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
Lines = Iterator[list[str]]


def main() -> None:
    """Read files in the form that is asked for: ``FORM PATH …``."""
    _limit()
    form, *paths = sys.argv[1:]
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    csv.writer(sys.stdout, lineterminator="\n").writerows(_bounded(READERS[form](*paths)))


def _limit() -> None:
    """Set the limits; a system that knows one of them not at all goes without."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _bounded(rows: Lines) -> Lines:
    """Stop where a few packed bytes become more text than any order lines are."""
    text = 0
    for row in rows:
        characters = sum(map(len, row))
        text += characters
        if characters > LONGEST_ROW or max(map(len, row)) > LONGEST_CELL:
            yield [REFUSED, "a cell or a row is too long for any order line"]
            return
        if text > MOST_TEXT:
            yield [REFUSED, f"it unpacks to more than {MOST_TEXT:,} characters"]
            return
        yield row


def read_workbook(path: str) -> Lines:
    """Read the filled rows of all sheets of a workbook, each behind the name of its sheet."""
    from python_calamine import CalamineError, PasswordError, SheetTypeEnum, load_workbook

    try:
        workbook = load_workbook(path)
        for sheet in workbook.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet:
                for cells in workbook.get_sheet_by_name(sheet.name).iter_rows():
                    row = [as_text(cell) for cell in cells]
                    if any(row):
                        yield [ROW, sheet.name, *row]
    except PasswordError:
        yield [LOCKED]
    except CalamineError as error:
        yield [REFUSED, str(error)]
    yield [END]


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


def scan_parquet(*paths: str) -> Lines:
    """Decode every value of Parquet files, and name each file that has none that can't be."""
    import duckdb

    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        for path in paths:
            rows = "read_parquet('{}', binary_as_string = true) as t".format(
                path.replace("'", "''")
            )
            try:
                (count,) = connection.execute(f"select count(*) from {rows}").fetchall()[0]  # noqa: S608 - quoted
                if count > max(MOST_ROWS, MOST_ROWS_A_BYTE * Path(path).stat().st_size):
                    yield [REFUSED, f"{count:,} rows are too many for its size"]
                    return
                connection.execute(f"select bit_xor(hash(t)) from {rows}").fetchall()  # noqa: S608 - quoted
            except duckdb.Error as error:
                yield [REFUSED, str(error).splitlines()[0]]
                return
            yield [ROW, path]
    yield [END]


READERS: Mapping[str, Callable[..., Lines]] = {"workbook": read_workbook, "parquet": scan_parquet}

if __name__ == "__main__":
    main()
