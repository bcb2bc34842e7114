"""`retail mcp`: serve the findings to agents."""

from __future__ import annotations

from pathlib import Path

import click

from retail.console import FINE
from retail.console.cli import Command, database_option, examples, say
from retail.errors import RetailError
from retail.outputs.mcp import client


@click.command(
    "mcp",
    cls=Command,
    epilog=examples(
        "retail mcp --config                       what to put into a client's configuration",
        "retail mcp --db shop.duckdb               as a client starts it",
    ),
)
@database_option()
@click.option("--config", is_flag=True, help="Print the entry for a client's configuration.")
def mcp_command(db: Path, *, config: bool) -> int:
    """Serve the findings to agents by the Model Context Protocol, over standard input and output.

    A client starts it, and ends it by closing its standard input.
    """
    if problem := client.problem():
        raise RetailError(problem)
    if config:
        say(client.configuration(db))
        return FINE
    from retail.outputs.mcp import server  # late: where the package is not installed

    server.serve(db)
    return FINE
