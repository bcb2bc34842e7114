"""The one exception of this package: its message is the line a person reads."""

from __future__ import annotations


class DetectError(Exception):
    """Detection could not do its work; the message says what, where, and what to do."""
