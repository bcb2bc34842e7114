"""Trends, early warnings and the honesty tables say what the data can bear, and no more."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import numpy as np
import pymannkendall as mk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect import anomalies, calendar, diagnostics, injection_tests, partial_period, trends
from detect.anomalies import Scan
from detect.detectors import DETECTORS
from detect.features import prepare
from detect.records import Anomaly, Bools, Panel
from retail.jobs.detection import explanation_cache, pipeline
from test_detect_shop import DAYS, build, dates, kpi, panel, segments

UNITS = kpi("units_sold", numerator="units")
PER_ORDER = kpi("items_per_order", numerator="units", denominator="orders")
GROWING = frozenset({"units", "orders"})


def shop(seed: int = 2) -> Panel:
    """Orders, units and units per order with even noise, closed on Saturdays."""
    rng = np.random.default_rng(seed)
    closed = np.arange(DAYS) % 7 == 5
    orders = np.where(closed, 0.0, 100 * np.exp(0.15 * rng.normal(size=DAYS)))
    units = orders * 8 * np.exp(0.15 * rng.normal(size=DAYS))
    value = np.stack(
        [orders, units, np.divide(units, orders, where=~closed, out=np.full(DAYS, np.nan))]
    )
    made = panel(value, kpi(), UNITS, PER_ORDER)
    nothing = np.full(DAYS, np.nan)
    return dataclasses.replace(
        made,
        numerator=np.stack([orders, units, units]),
        denominator=np.stack([nothing, nothing, orders]),
    )


def scan(seen: Panel) -> Scan:
    return anomalies.scan(prepare(seen, calendar.learn(dates())))


def unfinished(made: Panel, units: float, orders: float) -> Panel:
    """The shop on a last day that is not over yet."""
    copy = {name: getattr(made, name).copy() for name in ("value", "numerator", "denominator")}
    complete = made.is_complete.copy()
    complete[:, -1] = False
    copy["numerator"][:, -1] = [orders, units, units]
    copy["value"][:, -1] = [orders, units, units / orders]
    copy["denominator"][2, -1] = orders
    return dataclasses.replace(made, is_complete=complete, **copy)


def test_an_ordinary_unfinished_day_is_no_warning() -> None:
    half = unfinished(shop(), 400.0, 50.0)
    assert partial_period.select(half, calendar.learn(dates()), GROWING) == []


def test_half_a_day_with_too_much_already_is_a_warning() -> None:
    found = partial_period.select(
        unfinished(shop(), 20000.0, 50.0), calendar.learn(dates()), GROWING
    )
    assert {a.kpi.name for a in found} == {"units_sold", "items_per_order"}
    assert {a.direction for a in found} == {"up"}
    assert all("period_to_date" in a.methods for a in found)


def test_a_ratio_is_given_the_benefit_of_the_rest_of_the_day() -> None:
    found = partial_period.select(
        unfinished(shop(), 20000.0, 50.0), calendar.learn(dates()), GROWING
    )
    ratio = next(a for a in found if a.kpi.name == "items_per_order")
    assert ratio.actual < 20000.0 / (50.0 + 100.0)


def test_nothing_is_concluded_from_measures_that_can_shrink() -> None:
    half = unfinished(shop(), 20000.0, 50.0)
    assert partial_period.select(half, calendar.learn(dates()), frozenset({"orders"})) == []


def unfinished_week(days: int, orders: float, units: float) -> list[Anomaly]:
    """Warnings of a week with so many days so far, and so many times as much on them."""
    made, weeks = shop(), DAYS // 7
    left = np.arange(DAYS) >= DAYS - 7 + days
    factor = np.array([orders, units])[:, None]
    amounts = np.where(left, 0.0, made.numerator[:2])
    amounts[:, -7:] *= factor
    sums = amounts.reshape(2, weeks, 7).sum(axis=2)
    each = sums[1] / sums[0]
    weekly = panel(np.stack([*sums, each]), kpi(), UNITS, PER_ORDER, grain="weekly")
    complete = weekly.is_complete.copy()
    complete[:, -1] = False
    nothing = np.full(weeks, np.nan)
    weekly = dataclasses.replace(
        weekly,
        numerator=np.stack([*sums, sums[1]]),
        denominator=np.stack([nothing, nothing, sums[0]]),
        is_complete=complete,
    )
    known = calendar.learn(dates(DAYS - 7 + days))
    return partial_period.select(weekly, known, GROWING)


def test_a_part_of_a_week_is_compared_with_a_whole_one() -> None:
    """Twice the usual on two days is no more than four days bring, of six in a week."""
    assert unfinished_week(2, 1.0, 1.0) == []
    assert unfinished_week(2, 2.0, 2.0) == []
    assert unfinished_week(1, 1.0, 1.8) == []
    found = unfinished_week(3, 4.0, 4.0)
    assert {a.kpi.name for a in found} == {"order_count", "units_sold"}
    usual = shop().numerator[0].sum() / (DAYS // 7)
    (of_orders,) = (a for a in found if a.kpi.name == "order_count")
    assert of_orders.expected == pytest.approx(usual, rel=0.2)


def test_what_may_still_end_within_its_range_is_no_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However odd it looks beside KPIs that are not over either."""
    half, known = unfinished(shop(), 20000.0, 50.0), calendar.learn(dates())
    found = partial_period.select(half, known, GROWING)
    one, *others = (dataclasses.replace(a, methods=a.methods[1:]) for a in found)
    within = dataclasses.replace(one, upper=one.actual, methods=("companions",))
    monkeypatch.setattr(anomalies, "select", lambda _: [within, *others])
    assert partial_period.select(half, known, GROWING) == found[1:]


