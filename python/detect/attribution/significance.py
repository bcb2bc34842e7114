"""How unusual a segment's value is among its comparable periods: robust, also with few of them.

The distance from the median in median absolute deviations is read off Student's t. Its degrees of
freedom are what the deviation of so few values is worth (0.37 of the standard deviation's; Huber,
1981), so that eight weeks can hardly make a segment certain. Values are taken on a scale that is
even for amounts of any size and either sign (the inverse hyperbolic sine of multiples of the usual
amount). Where more than half the history is one value, ranks decide.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from detect.attribution.decomposition import Ratio, sums
from detect.records import Floats, Ints

FEWEST = 5
"""Comparable periods below which nothing is said."""
EFFICIENCY = 0.37
"""Efficiency of the median absolute deviation, relative to the standard deviation (Huber, 1981)."""
NORMAL_DEVIATION = 1.4826
"""Standard deviations per median absolute deviation, where noise is normal."""
SMALLEST_DEVIATION = 1e-6
"""Relative deviation below which a history is one value but for rounding."""
LEAST = 1e-6
"""Smallest p-value: a few weeks are no evidence of anything rarer."""


@dataclass(frozen=True)
class History:
    """The same parts in an anomaly's period (number 0) and the comparable ones before it.

    `period` and `leaf` say where each of the `ratio` belongs, (rows,).
    """

    period: Ints
    leaf: Ints
    ratio: Ratio
    periods: int

    def values(self, group: Ints, groups: int) -> Floats:
        """The KPI of each group of leaves in each period, NaN where it has none, (P, groups)."""
        at = self.period * groups + group[self.leaf]

        def total(amounts: Floats) -> Floats:
            return sums(at, amounts, self.periods * groups).reshape(self.periods, groups)

        return self.ratio.each(total).value()

    def of_groups(self, group: Ints, groups: int) -> History:
        """The history of groups of leaves, added up where that makes it smaller."""
        leaf, size = group[self.leaf], self.periods * groups
        if size >= leaf.size:
            return History(self.period, leaf, self.ratio, self.periods)
        at = self.period * groups + leaf
        period, leaf = np.divmod(np.arange(size), groups)
        return History(
            period, leaf, self.ratio.each(lambda side: sums(at, side, size)), self.periods
        )


def chances(values: Floats) -> Floats:
    """Two-sided p-values of the first row against the others, (P, K) → (K,).

    NaN where the first is missing or fewer than FEWEST others are known.
    """
    from scipy import special  # late: `retail why` needs none of it, and it takes its time

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        even = _even(values)
        distance = np.abs(even - _median(even[1:]))
        deviation = NORMAL_DEVIATION * _median(distance[1:])
    count = np.isfinite(even[1:]).sum(axis=0)
    enough = np.maximum(count, FEWEST)
    varies = deviation > SMALLEST_DEVIATION
    spread = np.where(varies, deviation, np.nan) * np.sqrt(1 + np.pi / (2 * enough))
    freedom = np.maximum(1.0, EFFICIENCY * (enough - 1))
    by_distance = 2 * special.stdtr(freedom, -distance[0] / spread)
    as_far = distance[1:] >= distance[0] - SMALLEST_DEVIATION
    by_rank = (1 + as_far.sum(axis=0)) / (1 + enough)
    chance = np.maximum(np.where(varies, by_distance, by_rank), LEAST)
    return np.where((count >= FEWEST) & np.isfinite(distance[0]), chance, np.nan)


def _even(values: Floats) -> Floats:
    """Values on the scale where their noise is about even."""
    usual = _median(np.abs(values[1:]))
    largest = np.nanmax(np.abs(values), axis=0)
    unit = np.where(usual > 0, usual, np.where(largest > 0, largest, 1.0))
    return np.arcsinh(values / unit)


def _median(values: Floats) -> Floats:
    """Median of the known values of each column; much faster where none is missing."""
    known = np.isfinite(values).all()
    return np.asarray(np.median(values, axis=0) if known else np.nanmedian(values, axis=0))
