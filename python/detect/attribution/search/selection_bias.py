"""Intervals that allow for the winner's curse.

What is reported was picked because it stood out, so it looks larger than it is, the more so the
nearer it is to the threshold. The interval is that of a normal mean given that the deviation
passed the threshold in either direction (Zöllner & Pritchard, 2007; Zhong & Prentice, 2008).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

COVERAGE = 0.95
"""Nominal coverage of the interval, by convention."""
WIDEST = 12.0
"""Standard deviations from what was seen, beyond which no mean is looked for."""
HALVINGS = 40
"""Steps of bisection: precision 2⁻⁴⁰ of the bracket."""


def shrunk_interval(seen: float, threshold: float) -> tuple[float, float]:
    """Interval of a normal mean of which only values beyond ±threshold are ever seen.

    Args:
        seen: the deviation, in standard deviations, above the threshold.
        threshold: what it had to pass, in standard deviations.

    Returns:
        Lower and upper bound, in standard deviations.
    """
    tail = (1 - COVERAGE) / 2
    return _mean_where(seen, threshold, 1 - tail), _mean_where(seen, threshold, tail)


def _mean_where(seen: float, threshold: float, chance: float) -> float:
    """The mean under which as little as was seen, or less, has that chance."""
    low, high = seen - threshold - WIDEST, seen + WIDEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(seen, threshold, middle) > chance else (low, middle)
    return (low + high) / 2


def _below(seen: float, threshold: float, mean: float) -> float:
    """Chance of no more than was seen, given that it passed the threshold."""
    passed = np.logaddexp(special.log_ndtr(-threshold - mean), special.log_ndtr(mean - threshold))
    return 1 - math.exp(min(float(special.log_ndtr(mean - seen) - passed), 0.0))
