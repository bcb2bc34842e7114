"""A private folder beside what is made; if its run is killed, the next one clears it away."""

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

FORMER = "former"
"""What stood at the destination, while what is made takes its place."""


@contextmanager
def private_folder(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out`, which no other run touches.

    Whoever lives holds a lock on its folder, which the system drops when the process ends.

    Raises:
        OSError: the folder of `out` cannot be written to.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    _clear_away(out)
    folder, lock = _make(out)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _prefix(out: Path) -> str:
    return f".{out.name}.simulating-"


def _make(out: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            with suppress(OSError):  # where there are no locks, nobody clears away either
                lock_descriptor(lock)
            if folder.exists():
                return folder, lock
            os.close(lock)  # another run was faster than the lock, and took it for a dead one's


def _clear_away(out: Path) -> None:
    """Remove what killed runs left, and give back what one of them had moved out of the way."""
    for folder in out.parent.glob(f"{glob.escape(_prefix(out))}*"):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY)
            try:
                if lock_descriptor(lock, blocking=False):
                    _give_back(folder, out)
            finally:
                os.close(lock)


def _give_back(folder: Path, out: Path) -> None:
    """Remove what a killed run left, and put back what it had moved out of the way."""
    if (folder / FORMER).exists() and not out.exists():
        (folder / FORMER).replace(out)
    shutil.rmtree(folder, ignore_errors=True)
