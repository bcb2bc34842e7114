"""From rolling trend tests to trends: one record per gradual change, not one per window."""

from __future__ import annotations

import datetime as dt

import numpy as np

from detect.anomalies import Scan
from detect.baseline.scale import from_scale
from detect.confidence import SMALLEST
from detect.detectors.mann_kendall import STRIDE, careful, mann_kendall, sen_slope
from detect.records import Ints, Trend
from detect.view import View

PLAIN, AWARE = "mann_kendall", "mann_kendall_hamed_rao"
PATIENCE = 3
"""Tests without a finding after which a trend is over."""


def find(found: Scan) -> list[Trend]:
    """Trends of a scanned panel, each from the first window that showed it to the last."""
    agrees = found.evidence["mann_kendall"].agrees
    trends = [
        _trend(found, int(row), episode)
        for row in np.flatnonzero(agrees.any(axis=1))
        for episode in _episodes(found, int(row))
    ]
    return sorted(trends, key=lambda t: (t.window_end, t.kpi.name, t.segment))


def _episodes(found: Scan, row: int) -> list[Ints]:
    """Columns of each run of findings in one direction with no long pause."""
    evidence = found.evidence["mann_kendall"]
    columns = np.flatnonzero(evidence.agrees[row])
    order = np.cumsum(found.view.learned[row])[columns]
    sign = np.sign(evidence.statistic[row, columns])
    pause = PATIENCE * STRIDE[found.view.panel.grain]
    breaks = np.flatnonzero((np.diff(order) > pause) | (np.diff(sign) != 0)) + 1
    return np.split(columns, breaks)


def _trend(found: Scan, row: int, columns: Ints) -> Trend:
    panel, evidence = found.view.panel, found.evidence["mann_kendall"]
    best = columns[np.argmin(evidence.p_value[row, columns])]
    first, last = _reach(found, row, int(columns[0])), int(columns[-1])
    before, after = _ends(found, row, first, last)
    p_value = float(evidence.p_value[row, best])
    return Trend(
        kpi=panel.series[row].kpi,
        segment=panel.series[row].segment,
        grain=panel.grain,
        window_start=panel.period[first].astype(dt.date),
        window_end=panel.period_end()[last].astype(dt.date),
        detected_on=panel.period_end()[columns[0]].astype(dt.date),
        direction="increasing" if evidence.statistic[row, best] > 0 else "decreasing",
        tau=float(evidence.statistic[row, best]),
        slope=published_slope(found.view, row, first, last),
        relative_change=float(after / before - 1) if before else float("nan"),
        p_value=p_value,
        confidence=float(1 / (1 - np.e * max(p_value, SMALLEST) * np.log(max(p_value, SMALLEST)))),
        method=_method(found, row, int(best)),
    )


def published_slope(view: View, row: int, first: int, last: int) -> float:
    """Sen's slope of the KPI's own values in a window, in its unit per period of the grain.

    Closed and incomplete periods are left out; weekday and season are not.
    """
    window = slice(first, last + 1)
    values = view.panel.value[row, window][view.learned[row, window]]
    return float(sen_slope(values[None])[0])


def _ends(found: Scan, row: int, first: int, last: int) -> tuple[float, float]:
    """The adjusted values' trend line at both ends of a window, a week's sum as a day's share."""
    values = found.view.forecast.adjusted[row, first : last + 1]
    values = values[np.isfinite(values)]
    slope, middle = float(sen_slope(values[None])[0]), float(np.median(values))
    steps = (values.size - 1) / 2
    ends = np.array([[middle - slope * steps, middle + slope * steps]])
    before, after = from_scale((found.view.panel.series[row].kpi.scale,), ends)[0]
    return float(before), float(after)


def _method(found: Scan, row: int, column: int) -> str:
    """Whether autocorrelation asked for Hamed and Rao's correction in the most telling window."""
    seen = np.flatnonzero(found.view.learned[row, : column + 1])
    window = seen[-found.evidence["mann_kendall"].span[row, column] :]
    values = found.view.forecast.adjusted[row, window][None]
    plain, used = mann_kendall(values), careful(values)
    return AWARE if used.p_value[0] > plain.p_value[0] else PLAIN


def _reach(found: Scan, row: int, column: int) -> int:
    """The first column of the window that ends in `column`."""
    seen = np.flatnonzero(found.view.learned[row, : column + 1])
    return int(seen[-found.evidence["mann_kendall"].span[row, column]])
