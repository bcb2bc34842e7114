"""Episodes: a daily KPI that has changed to stay, from the day it shows until it is over.

A level shift at the KPI's limit opens one. While it lasts, its days are compared with the level
before it, so that an outage does not heal its own baseline. It is over when the values of the last
days are nearer to that level than to the new one: then the baseline goes back to it. After LONGEST
days the new level is what is expected.

A day's verdict needs that day and its past alone. What opens an episode is a test beside the one
of single days: either is enough, and neither is averaged with the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from detect import level_shifts
from detect.baseline import Forecast
from detect.compress_missing import pack_alike
from detect.level_shifts import SPANS
from detect.records import ALL, Bools, Floats, Ints, Panel
from detect.two_groups import posterior_at_budget

FEWEST = 60
"""Values that come before an episode: fewer say little of how far such means stray; by hand."""
LONGEST = 20
"""Trading days of an episode, after which its level is the usual one; chosen by hand."""
RECENT = 6
"""Trading days whose median tells whether an episode is over; chosen by hand."""
BACK = 0.5
"""Part of the change that is left when it counts as gone."""
SETTLED_AFTER = max(SPANS["daily"])
"""Trading days after an episode in which no level shift is measured: they begin within it."""


@dataclass(frozen=True)
class Episodes:
    """Days of episodes, (S, T) each.

    `is_active` marks the days of an episode that lie on its side, from the one that showed it;
    there `confidence` is how sure it is, and `p_value` the chance of such a shift. `level` is what
    was expected of the forecast's `adjusted` before the change (for the money of the whole shop, on
    the days of any KPI's episode). `first` is the column of the episode's first day, -1 outside of
    any. `is_settled` is False from the day after it showed until no level shift is measured from
    its days. `restored` are levels that the baseline has gone back to, NaN elsewhere.
    """

    is_active: Bools
    confidence: Floats
    p_value: Floats
    level: Floats
    first: Ints
    is_settled: Bools
    restored: Floats


@dataclass(frozen=True)
class _Episode:
    """Places among a series' observed days: first, the one that showed it, last; and its levels."""

    first: int
    shown: int
    last: int
    level: float
    sign: float
    is_back: bool


@dataclass(frozen=True)
class _Row:
    """One series by its observed days: shifts by span (spans, N), the rest (N,)."""

    z: Floats
    spans: Ints
    adjusted: Floats
    level: Floats
    may_open: Bools
    limit: float
    new_levels: Ints

    def since(self, first: int) -> tuple[Floats, Ints]:
        """The strongest shift of each day that is measured from a level from `first` on."""
        base = np.arange(self.z.shape[1]) - self.spans[:, None]
        return level_shifts.strongest(np.where(base >= first, self.z, np.nan), self.spans)


def none(shape: tuple[int, ...], restored: Floats | None = None) -> Episodes:
    """Return no episodes, but for levels that are known to have been restored."""
    return Episodes(
        np.zeros(shape, dtype=bool),
        np.zeros(shape),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(shape, -1),
        np.ones(shape, dtype=bool),
        np.full(shape, np.nan) if restored is None else restored,
    )


def follow(
    panel: Panel,
    run: Callable[[Floats, Bools], Forecast],
    learned: Bools,
    usable: Bools,
    adopted: Bools | None = None,
) -> tuple[Forecast, Episodes]:
    """Forecast a panel whose baseline is brought back after each episode that ends.

    Args:
        panel: daily series; those of the whole shop are followed.
        run: forecasts some series (S,), given the levels to restore, (S, T).
        learned: periods with a value to learn from, (S, T).
        usable: those that may open an episode once the forecast is ready, (S, T).
        adopted: those known to be the new level, (S, T): an episode ends there, and none begins
            while its shift would be measured from before.

    Returns:
        The forecast, and the episodes.
    """
    watched = np.array([s.segment == ALL for s in panel.series])[:, None]
    restored = np.full(panel.value.shape, np.nan)
    forecast = run(restored, np.ones(len(panel.series), dtype=bool))
    while True:
        found = _find(panel, forecast, learned & forecast.ready & watched, usable, adopted)
        ended = _first_new(found.restored, restored)
        if not ended.any():
            return forecast, _with_money(found, panel, forecast)
        restored = np.where(ended, found.restored, restored)
        again: Bools = np.asarray(ended.any(axis=1))
        forecast = _with_rows(forecast, run(restored, again), again)


def _with_rows(forecast: Forecast, other: Forecast, rows: Bools) -> Forecast:
    """A forecast with that of some series (S,) in place of its own."""
    merged = {name: getattr(forecast, name).copy() for name in Forecast.__dataclass_fields__}
    for name, values in merged.items():
        values[rows] = getattr(other, name)
    return Forecast(**merged)


def _first_new(found: Floats, known: Floats) -> Bools:
    """The first restored level of each series that is not known yet, (S, T)."""
    fresh = np.isfinite(found) & ~np.isfinite(known)
    return np.asarray(fresh & (np.cumsum(fresh, axis=1) == 1))


