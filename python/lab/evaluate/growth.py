"""What detection costs as series and days grow: all detectors, on one core."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from detect import anomalies, calendar
from detect.features import prepare
from detect.records import ALL, Dates, Kpi, Panel, Series

SIZES = ((100, 400), (1_000, 400), (10_000, 400), (1_000, 800), (1_000, 1_600))
NOISE, SEED = 0.2, 1
KPI = Kpi(
    name="revenue", label="Revenue", owner="", cadence="daily", unit="currency", direction="up",
    scale="log", segment_by="product", numerator="net_revenue", denominator=None, z_threshold=3.0,
    iqr_threshold=1.5, trend_alpha=0.01, min_confidence=0.5, materiality_absolute=0.0,
    materiality_relative=0.0, warm_up_days=0,
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Seconds for so many series of so many days."""

    series: int
    days: int
    seconds: float


def measure() -> list[Cost]:
    """Scan simulated segments of growing number and length, once each."""
    return [_cost(series, days) for series, days in SIZES]


def _cost(series: int, days: int) -> Cost:
    dates = _dates(days)
    panel = _panel(series, dates)
    started = time.process_time()
    anomalies.scan(prepare(panel, calendar.learn(dates)))
    return Cost(series, days, time.process_time() - started)


def _dates(days: int) -> Dates:
    day = np.datetime64("2011-01-03") + np.arange(days)
    weekday = np.arange(days) % 7 + 1
    every = np.ones(days, dtype=bool)
    return Dates(day, weekday, weekday != 7, every, day[:0])


def _panel(series: int, dates: Dates) -> Panel:
    rng = np.random.default_rng(SEED)
    shape = (series, dates.day.size)
    value = np.exp(5 + rng.normal(0, NOISE, shape)) * dates.is_trading
    names = tuple(Series(KPI, f"{nth}" if nth else ALL) for nth in range(series))
    complete, never = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    return Panel(
        "daily", names, dates.day, value, value, np.full(shape, np.nan), complete, never, never
    )  # fmt: skip
