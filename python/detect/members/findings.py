"""Select findings of members: all members of a period share one budget of false alarms.

The budget is the number of findings that chance may make in BUDGET_WEEKS weeks, over all members,
dimensions, tests and both grains. Each period spends its part. It is divided among the tests and
dimensions, and among the members of each, and a member is reported where its chance is below its
part (Bonferroni). The expected number of false findings then stays within the budget however the
members depend on each other: an order moves its product, its category and its country at once.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detect import anomalies
from detect.attribution.dimensions import is_broken_down
from detect.group_by import group_by
from detect.members.panel import MemberPanel
from detect.members.scores import (
    FAR_PRICE,
    FEW_LINES,
    FEW_ORDERS,
    MANY_ORDERS,
    MANY_RETURNS,
    MUCH_MONEY,
    SILENCE,
    SMALLEST,
    Scores,
    walk,
)
from detect.records import NET_REVENUE, PERIOD_DAYS, Anomaly, Bools, Floats, Grain, Kpi
from detect.severity import favourability, severity
from detect.two_groups import posterior_at_budget

BUDGET, BUDGET_WEEKS = 0.8, 13
"""Findings that chance may make in so many weeks, on paper: Bennett's bound makes it fewer."""
PERIODS: dict[Grain, int] = {"daily": 78, "weekly": 13}
"""Periods of BUDGET_WEEKS: six days of trade a week."""
TESTS: dict[Grain, dict[str, float]] = {
    "daily": {
        MANY_ORDERS: 0.2,
        MUCH_MONEY: 0.4,
        FEW_ORDERS: 0.1,
        FEW_LINES: 0.1,
        MANY_RETURNS: 0.2,
    },
    "weekly": {
        MANY_ORDERS: 0.1,
        MUCH_MONEY: 0.2,
        FEW_ORDERS: 0.1,
        FEW_LINES: 0.1,
        SILENCE: 0.4,
        MANY_RETURNS: 0.1,
    },
}
"""Tests and their parts of the budget; chosen by hand. A disappearance is reported by week: its
first day alone loses next to nothing."""
LOSSES = {FEW_ORDERS, FEW_LINES, SILENCE}
"""Tests of what a member has lost; what sells under another name is not."""
LEAST_SURGE: dict[Grain, float] = {"daily": 0.08, "weekly": 0.16}
"""Least surge, as a share of the shop's usual day: smaller ones are not worth a look. Chosen by
hand; a week has more orders that are large by chance."""
LEAST_MISPRICED = 0.02
"""The same of what prices far from all before have brought more or less; chosen by hand."""
LEAST_RETURNED: dict[Grain, float] = {"daily": 0.03, "weekly": 0.06}
"""The same of the money of a wave of returns; chosen by hand."""
OFTEN = 12
"""A surge of money is reported where at most one in so many past periods of its dimension had one
as rare: in a shop where members surge every day a surge is no news. The same of days with prices
far from all before. Chosen by hand."""
BAND = 1.96
"""Standard deviations of the usual range, as of a 95 % range of the normal law."""
SAME = 0.5
"""Share of a change from which another finding already reports it."""


@dataclass(frozen=True)
class _Hit:
    """A member's finding: the tests that agree, and the chance as a share of its budget."""

    member: int
    tests: tuple[str, ...]
    spent: float


def select(
    panels: Mapping[Grain, MemberPanel], kpis: Sequence[Kpi], series: Sequence[Anomaly] = ()
) -> list[Anomaly]:
    """Find the members' periods that are worth a report, in order of grain, period and member.

    Args:
        panels: the same members by day and by week.
        kpis: definitions; a finding is reported as net revenue, by the KPI that has a series per
            member of its dimension, or by that of the whole shop. Without one nothing is found.
        series: findings of KPIs with a series per member, by the detectors of series. They stand
            where the member was not judged in that period, as one that makes most of the shop is
            not; elsewhere they are dropped, so that nothing is tested twice.
    """
    if not panels:
        return list(series)
    daily, weekly = panels["daily"], panels["weekly"]
    gaps: dict[int, Floats] = {}
    found = [
        *_found(daily, _noting(daily, weekly, gaps), kpis, series),
        *_found(weekly, walk(weekly, gaps), kpis, series),
    ]
    groups = {d.name: d.coarser_than for d in daily.dimensions if d.coarser_than}
    return without_repeats(found, groups)


