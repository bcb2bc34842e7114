"""Evidence of an element's leaves for or against it as a cause, in nats.

Three measures, all of them sums over leaves:
- `gain`: log-likelihood of one common effect over none. Where the noise is skewed (few events),
  that of the Poisson variable with the same first three moments.
- `worth`: the same for effects that spread around their mean, leaf by leaf: what a cause earns
  although its leaves don't deviate all alike, and loses by leaves that don't deviate at all.
- `splits`: whether its children along one dimension say more, one by one, than it does as a
  whole; the prices of naming them counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detect.attribution.search import settings
from detect.attribution.search.blocks import in_blocks
from detect.attribution.search.lattice import Lattice, leaves_of, members_of
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.noise import Noise, standardise, tails_of, variances
from detect.attribution.search.records import Element
from detect.records import Bools, Floats, Ints

NO_INFORMATION = 1e-100
"""Stands for none: small enough, and large enough to be cubed."""
NEAR_NORMAL = 1e-3
"""Skewness below which the Poisson's gain is the normal's."""
STARTS, STEPS = 6, 4
"""Children whose effect is tried as the common one, and refinements of it."""


@dataclass(frozen=True)
class LeafEvidence:
    """What each leaf contributes, (N,): nought where it is explained or empty.

    score, information: of a common effect; the effect is sum(score) / sum(information).
    shift, variance: of the leaf.
    skew: third cumulants of the score, upwards and downwards; None where symmetric.
    room: for a number of each leaf; new memory costs as much time as the arithmetic.
    """

    score: Floats
    information: Floats
    shift: Floats
    variance: Floats
    skew: tuple[Floats, Floats] | None
    room: Floats


def of_leaves(
    leaves: Leaves, noise: Noise, free: Bools, used: LeafEvidence | None = None
) -> LeafEvidence:
    """Turn shifts into evidence, given the noise, in the memory of evidence no longer needed."""
    parts = ("score", "information", "shift", "variance", "room")
    score, information, shift, variance, room = (
        getattr(used, part) if used else np.empty(free.size) for part in parts
    )
    tails = tails_of(leaves, noise)

    def fill(block: slice) -> None:
        variance[block] = variances(leaves, noise, block)
        shift[block] = standardise(leaves, noise, variance[block], tails, block)
        information[block] = np.where(free[block], 1 / variance[block], 0.0)
        score[block] = shift[block] * information[block]

    in_blocks(fill, free.size)
    skew = None
    if leaves.skew is not None:
        scale = information**3 * (1.0 if leaves.events is not None else noise.dispersion**2)
        skew = (leaves.skew[0] * scale, leaves.skew[1] * scale)
    return LeafEvidence(score, information, shift, variance, skew, room)


def forget(evidence: LeafEvidence, rows: Ints) -> None:
    """Leave nothing of what some leaves say, in place."""
    for part in (evidence.score, evidence.information, *(evidence.skew or ())):
        part[rows] = 0.0


def of_rows(evidence: LeafEvidence, rows: Ints) -> LeafEvidence:
    """What some leaves say about the mean effect, without their skew."""
    return LeafEvidence(
        evidence.score[rows],
        evidence.information[rows],
        evidence.shift[rows],
        evidence.variance[rows],
        None,
        np.empty(rows.size),
    )


def price_of(dimensions: tuple[int, ...], sizes: tuple[int, ...]) -> float:
    """Nats it takes to name an element: which dimensions, which member of each.

    The best of so many elements wins as much by chance alone, so it is also what a gain must
    exceed to mean anything (the logarithm of Bonferroni's correction, depth by depth).
    """
    members = sum(math.log(max(sizes[d], 2)) for d in dimensions)
    which = math.log(math.comb(len(sizes), len(dimensions)))
    return members + which + settings.DIMENSION_PRICE * len(dimensions)


def gain(score: Floats, information: Floats, skew: tuple[Floats, Floats] | None) -> Floats:
    """Log-likelihood of a common effect over none, for sums of leaf evidence (any shape)."""
    known = np.maximum(information, NO_INFORMATION)
    normal = score**2 / (2 * known)
    if skew is None:
        return np.asarray(normal, np.float64)
    lean = np.abs(score) * np.where(score > 0, skew[0], skew[1]) / known**2
    skewed = np.maximum(lean, NEAR_NORMAL)
    poisson = 2 * normal / skewed**2 * ((1 + skewed) * np.log1p(skewed) - skewed)
    return np.asarray(np.where(lean < NEAR_NORMAL, normal, poisson), np.float64)


def worth_at(evidence: LeafEvidence, effect: float) -> Floats:
    """Each leaf's log-likelihood of spread effects around a mean one, over no effect, (N,).

    In the evidence's room: the next call writes over it.
    """
    worth = evidence.room

    def fill(block: slice) -> None:
        shift, variance = evidence.shift[block], evidence.variance[block]
        wider = variance + (settings.SPREAD * effect) ** 2
        away = shift - effect
        said = shift * shift / variance - away * away / wider - np.log(wider / variance)
        worth[block] = np.where(evidence.information[block] > 0, said / 2, 0.0)

    in_blocks(fill, worth.size)
    return worth


def splits(lattice: Lattice, evidence: LeafEvidence, element: Element) -> bool:
    """Whether an element falls apart into children that explain more, one by one."""
    leaves = leaves_of(lattice, element)
    leaves = leaves[evidence.information[leaves] > 0]
    taken = tuple(d for d, _ in element)
    own = price_of(taken, lattice.sizes)
    for dimension in set(range(len(lattice.sizes))) - set(taken):
        child = price_of((*taken, dimension), lattice.sizes) + settings.SIMPLICITY
        if _splits_along(lattice, evidence, leaves, dimension, (own, child)):
            return True
    return False


def _splits_along(
    lattice: Lattice,
    evidence: LeafEvidence,
    leaves: Ints,
    dimension: int,
    price: tuple[float, float],
) -> bool:
    own, child = price
    member = members_of(lattice, dimension, leaves)
    size = lattice.sizes[dimension]
    known = np.asarray(np.bincount(member, evidence.information[leaves], size), np.float64)
    live = np.flatnonzero(known)
    if live.size < 2:
        return False
    information = known[live]
    score = np.asarray(np.bincount(member, evidence.score[leaves], size)[live], np.float64)
    skew = None
    if evidence.skew is not None:
        up, down = (
            np.asarray(np.bincount(member, part[leaves], size)[live], np.float64)
            for part in evidence.skew
        )
        skew = (up, down)
    won = gain(score, information, skew)
    effect = score / information
    # What remains of the precision once skewness is allowed for.
    known = np.where(np.abs(effect) > 1e-12, 2 * won / np.maximum(effect**2, 1e-24), information)
    together = _together(effect, known, won) - own
    apart = won - child - np.log1p(settings.SPREAD**2 * 2 * won) / 2
    return bool(np.maximum(apart, 0).sum() > together)


def _together(effect: Floats, known: Floats, won: Floats) -> float:
    """What children say for one cause whose effects spread around their mean."""
    variance = (1 / np.maximum(known, 1e-300))[None]
    top = np.argsort(-won, kind="stable")[:STARTS]
    start = np.append(effect[top], np.average(effect, weights=known))[:, None]
    mean = start
    for _ in range(STEPS):
        weight = 1 / (variance + (settings.SPREAD * mean) ** 2)
        mean = (weight * effect).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    mean = np.concatenate([mean, start])
    wider = variance + (settings.SPREAD * mean) ** 2
    said = won - (effect - mean) ** 2 / wider / 2 - np.log(wider / variance) / 2
    return float(said.sum(axis=1).max())
