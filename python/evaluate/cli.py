"""Words to calls: the command line of `python -m evaluate`."""

from __future__ import annotations

import argparse
import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path

from console import FINE, add_options, run, set_up, show
from daily.errors import DailyError
from detect.errors import DetectError
from evaluate import cases, growth, tables
from evaluate.errors import EvaluateError
from evaluate.run import Scale
from evaluate.run import run as measure
from ingest import IngestError
from simulate import SimulateError

_log = logging.getLogger(__name__)
SCALES = {
    "small": Scale(shops=1, copies=1, given_copies=1, plains=1, given_plains=1, workers=2),
    "full": Scale(shops=6, copies=2, given_copies=14, plains=1, given_plains=8, workers=2),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work."""
    options = _parser().parse_args(arguments)
    set_up(options, "evaluate: ")
    failures = (EvaluateError, IngestError, SimulateError, DailyError, DetectError)
    return run("evaluate", lambda: _act(options), *failures)


def _act(options: argparse.Namespace) -> int:
    show(_answer(options))
    return FINE


def _answer(options: argparse.Namespace) -> str:
    """Do what was asked; returns its tables."""
    if options.growth:
        return tables.growth(growth.measure())
    if options.cases:
        return tables.published([cases.judge(folder) for folder in options.cases])
    measured = measure(_project(), SCALES[options.scale], _say)
    return tables.report(measured, with_prophet=_has_prophet())


def _project() -> Path:
    """The project's root: where the command was started."""
    if not Path("dbt_project.yml").is_file():
        raise EvaluateError(f"{Path.cwd()}: no dbt_project.yml here; start in the project's root")
    return Path.cwd()


def _has_prophet() -> bool:
    """Whether Prophet is installed; said where it is not."""
    found = importlib.util.find_spec("prophet") is not None
    if not found:
        _say("without Prophet, which is not installed here")
    return found


def _say(line: str) -> None:
    _log.info(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument(
        "--scale", choices=SCALES, default="full",
        help="small takes a minute and shows that all works; README's tables are full",
    )  # fmt: skip
    parser.add_argument(
        "--growth", action="store_true",
        help="instead: what detection costs on one core as series and days grow",
    )  # fmt: skip
    parser.add_argument(
        "--cases", type=Path, nargs="+", metavar="FOLDER",
        help="instead: the search for root causes on published cases",
    )  # fmt: skip
    add_options(parser)
    return parser
