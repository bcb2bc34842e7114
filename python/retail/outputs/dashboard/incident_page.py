"""Incidents: the list, and one with its narrative, causes, checks, KPI tree and order lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter

import streamlit as st

from detect.group_by import group_by
from retail import formatting
from retail.feedback.status import OPEN
from retail.formatting import upper_first
from retail.outputs.dashboard import address, feedback_form, order_lines, read, render, url_state
from retail.outputs.dashboard.cache import Session
from retail.outputs.dashboard.labels import WHOLE, named
from retail.outputs.dashboard.records import Place
from retail.outputs.dashboard.url_state import UrlState
from retail.outputs.report import incidents
from retail.outputs.report.incidents import Card
from retail.reading import SEVERITIES, Facts, KpiRow, period_end
from retail.schema import ALL, BREAKDOWN, AnomalyRow, AttributionRow, DriverRow, IncidentRow

SHOWN = 20
ORDERS: dict[str, Callable[[IncidentRow], float]] = {
    "newest": lambda _: 0.0,
    "severity": lambda row: -SEVERITIES.index(row.severity),
    "money": lambda row: -abs(row.impact or 0.0),
}
"""How incidents, the newest first, are put into another order."""


def page(session: Session, facts: Facts, chosen: UrlState) -> None:
    """One incident where the address names one, else all of them."""
    if chosen.missing:
        st.warning(
            render.plain(
                f"There is no incident {chosen.missing} any more: a later run may have reported it "
                "differently. These are the incidents of the last run."
            )
        )
    if chosen.incident is None:
        _all(facts)
    else:
        _one(session, facts, chosen.incident)


# ----------------------------------------------------------------------------------- list


def _all(facts: Facts) -> None:
    status = _choice("Show", url_state.STATUSES, "status", OPEN, st.segmented_control)
    wanted = _chosen(facts, status)
    most = int(address.given("most") or 0) if (address.given("most") or "").isdecimal() else 0
    most = max(most, SHOWN)
    render.fragment("found", count=len(wanted), status=status, as_of=facts.run.as_of)
    for incident in wanted[:most]:
        card = incidents.one(facts, incident)
        with st.container(border=True):
            render.fragment("row", c=card)
            st.button(
                "Look into it",
                key=f"open_{incident.incident_id}",
                on_click=address.go,
                kwargs={"view": url_state.INCIDENTS, "incident": incident.incident_id},
            )
    if len(wanted) > most:
        st.button(
            f"Show {SHOWN} more",
            on_click=address.go,
            kwargs={"most": str(most + SHOWN)},
        )


def _choice(
    label: str, options: Sequence[str], name: str, default: str, widget: address.Pick = st.selectbox
) -> str:
    return address.pick(
        widget, label, options, url_state.one_of(options, address.given(name), default), name,
        forget=("most",), format_func=lambda text: url_state.SORTS.get(text, upper_first(text)),
    )  # fmt: skip


def _chosen(facts: Facts, status: str) -> list[IncidentRow]:
    """The incidents of a status, an owner and a severity, in the order that is asked for."""
    owners = group_by(facts.findings, attrgetter("incident_id"))
    known = sorted({finding.owner for finding in facts.findings})
    owner_at, severity_at, order_at = st.columns(3)
    with owner_at:
        owner = _choice("Owner", [url_state.ANY, *known], "owner", url_state.ANY)
    with severity_at:
        every = [url_state.ANY, *SEVERITIES[::-1]]
        severity = _choice("Severity", every, "severity", url_state.ANY)
    with order_at:
        order = _choice("Order", list(url_state.SORTS), "sort", "newest")
    rows = [
        row
        for row in facts.incidents
        if status in (row.status, url_state.ANY)
        and severity in (row.severity, url_state.ANY)
        and owner in (url_state.ANY, *(f.owner for f in owners.get(row.incident_id, [])))
    ]
    return sorted(rows, key=ORDERS[order])


# ------------------------------------------------------------------------------------ one


def _one(session: Session, facts: Facts, incident: IncidentRow) -> None:
    card = incidents.one(facts, incident)
    lead = card.rows[0].finding if card.rows else None
    st.button(
        "← All incidents",
        type="tertiary",
        on_click=address.go,
        kwargs={"incident": None, "member": None, "by": None},
    )
    render.fragment("incident", c=card)
    text, drawn = st.columns([7, 5], gap="medium")
    with text:
        render.fragment("narrative", c=card)
    with drawn:
        _waterfall(card)
    feedback_form.section(session, card)
    _together(card)
    if lead is None:
        return
    parts = session.ask(read.parts, lead.anomaly_id)
    why = session.ask(read.explanation, incident.incident_id)
    _causes(facts, lead, parts)
    render.fragment("checks", checks=why.checks)
    _segments(session, facts, lead, parts, why.drivers)


def _waterfall(card: Card) -> None:
    if card.chart is not None:
        parts = "; ".join(f"{part.segment} {part.contribution.shown}" for part in card.parts)
        render.fragment("charted", c=card)
        render.picture(card.chart, f"From expected to actual by {card.charted}: {parts}")


def _together(card: Card) -> None:
    """What moved, and the way back to each KPI."""
    render.fragment("moved", c=card)
    with st.popover("See the series of a KPI"):
        for row in card.rows:
            finding = row.finding
            st.button(
                render.plain(f"{row.label}, {finding.grain}"),
                key=f"series_{finding.anomaly_id}",
                type="tertiary",
                on_click=address.go,
                kwargs={
                    "view": url_state.KPIS,
                    "incident": None,
                    "kpi": finding.kpi,
                    "grain": finding.grain,
                    "country": None,
                    "dimension": finding.dimension,
                    "of": finding.segment if finding.dimension else None,
                    "period": finding.period_start.isoformat(),
                    "span": "all",
                    "member": None,
                },
            )


def _causes(facts: Facts, lead: AnomalyRow, parts: Sequence[AttributionRow]) -> None:
    unit = _kpi(facts, lead).unit
    rows = [
        (
            formatting.upper_first(formatting.segment(part.segment, facts.products)),
            formatting.contribution(part.contribution, unit),
            formatting.percent(part.share_of_change),
            formatting.percent(part.cause_confidence),
        )
        for part in parts
        if part.analysis != BREAKDOWN
    ]
    render.fragment("causes", rows=rows)


def _segments(
    session: Session,
    facts: Facts,
    lead: AnomalyRow,
    parts: Sequence[AttributionRow],
    tree: Sequence[DriverRow],
) -> None:
    """By one dimension: its parts, what moved net revenue there, and the order lines."""
    mine = (part for part in parts if part.analysis == BREAKDOWN)
    by_name = group_by(mine, attrgetter("dimensions"))
    render.fragment("segments")
    by, member = _choose(facts, by_name, lead)
    shown = by_name.get(by, [])
    unit = _kpi(facts, lead).unit
    render.fragment(
        "parts",
        by=formatting.words(by),
        is_early=lead.is_early,
        rows=[
            (
                formatting.segment(part.segment, facts.products),
                formatting.amount(part.actual, unit),
                formatting.amount(part.expected, unit),
                formatting.contribution(part.contribution, unit),
                formatting.percent(part.share_of_change),
            )
            for part in shown
        ],
        total=formatting.contribution(sum(part.contribution for part in shown), unit),
        lead=f"{_kpi(facts, lead).label}, {formatting.period(lead.period_start, lead.grain)}",
    )
    _tree(tree, by, facts)
    listed = tuple(m for part in shown if (m := member_of(part, by)))
    place, title = place_of(lead, by, member, listed), _title(lead, by, member, facts)
    order_lines.section(session, place, title, facts.shop.money)


def _choose(
    facts: Facts, by_name: dict[str, list[AttributionRow]], lead: AnomalyRow
) -> tuple[str, str]:
    """The dimension, and the member whose order lines are wanted."""
    if not by_name:
        return "", WHOLE
    names = list(by_name)
    cause = next((i.root_cause for i in facts.incidents if i.incident_id == lead.incident_id), {})
    default = next((name for name in names if name in cause), names[0])
    left, right = st.columns(2)
    with left:
        by = address.pick(
            st.selectbox, "Broken down by", names,
            url_state.one_of(names, address.given("by"), default), "by",
            forget=("member",), format_func=formatting.words,
        )  # fmt: skip
    members = [WHOLE, *(m for part in by_name[by] if (m := member_of(part, by)))]
    with right:
        member = address.pick(
            st.selectbox, "Order lines of", members,
            url_state.one_of(members, address.given("member"), WHOLE), "member",
            format_func=lambda name: named(name, by, facts),
        )  # fmt: skip
    return by, member


def member_of(part: AttributionRow, dimension: str) -> str:
    """A part's member of a dimension."""
    return part.segment.get(dimension, "")


