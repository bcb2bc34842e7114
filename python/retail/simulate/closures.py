"""When the shop is shut: Saturdays, Christmas to 3 January, Easter, bank holidays in England.

Source of the rules: the Banking and Financial Dealings Act 1971 and the royal proclamations for
the years in `MOVED`; the Christmas break and the missing Saturdays are what the public file shows.
"""

from datetime import date, timedelta

import numpy as np

from retail.simulate.draws import BoolArray

SATURDAY = 5
CHRISTMAS_BREAK_FROM = (12, 24)
CHRISTMAS_BREAK_TO = (1, 3)

# Days off that were added, and the regular ones they replaced.
EXTRA = frozenset(
    {
        date(2002, 6, 3), date(2002, 6, 4), date(2011, 4, 29), date(2012, 6, 4), date(2012, 6, 5),
        date(2020, 5, 8), date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8),
    }
)  # fmt: skip
MOVED = frozenset({date(2002, 5, 27), date(2012, 5, 28), date(2020, 5, 4), date(2022, 5, 30)})


def easter(year: int) -> date:
    """Return Easter Sunday of a Gregorian year (the anonymous algorithm; Meeus 1991, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def bank_holidays(year: int) -> frozenset[date]:
    """Return the days off in England and Wales that fall outside the Christmas break."""
    sunday = easter(year)
    regular = {sunday - timedelta(2), sunday, sunday + timedelta(1)}
    regular |= {_monday(year, 5, 1), _monday(year, 6, 1) - timedelta(7)}
    regular.add(_monday(year, 9, 1) - timedelta(7))
    return frozenset((regular - MOVED) | {day for day in EXTRA if day.year == year})


def is_open(day: date) -> bool:
    """Say whether the shop trades on a day."""
    at = (day.month, day.day)
    christmas = at >= CHRISTMAS_BREAK_FROM or at <= CHRISTMAS_BREAK_TO
    return day.weekday() != SATURDAY and not christmas and day not in bank_holidays(day.year)


def open_days(start: date, days: int) -> BoolArray:
    """Say for each of `days` calendar days from `start` whether the shop trades; shape (days,)."""
    return np.array([is_open(start + timedelta(i)) for i in range(days)], dtype=np.bool_)


def _monday(year: int, month: int, at_least: int) -> date:
    first = date(year, month, at_least)
    return first + timedelta((7 - first.weekday()) % 7)
