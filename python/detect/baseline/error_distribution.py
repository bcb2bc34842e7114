"""The predictive distribution: a two-piece mixture of Student's t, learned as it goes.

Either side of the median has scales and heaviness of its own, since revenue and return rates err
upwards far more wildly than downwards. Scales follow recursive maximum likelihood, whose steps are
bounded, so an outlier can't blow them up; the candidates' weights follow how likely each has made
the errors seen so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.baseline.level import weights
from detect.baseline.tuning import Tuning
from detect.records import Bools, Floats, Ints

DEGREES_OF_FREEDOM = np.array([4.0, 8.0, 16.0, 60.0, 500.0])[:, None]
"""Candidates for the tail of each side of each series, from heavy to normal; chosen by hand."""
BAND = 0.95
"""Nominal coverage of the published band."""
PRIOR = np.log([0.03, 0.12, 0.25, 0.3, 0.3])[:, None]
"""Log weights of the candidates before any error: mostly light tails; chosen by hand."""
INCIDENTS = 0.04
"""Share of errors put down to incidents, which do not count towards ordinary tails: a year of the
public data has some ten days with findings of the whole shop among 280."""
INCIDENT_WIDTH = 20.0
"""Sigmas over which incidents are taken to be spread evenly; chosen by hand."""
START_UP = 6
"""Errors from which the first scale is estimated, by their median; chosen by hand."""
SIDE_PRIOR = 30.0
"""Errors per side that draw the chance of an upward error towards one half; chosen by hand."""
TINY = 1e-9
"""Least squared scale: keeps the log of a series without noise finite."""
MEDIAN_OF_HALF_NORMAL = 0.6745
"""Median of the absolute value of a standard normal variable."""
LEARNING_RATE = 3.0
"""Young scales lean to recent errors: the first ones include the error of an unknown level; chosen
by hand."""
KNOWN_SCALE, KNOWN_ERRORS = 1.3, 30.0
"""Where noise is known from finer periods: how large errors are in it, as theirs go together, and
the errors per side that this counts for. It is 1.0 to 1.7 in the weeks of twelve of the fourteen
KPIs of 2009-10; the count was chosen on them."""
DOUBTED = 2.0
"""Times that size at which the first errors show that what is known does not hold; by hand."""
LIGHT_TAILS = np.log([0.01, 0.1, 0.5, 1.0, 1.0])[:, None]
"""Added to PRIOR there, since sums have lighter tails than their parts, and for counts, which no
single order moves far. Chosen on the weeks of 2009-10, where heavier ones see less and lighter ones
alarm more often than promised."""
MIDDLE = DEGREES_OF_FREEDOM.size // 2
"""The candidate whose scale incidents are measured by."""
_CONSTANT = (
    special.gammaln((DEGREES_OF_FREEDOM + 1) / 2)
    - special.gammaln(DEGREES_OF_FREEDOM / 2)
    - 0.5 * np.log(DEGREES_OF_FREEDOM * np.pi)
    + np.log(2.0)
)
_SIGMA = special.stdtrit(DEGREES_OF_FREEDOM, special.ndtr(1.0))
"""Quantile of each Student's t where a normal variable has one sigma."""
_INTERVAL_WIDTH = special.stdtrit(DEGREES_OF_FREEDOM, (1 + BAND) / 2)
"""Half width of each Student's t's band, in its scale."""


@dataclass
class ErrorDistribution:
    """Squared scales and log weights (2, tails, S), counts (2, S), first errors (START_UP, S).

    The first axis is the side: above, below. `known` are the errors per side that what was known of
    the scale beforehand counts for, (S,); `prior` are the log weights before any error, (tails, S).
    """

    square: Floats
    score: Floats
    prior: Floats
    n_observed: Floats
    early: Floats
    known: Floats

    @property
    def worth(self) -> Floats:
        """Errors that the scale of each side rests on: those seen, and what was known, (2, S)."""
        return np.asarray(self.n_observed + self.known)


def start(is_known: Bools, is_count: Bools) -> ErrorDistribution:
    """Nothing known yet but the kind of noise.

    Args:
        is_known: (S,), whether errors come in sizes of a noise that is known beforehand.
        is_count: (S,), whether the series counts things.
    """
    shape = (2, DEGREES_OF_FREEDOM.size, is_known.size)
    prior = PRIOR + np.where(is_count, LIGHT_TAILS, 0.0)
    return ErrorDistribution(
        np.full(shape, np.nan),
        np.broadcast_to(prior, shape) + np.where(is_known & ~is_count, LIGHT_TAILS, 0.0),
        prior,
        np.zeros((2, is_known.size)),
        np.full((START_UP, is_known.size), np.nan),
        np.where(is_known, KNOWN_ERRORS, 0.0),
    )


