"""`retail detect`, also `python -m detect`: find what moved, and why."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from retail.console import FINE, is_coloured
from retail.console.cli import DATE, Command, database_option, examples, json_option, say
from retail.jobs.detection import pipeline
from retail.outputs import terminal
from retail.storage.publish import only_one_at_work


@click.command(
    "detect",
    cls=Command,
    epilog=examples(
        "python -m detect                       look for what moved, up to the last complete day",
        "python -m detect --as-of 2011-09-30    the same, as it would have been on that day",
        "retail list                            incidents, the newest first",
        "retail explain ID                      an incident or an anomaly, with its segments",
    ),
)
@click.option(
    "--as-of", type=DATE, metavar="DATE",
    help="Look at nothing after this day (default: the last complete period).",
)  # fmt: skip
@click.option(
    "--injection-tests", is_flag=True,
    help="Also inject changes into a copy; insights.injection_tests tells which are caught.",
)  # fmt: skip
@database_option()
@json_option
def detect_command(db: Path, as_of: dt.date | None, *, injection_tests: bool, json: bool) -> int:
    """Find what moved in the KPIs, and why; write the insights tables."""
    with only_one_at_work(db):
        outcome = pipeline.run(db, as_of, with_injection_tests=injection_tests)
    if json:
        say(terminal.as_json(outcome))
    else:
        say(terminal.summary(db, outcome.untested, colour=is_coloured()))
    return FINE