def _find(
    panel: Panel, forecast: Forecast, observed: Bools, usable: Bools, adopted: Bools | None
) -> Episodes:
    """Note the episodes of every series."""
    shifts = level_shifts.measure(forecast, observed, panel.grain)
    usable = usable & (forecast.history >= FEWEST)
    may_open = np.nan_to_num(pack_alike(usable.astype(np.float64), shifts.index)) > 0
    limits = np.array([s.kpi.level_shift_threshold for s in panel.series])
    farthest = np.abs(np.nan_to_num(shifts.z)).max(axis=0)
    crossed = (may_open & (farthest >= limits[:, None])).any(axis=1)
    told = np.zeros(observed.shape, dtype=bool) if adopted is None else adopted & observed
    found = none(panel.value.shape)
    for row in map(int, np.flatnonzero(crossed | told.any(axis=1))):
        days = np.flatnonzero(observed[row])
        new_levels = np.flatnonzero(told[row, days])
        z = shifts.z[:, row, : days.size].copy()
        for place in new_levels:
            found.is_settled[row, days[place : place + SETTLED_AFTER + 1]] = False
            for nth, span in enumerate(shifts.spans):
                z[nth, place : place + span] = np.nan
        mine = _Row(
            z,
            shifts.spans,
            shifts.adjusted[row],
            shifts.level[row],
            may_open[row, : days.size],
            float(limits[row]),
            new_levels,
        )
        for episode in _walk(mine):
            _note(found, row, days, mine, episode)
    return found


def _walk(row: _Row) -> Iterator[_Episode]:
    """Episodes of one series, one after the other; none is measured from within another."""
    days = row.may_open.size
    free = 0
    while True:
        z, span = row.since(free)
        crossed = np.flatnonzero(row.may_open & (np.abs(np.nan_to_num(z)) >= row.limit))
        if not crossed.size:
            return
        shown = int(crossed[0])
        first, sign = shown - int(span[shown]) + 1, float(np.sign(z[shown]))
        old = float(row.level[first - 1])
        size = max(sign * (float(np.median(row.adjusted[first : shown + 1])) - old), 0.0)
        end = min([first + LONGEST, days, *row.new_levels[row.new_levels > shown]])
        last, is_back = end - 1, False
        for day in range(max(shown + 1, first + RECENT - 1), min(first + LONGEST - 1, end)):
            recent = float(np.median(row.adjusted[day + 1 - RECENT : day + 1]))
            if sign * (recent - old) < BACK * size:
                last, is_back = day, True
                break
        yield _Episode(first, shown, last, old, sign, is_back)
        free = last


def _note(found: Episodes, row: int, days: Ints, series: _Row, episode: _Episode) -> None:
    """Write an episode down, in place."""
    during = slice(episode.shown, episode.last + 1)
    at = days[during]
    z, _ = series.since(0)
    chance = level_shifts.chance(np.fmax.accumulate(z[during] * episode.sign), "daily")
    budget = level_shifts.chance(np.array(series.limit), "daily")
    beyond = episode.sign * (series.adjusted[during] - episode.level) > 0
    found.is_active[row, at] = beyond
    found.confidence[row, at] = np.where(beyond, posterior_at_budget(chance / budget), 0.0)
    found.p_value[row, at] = np.where(beyond, chance, np.nan)
    found.level[row, at] = episode.level
    found.first[row, at] = days[episode.first]
    found.is_settled[row, days[episode.shown + 1 : episode.last + 1 + SETTLED_AFTER]] = False
    if episode.is_back:
        found.restored[row, at[-1]] = episode.level


def joined(
    found: Episodes, beside: Episodes, rows: Ints, level: Floats, is_with: Bools
) -> Episodes:
    """Add the episodes of what stands beside some KPIs, on days when the KPI has none of its own.

    Args:
        found: of the KPIs, (S, T).
        beside: of what stands beside the KPIs in `rows`, (R, T).
        rows: (R,), each KPI once.
        level: that the KPI was believed to have before those episodes, (R, T).
        is_with: whether the KPI has gone the same way, (R, T).
    """
    alone = (beside.first >= 0) & (found.first[rows] < 0) & np.isfinite(level)
    shown = alone & is_with & beside.is_active
    added: dict[str, tuple[Bools, Bools | Floats | Ints]] = {
        "is_active": (shown, shown),
        "confidence": (shown, beside.confidence),
        "p_value": (shown, beside.p_value),
        "first": (alone, beside.first),
        "level": (alone, level),
    }
    merged = {name: getattr(found, name).copy() for name in added}
    for name, (where, values) in added.items():
        merged[name][rows] = np.where(where, values, merged[name][rows])
    return replace(found, **merged)


def levels_before(forecast: Forecast, rows: Ints, first: Ints) -> Floats:
    """The level that the series in `rows` were believed to have before the columns `first`, (R, T).

    NaN where the column is -1, or nothing was believed before.
    """
    known = np.where(forecast.ready[rows], forecast.level[rows], np.nan)
    columns = np.where(np.isfinite(known), np.arange(known.shape[1]), -1)
    last = np.maximum.accumulate(columns, axis=1)
    last = np.concatenate([np.full((rows.size, 1), -1), last], axis=1)
    at = np.take_along_axis(last, np.maximum(first, 0), axis=1)
    levels = np.take_along_axis(known, np.maximum(at, 0), axis=1)
    return np.where((at >= 0) & (first >= 0), levels, np.nan)


def _with_money(found: Episodes, panel: Panel, forecast: Forecast) -> Episodes:
    """Hold the shop's net revenue against its level before the episodes of other KPIs.

    One that begins within an episode of net revenue itself, as what comes back after an outage
    does, is held against the level before that one.
    """
    rows = np.flatnonzero([s.segment == ALL and s.kpi.is_net_revenue for s in panel.series])
    first = np.where(found.first[rows] < 0, found.first.max(axis=0, initial=-1), -1)
    known = forecast.level.copy()
    for row in map(int, rows):
        days = np.flatnonzero(found.first[row] >= 0)
        for day, following in itertools.pairwise([*days, -1]):
            is_same = following > 0 and found.first[row, day] == found.first[row, following]
            known[row, day : following if is_same else day + 1] = found.level[row, day]
    level = levels_before(replace(forecast, level=known), rows, first)
    found.level[rows] = np.where(np.isfinite(level), level, found.level[rows])
    return found
