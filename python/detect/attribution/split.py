"""Contributions that add up: sums directly, ratios by Aumann–Shapley.

Along the straight path from the expected to the actual (numerator, denominator), a segment's
contribution to N/D is the integral of its own share in the change of either. Both integrals have
a closed form, and the contributions add up to the change exactly (Aumann & Shapley, 1974; Sun &
Friedman's average of marginal effects).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.records import Floats

PARALLEL = 1e-9
"""Relative change of a denominator below which the path's closed form is replaced by its limit."""


@dataclass(frozen=True)
class Sides:
    """A numerator, and a denominator where the KPI is a ratio, of the same segments."""

    numerator: Floats
    denominator: Floats | None

    def value(self) -> Floats:
        """The KPI of each segment; NaN where its denominator is zero."""
        if self.denominator is None:
            return self.numerator
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.denominator == 0, np.nan, self.numerator / self.denominator)

    def total(self) -> float:
        """The KPI of all segments together."""
        top = float(self.numerator.sum())
        if self.denominator is None:
            return top
        bottom = float(self.denominator.sum())
        return top / bottom if bottom else float("nan")


def contributions(actual: Sides, expected: Sides) -> tuple[Floats, Floats]:
    """What each segment adds to actual − expected, through its numerator and its denominator.

    Returns:
        Two arrays in the KPI's unit, (segments,); together they sum to the change of the total.
    """
    top = actual.numerator - expected.numerator
    if actual.denominator is None or expected.denominator is None:
        return top, np.zeros_like(top)
    bottom = actual.denominator - expected.denominator
    rate, dilution = _path(actual, expected, float(top.sum()), float(bottom.sum()))
    return top * rate, -bottom * dilution


def _path(actual: Sides, expected: Sides, top: float, bottom: float) -> tuple[float, float]:
    """Mean of 1/D and of N/D² along the path."""
    assert actual.denominator is not None
    assert expected.denominator is not None
    first, last = float(expected.denominator.sum()), float(actual.denominator.sum())
    if first <= 0 or last <= 0:
        return float("nan"), float("nan")
    if abs(bottom) <= PARALLEL * first:
        middle = (first + last) / 2
        mean = (float(expected.numerator.sum()) + float(actual.numerator.sum())) / 2
        return 1 / middle, mean / middle**2
    rate = np.log(last / first) / bottom
    return float(rate), float((top * rate - (actual.total() - expected.total())) / bottom)
