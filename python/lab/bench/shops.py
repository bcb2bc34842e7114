"""Simulated shops of growing size, their last day in a file of its own.

A larger shop has more customers and more orders over the same days and the same countries, and its
range grows as the cube root: a hundred times the lines are a hundred times the customers and
about five times the products.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import duckdb

from retail.simulate import ShopConfig, simulate_shop

REAL_LINES = 541_909
"""Lines of the public data set."""
PRODUCTS = 3_400
SEED = 1
HISTORY, LAST_DAY = "history.csv", "last_day.csv"
EXTREME_LINES, FILES = 5_500_000, 5_000
EXTREME = """
    select
        500000 + nth as InvoiceNo,
        'P' || hash(line) % 200000 as StockCode,
        'Product ' || hash(line) % 200000 as Description,
        1 + hash(line, 1) % 12 as Quantity,
        strftime(
            timestamp '2010-12-01 08:00' + to_days(cast(nth * {days} // {lines} as integer))
            + to_minutes(cast(hash(nth, 2) % 600 as bigint)), '%-m/%-d/%Y %-H:%M'
        ) as InvoiceDate,
        0.5 + hash(line) % 200000 % 1000 / 100 as UnitPrice,
        10000 + nth as CustomerID,
        'Land ' || hash(nth, 3) % 20000 as Country
    from (
        select line, line - if(line % 12 = 0 and line > 0, 1, 0) as nth
        from range({first}, {after}) as lines(line)
    )
"""
"""One line of each order; every twelfth has two. Each customer has one order."""
LARGEST_FILE = 1 << 30
"""Bytes of history that go into one file: DuckDB's parallel reader of ISO-8859-1, which the plain
script reads by, loses its place two gigabytes from the start."""
LEAST_TAIL, MOST_OF_A_DAY = 1 << 25, 30
"""The last day is within so many bytes of the end, or within such a part of the file."""
DATE = re.compile(rb",([0-9]+/[0-9]+/[0-9]{4}) ")


@dataclass(frozen=True)
class Shop:
    """A folder with the order lines of a shop, and beside it what has not arrived yet."""

    folder: Path
    lines: int
    csv_bytes: int

    @property
    def orders(self) -> Path:
        """The folder that everybody reads."""
        return self.folder / "orders"

    def let_last_day_go(self) -> None:
        """Take the last day's file away, as if it had not arrived yet."""
        (self.orders / LAST_DAY).replace(self.folder / LAST_DAY)

    def let_last_day_come(self) -> None:
        """Put the last day's file where everybody reads."""
        (self.folder / LAST_DAY).replace(self.orders / LAST_DAY)


def simulate(scale: float, folder: Path, days: int) -> Shop:
    """Write the order lines of a shop so many times the size of the real one.

    Raises:
        RetailError: it can't be simulated, or not be written.
    """
    config = ShopConfig(
        seed=SEED,
        days=days,
        lines=round(REAL_LINES * scale * days / ShopConfig().days),
        products=round(PRODUCTS * scale ** (1 / 3)),
    )
    orders = folder / "orders"
    orders.mkdir(parents=True)
    truth = simulate_shop(config, folder / HISTORY)
    size = (folder / HISTORY).stat().st_size
    (folder / HISTORY).replace(orders / HISTORY)
    _cut_last_day(orders / HISTORY, orders / LAST_DAY)
    _cut_into_files(orders / HISTORY)
    return Shop(folder, truth.rows, size)


def simulate_extremes(folder: Path, days: int) -> Shop:
    """Write a shop of 20,000 countries, 200,000 products and five million customers of one order.

    Its lines come in 5,000 files.

    Raises:
        OSError: it can't be written.
    """
    orders = folder / "orders"
    orders.mkdir(parents=True)
    each = EXTREME_LINES // FILES
    with duckdb.connect() as connection:
        for number in range(FILES):
            first = number * each
            lines = EXTREME.format(days=days, lines=EXTREME_LINES, first=first, after=first + each)
            connection.execute(f"copy ({lines}) to '{orders / f'{number:04d}.csv'}'")
    size = sum(file.stat().st_size for file in orders.iterdir())
    return Shop(folder, EXTREME_LINES, size)


def _cut_last_day(history: Path, last_day: Path) -> None:
    """Move the lines of the last day to a file of their own, below the same header."""
    with history.open("r+b") as lines:
        header = lines.readline()
        lines.seek(_start_of_last_day(history))
        with last_day.open("wb") as out:
            out.write(header)
            shutil.copyfileobj(lines, out)
        lines.seek(_start_of_last_day(history))
        lines.truncate()


def _cut_into_files(history: Path) -> None:
    """Move what is beyond LARGEST_FILE to further files, each from the start of a day on."""
    with history.open("rb") as lines:
        header, first = lines.readline(), LARGEST_FILE
        starts = []
        while first < history.stat().st_size:
            starts.append(_start_of_next_day(lines, first))
            first = starts[-1] + LARGEST_FILE
        for nth, (start, end) in enumerate(pairwise([*starts, history.stat().st_size]), start=2):
            lines.seek(start)
            with history.with_stem(f"{history.stem}_{nth}").open("wb") as out:
                out.write(header)
                while lines.tell() < end:
                    out.write(lines.read(min(LEAST_TAIL, end - lines.tell())))
    os.truncate(history, min([*starts, history.stat().st_size]))


def _start_of_next_day(lines: BinaryIO, place: int) -> int:
    """Where the first line after a place begins that is of another day than the line there."""
    lines.seek(place)
    lines.readline()
    day = None
    while line := lines.readline():
        found = DATE.search(line)
        if found and day not in (None, found[1]):
            return lines.tell() - len(line)
        day = found[1] if found else day
    return lines.tell()


def _start_of_last_day(path: Path) -> int:
    """Where the lines of the last day begin: a shop's lines are in the order of their days."""
    size = path.stat().st_size
    length = min(size, max(LEAST_TAIL, size // MOST_OF_A_DAY))
    with path.open("rb") as lines:
        lines.seek(size - length)
        tail = lines.read()
    dates = DATE.findall(tail)
    first = tail.index(b"," + dates[-1] + b" ")
    return size - length + tail.rindex(b"\n", 0, first) + 1
