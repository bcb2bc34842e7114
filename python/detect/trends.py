"""Merge rolling trend tests into trends: one record per gradual change, not one per window.

The search is over many windows, so its p-value pays for them: it decides what is a trend. The
statistics of the whole window are pymannkendall's on published values.

A shop's year goes up and down by itself, so a trend is compared with what shares its season: a
member with the rest of the shop (difference in differences on its share), the whole shop with the
same weeks a year ago. It is `abnormal` where it differs, `seasonal` where it does not, `unknown`
where there is nothing to compare with.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from detect.anomalies import Scan
from detect.baseline.transform import from_scale
from detect.baseline.tuning import TUNING
from detect.detectors.mann_kendall import FEWEST, STRIDE, careful, sen_slope
from detect.features import adjusted_values
from detect.records import ABNORMAL, ALL, SEASONAL, UNKNOWN, Floats, Ints, Panel, Trend
from detect.two_groups import SMALLEST

PLAIN, AWARE = "mann_kendall", "mann_kendall_hamed_rao"
DIFFERS = 0.01
"""p-value of a comparison from which a trend is abnormal: each trend is compared once."""
SAME_AS_THEN = 0.05
"""p-value from which the same weeks a year ago went the same way; chosen by hand."""
COMPARED = 0.8
"""Share of a trend's periods that must have one to be compared with; chosen by hand."""
ABNORMAL_SHARE = {ABNORMAL: 1.0, UNKNOWN: 0.2, SEASONAL: 0.05}
"""Chance that a trend which is there is no season. Unknown: of 19 declines that were planted into a
first year, 4 were found beyond the trends of the undisturbed copy; seasonal: chosen by hand."""
PATIENCE = 3
"""Tests without a finding after which a trend is over."""


def select(found: Scan) -> list[Trend]:
    """Trends of a scanned panel, each from the first window that showed it to the last."""
    agrees, adjusted = found.evidence["mann_kendall"].agrees, adjusted_values(found.features)
    trends = [
        trend
        for row in np.flatnonzero(agrees.any(axis=1))
        for episode in _episodes(found, int(row))
        for trend in [_trend(found, adjusted[row], int(row), episode)]
        # The whole window goes the way of its parts, and its values move at all.
        if (trend.tau > 0) == (trend.direction == "increasing") and trend.tau * trend.slope != 0
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
    last = int(columns[-1])
    seen = np.flatnonzero(found.features.learned[row, : columns[0] + 1])
    first = int(seen[-evidence.span[row, columns[0]]])
    window = np.arange(first, last + 1)[found.features.learned[row, first : last + 1]]
    before, after = _ends(found, row, first, last)
    tau, p_value, method = _test(adjusted[window])
    is_rising = bool(evidence.statistic[row, best] > 0)
    kind, compared = _kind(found, row, window, is_rising=is_rising)
    sure = min(_confidence(float(evidence.p_value[row, best])), _confidence(compared))
    return Trend(
        kpi=panel.series[row].kpi,
        segment=panel.series[row].segment,
        grain=panel.grain,
        window_start=panel.period[first].astype(dt.date),
        window_end=panel.period_end()[last].astype(dt.date),
        detected_on=panel.period_end()[columns[0]].astype(dt.date),
        direction="increasing" if is_rising else "decreasing",
        tau=tau,
        slope=_slope(panel.value[row, window]),
        relative_change=float(after / before - 1) if before else float("nan"),
        p_value=p_value,
        confidence=sure * ABNORMAL_SHARE[kind],
        method=method,
        kind=kind,
    )


def _kind(found: Scan, row: int, window: Ints, *, is_rising: bool) -> tuple[str, float]:
    """Whether a trend is the season's, and the p-value of the comparison; 0 where it is."""
    series = found.features.panel.series[row]
    if series.segment != ALL:
        is_sum = series.kpi.denominator is None
        beside = _test_of(_share(found.features.panel, row)[window]) if is_sum else None
        if beside is None:
            return UNKNOWN, 0.0
        return (
            (ABNORMAL, beside[1])
            if _goes(beside, DIFFERS, is_rising=is_rising)
            else (SEASONAL, 0.0)
        )
    adjusted = found.features.forecast.adjusted[row]
    year_ago = window - TUNING[found.features.panel.grain].year
    known = (year_ago >= 0) & ~found.features.panel.is_warm_up[row, np.maximum(year_ago, 0)]
    then = np.where(known, adjusted[np.maximum(year_ago, 0)], np.nan)
    since, before = _test_of(adjusted[window] - then), _test_of(then)
    if since is not None and _goes(since, DIFFERS, is_rising=is_rising):
        return ABNORMAL, since[1]
    if before is not None and _goes(before, SAME_AS_THEN, is_rising=is_rising):
        return SEASONAL, 0.0
    return UNKNOWN, 0.0


def _share(panel: Panel, row: int) -> Floats:
    """Log odds of a member's share of its KPI, (T,); NaN where it or the rest has nothing."""
    name = panel.series[row].kpi.name
    mine = panel.value[row]
    whole = np.nansum([panel.value[i] for i, s in enumerate(panel.series) if s.kpi.name == name], 0)
    rest = whole - mine
    known = (mine > 0) & (rest > 0)
    return np.where(known, np.log(np.where(known, mine, 1.0) / np.where(known, rest, 1.0)), np.nan)


def _test_of(values: Floats) -> tuple[float, float] | None:
    """Tau and p-value of some values; None where too many are missing."""
    known = values[np.isfinite(values)]
    if known.size < max(COMPARED * values.size, FEWEST):
        return None
    test = careful(known[None])
    return float(test.tau[0]), float(test.p_value[0])


def _goes(test: tuple[float, float], alpha: float, *, is_rising: bool) -> bool:
    tau, p_value = test
    return p_value <= alpha and (tau > 0) == is_rising


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
