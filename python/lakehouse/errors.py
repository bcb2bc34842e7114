"""The one exception of this package: its message is the line a person reads."""

from __future__ import annotations

from daily.errors import DailyError


class LakehouseError(DailyError):
    """Spark could not be had, or what it wrote can't be shown; says what, where, what to do."""
