"""The noise that counting alone brings: a shop of an order a day has days of none and of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.records import Bools, Floats, Panel

ROOT_SIGMA = 0.5
"""Standard deviation of the root of a Poisson count (Anscombe, 1948)."""
SMALLEST = 1e-9
"""Least expected count: keeps its logarithm finite."""
LARGEST_LOG = 30.0
"""Largest log count that is exponentiated: no shop counts e³⁰ of anything."""
BEYOND_ONE = 0.3
"""Least distance on the log scale from a count of one to a count of none; chosen by hand."""
OFF_SCALE = 4.0
"""Distance from the expected of an infinite value (a logit of 0 or 1); chosen by hand."""


@dataclass(frozen=True)
class CountScales:
    """Which series are counts on the log scale, and which on the root scale, (S,) each."""

    log: Bools
    root: Bools


def no_counts(series: int) -> CountScales:
    """Series whose noise has no lower limit."""
    return CountScales(np.zeros(series, dtype=bool), np.zeros(series, dtype=bool))


def count_scales(panel: Panel) -> CountScales:
    """The series of a panel that count things."""
    plain = [s.kpi.unit == "count" and s.kpi.denominator is None for s in panel.series]
    scales = np.array([s.kpi.scale for s in panel.series])
    return CountScales(np.array(plain) & (scales == "log"), np.array(plain) & (scales == "sqrt"))


def least_sigma(counts: CountScales, location: Floats) -> Floats:
    """The least that one sigma can be where so much is expected, on the series' scale, (S,)."""
    by_log = np.exp(-0.5 * np.maximum(location, np.log(SMALLEST)))
    return np.where(counts.log, by_log, np.where(counts.root, ROOT_SIGMA, 0.0))


def off_scale(counts: CountScales, location: Floats) -> Floats:
    """How far from what was expected a value off the scale is taken to be, (S,).

    A count of none where few are expected is as far as its chance makes it, in sigmas of counting,
    and always a little further than a count of one.
    """
    sigmas = -special.ndtri_exp(-np.exp(np.clip(location, np.log(SMALLEST), LARGEST_LOG)))
    none = np.maximum(sigmas, 0.0) * least_sigma(counts, location)
    beyond_one = np.maximum(location, 0.0) + BEYOND_ONE
    known = counts.log & np.isfinite(location)
    return np.where(known, np.maximum(none, beyond_one), OFF_SCALE)
