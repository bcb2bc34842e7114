"""The daily job with its stages logged: `python -m lab.bench.scripts.daily_job STAGES`.

All settings come from the environment, as for `retail run`. When each stage began and ended
is written to STAGES, one per line, and its processor seconds.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from retail.console.cli import CYCLES
from retail.ingest.parquet_cache import CACHE_VARIABLE, land_project
from retail.jobs.daily import job

T = TypeVar("T")


def main(stages: Path) -> None:
    """Do all that the daily job does, landing first."""
    project, started = Path.cwd(), time.monotonic()

    def step(name: str, act: Callable[[], T]) -> T:
        begun, worked = time.monotonic(), time.process_time()
        done = act()
        note(name, begun, time.process_time() - worked)
        return done

    def note(name: str, begun: float, worked: float) -> None:
        with stages.open("a", encoding="utf-8") as log:
            log.write(f"{name}\t{begun}\t{time.monotonic()}\t{worked}\n")

    gc.set_threshold(*CYCLES)  # as every command line of the project does
    note("imports", started, time.process_time())
    step("landing", lambda: land_project(project, Path(os.environ[CACHE_VARIABLE])))
    job.run(project, Path(os.environ["RETAIL_DB"]), _say, step=step)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
