"""`retail rewrite`: narratives in other words."""

from __future__ import annotations

from pathlib import Path

import click

from retail.console import FINE, harmless
from retail.console.cli import Command, database_option, examples, say
from retail.outputs.rewrite import job, settings

ENVIRONMENT = examples(
    "REWRITE_URL       an OpenAI-compatible endpoint, such as http://localhost:11434/v1",
    "REWRITE_MODEL     the model to ask",
    "REWRITE_API_KEY   if it wants one",
    "REWRITE_TIMEOUT   seconds, 20 if not set",
    title="Environment",
)


@click.command("rewrite", cls=Command, epilog=ENVIRONMENT)
@database_option()
def rewrite_command(db: Path) -> int:
    """Have a language model reword the narratives of incidents, without changing a figure.

    Off unless REWRITE_URL is set. What is sent holds no figure, date, code, customer or product:
    each is a placeholder.
    """
    asked = settings.read()
    say(harmless(job.run(db, asked).told if asked else "Off: REWRITE_URL is not set."))
    return FINE
