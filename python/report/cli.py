"""Words to calls: the command line of `python -m report`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from console import FINE, add_options, harmless, run, set_up, show
from report import page
from report.errors import ReportError
from retail.reading import ReadError
from warehouse.option import add_db_option

EXAMPLES = """\
examples:
  python -m report                             report.html beside the database
  python -m report --db shop.duckdb --out shop.html
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work, 2 usage."""
    options = _parser().parse_args(arguments)
    set_up(options, "report: ")
    return run("report", lambda: _act(options), ReportError, ReadError)


def _act(options: argparse.Namespace) -> int:
    path = page.write(options.db, options.out)
    if not options.quiet:
        show(harmless(f"The report is in {path} ({path.stat().st_size / 1e6:.2f} MB)."))
    return FINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="report",
        description="Write what the last run of detect found as one HTML page that works offline.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_db_option(parser)
    parser.add_argument(
        "--out", type=Path, metavar="PATH",
        help=f"where the page goes (default: {page.FILE} beside the database)",
    )  # fmt: skip
    add_options(parser)
    return parser
