"""Weekday, neighbours of a holiday, and the year before: what comes round again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.baseline.tuning import Tuning
from detect.records import Bools, Floats, Ints

SPECIAL_PRIOR = 3.0
"""Quiet days that shrink the effect of a holiday's neighbour, as there are few; chosen by hand."""
SPECIAL_DOUBT = 4.0
"""Variance that a new kind of special day adds, in those of an ordinary day; chosen by hand."""
SPREAD_PRIOR = 10.0
"""Days of ordinary noise that a weekday's own noise is shrunk towards; chosen by hand."""
SPREAD_DECAY = 0.98
"""Weight of a past squared error, per day of that weekday: half after 34; chosen by hand."""
LARGEST_SQUARE = 9.0
"""Squared errors are cut off at three sigmas, so that incidents do not widen a weekday."""


@dataclass(frozen=True)
class Regressors:
    """What is known of each period beforehand: arrays of (T,), except offset (S, T).

    `weekday` numbers the season, `special` the kind of neighbour of a holiday, `month` the kind of
    day in its month (0: none), `ordinary` says whether it is no holiday nor near one, and `offset`
    is a known effect on the KPI's scale, such as the log of the days traded.
    """

    weekday: Ints
    special: Ints
    month: Ints
    ordinary: Bools
    offset: Floats


@dataclass
class Season:
    """Additive effects per weekday and per kind of special day, (kinds, S), and their counts.

    `squares` are exponential sums of squared errors in sigmas per weekday, over `squares_n` days.
    """

    weekday: Floats
    weekday_n: Floats
    special: Floats
    special_n: Floats
    squares: Floats
    squares_n: Floats


def start(series: int, regressors: Regressors) -> Season:
    """No effect at all, for `series` series."""
    weekdays = int(regressors.weekday.max(initial=0)) + 1
    specials = int(regressors.special.max(initial=0)) + 1
    return Season(
        np.zeros((weekdays, series)), np.zeros((weekdays, series)),
        np.zeros((specials, series)), np.zeros((specials, series)),
        np.zeros((weekdays, series)), np.zeros((weekdays, series)),
    )  # fmt: skip


def effect(season: Season, regressors: Regressors, t: int) -> Floats:
    """The effect expected of period t on each series, (S,)."""
    weekday, special = regressors.weekday[t], regressors.special[t]
    known = season.weekday[weekday] + season.special[special]
    return np.asarray(known + regressors.offset[:, t])


def spread(season: Season, regressors: Regressors, t: int, doubt: Floats) -> Floats:
    """How much wilder than on average period t is expected to be, (S,): a factor on sigmas.

    `doubt` (S,) is variance from elsewhere, in ordinary variances.
    """
    weekday, special = regressors.weekday[t], regressors.special[t]
    total, observed = season.squares.sum(axis=0), season.squares_n.sum(axis=0)
    usual = np.where(observed > 0, total / np.maximum(observed, 1.0), 1.0)
    own = season.squares[weekday] / np.maximum(usual, 1e-12)
    variance = (SPREAD_PRIOR + own) / (SPREAD_PRIOR + season.squares_n[weekday])
    of_special = SPECIAL_DOUBT / (season.special_n[special] + 1) if special else 0.0
    return np.asarray(np.sqrt(variance + of_special + doubt))


def learn_spread(season: Season, regressors: Regressors, t: int, sigmas: Floats) -> None:
    """Learn from errors in average sigmas (S,), NaN where there is none, in place."""
    if regressors.special[t]:
        return
    weekday, observed = regressors.weekday[t], np.isfinite(sigmas)
    square = np.where(observed, np.minimum(sigmas**2, LARGEST_SQUARE), 0.0)
    fade = np.where(observed, SPREAD_DECAY, 1.0)
    season.squares[weekday] = fade * season.squares[weekday] + square
    season.squares_n[weekday] = fade * season.squares_n[weekday] + observed


def learn(
    season: Season, regressors: Regressors, t: int, error: Floats, observed: Floats, tuning: Tuning
) -> None:
    """Move the effects of period t's kind towards its clipped forecast error (S,), in place."""
    special = regressors.special[t]
    if special:
        gain = observed / (season.special_n[special] + SPECIAL_PRIOR + 1)
        season.special[special] += gain * error
        season.special_n[special] += observed
        return
    weekday = regressors.weekday[t]
    if season.weekday.shape[0] == 1:
        return
    pace = 1 / (season.weekday_n[weekday] + tuning.season_prior + 1)
    season.weekday[weekday] += observed * np.maximum(pace, tuning.season_floor) * error
    season.weekday_n[weekday] += observed


class YearlyDrift:
    """How the level moved from the previous observed period to this one, a year ago.

    Works on `adjusted`, the deseasonalised values that the scan fills in as it goes. The year's
    own smoothing looks `year_window` periods either side, all long past.
    """

    def __init__(self, adjusted: Floats, tuning: Tuning) -> None:
        """Watch `adjusted` (S, T), of which columns before the current period are filled in."""
        self._adjusted = adjusted
        self._year, self._reach = tuning.year, tuning.year_window
        self._anchor = np.full(adjusted.shape[0], np.nan)

    def drift(self, t: int) -> tuple[Floats, Floats]:
        """Last year's drift into period t, (S,), zero where unknown; and the anchor reached."""
        then = t - self._year
        if then < self._reach:
            return np.zeros(self._anchor.size), self._anchor
        window = self._adjusted[:, then - self._reach : then + self._reach + 1]
        known = np.isfinite(window)
        count = known.sum(axis=1)
        total = np.where(known, window, 0.0).sum(axis=1)
        anchor = np.where(count > self._reach // 2, total / np.maximum(count, 1), np.nan)
        drift = anchor - self._anchor
        return np.where(np.isfinite(drift), drift, 0.0), anchor

    def update(self, anchor: Floats, observed: Floats) -> None:
        """Remember the anchor of series that were observed in this period."""
        self._anchor = np.where(observed > 0, anchor, self._anchor)
