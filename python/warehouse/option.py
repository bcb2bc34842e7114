"""Where the DuckDB file is: an option of every command line, an environment variable, a default."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

VARIABLE = "RETAIL_DB"
DEFAULT = "retail.duckdb"


def usual_database() -> Path:
    """The DuckDB file that the environment names, else the one in this folder."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def add_db_option(
    parser: argparse.ArgumentParser, *, what: str = "the DuckDB file", given_before: bool = False
) -> None:
    """Add ``--db`` to a command line.

    Args:
        parser: gets the option; the path is in ``db``.
        what: what the file is to this command.
        given_before: the option was there before an action already, and is not reset after it.
    """
    parser.add_argument(
        "--db", type=Path, default=argparse.SUPPRESS if given_before else usual_database(),
        metavar="PATH", help=f"{what} (default: {VARIABLE}, or {DEFAULT})",
    )  # fmt: skip
