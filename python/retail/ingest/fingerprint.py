"""What tells a state of a raw file from others without reading it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from retail.ingest.errors import IngestError, reading
from retail.storage.opening import wal_path


@dataclass(frozen=True)
class Fingerprint:
    """What tells a state of a file from others; of a table on a server, its size and checksum."""

    size: int
    mtime_ns: int = 0
    ctime_ns: int = 0
    """Of the last change, which nobody can set back as they can ``mtime_ns``."""
    inode: int = 0
    checksum: str = ""
    """Of all rows of a table on a server, which has no time of its last change."""


def fingerprint(path: Path) -> Fingerprint:
    """Take the state that a file is in now.

    Raises:
        IngestError: it can't be looked at.
    """
    with reading(path):
        status, *logs = (place.stat() for place in (path, *_logs(path)))
    return Fingerprint(
        status.st_size + sum(log.st_size for log in logs),
        max(one.st_mtime_ns for one in (status, *logs)),
        status.st_ctime_ns,  # that of a log moves when SQLite opens it to read
        status.st_ino,
    )


def insist_on(path: Path, before: Fingerprint) -> None:
    """Make sure that nobody wrote into a file meanwhile.

    Raises:
        IngestError: somebody did.
    """
    if fingerprint(path) != before:
        raise changed(path)


def changed(path: Path) -> IngestError:
    """Say that somebody wrote into a file meanwhile."""
    return IngestError(f"{path} changed while it was read; run again when it is complete")


def database_sha256(path: Path) -> str:
    """SHA-256 of a database with its log.

    Raises:
        IngestError: it can't be read.
    """
    known = hashlib.sha256()
    for place in (path, *_logs(path)):
        with reading(place), place.open("rb") as file:
            known.update(hashlib.file_digest(file, "sha256").digest())
    return known.hexdigest()


def _logs(path: Path) -> list[Path]:
    """The logs beside a database, which hold what was written last."""
    places = [wal_path(path), path.with_name(f"{path.name}-wal")]  # of DuckDB, of SQLite
    # A name that is too long for one with an ending more has no log.
    return [place for place in places if os.path.isfile(place) and place.stat().st_size]  # noqa: PTH113
