"""Leaf rows as relative shifts with sizes: sums and ratios on one footing.

A leaf's size is the mean of what was and what was expected, never one of them alone: so a shift
stays between −2 and 2, a member that is new or gone counts as much as its size allows, and under
"nothing happened" a shift is as likely up as down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.attribution.search import settings
from detect.attribution.search.blocks import in_blocks
from detect.attribution.search.records import Measure, Sums
from detect.records import Bools, Floats, Ints

ALL_WHOLE = 1e-9
"""How far from a whole number a count may be by rounding."""


@dataclass(frozen=True)
class Leaves:
    """N leaf cells.

    shift: relative deviation from the forecast; its variance under "nothing happened" is
        leaf_spread² + dispersion × thinness.
    thinness: what a unit of dispersion adds to the variance of the shift.
    size: weight of the shift in the whole: residual = shift × size, up to the unit.
    gauge: expected size, by which leaves are sorted into thick and thin ones.
    residual: the leaf's part of the whole's change, in the measure's unit.
    live: whether the leaf says anything.
    edge: whether the shift is as far out as it can be (nothing was, or nothing was expected).
    skew: third cumulants of the shift, (upwards, downwards), (2, N); None where symmetric.
    events: expected number of events where the ratio is a share of counted things, else None;
        dispersion is then one, as binomials have it.
    """

    shift: Floats
    thinness: Floats
    size: Floats
    gauge: Floats
    residual: Floats
    live: Bools
    edge: Bools
    skew: Floats | None
    events: Floats | None
    change: float


def of(measure: Measure, rows: Ints, cells: int) -> Leaves:
    """Add rows up to leaf cells and turn them into shifts.

    Args:
        measure: sums or ratios of the rows.
        rows: leaf cell of each row.
        cells: number of leaf cells.
    """

    def total(values: Floats) -> Floats:
        known = np.nan_to_num(np.asarray(values, np.float64))
        return np.asarray(np.bincount(rows, known, cells), np.float64)

    if isinstance(measure, Sums):
        return _of_sums(total(measure.real), total(measure.expected))
    return _of_ratios(
        total(measure.numerator),
        total(measure.denominator),
        total(measure.expected_numerator),
        total(measure.expected_denominator),
    )


def _of_sums(real: Floats, expected: Floats) -> Leaves:
    shift, thinness, size, residual = (np.empty(real.size) for _ in range(4))
    live, edge = (np.empty(real.size, np.bool_) for _ in range(2))

    def fill(block: slice) -> None:
        now, then = real[block], expected[block]
        size[block] = (np.abs(now) + np.abs(then)) / 2
        live[block] = size[block] > 0
        thick = np.where(live[block], size[block], 1.0)
        residual[block] = now - then
        shift[block] = residual[block] / thick
        thinness[block] = 1 / thick
        edge[block] = (now == 0) | (then == 0)

    in_blocks(fill, real.size)
    return Leaves(
        shift=shift,
        thinness=thinness,
        size=size,
        gauge=np.abs(expected, out=expected),
        residual=residual,
        live=live,
        edge=edge,
        skew=None,
        events=None,
        change=float(residual.sum()),
    )


def _of_ratios(
    top: Floats, bottom: Floats, expected_top: Floats, expected_bottom: Floats
) -> Leaves:
    whole = _rate(top.sum() + expected_top.sum(), bottom.sum() + expected_bottom.sum())
    before = _rate(expected_top.sum(), expected_bottom.sum())
    live = (bottom > 0) & (expected_bottom > 0)
    now, then = np.where(live, bottom, 1.0), np.where(live, expected_bottom, 1.0)
    share = _is_share(top, bottom, expected_top, expected_bottom)
    counted = share and _is_counted(top, bottom)
    rate, borrowed = _common_rate(top + expected_top, now + then, whole, share)
    live = live & (rate > 0)
    rate = np.where(live, rate, 1.0)
    thinness = (1 / now + 1 / then) * ((1 - rate) / rate if share else 1.0)
    was = np.where(expected_bottom > 0, expected_top / then, before)
    return Leaves(
        shift=np.where(live, (top / now - expected_top / then) / rate, 0.0),
        thinness=np.where(live, thinness, 1.0),
        size=bottom,
        gauge=expected_bottom,
        residual=(top - was * bottom) / max(float(bottom.sum()), 1e-300),
        live=live,
        edge=live & ((top == 0) | (expected_top == 0)),
        skew=_skew(rate, now, then, share) * live,
        events=bottom * borrowed if counted else None,
        change=_rate(top.sum(), bottom.sum()) - before,
    )


def _common_rate(top: Floats, bottom: Floats, whole: float, share: bool) -> tuple[Floats, float]:
    """The rate of each leaf over both periods, and the variance of one thing counted.

    Shares borrow as many things as make up the prior events at the whole's rate: a leaf in which
    nothing ever failed can still fail. Taken over both periods together, the rate says nothing
    about their difference, so weights built on it favour neither direction.
    """
    if not share:
        return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 0.0), 1.0
    whole = min(max(whole, 1e-9), 1 - 1e-9)
    borrowed = settings.PRIOR_EVENTS / (whole * (1 - whole))
    return (top + borrowed * whole) / (bottom + borrowed), whole * (1 - whole)


def _skew(rate: Floats, now: Floats, then: Floats, share: bool) -> Floats:
    """Third cumulants of the shift towards either side, (2, N).

    What was adds its own skew, what was expected the opposite; both are kept apart, as either
    may feign a shift in its direction.
    """
    lean = (1 - rate) * (1 - 2 * rate) / rate**2 if share else np.full_like(rate, 2.0)
    above, below = np.maximum(lean, 0), np.maximum(-lean, 0)
    return np.stack([above / now**2 + below / then**2, below / now**2 + above / then**2])


def _is_share(top: Floats, bottom: Floats, before_top: Floats, before_bottom: Floats) -> bool:
    """Whether the ratio is the part of a whole, between nought and one everywhere."""
    slack = 1 + ALL_WHOLE
    return bool(
        (top >= 0).all()
        and (before_top >= 0).all()
        and (top <= bottom * slack).all()
        and (before_top <= before_bottom * slack).all()
    )


def _is_counted(top: Floats, bottom: Floats) -> bool:
    """Whether both measures are whole numbers of things."""
    return all(bool((np.abs(v - np.rint(v)) < ALL_WHOLE).all()) for v in (top, bottom))


def _rate(top: float, bottom: float) -> float:
    return float(top) / float(bottom) if bottom else 0.0
