"""IQR fence: how far a residual lies outside the quartiles of the residuals before it.

Tukey's fence (1977) on what the baseline leaves over, not on raw values. The quartiles come from
the last WINDOW residuals, each side measured from the median, so that a lopsided KPI has a
lopsided fence.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from detect.compress_missing import pack, unpack
from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput
from detect.records import Floats

WINDOW = 60
"""Residuals that quartiles are taken of: some ten weeks of days, or a year of weeks; by hand."""
FEWEST = 20
"""Residuals before which there are no quartiles; chosen by hand."""
QUARTILE_OF_NORMAL = 0.6745
"""Upper quartile of a standard normal variable."""
DEGREES_OF_FREEDOM, DEGREES_PER_VALUE = 3.0, 0.05
"""Degrees of freedom of the p-value, and how many each observed value adds; chosen by hand."""
LEAST_HALF = 0.3
"""Least distance of a quartile from the median, in sigmas: less is mostly one value, or noise below
that of counting, as of a share that was always whole. Chosen by hand."""
CHUNK = 512
"""Series at a time, which bounds memory."""


def score(features: DetectorInput) -> Evidence:
    """Distance beyond the quartile in interquartile ranges, signed, and its chance, (S, T).

    Both are NaN where too few residuals come before.
    """
    residual, places = pack(features.forecast.residual, features.learned & features.forecast.ready)
    lower, middle, upper, seen = _quartiles(residual)
    half = np.where(residual > middle, upper - middle, middle - lower)
    freedom = DEGREES_OF_FREEDOM + DEGREES_PER_VALUE * seen
    outside = np.maximum(residual - upper, 0.0) + np.minimum(residual - lower, 0.0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # a steady KPI has no span
        sigma = np.maximum(half, LEAST_HALF) / QUARTILE_OF_NORMAL
        p_value = 2 * special.stdtr(freedom, -np.abs(residual - middle) / sigma)
        beyond = np.where(outside == 0, outside, outside / (upper - lower))
    beyond, p_value = unpack(beyond, places), unpack(p_value, places)
    threshold = np.array([s.kpi.iqr_threshold for s in features.panel.series])[:, None]
    agrees = features.tested & (np.abs(beyond) >= threshold)
    span = np.ones(beyond.shape, dtype=np.int64)
    return Evidence(beyond, np.where(features.tested, p_value, np.nan), agrees, span)


def _quartiles(residual: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Quartiles of the WINDOW residuals before each, and their count; NaN below FEWEST, (S, N)."""
    out = np.full((4, *residual.shape), np.nan)
    for first in range(0, residual.shape[0], CHUNK):
        part = slice(first, first + CHUNK)
        padded = np.pad(residual[part], ((0, 0), (WINDOW, 0)), constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)
        windows = np.sort(windows[:, : residual.shape[1]], axis=2)
        seen = np.isfinite(windows).sum(axis=2)
        for i, share in enumerate((0.25, 0.5, 0.75)):
            place = np.maximum(np.rint(share * (seen - 1)), 0).astype(np.int64)[:, :, None]
            value = np.take_along_axis(windows, place, axis=2)[:, :, 0]
            out[i, part] = np.where(seen >= FEWEST, value, np.nan)
        out[3, part] = seen
    return out[0], out[1], out[2], out[3]


DETECTOR = Detector(
    name="iqr",
    score=score,
    weight=0.15,
    reason="the residual that z_score judges already; only its lopsided quartiles are its own",
)
