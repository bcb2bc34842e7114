"""The one exception of this package: its message is the line a person reads."""

from __future__ import annotations


class DashboardError(Exception):
    """The dashboard can't do what was asked; the message says what, where, and what to do."""
