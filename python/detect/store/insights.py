"""Write and read the insights tables, all or nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detect.errors import DetectError
from detect.schema import TABLES, Column
from detect.store.connection import Connection, changing, connect, has_table

_log = logging.getLogger(__name__)


def write_insights(path: Path, tables: dict[str, list[tuple[object, ...]]]) -> None:
    """Replace the insights tables and append the run, in one transaction.

    A reader sees the tables of the last finished run; a killed writer leaves them untouched.
    """
    with changing(path) as connection:
        connection.execute("begin")
        connection.execute("create schema if not exists insights")
        histories: dict[str, list[tuple[object, ...]]] = {
            name: [] for name, table in TABLES.items() if table.keeps_history
        }
        for name, rows in (histories | tables).items():
            _write(connection, name, rows)
        connection.execute("commit")
    _log.debug("insights: %s", ", ".join(f"{len(rows)} {name}" for name, rows in tables.items()))


def _write(connection: Connection, name: str, rows: list[tuple[object, ...]]) -> None:
    """Replace an insights table by some rows, or add them where it keeps history."""
    table = TABLES[name]
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    if table.keeps_history:
        connection.execute(f"create table if not exists insights.{name} ({columns})")
    else:
        connection.execute(f"create or replace table insights.{name} ({columns})")
    if not rows:
        return
    arrays = {
        column.name: _array(column, [row[i] for row in rows])
        for i, column in enumerate(table.columns)
    }
    connection.register("fresh", arrays)
    casts = ", ".join(_cast(column) for column in table.columns)
    connection.execute(f"insert into insights.{name} select {casts} from fresh")  # noqa: S608 - names from the schema, or quoted
    connection.unregister("fresh")


def _cast(column: Column) -> str:
    """A column as its type in the file; what is not a number is not known there."""
    cast = f"cast({column.name} as {column.type})"
    return f"nullif({cast}, cast('nan' as double))" if column.type == "DOUBLE" else cast


def _array(column: Column, values: list[object]) -> np.ndarray:
    """One column as DuckDB reads it: numbers as they are, the rest as text."""
    if column.type in ("DOUBLE", "BIGINT", "BOOLEAN"):
        kinds = {"DOUBLE": np.float64, "BIGINT": np.int64, "BOOLEAN": np.bool_}
        return np.array(values, dtype=kinds[column.type])
    return np.array([None if v is None else _text(v) for v in values], dtype=object)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def rows_of(records: dict[str, Sequence[object]]) -> dict[str, list[tuple[object, ...]]]:
    """Records of each table as rows, columns in the order of the schema."""
    return {
        name: [tuple(c.get(record) for c in TABLES[name].columns) for record in found]
        for name, found in records.items()
    }


def append(path: Path, name: str, records: Sequence[object]) -> None:
    """Add records to a table that keeps history; it is made where there is none yet."""
    with changing(path) as connection:
        connection.execute("begin")
        connection.execute("create schema if not exists insights")
        _write(connection, name, rows_of({name: records})[name])
        connection.execute("commit")


def read_history(path: Path, name: str) -> list[dict[str, object]]:
    """All rows of a table that keeps history; none where nothing has been added yet."""
    with connect(path, read_only=True) as connection:
        is_there = has_table(connection, "insights", name)
    return read_table(path, name) if is_there else []


def tell_anew(path: Path, stories: dict[str, str]) -> None:
    """Put rewritten stories beside the narratives they tell; all others have none."""
    with changing(path) as connection:
        connection.execute("begin")
        connection.execute("update insights.incidents set narrative_rewritten = null")
        for narrative, story in stories.items():
            connection.execute(
                "update insights.incidents set narrative_rewritten = ? where narrative = ?",
                [story, narrative],
            )
        connection.execute("commit")


def carry_over(older: Path, newer: Path) -> None:
    """Add the history that was written to one file since another was copied from it."""
    for name in (name for name, table in TABLES.items() if table.keeps_history):
        known, kept = ([tuple(r.values()) for r in read_history(p, name)] for p in (newer, older))
        missing = [row for row in kept if row not in known]
        if missing:
            with changing(newer) as connection:
                connection.execute("create schema if not exists insights")
                _write(connection, name, missing)


def read_table(path: Path, name: str) -> list[dict[str, object]]:
    """All rows of an insights table, in the order they were written.

    Raises:
        DetectError: no run has finished yet.
    """
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "insights", name):
            raise DetectError(f"{path}: no finished run yet; run `python -m detect` first")
        columns = [column.name for column in TABLES[name].columns]
        rows = connection.execute(f"select {', '.join(columns)} from insights.{name}").fetchall()  # noqa: S608 - names from the schema, or quoted
    return [dict(zip(columns, row, strict=True)) for row in rows]