def _noting(daily: MemberPanel, weekly: MemberPanel, gaps: dict[int, Floats]) -> Iterator[Scores]:
    """Score the days, and note for each week how long its last one found the members silent."""
    length = np.timedelta64(PERIOD_DAYS["weekly"], "D")
    for scores in walk(daily):
        week = int((daily.period[scores.place] - weekly.period[0]) // length)
        gaps[week] = scores.ahead.silent
        yield scores


def _found(
    panel: MemberPanel, periods: Iterable[Scores], kpis: Sequence[Kpi], series: Sequence[Anomaly]
) -> Iterator[Anomaly]:
    """Findings of one grain, with those of series whose member was not judged."""
    standing = group_by((a for a in series if a.grain == panel.grain), lambda a: a.period_start)
    told_by = [kpi_of(d.name, kpis) for d in panel.dimensions]
    silent = np.zeros(len(panel.member), dtype=bool)
    surges: list[list[float]] = [[] for _ in panel.dimensions]
    slips = [1.0, 2.0]
    for scores in periods:
        day = panel.period[scores.place].astype(dt.date)
        live = np.array([is_broken_down(d.name, day, panel.dead) for d in panel.dimensions])
        watched = live[panel.dimension]
        judged = np.isfinite(scores.chances[MUCH_MONEY]) & watched
        for a in standing.pop(day, []):
            place = panel.places.get((a.dimension or "", a.segment))
            if place is None or not judged[place]:
                yield a
        spent = _spent(panel, scores)
        if panel.grain == "daily":
            spent[FAR_PRICE] = _far_prices(scores, slips)
        for test in LOSSES & spent.keys():
            spent[test][panel.moved(scores.place)] = np.inf
        silent &= scores.sold.orders == 0
        _leave_usual(panel, spent, surges)
        if SILENCE in spent:
            fresh = (spent[SILENCE] <= 1) & ~silent
            silent |= fresh
            spent[SILENCE] = np.where(fresh, spent[SILENCE], np.inf)
        for hit in _hits(spent):
            kpi, sure = told_by[panel.dimension[hit.member]], float(posterior_at_budget(hit.spent))
            if watched[hit.member] and kpi is not None and sure >= kpi.min_confidence:
                yield _record(panel, kpi, scores, hit)
    for never_scored in standing.values():
        yield from never_scored


def kpi_of(dimension: str, kpis: Sequence[Kpi]) -> Kpi | None:
    """The KPI by which a dimension's members are reported: its own, or that of the whole shop."""
    sums = [k for k in kpis if k.numerator == NET_REVENUE and k.denominator is None]
    own = [k for k in sums if k.segment_by == dimension]
    whole = [k for k in sums if k.segment_by is None]
    return next(iter([*own, *whole]), None)


def _spent(panel: MemberPanel, scores: Scores) -> dict[str, Floats]:
    """Chances by test as shares of what each member may spend, (M,); inf where nothing is found."""
    part = BUDGET / len(PERIODS) / PERIODS[panel.grain]
    excess = scores.sold.revenue - scores.ahead.revenue
    returned = scores.sold.returned - scores.ahead.returned
    surge = excess >= LEAST_SURGE[panel.grain] * scores.usual
    wave = (excess < 0) & (returned >= LEAST_RETURNED[panel.grain] * scores.usual)
    worth = {MANY_ORDERS: surge, MUCH_MONEY: surge, MANY_RETURNS: wave}
    out = {}
    for test, share in TESTS[panel.grain].items():
        chance = scores.chances[test]
        tested = np.isfinite(chance)
        told = tested & worth.get(test, excess < 0)
        weight = part * share * _weights(panel, tested)
        out[test] = np.where(told, chance / np.maximum(weight, SMALLEST), np.inf)
    return out


def _far_prices(scores: Scores, past: list[float]) -> Floats:
    """What a price far from all before spends, where there is one now, (M,); inf elsewhere.

    No law of prices is needed: such a day is as rare as it has been. One in OFTEN spends it all.

    Args:
        scores: of a day.
        past: days so far with such a price, and all, plus a day of each kind; this one is added.
    """
    excess = scores.sold.revenue - scores.ahead.revenue
    is_large = np.abs(scores.sold.mispriced) >= LEAST_MISPRICED * scores.usual
    is_far = is_large & (excess * scores.sold.mispriced > 0)
    rate = past[0] / past[1]
    past[0] += is_far.any()
    past[1] += 1
    return np.where(is_far, OFTEN * rate, np.inf)


def _leave_usual(panel: MemberPanel, spent: dict[str, Floats], past: list[list[float]]) -> None:
    """Take away surges of money as rare as those of one in OFTEN past periods, and note this one.

    Args:
        panel: the members.
        spent: by test; MUCH_MONEY is changed in place.
        past: the rarest surge of each period so far, by dimension, in order of size.
    """
    money = spent[MUCH_MONEY]
    for place, rarest in enumerate(past):
        mine = np.flatnonzero(panel.dimension == place)
        smallest = float(money[mine].min(initial=np.inf))
        if len(rarest) >= OFTEN:
            money[mine] = np.where(money[mine] < rarest[len(rarest) // OFTEN], money[mine], np.inf)
        bisect.insort(rarest, smallest)


def _weights(panel: MemberPanel, tested: Bools) -> Floats:
    """Each member's part of a test's budget, (M,); those of the tested ones add up to 1.

    Half of it is divided among the dimensions, of which some have few members; half among all.
    """
    counts = np.bincount(panel.dimension[tested], minlength=len(panel.dimensions))
    own = np.maximum(counts, 1)[panel.dimension] * max(int((counts > 0).sum()), 1)
    return np.where(tested, 0.5 / own + 0.5 / max(int(counts.sum()), 1), 0.0)


def _hits(spent: dict[str, Floats]) -> Iterator[_Hit]:
    best = np.min(list(spent.values()), axis=0)
    for member in map(int, np.flatnonzero(best <= 1)):
        tests = tuple(test for test, shares in spent.items() if shares[member] <= 1)
        yield _Hit(member, tests, float(best[member]))


def _record(panel: MemberPanel, kpi: Kpi, scores: Scores, hit: _Hit) -> Anomaly:
    i, ahead = hit.member, scores.ahead
    dimension = panel.dimensions[panel.dimension[i]].name
    start = panel.period[scores.place].astype(dt.date)
    actual, expected = float(scores.sold.revenue[i]), float(ahead.revenue[i])
    sigma = float(np.sqrt(max(ahead.variance[i], SMALLEST)))
    sure = float(posterior_at_budget(hit.spent))
    return Anomaly(
        anomaly_id=stable_id(kpi, dimension, panel.member[i], panel.grain, start),
        kpi=kpi,
        dimension=dimension,
        segment=panel.member[i],
        grain=panel.grain,
        period_start=start,
        actual=actual,
        expected=expected,
        lower=max(expected - BAND * sigma, min(expected, 0.0)),
        upper=expected + BAND * sigma,
        direction="up" if actual > expected else "down",
        z_score=(actual - expected) / sigma,
        iqr_score=float("nan"),
        p_value=min(
            float(scores.chances[test][i]) if test in scores.chances else hit.spent
            for test in hit.tests
        ),
        confidence=sure,
        severity=severity(kpi, actual, expected, sure),
        favourability=favourability(kpi, actual - expected),
        methods=hit.tests,
    )


def stable_id(kpi: Kpi, dimension: str, member: str, grain: Grain, start: dt.date) -> str:
    """The id of a member's period; of a KPI with a series per member, that of the series."""
    series = (kpi.name, member) if kpi.segment_by == dimension else (kpi.name, dimension, member)
    return anomalies.stable_id(*series, grain, start)


def without_repeats(found: Sequence[Anomaly], groups: Mapping[str, str]) -> list[Anomaly]:
    """Leave out findings that another covers: a product its category, a day its week.

    Args:
        found: findings of both grains.
        groups: from a dimension to the finer one whose members it groups.
    """
    near = group_by(found, _week_and_direction)
    return [a for a in found if not any(_tells(b, a, groups) for b in near[_week_and_direction(a)])]


def _week_and_direction(anomaly: Anomaly) -> tuple[dt.date, str]:
    start = anomaly.period_start
    return start - dt.timedelta(days=start.weekday()), anomaly.direction


def _tells(finer: Anomaly, coarser: Anomaly, groups: Mapping[str, str]) -> bool:
    """Whether a finding is finer than another of its direction, and makes SAME of its change."""
    if abs(finer.change) < SAME * abs(coarser.change):
        return False
    member = (finer.dimension, finer.segment) == (coarser.dimension, coarser.segment)
    part = groups.get(coarser.dimension or "") == finer.dimension
    within = coarser.period_start <= finer.period_start <= coarser.period_end
    if finer.grain == coarser.grain:
        return within and part
    return finer.grain == "daily" and within and (member or part)
