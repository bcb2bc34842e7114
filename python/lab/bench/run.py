"""All rounds of one size: everybody in turn, and no figure before all answers agree."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.bench import contenders, shops
from lab.bench.answers import Answer, insist_on_equal
from lab.bench.contenders import AGAIN, NEW_DAY, SCRIPTS, WHOLE, Place
from lab.bench.measure import FINE, Limits
from lab.bench.results import Figure, Size
from lab.bench.shops import Shop

MORNINGS = (NEW_DAY, AGAIN, WHOLE)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure: how large a shop, over how many days, how often, under what limits."""

    scale: float
    days: int
    rounds: int
    limits: Limits
    scripts: tuple[str, ...]
    mornings: tuple[str, ...] = MORNINGS


def measure(project: Path, plan: Plan, workshop: Path | None, say: Say) -> Size:
    """Simulate a shop, and let everybody do the work in turn, round after round.

    Args:
        project: the project's root.
        plan: what to measure.
        workshop: where everything is written, and removed at the end; the system's own if None.
        say: called with what is being done.

    Raises:
        RetailError: a program is broken, two answers differ, or the shop can't be simulated.
    """
    with TemporaryDirectory(prefix="bench-", dir=workshop) as name:
        folder = Path(name)
        say(f"{plan.scale:g}x: simulating a shop")
        shop = shops.simulate(plan.scale, folder / "shop", plan.days)
        place = Place(project, shop, folder, plan.limits)
        say(f"{plan.scale:g}x: {shop.lines:,} lines")
        contenders.insist_on_the_frozen_script()
        contenders.compile_sql(place)
        figures = _rounds(place, plan, _mornings(place, plan, say), say)
    return Size(plan.scale, shop.lines, shop.csv_bytes, _machine(), plan.limits, tuple(figures))


def measure_extremes(
    project: Path, days: int, limits: Limits, workshop: Path | None, say: Say
) -> tuple[Shop, list[Figure]]:
    """Let the daily job read a shop of extremes, from nothing, with nobody beside it.

    Args:
        project: the project's root.
        days: days of the shop.
        limits: when it is stopped.
        workshop: where everything is written, and removed at the end; the system's own if None.
        say: called with what is being done.

    Returns:
        The shop, and the figures of the whole and of its stages.

    Raises:
        RetailError: the job failed.
    """
    with TemporaryDirectory(prefix="bench-", dir=workshop) as name:
        folder = Path(name)
        say("a shop of extremes: simulating it")
        shop = shops.simulate_extremes(folder / "shop", days)
        say(f"a shop of extremes: {shop.lines:,} lines")
        figures, _ = contenders.run_job(
            Place(project, shop, folder, limits), WHOLE, 1, is_last=True
        )
    return shop, figures


def _mornings(place: Place, plan: Plan, say: Say) -> tuple[str, ...]:
    """The mornings that can come: none follows on a history that could not be built."""
    if NEW_DAY not in plan.mornings:
        return plan.mornings
    say(f"{plan.scale:g}x: all days but the last, as done before")
    outcome = contenders.prepare(place)
    if outcome == FINE:
        return plan.mornings
    say(f"daily job: {outcome}")
    return tuple(name for name in plan.mornings if name == WHOLE)


def _rounds(place: Place, plan: Plan, mornings: Sequence[str], say: Say) -> list[Figure]:
    figures: list[Figure] = []
    stopped: set[str] = set()
    agreed: list[tuple[str, Answer]] = []

    def note(name: str, found: list[Figure], answer: Answer | None) -> None:
        figures.extend(found)
        whole = found[0]
        say(
            f"{name}: {whole.seconds:.1f} s, {whole.processor:.1f} s of processor, "
            f"{whole.gigabytes:.1f} GB, {whole.outcome}"
        )
        if answer is None:
            stopped.add(name)  # as it would be again
        else:
            agreed.append((name, answer))
            insist_on_equal(agreed[0], agreed.pop() if len(agreed) > 1 else agreed[0])

    for nth in range(1, plan.rounds + 1):
        say(f"{plan.scale:g}x: round {nth} of {plan.rounds}")
        for name in (name for name in plan.scripts if name not in stopped):
            done, answer = contenders.run_script(place, name)
            note(name, [contenders.figure(name, nth, done, done.span)], answer)
        for name in (name for name in mornings if name not in stopped):
            is_last = nth == plan.rounds
            note(name, *contenders.run_job(place, name, nth, is_last=is_last))
    return figures


def known_scripts(*, with_polars: bool) -> tuple[str, ...]:
    """The scripts that can run here."""
    return tuple(name for name in SCRIPTS if with_polars or name != "Polars")


def _machine() -> str:
    """What class of machine this is."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cores, {gigabytes:.0f} GB of memory, {platform.system()}"
