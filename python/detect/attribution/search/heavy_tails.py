"""Estimate how heavy the tails of the noise are, from the leaves that no cause explains."""

from __future__ import annotations

import numpy as np
from scipy import special

from detect.attribution.search.evidence import LeafEvidence
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.noise import Noise
from detect.attribution.search.pooling import sample
from detect.records import Bools, Floats, Ints

LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Quantiles of deviations that are compared with the normal's."""
BEYOND = 5
"""Fewest leaves beyond a quantile from which it is used."""
THIN = 2.5
"""Standard deviations that a leaf too thin to be judged on its own may add at most."""


def match_normal(
    evidence: LeafEvidence, leaves: Leaves, free: Bools, noise: Noise, blamed: list[Ints]
) -> None:
    """Bring deviations of blamed leaves, in place, to those as rare of a normal variable.

    Leaves too thin to be judged on their own say little each, but may add up. Where events are
    counted their noise is known, and they are left as they are.
    """
    if not blamed:
        return
    rows = np.concatenate(blamed)
    away = _away(evidence, rows)
    thin = leaves.gauge[rows] < noise.alone
    others = sample(np.flatnonzero(free & (leaves.gauge >= noise.alone)))
    factor = _factor(away, _away(evidence, others))
    most = 1.0 if leaves.events is not None else THIN / np.maximum(away, THIN)
    factor = np.where(thin, most, factor)
    evidence.shift[rows] *= factor
    evidence.score[rows] *= factor


def _away(evidence: LeafEvidence, rows: Ints) -> Floats:
    """Deviations in standard deviations."""
    return np.abs(evidence.shift[rows]) / np.sqrt(evidence.variance[rows])


def _factor(away: Floats, others: Floats) -> Floats:
    """By how much deviations shrink when they are matched with the normal's, quantile by quantile.

    Beyond the last quantile the factor stays what it is there.
    """
    levels = np.array([q for q in LEVELS if (1 - q) * others.size >= BEYOND])
    if not levels.size:
        return np.ones_like(away)
    normal = np.concatenate([[0.0], special.ndtri((1 + levels) / 2)])
    seen = np.append(0.0, np.maximum(np.quantile(others, levels), normal[1:]))
    seen = np.maximum.accumulate(seen)
    matched = np.minimum(np.interp(away, seen, normal), away)
    factor = np.divide(matched, away, out=np.ones_like(away), where=away > 0)
    return np.asarray(np.where(away > seen[-1], normal[-1] / seen[-1], factor), np.float64)