def sigmas(distribution: ErrorDistribution, tuning: Tuning) -> tuple[Floats, Floats]:
    """Sizes of one sigma, and reach of the band, nominally of 95 %, per side: (2, S) each."""
    share = np.stack([weights(side) for side in distribution.score])
    root = np.sqrt(distribution.square)
    spare = 1 + 1.35 / _effective_n(distribution.worth, tuning)
    sigma, interval_width = (
        np.asarray((share * root * size).sum(axis=1)) for size in (_SIGMA, _INTERVAL_WIDTH)
    )
    return sigma, np.asarray(interval_width * spare)


def p_up(distribution: ErrorDistribution, error: Floats, tuning: Tuning) -> Floats:
    """Predictive chance of an error at least this high, (S,); NaN before the start-up is over.

    Uncertainty of the scale itself lowers the degrees of freedom, as in a t test.
    """
    side = (error <= 0).astype(np.int64)
    rows = np.arange(error.size)
    root = np.sqrt(distribution.square[side, :, rows]).T
    share = weights(distribution.score[side, :, rows].T)
    known = _effective_n(distribution.worth, tuning)[side, rows]
    freedom = 1 / (1 / DEGREES_OF_FREEDOM + 1 / known)
    beyond = (share * special.stdtr(freedom, -np.abs(error) / root)).sum(axis=0)
    above = (distribution.n_observed[0] + SIDE_PRIOR) / (
        distribution.n_observed.sum(axis=0) + 2 * SIDE_PRIOR
    )
    return np.asarray(np.where(side == 0, 2 * above * beyond, 1 - 2 * (1 - above) * beyond))


def _effective_n(observed: Floats, tuning: Tuning) -> Floats:
    """How many equally weighted errors a scale that has seen so many is worth."""
    eager = observed * (2 * LEARNING_RATE - 1) / LEARNING_RATE**2
    return np.minimum(eager, 2 / tuning.scale_floor) + START_UP / 2


def learn(distribution: ErrorDistribution, error: Floats, tuning: Tuning) -> None:
    """Learn the sizes of errors (S,), NaN where there is none, in place."""
    observed = np.isfinite(error)
    total = distribution.n_observed.sum(axis=0)
    _start_up(distribution, error, observed, total.astype(np.int64))
    for side, rows in enumerate((observed & (error > 0), observed & (error <= 0))):
        distribution.n_observed[side] += rows
        _refine(distribution, side, rows & (total >= START_UP), error, tuning)


def _start_up(distribution: ErrorDistribution, error: Floats, observed: Bools, total: Ints) -> None:
    """The first few errors set the scale of both sides together, by their median.

    Where it is known beforehand they only say whether to believe that.
    """
    rows = np.flatnonzero(observed & (total < START_UP))
    if rows.size == 0:
        return
    distribution.early[total[rows], rows] = np.abs(error[rows])
    typical = np.nanmedian(distribution.early[:, rows], axis=0) / MEDIAN_OF_HALF_NORMAL
    is_believed = (distribution.known[rows] > 0) & (typical <= DOUBTED * KNOWN_SCALE)
    scale = np.where(is_believed, KNOWN_SCALE, typical)
    distribution.square[:, :, rows] = np.maximum(scale**2, TINY)
    doubted = rows[~is_believed & (total[rows] == START_UP - 1)]
    distribution.known[doubted] = 0.0
    distribution.score[:, :, doubted] = distribution.prior[:, doubted]


def _refine(
    distribution: ErrorDistribution, side: int, rows: Bools, error: Floats, tuning: Tuning
) -> None:
    """One step of recursive maximum likelihood for the scales and weights of one side."""
    if not rows.any():
        return
    square = distribution.square[side]
    ratio = np.where(rows, error, 0.0) ** 2 / square
    likely = -0.5 * np.log(square) - 0.5 * (DEGREES_OF_FREEDOM + 1) * np.log1p(
        ratio / DEGREES_OF_FREEDOM
    )
    likely = likely + _CONSTANT
    stray = np.log(INCIDENTS / INCIDENT_WIDTH) - 0.5 * np.log(square[MIDDLE])
    likely = np.where(rows, likely, 0.0)
    likely = np.logaddexp(np.log1p(-INCIDENTS) + likely, np.where(rows, stray, 0.0))
    judged = rows & (distribution.n_observed.sum(axis=0) > tuning.min_history)
    distribution.score[side] = np.where(
        judged,
        tuning.tail_decay * (distribution.score[side] - distribution.prior)
        + distribution.prior
        + likely,
        distribution.score[side],
    )
    pace = np.maximum(
        LEARNING_RATE / (distribution.worth[side] + tuning.scale_prior), tuning.scale_floor
    )
    surprise = (DEGREES_OF_FREEDOM + 1) * ratio / (DEGREES_OF_FREEDOM + ratio) - 1
    step = np.exp(
        np.clip(pace * surprise * (DEGREES_OF_FREEDOM + 3) / DEGREES_OF_FREEDOM, -1.0, 1.0)
    )
    distribution.square[side] = np.where(rows, np.maximum(square * step, TINY), square)
