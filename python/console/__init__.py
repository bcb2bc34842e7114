"""What every command line of this project has in common: exit codes, signals, harmless words."""

from __future__ import annotations

from console.command import FAILED, FINE, is_coloured, is_stopping, report, run, show, start
from console.logs import add_options, set_up
from console.text import harmless

__all__ = [
    "FAILED",
    "FINE",
    "add_options",
    "harmless",
    "is_coloured",
    "is_stopping",
    "report",
    "run",
    "set_up",
    "show",
    "start",
]
