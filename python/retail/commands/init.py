"""`retail init`: propose a shop.yml for a file."""

from __future__ import annotations

from pathlib import Path

import click

from retail.commands.check import print_check
from retail.console import FAILED, FINE, escape_control_chars
from retail.console.cli import Command, database_option, examples, project_option, say
from retail.errors import RetailError
from retail.ingest.shop import shop_path
from retail.jobs import check_source, propose_shop


@click.command(
    "init",
    cls=Command,
    epilog=examples(
        "retail init exports/orders.csv        write shop.yml, and say what it will give",
        "retail init 'exports/*.csv' --print   only print it",
    ),
)
@click.argument("source")
@click.option("--print", "only_print", is_flag=True, help="Print it, and write no file.")
@database_option("The DuckDB file that a run would publish")
@project_option
def init_command(source: str, db: Path, project: Path, *, only_print: bool) -> int:
    """Propose a shop.yml for SOURCE: its columns, with rows as they will be read.

    What is not certain stands in it as a comment. An existing shop.yml is left as it is.
    """
    path = shop_path(project.absolute())
    if path.exists() and not only_print:
        raise RetailError(f"{path} is there already; change it by hand, or move it away")
    proposal = propose_shop.propose(project.absolute(), source)
    if only_print:
        say(proposal.text)
        return FINE
    path.write_text(proposal.text, encoding="utf-8")
    say(escape_control_chars(f"wrote {path}"))
    if proposal.open_questions:
        for question in proposal.open_questions:
            say(escape_control_chars(f"to be decided: {question}"))
        return FAILED
    found = check_source.check(project.absolute(), None, db.absolute())
    for line in proposal.preview:
        say(escape_control_chars(line))
    return print_check(found, "`retail run` builds it")
