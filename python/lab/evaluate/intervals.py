"""95 % intervals of rates."""

from __future__ import annotations

from scipy import special

TAIL = 0.025
"""Chance beyond a 95 % interval on either side."""


def poisson(count: int, length: float) -> tuple[float, float]:
    """Interval of a rate of counted events (Garwood, 1936), by the chi-square law's quantiles."""
    low = special.chdtri(2 * count, 1 - TAIL) / 2 if count else 0.0
    high = special.chdtri(2 * count + 2, TAIL) / 2
    return float(low / length), float(high / length)
