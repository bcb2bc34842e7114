"""Show a Parquet file as order lines where it is, without a copy."""

from __future__ import annotations

import duckdb

from retail.ingest.columns import FIELDS, match_header
from retail.ingest.errors import IngestError, reading
from retail.ingest.rows import Piece, describe
from retail.ingest.sources import SourceFile
from retail.ingest.sql import read_parquet
from retail.storage.errors import first_line
from retail.storage.quoting import identifier, literal


def show_parquet(
    connection: duckdb.DuckDBPyConnection, source: SourceFile
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
    header = match_header(list(types), str(source.path))
    names = [header.names[position] for position in header.positions]
    fields = [
        f"{_as_text(name, types[name])} as {field}"
        for name, field in zip(names, FIELDS, strict=True)
    ]
    numbered = read_parquet([source.path], binary_as_string="true", file_row_number="true")
    query = (
        f"select {', '.join(fields)}, {literal(source.label)} as source_file, "  # noqa: S608 - by ingest.sql: quoted
        "file_row_number + 1 as source_row, null::varchar as parse_error, "
        f"null::varchar as raw_line from {numbered}"
    )
    are_texts = types[names[FIELDS.index("invoice_date")]] == "VARCHAR"
    return query, (describe(source.label, int(count), header),), are_texts


def _as_text(name: str, kind: str) -> str:
    """Cast a column to text; dates in ISO form and UTC, what is nothing is NULL."""
    column = identifier(name)
    match kind:
        case "FLOAT" | "DOUBLE":
            return f"case when not isnan({column}) then {column}::varchar end"
        case "DATE":
            return f"{column}::timestamp::varchar"
        case "TIMESTAMP WITH TIME ZONE":
            return f"make_timestamp(epoch_us({column}))::varchar"
    return f"nullif({column}::varchar, '')"
