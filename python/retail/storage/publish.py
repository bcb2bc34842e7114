"""Atomic publishing: work on a private copy of the DuckDB file, then replace the file by it.

The published file is never written to, only replaced: a reader that has it open keeps the old
tables, the next one sees the new ones, and none waits. A build that fails leaves the published file
as it was. One program builds at a time; short updates meanwhile, such as feedback, are merged when
the build is published.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import logging
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from retail.storage.durable import put_in_place
from retail.storage.errors import MAKE_ROOM, StorageError, held, reason
from retail.storage.opening import (
    PATIENCE_SECONDS,
    PAUSE_SECONDS,
    open_database,
    verify_integrity,
    wal_path,
)

if TYPE_CHECKING:
    from filelock import FileLock

BUILDING, CHANGING = ".building-", ".changing-"
"""Prefixes of the folders that hold private copies, beside the published file."""
COPY_VARIABLE = "RETAIL_PRIVATE_COPY"
"""Names the private copy that dbt builds in. profiles.yml does not read it, so that dbt can reuse
its parse."""
NO_FILE = re.compile(r":memory:|(md|motherduck|ducklake):|\w+:/")
"""What DuckDB takes for a database without a file, or for a place on a network."""
READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH

_log = logging.getLogger(__name__)
MergeState = Callable[[Path, Path], None]
"""Merge into a copy (second) what was written to the published file (first) in the meantime."""


@contextmanager
def staged_build(database: Path, merge_state: MergeState) -> Iterator[Path]:
    """Yield a private copy of ``database``, and publish it when the block ends without an error.

    The copy has the same file name in a folder of its own: DuckDB names a database after its file.

    Args:
        database: the published file; need not exist yet.
        merge_state: called before publishing where the published file was replaced meanwhile.

    Yields:
        Path of the copy.

    Raises:
        StorageError: another program is at work on the file, holds it for writing or wrote to
            it meanwhile, the file can't be read, it is no name of a file, or the disk refuses.
    """
    if NO_FILE.match(str(database)):
        raise StorageError(f"{database} is no file to DuckDB; give RETAIL_DB one on this machine")
    database = database.resolve()
    with only_one_at_work(database), _copy_of(database, BUILDING) as copy:
        seen = identity(database)
        try:
            with _one_line_errors(copy.parent, as_before(database)):
                yield copy
        except Exception:
            if database.exists():
                verify_integrity(database)  # report a damaged block as such
            raise
        with _publishing(database):
            now = identity(database)
            if now and (not seen or now[0] != seen[0]):  # replaced, not written to
                merge_state(database, copy)
                seen = now
            _put_in_place(copy, database, seen)


@contextmanager
def atomic_update(database: Path) -> Iterator[Path]:
    """Yield a copy of ``database`` for a short update, and publish it at the end of the block.

    It may run during a build. A private copy is yielded as it is.

    Raises:
        StorageError: another program holds the file for writing or wrote to it meanwhile, or the
            disk refuses.
    """
    if is_private(database):
        yield database
        return
    database = database.resolve()
    with _publishing(database), _copy_of(database, CHANGING) as copy:
        seen = identity(database)
        yield copy
        _put_in_place(copy, database, seen)


def is_private(database: Path) -> bool:
    """Whether a file is a private copy, which its maker publishes."""
    folder = re.escape(database.name) + r"(\.\d+)?"
    return bool(re.fullmatch(f"({BUILDING}|{CHANGING}){folder}", database.absolute().parent.name))


def published_as(database: Path) -> Path:
    """Path of the file that a private copy is to replace; any other file's own."""
    return database.absolute().parents[1] / database.name if is_private(database) else database


@contextmanager
def only_one_at_work(database: Path) -> Iterator[None]:
    """Hold the right to build tables of the file, for as long as the block takes.

    Raises:
        StorageError: another program has it.
    """
    if is_private(database):
        yield
        return
    with _locked(database, "lock", patience=0) as has_it:
        if not has_it:
            raise StorageError(
                f"another program is at work on {database}; wait until it has finished"
            )
        yield


@contextmanager
def _publishing(database: Path) -> Iterator[None]:
    """Hold the right to replace the file; it is only held briefly."""
    with _locked(database, "publishing", patience=PATIENCE_SECONDS) as has_it:
        if not has_it:
            raise StorageError(
                f"{database}: another program is just replacing it; try again in a moment"
            )
        yield


@contextmanager
def _locked(database: Path, kind: str, patience: float) -> Iterator[bool]:
    """Try to take a lock that the system drops when this process ends, however it ends."""
    from filelock import FileLock  # here: its import takes a tenth of a second

    # dbt may end a command in another thread than the one that it began in.
    path = database.parent / f".{database.name}.{kind}"
    lock = FileLock(path, thread_local=False)
    with _one_line_errors(database.parent):
        database.parent.mkdir(parents=True, exist_ok=True)
        has_it = not _is_held_by_another_account(path) and _acquire(lock, path, patience)
        if has_it:
            _let_all_look(path)
    try:
        yield has_it
    finally:
        lock.release()


