"""Open the DuckDB file, and tell in one line why it can't be had."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError, first_line, held
from warehouse.quoting import identifier, literal

PAUSE_SECONDS = 0.1
MEMORY_VARIABLE, MEMORY_LIMIT = "RETAIL_MEMORY_LIMIT", "4GB"
"""The setting that says how much memory DuckDB may take, and its default, as in profiles.yml."""
ADVICE = "move it away, and `make run` builds another"
DAMAGE = ("corrupt", "serializ", "deserializ", "checksum", "not a valid duckdb", "internal error")
"""What DuckDB's messages have in them when a file is not what it was when it was written."""


def open_database(
    path: Path, *, read_only: bool, patience: float = 0.0
) -> duckdb.DuckDBPyConnection:
    """Open a file in bounded memory, waiting a little while another program writes to it.

    Raises:
        HeldError: it stays so.
        WarehouseError: it is no DuckDB file, or a damaged one, or the bound is none.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _bounded(duckdb.connect(str(path), read_only=read_only))
        except duckdb.Error as error:
            if not (isinstance(error, duckdb.IOException) and "lock" in str(error)):
                raise WarehouseError(unreadable(path, error)) from error
            if time.monotonic() >= deadline:
                raise held(path) from error
            time.sleep(PAUSE_SECONDS)


def _bounded(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    limit = os.environ.get(MEMORY_VARIABLE) or MEMORY_LIMIT
    try:
        return connection.execute(f"set memory_limit = {literal(limit)}")
    except duckdb.Error as error:
        connection.close()
        raise WarehouseError(
            f"{MEMORY_VARIABLE} is {limit!r} ({first_line(error)}); say 4GB, or what you have"
        ) from error


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
