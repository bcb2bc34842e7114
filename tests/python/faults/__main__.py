"""`python -m faults`: do them all, and print how many were survived, and what was lost."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from faults.attacks import ATTACKS, attacks
from faults.bench import Fault, Tally, make_shop
from faults.clocks import clocks, time_zones
from faults.damaged import damaged_files
from faults.disks import full_disks
from faults.files import damaged_caches, damaged_databases, held_databases, moving_raw_data
from faults.kills import kill_builds, kill_downloads, kill_simulations, two_at_once
from faults.mutants import mutants

FULL: dict[Fault, int] = {
    kill_builds: 12,
    kill_downloads: 60,
    kill_simulations: 40,
    two_at_once: 6,
    full_disks: 12,
    moving_raw_data: 200,
    damaged_databases: 24,
    damaged_caches: 200,
    held_databases: 6,
    time_zones: 4,
    clocks: 4,
    attacks: len(ATTACKS),
    damaged_files: 3_500,
    mutants: 13_000,
}
"""How often each fault is tried; of the killed tables, each of the three commands so often."""
HEAD = "| fault | tried | survived | how |\n| --- | ---: | ---: | --- |"


def main() -> int:
    """Do the faults that were asked for; returns 1 if anything was lost."""
    options = _parser().parse_args()
    only = options.only or [fault.__name__ for fault in FULL]
    chosen = {fault: times for fault, times in FULL.items() if fault.__name__ in only}
    logging.disable(logging.WARNING)  # what landing says of rows would stand between those below
    print(HEAD, flush=True)
    lost: list[str] = []
    tried = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        for tally in _each(chosen, Path(folder), options.seed, options.share):
            print(
                f"| {tally.fault} | {tally.tried:,} | {tally.survived:,} | {tally.notes} |",
                flush=True,
            )
            tried += tally.tried
            lost += [f"{tally.fault}: {what}" for what in tally.lost]
    minutes = (time.monotonic() - started) / 60
    print(f"\n{tried:,} tried, {tried - len(lost):,} survived, in {minutes:.0f} minutes.")
    print("\n".join(lost) if lost else "Nothing was lost.")
    return 1 if lost else 0


def _each(chosen: dict[Fault, int], folder: Path, seed: int, share: float) -> Iterator[Tally]:
    """Do one kind after the other, each from the same seed whatever else is done."""
    shop = make_shop(folder / "shop")
    for fault, times in chosen.items():
        chance = random.Random(f"{seed} {fault.__name__}")
        yield from fault(shop, folder / fault.__name__, chance, max(1, round(times * share)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    names = [fault.__name__ for fault in FULL]
    parser.add_argument("only", nargs="*", choices=[*names, []], default=[], metavar="FAULT")
    parser.add_argument("--seed", type=int, default=1, help="of every choice (default: 1)")
    parser.add_argument("--share", type=float, default=1.0, help="of the full numbers (default: 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
