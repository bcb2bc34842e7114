"""What every command line of this project has in common: exit codes, signals, harmless words."""

from __future__ import annotations

from retail.console.command import FAILED, FINE, is_coloured, is_stopping, report, run, show
from retail.console.text import harmless, json_text

__all__ = [
    "FAILED",
    "FINE",
    "harmless",
    "is_coloured",
    "is_stopping",
    "json_text",
    "report",
    "run",
    "show",
]
