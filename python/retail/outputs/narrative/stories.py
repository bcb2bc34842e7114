"""One record per incident, with its headline and its narrative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detect.attribution.data_quality import SUSPECTED
from detect.attribution.incident_checks import failed_checks
from detect.grouping import by
from detect.incidents import lead
from detect.records import (
    PERIOD_TO_DATE,
    SEVERITIES,
    Anomaly,
    Attribution,
    Check,
    DriverContribution,
    Incident,
)
from retail.feedback.status import overall
from retail.outputs.narrative import sentences

MISSING_IDS = ("missing_ids", SUSPECTED)
GUESTS = {"customer_type": "guest"}


def describe(
    anomalies: list[Anomaly],
    attributions: list[Attribution],
    drivers: Sequence[DriverContribution] = (),
    checks: Sequence[Check] = (),
    names: Mapping[str, str] | None = None,
) -> list[Incident]:
    """Return one record per incident, in order of time, described by its lead anomaly."""
    blamed = (row for row in attributions if row.analysis == "root_cause")
    causes = by(blamed, lambda row: row.anomaly_id)
    trees = by(drivers, lambda driver: driver.incident_id)
    checks_of = by(checks, lambda check: check.incident_id)
    described = []
    for name, members in by(anomalies, lambda a: a.incident_id).items():
        leader = lead(members, trees.get(name, []))
        facts = IncidentFacts(
            causes.get(leader.anomaly_id, []),
            trees.get(name, []),
            failed_checks(checks_of.get(name, [])),
            names or {},
        )
        described.append(_incident(leader, members, facts))
    return sorted(described, key=lambda i: (i.period_start, i.incident_id))


@dataclass(frozen=True)
class IncidentFacts:
    """What an incident is described by, besides its anomalies."""

    causes: list[Attribution]
    drivers: list[DriverContribution]
    failed_checks: list[Check]
    names: Mapping[str, str]


def _incident(leader: Anomaly, members: list[Anomaly], facts: IncidentFacts) -> Incident:
    checks = [check.detail for check in facts.failed_checks]
    return Incident(
        incident_id=leader.incident_id,
        period_start=min(a.period_start for a in members),
        period_end=max(a.period_end for a in members),
        severity=max((a.severity for a in members), key=SEVERITIES.index),
        confidence=max(a.confidence for a in members),
        headline=sentences.headline(leader, facts.causes, facts.names),
        narrative=sentences.narrative(
            leader, members, facts.causes, facts.drivers, checks, facts.names
        ),
        root_cause=_root_cause(facts),
        lead=leader,
        anomalies=tuple(members),
        status=overall([a.status for a in members]),
        is_provisional=PERIOD_TO_DATE in leader.methods,
    )


def _root_cause(facts: IncidentFacts) -> dict[str, str]:
    """Return the segment to blame; where customer ids are missing, it is the guests."""
    if any((c.check_name, c.verdict) == MISSING_IDS for c in facts.failed_checks):
        return GUESTS
    return facts.causes[0].segment if facts.causes else {}
