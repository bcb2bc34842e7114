"""Attribute every anomaly: contributions by dimension, and the segments that explain it."""

from __future__ import annotations

import dataclasses

import numpy as np

from detect.attribution import outside
from detect.attribution.baselines import (
    LONG_LOOK_BACK,
    LOOK_BACK,
    PROPORTIONAL,
    comparable,
    forecast_baseline,
    leaf_history,
    leaf_segments,
    other_baselines,
    reconcile,
)
from detect.attribution.breakdown import break_down
from detect.attribution.root_cause import LeafSegments, RootCause, find_causes, of_one_member
from detect.attribution.segments import Segments
from detect.group_by import group_by
from detect.records import BREAKDOWN, ORDERS, ROOT_CAUSE, Anomaly, Attribution, Days

__all__ = [
    "LONG_LOOK_BACK",
    "LOOK_BACK",
    "Segments",
    "attribute",
    "comparable",
    "largest_gap",
    "leaf_segments",
    "needed",
    "reconcile",
]


def needed(anomalies: list[Anomaly], usable: Days) -> Days:
    """Return the periods to read segments of for attributing these anomalies, in order."""
    wanted = {np.datetime64(a.period_start) for a in anomalies}
    for anomaly in anomalies:
        wanted.update(comparable(anomaly, usable)[0])
        for baseline in other_baselines(anomaly, usable).values():
            wanted.update(baseline.periods)
    return np.array(sorted(wanted), dtype="datetime64[D]")


def attribute(anomalies: list[Anomaly], segments: Segments, usable: Days) -> list[Attribution]:
    """Breakdowns and causes of every anomaly, in order.

    Args:
        anomalies: all of the grain of `segments`.
        segments: must hold the periods that are `needed`.
        usable: periods fit for comparison: complete, traded, and without findings.
    """
    rows: list[Attribution] = []
    for anomaly in anomalies:
        here = segments.on(anomaly.period_start)
        leaves, history = leaf_history(anomaly, here, forecast_baseline(anomaly, usable))
        if leaves.codes.shape[1] == 0 or not np.isfinite(leaves.expected.total()):
            continue  # of a ratio, nothing is expected without periods to compare with
        rows.extend(break_down(anomaly, leaves, history))
        if _is_beside(anomaly):
            continue
        causes = find_causes(leaves, history)
        rivals = _rivals(anomaly, here, usable) if causes else []
        rows.extend(
            _causes(anomaly, causes, rivals)
            # What is broad-based within a segment is to be blamed on that segment.
            or ([_whole(anomaly, anomaly.within, leaves)] if anomaly.within else [])
            or _own_member(anomaly, leaves, here, usable)
            or outside.verdict(anomaly, leaves, history)
        )
    return rows


def _is_beside(anomaly: Anomaly) -> bool:
    """Whether what stands beside the KPI departed on a day, and the KPI itself is within its band.

    How far it is from what was expected is noise then, and whose noise it is explains nothing.
    """
    is_alone = anomaly.typical_label is not None and not anomaly.is_outside
    return is_alone and anomaly.shift_start is None


def _rivals(anomaly: Anomaly, segments: Segments, usable: Days) -> list[tuple[RootCause, ...]]:
    """The causes under the other baselines."""
    return [
        find_causes(*leaf_history(anomaly, segments, baseline))
        for baseline in other_baselines(anomaly, usable).values()
    ]


def _causes(
    anomaly: Anomaly, causes: tuple[RootCause, ...], rivals: list[tuple[RootCause, ...]]
) -> list[Attribution]:
    return [
        _row(
            anomaly,
            rank,
            dataclasses.replace(cause, segment=anomaly.within | cause.segment),
            _stability(cause, rivals),
            _averaged(cause, rivals),
        )
        for rank, cause in enumerate(causes, start=1)
    ]


def _own_member(
    anomaly: Anomaly, leaves: LeafSegments, segments: Segments, usable: Days
) -> list[Attribution]:
    """Blame the one member that a KPI is of, as new customers are, where its orders moved apart."""
    member = of_one_member(leaves)
    if not member or ORDERS not in segments.measures:
        return []
    kpi = dataclasses.replace(anomaly.kpi, numerator=ORDERS, denominator=None, scale=PROPORTIONAL)
    baseline = dataclasses.replace(forecast_baseline(anomaly, usable), whole=None)
    orders = leaf_history(dataclasses.replace(anomaly, kpi=kpi), segments, baseline)
    for cause in find_causes(*orders)[:1]:
        if member.items() <= cause.segment.items() and cause.contribution * anomaly.change > 0:
            return [_whole(anomaly, member, leaves)]
    return []


def _whole(anomaly: Anomaly, segment: dict[str, str], leaves: LeafSegments) -> Attribution:
    """All of a change, as one cause."""
    change, expected = anomaly.change, leaves.expected.total()
    whole = RootCause(
        segment, anomaly.actual, expected, change, 1.0, change, change, 0.0, anomaly.confidence
    )
    return _row(anomaly, 1, whole, float("nan"), anomaly.confidence)


def _row(
    anomaly: Anomaly, rank: int, cause: RootCause, stability: float, confidence: float
) -> Attribution:
    return Attribution(
        anomaly_id=anomaly.anomaly_id,
        analysis=ROOT_CAUSE,
        rank=rank,
        dimensions=tuple(cause.segment),
        segment=cause.segment,
        actual=cause.actual,
        expected=cause.expected,
        contribution=cause.contribution,
        share_of_change=cause.share_of_change,
        effect="up" if cause.contribution > 0 else "down",
        low=cause.low,
        high=cause.high,
        unexplained=cause.unexplained,
        stability=stability,
        cause_confidence=confidence,
    )


def _stability(cause: RootCause, rivals: list[tuple[RootCause, ...]]) -> float:
    """Share of the other baselines that name the segment; NaN where there is none."""
    named = [any(cause.segment == other.segment for other in causes) for causes in rivals]
    return float(np.mean(named)) if named else float("nan")


def _averaged(cause: RootCause, rivals: list[tuple[RootCause, ...]]) -> float:
    """Confidence over the baselines: the model counts as much as all others together."""
    theirs = [
        max((c.confidence for c in causes if c.segment == cause.segment), default=0.0)
        for causes in rivals
    ]
    return float((cause.confidence + np.mean(theirs)) / 2) if theirs else cause.confidence


def largest_gap(anomalies: list[Anomaly], rows: list[Attribution]) -> float:
    """How far breakdowns are from adding up to actual − expected, at most, relative to their size.

    0 where there is nothing to add up.
    """
    change = {a.anomaly_id: a.change for a in anomalies}
    breakdowns = (row for row in rows if row.analysis == BREAKDOWN)
    gaps = [
        abs(sum(found) - change[name]) / max(sum(map(abs, found)), abs(change[name]), 1e-300)
        for (name, _), parts in group_by(
            breakdowns, lambda row: (row.anomaly_id, row.dimensions)
        ).items()
        for found in [[row.contribution for row in parts]]
    ]
    return max(gaps, default=0.0)
