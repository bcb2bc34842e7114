"""Why it moved, for all findings of a run: breakdowns, causes, KPI trees, doubts, stories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detect import attribution, incidents, store
from detect.anomalies import Scan
from detect.attribution import tree
from detect.attribution.cells import Cells
from detect.attribution.doubts import Material, raise_doubts
from detect.baseline.scale import from_scale
from detect.records import (
    GRAINS,
    Anomaly,
    Attribution,
    Branch,
    Days,
    Doubt,
    Grain,
    Incident,
)

NET_REVENUE = "net_revenue"


@dataclass(frozen=True)
class Reasons:
    """Why the findings of a run are what they are; `incidents` tell it in words.

    `largest_gap` is how far contributions of any anomaly and dimension are from adding up to its
    change, relative to their size.
    """

    attributions: list[Attribution]
    branches: list[Branch]
    doubts: list[Doubt]
    incidents: list[Incident]
    largest_gap: float

    def of(self, found: list[Anomaly]) -> list[Attribution]:
        """The attributions of some anomalies."""
        names = {a.anomaly_id for a in found}
        return [row for row in self.attributions if row.anomaly_id in names]


def explain(path: Path, scans: dict[Grain, Scan], found: list[Anomaly]) -> Reasons:
    """Explain anomalies and early warnings, which have their incidents already.

    Each grain's cells are read once, order lines only of the periods that lead an incident.
    """
    known = {g: _read(path, scans[g], [a for a in found if a.grain == g]) for g in GRAINS}
    causes = [
        row
        for grain in GRAINS
        for row in attribution.attribute([a for a in found if a.grain == grain], *known[grain])
    ]
    branches = [
        branch
        for lead in incidents.leads(found).values()
        for branch in tree.grow(lead, *known[lead.grain], _forecast(scans[lead.grain], lead))
    ]
    names = store.read_product_names(path) if found else {}
    doubts = [
        doubt
        for lead in incidents.leads(found, branches).values()
        for doubt in raise_doubts(
            lead,
            [c for c in causes if (c.anomaly_id, c.analysis) == (lead.anomaly_id, "root_cause")],
            _material(path, lead, known[lead.grain], names),
        )
    ]
    stories = incidents.describe(found, causes, branches, doubts, names)
    gap = attribution.largest_gap(found, causes)
    return Reasons(causes, branches, doubts, stories, gap)


def _read(path: Path, scan: Scan, found: list[Anomaly]) -> tuple[Cells, Days]:
    """The cells that the anomalies of a grain are explained by, and the periods that compare."""
    usable = _usable(scan, found)
    measures = {m for a in found for m in (a.kpi.numerator, a.kpi.denominator) if m}
    wanted = sorted(measures | set(tree.MEASURES))
    periods = attribution.needed(found, usable)
    return store.read_cells(path, scan.view.panel.grain, periods, wanted), usable


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


def _material(
    path: Path, lead: Anomaly, known: tuple[Cells, Days], names: dict[str, str]
) -> Material:
    first, last = lead.period_start, lead.period_end
    return Material(
        *known,
        lines=store.read_lines(path, first, last),
        reversals=store.read_reversals(path, first, last),
        past_prices=store.read_past_prices(path, first, last),
        names=names,
    )
