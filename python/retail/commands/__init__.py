"""The command `retail`: one file per command, imported only when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from retail.console.cli import SETTINGS, call

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Run": {
        "run": ("run", "The daily job: find the data, build, detect, publish, report."),
        "detect": ("detect", "Find what moved in the KPI tables, and why."),
        "schedule": ("schedule", "The daily job as a Prefect flow, once or by a schedule."),
        "spark": ("spark", "The daily job with its tables built on Spark."),
    },
    "Findings": {
        "list": ("findings", "List the incidents of the last run."),
        "explain": ("findings", "Explain an incident or an anomaly."),
        "why": ("why", "Explain why a KPI differs between any two periods."),
        "verify": ("verify", "Derive every sentence of the stories again."),
        "preview": ("preview", "Show what other settings of a KPI would have found."),
        "ack": ("findings", "Acknowledge: somebody is on it."),
        "snooze": ("findings", "Mute a KPI until a day."),
        "label": ("findings", "Label a finding: false, real, one-off, new-normal."),
    },
    "Outputs": {
        "report": ("report", "Write the report as one HTML page."),
        "dashboard": ("dashboard", "Serve the dashboard."),
        "mcp": ("mcp", "Serve the findings to agents."),
        "alerts": ("alerts", "Send the incidents that are new or worse."),
    },
    "Data": {
        "init": ("init", "Propose a shop.yml for your own files."),
        "check": ("check", "Say how a source is read, without building."),
        "source": ("source", "Download, inspect and land the raw data."),
        "simulate": ("simulate", "Simulate a shop, with planted incidents."),
    },
    "Development": {
        "schema": ("schema", "Write the dbt documentation of the insights tables."),
    },
}
"""By section: the name of a command, the module of this package that has it, and its short help."""


class Commands(click.Group):
    """All commands by section. `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, by section."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command, and return the command."""
        for section in COMMANDS.values():
            if cmd_name in section:
                module = import_module(f"{__name__}.{section[cmd_name][0]}")
                found: click.Command = getattr(module, f"{cmd_name}_command")
                return found
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command with its short help."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in section.items()])


@click.group(cls=Commands, context_settings=SETTINGS)
def retail() -> None:
    """Watch a shop's numbers: what moved, how sure that is, and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command `retail`; returns its exit code: 0 done, 1 could not do its work, 2 usage."""
    return call(retail, "retail", sys.argv[1:] if arguments is None else arguments)
