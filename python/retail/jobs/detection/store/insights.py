"""Write the insights tables in one transaction, and add to those that keep history."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retail import reading
from retail.feedback import record
from retail.jobs.detection.store.connection import Connection, connect, edit_copy
from retail.jobs.detection.store.members import MemberDays, write_member_days
from retail.reading import read_table
from retail.reading.proof import prove
from retail.schema import FORMER, TABLES, Column, FeedbackRow, RunRow
from retail.storage.quoting import literal

_log = logging.getLogger(__name__)
Rows = list[tuple[object, ...]]


def write_insights(path: Path, tables: dict[str, Rows], members: MemberDays | None = None) -> None:
    """Replace the insights tables and append the run, in one transaction.

    A reader sees the tables of the last finished run; a killed writer leaves them untouched.
    What people said and what was sent is copied from the feedback file, which first takes over
    what only the database has. Stories are derived again but for those whose facts are given.
    """
    proven = tables.get("narrative_facts", [])
    others = {name: rows for name, rows in tables.items() if name != "narrative_facts"}
    with edit_copy(path) as connection:
        connection.execute("begin")
        connection.execute("create schema if not exists insights")
        record.take_over(connection)
        histories: dict[str, Rows] = {
            name: [] for name, table in TABLES.items() if table.keeps_history
        }
        snapshots = rows_of(
            {
                "feedback": reading.read_feedback(connection),
                "alerts": reading.read_sent_alerts(connection),
            }
        )
        for name, rows in (histories | others | snapshots).items():
            _write(connection, name, rows)
        if members is not None:
            write_member_days(connection, members)
        facts = [*proven, *_facts(connection, proven)]
        _write(connection, "narrative_facts", sorted(facts, key=lambda row: str(row[0])))
        _drop_former(connection)
        connection.execute("commit")
    _log.debug("insights: %s", ", ".join(f"{len(rows)} {name}" for name, rows in tables.items()))


def _facts(connection: Connection, proven: Rows) -> Rows:
    """Return what the other stories rest on, where there are order lines to derive it from."""
    if not reading.has_table(connection, "marts", "fct_kpi_lines"):
        return []
    facts, _ = prove(connection, but={str(incident) for incident, *_ in proven})
    return rows_of({"narrative_facts": facts})["narrative_facts"]


def _write(connection: Connection, name: str, rows: Rows) -> None:
    """Replace an insights table by some rows, or add them where it keeps history."""
    table = TABLES[name]
    _create(connection, name)
    if not rows:
        return
    arrays = {
        column.name: _array(column, [row[i] for row in rows])
        for i, column in enumerate(table.columns)
    }
    connection.register("fresh", arrays)
    casts = ", ".join(f"{_cast(column)} as {column.name}" for column in table.columns)
    connection.execute(f"insert into insights.{name} by name select {casts} from fresh")  # noqa: S608 - names from the schema, or quoted
    connection.unregister("fresh")


def _create(connection: Connection, name: str) -> None:
    """Create or replace a table; one that keeps history gets the columns it lacks."""
    table = TABLES[name]
    columns = [f"{column.name} {column.type}" for column in table.columns]
    if not table.keeps_history:
        connection.execute(f"create or replace table insights.{name} ({', '.join(columns)})")
    else:
        connection.execute(f"create table if not exists insights.{name} ({', '.join(columns)})")
        for column in columns:
            connection.execute(f"alter table insights.{name} add column if not exists {column}")
    _comment(connection, name)


def _comment(connection: Connection, name: str) -> None:
    """Note in the file what one row of a table is, and what each column says."""
    table = TABLES[name]
    comments = [f"comment on table insights.{name} is {literal(table.description)}"]
    comments += [
        f"comment on column insights.{name}.{column.name} is {literal(column.description)}"
        for column in table.columns
    ]
    connection.execute("; ".join(comments))


def _drop_former(connection: Connection) -> None:
    """Remove tables, or views, that an earlier version wrote under other names."""
    query = """
        select table_name, if(table_type = 'VIEW', 'view', 'table') from information_schema.tables
        where table_schema = 'insights' and list_contains(?, table_name)
    """
    for name, kind in connection.execute(query, [list(FORMER)]).fetchall():
        connection.execute(f"drop {kind} insights.{name}")


def _cast(column: Column) -> str:
    """Return a column cast to its type in the file; NaN becomes NULL."""
    cast = f"cast({column.name} as {column.type})"
    return f"nullif({cast}, cast('nan' as double))" if column.type == "DOUBLE" else cast


def _array(column: Column, values: list[object]) -> np.ndarray:
    """Return one column as DuckDB reads it: numbers as they are, the rest as text."""
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


def rows_of(records: dict[str, Sequence[object]]) -> dict[str, Rows]:
    """Return the records of each table as rows, columns in the order of the schema."""
    return {
        name: [tuple(c.get(record) for c in TABLES[name].columns) for record in found]
        for name, found in records.items()
    }


def carry_over(older: Path, newer: Path) -> None:
    """Add the runs that were written to one file since another was copied from it."""
    known, kept = (read_runs(path) for path in (newer, older))
    missing = [row for row in kept if row not in known]
    if missing:
        with edit_copy(newer) as connection:
            connection.execute("create schema if not exists insights")
            _write(connection, "runs", rows_of({"runs": missing})["runs"])


def read_runs(path: Path) -> list[RunRow]:
    """Return all finished runs, in the order in which they were written."""
    with connect(path, read_only=True) as connection:
        return list(read_table(connection, RunRow, "runs", "order by rowid"))


def read_feedback(path: Path) -> list[FeedbackRow]:
    """Return all feedback, oldest first."""
    with connect(path, read_only=True) as connection:
        return list(reading.read_feedback(connection))
