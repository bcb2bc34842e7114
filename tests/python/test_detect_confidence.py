"""Confidence: combined with care for dependence, calibrated on the past, never looking ahead."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detect import anomalies, calendar, confidence
from detect.features import prepare
from test_detect_shop import DAYS, dates, kpi, panel

chances = st.floats(1e-12, 1.0)


@given(arrays(np.float64, 4, elements=chances), arrays(np.float64, 4, elements=st.floats(0.1, 1)))
def test_a_combination_lies_between_its_parts(p: np.ndarray, weights: np.ndarray) -> None:
    joint = float(confidence.combine(p, weights))
    assert p.min() * (1 - 1e-9) <= joint <= p.max() * (1 + 1e-9)


@given(chances)
def test_a_single_chance_is_its_own_combination(p: float) -> None:
    found = float(confidence.combine(np.array([p, np.nan]), np.array([0.3, 0.7])))
    assert found == pytest.approx(p, rel=1e-6)


@given(arrays(np.float64, 3, elements=chances), st.integers(0, 2), st.floats(0.1, 0.9))
def test_more_evidence_never_weakens_a_combination(
    p: np.ndarray, which: int, factor: float
) -> None:
    stronger = p.copy()
    stronger[which] *= factor
    weights = np.ones(3)
    assert confidence.combine(stronger, weights) <= confidence.combine(p, weights) * (1 + 1e-12)


def test_a_chance_of_one_does_not_drown_the_others() -> None:
    joint = float(confidence.combine(np.array([1e-6, 1.0, 1.0]), np.ones(3)))
    assert joint < 1e-5


def test_nothing_known_is_nothing_said() -> None:
    assert np.isnan(confidence.combine(np.full(2, np.nan), np.ones(2)))


def test_a_detector_without_weight_is_not_heard() -> None:
    joint = float(confidence.combine(np.array([0.2, 1e-9]), np.array([1.0, 0.0])))
    assert joint == pytest.approx(0.2)


@pytest.mark.parametrize("power", [0.7, 1.0, 1.3])
@pytest.mark.parametrize("promise", [0.05, 0.01, 0.005])
def test_wrong_promises_are_put_right(power: float, promise: float) -> None:
    uniform = np.random.default_rng(0).uniform(size=(15, 2000))
    p = confidence.calibrate(uniform**power)[:, 1000:]
    tests = p.size
    spread = 4 * np.sqrt(promise * (1 - promise) / tests)
    assert (p <= promise).mean() == pytest.approx(promise, abs=spread + 0.3 * promise)


def test_calibration_keeps_the_order_of_a_period() -> None:
    history = np.random.default_rng(0).uniform(size=(1, 500))
    rates = confidence.observed_rates(history)[0, -1]
    p = np.geomspace(1e-9, 1, 200)
    replaced = confidence.recalibrate(p, np.repeat(rates[None], 200, axis=0))
    assert (np.diff(replaced) > 0).all()
    assert replaced[-1] == pytest.approx(1.0)


def test_calibration_does_not_look_ahead() -> None:
    p = np.random.default_rng(0).uniform(size=(5, 200))
    other = p.copy()
    other[:, 100:] **= 4
    before, after = confidence.calibrate(p), confidence.calibrate(other)
    assert before[:, :100].tobytes() == after[:, :100].tobytes()


def test_an_untested_period_has_no_confidence() -> None:
    p = np.array([[np.nan, 0.01], [0.5, 0.5]])
    sure = confidence.posterior(p, np.ones((2, 2)), "daily")
    assert sure[0, 0] == 0
    assert sure[0, 1] > sure[1, 1]


def test_confidence_rises_with_evidence() -> None:
    p = np.array([[1e-2, 1e-3, 1e-5, 1e-9]])
    sure = confidence.posterior(p, np.ones((1, 4)), "daily")[0]
    assert (np.diff(sure) > 0).all()
    assert sure[-1] > 0.99


def test_what_would_have_been_agrees_with_what_was() -> None:
    p = np.random.default_rng(1).uniform(size=(4, 80))
    weights = np.ones((4, 80))
    rows, columns = np.array([1, 3]), np.array([70, 79])
    tried = p[rows, columns][:, None]
    replayed = confidence.counterfactual_posterior(p, weights, "daily", (rows, columns), tried)
    real = confidence.posterior(p, weights, "daily")[rows, columns]
    assert replayed[:, 0] == pytest.approx(real)


def test_a_kpi_counts_most_at_its_own_cadence_and_shares_with_its_segments() -> None:
    values = 100 * np.exp(0.1 * np.random.default_rng(0).normal(size=(3, DAYS)))
    values[:, np.arange(DAYS) % 7 == 5] = 0
    by_country = kpi("revenue_by_country", segment_by="country", cadence="weekly")
    seen = prepare(panel(values, kpi(), by_country, by_country), calendar.learn(dates()))
    weights = confidence.kpi_weights(seen)[:, -1]
    assert weights[0] == 1
    assert weights[1] == weights[2] == confidence.SIDELINE / 2


def noisy_shop(seed: int) -> np.ndarray:
    """Orders, units and revenue of a shop, whose noise is shared as in real shops."""
    rng = np.random.default_rng(seed)
    orders = 0.2 * rng.normal(size=DAYS)
    basket, price = 0.2 * rng.normal(size=DAYS), 0.1 * rng.normal(size=DAYS)
    values = 100 * np.exp(np.stack([orders, orders + basket, orders + basket + price]))
    values[:, np.arange(DAYS) % 7 == 5] = 0
    return values


def reports(values: np.ndarray) -> np.ndarray:
    """Which of the KPI days (3, T) are reported."""
    kpis = (kpi(), kpi("units_sold", numerator="units"), kpi("revenue", numerator="net_revenue"))
    return anomalies.reported(
        anomalies.scan(prepare(panel(values, *kpis), calendar.learn(dates())))
    )


def test_undisturbed_shops_are_left_in_peace() -> None:
    false = sum(int(reports(noisy_shop(seed)).any(axis=0).sum()) for seed in range(20))
    weeks = 20 * (DAYS - 28) / 7
    assert false / weeks * 13 <= 1


def test_large_sudden_changes_are_caught_on_their_day() -> None:
    caught = []
    for seed in range(20):
        values = noisy_shop(seed)
        values[:, 140] *= np.exp(-6 * 0.2)
        caught.append(reports(values)[:, 140].any())
    assert np.mean(caught) >= 0.95


def test_the_limit_comes_from_the_definition() -> None:
    values = noisy_shop(0)
    values[:, 140] *= 0.2
    strict = dataclasses.replace(kpi(), min_confidence=1.1)
    found = anomalies.scan(prepare(panel(values[:1], strict), calendar.learn(dates())))
    assert not anomalies.reported(found).any()
