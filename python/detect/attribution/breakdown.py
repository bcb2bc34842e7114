"""One dimension at a time: what each segment adds to actual − expected, to the last digit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.attribution.decomposition import Effects, Ratio, contributions, effects, sums
from detect.attribution.root_cause import LeafSegments
from detect.attribution.significance import History, chances
from detect.records import BREAKDOWN, OTHER, Anomaly, Attribution, Floats, Ints

LARGEST = 10
"""Segments listed per dimension; the rest is one row."""
ALWAYS = {"customer_type": ("guest",)}
"""Members that are listed however small, since people ask for them."""


@dataclass(frozen=True)
class Groups:
    """The rows of one dimension: the largest members by name, the rest as one.

    `of_leaf` numbers the group of each leaf, (leaves,).
    """

    names: tuple[str, ...]
    of_leaf: Ints

    def sums(self, amounts: Floats) -> Floats:
        """Amounts of the leaves by group, (groups,)."""
        return sums(self.of_leaf, amounts, len(self.names))

    def ratio(self, ratio: Ratio) -> Ratio:
        """Both sides by group."""
        return ratio.each(self.sums)


def break_down(
    anomaly: Anomaly, leaves: LeafSegments, history: History | None = None
) -> list[Attribution]:
    """Rows of every dimension; within each, contributions add up to the anomaly's change."""
    parts = np.sum(contributions(leaves.actual, leaves.expected), axis=0)
    return [
        row
        for dimension in range(len(leaves.dimensions))
        for row in _dimension(anomaly, leaves, dimension, parts, history)
    ]


def group(leaves: LeafSegments, dimension: int, parts: Floats) -> Groups:
    """Number the members of a dimension by the size of their part, the smallest ones as one."""
    name, members = leaves.dimensions[dimension].name, leaves.members[dimension]
    codes, size = leaves.codes[dimension], len(members)
    present = np.flatnonzero(np.bincount(codes, minlength=size))
    total = np.bincount(codes, parts, size)
    order = present[np.lexsort((present, -np.abs(total[present])))]
    always = np.array([members[m] in ALWAYS.get(name, ()) for m in order], dtype=bool)
    listed = order[(np.arange(order.size) < LARGEST) | always]
    number = np.full(size, listed.size, dtype=np.int64)
    number[listed] = np.arange(listed.size)
    rest = (OTHER,) if listed.size < present.size else ()
    return Groups((*(members[m] for m in listed), *rest), number[codes])


@dataclass(frozen=True)
class Parts:
    """The members of one dimension, and what each adds to the change of the whole, (groups,)."""

    groups: Groups
    actual: Floats
    expected: Floats
    contribution: Floats
    effects: Effects


def parts_of(leaves: LeafSegments, dimension: int, parts: Floats) -> Parts:
    """Add the leaves' parts of a change up to the members of a dimension."""
    groups = group(leaves, dimension, parts)
    actual, expected = groups.ratio(leaves.actual), groups.ratio(leaves.expected)
    total = groups.sums(parts)
    split = effects(actual, expected, total)
    return Parts(groups, actual.value(), expected.value(), total, split)


def _dimension(
    anomaly: Anomaly, leaves: LeafSegments, dimension: int, parts: Floats, history: History | None
) -> list[Attribution]:
    found, name = parts_of(leaves, dimension, parts), leaves.dimensions[dimension].name
    chance = _chances(found.groups, history)
    total, split, strongest = found.contribution, found.effects, found.effects.strongest()
    return [
        Attribution(
            anomaly_id=anomaly.anomaly_id,
            analysis=BREAKDOWN,
            rank=i + 1,
            dimensions=(name,),
            segment={name: member},
            actual=float(found.actual[i]),
            expected=float(found.expected[i]),
            contribution=float(total[i]),
            share_of_change=float(total[i]) / anomaly.change if anomaly.change else float("nan"),
            effect=strongest[i],
            volume=float(split.volume[i]),
            mix=float(split.mix[i]),
            rate=float(split.rate[i]),
            p_value=float(chance[i]),
        )
        for i, member in enumerate(found.groups.names)
    ]


def _chances(groups: Groups, history: History | None) -> Floats:
    """Significance of each group against its own history, (groups,)."""
    if history is None:
        return np.full(len(groups.names), np.nan)
    return chances(history.values(groups.of_leaf, len(groups.names)))
