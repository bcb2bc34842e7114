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

HEAVINESS = np.array([4.0, 8.0, 16.0, 60.0, 500.0])[:, None]
"""Degrees of freedom among which each side of each series weighs its tail."""
BAND = 0.95
PRIOR = np.log([0.03, 0.12, 0.25, 0.3, 0.3])[:, None]
INCIDENTS = 0.01
"""Share of errors put down to incidents, which say nothing of how heavy ordinary tails are."""
INCIDENT_REACH = 20.0
"""Sigmas over which incidents are taken to be spread evenly."""
START_UP = 6
SIDE_PRIOR = 30.0
TINY = 1e-9
MEDIAN_OF_HALF_NORMAL = 0.6745
EAGERNESS = 3.0
"""Young scales lean to recent errors: the first ones carry a level not yet known."""
MIDDLE = HEAVINESS.size // 2
_CONSTANT = (
    special.gammaln((HEAVINESS + 1) / 2)
    - special.gammaln(HEAVINESS / 2)
    - 0.5 * np.log(HEAVINESS * np.pi)
    + np.log(2.0)
)
_SIGMA = special.stdtrit(HEAVINESS, special.ndtr(1.0))
_REACH = special.stdtrit(HEAVINESS, (1 + BAND) / 2)


@dataclass
class Tails:
    """Squared scales and log weights (2, tails, S), counts (2, S), first errors (START_UP, S).

    The first axis is the side: above, below.
    """

    square: Floats
    score: Floats
    seen: Floats
    early: Floats


def start(series: int) -> Tails:
    """Nothing known yet, for `series` series."""
    tails = HEAVINESS.size
    return Tails(
        np.full((2, tails, series), np.nan), np.broadcast_to(PRIOR, (2, tails, series)).copy(),
        np.zeros((2, series)), np.full((START_UP, series), np.nan),
    )  # fmt: skip


def sigmas(tails: Tails, tuning: Tuning) -> tuple[Floats, Floats]:
    """Sizes of one sigma, and reach of the band, nominally of 95 %, per side: (2, S) each."""
    share = np.stack([weights(side) for side in tails.score])
    root = np.sqrt(tails.square)
    spare = 1 + 1.35 / _worth(tails.seen, tuning)
    sigma, reach = (np.asarray((share * root * size).sum(axis=1)) for size in (_SIGMA, _REACH))
    return sigma, np.asarray(reach * spare)


def p_up(tails: Tails, error: Floats, tuning: Tuning) -> Floats:
    """Predictive chance of an error at least this high, (S,); NaN before the start-up is over.

    Uncertainty of the scale itself lowers the degrees of freedom, as in a t test.
    """
    side = (error <= 0).astype(np.int64)
    rows = np.arange(error.size)
    root = np.sqrt(tails.square[side, :, rows]).T
    share = weights(tails.score[side, :, rows].T)
    known = _worth(tails.seen, tuning)[side, rows]
    freedom = 1 / (1 / HEAVINESS + 1 / known)
    beyond = (share * special.stdtr(freedom, -np.abs(error) / root)).sum(axis=0)
    above = (tails.seen[0] + SIDE_PRIOR) / (tails.seen.sum(axis=0) + 2 * SIDE_PRIOR)
    return np.asarray(np.where(side == 0, 2 * above * beyond, 1 - 2 * (1 - above) * beyond))


def _worth(seen: Floats, tuning: Tuning) -> Floats:
    """How many equally weighted errors a scale that has seen so many is worth."""
    eager = seen * (2 * EAGERNESS - 1) / EAGERNESS**2
    return np.minimum(eager, 2 / tuning.scale_floor) + START_UP / 2


def learn(tails: Tails, error: Floats, tuning: Tuning) -> None:
    """Learn the sizes of errors (S,), NaN where there is none, in place."""
    seen = np.isfinite(error)
    total = tails.seen.sum(axis=0)
    _start_up(tails, error, seen, total.astype(np.int64))
    for side, rows in enumerate((seen & (error > 0), seen & (error <= 0))):
        tails.seen[side] += rows
        _refine(tails, side, rows & (total >= START_UP), error, tuning)


def _start_up(tails: Tails, error: Floats, seen: Bools, total: Ints) -> None:
    """The first few errors set the scale of both sides together, by their median."""
    rows = np.flatnonzero(seen & (total < START_UP))
    if rows.size == 0:
        return
    tails.early[total[rows], rows] = np.abs(error[rows])
    typical = np.nanmedian(tails.early[:, rows], axis=0) / MEDIAN_OF_HALF_NORMAL
    tails.square[:, :, rows] = np.maximum(typical**2, TINY)


def _refine(tails: Tails, side: int, rows: Bools, error: Floats, tuning: Tuning) -> None:
    """One step of recursive maximum likelihood for the scales and weights of one side."""
    if not rows.any():
        return
    square = tails.square[side]
    ratio = np.where(rows, error, 0.0) ** 2 / square
    likely = -0.5 * np.log(square) - 0.5 * (HEAVINESS + 1) * np.log1p(ratio / HEAVINESS)
    likely = likely + _CONSTANT
    stray = np.log(INCIDENTS / INCIDENT_REACH) - 0.5 * np.log(square[MIDDLE])
    likely = np.where(rows, likely, 0.0)
    likely = np.logaddexp(np.log1p(-INCIDENTS) + likely, np.where(rows, stray, 0.0))
    judged = rows & (tails.seen.sum(axis=0) > tuning.min_history)
    tails.score[side] = np.where(
        judged,
        tuning.tail_memory * (tails.score[side] - PRIOR) + PRIOR + likely,
        tails.score[side],
    )
    pace = np.maximum(EAGERNESS / (tails.seen[side] + tuning.scale_prior), tuning.scale_floor)
    surprise = (HEAVINESS + 1) * ratio / (HEAVINESS + ratio) - 1
    step = np.exp(np.clip(pace * surprise * (HEAVINESS + 3) / HEAVINESS, -1.0, 1.0))
    tails.square[side] = np.where(rows, np.maximum(square * step, TINY), square)
