"""The mean of the last few deseasonalised values, compared with the level before them.

Its spread is what the forecast's noise allows, or what such means have shown in the past where that
is more. A level that moves as it did a year ago has not shifted, nor has one that stays: a shift is
measured from the nearer of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.baseline import Forecast
from detect.baseline.tuning import TUNING
from detect.compress_missing import PackIndex, pack, pack_alike, unpack
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
SEEN = 3.0
"""Sigmas of a shift of last year from which it may come again; smaller ones are smoothed."""
REACH: dict[Grain, int] = {"daily": 3, "weekly": 1}
"""Periods on either side of a year ago in which it may have come; chosen by hand."""
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
    level, sigma, year_ago = (
        pack_alike(x, index) for x in (forecast.level, forecast.sigma, forecast.year_ago)
    )
    spans = np.array(SPANS[grain])
    found = []
    for span in map(int, spans):
        moved, noise = _moved(adjusted, level, sigma, span)
        noise *= np.sqrt(mean_square(moved / noise, DECAY, LARGEST, PRIOR))
        drift = _drift(year_ago, span)
        low, high = _last_year(moved, moved / noise, index, grain)
        as_then = np.clip(moved, np.minimum(low, drift), np.maximum(high, drift))
        found.append((moved - as_then) / noise)
    return Shifts(np.stack(found), spans, adjusted, level, index)


def strongest(z: Floats, spans: Ints) -> tuple[Floats, Ints]:
    """The strongest of the shifts of all spans (first axis), and its span."""
    best = np.abs(np.nan_to_num(z)).argmax(axis=0)
    return np.take_along_axis(z, best[None], axis=0)[0], spans[best]


def chance(z: Floats, grain: Grain) -> Floats:
    """Two-sided chance of a shift of one span at least as strong."""
    return np.asarray(2 * special.stdtr(DEGREES_OF_FREEDOM[grain], -np.abs(z)))


def _moved(adjusted: Floats, level: Floats, sigma: Floats, span: int) -> tuple[Floats, Floats]:
    """Mean of the last `span` values less the level before them, and its noise, (S, N) each."""
    clipped = np.clip(adjusted, level - LARGEST * sigma, level + LARGEST * sigma)
    noise = _before(sigma, span) * np.sqrt(1 / span + LEVEL_NOISE)
    return _mean_of_last(clipped, span) - _before(level, span), noise


def _drift(year_ago: Floats, span: int) -> Floats:
    """How the smooth level of a year ago moved in the same time, (S, N); zero where unknown."""
    return np.nan_to_num(_mean_of_last(year_ago, span) - _before(year_ago, span))


def _last_year(moved: Floats, z: Floats, index: PackIndex, grain: Grain) -> tuple[Floats, Floats]:
    """The least and the largest of no shift and those seen around a year ago, (S, N) each."""
    seen = np.nan_to_num(unpack(np.where(np.abs(z) >= SEEN, moved, 0.0), index))
    low, high = np.zeros(seen.shape), np.zeros(seen.shape)
    year, periods = TUNING[grain].year, seen.shape[1]
    for ago in range(year - REACH[grain], min(year + REACH[grain] + 1, periods)):
        then = seen[:, : periods - ago]
        low[:, ago:] = np.minimum(low[:, ago:], then)
        high[:, ago:] = np.maximum(high[:, ago:], then)
    return pack_alike(low, index), pack_alike(high, index)


def _mean_of_last(values: Floats, span: int) -> Floats:
    """Mean of the last `span` values, (S, N); NaN where nothing comes before them."""
    out = np.full(values.shape, np.nan)
    if values.shape[1] > span:
        windows = np.lib.stride_tricks.sliding_window_view(values, span, axis=1)
        out[:, span:] = windows.mean(axis=2)[:, 1:]
    return out


def _before(values: Floats, span: int) -> Floats:
    """The value before the last `span` ones, (S, N); NaN where there is none."""
    out = np.full(values.shape, np.nan)
    out[:, span:] = values[:, : max(values.shape[1] - span, 0)]
    return out
