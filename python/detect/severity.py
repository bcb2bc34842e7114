"""The severity of a finding, and whether it is good or bad news."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from detect.records import SEVERITIES, Kpi

MILDEST = SEVERITIES[0]
SURE, VERY_SURE = 0.9, 0.99
"""Confidence that `high` and `critical` ask for; chosen by hand."""
LARGE, HUGE = 2.0, 4.0
"""Multiples of the materiality floor that `high` and `critical` ask for; chosen by hand."""


def favourability(kpi: Kpi, change: float) -> str:
    """Whether a change is good, bad or neutral news."""
    if kpi.direction == "none" or change == 0:
        return "neutral"
    return "good" if (change > 0) == (kpi.direction == "up") else "bad"


def materiality(kpi: Kpi, actual: float, expected: float) -> float:
    """Size of a change in multiples of the KPI's floor, absolute or relative, the stricter."""
    change = abs(actual - expected)
    absolute = change / kpi.materiality_absolute if kpi.materiality_absolute else np.inf
    floor = kpi.materiality_relative * abs(expected)
    relative = change / floor if floor else np.inf
    return float(min(absolute, relative))


def severity(kpi: Kpi, actual: float, expected: float, sure: float) -> str:
    """Rank a finding by certainty, size against the floor, and whether it is bad news."""
    size = materiality(kpi, actual, expected)
    if size < 1:
        return "low"
    if sure >= VERY_SURE and size >= HUGE and favourability(kpi, actual - expected) == "bad":
        return "critical"
    return "high" if sure >= SURE and size >= LARGE else "medium"


def of_incident(severities: Iterable[str], *, is_fault: bool) -> str:
    """The gravest of its findings.

    `is_fault` says that the data look at fault on days of a planned event: then it is medium at
    least, as no event explains that.
    """
    gravest = max(severities, key=SEVERITIES.index)
    return max(gravest, "medium", key=SEVERITIES.index) if is_fault else gravest
