"""Incidents to cards: what moved, how sure, for whom, and where it comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from markupsafe import Markup

from detect.group_by import group_by
from detect.impact import cancelled_later
from retail import formatting
from retail.feedback.status import OPEN, RECOVERED, in_words
from retail.outputs.report import cells, svg, words
from retail.outputs.report.cells import Cell
from retail.reading import SEVERITIES, Facts, KpiRow, lead_first
from retail.reading.selection import by_age, open_incidents
from retail.schema import OTHER, AnomalyRow, AttributionRow, IncidentRow

WATERFALLS = 60
"""Incidents that are broken down; older ones keep their words and their findings."""
LEAST_STEP = 0.03
"""Part of all movement from which a segment is a step of its own."""
STEPS = 6
"""Segments in a waterfall; the others are one step."""


@dataclass(frozen=True)
class FindingRow:
    """A finding, as a line of its incident's table."""

    finding: AnomalyRow
    label: str
    when: str
    actual: Cell
    expected: Cell
    lower: Cell | None
    upper: Cell
    change: str
    confidence: Cell


@dataclass(frozen=True)
class Part:
    """A segment's part of the change."""

    dimension: str
    segment: str
    contribution: Cell
    share: str


@dataclass(frozen=True)
class Card:
    """An incident, ready to be shown."""

    incident: IncidentRow
    anchor: str
    when: str
    effect: str
    sureness: str
    confidence: Cell
    impact: Cell
    impact_range: str
    cause: str
    check: str
    owners: str
    ended: str
    said: tuple[str, ...]
    rows: tuple[FindingRow, ...]
    chart: Markup | None
    charted: str
    parts: tuple[Part, ...]
    tops: tuple[Part, ...]


@dataclass(frozen=True)
class Group:
    """Incidents of one age: those that nobody has answered, and all others.

    The newest come first, of earlier ones the severest.
    """

    open: tuple[Card, ...]
    others: tuple[Card, ...]


@dataclass(frozen=True)
class Cards:
    """Incidents of the newest day, of that week, and earlier ones."""

    day: Group
    week: Group
    earlier: Group

    @property
    def open(self) -> tuple[Card, ...]:
        """All that nobody has answered."""
        return (*self.day.open, *self.week.open, *self.earlier.open)


def anchor(incident_id: str) -> str:
    """Where on the page an incident is."""
    return svg.safe_name("incident", incident_id)


def one(facts: Facts, incident: IncidentRow) -> Card:
    """A single incident, with its parts however old it is."""
    return _card(
        incident,
        [f for f in facts.findings if f.incident_id == incident.incident_id],
        [c for c in facts.contributions if c.anomaly_id == incident.lead_anomaly_id],
        facts,
        is_charted=True,
    )


def cards(facts: Facts, newest: dt.date) -> Cards:
    """All incidents, by how they lie to the newest day."""
    charted = {incident.incident_id for incident in facts.incidents[:WATERFALLS]}
    charted |= {incident.incident_id for incident in open_incidents(facts.incidents)}
    members = group_by(facts.findings, attrgetter("incident_id"))
    parts = group_by(facts.contributions, attrgetter("anomaly_id"))

    def group(incidents: Sequence[IncidentRow]) -> Group:
        made = [
            _card(
                incident,
                members.get(incident.incident_id, []),
                parts.get(incident.lead_anomaly_id, []),
                facts,
                is_charted=incident.incident_id in charted,
            )
            for incident in incidents
        ]
        waiting = tuple(card for card in made if card.incident.status == OPEN)
        return Group(waiting, tuple(card for card in made if card.incident.status != OPEN))

    ages = by_age(facts.incidents, newest)
    gravest = sorted(ages.earlier, key=lambda row: -SEVERITIES.index(row.severity))
    return Cards(group(ages.day), group(ages.week), group(gravest))


def _card(
    incident: IncidentRow,
    members: Sequence[AnomalyRow],
    contributions: Sequence[AttributionRow],
    facts: Facts,
    *,
    is_charted: bool,
) -> Card:
    kpis, products, money = facts.kpis, facts.products, facts.shop.money
    ordered = lead_first(incident, members)
    lead = ordered[0] if ordered else None
    unit = kpis[lead.kpi].unit if lead else ""
    told = _told(contributions, incident)
    chart = None
    if lead and told and is_charted:
        chart = _waterfall(incident, lead, kpis[lead.kpi], told, products)
    return Card(
        incident=incident,
        anchor=anchor(incident.incident_id),
        when=formatting.span(incident.period_start, incident.period_end),
        effect=incident.favourability,
        sureness=words.sureness(incident.confidence),
        confidence=cells.sureness(incident),
        impact=cells.impact(incident, "impact", money),
        impact_range=formatting.at_stake(
            incident.impact, incident.impact_lower, incident.impact_upper, money
        ).partition(" ")[2],
        cause=formatting.segment(incident.root_cause, products),
        check=first_check(incident, lead, formatting.segment(incident.root_cause, products)),
        owners=", ".join(dict.fromkeys(f.owner for f in ordered)),
        ended=ended(incident, money),
        said=tuple(map(in_words, facts.said.get(incident.incident_id, ()))),
        rows=tuple(_row(f, kpis[f.kpi], products) for f in ordered),
        chart=chart,
        charted=formatting.words(told[0].dimensions) if told else "",
        parts=tuple(_part(c, lead, unit, products) for c in told if is_charted),
        tops=tuple(
            _part(c, lead, unit, products) for c in contributions if is_charted and c.rank == 1
        ),
    )


