"""`retail alerts`: send what is new, worse or over."""

from __future__ import annotations

from pathlib import Path

import click

from retail.commands.run import reported
from retail.console import escape_control_chars
from retail.console.cli import Command, database_option, examples, say
from retail.outputs.alerts import job

ENVIRONMENT = examples(
    "ALERT_WEBHOOK_URL       takes a POST of JSON, such as an incoming webhook of Slack",
    "ALERT_WEBHOOK_FORMAT    slack (the default) or teams",
    "ALERT_SMTP_HOST         a mail server; with it ALERT_EMAIL_FROM, ALERT_EMAIL_TO (a, b, …),",
    "                        ALERT_SMTP_SECURITY (starttls, ssl, none), _PORT, _USER, _PASSWORD",
    "ALERT_MIN_SEVERITY      low, medium (the default), high or critical",
    "ALERT_MAX_AGE_DAYS      how long an incident may be over, 14 if not set",
    "ALERT_DIGEST            weekly: also one message a week to each owner",
    "ALERT_REPORT_URL, ALERT_DASHBOARD_URL",
    "                        where they are to be read; every alert links to its incident there",
    "ALERT_EMAIL_TO_FINANCE, ALERT_WEBHOOK_URL_FINANCE",
    "                        for the incidents of one owner, Finance, in place of those of all",
    title="Environment",
)


@click.command(
    "alerts",
    cls=Command,
    epilog=ENVIRONMENT
    + "\n\n"
    + examples(
        "retail alerts --dry-run         what would be sent, and what not",
        "retail alerts --db shop.duckdb",
    ),
)
@database_option()
@click.option("--dry-run", is_flag=True, help="Print what would be sent; send nothing.")
@click.option("--simulated", is_flag=True, help="Also send incidents of simulated data.")
def alerts_command(db: Path, *, dry_run: bool, simulated: bool) -> int:
    """Send open incidents that are new or got worse, each once, and the end of what was sent."""
    outcome = job.run(db, dry=dry_run, simulated=simulated)
    say(escape_control_chars("\n".join(job.lines(outcome, dry=dry_run))))
    return reported(outcome.problems)
