"""Open the DuckDB file, or say in one line why that fails."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from retail.storage.errors import StorageError, first_line, held
from retail.storage.quoting import identifier, literal

PATIENCE_SECONDS, PAUSE_SECONDS = 10.0, 0.05
"""How long to wait for a database that another program has locked, and between two looks."""
MEMORY_VARIABLE, MEMORY_LIMIT = "RETAIL_MEMORY_LIMIT", "4GB"
"""Setting of DuckDB's memory limit, and its default, as in profiles.yml."""
DAMAGE = (
    "corrupt", "serializ", "deserializ", "checksum", "internal error", "not read enough bytes",
)  # fmt: skip
"""Parts of DuckDB's messages about a damaged file."""
STRANGE_LOG = ("wal does not match", "wal checkpoint iteration")
"""Parts of its messages about a write-ahead log that belongs to another file."""
REPLACE = "move it away, and `make run` builds another"
KEEP = f"put a backup in its place, or {REPLACE}; keep it, and the feedback file beside it"


def open_database(
    path: Path, *, read_only: bool, patience: float = 0.0
) -> duckdb.DuckDBPyConnection:
    """Open a file in bounded memory, waiting a little while another program writes to it.

    Raises:
        HeldError: it stays so.
        StorageError: it can't be opened, or the bound is none; the message advises by cause.
    """
    if path.is_fifo():  # to open it would wait for a writer, for ever
        raise StorageError(f"{path}: it is a pipe; give RETAIL_DB a file")
    deadline = time.monotonic() + patience
    while True:
        try:
            return _bounded(duckdb.connect(str(path), read_only=read_only))
        except duckdb.Error as error:
            if not (isinstance(error, duckdb.IOException) and "lock" in str(error)):
                raise StorageError(unreadable(path, error)) from error
            if time.monotonic() >= deadline:
                raise held(path, error) from error
            time.sleep(PAUSE_SECONDS)


@contextmanager
def connected(
    path: Path, *, read_only: bool, patience: float = 0.0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file as `open_database` does, and close it at the end of the block.

    Raises:
        StorageError: as there, or what the block asked of DuckDB failed, as on a full disk.
    """
    connection = open_database(path, read_only=read_only, patience=patience)
    try:
        yield connection
    except duckdb.Error as error:
        raise StorageError(describe_error(path, error)) from error
    finally:
        connection.close()


def memory_limit() -> str:
    """The memory that DuckDB may take, tried out: as RETAIL_MEMORY_LIMIT says, if it is set.

    Raises:
        StorageError: no table fits in it, or it is no amount of memory.
    """
    try:
        with _bounded(duckdb.connect()) as connection:
            connection.execute("create table tried as from range(10_000)")
    except duckdb.Error as error:
        raise _no_bound(error) from error
    return _limit()


def _limit() -> str:
    return os.environ.get(MEMORY_VARIABLE) or MEMORY_LIMIT


def _no_bound(error: duckdb.Error) -> StorageError:
    return StorageError(
        f"{MEMORY_VARIABLE} is {_limit()!r} ({first_line(error)}); say 4GB, or what you have"
    )


def _bounded(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    try:
        return connection.execute(f"set memory_limit = {literal(_limit())}")
    except duckdb.Error as error:
        connection.close()
        raise _no_bound(error) from error


def verify_integrity(path: Path) -> None:
    """Read every block of a file, which takes a while where it is large.

    Raises:
        StorageError: a block is damaged.
    """
    try:
        with open_database(path, read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where not temporary"
            ).fetchall()
            for names in tables:
                whole = connection.table(".".join(map(identifier, names)))
                whole.aggregate("max(hash(columns(*)))").fetchall()
    except duckdb.Error as error:
        raise StorageError(unreadable(path, error)) from error


def wal_path(path: Path) -> Path:
    """Return the path of a file's write-ahead log."""
    return path.with_name(f"{path.name}.wal")


def describe_error(path: Path, error: duckdb.Error) -> str:
    """Describe an error of DuckDB in one line, and what to do where the file can't be read."""
    is_damaged = any(sign in str(error).lower() for sign in DAMAGE)
    return unreadable(path, error) if is_damaged else f"{path}: {first_line(error)}"


def unreadable(path: Path, error: Exception) -> str:
    """Describe why a file can't be read, and what to do about it."""
    said = str(error).lower()
    wal = wal_path(path)
    if any(sign in said for sign in STRANGE_LOG):
        return (
            f"{path}: {wal.name} beside it is of another file, which a program had open for "
            f"writing while {path.name} was replaced; close that program and move {wal.name} away: "
            f"{path.name} itself is whole ({first_line(error)})"
        )
    if "replaying wal" in said:
        return (
            f"{path}: {wal.name} beside it can't be read ({first_line(error)}); move it away and "
            f"keep it: what a program wrote by hand is in it, {path.name} itself is whole"
        )
    if "permission denied" in said:
        return f"{path}: this user may not read it; have its owner allow that (chmod, chown)"
    if "version number" in said:
        return f"{path}: a newer DuckDB wrote it ({first_line(error)}); open it with that version"
    if "encrypt" in said:
        return f"{path}: it is encrypted ({first_line(error)}); give RETAIL_DB another file"
    if "is a directory" in said:
        return f"{path}: it is a folder; give RETAIL_DB a file"
    if any(sign in said for sign in DAMAGE):
        return f"{path}: a damaged DuckDB file ({first_line(error)}); {KEEP}"
    return f"{path}: not a DuckDB file that can be read ({first_line(error)}); {REPLACE}"
