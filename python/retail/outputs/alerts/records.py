"""Records that the modules of this package exchange."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from retail.formatting import CURRENCY
from retail.reading import KpiRow
from retail.reading.series import KpiPeriod
from retail.schema import AnomalyRow, ForecastRow, IncidentRow, SentAlertRow


@dataclass(frozen=True)
class Candidates:
    """What a finished file says: its incidents, what was sent of them before, and their data.

    `leads` are the findings that lead incidents, by name; `money` is the unit of the shop's,
    `products` what its products are called; `weeks` are those of every KPI, of the whole shop.
    """

    incidents: tuple[IncidentRow, ...]
    leads: dict[str, AnomalyRow]
    sent: tuple[SentAlertRow, ...]
    as_of: dt.date
    is_simulated: bool
    money: str = CURRENCY
    products: Mapping[str, str] = field(default_factory=dict)
    kpis: Mapping[str, KpiRow] = field(default_factory=dict)
    weeks: tuple[ForecastRow, ...] = ()


@dataclass(frozen=True)
class Alert:
    """An incident to alert somebody about, and why: it is new, it got worse, or it is over.

    `thread` is the key of the first message about it, empty where this is the first; `series` and
    `unit` are those of the lead.
    """

    incident: IncidentRow
    lead: AnomalyRow | None
    reason: str
    is_simulated: bool
    money: str = CURRENCY
    cause: str = ""
    thread: str = ""
    series: tuple[KpiPeriod, ...] = ()
    unit: str = ""

    @property
    def owner(self) -> str:
        """Who gets the alert; empty where nobody is named."""
        return self.lead.owner if self.lead else ""


@dataclass(frozen=True)
class Digest:
    """A week for one owner: his KPIs in words, and the incidents that began, ended or are open."""

    owner: str
    monday: dt.date
    kpis: tuple[tuple[str, str], ...]
    begun: tuple[IncidentRow, ...]
    over: tuple[IncidentRow, ...]
    waiting: tuple[IncidentRow, ...]
    is_simulated: bool
    money: str

    @property
    def name(self) -> str:
        """The same for the same week and owner."""
        return f"digest-{self.monday}-{''.join(s if s.isalnum() else '-' for s in self.owner)}"


@dataclass(frozen=True)
class Channel:
    """A way to people.

    Either function returns the receivers that were refused, where others have the message, and
    raises http.PostError where nobody has it.
    """

    name: str
    send: Callable[[Alert], tuple[str, ...]]
    send_digest: Callable[[Digest], tuple[str, ...]]
