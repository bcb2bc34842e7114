"""What is reported of what was found, and what is no news."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from detect import anomalies, calendar, trends
from detect.anomalies import Scan
from detect.baseline.poisson_floor import CountScales, off_scale
from detect.features import prepare
from detect.records import Anomaly, Trend
from test_detect_shop import DAYS, dates, kpi, panel


def findings(values: np.ndarray) -> list[Anomaly]:
    trading = np.where(dates().is_trading, values, np.nan)[None]
    return anomalies.select(
        anomalies.scan(prepare(panel(trading, kpi(unit="count")), calendar.learn(dates())))
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("steady", [40.0, 1.0])
def test_a_kpi_that_never_moves_is_no_news_and_no_arithmetic_fault(steady: float) -> None:
    assert findings(np.full(DAYS, steady)) == []


def test_a_steady_kpi_that_jumps_is_news() -> None:
    values = np.full(DAYS, 40.0)
    jump = int(np.flatnonzero(dates().is_trading)[-3])
    values[jump] = 90.0
    found = findings(values)
    assert dates().day[jump] in [np.datetime64(a.period_start) for a in found]
    assert all(a.lower >= 0 and a.expected >= 0 for a in found)


def test_an_order_a_day_may_be_two_or_none_of_a_kind() -> None:
    values = np.random.default_rng(2).choice([0.0, 1.0, 2.0], DAYS, p=[0.1, 0.8, 0.1])
    assert findings(values) == []


def test_none_where_many_are_expected_is_news() -> None:
    values = np.random.default_rng(2).poisson(40.0, DAYS).astype(np.float64)
    nothing = int(np.flatnonzero(dates().is_trading)[-3])
    values[nothing] = 0.0
    assert [a.period_start for a in findings(values)] == [dates().day[nothing]]


def test_a_rate_that_is_nearly_always_the_same_is_not_tested() -> None:
    trading = calendar.learn(dates())
    values = np.full(DAYS, 0.02)
    values[::9] = 0.3
    rate = kpi(unit="ratio", scale="sqrt", denominator="orders")
    seen = prepare(panel(np.where(dates().is_trading, values, np.nan)[None], rate), trading)
    assert not seen.tested.any()


def test_a_rate_that_is_often_nothing_is_not_tested() -> None:
    rng = np.random.default_rng(4)
    returned = np.where(rng.random(DAYS) < 0.4, rng.lognormal(-3, 1, DAYS), 0.0)
    traded = np.where(dates().is_trading, returned, np.nan)[None]
    rate = kpi("return_rate", unit="ratio", scale="sqrt", denominator="gross_revenue")
    seen = prepare(panel(traded, rate), calendar.learn(dates()))
    assert seen.tested.mean() < 0.02
    often = prepare(panel(traded + 1e-3 * rng.random((1, DAYS)), rate), calendar.learn(dates()))
    assert often.tested.mean() > 0.5


@pytest.mark.parametrize("expected", [0.2, 1.0, 3.0, 40.0, 500.0])
def test_no_order_at_all_is_further_off_than_one(expected: float) -> None:
    yes, no = np.array([True]), np.array([False])
    counts = CountScales(yes, no, np.full((1, 1), np.nan), yes, yes, no)
    location = np.log([expected])
    assert off_scale(counts, location)[0] > location[0]
    assert off_scale(counts, location)[0] > 0


def revenue_of(orders_a_day: float, seed: int) -> np.ndarray:
    """A day's revenue from so many orders, whose sizes vary as much as their mean, (DAYS,)."""
    rng = np.random.default_rng(seed)
    some = rng.poisson(orders_a_day, DAYS)
    revenue = np.array([rng.lognormal(6.0, np.sqrt(np.log(2)), n).sum() for n in some])
    return np.where(dates().is_trading, revenue, np.nan)


