"""95 % intervals of shares and rates."""

from __future__ import annotations

import math

from scipy import special

Z = 1.96
"""Normal quantile of a two-sided 95 % interval."""
TAIL = 0.025
"""Its chance on either side."""


def wilson(found: int, cases: int) -> tuple[float, float]:
    """Interval of a share (Wilson, 1927); 0 to 1 where there are no cases."""
    if cases == 0:
        return 0.0, 1.0
    share, weight = found / cases, Z**2 / cases
    centre = (share + weight / 2) / (1 + weight)
    half = Z * math.sqrt(share * (1 - share) / cases + weight / (4 * cases)) / (1 + weight)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def poisson(count: int, length: float) -> tuple[float, float]:
    """Interval of a rate of counted events (Garwood, 1936), by the chi-square law's quantiles."""
    low = special.chdtri(2 * count, 1 - TAIL) / 2 if count else 0.0
    high = special.chdtri(2 * count + 2, TAIL) / 2
    return float(low / length), float(high / length)
