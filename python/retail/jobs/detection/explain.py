"""Explain all findings of a run: breakdowns, causes, revenue drivers, checks, narratives."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from detect import attribution, incidents
from detect.anomalies import Scan, bands
from detect.attribution import driver_tree
from detect.attribution.baselines import comparable
from detect.attribution.incident_checks import OWN_LABEL, CheckInputs, run_checks
from detect.attribution.segments import Segments
from detect.group_by import group_by
from detect.members.scores import SILENCE
from detect.records import (
    GRAINS,
    ROOT_CAUSE,
    Anomaly,
    Attribution,
    Check,
    Days,
    DriverContribution,
    Grain,
    Incident,
)
from retail.jobs.detection import explanation_cache, store
from retail.jobs.detection.explanation_cache import CachedExplanations, InputHash
from retail.outputs.narrative import check_messages, stories
from retail.outputs.narrative.stories import History

CELLS_AT_ONCE = 4_000_000
"""Segments of a grain that are held in memory, unless one incident needs more: half a gigabyte."""


@dataclass(frozen=True)
class Explanations:
    """Explanations of the findings of a run; `incidents` describe them in words.

    `largest_gap` is the largest relative difference between an anomaly's change and the sum of its
    contributions in a dimension; `input_hashes` are those of the explanations.
    """

    attributions: list[Attribution]
    drivers: list[DriverContribution]
    checks: list[Check]
    incidents: list[Incident]
    largest_gap: float
    input_hashes: tuple[InputHash, ...] = ()

    def of(self, found: list[Anomaly]) -> list[Attribution]:
        """Return the attributions of some anomalies."""
        names = {a.anomaly_id for a in found}
        return [row for row in self.attributions if row.anomaly_id in names]


@dataclass(frozen=True)
class _ToExplain:
    """Ids of the findings to attribute and of the incidents to explain."""

    findings: frozenset[str]
    incidents: frozenset[str]
    input_hashes: tuple[InputHash, ...]


@dataclass(frozen=True)
class _Explained:
    """The explanation of one incident."""

    causes: list[Attribution]
    drivers: list[DriverContribution]
    checks: list[Check]


@dataclass
class _Batch:
    """What is read at once for some incidents: periods, measures, and members where these are all.

    `members` are those that the findings are of; None where one is of the whole shop.
    """

    periods: set[np.datetime64] = field(default_factory=set)
    measures: set[str] = field(default_factory=lambda: set(driver_tree.MEASURES))
    members: set[tuple[str, str]] | None = field(default_factory=set)

    def add(self, found: list[Anomaly], periods: set[np.datetime64]) -> None:
        """Read what the findings of one more incident need."""
        self.periods |= periods
        self.measures |= {m for a in found for m in (a.kpi.numerator, a.kpi.denominator) if m}
        if self.members is None or not all(a.within for a in found):
            self.members = None
        else:
            self.members |= {member for a in found for member in a.within.items()}


class _Cells:
    """The segments that explain incidents, read for several at a time: their periods overlap.

    `incidents` are in order of time, in which memory holds little more than one needs.
    """

    def __init__(
        self, path: Path, usable: dict[Grain, Days], incidents_of: list[list[Anomaly]]
    ) -> None:
        self.usable = usable
        self.incidents = sorted(incidents_of, key=lambda found: found[0].period_start)
        self._path = path
        self._batches = {grain: self._batches_of(grain) for grain in GRAINS}
        self._held: dict[Grain, tuple[_Batch, Segments]] = {}

    def read(self, incident: str, grain: Grain) -> Segments:
        """The segments of an incident's findings of a grain, and of some others'."""
        batch = self._batches[grain][incident]
        held = self._held.pop(grain, None)  # gone before more is read
        if held is None or held[0] is not batch:
            del held
            periods = np.array(sorted(batch.periods), dtype="datetime64[D]")
            found = store.read_segments(
                self._path, grain, periods, sorted(batch.measures), batch.members
            )
            held = (batch, found)
        self._held[grain] = held
        return held[1]

    def _batches_of(self, grain: Grain) -> dict[str, _Batch]:
        """What is read with each incident."""
        found = [[a for a in incident if a.grain == grain] for incident in self.incidents]
        if not any(found):
            return {}
        cells = store.count_segments(self._path, grain)
        batch, of = _Batch(), dict[str, _Batch]()
        for mine in filter(None, found):
            needed = set(attribution.needed(mine, self.usable[grain]))
            all_of_it = sum(cells.get(period, 0) for period in batch.periods | needed)
            if batch.periods and all_of_it > CELLS_AT_ONCE:
                batch = _Batch()
            batch.add(mine, needed)
            of[mine[0].incident_id] = batch
        return of


def explain(
    path: Path,
    scans: dict[Grain, Scan],
    found: list[Anomaly],
    cached: CachedExplanations,
    code: str,
    history: History | None = None,
) -> Explanations:
    """Explain anomalies and early warnings, which have their incidents already.

    Explanations of an earlier run are reused where their inputs are the same. Incidents are
    explained one by one, so that memory holds the segments of a few periods at a time.

    Args:
        path: the file with the order lines.
        scans: by grain.
        found: anomalies and early warnings of both grains.
        cached: explanations of an earlier run.
        code: hash of the code.
        history: what money and end of an incident are worked out from.
    """
    usable = {g: usable_periods(scans[g], [a for a in found if a.grain == g]) for g in GRAINS}
    incidents_of = group_by(found, lambda a: a.incident_id)
    work = _to_explain(scans, incidents_of, usable, cached, code)
    names = store.read_product_names(path) if found else {}
    cells = _Cells(
        path, usable, [incidents_of[name] for name in incidents_of if name in work.incidents]
    )
    fresh = {
        members[0].incident_id: _explain_incident(path, scans, members, cells, work, cached, names)
        for members in cells.incidents
    }
    explained = [
        fresh[name] if name in fresh else _from_cache(name, members, cached)
        for name, members in incidents_of.items()
    ]
    of = group_by((row for one in explained for row in one.causes), lambda row: row.anomaly_id)
    causes = [
        row for g in GRAINS for a in found if a.grain == g for row in of.get(a.anomaly_id, [])
    ]
    drivers = [driver for one in explained for driver in one.drivers]
    checks = [check for one in explained for check in one.checks]
    written = stories.describe(found, causes, drivers, checks, names, history)
    gap = attribution.largest_gap(found, causes)
    return Explanations(causes, drivers, checks, written, gap, work.input_hashes)


def _from_cache(name: str, members: list[Anomaly], cached: CachedExplanations) -> _Explained:
    """Return an incident's explanation of an earlier run."""
    causes = [row for a in members for row in cached.attributions.get(a.anomaly_id, [])]
    return _Explained(causes, cached.drivers.get(name, []), cached.checks.get(name, []))


