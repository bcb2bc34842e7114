"""The one exception of this package: its message is the line a person reads."""

from __future__ import annotations


class WarehouseError(RuntimeError):
    """The DuckDB file can't be had; the message says what, where, and what to do.

    dbt prints a ``RuntimeError`` raised while it connects without a traceback.
    """
