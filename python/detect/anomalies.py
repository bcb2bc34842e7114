"""Turn probabilities into anomalies: which periods are reported, their severity and their ids."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from detect import confidence
from detect.baseline.transform import from_scale
from detect.detectors import DETECTORS, Evidence
from detect.features import DetectorInput
from detect.records import ALL, COUNT, RATIO, Anomaly, Bools, Floats, Ints
from detect.severity import favourability, materiality, severity

CALENDAR_METHODS = tuple(d.name for d in DETECTORS if d.decides_alone)
"""Detectors that test whether the shop should trade on a day, whatever its value."""
METHODS = tuple(d.name for d in DETECTORS if d.weight > 0)
"""Detectors that judge a period by its value."""
NEGLIGIBLE = 0.1
"""Below this part of the materiality floor a change is not reported, however sure (a steady KPI);
chosen by hand."""
NEVER_NEGATIVE = (COUNT, "items", RATIO)
"""Units whose band is cut off at 0; money may fall below it by returns."""


@dataclass(frozen=True)
class Scan:
    """The detectors' input with their results, (S, T) each.

    `joint` is what the detectors say together, `p_value` the same after calibration.
    """

    features: DetectorInput
    evidence: dict[str, Evidence]
    joint: Floats
    p_value: Floats
    confidence: Floats


def scan(features: DetectorInput) -> Scan:
    """Run every detector, and combine their evidence."""
    evidence = [d.score(features) for d in DETECTORS]
    joint = confidence.join(features, DETECTORS, evidence)
    p_value = confidence.calibrate(joint)
    sure = confidence.posterior(p_value, confidence.kpi_weights(features), features.panel.grain)
    named = {d.name: e for d, e in zip(DETECTORS, evidence, strict=True)}
    for name in CALENDAR_METHODS:
        chance = named[name].p_value
        p_value = np.where(np.isfinite(chance), chance, p_value)
        sure = np.where(np.isfinite(chance), 1 - chance, sure)
    sure = np.maximum(sure, features.episodes.confidence)
    return Scan(features, named, joint, p_value, sure)


def select(found: Scan) -> list[Anomaly]:
    """Select the periods that are sure enough to report, in order of period and KPI."""
    rows, columns = np.nonzero(reported(found))
    records = [
        _record(found, int(row), int(column), band)
        for row, column, band in zip(
            rows, columns, bands(found.features, rows, columns), strict=True
        )
    ]
    material = [
        a
        for a in records
        if not set(a.methods).isdisjoint(CALENDAR_METHODS)
        or materiality(a.kpi, a.actual, a.expected) >= NEGLIGIBLE
    ]
    return sorted(material, key=lambda a: (a.period_start, a.kpi.name, a.segment))


def bands(features: DetectorInput, rows: Ints, columns: Ints) -> Floats:
    """Expected, lower and upper in the KPI's unit, of n periods, (n, 3); a count is never < 0."""
    series = [features.panel.series[row] for row in rows]
    kinds = tuple(s.kpi.scale for s in series)
    known = (features.forecast.location, features.forecast.lower, features.forecast.upper)
    ends = np.stack([band[rows, columns] for band in known], axis=1)
    values = from_scale(kinds, ends + _to_level_before(features, rows, columns)[:, None])
    floor = [0.0 if s.kpi.unit in NEVER_NEGATIVE else -np.inf for s in series]
    return np.asarray(np.maximum(values, np.array(floor)[:, None]))


def _to_level_before(features: DetectorInput, rows: Ints, columns: Ints) -> Floats:
    """From the forecast of n periods to what would have been expected without an episode, (n,)."""
    at = (rows, columns)
    change = features.episodes.level[at] - features.forecast.level_ahead[at]
    return np.asarray(np.where(np.isfinite(change), change, 0.0))


def reported(found: Scan) -> Bools:
    """Whether each period is reported, (S, T).

    At least one method must be at its limit (the KPI's `z` and `iqr` are those of two), and all
    together as sure as the KPI's `confidence` asks for.
    """
    limit = np.array([s.kpi.min_confidence for s in found.features.panel.series])[:, None]
    calendar = np.any([found.evidence[name].agrees for name in CALENDAR_METHODS], axis=0)
    alarmed = np.any([found.evidence[name].agrees for name in METHODS], axis=0)
    lasting = found.features.episodes.is_active
    is_judged = calendar | lasting | (found.features.tested & alarmed)
    return np.asarray((found.confidence >= limit) & is_judged)


def _record(found: Scan, row: int, column: int, band: Floats) -> Anomaly:
    features, panel = found.features, found.features.panel
    kpi, segment = panel.series[row].kpi, panel.series[row].segment
    start = panel.period[column].astype(dt.date)
    expected, lower, upper = map(float, band)
    if found.evidence["calendar"].agrees[row, column]:
        expected = lower = upper = 0.0
    actual = float(panel.value[row, column])
    sure = float(found.confidence[row, column])
    return Anomaly(
        anomaly_id=stable_id(kpi.name, segment, panel.grain, start),
        kpi=kpi,
        segment=segment,
        grain=panel.grain,
        period_start=start,
        actual=actual,
        expected=expected,
        lower=lower,
        upper=upper,
        direction="up" if actual > expected else "down",
        z_score=_z_score(found, row, column),
        iqr_score=float(found.evidence["iqr"].statistic[row, column]),
        p_value=float(np.fmin(found.p_value[row, column], features.episodes.p_value[row, column])),
        confidence=sure,
        severity=severity(kpi, actual, expected, sure),
        favourability=favourability(kpi, actual - expected),
        methods=tuple(name for name, e in found.evidence.items() if e.agrees[row, column]),
        dimension=kpi.segment_by if segment != ALL else None,
        shift_start=shift_start(features, row, column)
        if features.episodes.is_active[row, column]
        else None,
        **_typical(found, row, column),
    )


def _typical(found: Scan, row: int, column: int) -> dict[str, Any]:
    """Fields of what the typical order shows beside a period, where that speaks for the finding.

    It does by its value of the day, or by a change of it that stays.
    """
    beside = found.features.typical
    if beside is None or row not in beside.rows:
        return {}
    mine = np.flatnonzero(beside.rows == row)
    seen, at = beside.features, (mine[0], column)
    if not (found.evidence["typical_order"].agrees[row, column] or seen.episodes.is_active[at]):
        return {}
    kpi = seen.panel.series[at[0]].kpi
    return {
        "typical_label": kpi.label,
        "typical_unit": kpi.unit,
        "typical_actual": float(seen.panel.value[at]),
        "typical_expected": float(bands(seen, mine, np.array([column]))[0, 0]),
    }


def shift_start(features: DetectorInput, row: int, column: int) -> dt.date | None:
    """The first period of the lasting change that a period is part of."""
    first = int(features.episodes.first[row, column])
    return None if first < 0 else features.panel.period[first].astype(dt.date)


def _z_score(found: Scan, row: int, column: int) -> float:
    """Sigmas from what was expected; in an episode, from what was expected before it."""
    features, at = found.features, (row, column)
    if not features.episodes.is_active[at]:
        return float(found.evidence["z_score"].statistic[at])
    far = features.forecast.adjusted[at] - features.episodes.level[at]
    return float(far / features.forecast.sigma[at])


def stable_id(*parts: object) -> str:
    """Return a short id that is the same in every run."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:12]
