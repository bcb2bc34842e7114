"""Mann–Kendall: gradual change over several windows of deseasonalised values.

The score of a rolling window is a sum over lags of the signs of differences, so all windows of all
series come from a few cumulative sums. Windows that pass this sieve are tested in full: variance
with ties (Kendall, 1975) and corrected for autocorrelation (Hamed & Rao, 1998), equal to
pymannkendall's `original_test` and `hamed_rao_modification_test`; Sen's slope (1968) where needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.compress_missing import pack, unpack
from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput
from detect.records import Bools, Floats, Ints

WINDOWS = {"daily": (24, 48, 72), "weekly": (8, 13, 26)}
"""Observed periods per window: four, eight and twelve weeks of trading days; weeks."""
STRIDE = {"daily": 5, "weekly": 1}
"""A trend is tested every so many observed periods: it need not be found on the day."""
LAGS = 3
"""Autocorrelations that the correction uses, as Hamed and Rao propose for short series."""
ACF_ALPHA = 0.05
"""Level at which an autocorrelation enters the correction, as in pymannkendall."""
CHUNK = 256
"""Series at a time, which bounds memory."""
FEWEST = 10
"""Values after which the weekday effects are known well enough to look for trends."""


@dataclass(frozen=True)
class Test:
    """Outcome of one test per row, (R,) each."""

    score: Floats
    tau: Floats
    variance: Floats
    z: Floats
    p_value: Floats


def score(features: DetectorInput) -> Evidence:
    """Kendall's tau of the most significant window ending in each period, (S, T)."""
    observed = features.learned & (features.forecast.history >= FEWEST)
    adjusted, places = pack(features.forecast.adjusted, observed)
    alpha = np.array([s.kpi.trend_alpha for s in features.panel.series])
    windows, stride = WINDOWS[features.panel.grain], STRIDE[features.panel.grain]
    tau, p_value, span = np.full((3, *adjusted.shape), np.nan)
    tried = np.zeros(adjusted.shape, dtype=bool)
    for window in windows:
        ends = np.arange(window - 1, adjusted.shape[1])
        ends = ends[ends % stride == 0]
        tried[:, ends] |= np.isfinite(adjusted[:, ends - window + 1])
        for row, end, test in _tested(adjusted, window, ends, alpha):
            adjusted_p = np.minimum(1.0, test.p_value * len(windows))
            better = ~(p_value[row, end] <= adjusted_p)
            row, end = row[better], end[better]
            tau[row, end], p_value[row, end] = test.tau[better], adjusted_p[better]
            span[row, end] = window
    tau, p_value, span = (unpack(x, places) for x in (tau, p_value, span))
    tested = (unpack(tried.astype(np.float64), places) == 1) & features.tested
    p_value = np.where(tested, np.nan_to_num(p_value, nan=1.0), np.nan)
    # Judged together are the whole-shop KPIs, and the segments of each other KPI.
    names = [s.kpi.name if s.kpi.segment_by else "" for s in features.panel.series]
    families = np.unique(names, return_inverse=True)[1].astype(np.int64)
    agrees = discovered(p_value, tested, families, alpha)
    return Evidence(tau, p_value, agrees, np.nan_to_num(span).astype(np.int64))


def discovered(p_values: Floats, tested: Bools, families: Ints, alpha: Floats) -> Bools:
    """Benjamini & Hochberg (1995) over each family in each period by itself, (S, T).

    A period's verdict needs no other period, so that daily runs and a backfill agree. Within a
    family the p-values move together, under which the procedure stays on the safe side
    (Benjamini & Yekutieli, 2001).
    """
    out = np.zeros(p_values.shape, dtype=bool)
    for family in np.unique(families):
        rows = np.flatnonzero(families == family)
        p = np.where(tested[rows], p_values[rows], np.inf) / alpha[rows][:, None]
        order = np.argsort(p, axis=0)
        ranked = np.take_along_axis(p, order, axis=0)
        share = np.arange(1, rows.size + 1)[:, None] / np.maximum(tested[rows].sum(axis=0), 1)
        passed = np.maximum.accumulate((ranked <= share)[::-1], axis=0)[::-1]
        found = np.zeros(p.shape, dtype=bool)
        np.put_along_axis(found, order, passed, axis=0)
        out[rows] = found
    return out


def _tested(
    adjusted: Floats, window: int, ends: Ints, alpha: Floats
) -> list[tuple[Ints, Ints, Test]]:
    """Rows, ends and full tests of the windows that pass the plain score's sieve."""
    found = []
    spread = np.sqrt(window * (window - 1) * (2 * window + 5) / 18)
    for start in range(0, adjusted.shape[0], CHUNK):
        part = adjusted[start : start + CHUNK]
        z = rolling_score(part, window, ends) / spread
        limit = -special.ndtri(np.maximum(alpha[start : start + CHUNK], 1e-300) / 2)
        row, which = np.nonzero(np.abs(z) >= limit[:, None])
        if row.size:
            end = ends[which]
            columns = end[:, None] - np.arange(window - 1, -1, -1)
            found.append((row + start, end, careful(part[row[:, None], columns])))
    return found


