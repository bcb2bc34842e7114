"""When the shop is shut: Saturdays, Christmas to 3 January, Easter, bank holidays in England.

The Christmas break and the missing Saturdays are what the public file shows; the bank holidays are
those of the `holidays` package, up to 2100.
"""

from datetime import date, timedelta

import numpy as np
from holidays import country_holidays

from retail.simulate.draws import BoolArray

SATURDAY = 5
CHRISTMAS_BREAK_FROM = (12, 24)
CHRISTMAS_BREAK_TO = (1, 3)


def open_days(start: date, days: int) -> BoolArray:
    """Say for each of `days` calendar days from `start` whether the shop trades; shape (days,)."""
    holidays = country_holidays("GB", subdiv="ENG", language="en_GB")

    def is_open(day: date) -> bool:
        at = (day.month, day.day)
        is_christmas = at >= CHRISTMAS_BREAK_FROM or at <= CHRISTMAS_BREAK_TO
        is_easter = holidays.get(day + timedelta(1)) == "Easter Monday"
        return not (day.weekday() == SATURDAY or is_christmas or is_easter or day in holidays)

    return np.array([is_open(start + timedelta(i)) for i in range(days)], dtype=np.bool_)
