"""`retail run`: the daily job."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from retail.console import FAILED, FINE, is_coloured, report
from retail.console.cli import (
    Command,
    database_option,
    examples,
    is_quiet,
    joined,
    project_option,
    say,
)
from retail.jobs.daily import job, summary

_log = logging.getLogger(__name__)
MARK = "==> "

job_options = joined(
    [
        project_option,
        click.option(
            "--alert", is_flag=True,
            help="Also send what is new or worse; `retail alerts --help` lists the settings.",
        ),
        click.option(
            "--simulate", is_flag=True,
            help="Take a simulated shop, also in place of the data that the last run read.",
        ),
        click.option("--timings", is_flag=True, help="Print where the time went."),
    ]
)  # fmt: skip
"""The options of every way to do the daily job."""


@click.command(
    "run",
    cls=Command,
    mark=MARK,
    again="nothing was published unless it was said before; run it again",
    epilog=examples(
        "retail run                            the public data set, or a simulated shop",
        "RETAIL_SOURCE=~/orders retail run     your own files",
        "retail run --alert                    and send what is new",
        "retail run --timings                  where the time goes, as a table",
    ),
)
@database_option("The DuckDB file to publish")
@click.option(
    "--force", is_flag=True,
    help="Do all steps, though raw files, code, settings and feedback are those of the last run.",
)  # fmt: skip
@job_options
def run_command(
    db: Path, project: Path, *, force: bool, alert: bool, simulate: bool, timings: bool
) -> int:
    """Find the raw data, build every table, detect, publish, write the report.

    A channel that an alert could not be sent by ends it with 1, though everything else is done.
    """
    done = job.run(
        project.absolute(),
        db.absolute(),
        _log.info,
        bar=sys.stderr.isatty() and not is_quiet(),
        alert=alert,
        simulate=simulate,
        force=force,
    )
    say(summary.summary(done, colour=is_coloured()))
    if timings:
        say(summary.timings(done))
    return reported(summary.problems(done))


def reported(found: tuple[str, ...]) -> int:
    """Report what went wrong after everything was found, one line each; returns the exit code."""
    for problem in found:
        report(click.get_current_context().command_path, problem)
    return FAILED if found else FINE
