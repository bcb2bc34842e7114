"""Apply feedback in a run: the status of findings, and the periods not to learn from."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from detect.anomalies import stable_id
from detect.records import Anomaly, Bools, Panel
from retail.feedback.status import REAL, about, status_of
from retail.schema import FeedbackRow


def apply_feedback(
    anomalies: list[Anomaly], given: list[FeedbackRow], today: dt.date
) -> list[Anomaly]:
    """Return the anomalies with the status that feedback gives them on a day."""
    return [dataclasses.replace(a, status=_status(a, given, today)) for a in anomalies]


def _status(anomaly: Anomaly, given: list[FeedbackRow], today: dt.date) -> str:
    name = anomaly.anomaly_id
    series = (anomaly.kpi.name, anomaly.dimension, anomaly.segment)
    said = about(given, name, series, anomaly.period_end)
    return status_of(said, name, today)


def labelled_real(panel: Panel, given: list[FeedbackRow]) -> Bools:
    """Return the periods whose anomaly was last labelled as real, (S, T); none is learned from."""
    said = {f.anomaly_id: f for f in sorted(given, key=lambda f: f.given_at)}
    real = {name: f for name, f in said.items() if f.action == REAL}
    places = {(f.kpi, f.segment) for f in real.values()}
    known = np.zeros(panel.value.shape, dtype=bool)
    for row, series in enumerate(panel.series):
        if (series.kpi.name, series.segment) in places:
            names = (
                stable_id(series.kpi.name, series.segment, panel.grain, start.astype(dt.date))
                for start in panel.period
            )
            known[row] = [name in real for name in names]
    return known
