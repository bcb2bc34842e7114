"""What a finished file says of incidents, and what was sent of them before."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from alerts.choose import OPEN
from alerts.records import Found, Incident, Sent
from detect import feedback, store
from detect.errors import DetectError
from detect.grouping import by

Row = dict[str, object]
LEAD = ("anomaly_id", "kpi", "segment", "grain", "period_start", "actual", "expected", "owner")


def read(path: Path, today: dt.date) -> Found:
    """Read the incidents of the last finished run; a snooze that is over on `today` is no answer.

    Raises:
        DetectError: there is no such file, or no run has finished in it yet.
    """
    members = _members(path)
    answered = set(feedback.standing(store.read_feedback(path), today))
    runs = store.read_table(path, "runs")
    if not runs:
        raise DetectError(f"{path}: no finished run yet; run `python -m detect` first")
    run = runs[-1]  # the last one written; the clock may have been set back
    return Found(
        tuple(_incident(row, members, answered) for row in store.read_table(path, "incidents")),
        tuple(_sent(row) for row in store.read_history(path, "alerts")),
        dt.date.fromisoformat(str(run["as_of"])),
        store.SIMULATED in str(run["source"]),
    )


def _sent(row: Row) -> Sent:
    texts = {name: str(row[name]) for name in ("incident_id", "lead_anomaly_id", "channel")}
    return Sent(
        **texts,
        reason=str(row["reason"]),
        severity=str(row["severity"]),
        confidence=float(str(row["confidence"])),
        sent_at=dt.datetime.fromisoformat(str(row["sent_at"])),
    )


def _members(path: Path) -> dict[str, list[Row]]:
    """Anomalies and early warnings by the incident they belong to."""
    every = store.read_table(path, "anomalies") + [
        row | {"anomaly_id": row["warning_id"], "actual": row["at_least"]}
        for row in store.read_table(path, "early_warnings")
    ]
    return by(every, lambda row: str(row["incident_id"]))


def _incident(row: Row, members: dict[str, list[Row]], answered: set[str]) -> Incident:
    mine = members.get(str(row["incident_id"]), [])
    leads = [member for member in mine if member["anomaly_id"] == row["lead_anomaly_id"]]
    lead = {name: _plain(leads[0][name]) for name in LEAD} if leads else {}
    rewritten = row["narrative_rewritten"]
    return Incident(
        incident_id=str(row["incident_id"]),
        period_start=dt.date.fromisoformat(str(row["period_start"])),
        period_end=dt.date.fromisoformat(str(row["period_end"])),
        severity=str(row["severity"]),
        confidence=float(str(row["confidence"])),
        status=_status(row, mine, answered),
        headline=str(row["headline"]),
        narrative=str(row["narrative"]),
        narrative_rewritten=None if rewritten is None else str(rewritten),
        root_cause=json.loads(str(row["root_cause"])),
        is_provisional=bool(row["is_provisional"]),
        lead=lead,
    )


def _status(row: Row, mine: list[Row], answered: set[str]) -> str:
    """Open while one anomaly is that nobody has answered, also since the last run."""
    waiting = [m for m in mine if m["status"] == OPEN and m["anomaly_id"] not in answered]
    return "answered" if row["status"] == OPEN and mine and not waiting else str(row["status"])


def _plain(value: object) -> object:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, dt.date) else value
