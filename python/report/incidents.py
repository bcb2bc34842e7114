"""Incidents to cards: what moved, how sure, for whom, and where it comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from report import cells, svg, words
from report.cells import Cell
from report.records import ALL, Contribution, Facts, Finding, Incident, Kpi

OPEN = "open"
RECENT = dt.timedelta(days=28)
FEWEST, MOST = 3, 12
"""Cards that are shown in full, if there are so many open incidents."""
WATERFALLS = 60
"""Incidents that are broken down; older ones keep their words and their findings."""
OTHERS = "(other)"
LEAST_STEP = 0.03
"""Part of all movement from which a segment is a step of its own."""
STEPS = 6
"""Segments in a waterfall; the others are one step."""
SEVERITIES = ("low", "medium", "high", "critical")


@dataclass(frozen=True)
class FindingRow:
    """A finding, as a line of its incident's table."""

    finding: Finding
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

    incident: Incident
    anchor: str
    when: str
    effect: str
    sureness: str
    confidence: Cell
    cause: str
    owners: str
    rows: tuple[FindingRow, ...]
    chart: Markup | None
    charted: str
    parts: tuple[Part, ...]
    tops: tuple[Part, ...]


@dataclass(frozen=True)
class Cards:
    """Incidents that need attention, and all others, newest first."""

    urgent: tuple[Card, ...]
    others: tuple[Card, ...]
    open: int
    provisional: int
    recent: int


def anchor(incident_id: str) -> str:
    """Where on the page an incident is."""
    return svg.safe_name("incident", incident_id)


def one(facts: Facts, incident: Incident) -> Card:
    """A single incident, with its parts however old it is."""
    return _card(
        incident,
        [f for f in facts.findings if f.incident_id == incident.incident_id],
        [c for c in facts.contributions if c.name == incident.lead_anomaly_id],
        {kpi.kpi: kpi for kpi in facts.kpis},
        facts.products,
        is_charted=True,
    )


def cards(facts: Facts) -> Cards:
    """All incidents; those open and recent, or the newest open ones, need attention."""
    urgent = _urgent(facts)
    chosen = {incident.incident_id for incident in urgent}
    charted = {incident.incident_id for incident in facts.incidents[:WATERFALLS]} | chosen
    kpis = {kpi.kpi: kpi for kpi in facts.kpis}
    members: dict[str, list[Finding]] = {}
    for finding in facts.findings:
        members.setdefault(finding.incident_id, []).append(finding)
    parts: dict[str, list[Contribution]] = {}
    for row in facts.contributions:
        parts.setdefault(row.name, []).append(row)

    def card(incident: Incident) -> Card:
        return _card(
            incident,
            members.get(incident.incident_id, []),
            parts.get(incident.lead_anomaly_id, []),
            kpis,
            facts.products,
            is_charted=incident.incident_id in charted,
        )

    return Cards(
        tuple(card(incident) for incident in urgent),
        tuple(card(i) for i in facts.incidents if i.incident_id not in chosen),
        sum(i.status == OPEN for i in facts.incidents),
        sum(i.status == OPEN and i.is_provisional for i in facts.incidents),
        sum(_is_recent(i, facts) for i in urgent),
    )


def _urgent(facts: Facts) -> list[Incident]:
    waiting = [i for i in facts.incidents if i.status == OPEN]
    waiting.sort(key=lambda i: (i.period_end, SEVERITIES.index(i.severity)), reverse=True)
    recent = sum(_is_recent(i, facts) for i in waiting)
    return waiting[: min(max(recent, FEWEST), MOST)]


def _is_recent(incident: Incident, facts: Facts) -> bool:
    return incident.period_end >= facts.run.as_of - RECENT


def _card(
    incident: Incident,
    members: Sequence[Finding],
    contributions: Sequence[Contribution],
    kpis: Mapping[str, Kpi],
    products: Mapping[str, str],
    *,
    is_charted: bool,
) -> Card:
    ordered = sorted(members, key=lambda f: (f.name != incident.lead_anomaly_id, -f.confidence))
    lead = ordered[0] if ordered else None
    unit = kpis[lead.kpi].unit if lead else ""
    told = _told(contributions, incident)
    chart = None
    if lead and told and is_charted:
        chart = _waterfall(incident, lead, kpis[lead.kpi], told, products)
    return Card(
        incident=incident,
        anchor=anchor(incident.incident_id),
        when=_when(incident, lead),
        effect=_effect(ordered),
        sureness=words.sureness(incident.confidence),
        confidence=Cell(
            words.percent(incident.confidence),
            incident.confidence,
            f"insights.incidents|{incident.incident_id}|confidence",
        ),
        cause=words.place(incident.root_cause, products),
        owners=", ".join(dict.fromkeys(f.owner for f in ordered)),
        rows=tuple(_row(f, kpis[f.kpi]) for f in ordered),
        chart=chart,
        charted=words.dimension(told[0].dimensions) if told else "",
        parts=tuple(_part(c, lead, unit, products) for c in told if is_charted),
        tops=tuple(
            _part(c, lead, unit, products) for c in contributions if is_charted and c.rank == 1
        ),
    )


