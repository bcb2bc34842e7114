"""A finding or an incident with all that stands behind it, as `retail explain` has it."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from retail.formatting import contribution, factor, factor_value, percent, segment, subject, words
from retail.outputs.mcp import figures
from retail.outputs.mcp.data import Answer, read_data
from retail.outputs.mcp.figures import Figure, Text
from retail.outputs.mcp.questions import ExplainQuestion
from retail.outputs.mcp.tools.incidents import TABLE, Incident, incident
from retail.outputs.report import cells
from retail.reading import Connection, Explained
from retail.reading.explained import explain as read
from retail.schema import (
    ALL,
    BREAKDOWN,
    ROOT_CAUSE,
    AnomalyRow,
    AttributionRow,
    CheckRow,
    DriverRow,
    Grain,
)

LARGEST = 3
"""Members of each dimension, as the terminal shows them."""


class Finding(BaseModel):
    """A KPI's period that departs from what was expected."""

    anomaly_id: str
    about: str = Field(description="The KPI, and the member where it is of one.")
    kpi: str
    dimension: str | None
    segment: str
    grain: Grain
    period_start: dt.date
    value: Figure
    is_lower_bound: bool = Field(description="The period is not over: it will end with more.")
    expected: Figure
    lower: Figure | None = Field(
        description="Lower end of the usual range; none where the period is not over."
    )
    upper: Figure
    confidence: Figure
    severity: str
    favourability: str
    status: str
    noticed_by: str


class Part(BaseModel):
    """What a segment adds to the change."""

    about: str
    segment: dict[str, str]
    contribution: Figure
    share_of_change: Figure


class Driver(BaseModel):
    """A factor of net revenue in the whole shop."""

    factor: str
    value: Figure
    expected: Figure
    contribution: Figure


class CheckResult(BaseModel):
    """What speaks for or against it."""

    check: str
    verdict: str
    detail: Text


class ExplainAnswer(Answer):
    """An incident, the finding that was asked for first."""

    incident: Incident
    story: Text
    findings: list[Finding]
    breakdown: list[Part] = Field(
        description="Of the first finding: the largest members, one dimension at a time."
    )
    causes: list[Part] = Field(
        description="Segments named as the cause of it, the best first; none: the change is broad."
    )
    drivers: list[Driver] = Field(description="What moved net revenue in the period.")
    checks: list[CheckResult]


def explain(connection: Connection, question: ExplainQuestion) -> ExplainAnswer:
    """Read what stands behind an incident or an anomaly."""
    found = read(connection, question.id)
    row, first = found.incident, found.members[0]
    mine = [part for part in found.attributions if part.anomaly_id == first.anomaly_id]
    breakdown = [part for part in mine if part.analysis == BREAKDOWN and part.rank <= LARGEST]
    return ExplainAnswer(
        data=read_data(connection),
        incident=incident(row, found.money, found.products),
        story=figures.text(row.narrative, TABLE, row.incident_id, "narrative"),
        findings=[_finding(member, found) for member in found.members],
        breakdown=[_part(part, first, found) for part in breakdown],
        causes=[_part(part, first, found) for part in mine if part.analysis == ROOT_CAUSE],
        drivers=[_driver(part, found.money) for part in found.why.drivers if part.dimension == ALL],
        checks=[_check(check) for check in found.why.checks],
    )


def _finding(row: AnomalyRow, found: Explained) -> Finding:
    kpi = found.kpis[row.kpi]
    return Finding(
        anomaly_id=row.anomaly_id,
        about=subject(kpi.label, row.dimension, row.segment, found.products),
        kpi=row.kpi,
        dimension=row.dimension,
        segment=row.segment,
        grain=row.grain,
        period_start=row.period_start,
        value=figures.of(cells.finding(row, "actual", kpi.unit)),
        is_lower_bound=row.is_early,
        expected=figures.of(cells.finding(row, "expected", kpi.unit)),
        lower=None if row.is_early else figures.of(cells.finding(row, "lower", kpi.unit)),
        upper=figures.of(cells.finding(row, "upper", kpi.unit)),
        confidence=figures.of(cells.confidence(row)),
        severity=row.severity,
        favourability=row.favourability,
        status=row.status,
        noticed_by=words(row.methods),
    )


def _part(row: AttributionRow, first: AnomalyRow, found: Explained) -> Part:
    """A segment; the key of a cause says that it is one, since a member may have its rank."""
    cell = cells.contribution(row, found.kpis[first.kpi].unit, is_early=first.is_early)
    table, name, *rest = cell.source.unescape().split("|")[:-1]
    key = [table, name, *([] if row.analysis == BREAKDOWN else [row.analysis]), *rest]
    return Part(
        about=segment(row.segment, found.products, full=True),
        segment=row.segment,
        contribution=figures.read(cell.value, cell.shown, *key, "contribution"),
        share_of_change=figures.read(
            row.share_of_change, percent(row.share_of_change), *key, "share_of_change"
        ),
    )


def _driver(row: DriverRow, money: str) -> Driver:
    key = ("insights.revenue_drivers", row.incident_id, row.dimension, row.member, row.factor)
    moved = contribution(row.contribution, money)
    return Driver(
        factor=factor(row.factor),
        value=figures.read(
            row.actual, factor_value(row.factor, row.actual, money), *key, "actual"
        ),
        expected=figures.read(
            row.expected, factor_value(row.factor, row.expected, money), *key, "expected"
        ),
        contribution=figures.read(row.contribution, moved, *key, "contribution"),
    )  # fmt: skip


def _check(row: CheckRow) -> CheckResult:
    where = ("insights.incident_checks", row.incident_id, row.check_name, "detail")
    return CheckResult(
        check=words(row.check_name), verdict=row.verdict, detail=figures.text(row.detail, *where)
    )
