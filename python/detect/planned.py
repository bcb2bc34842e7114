"""Planned events: the findings they explain, and the periods the baseline learns nothing from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from detect.records import ALL, Anomaly, Bools, Event, Panel
from detect.severity import MILDEST


def not_learned(panel: Panel, events: Sequence[Event]) -> Bools:
    """Return the periods that an event with effect touches, (S, T), of the series it is about."""
    out = np.zeros(panel.value.shape, dtype=bool)
    ends = panel.period_end()
    for event in (e for e in events if e.has_effect):
        touched = (panel.period <= np.datetime64(event.last)) & (ends >= np.datetime64(event.first))
        mine = [
            not event.segment
            or (s.segment != ALL and event.segment == {s.kpi.segment_by: s.segment})
            for s in panel.series
        ]
        out |= np.array(mine)[:, None] & touched
    return out


def explain(anomalies: Sequence[Anomaly], events: Sequence[Event]) -> list[Anomaly]:
    """Return the anomalies, with those that an event with effect explains as the mildest."""
    return [
        dataclasses.replace(a, severity=MILDEST)
        if any(e.has_effect and _is_about(e, a) for e in events)
        else a
        for a in anomalies
    ]


def _is_about(event: Event, anomaly: Anomaly) -> bool:
    """Whether an event is of a finding's days, and of the whole shop or its member."""
    of_it = not event.segment or event.segment == anomaly.within
    return of_it and event.overlaps(anomaly.period_start, anomaly.period_end)


def of_incident(members: Sequence[Anomaly], events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events that share a day with an incident, in order of their first day."""
    first = min(a.period_start for a in members)
    last = max(a.period_end for a in members)
    mine = [e for e in events if e.overlaps(first, last)]
    return tuple(sorted(mine, key=lambda e: (e.first, e.name)))
