"""Changes of the whole shop, planted in memory: what of a day is found, and what lasts.

A day is found by its totals or by a member; what lasts, by totals alone. Incidents of known
members are planted by `lab.evaluate.members`. What the undisturbed shop shows counts neither as
found nor as false.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detect import anomalies, calendar, incidents
from detect.records import Anomaly, Inputs
from lab.evaluate import reference
from lab.evaluate.disturbances import LASTING, OF_A_DAY
from lab.evaluate.intervals import NONE, Blocks, of_incidents
from lab.evaluate.memory_shop import MemoryShop, opened
from lab.evaluate.reference import Reference
from lab.evaluate.shops import simulated_by_size
from retail.jobs.detection import pipeline
from retail.simulate import ShopConfig

FIRST_DAY = 70
"""Trading days before the first incident."""
APART = (25, 45)
"""Trading days from one incident of a copy to the next."""
LEFT = 45
"""Trading days that a lasting change has at least."""
WEEK = dt.timedelta(days=7)
BINS = ((0.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 5.0), (5.0, 7.0), (7.0, np.inf))
"""Sizes, in sigmas of the reference."""
MONEY_BINS = ((0.0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 1.0), (1.0, np.inf))
"""Sizes in money, as shares of the shop's usual day."""


@dataclass(frozen=True)
class ChangeScale:
    """How much to do: copies per file and per simulated shop, lasting changes of a kind in each.

    `simulated` are simulated shops: their orders a day, and how many there are of each.
    """

    copies: int
    simulated_copies: int
    lasting: int
    simulated_lasting: int
    simulated: tuple[tuple[int, int], ...]
    workers: int
    seed: int


@dataclass(frozen=True)
class DayCase:
    """A disturbed day: its size in sigmas and in usual days' money, and when it was found."""

    kind: str
    size: float
    money: float
    on_the_day: bool
    within_a_week: bool


@dataclass(frozen=True)
class LastingCase:
    """A lasting change, and on which trading day of it the first finding was there; None: never."""

    kind: str
    trading_days: int | None


@dataclass(frozen=True)
class Counted:
    """Incidents by the day they begin, and those of medium severity or more among them."""

    incidents: Blocks
    graver: Blocks

    def __add__(self, other: Counted) -> Counted:
        """Both together."""
        return Counted(self.incidents + other.incidents, self.graver + other.graver)


@dataclass(frozen=True)
class Changes:
    """What became of a shop's cases, and incidents of the undisturbed copy and beyond it."""

    shop: str
    days: tuple[DayCase, ...]
    lasting: tuple[LastingCase, ...]
    undisturbed: Counted
    beyond: Counted


def measure(project: Path, sources: Sequence[Path], scale: ChangeScale) -> list[Changes]:
    """Plant changes into some files and into simulated shops, and look.

    Raises:
        RetailError, DetectError: a step could not do its work.
    """
    with tempfile.TemporaryDirectory(prefix="changes-") as name:
        folder = Path(name)
        jobs = [(source.name, source, scale.copies, scale.lasting) for source in sources]
        for about, path in simulated_by_size(
            scale.simulated, scale.seed, ShopConfig().days, folder
        ):
            jobs.append((about, path, scale.simulated_copies, scale.simulated_lasting))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(scale.workers, mp_context=context) as pool:
            waiting = [pool.submit(_judge, project, scale.seed, *job) for job in jobs]
            found = [one.result() for one in waiting]
    return [_together(name, found) for name in dict.fromkeys(one.shop for one in found)]


def _together(name: str, found: Sequence[Changes]) -> Changes:
    """All shops of a name as one."""
    mine = [one for one in found if one.shop == name]
    return Changes(
        name,
        tuple(case for one in mine for case in one.days),
        tuple(case for one in mine for case in one.lasting),
        sum((one.undisturbed for one in mine), Counted(NONE, NONE)),
        sum((one.beyond for one in mine), Counted(NONE, NONE)),
    )


def _judge(project: Path, seed: int, name: str, source: Path, copies: int, lasting: int) -> Changes:
    with (
        tempfile.TemporaryDirectory(prefix="changes-") as folder,
        opened(project, source, Path(folder)) as shop,
    ):
        return judge(shop, name, seed, copies, lasting)


