"""The noise that counting alone brings: a shop of an order a day has days of none and of two.

A share of a few things has such noise, too: three customers of four who came before are no news
where nine of ten are usual, and neither are four of four.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.records import Bools, Floats, Panel

HALF = 0.5
"""Added to either side of a share's count, which keeps its log odds finite (Cox, 1970)."""
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
END_OF_SCALE = 7.0
"""Where a level that follows infinite values ends, on either side: a share of one in a thousand and
a tenth of a penny are as good as nothing, and what has been so for months must find back."""


@dataclass(frozen=True)
class CountScales:
    """Which series are counts on the log scale, and which on the root scale, (S,) each.

    `trials` are the counts that shares are of, (S, T); NaN where a series is no share of counts.
    """

    log: Bools
    root: Bools
    trials: Floats

    def of(self, rows: Bools) -> CountScales:
        """The same of some of the series."""
        return CountScales(self.log[rows], self.root[rows], self.trials[rows])


def no_counts(shape: tuple[int, ...]) -> CountScales:
    """Series whose noise has no lower limit, (S, T)."""
    none = np.zeros(shape[0], dtype=bool)
    return CountScales(none, none, np.full(shape, np.nan))


def count_scales(panel: Panel) -> CountScales:
    """The series of a panel that count things, or are shares of a count.

    A ratio on the scale of log odds is one while both its parts have been whole numbers.
    """
    plain = [s.kpi.unit == "count" and s.kpi.denominator is None for s in panel.series]
    scales = np.array([s.kpi.scale for s in panel.series])
    plain_counts = np.array(plain, dtype=bool)
    parts = np.stack([panel.numerator, panel.denominator])
    whole = (~np.isfinite(parts) | (parts == np.rint(parts))).all(axis=0)
    is_share = (scales == "logit")[:, None] & np.logical_and.accumulate(whole, axis=1)
    return CountScales(
        plain_counts & (scales == "log"),
        plain_counts & (scales == "sqrt"),
        np.where(is_share & (panel.denominator > 0), panel.denominator, np.nan),
    )


def with_halves(counts: CountScales, value: Floats) -> Floats:
    """Values where shares of counts have HALF on either side, so that none is 0 or 1, (S, T)."""
    shrunk = (value * counts.trials + HALF) / (counts.trials + 2 * HALF)
    return np.where(np.isfinite(counts.trials), shrunk, value)


def least_sigma(counts: CountScales, t: int, location: Floats) -> Floats:
    """The least that one sigma can be where so much is expected, on the series' scale, (S,)."""
    least = np.where(counts.log, _log_sigma(location), np.where(counts.root, ROOT_SIGMA, 0.0))
    trials, chance = counts.trials[:, t], special.expit(location)
    of_share = 1 / np.sqrt(np.maximum(trials * chance * (1 - chance), HALF))
    return np.where(np.isfinite(trials), of_share, least)


def _log_sigma(location: Floats) -> Floats:
    """Standard deviation of the log of a Poisson count."""
    return np.asarray(np.exp(-0.5 * np.maximum(location, np.log(SMALLEST))))


def off_scale(counts: CountScales, location: Floats) -> Floats:
    """How far from what was expected a value off the scale is taken to be, (S,).

    A count of none where few are expected is as far as its chance makes it, in sigmas of counting,
    and always a little further than a count of one.
    """
    sigmas = -special.ndtri_exp(-np.exp(np.clip(location, np.log(SMALLEST), LARGEST_LOG)))
    none = np.maximum(sigmas, 0.0) * _log_sigma(location)
    beyond_one = np.maximum(location, 0.0) + BEYOND_ONE
    known = counts.log & np.isfinite(location)
    return np.where(known, np.maximum(none, beyond_one), OFF_SCALE)
