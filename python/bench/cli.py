"""Words to calls: the command line of `python -m bench`."""

from __future__ import annotations

import argparse
import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path

from bench import plot, results, run, tables
from bench.errors import BenchError
from bench.measure import Limits
from bench.run import Plan
from console import FINE, add_options, set_up, show
from console import run as run_command
from simulate import ShopConfig, SimulateError

_log = logging.getLogger(__name__)
RESULTS = Path("data", "bench.json")
LARGE = 10.0
"""Scale from which a single turn takes minutes."""
EXAMPLES = """\
examples:
  python -m bench                                    as large as the public data, and 20 times
  python -m bench --scale 1                          a few minutes
  python -m bench --scale 1 20 100 --rounds 3 1 1    and far larger: hours, and tens of GB of disk
  python -m bench --show --plot docs/bench.svg       the tables and the picture once more
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work."""
    options = _parser().parse_args(arguments)
    set_up(options, "bench: ")
    return run_command("bench", lambda: _act(options), BenchError, SimulateError)


def _act(options: argparse.Namespace) -> int:
    if not options.show:
        _measure(options)
    measured = results.read(options.results)
    if options.plot:
        options.plot.write_text(plot.draw(measured), encoding="utf-8")
    show(tables.report(measured))
    return FINE


def _measure(options: argparse.Namespace) -> None:
    rounds = _rounds(options)
    project = _project()
    scripts = run.known_scripts(with_polars=_has_polars())
    limits = Limits(options.seconds, options.gigabytes)
    for scale, turns in zip(options.scale, rounds, strict=True):
        plan = Plan(scale, options.days, turns, limits, scripts)
        results.keep(options.results, run.measure(project, plan, options.folder, _say))


def _rounds(options: argparse.Namespace) -> list[int]:
    """Rounds of each scale: one number for all, or one each; three of a small one if not told."""
    if options.rounds is None:
        return [3 if scale < LARGE else 1 for scale in options.scale]
    given: list[int] = options.rounds
    if len(given) not in (1, len(options.scale)) or min(given) < 1:
        raise BenchError(
            f"--rounds {' '.join(map(str, given))}: give one number of 1 or more, or one per scale"
        )
    return given * len(options.scale) if len(given) == 1 else given


def _project() -> Path:
    """The project's root: where the command was started."""
    if not Path("dbt_project.yml").is_file():
        raise BenchError(f"{Path.cwd()}: no dbt_project.yml here; start in the project's root")
    return Path.cwd()


def _has_polars() -> bool:
    """Whether Polars is installed; said where it is not."""
    found = importlib.util.find_spec("polars") is not None
    if not found:
        _say("without Polars, which is not installed here")
    return found


def _say(line: str) -> None:
    _log.info(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--scale", type=float, nargs="+", default=[1.0, 20.0], metavar="X",
        help="how many times the lines of the public data set (default: 1 20)")  # fmt: skip
    add("--rounds", type=int, nargs="+", metavar="N",
        help="turns that everybody has: for all scales, or for each (default: 3, and 1 from "
        f"{LARGE:g} times on)")  # fmt: skip
    add(
        "--days",
        type=int,
        default=ShopConfig().days,
        help="days of the shop (default: %(default)s)",
    )
    add("--seconds", type=float, default=3600.0, metavar="S",
        help="stop whoever takes longer (default: %(default)g)")  # fmt: skip
    add("--gigabytes", type=float, default=12.0, metavar="GB",
        help="stop whoever takes more memory (default: %(default)g)")  # fmt: skip
    add("--folder", type=Path, metavar="FOLDER",
        help="where shops and tables are written, and removed at the end "
        "(default: the system's own)")  # fmt: skip
    add("--results", type=Path, default=RESULTS, metavar="FILE",
        help="where figures are kept; a scale that is measured again replaces itself "
        "(default: %(default)s)")  # fmt: skip
    add("--plot", type=Path, metavar="FILE", help="draw all that is kept as an SVG")
    add("--show", action="store_true", help="measure nothing, show what is kept")
    add_options(parser)
    return parser
