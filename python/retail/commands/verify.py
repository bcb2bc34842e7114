"""`retail verify`: every sentence of the stories, derived again."""

from __future__ import annotations

from pathlib import Path

import click

from retail.console import FAILED, FINE, escape_control_chars
from retail.console.cli import Command, database_option, say
from retail.reading import reading
from retail.reading.proof import prove

SHOWN = 160
"""Signs that are shown of words without a fact."""


@click.command("verify", cls=Command)
@database_option()
def verify_command(db: Path) -> int:
    """Derive every sentence of the stories again, by SQL from the tables.

    Words that no fact gives are printed with their incident, and the exit code is 1. The facts are
    in insights.narrative_facts, each with its query.
    """
    with reading(db) as connection:
        facts, faults = prove(connection)
    for fault in faults:
        say(escape_control_chars(f"{fault.incident_id}: no fact gives: {fault.words[:SHOWN]}"))
    stories = len({fact.incident_id for fact in facts})
    say(f"{stories} stories, {len(facts)} facts derived again, {len(faults)} faults.")
    return FAILED if faults else FINE
