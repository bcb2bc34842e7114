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


def honour(anomalies: list[Anomaly], given: list[Feedback], today: dt.date) -> list[Anomaly]:
    """The same anomalies with the status that the latest feedback gives them on a day.

    A snooze also covers later anomalies of its KPI and segment. It holds through its last day:
    afterwards all that it covered is open again.
    """
    own = standing(given, today)
    snoozes = [f for f in given if f.action == SNOOZE and _holds(f, today)]
    return [dataclasses.replace(a, status=_status(a, own, snoozes)) for a in anomalies]


def standing(given: list[Feedback], today: dt.date) -> dict[str, Feedback]:
    """The last word on each anomaly, but for snoozes that are over on that day."""
    last = {f.anomaly_id: f for f in sorted(given, key=lambda f: f.given_at)}
    return {name: f for name, f in last.items() if _holds(f, today)}


def _holds(said: Feedback, today: dt.date) -> bool:
    return said.action != SNOOZE or said.until is None or today <= said.until


def _status(anomaly: Anomaly, own: dict[str, Feedback], snoozes: list[Feedback]) -> str:
    if anomaly.anomaly_id in own:
        return STATUS[own[anomaly.anomaly_id].action]
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
