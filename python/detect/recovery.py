"""When an incident is over: each of its series has been back inside its band.

A series is back once it was inside its band for so many tested periods in a row after its last
finding: three days, or one week. That is as far as `incidents.group` looks for more of the same, so
what is over can't grow any more, and noise weeks later does not open it again. A product that was
gone is back with its first order. A lasting change is over once it has lasted so long that its
level is what is expected, or its days are back. Only periods that are over and complete count, so
the day of the recovery is known from the past alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detect.episodes import LONGEST
from detect.grouping import by
from detect.impact import Forecasts
from detect.members import MemberPanel
from detect.members.scores import SILENCE
from detect.records import ALL, PERIOD_DAYS, PERIOD_TO_DATE, Anomaly, Grain

PERIODS_BACK: dict[Grain, int] = {"daily": 3, "weekly": 1}
"""Periods in a row inside the band by which a series is back."""


@dataclass(frozen=True)
class End:
    """The last day of the periods by which an incident is over; None while it goes on.

    `stayed_on` is that of its lead's lasting change, if its level came to be what is expected.
    """

    recovered_on: dt.date | None = None
    stayed_on: dt.date | None = None


def end(
    lead: Anomaly,
    members: Sequence[Anomaly],
    forecasts: Forecasts,
    panels: Mapping[Grain, MemberPanel],
) -> End:
    """Return how an incident ended, if it did.

    Args:
        lead: the finding that stands for it.
        members: its anomalies.
        forecasts: periods of each series of the whole shop, by its name.
        panels: what the members of dimensions sold, by grain.
    """
    last = {
        name: max(found, key=lambda a: a.period_start)
        for name, found in by(members, _series).items()
    }
    stayed = {name: stayed_on(one, forecasts) for name, one in last.items()}
    days = [stayed[name] or _back_on(one, forecasts, panels) for name, one in last.items()]
    known = [day for day in days if day is not None]
    is_over = known and len(known) == len(days)
    return End(max(known), stayed[_series(lead)]) if is_over else End()


def _series(anomaly: Anomaly) -> tuple[object, ...]:
    return anomaly.kpi.name, anomaly.dimension, anomaly.segment, anomaly.grain


def stayed_on(anomaly: Anomaly, forecasts: Forecasts) -> dt.date | None:
    """The last day of a lasting change whose level is what is expected now; None for others."""
    rows = [r for r in forecasts.get((anomaly.kpi.name, ALL, anomaly.grain), ()) if r.is_tested]
    first = anomaly.shift_start
    last = max((r.period_start for r in rows if first and r.shift_start == first), default=None)
    if first is None or last is None:
        return None
    lasted = sum(first <= r.period_start <= last for r in rows)
    return last if lasted >= LONGEST else None


def _back_on(
    last: Anomaly, forecasts: Forecasts, panels: Mapping[Grain, MemberPanel]
) -> dt.date | None:
    """The day on which a series was back after its last finding."""
    if PERIOD_TO_DATE in last.methods:
        return None
    after = _of_member(last, panels) if last.within else _of_series(last, forecasts)
    wanted = 1 if SILENCE in last.methods else PERIODS_BACK[last.grain]
    inside = 0
    for start, is_inside in after:
        inside = inside + 1 if is_inside else 0
        if inside == wanted:
            return start + dt.timedelta(days=PERIOD_DAYS[last.grain] - 1)
    return None


def _of_series(last: Anomaly, forecasts: Forecasts) -> Iterator[tuple[dt.date, bool]]:
    """Tested periods of a series after a finding, and whether each is inside its band."""
    for row in forecasts.get((last.kpi.name, ALL, last.grain), ()):
        if row.period_start > last.period_start and row.is_tested:
            yield row.period_start, row.lower <= row.actual <= row.upper


def _of_member(
    last: Anomaly, panels: Mapping[Grain, MemberPanel]
) -> Iterator[tuple[dt.date, bool]]:
    """Usable periods of a member after a finding, and whether each is inside the band it left."""
    panel = panels.get(last.grain)
    code = panel.places.get(*last.within.items()) if panel else None
    if panel is None or code is None:
        return
    later = panel.usable & (panel.period > np.datetime64(last.period_start))
    for t in map(int, np.flatnonzero(later)):
        at = slice(int(panel.start[t]), int(panel.start[t + 1]))
        mine = panel.code[at] == code
        revenue = float(panel.revenue[at][mine].sum())
        if SILENCE in last.methods:
            inside = float(panel.orders[at][mine].sum()) > 0
        else:
            inside = last.lower <= revenue <= last.upper
        yield panel.period[t].astype(dt.date), inside
