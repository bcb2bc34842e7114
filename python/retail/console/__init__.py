"""What every command line of this project has in common: exit codes, signals, escaped text."""

from __future__ import annotations

from retail.console.command import is_coloured, is_stopping, report, run, show
from retail.console.exit_codes import FAILED, FINE
from retail.console.text import escape_control_chars, json_text

__all__ = [
    "FAILED",
    "FINE",
    "escape_control_chars",
    "is_coloured",
    "is_stopping",
    "json_text",
    "report",
    "run",
    "show",
]
