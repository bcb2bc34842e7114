"""`retail report`: write the report."""

from __future__ import annotations

from pathlib import Path

import click

from retail.console import FINE, escape_control_chars
from retail.console.cli import Command, database_option, examples, say
from retail.outputs.report import page


@click.command(
    "report",
    cls=Command,
    epilog=examples(
        "retail report                             report.html beside the database",
        "retail report --db shop.duckdb --out shop.html",
    ),
)
@database_option()
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="PATH",
    help="Where to write the page (default: report.html beside the database).",
)  # fmt: skip
def report_command(db: Path, out: Path | None) -> int:
    """Write what the last run found as one HTML page that works offline."""
    path = page.write(db, out)
    say(escape_control_chars(f"The report is in {path} ({path.stat().st_size / 1e6:.2f} MB)."))
    return FINE