def test_what_people_said_of_earlier_days_holds_for_an_unfinished_one() -> None:
    """Four times as many units as ever are no warning once that is known to be the new level."""
    made = shop()
    value = made.value.copy()
    value[1:, -8:] *= 4
    days = np.zeros(value.shape, dtype=bool)
    days[1:, -8:-1] = True
    grown = unfinished(dataclasses.replace(made, value=value), 4 * 800.0, 100.0)
    known = calendar.learn(dates())
    assert partial_period.select(grown, known, GROWING)
    assert partial_period.select(grown, known, GROWING, adopted=days) == []
    assert partial_period.select(grown, known, GROWING, known=days)


def test_what_is_known_of_earlier_days_holds_for_the_rest_of_an_unfinished_one() -> None:
    """Orders of days that are labelled as faults do not make the rest of a day look larger."""
    made, known = shop(), calendar.learn(dates())
    amounts, ratio = made.denominator.copy(), np.zeros(made.value.shape, dtype=bool)
    amounts[2, -20:-2] *= 8
    ratio[2, -20:-2] = True
    wide = dataclasses.replace(made, denominator=amounts)
    rows = np.array([False, False, True])
    plain, without = (
        partial_period._whole_period(wide.of_rows(rows), known, said)[0, -1]
        for said in (None, ratio[rows])
    )
    assert without < plain / 2


def test_an_unfinished_day_is_never_tested() -> None:
    found = scan(unfinished(shop(), 20000.0, 50.0))
    assert not found.features.tested[:, -1].any()
    assert not anomalies.reported(found)[:, -1].any()


def test_warm_up_is_never_tested() -> None:
    made = shop()
    warm = made.is_warm_up.copy()
    warm[:, :100] = True
    found = scan(dataclasses.replace(made, is_warm_up=warm))
    assert not found.features.tested[:, :100].any()
    assert found.features.tested[:, 100:].any()


# ----------------------------------------------------------------------------------- trends


def declining(start: int = 60) -> Panel:
    made = shop()
    value = made.value.copy()
    value[:2, start:] *= np.clip(1 - 0.4 * np.arange(DAYS - start) / 84, 0.6, None)
    return dataclasses.replace(made, value=value)


def test_a_slow_decline_is_one_trend_not_many() -> None:
    found = [t for t in trends.select(scan(declining())) if t.kpi.name == "order_count"]
    assert len(found) == 1
    assert found[0].direction == "decreasing"
    assert found[0].relative_change < -0.15
    assert found[0].slope < 0
    assert found[0].tau < 0


def sinking(grain: str) -> Panel:
    """Orders and units per order that sink from the first day on, at either grain."""
    made = shop()
    fall = np.linspace(1.0, 0.4, DAYS)
    orders, units = made.numerator[0] * fall, made.numerator[1] * fall**2
    length = 1 if grain == "daily" else 7
    orders, units = (x.reshape(-1, length).sum(axis=1) for x in (orders, units))
    each = np.divide(units, orders, where=orders > 0, out=np.full(orders.size, np.nan))
    return panel(np.stack([orders, each]), kpi(), PER_ORDER, grain=grain)


@pytest.mark.parametrize("grain", ["daily", "weekly"])
def test_the_slope_is_sens_on_the_published_values_in_the_unit_of_the_kpi(grain: str) -> None:
    seen = sinking(grain)
    found = trends.select(scan(seen))
    assert {t.kpi.name for t in found} == {"order_count", "items_per_order"}
    for trend in found:
        row = [s.kpi for s in seen.series].index(trend.kpi)
        inside = (seen.period >= np.datetime64(trend.window_start)) & (
            seen.period_end() <= np.datetime64(trend.window_end)
        )
        values = seen.value[row, inside & (seen.value[0] > 0)]
        assert trend.slope == pytest.approx(mk.sens_slope(values).slope)
        assert trend.slope < 0
        assert trend.direction == "decreasing"


