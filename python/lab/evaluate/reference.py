"""How large a change is, in sigmas of a model of its own that stays as it is.

Sizes must not shrink because the product's bands grow. So they are not measured in those: the model
here is exponential smoothing of values without their weekday's mean (Brown, 1956), its noise the
spread of its one-step errors over the undisturbed year, above and below apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.baseline.transform import to_scale
from detect.records import ALL, Bools, Days, Floats, Panel

GAIN = 0.14
"""Weight of a new value in the level: about a week."""
QUANTILES = (0.16, 0.84)
"""One sigma of a normal variable on either side of its median."""
FEWEST = 40
"""Errors without which a series has no size."""
USUAL = 28
"""Days before a day whose median is its usual revenue."""


@dataclass(frozen=True)
class Reference:
    """The undisturbed daily KPIs of the whole shop, on their scales, (S, T), and a sigma's size.

    `sigma` is (2, S): below, above; NaN where a KPI has no noise to speak of.
    """

    names: tuple[str, ...]
    period: Days
    scaled: Floats
    sigma: Floats


def learn(panel: Panel) -> Reference:
    """Measure the noise of every daily KPI of the whole shop."""
    rows = [i for i, s in enumerate(panel.series) if s.segment == ALL]
    scaled = _scaled(panel)[rows]
    known = np.isfinite(scaled) & panel.is_complete[rows] & (panel.value[rows] != 0)
    weekday = (panel.period.astype(np.int64) + 3) % 7
    errors = [_errors(s, k, weekday) for s, k in zip(scaled, known, strict=True)]
    return Reference(
        tuple(panel.series[i].kpi.name for i in rows),
        panel.period,
        scaled,
        np.array([_sides(e) for e in errors]).T,
    )


def size(reference: Reference, panel: Panel, day: np.datetime64) -> float:
    """Return the largest change of any KPI on a day against the undisturbed shop, in sigmas."""
    now = {s.kpi.name: i for i, s in enumerate(panel.series) if s.segment == ALL}
    then, here = (int((day - p[0]).astype(int)) for p in (reference.period, panel.period))
    rows = np.array([now[name] for name in reference.names])
    change = _scaled(panel)[rows, here] - reference.scaled[:, then]
    sigma = np.where(change > 0, reference.sigma[1], reference.sigma[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = np.abs(change) / sigma
    return float(np.max(sizes[np.isfinite(sizes)], initial=0.0))


def money(undisturbed: Panel, panel: Panel, day: np.datetime64) -> float:
    """Return how far net revenue of a day moved, as a share of the shop's usual day."""
    usual, now = _revenue(undisturbed), _revenue(panel)
    then, here = (int((day - p.period[0]).astype(int)) for p in (undisturbed, panel))
    before = usual[max(then - USUAL, 0) : then]
    return float(abs(now[here] - usual[then]) / np.median(before[before != 0]))


def _revenue(panel: Panel) -> Floats:
    """Net revenue of each day, (T,); a day without trade has 0."""
    for row, one in enumerate(panel.series):
        if one.segment == ALL and one.kpi.is_net_revenue:
            return np.asarray(np.nan_to_num(panel.value[row]))
    raise ValueError("no KPI is the net revenue of the whole shop")


def _scaled(panel: Panel) -> Floats:
    scaled = to_scale(tuple(s.kpi.scale for s in panel.series), panel.value)
    return np.where(np.isfinite(scaled), scaled, np.nan)


def _errors(scaled: Floats, known: Bools, weekday: np.ndarray) -> Floats:
    """One-step errors of a series without its weekdays' means."""
    values = scaled[known]
    days = weekday[known]
    for one in range(7):
        if (days == one).any():
            values = np.where(days == one, values - np.median(values[days == one]), values)
    errors = np.full(values.size, np.nan)
    level = 0.0
    for nth, value in enumerate(values):
        errors[nth] = value - level
        level += GAIN * (value - level)
    return errors


def _sides(errors: Floats) -> tuple[float, float]:
    if errors.size < FEWEST:
        return float("nan"), float("nan")
    low, middle, high = np.quantile(errors, [QUANTILES[0], 0.5, QUANTILES[1]])
    return float(middle - low), float(high - middle)
