"""Read what the last run explained, and what it rested on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from detect.grouping import by
from detect.honesty import BlindSpot
from detect.keeping import Earlier, Marks
from detect.records import (
    GRAINS,
    Attribution,
    Branch,
    Doubt,
)
from detect.schema import TABLES
from detect.store.connection import Connection, connect, has_table

EXPLAINED = (
    "explanations", "attributions", "early_attributions", "kpi_tree", "doubts", "blind_spots",
)  # fmt: skip
"""Tables whose rows are kept from run to run where nothing they rest on has changed."""
MARK = "built_from"
"""Column of the segment tables that changes with the order lines of its period."""


def read_earlier(path: Path) -> Earlier:
    """Read what the last run explained, and what the order lines of each period come to."""
    with connect(path, read_only=True) as connection:
        marks = _marks(connection)
        if marks is None or not all(has_table(connection, "insights", name) for name in EXPLAINED):
            return Earlier(marks=marks)
        found = {name: _records(connection, name) for name in EXPLAINED}
    early = [{"anomaly_id": row.pop("warning_id"), **row} for row in found["early_attributions"]]
    attributions = [Attribution(**_known(row)) for row in found["attributions"] + early]
    return Earlier(
        prints={row["subject"]: row["fingerprint"] for row in found["explanations"]},
        attributions=by(attributions, lambda row: row.anomaly_id),
        branches=by(
            (Branch(**_known(row)) for row in found["kpi_tree"]), lambda row: row.incident_id
        ),
        doubts=by((Doubt(**_known(row)) for row in found["doubts"]), lambda row: row.incident_id),
        blind_spots=by((BlindSpot(**row) for row in found["blind_spots"]), lambda row: row.grain),
        marks=marks,
    )


def _marks(connection: Connection) -> Marks | None:
    """What each period's lines come to; None where the tables don't say, as those of Spark."""
    marks: Marks = {}
    for grain in GRAINS:
        table = f"marts.fct_segments_{grain}"
        columns = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
        if MARK not in columns:
            return None
        query = f"select distinct period_start, {MARK} from {table}"  # noqa: S608 - names from the schema, or quoted
        marks[grain] = dict(connection.execute(query).fetchall())
    return None if any(None in found.values() for found in marks.values()) else marks


def _records(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Rows of an insights table by their columns; a table of other columns has none to give."""
    wanted = [column.name for column in TABLES[name].columns]
    found = [column for column, *_ in connection.execute(f"describe insights.{name}").fetchall()]
    if found != wanted:
        return []
    rows = connection.execute(f"select * from insights.{name}").fetchall()  # noqa: S608 - names from the schema, or quoted
    return [dict(zip(wanted, row, strict=True)) for row in rows]


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the record it was written from: no number is NaN, JSON is a dict."""
    whole = {name: float("nan") if value is None else value for name, value in row.items()}
    whole |= {name: json.loads(row[name]) for name in ("segment", "figures") if name in row}
    if "dimensions" in row:
        whole["dimensions"] = tuple(filter(None, row["dimensions"].split(", ")))
    return whole
