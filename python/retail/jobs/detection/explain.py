"""Why it moved, for all findings of a run: breakdowns, causes, KPI trees, doubts, stories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detect import attribution, incidents
from detect.anomalies import Scan
from detect.attribution import driver_tree
from detect.attribution.incident_checks import Material, run_checks
from detect.attribution.segments import Cells
from detect.baseline.transform import from_scale
from detect.grouping import by
from detect.records import (
    GRAINS,
    Anomaly,
    Attribution,
    Check,
    Days,
    DriverContribution,
    Grain,
    Incident,
)
from retail.jobs.detection import explanation_cache, store
from retail.jobs.detection.explanation_cache import Earlier, Fingerprint
from retail.outputs.narrative import check_messages, stories

NET_REVENUE = "net_revenue"


@dataclass(frozen=True)
class Reasons:
    """Why the findings of a run are what they are; `incidents` tell it in words.

    `largest_gap` is how far contributions of any anomaly and dimension are from adding up to its
    change, relative to their size; `prints` what each explanation was worked out from.
    """

    attributions: list[Attribution]
    branches: list[DriverContribution]
    doubts: list[Check]
    incidents: list[Incident]
    largest_gap: float
    prints: tuple[Fingerprint, ...] = ()

    def of(self, found: list[Anomaly]) -> list[Attribution]:
        """The attributions of some anomalies."""
        names = {a.anomaly_id for a in found}
        return [row for row in self.attributions if row.anomaly_id in names]


@dataclass(frozen=True)
class _Work:
    """What is to be worked out: findings to attribute, and incidents to explain, by id."""

    findings: frozenset[str]
    incidents: frozenset[str]
    prints: tuple[Fingerprint, ...]


@dataclass(frozen=True)
class _Told:
    """What is said of one incident."""

    causes: list[Attribution]
    branches: list[DriverContribution]
    doubts: list[Check]


def explain(
    path: Path, scans: dict[Grain, Scan], found: list[Anomaly], earlier: Earlier, code: str
) -> Reasons:
    """Explain anomalies and early warnings, which have their incidents already.

    What an earlier run explained from the same lines is kept. Incidents are explained one by one,
    so that the cells of a few periods are all that is in memory at a time.

    Args:
        path: the file with the order lines.
        scans: what was looked at, per grain.
        found: anomalies and early warnings of both grains.
        earlier: what an earlier run explained.
        code: what the code that explains comes to.
    """
    usable = {g: _usable(scans[g], [a for a in found if a.grain == g]) for g in GRAINS}
    incidents_of = by(found, lambda a: a.incident_id)
    work = _work(scans, incidents_of, usable, earlier, code)
    names = store.read_product_names(path) if found else {}
    told = [
        _anew(path, scans, members, usable, work, earlier, names)
        if name in work.incidents
        else _as_before(name, members, earlier)
        for name, members in incidents_of.items()
    ]
    of = by((row for one in told for row in one.causes), lambda row: row.anomaly_id)
    causes = [
        row for g in GRAINS for a in found if a.grain == g for row in of.get(a.anomaly_id, [])
    ]
    branches = [branch for one in told for branch in one.branches]
    doubts = [doubt for one in told for doubt in one.doubts]
    written = stories.describe(found, causes, branches, doubts, names)
    gap = attribution.largest_gap(found, causes)
    return Reasons(causes, branches, doubts, written, gap, work.prints)


def _as_before(name: str, members: list[Anomaly], earlier: Earlier) -> _Told:
    """What an earlier run said of an incident."""
    causes = [row for a in members for row in earlier.attributions.get(a.anomaly_id, [])]
    return _Told(causes, earlier.branches.get(name, []), earlier.doubts.get(name, []))


def _anew(
    path: Path,
    scans: dict[Grain, Scan],
    members: list[Anomaly],
    usable: dict[Grain, Days],
    work: _Work,
    earlier: Earlier,
    names: dict[str, str],
) -> _Told:
    """Explain an incident; findings of it that an earlier run attributed are kept."""
    grains = dict.fromkeys(a.grain for a in members)
    known = {g: (_read(path, g, [a for a in members if a.grain == g], usable[g]), usable[g])
             for g in grains}  # fmt: skip
    kept = [a for a in members if a.anomaly_id not in work.findings]
    causes = [row for a in kept for row in earlier.attributions.get(a.anomaly_id, [])]
    for g in grains:
        fresh = [a for a in members if a.grain == g and a.anomaly_id in work.findings]
        causes += attribution.attribute(fresh, *known[g])
    first = incidents.lead(members)
    branches = driver_tree.grow(first, *known[first.grain], _forecast(scans[first.grain], first))
    lead = incidents.lead(members, branches)
    material = _material(path, lead, known[lead.grain])
    results = run_checks(lead, _blamed(causes, lead), material)
    return _Told(causes, branches, check_messages.describe(lead, results, names))


def _work(
    scans: dict[Grain, Scan],
    incidents_of: dict[str, list[Anomaly]],
    usable: dict[Grain, Days],
    earlier: Earlier,
    code: str,
) -> _Work:
    """Tell what an earlier run has not explained yet, or from other order lines."""
    found = [a for members in incidents_of.values() for a in members]
    if earlier.marks is None:
        return _Work(frozenset(a.anomaly_id for a in found), frozenset(incidents_of), ())
    marks = earlier.marks
    findings = {
        a.anomaly_id: explanation_cache.of_finding(
            a, attribution.needed([a], usable[a.grain]), marks, code
        )
        for a in found
    }
    groups = [
        explanation_cache.of_incident(
            name, members, findings, _forecast(scans[lead.grain], lead), marks
        )
        for name, members in incidents_of.items()
        for lead in [incidents.lead(members)]
    ]
    return _Work(
        frozenset(p.subject for p in findings.values() if not earlier.holds(p)),
        frozenset(p.subject for p in groups if not earlier.holds(p)),
        (*findings.values(), *groups),
    )


def _blamed(causes: list[Attribution], lead: Anomaly) -> list[Attribution]:
    """The root causes of an incident's lead."""
    wanted = (lead.anomaly_id, "root_cause")
    return [c for c in causes if (c.anomaly_id, c.analysis) == wanted]


