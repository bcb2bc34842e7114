"""Record the inputs of a run, and compare them with those of the last finished run.

The note of a finished run lies beside the DuckDB file. It is removed before a run touches anything
and written when all is done, so a run that failed or was killed leaves none. Whatever can't be
known counts as changed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb

import detect
import retail
from retail.ingest import IngestError
from retail.ingest.fingerprint import Fingerprint
from retail.ingest.last_run import last_source
from retail.ingest.mapping import Reader
from retail.ingest.parquet_cache import (
    cache_folder,
    landed_sha256,
    project_reader,
    state_of,
    to_read,
)
from retail.ingest.shop import SHOP_VARIABLE
from retail.ingest.sources import SOURCE_VARIABLE, SourceFile, choose, find
from retail.storage import feedback_file
from retail.storage.durable import write_text
from retail.storage.errors import StorageError
from retail.storage.location import DATABASE_VARIABLE
from retail.storage.opening import open_database, wal_path
from retail.storage.publish import identity, only_one_at_work

PACKAGES = tuple(Path(str(package.__file__)).parent for package in (detect, retail))
CODE = (
    "dbt_project.yml",
    "profiles.yml",
    "models",
    "macros",
    "seeds",
    "analyses",
    "tests/data_tests",
)
"""What dbt reads, below the project root."""
SETTINGS = ("RETAIL_", "DBT_")
NO_SETTINGS = (SOURCE_VARIABLE, DATABASE_VARIABLE, SHOP_VARIABLE)
"""Their files are compared instead."""
SECRETS = ("DBT_ENV_SECRET_",)
VERSION = 1
"""Rises when a note means something else."""
FEEDBACK = "select until, * exclude (until) from insights.feedback"
Row = tuple[object, ...]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunInputs:
    """What a run rests on: digests by what each is of, and the raw files with their states."""

    database: Path
    digests: dict[str, str]
    files: dict[str, tuple[SourceFile, Fingerprint]]
    readers: dict[str, Reader]
    """What finds the order lines in each of them."""
    cache: Path
    """Where the raw files are landed."""
    day: dt.date
    """Snoozes end by it."""


@dataclass(frozen=True)
class LastRun:
    """What the last finished run noted."""

    digests: dict[str, str]
    files: dict[str, Fingerprint]
    results: dict[str, list[int]]
    """The files that it wrote, as they were then."""
    day: dt.date
    until: dt.date | None
    """The first day on which a snooze ends: up to it the same is snoozed."""
    warnings: tuple[str, ...]
    finished_at: str


def read(project: Path, database: Path) -> RunInputs | None:
    """Read what a run would rest on now; None where that can't be known.

    Args:
        project: root of the dbt project.
        database: the DuckDB file, which may not be there yet.
    """
    cache = cache_folder(project)
    try:
        sources = find(project, choose(project, last=last_source(database)), cache)
        reader = project_reader(project, cache, sources.location)
        read_by = to_read(sources, reader)
        files = {str(file.path): (file, state_of(file)) for file, _ in read_by}
        readers = {str(file.path): each for file, each in read_by}
        queries = [file.query for file, _ in read_by if file.query]
        asked = (sources.origin, sources.location, sources.warnings, sorted(files), queries)
        digests = {
            "the raw files": _digest(asked),
            "the code": _code(project),
            "the settings": _digest(
                (_settings(os.environ), reader.shop.model_dump_json(), reader.digest)
            ),
            "what people said": _feedback(database),
        }
    except (IngestError, StorageError, OSError, ValueError, duckdb.Error) as error:
        _log.debug("what this run rests on can't be known: %s", error)
        return None
    return RunInputs(database, digests, files, readers, cache, _today())


def changes(now: RunInputs, last: LastRun | None) -> tuple[str, ...]:
    """Name what is not as the last finished run left it; nothing where all is the same."""
    if last is None:
        return ("no finished run is noted",)
    found = [name for name, digest in now.digests.items() if last.digests.get(name) != digest]
    written_by_hand = wal_path(now.database).exists()
    if written_by_hand or any(_stat(Path(path)) != stat for path, stat in last.results.items()):
        found.append("the results")
    if not last.day <= now.day <= (last.until or now.day):
        found.append("the day by which snoozes end")
    if not found and not all(
        _is_same(file, at, last.files.get(path), now) for path, (file, at) in now.files.items()
    ):
        found.append("the raw files")
    return tuple(found)


def read_note(database: Path) -> LastRun | None:
    """Read what the last finished run noted; None where that is not there, whole."""
    try:
        kept = json.loads(_note(database).read_text(encoding="utf-8"))
        if kept.pop("version") != VERSION:
            return None
        files = {path: Fingerprint(**state) for path, state in kept.pop("files").items()}
        day, until = kept.pop("day"), kept.pop("until")
        return LastRun(
            files=files,
            day=dt.date.fromisoformat(day),
            until=until and dt.date.fromisoformat(until),
            warnings=tuple(kept.pop("warnings")),
            **kept,
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def of_run(rested_on: RunInputs, results: Sequence[Path], warnings: Sequence[str]) -> LastRun:
    """Describe a run that has finished just now.

    Args:
        rested_on: what was read before it began.
        results: the files that it wrote.
        warnings: of its data tests.
    """
    return LastRun(
        digests=rested_on.digests,
        files={path: state for path, (_, state) in rested_on.files.items()},
        results={str(path): _stat(path) for path in results},
        day=rested_on.day,
        until=None,
        warnings=tuple(warnings),
        finished_at=f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
    )


def note(rested_on: RunInputs, run: LastRun) -> None:
    """Note a finished run, with its results as they are now.

    Nothing is noted where somebody has said something since it began, or the disk refuses: then the
    next run does all.
    """
    database = rested_on.database
    try:
        if _feedback(database) != rested_on.digests["what people said"]:
            return
        results = {path: _stat(Path(path)) for path in run.results}
        until = _first_end(database, run.day)
        kept = asdict(replace(run, results=results, until=until)) | {"version": VERSION}
        write_text(_note(database), json.dumps(kept, default=str))
    except (OSError, StorageError, duckdb.Error) as error:
        _log.debug("the run can't be noted, so the next one does all: %s", error)


def forget(database: Path) -> None:
    """Remove the note, so that an unfinished run is never taken for a finished one."""
    with suppress(OSError):
        _note(database).unlink(missing_ok=True)


@contextmanager
def alone(database: Path) -> Iterator[bool]:
    """Hold the right to build tables of the file, unless another program has it."""
    with ExitStack() as held:
        is_alone = True
        try:
            held.enter_context(only_one_at_work(database))
        except StorageError:
            is_alone = False
        yield is_alone


# ------------------------------------------------------------------------------------ the parts


def _is_same(file: SourceFile, now: Fingerprint, then: Fingerprint | None, run: RunInputs) -> bool:
    """Say whether a raw file has the bytes that were landed, and what was landed is whole."""
    if then is None or now.size != then.size:
        return False
    if file.form in ("parquet", "table") and not file.server:
        return now == then
    sha256 = landed_sha256(file, then, run.cache, run.readers[str(file.path)])
    if file.server:  # rows may have been others between that look at them and their landing
        return now == then and sha256 is not None
    return sha256 is not None and (now == then or _sha256(file.path) == sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _code(project: Path) -> str:
    """Digest of all files that tables and findings are made by, and of the libraries' versions."""
    known = hashlib.sha256(sys.version.encode())
    for root in (*(project / name for name in CODE), *PACKAGES):
        for file in sorted(_files(root)):
            known.update(f"{root.name}/{file.relative_to(root)}\0".encode())
            known.update(file.read_bytes())
    for place in filter(os.path.isdir, sys.path):
        installed = (name for name in os.listdir(place) if name.endswith(".dist-info"))  # noqa: PTH208 (names alone)
        known.update(repr(sorted(installed)).encode())
    return known.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(folder, name) for name in names)


