"""Record feedback on findings, and alerts that were sent: every reader sees them at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from retail.errors import RetailError
from retail.feedback.status import STATUS
from retail.reading import (
    Connection,
    addition,
    of_name,
    path_of,
    read_findings,
    read_snapshots,
    reading,
)
from retail.schema import FeedbackRow
from retail.storage import feedback_file


def record_feedback(
    path: Path,
    name: str,
    action: str,
    until: dt.date | None,
    note: str | None,
    by: str | None = None,
) -> str:
    """Record feedback on a finding, and return it in one line; later runs apply it.

    Args:
        path: the DuckDB file, which is only read.
        name: id of an anomaly, or of an incident with all its anomalies.
        action: a key of `STATUS`.
        until: last day of a snooze.
        note: why.
        by: who says it.

    Raises:
        RetailError: nothing goes by that name, a snooze would end before it begins, or the file
            beside the database can't be written.
    """
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if until is not None and until < now.date():
        raise RetailError(f"snooze until {until}: that day is over; give a later one")
    with reading(path) as connection:
        members = of_name(read_findings(connection).members, name)
    append(
        path,
        "feedback",
        [
            FeedbackRow(r.anomaly_id, r.kpi, r.segment, action, until, note, now, r.dimension, by)
            for r in members
        ],
    )
    anomalies = "1 anomaly" if len(members) == 1 else f"{len(members)} anomalies"
    status = f"{name}: {STATUS[action]} ({anomalies})"
    return f"{status}; every screen shows it, and the next run honours it"


def append(path: Path, table: str, rows: Sequence[object]) -> None:
    """Add records to a table of the feedback file; with none, only make sure that it takes them.

    The first time, what the database has of an earlier version is taken over with them.

    Raises:
        StorageError: the database can't be read, or the file beside it can't be written.
    """
    known = {} if feedback_file.is_set_up(path) else _snapshots(path)
    taken = known | {table: (*known.get(table, ()), *rows)}
    feedback_file.add(path, [addition(name, each) for name, each in taken.items()])


def take_over(connection: Connection) -> None:
    """Take over what only the database has: of an earlier version, or of a lost feedback file.

    Raises:
        StorageError: the file beside the database can't be written.
    """
    known = read_snapshots(connection)
    if any(known.values()):
        additions = [addition(name, rows) for name, rows in known.items()]
        feedback_file.add(path_of(connection), additions)


def _snapshots(path: Path) -> dict[str, tuple[object, ...]]:
    with reading(path) as connection:
        return read_snapshots(connection)
