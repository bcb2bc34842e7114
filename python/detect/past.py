"""Running summaries of what came before each period: the period itself never counts."""

from __future__ import annotations

import numpy as np
from scipy import signal

from detect.records import Floats


def faded_sum(values: Floats, memory: float, axis: int) -> Floats:
    """Sum of the entries before each one, each a factor `memory` lighter than the next."""
    return np.asarray(signal.lfilter([0.0, 1.0], [1.0, -memory], values, axis=axis))


def mean_square(z: Floats, memory: float, largest: float, prior: float) -> Floats:
    """Faded mean square of the entries before each, drawn towards 1 by `prior` entries, (S, T).

    Entries beyond `largest` count as that large; missing ones don't count.
    """
    known = np.isfinite(z)
    square = np.where(known, np.minimum(z**2, largest**2), 0.0)
    total = faded_sum(square, memory, axis=1)
    seen = faded_sum(known.astype(np.float64), memory, axis=1)
    return np.asarray((total + prior) / (seen + prior))
