"""What people said about findings: seen, not now, false, real; honoured by every later run."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

import numpy as np

from detect.anomalies import identify
from detect.records import Anomaly, Bools, Panel

OPEN = "open"
ACKNOWLEDGE, SNOOZE, FALSE, REAL = "ack", "snooze", "false", "real"
STATUS = {ACKNOWLEDGE: "acknowledged", SNOOZE: "snoozed", FALSE: "false", REAL: "real"}
VERDICTS = (FALSE, REAL)
ACTIONS = {
    ACKNOWLEDGE: "somebody is on it",
    SNOOZE: "say nothing of this KPI until a day",
    "label": "it was a false alarm, or a real incident",
}


@dataclass(frozen=True)
class Feedback:
    """One thing said about one anomaly; `until` is the last snoozed day."""

    anomaly_id: str
    kpi: str
    segment: str
    action: str
    until: dt.date | None
    note: str | None
    given_at: dt.datetime


def honour(anomalies: list[Anomaly], given: list[Feedback]) -> list[Anomaly]:
    """The same anomalies with the status that the latest feedback gives them.

    A snooze also covers later anomalies of its KPI and segment, up to its end.
    """
    said = {f.anomaly_id: f for f in sorted(given, key=lambda f: f.given_at)}
    snoozes = [f for f in given if f.action == SNOOZE]
    return [dataclasses.replace(a, status=_status(a, said, snoozes)) for a in anomalies]


def _status(anomaly: Anomaly, said: dict[str, Feedback], snoozes: list[Feedback]) -> str:
    own = said.get(anomaly.anomaly_id)
    if own is not None:
        return STATUS[own.action]
    asleep = any(
        (s.kpi, s.segment) == (anomaly.kpi.name, anomaly.segment)
        and s.until is not None
        and s.given_at.date() <= anomaly.period_end <= s.until
        for s in snoozes
    )
    return STATUS[SNOOZE] if asleep else OPEN


def known_incidents(panel: Panel, given: list[Feedback]) -> Bools:
    """Periods whose anomaly was last labelled as real, of which nothing is learned, (S, T)."""
    said = {f.anomaly_id: f for f in sorted(given, key=lambda f: f.given_at)}
    real = {name: f for name, f in said.items() if f.action == REAL}
    places = {(f.kpi, f.segment) for f in real.values()}
    known = np.zeros(panel.value.shape, dtype=bool)
    for row, series in enumerate(panel.series):
        if (series.kpi.name, series.segment) in places:
            names = (
                identify(series.kpi.name, series.segment, panel.grain, start.astype(dt.date))
                for start in panel.period
            )
            known[row] = [name in real for name in names]
    return known


def overall(statuses: list[str]) -> str:
    """An incident's status: open while anything in it is, else what most of it is."""
    if OPEN in statuses or not statuses:
        return OPEN
    return max(sorted(set(statuses)), key=statuses.count)
