"""The exceptions of this package: their message is the line a person reads."""

from __future__ import annotations

from pathlib import Path


class ReportError(Exception):
    """The report can't be made; the message says what, where, and what to do."""


class LockedError(ReportError):
    """Another program is writing to the file, and did not finish in time."""


def missing(path: Path) -> ReportError:
    """Say that there is no such file, and what to do."""
    return ReportError(f"{path}: no such database; run `make run` first, or give --db")
