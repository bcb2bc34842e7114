"""A run, from the KPI tables to the insights tables: the table of contents of this package."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from detect import (
    VERSION,
    anomalies,
    calendar,
    diagnostics,
    forecasts,
    incidents,
    injection_tests,
    partial_period,
    trends,
)
from detect.anomalies import Scan
from detect.calendar import TradingCalendar
from detect.diagnostics import DetectionLimit
from detect.features import look
from detect.records import (
    GRAINS,
    Anomaly,
    Grain,
    Incident,
    Inputs,
    Panel,
    Trend,
)
from retail.jobs.detection import apply_feedback, explain, explanation_cache, store
from retail.jobs.detection.explain import Reasons
from retail.jobs.detection.explanation_cache import Earlier, Fingerprint
from retail.schema import Feedback, Run


@dataclass(frozen=True)
class Outcome:
    """What a run found; `untested` names KPIs with too little history at their own cadence."""

    run: Run
    inputs: Inputs
    scans: dict[Grain, Scan]
    anomalies: list[Anomaly]
    warnings: list[Anomaly]
    trends: list[Trend]
    reasons: Reasons
    untested: tuple[str, ...]

    @property
    def incidents(self) -> list[Incident]:
        """Incidents of the anomalies and of the early warnings, in order of time."""
        return self.reasons.incidents


def run(
    path: Path,
    as_of: dt.date | None = None,
    *,
    with_injection_tests: bool = False,
    today: dt.date | None = None,
) -> Outcome:
    """Detect over all history up to `as_of`, and write what was found into the same file.

    Args:
        path: the DuckDB file.
        as_of: last day that is looked at; by default the last complete one.
        with_injection_tests: also run injection tests; their table is left alone otherwise.
        today: the day by which snoozes end: `as_of` where that is given, else by the clock.

    Raises:
        DetectError: the file, its tables or their content do not allow it.
    """
    started_at = _now()
    inputs = store.read_inputs(path, as_of)
    given = store.read_feedback(path)
    day = today or as_of or started_at.date()
    trading = calendar.learn(inputs.dates)
    scans = {grain: _scan(inputs.panels[grain], trading, given) for grain in GRAINS}
    found = incidents.group(apply_feedback.honour(_each(scans, anomalies.find), given, day))
    warned = incidents.group(apply_feedback.honour(_early(inputs, trading), given, day))
    changes = _each(scans, trends.find)
    earlier = store.read_earlier(path)
    code = explanation_cache.code()
    why = explain.explain(path, scans, found + warned, earlier, code)
    promised = _each(scans, diagnostics.calibration)
    unseen, looked_at = _blind_spots(scans, given, earlier, code)
    seen = _each(scans, forecasts.forecasts)
    record = _record(started_at, inputs, len(found))
    tables: dict[str, Sequence[object]] = {
        "anomalies": found,
        "early_warnings": warned,
        "trends": changes,
        "attributions": why.of(found),
        "early_attributions": why.of(warned),
        "revenue_drivers": why.branches,
        "incident_checks": why.doubts,
        "incidents": why.incidents,
        "calibration": promised,
        "detection_limits": unseen,
        "forecasts": seen,
        "explanation_cache": [*why.prints, *looked_at],
        "runs": [record],
    }
    if with_injection_tests:
        injected = _each(scans, injection_tests.inject)
        tables["injection_tests"] = injected
    store.write_insights(path, store.rows_of(tables))
    return Outcome(record, inputs, scans, found, warned, changes, why, _untested(scans))


def _scan(panel: Panel, trading: TradingCalendar, given: list[Feedback]) -> Scan:
    """Look at a panel, learning nothing from what people have called real incidents."""
    return anomalies.scan(look(panel, trading, apply_feedback.known_incidents(panel, given)))


T = TypeVar("T")


def _each(scans: dict[Grain, Scan], find: Callable[[Scan], list[T]]) -> list[T]:
    """Findings of every grain, one after the other."""
    return [found for grain in GRAINS for found in find(scans[grain])]


def _early(inputs: Inputs, trading: TradingCalendar) -> list[Anomaly]:
    """Early warnings of every grain."""
    return [
        warning
        for grain in GRAINS
        for warning in partial_period.find(inputs.panels[grain], trading, inputs.accumulating)
    ]


def _blind_spots(
    scans: dict[Grain, Scan], given: list[Feedback], earlier: Earlier, code: str
) -> tuple[list[DetectionLimit], list[Fingerprint]]:
    """Blind spots of every grain, those of an earlier run where nothing has changed since."""
    prints = {grain: explanation_cache.of_scan(scans[grain], given, code) for grain in GRAINS}
    found = [
        spot
        for grain in GRAINS
        for spot in (
            earlier.detection_limits.get(grain, [])
            if earlier.holds(prints[grain])
            else diagnostics.detection_limits(scans[grain])
        )
    ]
    return found, list(prints.values())


def _untested(scans: dict[Grain, Scan]) -> tuple[str, ...]:
    """KPIs without a tested period at their own cadence."""
    tested: dict[str, bool] = {}
    for grain, scan in scans.items():
        for row, series in enumerate(scan.view.panel.series):
            if series.kpi.cadence == grain:
                label = series.kpi.label
                tested[label] = tested.get(label, False) or bool(scan.view.tested[row].any())
    return tuple(label for label, any_tested in tested.items() if not any_tested)


def _record(started_at: dt.datetime, inputs: Inputs, count: int) -> Run:
    return Run(
        run_id=uuid.uuid4().hex,
        started_at=started_at,
        finished_at=_now(),
        as_of=inputs.as_of,
        status="finished",
        source=inputs.source.text,
        source_rows=inputs.source.rows,
        anomalies=count,
        code_version=VERSION,
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)
