"""The mean of the last few deseasonalised values, held against the level believed in before them.

Its spread is what the forecast's noise allows, or what such means have shown in the past where that
is more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.baseline import Forecast
from detect.compress_missing import PackIndex, pack
from detect.past import mean_square
from detect.records import Bools, Floats, Grain, Ints

SPANS: dict[Grain, tuple[int, ...]] = {"daily": (2, 3, 6, 12), "weekly": (2, 4)}
"""Periods that the new level must have lasted; chosen by hand."""
LEVEL_NOISE = 0.05
"""Variance of the level's own error, as a share of the noise's; chosen by hand."""
DECAY, PRIOR = 0.98, 100.0
"""Weight of a past shift per period, and standard ones that shrink its spread: with 60 of them, 43
instead of 54 % of lasting falls of orders by 30 % were found, at as many shifts found by chance."""
LARGEST = 3.0
"""Past shifts are cut off here, so that real ones do not widen the band; chosen by hand."""
DEGREES_OF_FREEDOM: dict[Grain, float] = {"daily": 12.0, "weekly": 6.0}
"""Degrees of freedom of a shift's chance: fewer where history is short; chosen by hand."""


@dataclass(frozen=True)
class Shifts:
    """Shifts that end in each observed period, packed to the left: N of them.

    `z` is signed and in sigmas, (spans, S, N), for each of the `spans` (observed periods that it
    has lasted); `adjusted` and `level` are those of the forecast, (S, N). `index` puts packed
    arrays back in their periods.
    """

    z: Floats
    spans: Ints
    adjusted: Floats
    level: Floats
    index: PackIndex


def measure(forecast: Forecast, observed: Bools, grain: Grain) -> Shifts:
    """Measure the shifts that end in each observed period."""
    adjusted, index = pack(forecast.adjusted, observed)
    level, sigma = (pack(x, observed)[0] for x in (forecast.level, forecast.sigma))
    spans = np.array(SPANS[grain])
    z = np.stack([_shift(adjusted, level, sigma, int(span)) for span in spans])
    return Shifts(z, spans, adjusted, level, index)


def strongest(z: Floats, spans: Ints) -> tuple[Floats, Ints]:
    """The strongest of the shifts of all spans (first axis), and its span."""
    best = np.abs(np.nan_to_num(z)).argmax(axis=0)
    return np.take_along_axis(z, best[None], axis=0)[0], spans[best]


def chance(z: Floats, grain: Grain) -> Floats:
    """Two-sided chance of a shift of one span at least as strong."""
    return np.asarray(2 * special.stdtr(DEGREES_OF_FREEDOM[grain], -np.abs(z)))


def _shift(adjusted: Floats, level: Floats, sigma: Floats, span: int) -> Floats:
    """Mean of the last `span` values less the level before them, standardised, (S, N)."""
    out = np.full(adjusted.shape, np.nan)
    if adjusted.shape[1] <= span:
        return out
    clipped = np.clip(adjusted, level - LARGEST * sigma, level + LARGEST * sigma)
    mean = np.lib.stride_tricks.sliding_window_view(clipped, span, axis=1).mean(axis=2)[:, 1:]
    noise = sigma[:, :-span] * np.sqrt(1 / span + LEVEL_NOISE)
    z = (mean - level[:, :-span]) / noise
    past = mean_square(z, DECAY, LARGEST, PRIOR)
    out[:, span:] = z / np.sqrt(past)
    return out
