"""Which incidents somebody is to hear of: pure rules, no file and no network."""

from __future__ import annotations

import bisect
import datetime as dt
from dataclasses import dataclass

from retail.feedback.status import OPEN, RECOVERED
from retail.outputs.alerts.records import Alert, Candidates
from retail.reading import SEVERITIES
from retail.schema import IncidentRow, SentAlertRow

NEW, WORSE = "new", "worse"
LEVELS = (0.75, 0.9, 0.95, 0.99)
"""Confidence has to cross one of these for an incident to have become surer."""


@dataclass(frozen=True)
class Rules:
    """The mildest severity worth a message, and the oldest end of an incident, in days."""

    min_severity: str = "medium"
    max_age_days: int = 14


@dataclass(frozen=True)
class Selection:
    """What one channel is to send, oldest first, and how many were too old for it."""

    alerts: tuple[Alert, ...]
    too_old: int


def select(found: Candidates, channel: str, rules: Rules) -> Selection:
    """The alerts of a channel: unanswered, severe enough, recent, not sent before unless worse.

    Age is counted from the last day that detection looked at, so that old data are old news
    however late they are loaded.
    """
    earliest = found.as_of - dt.timedelta(days=rules.max_age_days)
    wanted = [
        Alert(
            incident,
            found.leads.get(incident.lead_anomaly_id),
            reason,
            found.is_simulated,
            found.money,
        )
        for incident in found.incidents
        if incident.status in (OPEN, RECOVERED)
        and SEVERITIES.index(incident.severity) >= SEVERITIES.index(rules.min_severity)
        and (reason := _reason(incident, _before(incident, found.sent, channel)))
    ]
    recent = tuple(a for a in wanted if a.incident.period_end >= earliest)
    return Selection(
        tuple(sorted(recent, key=lambda a: (a.incident.period_end, a.incident.incident_id))),
        len(wanted) - len(recent),
    )


def _before(
    incident: IncidentRow, sent: tuple[SentAlertRow, ...], channel: str
) -> list[SentAlertRow]:
    """What the channel sent of the incident, also when it went by another name then."""
    names = (incident.incident_id, incident.lead_anomaly_id)
    return [
        s
        for s in sent
        if s.channel == channel and (s.incident_id == names[0] or s.lead_anomaly_id == names[1])
    ]


def _reason(incident: IncidentRow, before: list[SentAlertRow]) -> str:
    """New, worse than it ever was when it was sent, or nothing.

    What is over before anybody heard of it, as in data that are loaded by the week, is still new;
    once it was sent, its end is no reason to send it again.
    """
    if not before:
        return NEW
    if incident.status == RECOVERED:
        return ""
    severest = max(SEVERITIES.index(s.severity) for s in before)
    surest = max(level(s.confidence) for s in before)
    is_worse = SEVERITIES.index(incident.severity) > severest
    return WORSE if is_worse or level(incident.confidence) > surest else ""


def level(confidence: float) -> int:
    """How many of LEVELS a confidence reaches."""
    return bisect.bisect_right(LEVELS, confidence)
