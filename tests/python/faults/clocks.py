"""Clocks that jump, and time zones with all their days: the figures are the same."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from faults.bench import DAILY, Bench, Shop, Tally, differing, lay, seen, undisturbed

ZONES = (
    "Asia/Kolkata",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
    "Europe/London",
)
LIBRARIES = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime")
DAY = 86_400


def time_zones(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """The whole daily job, wherever the machine says that it stands."""
    bench = shop.bench
    complete, _ = undisturbed(shop, DAILY)
    tally = Tally("time zones", notes=", ".join(ZONES[:times]))
    for turn in range(times):
        lay(bench, shop)
        code = bench.run(DAILY, TZ=ZONES[turn % len(ZONES)])
        tally.count(bench.said()[-500:] if code else differing(seen(bench.database), complete))
    return [tally]


def clocks(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """The clock is set back or forth between two runs, or a raw file is from tomorrow."""
    bench = shop.bench
    complete, _ = undisturbed(shop, DAILY)
    tally = Tally("clock set back or forth")
    library = next((Path(f, "libfaketime.so.1") for f in LIBRARIES if Path(f).is_dir()), None)
    tally.notes = "libfaketime" if library else "by the times of files: no libfaketime here"
    for _ in range(times):
        lay(bench, shop)
        days = chance.choice((-400, -30, -1, 1, 30, 400))
        later = bench.source.stat().st_mtime + chance.choice((-1, 1)) * 400 * DAY
        os.utime(bench.source, (later, later))
        tally.count(_a_run_at(bench, days, library) or differing(seen(bench.database), complete))
    return [tally]


def _a_run_at(bench: Bench, days: int, library: Path | None) -> str | None:
    """Run the daily job on another day, then once more today."""
    there = {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{days:+d}d",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    environment = os.environ | bench.environment() | (there if library else {})
    command = [sys.executable, "-m", "retail", "run", "--quiet"]
    for settings in (environment, os.environ | bench.environment()):
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"{days:+d} days: {done.stderr[-500:]}"
    return None
