"""Figures on the page that say which table cell they come from."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from retail import formatting
from retail.schema import AnomalyRow, ForecastRow


@dataclass(frozen=True)
class Cell:
    """A figure as it is shown, its exact value, and its cell: table, key and column."""

    shown: str
    value: float | None
    source: Markup


def source(*parts: object) -> Markup:
    """Where a figure is from: table, key and column."""
    return escape("|".join(map(str, parts)))


def finding(row: AnomalyRow, column: str, unit: str) -> Cell:
    """An amount of an anomaly or an early warning."""
    name = "at_least" if row.is_early and column == "actual" else column
    value = getattr(row, column)
    return Cell(formatting.amount(value, unit), value, source(table(row), row.anomaly_id, name))


def confidence(row: AnomalyRow) -> Cell:
    """How sure a finding is."""
    where = source(table(row), row.anomaly_id, "confidence")
    return Cell(formatting.percent(row.confidence), row.confidence, where)


def table(row: AnomalyRow) -> str:
    """The table that a finding is a row of."""
    return "insights.early_warnings" if row.is_early else "insights.anomalies"


def period(row: ForecastRow, column: str, unit: str) -> Cell:
    """An amount of one period of a series."""
    value = getattr(row, column)
    key = (row.kpi, row.segment, row.grain, row.period_start)
    where = source("insights.forecasts", *key, column)
    return Cell(formatting.amount(value, unit), value, where)
