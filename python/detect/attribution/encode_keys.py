"""One number per combination of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detect.records import Ints

Codes = NDArray[np.integer[Any]]
"""Members as numbers, of whatever width."""
LARGEST_KEY = 2**62
"""Largest product of sizes whose keys safely fit into 64 bits; above, keys are ranked."""


def encode(members: Sequence[Codes], sizes: Sequence[int]) -> tuple[Ints, Ints]:
    """Number the combinations that occur, in rising order: each row's number, first rows."""
    number = _ranks(key_of(members, sizes))
    first = np.empty(int(number.max(initial=-1)) + 1, np.int64)
    first[number[::-1]] = np.arange(number.size)[::-1]
    return number, first


def key_of(members: Sequence[Codes], sizes: Sequence[int]) -> Ints:
    """One number per combination; its position in a grid where that fits."""
    key, space = members[0].astype(np.int64), sizes[0]
    for member, size in zip(members[1:], sizes[1:], strict=True):
        if space > LARGEST_KEY // size:
            key, space = _ranks(key), key.size
        key *= size
        key += member
        space *= size
    return key


def _ranks(key: Ints) -> Ints:
    """Replace keys by their ranks among the distinct ones."""
    import pandas as pd  # late: it takes as long as a search, and a morning without news has none

    number, distinct = pd.factorize(key)
    rank = np.empty(distinct.size, np.int64)
    rank[np.argsort(distinct)] = np.arange(distinct.size)
    return rank[number]
