"""What other settings of a KPI would have found: all of history judged twice, nothing written."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from detect import calendar, incidents, trends
from detect.anomalies import Scan
from detect.members import MemberPanel
from detect.records import GRAINS, Grain, Inputs, Kpi
from retail.errors import RetailError
from retail.jobs.detection import pipeline, store
from retail.outputs.preview import Found, Preview, Setting

FIELDS = {
    "thresholds.z": "z_threshold",
    "thresholds.iqr": "iqr_threshold",
    "thresholds.level_shift": "level_shift_threshold",
    "thresholds.trend_alpha": "trend_alpha",
    "thresholds.confidence": "min_confidence",
    "materiality.absolute": "materiality_absolute",
    "materiality.relative": "materiality_relative",
}
"""Settings as the KPI's YAML names them, and the fields that they are here."""
THRESHOLDS = ("thresholds.z", "thresholds.iqr", "thresholds.level_shift")
"""Limits that every period would be at if they were 0."""
PROBABILITIES = ("thresholds.trend_alpha", "thresholds.confidence")


class PreviewError(RetailError):
    """A preview can't be made: what is asked for doesn't exist, or is no setting."""


def preview(path: Path, name: str, changes: Mapping[str, float]) -> Preview:
    """Judge all of history with a KPI's settings as they are, and with others.

    Args:
        path: a built DuckDB file; it is only read.
        name: of the KPI.
        changes: settings by their names in YAML, such as `thresholds.z`.

    Raises:
        PreviewError: there is no such KPI or setting, a value isn't allowed, or nothing was tested.
        StorageError, DetectError: the file can't be read.
    """
    inputs = store.read_inputs(path, None)
    kpi = next((k for k in inputs.kpis if k.name == name), None)
    if kpi is None:
        known = ", ".join(k.name for k in inputs.kpis)
        raise PreviewError(f"there is no KPI {name!r} in {path}; use one of {known}")
    for setting, value in changes.items():
        _check(setting, value)
    tried = dataclasses.replace(kpi, **{FIELDS[s]: value for s, value in changes.items()})  # type: ignore[arg-type]
    trading, given = calendar.learn(inputs.dates), store.read_feedback(path)
    members, _ = store.read_members(path, trading, inputs.periods, {})
    scans = pipeline.scan(inputs, trading, given)
    now = _found(inputs, scans, members, kpi)
    other = with_kpis(inputs, [tried])
    then = _found(other, pipeline.scan(other, trading, given), members, tried)
    first, last = _tested(scans, kpi, path)
    return Preview(
        kpi,
        tuple(Setting(s, float(getattr(kpi, FIELDS[s])), v) for s, v in changes.items()),
        first, last, now, then,
    )  # fmt: skip


def _check(setting: str, value: float) -> None:
    """Refuse what the build refuses in a KPI's YAML."""
    if setting not in FIELDS:
        raise PreviewError(f"there is no setting {setting!r}; use one of {', '.join(FIELDS)}")
    if setting in PROBABILITIES and not 0 < value < 1:
        raise PreviewError(f"{setting} is {value:g}; allowed: a number between 0 and 1")
    if setting in THRESHOLDS and not 0 < value < float("inf"):
        raise PreviewError(f"{setting} is {value:g}; allowed: a number above 0")
    if not 0 <= value < float("inf"):
        raise PreviewError(f"{setting} is {value:g}; allowed: a number of 0 or more")


def with_kpis(inputs: Inputs, kpis: Sequence[Kpi]) -> Inputs:
    """The same inputs with other definitions of some KPIs."""
    tried = {kpi.name: kpi for kpi in kpis}
    panels = {
        grain: dataclasses.replace(
            panel,
            series=tuple(
                dataclasses.replace(s, kpi=tried.get(s.kpi.name, s.kpi)) for s in panel.series
            ),
        )
        for grain, panel in inputs.panels.items()
    }
    defined = tuple(tried.get(kpi.name, kpi) for kpi in inputs.kpis)
    typical = inputs.typical and dataclasses.replace(
        inputs.typical,
        series=tuple(
            dataclasses.replace(s, kpi=store.typical_kpi(kpi, s.kpi.label, s.kpi.unit, s.kpi.scale))
            if (kpi := tried.get(s.kpi.name))
            else s
            for s in inputs.typical.series
        ),
    )
    return dataclasses.replace(inputs, kpis=defined, panels=panels, typical=typical)


def _found(
    inputs: Inputs, scans: dict[Grain, Scan], members: dict[Grain, MemberPanel], kpi: Kpi
) -> Found:
    everything = incidents.group(pipeline.select(scans, members, inputs))
    return Found(
        tuple(a for a in everything if a.kpi.name == kpi.name),
        tuple(t for g in GRAINS for t in trends.select(scans[g]) if t.kpi.name == kpi.name),
    )


def _tested(scans: dict[Grain, Scan], kpi: Kpi, path: Path) -> tuple[dt.date, dt.date]:
    """First and last day on which the KPI was tested."""
    days = [
        day
        for scan in scans.values()
        for row, series in enumerate(scan.features.panel.series)
        if series.kpi.name == kpi.name
        for places in [scan.features.tested[row].nonzero()[0]]
        if places.size
        for day in (
            scan.features.panel.period[places[0]].astype(dt.date),
            scan.features.panel.period_end()[places[-1]].astype(dt.date),
        )
    ]
    if not days:
        raise PreviewError(f"{kpi.name} was never tested in {path}: there is too little history")
    return min(days), max(days)
