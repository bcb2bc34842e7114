"""A KPI period by period, as `retail.open(…).kpi(…)` has it."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from retail.errors import RetailError
from retail.formatting import amount, count
from retail.outputs.mcp import figures
from retail.outputs.mcp.data import Answer, read_data
from retail.outputs.mcp.questions import SeriesQuestion
from retail.reading import Connection, KpiRow, read_kpis
from retail.reading.measures import require_known
from retail.reading.series import TABLES, KpiPeriod, is_in_table, kpi_periods
from retail.schema import ALL, Grain

PERIOD = "{period_start}"
"""Stands for the period in the cells of a series."""


class SeriesCells(BaseModel):
    """Where the figures of a series are from; `{period_start}` stands for that of the row."""

    value: str
    expected: str
    lower: str
    upper: str


class SeriesPeriod(BaseModel):
    """A period; `value` is in the KPI's unit, a ratio is 0 to 1."""

    period_start: dt.date
    value: float | None
    shown: str
    expected: float | None
    lower: float | None
    upper: float | None
    is_complete: bool = Field(description="Never compare a period that is not.")


class SeriesAnswer(Answer):
    """A KPI period by period, in order."""

    kpi: str
    label: str
    segment: str
    grain: Grain
    unit: str
    cells: SeriesCells
    periods: list[SeriesPeriod]
    left_out: str = Field(description="What is not shown, and how to ask for it.")


def series(connection: Connection, question: SeriesQuestion) -> SeriesAnswer:
    """Read the latest periods of a KPI within a span."""
    kpis = read_kpis(connection)
    require_known("KPI", question.kpi, kpis)
    kpi = kpis[question.kpi]
    grain = question.grain or kpi.cadence
    _require_one(kpi, question)
    rows = kpi_periods(connection, kpi.kpi, grain, question.segment)
    asked = [row for row in rows if _is_within(row, question)]
    older = len(asked) - question.most
    return SeriesAnswer(
        data=read_data(connection),
        kpi=kpi.kpi,
        label=kpi.label,
        segment=figures.members(question.segment),
        grain=grain,
        unit=kpi.unit,
        cells=_cells(kpi, grain, question.segment),
        periods=[_period(row, kpi.unit) for row in asked[-question.most :]],
        left_out=f"{count(older, 'earlier period')}; give `most`." if older > 0 else "",
    )


def _require_one(kpi: KpiRow, question: SeriesQuestion) -> None:
    """Raise RetailError where a KPI has a series per member, and none was said."""
    if kpi.segment_by and not question.segment:
        raise RetailError(
            f"{kpi.kpi} has one series per {kpi.segment_by}; say which in `segment`, or ask "
            "for total_revenue"
        )


def _is_within(row: KpiPeriod, question: SeriesQuestion) -> bool:
    first, last = question.first or dt.date.min, question.last or dt.date.max
    return first <= row.period_start <= last


def _cells(kpi: KpiRow, grain: Grain, segment: dict[str, str]) -> SeriesCells:
    if not is_in_table(kpi, segment):
        key = (kpi.kpi, figures.members(segment), grain, PERIOD)
        value = figures.address(figures.LINES, *key, "value")
        return SeriesCells(value=value, expected="", lower="", upper="")
    name = next(iter(segment.values()), ALL)
    expected, lower, upper = (
        figures.address("insights.forecasts", kpi.kpi, name, grain, PERIOD, column)
        for column in ("expected", "lower", "upper")
    )
    value = figures.address(TABLES[grain], kpi.kpi, name, PERIOD, "value")
    return SeriesCells(value=value, expected=expected, lower=lower, upper=upper)


def _period(row: KpiPeriod, unit: str) -> SeriesPeriod:
    return SeriesPeriod(
        period_start=row.period_start,
        value=row.value,
        shown=amount(row.value, unit),
        expected=row.expected,
        lower=row.lower,
        upper=row.upper,
        is_complete=row.is_complete,
    )
