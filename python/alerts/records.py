"""What travels between the modules of this package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Incident:
    """An incident as its tables have it; `lead` is the anomaly it is told from."""

    incident_id: str
    period_start: dt.date
    period_end: dt.date
    severity: str
    confidence: float
    status: str
    headline: str
    narrative: str
    narrative_rewritten: str | None
    root_cause: dict[str, str]
    is_provisional: bool
    lead: dict[str, object]

    @property
    def story(self) -> str:
        """The narrative as people are to read it."""
        return self.narrative_rewritten or self.narrative


@dataclass(frozen=True)
class Sent:
    """One alert that went out: a row of insights.alerts."""

    incident_id: str
    lead_anomaly_id: str
    channel: str
    reason: str
    severity: str
    confidence: float
    sent_at: dt.datetime


@dataclass(frozen=True)
class Found:
    """What a finished file says: its incidents, what was sent of them before, and their data."""

    incidents: tuple[Incident, ...]
    sent: tuple[Sent, ...]
    as_of: dt.date
    is_simulated: bool


@dataclass(frozen=True)
class Alert:
    """An incident that somebody is to hear of, and why: it is new, or it got worse."""

    incident: Incident
    reason: str
    is_simulated: bool


@dataclass(frozen=True)
class Channel:
    """A way to people. `send` raises post.PostError when a message did not arrive."""

    name: str
    send: Callable[[Alert], None]
