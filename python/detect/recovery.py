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
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from detect.episodes import LONGEST
from detect.forecasts import PeriodForecast
from detect.group_by import group_by
from detect.impact import Forecasts
from detect.incidents import LONGEST_GAP
from detect.members import MemberPanel
from detect.members.scores import SILENCE
from detect.members.silence import Silence, sold_after
from detect.records import ALL, PERIOD_DAYS, PERIOD_TO_DATE, Anomaly, Grain

PERIODS_BACK: dict[Grain, int] = {
    grain: gap.days // PERIOD_DAYS[grain] for grain, gap in LONGEST_GAP.items()
}
"""Periods in a row inside the band by which a series is back: what comes after them is another
incident."""


@dataclass(frozen=True)
class End:
    """The last day of the periods by which an incident is over; None while it goes on.

    `stayed_on` is that of its lead's lasting change, if its level came to be what is expected;
    `late_on` is when it had gone all the same, after that.
    `gone` is how many members were, `back` how many of them sold again, and `discontinued` how
    many count as that; they are known while it goes on, too. `waiting` are the last findings of the
    series that keep it open.
    """

    recovered_on: dt.date | None = None
    stayed_on: dt.date | None = None
    late_on: dt.date | None = None
    gone: int = 0
    back: int = 0
    discontinued: int = 0
    waiting: tuple[Anomaly, ...] = ()


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
    series = group_by(about, _series)
    last = {name: max(found, key=_start) for name, found in series.items()}
    stayed = {name: stayed_on(one, forecasts) for name, one in last.items()}
    gone = {name: _silence(found, silences) for name, found in series.items()}
    days = {
        name: stayed[name] or _back_on(one, forecasts, panels, gone[name])
        for name, one in last.items()
    }
    known = [day for day in days.values() if day is not None]
    silent = [one for one in gone.values() if one is not None]
    is_over = bool(known) and len(known) == len(days)
    leading = _series(lead)
    stays = stayed[leading] if is_over else None
    return End(
        recovered_on=max(known) if is_over else None,
        stayed_on=stays,
        late_on=_late_on(last[leading], stays, forecasts) if stays else None,
        gone=len(silent),
        back=sum(one.back_on is not None for one in silent),
        discontinued=sum(one.is_discontinued for one in silent),
        waiting=tuple(last[name] for name, day in days.items() if day is None),
    )


@dataclass(frozen=True)
class Since:
    """Periods after a finding: how many, their mean, how many of them were inside the band."""

    periods: int
    mean: float
    inside: int


def since(
    lead: Anomaly,
    members: Sequence[Anomaly],
    forecasts: Forecasts,
    panels: Mapping[Grain, MemberPanel],
) -> Since | None:
    """What came of a lead's series since its last finding; None where no period followed."""
    last = max((a for a in members if _series(a) == _series(lead)), key=_start)
    later = [*_later(last, forecasts, panels)]
    if not later:
        return None
    values = [value for _, value, _ in later]
    return Since(len(later), sum(values) / len(later), sum(inside for *_, inside in later))


def _series(anomaly: Anomaly) -> tuple[object, ...]:
    return anomaly.kpi.name, anomaly.dimension, anomaly.segment, anomaly.grain


def _start(anomaly: Anomaly) -> dt.date:
    return anomaly.period_start


def _silence(found: Sequence[Anomaly], silences: Mapping[str, Silence]) -> Silence | None:
    """How long a member stayed gone, whatever else was found of it meanwhile."""
    silent = [a for a in found if SILENCE in a.methods]
    return silences.get(max(silent, key=_start).anomaly_id) if silent else None


def stayed_on(anomaly: Anomaly, forecasts: Forecasts) -> dt.date | None:
    """The last day of a lasting change whose level is what is expected now; None for others."""
    rows, first = _tested(anomaly, forecasts), anomaly.shift_start
    last = max((r.period_start for r in rows if first and r.shift_start == first), default=None)
    if first is None or last is None:
        return None
    lasted = sum(first <= r.period_start <= last for r in rows)
    return last if lasted >= LONGEST else None


def _late_on(anomaly: Anomaly, stayed: dt.date, forecasts: Forecasts) -> dt.date | None:
    """The day by which a level that had stayed was nearer to that before its change again.

    Levels are medians of as many days as a change takes to stay, without season and calendar.
    """
    first = anomaly.shift_start
    if first is None:
        return None
    rows = [r for r in _tested(anomaly, forecasts) if math.isfinite(r.adjusted)]
    before = [r.adjusted for r in rows if r.period_start < first][-LONGEST:]
    during = [r.adjusted for r in rows if first <= r.period_start <= stayed]
    after = [r for r in rows if r.period_start > stayed]
    if not before or not during:
        return None
    old, new = median(before), median(during)
    for end in range(LONGEST, len(after) + 1):
        now = median(r.adjusted for r in after[end - LONGEST : end])
        if abs(now - old) < abs(now - new):
            return after[end - 1].period_start
    return None


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
    inside = 0
    for start, _, is_inside in _later(last, forecasts, panels):
        inside = inside + 1 if is_inside else 0
        if inside == PERIODS_BACK[last.grain]:
            return start + dt.timedelta(days=PERIOD_DAYS[last.grain] - 1)
    return None


def _later(
    last: Anomaly, forecasts: Forecasts, panels: Mapping[Grain, MemberPanel]
) -> Iterator[tuple[dt.date, float, bool]]:
    """Periods of a series after a finding: when, what came, whether it is inside the band."""
    return _of_member(last, panels) if last.within else _of_series(last, forecasts)


def _tested(anomaly: Anomaly, forecasts: Forecasts) -> list[PeriodForecast]:
    """The tested periods of a series of the whole shop, in order."""
    rows = forecasts.get((anomaly.kpi.name, ALL, anomaly.grain), ())
    return [row for row in rows if row.is_tested]


def _of_series(last: Anomaly, forecasts: Forecasts) -> Iterator[tuple[dt.date, float, bool]]:
    """Tested periods of a series of the whole shop, each with its own band."""
    for row in _tested(last, forecasts):
        if row.period_start > last.period_start:
            yield row.period_start, row.actual, row.lower <= row.actual <= row.upper


def _of_member(
    last: Anomaly, panels: Mapping[Grain, MemberPanel]
) -> Iterator[tuple[dt.date, float, bool]]:
    """Usable periods of a member, with the end of the band that it left.

    The band is that of a day with as many orders as the shop had then: on smaller days a member
    that rose is below all of it, and back.
    """
    for start, _, revenue in sold_after(last, panels):
        is_back = revenue <= last.upper if last.direction == "up" else revenue >= last.lower
        yield start, revenue, is_back
