"""Greedy set cover: take the element that explains most, set its leaves aside, and repeat.

In every round the noise is estimated afresh from what isn't explained, unless it is known
already. Elements whose gain beats
their price are looked at closely: how much they are worth when effects may spread, and whether
they fall apart into their children. Where leaves are so many that a round costs seconds and the
noise hardly changes, later rounds take several: what the others are worth without those taken is
worked out from the leaves that they share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from detect.attribution.search import settings
from detect.attribution.search.blocks import MANY, in_blocks
from detect.attribution.search.evidence import (
    LeafEvidence,
    forget,
    gain,
    of_leaves,
    of_rows,
    price_of,
    splits,
    worth_at,
)
from detect.attribution.search.lattice import Lattice, element_at, leaves_of, roll_up
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.noise import Noise, estimate
from detect.attribution.search.records import Element
from detect.records import Bools, Floats, Ints

LEVEL = math.log(1.5)
"""Mean effects are tried in steps of this (log scale); finer steps don't matter when spread."""
MOST_LEVELS = 8
"""Mean effects tried in a round: those at which some element gains most."""
MOST_TRIED = 200
"""Elements of a round that are tested for falling apart."""
FEWEST_LEAVES = 5
"""Leaves below which there is no noise to speak of."""


@dataclass(frozen=True)
class Candidate:
    """An element that may be a cause.

    each: what its leaves say for it at each of the mean effects tried.
    """

    element: Element
    each: Floats
    price: float

    @property
    def worth(self) -> float:
        """Evidence for it at the mean effect that suits it best, less its price."""
        return float(self.each.max()) - self.price


@dataclass(frozen=True)
class Found:
    """A cause as it was taken: its own leaves, the evidence of that round, and its lead."""

    element: Element
    leaves: Ints
    worth: float
    gain: float
    information: float
    margin: float


@dataclass(frozen=True)
class Cover:
    """Causes in the order taken, and the leaves that none of them explains."""

    found: tuple[Found, ...]
    free: Bools


def cover(lattice: Lattice, leaves: Leaves, still: bool, known: Noise | None) -> Cover:
    """Find causes until no element is worth its price.

    Args:
        lattice: knows all elements.
        leaves: to be explained.
        still: whether leaves that no cause explains are taken to be on forecast; otherwise they
            may share a shift.
        known: the noise; None to estimate it in every round.
    """
    free, found = leaves.live.copy(), list[Found]()
    noise = known or estimate(leaves, free, True, still)
    evidence = of_leaves(leaves, noise, free)
    while True:
        several = free.size >= MANY and (found or known)
        most = settings.MOST_CAUSES - len(found) if several else 1
        taken = _take(lattice, evidence, noise, most)
        found.extend(taken)
        for one in taken:
            free[one.leaves] = False
        if not taken or len(found) == settings.MOST_CAUSES or free.sum() < FEWEST_LEAVES:
            return Cover(tuple(found), free)
        if not known:
            noise = estimate(leaves, free, False, still)
            evidence = of_leaves(leaves, noise, free, evidence)


def _candidates(
    lattice: Lattice, evidence: LeafEvidence, eligible: dict[int, Ints], levels: list[float]
) -> list[Candidate]:
    """Elements worth more than their price, best first."""
    worth = {i: np.empty((len(levels), cells.size)) for i, cells in eligible.items()}
    for nth, level in enumerate(levels):
        each = roll_up(lattice, worth_at(evidence, level), eligible)
        for i, cells in eligible.items():
            worth[i][nth] = each[i][cells]
    found = list[Candidate]()
    for i, value in worth.items():
        cuboid = lattice.cuboids[i]
        price = price_of(cuboid.dimensions, lattice.sizes)
        best = np.argsort(-value.max(axis=0), kind="stable")[: settings.BEAM]
        found.extend(
            Candidate(element_at(lattice, cuboid, int(eligible[i][nth])), value[:, nth], price)
            for nth in best
        )
    return _ranked(found)


