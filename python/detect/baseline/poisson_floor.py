"""The noise that counting alone brings: a shop of an order a day has days of none and of two.

A share of a few things has such noise, too: three customers of four who came before are no news
where nine of ten are usual, and neither are four of four. And so has a sum of few orders: where
five come on a usual day, none come on two days a year. An index of prices has none where prices
stand still, so that a change of a percent would be any number of sigmas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.records import COUNT, INDEX, Bools, Floats, Panel

HALF = 0.5
"""Added to either side of a share's count, which keeps its log odds finite (Cox, 1970)."""
ROOT_SIGMA = 0.5
"""Standard deviation of the root of a Poisson count (Anscombe, 1948)."""
INDEX_SIGMA = 0.01
"""Least standard deviation of the log of an index: prices a percent higher are no news. By hand."""
SMALLEST = 1e-9
"""Least expected count: keeps its logarithm finite."""
LARGEST_LOG = 30.0
"""Largest log count that is exponentiated: no shop counts e³⁰ of anything."""
BEYOND_ONE = 0.3
"""Least distance on the log scale from a count of one to a count of none; chosen by hand."""
OFF_SCALE = 4.0
"""Distance from the expected of an infinite value (a logit of 0 or 1); chosen by hand."""
ORDERS_AT_ONE_SIGMA = 2.5
"""Orders behind a sum whose log errs by one sigma downwards; by two sigmas, a quarter of them. Sums
of three to forty orders of a lognormal law make it 1.8 to 3.2 where the law's deviation is 0.8 of
its mean, 2.6 to 4.5 where it is 1.2 (Poisson numbers of orders)."""
FEW = 5.0
"""Sigmas from which a day without any order is news however it is scaled; chosen by hand."""
END_OF_SCALE = 7.0
"""Where a level that follows infinite values ends, on either side: a share of one in a thousand and
a tenth of a penny are as good as nothing, and what has been so for months must find back."""


@dataclass(frozen=True)
class CountScales:
    """Which series are counts on the log scale, and which on the root scale, (S,) each.

    `trials` are the counts that shares are of, (S, T); NaN where a series is no share of counts.
    `sums` are those that add up orders: on the log scale, or shares of such sums. `endless` are
    those whose scale has no end where the KPI comes to nothing, logs and log odds. `index` are
    those that may stand still.
    """

    log: Bools
    root: Bools
    trials: Floats
    sums: Bools
    endless: Bools
    index: Bools

    @property
    def may_repeat(self) -> Bools:
        """Series of which the same value again is no sign of a want of noise, (S,)."""
        return np.asarray(self.log | self.root | self.index)

    def of(self, rows: Bools) -> CountScales:
        """The same of some of the series."""
        return CountScales(
            self.log[rows], self.root[rows], self.trials[rows], self.sums[rows],
            self.endless[rows], self.index[rows],
        )  # fmt: skip


def no_counts(shape: tuple[int, ...]) -> CountScales:
    """Series whose noise has no lower limit, (S, T)."""
    none = np.zeros(shape[0], dtype=bool)
    return CountScales(none, none, np.full(shape, np.nan), none, none, none)


def count_scales(panel: Panel) -> CountScales:
    """The series of a panel that count things, or are shares of a count.

    A ratio on the scale of log odds is one while both its parts have been whole numbers.
    """
    scales = np.array([s.kpi.scale for s in panel.series])
    is_sum = np.array([s.kpi.denominator is None for s in panel.series], dtype=bool)
    plain_counts = is_sum & np.array([s.kpi.unit == COUNT for s in panel.series], dtype=bool)
    parts = np.stack([panel.numerator, panel.denominator])
    whole = (~np.isfinite(parts) | (parts == np.rint(parts))).all(axis=0)
    is_share = (scales == "logit")[:, None] & np.logical_and.accumulate(whole, axis=1)
    return CountScales(
        plain_counts & (scales == "log"),
        plain_counts & (scales == "sqrt"),
        np.where(is_share & (panel.denominator > 0), panel.denominator, np.nan),
        np.where(is_sum, scales == "log", scales == "logit"),
        np.isin(scales, ("log", "logit")),
        np.array([s.kpi.unit == INDEX for s in panel.series], dtype=bool),
    )


def with_halves(counts: CountScales, value: Floats) -> Floats:
    """Values where shares of counts have HALF on either side, so that none is 0 or 1, (S, T)."""
    shrunk = (value * counts.trials + HALF) / (counts.trials + 2 * HALF)
    return np.where(np.isfinite(counts.trials), shrunk, value)


def least_sigma(counts: CountScales, t: int, location: Floats) -> Floats:
    """The least that one sigma can be where so much is expected, on the series' scale, (S,)."""
    least = np.where(counts.log, _log_sigma(location), np.where(counts.root, ROOT_SIGMA, 0.0))
    least = np.where(counts.index, INDEX_SIGMA, least)
    trials, chance = counts.trials[:, t], special.expit(location)
    of_share = 1 / np.sqrt(np.maximum(trials * chance * (1 - chance), HALF))
    return np.where(np.isfinite(trials), of_share, least)


def _log_sigma(location: Floats) -> Floats:
    """Standard deviation of the log of a Poisson count."""
    return np.asarray(np.exp(-0.5 * np.maximum(location, np.log(SMALLEST))))


def on_scale(counts: CountScales, value: Floats, location: Floats, sigma: Floats) -> Floats:
    """Values with those off the scale brought beside what was expected, on either side, (S,).

    On a scale without an end, next to nothing is no further than that: a penny where £1,000 is
    usual.

    Args:
        counts: kinds of the series.
        value: on the series' scale; infinite off it, such as the log of nothing.
        location: what was expected.
        sigma: one sigma above it and below, (2, S); NaN where it is not known yet.
    """
    toward = np.where(value > location, *sigma)
    reach = off_scale(counts, location)
    none = _sigmas_to_none(ORDERS_AT_ONE_SIGMA / np.square(toward))
    is_few = counts.sums & (none < FEW)
    reach = np.where(is_few, np.minimum(reach, none * toward), reach)
    end = np.maximum(np.abs(location), END_OF_SCALE)
    beside = np.clip(location + np.sign(value) * reach, -end, end)
    lowest = location - np.where(is_few, reach, np.where(counts.endless, 2 * OFF_SCALE, np.inf))
    return np.where(np.isinf(value), beside, np.maximum(value, lowest))


def off_scale(counts: CountScales, location: Floats) -> Floats:
    """How far from what was expected a value off the scale is taken to be, (S,).

    A count of none where few are expected is as far as its chance makes it, in sigmas of counting,
    and always a little further than a count of one.
    """
    expected = np.exp(np.clip(location, np.log(SMALLEST), LARGEST_LOG))
    none = _sigmas_to_none(expected) * _log_sigma(location)
    beyond_one = np.maximum(location, 0.0) + BEYOND_ONE
    known = counts.log & np.isfinite(location)
    return np.where(known, np.maximum(none, beyond_one), OFF_SCALE)


def _sigmas_to_none(expected: Floats) -> Floats:
    """Sigmas of a normal law that are as unlikely as none where so many are expected."""
    return np.asarray(np.maximum(-special.ndtri_exp(-expected), 0.0))
