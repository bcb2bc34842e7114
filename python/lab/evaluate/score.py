"""What was planted against what was found.

An incident's size in a KPI is how far it moved that KPI on its own scale, in sigmas of what
had been expected of that period undisturbed. A finding is right where it names a series that was
really moved, in a period that the incident touched; what a method flags in the undisturbed control,
too, is no merit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detect.records import ALL, GRAINS, Anomaly, Bools, Floats, Grain
from lab.evaluate.measure import Copy, Grid
from retail.simulate import PlantedIncident

MOVED = 1.0
"""Sigmas by which a series must have been moved for a finding in it to be right."""
TRACE = 0.25
"""A finding in a series that moved by less has nothing to do with what was planted."""
WEEK = dt.timedelta(days=7)
GRADUAL = frozenset({"slow_decline"})
TREND_WORDS = {"up": "increasing", "down": "decreasing"}
Shifts = dict[Grain, Floats]


@dataclass(frozen=True)
class Finding:
    """One flag of any method: row and column of a grain's grid."""

    grain: Grain
    row: int
    column: int


@dataclass(frozen=True)
class Case:
    """A planted incident and what became of it.

    `size` is the largest shift of its main KPIs on its first day in that day's sigmas, `size_year`
    in sigmas of the whole year's residuals; `delay` days from the first day until the first right
    finding was there, None where none came within its days and a week.
    """

    kind: str
    size: float
    size_year: float
    on_the_day: bool
    within_a_week: bool
    delay: int | None
    trend_in_time: bool


@dataclass(frozen=True)
class Moved:
    """How far every period of a copy was moved against its control, per grain (S, T), signed.

    `tested` are the days on which the undisturbed KPI would have been tested, (S, T).
    """

    local: Shifts
    year: Shifts
    tested: Bools


def moved(copy: Copy, control: Copy) -> Moved:
    """Compare a copy with its undisturbed control."""
    both = {grain: _shifts(copy.grids[grain], control.grids[grain]) for grain in GRAINS}
    mine, other = copy.grids["daily"], control.grids["daily"]
    tested = _alignment(mine, other)(other.tested.astype(np.float64)) == 1
    return Moved({g: both[g][0] for g in GRAINS}, {g: both[g][1] for g in GRAINS}, tested)


def _shifts(mine: Grid, control: Grid) -> tuple[Floats, Floats]:
    """Signed shifts in local and in yearly sigmas, (S, T).

    What lies off the scale in one of the two, or has no counterpart, is moved without bound.
    """
    align = _alignment(mine, control)
    value, scaled = align(control.value), align(control.scaled)
    change = mine.scaled - scaled
    way = np.sign(np.nan_to_num(mine.value) - np.nan_to_num(value))
    local = np.where(change > 0, align(control.sigma_up), align(control.sigma_down))
    year = align(np.broadcast_to(control.sigma_year, control.value.shape))
    return _in_sigmas(change, local, way), _in_sigmas(change, year, way)


