"""How much leaves scatter when nothing happens: estimated from the case itself, robustly.

The variance of a shift is leaf_spread² + dispersion × thinness: forecasts are never better than
some per cent (the first), and small leaves scatter more (the second, as counts do). Both are
fitted to robust scales of leaves sorted by size. Leaves so thin that most are nought or out of
nowhere have no robust scale of their own and are pooled before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.attribution.search import settings
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.pooling import PooledLeaves, pool, sample
from detect.attribution.search.student_t import estimate_degrees, normal_table
from detect.records import Bools, Floats, Ints

FIRST_QUANTILE, LATER_QUANTILE = 0.25, 0.5
"""Quantile of absolute deviations that measures the scale: before any cause is known (up to 60 %
of the leaves may be off), and after."""
FIRST_TRIM, LATER_TRIM = 2.5, 4.0
"""Standard deviations beyond which a unit has no say in the common shift."""
HALVINGS = 25
"""Steps of bisection: precision 2⁻²⁵ of the bracket, far below the noise of the estimate."""
MIXES = (0.0, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99, 1.0)
"""Parts of a typical leaf's variance that are leaf spread, tried in turn."""
SMALLEST = 1e-2
"""Deviations below this part of the median one are as good as nought."""
THICKEST, THICK_PART = 12, 0.1
"""Leaves that estimate the spread of counted shares: the largest ones, so many and this part."""


@dataclass(frozen=True)
class Noise:
    """leaf_spread², dispersion, the shift common to all, and how heavy the tails are.

    degrees: of Student's t that has such tails (infinite: normal).
    alone: leaves thick enough to be judged on their own, from this gauge on.
    """

    variance: float
    dispersion: float
    common: float
    degrees: float
    alone: float


def estimate(leaves: Leaves, free: Bools, first: bool, still: bool) -> Noise:
    """Noise of the leaves that no cause explains yet.

    Args:
        leaves: all leaves.
        free: which of them are neither explained nor empty; at least two.
        first: whether no cause is known yet.
        still: whether nothing is common to all leaves.
    """
    rows = sample(np.flatnonzero(free))
    quantile = FIRST_QUANTILE if first else LATER_QUANTILE
    trim = FIRST_TRIM if first else LATER_TRIM
    units = pool(leaves, rows)
    common, least = 0.0, settings.LEAST_SPREAD**2
    variance, dispersion = least, 1.0
    for _ in range(3):
        if leaves.events is None:
            variance, dispersion = _fit(units, common, quantile, least)
        else:
            variance = max(_fit_thickest(leaves, rows, common, quantile), least)
        common = 0.0 if still else _common(units, (variance, dispersion), common, trim)
    degrees = np.inf
    if leaves.events is None:
        scatter = variance * units.spread + dispersion * units.thinness
        degrees = estimate_degrees(np.abs(units.shift - common) / np.sqrt(scatter))
    return Noise(variance, dispersion, common, degrees, units.alone)


def variances(leaves: Leaves, noise: Noise, rows: slice | Ints) -> Floats:
    """Variance of the leaves' shifts when nothing happened, of some of N rows."""
    return noise.variance + noise.dispersion * leaves.thinness[rows]


def tails_of(leaves: Leaves, noise: Noise) -> tuple[Floats, Floats] | None:
    """What heavy tails are drawn in to: deviations and normal ones; None where tails are light."""
    if not np.isfinite(noise.degrees):
        return None
    ends = (float(leaves.shift.min()), float(leaves.shift.max()))
    farthest = max(abs(end - noise.common) for end in ends)
    least = noise.variance + noise.dispersion * float(leaves.thinness.min())
    return normal_table(noise.degrees, farthest / math.sqrt(least))


def standardise(
    leaves: Leaves,
    noise: Noise,
    variance: Floats,
    tails: tuple[Floats, Floats] | None,
    rows: slice,
) -> Floats:
    """Shifts less what is common to all, heavy tails drawn in so that they are normal."""
    shift = leaves.shift[rows] - noise.common
    if tails is None:
        return shift
    scale = np.sqrt(variance)
    far = np.flatnonzero((np.abs(shift) > scale) & (leaves.gauge[rows] >= noise.alone))
    if far.size:
        drawn = np.interp(np.abs(shift[far]) / scale[far], *tails)
        shift[far] = np.sign(shift[far]) * scale[far] * drawn
    return shift


def _fit(units: PooledLeaves, common: float, quantile: float, least: float) -> tuple[float, float]:
    """Variance and dispersion by quantile regression of log deviations on the log of their scale.

    Any quantile of a deviation is in proportion to its scale, so the right mix of both parts is
    the one that leaves the logarithms least spread around that quantile (check loss: Koenker &
    Bassett, 1978). Deviations beyond the quantile, causes among them, count by their number only.
    """
    away = np.abs(units.shift - common)
    away = np.log(np.maximum(away, SMALLEST * max(float(np.median(away)), least)))
    typical = float(np.median(units.spread / units.thinness))
    normal = float(special.ndtri((1 + quantile) / 2)) ** 2
    best = (np.inf, least, 0.0)
    for part in MIXES:
        scale = part * units.spread + (1 - part) * typical * units.thinness
        off = away - np.log(scale) / 2
        middle = float(np.quantile(off, quantile))
        loss = float(np.mean((off - middle) * (quantile - (off < middle))))
        unit = math.exp(2 * middle) / normal
        best = min(best, (loss, part * unit, (1 - part) * typical * unit))
    return max(best[1], least), best[2]


def _fit_thickest(leaves: Leaves, rows: Ints, common: float, quantile: float) -> float:
    """Variance beyond counting noise, from the leaves that count the most events."""
    events = leaves.events if leaves.events is not None else leaves.size
    many = min(max(THICKEST, int(THICK_PART * rows.size)), rows.size)
    top = rows[np.argsort(-events[rows], kind="stable")[:many]]
    square, known = (leaves.shift[top] - common) ** 2, leaves.thinness[top]
    unit = special.ndtri((1 + quantile) / 2) ** 2
    low, high = 0.0, float(square.max())
    if np.quantile(square / known, quantile) <= unit:
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        wide = np.quantile(square / (known + middle), quantile) > unit
        low, high = (middle, high) if wide else (low, middle)
    return high


def _common(units: PooledLeaves, parts: tuple[float, float], start: float, trim: float) -> float:
    """Weighted mean shift of units that aren't far off it."""
    scatter = parts[0] * units.spread + parts[1] * units.thinness
    common = start
    for _ in range(5):
        near = np.abs(units.shift - common) < trim * np.sqrt(scatter)
        if not near.any():
            return start
        common = float(np.average(units.shift[near], weights=1 / scatter[near]))
    return common
