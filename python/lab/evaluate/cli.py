"""`python -m lab.evaluate`: every part of docs/accuracy.md, by the kind of file it works on."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from lab.evaluate import (
    cases,
    changes,
    coverage,
    generated,
    growth,
    members,
    plants,
    settings,
    tables,
    verdicts,
)
from lab.evaluate.changes import ChangeScale
from lab.evaluate.coverage import CoverageScale
from lab.evaluate.members import MemberScale
from lab.evaluate.run import Scale
from lab.evaluate.run import run as measure
from lab.surroundings import is_installed, project_root
from retail.console import FINE
from retail.console.cli import Command, say
from retail.errors import RetailError

_log = logging.getLogger(__name__)
SCALES = {
    "small": Scale(shops=1, copies=1, given_copies=1, plains=1, given_plains=1, workers=2),
    "full": Scale(shops=6, copies=2, given_copies=14, plains=1, given_plains=8, workers=2),
}
MEMBER_SCALES = {
    "small": MemberScale(copies=1, nulls=1, wholes=0, seed=1),
    "full": MemberScale(copies=10, nulls=8, wholes=6, seed=1),
}
CHANGE_SCALES = {
    "small": ChangeScale(2, 1, 1, 1, ((20, 1),), 2, seed=1),
    "full": ChangeScale(130, 12, 24, 8, ((4, 3), (20, 3), (50, 3), (500, 1)), 2, seed=1),
}
COVERAGE_SCALES = {
    "small": CoverageScale(((20, 1),), days=200, workers=2, seed=1),
    "full": CoverageScale(((4, 4), (20, 4), (50, 4), (500, 1)), days=480, workers=2, seed=1),
}
GENERATED = {"small": (5, 4, 25, 8, 4, 6), "full": generated.SIZES}
VERDICT_COPIES, VERDICT_SEED, PLANT_SEED = {"small": 1, "full": 40}, 3, 7
DATABASE = ".duckdb"
"""How the name of a built file ends; others are raw data of a year."""


@dataclass(frozen=True)
class Given:
    """What was asked for: a scale by its name, another seed than usual, and files by their kind."""

    scale: str
    seed: int | None
    years: list[Path]
    databases: list[Path]
    folders: list[Path]


@dataclass(frozen=True)
class Part:
    """A part of the evaluation: its heading, the kind of files it works on, and what prints it."""

    heading: str
    files: str | None
    tables: Callable[[Given], str]


def _detection(given: Given) -> str:
    measured = measure(project_root(), SCALES[given.scale], _log.info)
    return tables.report(measured, with_prophet=is_installed("Prophet"))


def _changes(given: Given) -> str:
    usual = CHANGE_SCALES[given.scale]
    chosen = dataclasses.replace(usual, seed=given.seed or usual.seed)
    return tables.changes(changes.measure(project_root(), given.years, chosen))


def _coverage(given: Given) -> str:
    usual = COVERAGE_SCALES[given.scale]
    chosen = dataclasses.replace(usual, seed=given.seed or usual.seed)
    return tables.coverage(coverage.measure(project_root(), given.years, chosen))


def _members(given: Given) -> str:
    scale = MEMBER_SCALES[given.scale]
    scale = dataclasses.replace(scale, seed=given.seed or scale.seed)
    return tables.members([members.judge(project_root(), year, scale) for year in given.years])


def _plants(given: Given) -> str:
    seed = given.seed or PLANT_SEED
    return tables.plants({y.name: plants.judge(project_root(), y, seed) for y in given.years})


def _verdicts(given: Given) -> str:
    copies, seed = VERDICT_COPIES[given.scale], given.seed or VERDICT_SEED
    return tables.verdicts(verdicts.measure(project_root(), given.years, copies, seed))


def _settings(given: Given) -> str:
    return settings.table([row for path in given.databases for row in settings.count(path)])


def _cases(given: Given) -> str:
    return tables.published([cases.judge(folder) for folder in given.folders])


def _generated(given: Given) -> str:
    return tables.generated(list(generated.judge(GENERATED[given.scale])))


def _growth(_: Given) -> str:
    return tables.growth(growth.measure())


PARTS = {
    "detection": Part("Detection", None, _detection),
    "changes": Part("Changes of the whole shop", "years", _changes),
    "coverage": Part("Coverage", "years", _coverage),
    "members": Part("Members", "years", _members),
    "plants": Part("Incidents as people notice them", "years", _plants),
    "verdicts": Part("Root causes", "years", _verdicts),
    "cases": Part("Published cases of root causes", "folders", _cases),
    "generated": Part("24 million leaves", None, _generated),
    "settings": Part("Settings", "databases", _settings),
    "growth": Part("Cost of detection", None, _growth),
}
"""In the order of docs/accuracy.md; settings stand in docs/how-it-decides.md."""
KINDS = {
    "years": "raw data of a year",
    "folders": "a folder of published cases",
    "databases": f"a built file (*{DATABASE})",
}


@click.command("evaluate", cls=Command)
@click.argument(
    "files", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[FILE]..."
)
@click.option(
    "--only",
    "chosen",
    multiple=True,
    type=click.Choice(list(PARTS)),
    help="A part of the evaluation; repeatable. Without it: all that the files allow.",
)
@click.option(
    "--scale",
    type=click.Choice(list(SCALES)),
    default="full",
    show_default=True,
    help="small takes a few minutes and shows that all works; the tables in docs are full.",
)
@click.option(
    "--seed",
    type=int,
    help="Of plants (7 by default), verdicts (3), changes, coverage and members (1).",
)
def evaluate_command(
    files: tuple[Path, ...], chosen: tuple[str, ...], scale: str, seed: int | None
) -> int:
    """Inject incidents into shops, and compare what is caught with the usual rules.

    FILE: raw data of a year, a built file, or a folder of published root causes.
    """
    project_root()
    given = _sorted(files, scale, seed)
    for name in chosen or PARTS:
        part = PARTS[name]
        if part.files is None or getattr(given, part.files):
            say(f"## {part.heading}\n\n{part.tables(given)}\n")
        elif chosen:
            raise RetailError(f"--only {name} works on {KINDS[part.files]}, and none is given")
        else:
            say(f"## {part.heading}\n\nLeft out: it works on {KINDS[part.files]}.\n")
    return FINE


def _sorted(files: tuple[Path, ...], scale: str, seed: int | None) -> Given:
    """Files by their kind."""
    paths = [path.absolute() for path in files]
    folders = [path for path in paths if path.is_dir()]
    databases = [path for path in paths if path.suffix == DATABASE]
    years = [path for path in paths if path not in folders and path not in databases]
    return Given(scale, seed, years, databases, folders)
