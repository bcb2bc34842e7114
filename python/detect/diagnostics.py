"""Diagnostics: nominal and observed alert rates, and the smallest detectable changes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

import numpy as np
from scipy import special

from detect import confidence
from detect.anomalies import NEVER_NEGATIVE, Scan
from detect.baseline.transform import from_scale
from detect.detectors import DETECTORS
from detect.features import DetectorInput, of_rows, prepare
from detect.records import ALL, RATIO, Bools, Floats, Grain, Ints

NOMINAL_RATES = (0.05, 0.01, 0.005)
"""Nominal alert rates that are checked: 1 in 20, 1 in 100, 1 in 200 ordinary periods."""
BAND = 0.95
"""Coverage of the range that chance allows around a nominal rate."""
COMBINED = "combined"
DISTURBED = 0.95
"""Periods reported with at least this confidence do not count as undisturbed; by convention."""
STEPS = np.concatenate([np.arange(1.0, 6.25, 0.25), np.arange(7.0, 16.0, 2.0)])
"""Sizes of change that are tried, in sigmas; chosen by hand."""


@dataclass(frozen=True)
class Calibration:
    """Nominal and observed alert rate of a KPI and a method."""

    kpi: str
    grain: Grain
    method: str
    nominal_rate: float
    tests: int
    alerts: int
    observed_rate: float
    range_lower: float
    range_upper: float
    is_within: bool


@dataclass(frozen=True)
class DetectionLimit:
    """The smallest change detectable in a KPI's last tested period.

    None where no value that the KPI can have would have been: a rate can't fall below 0.
    """

    kpi: str
    segment: str
    grain: Grain
    period_start: dt.date
    expected: float
    min_detectable_increase: float | None
    min_detectable_decrease: float | None
    min_relative_increase: float | None
    min_relative_decrease: float | None


def calibration(found: Scan) -> list[Calibration]:
    """Compare nominal and observed rates over all undisturbed tested periods."""
    chances = {d.name: found.evidence[d.name].p_value for d in DETECTORS if d.weight > 0}
    chances[COMBINED] = found.p_value
    undisturbed = found.features.tested & (found.confidence < DISTURBED)
    names = [s.kpi.name for s in found.features.panel.series]
    return [
        _calibration_row(
            name, found.features.panel.grain, method, nominal_rate, p[_rows(names, name)]
        )
        for method, p_values in chances.items()
        for p in [np.where(undisturbed, p_values, np.nan)]
        for name in dict.fromkeys(names)
        for nominal_rate in NOMINAL_RATES
        if np.isfinite(p[_rows(names, name)]).any()
    ]


def _rows(names: list[str], name: str) -> Bools:
    return np.array([n == name for n in names])


def _calibration_row(
    kpi: str, grain: Grain, method: str, nominal_rate: float, p_values: Floats
) -> Calibration:
    tests = int(np.isfinite(p_values).sum())
    alerts = int((p_values <= nominal_rate).sum())
    low, high = (_binomial_quantile((1 + side * BAND) / 2, tests, nominal_rate) for side in (-1, 1))
    return Calibration(
        kpi, grain, method, nominal_rate, tests, alerts, alerts / tests,
        low / tests, high / tests, low <= alerts <= high,
    )  # fmt: skip


def _binomial_quantile(chance: float, tests: int, nominal_rate: float) -> int:
    """Quantile of a binomial distribution, as `scipy.stats.binom.ppf`."""
    hits = int(np.ceil(special.bdtrik(chance, tests, nominal_rate)))
    fewer = max(hits - 1, 0)
    return fewer if special.bdtr(fewer, tests, nominal_rate) >= chance else hits


def detection_limits(found: Scan) -> list[DetectionLimit]:
    """Try changes of growing size on each whole-shop KPI's last tested period."""
    series, tested = found.features.panel.series, found.features.tested
    rows = np.array(
        [i for i, s in enumerate(series) if s.segment == ALL and tested[i].any()], dtype=np.int64
    )
    if rows.size == 0:
        return []
    columns = tested.shape[1] - 1 - tested[rows, ::-1].argmax(axis=1)
    steps = np.concatenate([-STEPS[::-1], STEPS])
    known = found.features.forecast
    tried = known.location[rows, columns][:, None] + steps * known.sigma[rows, columns][:, None]
    kinds = tuple(series[row].kpi.scale for row in rows)
    low, high = value_range(found.features, rows)
    values = np.clip(from_scale(kinds, tried), low, high)
    sure = replay(found, rows, columns, values)
    expected = np.clip(from_scale(kinds, known.location[rows, columns][:, None]), low, high)[:, 0]
    return [
        _detection_limit(found, int(row), int(columns[i]), float(expected[i]), values[i], sure[i])
        for i, row in enumerate(rows)
    ]


