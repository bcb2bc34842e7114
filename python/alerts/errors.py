"""The one exception of this package: its message is the line a person reads."""

from __future__ import annotations


class AlertsError(Exception):
    """Alerts could not be sent; the message says what, where, and what to do, and no secret."""
