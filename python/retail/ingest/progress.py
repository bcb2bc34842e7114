"""How far a download has come, drawn for a person."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from retail.ingest.fetch import Progress

BAR_WIDTH = 30
REDRAW_SECONDS = 0.1


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Progress | None]:
    """Yield a progress bar on standard error and end its line; None where it is not to be shown."""
    if not shown:
        yield None
        return
    drawn = 0.0

    def draw(here: int, whole: int | None) -> None:
        nonlocal drawn
        if here != whole and time.monotonic() - drawn < REDRAW_SECONDS:
            return
        drawn = time.monotonic()
        filled = BAR_WIDTH * here // whole if whole else 0
        of_whole = f" of {whole / 1e6:.1f}" if whole else ""
        line = f"\r[{'#' * filled:<{BAR_WIDTH}}] {here / 1e6:.1f}{of_whole} MB"
        print(line, end="", file=sys.stderr, flush=True)

    try:
        yield draw
    finally:
        if drawn:
            print(file=sys.stderr)
