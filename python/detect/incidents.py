"""Group anomalies into incidents: one event may move six KPIs at both grains."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from detect.anomalies import CALENDAR_METHODS, stable_id
from detect.attribution import driver_tree
from detect.detectors import no_data
from detect.group_by import group_by
from detect.members.scores import FEW_LINES, MANY_RETURNS, SILENCE
from detect.records import (
    ALL,
    INDEX,
    ORDERS,
    PERIOD_TO_DATE,
    RATIO,
    RETURNED_REVENUE,
    ROOT_CAUSE,
    Anomaly,
    Attribution,
    DriverContribution,
    Grain,
)

ABOUT_AS_SURE = 0.1
"""Confidence that the lead may be less sure than the surest, where it is nearer to the cause."""
MUCH = 0.5
"""Share of the most money that a finding of a member must be about to lead."""
WEIGHTY = 0.25
"""Share of what moved revenue from which a factor of the KPI tree can lead."""
MOST = 0.5
"""The same, where it is a finding at another cadence than its KPI's; by hand."""

WEEK = dt.timedelta(days=7)
"""From a day without trade to the next one that shows its weekday closed."""
NO_DATA = no_data.DETECTOR.name
"""Method of days without trade."""
APART = frozenset({FEW_LINES, SILENCE, PERIOD_TO_DATE, *CALENDAR_METHODS})
"""Methods that judge more than a distance from the band."""
LONGEST_GAP: dict[Grain, dt.timedelta] = {
    "daily": dt.timedelta(days=3),
    "weekly": dt.timedelta(days=7),
}
"""From one anomaly of a KPI to its next, in the same direction, within one incident."""


def group(anomalies: list[Anomaly]) -> list[Anomaly]:
    """Return the anomalies, each with the id of its incident.

    Two of one grain belong together if they share a period, or if one KPI departs the same way in
    periods that nearly touch, by one lasting change, or on a weekday that is closed again; so do
    members that were sent back in such periods. Once a lasting change is known, other moves during
    it are incidents of their own. A weekly anomaly joins the surest daily incident of its first
    week. Among members alone, a rise and a fall are two incidents: a product that is gone is no
    part of another's large day, or of a good week of the shop. The id comes from the first anomaly,
    so that later ones don't change it.
    """
    daily = _grouped([a for a in anomalies if a.grain == "daily"])
    weekly = _grouped([a for a in anomalies if a.grain == "weekly"])
    names = {a.anomaly_id: _name(members) for members in daily for a in members}
    for members in weekly:
        within = _within_first_week(members, daily)
        names |= {a.anomaly_id: _name(within or members) for a in members}
    return [dataclasses.replace(a, incident_id=names[a.anomaly_id]) for a in anomalies]


def _grouped(anomalies: list[Anomaly]) -> list[list[Anomaly]]:
    """Anomalies of one grain, those that belong together in one list (union and find)."""
    parent = list(range(len(anomalies)))
    goes_on = [_goes_on(a, anomalies) for a in anomalies]
    for i, one in enumerate(anomalies):
        for j in range(i):
            if _together(one, anomalies[j], goes_on[i], goes_on[j]):
                parent[_root(parent, i)] = _root(parent, j)
    groups = group_by(range(len(anomalies)), lambda i: _root(parent, i))
    return [[anomalies[i] for i in members] for members in groups.values()]


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def _goes_on(anomaly: Anomaly, anomalies: Sequence[Anomaly]) -> bool:
    """Whether an anomaly is of a lasting change that an earlier one has shown."""
    return anomaly.shift_start is not None and any(
        a.period_start < anomaly.period_start and _lasting(a) == _lasting(anomaly)
        for a in anomalies
    )


def _lasting(anomaly: Anomaly) -> tuple[object, ...]:
    return (anomaly.kpi.name, anomaly.within, anomaly.shift_start)


def _together(one: Anomaly, other: Anomaly, one_goes_on: bool, other_goes_on: bool) -> bool:
    if one.period_start == other.period_start and one_goes_on == other_goes_on:
        if SILENCE in (*one.methods, *other.methods):
            return _is_fall(one) and _is_fall(other)
        return one.direction == other.direction or not (one.within and other.within)
    same = (one.kpi.name, one.within, one.direction) == (
        other.kpi.name, other.within, other.direction,
    )  # fmt: skip
    if one.shift_start and _lasting(one) == _lasting(other):
        return True
    if _is_wave(one, other) or _is_wave(other, one):
        return True
    apart = abs(one.period_start - other.period_start)
    if all(MANY_RETURNS in a.methods for a in (one, other)) and apart <= LONGEST_GAP[one.grain]:
        return True
    is_silent = NO_DATA in one.methods and NO_DATA in other.methods
    return same and (apart <= LONGEST_GAP[one.grain] or (is_silent and apart == WEEK))


def _is_wave(returns: Anomaly, rate: Anomaly) -> bool:
    """Whether what a member took back is a part of a wave of returns of the whole shop."""
    began = rate.shift_start or rate.period_start
    is_rate = (rate.kpi.numerator, rate.direction) == (RETURNED_REVENUE, "up")
    is_then = began <= returns.period_end and returns.period_start <= rate.period_start
    return is_rate and is_then and MANY_RETURNS in returns.methods


def _is_fall(anomaly: Anomaly) -> bool:
    """Whether less was sold: what a member that is gone can be part of; no rate, no returns."""
    is_sum = anomaly.kpi.denominator is None
    return anomaly.direction == "down" and is_sum and MANY_RETURNS not in anomaly.methods


