"""The order lines of one small shop: plain Python, the same bytes on every machine.

Saved ids and the file of an earlier version belong to these very lines: change nothing here.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
FIRST_DAY = dt.date(2011, 1, 3)
DAYS = 98
LAST_DAY = FIRST_DAY + dt.timedelta(days=DAYS - 1)
CUSTOMERS = 60
GERMAN = 7
"""A customer whose country is Germany."""
COUNTRIES = ("United Kingdom",) * 7 + ("Germany", "Germany", "France")
PRICES = {"10001": "2.50", "10002": "4.25", "10003": "10.00", "10004": "1.25", "10005": "7.95"}
ORDERS = (14, 15, 14, 16, 15, 9, 8)
"""Orders of a Monday, a Tuesday, and so on."""

OUTAGE = dt.date(2011, 3, 1)
RETURNS = dt.date(2011, 3, 9)
GERMAN_DAY = dt.date(2011, 3, 16)
RUSH = dt.date(2011, 3, 23)
SLUMP = dt.date(2011, 4, 7)
"""The first of two days, the second worse than the first."""
SHARES = {OUTAGE: 0.1, RUSH: 4.0, SLUMP: 0.3, SLUMP + dt.timedelta(days=1): 0.05}
"""Days on which fewer or more orders came, and the share of the usual ones."""
Row = tuple[str, ...]


def write(path: Path) -> Path:
    """Write the shop as a CSV, with two rows at its end that are to be rejected."""
    rows = [*order_lines(), *rejected()]
    text = "\n".join([HEADER, *(",".join(row) for row in rows)])
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def rejected() -> tuple[Row, ...]:
    """An order line once more, and one whose quantity is no number."""
    row = next(order_lines())
    return row, (*row[:3], "many", *row[4:])


def order_lines() -> Iterator[Row]:
    """Sales of every day, and what was returned in the evening."""
    dice = random.Random(11)
    invoice = 540000
    for number in range(DAYS):
        day = FIRST_DAY + dt.timedelta(days=number)
        usual = ORDERS[day.weekday()] + int(3 * dice.random())
        orders = max(1, round(usual * SHARES.get(day, 1.0)))
        for order in range(orders):
            invoice += 1
            moment = dt.datetime.combine(day, dt.time(8 + 12 * order // orders))
            yield from _order(dice, str(invoice), moment, int(CUSTOMERS * dice.random()))
        for order in range(24 if day == GERMAN_DAY else 0):
            invoice += 1
            moment = dt.datetime.combine(day, dt.time(8 + order // 2))
            yield from _order(dice, str(invoice), moment, GERMAN)
        for _ in range(30 if day == RETURNS else 1):
            invoice += 1
            yield _line(f"C{invoice}", "10002", -1 - int(2 * dice.random()), day, 20, 0)


def _order(dice: random.Random, invoice: str, moment: dt.datetime, customer: int) -> Iterator[Row]:
    """An order of a product, sometimes of two."""
    first = int(len(PRICES) * dice.random())
    for place in range(first, first + 1 + int(1.4 * dice.random())):
        code = list(PRICES)[place % len(PRICES)]
        yield _line(invoice, code, 1 + int(6 * dice.random()), moment.date(), moment.hour, customer)


def _line(invoice: str, code: str, quantity: int, day: dt.date, hour: int, customer: int) -> Row:
    return (
        invoice,
        code,
        f"THING {code}",
        str(quantity),
        f"{day} {hour:02d}:26:00",
        PRICES[code],
        str(12000 + customer),
        COUNTRIES[customer % len(COUNTRIES)],
    )
