"""Typical order: what one large order can't move, beside the KPI that it can.

The share of late orders shows that none came in the afternoon, when their number is still within
its band; prices of the same products and the lines of an order show what an average price and
items per order are too noisy for; the share of lines that come again shows a day that was loaded
twice, the number of returns that none were recorded. Each is forecast and judged like a KPI, and
its evidence is that of the KPI that it stands beside.
"""

from __future__ import annotations

import numpy as np

from detect.detectors import z_score
from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput


def score(features: DetectorInput) -> Evidence:
    """Standardised residuals of what stands beside each series, and their chance, (S, T).

    NaN where nothing does. It is no evidence against a KPI that went the other way, and agrees at
    the KPI's limit of the z-score.
    """
    shape = features.panel.value.shape
    statistic, p_value = np.full(shape, np.nan), np.full(shape, np.nan)
    agrees = np.zeros(shape, dtype=bool)
    if features.typical is not None:
        rows, beside = features.typical.rows, z_score.score(features.typical.features)
        tested = features.tested[rows]
        is_with = features.typical.is_with(beside.statistic, features.forecast.residual[rows])
        statistic[rows], agrees[rows] = beside.statistic, beside.agrees & tested & is_with
        p_value[rows] = np.where(tested, np.where(is_with, beside.p_value, 1.0), np.nan)
    return Evidence(statistic, p_value, agrees, np.ones(shape, dtype=np.int64))


DETECTOR = Detector(
    name="typical_order",
    score=score,
    weight=0.5,
    reason="as good as z_score, of something steadier: on planted days .2 found fewer",
    needs_other_kpis=True,
)
