"""The newest day in one sentence: what came in, whether that is usual, and what to look at."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from detect.severity import MILDEST
from retail import formatting
from retail.outputs.report.cells import Cell
from retail.outputs.report.incidents import Card, Cards
from retail.outputs.report.kpis import KpiCard, State
from retail.reading import Facts
from retail.schema import GRAINS

LITTLE = "Nothing could be tested yet: there is too little history. Silence means nothing."


@dataclass(frozen=True)
class Verdict:
    """The newest day; `first` is the incident that `news` ends with, where there is one."""

    day: dt.date
    when: str
    label: str
    actual: Cell | None
    judgement: str
    news: str
    first: Card | None


def newest_day(facts: Facts, kpis: tuple[KpiCard, ...]) -> dt.date:
    """The last complete day with business; the last day looked at where none is known."""
    lead = _lead(kpis)
    return lead.state.period_start if lead and lead.state else facts.run.as_of


def verdict(day: dt.date, kpis: tuple[KpiCard, ...], incidents: Cards) -> Verdict:
    """The newest day as one sentence, about the first KPI that is judged by the day."""
    lead = _lead(kpis)
    news, first = _news(incidents, is_tested=any(kpi.is_tested for kpi in kpis))
    return Verdict(
        day=day,
        when=f"{formatting.weekday(day)} {formatting.day(day, full=True)}",
        label=formatting.lower_first(lead.kpi.label) if lead else "",
        actual=lead.state.actual if lead and lead.state else None,
        judgement=_judgement(lead.state, day) if lead and lead.state else "",
        news=news,
        first=first,
    )


def _lead(kpis: tuple[KpiCard, ...]) -> KpiCard | None:
    daily = (kpi for kpi in kpis if kpi.state and kpi.kpi.cadence == GRAINS[0])
    return next(daily, None)


def _judgement(state: State, day: dt.date) -> str:
    usual = f"for a {formatting.weekday(day)} in {day:%B}"
    against = f"{state.change} against the {state.expected.shown} expected"
    band = f"{state.lower.shown} to {state.upper.shown}"
    return {
        "expected": f"usual {usual}",
        "wide": f"though the usual range, {band}, is too wide to tell",
        "outside": f"{against}, not surely unusual",
        "anomaly": f"unusual {usual}: {against}",
    }.get(state.kind, state.text)


def _news(incidents: Cards, *, is_tested: bool) -> tuple[str, Card | None]:
    """What to look at: of the day, else of the week; else what is still open."""
    if not is_tested:
        return LITTLE, None
    of_week = tuple(c for c in incidents.week.open if c.incident.severity != MILDEST)
    for waiting, since in ((incidents.day.open, ""), (of_week, " from that week")):
        if waiting:
            more = "One thing" if len(waiting) == 1 else f"{len(waiting)} things"
            first = "" if len(waiting) == 1 else ", first"
            return f"{more} to look at{since}{first}:", waiting[0]
    if not incidents.open:
        return "Nothing needs attention.", None
    left = formatting.count(len(incidents.open), "earlier incident")
    verb = "is" if len(incidents.open) == 1 else "are"
    return f"Nothing new to look at; {left} {verb} still open.", None
