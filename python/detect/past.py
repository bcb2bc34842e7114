"""Running summaries of what came before each period: the period itself never counts."""

from __future__ import annotations

import numpy as np

from detect.records import Floats


def faded_sum(values: Floats, memory: float, axis: int) -> Floats:
    """Sum of the entries before each one, each a factor `memory` lighter than the next.

    What `scipy.signal.lfilter([0, 1], [1, -memory], values)` gives, without the second of processor
    time that importing `scipy.signal` takes.
    """
    entries = np.moveaxis(np.asarray(values, dtype=np.float64), axis, 0)
    sums = np.zeros_like(entries)
    for place in range(1, len(entries)):
        sums[place] = entries[place - 1] + memory * sums[place - 1]
    return np.moveaxis(sums, 0, axis)


def mean_square(z: Floats, memory: float, largest: float, prior: float) -> Floats:
    """Faded mean square of the entries before each, drawn towards 1 by `prior` entries, (S, T).

    Entries beyond `largest` count as that large; missing ones don't count.
    """
    known = np.isfinite(z)
    square = np.where(known, np.minimum(z**2, largest**2), 0.0)
    total = faded_sum(square, memory, axis=1)
    seen = faded_sum(known.astype(np.float64), memory, axis=1)
    return np.asarray((total + prior) / (seen + prior))
