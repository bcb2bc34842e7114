"""Commands on the findings of the last run: list, explain, ack, snooze, label."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path

import click

from retail.console import FINE, escape_control_chars, is_coloured
from retail.console.cli import (
    DATE,
    Command,
    database_option,
    examples,
    joined,
    json_option,
    say,
)
from retail.feedback import record, status
from retail.outputs import terminal
from retail.outputs.report import page
from retail.reading import read_explained, read_incidents


def _login() -> str | None:
    """Who is logged in; none where the system knows no name for the user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


SHORT = "    the first four letters of an id are enough"

feedback_options = joined(
    [
        click.argument("id_", metavar="ID"),
        click.option("--note", metavar="TEXT", help="Why."),
        click.option(
            "--by", metavar="NAME", default=_login, help="Who says it (default: the login name)."
        ),
        database_option(),
    ]
)
"""An anomaly, or an incident with all its anomalies, and what to note."""


@click.command("list", cls=Command)
@database_option()
@json_option
def list_command(db: Path, *, json: bool) -> int:
    """List the incidents of the last run, the newest first."""
    found = read_incidents(db)
    say(
        terminal.listing_as_json(found.incidents)
        if json
        else terminal.listing(found, colour=is_coloured())
    )
    return FINE


@click.command("explain", cls=Command, epilog=examples(f"retail explain 3881{SHORT}"))
@click.argument("id_", metavar="ID")
@database_option()
@json_option
def explain_command(db: Path, id_: str, *, json: bool) -> int:
    """Explain an incident or an anomaly: segments, root causes, checks."""
    found = read_explained(db, id_)
    say(terminal.explanation_as_json(found) if json else terminal.explanation(found))
    return FINE


@click.command(
    "ack", cls=Command, epilog=examples(f'retail ack 3881 --note "asked the supplier"{SHORT}')
)
@feedback_options
def ack_command(db: Path, id_: str, note: str | None, by: str | None) -> int:
    """Acknowledge an anomaly, or an incident with all its anomalies: somebody is on it."""
    return _record(db, id_, status.ACKNOWLEDGE, note, by)


@click.command(
    "snooze",
    cls=Command,
    epilog=examples(f"retail snooze 3881 --until 2011-12-31{SHORT}"),
)
@feedback_options
@click.option("--until", type=DATE, required=True, metavar="DATE", help="The last muted day.")
def snooze_command(db: Path, id_: str, note: str | None, by: str | None, until: dt.date) -> int:
    """Mute the KPI of an anomaly, or all KPIs of an incident, until a day."""
    return _record(db, id_, status.SNOOZE, note, by, until)


@click.command("label", cls=Command, epilog=examples(f"retail label 3881 false{SHORT}"))
@feedback_options
@click.argument("verdict", type=click.Choice(status.VERDICTS))
def label_command(db: Path, id_: str, note: str | None, by: str | None, verdict: str) -> int:
    """Label an anomaly or an incident.

    false: a false alarm; later ones of its kind must be surer. real, one-off: nothing is learned
    from its periods. new-normal: what came is expected from then on.
    """
    return _record(db, id_, verdict, note, by)


def _record(
    db: Path, id_: str, action: str, note: str | None, by: str | None, until: dt.date | None = None
) -> int:
    answer = record.record_feedback(db, id_, action, until, note, by)
    say(escape_control_chars(answer + page.renew(db)))
    return FINE
