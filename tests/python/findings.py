"""A finished file with few incidents in it, told as a test wants them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import duckdb

from detect.records import Anomaly, Incident, Kpi
from retail.jobs.detection import store
from retail.schema import TABLES, RunRow

AS_OF = dt.date(2024, 3, 31)
ORDERS = Kpi(
    name="order_count", label="Order count", owner="Operations", cadence="daily", unit="count",
    direction="up", scale="log", segment_by=None, numerator="orders", denominator=None,
    z_threshold=3.0, iqr_threshold=1.5, trend_alpha=0.01, min_confidence=0.5,
    materiality_absolute=5.0, materiality_relative=0.1, warm_up_days=0,
)  # fmt: skip


def incident(name: str = "i1", **changes: object) -> Incident:
    """An incident of one day, with its one anomaly."""
    day = changes.pop("day", AS_OF - dt.timedelta(days=1))
    lead = Anomaly(
        f"a-{name}", ORDERS, "all", "daily", day, 45.0, 90.0, 70.0, 110.0, "down",  # type: ignore[arg-type]
        -4.0, -3.0, 1e-6, 0.97, "high", "bad", ("z_score",), name,
    )  # fmt: skip
    told = Incident(
        incident_id=name, period_start=lead.period_start, period_end=lead.period_end,
        severity="high", confidence=0.97,
        headline="Order count 50 % below expected on 30 March 2024",
        narrative="Order count came to 45 on 30 March 2024, where 90 was expected.",
        root_cause={"product": "22502"}, lead=lead, anomalies=(lead,), status="open",
        is_provisional=False,
    )  # fmt: skip
    changed = dataclasses.replace(told, **changes)  # type: ignore[arg-type]
    own = dataclasses.replace(lead, status=changed.status)
    return dataclasses.replace(changed, lead=own, anomalies=(own,))


def write(path: Path, *incidents: Incident, source: str = "given: orders.csv") -> Path:
    """Write what a run of detection with these incidents would have left."""
    moment = dt.datetime(2024, 4, 1, 6, 0)
    run = RunRow("r1", moment, moment, AS_OF, "finished", source, 100, len(incidents), "1")
    if not path.exists():
        duckdb.connect(str(path)).close()
    empty: dict[str, list[object]] = {
        name: [] for name, table in TABLES.items() if not table.keeps_history
    }
    records = empty | {
        "anomalies": [a for i in incidents for a in i.anomalies],
        "incidents": list(incidents),
        "runs": [run],
    }
    store.write_insights(path, store.rows_of(records))  # type: ignore[arg-type]
    return path
