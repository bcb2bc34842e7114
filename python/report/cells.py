"""Figures on the page that say which table cell they come from."""

from __future__ import annotations

from dataclasses import dataclass

from report import words
from report.records import Finding, Period


@dataclass(frozen=True)
class Cell:
    """A figure as it is shown, its exact value, and its cell: table, key and column."""

    shown: str
    value: float | None
    source: str


def finding(row: Finding, column: str, unit: str) -> Cell:
    """An amount of an anomaly or an early warning."""
    name = "at_least" if row.is_early and column == "actual" else column
    value = getattr(row, column)
    return Cell(words.amount(value, unit), value, f"{row.table}|{row.name}|{name}")


def period(row: Period, column: str, unit: str) -> Cell:
    """An amount of one period of a series."""
    value = getattr(row, column)
    key = "|".join((row.kpi, row.segment, row.grain, row.period_start.isoformat()))
    return Cell(words.amount(value, unit), value, f"insights.expectations|{key}|{column}")
