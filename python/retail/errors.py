"""The errors that end a command with one line."""

from __future__ import annotations


class RetailError(RuntimeError):
    """A command could not do its work. The message says what, where, and what to do, in one line.

    dbt prints a ``RuntimeError`` raised while it connects without a traceback.
    """
