"""Why a KPI differs between two periods of any length, with no forecast and no history.

The second period stands for what was expected, so every step is that of an incident: contributions
that add up, the driver tree, and the search for segments that hold more of the change than their
ordinary share. Two things are different, since the periods may differ in length:

- A ratio is compared at equal volume: both sides are divided by their own denominator. So no
  member adds anything merely because the whole grew, and a contribution is mix and rate alone.
- A sum is compared twice: as it is, and at equal trading days, the second period brought to the
  days traded in the first. Causes are sought in the latter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.attribution import driver_tree
from detect.attribution.breakdown import Groups, parts_of
from detect.attribution.decomposition import Ratio, contributions, ratio_of, sums
from detect.attribution.dimensions import Dimension, names
from detect.attribution.driver_tree import Factor
from detect.attribution.root_cause import (
    LEAST_SIGMA,
    UNUSUAL,
    LeafSegments,
    RootCause,
    find_causes,
)
from detect.attribution.segments import code_of, distinct
from detect.attribution.significance import History
from detect.records import NET_REVENUE, Bools, Floats, Ints

STILL = 0.02
"""Relative change of a factor, or part of the volume that changes members, up to which it counts as
unchanged; chosen by hand."""
SMALL = UNUSUAL * LEAST_SIGMA
"""Relative change up to which hardly any segment's share of the whole can depart enough for it to
be a cause: its change would be one of many ups and downs."""


@dataclass(frozen=True)
class Cells:
    """The finest segments of two periods: codes of members and additive measures, (N,) each.

    `codes` number the `members` of each dimension; `is_actual` says which segments are of the
    period asked about, the others are of the one that it is compared with. The driver tree wants
    the dimension `customer_type`.
    """

    dimensions: tuple[Dimension, ...]
    codes: dict[str, Ints]
    members: dict[str, tuple[str, ...]]
    measures: dict[str, Floats]
    is_actual: Bools


@dataclass(frozen=True)
class Formula:
    """How a KPI is made of measures.

    `are_additive`: whether the days of a period add up to its measures. `by_rate`: whether a change
    that everybody shares goes with a segment's volume, otherwise with its part in the value. `tree`
    is the measure of the driver tree, within the members `tree_of` alone.
    """

    numerator: str
    denominator: str | None = None
    are_additive: bool = False
    by_rate: bool = False
    tree: str = NET_REVENUE
    tree_of: tuple[tuple[str, str], ...] = ()

    @property
    def is_ratio(self) -> bool:
        """Whether it has a denominator."""
        return self.denominator is not None

    @property
    def is_additive(self) -> bool:
        """Whether the days of a period add up to the KPI."""
        return self.are_additive and not self.is_ratio

    @property
    def is_tree(self) -> bool:
        """Whether the tree is of the KPI itself, and not only of what happened meanwhile."""
        return self.denominator is None and (self.tree == self.numerator or bool(self.tree_of))


@dataclass(frozen=True)
class Contribution:
    """What a member adds to the change, in the KPI's unit.

    Of a ratio it is the sum of `mix` (a change of the member's weight) and `rate` (one of its own
    ratio); weights are shares of the denominator, and all of these NaN for a sum. `at_equal_days`
    is the contribution at equal trading days; NaN where days don't add up.
    """

    dimension: str
    member: str
    actual: float
    expected: float
    contribution: float
    share_of_change: float
    mix: float
    rate: float
    weight_actual: float
    weight_expected: float
    at_equal_days: float


@dataclass(frozen=True)
class Cause:
    """A segment (dimension to member) that explains the change, and how much of it.

    Causes may overlap: where `is_rest`, all figures are of what other causes leave of the segment.
    """

    segment: dict[str, str]
    is_rest: bool
    actual: float
    expected: float
    contribution: float
    share_of_change: float
    weight_actual: float
    weight_expected: float


@dataclass(frozen=True)
class Side:
    """Numerator or denominator of a ratio, and what it adds to the change.

    Where its days add up, `expected` is brought to as many trading days as `actual` has.
    """

    measure: str
    actual: float
    expected: float
    contribution: float


@dataclass(frozen=True)
class Unchanged:
    """A factor, or the split of a dimension, that stayed the same.

    `moved` is the relative change of a factor, or the part of the volume that changed members.
    """

    kind: str
    name: str
    moved: float


@dataclass(frozen=True)
class Comparison:
    """Why a KPI is `actual` in one period and `expected` in the other.

    `at_equal_days` is the change that is left at equal trading days; NaN where days don't add up.
    Contributions of each dimension add up to the change, those of `sides` too (empty for a sum),
    and those of `drivers` to the change of the formula's tree. `causes` are empty where the change
    is broad-based, or small; where `at_equal_days` is a number, they are parts of it.
    """

    actual: float
    expected: float
    trading_days: tuple[int, int]
    at_equal_days: float
    contributions: tuple[Contribution, ...]
    sides: tuple[Side, ...]
    drivers: tuple[Factor, ...]
    causes: tuple[Cause, ...]
    unchanged: tuple[Unchanged, ...]

    @property
    def change(self) -> float:
        """Actual less expected, in the KPI's unit."""
        return self.actual - self.expected

    @property
    def is_small(self) -> bool:
        """Whether so little moved, at equal trading days, that a cause can hardly stand out."""
        like = self.change if np.isnan(self.at_equal_days) else self.at_equal_days
        return not abs(like) > SMALL * abs(self.actual - like)


