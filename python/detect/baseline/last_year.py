"""The same days of last year: what moved far then may move as far again, or not.

An event of once a year (the weeks around a holiday, a sale each May) has been seen once when it
comes back, which is too little to expect it, and too much to be surprised by it. So the forecast of
such a day is a range, from no effect to last year's: a value within it is no news, one beyond it is
as far as it lies from the nearer end. A day that was odd by chance leaves no echo.
"""

from __future__ import annotations

import numpy as np

from detect.baseline.tuning import Tuning
from detect.records import Floats

FAR = 4.0
"""Sigmas from which a period of last year, or the mean of three, may have been an event: fewer
would widen many days a year for what was chance; chosen by hand."""
REACH = 1
"""Periods on either side of the same weekday a year ago: the same date is one or two away."""
FEWEST = 2
"""Periods that make a mean."""


class LastYear:
    """What the forecast of each period did not know, with nothing of last year taken off."""

    def __init__(self, series: int, periods: int, tuning: Tuning) -> None:
        """Know nothing yet of `series` series."""
        self._error = np.full((series, periods), np.nan)
        self._sigmas = np.full((series, periods), np.nan)
        self._year = tuning.year

    def span(self, t: int) -> tuple[Floats, Floats]:
        """The least and the most that period t may lie off its forecast as last year, (S,) each."""
        then = t - self._year
        near = slice(max(then - REACH, 0), max(then + REACH + 1, 0))
        error, sigmas = (np.nan_to_num(x[:, near]) for x in (self._error, self._sigmas))
        known = np.isfinite(self._error[:, near]).sum(axis=1, keepdims=True)
        count = np.maximum(known, 1)
        mean, together = error.sum(axis=1, keepdims=True) / count, sigmas.sum(axis=1, keepdims=True)
        together = np.where(known >= FEWEST, together / np.sqrt(count), 0.0)
        moved = np.where(
            np.abs(np.concatenate([sigmas, together], axis=1)) >= FAR,
            np.concatenate([error, mean], axis=1),
            0.0,
        )
        return moved.min(axis=1, initial=0.0), moved.max(axis=1, initial=0.0)

    def note(self, t: int, error: Floats, sigma: Floats) -> None:
        """Remember how far period t was off (S,), NaN where it says nothing, and one sigma then."""
        self._error[:, t] = error
        self._sigmas[:, t] = error / sigma