def _explain_incident(
    path: Path,
    scans: dict[Grain, Scan],
    members: list[Anomaly],
    cells: _Cells,
    work: _ToExplain,
    cached: CachedExplanations,
    names: dict[str, str],
) -> _Explained:
    """Explain an incident; reuse the findings of it that an earlier run attributed."""
    grains = dict.fromkeys(a.grain for a in members)
    known = {g: (cells.read(members[0].incident_id, g), cells.usable[g]) for g in grains}
    kept = [a for a in members if a.anomaly_id not in work.findings]
    causes = [row for a in kept for row in cached.attributions.get(a.anomaly_id, [])]
    for g in grains:
        fresh = [a for a in members if a.grain == g and a.anomaly_id in work.findings]
        causes += attribution.attribute(fresh, *known[g])
    first = incidents.lead(members, causes=causes)
    drivers = driver_tree.build(first, *known[first.grain], forecast_of(scans[first.grain], first))
    lead = incidents.lead(members, drivers, causes)
    inputs = _check_inputs(path, lead, cells.usable[lead.grain])
    wanted = (lead.anomaly_id, ROOT_CAUSE)
    root_causes = [c for c in causes if (c.anomaly_id, c.analysis) == wanted]
    results = run_checks(lead, root_causes, inputs)
    return _Explained(causes, drivers, check_messages.describe(lead, results, names))


