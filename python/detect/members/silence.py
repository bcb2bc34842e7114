"""How long a member that disappeared stayed away, and when it counts as discontinued."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from detect.members.panel import MemberPanel
from detect.members.scores import SILENCE
from detect.records import PERIOD_DAYS, Anomaly, Grain

DISCONTINUED = 8
"""Periods without an order after which a member counts as discontinued; measured on both years."""


@dataclass(frozen=True)
class Silence:
    """Usable periods in a row without an order of a member, from the one in which it was found.

    Attributes:
        periods: how many; no more than after which it counts as discontinued.
        last_day: of the last of them.
        revenue: net money of the later ones (what was sent back).
        back_on: last day of the period with its next order; None where none came in time.
    """

    periods: int
    last_day: dt.date
    revenue: float = 0.0
    back_on: dt.date | None = None

    @property
    def is_discontinued(self) -> bool:
        """Whether it has been gone for so long that it counts as discontinued."""
        return self.periods >= DISCONTINUED

    @property
    def over_on(self) -> dt.date | None:
        """The day on which it was back or counted as discontinued."""
        return self.last_day if self.is_discontinued else self.back_on


def silence(found: Anomaly, panels: Mapping[Grain, MemberPanel]) -> Silence | None:
    """How long a member that was found gone stayed so; None of other findings."""
    if SILENCE not in found.methods:
        return None
    whole = Silence(1, found.period_end)
    for start, orders, revenue in sold_after(found, panels):
        end = start + dt.timedelta(days=PERIOD_DAYS[found.grain] - 1)
        if orders > 0:
            return replace(whole, back_on=end)
        whole = Silence(whole.periods + 1, end, whole.revenue + revenue)
        if whole.is_discontinued:
            break
    return whole


def sold_after(
    last: Anomaly, panels: Mapping[Grain, MemberPanel]
) -> Iterator[tuple[dt.date, float, float]]:
    """Usable periods after a member's finding: when each began, its orders and net revenue."""
    panel = panels.get(last.grain)
    code = panel.places.get(*last.within.items()) if panel else None
    if panel is None or code is None:
        return
    later = panel.usable & (panel.period > np.datetime64(last.period_start))
    for t in map(int, np.flatnonzero(later)):
        at = slice(int(panel.start[t]), int(panel.start[t + 1]))
        mine = panel.code[at] == code
        orders, revenue = (float(part[at][mine].sum()) for part in (panel.orders, panel.revenue))
        yield panel.period[t].astype(dt.date), orders, revenue
