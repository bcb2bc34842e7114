"""Series without their gaps: observed periods moved to the left, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.records import Bools, Floats, Ints


@dataclass(frozen=True)
class PackIndex:
    """Where packed values came from.

    `order` has the periods of each row, the observed ones first, (S, T); `kept` says which places
    of the packed row hold one, (S, N).
    """

    order: Ints
    kept: Bools


def pack(values: Floats, observed: Bools) -> tuple[Floats, PackIndex]:
    """Move each row's observed values to its left, in order; the rest is NaN. (S, T) → (S, N)."""
    order = np.argsort(~observed, axis=1, kind="stable")
    counts = observed.sum(axis=1)
    longest = int(counts.max(initial=0))
    index = PackIndex(order, np.arange(longest) < counts[:, None])
    return pack_alike(values, index), index


def pack_alike(values: Floats, index: PackIndex) -> Floats:
    """Move the values of the same periods to the left, as `pack` did before. (S, T) → (S, N)."""
    packed = np.take_along_axis(values, index.order[:, : index.kept.shape[1]], axis=1)
    return np.where(index.kept, packed, np.nan)


def unpack(packed: Floats, index: PackIndex) -> Floats:
    """Undo `pack`: values back in their periods, NaN elsewhere. (S, N) → (S, T)."""
    out = np.full(index.order.shape, np.nan)
    longest = index.kept.shape[1]
    np.put_along_axis(out, index.order[:, :longest], np.where(index.kept, packed, np.nan), axis=1)
    return out
