"""What people do with findings afterwards: look them up, and say what they think of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from detect import feedback, store
from detect.errors import DetectError
from detect.feedback import Feedback

Row = dict[str, object]


@dataclass(frozen=True)
class Explanation:
    """A finding with everything that the tables say about it; `lead` is the anomaly to explain."""

    incident: Row
    lead: Row
    anomalies: list[Row]
    attributions: list[Row]
    branches: list[Row]
    doubts: list[Row]


def incidents(path: Path) -> list[Row]:
    """Incidents of the last finished run, newest first."""
    rows = store.read_table(path, "incidents")
    return sorted(rows, key=lambda row: (str(row["period_end"]), str(row["incident_id"])))[::-1]


def explain(path: Path, name: str) -> Explanation:
    """The incident of that name, or that an anomaly of that name belongs to.

    Raises:
        DetectError: nothing goes by that name.
    """
    members = _members(path, name)
    incident_id = members[0]["incident_id"]
    found = [row for row in incidents(path) if row["incident_id"] == incident_id]
    ids = {row["anomaly_id"] for row in members}
    reasons = [r for r in _attributions(path) if r["anomaly_id"] in ids]
    branches, doubts = (
        [r for r in store.read_table(path, table) if r["incident_id"] == incident_id]
        for table in ("kpi_tree", "doubts")
    )
    leading = [row for row in members if row["anomaly_id"] == found[0]["lead_anomaly_id"]]
    return Explanation(found[0], (leading or members)[0], members, reasons, branches, doubts)


def _attributions(path: Path) -> list[Row]:
    """Breakdowns and causes, of early warnings too."""
    early = store.read_table(path, "early_attributions")
    return store.read_table(path, "attributions") + [
        row | {"anomaly_id": row["warning_id"]} for row in early
    ]


def say(path: Path, name: str, said: str, until: dt.date | None, note: str | None) -> str:
    """Keep what somebody says of a finding; later runs honour it.

    Raises:
        DetectError: nothing goes by that name, or a snooze would end before it begins.
    """
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if until is not None and until < now.date():
        raise DetectError(f"snooze until {until}: that day is over; give a later one")
    given = [
        Feedback(
            str(row["anomaly_id"]), str(row["kpi"]), str(row["segment"]), said, until, note, now
        )
        for row in _members(path, name)
    ]
    store.give_feedback(path, given)
    anomalies = "1 anomaly" if len(given) == 1 else f"{len(given)} anomalies"
    return f"{name}: {feedback.STATUS[said]} ({anomalies}); the next run honours it"


def _members(path: Path, name: str) -> list[Row]:
    """The anomaly of that name, or all of the incident of that name."""
    every = store.read_table(path, "anomalies") + [
        row | {"anomaly_id": row["warning_id"], "actual": row["at_least"]}
        for row in store.read_table(path, "early_warnings")
    ]
    found = [row for row in every if name in (row["anomaly_id"], row["incident_id"])]
    if not found:
        raise DetectError(f"{name}: no such anomaly or incident; `python -m detect list` has them")
    return found
