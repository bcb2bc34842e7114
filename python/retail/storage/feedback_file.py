"""What people said and what was sent: a SQLite file beside the database.

It outlives every rebuild and every loss of the database, and takes many writers at once: each waits
for its turn. Rows are only ever added, and a row that is there already is not added again, so that
taking over the same rows twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from retail.storage.errors import StorageError, held
from retail.storage.publish import published_as
from retail.storage.quoting import identifier

ENDING = ".feedback.sqlite"
VERSION = 1
"""Rises when an earlier version must not write to the file; a new column is no such change."""
PATIENCE_SECONDS = 30.0
"""How long a writer waits for its turn: a turn takes milliseconds."""
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
Row = dict[str, object]


@dataclass(frozen=True)
class Addition:
    """Rows for a table, whose columns are given as SQLite's type by name."""

    table: str
    columns: Mapping[str, str]
    rows: Sequence[tuple[object, ...]]


def path_of(database: Path) -> Path:
    """The file of a database: `retail.feedback.sqlite` beside `retail.duckdb`.

    That of a private copy, or of a link, is the one beside the published file.
    """
    published = published_as(database).resolve()
    return published.with_name(f"{published.name.removesuffix('.duckdb')}{ENDING}")


def is_set_up(database: Path) -> bool:
    """Whether the file of a database has its tables: a killed writer leaves none.

    Raises:
        StorageError: the file can't be read.
    """
    path = path_of(database)
    if not path.exists():
        return False
    with _opened(path, database, "rw") as connection:
        return _version(connection, path) > 0


def read(database: Path, table: str) -> list[Row]:
    """Return the rows of a table, in the order in which they were added; none without the file.

    Raises:
        HeldError: another program does not finish writing to it.
        StorageError: it can't be read, or a newer version of this project wrote it.
    """
    path = path_of(database)
    if not path.exists():
        return []
    with _opened(path, database, "rw") as connection:
        if not _version(connection, path) or not _columns(connection, table):
            return []
        found = connection.execute(f"select * from {identifier(table)} order by rowid")  # noqa: S608 - quoted
        names = [name for name, *_ in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]


def add(database: Path, additions: Sequence[Addition]) -> None:
    """Add the rows that the file lacks, all of them or none; create it where there is none.

    Raises:
        HeldError: other programs do not finish writing to it.
        StorageError: it can't be written, or a newer version of this project wrote it.
    """
    path = path_of(database)
    with suppress(OSError):  # what is wrong SQLite says
        if not path.exists():
            path.touch()  # SQLite itself would make it one that no group may write to
    with _opened(path, database, "rwc") as connection:
        connection.execute("begin immediate")
        _version(connection, path)
        for addition in additions:
            _create(connection, addition)
            _insert(connection, addition)
        # Also where no row is added: who may not write gets the error before an alert is sent.
        connection.execute(f"pragma user_version = {VERSION}")
        connection.execute("commit")


def stored(values: Sequence[object]) -> tuple[object, ...]:
    """Return values as the file has them: dates and times are ISO texts."""
    return tuple(map(_stored, values))


def _stored(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    # A terminal may hand over bytes that are no UTF-8.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


@contextmanager
def _opened(path: Path, database: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """Open the file; what fails within the block is undone.

    Args:
        path: of the file.
        database: that it is beside.
        mode: `rw`, which SQLite takes as reading where writing is not allowed, or `rwc`.
    """
    try:
        address = f"{path.as_uri()}?mode={mode}"
        with closing(
            sqlite3.connect(address, uri=True, timeout=PATIENCE_SECONDS, isolation_level=None)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise _describe_error(path, database, error) from error


def _describe_error(path: Path, database: Path, error: sqlite3.Error) -> StorageError:
    """Say in one line why the file can't be had, and what to do."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in BUSY:
        return held(path)
    if code in DAMAGED:
        return StorageError(
            f"{path}: damaged, or no SQLite file ({error}); put a backup in its place, or move it "
            f"away and keep it: what was said and sent up to the last run is in {database.name} too"
        )
    return StorageError(f"{path}: {error}; allow reading and writing there, or make room")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the file's form, 0 where it has none yet.

    Raises:
        StorageError: a newer version of this project wrote it.
    """
    ((version,),) = connection.execute("pragma user_version").fetchall()
    if version > VERSION:
        raise StorageError(
            f"{path}: a newer version of this project wrote it (form {version}, known here: "
            f"{VERSION}); run that version, which keeps what people said"
        )
    return int(version)


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {
        name for (name,) in connection.execute("select name from pragma_table_info(?)", [table])
    }


def _create(connection: sqlite3.Connection, addition: Addition) -> None:
    """Create a table, or give it the columns that it lacks."""
    table = identifier(addition.table)
    there = _columns(connection, addition.table)
    typed = {name: f"{identifier(name)} {kind}" for name, kind in addition.columns.items()}
    if not there:
        connection.execute(f"create table {table} ({', '.join(typed.values())})")
        return
    for name in (name for name in typed if name not in there):
        connection.execute(f"alter table {table} add column {typed[name]}")


def _insert(connection: sqlite3.Connection, addition: Addition) -> None:
    """Insert the rows that are not there yet."""
    table = identifier(addition.table)
    columns = ", ".join(map(identifier, addition.columns))
    places = ", ".join("?" * len(addition.columns))
    there = set(connection.execute(f"select {columns} from {table}"))  # noqa: S608 - quoted
    fresh = [row for row in dict.fromkeys(map(stored, addition.rows)) if row not in there]
    connection.executemany(f"insert into {table} ({columns}) values ({places})", fresh)  # noqa: S608 - quoted