def _read(path: Path, grain: Grain, found: list[Anomaly], usable: Days) -> Cells:
    """The cells that the anomalies of a grain are explained by."""
    measures = {m for a in found for m in (a.kpi.numerator, a.kpi.denominator) if m}
    wanted = sorted(measures | set(driver_tree.MEASURES))
    return store.read_cells(path, grain, attribution.needed(found, usable), wanted)


def _usable(scan: Scan, found: list[Anomaly]) -> Days:
    """Periods fit for comparison: learned from, and free of findings."""
    panel = scan.view.panel
    findings = np.array([a.period_start for a in found], dtype="datetime64[D]")
    return panel.period[scan.view.learned.any(axis=0) & ~np.isin(panel.period, findings)]


def _forecast(scan: Scan, lead: Anomaly) -> float | None:
    """Net revenue forecast for the lead's period and segment; None where there is none."""
    panel = scan.view.panel
    at = int(np.searchsorted(panel.period, np.datetime64(lead.period_start)))
    for row, series in enumerate(panel.series):
        kpi = series.kpi
        if (kpi.numerator, kpi.denominator, series.segment) == (NET_REVENUE, None, lead.segment):
            location = scan.view.forecast.location[row : row + 1, at : at + 1]
            value = float(from_scale((kpi.scale,), location)[0, 0])
            return value if np.isfinite(value) else None
    return None


def _material(path: Path, lead: Anomaly, known: tuple[Cells, Days]) -> Material:
    first, last = lead.period_start, lead.period_end
    measures = [m for m in (lead.kpi.numerator, lead.kpi.denominator) if m]
    return Material(
        *known,
        lines=store.read_lines(path, first, last, lead.grain, measures),
        reversals=store.read_reversals(path, first, last),
        past_prices=store.read_past_prices(path, first, last),
    )