TESTS = {
    "mann_kendall": mk.original_test,
    "mann_kendall_hamed_rao": mk.hamed_rao_modification_test,
}


def test_anybody_can_recompute_every_trend_from_the_file(tmp_path: Path) -> None:
    """Tau and p from the published adjusted values, slope from the published actual ones."""
    path = tmp_path / "shop.duckdb"
    shrinking = segments()
    shrinking["orders"] *= 1 - 0.7 * np.sin(0.5 * np.pi * shrinking["day"] / DAYS) ** 3
    shrinking["units"] *= 1 - 0.5 * shrinking["day"] / DAYS
    build(path, shrinking)
    pipeline.run(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            """
            select t.grain, t.method, t.direction, t.tau, t.p_value, t.slope,
                list(e.adjusted order by e.period_start), list(e.actual order by e.period_start)
            from insights.trends as t
            inner join insights.forecasts as e
                on t.kpi = e.kpi and t.segment = e.segment and t.grain = e.grain
                and e.period_start between t.window_start and t.window_end
            where e.adjusted is not null
            group by all
            """
        ).fetchall()
    assert {row[0] for row in found} == {"daily", "weekly"}
    assert {row[1] for row in found} == set(TESTS)
    for _, method, direction, tau, p_value, slope, adjusted, actual in found:
        again = {name: test(adjusted) for name, test in TESTS.items()}
        assert (tau, p_value) == (again[method].Tau, again[method].p)
        assert p_value == max(test.p for test in again.values())
        assert slope == mk.sens_slope(actual).slope
        assert direction == again[method].trend


def test_a_trend_is_found_before_it_is_over() -> None:
    found = next(t for t in trends.select(scan(declining())) if t.kpi.name == "order_count")
    assert found.detected_on < declining().period[60 + 84].astype(object)
    assert found.window_start < found.detected_on <= found.window_end


def test_a_slow_decline_is_no_string_of_anomalies() -> None:
    assert anomalies.reported(scan(declining())).sum() <= 3


# -------------------------------------------------------------------------- honesty tables


def test_the_ledger_counts_every_test_once() -> None:
    found = scan(shop())
    rows = [r for r in diagnostics.calibration(found) if r.method == diagnostics.COMBINED]
    tested = (found.features.tested & (found.confidence < diagnostics.DISTURBED)).sum(axis=1)
    by_kpi = {r.kpi: r.tests for r in rows}
    assert by_kpi == {
        s.kpi.name: int(n) for s, n in zip(found.features.panel.series, tested, strict=True)
    }
    assert all(r.alerts == round(r.observed_rate * r.tests) for r in rows)
    assert all(r.range_lower <= r.nominal_rate <= r.range_upper for r in rows)


def test_realised_rates_of_undisturbed_data_are_within_the_band() -> None:
    rows = [r for seed in range(5) for r in diagnostics.calibration(scan(shop(seed)))]
    combined = [r.is_within for r in rows if r.method == diagnostics.COMBINED]
    assert np.mean(combined) >= 0.9


def test_a_blind_spot_is_a_change_that_would_have_been_reported() -> None:
    found = scan(shop())
    spot = next(s for s in diagnostics.detection_limits(found) if s.kpi == "order_count")
    column = int(np.flatnonzero(found.features.tested[0])[-1])
    assert spot.min_detectable_increase is not None
    for value, seen in ((spot.min_detectable_increase * 1.3, True), (spot.expected, False)):
        made = shop()
        changed = made.value.copy()
        changed[0, column] = value
        again = scan(dataclasses.replace(made, value=changed))
        assert anomalies.reported(again)[0, column] == seen


def doubled(first: int, last: int) -> tuple[Panel, Bools]:
    """A shop with twice the orders and units on some days, and which those are."""
    made, value = shop(), shop().value.copy()
    value[:2, first:last] *= 2
    days = np.zeros(value.shape, dtype=bool)
    days[:2, first:last] = True
    return dataclasses.replace(made, value=value), days


@pytest.mark.parametrize("word", ["nothing", "known", "adopted"])
def test_values_that_did_not_come_are_judged_by_what_was_learned_of_those_that_did(
    word: str,
) -> None:
    """Also after an incident that people named, and while an episode holds level shifts back."""
    made, days = doubled(145, 158)
    known, adopted = (days if word == name else None for name in ("known", "adopted"))
    found = anomalies.scan(prepare(made, calendar.learn(dates()), known, adopted))
    rows, columns = np.array([0, 1]), np.array([160, 161])
    values = made.value[rows, columns][:, None]
    again = diagnostics._copies(found.features, rows, columns, values)
    at, copied = (rows, columns), (np.arange(2), columns)
    assert (again.forecast.location[copied] == found.features.forecast.location[at]).all()
    assert (again.episodes.is_settled[copied] == found.features.episodes.is_settled[at]).all()
    assert not found.features.episodes.is_settled[at].any()
    p_value = DETECTORS[2].score(again).p_value[copied]
    np.testing.assert_array_equal(p_value, found.evidence["level_shift"].p_value[at])