def _is_held_by_another_account(path: Path) -> bool:
    """Whether a lock is held whose file this account may not write to; remove one that is not.

    Raises:
        StorageError: it may do neither, though it may write to the folder.
    """
    if not path.exists() or os.access(path, os.W_OK):
        return False
    from filelock import lock_descriptor

    try:
        with path.open("rb") as file:
            is_free = lock_descriptor(file.fileno(), blocking=False)
            if is_free:
                path.unlink()
    except PermissionError as error:
        if not os.access(path.parent, os.W_OK):
            raise
        raise StorageError(
            f"{path} is of the user {_owner(path)}, who may remove it; share the folder with a "
            "group to take turns (chgrp, chmod 2775)"
        ) from error
    return not is_free


def _let_all_look(path: Path) -> None:
    """Have other accounts see whether a lock is held, whatever the umask: its file is empty."""
    with suppress(OSError):  # another account's, who has seen to it
        path.chmod(path.stat().st_mode | READABLE)


def _acquire(lock: FileLock, path: Path, patience: float) -> bool:
    try:
        lock.acquire(timeout=patience, poll_interval=PAUSE_SECONDS)
    except TimeoutError:
        if not path.exists():  # nobody has it: no file can be made there, as below /proc
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
        return False
    return True


# ------------------------------------------------------------------------------------ the copy


@contextmanager
def _copy_of(database: Path, prefix: str) -> Iterator[Path]:
    folder = _free_folder(database.parent / f"{prefix}{database.name}")
    try:
        with _one_line_errors(folder):
            folder.mkdir()
        copy = folder / database.name
        if database.exists():
            _checkpoint(database)
            open_database(database, read_only=True, patience=PATIENCE_SECONDS).close()
            with _one_line_errors(folder):
                _copy(database, copy)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_folder(wanted: Path) -> Path:
    """Remove what a killed program left behind; step aside where only another account may."""
    for number in itertools.count(1):
        folder = wanted.with_name(f"{wanted.name}.{number}") if number > 1 else wanted
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        _log.warning(
            "%s is of a killed run of the user %s, who may remove it; it does no harm",
            folder, _owner(folder),
        )  # fmt: skip
    return folder


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:  # a user without a name
        return str(path.stat().st_uid)


def _copy(database: Path, copy: Path) -> None:
    """Copy under the lock that keeps DuckDB from writing to the file meanwhile."""
    with _locked_for_reading(database):
        shutil.copyfile(database, copy)
        shutil.copymode(database, copy)


def _checkpoint(database: Path) -> None:
    """Checkpoint a write-ahead log that another program has left."""
    if not wal_path(database).exists():
        return
    open_database(database, read_only=False, patience=PATIENCE_SECONDS).close()


def _put_in_place(copy: Path, database: Path, seen: tuple[int, int, int] | None) -> None:
    """Replace the published file by a copy.

    Args:
        copy: the new file.
        database: the published one.
        seen: the state of the published one of which the copy has everything.

    Raises:
        HeldError: another program has it open for writing. DuckDB writes its log by the file's
            name, so what that program writes later would lie beside the new file and lock
            everybody out.
        StorageError: another program wrote to the published file meanwhile, the copy was not
            closed, or the disk refuses.
    """
    if wal_path(copy).exists():
        raise StorageError(f"{copy} was not closed; {as_before(database)}")
    with _one_line_errors(copy.parent, as_before(database)), _nobody_writing(database):
        if database.exists() and identity(database) != seen:
            raise StorageError(
                f"{database}: another program wrote to it meanwhile; that is kept, and nothing was "
                "published: run again"
            )
        put_in_place(copy, database)


@contextmanager
def _nobody_writing(database: Path) -> Iterator[None]:
    """Keep other programs from opening a file for writing; it need not exist yet."""
    if not database.exists():
        yield
        return
    _checkpoint(database)
    with _locked_for_reading(database):
        if wal_path(database).exists():
            raise StorageError(f"{database}: another program is just writing to it; try again")
        yield


@contextmanager
def _locked_for_reading(database: Path) -> Iterator[None]:
    """Hold the lock that keeps DuckDB from opening a file for writing; readers are free.

    It is DuckDB's own, a POSIX lock on the file itself, which no library of locks takes.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    with database.open("rb") as whole:
        while not _take_as_reader(whole):
            if time.monotonic() >= deadline:
                open_database(database, read_only=True).close()  # tells which program it is
                raise held(database)
            time.sleep(PAUSE_SECONDS)
        yield


def _take_as_reader(file: IO[bytes]) -> bool:
    try:
        fcntl.lockf(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def identity(database: Path) -> tuple[int, int, int] | None:
    """Identify a file, also when it is renamed; None where there is none."""
    if not database.exists():
        return None
    status = database.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


# ---------------------------------------------------------------------------------- one-liners


def as_before(database: Path) -> str:
    """Say what readers see after work that was not published."""
    if database.exists():
        return f"the tables in {database.name} are those of the last good run"
    return f"there is no {database.name} yet"


@contextmanager
def _one_line_errors(place: Path, then: str = MAKE_ROOM) -> Iterator[None]:
    """Turn errors of the operating system into one line."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise StorageError(f"cannot write {where}: {reason(error)}; {then}") from error
