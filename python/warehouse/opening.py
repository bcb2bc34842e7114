"""Open the DuckDB file, and tell in one line why it can't be had."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError, first_line, held
from warehouse.quoting import identifier

PAUSE_SECONDS = 0.1
ADVICE = "move it away, and `make run` builds another"
DAMAGE = ("corrupt", "serializ", "deserializ", "checksum", "not a valid duckdb", "internal error")
"""What DuckDB's messages have in them when a file is not what it was when it was written."""


def open_database(
    path: Path, *, read_only: bool, patience: float = 0.0
) -> duckdb.DuckDBPyConnection:
    """Open a file, waiting a little while another program has it open for writing.

    Raises:
        HeldError: it stays so.
        WarehouseError: it is no DuckDB file, or a damaged one.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            if not (isinstance(error, duckdb.IOException) and "lock" in str(error)):
                raise WarehouseError(unreadable(path, error)) from error
            if time.monotonic() >= deadline:
                raise held(path) from error
            time.sleep(PAUSE_SECONDS)


def insist_on_whole(path: Path) -> None:
    """Read every block of a file, which takes a while where it is large.

    Raises:
        WarehouseError: one of them is not what was written.
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
        raise WarehouseError(unreadable(path, error)) from error


def told(path: Path, error: duckdb.Error) -> str:
    """Say in one line what DuckDB said of a file, and what to do where it is damaged."""
    is_damaged = any(sign in str(error).lower() for sign in DAMAGE)
    return unreadable(path, error) if is_damaged else f"{path}: {first_line(error)}"


def unreadable(path: Path, error: Exception) -> str:
    """Say that a file can't be read, and what to do."""
    return f"{path}: not a DuckDB file that can be read ({first_line(error)}); {ADVICE}"
