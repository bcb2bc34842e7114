"""What findings are broken down by: the dimensions of the semantic model, as marts have them."""

from __future__ import annotations

from dataclasses import dataclass

TOGETHER, ALONE = "combined", "alone"
"""Whether a cause may name a dimension beside others or only by itself; else it never does."""


@dataclass(frozen=True)
class Dimension:
    """A row of marts.dim_dimensions; `coarser_than` is the dimension whose members it groups."""

    name: str
    coarser_than: str | None = None
    root_cause: str = TOGETHER


def names(dimensions: tuple[Dimension, ...]) -> tuple[str, ...]:
    """The names of some dimensions, in order."""
    return tuple(d.name for d in dimensions)
