"""A shop whose order lines look real and whose every text is an attack on somebody downstream."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from orders import HEADER

SQL = "'; DROP TABLE marts.fct_orders; --"
MARKUP = '"><img src=x onerror=alert(1)><script>alert(2)</script>&lt;i&gt;'
FORMULA = "=cmd|'/C calc'!A0"
SIGNS = ("+1+1", "-2+3", "@SUM(1)", "\uff1d1+1")
"""The last is full-width: some spreadsheets take it for the narrow one."""
ESCAPE = "\x1b[2J\x1b]0;owned\x07\x9b31mRED"
TURNED = "abc\u202efdp.exe\u2066\u200f"
TEMPLATE = "{{ 7 * 7 }}{% raw %}${x}{0}%s"
HEADERS = "x\r\nBcc: spy@example.org\r\n\r\nbody"
MARKDOWN = "[x](javascript:alert(3)) ![y](https://evil.example/z.png) <!channel> `w`"
TEXTS = (SQL, MARKUP, FORMULA, *SIGNS, ESCAPE, TURNED, TEMPLATE, HEADERS, MARKDOWN)

FOLDER = f"a{SQL}"
FILE = "=cmd\x1b[31m<img src=x onerror=alert(4)>{{ 7 * 7 }}\u202e.csv"
DATABASE = Path('it\'s "mine" {{ 7 * 7 }}', "shop drop -- {{ 7 * 7 }} %s {0}.duckdb")
START, DAYS = dt.date(2011, 1, 3), 120
BULK = START + dt.timedelta(days=115)
BULK_PIECES = 4000
HOME = "United Kingdom"
MALFORMED = ("quantity", "date", "price")


@dataclass
class Expected:
    """What the shop's KPIs have to come to, worked out line by line."""

    rows: int = 0
    malformed: int = 0
    revenue: dict[dt.date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    orders: dict[dt.date, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_country: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def write(folder: Path) -> tuple[Path, Expected]:
    """Write the shop into a file of a hostile name; returns its folder, and what is to come out."""
    place = folder / FOLDER
    place.mkdir()
    expected = Expected()
    with (place / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADER.split(","))
        for row in _rows(expected):
            expected.rows += 1
            writer.writerow(row)
    return place, expected


def _rows(expected: Expected) -> Iterator[list[str]]:
    dice = random.Random(7)
    for number in range(DAYS):
        day = START + dt.timedelta(days=number)
        for order in range(24 + dice.randrange(5)):
            text = TEXTS[order % len(TEXTS)]
            country = text if order < len(TEXTS) else HOME
            invoice = f"{number:03d}{order:02d}{text}"
            pieces = 4 + dice.randrange(4)
            yield _line(expected, day, invoice, text, pieces, country)
        yield _line(expected, day, f"C{number}{MARKUP}", MARKUP, -1, MARKUP)
        if number % 4 == 0:  # rare, as the gate for malformed rows wants them
            yield _broken(expected, day, MALFORMED[number % len(MALFORMED)], TEXTS[number // 4 % 8])
    yield _line(expected, BULK, f"bulk{ESCAPE}", ESCAPE, BULK_PIECES, ESCAPE)


def _line(
    expected: Expected, day: dt.date, invoice: str, text: str, pieces: int, country: str
) -> list[str]:
    amount = Decimal("2.50") * pieces
    expected.revenue[day] += amount
    expected.by_country[country] += amount
    if pieces > 0:
        expected.orders[day].add(invoice)
    code = f"{TEXTS.index(text)}{text}"
    words = [f"{day:%m/%d/%Y} 12:00", "2.50", f"id {text}", country]
    return [invoice, code, text, str(pieces), *words]


def _broken(expected: Expected, day: dt.date, which: str, text: str) -> list[str]:
    """A row with the text where a number or a date belongs."""
    expected.malformed += 1
    row = [f"9{day:%j}{text}", "10001", text, "1", f"{day:%m/%d/%Y} 12:00", "1", text, text]
    row[{"quantity": 3, "date": 4, "price": 5}[which]] = text
    return row
