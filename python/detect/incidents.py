"""Anomalies that belong together: one event moves six KPIs at both grains, and is one incident."""

from __future__ import annotations

import dataclasses
import datetime as dt

from detect import early, feedback, narrative
from detect.anomalies import SEVERITIES, identify
from detect.records import ALL, Anomaly, Attribution, Grain, Incident

LONGEST_GAP: dict[Grain, dt.timedelta] = {
    "daily": dt.timedelta(days=3),
    "weekly": dt.timedelta(days=7),
}
"""From one anomaly of a KPI to its next, in the same direction, within one incident."""


def group(anomalies: list[Anomaly]) -> list[Anomaly]:
    """The same anomalies, each with the id of its incident.

    Two of one grain belong together when they share a period, or when one KPI departs the same
    way in periods that nearly touch. Weekly ones join the surest daily incident of their first
    week. An id comes from what was seen first, so that it outlives later additions.
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
    for i, one in enumerate(anomalies):
        for j in range(i):
            if _together(one, anomalies[j]):
                parent[_root(parent, i)] = _root(parent, j)
    groups: dict[int, list[Anomaly]] = {}
    for i, anomaly in enumerate(anomalies):
        groups.setdefault(_root(parent, i), []).append(anomaly)
    return list(groups.values())


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        i = parent[i] = parent[parent[i]]
    return i


def _together(one: Anomaly, other: Anomaly) -> bool:
    if one.period_start == other.period_start:
        return True
    same = (one.kpi.name, one.segment, one.direction) == (
        other.kpi.name, other.segment, other.direction,
    )  # fmt: skip
    return same and abs(one.period_start - other.period_start) <= LONGEST_GAP[one.grain]


def _within_first_week(weekly: list[Anomaly], daily: list[list[Anomaly]]) -> list[Anomaly]:
    """The daily incident with the surest anomaly in the first week; none where there is none."""
    first = min(weekly, key=lambda a: a.period_start)
    overlapping = [
        (min(a.p_value for a in inside), _name(members), members)
        for members in daily
        if (inside := [
            a for a in members if first.period_start <= a.period_start <= first.period_end
        ])
    ]  # fmt: skip
    return min(overlapping)[2] if overlapping else []


def _name(members: list[Anomaly]) -> str:
    first = min(members, key=lambda a: (a.period_end, a.grain, a.kpi.name, a.segment))
    return identify("incident", first.anomaly_id)


def describe(anomalies: list[Anomaly], attributions: list[Attribution]) -> list[Incident]:
    """One record per incident, in order of time, told from its lead anomaly."""
    causes: dict[str, list[Attribution]] = {}
    for row in attributions:
        if row.analysis == "root_cause":
            causes.setdefault(row.anomaly_id, []).append(row)
    grouped: dict[str, list[Anomaly]] = {}
    for anomaly in anomalies:
        grouped.setdefault(anomaly.incident_id, []).append(anomaly)
    incidents = [_incident(name, members, causes) for name, members in grouped.items()]
    return sorted(incidents, key=lambda i: (i.period_start, i.incident_id))


def _incident(name: str, members: list[Anomaly], causes: dict[str, list[Attribution]]) -> Incident:
    leader = lead(members)
    named = causes.get(leader.anomaly_id, [])
    return Incident(
        incident_id=name,
        period_start=min(a.period_start for a in members),
        period_end=max(a.period_end for a in members),
        severity=max((a.severity for a in members), key=SEVERITIES.index),
        confidence=max(a.confidence for a in members),
        headline=narrative.headline(leader, named),
        narrative=narrative.tell(leader, members, named),
        root_cause=named[0].segment if named else {},
        lead=leader,
        anomalies=tuple(members),
        status=feedback.overall([a.status for a in members]),
        is_provisional=early.METHOD in leader.methods,
    )


def lead(members: list[Anomaly]) -> Anomaly:
    """The KPI nearest to the cause: surest at its own cadence, then furthest from expected."""
    return max(
        members,
        key=lambda a: (
            a.kpi.cadence == a.grain,
            round(a.confidence, 3),
            a.segment == ALL,
            -a.p_value,
            a.kpi.name,
        ),
    )
