"""When an incident is over: each of its series has been back inside its band.

A series is back once it was inside its band for so many tested periods in a row after its last
finding: three days, or one week. That is as far as `incidents.group` looks for more of the same, so
what is over can't grow any more, and noise weeks later does not open it again. A product that was
gone is back with its first order, or counts as discontinued after eight weeks without one; it keeps
no incident open that is about something else. A lasting change is over once it has lasted so long
that its level is what is expected, or its days are back. Only periods that are over and complete
count, so the day of the recovery is known from the past alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from detect.episodes import LONGEST
from detect.group_by import group_by
from detect.impact import Forecasts
from detect.members import MemberPanel
from detect.members.scores import SILENCE
from detect.members.silence import Silence, sold_after
from detect.records import ALL, PERIOD_DAYS, PERIOD_TO_DATE, Anomaly, Grain

PERIODS_BACK: dict[Grain, int] = {"daily": 3, "weekly": 1}
"""Periods in a row inside the band by which a series is back."""


@dataclass(frozen=True)
class End:
    """The last day of the periods by which an incident is over; None while it goes on.

    `stayed_on` is that of its lead's lasting change, if its level came to be what is expected.
    `is_closed` says that a member counts as discontinued.
    """

    recovered_on: dt.date | None = None
    stayed_on: dt.date | None = None
    is_closed: bool = False


def end(
    lead: Anomaly,
    members: Sequence[Anomaly],
    forecasts: Forecasts,
    panels: Mapping[Grain, MemberPanel],
    silences: Mapping[str, Silence],
) -> End:
    """Return how an incident ended, if it did.

    Args:
        lead: the finding that stands for it.
        members: its anomalies.
        forecasts: periods of each series of the whole shop, by its name.
        panels: what the members of dimensions sold, by grain.
        silences: how long members stayed gone, by the id of the finding.
    """
    about = [a for a in members if SILENCE in lead.methods or SILENCE not in a.methods]
    last = {
        name: max(found, key=lambda a: a.period_start)
        for name, found in group_by(about, _series).items()
    }
    stayed = {name: stayed_on(one, forecasts) for name, one in last.items()}
    gone = {name: silences.get(one.anomaly_id) for name, one in last.items()}
    days = [
        stayed[name] or _back_on(one, forecasts, panels, gone[name]) for name, one in last.items()
    ]
    known = [day for day in days if day is not None]
    if not known or len(known) < len(days):
        return End()
    is_closed = any(one is not None and one.is_discontinued for one in gone.values())
    return End(max(known), stayed[_series(lead)], is_closed)


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
    last: Anomaly,
    forecasts: Forecasts,
    panels: Mapping[Grain, MemberPanel],
    gone: Silence | None,
) -> dt.date | None:
    """The day on which a series was back after its last finding."""
    if PERIOD_TO_DATE in last.methods:
        return None
    if gone is not None:
        return gone.over_on
    after = _of_member(last, panels) if last.within else _of_series(last, forecasts)
    inside = 0
    for start, is_inside in after:
        inside = inside + 1 if is_inside else 0
        if inside == PERIODS_BACK[last.grain]:
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
    for start, _, revenue in sold_after(last, panels):
        yield start, last.lower <= revenue <= last.upper
