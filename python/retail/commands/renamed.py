"""Commands under their old names, for one version: print the new one, and run it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from retail.commands import main
from retail.console.cli import call

RENAMED = {
    "alerts": "alerts",
    "daily": "run",
    "dashboard": "dashboard",
    "flow": "schedule",
    "ingest": "source",
    "lakehouse": "spark",
    "report": "report",
    "rewrite": "rewrite",
    "simulate": "simulate",
}
"""Old module, new command of `retail`."""
OF_DETECT = ("list", "explain", "ack", "snooze", "label")
"""Actions of `python -m detect` that are commands of `retail` now."""


def renamed(module: str) -> int:
    """Run the command that `python -m MODULE` was; returns its exit code."""
    command = RENAMED[module]
    _print(f"python -m {module}", f"retail {command}")
    return main([command, *sys.argv[1:]])


def detect(arguments: Sequence[str]) -> int:
    """Run `python -m detect`; its former actions are handed on. Returns the exit code."""
    action = next((word for word in arguments if word in OF_DETECT), None)
    if action is None:
        from retail.commands.detect import detect_command

        return call(detect_command, "detect", arguments)
    at = list(arguments).index(action)
    _print(f"python -m detect {action}", f"retail {action}")
    return main([action, *arguments[:at], *arguments[at + 1 :]])


def _print(old: str, new: str) -> None:
    click.echo(f"`{old}` is now `{new}`; the old name goes with the next version.", err=True)
