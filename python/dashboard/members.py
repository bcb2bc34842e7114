"""Names of members and lengths of periods, for both pages."""

from __future__ import annotations

from report.records import Facts

PERIOD_DAYS = {"daily": 1, "weekly": 7}
WHOLE = "(whole)"
"""Stands for all members in the address."""


def named(member: str, dimension: str, facts: Facts) -> str:
    """A member as people know it: a product with its description, an hour as a time."""
    if member == WHOLE:
        return "the whole period"
    if dimension == "hour" and member.isdigit():
        return f"{member}:00"
    description = facts.products.get(member) if dimension == "product" else None
    return f"{description.strip()} ({member})" if description else member
