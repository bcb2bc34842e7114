"""Are the right segments named? Plain incidents in known segments, and what was blamed for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detect import records
from detect.group_by import group_by
from lab.evaluate.measure import Copy
from lab.evaluate.score import MOVED, new_anomalies
from retail.simulate import Incident, PlantedIncident

NEW = {"customer_type": "new"}
GUEST = {"customer_type": "guest"}
Segment = dict[str, str]


@dataclass(frozen=True)
class Named:
    """A planted incident that was found: its true segment, and the answers, best first.

    An empty segment is "broad-based".
    """

    kind: str
    truth: Segment
    answers: tuple[Segment, ...]

    @property
    def group(self) -> str:
        """Broad, one segment, or a combination."""
        return ("broad", "one segment", "combination")[min(len(self.truth), 2)]

    def within(self, first: int) -> bool:
        """Whether the truth is among the first so many answers."""
        return self.truth in self.answers[:first]


def named(copy: Copy, control: Copy) -> Iterator[Named]:
    """Every planted incident that was found, and what was blamed for it."""
    blamed = (row for row in copy.attributions if row.analysis == records.ROOT_CAUSE)
    causes = group_by(blamed, lambda row: row.anomaly_id)
    right = {a.anomaly_id for a, far in new_anomalies(copy, control) if far >= MOVED}
    for planted in copy.planted:
        found = [i for i in copy.incidents if _is_of(i, planted) and right & _names(i)]
        if found and planted.kpis:
            best = max(found, key=lambda i: i.confidence)
            rows = causes.get(best.lead.anomaly_id, [])
            answers = [best.root_cause, *(row.segment for row in rows)]
            target = planted.target.incident
            yield Named(target.kind, _truth(target), _distinct(answers))


def _names(incident: records.Incident) -> set[str]:
    return {a.anomaly_id for a in incident.anomalies}


def _is_of(incident: records.Incident, planted: PlantedIncident) -> bool:
    """Whether an incident began with what was planted."""
    first, last = planted.strikes[0].day, planted.strikes[-1].day
    return incident.lead.period_start <= last and incident.lead.period_end >= first


def _truth(incident: Incident) -> Segment:
    """The segment to be named: new customers are what a campaign is, guests a break of ids."""
    own = {"campaign": NEW, "guest_break": GUEST}.get(incident.kind, {})
    return {**own, **incident.segment}


def _distinct(answers: list[Segment]) -> tuple[Segment, ...]:
    """The answers without repetition, in order."""
    return tuple(a for i, a in enumerate(answers) if a not in answers[:i])
