"""Words to calls: the command line of `python -m flow`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from console import FAILED, report, run
from flow.server import ServerError, some_server
from warehouse.option import add_db_option

#: Prefect reads these when it is imported. It talks to nobody outside: what a person has set wins.
AT_HOME = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
}
EXAMPLES = """\
examples:
  python -m flow                         the daily job once, with a task for each step
  python -m flow --serve "0 6 * * *"     every morning at six (UTC), until it is stopped
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work, 2 usage."""
    options = _parser().parse_args(arguments)
    for name, value in AT_HOME.items():
        os.environ.setdefault(name, value)
    return run("flow", lambda: _installed(options), ServerError)


def _installed(options: argparse.Namespace) -> int:
    try:
        return _act(options.project.absolute(), options.db.absolute(), options.serve)
    except ModuleNotFoundError as error:
        report("flow", f"{error.name} is not installed; run `make flow`")
        return FAILED


def _act(project: Path, database: Path, cron: str | None) -> int:
    """Run the flow now, or by a schedule; Prefect is imported once it is known whom it talks to."""
    if cron is None:
        from flow import morning

        return morning.once(project, database)
    with some_server():
        from flow import morning

        return morning.serve(project, database, cron)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flow",
        description="The daily job (data, dbt build, detect, report, alert) as a Prefect flow.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_db_option(parser, what="the DuckDB file to publish")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), metavar="FOLDER",
        help="root of the dbt project (default: this folder)",
    )  # fmt: skip
    parser.add_argument("--serve", metavar="CRON", help="run by this schedule, until stopped")
    return parser