def test_limits_are_worked_out_again_where_something_else_was_learned() -> None:
    """What was planned is no part of the panel, and neither is what other KPIs make of it."""
    made, days = doubled(145, 158)
    known = calendar.learn(dates())
    scans = [anomalies.scan(prepare(made, known, marks)) for marks in (None, days)]
    beside = dataclasses.replace(scans[0], p_value=scans[1].p_value)
    seen = {explanation_cache.hash_scan(one, "code").input_hash for one in (*scans, beside)}
    assert len(seen) == 3


@settings(max_examples=10)
@given(
    unit=st.sampled_from(["count", "items", "ratio"]),
    scale=st.sampled_from(["log", "sqrt", "logit", "linear"]),
    middle=st.floats(0.01, 0.99),
    noise=st.floats(0.01, 3.0),
    seed=st.integers(0, 99),
)
def test_a_blind_spot_is_a_value_that_the_kpi_can_have(
    unit: str, scale: str, middle: float, noise: float, seed: int
) -> None:
    """Whatever the KPI and its noise: no rate below 0, no share above 1, no negative count."""
    rng = np.random.default_rng(seed)
    size = middle * np.exp(noise * rng.normal(size=DAYS))
    value = np.minimum(size, 1.0) if unit == "ratio" else size * 10
    value[np.arange(DAYS) % 7 == 5] = np.nan
    thing = kpi("thing", unit=unit, scale=scale, numerator="units", denominator="orders")
    for spot in diagnostics.detection_limits(scan(panel(value[None], thing))):
        highest = 1.0 if unit == "ratio" else np.inf
        told = [
            spot.expected,
            *(
                x
                for x in (spot.min_detectable_decrease, spot.min_detectable_increase)
                if x is not None
            ),
        ]
        assert all(0.0 <= x <= highest for x in told)
        assert spot.min_detectable_increase is None or spot.min_detectable_increase > spot.expected
        assert spot.min_detectable_decrease is None or spot.min_detectable_decrease < spot.expected


def test_a_drop_to_nothing_is_a_blind_spot_only_where_nothing_would_be_reported() -> None:
    """Few returns: their rate can't fall far enough; a count of some hundreds can."""
    rng = np.random.default_rng(3)
    rate = np.abs(0.02 + 0.015 * rng.normal(size=DAYS))
    orders = 400 * np.exp(0.05 * rng.normal(size=DAYS))
    returns = kpi(
        "return_rate", unit="ratio", scale="sqrt", numerator="units", denominator="orders"
    )
    counted = kpi("order_count", scale="sqrt")
    spots = diagnostics.detection_limits(scan(panel(np.stack([rate, orders]), returns, counted)))
    down = {spot.kpi: spot.min_detectable_decrease for spot in spots}
    assert down["return_rate"] is None
    assert down["order_count"] is not None


def test_injected_changes_are_caught_when_they_are_large() -> None:
    found = injection_tests.inject(scan(shop()))
    assert {c.kpi for c in found} == {"order_count", "units_sold", "items_per_order"}
    assert len(found) == 3 * injection_tests.PERIODS * injection_tests.CHANGES.size
    caught = {
        change: np.mean([c.is_caught for c in found if c.relative_change == change])
        for change in (-0.7, -0.3, 2.0)
    }
    assert caught[-0.7] > 0.9
    assert caught[2.0] > 0.8
    assert caught[-0.3] < caught[-0.7]


def test_a_ratio_that_can_be_above_1_has_no_change_cut_off_there() -> None:
    rng = np.random.default_rng(4)
    rate = 1.3 * np.exp(0.05 * rng.normal(size=(1, DAYS)))
    rate[0, 50] = 4.0
    returns = kpi("return_rate", unit="ratio", numerator="units", denominator="orders")
    made = panel(rate, returns)
    injected = {c.relative_change: c for c in injection_tests.inject(scan(made))}
    assert sorted(injected) == [*injection_tests.CHANGES]
    actual = dict(zip(made.period, made.value[0], strict=True))
    for change, one in injected.items():
        was = actual[np.datetime64(one.period_start)]
        assert one.injected == pytest.approx(was * (1 + change))


def test_changes_are_relative_to_the_expected() -> None:
    spots = diagnostics.detection_limits(scan(shop()))
    assert any(spot.min_relative_increase for spot in spots)
    for spot in spots:
        assert spot.min_relative_increase is None or spot.min_detectable_increase is not None
        if spot.min_detectable_increase is not None:
            assert spot.min_detectable_increase == pytest.approx(
                spot.expected * (1 + (spot.min_relative_increase or 0))
            )