def judge(shop: MemoryShop, name: str, seed: int, copies: int, lasting: int) -> Changes:
    """Plant changes into copies of one shop, and look.

    Args:
        shop: to be disturbed.
        name: what to call it.
        seed: of days, kinds and sizes.
        copies: with incidents of a day.
        lasting: copies with each lasting change.
    """
    shop.restore()
    control = find(shop, shop.undisturbed)
    size_of = reference.learn(shop.undisturbed.panels["daily"])
    days: list[DayCase] = []
    beyond = Counted(NONE, NONE)
    for nth in range(copies):
        some, strays = _of_days(shop, size_of, control, np.random.default_rng([seed, nth]))
        days += some
        beyond += _counted(strays, shop.days[FIRST_DAY], shop.days[-1])
    return Changes(
        name,
        tuple(days),
        tuple(
            LastingCase(kind, _delay(shop, control, kind, np.random.default_rng([seed, nth, 1])))
            for kind in LASTING
            for nth in range(lasting)
        ),
        _counted(control, shop.days[0], shop.days[-1]),
        beyond,
    )


def _counted(found: Sequence[Anomaly], first: dt.date, last: dt.date) -> Counted:
    """Count the incidents of findings between two days."""
    graver = [a for a in found if a.severity != "low"]
    return Counted(of_incidents(found, first, last), of_incidents(graver, first, last))


def find(shop: MemoryShop, inputs: Inputs) -> list[Anomaly]:
    """Findings of the shop as its lines are, and of its members, in incidents."""
    scans = pipeline.scan(inputs, calendar.learn(inputs.dates), [])
    return incidents.group(pipeline.select(scans, shop.members(inputs), inputs))


def find_totals(inputs: Inputs) -> list[Anomaly]:
    """Findings of the whole shop alone."""
    scans = pipeline.scan(inputs, calendar.learn(inputs.dates), [])
    return [a for scan in scans.values() for a in anomalies.select(scan)]


def _of_days(
    shop: MemoryShop, size_of: Reference, control: Sequence[Anomaly], rng: np.random.Generator
) -> tuple[list[DayCase], list[Anomaly]]:
    """A copy with incidents weeks apart: its cases, and findings that come of none of them."""
    shop.restore()
    planted = dict(_plant(shop, rng))
    inputs, usual = shop.inputs(), shop.undisturbed.panels["daily"]
    fresh = _fresh(find(shop, inputs), control)
    known = {a.period_start for a in control if not a.within}
    cases = [
        DayCase(
            kind,
            reference.size(size_of, inputs.panels["daily"], np.datetime64(day)),
            reference.money(usual, inputs.panels["daily"], np.datetime64(day)),
            any(a.grain == "daily" and a.period_start == day for a in fresh),
            any(a.period_start <= day + WEEK and a.period_end >= day for a in fresh),
        )
        for day, kind in planted.items()
        if day not in known
    ]
    near = {
        a.incident_id
        for a in fresh
        if any(a.period_start <= d + WEEK and a.period_end >= d for d in planted)
    }
    return cases, [a for a in fresh if a.incident_id not in near]


def _plant(shop: MemoryShop, rng: np.random.Generator) -> Iterator[tuple[dt.date, str]]:
    for day in days_apart(shop, rng, APART):
        kind = str(rng.choice(list(OF_A_DAY)))
        if OF_A_DAY[kind](shop, day, rng) is not None:
            yield day, kind


def days_apart(
    shop: MemoryShop, rng: np.random.Generator, apart: tuple[int, int]
) -> Iterator[dt.date]:
    """Days for the incidents of one copy, by chance so many trading days apart."""
    place = FIRST_DAY + int(rng.integers(10))
    while place < len(shop.days) - 3:
        yield shop.days[place]
        place += int(rng.integers(*apart))


def _fresh(found: Iterable[Anomaly], control: Iterable[Anomaly]) -> list[Anomaly]:
    known = {a.anomaly_id for a in control}
    return [a for a in found if a.anomaly_id not in known]


def _delay(
    shop: MemoryShop, control: Sequence[Anomaly], kind: str, rng: np.random.Generator
) -> int | None:
    """Trading days of a lasting change until a finding of it was there; None: there was none."""
    shop.restore()
    first = shop.days[int(rng.integers(FIRST_DAY, len(shop.days) - LEFT))]
    LASTING[kind](shop, first, rng)
    inputs = shop.inputs()
    ends = [a.period_end for a in _fresh(find_totals(inputs), control) if a.period_end >= first]
    if not ends:
        return None
    traded = inputs.dates.day[inputs.dates.is_trading]
    return int(((traded >= np.datetime64(first)) & (traded <= np.datetime64(min(ends)))).sum())
