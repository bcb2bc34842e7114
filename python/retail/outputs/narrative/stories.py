"""One record per incident, with its headline and its narrative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detect import partial_period
from detect.anomalies import SEVERITIES
from detect.attribution.data_quality import SUSPECTED
from detect.attribution.incident_checks import failed_checks
from detect.grouping import by
from detect.incidents import lead
from detect.records import Anomaly, Attribution, Check, DriverContribution, Incident
from retail.feedback.status import overall
from retail.outputs.narrative import sentences

MISSING_IDS = ("missing_ids", SUSPECTED)
GUESTS = {"customer_type": "guest"}


def describe(
    anomalies: list[Anomaly],
    attributions: list[Attribution],
    branches: Sequence[DriverContribution] = (),
    doubts: Sequence[Check] = (),
    names: Mapping[str, str] | None = None,
) -> list[Incident]:
    """One record per incident, in order of time, told from its lead anomaly."""
    blamed = (row for row in attributions if row.analysis == "root_cause")
    causes = by(blamed, lambda row: row.anomaly_id)
    trees = by(branches, lambda branch: branch.incident_id)
    checks = by(doubts, lambda doubt: doubt.incident_id)
    told = []
    for name, members in by(anomalies, lambda a: a.incident_id).items():
        leader = lead(members, trees.get(name, []))
        facts = Facts(
            causes.get(leader.anomaly_id, []),
            trees.get(name, []),
            failed_checks(checks.get(name, [])),
            names or {},
        )
        told.append(_incident(leader, members, facts))
    return sorted(told, key=lambda i: (i.period_start, i.incident_id))


@dataclass(frozen=True)
class Facts:
    """What an incident is told from, besides its anomalies."""

    causes: list[Attribution]
    branches: list[DriverContribution]
    doubts: list[Check]
    names: Mapping[str, str]


def _incident(leader: Anomaly, members: list[Anomaly], facts: Facts) -> Incident:
    doubts = [d.detail for d in facts.doubts]
    return Incident(
        incident_id=leader.incident_id,
        period_start=min(a.period_start for a in members),
        period_end=max(a.period_end for a in members),
        severity=max((a.severity for a in members), key=SEVERITIES.index),
        confidence=max(a.confidence for a in members),
        headline=sentences.headline(leader, facts.causes, facts.names),
        narrative=sentences.tell(
            leader, members, facts.causes, facts.branches, doubts, facts.names
        ),
        root_cause=_root_cause(facts),
        lead=leader,
        anomalies=tuple(members),
        status=overall([a.status for a in members]),
        is_provisional=partial_period.METHOD in leader.methods,
    )


def _root_cause(facts: Facts) -> dict[str, str]:
    """The segment to blame; where ids went missing, it is those who became guests by it."""
    if any((d.check_name, d.verdict) == MISSING_IDS for d in facts.doubts):
        return GUESTS
    return facts.causes[0].segment if facts.causes else {}
