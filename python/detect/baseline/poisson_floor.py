"""The noise that counting alone brings: a shop of an order a day has days of none and of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.records import Bools, Floats, Panel

ROOT_SIGMA = 0.5
"""Standard deviation of the root of a Poisson count (Anscombe, 1948)."""
SMALLEST = 1e-9
LARGEST_LOG = 30.0
BEYOND_ONE = 0.3
OFF_SCALE = 4.0
"""An infinite value (the log of zero) is taken to be this far from what was expected."""


@dataclass(frozen=True)
class Counting:
    """Which series are counts on the log scale, and which on the root scale, (S,) each."""

    log: Bools
    root: Bools


def nothing_counts(series: int) -> Counting:
    """Series whose noise has no lower limit."""
    return Counting(np.zeros(series, dtype=bool), np.zeros(series, dtype=bool))


def counted(panel: Panel) -> Counting:
    """The series of a panel that count things."""
    plain = [s.kpi.unit == "count" and s.kpi.denominator is None for s in panel.series]
    scales = np.array([s.kpi.scale for s in panel.series])
    return Counting(np.array(plain) & (scales == "log"), np.array(plain) & (scales == "sqrt"))


def least_sigma(counting: Counting, location: Floats) -> Floats:
    """The least that one sigma can be where so much is expected, on the series' scale, (S,)."""
    by_log = np.exp(-0.5 * np.maximum(location, np.log(SMALLEST)))
    return np.where(counting.log, by_log, np.where(counting.root, ROOT_SIGMA, 0.0))


def off_scale(counting: Counting, location: Floats) -> Floats:
    """How far from what was expected a value off the scale is taken to be, (S,).

    A count of none where few are expected is as far as its chance makes it, in sigmas of counting,
    and always a little further than a count of one.
    """
    sigmas = -special.ndtri_exp(-np.exp(np.clip(location, np.log(SMALLEST), LARGEST_LOG)))
    none = np.maximum(sigmas, 0.0) * least_sigma(counting, location)
    beyond_one = np.maximum(location, 0.0) + BEYOND_ONE
    known = counting.log & np.isfinite(location)
    return np.where(known, np.maximum(none, beyond_one), OFF_SCALE)
