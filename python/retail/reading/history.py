"""What people said and what was sent, up to now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from retail.reading.file import Connection, ReadError, path_of, read_table
from retail.schema import SNAPSHOTS, TABLES, Column, FeedbackRow, SentAlertRow
from retail.storage import feedback_file

Row = TypeVar("Row")
PARSERS: dict[str, Callable[[str], object]] = {
    "DATE": dt.date.fromisoformat,
    "TIMESTAMP": dt.datetime.fromisoformat,
}
"""From the texts of the feedback file to the values of a column, by its type."""
SQLITE_TYPES = {"DOUBLE": "REAL", "BIGINT": "INTEGER", "BOOLEAN": "INTEGER"}
"""The other columns are texts."""


def read_feedback(connection: Connection) -> tuple[FeedbackRow, ...]:
    """What people have said, oldest first."""
    given = _read(connection, FeedbackRow, "feedback")
    return tuple(sorted(given, key=lambda row: row.given_at))


def read_sent_alerts(connection: Connection) -> tuple[SentAlertRow, ...]:
    """What was sent, in that order."""
    return _read(connection, SentAlertRow, "alerts")


def read_snapshots(connection: Connection) -> dict[str, tuple[object, ...]]:
    """Rows that the database itself has of them: of an earlier version, or as of its last run."""
    return {name: read_table(connection, TABLES[name].record, name) for name in SNAPSHOTS}


def addition(name: str, rows: tuple[object, ...]) -> feedback_file.Addition:
    """Records of a table as the feedback file takes them."""
    columns = TABLES[name].columns
    return feedback_file.Addition(
        name,
        {column.name: SQLITE_TYPES.get(column.type, "TEXT") for column in columns},
        [tuple(getattr(row, column.field) for column in columns) for row in rows],
    )


def _read(connection: Connection, record: type[Row], name: str) -> tuple[Row, ...]:
    """Rows of the database, then those that only the feedback file has.

    The database has others where an earlier version wrote it, or where the feedback file was lost.
    """
    known = read_table(connection, record, name)
    database = path_of(connection)
    columns = TABLES[name].columns
    try:
        beside = [
            record(*(_value(column, row.get(column.name)) for column in columns))
            for row in feedback_file.read(database, name)
        ]
    except (ValueError, TypeError) as error:
        raise ReadError(
            f"{feedback_file.path_of(database)}: table {name} was changed by hand: {error}"
        ) from error
    return tuple(dict.fromkeys((*known, *beside)))


def _value(column: Column, value: object) -> object:
    """A value as the database would have it."""
    parse = PARSERS.get(column.type)
    return value if value is None or parse is None else parse(str(value))