def value_range(features: DetectorInput, rows: Ints) -> tuple[Floats, Floats]:
    """The lowest and the highest value that each KPI can have, (R, 1) each.

    A ratio that was above 1 before, as returns of earlier sales can be, may be so again.
    """
    units = [features.panel.series[row].kpi.unit for row in rows]
    low = [0.0 if unit in NEVER_NEGATIVE else -np.inf for unit in units]
    most = np.where(features.learned[rows], features.panel.value[rows], -np.inf).max(axis=1)
    high = np.where(np.array(units) == RATIO, np.maximum(most, 1.0), np.inf)
    return np.array(low)[:, None], high[:, None]


def _detection_limit(
    found: Scan, row: int, column: int, expected: float, values: Floats, sure: Floats
) -> DetectionLimit:
    panel = found.features.panel
    kpi = panel.series[row].kpi
    seen = sure >= kpi.min_confidence
    up = _first(values, seen & (values > expected))
    down = _first(values[::-1], (seen & (values < expected))[::-1])
    return DetectionLimit(
        kpi.name,
        panel.series[row].segment,
        panel.grain,
        panel.period[column].astype(dt.date),
        expected,
        up,
        down,
        _relative(up, expected),
        _relative(down, expected),
    )


def _first(values: Floats, seen: Bools) -> float | None:
    return float(values[seen.argmax()]) if seen.any() else None


def _relative(value: float | None, expected: float) -> float | None:
    return None if value is None or expected == 0 else value / expected - 1


def replay(found: Scan, rows: Ints, columns: Ints, values: Floats) -> Floats:
    """Confidence in some values, had they come instead of the actual ones, (places, V).

    It is 0 where no method would be at its limit.

    Args:
        found: the scan of what did come.
        rows: series of each place, (places,).
        columns: period of each place, (places,).
        values: what is tried there, in the KPI's unit, (places, V).

    The other KPIs stay as they were, and detectors that need them are taken to have nothing to say.
    """
    copies = _copies(found.features, rows, columns, values)
    at = (np.arange(values.size), np.repeat(columns, values.shape[1]))
    weighed = [d for d in DETECTORS if d.weight > 0]
    evidence = {d.name: d.score(copies) for d in weighed if d.in_detection_limits}
    silent = np.ones(values.size)
    tested = [evidence[d.name].p_value[at] if d.name in evidence else silent for d in weighed]
    weights = np.array([d.weight for d in weighed])[:, None]
    joint = confidence.combine(np.stack(tested), weights)
    alarmed = np.any([e.agrees[at] for e in evidence.values()], axis=0).reshape(values.shape)
    rates = confidence.observed_rates(found.joint)[rows, columns]
    p_values = confidence.recalibrate(joint, np.repeat(rates, values.shape[1], axis=0))
    sure = confidence.counterfactual_posterior(
        found.p_value,
        confidence.kpi_weights(found.features),
        found.features.panel.grain,
        (rows, columns),
        p_values.reshape(values.shape),
    )
    return np.where(alarmed, sure, 0.0)


def _copies(features: DetectorInput, rows: Ints, columns: Ints, values: Floats) -> DetectorInput:
    """Return the input with each row once per value, and that value in the row's column.

    As for the actual values, nothing is learned from known incidents, new levels are believed, and
    no level shift is measured from within an episode: which days that are is known before each day.
    """
    count = values.shape[1]
    panel, every = features.panel, np.repeat(rows, count)
    tried = panel.value[every].copy()
    tried[np.arange(every.size), np.repeat(columns, count)] = values.ravel()
    copies = prepare(
        dataclasses.replace(panel.of_rows(every), value=tried),
        features.calendar,
        of_rows(features.known, every),
        of_rows(features.adopted, every),
        restored=features.episodes.restored[every],
        noise=of_rows(features.noise, every),
    )
    settled = features.episodes.is_settled[every]
    return dataclasses.replace(
        copies, episodes=dataclasses.replace(copies.episodes, is_settled=settled)
    )
