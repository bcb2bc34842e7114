"""When the shop trades, learned day by day from the days before.

A weekday that has not been traded in its last ordinary weeks is a closed weekday; a holiday, and
days caught between two holidays, may be either and teach nothing. A closed day is no zero: it is
not tested by value. A run of days without the trade that was expected is a gap: it teaches nothing
about weekdays, and the weeks that it touches are not tested. "Closed when it should be open" and
"open when closed" are findings of their own, as sure as the weekday has been regular.
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
STRAY = 1
"""Days with trade in WINDOW_WEEKS that leave a closed weekday one, and days without of an open one
that was traded since: a stray order opens no Saturday, a missing day closes no Tuesday."""
FEWEST_HOLIDAYS, RECENT_HOLIDAYS = 3, 8
"""Holidays without trade, of the last so many, after which the next is a closed day; by hand."""
FEWEST_WEEKS = 4
"""Weeks before which no weekday is called open or closed; chosen by hand."""
LONGEST_BRIDGE = 5
"""Days from one holiday to the next within which the days between are as good as holidays."""
GAP_DAYS = 3
"""Days with trade expected but none in a week, from which the data have a gap; chosen by hand."""
AHEAD = 21
"""Days after the last one whose holidays matter to it."""
MONTH_ENDS, LONGEST_MONTH = 3, 31
"""So many last trading days of a month are counted from its end: they end a month of any length."""
MIDDLE_OF_MONTH = 15
OPEN, CLOSED, UNSURE = 1, 0, -1
EVE, AFTER, RUN_DOWN = 1, 2, 3
"""Kinds of days near a holiday: before it, after it, and in the days before a long break."""
LONG_BREAK, RUN_DOWN_DAYS = 5, 4
"""Before a break of so many days business winds down over so many: Christmas in most shops."""


@dataclass(frozen=True)
class TradingCalendar:
    """What was known of each day beforehand (D days), and what came.

    `openness` is the chance that the day is traded as seen from the day before, `expected` what
    follows from it. `gap` marks runs of days without the trade that was expected, `special` the
    last trading day before a holiday and the first after. `month` is the kind of day in its month,
    `ordinary` whether it is no holiday nor near one.
    """

    dates: Dates
    openness: Floats
    expected: Ints
    gap: Bools
    special: Ints
    month: Ints
    ordinary: Bools

    def closed_when_open(self) -> Bools:
        """Days without trade on which trade was expected, (D,)."""
        due = (self.expected == OPEN) & self.dates.is_complete
        return np.asarray(due & ~self.dates.is_trading)

    def closed_again(self) -> Bools:
        """Days without trade a week after one on which trade was expected, (D,).

        Their weekday may be closed from then on: later ones are no surprise.
        """
        alone = self.closed_when_open() & ~self.gap
        week_after = np.concatenate([np.zeros(WEEK, dtype=bool), alone])[: alone.size]
        is_holiday = np.isin(self.dates.day, self.dates.holidays)
        in_gap = _known_gaps(self.dates, self.expected)
        silent = ~self.dates.is_trading & self.dates.is_complete & ~in_gap & ~is_holiday
        return np.asarray(week_after & silent & (self.expected == UNSURE))

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
    gap = np.zeros(dates.day.size, dtype=bool)
    openness, expected = _expected(dates, ordinary, gap)
    while (found := gap | _gaps(dates, expected)).sum() > gap.sum():  # one may hide a later one
        gap = found
        openness, expected = _expected(dates, ordinary, gap)
    special = _special(may_close)[: dates.day.size]
    month = _month(dates, expected)
    return TradingCalendar(
        dates, openness, expected, gap, special, month, ordinary & (special == 0)
    )


def _expected(dates: Dates, ordinary: Bools, gap: Bools) -> tuple[Floats, Ints]:
    """Chance that each day is traded, and what follows from it, as if no gap had been, (D,)."""
    openness, opens, missed, recent, last, weeks = np.full((6, dates.day.size), np.nan)
    trainable = ordinary & dates.is_complete
    for weekday in range(1, WEEK + 1):
        at = dates.weekday == weekday
        traded = dates.is_trading & trainable
        opens[at], observed = (_before(x[at], ~gap[at], WINDOW_WEEKS) for x in (traded, trainable))
        openness[at] = (opens[at] + 1) / (observed + 2)
        missed[at] = observed - opens[at]
        weeks[at] = _before(trainable[at], ~gap[at], RECENT_WEEKS)
        recent[at] = _before(traded[at], ~gap[at], RECENT_WEEKS)
        last[at] = _before(traded[at], ~gap[at], 1)
    sure = ordinary & (weeks >= FEWEST_WEEKS)
    is_back = (missed <= STRAY) & (last == 1) & (weeks >= RECENT_WEEKS)
    expected = np.where(sure & ((recent == weeks) | is_back), OPEN, UNSURE)
    is_stray = (opens <= STRAY) & (weeks >= RECENT_WEEKS)
    expected = np.where(sure & ((recent == 0) | is_stray), CLOSED, expected)
    _close_holidays(dates, openness, expected)
    return openness, expected


def _close_holidays(dates: Dates, openness: Floats, expected: Ints) -> None:
    """Close holidays that have been closed on days that are open otherwise, (D,), in place."""
    holiday = np.isin(dates.day, dates.holidays) & dates.is_complete
    week_before = np.concatenate([np.full(WEEK, UNSURE), expected])[: expected.size]
    at = np.flatnonzero(holiday & (week_before != CLOSED))
    every = np.ones(at.size, dtype=bool)
    opens, observed = (_before(x, every, RECENT_HOLIDAYS) for x in (dates.is_trading[at], every))
    closed = (observed >= FEWEST_HOLIDAYS) & (
        opens <= np.where(observed > FEWEST_HOLIDAYS, STRAY, 0)
    )
    openness[at[closed]] = ((opens + 1) / (observed + 2))[closed]
    expected[at[closed]] = CLOSED


def _gaps(dates: Dates, expected: Ints) -> Bools:
    """Days of the runs without trade that are gaps, (D,).

    A run is one if trade was expected on GAP_DAYS of its first seven days. A day teaches its
    weekday a week later at the earliest, when those are known.
    """
    gap = np.zeros(dates.day.size, dtype=bool)
    for first, after in _runs(~dates.is_trading):
        gap[first:after] = _missed(expected, first, min(after, first + WEEK)) >= GAP_DAYS
    return gap


def _known_gaps(dates: Dates, expected: Ints) -> Bools:
    """Days of gaps from the one on which they are known to be gaps, (D,)."""
    known = np.zeros(dates.day.size, dtype=bool)
    for first, after in _runs(~dates.is_trading):
        missed = (expected[first:after] == OPEN) & (np.arange(after - first) < WEEK)
        known[first:after] = np.cumsum(missed) >= GAP_DAYS
    return known


def _runs(flags: Bools) -> list[tuple[int, int]]:
    """First place and the one after the last of each run of set entries."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int64)))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]


