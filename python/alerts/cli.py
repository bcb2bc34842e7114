"""Words to calls: the command line of `python -m alerts`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from alerts import job
from alerts.errors import AlertsError
from console import FAILED, FINE, add_options, harmless, report, run, set_up, show
from warehouse.option import add_db_option

EXAMPLES = """\
environment:
  ALERT_WEBHOOK_URL       takes a POST of JSON, such as an incoming webhook of Slack
  ALERT_SMTP_HOST         a mail server; ALERT_EMAIL_FROM and ALERT_EMAIL_TO (a, b, …) with it, and
                          ALERT_SMTP_SECURITY (starttls, ssl, none), _PORT, _USER, _PASSWORD
  ALERT_MIN_SEVERITY      low, medium (the default), high or critical
  ALERT_MAX_AGE_DAYS      how long an incident may be over, 14 if not set
  ALERT_REPORT_URL        where the report is to be read; a line of every alert

examples:
  python -m alerts --dry-run         what would be sent, and to whom not
  python -m alerts --db shop.duckdb
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 something was not sent, 2 usage."""
    options = _parser().parse_args(arguments)
    set_up(options, "alerts: ")
    return run("alerts", lambda: _act(options), AlertsError)


def _act(options: argparse.Namespace) -> int:
    outcome = job.run(options.db, dry=options.dry_run, simulated=options.simulated)
    if not options.quiet:
        show(harmless("\n".join(lines(outcome, dry=options.dry_run))))
    for problem in outcome.problems:
        report("alerts", problem)
    return FAILED if outcome.problems else FINE


def lines(outcome: job.Outcome, *, dry: bool = False) -> list[str]:
    """What was sent and what was not, one line each."""
    verb = "would be sent" if dry else "sent"
    told = [f"{verb} by {channel}: {headline}" for channel, headline in outcome.sent]
    return [*(told or [f"nothing {verb.removeprefix('would be ')}"]), *outcome.notes]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alerts",
        description="Send open incidents that are new or got worse, each once.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_db_option(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be sent; send it not"
    )
    parser.add_argument(
        "--simulated", action="store_true", help="send also what is about simulated data"
    )
    add_options(parser)
    return parser
