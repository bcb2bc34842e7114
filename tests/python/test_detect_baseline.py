"""The baseline: only the past, the right level, and a predictive distribution that holds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.baseline import Forecast, Regressors, forecast
from detect.baseline.poisson_floor import CountScales
from detect.baseline.transform import SCALES, from_scale, to_scale
from detect.baseline.tuning import DAILY, WEEKLY, Tuning
from detect.errors import DetectError
from detect.records import Floats

DAYS = 360
MATURE = 120


def regressors(series: int, periods: int, special: np.ndarray | None = None) -> Regressors:
    nothing = np.zeros(periods, dtype=np.int64)
    return Regressors(
        np.arange(periods) % 7,
        nothing if special is None else special,
        nothing,
        nothing == 0,
        np.zeros((series, periods)),
    )


def predict(values: np.ndarray, tuning: Tuning = DAILY) -> Forecast:
    return forecast(values, regressors(*values.shape), tuning)


def noise(kind: str, series: int = 150, days: int = DAYS, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(series, days))
    level = rng.uniform(2, 9, (series, 1))
    weekday = rng.normal(0, 0.3, (series, 7))[:, np.arange(days) % 7]
    if kind == "drifting":
        level = level + np.cumsum(rng.normal(0, 0.02, (series, days)), axis=1)
    if kind == "heavy":
        normal = rng.standard_t(5, (series, days)) / np.sqrt(5 / 3)
    if kind == "lopsided":
        normal = rng.gamma(3, 1, (series, days)) / np.sqrt(3) - np.sqrt(3)
    if kind == "autocorrelated":
        for t in range(1, days):
            normal[:, t] = 0.3 * normal[:, t - 1] + np.sqrt(1 - 0.09) * normal[:, t]
    return level + weekday + rng.uniform(0.1, 0.5, (series, 1)) * normal


@pytest.mark.parametrize("is_count", [False, True])
@pytest.mark.parametrize("kind", ["normal", "drifting", "heavy", "lopsided", "autocorrelated"])
def test_tail_probabilities_hold_on_every_kind_of_noise(kind: str, *, is_count: bool) -> None:
    values = noise(kind)
    rows = np.full(len(values), is_count)
    none = np.zeros_like(rows)
    counts = CountScales(rows, none, np.full(values.shape, np.nan), rows, rows, none)
    known = forecast(values, regressors(*values.shape), DAILY, counts=counts)
    p = 2 * np.minimum(known.p_up, 1 - known.p_up)[:, MATURE:]
    assert 0.02 <= (p < 0.05).mean() <= 0.07
    assert (p < 0.01).mean() <= 0.02
    # Counts are taken to have light tails, which costs a little where they have not.
    assert (p < 0.001).mean() <= (0.005 if is_count else 0.004)


def test_a_far_count_is_less_likely_than_a_far_amount() -> None:
    series, last, sigma = 150, 199, 0.1
    noise = np.random.default_rng(4).standard_t(8, (series, last + 1)) / np.sqrt(8 / 6)
    values = np.log(400) + sigma * noise
    values[:, last] = np.log(400) + 4 * sigma
    is_count = np.ones(series, dtype=bool)
    no = ~is_count
    orders = CountScales(is_count, no, np.full(values.shape, np.nan), is_count, is_count, no)
    as_amounts = predict(values).p_up[:, last]
    as_orders = forecast(values, regressors(*values.shape), DAILY, counts=orders).p_up[:, last]
    assert np.median(as_orders / as_amounts) < 0.7


@pytest.mark.parametrize("kind", ["normal", "drifting", "heavy"])
def test_the_band_holds_95_percent(kind: str) -> None:
    values = noise(kind)
    known = predict(values)
    inside = (known.lower < values) & (values < known.upper)
    assert inside[:, MATURE:].mean() == pytest.approx(0.95, abs=0.02)


def test_weekdays_are_taken_out() -> None:
    known = predict(noise("normal"))
    later = known.residual[:, MATURE:]
    by_weekday = [later[:, i::7].mean(axis=1) for i in range(7)]
    assert np.abs(np.mean(by_weekday, axis=1)).max() < 0.1


def test_a_wilder_weekday_has_a_wider_band() -> None:
    values = noise("normal")
    calm = values.copy()
    values[:, 6::7] += 2 * (values[:, 6::7] - values[:, 6::7].mean(axis=1, keepdims=True))
    wide, usual = predict(values), predict(calm)
    width = (wide.upper - wide.lower) / (usual.upper - usual.lower)
    assert np.median(width[:, MATURE + 6 - MATURE % 7 :: 7]) > 1.5
    assert np.median(width[:, MATURE + 7 - MATURE % 7 :: 7]) < 1.4


def test_an_outlier_hardly_moves_the_days_after_it() -> None:
    values = noise("normal", series=50)
    hit = values.copy()
    hit[:, 200] += 5.0
    before, after = predict(values), predict(hit)
    moved = np.abs(after.location - before.location)[:, 201] / before.sigma[:, 201]
    assert np.median(moved) < 0.25


def test_a_change_that_stays_is_followed() -> None:
    values = noise("normal", series=50)
    values[:, 200:] -= 1.0
    known = predict(values)
    assert np.abs(np.median(known.residual[:, 230:260])) < 0.5


def test_last_year_helps_once_it_is_known() -> None:
    days = 3 * 364
    season = 0.8 * np.exp(-0.5 * ((np.arange(days) % 364 - 330) / 12) ** 2)
    values = noise("normal", series=40, days=days) + season
    rise = slice(2 * 364 + 305, 2 * 364 + 345)
    error = np.abs(values - predict(values).location)[:, rise]
    first = slice(305, 345)
    early = np.abs(values - predict(values).location)[:, first]
    assert error.mean() < early.mean()


def test_a_series_that_stood_still_for_a_year_gets_its_noise_from_when_it_moves() -> None:
    rng = np.random.default_rng(8)
    still, moving = np.zeros((20, 300)), 1.4 + 0.1 * rng.normal(size=(20, 120))
    found = predict(np.concatenate([still, moving], axis=1))
    later = slice(360, 420)
    inside = (found.lower[:, later] <= moving[:, 60:]) & (moving[:, 60:] <= found.upper[:, later])
    assert inside.mean() > 0.9
    assert (found.p_up[:, later] > 1 - 1e-4).mean() < 0.01


def test_gaps_are_skipped() -> None:
    values = noise("normal", series=5)
    gap = values.copy()
    gap[:, 100:110] = np.nan
    known = predict(gap)
    assert np.isnan(known.p_up[:, 100:110]).all()
    assert np.isfinite(known.location[:, 100:110]).all()
    assert (known.history[:, 110] == 100).all()


def test_too_little_history_is_said() -> None:
    known = predict(noise("normal", series=3))
    assert not known.ready[:, : DAILY.min_history].any()
    assert known.ready[:, DAILY.min_history :].all()


def test_a_zero_on_a_log_scale_is_far_below_but_harmless() -> None:
    values = noise("normal", series=20)
    values[:, 200] = -np.inf
    known = predict(values)
    assert (known.residual[:, 200] < -4).all()
    assert np.isfinite(known.location).sum() == known.location[:, 1:].size + 20


def test_unknown_special_days_are_given_more_room() -> None:
    values = noise("normal", series=20)
    special = np.zeros(DAYS, dtype=np.int64)
    special[300] = 1
    plain = predict(values)
    doubtful = forecast(values, regressors(20, DAYS, special), DAILY)
    width, usual = (x.upper[:, 300] - x.lower[:, 300] for x in (doubtful, plain))
    assert (width > 1.5 * usual).all()


@pytest.mark.parametrize("tuning", [DAILY, WEEKLY])
def test_the_past_does_not_depend_on_the_future(tuning: Tuning) -> None:
    values = noise("drifting", series=10)
    other = values.copy()
    other[:, 200:] = noise("heavy", series=10, seed=2)[:, 200:]
    before, after = predict(values, tuning), predict(other, tuning)
    short = predict(values[:, :250], tuning)
    for name in ("location", "lower", "upper", "sigma"):
        kept = getattr(before, name)[:, :201]
        assert kept.tobytes() == getattr(after, name)[:, :201].tobytes()
        assert getattr(short, name).tobytes() == getattr(before, name)[:, :250].tobytes()


def test_a_series_does_not_depend_on_its_neighbours() -> None:
    values = noise("normal", series=4)
    together, alone = predict(values), predict(values[:2])
    np.testing.assert_array_equal(together.location[:2], alone.location)
    np.testing.assert_array_equal(together.p_up[:2], alone.p_up)


@given(
    st.sampled_from(sorted(SCALES)),
    st.lists(st.floats(0.001, 0.999), min_size=1, max_size=5),
)
def test_every_scale_leads_back(kind: str, values: list[float]) -> None:
    given_values = np.array([values])
    there = to_scale((kind,), given_values)
    assert from_scale((kind,), there) == pytest.approx(given_values)


def test_values_off_a_scale_become_infinities() -> None:
    values = np.array([[-1.0, 0.0, np.nan], [0.0, 1.0, np.nan]])
    scaled = to_scale(("log", "logit"), values)
    assert scaled[:, :2].tolist() == [[-np.inf, -np.inf], [-np.inf, np.inf]]
    assert np.isnan(scaled[:, 2]).all()


@pytest.mark.parametrize(("kind", "before", "after"), [("logit", 1.0, 0.8), ("log", 0.0, 500.0)])
def test_a_level_comes_back_from_months_at_the_end_of_its_scale(
    kind: str, before: float, after: float
) -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([np.full(200, before), after * np.exp(0.02 * rng.normal(size=80))])
    known = from_scale((kind,), predict(to_scale((kind,), values[None])).location)
    assert np.median(known[0, -20:]) == pytest.approx(after, rel=0.15)


def test_an_unknown_scale_is_refused_in_one_line() -> None:
    with pytest.raises(DetectError, match="unknown scale 'cubic'; use one of log"):
        to_scale(("cubic",), np.ones((1, 1)))


# ------------------------------------------------------------------------ days of the month


def with_peaks(months: int, until: int) -> tuple[np.ndarray, Regressors]:
    """Thirty-day months whose last day is five times the others, up to a month."""
    periods = 30 * months
    last = np.arange(periods) % 30 == 29
    values = np.log(100) + 0.1 * np.random.default_rng(3).normal(size=(1, periods))
    values[0, last & (np.arange(periods) < 30 * until)] += np.log(5)
    return values, dataclasses.replace(regressors(1, periods), month=np.where(last, 31, 0))


def test_a_month_end_is_expected_once_it_was_seen_three_times_and_leaves_no_echo() -> None:
    values, known = with_peaks(12, 12)
    found = forecast(values, known, DAILY)
    off = np.abs(found.residual[0, 29::30])
    assert (off[2:3] > 5).all()
    assert (off[5:] < 3.5).all()
    assert (np.abs(found.residual[0, 180:][np.arange(180) % 30 != 29]) < 4.5).all()


def test_a_month_end_that_is_no_more_is_dropped_after_two() -> None:
    values, known = with_peaks(14, 8)
    found = forecast(values, known, DAILY)
    off = np.abs(found.residual[0, 29::30])
    assert off[8] > 3
    assert (off[10:] < 3.5).all()


def test_without_such_days_nothing_is_changed() -> None:
    values, known = with_peaks(12, 0)
    plain = dataclasses.replace(known, month=np.zeros_like(known.month))
    np.testing.assert_array_equal(
        forecast(values, known, DAILY).location, forecast(values, plain, DAILY).location
    )


# ---------------------------------------------------------------------------------- last year

SALE = slice(200, 203)
A_YEAR = 365
"""Days to the same date, one day of the week later."""


def with_sales(first: float, again: float) -> Floats:
    """Two years whose sale of three days adds so much to the log; residuals of the second."""
    values = np.log(100) + 0.1 * np.random.default_rng(3).normal(size=(20, 2 * A_YEAR))
    values[:, SALE] += first
    values[:, SALE.start + A_YEAR : SALE.stop + A_YEAR] += again
    return predict(values).residual[:, A_YEAR:]


def test_a_sale_of_last_year_may_come_again_or_not() -> None:
    for again in (1.0, 0.5, 0.0):
        found = with_sales(1.0, again)
        assert np.median(np.abs(found[:, SALE])) < 1
        assert (np.abs(found[:, SALE]) < 4.5).all()
        assert np.abs(found[:, SALE.stop :]).max() < 5.5


def test_what_goes_far_beyond_last_year_is_as_odd_as_ever() -> None:
    assert (with_sales(1.0, 2.0)[:, SALE] > 5).all()
    assert (with_sales(1.0, -1.0)[:, SALE] < -5).all()
    assert (with_sales(0.0, 1.0)[:, SALE.start] > 5).all()


# ------------------------------------------------------------------------------- new normals


def test_a_new_level_is_believed_at_once_and_as_the_mean_of_several_days() -> None:
    values = np.log(100) + 0.1 * np.random.default_rng(3).normal(size=(1, 200))
    values[0, 150:] += np.log(2)
    adopted = np.zeros(values.shape, dtype=bool)
    adopted[0, 150:154] = True
    known = regressors(1, 200)
    plain, told = forecast(values, known, DAILY), forecast(values, known, DAILY, adopted=adopted)
    np.testing.assert_array_equal(plain.location[:, :151], told.location[:, :151])
    assert abs(plain.location[0, 151] - np.log(200)) > 0.3
    assert abs(told.location[0, 154] - np.log(200)) < 0.12
    np.testing.assert_allclose(told.sigma[0, 154], plain.sigma[0, 150], rtol=0.5)
    assert (np.abs(told.residual[0, 155:]) < 4).all()
