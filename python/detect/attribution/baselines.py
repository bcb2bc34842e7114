"""The finest segments of a KPI period: their actual and their expected values.

The expected value of a segment is its value in comparable periods, scaled to the whole's expected
value. Which periods are comparable is a choice: the usual one is the last weeks, with more weight
on the same weekday; a finding should survive the other choices too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from detect.attribution.decomposition import Ratio, ratio_of, sums
from detect.attribution.root_cause import LeafSegments
from detect.attribution.segments import Segments
from detect.attribution.significance import History
from detect.records import PERIOD_TO_DATE, Anomaly, Days, Floats, Grain, Ints

LOOK_BACK: dict[Grain, int] = {"daily": 28, "weekly": 56}
"""Days of comparable periods."""
SAME_WEEKDAY = 3.0
"""Weight of the same weekday's periods among the comparable ones."""
LONG_LOOK_BACK = 56
"""Days within which the same weekdays make a baseline of their own."""
LARGEST_FACTOR = 5.0
"""Beyond this, parts are brought to the whole's expected value by addition, not in proportion."""
PROPORTIONAL = "log"
"""The scale of KPIs that change in proportion."""
SMALLEST = 1e-250
"""Amounts below this are nothing."""


@dataclass(frozen=True)
class Baseline:
    """Periods to compare with and their weights; `whole` is the whole's expected value.

    Without one, it is the value of these periods: their median where `is_median`.
    """

    periods: Days
    weights: Floats
    whole: float | None
    is_median: bool = False


def comparable(anomaly: Anomaly, usable: Days) -> tuple[Days, Floats]:
    """Periods to compare an anomaly with, and their weights (adding up to one)."""
    return comparable_periods(anomaly.grain, anomaly.period_start, anomaly.shift_start, usable)


def comparable_periods(
    grain: Grain, start: dt.date, shift_start: dt.date | None, usable: Days
) -> tuple[Days, Floats]:
    """Periods to compare one with, and their weights (adding up to one).

    A lasting change is compared with what was before it began.
    """
    age, since = _ages(start, shift_start, usable)
    near = (since > 0) & (since <= LOOK_BACK[grain])
    weight = np.where(age[near] % 7 == 0, SAME_WEEKDAY, 1.0)
    return usable[near], weight / max(weight.sum(), 1.0)


def _ages(start: dt.date, shift_start: dt.date | None, usable: Days) -> tuple[Ints, Ints]:
    """Days from other periods to one, and to the start of its lasting change."""
    age, since = (
        (np.datetime64(day) - usable).astype(np.int64) for day in (start, shift_start or start)
    )
    return age, since


def forecast_baseline(anomaly: Anomaly, usable: Days) -> Baseline:
    """The usual baseline: parts of the comparable periods, and the whole that was forecast."""
    return Baseline(*comparable(anomaly, usable), anomaly.expected)


def other_baselines(anomaly: Anomaly, usable: Days) -> dict[str, Baseline]:
    """Baselines that need no model: last week, and the same weekday's median of some weeks."""
    age, since = _ages(anomaly.period_start, anomaly.shift_start, usable)
    last = usable[(since > 0) & (age == 7)]
    same = usable[(since > 0) & (since <= LONG_LOOK_BACK) & (age % 7 == 0)]
    even = np.full(same.size, 1 / max(same.size, 1))
    return {
        name: baseline
        for name, baseline in {
            "last_week": Baseline(last, np.ones(last.size), None),
            "weekday_median": Baseline(same, even, None, is_median=True),
        }.items()
        if baseline.periods.size
    }


def leaf_segments(anomaly: Anomaly, segments: Segments, usable: Days) -> LeafSegments:
    """Actual and expected of the finest segments of an anomaly's period."""
    return leaf_history(anomaly, segments, forecast_baseline(anomaly, usable))[0]


