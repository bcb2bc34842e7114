"""Figures on the page that say which table cell they come from."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from retail import formatting
from retail.schema import AnomalyRow, AttributionRow, DetectionLimitRow, ForecastRow, IncidentRow


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
    name = "lower_bound" if row.is_early and column == "actual" else column
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


def impact(row: IncidentRow, column: str, money: str) -> Cell:
    """The money at stake, or an end of its interval."""
    value = getattr(row, column)
    where = source("insights.incidents", row.incident_id, column)
    return Cell(formatting.amount(value, money, signed=True), value, where)


def sureness(row: IncidentRow) -> Cell:
    """How sure an incident is."""
    where = source("insights.incidents", row.incident_id, "confidence")
    return Cell(formatting.percent(row.confidence), row.confidence, where)


def contribution(row: AttributionRow, unit: str, *, is_early: bool) -> Cell:
    """What a segment adds to the change of a finding, or of an early warning."""
    name = "insights.early_attributions" if is_early else "insights.attributions"
    where = source(name, row.anomaly_id, row.dimensions, row.rank, "contribution")
    return Cell(formatting.contribution(row.contribution, unit), row.contribution, where)


def detection_limit(row: DetectionLimitRow, column: str, unit: str) -> Cell:
    """An amount of a detection limit."""
    value = getattr(row, column)
    where = source("insights.detection_limits", row.kpi, row.segment, row.grain, column)
    return Cell(formatting.amount(value, unit), value, where)
