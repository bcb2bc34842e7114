"""Z-score: the forecast error in sigmas, judged by the forecast's own predictive distribution."""

from __future__ import annotations

import numpy as np

from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput


def score(features: DetectorInput) -> Evidence:
    """Standardised one-step-ahead residuals and their predictive tail probability, (S, T)."""
    residual, p_up = features.forecast.residual, features.forecast.p_up
    p_value = np.where(features.tested, np.minimum(1.0, 2 * np.minimum(p_up, 1 - p_up)), np.nan)
    threshold = np.array([s.kpi.z_threshold for s in features.panel.series])[:, None]
    agrees = features.tested & (np.abs(residual) >= threshold)
    return Evidence(residual, p_value, agrees, np.ones(residual.shape, dtype=np.int64))


DETECTOR = Detector(
    name="z_score",
    score=score,
    weight=0.5,
    reason="the whole of the forecast error: the strongest on a single period",
)
