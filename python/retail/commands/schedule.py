"""`retail schedule`: the daily job as a Prefect flow."""

from __future__ import annotations

import os
from pathlib import Path

import click

from retail.console.cli import Command, database_option, examples, project_option
from retail.errors import RetailError
from retail.jobs.schedule.server import some_server

DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
}
"""Prefect reads these when it is imported. It talks to nobody outside, unless a person set so."""


@click.command(
    "schedule",
    cls=Command,
    epilog=examples(
        "retail schedule                        the daily job once, with a task for each step",
        'retail schedule --serve "0 6 * * *"    every morning at six (UTC), until it is stopped',
    ),
)
@database_option("The DuckDB file to publish")
@project_option
@click.option("--serve", metavar="CRON", help="Run by this schedule, until stopped.")
def schedule_command(db: Path, project: Path, serve: str | None) -> int:
    """Run the daily job (data, dbt build, detect, report, alert) as a Prefect flow."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        return _run(project.absolute(), db.absolute(), serve)
    except ModuleNotFoundError as error:
        raise RetailError(f"{error.name} is not installed; run `make flow`") from error


def _run(project: Path, database: Path, cron: str | None) -> int:
    """Run the flow now, or by a schedule; Prefect is imported once its server is known."""
    if cron is None:
        from retail.jobs.schedule import prefect_flow

        return prefect_flow.once(project, database)
    with some_server():
        from retail.jobs.schedule import prefect_flow

        return prefect_flow.serve(project, database, cron)
