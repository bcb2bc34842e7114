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

import numpy as np

from detect.episodes import LONGEST
from detect.grouping import by
from detect.impact import Forecasts
from detect.members import MemberPanel
from detect.members.scores import SILENCE
from detect.records import ALL, PERIOD_DAYS, PERIOD_TO_DATE, Anomaly, Grain

PERIODS_BACK: dict[Grain, int] = {"daily": 3, "weekly": 1}
"""Periods in a row inside the band by which a series is back."""


def recovered_on(
    members: Sequence[Anomaly], forecasts: Forecasts, panels: Mapping[Grain, MemberPanel]
) -> dt.date | None:
    """Return the last day of the periods by which an incident is over; None while it goes on.

    Args:
        members: its anomalies.
        forecasts: periods of each series of the whole shop, by its name.
        panels: what the members of dimensions sold, by grain.
    """
    days = [
        _back_on(found, forecasts, panels)
        for found in by(members, lambda a: (a.kpi.name, a.dimension, a.segment, a.grain)).values()
    ]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


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
    found: Sequence[Anomaly], forecasts: Forecasts, panels: Mapping[Grain, MemberPanel]
) -> dt.date | None:
    """The day on which one series was back."""
    last = max(found, key=lambda a: a.period_start)
    if PERIOD_TO_DATE in last.methods:
        return None
    stayed = stayed_on(last, forecasts)
    if stayed is not None:
        return stayed
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
