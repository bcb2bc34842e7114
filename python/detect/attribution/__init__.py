"""Why it moved: for every anomaly, contributions by dimension and the segments to blame.

What was expected of the parts is what they were in comparable periods (the last weeks, the same
weekday counting more, periods with findings left out), brought to the whole's expected value.
"""

from __future__ import annotations

import numpy as np

from detect.attribution.breakdown import break_down
from detect.attribution.cells import DIMENSIONS, Cells
from detect.attribution.root_cause import Cause, Leaves, find_causes
from detect.attribution.split import Sides
from detect.records import Anomaly, Attribution, Days, Floats, Grain, Ints

LOOK_BACK: dict[Grain, int] = {"daily": 28, "weekly": 56}
"""Days whose periods are comparable."""
SAME_WEEKDAY = 3.0
"""Weight of the same weekday's periods among the comparable ones."""
LARGEST_FACTOR = 5.0
"""Beyond this, parts are brought to the whole's expected value by addition, not in proportion."""


def needed(anomalies: list[Anomaly], usable: Days) -> Days:
    """Periods whose cells must be read to attribute these anomalies, in order."""
    wanted = {np.datetime64(a.period_start) for a in anomalies}
    for anomaly in anomalies:
        wanted.update(comparable(anomaly, usable)[0])
    return np.array(sorted(wanted), dtype="datetime64[D]")


def comparable(anomaly: Anomaly, usable: Days) -> tuple[Days, Floats]:
    """Periods to compare an anomaly with, and their weights (adding up to one)."""
    start = np.datetime64(anomaly.period_start)
    age = (start - usable).astype(np.int64)
    near = (age > 0) & (age <= LOOK_BACK[anomaly.grain])
    weight = np.where(age[near] % 7 == 0, SAME_WEEKDAY, 1.0)
    return usable[near], weight / max(weight.sum(), 1.0)


def attribute(anomalies: list[Anomaly], cells: Cells, usable: Days) -> list[Attribution]:
    """Breakdowns and causes of every anomaly, in order.

    Args:
        anomalies: all of the grain of `cells`.
        cells: must hold the periods that are `needed`.
        usable: periods fit for comparison: complete, traded, and without findings.
    """
    rows: list[Attribution] = []
    for anomaly in anomalies:
        leaves = leaves_of(anomaly, cells, usable)
        if leaves.codes.shape[1] == 0:
            continue
        rows.extend(break_down(anomaly, leaves))
        rows.extend(_causes(anomaly, find_causes(leaves)))
    return rows


def _causes(anomaly: Anomaly, causes: tuple[Cause, ...]) -> list[Attribution]:
    return [
        Attribution(
            anomaly_id=anomaly.anomaly_id,
            analysis="root_cause",
            rank=rank,
            dimensions=tuple(cause.segment),
            segment=cause.segment,
            actual=cause.actual,
            expected=cause.expected,
            contribution=cause.contribution,
            share_of_change=cause.share_of_change,
            effect="up" if cause.contribution > 0 else "down",
        )
        for rank, cause in enumerate(causes, start=1)
    ]


def leaves_of(anomaly: Anomaly, cells: Cells, usable: Days) -> Leaves:
    """Actual and expected of the finest segments of an anomaly's period."""
    periods, weights = comparable(anomaly, usable)
    slices = [cells.rows(np.datetime64(anomaly.period_start))] + [cells.rows(p) for p in periods]
    sizes = [s.stop - s.start for s in slices]
    rows = np.concatenate([np.arange(s.start, s.stop) for s in slices])
    now = np.repeat([1.0] + [0.0] * weights.size, sizes)
    past = np.repeat(np.concatenate([[0.0], weights]), sizes)
    if anomaly.kpi.segment_by and anomaly.segment != "all":
        code = _code(cells, anomaly.kpi.segment_by, anomaly.segment)
        inside = cells.codes[anomaly.kpi.segment_by][rows] == code
        rows, now, past = rows[inside], now[inside], past[inside]
    leaf, first = cells.distinct(rows)
    actual, expected = (_sides(anomaly, cells, rows, leaf, weight) for weight in (now, past))
    return Leaves(
        dimensions=DIMENSIONS,
        codes=np.stack([cells.codes[d][rows[first]] for d in DIMENSIONS]),
        members=tuple(cells.members[d] for d in DIMENSIONS),
        actual=actual,
        expected=reconcile(expected, anomaly.expected),
    )


def _code(cells: Cells, dimension: str, member: str) -> int:
    members = cells.members[dimension]
    return members.index(member) if member in members else -1


def _sides(anomaly: Anomaly, cells: Cells, rows: Ints, leaf: Ints, weight: Floats) -> Sides:
    """Weighted sums of the KPI's measures per leaf."""

    def total(measure: str) -> Floats:
        return np.asarray(np.bincount(leaf, cells.measures[measure][rows] * weight), np.float64)

    bottom = anomaly.kpi.denominator
    return Sides(total(anomaly.kpi.numerator), None if bottom is None else total(bottom))


def reconcile(parts: Sides, whole: float) -> Sides:
    """Bring the parts' numerators to the whole's expected value, in proportion where possible."""
    volume = 1.0 if parts.denominator is None else float(parts.denominator.sum())
    target, total = whole * volume, float(parts.numerator.sum())
    if total * target > 0 and 1 / LARGEST_FACTOR <= target / total <= LARGEST_FACTOR:
        return Sides(parts.numerator * (target / total), parts.denominator)
    size = np.abs(parts.numerator)
    if size.sum() == 0:
        size = np.ones_like(size)
    spread = (target - total) * size / max(float(size.sum()), 1e-300)
    return Sides(parts.numerator + spread, parts.denominator)
