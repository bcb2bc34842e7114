"""When the shop trades, learned day by day from the days before.

A weekday that has not been traded in its last ordinary weeks is a closed weekday; a holiday, and
days caught between two holidays, may be either and teach nothing. A closed day is no zero: it is
not tested by value. "Closed when it should be open" and "open when closed" are findings of their
own, as sure as the weekday has been regular.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.baseline.season import Regressors
from detect.records import Bools, Dates, Days, Floats, Ints, Panel

WEEK = 7
"""Days."""
WINDOW_WEEKS = 26
"""Weeks whose days say how regularly a weekday is traded: half a year; chosen by hand."""
RECENT_WEEKS = 8
"""Weeks that a change of opening days takes to be believed; chosen by hand."""
FEWEST_WEEKS = 4
"""Weeks before which no weekday is called open or closed; chosen by hand."""
LONGEST_BRIDGE = 5
"""Days from one holiday to the next within which the days between are as good as holidays."""
AHEAD = 21
"""Days after the last one whose holidays matter to it."""
OPEN, CLOSED, UNSURE = 1, 0, -1
EVE, AFTER, RUN_DOWN = 1, 2, 3
"""Kinds of days near a holiday: before it, after it, and in the days before a long break."""
LONG_BREAK, RUN_DOWN_DAYS = 5, 4
"""Before a break of so many days business winds down over so many: Christmas in most shops."""


@dataclass(frozen=True)
class TradingCalendar:
    """What was known of each day beforehand (D days), and what came.

    `openness` is the chance that the day is traded as seen from the day before, `expected` what
    follows from it, `special` marks the last trading day before a holiday and the first after.
    """

    dates: Dates
    openness: Floats
    expected: Ints
    special: Ints

    def closed_when_open(self) -> Bools:
        """Days without trade on which trade was expected, (D,)."""
        due = (self.expected == OPEN) & self.dates.is_complete
        return np.asarray(due & ~self.dates.is_trading)

    def open_when_closed(self) -> Bools:
        """Days with trade on which none was expected, (D,)."""
        return np.asarray((self.expected == CLOSED) & self.dates.is_trading)

    def position(self, days: Days) -> Ints:
        """Places of days in the calendar."""
        return np.asarray((days - self.dates.day[0]) // np.timedelta64(1, "D"), dtype=np.int64)


def learn(dates: Dates) -> TradingCalendar:
    """Learn the trading days from the past of each day."""
    may_close = _may_close(dates)
    ordinary = ~may_close[: dates.day.size]
    openness, recent, weeks = np.full((3, dates.day.size), np.nan)
    for weekday in range(1, WEEK + 1):
        at = dates.weekday == weekday
        trainable = ordinary[at] & dates.is_complete[at]
        traded = dates.is_trading[at] & trainable
        opens, observed = (_before(x, WINDOW_WEEKS) for x in (traded, trainable))
        openness[at] = (opens + 1) / (observed + 2)
        weeks[at] = _before(trainable, RECENT_WEEKS)
        recent[at] = _before(traded, RECENT_WEEKS)
    sure = ordinary & (weeks >= FEWEST_WEEKS)
    expected = np.where(sure & (recent == weeks), OPEN, UNSURE)
    expected = np.where(sure & (recent == 0), CLOSED, expected)
    special = _special(may_close)[: dates.day.size]
    return TradingCalendar(dates, openness, expected, special)


def _before(flags: Bools, length: int) -> Floats:
    """How many of the `length` entries before each one are set."""
    total = np.concatenate([[0], np.cumsum(flags)])
    first = np.maximum(np.arange(flags.size) - length, 0)
    return np.asarray(total[:-1] - total[first], dtype=np.float64)


def _may_close(dates: Dates) -> Bools:
    """Holidays, and days between two of them that are LONGEST_BRIDGE days apart or less.

    Goes on for AHEAD days after the last: holidays are known in advance, so that looking at the
    next one is no look-ahead. (D + AHEAD,)
    """
    days = np.arange(dates.day[0], dates.day[-1] + AHEAD + 1)
    holiday = np.isin(days, dates.holidays)
    index = np.arange(days.size)
    last = np.maximum.accumulate(np.where(holiday, index, -days.size))
    following = np.minimum.accumulate(np.where(holiday, index, 2 * days.size)[::-1])[::-1]
    return np.asarray(holiday | (following - last <= LONGEST_BRIDGE))


def _special(may_close: Bools) -> Ints:
    """Neighbours of holidays: EVE before, AFTER, and RUN_DOWN in the days before a long break."""
    special = np.zeros(may_close.size, dtype=np.int64)
    special[1:][may_close[:-1] & ~may_close[1:]] = AFTER
    special[:-1][may_close[1:] & ~may_close[:-1]] = EVE
    starts = np.flatnonzero(may_close & ~np.concatenate([[False], may_close[:-1]]))
    for start in map(int, starts):
        length = int(np.argmin(np.append(may_close[start:], False)))
        if length >= LONG_BREAK:
            special[max(start - RUN_DOWN_DAYS, 0) : start] = RUN_DOWN
    return special


def days_traded(calendar: TradingCalendar, panel: Panel) -> Ints:
    """Days with trade in each period of a panel, (T,)."""
    total = np.concatenate([[0], np.cumsum(calendar.dates.is_trading)])
    first = calendar.position(panel.period)
    after = np.minimum(calendar.position(panel.period_end()) + 1, total.size - 1)
    return np.asarray(total[after] - total[np.clip(first, 0, total.size - 1)], dtype=np.int64)


def regressors(calendar: TradingCalendar, panel: Panel) -> Regressors:
    """Weekday, holiday neighbourhood and days traded of each period of a panel."""
    offset = np.zeros(panel.value.shape)
    if panel.grain == "daily":
        at = calendar.position(panel.period)
        return Regressors(calendar.dates.weekday[at] - 1, calendar.special[at], offset)
    length = np.log(np.maximum(days_traded(calendar, panel), 1))
    sums = np.array([s.kpi.denominator is None and s.kpi.scale == "log" for s in panel.series])
    offset[sums] = length
    nothing = np.zeros(panel.period.size, dtype=np.int64)
    return Regressors(nothing, nothing, offset)
