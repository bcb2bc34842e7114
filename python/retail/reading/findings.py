"""What was found, as of now: every screen asks here, and joins what people said since the run."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from detect.group_by import group_by
from detect.records import PERIOD_DAYS, SEVERITIES
from retail.feedback.status import OPEN, STATUS, about, overall, status_of
from retail.reading.file import Connection, ReadError, read_table
from retail.reading.history import read_feedback
from retail.schema import (
    AnomalyRow,
    AttributionRow,
    CheckRow,
    DriverRow,
    FeedbackRow,
    Grain,
    IncidentRow,
    RunRow,
)

LAST = "where status = 'finished' order by rowid desc limit 1"
"""In the order they were written: the clock may have been set back."""


@dataclass(frozen=True)
class Findings:
    """Incidents and their findings, newest first; early warnings are findings, too."""

    incidents: tuple[IncidentRow, ...]
    members: tuple[AnomalyRow, ...]
    said: Mapping[str, tuple[FeedbackRow, ...]]
    """By incident, each answer once, the latest first."""

    def of(self, incident_id: str) -> tuple[AnomalyRow, ...]:
        """The findings of an incident."""
        return tuple(row for row in self.members if row.incident_id == incident_id)


@dataclass(frozen=True)
class Explanation:
    """What stands behind an incident: which factors moved net revenue, and what was checked."""

    drivers: tuple[DriverRow, ...]
    checks: tuple[CheckRow, ...]


def today() -> dt.date:
    """The day by which snoozes end, unless another is given: today, in UTC."""
    return dt.datetime.now(dt.UTC).date()


def read_run(connection: Connection) -> RunRow:
    """The last finished run.

    Raises:
        ReadError: there is none.
    """
    runs = read_table(connection, RunRow, "runs", LAST)
    if not runs:
        raise ReadError("no finished run yet; run `python -m detect` first")
    return runs[0]


def read_findings(connection: Connection, day: dt.date | None = None) -> Findings:
    """All incidents and findings with the status that they have on a day, by default today."""
    given = read_feedback(connection)
    rows = (
        *read_table(connection, AnomalyRow, "anomalies"),
        *read_table(connection, AnomalyRow, "early_warnings"),
    )
    members = [_as_of(row, given, day or today()) for row in rows]
    changed = {new.incident_id for old, new in zip(rows, members, strict=True) if old != new}
    ordered = tuple(sorted(members, key=_place))
    of = group_by(ordered, attrgetter("incident_id"))
    incidents = [
        _with_members(row, of[row.incident_id], is_changed=row.incident_id in changed)
        for row in read_table(connection, IncidentRow, "incidents")
        if row.incident_id in of
    ]
    return Findings(newest_first(incidents), ordered, _answers(given, ordered))


def _answers(
    given: Sequence[FeedbackRow], members: Sequence[AnomalyRow]
) -> dict[str, tuple[FeedbackRow, ...]]:
    """What was said of incidents: one answer is a row for each of its findings."""
    incident_of = {row.anomaly_id: row.incident_id for row in members}
    answers: dict[str, dict[dt.datetime, FeedbackRow]] = {}
    for row in reversed(given):
        if row.anomaly_id in incident_of:
            answers.setdefault(incident_of[row.anomaly_id], {}).setdefault(row.given_at, row)
    return {name: tuple(rows.values()) for name, rows in answers.items()}


def _with_members(
    incident: IncidentRow, members: Sequence[AnomalyRow], *, is_changed: bool
) -> IncidentRow:
    """An incident with the status of its members, led by one that is read."""
    is_over = incident.recovered_on is not None
    statuses = [row.status for row in members]
    status = overall(statuses, is_over=is_over) if is_changed else incident.status
    lead = lead_first(incident, members)[0].anomaly_id
    return dataclasses.replace(incident, status=status, lead_anomaly_id=lead)


def _as_of(row: AnomalyRow, given: Sequence[FeedbackRow], day: dt.date) -> AnomalyRow:
    """A finding with its status on a day; nothing changes where nothing was said of it."""
    end = period_end(row.period_start, row.grain)
    said = about(given, row.anomaly_id, (row.kpi, row.dimension, row.segment), end)
    if not said:
        return row
    status = status_of(said, row.anomaly_id, day)
    if status == OPEN and row.status not in STATUS.values():
        return row
    return dataclasses.replace(row, status=status)


def period_end(start: dt.date, grain: Grain) -> dt.date:
    """The last day of a period."""
    return start + dt.timedelta(days=PERIOD_DAYS[grain] - 1)


def newest_first(incidents: Sequence[IncidentRow]) -> tuple[IncidentRow, ...]:
    """Incidents in the order of every list: the latest first, then the severest and surest."""

    def place(row: IncidentRow) -> tuple[int, int, float, str]:
        severity = SEVERITIES.index(row.severity)
        return -row.period_end.toordinal(), -severity, -row.confidence, row.incident_id

    return tuple(sorted(incidents, key=place))


def _place(row: AnomalyRow) -> tuple[int, float, str]:
    return -row.period_start.toordinal(), -row.confidence, row.anomaly_id


def lead_first(incident: IncidentRow, members: Sequence[AnomalyRow]) -> tuple[AnomalyRow, ...]:
    """Findings of an incident in the order of every list: the lead, then the surest."""
    key = incident.lead_anomaly_id
    return tuple(sorted(members, key=lambda row: (row.anomaly_id != key, -row.confidence)))


def read_attributions(connection: Connection, names: Sequence[str]) -> tuple[AttributionRow, ...]:
    """What findings, or early warnings, were broken down to, and their causes."""
    order = "order by analysis, dimensions, rank"
    return tuple(
        row
        for table, column in (("attributions", "anomaly_id"), ("early_attributions", "warning_id"))
        for row in read_table(
            connection,
            AttributionRow,
            table,
            f"where list_contains(?::varchar[], {column}) {order}",
            [list(names)],
        )
    )


def read_explanation(connection: Connection, incident_id: str) -> Explanation:
    """What stands behind an incident."""
    mine = [incident_id]
    return Explanation(
        read_table(
            connection, DriverRow, "revenue_drivers",
            "where incident_id = ? order by dimension, member, abs(contribution) desc, factor",
            mine,
        ),
        read_table(connection, CheckRow, "incident_checks", "where incident_id = ?", mine),
    )  # fmt: skip