def _missed(expected: Ints, first: int, after: int) -> int:
    return int((expected[first:after] == OPEN).sum())


def _before(flags: Bools, kept: Bools, length: int) -> Floats:
    """How many of the last `length` kept entries before each one are set."""
    total = np.concatenate([[0], np.cumsum(flags[kept])])
    after: Ints = np.cumsum(kept) - kept
    return np.asarray(total[after] - total[np.maximum(after - length, 0)], dtype=np.float64)


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


def extended(calendar: TradingCalendar, last: np.datetime64) -> TradingCalendar:
    """The calendar up to a day that may be to come.

    A day to come is taken to be traded unless its weekday was closed in the last week.
    """
    dates = calendar.dates
    day = np.arange(dates.day[0], last + 1)
    more = day.size - dates.day.size
    if more <= 0:
        return calendar
    opens = np.resize(calendar.expected[-WEEK:] != CLOSED, more)
    weekday = np.resize(dates.weekday[-WEEK:], more)
    return learn(
        Dates(
            day,
            np.concatenate([dates.weekday, weekday]),
            np.concatenate([dates.is_trading, opens]),
            np.concatenate([dates.is_complete, np.zeros(more, dtype=bool)]),
            dates.holidays,
        )
    )


def day_of_month(days: Days) -> Ints:
    """1 for the first of a month, (D,)."""
    first = days.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((days - first) // np.timedelta64(1, "D") + 1, dtype=np.int64)


def days_in_month(days: Days) -> Ints:
    """Length of each day's month, (D,)."""
    following: Days = (days.astype("datetime64[M]") + 1).astype("datetime64[D]")
    last: Days = following - np.timedelta64(1, "D")
    return day_of_month(last)


def _month(dates: Dates, expected: Ints) -> Ints:
    """Kind of each day in its month, (D,): its number, but from the end for the last trading days.

    A day to come is taken to be traded unless its weekday was closed a week earlier, or it is a
    holiday of a shop that was closed on the last one: what is known of it a week ahead.
    """
    number, left = day_of_month(dates.day), days_in_month(dates.day) - day_of_month(dates.day)
    place = np.ones(dates.day.size, dtype=np.int64)
    closed = np.concatenate([np.zeros(WEEK, dtype=bool), expected == CLOSED])
    closes_on_holidays = _closed_on_last_holiday(dates)
    for ahead in range(1, WEEK):
        later = dates.day + np.timedelta64(ahead, "D")
        is_holiday = np.isin(later, dates.holidays) & closes_on_holidays
        opens = ~is_holiday & ~closed[ahead : ahead + dates.day.size]
        place += (ahead <= left) & opens
    from_end = (left < WEEK) & (place <= MONTH_ENDS)
    return np.asarray(np.where(from_end, LONGEST_MONTH + 1 - place, number))


def _closed_on_last_holiday(dates: Dates) -> Bools:
    """Whether the last holiday before each day had no trade, (D,); true before the first."""
    at = np.where(np.isin(dates.day, dates.holidays), np.arange(dates.day.size), -1)
    last = np.concatenate([[-1], np.maximum.accumulate(at)[:-1]])
    return np.asarray((last < 0) | ~dates.is_trading[last])


def days_traded(calendar: TradingCalendar, panel: Panel) -> Ints:
    """Days with trade in each period of a panel, (T,); stray ones on closed days don't count."""
    return _days_with(calendar, panel, calendar.dates.is_trading & ~calendar.open_when_closed())


def has_trade(calendar: TradingCalendar, panel: Panel) -> Bools:
    """Whether each period of a panel has any trade, (T,)."""
    return _days_with(calendar, panel, calendar.dates.is_trading) > 0


def _days_with(calendar: TradingCalendar, panel: Panel, flags: Bools) -> Ints:
    total = np.concatenate([[0], np.cumsum(flags)])
    first = calendar.position(panel.period)
    after = np.minimum(calendar.position(panel.period_end()) + 1, total.size - 1)
    return np.asarray(total[after] - total[np.clip(first, 0, total.size - 1)], dtype=np.int64)


def in_gap(calendar: TradingCalendar, weeks: Days) -> Bools:
    """Whether each week holds days of a gap, as far as that is known on its last day, (T,).

    A week that ends on missing trade does, however long it will last.
    """
    ends = calendar.position(weeks) + WEEK
    out = np.zeros(weeks.size, dtype=bool)
    for first, after in _runs(~calendar.dates.is_trading):
        for nth in np.flatnonzero((ends - WEEK < after) & (ends > first)):
            end = int(ends[nth])
            least = 1 if end <= after else GAP_DAYS
            out[nth] |= _missed(calendar.expected, first, min(after, end)) >= least
    return out


def regressors(calendar: TradingCalendar, panel: Panel) -> Regressors:
    """Weekday, holiday neighbourhood and days traded of each period of a panel."""
    offset = np.zeros(panel.value.shape)
    if panel.grain == "daily":
        at = calendar.position(panel.period)
        weekday, special = calendar.dates.weekday[at] - 1, calendar.special[at]
        return Regressors(weekday, special, calendar.month[at], calendar.ordinary[at], offset)
    length = np.log(np.maximum(days_traded(calendar, panel), 1))
    sums = np.array([s.kpi.denominator is None and s.kpi.scale == "log" for s in panel.series])
    offset[sums] = length
    nothing = np.zeros(panel.period.size, dtype=np.int64)
    always = np.ones(panel.period.size, dtype=bool)
    return Regressors(nothing, nothing, _week_of_month(panel), always, offset)


def _week_of_month(panel: Panel) -> Ints:
    """Whether a week holds the end of a month, or its middle, (T,)."""
    first, last = day_of_month(panel.period), day_of_month(panel.period_end())
    holds_end = (last < first) | (last == days_in_month(panel.period_end()))
    holds_middle = (first <= MIDDLE_OF_MONTH) & (last >= MIDDLE_OF_MONTH) & ~holds_end
    return np.asarray(np.where(holds_end, 1, np.where(holds_middle, 2, 0)), dtype=np.int64)
