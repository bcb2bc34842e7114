"""The two ways in: a table in, dictionaries out; or codes in, findings out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from detect.attribution.encode_keys import Codes
from detect.attribution.search import leaves as leaf_table
from detect.attribution.search import select_causes, settings
from detect.attribution.search.explain import explain
from detect.attribution.search.lattice import build, place_leaves
from detect.attribution.search.records import (
    Cause,
    Element,
    Findings,
    Measure,
    Ratios,
    Sums,
)
from detect.attribution.search.set_cover import FEWEST_LEAVES
from detect.records import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd


def find_root_causes(
    df: pd.DataFrame, dimensions: Sequence[str], derived: bool
) -> list[dict[str, Any]]:
    """The combinations to blame for a deviation, best first; none when nothing stands out.

    Args:
        df: one row per leaf combination, with the columns named by `dimensions` and `real` and
            `predict` in one unit; if `derived`, `real_a`, `real_b`, `predict_a` and `predict_b`,
            the numerators and denominators of a ratio. Rows of the same combination add up, and a
            missing value is nothing.
        dimensions: columns that may be combined, in any order.
        derived: whether the measure is a ratio.

    Returns:
        One dictionary per cause, from dimension to member.

    Raises:
        ValueError: a column is missing, or a value is infinite or no number.
    """
    names = ("real_a", "real_b", "predict_a", "predict_b") if derived else ("real", "predict")
    if isinstance(dimensions, str):
        raise ValueError(f"dimensions are a list of columns, such as [{dimensions!r}]")
    missing = [name for name in (*dimensions, *names) if name not in df]
    if missing:
        raise ValueError(f"the table has no column {missing[0]!r}")
    columns = [_numbered(df[name]) for name in dimensions]
    values = [_measured(df, name) for name in names]
    measure: Measure = Ratios(*values) if derived else Sums(*values)
    sizes = tuple(len(members) for _, members in columns)
    findings = search([codes for codes, _ in columns], sizes, measure)
    return [
        {dimensions[d]: columns[d][1][member] for d, member in cause.element}
        for cause in findings.causes
    ]


def search(codes: Sequence[Codes], sizes: tuple[int, ...], measure: Measure) -> Findings:
    """The combinations of members to blame for a measure's deviation from its forecast.

    Args:
        codes: member of each row, one array of integers per dimension, or all in one
            (dimensions, rows); rows of the same combination add up.
        sizes: number of members of each dimension.
        measure: sums or ratios of the rows, real and expected.

    Raises:
        ValueError: a member out of range, or lengths that don't match.
    """
    _check(codes, sizes, measure)
    order, ranked, kept = _in_standard_order(codes, sizes, measure)
    used = tuple(sizes[d] for d in kept)
    if not used:
        return _whole(measure)
    rows, first, cells = place_leaves(ranked, used)
    leaves = leaf_table.of(measure, rows, cells)
    del rows
    if int(leaves.live.sum()) < FEWEST_LEAVES:
        return _whole(measure)
    own = None if first is None else tuple(code[first] for code in ranked)
    del ranked
    lattice = build(own, used, settings.MOST_CELLS)
    findings = select_causes.select(lattice, leaves, explain(lattice, leaves))
    named = (_named(cause, kept, order) for cause in findings.causes)
    return replace(findings, causes=tuple(_with_values(c, codes, measure) for c in named))


def _numbered(column: pd.Series) -> tuple[Codes, pd.Index]:
    """Member numbers of a column, and its members; missing is a member like any other."""
    import pandas as pd  # late: whoever has a table has it already

    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        if (codes >= 0).all():
            return codes, column.cat.categories
    numbers, members = pd.factorize(column, use_na_sentinel=False)
    return numbers.astype(np.min_scalar_type(len(members))), pd.Index(members)


def _measured(df: pd.DataFrame, name: str) -> Floats:
    """The values of a column; a missing one is NaN."""
    try:
        values = df[name].to_numpy(np.float64, na_value=math.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} holds what is no number: {error}") from error
    endless = np.flatnonzero(np.isinf(values))
    if endless.size:
        raise ValueError(f"{name} is infinite in row {endless[0]} of the table")
    return values


def _check(codes: Sequence[Codes], sizes: tuple[int, ...], measure: Measure) -> None:
    lengths = {np.shape(values) for values in vars(measure).values()}
    lengths |= {np.shape(code) for code in codes}
    if len(lengths) > 1 or len(codes) != len(sizes):
        raise ValueError(
            f"{len(sizes)} sizes need as many arrays of codes, as long as the measure, "
            f"but {len(codes)} are given, of shapes {sorted(lengths)}"
        )
    for dimension, (code, size) in enumerate(zip(codes, sizes, strict=True)):
        if code.size and not 0 <= int(code.min()) <= int(code.max()) < size:
            raise ValueError(f"dimension {dimension} has a member outside 0 … {size - 1}")


def _in_standard_order(
    codes: Sequence[Codes], sizes: tuple[int, ...], measure: Measure
) -> tuple[list[Ints], list[Codes], list[int]]:
    """Number members by their weight, the heaviest first, and sort dimensions by size.

    So the answer doesn't depend on names or on the order of rows and columns. Dimensions in
    which all rows agree are left out.

    Returns:
        The given code of each member by its new number, per kept dimension; the new codes; the
        kept dimensions.
    """
    weight = reduce(np.add, (np.abs(np.nan_to_num(v)) for v in vars(measure).values()))
    heavy = [np.bincount(code, weight, size) for code, size in zip(codes, sizes, strict=True)]
    varied = [d for d, code in enumerate(codes) if code.size and (code != code[0]).any()]
    kept = sorted(varied, key=lambda d: (sizes[d], -float(heavy[d].max())))
    order = [np.argsort(-heavy[d], kind="stable") for d in kept]
    return order, [_inverse(o)[codes[d]] for d, o in zip(kept, order, strict=True)], kept


def _inverse(order: Ints) -> Codes:
    """Rank of each member, in as few bytes as hold it."""
    rank = np.empty(order.size, np.min_scalar_type(order.size))
    rank[order] = np.arange(order.size)
    return rank


def _named(cause: Cause, kept: list[int], order: list[Ints]) -> Cause:
    """A cause in the caller's numbers."""
    element: Element = tuple(sorted((kept[d], int(order[d][m])) for d, m in cause.element))
    return replace(cause, element=element)


def _with_values(cause: Cause, codes: Sequence[Codes], measure: Measure) -> Cause:
    """A cause with what the measure was, and should have been, inside its element."""
    inside = reduce(np.logical_and, (codes[d] == member for d, member in cause.element))
    total = {name: float(np.nansum(v[inside])) for name, v in vars(measure).items()}
    if isinstance(measure, Sums):
        return replace(cause, actual=total["real"], expected=total["expected"])
    actual = _rate(total["numerator"], total["denominator"])
    expected = _rate(total["expected_numerator"], total["expected_denominator"])
    return replace(cause, actual=actual, expected=expected)


def _rate(top: float, bottom: float) -> float:
    return top / bottom if bottom else math.nan


def _whole(measure: Measure) -> Findings:
    """The answer when there is nothing to search."""
    rows: Ints = np.zeros(len(next(iter(vars(measure).values()))), np.int64)
    whole: Floats = np.array([leaf_table.of(measure, rows, 1).change])
    change = float(whole.sum())
    return Findings((), "nothing", change, 0.0, change, 0.0)
