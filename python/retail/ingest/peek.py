"""Look at the columns of one raw file: their names, members and first rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from retail.ingest.columns import Header
from retail.ingest.confined import scan_parquet
from retail.ingest.errors import IngestError
from retail.ingest.forms import numbers
from retail.ingest.in_place import show_parquet
from retail.ingest.mapping import NO_SETTINGS, Plan, Reader
from retail.ingest.sources import SourceFile
from retail.ingest.sql import read_parquet
from retail.ingest.workspace import open_duckdb
from retail.ingest.writers import WRITERS
from retail.storage.quoting import literal

FIRST_ROWS = 5
MOST_MEMBERS = 1000
"""Members of a column that are looked at one by one; chosen by hand."""
MOSTLY = 0.95
"""Share of the rows from which on a column is one of numbers; others may be `#REF!`."""
FEWEST_COLUMNS = 4
"""A line with fewer is a title above the header."""


@dataclass(frozen=True)
class Column:
    """What a column of a file holds."""

    name: str
    members: int
    frequent: tuple[str, ...]
    """The members, up to `MOST_MEMBERS` of them, the most frequent first."""
    largest_share: float
    """Of the rows, that the most frequent member has."""
    is_number: bool


@dataclass(frozen=True)
class Peek:
    """The columns of a file, its first rows, and all of them for whoever asks."""

    columns: tuple[Column, ...]
    rows: tuple[dict[str, str | None], ...]
    connection: duckdb.DuckDBPyConnection
    table: str
    """SQL of all rows, in columns `c0`, `c1`, …."""

    def sql(self, name: str) -> str:
        """SQL: the text of a column; NULL where it is empty."""
        return f"nullif(trim(c{[column.name for column in self.columns].index(name)}), '')"

    def ask(self, query: str) -> tuple[int, ...]:
        """The one row of a query."""
        return self.connection.execute(query).fetchall()[0]


class AnyHeader(Reader):
    """Takes the first wide line without numbers for the header, whatever its columns are."""

    def match(self, names: Sequence[str], where: str) -> Header:
        """Take all columns as they are."""
        every = tuple(range(len(names)))
        return Header.of_all(names, Plan(NO_SETTINGS, tuple(names), (), {"invoice_date": every}))

    def is_header(self, names: Sequence[str]) -> bool:
        """Whether a line is wide enough to be no title, and has no numbers."""
        filled = [name for name in names if name.strip()]
        return len(filled) >= FEWEST_COLUMNS and not any(name[0].isdigit() for name in filled)


@contextmanager
def peek(source: SourceFile) -> Iterator[Peek]:
    """Read a file, and describe its columns.

    Raises:
        IngestError: it can't be read.
    """
    with TemporaryDirectory(prefix="retail-peek-") as folder, open_duckdb() as connection:
        rows, header = _read(connection, source, Path(folder) / "rows.parquet")
        names = header.names
        columns = tuple(_describe(connection, rows, i, name) for i, name in enumerate(names))
        query = (
            f"select {', '.join(header.fields)} from {rows} order by source_row limit {FIRST_ROWS}"  # noqa: S608 - by ingest.sql: quoted
        )
        first = connection.execute(query).fetchall()
        shown = tuple(dict(zip(names, row, strict=True)) for row in first)
        yield Peek(columns, shown, connection, rows)


def _read(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path
) -> tuple[str, Header]:
    """All rows of a file, every column text."""
    if source.form == "parquet":
        list(scan_parquet([source.path]))
        query, pieces, _ = show_parquet(connection, source, AnyHeader())
        rows = f"({query})"
    else:
        pieces = WRITERS[source.form](connection, source, target, AnyHeader())
        rows = read_parquet([target])
    header = pieces[0].header
    assert header
    if not header.names:
        raise IngestError(f"{source.path} has no columns; put the header first")
    return rows, header


def _describe(connection: duckdb.DuckDBPyConnection, rows: str, place: int, name: str) -> Column:
    text = f"nullif(trim(c{place}), '')"
    query = f"""
        select {text} as member, count(*) as rows,
            regexp_full_match({numbers.bare(text)}, {literal(numbers.ANY)}) as is_number,
            sum(count(*)) over () as all_rows, count(*) over () as members
        from {rows} where {text} is not null
        group by 1 order by rows desc, 1
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchmany(MOST_MEMBERS)
    if not found:
        return Column(name, 0, (), 0.0, is_number=False)
    _, most, _, every, members = found[0]
    frequent = tuple(row[0] for row in found)
    shown, numeric = (sum(row[1] for row in found if row[2] or n) for n in (True, False))
    return Column(name, members, frequent, most / every, numeric >= MOSTLY * shown)
