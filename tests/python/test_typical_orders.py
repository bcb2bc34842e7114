"""What the typical order shows tells of days and changes that a KPI is too noisy for."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from detect import anomalies, calendar
from detect.features import prepare
from detect.records import INDEX, RATIO, Anomaly, Floats, Kpi, Panel
from test_detect_shop import dates, kpi, panel

LENGTH, PLACE = 260, 210
"""Days, and the place of one of trade."""
AVERAGE = kpi("average_price", unit="currency", level_shift_threshold=4.2, materiality_absolute=0.1)


def noisy(noise: float, seed: int) -> Floats:
    """Prices around 2, on the days of trade."""
    values = 2 * np.exp(noise * np.random.default_rng(seed).normal(size=LENGTH))
    return np.where(dates(LENGTH).is_trading, values, np.nan)


def on_the_day(found: list[Anomaly]) -> list[Anomaly]:
    return [a for a in found if np.datetime64(a.period_start) == dates(LENGTH).day[PLACE]]


def scanned(
    average: Floats, typical: Floats, unit: str = "currency", of: Kpi = AVERAGE
) -> list[Anomaly]:
    """Findings of an average price with what the typical order shows beside it."""
    beside = dataclasses.replace(of, label="Typical price", unit=unit)
    given: tuple[Panel, Panel] = (panel(average[None], of), panel(typical[None], beside))
    seen = prepare(given[0], calendar.learn(dates(LENGTH)), typical=given[1])
    return anomalies.select(anomalies.scan(seen))


def test_a_day_that_only_the_typical_order_shows_is_found_and_said() -> None:
    average, typical = noisy(0.3, 1), noisy(0.03, 2)
    average[PLACE], typical[PLACE] = 2 * 0.85, 2 * 0.7
    assert not on_the_day(scanned(average, noisy(0.03, 2)))
    (found,) = on_the_day(scanned(average, typical))
    assert found.kpi.name == "average_price"
    assert "typical_order" in found.methods
    assert (found.direction, found.actual) == ("down", 1.7)
    assert (found.typical_label, found.typical_unit) == ("Typical price", "currency")
    assert found.typical_actual == pytest.approx(1.4)
    assert found.typical_expected == pytest.approx(2, rel=0.05)


def test_it_says_nothing_of_a_kpi_that_went_the_other_way() -> None:
    average, typical = noisy(0.3, 1), noisy(0.03, 2)
    average[PLACE], typical[PLACE] = 2 * 1.15, 2 * 0.7
    assert not on_the_day(scanned(average, typical))


def test_a_share_speaks_for_changes_to_either_side() -> None:
    average, typical = noisy(0.3, 1), noisy(0.03, 2)
    average[PLACE], typical[PLACE] = 2 * 1.15, 2 * 0.7
    assert [a.direction for a in on_the_day(scanned(average, typical, RATIO))] == ["up"]


@pytest.mark.parametrize(
    ("kpi_to", "share", "to", "is_found"),
    [(1.15, 0.01, 1.4, True), (0.85, 0.01, 1.4, False), (1.15, 0.01, 0.7, False),
     (0.85, 0.3, 1.4, True)],
)  # fmt: skip
def test_repeated_lines_speak_for_more_sales_and_for_fewer_only_beyond_all_chance(
    kpi_to: float, share: float, to: float, is_found: bool
) -> None:
    sold, repeated = noisy(0.3, 1), noisy(0.03, 2) * share / 2
    sold[PLACE], repeated[PLACE] = 2 * kpi_to, share * to
    units = dataclasses.replace(AVERAGE, numerator="units")
    assert bool(on_the_day(scanned(sold, repeated, RATIO, units))) == is_found


def test_a_change_of_it_that_stays_is_one_of_the_kpi() -> None:
    average, typical = noisy(0.3, 1), noisy(0.03, 2)
    average[PLACE:] *= 0.8
    typical[PLACE:] *= 0.8
    assert not any(a.shift_start for a in scanned(average, noisy(0.03, 2)))
    found = [a for a in scanned(average, typical) if a.shift_start]
    first = dates(LENGTH).day[PLACE].astype(dt.date)
    assert found
    assert all(abs(a.shift_start - first) <= dt.timedelta(days=7) for a in found if a.shift_start)
    assert {a.direction for a in found} == {"down"}
    assert all(a.expected == pytest.approx(2, rel=0.2) for a in found)
    assert all(a.typical_label == "Typical price" for a in found)


def test_an_index_that_stands_still_shows_when_all_prices_rise_but_no_percent() -> None:
    traded = dates(LENGTH).is_trading
    still = np.where(traded, 100.0, np.nan)
    for percent, methods in ((10, True), (1, False)):
        average, index = noisy(0.3, 1), still.copy()
        average[PLACE] = 2 * (1 + percent / 100)
        index[PLACE] += percent
        found = on_the_day(scanned(average, index, INDEX))
        assert ["typical_order" in a.methods for a in found] == [True] * methods
    # Prices that move by themselves have noise of their own.
    average[PLACE] = 2.2
    assert not on_the_day(scanned(average, 50 * noisy(0.1, 2), INDEX))
