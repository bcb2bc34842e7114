"""The confidence of incidents compared with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from detect.intervals import wilson
from detect.records import Incident
from retail.feedback.status import FALSE, VERDICTS
from retail.schema import ConfidenceRow, FeedbackRow

EDGES = (0.0, 0.7, 0.9, 0.95, 1.0)
"""Confidence from which a row counts, up to the next; those of the tables in the documentation."""


def build(incidents: Sequence[Incident], given: Sequence[FeedbackRow]) -> list[ConfidenceRow]:
    """Count the incidents of each row, and those that people labelled; a row of none is left out.

    One is right where the last label of any of its findings is not `false`.
    """
    said = {f.anomaly_id: f.action for f in sorted(given, key=lambda f: f.given_at)}
    return [row for low, high in pairwise(EDGES) for row in _bin(incidents, said, low, high)]


def _bin(
    incidents: Sequence[Incident], said: dict[str, str], low: float, high: float
) -> Iterator[ConfidenceRow]:
    mine = [i for i in incidents if low <= i.confidence < high or (high == 1 == i.confidence)]
    labels = [{said.get(a.anomaly_id) for a in i.anomalies} & set(VERDICTS) for i in mine]
    answered = [verdicts for verdicts in labels if verdicts]
    right = sum(verdicts != {FALSE} for verdicts in answered)
    share = right / len(answered) if answered else float("nan")
    if mine:
        mean = sum(i.confidence for i in mine) / len(mine)
        ends = wilson(right, len(answered)) if answered else (float("nan"), float("nan"))
        yield ConfidenceRow(low, high, len(mine), mean, len(answered), right, share, *ends)
