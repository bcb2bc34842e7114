"""All copies of all shops, through the project, two at a time."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from lab.evaluate import shops
from lab.evaluate.measure import Copy, measure
from lab.evaluate.plans import Chance, Plains, Plan
from lab.evaluate.shops import Shop
from retail.simulate import Incident

INCIDENTS_PER_COPY = 5
FIRST_SEED = 101
"""Seeds of shops and plantings; those used while building the detectors were others."""
DECLINE, DECLINE_DAYS = 0.3, 84
DECLINES = (dt.timedelta(days=150), dt.timedelta(days=210))
"""From the first day of the data to a slow decline of all orders."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Scale:
    """How much to do: simulated shops; copies with incidents by chance and with plain ones."""

    shops: int
    copies: int
    given_copies: int
    plains: int
    given_plains: int
    workers: int


@dataclass(frozen=True)
class Job:
    """One copy to make."""

    shop: Shop
    plan: Plan
    seed: int


@dataclass(frozen=True)
class Measured:
    """The control of every shop by name, and its disturbed copies.

    Detection is judged on incidents by chance and slow declines (`copies`), causes on plain
    incidents in known segments (`plains`).
    """

    controls: dict[str, Copy]
    copies: list[Copy]
    plains: list[Copy]


def run(project: Path, scale: Scale, say: Say) -> Measured:
    """Make, build and look at every copy.

    Raises:
        RetailError, DetectError: a step could not do its work.
    """
    with tempfile.TemporaryDirectory(prefix="evaluate-") as name:
        folder = Path(name)
        every = _shops(project, scale, folder, say)
        controls = _measured(project, [Job(shop, (), 0) for shop in every], scale, folder, say)
        by_name = {copy.shop: copy for copy in controls}
        first = {name: copy.grids["daily"].period[0] for name, copy in by_name.items()}
        starts = {name: day.astype(dt.date) for name, day in first.items()}
        jobs = [job for shop in every for job in _jobs(shop, starts[shop.name], scale)]
        copies = list(_measured(project, jobs, scale, folder, say))
    plain = [isinstance(copy.plan, Plains) for copy in copies]
    return Measured(
        by_name,
        [copy for copy, is_plain in zip(copies, plain, strict=True) if not is_plain],
        [copy for copy, is_plain in zip(copies, plain, strict=True) if is_plain],
    )


def _shops(project: Path, scale: Scale, folder: Path, say: Say) -> list[Shop]:
    real = shops.given(project, folder)
    if real is None:
        say("no given data: RETAIL_SOURCE is not set and nothing was downloaded")
    simulated = [shops.simulated(FIRST_SEED + nth, folder) for nth in range(scale.shops)]
    return [*([real] if real else []), *simulated]


def _jobs(shop: Shop, start: dt.date, scale: Scale) -> Iterator[Job]:
    """Copies with incidents by chance, with a slow decline, and with plain incidents."""
    given = shop.kind == shops.GIVEN
    copies = scale.given_copies if given else scale.copies
    base = 0 if shop.kind == shops.GIVEN else 1000 * int(shop.name.split()[-1])
    for nth in range(1, copies + 1):
        yield Job(shop, Chance(INCIDENTS_PER_COPY), FIRST_SEED + base + nth)
    for nth, after in enumerate(DECLINES):
        decline = Incident("slow_decline", start + after, DECLINE_DAYS, DECLINE)
        yield Job(shop, (decline,), base + nth)
    for nth in range(scale.given_plains if given else scale.plains):
        yield Job(shop, Plains(base // 1000 + nth), base + nth)


def _measured(
    project: Path, jobs: Sequence[Job], scale: Scale, folder: Path, say: Say
) -> Iterator[Copy]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(scale.workers, mp_context=context) as pool:
        waiting = [pool.submit(_one, project, job, folder) for job in jobs]
        for nth, done in enumerate(as_completed(waiting), start=1):
            say(f"{nth} of {len(jobs)} copies")
            yield done.result()


def _one(project: Path, job: Job, folder: Path) -> Copy:
    """What a worker does; each keeps what dbt has parsed."""
    target = folder / f"target-{os.getpid()}"
    return measure(project, job.shop, job.plan, job.seed, target)
