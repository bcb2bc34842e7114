"""From rolling trend tests to trends: one record per gradual change, not one per window.

The search is over many windows, so its p-value pays for them: it decides what is a trend, and how
surely (`confidence`). The statistics of the whole window are pymannkendall's on published values.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from detect.anomalies import Scan
from detect.baseline.transform import from_scale
from detect.detectors.mann_kendall import STRIDE, sen_slope
from detect.features import adjusted_values
from detect.records import Floats, Ints, Trend
from detect.two_groups import SMALLEST

PLAIN, AWARE = "mann_kendall", "mann_kendall_hamed_rao"
PATIENCE = 3
"""Tests without a finding after which a trend is over."""


def select(found: Scan) -> list[Trend]:
    """Trends of a scanned panel, each from the first window that showed it to the last."""
    agrees, adjusted = found.evidence["mann_kendall"].agrees, adjusted_values(found.features)
    trends = [
        _trend(found, adjusted[row], int(row), episode)
        for row in np.flatnonzero(agrees.any(axis=1))
        for episode in _episodes(found, int(row))
    ]
    return sorted(trends, key=lambda t: (t.window_end, t.kpi.name, t.segment))


def _episodes(found: Scan, row: int) -> list[Ints]:
    """Columns of each run of findings in one direction with no long pause."""
    evidence = found.evidence["mann_kendall"]
    columns = np.flatnonzero(evidence.agrees[row])
    order = np.cumsum(found.features.learned[row])[columns]
    sign = np.sign(evidence.statistic[row, columns])
    pause = PATIENCE * STRIDE[found.features.panel.grain]
    breaks = np.flatnonzero((np.diff(order) > pause) | (np.diff(sign) != 0)) + 1
    return np.split(columns, breaks)


def _trend(found: Scan, adjusted: Floats, row: int, columns: Ints) -> Trend:
    panel, evidence = found.features.panel, found.evidence["mann_kendall"]
    best = columns[np.argmin(evidence.p_value[row, columns])]
    first, last = _window_start(found, row, int(columns[0])), int(columns[-1])
    window = np.arange(first, last + 1)[found.features.learned[row, first : last + 1]]
    before, after = _ends(found, row, first, last)
    tau, p_value, method = _test(adjusted[window])
    return Trend(
        kpi=panel.series[row].kpi,
        segment=panel.series[row].segment,
        grain=panel.grain,
        window_start=panel.period[first].astype(dt.date),
        window_end=panel.period_end()[last].astype(dt.date),
        detected_on=panel.period_end()[columns[0]].astype(dt.date),
        direction="increasing" if evidence.statistic[row, best] > 0 else "decreasing",
        tau=tau,
        slope=_slope(panel.value[row, window]),
        relative_change=float(after / before - 1) if before else float("nan"),
        p_value=p_value,
        confidence=_confidence(float(evidence.p_value[row, best])),
        method=method,
    )


def _test(adjusted: Floats) -> tuple[float, float, str]:
    """Tau, p-value and name of the more cautious of pymannkendall's two tests of a window."""
    import pymannkendall  # late, here and below: it brings scipy.stats, which takes its time

    plain = pymannkendall.original_test(adjusted)
    with np.errstate(invalid="ignore", divide="ignore"):  # a corrected variance can be negative
        aware = pymannkendall.hamed_rao_modification_test(adjusted)
    is_aware = bool(aware.p > plain.p)
    return float(plain.Tau), float(aware.p if is_aware else plain.p), AWARE if is_aware else PLAIN


def _slope(values: Floats) -> float:
    """Sen's slope of the KPI's own values, in its unit per period: weekday and season stay."""
    import pymannkendall

    return float(pymannkendall.sens_slope(values).slope)


def _confidence(p_value: float) -> float:
    """Chance of a trend, at most, after a p-value (Sellke, Bayarri & Berger, 2001)."""
    p = max(p_value, SMALLEST)
    return float(1 / (1 - np.e * p * np.log(p)))


def _ends(found: Scan, row: int, first: int, last: int) -> tuple[float, float]:
    """The adjusted values' trend line at both ends of a window, a week's sum as a day's share."""
    values = found.features.forecast.adjusted[row, first : last + 1]
    values = values[np.isfinite(values)]
    slope, middle = float(sen_slope(values[None])[0]), float(np.median(values))
    steps = (values.size - 1) / 2
    ends = np.array([[middle - slope * steps, middle + slope * steps]])
    before, after = from_scale((found.features.panel.series[row].kpi.scale,), ends)[0]
    return float(before), float(after)


def _window_start(found: Scan, row: int, column: int) -> int:
    """The first column of the window that ends in `column`."""
    seen = np.flatnonzero(found.features.learned[row, : column + 1])
    return int(seen[-found.evidence["mann_kendall"].span[row, column]])
