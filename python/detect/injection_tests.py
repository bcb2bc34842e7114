"""Injection tests: changes injected into a copy of the latest periods, and which are caught."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from detect.anomalies import Scan
from detect.diagnostics import replay, value_range
from detect.records import ALL, Bools, Grain

PERIODS = 8
"""Latest tested periods of each KPI that changes are injected into; chosen by hand."""
CHANGES = np.array([-0.7, -0.5, -0.3, 0.5, 1.0, 2.0])
"""Relative to the real value; chosen by hand."""


@dataclass(frozen=True)
class InjectionTest:
    """One injected change; `injected` is the KPI's value with it."""

    kpi: str
    segment: str
    grain: Grain
    period_start: dt.date
    relative_change: float
    injected: float
    confidence: float
    is_caught: bool


def inject(found: Scan) -> list[InjectionTest]:
    """Inject every change into the latest periods of every whole-shop KPI at its own cadence.

    Each is injected alone, into a copy. What the KPI can't be, as a share above 1, is left out.
    """
    panel = found.features.panel
    own = np.array([s.segment == ALL and s.kpi.cadence == panel.grain for s in panel.series])
    rows, columns = np.nonzero(_latest(found.features.tested & own[:, None]))
    if rows.size == 0:
        return []
    injected = panel.value[rows, columns][:, None] * (1 + CHANGES)
    low, high = value_range(found.features, rows)
    possible = (injected >= low) & (injected <= high)
    sure = replay(found, rows, columns, np.clip(injected, low, high))
    return [
        InjectionTest(
            panel.series[row].kpi.name,
            panel.series[row].segment,
            panel.grain,
            panel.period[column].astype(dt.date),
            float(change),
            float(injected[i, j]),
            float(sure[i, j]),
            bool(sure[i, j] >= panel.series[row].kpi.min_confidence),
        )
        for i, (row, column) in enumerate(zip(rows, columns, strict=True))
        for j, change in enumerate(CHANGES)
        if possible[i, j]
    ]


def _latest(tested: Bools) -> Bools:
    """The last PERIODS tested periods of each row."""
    left = np.cumsum(tested[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(tested & (left <= PERIODS))
