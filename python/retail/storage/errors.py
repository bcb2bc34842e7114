"""The exceptions of this package: their message is the line a person reads."""

from __future__ import annotations

import re
from pathlib import Path

from retail.errors import RetailError

MAKE_ROOM = "make room or allow writing there, then run again"
"""What to do where the disk refuses."""


_HOLDER = re.compile(r"lock is held in (.+) \(PID (\d+)\)")


class StorageError(RetailError):
    """The DuckDB file can't be had; the message says what, where, and what to do."""


class HeldError(StorageError):
    """Another program has the file open for writing, and did not close it in time."""


def held(path: Path, error: Exception | None = None) -> HeldError:
    """Say that another program has the file, which one if DuckDB names it, and what to do."""
    holder = _HOLDER.search(str(error))
    who = f" ({Path(holder[1]).name}, process {holder[2]})" if holder else ""
    return HeldError(f"{path}: locked by another program{who}; close it, or try again later")


def first_line(error: Exception) -> str:
    """The first line of a message, which says what happened; what follows may be the query."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def reason(error: OSError) -> str:
    """Say in a few words why the operating system refused."""
    return (error.strerror or str(error) or type(error).__name__).lower()
