"""A trend of the season is told from one that is not, by last year and by the rest of the shop."""

from __future__ import annotations

import dataclasses

import numpy as np

from detect import anomalies, calendar, trends
from detect.features import prepare
from detect.records import ABNORMAL, SEASONAL, UNKNOWN, Series, Trend
from test_detect_shop import dates, kpi, panel

YEAR = 364
DECLINE = slice(YEAR + 150, YEAR + 234)
"""Twelve weeks of the second year, in which the season rises."""


def found(*values: np.ndarray, segments: tuple[str, ...] = ("all",)) -> list[Trend]:
    """Trends of a KPI's series over their days."""
    table = np.stack(values)
    known = dates(table.shape[1])
    by = None if segments == ("all",) else "country"
    definition = kpi("orders", segment_by=by)
    plain = panel(np.where(known.is_trading, table, np.nan), *[definition] * len(table))
    series = tuple(Series(definition, name) for name in segments)
    given = dataclasses.replace(plain, series=series)
    return trends.select(anomalies.scan(prepare(given, calendar.learn(known))))


def season(days: int, seed: int = 1) -> np.ndarray:
    """Orders that rise and fall by two fifths over the year."""
    noise = 0.08 * np.random.default_rng(seed).normal(size=days)
    return np.asarray(300 * np.exp(0.4 * np.sin(2 * np.pi * np.arange(days) / YEAR) + noise))


def begun(rows: list[Trend], day: int) -> list[Trend]:
    """Trends that begin on a day or later."""
    return [t for t in rows if np.datetime64(t.window_start) >= np.datetime64("2024-01-01") + day]


def test_in_a_first_year_nobody_can_tell_a_trend_from_the_season() -> None:
    rows = found(season(YEAR))
    assert rows
    assert {t.kind for t in rows} == {UNKNOWN}
    assert max(t.confidence for t in rows) <= 0.2


def test_what_went_the_same_way_a_year_ago_is_the_season() -> None:
    rows = begun(found(season(2 * YEAR)), YEAR)
    assert rows
    assert {t.kind for t in rows} == {SEASONAL}
    assert max(t.confidence for t in rows) <= 0.05


def test_a_decline_that_last_year_did_not_have_is_abnormal() -> None:
    values = season(2 * YEAR)
    values[DECLINE] *= np.linspace(1.0, 0.6, DECLINE.stop - DECLINE.start)
    values[DECLINE.stop :] *= 0.6
    rows = begun(found(values), YEAR)
    assert {(t.direction, t.kind) for t in rows} == {
        ("decreasing", ABNORMAL), ("increasing", SEASONAL),
    }  # fmt: skip
    assert max(t.confidence for t in rows) > 0.9


def test_a_member_is_compared_with_the_rest_of_the_shop() -> None:
    names = ("France", "Norway", "Spain")
    falls = np.ones(250)
    falls[120:204] = np.linspace(1.0, 0.6, 84)
    falls[204:] = 0.6
    alone = [season(250, seed) for seed in (1, 2, 3)]
    alone[0] = alone[0] * falls
    kinds = {t.segment: t.kind for t in begun(found(*alone, segments=names), 50)}
    assert kinds == {"France": ABNORMAL, "Norway": SEASONAL, "Spain": SEASONAL}
    together = [season(250, seed) * falls for seed in (1, 2, 3)]
    kinds = {t.segment: t.kind for t in begun(found(*together, segments=names), 50)}
    assert kinds == dict.fromkeys(names, SEASONAL)


def test_no_trend_contradicts_its_own_figures() -> None:
    trends = [t for seed in range(6) for t in found(season(2 * YEAR, seed))]
    assert {t.direction for t in trends} == {"increasing", "decreasing"}
    for t in trends:
        assert (t.tau > 0) == (t.direction == "increasing")
        assert t.slope != 0
