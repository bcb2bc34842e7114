"""Select the causes to report: final tests, contributions, confidence."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from detect.attribution.search import settings
from detect.attribution.search.lattice import Lattice
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.records import Cause, Findings, Verdict
from detect.attribution.search.selection_bias import shrunk_interval
from detect.attribution.search.set_cover import Found
from detect.attribution.search.verify import Verified, cost_of
from detect.records import Floats

CERTAIN = 0.999
"""No answer is surer than this."""
BROAD_PART = 0.5
"""Part of the change that must be common to all for it to be called broad."""
BROAD_ODDS = math.log(100)
"""Nats by which a common shift must beat none."""


def select(lattice: Lattice, leaves: Leaves, outcome: Verified) -> Findings:
    """Findings from the causes taken."""
    kept = _without_dwarfed(list(outcome.found), leaves)
    causes = tuple(_cause(f, leaves, outcome, lattice) for f in kept)
    causes = _sure(sorted(causes, key=lambda c: (-c.evidence, c.element)))
    explained = math.fsum(c.contribution for c in causes)
    broad = _broad(leaves, outcome, kept)
    verdict: Verdict = "causes" if causes else "broad" if broad else "nothing"
    return Findings(
        causes=causes,
        verdict=verdict,
        change=leaves.change,
        broad=broad,
        unexplained=leaves.change - explained - broad,
        dispersion=outcome.noise.dispersion,
    )


def _sure(causes: list[Cause]) -> tuple[Cause, ...]:
    """Causes sure enough to be named, the best kept first."""
    first = [c for c in causes[:1] if c.confidence >= settings.LEAST_CONFIDENCE]
    return (*first, *(c for c in causes[1:] if c.confidence >= settings.FURTHER_CONFIDENCE))


def _without_dwarfed(found: list[Found], leaves: Leaves) -> list[Found]:
    """Leave out causes far smaller than another one, in effect and in contribution."""
    moved = np.array([abs(leaves.residual[f.leaves].sum()) for f in found])
    effect = np.array([_part_of_larger(_effect(f, leaves)) for f in found])
    small, weak = (
        moved < settings.DWARFED * moved[:, None],
        effect < (settings.DWARFED * effect[:, None]),
    )
    dwarfed = np.asarray((small & weak).any(axis=0)) if found else np.zeros(0, bool)
    return [f for f, out in zip(found, dwarfed, strict=True) if not out]


def _part_of_larger(shift: float) -> float:
    """By which part of the larger one what was and what was expected differ, from 0 to 1."""
    return abs(shift) / (1 + abs(shift) / 2)


def _effect(found: Found, leaves: Leaves) -> float:
    """Relative change inside a cause: its leaves' shifts, weighted by their sizes."""
    size = leaves.size[found.leaves]
    total = float(size.sum())
    return float((leaves.shift[found.leaves] * size).sum()) / total if total > 0 else 0.0


def _cause(found: Found, leaves: Leaves, outcome: Verified, lattice: Lattice) -> Cause:
    contribution = float(leaves.residual[found.leaves].sum())
    price = cost_of(found, lattice)
    low, high = _interval(contribution, _relative_error(found, leaves, outcome), price / found.gain)
    odds = min(found.worth, outcome.net_gain(found) - price)
    confidence = special.expit(odds) * special.expit(max(found.margin, 0.0))
    return Cause(
        element=found.element,
        actual=math.nan,
        expected=math.nan,
        effect=_effect(found, leaves),
        contribution=contribution,
        share=contribution / leaves.change if leaves.change else math.nan,
        low=low,
        high=high,
        gain=found.gain,
        evidence=found.worth,
        margin=found.margin,
        confidence=min(float(confidence), CERTAIN),
        leaves=int(found.leaves.size),
    )


def _interval(contribution: float, error: float, passed: float) -> tuple[float, float]:
    """Bounds of a contribution with that relative error; `passed` is its threshold's part in it."""
    if contribution == 0 or error <= 0:
        return contribution, contribution
    seen = 1 / error
    bounds = shrunk_interval(seen, seen * math.sqrt(min(passed, 1.0)))
    low, high = sorted(contribution * bound / seen for bound in bounds)
    return low, high


def _relative_error(found: Found, leaves: Leaves, outcome: Verified) -> float:
    """Standard error of the contribution that noise alone has, relative to the contribution."""
    size = leaves.size[found.leaves]
    moved = abs(float((leaves.shift[found.leaves] * size).sum()))
    noise = float((outcome.evidence.variance[found.leaves] * size**2).sum())
    return math.sqrt(noise + outcome.drift * float(size.sum()) ** 2) / moved if moved > 0 else 0.0


def _broad(leaves: Leaves, outcome: Verified, kept: list[Found]) -> float:
    """Contribution of what moved everywhere alike; 0 where that may be chance."""
    common, free = outcome.noise.common, outcome.free
    information = float(outcome.evidence.information[free].sum())
    known = information / (1 + outcome.drift * information)
    others = leaves.live.copy()
    for one in kept:
        others[one.leaves] = False
    rest = float(leaves.residual[others].sum())
    part = common * float(leaves.size[others].sum()) * _unit(leaves, others)
    sure = common**2 * known / 2 > BROAD_ODDS
    material = abs(part) > BROAD_PART * abs(leaves.change if not kept else rest)
    return part if sure and material else 0.0


def _unit(leaves: Leaves, rows: np.ndarray) -> float:
    """What a unit of shift × size adds to the whole's change."""
    moved: Floats = leaves.shift[rows] * leaves.size[rows]
    scale = float((moved * moved).sum())
    return float((moved * leaves.residual[rows]).sum()) / scale if scale > 0 else 0.0
