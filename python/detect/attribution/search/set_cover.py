"""The search: the element that explains most is taken, its leaves set aside, and again.

In every round the noise is estimated afresh from what isn't explained, unless it is known
already. Elements whose gain beats
their price are looked at closely: how much they are worth when effects may spread, and whether
they fall apart into their children. Others of the same round are taken too where nothing that
ranks above them touches them, as then a round of their own would find the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detect.attribution.search.evidence import (
    LeafEvidence,
    gain,
    of_leaves,
    price_of,
    splits,
    worth_at,
)
from detect.attribution.search.lattice import Lattice, element_at, leaves_of, roll_up
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.noise import Noise, estimate
from detect.attribution.search.records import Element, Settings
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
    """An element that may be a cause."""

    worth: float
    element: Element


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


def cover(
    lattice: Lattice, leaves: Leaves, still: bool, known: Noise | None, settings: Settings
) -> Cover:
    """Find causes until no element is worth its price.

    Args:
        lattice: knows all elements.
        leaves: to be explained.
        still: whether leaves that no cause explains are taken to be on forecast; otherwise they
            may share a shift.
        known: the noise; None to estimate it in every round.
        settings: prices and limits.
    """
    free, found = leaves.live.copy(), list[Found]()
    while True:
        noise = known or estimate(leaves, free, not found, still, settings)
        evidence = of_leaves(leaves, noise, free)
        candidates = _candidates(lattice, evidence, noise, settings)
        taken = _take(lattice, evidence, candidates, settings)
        taken = taken[: settings.most_causes - len(found)]
        found.extend(taken)
        for one in taken:
            free[one.leaves] = False
        if not taken or free.sum() < FEWEST_LEAVES:
            return Cover(tuple(found), free)


def _candidates(
    lattice: Lattice, evidence: LeafEvidence, noise: Noise, settings: Settings
) -> list[Candidate]:
    """Elements worth more than their price, best first."""
    price = [price_of(c.dimensions, lattice.sizes, settings) for c in lattice.cuboids]
    eligible, levels = _screen(lattice, evidence, noise, price, settings)
    if not levels:
        return []
    worth = [np.full(c.cells, -np.inf) for c in lattice.cuboids]
    for level in levels:
        each = roll_up(lattice, worth_at(evidence, level, settings.spread))
        for best, total in zip(worth, each, strict=True):
            np.maximum(best, total, out=best)
    found = list[Candidate]()
    for cuboid, value, allowed, cost in zip(lattice.cuboids, worth, eligible, price, strict=True):
        cells = np.flatnonzero(allowed & (value > cost))
        top = cells[np.argsort(-value[cells], kind="stable")[: settings.beam]]
        found.extend(
            Candidate(float(value[cell] - cost), element_at(lattice, cuboid, int(cell)))
            for cell in top
        )
    return sorted(found, key=lambda c: (-c.worth, len(c.element), c.element))


def _screen(
    lattice: Lattice, evidence: LeafEvidence, noise: Noise, price: list[float], settings: Settings
) -> tuple[list[Bools], list[float]]:
    """Elements whose gain beats their price, and mean effects worth trying."""
    score, information = roll_up(lattice, evidence.score), roll_up(lattice, evidence.information)
    skew = None if evidence.skew is None else [roll_up(lattice, part) for part in evidence.skew]
    floor = settings.member_spread**2 * noise.variance
    eligible, levels = list[Bools](), dict[tuple[bool, int], float]()
    for i in range(len(lattice.cuboids)):
        lean = None if skew is None else (skew[0][i], skew[1][i])
        won = gain(score[i], information[i], lean)
        allowed = won > price[i] * (1 + floor * information[i])
        eligible.append(allowed)
        _note_levels(levels, score[i], information[i], np.where(allowed, won, 0.0))
    best = sorted(levels, key=lambda level: (-levels[level], level))[:MOST_LEVELS]
    effects = [(1 if up else -1) * math.exp(step * LEVEL) for up, step in sorted(best)]
    return eligible, effects


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


def _take(
    lattice: Lattice, evidence: LeafEvidence, candidates: list[Candidate], settings: Settings
) -> list[Found]:
    """The best candidate that doesn't fall apart, and those that nothing better touches."""
    taken = list[Found]()
    for rank, candidate in enumerate(candidates[:MOST_TRIED]):
        above = candidates[:rank]
        if taken and not all(_apart(candidate.element, other.element) for other in above):
            continue
        if splits(lattice, evidence, candidate.element, settings):
            continue
        rival = (
            c.worth for c in candidates[rank + 1 :] if not _apart(c.element, candidate.element)
        )
        taken.append(_found(lattice, evidence, candidate, next(rival, 0.0)))
    return taken


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
