"""Words to calls: the command line of `python -m detect`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence

from console import FINE, add_options, harmless, is_coloured, run, set_up, show
from detect import desk, pipeline, report
from detect.errors import DetectError
from retail import feedback
from warehouse.errors import WarehouseError
from warehouse.option import add_db_option
from warehouse.publish import only_one_at_work

EXAMPLES = """\
examples:
  python -m detect                             look for what moved, up to the last complete day
  python -m detect --as-of 2011-09-30          the same, as it would have been on that day
  python -m detect list                        incidents, the newest first
  python -m detect explain ID                  an incident or an anomaly, with its segments
  python -m detect explain ID --json           the same for a program
  python -m detect snooze ID --until 2011-12-31 --note "stocktaking"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work, 2 usage."""
    options = _parser().parse_args(arguments)
    set_up(options, "detect: ")
    return run("detect", lambda: _act(options), DetectError, WarehouseError)


def _act(options: argparse.Namespace) -> int:
    text = _answer(options)
    if text and not options.quiet:
        show(text)
    return FINE


def _answer(options: argparse.Namespace) -> str:
    """Do what was asked, and return what there is to say about it, harmless to a terminal."""
    if options.action == "list":
        rows = desk.incidents(options.db)
        if options.json:
            return report.listing_as_json(rows)
        return report.listing(rows, colour=is_coloured())
    if options.action == "explain":
        found = desk.explain(options.db, options.id)
        return report.explanation_as_json(found) if options.json else report.explanation(found)
    if options.action in feedback.ACTIONS:
        said = options.verdict if options.action == "label" else options.action
        until = getattr(options, "until", None)
        return harmless(desk.say(options.db, options.id, said, until, options.note))
    with only_one_at_work(options.db):
        outcome = pipeline.run(options.db, options.as_of, with_canaries=options.canaries)
    if options.json:
        return report.as_json(outcome)
    return report.summary(options.db, outcome.untested, colour=is_coloured())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="detect",
        description="Find what moved in the KPIs, and why; write the insights tables.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(given_before=False)],
    )
    parser.add_argument(
        "--as-of", type=dt.date.fromisoformat, metavar="DATE",
        help="look at nothing after this day (default: the last complete period)",
    )  # fmt: skip
    parser.add_argument(
        "--canaries", action="store_true",
        help="also plant changes in a copy, and note in insights.canaries which were caught",
    )  # fmt: skip
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    _add_actions(actions, _common(given_before=True))
    return parser


def _common(*, given_before: bool) -> argparse.ArgumentParser:
    """Options of every command; what was given before the action is not reset after it."""
    common = argparse.ArgumentParser(add_help=False)
    unset = argparse.SUPPRESS if given_before else False
    add_db_option(common, given_before=given_before)
    add_options(common, given_before=given_before)
    common.add_argument(
        "--json", action="store_true", default=unset, help="print JSON, for a program"
    )
    return common


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
