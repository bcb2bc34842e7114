"""The one exception of this package: its message is the line a person reads."""

from __future__ import annotations


class ReportError(Exception):
    """The report can't be written; the message says what, where, and what to do."""
