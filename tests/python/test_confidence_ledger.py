"""What confidence promised is held against what people said."""

from __future__ import annotations

import datetime as dt

import pytest

from findings import incident
from retail.jobs.detection import confidence_ledger
from retail.schema import FeedbackRow

MOMENT = dt.datetime(2024, 4, 1)


def said(name: str, action: str, hours: int = 0) -> FeedbackRow:
    given_at = MOMENT + dt.timedelta(hours=hours)
    return FeedbackRow(f"a-{name}", "order_count", "all", action, None, None, given_at)


def test_the_last_label_counts_and_what_is_no_verdict_does_not() -> None:
    incidents = [
        incident(f"i{n}", confidence=c) for n, c in enumerate((0.6, 0.96, 0.98, 1.0, 0.99))
    ]
    given = [
        said("i1", "false"), said("i1", "real", 1), said("i2", "false"), said("i3", "one-off"),
        said("i4", "ack"),
    ]  # fmt: skip
    low, high = confidence_ledger.build(incidents, given)
    assert (low.confidence_from, low.incidents, low.labelled) == (0.0, 1, 0)
    assert low.share_confirmed != low.share_confirmed
    assert (high.confidence_from, high.incidents, high.labelled, high.confirmed) == (0.95, 4, 3, 2)
    assert high.mean_confidence == pytest.approx((0.96 + 0.98 + 1.0 + 0.99) / 4)
    assert high.share_confirmed == pytest.approx(2 / 3)
    assert 0.2 < high.share_lower < 2 / 3 < high.share_upper < 0.95


def test_without_incidents_nothing_was_promised() -> None:
    assert confidence_ledger.build([], [said("i1", "false")]) == []
