"""What a week was like, for each owner: one message once the week is over."""

from __future__ import annotations

import datetime as dt
import urllib.parse
from collections.abc import Sequence

from retail.feedback.status import OPEN
from retail.formatting import amount, count, day, period, upper_first
from retail.outputs.alerts.message import Links, Message, line, pages
from retail.outputs.alerts.records import Candidates, Digest
from retail.outputs.report import kpis
from retail.reading import SEVERITIES, SIMULATED_DATA
from retail.schema import ALL, IncidentRow

DIGEST = "digest"
WEEK = dt.timedelta(days=7)
MOST = 10
"""Incidents listed of a kind; the others are counted."""


def due(found: Candidates, channel: str) -> list[Digest]:
    """The digests of the last week that is over, which a channel has not sent yet."""
    sent = {row.incident_id for row in found.sent if row.channel == channel}
    owners = {kpi.owner for kpi in found.kpis.values()}
    owners |= {lead.owner for lead in found.leads.values()}
    written = [_digest(found, owner) for owner in sorted(owners)]
    return [one for one in written if one.name not in sent]


def last_week(as_of: dt.date) -> dt.date:
    """The Monday of the last week that is over."""
    return as_of - dt.timedelta(days=(as_of.weekday() + 1) % 7) - WEEK + dt.timedelta(days=1)


def _digest(found: Candidates, owner: str) -> Digest:
    monday = last_week(found.as_of)
    mine = [
        row
        for row in found.incidents
        if (lead := found.leads.get(row.lead_anomaly_id)) is not None and lead.owner == owner
    ]
    return Digest(
        owner,
        monday,
        _kpi_lines(found, owner, monday),
        begun=tuple(row for row in mine if monday <= row.period_start < monday + WEEK),
        over=tuple(
            row for row in mine if row.recovered_on and monday <= row.recovered_on < monday + WEEK
        ),
        waiting=tuple(row for row in mine if row.status == OPEN and row.period_start < monday),
        is_simulated=found.is_simulated,
        money=found.money,
    )


def _kpi_lines(found: Candidates, owner: str, monday: dt.date) -> tuple[tuple[str, str], ...]:
    """The week of each KPI of an owner: value, change against the expected, and what it is."""
    rows = []
    for kpi in found.kpis.values():
        periods = [row for row in found.weeks if row.kpi == kpi.kpi and row.period_start <= monday]
        findings = [
            lead
            for lead in found.leads.values()
            if (lead.kpi, lead.grain, lead.segment) == (kpi.kpi, "weekly", ALL)
        ]
        state = kpis.state(kpi, periods, findings, kpis.held(periods))
        if kpi.owner == owner and state and state.period_start == monday:
            parts = [state.actual.shown, state.change and f"{state.change} against the expected"]
            rows.append((kpi.label, ", ".join(filter(None, [*parts, state.text]))))
    return tuple(rows)


def write(digest: Digest, links: Links) -> Message:
    """The digest as people read it."""
    about = f"{upper_first(period(digest.monday, 'weekly', full=True))} for {line(digest.owner)}"
    kinds = (("New", digest.begun), ("Over", digest.over), ("Still open", digest.waiting))
    counts = ", ".join(f"{len(rows) or 'none'} {name.lower()}" for name, rows in kinds)
    mark = "[SIMULATED] " if digest.is_simulated else ""
    return Message(
        subject=f"{mark}{about}: {counts}",
        headline=about,
        effect="neutral",
        note=SIMULATED_DATA if digest.is_simulated else "",
        story=f"Incidents: {counts}.",
        facts=(
            *digest.kpis,
            *(fact for name, rows in kinds for fact in _listed(name, rows, digest.money)),
        ),
        links=pages(links, f"view=incidents&owner={urllib.parse.quote(digest.owner)}"),
        reference=f"Weekly digest, {digest.name}",
    )


def _listed(name: str, rows: Sequence[IncidentRow], money: str) -> list[tuple[str, str]]:
    """Incidents, the severest first, and how many more there are."""
    ranked = sorted(rows, key=lambda row: -SEVERITIES.index(row.severity))
    facts = [(f"{name}, {row.severity}", _one_line(row, money)) for row in ranked[:MOST]]
    left = len(rows) - len(facts)
    return [*facts, *([(name, f"{count(left, 'more incident')}")] if left else [])]


def _one_line(row: IncidentRow, money: str) -> str:
    stake = "" if row.impact is None else f", {amount(row.impact, money, signed=True)}"
    end = f", over by {day(row.recovered_on)}" if row.recovered_on else ""
    status = f", {row.status}" if not end and row.status != OPEN else ""
    return line(f"{row.headline}{stake}{end}{status}")
