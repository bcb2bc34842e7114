"""Read what the last run explained, and what it rested on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from detect.diagnostics import DetectionLimit
from detect.grouping import by
from detect.records import GRAINS, Attribution, Check, DriverContribution
from retail.jobs.detection.explanation_cache import Earlier, Marks
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading.file import UnreadyError, has_table, read_table
from retail.schema import TABLES

EXPLAINED = (
    "explanation_cache", "attributions", "early_attributions", "revenue_drivers",
    "incident_checks", "detection_limits",
)  # fmt: skip
"""Tables whose rows are kept from run to run where nothing they rest on has changed."""
MARK = "built_from"
"""Column of the segment tables that changes with the order lines of its period."""
DEFINITIONS = ("dim_dimensions", "dim_measures", "dim_countries")
"""Tables of marts by which order lines become segments: another definition is another segment."""


def read_earlier(path: Path) -> Earlier:
    """Read what the last run explained, and what the order lines of each period come to.

    Where a table is not as it is written today, nothing was explained.
    """
    with connect(path, read_only=True) as connection:
        marks = _marks(connection)
        try:
            found = {name: _rows(connection, name) for name in EXPLAINED if marks is not None}
        except UnreadyError:
            found = {}
    if not found:
        return Earlier(marks=marks)
    attributions = [_attribution(row) for row in found["attributions"]]
    attributions += [_attribution(row) for row in found["early_attributions"]]
    return Earlier(
        prints={row["subject"]: row["input_hash"] for row in found["explanation_cache"]},
        attributions=by(attributions, lambda row: row.anomaly_id),
        branches=by(
            (DriverContribution(**_counted(row)) for row in found["revenue_drivers"]),
            lambda row: row.incident_id,
        ),
        doubts=by((Check(**row) for row in found["incident_checks"]), lambda row: row.incident_id),
        detection_limits=by(
            (DetectionLimit(**row) for row in found["detection_limits"]), lambda row: row.grain
        ),
        marks=marks,
    )


def _marks(connection: Connection) -> Marks | None:
    """What each period's lines come to; None where the tables don't say, as those of Spark."""
    marks: Marks = {}
    definitions = _definitions(connection)
    for grain in GRAINS:
        table = f"marts.fct_segments_{grain}"
        columns = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
        if MARK not in columns:
            return None
        query = f"select distinct period_start, {MARK} from {table}"  # noqa: S608 - names from the schema, or quoted
        found = connection.execute(query).fetchall()
        if any(mark is None for _, mark in found):
            return None
        marks[grain] = {day: f"{mark} {definitions}" for day, mark in found}
    return marks


def _definitions(connection: Connection) -> str:
    """Digest of what dimensions, measures and countries are."""
    there = [name for name in DEFINITIONS if has_table(connection, "marts", name)]
    rows = [connection.execute(f"from marts.{name} order by all").fetchall() for name in there]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _rows(connection: Connection, name: str) -> list[dict[str, Any]]:
    return [vars(row) for row in read_table(connection, TABLES[name].record, name)]


def _attribution(row: dict[str, Any]) -> Attribution:
    """A row as the record it was written from."""
    dimensions = tuple(filter(None, row["dimensions"].split(", ")))
    return Attribution(**_counted(row) | {"dimensions": dimensions})


def _counted(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose numbers that are not known are none to count with."""
    return {name: float("nan") if value is None else value for name, value in row.items()}
