"""Incidents, as `retail list` has them."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from retail.formatting import count, segment
from retail.outputs.mcp import figures
from retail.outputs.mcp.data import Answer, read_data
from retail.outputs.mcp.figures import Figure, Text
from retail.outputs.mcp.questions import IncidentsQuestion
from retail.outputs.report import cells, words
from retail.reading import SEVERITIES, Connection, read_findings, read_money, read_products
from retail.schema import IncidentRow

TABLE = "insights.incidents"


class Incident(BaseModel):
    """A group of findings with one cause."""

    incident_id: str
    period_start: dt.date
    period_end: dt.date
    headline: Text
    severity: str
    status: str
    favourability: str = Field(description="Good or bad for the shop.")
    confidence: Figure
    confidence_text: str
    impact: Figure = Field(description="Money at stake: net revenue less what was expected.")
    impact_lower: Figure = Field(description="Lower end of its 95 % interval.")
    impact_upper: Figure
    cause: str = Field(description="The segment that holds the change; empty where it is broad.")
    root_cause: dict[str, str] = Field(description="The same, as a segment to ask with.")
    is_provisional: bool = Field(description="It rests on a period that is not over.")
    recovered_on: dt.date | None


class IncidentsAnswer(Answer):
    """Incidents, the newest first."""

    incidents: list[Incident]
    left_out: str = Field(description="What is not shown, and how to ask for it.")


def incidents(connection: Connection, question: IncidentsQuestion) -> IncidentsAnswer:
    """Read the incidents of a status, severity and time."""
    every = read_findings(connection).incidents
    found = [row for row in every if _is_asked_for(row, question)]
    money, products = read_money(connection), read_products(connection)
    return IncidentsAnswer(
        data=read_data(connection),
        incidents=[incident(row, money, products) for row in found[: question.most]],
        left_out=_left_out(len(found), len(every), question.most),
    )


def _is_asked_for(row: IncidentRow, question: IncidentsQuestion) -> bool:
    least = SEVERITIES.index(question.least_severity) if question.least_severity else 0
    return (
        question.status in (row.status, "any")
        and SEVERITIES.index(row.severity) >= least
        and (question.since is None or row.period_end >= question.since)
    )


def _left_out(found: int, every: int, most: int) -> str:
    shown = min(found, most)
    if shown == every:
        return ""
    older = f"; the {count(found - shown, 'older one')} by a larger `most`" if found > most else ""
    rest = f"; {count(every - found, 'incident')} of other status, severity or time"
    return f"{count(shown, 'incident')} shown{older}{rest if every > found else ''}."


def incident(row: IncidentRow, money: str, products: dict[str, str]) -> Incident:
    """An incident with its figures."""
    return Incident(
        incident_id=row.incident_id,
        period_start=row.period_start,
        period_end=row.period_end,
        headline=figures.text(row.headline, TABLE, row.incident_id, "headline"),
        severity=row.severity,
        status=row.status,
        favourability=row.favourability,
        confidence=figures.of(cells.sureness(row)),
        confidence_text=words.sureness(row.confidence),
        impact=figures.of(cells.impact(row, "impact", money)),
        impact_lower=figures.of(cells.impact(row, "impact_lower", money)),
        impact_upper=figures.of(cells.impact(row, "impact_upper", money)),
        cause=segment(row.root_cause, products, full=True),
        root_cause=row.root_cause,
        is_provisional=row.is_provisional,
        recovered_on=row.recovered_on,
    )
