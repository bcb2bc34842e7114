"""Weekday, neighbours of a holiday, and the year before: what comes round again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.baseline.tuning import Tuning
from detect.records import Floats, Ints

SPECIAL_PRIOR = 3.0
"""Quiet days that the effect of a holiday's neighbour is shrunk by: there are few to learn from."""
SPECIAL_DOUBT = 4.0
"""Variance, in those of an ordinary day, that an unseen kind of special day adds."""
SPREAD_PRIOR = 10.0
"""Days of ordinary noise that a weekday's own noise is drawn towards."""
SPREAD_MEMORY = 0.98
LARGEST_SQUARE = 9.0


@dataclass(frozen=True)
class Regressors:
    """What is known of each period beforehand: arrays of (T,), except offset (S, T).

    `weekday` numbers the season, `special` the kind of neighbour of a holiday (0: none), and
    `offset` is a known effect on the KPI's scale, such as the log of the days traded.
    """

    weekday: Ints
    special: Ints
    offset: Floats


@dataclass
class Season:
    """Additive effects per weekday and per kind of special day, (kinds, S), and their counts.

    `squares` are faded sums of squared errors in sigmas per weekday, over `squares_seen` days.
    """

    weekday: Floats
    weekday_seen: Floats
    special: Floats
    special_seen: Floats
    squares: Floats
    squares_seen: Floats


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


def spread(season: Season, regressors: Regressors, t: int) -> Floats:
    """How much wilder than on average period t is expected to be, (S,): a factor on sigmas."""
    weekday, special = regressors.weekday[t], regressors.special[t]
    total, seen = season.squares.sum(axis=0), season.squares_seen.sum(axis=0)
    usual = np.where(seen > 0, total / np.maximum(seen, 1.0), 1.0)
    own = season.squares[weekday] / np.maximum(usual, 1e-12)
    variance = (SPREAD_PRIOR + own) / (SPREAD_PRIOR + season.squares_seen[weekday])
    doubt = SPECIAL_DOUBT / (season.special_seen[special] + 1) if special else 0.0
    return np.asarray(np.sqrt(variance + doubt))


def learn_spread(season: Season, regressors: Regressors, t: int, sigmas: Floats) -> None:
    """Learn from errors in average sigmas (S,), NaN where there is none, in place."""
    if regressors.special[t]:
        return
    weekday, seen = regressors.weekday[t], np.isfinite(sigmas)
    square = np.where(seen, np.minimum(sigmas**2, LARGEST_SQUARE), 0.0)
    fade = np.where(seen, SPREAD_MEMORY, 1.0)
    season.squares[weekday] = fade * season.squares[weekday] + square
    season.squares_seen[weekday] = fade * season.squares_seen[weekday] + seen


def learn(
    season: Season, regressors: Regressors, t: int, error: Floats, seen: Floats, tuning: Tuning
) -> None:
    """Move the effects of period t's kind towards its clipped forecast error (S,), in place."""
    special = regressors.special[t]
    if special:
        gain = seen / (season.special_seen[special] + SPECIAL_PRIOR + 1)
        season.special[special] += gain * error
        season.special_seen[special] += seen
        return
    weekday = regressors.weekday[t]
    if season.weekday.shape[0] == 1:
        return
    pace = 1 / (season.weekday_seen[weekday] + tuning.season_prior + 1)
    season.weekday[weekday] += seen * np.maximum(pace, tuning.season_floor) * error
    season.weekday_seen[weekday] += seen


class LastYear:
    """How the level moved from the previous observed period to this one, a year ago.

    Works on `adjusted`, the deseasonalised values that the scan fills in as it goes. The year's
    own smoothing looks `year_reach` periods either side, all long past.
    """

    def __init__(self, adjusted: Floats, tuning: Tuning) -> None:
        """Watch `adjusted` (S, T), of which columns before the current period are filled in."""
        self._adjusted = adjusted
        self._year, self._reach = tuning.year, tuning.year_reach
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

    def passed(self, anchor: Floats, seen: Floats) -> None:
        """Remember the anchor of series that were observed in this period."""
        self._anchor = np.where(seen > 0, anchor, self._anchor)
