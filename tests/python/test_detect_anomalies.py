"""What is reported of what was found, and what is no news."""

from __future__ import annotations

import numpy as np
import pytest

from detect import anomalies, calendar
from detect.baseline.counting import Counting, off_scale
from detect.records import Anomaly
from detect.view import look
from test_detect_shop import DAYS, dates, kpi, panel


def findings(values: np.ndarray) -> list[Anomaly]:
    trading = np.where(dates().is_trading, values, np.nan)[None]
    return anomalies.find(
        anomalies.scan(look(panel(trading, kpi(unit="count")), calendar.learn(dates())))
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
    seen = look(panel(np.where(dates().is_trading, values, np.nan)[None], rate), trading)
    assert not seen.tested.any()


@pytest.mark.parametrize("expected", [0.2, 1.0, 3.0, 40.0, 500.0])
def test_no_order_at_all_is_further_off_than_one(expected: float) -> None:
    counting = Counting(np.array([True]), np.array([False]))
    location = np.log([expected])
    assert off_scale(counting, location)[0] > location[0]
    assert off_scale(counting, location)[0] > 0
