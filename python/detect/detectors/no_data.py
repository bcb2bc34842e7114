"""No data: a day without any trade on which the shop should have been open."""

from __future__ import annotations

import numpy as np

from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput
from detect.records import Bools, Floats, Panel


def score(features: DetectorInput) -> Evidence:
    """Days closed when they should be open, as sure as the weekday has been regular, (S, T)."""
    return on_orders(
        features, features.calendar.closed_when_open(), 1 - features.calendar.openness, -1.0
    )


def on_orders(features: DetectorInput, days: Bools, p_value: Floats, sign: float) -> Evidence:
    """Evidence about calendar days (D,), placed on the KPI that counts orders."""
    shape = features.panel.value.shape
    flagged = np.zeros(shape, dtype=bool)
    chance = np.full(shape, np.nan)
    if features.panel.grain == "daily":
        at = features.calendar.position(features.panel.period)
        flagged[_counts_orders(features.panel)] = days[at]
        chance = np.where(flagged, p_value[at], np.nan)
    span = flagged.astype(np.int64)
    return Evidence(np.where(flagged, sign, np.nan), chance, flagged, span)


def _counts_orders(panel: Panel) -> Bools:
    return np.array([
        s.kpi.numerator == "orders" and s.kpi.denominator is None and s.kpi.segment_by is None
        for s in panel.series
    ])  # fmt: skip


DETECTOR = Detector(
    name="no_data",
    score=score,
    weight=0.0,
    reason="a day without trade has no value that others could judge",
    decides_alone=True,
)
