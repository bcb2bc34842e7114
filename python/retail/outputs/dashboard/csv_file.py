"""Rows to CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

MIME = "text/csv"
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""A text that begins so is a formula to a spreadsheet (OWASP, "CSV Injection"), also full-width."""


def rows_as_csv(head: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as CSV in UTF-8, with a mark that makes spreadsheets read it as such."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(map(cell, row) for row in rows)
    return text.getvalue().encode("utf-8-sig")


def cell(value: object) -> object:
    """A text that a spreadsheet would run gets an apostrophe; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value
