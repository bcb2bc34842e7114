"""Apply feedback in a run: the status of findings, and what the baseline makes of their periods."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from detect.anomalies import stable_id
from detect.records import Anomaly, Bools, Panel
from retail.feedback.status import (
    FALSE,
    NEW_NORMAL,
    NOT_LEARNED,
    OPEN,
    STATUS,
    about,
    status_of,
)
from retail.schema import FeedbackRow


def apply_feedback(
    anomalies: list[Anomaly], given: list[FeedbackRow], today: dt.date
) -> list[Anomaly]:
    """Return the anomalies with the status that feedback gives them on a day.

    One that nobody answered is false, too, where an earlier one of its series and direction was
    labelled so and was at least as sure: the same pattern needs more.
    """
    found = [dataclasses.replace(a, status=_status(a, given, today)) for a in anomalies]
    bars: dict[object, list[tuple[dt.date, float]]] = {}
    for a in found:
        if a.status == STATUS[FALSE]:
            bars.setdefault(_kind(a), []).append((a.period_start, a.confidence))
    return [
        dataclasses.replace(a, status=STATUS[FALSE])
        if a.status == OPEN
        and any(day < a.period_start and a.confidence <= bar for day, bar in bars.get(_kind(a), ()))
        else a
        for a in found
    ]


def _kind(anomaly: Anomaly) -> object:
    """What findings of the same pattern share."""
    return anomaly.kpi.name, anomaly.dimension, anomaly.segment, anomaly.grain, anomaly.direction


def _status(anomaly: Anomaly, given: list[FeedbackRow], today: dt.date) -> str:
    name = anomaly.anomaly_id
    series = (anomaly.kpi.name, anomaly.dimension, anomaly.segment)
    said = about(given, name, series, anomaly.period_end)
    return status_of(said, name, today)


def not_learned(panel: Panel, given: list[FeedbackRow]) -> Bools:
    """Return the periods whose anomaly was last labelled as real or a one-off, (S, T)."""
    return _labelled(panel, given, NOT_LEARNED)


def new_normal(panel: Panel, given: list[FeedbackRow]) -> Bools | None:
    """Return the periods whose anomaly was last labelled as the new normal, (S, T); None: none."""
    found = _labelled(panel, given, (NEW_NORMAL,))
    return found if found.any() else None


def _labelled(panel: Panel, given: list[FeedbackRow], labels: tuple[str, ...]) -> Bools:
    said = {f.anomaly_id: f for f in sorted(given, key=lambda f: f.given_at)}
    mine = {name: f for name, f in said.items() if f.action in labels}
    places = {(f.kpi, f.segment) for f in mine.values()}
    known = np.zeros(panel.value.shape, dtype=bool)
    for row, series in enumerate(panel.series):
        if (series.kpi.name, series.segment) in places:
            names = (
                stable_id(series.kpi.name, series.segment, panel.grain, start.astype(dt.date))
                for start in panel.period
            )
            known[row] = [name in mine for name in names]
    return known
