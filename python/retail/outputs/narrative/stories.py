"""One record per incident, with its headline and its narrative."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from detect import planned, severity
from detect.attribution.incident_checks import failed_checks
from detect.group_by import group_by
from detect.impact import Cancelled, Forecasts, impact
from detect.incidents import NO_DATA, lead
from detect.members import MemberPanel
from detect.members.silence import silence
from detect.records import (
    PERIOD_TO_DATE,
    ROOT_CAUSE,
    RULED_OUT,
    Anomaly,
    Attribution,
    Check,
    DriverContribution,
    Event,
    Grain,
    Incident,
    Kpi,
)
from detect.recovery import Since, end, since
from retail.feedback.status import STATUS, VERDICTS, overall
from retail.outputs.narrative import rules, sentences
from retail.outputs.narrative.sentences import SeenBefore, StoryFacts
from retail.schema import FeedbackRow

GUESTS = {"customer_type": "guest"}
LONGEST_NOTE = 80
"""Signs of a note that a story quotes; by hand."""


@dataclass(frozen=True)
class History:
    """What money and end of an incident are worked out from, up to the day of the run.

    Forecasts are by series, panels of members by grain; `events` were planned, `given` is what
    people said of findings.
    """

    kpis: Sequence[Kpi] = ()
    forecasts: Forecasts = field(default_factory=dict)
    panels: Mapping[Grain, MemberPanel] = field(default_factory=dict)
    cancelled: Sequence[Cancelled] = ()
    events: Sequence[Event] = ()
    given: Sequence[FeedbackRow] = ()


def describe(
    anomalies: list[Anomaly],
    attributions: list[Attribution],
    drivers: Sequence[DriverContribution] = (),
    checks: Sequence[Check] = (),
    names: Mapping[str, str] | None = None,
    history: History | None = None,
) -> list[Incident]:
    """Return one record per incident, in order of time, described by its lead anomaly.

    Without a history there is no money and no end.
    """
    history = history or History()
    rows_of = group_by(attributions, lambda row: (row.anomaly_id, row.analysis))
    trees = group_by(drivers, lambda driver: driver.incident_id)
    checks_of = group_by(checks, lambda check: check.incident_id)
    described: list[Incident] = []
    before: dict[object, list[list[Anomaly]]] = {}
    leads = [
        (lead(members, trees.get(name, []), _causes_of(members, rows_of)), members)
        for name, members in group_by(anomalies, lambda a: a.incident_id).items()
    ]
    for leader, members in sorted(leads, key=_place):
        name = leader.incident_id
        causes = rows_of.get((leader.anomaly_id, ROOT_CAUSE), [])
        failed = failed_checks(checks_of.get(name, []))
        alike = before.setdefault(_kind(leader, causes, failed), [])
        silences = {
            a.anomaly_id: gone for a in members if (gone := silence(a, history.panels)) is not None
        }
        facts = StoryFacts(
            causes,
            trees.get(name, []),
            failed,
            names or {},
            impact(
                leader,
                members,
                history.kpis,
                history.forecasts,
                history.cancelled,
                silences,
                is_of_shop=rules.has_wrong_ids(failed),
            ),
            end(leader, members, history.forecasts, history.panels, silences),
            planned.of_incident(members, history.events),
            ruled_out=rows_of.get((leader.anomaly_id, RULED_OUT), []),
            has_many_orders=rules.has_many_orders(leader, history.kpis, history.forecasts),
            seen_before=_seen_before(_over_before(members, alike), history.given),
            silences=silences,
            since=_since(leader, members, history),
            is_of_most_days=rules.is_of_most_days(
                causes, rules.days_of_shift(leader, members),
                {a.anomaly_id: rows_of.get((a.anomaly_id, ROOT_CAUSE), []) for a in members},
            ),
        )  # fmt: skip
        described.append(_incident(leader, members, facts))
        alike.append([leader, *members])
    return described


def _causes_of(
    members: Sequence[Anomaly], rows_of: Mapping[tuple[str, str], Sequence[Attribution]]
) -> list[Attribution]:
    """The causes of an incident's findings."""
    return [row for a in members for row in rows_of.get((a.anomaly_id, ROOT_CAUSE), [])]


