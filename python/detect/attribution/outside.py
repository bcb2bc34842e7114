"""The verdict that no recorded dimension explains a change: its confidence, and what was ruled out.

Where the search names no segment, either the cause is outside the data (the weather, a closed page,
an advertisement), or the search missed it. How often it misses was measured on planted changes
(`python -m lab.evaluate --only verdicts`): the larger the share of the change in a member that
departs from its own history, the likelier that member is the cause.
"""

from __future__ import annotations

import math

from detect.attribution.decomposition import contributions
from detect.attribution.root_cause import LeafSegments, Nearest, nearest, subset
from detect.attribution.significance import History
from detect.records import ROOT_CAUSE, RULED_OUT, Anomaly, Attribution

SURE, PER_SHARE = 3.1, 9.0
"""Log-odds that nothing recorded explains a change, and what the nearest member's share costs:
fitted to the changes of both public years, on each of which those of the other did as well."""
EVEN = 0.5
"""Confidence of the verdict below which the nearest member is named in its place."""


def confidence(share: float) -> float:
    """How surely a change is from outside, by the share of it that the nearest member has."""
    return 1 / (1 + math.exp(PER_SHARE * share - SURE))


def verdict(anomaly: Anomaly, leaves: LeafSegments, history: History) -> list[Attribution]:
    """The nearest member of each dimension that was ruled out, with the verdict's confidence.

    Where that is less than even, the nearest of all is the cause instead.
    """
    found = nearest(leaves, history)
    sure = confidence(max((one.share for one in found if one.departs), default=0.0))
    if sure < EVEN:
        return [_row(anomaly, leaves, found[0], ROOT_CAUSE, 1, 1 - sure)]
    return [_row(anomaly, leaves, one, RULED_OUT, i, sure) for i, one in enumerate(found, start=1)]


def _row(
    anomaly: Anomaly, leaves: LeafSegments, near: Nearest, analysis: str, rank: int, sure: float
) -> Attribution:
    parts = contributions(leaves.actual, leaves.expected)
    added = float(sum(part[near.leaves].sum() for part in parts))
    return Attribution(
        anomaly_id=anomaly.anomaly_id,
        analysis=analysis,
        rank=rank,
        dimensions=tuple(near.segment),
        segment=near.segment,
        actual=subset(leaves.actual, near.leaves).total(),
        expected=subset(leaves.expected, near.leaves).total(),
        contribution=added,
        share_of_change=added / anomaly.change if anomaly.change else float("nan"),
        effect="up" if added > 0 else "down",
        unexplained=anomaly.change - (added if analysis == ROOT_CAUSE else 0.0),
        cause_confidence=sure,
    )
