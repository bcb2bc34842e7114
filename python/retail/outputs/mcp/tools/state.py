"""Each KPI in its newest complete period: the cards of the report."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from retail.outputs.mcp import figures
from retail.outputs.mcp.data import Answer, read_data
from retail.outputs.mcp.figures import Figure
from retail.outputs.mcp.questions import StateQuestion
from retail.outputs.report import kpis as report
from retail.outputs.report import words
from retail.reading import Connection, Facts, KpiRow
from retail.reading.facts import facts_of
from retail.reading.measures import require_known
from retail.schema import ALL, Grain


class KpiState(BaseModel):
    """A series in its newest complete period."""

    kpi: str
    label: str
    segment: str = Field(description="`all`, or the member that the series is of.")
    owner: str
    grain: Grain
    period_start: dt.date
    period: str
    status: str = Field(
        description="`expected`, `wide` (too wide a range), `outside`, `anomaly` or `untested`."
    )
    status_text: str
    value: Figure
    expected: Figure
    lower: Figure = Field(description="Lower end of the usual range.")
    upper: Figure = Field(description="Upper end of the usual range.")
    change: str = Field(description="From what was expected; percent, or points of a ratio.")
    a_week_earlier: Figure | None = Field(description="None where it was closed, or not whole.")
    wish: str = Field(description="Which way is better.")
    incident_id: str | None = Field(description="Incident of that period, to `explain`.")


class StateAnswer(Answer):
    """The state of the shop."""

    kpis: list[KpiState]
    left_out: str = Field(description="What is not shown, and how to ask for it.")


def state(connection: Connection, question: StateQuestion) -> StateAnswer:
    """Read the state of one KPI or of all; with all their members where one is asked for."""
    facts = facts_of(connection)
    if question.kpi:
        require_known("KPI", question.kpi, facts.kpis)
    chosen = [kpi for kpi in facts.kpis.values() if question.kpi in (None, kpi.kpi)]
    states = [
        found
        for kpi in chosen
        for segment in _segments(facts, kpi, question)
        if (found := _state(facts, kpi, segment, question.grain or kpi.cadence))
    ]
    shown = {row.kpi for row in states}
    missing = ", ".join(kpi.kpi for kpi in chosen if kpi.kpi not in shown)
    left_out = f"No series of the whole shop: {missing}; ask by name." if missing else ""
    return StateAnswer(data=read_data(connection), kpis=states, left_out=left_out)


def _segments(facts: Facts, kpi: KpiRow, question: StateQuestion) -> list[str]:
    """The whole shop; of a KPI with a series per member these, where it is the one asked for."""
    if not (question.kpi and kpi.segment_by):
        return [ALL]
    return sorted({row.segment for row in facts.periods if row.kpi == kpi.kpi})


def _state(facts: Facts, kpi: KpiRow, segment: str, grain: Grain) -> KpiState | None:
    key = (kpi.kpi, segment, grain)
    periods = [row for row in facts.periods if (row.kpi, row.segment, row.grain) == key]
    found = [row for row in facts.findings if (row.kpi, row.segment, row.grain) == key]
    last = report.state(kpi, periods, found, report.held(periods))
    if last is None:
        return None
    reported = [row.incident_id for row in found if row.period_start == last.period_start]
    return KpiState(
        kpi=kpi.kpi,
        label=kpi.label,
        segment=segment,
        owner=kpi.owner,
        grain=grain,
        period_start=last.period_start,
        period=last.when,
        status=last.kind,
        status_text=last.text,
        value=figures.of(last.actual),
        expected=figures.of(last.expected),
        lower=figures.of(last.lower),
        upper=figures.of(last.upper),
        change=last.change,
        a_week_earlier=figures.of(last.week_before) if last.week_before else None,
        wish=words.DIRECTIONS[kpi.direction],
        incident_id=next(iter(reported), None),
    )
