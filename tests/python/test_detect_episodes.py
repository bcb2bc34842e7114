"""A change that stays: found within days, held against what was before it, and ended rightly."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import numpy as np
import pytest

from detect import anomalies, calendar, forecasts, incidents, recovery
from detect.anomalies import Scan
from detect.episodes import LONGEST, SETTLED_AFTER
from detect.features import prepare
from detect.records import Anomaly, Bools, Floats, Kpi, Series
from detect.recovery import stayed_on
from test_detect_shop import dates, kpi, panel

LENGTH = 300
SEEDS = range(12)
USUAL = 40.0


def orders(seed: int) -> Floats:
    """A shop of 40 orders a day, with 15 % of noise beyond that of counting, closed on Sundays."""
    rng = np.random.default_rng(seed)
    return rng.poisson(USUAL * np.exp(0.15 * rng.normal(size=LENGTH))).astype(np.float64)


def start_at(trading_day: int) -> int:
    """The place of a trading day among all days."""
    return int(np.flatnonzero(dates(LENGTH).is_trading)[trading_day])


def scan(values: Floats, definition: Kpi | None = None, adopted: Bools | None = None) -> Scan:
    """Scan one KPI of the whole shop, by day."""
    counts = definition or kpi(unit="count", level_shift_threshold=3.6)
    traded = np.where(dates(values.size).is_trading, values, np.nan)[None]
    trading = calendar.learn(dates(values.size))
    return anomalies.scan(prepare(panel(traded, counts), trading, None, adopted))


def lasting(found: Scan) -> list[Anomaly]:
    return [a for a in anomalies.select(found) if a.shift_start]


def fallen(seed: int, to: float, first: int, days: int = LENGTH) -> Floats:
    values = orders(seed)
    values[first : first + days] = np.random.default_rng(seed + 99).binomial(
        values[first : first + days].astype(np.int64), to
    )
    return values


def test_a_fall_of_two_fifths_that_stays_is_found_within_twelve_trading_days() -> None:
    first = start_at(120)
    delays = []
    for seed in SEEDS:
        shown = [a for a in lasting(scan(fallen(seed, 0.6, first))) if a.direction == "down"]
        when = dates(LENGTH)
        found = np.datetime64(shown[0].period_start) if shown else when.day[-1]
        delays.append(int(when.is_trading[first : np.searchsorted(when.day, found)].sum()))
    assert sum(delay < 12 for delay in delays) >= len(delays) - 1
    assert np.median(delays) <= 6


def test_an_undisturbed_shop_has_hardly_any() -> None:
    assert sum(bool(lasting(scan(orders(seed)))) for seed in SEEDS) <= 2


def test_a_level_that_falls_as_it_fell_a_year_ago_is_no_change() -> None:
    rng, fall = np.random.default_rng(5), slice(300, 330)
    usual = USUAL * np.exp(0.15 * rng.normal(size=800))
    for day, times in ((fall.start, 0.5), (fall.start + 364, 0.5), (500, 0.5)):
        usual[day : day + 30] *= times
    shown = lasting(scan(rng.poisson(usual).astype(np.float64)))
    fallen_on = {
        int((np.datetime64(a.shift_start) - dates(800).day[0]).astype(int))
        for a in shown if a.direction == "down"
    }  # fmt: skip
    assert any(abs(day - fall.start) < 9 for day in fallen_on)
    assert any(abs(day - 500) < 9 for day in fallen_on)
    assert not any(abs(day - fall.start - 364) < 30 for day in fallen_on)


def test_its_days_are_held_against_what_was_before_it() -> None:
    first = start_at(120)
    shown = lasting(scan(fallen(3, 0.5, first)))
    assert len(shown) >= 5
    for a in shown:
        assert a.expected == pytest.approx(USUAL, rel=0.2)
        assert a.z_score < 0
        assert "level_shift" in a.methods
        assert abs(a.shift_start - dates(LENGTH).day[first].astype(dt.date)) <= dt.timedelta(days=6)  # type: ignore[operator]
    sure = [a.confidence for a in shown]
    assert sure == sorted(sure)


def test_after_a_month_the_new_level_is_what_is_expected() -> None:
    first = start_at(120)
    found = scan(fallen(3, 0.5, first))
    rows = forecasts.build(found)
    ours = [r for r in rows if r.shift_start and r.is_tested]
    assert sum(ours[0].shift_start <= r.period_start <= ours[-1].period_start
               for r in rows if r.is_tested) == LONGEST  # type: ignore[operator]  # fmt: skip
    later = [r.expected for r in rows if r.is_tested and r.period_start > ours[-1].period_start]
    assert np.mean(later) == pytest.approx(USUAL / 2, rel=0.15)
    group = {("order_count", "all", "daily"): rows}
    shown = lasting(found)
    assert stayed_on(shown[-1], group) == ours[-1].period_start  # type: ignore[arg-type]
    assert recovery.end(shown[-1], shown, group, {}, {}).recovered_on == ours[-1].period_start  # type: ignore[arg-type]


def test_an_outage_that_ends_leaves_no_echo_and_no_low_baseline() -> None:
    first, days = start_at(120), 14
    found = scan(fallen(3, 0.4, first, days))
    assert {a.direction for a in lasting(found)} == {"down"}
    end = dates(LENGTH).day[first + days + 10].astype(dt.date)
    assert [a for a in anomalies.select(found) if a.period_start > end] == []
    rows = [r for r in forecasts.build(found) if r.is_tested and r.period_start > end]
    assert rows[0].expected == pytest.approx(USUAL, rel=0.2)
    days = lasting(found)
    over = recovery.end(days[0], days, {("order_count", "all", "daily"): rows}, {}, {}).recovered_on  # type: ignore[arg-type]
    assert over is not None
    assert stayed_on(lasting(found)[0], {("order_count", "all", "daily"): rows}) is None  # type: ignore[arg-type]


def test_what_comes_back_is_held_against_the_money_before_the_outage() -> None:
    first, days = start_at(120), 14
    money = kpi("total_revenue", unit="currency", numerator="net_revenue", level_shift_threshold=4)
    other = kpi("new_customers", unit="count", level_shift_threshold=3.6)
    traded = dates(LENGTH).is_trading
    values = np.stack([fallen(3, 0.4, first, days), orders(5)])
    values[1, first - 40 : first + days] *= 0.3  # what comes back later than the money fell
    both = panel(np.where(traded, values, np.nan), money)
    both = dataclasses.replace(both, series=(both.series[0], Series(other, "all")))
    found = anomalies.scan(prepare(both, calendar.learn(dates(LENGTH))))
    of_money = [r for r in forecasts.build(found) if r.kpi == "total_revenue" and r.is_tested]
    back = dates(LENGTH).day[first + days].astype(dt.date)
    after = [r.expected for r in of_money if back <= r.period_start < back + dt.timedelta(days=30)]
    assert min(after) > 0.75 * USUAL


def test_the_days_of_one_change_are_one_incident() -> None:
    values = fallen(3, 0.5, start_at(120))
    for friday_and_saturday in (130, 131):
        values[start_at(friday_and_saturday)] = 1.4 * USUAL
    named = incidents.group(lasting(scan(values)))
    days = [a.period_start for a in named]
    assert max(b - a for a, b in itertools.pairwise(days)) > dt.timedelta(days=3)
    assert len({a.incident_id for a in named}) == 1


def test_what_else_moves_while_it_lasts_is_an_incident_by_itself() -> None:
    shown = lasting(scan(fallen(3, 0.5, start_at(120))))
    other = dataclasses.replace(
        shown[-1], anomaly_id="other", kpi=kpi(name="return_rate"), direction="up", shift_start=None
    )
    first = dataclasses.replace(other, anomaly_id="first", period_start=shown[0].period_start)
    named = {a.anomaly_id: a.incident_id for a in incidents.group([*shown, other, first])}
    assert named["other"] != named[shown[-1].anomaly_id]
    assert named["first"] == named[shown[0].anomaly_id]


@pytest.mark.parametrize("cut", [125, 130, 140, 160])
def test_what_comes_later_changes_no_verdict(cut: int) -> None:
    values = fallen(3, 0.4, start_at(120), 14)
    end = start_at(cut)
    whole = [a for a in anomalies.select(scan(values)) if
             np.datetime64(a.period_start) < dates(LENGTH).day[end]]  # fmt: skip
    assert anomalies.select(scan(values[:end])) == whole


def test_the_limit_decides_and_a_stricter_one_finds_no_more() -> None:
    values = fallen(3, 0.55, start_at(120))
    counts = [
        len(lasting(scan(values, kpi(unit="count", level_shift_threshold=limit))))
        for limit in (3.0, 4.5, 50.0)
    ]
    assert counts[0] > 0
    assert counts[1] > 0
    assert counts[2] == 0


def test_a_level_said_to_be_the_new_normal_ends_it() -> None:
    values = fallen(3, 0.5, start_at(120))
    shown = lasting(scan(values))
    told = np.zeros((1, LENGTH), dtype=bool)
    day = int((np.datetime64(shown[1].period_start) - dates(LENGTH).day[0]).astype(int))
    told[0, day] = True
    after = scan(values, adopted=told)
    assert [a.period_start for a in lasting(after)] == [shown[0].period_start]
    assert after.features.episodes.is_settled[0, start_at(120) - 1]
    settled = np.flatnonzero(~after.features.episodes.is_settled[0])
    assert settled.size == SETTLED_AFTER + 1
