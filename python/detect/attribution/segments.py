"""The finest parts that a grain's measures are known for: integer codes and additive measures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from detect.attribution.dimensions import Dimension, Months, is_broken_down
from detect.attribution.encode_keys import Codes, key_of
from detect.records import Days, Floats, Ints


@dataclass(frozen=True)
class Segments:
    """Rows of fct_segments_* in order of period.

    `start` (P + 1,) says where each of the P periods begins; `codes` number the `members` of each
    of the `dimensions`, (N,); `measures` are additive, (N,).
    """

    dimensions: tuple[Dimension, ...]

    period: Days
    start: Ints
    codes: dict[str, Codes]
    members: dict[str, tuple[str, ...]]
    measures: dict[str, Floats]
    dead: Months = field(default_factory=dict)
    """Months that are not broken down by a dimension."""
    _by_member: dict[str, tuple[Ints, Ints]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def on(self, day: dt.date) -> Segments:
        """The same with the dimensions that findings of a day are broken down by, or all."""
        live = [d for d in self.dimensions if is_broken_down(d.name, day, self.dead)]
        return replace(self, dimensions=tuple(live) or self.dimensions)

    def rows(self, period: np.datetime64) -> slice:
        """Where a period's cells are; empty where it has none."""
        at = int(np.searchsorted(self.period, period))
        if at == self.period.size or self.period[at] != period:
            return slice(0, 0)
        return slice(int(self.start[at]), int(self.start[at + 1]))

    def rows_within(
        self, segment: Mapping[str, str], periods: Sequence[np.datetime64]
    ) -> list[Ints]:
        """Cells of a segment (dimension to member) in each of some periods; {}: the whole shop."""
        slices = [self.rows(period) for period in periods]
        if not segment:
            return [np.arange(cells.start, cells.stop) for cells in slices]
        mine = reduce(np.intersect1d, (self._cells_of(*member) for member in segment.items()))
        ends = [np.searchsorted(mine, (cells.start, cells.stop)) for cells in slices]
        return [mine[first:last] for first, last in ends]

    def _cells_of(self, dimension: str, member: str) -> Ints:
        """Cells of a member in order, from an index that is made once for all members."""
        codes, names = self.codes[dimension], self.members[dimension]
        if dimension not in self._by_member:
            order = np.argsort(codes, kind="stable")
            start = np.searchsorted(codes[order], np.arange(len(names) + 1))
            self._by_member[dimension] = order, start
        order, start = self._by_member[dimension]
        code = code_of(names, member)
        return order[start[code] : start[code + 1]] if code >= 0 else order[:0]

    def distinct(self, rows: Ints) -> tuple[Ints, Ints]:
        """Number the distinct combinations of members among some rows, as `distinct` does."""
        names = [dimension.name for dimension in self.dimensions]
        sizes = [len(self.members[name]) for name in names]
        return distinct([self.codes[name][rows] for name in names], sizes)


def code_of(members: Sequence[str], member: str) -> int:
    """Return the number of a member, -1 where there is none of that name."""
    return members.index(member) if member in members else -1


def distinct(codes: Sequence[Codes], sizes: Sequence[int]) -> tuple[Ints, Ints]:
    """Number the distinct combinations of members among some rows.

    Args:
        codes: member of each row, (rows,) per dimension.
        sizes: number of members of each dimension.

    Returns:
        The combination of each of the rows, (rows,), and the first row of each, (leaves,).
    """
    key = key_of(codes, [max(size, 1) for size in sizes])
    _, first, leaf = np.unique(key, return_index=True, return_inverse=True)
    return leaf.astype(np.int64), first.astype(np.int64)
