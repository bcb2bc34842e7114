"""No data: a day without any trade on which the shop should have been open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detect import two_groups
from detect.baseline.transform import from_scale
from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput
from detect.records import Bools, Floats, Ints, Panel

DISPERSION = 0.1
"""Relative variance of a day's expected orders: more than the 0.04 of the public years, since small
shops are less regular; chosen by hand."""


def score(features: DetectorInput) -> Evidence:
    """Days closed when they should be open, and once more a week later, (S, T).

    As sure as the weekday has been regular, and as it is unlikely that nobody came: where three
    orders are expected, one day in fourteen has none.
    """
    calendar = features.calendar
    days = calendar.closed_when_open() | calendar.closed_again()
    found = on_orders(features, days, 1 - calendar.openness, -1.0)
    rows, columns = np.nonzero(found.agrees)
    none = _chance_of_none(features, rows, columns)
    real = two_groups.posterior(two_groups.INCIDENT_PRIOR["daily"], none)
    p_value = found.p_value.copy()
    p_value[rows, columns] = 1 - (1 - p_value[rows, columns]) * real
    return replace(found, p_value=p_value)


def _chance_of_none(features: DetectorInput, rows: Ints, columns: Ints) -> Floats:
    """Chance of no order in n periods by a negative binomial law, (n,); 0 without a forecast."""
    kinds = tuple(features.panel.series[row].kpi.scale for row in rows)
    location = features.forecast.location[rows, columns]
    expected = np.nan_to_num(from_scale(kinds, location[:, None])[:, 0], nan=np.inf)
    return np.asarray((1 + DISPERSION * np.maximum(expected, 0.0)) ** (-1 / DISPERSION))


def on_orders(features: DetectorInput, days: Bools, p_value: Floats, sign: float) -> Evidence:
    """Evidence about calendar days (D,), placed on the KPI that counts orders."""
    shape = features.panel.value.shape
    flagged = np.zeros(shape, dtype=bool)
    chance = np.full(shape, np.nan)
    if features.panel.grain == "daily":
        at = features.calendar.position(features.panel.period)
        flagged[_counts_orders(features.panel)] = days[at]
        chance = np.where(flagged, p_value[at], np.nan)
    span = flagged.astype(np.int64)
    return Evidence(np.where(flagged, sign, np.nan), chance, flagged, span)


def _counts_orders(panel: Panel) -> Bools:
    return np.array([
        s.kpi.numerator == "orders" and s.kpi.denominator is None and s.kpi.segment_by is None
        for s in panel.series
    ])  # fmt: skip


DETECTOR = Detector(
    name="no_data",
    score=score,
    weight=0.0,
    reason="a day without trade has no value that others could judge",
    decides_alone=True,
)