@dataclass(frozen=True)
class Periods:
    """The periods that cells are of: the one asked about is number 0.

    `measures` and `period` are of each cell, (N,); there are `number` periods.
    """

    measures: dict[str, Floats]
    period: Ints
    number: int


@dataclass(frozen=True)
class Forecast:
    """What is known of a forecast: cells with its measures of the tree, and what it is made of.

    `past` are the periods before it as they were, against which a cause must stand out; None where
    the forecast is of several periods.
    """

    of_tree: Cells
    past: Periods | None


@dataclass(frozen=True)
class _Leaves:
    """The distinct segments of both periods, and the KPI in either.

    `of_cell` numbers the leaf of each cell, `first` is a cell of each leaf. `shown` are the
    dimensions with more than one member; `growth` is by how much more days were traded in the
    period asked about.
    """

    cells: Cells
    formula: Formula
    of_cell: Ints
    first: Ints
    shown: tuple[Dimension, ...]
    growth: float

    @property
    def actual(self) -> Ratio:
        """The KPI in the period asked about."""
        return self._ratio(self.cells.is_actual)

    @property
    def expected(self) -> Ratio:
        """The KPI in the period that it is compared with."""
        return self._ratio(~self.cells.is_actual)

    def _ratio(self, mine: Bools) -> Ratio:
        formula = self.formula
        return ratio_of(
            formula.numerator, formula.denominator, lambda name: self.measure(name, mine)
        )

    def measure(self, name: str, mine: Bools) -> Floats:
        """A measure of some cells, by leaf."""
        return sums(self.of_cell, self.cells.measures[name] * mine, self.first.size)

    def inside(self, segment: dict[str, str]) -> Bools:
        """Which leaves are in a segment."""
        mine = np.ones(self.first.size, dtype=bool)
        for dimension, member in segment.items():
            code = code_of(self.cells.members[dimension], member)
            mine &= self.cells.codes[dimension][self.first] == code
        return mine

    def segments(
        self, dimensions: tuple[Dimension, ...], actual: Ratio, expected: Ratio
    ) -> LeafSegments:
        """The leaves by some dimensions."""
        return LeafSegments(
            dimensions,
            np.stack([self.cells.codes[d.name][self.first] for d in dimensions]),
            tuple(self.cells.members[d.name] for d in dimensions),
            actual,
            expected,
            self.formula.by_rate,
        )


def compare(
    cells: Cells,
    formula: Formula,
    trading_days: tuple[int, int],
    forecast: Forecast | None = None,
) -> Comparison:
    """Explain the difference of a KPI between two periods.

    Args:
        cells: of both periods, with the formula's measures and driver_tree.MEASURES.
        formula: of the KPI.
        trading_days: in the period asked about, and in the one that it is compared with.
        forecast: what is known besides, where the cells compared with are what was expected.

    Returns:
        Values and contributions are NaN where a ratio has nothing in its denominator.
    """
    leaves = _number(cells, formula, trading_days)
    actual, expected = leaves.actual, leaves.expected
    like = scaled(expected, leaves.growth) if formula.is_additive else expected
    drivers = _drivers(_number(forecast.of_tree, formula, trading_days) if forecast else leaves)
    sides = _sides(actual, expected, formula, leaves.growth)
    return Comparison(
        actual=actual.total(),
        expected=expected.total(),
        trading_days=trading_days,
        at_equal_days=actual.total() - like.total() if formula.is_additive else float("nan"),
        contributions=tuple(_contributions(leaves, actual, expected)),
        sides=sides,
        drivers=drivers,
        causes=_causes(leaves, actual, like, forecast),
        unchanged=(
            *_still_factors(formula, drivers, sides),
            *_still_splits(leaves, actual, expected),
        ),
    )


