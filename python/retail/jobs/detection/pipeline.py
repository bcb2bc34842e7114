"""Run detection, from the KPI tables to the insights tables."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    members,
    partial_period,
    planned,
    trends,
)
from detect.anomalies import Scan
from detect.calendar import TradingCalendar
from detect.diagnostics import DetectionLimit
from detect.features import noise_of_weeks, prepare
from detect.impact import by_series
from detect.members import MemberPanel
from detect.members.scores import MANY_RETURNS
from detect.records import (
    GRAINS,
    RETURNED_REVENUE,
    Anomaly,
    Floats,
    Grain,
    Incident,
    Inputs,
    Panel,
    Trend,
)
from retail.jobs.detection import (
    apply_feedback,
    confidence_ledger,
    explain,
    explanation_cache,
    store,
)
from retail.jobs.detection.explain import Explanations
from retail.jobs.detection.explanation_cache import CachedExplanations, InputHash
from retail.outputs.narrative.stories import History
from retail.schema import FeedbackRow, NarrativeFactRow, RenamedProductRow, RunRow


@dataclass(frozen=True)
class Outcome:
    """Results of a run; `untested` names KPIs with too little history at their own cadence."""

    run: RunRow
    inputs: Inputs
    scans: dict[Grain, Scan]
    anomalies: list[Anomaly]
    warnings: list[Anomaly]
    trends: list[Trend]
    explanations: Explanations
    untested: tuple[str, ...]

    @property
    def incidents(self) -> list[Incident]:
        """Return the incidents of anomalies and early warnings, in order of time."""
        return self.explanations.incidents


def run(
    path: Path,
    as_of: dt.date | None = None,
    *,
    with_injection_tests: bool = False,
    today: dt.date | None = None,
) -> Outcome:
    """Detect over all history up to `as_of`, and write the results into the same file.

    Args:
        path: the DuckDB file.
        as_of: last day of the data to use; by default the last complete one.
        with_injection_tests: also run injection tests; their table is left alone otherwise.
        today: the day by which snoozes end: `as_of` where that is given, else by the clock.

    Raises:
        StorageError: the file, or the feedback file beside it, can't be read or written.
        DetectError: its tables or their content do not allow it.
    """
    started_at = _now()
    inputs = store.read_inputs(path, as_of)
    given = store.read_feedback(path)
    day = today or as_of or started_at.date()
    trading = calendar.learn(inputs.dates)
    cached = store.read_cached_explanations(path)
    code = explanation_cache.hash_code()
    days = explanation_cache.hash_days(cached.period_hashes, code)
    with ThreadPoolExecutor(1) as beside:  # DuckDB reads while NumPy computes.
        members_read = beside.submit(store.read_members, path, trading, inputs.periods, days)
        scans = scan(inputs, trading, given)
    panels, member_days = members_read.result()
    found, warned = (
        incidents.group(apply_feedback.apply_feedback(some, given, day))
        for some in (select(scans, panels, inputs), _early(scans, inputs, trading))
    )
    changes = _each(scans, trends.select)
    forecast_rows = _each(scans, forecasts.build)
    cancelled = store.read_later_cancellations(path, inputs.as_of)
    history = History(
        inputs.kpis, by_series(forecast_rows), panels, cancelled, inputs.events, given
    )
    # Held open, so that the many questions of explaining do not each open the file anew.
    with store.connect(path, read_only=True):
        why = explain.explain(path, scans, found + warned, cached, code, history)
    calibration = _each(scans, diagnostics.calibration)
    limits, looked_at = _detection_limits(scans, cached, code)
    words, facts = _proven(why, cached)
    record = _record(started_at, inputs, len(found))
    figures, lines = store.read_revisions(path, record.run_id) if as_of is None else ([], [])
    tables: dict[str, Sequence[object]] = {
        "anomalies": found,
        "early_warnings": warned,
        "trends": changes,
        "attributions": why.of(found),
        "early_attributions": why.of(warned),
        "revenue_drivers": why.drivers,
        "incident_checks": why.checks,
        "incidents": why.incidents,
        "calibration": calibration,
        "confidence_ledger": confidence_ledger.build(why.incidents, given),
        "detection_limits": limits,
        "forecasts": forecast_rows,
        "explanation_cache": [*why.input_hashes, *looked_at, *words],
        "narrative_facts": facts,
        "members_daily": [],
        "renamed_products": _renamed(panels),
        "runs": [record],
        "revisions": figures,
        "revised_lines": lines,
    }
    if with_injection_tests:
        injected = _each(scans, injection_tests.inject)
        tables["injection_tests"] = injected
    store.write_insights(path, store.rows_of(tables), member_days)
    return Outcome(record, inputs, scans, found, warned, changes, why, _untested(scans))


def scan(inputs: Inputs, trading: TradingCalendar, given: list[FeedbackRow]) -> dict[Grain, Scan]:
    """Scan both grains, and learn from periods what people said of them, and planned for them."""

    def of(grain: Grain, typical: Panel | None = None, noise: Floats | None = None) -> Scan:
        panel = inputs.panels[grain]
        left_out = apply_feedback.not_learned(panel, given)
        left_out |= planned.not_learned(panel, inputs.events)
        adopted = apply_feedback.new_normal(panel, given)
        return anomalies.scan(
            prepare(panel, trading, left_out, adopted, typical=typical, noise=noise)
        )

    days = of("daily", typical=inputs.typical)
    noise = noise_of_weeks(days.features, inputs.panels["weekly"])
    return {"daily": days, "weekly": of("weekly", noise=noise)}


T = TypeVar("T")


def _each(scans: dict[Grain, Scan], find: Callable[[Scan], list[T]]) -> list[T]:
    """Return the findings of every grain, one after the other."""
    return [found for grain in GRAINS for found in find(scans[grain])]


def select(
    scans: dict[Grain, Scan], panels: dict[Grain, MemberPanel], inputs: Inputs
) -> list[Anomaly]:
    """Select the findings of the whole shop and of its members, in order of period and KPI.

    A wave of returns that the whole shop shows is reported there, and its cause names the member.
    """
    watched = {d.name for panel in panels.values() for d in panel.dimensions}
    found = _each(scans, anomalies.select)
    whole = [a for a in found if not watched & a.within.keys()]
    series = [a for a in found if watched & a.within.keys()]
    returned = {(a.grain, a.period_start) for a in whole if a.kpi.numerator == RETURNED_REVENUE}
    of_members = [
        a
        for a in members.select(panels, inputs.kpis, series)
        if a.methods != (MANY_RETURNS,) or (a.grain, a.period_start) not in returned
    ]
    everything = [*whole, *of_members]
    return sorted(planned.explain(everything, inputs.events), key=lambda a: GRAINS.index(a.grain))


def _early(scans: dict[Grain, Scan], inputs: Inputs, trading: TradingCalendar) -> list[Anomaly]:
    """Return the early warnings of every grain, by the baseline that whole periods have."""
    found = [
        warning
        for seen in (scans[grain].features for grain in GRAINS)
        for warning in partial_period.select(
            seen.panel, trading, inputs.accumulating, seen.known, seen.adopted
        )
    ]
    return planned.explain(found, inputs.events)


def _detection_limits(
    scans: dict[Grain, Scan], cached: CachedExplanations, code: str
) -> tuple[list[DetectionLimit], list[InputHash]]:
    """Return the detection limits of every grain, from the cache where inputs are unchanged."""
    input_hashes = {grain: explanation_cache.hash_scan(scans[grain], code) for grain in GRAINS}
    found = [
        spot
        for grain in GRAINS
        for spot in (
            cached.detection_limits.get(grain, [])
            if cached.has(input_hashes[grain])
            else diagnostics.detection_limits(scans[grain])
        )
    ]
    return found, list(input_hashes.values())


def _proven(
    why: Explanations, cached: CachedExplanations
) -> tuple[list[InputHash], list[NarrativeFactRow]]:
    """Return the hashes of all stories, and the facts of those that an earlier run has proven."""
    known = {one.subject: one.input_hash for one in why.input_hashes}
    stories = {
        incident.incident_id: explanation_cache.hash_story(incident, known[incident.incident_id])
        for incident in why.incidents
        if incident.incident_id in known
    }
    facts = [
        fact
        for name, story in stories.items()
        if cached.has(story)
        for fact in cached.facts.get(name, [])
    ]
    return list(stories.values()), facts


def _renamed(panels: dict[Grain, MemberPanel]) -> list[RenamedProductRow]:
    """The products that sell under another code by the last day."""
    if "daily" not in panels:
        return []
    daily = panels["daily"]
    return [
        RenamedProductRow(daily.member[one.old], daily.member[one.new], one.since.astype(dt.date))
        for one in daily.renamed
        if one.days[-1] == daily.period[-1]
    ]


def _untested(scans: dict[Grain, Scan]) -> tuple[str, ...]:
    """Return the KPIs without a tested period at their own cadence."""
    tested: dict[str, bool] = {}
    for grain, scan in scans.items():
        for row, series in enumerate(scan.features.panel.series):
            if series.kpi.cadence == grain:
                label = series.kpi.label
                tested[label] = tested.get(label, False) or bool(scan.features.tested[row].any())
    return tuple(label for label, any_tested in tested.items() if not any_tested)


def _record(started_at: dt.datetime, inputs: Inputs, count: int) -> RunRow:
    return RunRow(
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