def _ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates that are worth their price, best first."""
    worth = (c for c in candidates if c.worth > 0)
    return sorted(worth, key=lambda c: (-c.worth, len(c.element), c.element))


def _screen(
    lattice: Lattice, evidence: LeafEvidence, floor: float
) -> tuple[dict[int, Ints], list[float]]:
    """Cells whose gain beats their price, by cuboid, and mean effects worth trying."""
    score, information = roll_up(lattice, evidence.score), roll_up(lattice, evidence.information)
    skew = None if evidence.skew is None else [roll_up(lattice, part) for part in evidence.skew]
    eligible, levels = dict[int, Ints](), dict[tuple[bool, int], float]()
    for i, cuboid in enumerate(lattice.cuboids):
        sums = (score[i], information[i], None if skew is None else (skew[0][i], skew[1][i]))
        price = price_of(cuboid.dimensions, lattice.sizes)
        blocks = in_blocks(partial(_beyond, sums, price, floor), cuboid.cells)
        cells, won = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        if cells.size:
            eligible[i] = cells
            _note_levels(levels, score[i][cells], information[i][cells], won)
    best = sorted(levels, key=lambda level: (-levels[level], level))[:MOST_LEVELS]
    effects = [(1 if up else -1) * math.exp(step * LEVEL) for up, step in sorted(best)]
    return eligible, effects


def _beyond(
    sums: tuple[Floats, Floats, tuple[Floats, Floats] | None],
    price: float,
    floor: float,
    block: slice,
) -> tuple[Ints, Floats]:
    """Cells of a block whose gain beats their price, and what they gain."""
    score, information, skew = sums
    lean = None if skew is None else (skew[0][block], skew[1][block])
    won = gain(score[block], information[block], lean)
    cells = np.flatnonzero(won > price * (1 + floor * information[block]))
    return cells + block.start, won[cells]


def _note_levels(
    levels: dict[tuple[bool, int], float], score: Floats, information: Floats, won: Floats
) -> None:
    """Note the mean effect of the element that gains most, in either direction."""
    for up in (False, True):
        here = np.where((score > 0) == up, won, 0.0)
        best = int(here.argmax())
        if here[best] > 0:
            effect = abs(float(score[best] / information[best]))
            level = (up, round(math.log(effect) / LEVEL))
            levels[level] = max(levels.get(level, 0.0), float(here[best]))


def _take(lattice: Lattice, evidence: LeafEvidence, noise: Noise, most: int) -> list[Found]:
    """The best candidates that don't fall apart, each of which uses up its evidence."""
    floor = settings.MEMBER_SPREAD**2 * noise.variance
    eligible, levels = _screen(lattice, evidence, floor)
    candidates = _candidates(lattice, evidence, eligible, levels)
    taken, apart = list[Found](), list[Candidate]()
    for _ in range(MOST_TRIED):
        if not candidates or len(taken) == most:
            break
        best = candidates.pop(0)
        if splits(lattice, evidence, best.element):
            apart.append(best)
            continue
        rival = (c.worth for c in candidates if not _apart(c.element, best.element))
        found = _found(lattice, evidence, best, next(rival, 0.0))
        if found.gain <= best.price * (1 + floor * found.information):
            continue
        taken.append(found)
        if len(taken) < most:
            candidates = _ranked(
                _without(lattice, evidence, c, best.element, levels) for c in (*apart, *candidates)
            )
            apart = []
        forget(evidence, found.leaves)
    return taken


def _without(
    lattice: Lattice,
    evidence: LeafEvidence,
    candidate: Candidate,
    taken: Element,
    levels: list[float],
) -> Candidate:
    """A candidate without the leaves that it shares with an element."""
    if _apart(candidate.element, taken):
        return candidate
    shared = leaves_of(lattice, tuple(sorted({*candidate.element, *taken})))
    part = of_rows(evidence, shared)
    lost = [float(worth_at(part, level).sum()) for level in levels]
    return replace(candidate, each=candidate.each - np.array(lost))


def _found(lattice: Lattice, evidence: LeafEvidence, candidate: Candidate, rival: float) -> Found:
    leaves = leaves_of(lattice, candidate.element)
    leaves = leaves[evidence.information[leaves] > 0]
    information = np.array([evidence.information[leaves].sum()])
    score = np.array([evidence.score[leaves].sum()])
    skew = None
    if evidence.skew is not None:
        up, down = (np.array([part[leaves].sum()]) for part in evidence.skew)
        skew = (up, down)
    won = float(gain(score, information, skew)[0])
    margin = candidate.worth - rival
    return Found(candidate.element, leaves, candidate.worth, won, float(information[0]), margin)


def _apart(one: Element, other: Element) -> bool:
    """Whether two elements differ in a dimension that both have, so that no leaf is in both."""
    members = dict(one)
    return any(members.get(d, m) != m for d, m in other)