def _since(leader: Anomaly, members: Sequence[Anomaly], history: History) -> Since | None:
    """What came since; nothing of a lasting change, whose days are all told, or of the calendar."""
    if leader.shift_start is not None or not rules.APART.isdisjoint(leader.methods):
        return None
    return since(leader, members, history.forecasts, history.panels)


def _place(one: tuple[Anomaly, Sequence[Anomaly]]) -> tuple[dt.date, str]:
    """Incidents are told in order of their first day."""
    leader, members = one
    return rules.first_day(members), leader.incident_id


def _kind(leader: Anomaly, causes: Sequence[Attribution], failed: Sequence[Check]) -> object:
    """What incidents of a kind have in common: KPI, direction and cause.

    Days without trade are a kind, and so is what an order, a customer or a fault of the data made.
    """
    cause = causes[0].segment if causes else leader.within
    blamed = NO_DATA if NO_DATA in leader.methods else rules.blamed(failed)
    return leader.kpi.name, leader.direction, tuple(sorted(cause.items())), blamed


def _over_before(
    members: Sequence[Anomaly], alike: Sequence[Sequence[Anomaly]]
) -> list[Sequence[Anomaly]]:
    """Incidents whose last day is before the first of another one."""
    first = rules.first_day(members)
    return [found for found in alike if rules.last_day(found) < first]


def _seen_before(
    alike: Sequence[Sequence[Anomaly]], given: Sequence[FeedbackRow]
) -> SeenBefore | None:
    """Incidents of a kind before, each with its lead first, and the last word on any of them."""
    if not alike:
        return None
    names = {a.anomaly_id for members in alike for a in members}
    said = [f for f in given if f.anomaly_id in names and (f.note or f.action in VERDICTS)]
    words = [
        (STATUS[f.action], " ".join((f.note or "").split())[:LONGEST_NOTE])
        for f in sorted(said, key=lambda f: f.given_at)
    ]
    return SeenBefore(len(alike), alike[-1][0], words[-1] if words else None)


def _incident(leader: Anomaly, members: list[Anomaly], facts: StoryFacts) -> Incident:
    money = facts.impact
    is_fault = bool(facts.events) and rules.has_fault(facts.failed_checks)
    return Incident(
        incident_id=leader.incident_id,
        period_start=rules.first_day(members),
        period_end=rules.last_day(members),
        severity=severity.of_incident((a.severity for a in members), is_fault=is_fault),
        confidence=max(a.confidence for a in members),
        headline=sentences.headline(
            leader,
            _told(leader, facts),
            facts.names,
            members,
            failed=facts.failed_checks,
            is_undone=rules.is_undone(money),
        ),
        narrative=sentences.narrative(leader, members, facts),
        root_cause=_root_cause(facts),
        lead=leader,
        anomalies=tuple(members),
        status=overall([a.status for a in members], is_over=facts.end.recovered_on is not None),
        is_provisional=PERIOD_TO_DATE in leader.methods,
        favourability=rules.favourability(members, facts.failed_checks, money),
        impact=money.value,
        impact_lower=money.lower,
        impact_upper=money.upper,
        impact_returned=money.returned,
        recovered_on=facts.end.recovered_on,
        events=tuple(event.name for event in facts.events),
    )


def _root_cause(facts: StoryFacts) -> dict[str, str]:
    """The segment to blame, if any: guests have what lacks an id, new ones what has another."""
    if rules.has_wrong_ids(facts.failed_checks):
        return GUESTS if rules.lacks_ids(facts.failed_checks) else rules.NEW
    first, failed = facts.causes[:1] if facts.is_of_most_days else (), facts.failed_checks
    return next((c.segment for c in first if rules.is_to_blame(c, failed)), {})


def _told(leader: Anomaly, facts: StoryFacts) -> Sequence[Attribution]:
    """The causes that a headline may name: the first, where that is worth telling."""
    failed = facts.failed_checks
    if not facts.is_of_most_days:
        return []
    return [
        c
        for c in facts.causes[:1]
        if rules.is_worth_telling(leader, c, failed) and not rules.is_elsewhere(c, failed)
    ]