def leaf_history(
    anomaly: Anomaly, segments: Segments, baseline: Baseline
) -> tuple[LeafSegments, History]:
    """The finest segments of an anomaly's period under a baseline, and their own history."""
    rows, period = select_rows(anomaly, segments, baseline.periods)
    leaf, first = segments.distinct(rows)
    ratio = ratio_of(
        anomaly.kpi.numerator, anomaly.kpi.denominator, lambda name: segments.measures[name][rows]
    )
    history = History(period, leaf, ratio, baseline.periods.size + 1)
    now = np.concatenate([[1.0], np.zeros(baseline.weights.size)])
    past = np.concatenate([[0.0], baseline.weights])
    actual, expected = (_weighted(history, first.size, weight) for weight in (now, past))
    leaves = LeafSegments(
        dimensions=segments.dimensions,
        codes=np.stack([segments.codes[d.name][rows[first]] for d in segments.dimensions]),
        members=tuple(segments.members[d.name] for d in segments.dimensions),
        actual=_lower_bound(actual, anomaly),
        expected=reconcile(expected, _whole(baseline, history)),
        by_rate=anomaly.kpi.scale != PROPORTIONAL,
    )
    return leaves, history


def select_rows(anomaly: Anomaly, segments: Segments, periods: Days) -> tuple[Ints, Ints]:
    """Cells of an anomaly's period (number 0) and of others: their rows, and their period."""
    wanted = [np.datetime64(anomaly.period_start), *periods]
    found = segments.rows_within(anomaly.within, wanted)
    period = np.repeat(np.arange(len(wanted)), [rows.size for rows in found])
    return np.concatenate(found), period


def _weighted(history: History, leaves: int, weight: Floats) -> Ratio:
    """Weighted sums over the periods, by leaf."""

    def total(amounts: Floats) -> Floats:
        return sums(history.leaf, amounts * weight[history.period], leaves)

    return history.ratio.each(total)


def _whole(baseline: Baseline, history: History) -> float | None:
    """Return the whole's expected value under a baseline; None where it is the sum of its parts."""
    if baseline.whole is not None or not baseline.is_median or history.leaf.size == 0:
        return baseline.whole
    everything = np.zeros(int(history.leaf.max()) + 1, dtype=np.int64)
    values = history.values(everything, 1)[1:, 0]
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _lower_bound(actual: Ratio, anomaly: Anomaly) -> Ratio:
    """The parts of an unfinished period's ratio, of which the denominator still grows."""
    if PERIOD_TO_DATE not in anomaly.methods or actual.denominator is None or anomaly.actual == 0:
        return actual
    return Ratio(actual.numerator, actual.denominator * (actual.total() / anomaly.actual))


def _by_weight(parts: Ratio, whole: float) -> Ratio | None:
    """Parts that are all or nothing of a share, weighted anew; None where some are neither."""
    top, bottom = parts.numerator, parts.denominator
    if bottom is None or not (np.isclose(top, bottom) | (top == 0)).all():
        return None
    inside, volume = float(top.sum()), float(bottom.sum())
    if not (0 < inside < volume and 0 < whole < 1):
        return None
    factor = np.where(top != 0, whole * volume / inside, (1 - whole) * volume / (volume - inside))
    return Ratio(top * factor, bottom * factor)


def reconcile(parts: Ratio, whole: float | None) -> Ratio:
    """Bring the parts' numerators to the whole's expected value, in proportion where possible.

    A share of some members, as that of what is sold abroad, is all or nothing of each part: there
    the members' weights are brought to it, and their own shares stay what they are by definition.
    """
    if whole is None:
        return parts
    weighted = _by_weight(parts, whole)
    if weighted is not None:
        return weighted
    volume = 1.0 if parts.denominator is None else float(parts.denominator.sum())
    target, total = whole * volume, float(parts.numerator.sum())
    if total * target > 0 and 1 / LARGEST_FACTOR <= target / total <= LARGEST_FACTOR:
        return Ratio(parts.numerator * (target / total), parts.denominator)
    size = np.abs(parts.numerator)
    if size.sum() < SMALLEST:
        size = np.ones_like(size)
    spread = (target - total) * (size / max(float(size.sum()), SMALLEST))
    return Ratio(parts.numerator + spread, parts.denominator)
