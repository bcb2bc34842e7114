"""What people do with findings afterwards: look them up, and say what they think of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from detect.errors import DetectError
from retail.feedback.status import STATUS
from retail.jobs.detection import store
from retail.reading import (
    Explanation,
    KpiRow,
    lead_first,
    read_attributions,
    read_explanation,
    read_findings,
    read_kpis,
    read_products,
    read_shop,
    reading,
)
from retail.schema import AnomalyRow, AttributionRow, FeedbackRow, IncidentRow


@dataclass(frozen=True)
class Explained:
    """A finding, or all of an incident, with what the tables say; the first is the one to explain.

    `attributions` are those of all members; `money` is the unit of the shop's.
    """

    incident: IncidentRow
    members: tuple[AnomalyRow, ...]
    attributions: tuple[AttributionRow, ...]
    why: Explanation
    kpis: dict[str, KpiRow]
    products: dict[str, str]
    money: str


def incidents(path: Path) -> tuple[IncidentRow, ...]:
    """Incidents of the last finished run, newest first."""
    with reading(path) as connection:
        return read_findings(connection).incidents


def explain(path: Path, name: str) -> Explained:
    """The incident of that name, or that an anomaly of that name belongs to.

    Raises:
        DetectError: nothing goes by that name.
    """
    with reading(path) as connection:
        found = read_findings(connection)
        named = _named(found.members, name)
        incident = next(r for r in found.incidents if r.incident_id == named[0].incident_id)
        members = lead_first(incident, named)
        return Explained(
            incident,
            members,
            read_attributions(connection, [row.anomaly_id for row in members]),
            read_explanation(connection, incident.incident_id),
            read_kpis(connection),
            read_products(connection),
            read_shop(connection).money,
        )


def say(path: Path, name: str, said: str, until: dt.date | None, note: str | None) -> str:
    """Keep what somebody says of a finding; every screen shows it at once, later runs honour it.

    Raises:
        DetectError: nothing goes by that name, or a snooze would end before it begins.
    """
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if until is not None and until < now.date():
        raise DetectError(f"snooze until {until}: that day is over; give a later one")
    with reading(path) as connection:
        members = _named(read_findings(connection).members, name)
    given = [
        FeedbackRow(row.anomaly_id, row.kpi, row.segment, said, until, note, now) for row in members
    ]
    store.give_feedback(path, given)
    anomalies = "1 anomaly" if len(given) == 1 else f"{len(given)} anomalies"
    status = f"{name}: {STATUS[said]} ({anomalies})"
    return f"{status}; every screen shows it, and the next run honours it"


def _named(members: tuple[AnomalyRow, ...], name: str) -> list[AnomalyRow]:
    """The anomaly of that name, or all of the incident of that name."""
    found = [row for row in members if name in (row.anomaly_id, row.incident_id)]
    if not found:
        raise DetectError(f"{name}: no such anomaly or incident; `retail list` has them")
    return found
