"""`retail check`: read a source without building."""

from __future__ import annotations

from pathlib import Path

import click

from retail.console import FAILED, FINE, escape_control_chars
from retail.console.cli import Command, database_option, examples, project_option, say
from retail.jobs import check_source


@click.command(
    "check",
    cls=Command,
    epilog=examples(
        "retail check orders.csv               how it would be read, and what is odd about it",
        "retail check                          what a run would read",
        "retail check orders.csv --json        the same, for programs",
    ),
)
@click.argument("source", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@database_option("The DuckDB file that a run would publish")
@project_option
def check_command(source: str | None, db: Path, project: Path, *, as_json: bool) -> int:
    """Say how a source is read, and whether it would be built; 1 where it is refused.

    SOURCE is a file, a folder or a pattern, as RETAIL_SOURCE names it.
    """
    found = check_source.check(project.absolute(), source, db.absolute())
    if as_json:
        say(found.to_json())
        return FAILED if found.refused else FINE
    return print_check(found, "it would be built")


def print_check(found: check_source.Check, verdict: str) -> int:
    """Print what was found, and the verdict unless it is refused; returns the exit code."""
    for line in check_source.summary(found):
        say(escape_control_chars(line))
    say(escape_control_chars(f"refused: {found.refused}" if found.refused else verdict))
    return FAILED if found.refused else FINE
