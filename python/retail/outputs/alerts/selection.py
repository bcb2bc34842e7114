"""Select the incidents to alert about: rules alone, no file and no network."""

from __future__ import annotations

import bisect
import datetime as dt
from dataclasses import dataclass

from retail.feedback.status import OPEN, RECOVERED
from retail.formatting import segment
from retail.outputs.alerts.records import Alert, Candidates
from retail.reading import SEVERITIES
from retail.schema import IncidentRow, SentAlertRow

NEW, WORSE, OVER = "new", "worse", "over"
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

    An incident that was sent is closed by one more message once it is over.

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
            segment(incident.root_cause, found.products, full=True),
            thread=_thread(before),
        )
        for incident in found.incidents
        if incident.status in (OPEN, RECOVERED)
        and SEVERITIES.index(incident.severity) >= SEVERITIES.index(rules.min_severity)
        for before in [_before(incident, found.sent, channel)]
        if (reason := _reason(incident, before))
    ]
    recent = tuple(alert for alert in wanted if _last_day(alert) >= earliest)
    late = [alert for alert in wanted if alert not in recent and alert.reason != OVER]
    return Selection(
        tuple(sorted(recent, key=lambda a: (a.incident.period_end, a.incident.incident_id))),
        len(late),
    )


def _last_day(alert: Alert) -> dt.date:
    """The day by which an alert is news or not: of an end, when it was seen."""
    is_end = alert.reason == OVER
    return (alert.incident.recovered_on if is_end else None) or alert.incident.period_end


def _thread(before: list[SentAlertRow]) -> str:
    """The key of the first message about an incident, to which later ones belong."""
    return key_of(before[0].incident_id, before[0].severity, before[0].confidence) if before else ""


def key_of(incident_id: str, severity: str, confidence: float) -> str:
    """The key of a message about an incident, equal for equal messages."""
    return f"{incident_id}-{severity}-{level(confidence)}"


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
    """New, worse than it ever was when it was sent, over since, or nothing.

    What is over before anybody heard of it, as in data that are loaded by the week, is still new.
    """
    if not before:
        return NEW
    if incident.status == RECOVERED:
        return "" if any(sent.reason == OVER for sent in before) else OVER
    severest = max(SEVERITIES.index(s.severity) for s in before)
    surest = max(level(s.confidence) for s in before)
    is_worse = SEVERITIES.index(incident.severity) > severest
    return WORSE if is_worse or level(incident.confidence) > surest else ""


def level(confidence: float) -> int:
    """How many of LEVELS a confidence reaches."""
    return bisect.bisect_right(LEVELS, confidence)