def _number(cells: Cells, formula: Formula, trading_days: tuple[int, int]) -> _Leaves:
    order = names(cells.dimensions)
    leaf, first = distinct(
        [cells.codes[name] for name in order], [len(cells.members[name]) for name in order]
    )
    shown = tuple(d for d in cells.dimensions if np.ptp(cells.codes[d.name]) > 0)
    now, before = trading_days
    return _Leaves(cells, formula, leaf, first, shown, now / before if now and before else 1.0)


def scaled(ratio: Ratio, factor: float) -> Ratio:
    """Both sides of a ratio times a factor."""
    return ratio.each(lambda side: side * factor)


def _at_equal_volume(ratio: Ratio) -> Ratio:
    """A ratio over its whole denominator, so that this is one; a sum as it is."""
    if ratio.denominator is None:
        return ratio
    return scaled(ratio, 1 / (float(ratio.denominator.sum()) or float("nan")))


def _contributions(leaves: _Leaves, actual: Ratio, expected: Ratio) -> list[Contribution]:
    """Members of every dimension that has several, the largest contribution first."""
    sides = _at_equal_volume(actual), _at_equal_volume(expected)
    parts = np.sum(contributions(*sides), axis=0)
    like = actual.numerator - expected.numerator * leaves.growth
    change = float(parts.sum())
    rows = []
    for dimension in leaves.shown:
        segments = leaves.segments((dimension,), *sides)
        found = parts_of(segments, 0, parts)
        nothing = np.full(found.contribution.size, np.nan)
        is_ratio, is_additive = actual.denominator is not None, leaves.formula.is_additive
        columns = {
            "actual": found.actual,
            "expected": found.expected,
            "contribution": found.contribution,
            "share_of_change": found.contribution / change if change else nothing,
            "mix": found.effects.mix if is_ratio else nothing,
            "rate": found.effects.rate if is_ratio else nothing,
            "weight_actual": _weights(sides[0], found.groups),
            "weight_expected": _weights(sides[1], found.groups),
            "at_equal_days": found.groups.sums(like) if is_additive else nothing,
        }
        there = (found.contribution != 0) | (
            np.nan_to_num([found.actual, found.expected]) != 0
        ).any(0)
        rows += [
            Contribution(
                dimension.name, member, **{name: float(x[i]) for name, x in columns.items()}
            )
            for i, member in enumerate(found.groups.names)
            if there[i] and there.sum() > 1
        ]
    return rows


def _weights(ratio: Ratio, groups: Groups) -> Floats:
    """Members' shares of the denominator at equal volume; NaN for a sum."""
    if ratio.denominator is None:
        return np.full(len(groups.names), np.nan)
    return groups.sums(ratio.denominator)


def _sides(actual: Ratio, expected: Ratio, formula: Formula, growth: float) -> tuple[Side, ...]:
    """What numerator and denominator of a ratio add, at equal trading days if they have days."""
    if formula.denominator is None or actual.denominator is None:
        return ()
    like = scaled(expected, growth if formula.are_additive else 1.0)
    assert like.denominator is not None
    top, bottom = (float(part.sum()) for part in contributions(actual, like))
    return (
        Side(formula.numerator, float(actual.numerator.sum()), float(like.numerator.sum()), top),
        Side(
            formula.denominator, float(actual.denominator.sum()), float(like.denominator.sum()),
            bottom,
        ),
    )  # fmt: skip


def _drivers(leaves: _Leaves) -> tuple[Factor, ...]:
    """The factors of the formula's tree: of the whole, and of the members of what is shown."""
    inside = leaves.inside(dict(leaves.formula.tree_of))
    now, past = (
        np.stack([leaves.measure(name, mine) * inside for name in driver_tree.MEASURES])
        for mine in (leaves.cells.is_actual, ~leaves.cells.is_actual)
    )
    segments = leaves.segments(
        leaves.cells.dimensions, *(_tree_total(side, leaves.formula.tree) for side in (now, past))
    )
    shown = {driver_tree.WHOLE, *names(leaves.shown)}
    found = driver_tree.factors(segments, now, past, leaves.formula.tree)
    return tuple(f for f in found if f.dimension in shown)


