"""`retail dashboard`: serve the dashboard."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import click

from retail.console import escape_control_chars
from retail.console.cli import Command, database_option, examples, say
from retail.errors import RetailError
from retail.outputs.dashboard import server
from retail.storage.location import DATABASE_VARIABLE


@click.command(
    "dashboard",
    cls=Command,
    epilog=examples(
        "retail dashboard                          http://localhost:8501, of retail.duckdb",
        "retail dashboard --db shop.duckdb --port 8600",
    ),
)
@database_option()
@click.option("--port", type=int, default=server.PORT, help=f"Default: {server.PORT}.")
@click.option(
    "--host", default=server.HOST,
    help=f"Address to listen on (default: {server.HOST}); whoever has the token that is printed "
    "then reads and labels.",
)  # fmt: skip
def dashboard_command(db: Path, port: int, host: str) -> int:
    """Serve a page to look around in what the last run found, until it is stopped."""
    problem = server.problem(db)
    if problem:
        raise RetailError(problem)
    token = "" if host in server.LOCAL else secrets.token_urlsafe()
    if token:
        say(escape_control_chars(f"Open {server.address(host, port, token)}"))
    os.environ |= {
        DATABASE_VARIABLE: str(db.absolute()),
        server.HOST_VARIABLE: host,
        server.TOKEN_VARIABLE: token,
    }
    sys.stdout.flush()
    os.execv(sys.executable, server.command(host, port))  # noqa: S606 - our own program, no shell