def _within_first_week(weekly: list[Anomaly], daily: list[list[Anomaly]]) -> list[Anomaly]:
    """The daily incident with the surest anomaly in the first week; none where there is none.

    Members join only what moved the same way, returns also a rise of the return rate; a member that
    is gone joins a fall of sales. If all of them are gone, they join nothing but a fall of one of
    them: they have a reason of their own.
    """
    if all(SILENCE in a.methods for a in weekly):
        gone = [a.within for a in weekly]
        daily = [some for some in daily if any(a.within in gone and _is_fall(a) for a in some)]
    first = min(weekly, key=lambda a: a.period_start)
    of_members = all(a.within for a in weekly)
    is_gone = of_members and any(SILENCE in a.methods for a in weekly)
    overlapping = [
        (min(a.p_value for a in inside), _name(members), members)
        for members in daily
        if (inside := [
            a
            for a in members
            if first.period_start <= a.period_start <= first.period_end
            and (
                not of_members
                or a.direction == first.direction
                or any(_is_wave(one, a) for one in weekly)
            )
            and (not is_gone or _is_fall(a))
        ])
    ]  # fmt: skip
    return min(overlapping)[2] if overlapping else []


def _name(members: list[Anomaly]) -> str:
    first = min(members, key=lambda a: (a.period_end, a.grain, a.kpi.name, a.segment))
    return stable_id("incident", first.anomaly_id)


def lead(
    found: Sequence[Anomaly],
    drivers: Sequence[DriverContribution] = (),
    causes: Sequence[Attribution] = (),
) -> Anomaly:
    """The KPI nearest to the cause.

    The surest at its own cadence leads; where others of its period are about as sure, the one
    that measures the strongest factor of the KPI tree: returns lead before the revenue they cost,
    at a cadence that is not theirs where they are most of what moved it. One inside its own band
    leads only where all are; of the days of a lasting change, which are the surer the longer it
    lasts, the one that is furthest off of those with the cause of most of it.

    Args:
        found: the findings of an incident.
        drivers: its KPI tree.
        causes: attributions of its findings.
    """
    members = [a for a in found if _leads(a)] or list(found)
    surest = max(members, key=_rank)
    if surest.segment != ALL:
        surest = max(_with_most_money(members), key=_rank)
        gone = [a for a in members if SILENCE in a.methods and a.within == surest.within]
        surest = max(gone, key=_rank, default=surest)
    if surest.shift_start is not None:
        surest = _day_of_shift([a for a in found if _lasting(a) == _lasting(surest)], causes)
    weights = driver_tree.weights(list(drivers))
    rivals = [
        a
        for a in members
        if (a.grain, a.period_start) == (surest.grain, surest.period_start)
        and a.confidence >= surest.confidence - ABOUT_AS_SURE
        and weights.get(a.kpi.name, 0.0) >= _least_weight(a, surest)
        and a.segment == ALL
    ]
    return max(rivals, key=lambda a: (weights[a.kpi.name], _rank(a)), default=surest)


def _least_weight(anomaly: Anomaly, surest: Anomaly) -> float:
    """The share of what moved revenue from which another KPI's finding can lead."""
    is_alike = (anomaly.kpi.cadence == anomaly.grain) == (surest.kpi.cadence == surest.grain)
    return WEIGHTY if is_alike else MOST


def _with_most_money(found: list[Anomaly]) -> list[Anomaly]:
    """Findings of members that moved MUCH of the money of the one that moved most."""
    members = [a for a in found if a.segment != ALL]
    most = max(a.confidence * abs(a.change) for a in members)
    return [a for a in members if a.confidence * abs(a.change) >= MUCH * most]


def _leads(anomaly: Anomaly) -> bool:
    """Whether an anomaly departs by itself, or its typical order; a disappearance always does.

    Lines that came in twice show in what rose: a fall that they hid leads only where all do. So
    does an average price within its band beside an index of prices, which a surge of a customer who
    pays less moves, too.
    """
    is_sum = anomaly.kpi.denominator is None and anomaly.kpi.numerator != ORDERS
    is_hidden = is_sum and anomaly.typical_unit == RATIO and anomaly.direction == "down"
    is_hidden |= anomaly.typical_unit == INDEX
    departs = anomaly.is_outside or (anomaly.typical_label is not None and not is_hidden)
    return departs or not APART.isdisjoint(anomaly.methods)


def _day_of_shift(days: Sequence[Anomaly], causes: Sequence[Attribution]) -> Anomaly:
    """The day of a lasting change that is furthest off, of those with the cause of most of it."""
    first = {c.anomaly_id: c for c in causes if (c.analysis, c.rank) == (ROOT_CAUSE, 1)}
    kinds: dict[tuple[tuple[str, str], ...], list[Anomaly]] = {}
    weights: dict[tuple[tuple[str, str], ...], float] = {}
    for day in days:
        cause = first.get(day.anomaly_id)
        kind = tuple(sorted(cause.segment.items())) if cause else ()
        moved = abs(day.change) if cause is None else min(abs(cause.contribution), abs(day.change))
        kinds.setdefault(kind, []).append(day)
        weights[kind] = weights.get(kind, 0.0) + moved
    return max(kinds[max(weights, key=lambda kind: (weights[kind], kind))], key=_distance)


def _distance(anomaly: Anomaly) -> tuple[float, bool, float, str]:
    """How far a day of a lasting change is from the level before."""
    return (round(abs(anomaly.z_score), 3), *_rank(anomaly)[2:])


def _rank(anomaly: Anomaly) -> tuple[bool, float, bool, float, str]:
    """How well an anomaly stands for its incident: surest at its own cadence, then furthest off."""
    return (
        anomaly.kpi.cadence == anomaly.grain,
        round(anomaly.confidence, 3),
        anomaly.segment == ALL,
        -anomaly.p_value,
        anomaly.kpi.name,
    )
