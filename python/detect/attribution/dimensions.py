"""What findings are broken down by: the dimensions of the semantic model, as marts have them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

TOGETHER, ALONE = "combined", "alone"
"""Whether a cause may name a dimension beside others or only by itself; else it never does."""


@dataclass(frozen=True)
class Dimension:
    """A row of marts.dim_dimensions; `coarser_than` is the dimension whose members it groups."""

    name: str
    coarser_than: str | None = None
    root_cause_use: str = TOGETHER


Months = Mapping[str, frozenset[dt.date]]
"""By dimension: first days of the months in which one member had nearly all sales before."""


def is_broken_down(dimension: str, day: dt.date, dead: Months) -> bool:
    """Whether findings of a day are broken down by a dimension."""
    return day.replace(day=1) not in dead.get(dimension, frozenset())


def names(dimensions: tuple[Dimension, ...]) -> tuple[str, ...]:
    """The names of some dimensions, in order."""
    return tuple(d.name for d in dimensions)
