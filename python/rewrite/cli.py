"""Words to calls: the command line of `python -m rewrite`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from console import FINE, harmless, run, show
from rewrite import job, settings
from rewrite.errors import RewriteError

DATABASE = "retail.duckdb"
EXAMPLES = """\
environment:
  REWRITE_URL       an OpenAI-compatible endpoint, such as http://localhost:11434/v1; off if not set
  REWRITE_MODEL     the model to ask
  REWRITE_API_KEY   if it wants one
  REWRITE_TIMEOUT   seconds, 20 if not set

What is sent holds no figure, date, code, customer or product: each is a placeholder.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work, 2 usage."""
    options = _parser().parse_args(arguments)
    return run("rewrite", lambda: _act(options), RewriteError)


def _act(options: argparse.Namespace) -> int:
    asked = settings.read()
    told = job.run(options.db, asked).told if asked else "Off: REWRITE_URL is not set."
    if not options.quiet:
        show(harmless(told))
    return FINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rewrite",
        description="Have the stories of incidents told in other words, without changing a figure.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--db", type=Path, default=Path(os.environ.get("RETAIL_DB") or DATABASE), metavar="PATH",
        help="the DuckDB file (default: RETAIL_DB, or retail.duckdb)",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser
