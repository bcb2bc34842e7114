"""Words to calls: the command line of `python -m daily`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from console import FAILED, FINE, add_options, is_coloured, report, run, set_up, show
from daily import job
from daily.errors import DailyError
from daily.summary import problems, summary, timings
from warehouse.option import add_db_option

AGAIN = "nothing was published unless it was said before; run it again"
_log = logging.getLogger(__name__)
EXAMPLES = """\
examples:
  python -m daily                              the public data set, or a simulated shop
  RETAIL_SOURCE=~/orders python -m daily       your own files
  python -m daily --alert                      and tell people, once, of what is new
  python -m daily --timings                    where the time goes, as a table
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work, 2 usage.

    A channel that an alert could not be sent by is a 1 as well, though everything else is done.
    """
    options = _parser().parse_args(arguments)
    set_up(options, "==> ")
    return run("daily", lambda: _act(options), DailyError, again=AGAIN)


def _act(options: argparse.Namespace) -> int:
    done = job.run(
        options.project.absolute(),
        options.db.absolute(),
        _log.info,
        bar=sys.stderr.isatty() and not options.quiet,
        alert=options.alert,
        simulate=options.simulate,
        force=options.force,
    )
    if not options.quiet:
        show(summary(done, colour=is_coloured()))
    if options.timings:
        show(timings(done))
    for problem in problems(done):
        report("daily", problem)
    return FAILED if problems(done) else FINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="daily",
        description="The daily job: find the raw data, build every table, detect, publish, report.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_db_option(parser, what="the DuckDB file to publish")
    parser.add_argument(
        "--force", action="store_true",
        help="do all, though raw files, code, settings and feedback are those of the last run",
    )  # fmt: skip
    add_job_options(parser)
    return parser


def add_job_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every way of doing the daily job has."""
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), metavar="FOLDER",
        help="root of the dbt project (default: this folder)",
    )  # fmt: skip
    parser.add_argument(
        "--alert", action="store_true",
        help="also send what is new or worse; `python -m alerts --help` tells by what settings",
    )  # fmt: skip
    parser.add_argument(
        "--simulate", action="store_true",
        help="take a simulated shop, also in place of the data that the last run read",
    )  # fmt: skip
    parser.add_argument("--timings", action="store_true", help="print where the time went")
    add_options(parser)
