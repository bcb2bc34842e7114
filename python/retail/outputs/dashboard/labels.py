"""Names of members, for both pages."""

from __future__ import annotations

from retail import formatting
from retail.reading import Facts

WHOLE = "(whole)"
"""Stands for all members in the address."""


def named(member: str, dimension: str, facts: Facts) -> str:
    """A member as people know it, or the whole."""
    if member == WHOLE:
        return "the whole period"
    return formatting.member(dimension, member, facts.products)
