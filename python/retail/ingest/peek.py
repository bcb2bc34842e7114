"""Look at the columns of one raw file: their names, members and first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from retail.ingest.columns import Header
from retail.ingest.confined import scan_parquet
from retail.ingest.forms import numbers
from retail.ingest.in_place import show_parquet
from retail.ingest.mapping import NO_SETTINGS, Plan, Reader
from retail.ingest.sources import SourceFile
from retail.ingest.sql import read_parquet
from retail.ingest.workspace import open_duckdb
from retail.ingest.writers import WRITERS
from retail.storage.quoting import literal

FIRST_ROWS = 5
FEWEST_COLUMNS = 4
"""A line with fewer is a title above the header."""


@dataclass(frozen=True)
class Column:
    """What a column of a file holds."""

    name: str
    members: int
    most_frequent: str
    largest_share: float
    """Of the rows, that the most frequent member has."""
    is_number: bool


@dataclass(frozen=True)
class Peek:
    """The columns of a file, and its first rows."""

    columns: tuple[Column, ...]
    rows: tuple[dict[str, str | None], ...]


class AnyHeader(Reader):
    """Takes the first wide line for the header, whatever its columns are."""

    def match(self, names: Sequence[str], where: str) -> Header:
        """Take all columns as they are."""
        every = tuple(range(len(names)))
        return Header.of_all(names, Plan(NO_SETTINGS, tuple(names), (), {"invoice_date": every}))

    def is_header(self, names: Sequence[str]) -> bool:
        """Whether a line is wide enough to be no title."""
        return len(names) >= FEWEST_COLUMNS


def peek(source: SourceFile) -> Peek:
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
        found = connection.execute(query).fetchall()
    return Peek(columns, tuple(dict(zip(names, row, strict=True)) for row in found))


def _read(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, target: Path
) -> tuple[str, Header]:
    """All rows of a file, every column text."""
    if source.form == "parquet":
        scan_parquet([source.path])
        query, pieces, _ = show_parquet(connection, source, AnyHeader())
        rows = f"({query})"
    else:
        pieces = WRITERS[source.form](connection, source, target, AnyHeader())
        rows = read_parquet([target])
    header = pieces[0].header
    assert header
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
    found = connection.execute(query).fetchmany(1000)
    if not found:
        return Column(name, 0, "", 0.0, is_number=False)
    member, most, _, every, members = found[0]
    return Column(name, members, member, most / every, all(row[2] for row in found))
