"""`retail schema`: documentation of the insights tables, for dbt."""

from __future__ import annotations

from pathlib import Path

import click

from retail.console import FINE
from retail.console.cli import Command, require_project, say
from retail.schema.documentation import FILE, as_yaml


@click.command("schema", cls=Command)
def schema_command() -> int:
    """Write the documentation of the insights tables for dbt, from the records in retail/schema."""
    require_project(Path.cwd())
    FILE.write_text(as_yaml(), encoding="utf-8")
    say(f"{FILE} is written.")
    return FINE
