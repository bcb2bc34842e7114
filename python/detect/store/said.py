"""Read and keep what people say about findings."""

from __future__ import annotations

from pathlib import Path

from detect.feedback import Feedback
from detect.schema import TABLES
from detect.store.connection import connect, has_table
from detect.store.insights import append


def read_feedback(path: Path) -> list[Feedback]:
    """What people have said, oldest first; nothing where nobody has spoken yet."""
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "insights", "feedback"):
            return []
        names = ", ".join(column.name for column in TABLES["feedback"].columns)
        rows = connection.execute(
            f"select {names} from insights.feedback order by given_at"  # noqa: S608 - names from the schema, or quoted
        ).fetchall()
    return [Feedback(*row) for row in rows]


def give_feedback(path: Path, given: list[Feedback]) -> None:
    """Add what somebody said; earlier feedback stays."""
    append(path, "feedback", given)
