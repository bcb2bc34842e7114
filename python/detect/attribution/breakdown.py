"""One dimension at a time: what each segment adds to actual − expected, to the last digit."""

from __future__ import annotations

import numpy as np

from detect.attribution.root_cause import Leaves
from detect.attribution.split import Sides, contributions
from detect.records import Anomaly, Attribution, Bools, Floats

LARGEST = 10
"""Segments listed per dimension; the rest is one row."""
OTHER = "(other)"
ALWAYS = {"customer_type": ("guest",)}
"""Members that are listed however small, since people ask for them."""


def break_down(anomaly: Anomaly, leaves: Leaves) -> list[Attribution]:
    """Rows of every dimension; within each, contributions add up to the anomaly's change."""
    top, bottom = contributions(leaves.actual, leaves.expected)
    return [
        row
        for dimension in range(len(leaves.dimensions))
        for row in _dimension(anomaly, leaves, dimension, top, bottom)
    ]


def _dimension(
    anomaly: Anomaly, leaves: Leaves, dimension: int, top: Floats, bottom: Floats
) -> list[Attribution]:
    name, members = leaves.dimensions[dimension], leaves.members[dimension]
    codes, size = leaves.codes[dimension], len(members)
    present = np.flatnonzero(np.bincount(codes, minlength=size))
    through_top, through_bottom = (np.bincount(codes, x, size) for x in (top, bottom))
    total = through_top + through_bottom
    order = present[np.lexsort((present, -np.abs(total[present])))]
    listed = order[(np.arange(order.size) < LARGEST) | _kept(name, members, order)]
    rest = np.setdiff1d(present, listed)
    groups = [(members[m], codes == m, np.array([m])) for m in listed]
    if rest.size:
        groups.append((OTHER, np.isin(codes, rest), rest))
    return [
        _row(anomaly, leaves, name, rank, group, (through_top[group[2]], through_bottom[group[2]]))
        for rank, group in enumerate(groups, start=1)
    ]


def _kept(name: str, members: tuple[str, ...], order: np.ndarray) -> Bools:
    always = ALWAYS.get(name, ())
    return np.array([members[m] in always for m in order], dtype=bool)


def _row(
    anomaly: Anomaly,
    leaves: Leaves,
    dimension: str,
    rank: int,
    group: tuple[str, Bools, np.ndarray],
    parts: tuple[Floats, Floats],
) -> Attribution:
    member, rows, _ = group
    by_rate, by_mix = float(parts[0].sum()), float(parts[1].sum())
    contribution = by_rate + by_mix
    return Attribution(
        anomaly_id=anomaly.anomaly_id,
        analysis="breakdown",
        rank=rank,
        dimensions=(dimension,),
        segment={dimension: member},
        actual=_of(leaves.actual, rows),
        expected=_of(leaves.expected, rows),
        contribution=contribution,
        share_of_change=contribution / anomaly.change if anomaly.change else float("nan"),
        effect=_effect(leaves, by_rate, by_mix),
    )


def _effect(leaves: Leaves, by_rate: float, by_mix: float) -> str:
    """Whether a segment acts through its numerator, its denominator, or simply its size."""
    if leaves.actual.denominator is None:
        return "volume"
    return "rate" if abs(by_rate) >= abs(by_mix) else "mix"


def _of(sides: Sides, rows: Bools) -> float:
    bottom = None if sides.denominator is None else sides.denominator[rows]
    return Sides(sides.numerator[rows], bottom).total()
