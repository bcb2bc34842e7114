"""One copy of a shop, from order lines to findings, through the project itself."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from detect import records
from detect.anomalies import Scan
from detect.baseline.transform import to_scale
from detect.records import GRAINS, Anomaly, Attribution, Bools, Days, Floats, Grain, Trend
from lab.evaluate import shops
from lab.evaluate.plans import Plan, incidents
from lab.evaluate.planting import frame_market, inject
from retail.errors import RetailError
from retail.jobs.daily.build import TABLES_ONLY, build
from retail.jobs.detection import pipeline
from retail.simulate import GroundTruth, PlantedIncident

MAD_TO_SIGMA = 1.4826
BAND_REACH = 1.96


@dataclass(frozen=True)
class Grid:
    """One grain of a copy: (S series × T periods).

    `scaled` are the values on the KPI's own scale, `sigma` the robust standard deviation of the
    residuals there (S,).
    """

    kpi: tuple[str, ...]
    segment: tuple[str, ...]
    period: Days
    period_end: Days
    value: Floats
    scaled: Floats
    sigma_up: Floats
    sigma_down: Floats
    sigma_year: Floats
    tested: Bools
    confidence: Floats


@dataclass(frozen=True)
class Copy:
    """What was planted in one copy, and what was found in it.

    `anomalies` are those of the whole shop: `lab.evaluate.members` judges its members.
    """

    kind: str
    shop: str
    plan: Plan
    planted: tuple[PlantedIncident, ...]
    grids: dict[Grain, Grid]
    anomalies: tuple[Anomaly, ...]
    trends: tuple[Trend, ...]
    incidents: tuple[records.Incident, ...]
    attributions: tuple[Attribution, ...]


def measure(project: Path, shop: shops.Shop, plan: Plan, seed: int, target: Path) -> Copy:
    """Plant, build, detect.

    Args:
        project: root of the dbt project.
        target: where dbt keeps what it parsed; one per process.
        shop: whose lines to copy.
        plan: what to plant; nothing gives the undisturbed control.
        seed: of the choice and the luck.
    """
    lines, truth = _disturbed(shop, plan, seed)
    with workspace(target) as folder:
        source, database = folder / "lines.parquet", folder / "copy.duckdb"
        shops.write(lines, source)
        os.environ["RETAIL_SOURCE"] = str(source)
        build(project, database, TABLES_ONLY)
        found = pipeline.run(database)
    return Copy(
        shop.kind,
        shop.name,
        plan,
        truth.incidents if truth else (),
        {grain: _grid(found.scans[grain]) for grain in GRAINS},
        tuple(a for a in found.anomalies if not a.within),
        tuple(found.trends),
        tuple(found.incidents),
        tuple(found.explanations.attributions),
    )


def found_in(project: Path, shop: shops.Shop, target: Path) -> list[Anomaly]:
    """Build and detect; the anomalies of the whole shop and its members."""
    with workspace(target) as folder:
        os.environ["RETAIL_SOURCE"] = str(shop.path)
        build(project, folder / "copy.duckdb", TABLES_ONLY)
        return pipeline.run(folder / "copy.duckdb").anomalies


def _disturbed(shop: shops.Shop, plan: Plan, seed: int) -> tuple[pd.DataFrame, GroundTruth | None]:
    """The shop's lines with the plan's incidents; one that would touch no row is left out."""
    lines = shop.lines()
    chosen = incidents(plan, frame_market(lines), seed) if plan else ()
    while chosen:
        try:
            return inject(lines, chosen, seed)
        except RetailError as error:
            idle = [
                i for i in chosen if str(error).startswith(f"{i.kind}@{i.start} touched no row")
            ]
            if not idle:
                raise
            chosen = tuple(i for i in chosen if i not in idle)
    return lines, None


@contextmanager
def workspace(target: Path) -> Iterator[Path]:
    """A folder of this process's own, where dbt and the landing leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="evaluate-"))
    before = dict(os.environ)
    os.environ.update(
        RETAIL_CACHE=str(folder / "landed"),
        DBT_TARGET_PATH=str(target),
        DBT_LOG_PATH=str(folder / "logs"),
    )
    try:
        yield folder
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def _grid(scan: Scan) -> Grid:
    features, panel, known = scan.features, scan.features.panel, scan.features.forecast
    scaled = to_scale(tuple(s.kpi.scale for s in panel.series), panel.value)
    scaled = np.where(np.isfinite(scaled), scaled, np.nan)
    error = np.where(features.tested, scaled - known.location, np.nan)
    return Grid(
        tuple(s.kpi.name for s in panel.series),
        tuple(s.segment for s in panel.series),
        panel.period,
        panel.period_end(),
        panel.value,
        scaled,
        (known.upper - known.location) / BAND_REACH,
        (known.location - known.lower) / BAND_REACH,
        _robust_sd(error),
        features.tested,
        scan.confidence,
    )


def _robust_sd(error: Floats) -> Floats:
    """1.4826 times the median absolute deviation of each row, NaN left out, (S, 1)."""
    out = np.full((error.shape[0], 1), np.nan)
    for row, values in enumerate(error):
        known = values[np.isfinite(values)]
        if known.size:
            out[row] = MAD_TO_SIGMA * float(np.median(np.abs(known - np.median(known))))
    return out
