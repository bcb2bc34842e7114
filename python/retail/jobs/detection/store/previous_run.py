"""Read the explanations of the last run, and the hashes of their inputs."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from detect.attribution.dimensions import Months, is_broken_down
from detect.diagnostics import DetectionLimit
from detect.group_by import group_by
from detect.records import GRAINS, Attribution, Check, DriverContribution
from retail.jobs.detection.explanation_cache import CachedExplanations, PeriodHashes
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading.file import UnreadyError, has_table, read_table
from retail.reading.measures import read_dead_months
from retail.schema import TABLES, NarrativeFactRow

EXPLAINED = (
    "explanation_cache", "attributions", "early_attributions", "revenue_drivers",
    "incident_checks", "detection_limits", "narrative_facts",
)  # fmt: skip
"""Tables whose rows are reused while their inputs are unchanged."""
PERIOD_HASH = "source_checksum"
"""Column of the segment tables that changes with the order lines of its period."""
DEFINITIONS = ("dim_dimensions", "dim_measures", "dim_countries")
"""Tables of marts that define segments: where one changes, nothing is reused."""


def read_cached_explanations(path: Path) -> CachedExplanations:
    """Read the explanations of the last run, and the checksum of each period's order lines.

    Where a table has other columns than today, nothing is reused.
    """
    with connect(path, read_only=True) as connection:
        period_hashes = _period_hashes(connection)
        try:
            found = {
                name: [vars(row) for row in read_table(connection, TABLES[name].record, name)]
                for name in EXPLAINED
                if period_hashes is not None
            }
        except UnreadyError:
            found = {}
    if not found:
        return CachedExplanations(period_hashes=period_hashes)
    attributions = [_attribution(row) for row in found["attributions"]]
    attributions += [_attribution(row) for row in found["early_attributions"]]
    return CachedExplanations(
        input_hashes={row["subject"]: row["input_hash"] for row in found["explanation_cache"]},
        attributions=group_by(attributions, lambda row: row.anomaly_id),
        drivers=group_by(
            (DriverContribution(**_null_as_nan(row)) for row in found["revenue_drivers"]),
            lambda row: row.incident_id,
        ),
        checks=group_by(
            (Check(**row) for row in found["incident_checks"]), lambda row: row.incident_id
        ),
        detection_limits=group_by(
            (DetectionLimit(**row) for row in found["detection_limits"]), lambda row: row.grain
        ),
        facts=group_by(
            (NarrativeFactRow(**row) for row in found["narrative_facts"]),
            lambda row: row.incident_id,
        ),
        period_hashes=period_hashes,
    )


def _period_hashes(connection: Connection) -> PeriodHashes | None:
    """Read the checksum of each period's lines; None where tables have none, as on Spark."""
    period_hashes: PeriodHashes = {}
    definitions, dead = _definitions(connection), read_dead_months(connection)
    for grain in GRAINS:
        table = f"marts.fct_segments_{grain}"
        columns = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
        if PERIOD_HASH not in columns:
            return None
        query = f"select distinct period_start, {PERIOD_HASH} from {table}"  # noqa: S608 - names from the schema, or quoted
        found = connection.execute(query).fetchall()
        if any(mark is None for _, mark in found):
            return None
        period_hashes[grain] = {
            day: f"{mark} {definitions}{_dead_on(day, dead)}" for day, mark in found
        }
    return period_hashes


def _dead_on(day: dt.date, dead: Months) -> str:
    """The dimensions that findings of a day are not broken down by."""
    return "".join(f" {name}" for name in sorted(dead) if not is_broken_down(name, day, dead))


def _definitions(connection: Connection) -> str:
    """Hash the definitions of dimensions, measures and countries."""
    there = [name for name in DEFINITIONS if has_table(connection, "marts", name)]
    rows = [connection.execute(f"from marts.{name} order by all").fetchall() for name in there]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _attribution(row: dict[str, Any]) -> Attribution:
    """Return a row as the record it was written from."""
    dimensions = tuple(filter(None, row["dimensions"].split(", ")))
    return Attribution(**_null_as_nan(row) | {"dimensions": dimensions})


def _null_as_nan(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with NaN where a number is NULL."""
    return {name: float("nan") if value is None else value for name, value in row.items()}
