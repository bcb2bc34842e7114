"""All or nothing: work on a private copy of the DuckDB file, then put it in place.

Whoever has the published file open keeps reading the old tables; the next open sees the new ones.
A job that dies half-way leaves the published file as it was.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daily.errors import DailyError
from detect import store

WORKSHOP_PREFIX = ".building-"


@contextmanager
def private_copy(database: Path) -> Iterator[Path]:
    """Lend a private copy of ``database`` and publish it when the block ends without an error.

    The copy has the same file name in a folder of its own: DuckDB names a database after its
    file. What people said and which alerts went out in the meantime is brought over at the end.

    Args:
        database: the published file; need not exist yet.

    Yields:
        Path of the copy.

    Raises:
        DetectError: the published file has no readable history.
        DailyError: when another job is at work on the same file, or the disk refuses.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    with _only_job_on(database):
        workshop = database.parent / f"{WORKSHOP_PREFIX}{database.name}"
        shutil.rmtree(workshop, ignore_errors=True)  # what a killed job left behind
        try:
            copy = _copy_into(workshop, database)
            yield copy
            if database.exists():
                store.carry_over(database, copy)
            (workshop / database.name).replace(database)
        except OSError as error:
            raise DailyError(
                f"cannot write {error.filename or workshop}: {(error.strerror or '').lower()}; "
                f"the tables in {database.name} are those of the last good run"
            ) from error
        finally:
            shutil.rmtree(workshop, ignore_errors=True)


def _copy_into(workshop: Path, database: Path) -> Path:
    workshop.mkdir()
    copy = workshop / database.name
    if database.exists():
        shutil.copyfile(database, copy)
    return copy


@contextmanager
def _only_job_on(database: Path) -> Iterator[None]:
    """Hold a lock that the operating system drops when this process ends, however it ends."""
    lock_path = database.parent / f".{database.name}.lock"
    with lock_path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DailyError(
                f"another daily job is at work on {database}; wait until it has finished"
            ) from error
        yield
