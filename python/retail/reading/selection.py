"""Which incidents and trends are shown first: decided here for every screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detect.records import ABNORMAL
from detect.severity import MILDEST
from retail.feedback.status import OPEN
from retail.reading.shop import KpiRow
from retail.schema import ALL, IncidentRow, TrendRow

RECENT = dt.timedelta(days=28)
"""Largest age of what is new, counted back from the last day of detection."""
WEEK = dt.timedelta(days=7)
FEWEST, MOST = 3, 12
"""Open incidents that are shown in full, if there are so many."""


@dataclass(frozen=True)
class ByAge:
    """Incidents by when they last were seen: on the newest day, in that week, or earlier."""

    day: tuple[IncidentRow, ...]
    week: tuple[IncidentRow, ...]
    earlier: tuple[IncidentRow, ...]


def by_age(incidents: Sequence[IncidentRow], newest: dt.date) -> ByAge:
    """Sort incidents by age; a period that goes on beyond the newest day belongs to it."""
    earliest = newest - WEEK
    return ByAge(
        tuple(row for row in incidents if row.period_end >= newest),
        tuple(row for row in incidents if earliest < row.period_end < newest),
        tuple(row for row in incidents if row.period_end <= earliest),
    )


def open_incidents(incidents: Sequence[IncidentRow]) -> tuple[IncidentRow, ...]:
    """Those that nobody has answered, in their order."""
    return tuple(row for row in incidents if row.status == OPEN)


def need_attention(incidents: Sequence[IncidentRow], as_of: dt.date) -> tuple[IncidentRow, ...]:
    """Incidents that are open and recent, or the newest open ones, of incidents newest first.

    Those of low severity, such as a product that is gone, fill only what others leave of FEWEST.
    """
    waiting = open_incidents(incidents)
    grave = [row for row in waiting if row.severity != MILDEST]
    slight = [row for row in waiting if row.severity == MILDEST]
    recent = sum(row.period_end >= as_of - RECENT for row in grave)
    shown = grave[: min(max(recent, FEWEST), MOST)]
    return (*shown, *slight[: max(FEWEST - len(shown), 0)])


def going_on(
    trends: Sequence[TrendRow], kpis: Mapping[str, KpiRow], as_of: dt.date
) -> tuple[TrendRow, ...]:
    """Trends of the whole shop that have not ended, at the pace at which the owner is alerted.

    Those that are not the season's come first.
    """
    return tuple(
        sorted(
            (
                row
                for row in trends
                if row.segment == ALL
                and row.grain == kpis[row.kpi].cadence
                and row.window_end >= as_of - RECENT
            ),
            key=lambda row: (row.kind != ABNORMAL, *_size(row)),
        )
    )


def others(trends: Sequence[TrendRow], chosen: Sequence[TrendRow]) -> tuple[TrendRow, ...]:
    """All other trends: ended ones, single segments, the other pace; the latest first."""
    rest = [row for row in trends if row not in chosen]
    return tuple(sorted(rest, key=lambda row: (-row.window_end.toordinal(), *_size(row))))


def of_series(
    trends: Sequence[TrendRow], kpi: str, segment: str, grain: str
) -> tuple[TrendRow, ...]:
    """Trends of one series, the latest first."""
    mine = [row for row in trends if (row.kpi, row.segment, row.grain) == (kpi, segment, grain)]
    return others(mine, ())


def _size(trend: TrendRow) -> tuple[float, str, str, str]:
    """The largest change first; of a trend that began at nothing, the change is none."""
    return -abs(trend.relative_change or 0.0), trend.kpi, trend.segment, trend.grain
