"""Small hand-made order lines for tests that build a shop of their own."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
HEADER_II = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
FIRST_DAY = date(2011, 1, 3)


def small_shop(days: int = 21) -> list[list[str]]:
    """Rows of a small shop: four orders a day, two countries, a guest, a return and a fee."""
    invoices = count(540000)
    return [row for day in range(days) for row in _one_day(FIRST_DAY + timedelta(day), invoices)]


def _one_day(day: date, invoices: count[int]) -> list[list[str]]:
    def row(invoice: str, code: str, quantity: int, hour: int, price: str, who: str) -> list[str]:
        when = datetime.combine(day, time(hour, 5))
        country = "Germany" if who == "200" else "United Kingdom"
        words = [f"{when:%m/%d/%Y %H:%M}", price, who, country]
        return [invoice, code, f"THING {code}", str(quantity), *words]

    returned = f"C{next(invoices)}"
    return [
        row(str(next(invoices)), "10001", 5, 9, "2.50", "100"),
        row(str(next(invoices)), "10002", 3, 10, "4.25", "200"),
        row(str(next(invoices)), "10003", 1 + day.day % 3, 12, "10", str(300 + day.day)),
        row(str(next(invoices)), "10001", 2, 15, "2.50", ""),
        row(returned, "10002", -1, 16, "4.25", "200"),
        row(str(next(invoices)), "POST", 1, 17, "18", "200"),
    ]


def write(path: Path, rows: list[list[str]], header: str = HEADER) -> Path:
    """Write rows as a CSV."""
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path
