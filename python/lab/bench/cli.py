"""`python -m lab.bench`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import click

from lab.bench import plot, results, run, tables
from lab.bench.measure import Limits
from lab.bench.run import Plan
from lab.surroundings import is_installed, project_root
from retail.console import FINE
from retail.console.cli import Command, examples, say
from retail.errors import RetailError
from retail.simulate import ShopConfig

_log = logging.getLogger(__name__)
RESULTS = Path("data", "bench.json")
SCALES = (1.0, 20.0)
LARGE = 10.0
"""Scale from which a single round takes minutes."""
PATH = click.Path(path_type=Path)


@click.command(
    "bench",
    cls=Command,
    epilog=examples(
        "python -m lab.bench                               1 and 20 times the public data",
        "python -m lab.bench --scale 1                     a few minutes",
        "python -m lab.bench --scale 1 --scale 100         and far larger: hours, and tens of GB",
        "python -m lab.bench --extremes                    a shop of extremes",
        "python -m lab.bench --show --plot docs/bench.svg  the tables and the picture once more",
    ),
)
@click.option(
    "--scale",
    "scales",
    type=float,
    multiple=True,
    default=SCALES,
    metavar="X",
    help="How many times the lines of the public data set; repeatable (default: 1 and 20).",
)
@click.option(
    "--rounds",
    type=int,
    multiple=True,
    metavar="N",
    help="Rounds of every contender: for all scales, or once per scale (default: 3, and 1 from "
    f"{LARGE:g} times on).",
)
@click.option(
    "--days", type=int, default=ShopConfig().days, show_default=True, help="Days of the shop."
)
@click.option(
    "--seconds", type=float, default=3600.0, show_default=True, help="Stop who takes longer."
)
@click.option(
    "--gigabytes", type=float, default=12.0, show_default=True, help="Stop who takes more memory."
)
@click.option(
    "--folder",
    type=PATH,
    help="Where shops and tables are written, and removed at the end (default: the system's own).",
)
@click.option(
    "--results",
    "kept",
    type=PATH,
    default=RESULTS,
    show_default=True,
    help="Where figures are kept; a scale that is measured again replaces itself.",
)
@click.option("--plot", "picture", type=PATH, help="Draw all that is kept as an SVG.")
@click.option("--show", is_flag=True, help="Measure nothing, show what is kept.")
@click.option(
    "--extremes",
    is_flag=True,
    help="Only let the daily job read 20,000 countries, 200,000 products and five million "
    "customers in 5,000 files, and show what it took.",
)  # fmt: skip
def bench_command(
    scales: tuple[float, ...],
    rounds: tuple[int, ...],
    days: int,
    seconds: float,
    gigabytes: float,
    folder: Path | None,
    kept: Path,
    picture: Path | None,
    *,
    show: bool,
    extremes: bool,
) -> int:
    """Measure time and memory of the daily job beside plain scripts that compute the same KPIs."""
    limits = Limits(seconds, gigabytes)
    if extremes:
        found = run.measure_extremes(project_root(), days, limits, folder, _log.info)
        say(tables.extremes(*found))
        return FINE
    if not show:
        _measure(
            dict(zip(scales, _rounds(scales, rounds), strict=True)), days, limits, folder, kept
        )
    measured = results.read(kept)
    if picture:
        picture.write_text(plot.draw(measured), encoding="utf-8")
    say(tables.report(measured))
    return FINE


def _measure(
    rounds: dict[float, int], days: int, limits: Limits, folder: Path | None, kept: Path
) -> None:
    """Measure every scale, with its number of rounds, and keep its figures."""
    project = project_root()
    scripts = run.known_scripts(with_polars=is_installed("Polars"))
    for scale, turns in rounds.items():
        plan = Plan(scale, days, turns, limits, scripts)
        results.keep(kept, run.measure(project, plan, folder, _log.info))


def _rounds(scales: Sequence[float], given: Sequence[int]) -> Sequence[int]:
    """Rounds of each scale: one number for all, or one each; three of a small one by default."""
    if not given:
        return [3 if scale < LARGE else 1 for scale in scales]
    if len(given) not in (1, len(scales)) or min(given) < 1:
        raise RetailError(
            f"--rounds {' '.join(map(str, given))}: give one number of 1 or more, or one per scale"
        )
    return list(given) * len(scales) if len(given) == 1 else given
