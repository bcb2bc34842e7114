"""What was to be expected of each period, and how sure: one causal scan over the panel.

A period's forecast is written down before its value is read, so nothing later can reach it, and
the value for a day is the same whether computed that day or a year later. The scan walks over
periods because the filter is recursive; each step is a handful of vector operations over all
series at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.baseline import error_distribution, level, month, season
from detect.baseline.last_year import LastYear
from detect.baseline.poisson_floor import (
    END_OF_SCALE,
    CountScales,
    least_sigma,
    no_counts,
    on_scale,
)
from detect.baseline.season import Regressors
from detect.baseline.tuning import Tuning
from detect.past import last_known
from detect.records import Bools, Floats, Ints

NO_ERROR = 1e-9
"""While all errors are below this, a series has no spread, as one item in every order for a year
has none: they say nothing of the noise that comes once it has some, unless it has a least noise."""


@dataclass(frozen=True)
class Forecast:
    """One-step-ahead forecasts on the KPI's scale, (S, T) each; NaN where there is none.

    `location` is the expected value, `lower` and `upper` its band (nominally of 95 %), `residual`
    the actual minus the location in sigmas of its side, `p_up` the predictive chance of a value at
    least as high; where a range is expected (`last_year`), location is its middle, and the others
    are of its nearer end. `sigma` is the size of one sigma (mean of both sides). `adjusted` is the
    actual without weekday, holiday, offset and what is as last year; `level_ahead` what was
    expected of it, `level` the ensemble's level after the period, and `year_ago` its level
    of a year ago; `history` how many values came before; `ready` whether they are enough to say
    anything.
    """

    location: Floats
    lower: Floats
    upper: Floats
    residual: Floats
    p_up: Floats
    sigma: Floats
    adjusted: Floats
    level_ahead: Floats
    level: Floats
    year_ago: Floats
    history: Ints
    ready: Bools


def forecast(
    values: Floats,
    regressors: Regressors,
    tuning: Tuning,
    trainable: Bools | None = None,
    counts: CountScales | None = None,
    adopted: Bools | None = None,
    restored: Floats | None = None,
    noise: Floats | None = None,
) -> Forecast:
    """Forecast every period of every series from the periods before it.

    Args:
        values: (S, T) on the KPI's scale; NaN where there is nothing to learn from (closed,
            missing); an infinity stands for a value off the scale, such as the log of zero.
        regressors: what is known of each period in advance.
        tuning: how fast to learn.
        trainable: (S, T), False where a value is compared with its forecast but not learned from,
            since it is known to be an incident; by default every value is.
        counts: which series count things, so that chance alone makes them vary; by default none.
        adopted: (S, T), True where a value is the new level, to be believed at once, and the mean
            of those where there are several in a row.
        restored: (S, T), a level to go back to once a period is over; NaN where there is none.
        noise: (S, T), the size of an ordinary error as far as it is known beforehand, but for a
            factor; a row of NaN where nothing is known of a series.

    Returns:
        One-step-ahead forecasts of all periods.
    """
    series, periods = values.shape
    arrays = [name for name in Forecast.__dataclass_fields__ if name not in ("history", "ready")]
    out = {name: np.full((series, periods), np.nan) for name in arrays}
    history = np.zeros((series, periods), dtype=np.int64)
    ensemble, gains = level.start(series, tuning)
    unit, is_known = _unit(noise, values)
    counts = no_counts(values.shape) if counts is None else counts
    errors = error_distribution.start(is_known, counts.log | counts.root)
    cycle = season.start(series, regressors)
    monthly = month.start(series, regressors.month)
    yearly_drift = season.YearlyDrift(out["adjusted"], tuning)
    last_year = LastYear(series, periods, tuning)
    trainable = np.ones(values.shape, dtype=bool) if trainable is None else trainable
    if adopted is not None:
        trainable = trainable & ~adopted
    has_moved = counts.may_repeat
    for t in range(periods):
        history[:, t] = ensemble.n_observed
        drift, anchor = yearly_drift.drift(t)
        members, centre = level.predict(ensemble, gains, drift)
        sigma, interval_width = (
            unit[:, t] * size for size in error_distribution.sigmas(errors, tuning)
        )
        of_month, doubt = month.effect(monthly, regressors.month[t], sigma.mean(axis=0))
        effect = season.effect(cycle, regressors, t) + of_month
        factor = season.spread(cycle, regressors, t, doubt)
        wide = np.fmax(factor, least_sigma(counts, t, centre + effect) / sigma.min(axis=0))
        value = on_scale(counts, values[:, t], centre + effect, wide * sigma)
        # The first value lies at no distance from anything: nothing was expected of it.
        is_first = (ensemble.n_observed == 0) & np.isfinite(values[:, t])
        target = np.where(is_first, values[:, t], value) - effect
        error = np.where(ensemble.n_observed > 0, target - centre, np.nan)
        # At the end of its scale a value is where it can't but be, and says nothing of noise.
        at_end = np.isinf(values[:, t]) & (np.abs(target + effect) >= END_OF_SCALE)
        low, high = last_year.span(t)
        last_year.note(t, np.where(trainable[:, t], error, np.nan), (wide * sigma).mean(axis=0))
        as_then = np.clip(np.nan_to_num(error), low, high)
        error, target = error - as_then, target - as_then
        ends = centre + effect + high, centre + effect + low
        _note(out, t, ends, error, wide * sigma, wide * interval_width)
        out["p_up"][:, t] = error_distribution.p_up(errors, error / wide / unit[:, t], tuning)
        out["adjusted"][:, t] = target
        out["level_ahead"][:, t], out["year_ago"][:, t] = centre, anchor
        if adopted is not None:
            level.adopt(ensemble, np.where(adopted[:, t], target, np.nan), np.isfinite(target))
        target, error = (np.where(trainable[:, t], x, np.nan) for x in (target, error))
        is_new = is_known & (ensemble.n_observed < error_distribution.START_UP)
        ordinary = np.where(np.isfinite(sigma[0]) & ~is_new, wide * sigma.mean(axis=0), np.inf)
        clipped = level.learn(ensemble, gains, members, target, ordinary, tuning.score_decay)
        observed = np.isfinite(target).astype(np.float64)
        season.learn(cycle, regressors, t, clipped, observed, tuning)
        if regressors.ordinary[t]:
            month.learn(monthly, regressors.month[t], error + of_month)
        season.learn_spread(cycle, regressors, t, error / sigma.mean(axis=0))
        has_moved |= np.abs(error) >= NO_ERROR
        noise_of = np.where(at_end | ~has_moved | (low < high), np.nan, error / factor / unit[:, t])
        error_distribution.learn(errors, noise_of, tuning)
        yearly_drift.update(anchor, observed)
        if restored is not None:
            level.restore(ensemble, restored[:, t])
        out["level"][:, t] = (level.weights(ensemble.score) * ensemble.level).sum(axis=0)
    return Forecast(**out, history=history, ready=history >= tuning.min_history)


def _unit(noise: Floats | None, values: Floats) -> tuple[Floats, Bools]:
    """The unit that errors are learned in, (S, T), and whether it is known of a series, (S,).

    It is, or is not, from the first values on, before any is tested.
    """
    if noise is None:
        return np.ones(values.shape), np.zeros(values.shape[0], dtype=bool)
    observed = ~np.isnan(values)
    is_first = observed & (np.cumsum(observed, axis=1) <= error_distribution.START_UP)
    is_known = np.asarray((is_first & np.isfinite(noise)).any(axis=1))
    return np.where(is_known[:, None], last_known(noise), 1.0), is_known


def _note(
    out: dict[str, Floats],
    t: int,
    ends: tuple[Floats, Floats],
    error: Floats,
    sigma: Floats,
    interval_width: Floats,
) -> None:
    """Write period t's forecast down, which lies between two ends."""
    high, low = ends
    out["location"][:, t] = (high + low) / 2
    out["upper"][:, t] = high + interval_width[0]
    out["lower"][:, t] = low - interval_width[1]
    out["sigma"][:, t] = sigma.mean(axis=0)
    out["residual"][:, t] = error / np.where(error > 0, sigma[0], sigma[1])
