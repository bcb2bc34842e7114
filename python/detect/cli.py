"""Words to calls: the command line of `python -m detect`."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from detect import desk, feedback, pipeline, report
from detect.errors import DetectError

DATABASE = "retail.duckdb"
FINE, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work, 2 usage."""
    options = _parser().parse_args(arguments)
    try:
        text = _act(options)
    except DetectError as error:
        print(f"detect: {error}", file=sys.stderr)
        return FAILED
    if text and not options.quiet:
        _print(text)
    return FINE


def _print(text: str) -> None:
    """Print, and take it well when the reader (`| head`) has gone."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _act(options: argparse.Namespace) -> str:
    """Do what was asked, and return what there is to say about it."""
    if options.action == "list":
        return report.listing(desk.incidents(options.db), colour=_colour())
    if options.action == "explain":
        return report.explanation(desk.explain(options.db, options.id))
    if options.action in feedback.ACTIONS:
        said = options.verdict if options.action == "label" else options.action
        until = getattr(options, "until", None)
        return desk.say(options.db, options.id, said, until, options.note)
    outcome = pipeline.run(options.db, options.as_of, with_canaries=options.canaries)
    if options.json:
        return report.as_json(outcome)
    return report.summary(outcome, colour=_colour())


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--db", type=Path, default=Path(os.environ.get("RETAIL_DB") or DATABASE), metavar="PATH",
        help="the DuckDB file (default: RETAIL_DB, or retail.duckdb)",
    )  # fmt: skip
    common.add_argument("--quiet", action="store_true", help="print nothing")
    parser = argparse.ArgumentParser(
        prog="detect",
        description="Find what moved in the KPIs, and why; write the insights tables.",
        parents=[common],
    )
    parser.add_argument(
        "--as-of", type=dt.date.fromisoformat, metavar="DATE",
        help="look at nothing after this day (default: the last complete period)",
    )  # fmt: skip
    parser.add_argument(
        "--canaries", action="store_true",
        help="also plant changes in a copy, and note in insights.canaries which were caught",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    _add_actions(parser.add_subparsers(dest="action", metavar="ACTION"), common)
    return parser


def _add_actions(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    """The actions on findings of the last run; without one, a run is made."""
    actions.add_parser("list", parents=[common], help="incidents of the last run")
    explain = actions.add_parser("explain", parents=[common], help="all about one finding")
    explain.add_argument("id", help="an anomaly or an incident")
    for action, text in feedback.ACTIONS.items():
        given = actions.add_parser(action, parents=[common], help=text)
        given.add_argument("id", help="an anomaly, or an incident with all its anomalies")
        given.add_argument("--note", help="why")
        if action == "label":
            given.add_argument("verdict", choices=feedback.VERDICTS)
        if action == feedback.SNOOZE:
            given.add_argument("--until", type=dt.date.fromisoformat, required=True, metavar="DATE")