def place_of(lead: AnomalyRow, by: str, member: str, listed: tuple[str, ...]) -> Place:
    """Where the order lines of a finding's segment are."""
    last = period_end(lead.period_start, lead.grain)
    fixed = ((lead.dimension, lead.segment),) if lead.dimension else ()
    wanted = () if member == WHOLE else ((by, member),)
    return Place(lead.period_start, last, (*fixed, *wanted), listed)


def _title(lead: AnomalyRow, by: str, member: str, facts: Facts) -> str:
    parts = [formatting.period(lead.period_start, lead.grain)]
    parts += [] if lead.segment == ALL else [named(lead.segment, lead.dimension or "", facts)]
    parts += [] if member == WHOLE else [named(member, by, facts)]
    return ", ".join(parts)


def _tree(tree: Sequence[DriverRow], by: str, facts: Facts) -> None:
    """The factors of net revenue in the whole shop, and the members that moved it most."""
    members = group_by((b for b in tree if b.dimension == by), attrgetter("member"))
    sums = {name: sum(b.contribution for b in mine) for name, mine in members.items()}
    ranked = sorted(sums, key=lambda name: -abs(sums[name]))
    whole = [branch for branch in tree if branch.dimension == ALL]
    money = facts.shop.money
    render.fragment(
        "tree",
        whole=[
            (
                formatting.upper_first(formatting.factor(b.factor)),
                formatting.factor_value(b.factor, b.actual, money),
                formatting.factor_value(b.factor, b.expected, money),
                formatting.contribution(b.contribution, money),
            )
            for b in whole
        ],
        total=formatting.contribution(sum(b.contribution for b in whole), money),
        by=formatting.words(by),
        members=[
            (
                named(name, by, facts),
                formatting.contribution(sums[name], money),
                formatting.factor(max(members[name], key=lambda b: abs(b.contribution)).factor),
            )
            for name in ranked
        ],
    )


def _kpi(facts: Facts, lead: AnomalyRow) -> KpiRow:
    return facts.kpis[lead.kpi]
