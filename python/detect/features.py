"""The detectors' input: a panel, its forecast, and which periods may be tested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from detect import calendar as trading
from detect import episodes
from detect.baseline import Forecast, forecast
from detect.baseline.poisson_floor import CountScales, count_scales, with_halves
from detect.baseline.transform import from_scale, slope, to_scale
from detect.baseline.tuning import TUNING
from detect.calendar import CLOSED, TradingCalendar
from detect.episodes import Episodes
from detect.records import (
    ALL,
    DOUBLED,
    ORDERS,
    PERIOD_DAYS,
    RATIO,
    Bools,
    Days,
    Floats,
    Ints,
    Panel,
)

Marks = TypeVar("Marks", Bools, Floats)
RECENT = 20
"""Periods before the tested one that decide whether a series is too thin; chosen by hand."""
MOST_EMPTY = 0.25
"""Share of recent periods without what the KPI measures (off a log scale, or a rate of exactly 0)
above which a series is too thin for a law of its size; by hand."""
MOST_REPEATED = 0.4
"""Share of recent values that repeat the one before, above which there is no spread; by hand."""


@dataclass(frozen=True)
class DetectorInput:
    """A panel with its forecast; `learned` and `tested` say which periods count, (S, T).

    `thin` is where too few of the periods before had business, or hardly two values differed.
    `typical` is None without series of the typical order, `noise` where the forecast has no other
    knowledge of its noise than the series itself; `known` and `adopted` are as given to `prepare`.
    """

    panel: Panel
    calendar: TradingCalendar
    forecast: Forecast
    learned: Bools
    tested: Bools
    thin: Bools
    episodes: Episodes
    typical: Typical | None = None
    noise: Floats | None = None
    known: Bools | None = None
    adopted: Bools | None = None


@dataclass(frozen=True)
class Typical:
    """What the typical order shows: R series with their forecast, and the row of each KPI, (R,)."""

    features: DetectorInput
    rows: Ints

    def is_with(self, own: Floats, of_kpi: Floats) -> Bools:
        """Whether changes are to the same side as the KPI's, (R, T).

        The share of late orders has no side: those that are missing may be the early ones. Nor has
        one of repeated lines that is beyond all chance, however few were sold that day.
        """
        kpis = [s.kpi for s in self.features.panel.series]
        is_share = np.array([k.unit == RATIO for k in kpis], dtype=bool)[:, None]
        is_late = np.array([k.numerator == ORDERS for k in kpis], dtype=bool)[:, None]
        is_sum = np.array([k.denominator is None for k in kpis], dtype=bool)[:, None]
        is_doubled = is_sum & (self.features.panel.value >= DOUBLED) & (own > 0)
        has_no_side = is_share & (is_late | is_doubled)
        return np.asarray((np.sign(own) == np.sign(of_kpi)) | has_no_side)


def prepare(
    panel: Panel,
    calendar: TradingCalendar,
    known: Bools | None = None,
    adopted: Bools | None = None,
    restored: Floats | None = None,
    typical: Panel | None = None,
    noise: Floats | None = None,
) -> DetectorInput:
    """Forecast a panel and mark the periods that may be tested.

    Args:
        panel: the series.
        calendar: when the shop trades.
        known: (S, T), periods known to be incidents: tested, but nothing is learned from them.
        adopted: (S, T), periods known to be the new level: tested, and believed at once.
        restored: (S, T), levels that the baseline goes back to, where no episode is looked for.
        typical: what the typical order shows of some of the KPIs, in the same periods.
        noise: (S, T), see `noise_of_weeks`.

    Never tested: closed days, weeks that a gap touches, incomplete periods, warm-up, small
    segments, series with too little history, too many periods without business or hardly any
    variation, and days that should have been closed.
    """
    kinds = tuple(s.kpi.scale for s in panel.series)
    traded = trading.days_traded(calendar, panel) > 0
    learned = np.isfinite(panel.value) & panel.is_complete & traded
    if panel.grain == "weekly":
        learned &= ~trading.in_gap(calendar, panel.period)
    counts = count_scales(panel)
    values = np.where(learned, to_scale(kinds, with_halves(counts, panel.value)), np.nan)
    trainable = None if known is None else ~known
    known_ahead = trading.regressors(calendar, panel)

    def run(levels: Floats | None, rows: Bools) -> Forecast:
        return forecast(
            values[rows],
            replace(known_ahead, offset=known_ahead.offset[rows]),
            TUNING[panel.grain],
            of_rows(trainable, rows),
            counts.of(rows),
            of_rows(adopted, rows),
            of_rows(levels, rows),
            of_rows(noise, rows),
        )

    thin = _thin(values, learned, np.array(kinds) == "sqrt", counts)
    usable = learned & ~panel.is_warm_up & ~panel.is_small & ~thin
    if panel.grain == "daily":
        usable &= calendar.expected[calendar.position(panel.period)] != CLOSED
    if panel.grain == "daily" and restored is None:
        ahead, found = episodes.follow(panel, run, learned, usable, adopted)
    else:
        ahead = run(restored, np.ones(len(panel.series), dtype=bool))
        found = episodes.none(panel.value.shape, restored)
    seen = DetectorInput(
        panel, calendar, ahead, learned, usable & ahead.ready, thin, found,
        noise=noise, known=known, adopted=adopted,
    )  # fmt: skip
    return seen if typical is None else _with_typical(seen, typical, known, adopted)


def of_rows(marks: Marks | None, rows: Bools | Ints) -> Marks | None:
    """The same of some of the series; None where there are no marks."""
    return None if marks is None else marks[rows]


def noise_of_weeks(days: DetectorInput, weeks: Panel) -> Floats:
    """The size of an error of each week, were the errors of its days independent, (S, T).

    NaN for series that have no days. A week's value is taken for the sum of its days, a ratio's for
    their mean, weighted by denominators.
    """
    place = {(s.kpi.name, s.segment): row for row, s in enumerate(days.panel.series)}
    found = [place.get((s.kpi.name, s.segment), -1) for s in weeks.series]
    rows = np.array(found, dtype=np.int64)
    noise = np.full(weeks.value.shape, np.nan)
    noise[rows >= 0] = _noise_of_weeks(days, rows[rows >= 0], weeks.period)
    return noise


def _noise_of_weeks(days: DetectorInput, rows: Ints, weeks: Days) -> Floats:
    """The same of the daily series in `rows`, each of which is there."""
    kpis = [days.panel.series[row].kpi for row in rows]
    kinds = tuple(kpi.scale for kpi in kpis)
    expected = from_scale(kinds, days.forecast.location[rows])
    sigma, denominator = days.forecast.sigma[rows], days.panel.denominator[rows]
    is_ratio = np.array([kpi.denominator is not None for kpi in kpis])[:, None]
    weight = np.where(is_ratio, denominator, 1.0)
    known = days.learned[rows] & ~days.thin[rows] & np.isfinite(expected * sigma * weight)
    expected, sigma, weight = (np.where(known, x, 0.0) for x in (expected, sigma, weight))
    week = (days.panel.period[:, None] - weeks[None]).astype(np.int64) // PERIOD_DAYS["weekly"]
    of_week = (week == 0).astype(np.float64)
    whole = np.where(is_ratio, weight @ of_week, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (weight * expected) @ of_week / whole
        square = ((weight * slope(kinds, expected) * sigma) ** 2) @ of_week
        noise = np.sqrt(square) / whole / slope(kinds, value)
    return np.where(noise > 0, noise, np.nan)


def _with_typical(
    seen: DetectorInput, typical: Panel, known: Bools | None, adopted: Bools | None
) -> DetectorInput:
    """Forecast what the typical order shows, and add its episodes to those of the KPIs."""
    place = {s.kpi.name: row for row, s in enumerate(seen.panel.series) if s.segment == ALL}
    rows = np.array([place[s.kpi.name] for s in typical.series], dtype=np.int64)
    known, adopted = of_rows(known, rows), of_rows(adopted, rows)
    beside = Typical(prepare(typical, seen.calendar, known, adopted), rows)
    theirs, ahead = beside.features.episodes, seen.forecast
    level = episodes.levels_before(ahead, rows, theirs.first)
    is_with = beside.is_with(
        beside.features.forecast.adjusted - theirs.level, ahead.adjusted[rows] - level
    )
    found = episodes.joined(seen.episodes, theirs, rows, level, is_with)
    return replace(seen, episodes=found, typical=beside)


def adjusted_values(features: DetectorInput) -> Floats:
    """Values without weekday, season and calendar, in the KPI's unit, (S, T); NaN: not learned.

    A week's sum is a day's share there; a value off its scale stands beside what was expected.
    """
    kinds = tuple(s.kpi.scale for s in features.panel.series)
    return from_scale(kinds, features.forecast.adjusted)


def _thin(values: Floats, learned: Bools, roots: Bools, counts: CountScales) -> Bools:
    """Whether too many of the RECENT values before a period were empty or repeated, (S, T).

    Counts may repeat, and be 0 on a root scale: what chance makes of them is known. A rate on that
    scale (`roots`, (S,)) is empty at 0: four orders a day have a return on every third day.
    """
    is_empty = np.isinf(values) | ((roots & ~counts.root)[:, None] & (values == 0))
    empty, again = _before(is_empty), _before(learned & _repeated(values, learned))
    seen = np.maximum(_before(learned), 1)
    return np.asarray(
        (empty > MOST_EMPTY * seen) | (~counts.may_repeat[:, None] & (again > MOST_REPEATED * seen))
    )


def _repeated(values: Floats, learned: Bools) -> Bools:
    """Whether each value equals the last one seen before it, (S, T)."""
    columns = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(learned, columns, -1), axis=1)
    before = np.concatenate([np.full((values.shape[0], 1), -1), last[:, :-1]], axis=1)
    known = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    return np.asarray((before >= 0) & (values == known))


def _before(flags: Bools) -> Floats:
    total = np.concatenate([np.zeros((flags.shape[0], 1)), np.cumsum(flags, axis=1)], axis=1)
    first = np.maximum(np.arange(flags.shape[1]) - RECENT, 0)
    return np.asarray(total[:, :-1] - total[:, first])
