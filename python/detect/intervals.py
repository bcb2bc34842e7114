"""Intervals of shares."""

from __future__ import annotations

import math

Z = 1.96
"""Normal quantile of a two-sided 95 % interval."""


def wilson(found: int, cases: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927); 0 to 1 where there are no cases."""
    if cases == 0:
        return 0.0, 1.0
    share, weight = found / cases, Z**2 / cases
    centre = (share + weight / 2) / (1 + weight)
    half = Z * math.sqrt(share * (1 - share) / cases + weight / (4 * cases)) / (1 + weight)
    return max(centre - half, 0.0), min(centre + half, 1.0)
