"""Derive the columns of a table from the fields of its record: name, type, description, source."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

TYPES: dict[type, str] = {
    str: "VARCHAR",
    float: "DOUBLE",
    int: "BIGINT",
    bool: "BOOLEAN",
    dict: "JSON",
    dt.date: "DATE",
    dt.datetime: "TIMESTAMP",
}


@dataclass(frozen=True)
class FromAttribute:
    """The attribute of the engine's record that a column is written from, where names differ."""

    path: str


@dataclass(frozen=True)
class Column:
    """A column, its type in the file, its description, and its value in an engine's record.

    `field` is the record's; it has the column's name unless the table renames it.
    """

    name: str
    type: str
    description: str
    get: Callable[[object], object]
    field: str


@dataclass(frozen=True)
class Table:
    """A table of the insights schema.

    `renamed` gives fields another name and description in this table, `implied` holds the values of
    fields without a column, and `about` replaces the record's docstring. A run adds to a table that
    keeps history, and replaces all others; a snapshot is of rows that people and commands add to
    the feedback file at any time.
    """

    record: type[Any]
    keeps_history: bool = False
    is_snapshot: bool = False
    about: str = ""
    renamed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    implied: Mapping[str, object] = field(default_factory=dict)

    @functools.cached_property
    def columns(self) -> tuple[Column, ...]:
        """The fields of the record, in order."""
        return tuple(
            self._named(column)
            for column in columns_of(self.record)
            if column.field not in self.implied
        )

    def _named(self, column: Column) -> Column:
        default = column.name, column.description
        name, description = self.renamed.get(column.field, default)
        return replace(column, name=name, description=description)

    @property
    def outlives_runs(self) -> bool:
        """Whether its rows may be of an earlier version, or not be there yet."""
        return self.keeps_history or self.is_snapshot

    @property
    def description(self) -> str:
        """What one row is, on one line."""
        return " ".join((self.about or self.record.__doc__ or "").split())


def columns_of(record: type[Any]) -> tuple[Column, ...]:
    """Columns of a record whose fields are `Annotated[type, description, Source(…)?]`.

    Raises:
        TypeError: a field has no description, or a type that no column has.
    """
    hints = get_type_hints(record, include_extras=True)
    return tuple(_column(record, item.name, hints[item.name]) for item in fields(record))


def _column(record: type, name: str, hint: Any) -> Column:  # noqa: ANN401 - an annotation
    kind, *notes = get_args(hint) or (hint,)
    plain = _plain(kind)
    if plain not in TYPES or not notes or not isinstance(notes[0], str):
        raise TypeError(f"{record.__name__}.{name}: wants Annotated[a type of TYPES, description]")
    path = next((note.path for note in notes if isinstance(note, FromAttribute)), name)
    return Column(name, TYPES[plain], notes[0], operator.attrgetter(path), name)


def _plain(kind: Any) -> type:  # noqa: ANN401 - an annotation
    """The Python type of an annotation: of `str | None`, `dict[str, str]` or a Literal, too."""
    if get_origin(kind) is UnionType:
        kind = next(part for part in get_args(kind) if part is not NoneType)
    origin = get_origin(kind)
    return str if origin is Literal else origin or kind