def _settings(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(
        (name, value)
        for name, value in environ.items()
        if name.startswith(SETTINGS) and not name.startswith(SECRETS) and name not in NO_SETTINGS
    )


def _feedback(database: Path) -> str:
    """Digest of what people said; that of nothing where there is no file yet."""
    return _digest(sorted(_feedback_rows(database), key=repr))


def _first_end(database: Path, day: dt.date) -> dt.date | None:
    ends = (dt.date.fromisoformat(str(until)) for until, *_ in _feedback_rows(database) if until)
    return min((end for end in ends if end >= day), default=None)


def _feedback_rows(database: Path) -> set[Row]:
    """Return what people said, by the end of each snooze: the rows of `retail.reading.history`.

    That module would be imported with all of NumPy, which an unchanged morning has no use of.
    """
    rows = feedback_file.read(database, "feedback")
    beside = {(row["until"], *(v for k, v in row.items() if k != "until")) for row in rows}
    return beside | set(map(feedback_file.stored, _snapshot(database)))


def _snapshot(database: Path) -> list[Row]:
    if not database.is_file():
        return []
    with open_database(database, read_only=True) as connection, suppress(duckdb.CatalogException):
        return connection.execute(FEEDBACK).fetchall()
    return []


def _digest(known: object) -> str:
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _stat(path: Path) -> list[int]:
    return list(identity(path) or ())


def _note(database: Path) -> Path:
    return database.with_name(f".{database.name}.last-run.json")


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
