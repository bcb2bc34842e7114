"""What travels between the modules of this package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from retail.formatting import CURRENCY
from retail.schema import AnomalyRow, IncidentRow, SentAlertRow


@dataclass(frozen=True)
class Candidates:
    """What a finished file says: its incidents, what was sent of them before, and their data.

    `leads` are the findings that incidents are told by, by name; `money` is the unit of the shop's.
    """

    incidents: tuple[IncidentRow, ...]
    leads: dict[str, AnomalyRow]
    sent: tuple[SentAlertRow, ...]
    as_of: dt.date
    is_simulated: bool
    money: str = CURRENCY


@dataclass(frozen=True)
class Alert:
    """An incident that somebody is to hear of, and why: it is new, or it got worse."""

    incident: IncidentRow
    lead: AnomalyRow | None
    reason: str
    is_simulated: bool
    money: str = CURRENCY


@dataclass(frozen=True)
class Channel:
    """A way to people. `send` raises post.PostError when a message did not arrive."""

    name: str
    send: Callable[[Alert], None]
