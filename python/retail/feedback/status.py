"""What people said about findings, and what that makes of each on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from retail.formatting import day, moment
from retail.schema import FeedbackRow

OPEN, RECOVERED = "open", "recovered"
ACKNOWLEDGE, SNOOZE, FALSE, REAL = "ack", "snooze", "false", "real"
ONE_OFF, NEW_NORMAL = "one-off", "new-normal"
STATUS = {
    ACKNOWLEDGE: "acknowledged", SNOOZE: "snoozed", FALSE: "false", REAL: "real",
    ONE_OFF: "one-off", NEW_NORMAL: "new normal",
}  # fmt: skip
VERDICTS = (FALSE, REAL, ONE_OFF, NEW_NORMAL)
NOT_LEARNED = (REAL, ONE_OFF)
"""What keeps a period out of what the baseline learns."""
ACTIONS = {
    ACKNOWLEDGE: "somebody is on it",
    SNOOZE: "say nothing of this KPI until a day",
    "label": "it was a false alarm, a real incident, a one-off, or the new normal",
}

Series = tuple[str, str | None, str]
"""KPI, dimension and segment."""


def about(
    given: Sequence[FeedbackRow], name: str, series: Series, period_end: dt.date
) -> list[FeedbackRow]:
    """What was said of a finding, oldest first: of itself, or by a snooze of its series."""
    mine = [
        f
        for f in given
        if f.anomaly_id == name
        or (f.action == SNOOZE and _is_of(f, series) and _covers(f, period_end))
    ]
    return sorted(mine, key=lambda f: f.given_at)


def status_of(said: Sequence[FeedbackRow], name: str, today: dt.date) -> str:
    """The status that what was said of a finding gives it on a day.

    The last word on the finding itself counts, then a snooze of its series. A snooze holds through
    its last day: afterwards all that it covered is open again.
    """
    of_series = [f for f in said if f.anomaly_id != name]
    own = [f for f in said if f.anomaly_id == name][-1:]
    standing = [f for f in (*of_series, *own) if _holds(f, today)]
    return STATUS[standing[-1].action] if standing else OPEN


def in_words(said: FeedbackRow) -> str:
    """What was said, by whom, when and why."""
    until = f" until {day(said.until)}" if said.until else ""
    by = f" by {said.given_by}" if said.given_by else ""
    note = f": “{said.note}”" if said.note else ""
    return f"{STATUS.get(said.action, said.action)}{until}{by} on {moment(said.given_at)}{note}"


def _holds(said: FeedbackRow, today: dt.date) -> bool:
    """Whether a word still counts on a day: a snooze ends."""
    return said.action != SNOOZE or said.until is None or today <= said.until


def _is_of(said: FeedbackRow, series: Series) -> bool:
    """Whether a word is of a series; an earlier version did not note the dimension."""
    kpi, dimension, segment = series
    return (said.kpi, said.segment) == (kpi, segment) and said.dimension in (None, dimension)


def _covers(snooze: FeedbackRow, period_end: dt.date) -> bool:
    return snooze.until is not None and snooze.given_at.date() <= period_end <= snooze.until


def overall(statuses: Sequence[str], *, is_over: bool = False) -> str:
    """An incident's status: open while anything in it is, else what most of it is.

    An open one that is over has recovered; what people said of one that is over still stands.
    """
    if OPEN in statuses or not statuses:
        return RECOVERED if is_over else OPEN
    return max(sorted(set(statuses)), key=statuses.count)