def _tree_total(measures: Floats, tree: str) -> Ratio:
    """The measure that a tree is of, from those that it is made of."""
    gross, returned = measures[3], measures[4]
    if tree == NET_REVENUE:
        return Ratio(gross - returned, None)
    return Ratio(measures[driver_tree.DEPTHS[tree] - 1], None)


def _causes(
    leaves: _Leaves, actual: Ratio, expected: Ratio, forecast: Forecast | None
) -> tuple[Cause, ...]:
    """The segments that hold more of the change than their ordinary share."""
    telling = tuple(d for d in leaves.shown if not _is_the_kpi(leaves, d, actual, expected))
    if not telling:
        return ()
    both = Periods(leaves.cells.measures, (~leaves.cells.is_actual).astype(np.int64), 2)
    periods = forecast.past if forecast and forecast.past else both
    formula = leaves.formula
    ratio = ratio_of(formula.numerator, formula.denominator, periods.measures.__getitem__)
    past = History(periods.period, leaves.of_cell, ratio, periods.number)
    sides = _at_equal_volume(actual), _at_equal_volume(expected)
    found = find_causes(leaves.segments(telling, *sides), past)
    free, causes = np.ones(leaves.first.size, dtype=bool), dict[int, Cause]()
    for one in sorted(found, key=lambda cause: cause.found):
        inside = leaves.inside(one.segment)
        causes[one.found] = _cause(one, inside, free, *sides)
        free &= ~inside
    return tuple(causes[one.found] for one in found)


def _is_the_kpi(leaves: _Leaves, dimension: Dimension, actual: Ratio, expected: Ratio) -> bool:
    """Whether the KPI is a dimension's member by definition: all of one counts, none of others."""
    codes = leaves.cells.codes[dimension.name][leaves.first]
    for side in (actual, expected):
        if side.denominator is None:
            return False
        size = len(leaves.cells.members[dimension.name])
        top, bottom = (sums(codes, x, size) for x in (side.numerator, side.denominator))
        if np.count_nonzero(top) != 1 or not np.allclose(top[top != 0], bottom[top != 0]):
            return False
    return True


def _cause(found: RootCause, inside: Bools, free: Bools, actual: Ratio, expected: Ratio) -> Cause:
    """A cause with the values of what others left of it."""
    own = inside & free
    groups = Groups(("own", "others"), (~own).astype(np.int64))
    now, past = (float(groups.ratio(side).value()[0]) for side in (actual, expected))
    weights = (float(_weights(side, groups)[0]) for side in (actual, expected))
    is_rest = bool((inside & ~free).any())
    return Cause(
        found.segment, is_rest, now, past, found.contribution, found.share_of_change, *weights
    )


def _still_factors(
    formula: Formula, drivers: tuple[Factor, ...], sides: tuple[Side, ...]
) -> list[Unchanged]:
    """Factors that stayed the same: those of the KPI's own tree, or both sides of a ratio."""
    pairs = [(side.measure, side.actual, side.expected) for side in sides]
    if formula.is_tree:
        whole = [f for f in drivers if f.dimension == driver_tree.WHOLE]
        pairs = [(f.factor, f.actual, f.expected) for f in whole]
    moved = {name: now / past - 1 for name, now, past in pairs if now > 0 and past > 0}
    return [Unchanged("factor", name, x) for name, x in moved.items() if abs(x) <= STILL]


def _still_splits(leaves: _Leaves, actual: Ratio, expected: Ratio) -> list[Unchanged]:
    """Dimensions whose members kept their shares of the volume."""
    volume = [side.numerator if side.denominator is None else side.denominator
              for side in (actual, expected)]  # fmt: skip
    whole = [float(side.sum()) for side in volume]
    if min(whole) <= 0:
        return []
    found = []
    for dimension in leaves.shown:
        codes = leaves.cells.codes[dimension.name][leaves.first]
        size = len(leaves.cells.members[dimension.name])
        now, past = (sums(codes, v / w, size) for v, w in zip(volume, whole, strict=True))
        moved = float(np.abs(now - past).sum()) / 2
        if moved <= STILL and np.count_nonzero(now + past) > 1:
            found.append(Unchanged("dimension", dimension.name, moved))
    return found
