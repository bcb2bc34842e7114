"""How often what is promised comes true: the bands of 95 %, and the rates of each method's alerts.

On shops as they are, without the periods that are incidents by themselves. A band is right where as
many values lie within it as it says; a method's p-values are, where as many are below 5 % as that.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detect import calendar
from detect.anomalies import METHODS, Scan, bands
from detect.diagnostics import BAND, COMBINED, DISTURBED, NOMINAL_RATES
from detect.records import GRAINS, Bools, Floats, Grain, Inputs
from lab.evaluate.intervals import BLOCK_DAYS, RESAMPLES
from lab.evaluate.memory_shop import opened
from lab.evaluate.shops import simulated_by_size
from retail.jobs.detection import pipeline
from retail.outputs.report.kpis import FEWEST_HELD

FEWEST = 1_000
"""Periods of a cell from which its coverage says something."""
LEAST, MOST = FEWEST_HELD, 0.97
"""Least and most that bands of a cell should hold: the report doubts those that hold less."""


@dataclass(frozen=True)
class CoverageScale:
    """How many simulated shops of how many orders a day, and how long they are."""

    simulated: tuple[tuple[int, int], ...]
    days: int
    workers: int
    seed: int


@dataclass(frozen=True)
class Cell:
    """A KPI of shops of a size at one grain: tested periods, and how many lie within the band."""

    kpi: str
    shop: str
    grain: Grain
    periods: int
    within: int


@dataclass(frozen=True)
class Alerts:
    """A method's tests and alerts in blocks of time, (B,) and (B, rates)."""

    shop: str
    grain: Grain
    method: str
    tests: Floats
    alerts: Floats


@dataclass(frozen=True)
class Rate:
    """A promised rate of alerts, the realised one, and the joint 95 % band around the promised."""

    grain: Grain
    method: str
    tests: int
    promised: float
    realised: float
    lower: float
    upper: float

    @property
    def is_within(self) -> bool:
        """Whether the realised rate lies in the band."""
        return self.lower <= self.realised <= self.upper


@dataclass(frozen=True)
class Coverage:
    """Bands by cell, and rates of each method at each grain."""

    cells: tuple[Cell, ...]
    rates: tuple[Rate, ...]


def measure(project: Path, sources: Sequence[Path], scale: CoverageScale) -> Coverage:
    """Scan some files and simulated shops as they are, and count.

    Raises:
        RetailError, DetectError: a source can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="coverage-") as name:
        jobs = [(source.name, source) for source in sources]
        jobs += simulated_by_size(scale.simulated, scale.seed, scale.days, Path(name))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(scale.workers, mp_context=context) as pool:
            found = list(pool.map(_of_shop, [project] * len(jobs), *zip(*jobs, strict=True)))
    return together(found)


def together(found: Sequence[tuple[Sequence[Cell], Sequence[Alerts]]]) -> Coverage:
    """What was counted in some shops, as one."""
    cells = [cell for mine, _ in found for cell in mine]
    return Coverage(_pooled(cells), _rates([alerts for _, mine in found for alerts in mine]))


def _of_shop(project: Path, name: str, source: Path) -> tuple[list[Cell], list[Alerts]]:
    with (
        tempfile.TemporaryDirectory(prefix="coverage-") as folder,
        opened(project, source, Path(folder)) as shop,
    ):
        return judge(shop.undisturbed, name)


def judge(inputs: Inputs, name: str) -> tuple[list[Cell], list[Alerts]]:
    """Scan one shop as it is, and count."""
    scans = pipeline.scan(inputs, calendar.learn(inputs.dates), []).values()
    return (
        [cell for scan in scans for cell in _cells(scan, name)],
        [alerts for scan in scans for alerts in _alerts(scan, name)],
    )


def _ordinary(found: Scan) -> Bools:
    """Tested periods that are no incident by themselves, (S, T)."""
    return np.asarray(found.features.tested & (found.confidence < DISTURBED))


def _cells(found: Scan, name: str) -> Iterator[Cell]:
    panel = found.features.panel
    rows, columns = np.nonzero(_ordinary(found))
    _, lower, upper = bands(found.features, rows, columns).T
    value = panel.value[rows, columns]
    within = (value >= lower) & (value <= upper)
    kpis = np.array([s.kpi.name for s in panel.series])[rows]
    for kpi in dict.fromkeys(s.kpi.name for s in panel.series):
        mine = kpis == kpi
        yield Cell(kpi, name, panel.grain, int(mine.sum()), int(within[mine].sum()))


def _pooled(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Cells of the same KPI, size and grain together."""
    keys = dict.fromkeys((c.grain, c.shop, c.kpi) for c in cells)
    return tuple(
        Cell(kpi, shop, grain, sum(c.periods for c in mine), sum(c.within for c in mine))
        for grain, shop, kpi in keys
        for mine in [[c for c in cells if (c.grain, c.shop, c.kpi) == (grain, shop, kpi)]]
    )