def _to_explain(
    scans: dict[Grain, Scan],
    incidents_of: dict[str, list[Anomaly]],
    usable: dict[Grain, Days],
    cached: CachedExplanations,
    code: str,
) -> _ToExplain:
    """Find what an earlier run has not explained, or from other inputs."""
    found = [a for members in incidents_of.values() for a in members]
    if cached.period_hashes is None:
        return _ToExplain(frozenset(a.anomaly_id for a in found), frozenset(incidents_of), ())
    period_hashes = cached.period_hashes
    findings = {
        a.anomaly_id: explanation_cache.hash_finding(
            a, attribution.needed([a], usable[a.grain]), period_hashes, code
        )
        for a in found
    }
    groups = [
        explanation_cache.hash_incident(
            name, members, findings, _forecasts(scans, members), period_hashes
        )
        for name, members in incidents_of.items()
    ]
    return _ToExplain(
        frozenset(p.subject for p in findings.values() if not cached.has(p)),
        frozenset(p.subject for p in groups if not cached.has(p)),
        (*findings.values(), *groups),
    )


def _forecasts(scans: dict[Grain, Scan], members: list[Anomaly]) -> tuple[float | None, ...]:
    """Net revenue forecast for the lead's period; of a lasting change for all that may lead."""
    lead = incidents.lead(members)
    days = [a for a in members if a.shift_start and a.shift_start == lead.shift_start]
    return tuple(forecast_of(scans[a.grain], a) for a in days or [lead])


def usable_periods(scan: Scan, found: list[Anomaly]) -> Days:
    """Return the periods fit for comparison: learned from, and the whole shop without findings."""
    panel = scan.features.panel
    whole = [a.period_start for a in found if not a.within]
    findings = np.array(whole, dtype="datetime64[D]")
    return panel.period[scan.features.learned.any(axis=0) & ~np.isin(panel.period, findings)]


def forecast_of(scan: Scan, lead: Anomaly) -> float | None:
    """Return the net revenue forecast for the lead's period and segment; None without one."""
    panel = scan.features.panel
    at = int(np.searchsorted(panel.period, np.datetime64(lead.period_start)))
    for row, series in enumerate(panel.series):
        kpi = series.kpi
        within = {kpi.segment_by: series.segment} if kpi.segment_by else {}
        if kpi.is_net_revenue and within == lead.within:
            value = float(bands(scan.features, np.array([row]), np.array([at]))[0, 0])
            return value if np.isfinite(value) else None
    return None


def _check_inputs(path: Path, lead: Anomaly, usable: Days) -> CheckInputs:
    others = comparable(lead, usable)[0]
    periods = np.append(others, np.datetime64(lead.period_start))
    asked = {"customer_type", "hour"} | (lead.within.keys() - OWN_LABEL)
    orders = store.read_orders(path, lead.grain, periods, asked)
    if SILENCE in lead.methods:  # Nothing was sold that could explain it.
        return CheckInputs(orders, usable, None, [], past_prices={}, usual_duplicates=())
    first, last = lead.period_start, lead.period_end
    days = [day.astype(dt.date) for day in others]
    measures = [m for m in (lead.kpi.numerator, lead.kpi.denominator) if m]
    return CheckInputs(
        orders,
        usable,
        lines=store.read_lines(path, first, last, lead.grain, measures, tuple(lead.within)),
        reversals=store.read_reversals(path, first, last),
        past_prices=store.read_past_prices(path, first, last),
        usual_duplicates=store.read_duplicate_shares(path, days, lead.grain),
        line_counts=store.read_line_counts(path, [first, *days], lead.grain),
    )
