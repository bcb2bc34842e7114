"""Contributions that add up: sums directly, ratios by Aumann–Shapley.

Along the straight path from the expected to the actual (numerator, denominator), a segment's
contribution to N/D is the integral of its own share in the change of either. Both integrals have
a closed form, and the contributions add up to the change exactly (Aumann & Shapley, 1974; Sun &
Friedman's average of marginal effects). Where a denominator is not positive on the way (net revenue
of a day with more returns than sales), the average over both orders of changing one after the other
takes its place (Shapley, 1953).

Along the same path a segment's rate r and share s of the denominator change, and the contribution
falls into three parts: rate, the share times the change of the rate; mix, the change of the share
times how far the rate lies from the whole's; volume, the same for its part in the whole's growth,
which adds up to nothing over all segments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detect.attribution.encode_keys import Codes
from detect.records import Floats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
"""Gauss-Legendre quadrature from expected to actual; 16 nodes are ample for a ratio."""
PARALLEL = 1e-9
"""Relative change of a denominator below which the path's closed form is replaced by its limit."""


@dataclass(frozen=True)
class Ratio:
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

    def each(self, change: Callable[[Floats], Floats]) -> Ratio:
        """The ratio with both sides changed alike."""
        bottom = self.denominator
        return Ratio(change(self.numerator), None if bottom is None else change(bottom))


def ratio_of(numerator: str, denominator: str | None, measure: Callable[[str], Floats]) -> Ratio:
    """The ratio of two measures, or one measure, by their names."""
    return Ratio(measure(numerator), None if denominator is None else measure(denominator))


def sums(codes: Codes, amounts: Floats, size: int) -> Floats:
    """Amounts by code, (size,)."""
    return np.asarray(np.bincount(codes, amounts, size), dtype=np.float64)


def contributions(actual: Ratio, expected: Ratio) -> tuple[Floats, Floats]:
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


def _path(actual: Ratio, expected: Ratio, top: float, bottom: float) -> tuple[float, float]:
    """Mean of 1/D and of N/D² along the path."""
    assert actual.denominator is not None
    assert expected.denominator is not None
    first, last = float(expected.denominator.sum()), float(actual.denominator.sum())
    if first <= 0 or last <= 0:
        return _stepwise(actual, expected, first, last)
    if abs(bottom) <= PARALLEL * first:
        middle = (first + last) / 2
        mean = (float(expected.numerator.sum()) + float(actual.numerator.sum())) / 2
        return 1 / middle, mean / middle**2
    rate = np.log(last / first) / bottom
    return float(rate), float((top * rate - (actual.total() - expected.total())) / bottom)


def _stepwise(actual: Ratio, expected: Ratio, first: float, last: float) -> tuple[float, float]:
    """The means where numerator and denominator change one after the other, in either order."""
    if first == 0 or last == 0:
        return float("nan"), float("nan")
    middle = (float(expected.numerator.sum()) + float(actual.numerator.sum())) / 2
    return (1 / first + 1 / last) / 2, middle / (first * last)


@dataclass(frozen=True)
class Effects:
    """Contributions of segments in three parts that add up to them, (segments,) each."""

    volume: Floats
    mix: Floats
    rate: Floats

    def strongest(self) -> list[str]:
        """Name of the largest part of each segment."""
        names = ("volume", "rate", "mix")
        size = np.abs(np.stack([getattr(self, name) for name in names]))
        return [names[i] for i in np.nan_to_num(size).argmax(axis=0)]


def effects(actual: Ratio, expected: Ratio, contribution: Floats) -> Effects:
    """Split the contributions of all segments of a whole; those of a sum are all volume."""
    if actual.denominator is None or expected.denominator is None:
        nothing = np.zeros_like(contribution)
        return Effects(contribution, nothing, nothing)
    rate, volume = _rate(actual, expected), _volume(actual, expected)
    return Effects(volume, contribution - rate - volume, rate)


def _rate(actual: Ratio, expected: Ratio) -> Floats:
    """Change of each rate times its share along the path; 0 where it comes, goes or has none."""
    assert actual.denominator is not None
    assert expected.denominator is not None
    now, past = actual.denominator, expected.denominator
    whole_now, whole_past = float(now.sum()), float(past.sum())
    if whole_now <= 0 or whole_past <= 0:
        return np.zeros_like(now)
    moved = actual.numerator * past - expected.numerator * now
    mean = log_mean(now * whole_past, past * whole_now)
    return np.divide(moved, mean, out=np.zeros_like(moved), where=mean > 0)


def _volume(actual: Ratio, expected: Ratio) -> Floats:
    """Each segment's part in the growth of the whole's denominator.

    By quadrature on the path, in steps of equal growth, where the integrand is smooth.
    """
    assert actual.denominator is not None
    assert expected.denominator is not None
    first, last = float(expected.denominator.sum()), float(actual.denominator.sum())
    if first <= 0 or last <= 0:
        return np.zeros_like(actual.numerator)
    growth = np.log(last / first)
    at = (NODES[:, None] + 1) / 2
    along = np.expm1(at * growth) / np.expm1(growth) if growth else at
    top = expected.numerator + along * (actual.numerator - expected.numerator)
    bottom = expected.denominator + along * (actual.denominator - expected.denominator)
    whole = first + along * (last - first)
    slope = (top - top.sum(axis=1, keepdims=True) * bottom / whole) / whole
    return np.asarray(growth * (WEIGHTS[:, None] / 2 * slope).sum(axis=0))


def log_mean(one: Floats, other: Floats) -> Floats:
    """Logarithmic mean of positive numbers; 0 where either is not positive."""
    positive = (one > 0) & (other > 0)
    log = np.log(np.where(positive, one, 1.0)) - np.log(np.where(positive, other, 1.0))
    near = np.abs(log) < 1e-6
    mean = np.where(near, (one + other) / 2, (one - other) / np.where(near, 1.0, log))
    return np.where(positive, mean, 0.0)
