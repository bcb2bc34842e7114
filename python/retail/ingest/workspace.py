"""Where files are made before they get their names: DuckDB in memory, and drafts on disk."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import duckdb

CACHE_TAG = "CACHEDIR.TAG"
"""Marks a folder as a cache, for backup programs too (https://bford.info/cachedir/)."""

_TAG_TEXT = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# Landed raw files; never read as raw data.\n"
)
_DRAFT = ".draft-"
_DRAFT_LIFE = dt.timedelta(hours=1)
# One thread keeps the order of the rows, and streams: a file of any size needs no more memory. With
# two, or with parallel = false, DuckDB 2.0 holds on to its buffers.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "1GB",
}


def open_duckdb(spill: str = "") -> duckdb.DuckDBPyConnection:
    """Open a DuckDB of its own, in bounded memory; the caller closes it.

    Args:
        spill: a folder for what does not fit into memory, made when it is needed; by default such
            a query fails.
    """
    return duckdb.connect(config={**_SETTINGS, "temp_directory": spill})


@contextmanager
def draft_in(folder: Path, ending: str) -> Iterator[Path]:
    """Yield a name of its own for an unfinished file or a folder; what is left there is removed."""
    draft = folder / f"{_DRAFT}{uuid4().hex}{ending}"
    try:
        yield draft
    finally:
        with suppress(OSError):
            _remove(draft)


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)


def keep(path: Path) -> None:
    """Note that a file of the cache was asked for today, so that it is not forgotten."""
    with suppress(OSError):  # another account's, perhaps, who asks for it too
        os.utime(path)


def mark_as_cache(folder: Path) -> None:
    """Write the tag by which a folder is known as a cache."""
    tag = folder / CACHE_TAG
    if not tag.exists():
        tag.write_text(_TAG_TEXT, encoding="ascii")


def sweep_drafts(folder: Path) -> None:
    """Remove the drafts of runs that were killed; younger ones may be another run's."""
    for draft in older_than(folder, f"{_DRAFT}*", _DRAFT_LIFE):
        _remove(draft)


def older_than(folder: Path, pattern: str, life: dt.timedelta) -> Iterator[Path]:
    """List the files in ``folder`` that nobody has written or touched for so long."""
    limit = time.time() - life.total_seconds()
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                yield path
