"""The exceptions of this package: their message is the line a person reads."""

from __future__ import annotations


class WarehouseError(RuntimeError):
    """The DuckDB file can't be had; the message says what, where, and what to do.

    dbt prints a ``RuntimeError`` raised while it connects without a traceback.
    """


class HeldError(WarehouseError):
    """Another program has the file open for writing, and did not close it in time."""
