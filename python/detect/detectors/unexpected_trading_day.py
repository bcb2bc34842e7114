"""Off calendar: a day with trade on which the shop should have been closed."""

from __future__ import annotations

from detect.detectors.contract import Detector, Evidence
from detect.detectors.no_data import on_orders
from detect.features import DetectorInput


def score(features: DetectorInput) -> Evidence:
    """Days open when they should be closed, as sure as the weekday has been regular, (S, T)."""
    return on_orders(
        features, features.calendar.open_when_closed(), features.calendar.openness, 1.0
    )


DETECTOR = Detector(
    name="calendar",
    score=score,
    weight=0.0,
    reason="a day that should be closed has no expected value that others could judge",
    decides_alone=True,
)
