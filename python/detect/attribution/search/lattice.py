"""Sums of leaf values for every combination of dimensions, each from its smallest parent.

A cuboid is a set of dimensions with one cell per combination of their members. Where leaves fill
most of the space, cells are the positions of a plain grid and adding up is a sum along an axis;
elsewhere a cuboid holds only cells that occur, and a link from each cell of its parent.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from detect.attribution.encode_keys import Codes, encode, key_of
from detect.attribution.search.blocks import on_cores
from detect.attribution.search.records import Element
from detect.records import Floats, Ints

FILLED = 0.5
"""Leaves per position from which a plain grid costs less than lists of cells."""
SHARED = 0.9
"""Cells per leaf from which nearly every cell is a single leaf."""


@dataclass(frozen=True)
class Cuboid:
    """One set of dimensions.

    parent: position of the cuboid it is added up from (-1 for the leaves themselves).
    first: a leaf of every cell (None on a grid).
    link: this cuboid's cell for each cell of the parent (None on a grid).
    """

    dimensions: tuple[int, ...]
    cells: int
    parent: int
    first: Ints | None
    link: Codes | None


@dataclass(frozen=True)
class Lattice:
    """All cuboids, the leaves' first, parents before children.

    sizes: members per dimension.
    codes: member of each leaf, one array per dimension (None on a grid).
    """

    sizes: tuple[int, ...]
    codes: tuple[Codes, ...] | None
    cuboids: tuple[Cuboid, ...]

    @property
    def leaves(self) -> int:
        """How many leaf cells there are, empty ones of a grid among them."""
        return self.cuboids[0].cells


def place_leaves(codes: Sequence[Codes], sizes: tuple[int, ...]) -> tuple[Ints, Ints | None, int]:
    """Leaf cell of every row, the first row of each leaf (None on a grid), number of leaves.

    Args:
        codes: member of each row, one array per dimension.
        sizes: members per dimension.
    """
    space = math.prod(sizes)
    if space * FILLED <= codes[0].size:
        return key_of(codes, sizes), None, space
    cell, first = encode(tuple(codes), sizes)
    return cell, first, first.size


def build(codes: tuple[Codes, ...] | None, sizes: tuple[int, ...], most_cells: int) -> Lattice:
    """The lattice over leaves whose members are `codes`, by dimension, or over a full grid."""
    everything = tuple(range(len(sizes)))
    leaves = math.prod(sizes) if codes is None else codes[0].size
    first = None if codes is None else np.arange(leaves)
    cuboids = [Cuboid(everything, leaves, -1, first, None)]
    for dimensions in _within(sizes, leaves, most_cells):
        cuboids.append(_child(cuboids, dimensions, sizes, codes))
    return Lattice(sizes, codes, tuple(cuboids))


def roll_up(
    lattice: Lattice, values: Floats, wanted: Collection[int] | None = None
) -> dict[int, Floats]:
    """Sums of leaf values in every cell of the wanted cuboids, all by default, by position."""
    needed = _with_parents(lattice, wanted)
    sums = {0: values}
    for depth in range(len(lattice.sizes) - 1, 0, -1):
        level = [i for i in needed if len(lattice.cuboids[i].dimensions) == depth]
        totals = on_cores(lambda i: _total(lattice, sums, lattice.cuboids[i]), level, values.size)
        sums.update(zip(level, totals, strict=True))
    return sums


def _with_parents(lattice: Lattice, wanted: Collection[int] | None) -> list[int]:
    """Positions of cuboids to add up: those wanted and what they are added up from."""
    needed = set(range(len(lattice.cuboids)) if wanted is None else wanted)
    for i in range(len(lattice.cuboids) - 1, 0, -1):
        if i in needed:
            needed.add(lattice.cuboids[i].parent)
    return sorted(needed - {0})


def _total(lattice: Lattice, sums: dict[int, Floats], cuboid: Cuboid) -> Floats:
    """Sums of a cuboid from those of its parent."""
    values = sums[cuboid.parent]
    if cuboid.link is None:
        parent = lattice.cuboids[cuboid.parent].dimensions
        return _along(values, parent, cuboid.dimensions, lattice.sizes)
    return np.asarray(np.bincount(cuboid.link, values, cuboid.cells), np.float64)


def element_at(lattice: Lattice, cuboid: Cuboid, cell: int) -> Element:
    """The (dimension, member) pairs of a cell."""
    if cuboid.first is None or lattice.codes is None:
        shape = tuple(lattice.sizes[d] for d in cuboid.dimensions)
        members = np.unravel_index(cell, shape)
    else:
        members = tuple(lattice.codes[d][cuboid.first[cell]] for d in cuboid.dimensions)
    return tuple((d, int(m)) for d, m in zip(cuboid.dimensions, members, strict=True))


def leaves_of(lattice: Lattice, element: Element) -> Ints:
    """Leaf cells inside an element, in order."""
    if lattice.codes is None:
        fixed = dict(element)
        axes = [
            np.array([fixed[d]]) if d in fixed else np.arange(size)
            for d, size in enumerate(lattice.sizes)
        ]
        return np.asarray(np.ravel_multi_index(np.ix_(*axes), lattice.sizes), np.int64).ravel()
    inside = np.flatnonzero(lattice.codes[element[0][0]] == element[0][1])
    for dimension, member in element[1:]:
        inside = inside[lattice.codes[dimension][inside] == member]
    return inside


def members_of(lattice: Lattice, dimension: int, leaves: Ints) -> Ints:
    """Member of a dimension for each of the given leaf cells."""
    if lattice.codes is not None:
        return lattice.codes[dimension][leaves].astype(np.int64)
    stride = math.prod(lattice.sizes[dimension + 1 :])
    return np.asarray(leaves // stride % lattice.sizes[dimension], np.int64)


def _within(sizes: tuple[int, ...], leaves: int, most_cells: float) -> list[tuple[int, ...]]:
    """Sets of dimensions, the deepest first: the smallest cuboids, up to so many cells in all.

    Single dimensions always are among them. Nothing is lost without cuboids that have hardly more
    leaves than cells: a leaf is found at full depth as well.
    """
    deep = range(len(sizes) - 1, 0, -1)
    every = [one for depth in deep for one in combinations(range(len(sizes)), depth)]
    cells = np.array([_cells(one, sizes, leaves) for one in every])
    order = np.argsort(cells, kind="stable")
    kept = np.zeros(cells.size, np.bool_)
    kept[order] = np.cumsum(cells[order]) <= most_cells
    kept &= cells < SHARED * leaves
    return [one for one, keep in zip(every, kept, strict=True) if keep or len(one) == 1]


def _cells(dimensions: tuple[int, ...], sizes: tuple[int, ...], leaves: int) -> float:
    """Cells that occur, were members independent of each other."""
    space = math.prod(sizes[d] for d in dimensions)
    return -space * math.expm1(-leaves / space)


def _child(
    cuboids: list[Cuboid],
    dimensions: tuple[int, ...],
    sizes: tuple[int, ...],
    codes: tuple[Codes, ...] | None,
) -> Cuboid:
    """A cuboid, linked to the smallest of those that hold all its dimensions."""
    holding = [i for i, c in enumerate(cuboids) if set(dimensions) <= set(c.dimensions)]
    parent = min(holding, key=lambda i: cuboids[i].cells)
    above = cuboids[parent].first
    if codes is None or above is None:
        return Cuboid(dimensions, math.prod(sizes[d] for d in dimensions), parent, None, None)
    members = tuple(codes[d][above] for d in dimensions)
    number, first = encode(members, tuple(sizes[d] for d in dimensions))
    link = number.astype(np.min_scalar_type(first.size))
    return Cuboid(dimensions, first.size, parent, above[first], link)


def _along(
    values: Floats, parent: tuple[int, ...], child: tuple[int, ...], sizes: tuple[int, ...]
) -> Floats:
    """Sum a parent's grid over the dimensions that its child hasn't."""
    grid = values.reshape([sizes[d] for d in parent])
    gone = tuple(i for i, d in enumerate(parent) if d not in child)
    return np.asarray(grid.sum(axis=gone), np.float64).ravel()