def _alerts(found: Scan, name: str) -> Iterator[Alerts]:
    """Tests and alerts of each method in blocks of BLOCK_DAYS."""
    panel, ordinary = found.features.panel, _ordinary(found)
    days = (panel.period - panel.period[0]).astype(np.int64)
    block = days // BLOCK_DAYS
    chances = {method: found.evidence[method].p_value for method in METHODS}
    for method, chance in (chances | {COMBINED: found.p_value}).items():
        known = ordinary & np.isfinite(chance)
        counted = [known, *(known & (chance <= rate) for rate in NOMINAL_RATES)]
        tests, *alerts = (np.bincount(block, x.sum(axis=0)).astype(np.float64) for x in counted)
        yield Alerts(name, panel.grain, method, tests, np.stack(alerts, axis=1))


def _rates(found: Sequence[Alerts]) -> tuple[Rate, ...]:
    """Realised rates over all shops, with a joint band around the promised ones.

    The band holds for all methods, grains and rates together: blocks of time of all shops are
    resampled (block bootstrap), and its width in standard errors is what 95 % of the resamples stay
    within everywhere (max-t; Romano & Wolf, 2005).
    """
    kinds: list[tuple[Grain, str]] = [
        (grain, method) for grain in GRAINS for method in (*METHODS, COMBINED)
    ]
    counts = {
        kind: np.concatenate([np.column_stack([a.tests, a.alerts])[a.tests > 0] for a in mine])
        for kind in kinds
        for mine in [[a for a in found if (a.grain, a.method) == kind and a.tests.any()]]
        if mine
    }
    real = {kind: table[:, 1:].sum(axis=0) / table[:, 0].sum() for kind, table in counts.items()}
    away = np.stack([_resampled(table) - real[kind] for kind, table in counts.items()], axis=1)
    error = away.std(axis=0)
    far = np.divide(np.abs(away), error, out=np.zeros_like(away), where=error > 0)
    widest = np.quantile(far.max(axis=(1, 2)), BAND)
    return tuple(
        Rate(
            *kind, int(table[:, 0].sum()), rate, float(real[kind][j]),
            max(float(rate - widest * error[i, j]), 0.0), float(rate + widest * error[i, j]),
        )
        for i, (kind, table) in enumerate(counts.items())
        for j, rate in enumerate(NOMINAL_RATES)
    )  # fmt: skip


def _resampled(table: Floats) -> Floats:
    """Rates of alerts in resampled blocks of tests and alerts, (RESAMPLES, rates).

    The same blocks are drawn for every method of a grain, as they move together.
    """
    draw = np.random.default_rng(0).integers(len(table), size=(RESAMPLES, len(table)))
    drawn = table[draw].sum(axis=1)
    return np.asarray(drawn[:, 1:] / drawn[:, :1])
