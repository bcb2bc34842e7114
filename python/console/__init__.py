"""What every command line of this project has in common: exit codes, signals, harmless words."""

from __future__ import annotations

from console.command import FAILED, FINE, report, run, show
from console.text import harmless

__all__ = ["FAILED", "FINE", "harmless", "report", "run", "show"]