def rolling_score(values: Floats, window: int, ends: Ints) -> Floats:
    """Mann–Kendall scores of the windows of `window` values ending at `ends`, (S, E).

    A window with a missing value scores NaN.
    """
    score = np.zeros((values.shape[0], ends.size))
    for lag in range(1, window if ends.size else 0):
        signs = np.sign(values[:, lag:] - values[:, :-lag])
        total = np.zeros((values.shape[0], signs.shape[1] + 1))
        np.cumsum(np.nan_to_num(signs), axis=1, out=total[:, 1:])
        score += total[:, ends - lag + 1] - total[:, ends - window + 1]
    missing = np.isnan(values)
    gaps = np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(missing, axis=1)], axis=1)
    return np.where(gaps[:, ends + 1] > gaps[:, ends - window + 1], np.nan, score)


def careful(values: Floats) -> Test:
    """The more cautious of the plain and the autocorrelation-aware test of each row, (R, n)."""
    plain, aware = mann_kendall(values), mann_kendall(values, LAGS)
    cautious = plain.p_value > aware.p_value
    return Test(
        plain.score,
        plain.tau,
        np.where(cautious, plain.variance, aware.variance),
        np.where(cautious, plain.z, aware.z),
        np.where(cautious, plain.p_value, aware.p_value),
    )


def mann_kendall(values: Floats, lags: int | None = None) -> Test:
    """Test each row of (R, n) for a monotone trend.

    Args:
        values: no missing values, n at least 3.
        lags: correct the variance for so many autocorrelations (Hamed & Rao); None: as it is.
    """
    n = values.shape[1]
    score = _score(values)
    variance = _variance(values)
    if lags is not None:
        variance = variance * _inflation(values, lags)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(score == 0, 0.0, (score - np.sign(score)) / np.sqrt(variance))
    return Test(score, score / (0.5 * n * (n - 1)), variance, z, 2 * special.ndtr(-np.abs(z)))


def _score(values: Floats) -> Floats:
    n = values.shape[1]
    total = np.zeros(values.shape[0])
    for lag in range(1, n):
        total += np.sign(values[:, lag:] - values[:, :-lag]).sum(axis=1)
    return total


def _variance(values: Floats) -> Floats:
    """Variance of the score without trend, smaller where values are tied."""
    n = values.shape[1]
    ordered = np.sort(values, axis=1)
    fresh = np.ones(values.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(fresh.ravel()) - 1
    size = np.bincount(group)[group].astype(np.float64)
    ties = ((size - 1) * (2 * size + 5)).reshape(values.shape).sum(axis=1)
    return np.asarray((n * (n - 1) * (2 * n + 5) - ties) / 18)


def _inflation(values: Floats, lags: int) -> Floats:
    """Factor by which autocorrelation of the detrended ranks inflates the variance, (R,)."""
    n = values.shape[1]
    detrended = values - np.arange(1, n + 1) * sen_slope(values)[:, None]
    ranks = _ranks(detrended)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    bound = -special.ndtri(ACF_ALPHA / 2) / np.sqrt(n)
    total = np.zeros(values.shape[0])
    for lag in range(1, min(lags, n - 1) + 1):
        acf = (centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / np.maximum(power, 1e-300)
        total += np.where(np.abs(acf) > bound, (n - lag) * (n - lag - 1) * (n - lag - 2) * acf, 0.0)
    return np.asarray(1 + 2 / (n * (n - 1) * (n - 2)) * total)


def _ranks(values: Floats) -> Floats:
    """Place of each value in its row, from 1; equal ones share the mean of their places, (R, n)."""
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    fresh = np.ones(values.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(fresh.ravel()) - 1
    place = np.broadcast_to(np.arange(1.0, values.shape[1] + 1), values.shape).ravel()
    mean = np.bincount(group, place) / np.bincount(group)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, mean[group].reshape(values.shape), axis=1)
    return ranks


def sen_slope(values: Floats) -> Floats:
    """Median of all pairwise slopes of each row of (R, n): the change per step, (R,)."""
    first, second = np.triu_indices(values.shape[1], 1)
    return np.asarray(np.median((values[:, second] - values[:, first]) / (second - first), axis=1))


DETECTOR = Detector(
    name="mann_kendall",
    score=score,
    weight=0.0,
    reason="a trend is no anomaly of a single period",
)
