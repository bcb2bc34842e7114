"""Estimate how whole members drift without a cause, beyond the noise of their leaves.

A forecast may be a little off for a whole country. With many leaves that is far from chance, and
still has no cause: an element must deviate more than members ordinarily do.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from detect.attribution.search.evidence import LeafEvidence, gain
from detect.attribution.search.lattice import Lattice, roll_up
from detect.records import Floats

BROAD_DEPTH = 2
"""Depth of the elements from which the drift of members is estimated."""
FEWEST, BIGGEST = 3, 50
"""Members used for it: at least, and at most (the best measured)."""
QUANTILES = (0.5, 0.75)
"""Quantiles of squared deviations that are compared with the normal's."""
HALVINGS = 40
"""Steps of bisection: precision 2⁻⁴⁰ of the bracket."""


def estimate_drift(
    lattice: Lattice, evidence: LeafEvidence, square: Floats, information: Floats
) -> float:
    """Variance that makes the squared deviations of members as large as they should be.

    Most members aren't causes, so their deviations are what happens to members anyway.

    Args:
        lattice: knows members and pairs of members.
        evidence: of the leaves that nobody blames.
        square: squared standardised deviations of the members that are blamed, (B,): where
            many are, they tell of drift too.
        information: of the same, (B,).
    """
    others, known = _broadest(lattice, evidence)
    square, information = np.append(others, square), np.append(known, information)
    if others.size < FEWEST:
        return 0.0
    return max(_spread(square, information, quantile) for quantile in QUANTILES)


def _spread(square: Floats, information: Floats, quantile: float) -> float:
    """Variance that brings a quantile of squared deviations to the normal's."""
    normal = special.ndtri((1 + quantile) / 2) ** 2
    low, high = 0.0, 10.0
    if np.quantile(square, quantile) <= normal:
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        wide = np.quantile(square / (1 + middle * information), quantile) > normal
        low, high = (middle, high) if wide else (low, middle)
    return high


def _broadest(lattice: Lattice, evidence: LeafEvidence) -> tuple[Floats, Floats]:
    """Squared standardised deviation and information of the best measured broad elements."""
    parts = [evidence.score, evidence.information, *(evidence.skew or ())]
    broad = [i for i, c in enumerate(lattice.cuboids) if len(c.dimensions) <= BROAD_DEPTH]
    sums = [roll_up(lattice, part, broad) for part in parts]
    square, information = [np.zeros(0)], [np.zeros(0)]
    for i in broad:
        live = sums[1][i] > 0
        skew = (sums[2][i][live], sums[3][i][live]) if evidence.skew is not None else None
        square.append(2 * gain(sums[0][i][live], sums[1][i][live], skew))
        information.append(sums[1][i][live])
    known = np.concatenate(information)
    best = np.argsort(-known, kind="stable")[:BIGGEST]
    return np.concatenate(square)[best], known[best]