def chance_of_a_day_without(orders_a_day: float) -> np.ndarray:
    """What z_score says of a last day without revenue, one for each of twelve shops."""
    values = np.stack([revenue_of(orders_a_day, seed) for seed in range(12)])
    place = int(np.flatnonzero(dates().is_trading)[-1])
    values[:, place] = 0.0
    money = [kpi(f"revenue_{nth}", unit="currency") for nth in range(12)]
    scan = anomalies.scan(prepare(panel(values, *money), calendar.learn(dates())))
    return scan.evidence["z_score"].p_value[:, place]


def test_a_day_without_revenue_is_as_odd_as_one_without_any_of_its_orders() -> None:
    assert (chance_of_a_day_without(orders_a_day=5.0) > 0.01).mean() > 0.8
    assert (chance_of_a_day_without(orders_a_day=60.0) < 0.001).all()


@pytest.mark.parametrize("orders_a_day", [4.0, 40.0])
def test_the_spread_of_a_sum_tells_how_many_orders_are_in_it(orders_a_day: float) -> None:
    values = np.concatenate([revenue_of(orders_a_day, seed) for seed in range(20)])
    logs = np.log(values[values > 0])
    below = np.median(logs) - logs[logs < np.median(logs)]
    assert 1.8 < orders_a_day * np.quantile(below, 0.683) ** 2 < 4.0


def of_share(some: np.ndarray, every: int) -> Scan:
    """Scan a share of so many a day."""
    closed = ~dates().is_trading
    part = np.where(closed, np.nan, some)[None]
    full = np.where(closed, np.nan, float(every))[None]
    rate = kpi(
        "repeat_rate", unit="ratio", scale="logit", denominator="active_customers",
        materiality_absolute=0.0, materiality_relative=0.05,
    )  # fmt: skip
    given = dataclasses.replace(panel(part / full, rate), numerator=part, denominator=full)
    return anomalies.scan(prepare(given, calendar.learn(dates())))


def test_all_of_a_few_are_no_news_and_all_of_many_are() -> None:
    rng = np.random.default_rng(7)
    few, many = (rng.binomial(n, 0.9, DAYS) for n in (20, 400))
    assert (few == 20).sum() > 5
    many[150] = 400
    assert not anomalies.select(of_share(few, 20))
    assert [a.actual for a in anomalies.select(of_share(many, 400))] == [1.0]


def test_a_share_that_was_always_whole_has_a_band_and_recovers() -> None:
    rng = np.random.default_rng(8)
    some = np.where(np.arange(DAYS) < 100, 30, rng.binomial(30, 0.8, DAYS))
    seen = of_share(some, 30)
    known = seen.features.forecast
    judged = seen.features.tested
    assert np.isfinite([known.lower[judged], known.upper[judged], known.residual[judged]]).all()
    since = dates().day[130].astype(object)
    assert not [a for a in anomalies.select(seen) if a.period_start > since]


# ----------------------------------------------- what docs/kpis.md says of a KPI's settings


def with_settings(**settings: object) -> tuple[list[Anomaly], list[Trend]]:
    """Findings on a KPI that sinks slowly, with two outliers, under some settings."""
    rng = np.random.default_rng(5)
    values = 200 * np.linspace(1.0, 0.5, DAYS) * np.exp(0.08 * rng.normal(size=DAYS))
    values[80:82] *= 2.0
    values[141] *= 0.55
    trading = np.where(dates().is_trading, values, np.nan)[None]
    found = anomalies.scan(prepare(panel(trading, kpi(**settings)), calendar.learn(dates())))
    return anomalies.select(found), trends.select(found)


def without(found: list[Anomaly], *names: str) -> list[dict[str, object]]:
    """Findings as far as settings must not matter to them; the KPI holds the settings."""
    return [
        {n: v for n, v in vars(anomaly).items() if n not in ("kpi", *names)} for anomaly in found
    ]


