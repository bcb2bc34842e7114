"""Random streams: one per purpose and day, so that no draw depends on how much is simulated."""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def stream(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """Return the generator of one purpose and one day (or year, or block): same key, same draws."""
    return np.random.default_rng([seed, crc32(purpose.encode()), index])


def pick(weights: FloatArray, size: int, rng: np.random.Generator) -> IntArray:
    """Draw `size` positions with replacement, in proportion to `weights` (any positive scale)."""
    reach = np.cumsum(weights)
    found = np.searchsorted(reach, rng.random(size) * reach[-1], side="right")
    return np.asarray(np.minimum(found, len(weights) - 1), dtype=np.int64)


def choose_share(size: int, share: float, rng: np.random.Generator, fewest: int = 0) -> BoolArray:
    """Mark `share` of `size` positions, as exactly as whole numbers allow (the rest by a toss).

    Of a share above 0, `fewest` so many are marked where there are as many.
    """
    wanted = max(int(size * share + rng.random()), fewest if share > 0 else 0)
    return np.asarray(rng.permutation(size) < wanted, dtype=np.bool_)
