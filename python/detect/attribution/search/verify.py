"""Verify the causes of the search against the noise of all other leaves.

While it searches, the noise is measured among leaves of which many may be off. Now that causes
are set aside the rest tells better how leaves scatter, how heavy their tails are and how whole
members drift. Causes that don't stand out from that are given up and join the rest, until all
that remain do stand out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from detect.attribution.search import settings
from detect.attribution.search.evidence import LeafEvidence, forget, gain, of_leaves, price_of
from detect.attribution.search.heavy_tails import match_normal
from detect.attribution.search.lattice import Lattice
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.member_drift import BROAD_DEPTH, estimate_drift
from detect.attribution.search.noise import Noise, estimate
from detect.attribution.search.set_cover import FEWEST_LEAVES, Cover, Found
from detect.records import Bools

LEAST_FREE = 0.2
"""Part of the leaves that no cause may explain."""
PRECISION = 0.37
"""Degrees of freedom that a leaf adds to the estimate of the noise: the median's efficiency."""


@dataclass(frozen=True)
class Verified:
    """Causes that stand out, and from what.

    found: causes; gain and information are measured afresh.
    free: leaves that nobody blames.
    noise, evidence: of the free leaves; the variance of all live ones.
    drift: variance of whole members.
    """

    found: tuple[Found, ...]
    free: Bools
    noise: Noise
    evidence: LeafEvidence
    drift: float

    def net_gain(self, found: Found) -> float:
        """Log-likelihood won, were members to drift anyway."""
        return found.gain / (1 + self.drift * found.information)


def verify(lattice: Lattice, leaves: Leaves, outcome: Cover, still: bool) -> Verified:
    """Give up causes that don't stand out from the noise of all that isn't blamed."""
    free, found = _leave_some(leaves, outcome)
    while True:
        verified = _measure(lattice, leaves, free, found, still)
        fallen = [
            f
            for f in verified.found
            if verified.net_gain(f) <= cost_of(f, lattice) + settings.MARGIN
        ]
        if not fallen:
            return verified
        for one in fallen:
            free[one.leaves] = True
        found = tuple(f for f in verified.found if f not in fallen)


def _leave_some(leaves: Leaves, outcome: Cover) -> tuple[Bools, tuple[Found, ...]]:
    """Give up the weakest causes while too few leaves remain to estimate the noise from."""
    free, found = outcome.free.copy(), list(outcome.found)
    while found and free.sum() < max(FEWEST_LEAVES, LEAST_FREE * leaves.live.sum()):
        weakest = min(found, key=lambda f: f.worth)
        found.remove(weakest)
        free[weakest.leaves] = True
    return free, tuple(found)


def cost_of(found: Found, lattice: Lattice) -> float:
    """Price of a cause's element."""
    return price_of(tuple(d for d, _ in found.element), lattice.sizes)


def _measure(
    lattice: Lattice, leaves: Leaves, free: Bools, found: tuple[Found, ...], still: bool
) -> Verified:
    noise = estimate(leaves, free, False, still)
    evidence = of_leaves(leaves, noise, leaves.live)
    match_normal(evidence, leaves, free, noise, [one.leaves for one in found])
    degrees = math.inf if leaves.events is not None else PRECISION * float(free.sum())
    seen = tuple(_again(one, evidence, degrees) for one in found)
    broad = [one for one in seen if len(one.element) <= BROAD_DEPTH]
    square = np.array([2 * one.gain for one in broad])
    information = np.array([one.information for one in broad])
    for one in found:
        forget(evidence, one.leaves)
    moved = estimate_drift(lattice, evidence, square, information)
    return Verified(seen, free, noise, evidence, moved)


def _again(found: Found, evidence: LeafEvidence, degrees: float) -> Found:
    """A cause measured afresh; the scale of the noise is an estimate itself (Student's t)."""
    parts = (evidence.score, evidence.information, *(evidence.skew or ()))
    score, information, *skew = (np.array([part[found.leaves].sum()]) for part in parts)
    won = float(gain(score, information, (skew[0], skew[1]) if skew else None)[0])
    if math.isfinite(degrees):
        won = degrees / 2 * math.log1p(2 * won / degrees)
    return replace(found, gain=won, information=float(information[0]))