def test_z_and_iqr_are_the_limits_of_their_methods() -> None:
    usual, usual_trends = with_settings()
    no_z = with_settings(z_threshold=50.0)[0]
    neither, strict_trends = with_settings(
        z_threshold=50.0, iqr_threshold=50.0, level_shift_threshold=3.0
    )
    assert len(usual) >= 3
    assert without(no_z, "methods") == [
        row for row, a in zip(without(usual, "methods"), usual, strict=True)
        if set(a.methods) - {"z_score"}
    ]  # fmt: skip
    assert neither
    assert all(a.shift_start and "level_shift" in a.methods for a in neither)
    assert all(not {"z_score", "iqr"} & set(a.methods) for a in neither)
    assert [t.p_value for t in strict_trends] == [t.p_value for t in usual_trends]


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("z_threshold", (1.0, 3.0, 50.0)),
        ("iqr_threshold", (0.5, 1.5, 50.0)),
        ("min_confidence", (0.3, 0.5, 0.97)),
        ("materiality_relative", (0.0, 2.0, 8.0)),
        ("materiality_absolute", (0.0, 500.0, 5000.0)),
    ],
)
def test_a_stricter_setting_reports_no_more(setting: str, values: tuple[float, ...]) -> None:
    others = {"z_threshold": 50.0, "iqr_threshold": 50.0} if setting.endswith("threshold") else {}
    loose, usual, strict = (
        {a.anomaly_id for a in with_settings(**(others | {setting: value}))[0]} for value in values
    )
    assert strict <= usual <= loose
    assert strict < loose


def test_every_finding_names_the_methods_that_are_at_their_limit() -> None:
    found = with_settings(min_confidence=0.2)[0]
    assert found
    assert all(a.methods for a in found)
    assert all(abs(a.z_score) >= 3 for a in found if "z_score" in a.methods)


def test_trend_alpha_decides_what_is_a_trend_and_no_more() -> None:
    usual, usual_trends = with_settings()
    strict, strict_trends = with_settings(trend_alpha=1e-30)
    assert usual_trends
    assert not strict_trends
    assert without(strict, "methods") == without(usual, "methods")


def test_direction_decides_what_is_good_news_and_no_more() -> None:
    up, down, neither = (with_settings(direction=d)[0] for d in ("up", "down", "none"))
    news = ("favourability", "severity")
    assert without(up, *news) == without(down, *news) == without(neither, *news)
    assert {a.favourability for a in neither} == {"neutral"}
    assert all(a.favourability != b.favourability for a, b in zip(up, down, strict=True))
    assert all(a.favourability == "bad" for a in up + down + neither if a.severity == "critical")


def test_confidence_decides_from_where_a_change_is_reported() -> None:
    usual, strict = with_settings()[0], with_settings(min_confidence=0.97)[0]
    kept = [a for a in usual if a.confidence >= 0.97]
    assert 0 < len(kept) < len(usual)
    assert without(strict) == without(kept)


@pytest.mark.parametrize("floor", ["materiality_absolute", "materiality_relative"])
def test_below_a_floor_a_change_is_low_and_below_a_tenth_of_it_unreported(floor: str) -> None:
    usual = with_settings(materiality_absolute=0.0, materiality_relative=0.0)[0]
    largest = max(usual, key=lambda a: abs(a.change))
    size = abs(largest.change) / (1.0 if floor.endswith("absolute") else largest.expected)

    def severity_under(times: float) -> list[str]:
        off = {"materiality_absolute": 0.0, "materiality_relative": 0.0}
        found = with_settings(**(off | {floor: size * times}))[0]
        return [a.severity for a in found if a.anomaly_id == largest.anomaly_id]

    assert severity_under(10.1) == []
    assert severity_under(9.9) == severity_under(1.01) == ["low"]
    assert severity_under(0.99) == ["medium"]
    assert severity_under(0.49) == ["high"]
    assert severity_under(0.24) == ["high" if largest.favourability == "good" else "critical"]


def test_a_warm_up_is_learned_from_but_not_tested() -> None:
    values = np.random.default_rng(5).poisson(100.0, DAYS).astype(np.float64)[None]
    trading = calendar.learn(dates())
    usual = panel(values)
    warm = dataclasses.replace(usual, is_warm_up=np.arange(DAYS)[None] < 100)
    before, after = (prepare(p, trading) for p in (usual, warm))
    assert before.tested[:, :100].any()
    assert not after.tested[:, :100].any()
    np.testing.assert_array_equal(before.forecast.location, after.forecast.location)
