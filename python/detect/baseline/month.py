"""Days of the month: month ends and pay days, expected once they have been seen often enough.

A kind of day (the last trading day of a month, the 15th) has an effect of its own once its past
errors agree: their mean is further from zero than chance makes it in any of the kinds tested. Until
then it has none, so that a shop without such days is judged as if this module did not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.records import Floats, Ints

EVIDENCE = 5.0
"""Least distance of the mean error from zero, in its standard errors: for 31 kinds in 12 months and
fifteen KPIs, chance reaches it in one shop-year of 300 (5,580 tests of 6e-7)."""
DECAY = 0.9
"""Weight of a past day of a kind in the next: a habit that ends is dropped after two; by hand."""
FEWEST = (1 - DECAY**3) / (1 - DECAY) - 1e-9
"""Faded number of days of a kind before its effect is believed: three of them, less rounding."""


@dataclass
class MonthEffects:
    """Exponential sums by kind of day, (kinds, S): the number of days, errors and squared errors.

    Errors are on the KPI's scale, less all other effects.
    """

    n: Floats
    total: Floats
    squares: Floats


def start(series: int, kinds: Ints) -> MonthEffects:
    """No effect at all, for `series` series."""
    shape = (int(kinds.max(initial=0)) + 1, series)
    return MonthEffects(np.zeros(shape), np.zeros(shape), np.zeros(shape))


def effect(effects: MonthEffects, kind: int, sigma: Floats) -> tuple[Floats, Floats]:
    """The effect expected of a day on each series, and how uncertain it is, (S,) each.

    Args:
        effects: learned so far.
        kind: of the day; 0 has no effect.
        sigma: the size of an ordinary error, (S,).

    Returns:
        The effect on the KPI's scale, zero where there is none, and the variance that it adds to
        that of an ordinary error, in ordinary variances.
    """
    n = effects.n[kind]
    if kind == 0 or not (n > 0).any():
        return np.zeros(n.shape), np.zeros(n.shape)
    count = np.maximum(n, 1.0)
    mean = effects.total[kind] / count
    ordinary = np.where(np.isfinite(sigma), sigma, np.inf) ** 2
    variance = np.maximum(effects.squares[kind] / count - mean**2, ordinary)
    known = (n >= FEWEST) & (np.abs(mean) >= EVIDENCE * np.sqrt(variance / count))
    with np.errstate(invalid="ignore", divide="ignore"):  # a series without noise
        own = variance / ordinary
    doubt = np.where(np.isfinite(own), own - 1 + own / count, 1 / count)
    return np.where(known, mean, 0.0), np.where(known, doubt, 0.0)


def learn(effects: MonthEffects, kind: int, error: Floats) -> None:
    """Learn from the errors of a day without its kind's effect (S,), NaN where there is none."""
    if kind == 0:
        return
    observed = np.isfinite(error)
    fade = np.where(observed, DECAY, 1.0)
    seen = np.where(observed, error, 0.0)
    effects.n[kind] = fade * effects.n[kind] + observed
    effects.total[kind] = fade * effects.total[kind] + seen
    effects.squares[kind] = fade * effects.squares[kind] + seen**2
