"""Cross-KPI: a KPI out of step with those that usually move with it.

Orders and customers err together on nearly every day, so a day on which they part is remarkable
though either alone is ordinary: that is how a break in the customer ids, a bulk order or a price
slip shows. Each KPI's normal score is held against its regression on the others, by way of the
inverse of their past correlation matrix, shrunk the more the less history there is.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput
from detect.past import exponential_sum, mean_square
from detect.records import ALL, Bools, Floats, Grain

DECAY = {"daily": 0.994, "weekly": 0.98}
"""Weight of a past period, per period: half after 115 days or 34 weeks; chosen by hand."""
SHRINKAGE = 2.0
"""Periods of unrelated KPIs, per KPI, that correlations are shrunk towards; chosen by hand."""
LARGEST = 3.0
"""Scores are cut off here before correlations are learned, so that incidents do not make them."""
STRONGEST = 6.0
"""Scores are cut off here before they are compared; chosen by hand."""
DEGREES_OF_FREEDOM = 8.0
"""Degrees of freedom of the Student's t that turns the score into a chance; chosen by hand."""
FEWEST = 30
"""Periods before which correlations are not used; chosen by hand."""
PRIOR = 10.0
"""Periods of standard noise that the spread of past scores is drawn towards; chosen by hand."""
AGREES = 0.005
"""p-value at which it is named among the methods; chosen by hand."""
APART = 1.5
"""A KPI must itself be this far from what was expected, and further than the others would have
led it: otherwise it is they who left."""


def score(features: DetectorInput) -> Evidence:
    """Standardised conditional scores and their chance, (S, T); NaN for segments."""
    shape = features.panel.value.shape
    statistic, p_value = np.full(shape, np.nan), np.full(shape, np.nan)
    rows = np.array([s.segment == ALL for s in features.panel.series])
    if rows.sum() > 1:
        statistic[rows], p_value[rows] = _conditional(features, rows)
    span = np.ones(shape, dtype=np.int64)
    return Evidence(statistic, p_value, p_value <= AGREES, span)


def _conditional(features: DetectorInput, rows: Bools) -> tuple[Floats, Floats]:
    tested = features.tested[rows]
    p_up = np.clip(features.forecast.p_up[rows], special.ndtr(-STRONGEST), special.ndtr(STRONGEST))
    score = np.where(tested, -special.ndtri(p_up), 0.0)
    precision, seen = _precision(np.clip(score, -LARGEST, LARGEST), tested, features.panel.grain)
    own = np.sqrt(np.einsum("tii->it", precision))
    statistic = np.einsum("tij,jt->it", precision, score) / own
    led = score - statistic / own
    known = tested & (seen >= FEWEST)
    past = mean_square(
        np.where(known, statistic, np.nan), DECAY[features.panel.grain], LARGEST, PRIOR
    )
    statistic = statistic / np.sqrt(past)
    apart = (np.abs(score) >= np.maximum(APART, np.abs(led))) & (score * statistic > 0)
    p_value = np.where(apart, 2 * special.stdtr(DEGREES_OF_FREEDOM, -np.abs(statistic)), 1.0)
    return np.where(known, statistic, np.nan), np.where(known, p_value, np.nan)


def _precision(score: Floats, tested: Bools, grain: Grain) -> tuple[Floats, Floats]:
    """Inverse of the shrunk correlations of the periods before each, (T, K, K), and their count."""
    kpis, periods = score.shape
    together = tested.any(axis=0).astype(np.float64)
    outer = np.einsum("it,jt->tij", score, score).reshape(periods, -1)
    total = exponential_sum(outer, DECAY[grain], axis=0).reshape(periods, kpis, kpis)
    matrix = total + SHRINKAGE * kpis * np.eye(kpis)
    size = np.sqrt(np.einsum("tii->ti", matrix))
    inverse = np.linalg.inv(matrix / size[:, :, None] / size[:, None, :])
    return np.asarray(inverse), np.asarray(np.cumsum(together) - together)


DETECTOR = Detector(
    name="companions",
    score=score,
    weight=0.2,
    reason="what no series shows by itself, learned from few periods",
    needs_other_kpis=True,
)
