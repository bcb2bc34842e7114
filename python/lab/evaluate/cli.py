"""`python -m lab.evaluate`."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import click

from lab.evaluate import (
    cases,
    changes,
    generated,
    growth,
    members,
    plants,
    settings,
    tables,
    verdicts,
)
from lab.evaluate.changes import ChangeScale
from lab.evaluate.members import MemberScale
from lab.evaluate.run import Scale
from lab.evaluate.run import run as measure
from lab.surroundings import is_installed, project_root
from retail.console import FINE
from retail.console.cli import Command, say

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
    "full": ChangeScale(40, 12, 24, 8, ((4, 3), (20, 3), (50, 3), (500, 1)), 2, seed=1),
}
GENERATED = {"small": (5, 4, 25, 8, 4, 6), "full": generated.SIZES}
VERDICT_COPIES, VERDICT_SEED, PLANT_SEED = {"small": 1, "full": 40}, 3, 7


@click.command("evaluate", cls=Command)
@click.option(
    "--scale",
    type=click.Choice(list(SCALES)),
    default="full",
    show_default=True,
    help="small takes a minute and shows that all works; the tables in docs are full.",
)
@click.option(
    "--growth",
    is_flag=True,
    help="Instead: what detection costs on one core as series and days grow.",
)
@click.option(
    "--generated",
    "grids",
    is_flag=True,
    help="Instead: the search for root causes in generated cases of 24 million leaves.",
)
@click.option(
    "--cases", "folders", multiple=True, type=click.Path(path_type=Path), metavar="FOLDER",
    help="Instead: the search for root causes on published cases; repeatable.",
)  # fmt: skip
@click.option(
    "--members", "years", multiple=True, type=click.Path(path_type=Path, exists=True),
    metavar="FILE", help="Instead: the members of a shop, from a year of raw data; repeatable.",
)  # fmt: skip
@click.option(
    "--changes", "shops", multiple=True, type=click.Path(path_type=Path, exists=True),
    metavar="FILE", help="Instead: a shop's totals, from raw data, and simulated ones; repeatable.",
)  # fmt: skip
@click.option(
    "--verdicts", "explained", multiple=True, type=click.Path(path_type=Path, exists=True),
    metavar="FILE", help="Instead: the causes of planted changes, from raw data; repeatable.",
)  # fmt: skip
@click.option(
    "--plants", "noticed", multiple=True, type=click.Path(path_type=Path, exists=True),
    metavar="FILE", help="Instead: incidents as people notice them, into raw data; repeatable.",
)  # fmt: skip
@click.option("--seed", type=int, help="Of --plants (7 by default), --verdicts (3), --changes (1).")
@click.option(
    "--settings", "databases", multiple=True, type=click.Path(path_type=Path, exists=True),
    metavar="DATABASE", help="Instead: what each setting does to a built file; repeatable.",
)  # fmt: skip
def evaluate_command(
    scale: str,
    folders: tuple[Path, ...],
    years: tuple[Path, ...],
    shops: tuple[Path, ...],
    explained: tuple[Path, ...],
    noticed: tuple[Path, ...],
    seed: int | None,
    databases: tuple[Path, ...],
    *,
    growth: bool,
    grids: bool,
) -> int:
    """Inject incidents into shops, and compare what is caught with the usual rules."""
    if grids:
        say(tables.generated(list(generated.judge(GENERATED[scale]))))
        return FINE
    say(_answer(scale, folders, years, shops, explained, noticed, seed, databases, costs=growth))
    return FINE


def _answer(
    scale: str,
    folders: tuple[Path, ...],
    years: tuple[Path, ...],
    shops: tuple[Path, ...],
    explained: tuple[Path, ...],
    noticed: tuple[Path, ...],
    seed: int | None,
    databases: tuple[Path, ...],
    *,
    costs: bool,
) -> str:
    """Measure what was asked for; returns its tables."""
    if costs:
        return tables.growth(growth.measure())
    if databases:
        return settings.table([row for path in databases for row in settings.count(path)])
    if noticed:
        sown = seed or PLANT_SEED
        return tables.plants(
            {path.name: plants.judge(project_root(), path.absolute(), sown) for path in noticed}
        )
    if explained:
        sources = [path.absolute() for path in explained]
        return tables.verdicts(
            verdicts.measure(project_root(), sources, VERDICT_COPIES[scale], seed or VERDICT_SEED)
        )
    if shops:
        sources = [path.absolute() for path in shops]
        given = CHANGE_SCALES[scale]
        chosen = dataclasses.replace(given, seed=seed or given.seed)
        return tables.changes(changes.measure(project_root(), sources, chosen))
    if years:
        return tables.members(
            [members.judge(project_root(), path.absolute(), MEMBER_SCALES[scale]) for path in years]
        )
    if folders:
        return tables.published([cases.judge(folder) for folder in folders])
    measured = measure(project_root(), SCALES[scale], _log.info)
    return tables.report(measured, with_prophet=is_installed("Prophet"))
