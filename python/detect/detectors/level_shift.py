"""Level shift: a change that stays, though no single day of it need stand out.

The mean of the last few deseasonalised values is held against the level believed in before them.
Its spread is what the forecast's noise allows, or what such means have shown in the past where
that is more.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from detect.compress_missing import pack, unpack
from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput
from detect.past import mean_square
from detect.records import Floats

SPANS = {"daily": (3, 6, 12), "weekly": (2, 4)}
"""Periods that the new level must have lasted; chosen by hand."""
LEVEL_NOISE = 0.05
"""Variance of the level's own error, as a share of the noise's; chosen by hand."""
DECAY, PRIOR = 0.98, 25.0
"""Weight of a past shift per period, and standard ones that shrink its spread; by hand."""
LARGEST = 3.0
"""Past shifts are cut off here, so that real ones do not widen the band; chosen by hand."""
DEGREES_OF_FREEDOM = {"daily": 12.0, "weekly": 6.0}
"""Degrees of freedom of the p-value: fewer where history is short; chosen by hand."""
AGREES = 0.01
"""p-value at which it is named among the methods; chosen by hand."""


def score(features: DetectorInput) -> Evidence:
    """The strongest shift ending in each period, in sigmas, and its chance, (S, T)."""
    observed = features.learned & features.forecast.ready
    adjusted, places = pack(features.forecast.adjusted, observed)
    level, sigma = (
        pack(x, observed)[0] for x in (features.forecast.level, features.forecast.sigma)
    )
    spans = np.array(SPANS[features.panel.grain])
    z = np.stack([_shift(adjusted, level, sigma, int(span)) for span in spans])
    best = np.abs(np.nan_to_num(z)).argmax(axis=0)
    strongest = np.take_along_axis(z, best[None], axis=0)[0]
    # The spans overlap, so that trying all of them costs less than their number.
    trials = np.sqrt(spans.size)
    p_value = (
        2 * trials * special.stdtr(DEGREES_OF_FREEDOM[features.panel.grain], -np.abs(strongest))
    )
    p_value = np.where(features.tested, np.minimum(1.0, unpack(p_value, places)), np.nan)
    span = np.nan_to_num(unpack(spans[best].astype(np.float64), places)).astype(np.int64)
    return Evidence(unpack(strongest, places), p_value, p_value <= AGREES, span)


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


DETECTOR = Detector(
    name="level_shift",
    score=score,
    weight=0.15,
    reason="residuals that z_score has judged one by one; only their run is its own",
)
