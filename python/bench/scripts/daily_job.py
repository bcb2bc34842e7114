"""The daily job with its stages told: `python -m bench.scripts.daily_job STAGES`.

All settings come from the environment, as for `python -m daily`. When each stage began and ended
is written to STAGES, one per line.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from daily import job
from ingest.landing import CACHE_VARIABLE, land_project

T = TypeVar("T")


def main(stages: Path) -> None:
    """Do all that the daily job does, landing first."""
    project, started = Path.cwd(), time.monotonic()

    def step(name: str, act: Callable[[], T]) -> T:
        begun = time.monotonic()
        done = act()
        with stages.open("a", encoding="utf-8") as log:
            log.write(f"{name}\t{begun}\t{time.monotonic()}\n")
        return done

    step("imports", lambda: started)
    step("landing", lambda: land_project(project, Path(os.environ[CACHE_VARIABLE])))
    job.run(project, Path(os.environ["RETAIL_DB"]), _say, step=step)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
