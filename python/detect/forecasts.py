"""The forecast of every period in the KPI's unit, and why a period was not tested."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detect import calendar as trading
from detect.anomalies import CALENDAR_METHODS, Scan, bands, shift_start
from detect.calendar import CLOSED
from detect.features import DetectorInput, adjusted_values
from detect.records import ALL, Bools, Floats, Grain


@dataclass(frozen=True)
class PeriodForecast:
    """One period of one series.

    `skip_reason` is None where it was tested, else `incomplete` (covered only in part), `gap` (a
    week that a gap in the data touches), `no_trade`, `closed` (usually closed then), `no_value`,
    `warm_up`, `small` (not among the largest segments), `short_history` or `thin` (too many periods
    without business). `adjusted` is the actual without weekday, season and calendar (of a week: per
    day traded), which trends are tested on; NaN where nothing was learned. `shift_start` is the
    first period of the lasting change that it is part of: there the expectation is that of before
    the change.
    """

    kpi: str
    segment: str
    grain: Grain
    period_start: dt.date
    actual: float
    expected: float
    lower: float
    upper: float
    is_tested: bool
    skip_reason: str | None
    adjusted: float
    shift_start: dt.date | None = None


def build(found: Scan) -> list[PeriodForecast]:
    """Return the forecast of every period of every series.

    A period that was not tested has no expectation (NaN), but for one that is not over yet, and for
    sums of the whole shop on days without the trade that was expected: there it is what is missing.
    """
    panel = found.features.panel
    on_calendar = np.any([found.evidence[name].agrees for name in CALENDAR_METHODS], axis=0)
    judged = found.features.tested | found.features.episodes.is_active | on_calendar
    reasons = _reasons(found.features)
    unfinished = (reasons == "incomplete") & _can_be_expected(found)
    shown = judged | unfinished | _missing(found)
    expected, lower, upper = np.moveaxis(_values(found, shown), -1, 0)
    adjusted = adjusted_values(found.features)
    days = panel.period.astype(object)
    return [
        PeriodForecast(
            series.kpi.name,
            series.segment,
            panel.grain,
            day,
            float(panel.value[row, t]),
            float(expected[row, t]),
            float(lower[row, t]),
            float(upper[row, t]),
            bool(judged[row, t]),
            None if judged[row, t] else str(reasons[row, t]),
            float(adjusted[row, t]),
            shift_start(found.features, row, t),
        )
        for row, series in enumerate(panel.series)
        for t, day in enumerate(days)
    ]


def _missing(found: Scan) -> Bools:
    """Sums of the whole shop on days without the trade that was expected, (S, T)."""
    features = found.features
    sums = [s.kpi.denominator is None and s.segment == ALL for s in features.panel.series]
    no_trade = found.evidence["no_data"].agrees.any(axis=0)
    return np.asarray(_can_be_expected(found) & no_trade & np.array(sums, dtype=bool)[:, None])


def _can_be_expected(found: Scan) -> Bools:
    """Where a forecast means something though nothing was tested, (S, T)."""
    features = found.features
    no_basis = features.panel.is_warm_up | features.panel.is_small | features.thin
    return np.asarray(features.forecast.ready & ~no_basis)


def _values(found: Scan, shown: Bools) -> Floats:
    """Expected, lower and upper where they are shown, else NaN, (S, T, 3)."""
    out = np.full((*shown.shape, 3), np.nan)
    rows, columns = np.nonzero(shown)
    out[rows, columns] = bands(found.features, rows, columns)
    out[found.evidence["calendar"].agrees] = 0.0
    return out


def _reasons(features: DetectorInput) -> NDArray[np.str_]:
    """Why each period would not be tested; the first reason that holds, (S, T)."""
    panel, shape = features.panel, features.panel.value.shape
    traded = np.broadcast_to(trading.has_trade(features.calendar, panel), shape)
    closed, gap = np.zeros((2, *shape), dtype=bool)
    if panel.grain == "weekly":
        gap[:] = trading.in_gap(features.calendar, panel.period)
    if panel.grain == "daily":
        at = features.calendar.position(panel.period)
        closed[:] = features.calendar.expected[at] == CLOSED
    reasons = {
        "incomplete": ~panel.is_complete,
        "gap": gap,
        "closed": closed & traded,
        "no_trade": ~traded,
        "no_value": ~np.isfinite(panel.value),
        "warm_up": panel.is_warm_up,
        "small": panel.is_small,
        "short_history": ~features.forecast.ready,
    }
    return np.asarray(np.select(list(reasons.values()), list(reasons), default="thin"))
