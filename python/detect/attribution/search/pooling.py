"""Pool small leaves into units that are large enough to estimate the scatter from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.attribution.search.leaves import Leaves
from detect.records import Floats, Ints

SAMPLE = 10_000
"""Leaves from which the noise is estimated, at most."""
CLASSES = 12
"""Size classes, at most; each of at least `CLASS_SIZE` units."""
CLASS_SIZE = 40
"""Units of a size class at least, so that its quantiles are stable; chosen by hand."""
OFTEN, RARELY = 0.25, 0.02
"""How often a pooled unit may still be nought."""
ENOUGH_EVENTS = 5.0
"""Events that a unit should hold where events are counted."""


@dataclass(frozen=True)
class PooledLeaves:
    """Leaves, thin ones pooled: shift, and what both parts of the variance count for in it."""

    shift: Floats
    spread: Floats
    thinness: Floats
    alone: float


def sample(rows: Ints) -> Ints:
    """An even sample of at most `SAMPLE` rows, in step with no dimension."""
    if rows.size <= SAMPLE:
        return rows
    step = int(rows.size * 0.6180339887) | 1
    while np.gcd(step, rows.size) > 1:
        step += 2
    return np.sort(rows[np.arange(SAMPLE) * step % rows.size])


def pool(leaves: Leaves, rows: Ints) -> PooledLeaves:
    """Sort leaves into size classes and pool neighbours in classes of thin ones.

    Neighbours share most dimensions, so pooling doesn't scatter a cause over many units.
    """
    order = rows[np.argsort(leaves.gauge[rows], kind="stable")]
    classes = np.array_split(order, int(np.clip(rows.size // CLASS_SIZE, 1, CLASSES)))
    shift, spread, thinness = [], [], []
    alone = -np.inf
    for unordered in classes:
        members = np.sort(unordered)
        together = _together(leaves, members)
        if together > 1:
            alone = float(leaves.gauge[members].max())
        start = np.arange(0, members.size, together)
        weight = 1 / leaves.thinness[members]
        whole = np.add.reduceat(weight, start)
        shift.append(np.add.reduceat(weight * leaves.shift[members], start) / whole)
        spread.append(np.add.reduceat(weight**2, start) / whole**2)
        thinness.append(1 / whole)
    join = np.concatenate
    return PooledLeaves(join(shift), join(spread), join(thinness), alone)


def _together(leaves: Leaves, members: Ints) -> int:
    """How many leaves of a class make a unit that is rarely nought."""
    if leaves.events is not None:
        events = float(np.median(leaves.events[members]))
        wanted = ENOUGH_EVENTS / max(events, 1e-9)
    else:
        edge = float(leaves.edge[members].mean())
        wanted = np.log(RARELY) / np.log(min(edge, 1 - 1e-9)) if edge > OFTEN else 1.0
    return int(np.clip(np.ceil(wanted), 1, max(members.size // 8, 1)))
