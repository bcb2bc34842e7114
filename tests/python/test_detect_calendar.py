"""The trading calendar is learned from the past of each day, and says when it is surprised."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detect import anomalies, calendar, incidents
from detect.calendar import AFTER, CLOSED, EVE, OPEN, RUN_DOWN, UNSURE
from detect.features import prepare
from detect.records import Dates
from test_detect_shop import DAYS, FIRST_DAY, dates, kpi, panel

FOUR_WEEKS = 28


def with_trade(known: Dates, day: int, trades: bool) -> Dates:
    is_trading = known.is_trading.copy()
    is_trading[day] = trades
    return dataclasses.replace(known, is_trading=is_trading)


def with_holidays(known: Dates, *days: int) -> Dates:
    return dataclasses.replace(known, holidays=np.datetime64(FIRST_DAY) + np.array(sorted(days)))


def test_nothing_is_expected_before_four_weeks_are_known() -> None:
    assert (calendar.learn(dates()).expected[:FOUR_WEEKS] == UNSURE).all()


def test_weekdays_are_learned() -> None:
    learned = calendar.learn(dates(closed=(6, 7)))
    weekend = np.isin(learned.dates.weekday, (6, 7))
    assert (learned.expected[FOUR_WEEKS:][weekend[FOUR_WEEKS:]] == CLOSED).all()
    assert (learned.expected[FOUR_WEEKS:][~weekend[FOUR_WEEKS:]] == OPEN).all()


def test_an_ordinary_year_holds_no_surprises() -> None:
    learned = calendar.learn(dates())
    assert not learned.closed_when_open().any()
    assert not learned.open_when_closed().any()


def test_a_day_without_trade_is_noticed_on_an_open_weekday() -> None:
    learned = calendar.learn(with_trade(dates(), 100, False))
    assert np.flatnonzero(learned.closed_when_open()).tolist() == [100]


def test_a_missing_day_hides_no_later_one_of_its_weekday() -> None:
    learned = calendar.learn(with_trade(with_trade(dates(), 100, False), 121, False))
    assert np.flatnonzero(learned.closed_when_open()).tolist() == [100, 121]
    assert not learned.closed_again().any()


def test_a_weekday_that_closes_is_told_twice_and_no_more() -> None:
    known = dates()
    days = np.arange(100, DAYS, 7)
    for day in days:
        known = with_trade(known, int(day), False)
    learned = calendar.learn(known)
    assert np.flatnonzero(learned.closed_when_open()).tolist() == [100]
    assert np.flatnonzero(learned.closed_again()).tolist() == [107]


def test_trade_is_noticed_on_a_closed_weekday() -> None:
    saturday = 14 * 7 + 5
    learned = calendar.learn(with_trade(dates(), saturday, True))
    assert np.flatnonzero(learned.open_when_closed()).tolist() == [saturday]


def test_the_longer_a_weekday_was_regular_the_surer() -> None:
    learned = calendar.learn(dates())
    mondays = np.flatnonzero(learned.dates.weekday == 1)
    assert (np.diff(learned.openness[mondays]) > 0).all()
    assert learned.openness[mondays[-1]] > 0.9


def test_a_holiday_may_be_either_and_teaches_nothing() -> None:
    closed = with_holidays(with_trade(dates(), 100, False), 100)
    learned = calendar.learn(closed)
    assert not learned.closed_when_open().any()
    assert learned.expected[107] == OPEN


def test_days_between_two_holidays_may_be_either() -> None:
    bridge = with_trade(with_trade(dates(), 101, False), 102, False)
    learned = calendar.learn(with_holidays(bridge, 100, 103))
    assert not learned.closed_when_open().any()


def test_new_opening_days_are_learned_after_a_while() -> None:
    known = dates()
    saturdays = np.flatnonzero(known.weekday == 6)
    is_trading = known.is_trading.copy()
    is_trading[saturdays[12:]] = True
    learned = calendar.learn(dataclasses.replace(known, is_trading=is_trading))
    surprised = np.flatnonzero(learned.open_when_closed())
    assert surprised.tolist() == saturdays[12:14].tolist()
    assert learned.expected[saturdays[-1]] == OPEN


def test_neighbours_of_holidays_are_marked() -> None:
    learned = calendar.learn(with_holidays(dates(), 100))
    assert learned.special[[99, 100, 101]].tolist() == [EVE, 0, AFTER]


def test_business_winds_down_before_a_long_break() -> None:
    learned = calendar.learn(with_holidays(dates(), 100, 103, 106))
    assert (learned.special[96:100] == RUN_DOWN).all()
    assert learned.special[107] == AFTER


def test_a_holiday_after_the_last_day_still_makes_an_eve() -> None:
    known = with_holidays(dates(), DAYS)
    assert calendar.learn(known).special[-1] == EVE


@given(st.integers(40, DAYS - 1), st.integers(0, 2**32 - 1))
def test_the_past_does_not_depend_on_the_future(day: int, seed: int) -> None:
    known = dates()
    other = known.is_trading.copy()
    other[day:] = np.random.default_rng(seed).random(DAYS - day) < 0.5
    before = calendar.learn(known)
    after = calendar.learn(dataclasses.replace(known, is_trading=other))
    assert before.openness[: day + 1].tobytes() == after.openness[: day + 1].tobytes()
    assert before.expected[: day + 1].tobytes() == after.expected[: day + 1].tobytes()


def test_a_week_knows_its_trading_days() -> None:
    known = with_trade(dates(), 8, False)
    weekly = panel(np.ones((1, DAYS // 7)), grain="weekly")
    traded = calendar.days_traded(calendar.learn(known), weekly)
    assert traded.tolist() == [6, 5] + [6] * (DAYS // 7 - 2)


def test_a_short_week_lowers_sums_but_not_ratios() -> None:
    known = calendar.learn(with_trade(dates(), 8, False))
    weekly = panel(np.ones((2, DAYS // 7)), grain="weekly")
    ratio = dataclasses.replace(weekly.series[1].kpi, denominator="units")
    series = (weekly.series[0], dataclasses.replace(weekly.series[1], kpi=ratio))
    found = calendar.regressors(known, dataclasses.replace(weekly, series=series))
    assert found.offset[0, 1] < found.offset[0, 0]
    assert (found.offset[1] == 0).all()


# ------------------------------------------------------------------------------------- gaps


def missing(first: int, last: int) -> Dates:
    known = dates()
    is_trading = known.is_trading.copy()
    is_trading[first : last + 1] = False
    return dataclasses.replace(known, is_trading=is_trading)


def test_a_gap_of_six_weeks_is_missing_to_its_last_day_and_teaches_nothing() -> None:
    whole, learned = calendar.learn(dates()), calendar.learn(missing(70, 111))
    assert np.flatnonzero(learned.gap).tolist() == list(range(70, 112))
    due = np.flatnonzero(whole.dates.is_trading)
    lost = due[(due >= 70) & (due < 112)].tolist()
    assert np.flatnonzero(learned.closed_when_open()).tolist() == lost
    np.testing.assert_array_equal(learned.expected[112:], whole.expected[112:])


def test_weeks_that_a_gap_touches_are_known_on_their_last_day() -> None:
    mondays = np.arange(FIRST_DAY, FIRST_DAY + dt.timedelta(days=DAYS), 7, dtype="datetime64[D]")
    learned = calendar.learn(missing(74, 100))  # a Friday, and a Wednesday four weeks later
    touched = np.flatnonzero(calendar.in_gap(learned, mondays))
    assert touched.tolist() == [10, 11, 12, 13, 14]
    for week in touched:
        end = (week + 1) * 7
        known = learned.dates
        until = dataclasses.replace(
            known,
            **{n: getattr(known, n)[:end] for n in ("day", "weekday", "is_trading", "is_complete")},
        )
        as_it_was = calendar.in_gap(calendar.learn(until), mondays[: week + 1])
        np.testing.assert_array_equal(as_it_was[week], True)


def test_one_missing_day_is_no_gap() -> None:
    learned = calendar.learn(missing(100, 100))
    assert not learned.gap.any()
    mondays = np.array([np.datetime64(FIRST_DAY) + 98])
    assert not calendar.in_gap(learned, mondays).any()


# ------------------------------------------------------------------------ days of the month


def test_a_months_last_trading_days_are_of_one_kind_whatever_its_length() -> None:
    learned = calendar.learn(dates(closed=(6, 7)))
    kinds = dict(zip(learned.dates.day.astype(str).tolist(), learned.month.tolist(), strict=True))
    assert [kinds[day] for day in ("2024-04-30", "2024-04-29", "2024-04-26")] == [31, 30, 29]
    assert kinds["2024-05-31"] == 31
    assert kinds["2024-03-29"] == 31  # a Friday, and the last weekday of March
    assert kinds["2024-05-15"] == 15


# -------------------------------------------------------------------------------- stray days


def test_a_stray_order_opens_no_closed_weekday() -> None:
    known = dates(closed=(6, 7))
    stray, next_one = 19 * 7 + 5, 20 * 7 + 5
    learned = calendar.learn(with_trade(with_trade(known, stray, True), next_one, True))
    assert np.flatnonzero(learned.open_when_closed()).tolist() == [stray, next_one]
    after_two = learned.expected[21 * 7 + 5]
    assert after_two == UNSURE  # two in a row may be a new habit


def test_a_weekday_that_closes_is_noticed_twice_and_then_believed() -> None:
    first = 16 * 7
    mondays = [first + 7 * week for week in range(6)]
    known = dates(closed=(6, 7))
    for day in mondays:
        known = with_trade(known, day, False)
    learned = calendar.learn(known)
    assert np.flatnonzero(learned.closed_when_open()).tolist() == mondays[:1]
    assert np.flatnonzero(learned.closed_again()).tolist() == mondays[1:2]
    values = 100 * np.exp(0.1 * np.random.default_rng(1).normal(size=DAYS))
    seen = prepare(panel(np.where(known.is_trading, values, 0.0)[None], kpi()), learned)
    found = incidents.group(anomalies.select(anomalies.scan(seen)))
    assert [a.methods for a in found] == [("no_data",), ("no_data",)]
    assert len({a.incident_id for a in found}) == 1


def test_a_weekday_that_closes_stays_noticed_whatever_comes_after() -> None:
    """The second silent Wednesday may begin a gap, which nobody can know on that day."""
    wednesday = 14 * 7 + 2
    is_trading = dates().is_trading.copy()
    is_trading[[wednesday, wednesday + 7]] = False
    is_trading[wednesday + 8 : wednesday + 12] = False
    learned = calendar.learn(dataclasses.replace(dates(), is_trading=is_trading))
    assert learned.gap[wednesday + 7]
    assert np.flatnonzero(learned.closed_again()).tolist() == [wednesday + 7]


def test_a_day_without_trade_once_is_no_new_habit() -> None:
    silent = 16 * 7
    assert not calendar.learn(with_trade(dates(closed=(6, 7)), silent, False)).closed_again().any()


def test_a_stray_order_on_a_holiday_is_noticed_once_three_holidays_were_closed() -> None:
    holidays = [35, 57, 79, 107, 128]  # five weekdays
    known = dates(closed=(6, 7))
    for day in holidays:
        known = with_trade(known, day, False)
    given = with_holidays(with_trade(known, 107, True), *holidays)
    learned = calendar.learn(given)
    assert learned.expected[holidays].tolist() == [UNSURE, UNSURE, UNSURE, CLOSED, CLOSED]
    assert np.flatnonzero(learned.open_when_closed()).tolist() == [107]
    assert not learned.closed_when_open().any()


def test_a_shop_that_trades_on_holidays_is_not_closed_then() -> None:
    holidays = [35, 57, 79, 107]
    learned = calendar.learn(with_holidays(dates(closed=(6, 7)), *holidays))
    assert learned.expected[107] == UNSURE
    assert not learned.open_when_closed().any()


def test_a_stray_day_is_judged_by_the_calendar_alone_and_teaches_nothing() -> None:
    stray = 19 * 7 + 5
    known = with_trade(dates(closed=(6, 7)), stray, True)
    values = 100 * np.exp(0.1 * np.random.default_rng(1).normal(size=DAYS))
    usual = np.where(known.is_trading, values, np.nan)
    tiny = usual.copy()
    tiny[stray] = 1.0
    learned = calendar.learn(known)
    one, other = (prepare(panel(np.stack([v, v])), learned) for v in (usual, tiny))
    assert not one.tested[:, stray].any()
    np.testing.assert_array_equal(
        one.forecast.location[:, stray + 1 :], other.forecast.location[:, stray + 1 :]
    )


def test_a_holiday_that_is_traded_is_a_months_last_day_too() -> None:
    eve = 120  # 30 April 2024, a Tuesday
    holidays = (57, eve)
    closes = with_trade(with_trade(dates(closed=(6, 7)), 57, False), eve, False)
    kinds = [
        calendar.learn(with_holidays(known, *holidays)).month[eve - 1].item()
        for known in (dates(closed=(6, 7)), closes)
    ]
    assert kinds == [30, 31]
