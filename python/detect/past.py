"""Running summaries of what came before each period: the period itself never counts."""

from __future__ import annotations

import numpy as np

from detect.records import Floats


def exponential_sum(values: Floats, decay: float, axis: int) -> Floats:
    """Sum of the entries before each one, each a factor `decay` lighter than the next.

    What `scipy.signal.lfilter([0, 1], [1, -decay], values)` gives, without the second of processor
    time that importing `scipy.signal` takes.
    """
    entries = np.moveaxis(np.asarray(values, dtype=np.float64), axis, 0)
    sums = np.zeros_like(entries)
    for place in range(1, len(entries)):
        sums[place] = entries[place - 1] + decay * sums[place - 1]
    return np.moveaxis(sums, 0, axis)


def mean_square(z: Floats, decay: float, largest: float, prior: float) -> Floats:
    """Exponential mean square of the entries before each, shrunk to 1 by `prior` entries, (S, T).

    Entries beyond `largest` count as that large; missing ones don't count.
    """
    known = np.isfinite(z)
    square = np.where(known, np.minimum(z**2, largest**2), 0.0)
    total = exponential_sum(square, decay, axis=1)
    seen = exponential_sum(known.astype(np.float64), decay, axis=1)
    return np.asarray((total + prior) / (seen + prior))


def last_known(values: Floats) -> Floats:
    """Each entry, or where it is missing the last one before it that is not, (S, T)."""
    columns = np.where(np.isfinite(values), np.arange(values.shape[1]), 0)
    return np.take_along_axis(values, np.maximum.accumulate(columns, axis=1), axis=1)
