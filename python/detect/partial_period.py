"""Early warnings: an unfinished period that already has more than a whole one should.

Incomplete periods are never tested: half a day of orders is no anomaly. They do have a lower bound.
A measure that only grows within a period (units, returned revenue) ends no lower than it is now. So
a KPI of such measures ends no lower than if the rest of the period added nothing to its numerator,
and to its denominator as much as a whole large period does. Where even this bound is above the
usual range of a whole period (a week with all of its trading days, also those to come), the rest
can't undo it. These findings have a table of their own.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from detect import anomalies
from detect.anomalies import Scan
from detect.calendar import TradingCalendar, extended
from detect.features import of_rows, prepare
from detect.records import ALL, PERIOD_TO_DATE, Anomaly, Bools, Floats, Kpi, Panel, Series


def select(
    panel: Panel,
    calendar: TradingCalendar,
    accumulating: frozenset[str],
    known: Bools | None = None,
    adopted: Bools | None = None,
) -> list[Anomaly]:
    """Findings on periods after the last complete one, upwards only, in order.

    Args:
        panel: the series.
        calendar: when the shop trades.
        accumulating: measures that only grow within a period.
        known: periods that nothing is learned from, as in `prepare`, (S, T).
        adopted: periods that are the new level, as there, (S, T).
    """
    unfinished = _unfinished(panel)
    rows = np.array([_only_grows(s, accumulating) for s in panel.series])
    if not unfinished.any() or not rows.any():
        return []
    calendar = extended(calendar, panel.period_end()[-1])
    known, adopted = of_rows(known, rows), of_rows(adopted, rows)
    least = _lower_bound(panel.of_rows(rows), unfinished, calendar, known)
    found = anomalies.scan(prepare(least, calendar, known, adopted))
    return [
        dataclasses.replace(a, methods=(PERIOD_TO_DATE, *a.methods))
        for a in anomalies.select(_upwards(found, unfinished))
        if a.is_outside
    ]


def _unfinished(panel: Panel) -> Bools:
    """Periods after the last complete one, (T,)."""
    complete = np.flatnonzero(panel.is_complete.any(axis=0))
    last = complete[-1] if complete.size else panel.period.size
    return np.arange(panel.period.size) > last


def _only_grows(series: Series, accumulating: frozenset[str]) -> bool:
    kpi = series.kpi
    parts = {kpi.numerator} if kpi.denominator is None else {kpi.numerator, kpi.denominator}
    return series.segment == ALL and parts <= accumulating


def _lower_bound(
    panel: Panel, unfinished: Bools, calendar: TradingCalendar, known: Bools | None
) -> Panel:
    """The panel with the lowest value that each unfinished period can still end with."""
    most = panel.denominator + _whole_period(panel, calendar, known)
    ratio = np.array([s.kpi.denominator is not None for s in panel.series])[:, None]
    least = np.where(ratio, panel.numerator / most, panel.numerator)
    value = np.where(unfinished & np.isfinite(least), least, panel.value)
    value = np.where(unfinished & ~np.isfinite(least), np.nan, value)
    return dataclasses.replace(panel, value=value, is_complete=panel.is_complete | unfinished)


def _whole_period(panel: Panel, calendar: TradingCalendar, known: Bools | None) -> Floats:
    """What a big whole period adds to each denominator: the top of its band, (S, T)."""
    plain = tuple(Series(_as_count(s.kpi), s.segment) for s in panel.series)
    counts = dataclasses.replace(panel, series=plain, value=panel.denominator)
    ahead = prepare(counts, calendar, known).forecast
    return np.where(ahead.ready, np.exp(ahead.upper), np.nan)


def _as_count(kpi: Kpi) -> Kpi:
    """The KPI's denominator as a KPI of its own."""
    return dataclasses.replace(
        kpi, numerator=kpi.denominator or kpi.numerator, denominator=None, scale="log"
    )


def _upwards(found: Scan, unfinished: Bools) -> Scan:
    """Only findings above expectation, in unfinished periods."""
    kept = unfinished & (found.features.forecast.residual > 0)
    return dataclasses.replace(found, confidence=np.where(kept, found.confidence, 0.0))