def first_check(incident: IncidentRow, lead: AnomalyRow | None, cause: str) -> str:
    """Where a person begins to look: by what is named as the cause, and the direction."""
    if lead is None:
        return ""
    is_down = lead.direction == "down"
    if "product" in incident.root_cause:
        what = "stock, price and listing of" if is_down else "the largest orders and the price of"
        return f"{what} {cause}"
    if cause:
        return f"{'what changed for' if is_down else 'the largest orders of'} {cause}"
    if is_down:
        return "that all order lines came in; then shop, payment and prices"
    return "the largest orders, and that no lines came in twice"


def ended(incident: IncidentRow, money: str) -> str:
    """That an incident is over, and what it came to; nothing while it goes on."""
    if incident.status != RECOVERED or incident.recovered_on is None:
        return ""
    over = f"over by {formatting.day(incident.recovered_on)}"
    if incident.impact is None:
        return over
    back = cancelled_later(incident.impact, incident.impact_returned or 0.0)
    after = " after cancellations" if back else ""
    came_to = formatting.amount(incident.impact - back, money, signed=True)
    return f"{over}, {came_to} in all{after}"


def _row(finding: AnomalyRow, kpi: KpiRow, products: Mapping[str, str]) -> FindingRow:
    lower = None if finding.lower is None else cells.finding(finding, "lower", kpi.unit)
    return FindingRow(
        finding=finding,
        label=formatting.subject(kpi.label, finding.dimension, finding.segment, products),
        when=formatting.period(finding.period_start, finding.grain),
        actual=cells.finding(finding, "actual", kpi.unit),
        expected=cells.finding(finding, "expected", kpi.unit),
        lower=lower,
        upper=cells.finding(finding, "upper", kpi.unit),
        change=formatting.change(finding.actual, finding.expected, kpi.unit),
        confidence=cells.confidence(finding),
    )


# ------------------------------------------------------------------------- contributions


def _told(contributions: Sequence[AttributionRow], incident: IncidentRow) -> list[AttributionRow]:
    """The dimension that tells most: the cause's own, else the one with the clearest segment.

    One with a single segment, as the category of an incident's product, divides nothing.
    """
    all_rows = group_by(contributions, attrgetter("dimensions"))
    by_dimension = {name: rows for name, rows in all_rows.items() if len(rows) > 1}
    if not by_dimension:
        return []
    named = [name for name in by_dimension if name in incident.root_cause]
    best = max(named or by_dimension, key=lambda name: _clarity(by_dimension[name]))
    return by_dimension[best]


def _clarity(rows: Sequence[AttributionRow]) -> tuple[float, int]:
    """How much of all movement is the largest segment's; of equals, the finer dimension."""
    named = [abs(row.contribution) for row in rows if OTHER not in row.segment.values()]
    total = sum(abs(row.contribution) for row in rows)
    return (round(max(named, default=0.0) / (total or 1.0), 2), len(rows))


def _part(
    row: AttributionRow, lead: AnomalyRow | None, unit: str, products: Mapping[str, str]
) -> Part:
    is_early = lead is not None and lead.is_early
    return Part(
        dimension=formatting.words(row.dimensions),
        segment=formatting.segment(row.segment, products),
        contribution=cells.contribution(row, unit, is_early=is_early),
        share=formatting.percent(row.share_of_change),
    )


def _largest(parts: Sequence[AttributionRow]) -> list[AttributionRow]:
    """The segments that get a step of their own: the largest, unless they hardly count."""
    least = LEAST_STEP * sum(abs(c.contribution) for c in parts)
    counted = [c for c in parts if abs(c.contribution) >= least and OTHER not in c.segment.values()]
    return sorted(counted, key=lambda c: -abs(c.contribution))[:STEPS]


def _label(segment: Mapping[str, str], products: Mapping[str, str]) -> str:
    """A segment on a narrow chart: a product by its description alone."""
    return " and ".join(
        products.get(member, member).strip()
        if dimension == "product"
        else formatting.member(dimension, member)
        for dimension, member in segment.items()
    )


def _waterfall(
    incident: IncidentRow,
    lead: AnomalyRow,
    kpi: KpiRow,
    told: Sequence[AttributionRow],
    products: Mapping[str, str],
) -> Markup:
    largest = _largest(told)
    steps = [
        svg.Step(
            formatting.upper_first(_label(c.segment, products)),
            formatting.contribution(c.contribution, kpi.unit),
            c.contribution,
        )
        for c in largest
    ]
    if len(told) > len(largest):
        rest = lead.actual - lead.expected - sum(step.value for step in steps)
        shown = formatting.contribution(rest, kpi.unit)
        steps += [svg.Step("All others", shown, rest)] if formatting.is_something(shown) else []
    word = "At least" if lead.is_early else "Actual"
    start = svg.Step("Expected", formatting.amount(lead.expected, kpi.unit), lead.expected)
    end = svg.Step(word, formatting.amount(lead.actual, kpi.unit), lead.actual)
    by = formatting.words(told[0].dimensions)
    about = formatting.subject(kpi.label, lead.dimension, lead.segment, products)
    title = f"{about}, {formatting.period(lead.period_start, lead.grain)}: change by {by}"
    listed = "; ".join(f"{step.label} {step.shown}" for step in [start, *steps, end])
    return svg.waterfall(anchor(incident.incident_id) + "-chart", title, listed, start, steps, end)
