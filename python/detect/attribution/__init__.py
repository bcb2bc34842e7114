"""Why it moved: for every anomaly, contributions by dimension and the segments to blame."""

from __future__ import annotations

import numpy as np

from detect.attribution.breakdown import break_down
from detect.attribution.cells import DIMENSIONS, Cells
from detect.attribution.parts import (
    LONG_LOOK_BACK,
    LOOK_BACK,
    comparable,
    leaves_of,
    model,
    others,
    parts_of,
    reconcile,
)
from detect.attribution.root_cause import Cause, find_causes
from detect.records import Anomaly, Attribution, Days

__all__ = [
    "DIMENSIONS",
    "LONG_LOOK_BACK",
    "LOOK_BACK",
    "Cells",
    "attribute",
    "comparable",
    "largest_gap",
    "leaves_of",
    "needed",
    "reconcile",
]


def needed(anomalies: list[Anomaly], usable: Days) -> Days:
    """Periods whose cells must be read to attribute these anomalies, in order."""
    wanted = {np.datetime64(a.period_start) for a in anomalies}
    for anomaly in anomalies:
        wanted.update(comparable(anomaly, usable)[0])
        for baseline in others(anomaly, usable).values():
            wanted.update(baseline.periods)
    return np.array(sorted(wanted), dtype="datetime64[D]")


def attribute(anomalies: list[Anomaly], cells: Cells, usable: Days) -> list[Attribution]:
    """Breakdowns and causes of every anomaly, in order.

    Args:
        anomalies: all of the grain of `cells`.
        cells: must hold the periods that are `needed`.
        usable: periods fit for comparison: complete, traded, and without findings.
    """
    rows: list[Attribution] = []
    for anomaly in anomalies:
        leaves, history = parts_of(anomaly, cells, model(anomaly, usable))
        if leaves.codes.shape[1] == 0:
            continue
        rows.extend(break_down(anomaly, leaves, history))
        causes = find_causes(leaves, history)
        rows.extend(_causes(anomaly, causes, _rivals(anomaly, cells, usable) if causes else []))
    return rows


def _rivals(anomaly: Anomaly, cells: Cells, usable: Days) -> list[tuple[Cause, ...]]:
    """The causes under the other baselines."""
    return [
        find_causes(*parts_of(anomaly, cells, baseline))
        for baseline in others(anomaly, usable).values()
    ]


def _causes(
    anomaly: Anomaly, causes: tuple[Cause, ...], rivals: list[tuple[Cause, ...]]
) -> list[Attribution]:
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
            stability=_share(cause, rivals),
            confidence=_share(cause, [causes, *rivals]),
        )
        for rank, cause in enumerate(causes, start=1)
    ]


def _share(cause: Cause, answers: list[tuple[Cause, ...]]) -> float:
    """Share of answers that name the segment; NaN where there is none."""
    named = [any(cause.segment == other.segment for other in causes) for causes in answers]
    return float(np.mean(named)) if named else float("nan")


def largest_gap(anomalies: list[Anomaly], rows: list[Attribution]) -> float:
    """How far breakdowns are from adding up to actual − expected, at most, relative to their size.

    0 where there is nothing to add up.
    """
    change = {a.anomaly_id: a.change for a in anomalies}
    parts: dict[tuple[str, tuple[str, ...]], list[float]] = {}
    for row in rows:
        if row.analysis == "breakdown":
            parts.setdefault((row.anomaly_id, row.dimensions), []).append(row.contribution)
    gaps = [
        abs(sum(found) - change[name]) / max(sum(map(abs, found)), abs(change[name]), 1e-300)
        for (name, _), found in parts.items()
    ]
    return max(gaps, default=0.0)
