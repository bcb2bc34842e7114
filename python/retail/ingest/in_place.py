"""Show a Parquet file as order lines where it is, without a copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import duckdb

from retail.ingest.columns import field_of, insist_on_few
from retail.ingest.errors import IngestError, reading
from retail.ingest.forms.moments import field_sql
from retail.ingest.mapping import Reader
from retail.ingest.rows import Piece, describe
from retail.ingest.sources import SourceFile
from retail.ingest.sql import nulls, read_parquet
from retail.storage.errors import first_line
from retail.storage.quoting import identifier, literal

WITH_A_FORM = ("VARCHAR", "TIMESTAMP WITH TIME ZONE")
"""Types of dates that have an order, or a zone, to decide on."""
ROW_NUMBER = "file_row_number"
"""What DuckDB calls the number of a row of a Parquet file."""


def show_parquet(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, reader: Reader
) -> tuple[str, tuple[Piece, ...], bool]:
    """Write the query that shows a Parquet file in the columns of raw.order_lines.

    Returns:
        The query, what the file is, and whether its dates are texts.

    Raises:
        IngestError: the file can't be read or lacks a column.
    """
    plain = read_parquet([source.path], binary_as_string="true")
    try:
        with reading(source.path), source.path.open("rb"):
            described = connection.execute(f"describe select * from {plain}").fetchall()  # noqa: S608 - by ingest.sql: quoted
            count = connection.execute(f"select count(*) from {plain}").fetchall()[0][0]  # noqa: S608 - by ingest.sql: quoted
    except duckdb.Error as error:
        raise IngestError(
            f"{source.path} is not a readable Parquet file ({first_line(error)}); write it anew"
        ) from error
    types = {name: kind for name, kind, *_ in described}
    insist_on_few([*types], str(source.path))
    if taken := next((name for name in types if name.casefold() == ROW_NUMBER), None):
        raise IngestError(
            f"{source.path} has a column {taken}, a name that is needed to number its rows; "
            "rename that column"
        )
    folders = _partitions(source.path, types)
    texts = {name: _as_text(name, kind) for name, kind in types.items()}
    texts |= {name: literal(value) for name, value in folders.items()}
    header = reader.match(list(texts), str(source.path))
    fields = [
        f"{field_sql([texts[header.names[i]] for i in at])} as {field}"
        for field, at in zip(header.fields, header.columns, strict=True)
    ]
    numbered = read_parquet([source.path], binary_as_string="true", file_row_number="true")
    query = (
        f"select {', '.join(fields)}, {literal(source.label)} as source_file, "  # noqa: S608 - by ingest.sql: quoted
        f"{ROW_NUMBER} + 1 as source_row, null::varchar as parse_error, "
        f"null::varchar as raw_line{nulls(header.marks)} from {numbered}"
    )
    at = dict(zip(header.fields, header.columns, strict=True))
    dates = (header.plan.columns if header.plan else at)["invoice_date"]
    are_texts = any(types.get(name) in WITH_A_FORM for name in header.names_at(dates))
    return query, (describe(source.label, int(count), header),), are_texts


def _partitions(path: Path, types: Mapping[str, str]) -> dict[str, str]:
    """What the names of the folders above a file say, as `Country=France/`, where it lacks it."""
    pairs = (folder.partition("=") for folder in path.parent.parts if "=" in folder)
    there = {field_of(name) for name in types}
    return {key: unquote(value) for key, _, value in pairs if field_of(key) not in {None, *there}}


def _as_text(name: str, kind: str) -> str:
    """Cast a column to text; dates in ISO form and UTC, what is nothing is NULL."""
    column = identifier(name)
    match kind:
        case "FLOAT" | "DOUBLE":
            return f"case when not isnan({column}) then {column}::varchar end"
        case "DATE":
            return f"{column}::timestamp::varchar"
        case "TIMESTAMP WITH TIME ZONE":
            return f"make_timestamp(epoch_us({column}))::varchar || 'Z'"
    if re.fullmatch(r"DECIMAL\(\d+,3\)", kind):
        # With a fourth decimal, no text of it may be a thousand.
        return f"{column}::decimal(38, 4)::varchar"
    return f"nullif({column}::varchar, '')"
