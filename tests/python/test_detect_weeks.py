"""Weeks: what their days say of their noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import detect
from detect import calendar
from detect.features import noise_of_weeks, prepare
from test_detect_shop import FIRST_DAY, dates, kpi, panel

FIRST = np.datetime64(FIRST_DAY)
DAYS = 364
KPI = kpi("total_revenue", unit="currency", numerator="net_revenue")
KINDS = ("normal", "heavy", "drifting")


def days(kind: str = "normal", segments: int = 1, seed: int = 1) -> pd.DataFrame:
    """Daily sales that are closed on Saturdays, of the whole shop or of some segments."""
    rng = np.random.default_rng(seed)
    shape = (segments, DAYS)
    noise = rng.standard_t(5, shape) if kind == "heavy" else rng.normal(size=shape)
    level = 5 + 0.3 * rng.normal(size=(segments, 7))[:, np.arange(DAYS) % 7]
    if kind == "drifting":
        level = level + np.cumsum(rng.normal(0, 0.02, shape), axis=1)
    value = np.exp(level + 0.35 * noise)
    value[:, np.arange(DAYS) % 7 == 5] = 0
    names = ["all"] if segments == 1 else [f"s{nth}" for nth in range(segments)]
    return pd.DataFrame({
        "segment": np.repeat(names, DAYS),
        "grain": "daily",
        "date": np.tile(FIRST + np.arange(DAYS), segments),
        "value": value.ravel(),
    })  # fmt: skip


def weeks(daily: pd.DataFrame) -> pd.DataFrame:
    """The sums of their weeks."""
    monday = FIRST + (daily["date"].to_numpy() - FIRST) // np.timedelta64(7, "D") * 7
    summed = daily.assign(date=monday).groupby(["segment", "date"], as_index=False)["value"].sum()
    return summed.assign(grain="weekly")


def least_visible(frame: pd.DataFrame) -> tuple[float, float]:
    """Logarithms of the least fall and rise of the last week that would be found."""
    limits = detect.find_anomalies(frame).detection_limits
    (row,) = limits[limits["grain"] == "weekly"].to_dict("records")
    return -np.log1p(row["min_relative_decrease"]), np.log1p(row["min_relative_increase"])


def test_less_of_a_change_shows_in_a_week_whose_days_are_known() -> None:
    daily = days("heavy")
    fall, rise = least_visible(pd.concat([daily, weeks(daily)]))
    alone_fall, alone_rise = least_visible(weeks(daily))
    assert fall <= 0.85 * alone_fall
    assert rise <= 0.85 * alone_rise


def test_the_noise_of_a_week_is_that_of_the_sum_of_its_days() -> None:
    value = days()["value"].to_numpy()[None]
    sums = value.reshape(1, -1, 7).sum(axis=2)
    seen = prepare(panel(value, KPI), calendar.learn(dates(DAYS)))
    noise = noise_of_weeks(seen, panel(sums, KPI, grain="weekly"))[0, -10:]
    place, sigma = seen.forecast.location[0, -70:], seen.forecast.sigma[0, -70:]
    draws = np.random.default_rng(1).normal(size=(4_000, 70))
    drawn = np.where(np.arange(70) % 7 == 5, 0.0, np.exp(place + sigma * draws))
    assert noise == pytest.approx(
        np.log(drawn.reshape(4_000, 10, 7).sum(axis=2)).std(axis=0), rel=0.15
    )


@pytest.mark.parametrize("kind", KINDS)
def test_promised_rates_of_weeks_hold(kind: str) -> None:
    daily = days(kind, segments=60, seed=2)
    known = detect.find_anomalies(pd.concat([daily, weeks(daily)])).calibration
    mine = known[(known["grain"] == "weekly") & (known["method"] == "z_score")]
    rates = mine.set_index("nominal_rate")["observed_rate"]
    assert 0.01 <= rates[0.05] <= 0.06
    assert rates[0.01] <= 0.02
    assert rates[0.005] <= 0.012


def test_days_that_say_nothing_of_their_weeks_are_not_believed() -> None:
    daily = days(segments=60, seed=3)
    weekly = weeks(daily)
    apart = np.exp(0.8 * np.random.default_rng(4).normal(size=len(weekly)))
    weekly["value"] *= apart
    known = detect.find_anomalies(pd.concat([daily, weekly])).calibration
    mine = known[(known["grain"] == "weekly") & (known["method"] == "z_score")]
    assert mine.set_index("nominal_rate")["observed_rate"][0.01] <= 0.02


def test_the_past_of_weeks_does_not_depend_on_what_comes() -> None:
    daily = days()
    changed = daily.assign(value=daily["value"].where(daily.index < 300, 3 * daily["value"]))
    before = FIRST + 294
    tables = [
        detect.find_anomalies(pd.concat([one, weeks(one)])).forecasts for one in (daily, changed)
    ]
    then = [t[(t["grain"] == "weekly") & (t["period_start"] < before)] for t in tables]
    assert len(then[0])
    pd.testing.assert_frame_equal(*(t.reset_index(drop=True) for t in then), check_exact=True)
