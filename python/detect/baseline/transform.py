"""The scale on which a KPI's noise is even, there and back.

Money and counts err in proportion (log), shares by odds (logit), rates with many zeros by their
root; anything else is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detect.errors import DetectError
from detect.records import Floats

Map = Callable[[Floats], Floats]


def _log(value: Floats) -> Floats:
    """Natural log; −inf stands for a value of zero or below, whose log does not exist."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(value > 0, np.log(value), np.where(np.isnan(value), np.nan, -np.inf))


def _sqrt(value: Floats) -> Floats:
    return np.sign(value) * np.sqrt(np.abs(value))


def _square(value: Floats) -> Floats:
    return np.sign(value) * value**2


def _logit(value: Floats) -> Floats:
    """Log odds; ∓inf stands for a share at or beyond 0 or 1 (net revenue can exceed its parts)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.log(value / (1 - value))
    beyond = np.where(value <= 0, -np.inf, np.where(value >= 1, np.inf, inner))
    return np.where(np.isnan(value), np.nan, beyond)


def _expit(value: Floats) -> Floats:
    with np.errstate(over="ignore"):  # odds beyond all numbers are a share of 0
        return 1 / (1 + np.exp(-value))


SCALES: dict[str, tuple[Map, Map, Map]] = {
    "log": (_log, np.exp, np.asarray),
    "sqrt": (_sqrt, _square, lambda value: 2 * np.sqrt(np.abs(value))),
    "logit": (_logit, _expit, lambda value: value * (1 - value)),
    "linear": (np.asarray, np.asarray, np.ones_like),
}
"""Onto the scale, back, and how fast a value moves with its place on the scale."""


def to_scale(kinds: tuple[str, ...], value: Floats) -> Floats:
    """Put each row of `value` (S, T) on the scale named for it in `kinds`.

    Raises:
        DetectError: a scale that is not known.
    """
    return _by_kind(kinds, value, 0)


def from_scale(kinds: tuple[str, ...], value: Floats) -> Floats:
    """Undo `to_scale`: rows back in the KPI's own unit."""
    return _by_kind(kinds, value, 1)


def slope(kinds: tuple[str, ...], value: Floats) -> Floats:
    """How much each value (S, T) moves where its place on the scale moves by one."""
    return _by_kind(kinds, value, 2)


def _by_kind(kinds: tuple[str, ...], value: Floats, way: int) -> Floats:
    out = np.empty(value.shape)
    names = np.array(kinds)
    for kind in dict.fromkeys(kinds):
        if kind not in SCALES:
            raise DetectError(
                f"definitions of KPIs (marts.dim_kpis, or the frame given): unknown scale {kind!r};"
                f" use one of {', '.join(SCALES)}"
            )
        rows = names == kind
        out[rows] = SCALES[kind][way](value[rows])
    return out