def _effect(members: Sequence[Finding]) -> str:
    """Whether it is good or bad news, both, or neither."""
    effects = {finding.effect for finding in members} - {"neutral"}
    return "mixed" if len(effects) > 1 else next(iter(effects), "neutral")


def _when(incident: Incident, lead: Finding | None) -> str:
    if lead and incident.period_start == lead.period_start:
        return words.upper_first(words.period(lead.period_start, lead.grain))
    return f"{words.day(incident.period_start)} to {words.day(incident.period_end)}"


def _row(finding: Finding, kpi: Kpi) -> FindingRow:
    where = "" if finding.segment == ALL else f" of {finding.segment}"
    lower = None if finding.lower is None else cells.finding(finding, "lower", kpi.unit)
    return FindingRow(
        finding=finding,
        label=kpi.label + where,
        when=words.period(finding.period_start, finding.grain),
        actual=cells.finding(finding, "actual", kpi.unit),
        expected=cells.finding(finding, "expected", kpi.unit),
        lower=lower,
        upper=cells.finding(finding, "upper", kpi.unit),
        change=words.change(finding.actual, finding.expected, kpi.unit),
        confidence=Cell(
            words.percent(finding.confidence),
            finding.confidence,
            f"{finding.table}|{finding.name}|confidence",
        ),
    )


# ------------------------------------------------------------------------- contributions


def _told(contributions: Sequence[Contribution], incident: Incident) -> list[Contribution]:
    """The dimension that tells most: the cause's own, else the one with the clearest segment."""
    by_dimension: dict[str, list[Contribution]] = {}
    for row in contributions:
        by_dimension.setdefault(row.dimensions, []).append(row)
    if not by_dimension:
        return []
    named = [name for name in by_dimension if f'"{name}":' in incident.root_cause]
    best = max(named or by_dimension, key=lambda name: _clarity(by_dimension[name]))
    return by_dimension[best]


def _clarity(rows: Sequence[Contribution]) -> tuple[float, int]:
    """How much of all movement is the largest segment's; of equals, the finer dimension."""
    named = [abs(row.contribution) for row in rows if OTHERS not in row.segment]
    total = sum(abs(row.contribution) for row in rows)
    return (round(max(named, default=0.0) / (total or 1.0), 2), len(rows))


def _part(row: Contribution, lead: Finding | None, unit: str, products: Mapping[str, str]) -> Part:
    is_early = lead is not None and lead.is_early
    table = "insights.early_attributions" if is_early else "insights.attributions"
    return Part(
        dimension=words.dimension(row.dimensions),
        segment=words.place(row.segment, products),
        contribution=Cell(
            words.contribution(row.contribution, unit),
            row.contribution,
            f"{table}|{row.name}|{row.dimensions}|{row.rank}|contribution",
        ),
        share=words.percent(row.share_of_change),
    )


def _largest(told: Sequence[Contribution]) -> list[Contribution]:
    """The segments that get a step of their own: the largest, unless they hardly count."""
    least = LEAST_STEP * sum(abs(c.contribution) for c in told)
    counted = [c for c in told if abs(c.contribution) >= least and OTHERS not in c.segment]
    return sorted(counted, key=lambda c: -abs(c.contribution))[:STEPS]


def _waterfall(
    incident: Incident,
    lead: Finding,
    kpi: Kpi,
    told: Sequence[Contribution],
    products: Mapping[str, str],
) -> Markup:
    largest = _largest(told)
    steps = [
        svg.Step(
            words.upper_first(words.place(c.segment, products, brief=True)),
            words.contribution(c.contribution, kpi.unit),
            c.contribution,
        )
        for c in largest
    ]
    if len(told) > len(largest):
        rest = lead.actual - lead.expected - sum(step.value for step in steps)
        shown = words.contribution(rest, kpi.unit)
        steps += [svg.Step("All others", shown, rest)] if words.is_something(shown) else []
    word = "At least" if lead.is_early else "Actual"
    start = svg.Step("Expected", words.amount(lead.expected, kpi.unit), lead.expected)
    end = svg.Step(word, words.amount(lead.actual, kpi.unit), lead.actual)
    by = words.dimension(told[0].dimensions)
    title = f"{kpi.label}, {words.period(lead.period_start, lead.grain)}: change by {by}"
    listed = "; ".join(f"{step.label} {step.shown}" for step in [start, *steps, end])
    return svg.waterfall(anchor(incident.incident_id) + "-chart", title, listed, start, steps, end)
