"""Which combination of segments is to blame for a change, or none.

A first search: the single segment that explains most of the change beyond its ordinary share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.attribution.split import Sides, contributions
from detect.records import Floats, Ints

EXPLAINS = 0.5
"""Share of the change that a segment must account for."""
SURPRISES = 0.3
"""How far that share must exceed the share the segment ordinarily has."""


@dataclass(frozen=True)
class Leaves:
    """The finest segments of one KPI period, actual and expected.

    `codes` (dimensions, N) number the `members` of each of `dimensions`; expectations of the
    parts already add up to the whole's.
    """

    dimensions: tuple[str, ...]
    codes: Ints
    members: tuple[tuple[str, ...], ...]
    actual: Sides
    expected: Sides


@dataclass(frozen=True)
class Cause:
    """A segment (dimension → member) to blame, and for how much in the KPI's unit."""

    segment: dict[str, str]
    actual: float
    expected: float
    contribution: float
    share_of_change: float


def find_causes(leaves: Leaves) -> tuple[Cause, ...]:
    """The segments to blame, best first; none where the change is broad-based."""
    through_top, through_bottom = contributions(leaves.actual, leaves.expected)
    parts = through_top + through_bottom
    change = float(parts.sum())
    if not np.isfinite(change) or change == 0:
        return ()
    best = max(
        (_best(leaves, dimension, parts / change) for dimension in range(len(leaves.dimensions))),
        key=lambda found: found[0],
        default=(-np.inf, 0, 0),
    )
    return (_cause(leaves, best[1], best[2], parts, change),) if best[0] > SURPRISES else ()


def _best(leaves: Leaves, dimension: int, share: Floats) -> tuple[float, int, int]:
    """The most surprising member of a dimension: by how much, the dimension, the member."""
    codes, size = leaves.codes[dimension], len(leaves.members[dimension])
    base = leaves.expected.numerator
    if leaves.expected.denominator is not None:
        base = leaves.expected.denominator
    explained = np.bincount(codes, share, size)
    ordinary = np.bincount(codes, base, size) / max(float(base.sum()), 1e-300)
    surprise = np.where(explained >= EXPLAINS, explained - ordinary, -np.inf)
    member = int(surprise.argmax()) if size else 0
    return (float(surprise[member]) if size else -np.inf), dimension, member


def _cause(leaves: Leaves, dimension: int, member: int, parts: Floats, change: float) -> Cause:
    rows = leaves.codes[dimension] == member
    contribution = float(parts[rows].sum())
    return Cause(
        segment={leaves.dimensions[dimension]: leaves.members[dimension][member]},
        actual=_subset(leaves.actual, rows).total(),
        expected=_subset(leaves.expected, rows).total(),
        contribution=contribution,
        share_of_change=contribution / change,
    )


def _subset(sides: Sides, rows: np.ndarray) -> Sides:
    bottom = None if sides.denominator is None else sides.denominator[rows]
    return Sides(sides.numerator[rows], bottom)
