"""The state of the page, read from its address, so that a link keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from retail.feedback.status import ACKNOWLEDGE, OPEN, RECOVERED, SNOOZE, STATUS
from retail.outputs.report import kpis
from retail.reading import Facts, KpiRow
from retail.reading.order_lines import Span
from retail.schema import ALL, GRAINS, ForecastRow, Grain, IncidentRow

OVERVIEW, KPIS, INCIDENTS = "overview", "kpis", "incidents"
OF_KPIS = ("kpi", "grain", "country", "dimension", "of", "period", "by", "member")
"""Parts of an address that are about one KPI: saved links name no view."""
SPANS = {
    "7": "7 days", "28": "4 weeks", "91": "3 months", "182": "6 months", "396": "13 months",
    "all": "everything",
}  # fmt: skip
NEWEST = "newest"
NOTHING, BEFORE, YEAR = "nothing", "before", "year"
AGAINST = {NOTHING: "nothing", BEFORE: "the days just before", YEAR: "the year before"}
YEAR_DAYS = 364
"""A year back on the same weekdays."""
OWN_SPAN = "own"
ANY = "all"
WHOLE_SHOP = ""
"""Stands for no dimension in the address."""
DEFAULT_SPAN = "182"
STATUSES = (OPEN, STATUS[ACKNOWLEDGE], STATUS[SNOOZE], RECOVERED, ANY)
SORTS = {"newest": "newest first", "severity": "severest first", "money": "most money first"}
MOST_DAYS, MOST_DIGITS = 100_000, 9
"""Of a span and back to what it is compared with, which no date can be without end; and digits of
such a number, of which Python refuses to read thousands."""
Item = TypeVar("Item")


@dataclass(frozen=True)
class UrlState:
    """What the address asks for, where it exists; `missing` is an incident that doesn't."""

    view: str
    kpi: KpiRow
    grain: Grain
    dimension: str
    member: str
    span: str
    incident: IncidentRow | None
    missing: str


def read(given: Mapping[str, str], facts: Facts) -> UrlState:
    """The choice of an address; what is wrong or missing in it gets its default."""
    shown = {kpi.kpi: kpi for kpi in kpis.switched_on(facts)}
    first = shown.get("total_revenue", next(iter(shown.values())))
    kpi = shown.get(given.get("kpi", ""), first)
    wanted = given.get("incident", "")
    incident = _incident(wanted, facts)
    usual = INCIDENTS if wanted else KPIS if any(name in given for name in OF_KPIS) else OVERVIEW
    dimension, member = _within(given)
    return UrlState(
        view=one_of((OVERVIEW, KPIS, INCIDENTS), given.get("view"), usual),
        kpi=kpi,
        grain=one_of(GRAINS, given.get("grain"), kpi.cadence),
        dimension=dimension,
        member=member,
        span=given.get("span", DEFAULT_SPAN),
        incident=incident,
        missing=wanted if incident is None else "",
    )


def _within(given: Mapping[str, str]) -> tuple[str, str]:
    """The dimension and the member that a KPI is shown within; of saved links, the country."""
    if "dimension" in given:
        return given["dimension"], given.get("of", ALL)
    country = given.get("country", ALL)
    return (WHOLE_SHOP if country == ALL else "country"), country


def _incident(name: str, facts: Facts) -> IncidentRow | None:
    """The incident of that name, or that a finding of that name belongs to."""
    names = {f.incident_id for f in facts.findings if f.anomaly_id == name} | {name}
    return next((i for i in facts.incidents if i.incident_id in names), None)


def one_of(options: Sequence[Item], wanted: object, default: Item) -> Item:
    """The option that is wanted, by its text; else the default."""
    return next((option for option in options if str(option) == str(wanted)), default)


def span(text: str, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The days of a span: so many days up to the last, or `FROM..TO`; else all of the data.

    A span that has no day of the data, as in a link from before, is all of them.
    """
    if text.isdecimal() and len(text) <= MOST_DIGITS:
        days = min(max(int(text), 1), MOST_DAYS)
        return max(first, last - dt.timedelta(days=days - 1)), last
    start, dots, end = text.partition("..")
    try:
        chosen = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    except ValueError:
        return first, last
    within = max(chosen[0], first), min(chosen[1], last)
    return within if dots and within[0] <= within[1] else (first, last)


def against(text: str, of: Span) -> Span | None:
    """The days that a span is compared with: as many before, those of the year before, own ones."""
    back = {BEFORE: of.days, YEAR: YEAR_DAYS}.get(text)
    if back is not None:
        return Span(of.first - dt.timedelta(days=back), of.last - dt.timedelta(days=back))
    start, _, end = text.partition("..")
    try:
        own = Span(dt.date.fromisoformat(start), dt.date.fromisoformat(end))
    except ValueError:
        return None
    is_near = abs((own.first - of.first).days) <= MOST_DAYS
    return own if own.first <= own.last and is_near else None


def period(text: str | None, periods: Sequence[ForecastRow]) -> ForecastRow | None:
    """The period that starts on a date; else the latest with business that is over."""
    usual = [p for p in periods if kpis.is_over(p)]
    latest = (usual or periods)[-1:]
    wanted = [p for p in periods if p.period_start.isoformat() == text]
    return next(iter([*wanted, *latest]), None)
