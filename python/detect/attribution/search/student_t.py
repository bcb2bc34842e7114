"""Student's t: the tails that noise has, and the normal deviations as rare as theirs."""

from __future__ import annotations

import numpy as np
from scipy import special

from detect.records import Floats

LEAST_CHANCE = -700.0
"""Logarithm of the smallest probability that is distinguished from zero."""
TABLE = 2000
"""Points at which tails are worked out; between them, a straight line is near enough."""
TAIL = 0.995
"""Quantile at which tails are compared with the normal's."""
FEWEST, BEYOND = 100, 5
"""Fewest deviations from which tails are estimated: in all, and beyond the quantile."""
DEGREES = (2, 2.5, 3, 4, 5, 7, 10, 15, 25, 50, 1e3)
"""Degrees of freedom to choose from."""


def estimate_degrees(away: Floats) -> float:
    """Degrees of freedom of a Student's t with such tails; infinite when no heavier than normal.

    Args:
        away: absolute deviations on any scale, (N,); with few of them nothing is known.
    """
    middle = float(np.median(away))
    if away.size < FEWEST or middle <= 0:
        return np.inf
    quantile = min(TAIL, 1 - BEYOND / away.size)
    seen = float(np.quantile(away, quantile)) / middle
    degrees = np.array(DEGREES)
    known = np.asarray(
        special.stdtrit(degrees, (1 + quantile) / 2) / special.stdtrit(degrees, 0.75)
    )
    if seen <= known[-1]:
        return np.inf
    return float(np.exp(np.interp(-seen, -known, np.log(degrees))))


def normal_table(degrees: float, farthest: float) -> tuple[Floats, Floats]:
    """Deviations from one to the farthest, and the normal ones as rare as theirs, (TABLE,) each."""
    grid = np.geomspace(1.0, max(farthest, 1.0) * 1.001, TABLE)
    scale = float(special.stdtrit(degrees, 0.75) / special.ndtri(0.75))  # the normal's quartiles
    with np.errstate(divide="ignore"):
        chance = np.log(special.stdtr(degrees, -grid * scale))
    return grid, -special.ndtri_exp(np.maximum(chance, LEAST_CHANCE))
