"""What each setting of the KPIs does, measured: findings at three of its values."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detect import anomalies, calendar, incidents, trends
from detect.calendar import TradingCalendar
from detect.records import Inputs
from lab.evaluate import tables
from retail.jobs.detection import pipeline, store
from retail.jobs.detection.preview import FIELDS, with_kpis

TRIED: dict[str, tuple[float, float, float]] = {
    "thresholds.z": (2.0, 3.0, 50.0),
    "thresholds.iqr": (0.5, 1.5, 50.0),
    "thresholds.level_shift": (3.0, 4.5, 50.0),
    "thresholds.confidence": (0.3, 0.5, 0.9),
    "thresholds.trend_alpha": (0.001, 0.01, 0.05),
    "materiality.relative": (0.0, 0.1, 5.0),
}
"""The usual value of each setting (of level shifts the middle of several), between a looser and a
stricter one."""


@dataclass(frozen=True)
class Counted:
    """Findings, incidents and trends of the whole shop with a setting at a value, of all KPIs."""

    shop: str
    setting: str
    value: float
    findings: int
    of_medium_or_more: int
    incidents: int
    trends: int


def count(database: Path) -> list[Counted]:
    """Judge a built file's KPIs under each value of each setting, members apart.

    Raises:
        RetailError, DetectError: the file can't be read.
    """
    inputs = store.read_inputs(database, None)
    trading = calendar.learn(inputs.dates)
    name = database.parent.name if database.name == "retail.duckdb" else database.stem
    return [
        _counted(name, _with(inputs, setting, value), trading, setting, value)
        for setting, values in TRIED.items()
        for value in values
    ]


def _with(inputs: Inputs, setting: str, value: float) -> Inputs:
    changes: dict[str, float] = {FIELDS[setting]: value}
    return with_kpis(inputs, [dataclasses.replace(kpi, **changes) for kpi in inputs.kpis])  # type: ignore[arg-type]


def _counted(
    name: str, inputs: Inputs, trading: TradingCalendar, setting: str, value: float
) -> Counted:
    scans = pipeline.scan(inputs, trading, []).values()
    found = incidents.group([a for scan in scans for a in anomalies.select(scan)])
    return Counted(
        name, setting, value, len(found), sum(a.severity != "low" for a in found),
        len({a.incident_id for a in found}), sum(len(trends.select(scan)) for scan in scans),
    )  # fmt: skip


def table(counted: Sequence[Counted]) -> str:
    """The counts of all shops as a table in Markdown."""
    names = [f.name for f in dataclasses.fields(Counted)]
    rows = [
        [f"{v:g}" if isinstance(v, float) else str(v) for v in dataclasses.astuple(row)]
        for row in counted
    ]
    return tables.table([name.replace("_", " ") for name in names], rows)