def _in_sigmas(change: Floats, sigma: Floats, way: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = change / sigma
    endless = np.where(way == 0, 0.0, np.where(way > 0, np.inf, -np.inf))
    return np.where(way == 0, 0.0, np.where(np.isfinite(shift), shift, endless))


def _alignment(like: Grid, control: Grid) -> Callable[[Floats], Floats]:
    """A function that puts the control's arrays in the order of a copy's; NaN where it has none."""
    names = {key: i for i, key in enumerate(zip(control.kpi, control.segment, strict=True))}
    rows = np.array([names.get(key, -1) for key in zip(like.kpi, like.segment, strict=True)])
    columns = np.searchsorted(control.period, like.period).clip(0, control.period.size - 1)
    there = (rows >= 0)[:, None] & (control.period[columns] == like.period)[None]
    return lambda values: np.where(there, values[rows][:, columns], np.nan)


def own_findings(copy: Copy) -> list[Finding]:
    """What detect reported, in its order."""
    return [_place(copy.grids[anomaly.grain], anomaly) for anomaly in copy.anomalies]


def _place(grid: Grid, anomaly: Anomaly) -> Finding:
    keys = list(zip(grid.kpi, grid.segment, strict=True))
    column = int(np.searchsorted(grid.period, np.datetime64(anomaly.period_start)))
    return Finding(anomaly.grain, keys.index((anomaly.kpi.name, anomaly.segment)), column)


def cases(copy: Copy, control: Copy, found: list[Finding], before: list[Finding]) -> list[Case]:
    """Every planted incident that must move something, and what became of it.

    Args:
        copy: the disturbed shop.
        control: the same shop undisturbed.
        found: what a method flagged in the copy.
        before: what it flagged in the control: no merit of the method, and left out.
    """
    shift = moved(copy, control)
    known = {(f.grain, f.row, f.column) for f in before}
    fresh = [f for f in found if (f.grain, f.row, f.column) not in known]
    return [_case(copy, shift, fresh, planted) for planted in copy.planted if planted.kpis]


def _case(copy: Copy, shift: Moved, found: list[Finding], planted: PlantedIncident) -> Case:
    first, last = planted.strikes[0].day, planted.strikes[-1].day
    grid = copy.grids["daily"]
    column = int(np.searchsorted(grid.period, np.datetime64(first)))
    main = _main_rows(grid, planted) & shift.tested[:, column]
    right = [f for f in found if _is_right(copy, shift, f, first, last)]
    ends = [copy.grids[f.grain].period_end[f.column].astype(dt.date) for f in right]
    today = any(f.grain == "daily" and f.column == column for f in right)
    return Case(
        planted.target.incident.kind,
        float(np.abs(shift.local["daily"][main, column]).max(initial=0.0)),
        float(np.abs(shift.year["daily"][main, column]).max(initial=0.0)),
        today,
        any(end <= first + WEEK for end in ends),
        min(((e - first).days for e in ends if e <= last + WEEK), default=None),
        _trend_in_time(copy, planted, first, last),
    )


def _main_rows(grid: Grid, planted: PlantedIncident) -> Bools:
    """Rows of the KPIs that an incident is about, whole or of its country."""
    names = (ALL, planted.target.incident.segment.get("country", ALL))
    return np.array([
        k in planted.kpis and s in names for k, s in zip(grid.kpi, grid.segment, strict=True)
    ])  # fmt: skip


def _is_right(copy: Copy, shift: Moved, finding: Finding, first: dt.date, last: dt.date) -> bool:
    grid = copy.grids[finding.grain]
    start, end = (x[finding.column].astype(dt.date) for x in (grid.period, grid.period_end))
    far = shift.local[finding.grain][finding.row, finding.column]
    return bool(start <= last and end >= first and abs(far) >= MOVED)


def _trend_in_time(copy: Copy, planted: PlantedIncident, first: dt.date, last: dt.date) -> bool:
    """Whether a trend in one of its KPIs, the right way, was found before it was over."""
    return any(
        first < trend.detected_on <= last
        and trend.direction == TREND_WORDS.get(planted.kpis.get(trend.kpi.name, ""))
        for trend in copy.trends
    )


def new_anomalies(copy: Copy, control: Copy) -> list[tuple[Anomaly, float]]:
    """Every anomaly that the control does not have, and by how many sigmas its period was moved."""
    shift = moved(copy, control)
    before = {a.anomaly_id for a in control.anomalies}
    return [
        (anomaly, float(abs(shift.local[f.grain][f.row, f.column])))
        for anomaly, f in zip(copy.anomalies, own_findings(copy), strict=True)
        if anomaly.anomaly_id not in before
    ]


def truth_of(copy: Copy, control: Copy) -> list[tuple[Anomaly, bool]]:
    """Every anomaly that the control does not have, and whether what was planted explains it.

    Left out are periods that the control can't have tested, such as a last day that is not over:
    what is found there is no news, and no mistake.
    """
    last = {grain: _last_tested(control.grids[grain]) for grain in GRAINS}
    return [
        (anomaly, far >= TRACE)
        for anomaly, far in new_anomalies(copy, control)
        if anomaly.period_start <= last[anomaly.grain]
    ]


def _last_tested(grid: Grid) -> dt.date:
    """The last period in which anything was tested."""
    tested = np.flatnonzero(grid.tested.any(axis=0))
    return grid.period[tested[-1]].astype(dt.date) if tested.size else dt.date.min
