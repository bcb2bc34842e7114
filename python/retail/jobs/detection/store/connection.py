"""Open the DuckDB file, to read it or to replace it by an edited copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from retail.storage.errors import StorageError
from retail.storage.opening import PATIENCE_SECONDS, connected
from retail.storage.publish import atomic_update

Connection = duckdb.DuckDBPyConnection


@contextmanager
def connect(path: Path, *, read_only: bool) -> Iterator[Connection]:
    """Open the database file, waiting a little while another program writes to it.

    Raises:
        StorageError: there is no such file, it is no database, it stays locked, or the disk is
            full.
    """
    if not path.is_file():
        raise _missing(path)
    with connected(path, read_only=read_only, patience=PATIENCE_SECONDS) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@contextmanager
def edit_copy(path: Path) -> Iterator[Connection]:
    """Open a copy of the file for writing, and replace the file by it if nothing failed.

    Raises:
        StorageError: as `connect` does, or the disk refuses.
    """
    if not path.is_file():
        raise _missing(path)
    with atomic_update(path) as copy, connect(copy, read_only=False) as connection:
        yield connection


def _missing(path: Path) -> StorageError:
    return StorageError(f"{path}: no such database; run `dbt build` first, or give --db")
