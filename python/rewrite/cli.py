"""Words to calls: the command line of `python -m rewrite`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from console import FINE, add_options, harmless, run, set_up, show
from rewrite import job, settings
from rewrite.errors import RewriteError
from warehouse.option import add_db_option

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
    set_up(options, "rewrite: ")
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
    add_db_option(parser)
    add_options(parser)
    return parser
