"""Show what was landed, and what holds for it, as views in the schema `raw`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields

import duckdb

from retail.ingest.cache import RawFile
from retail.ingest.dates import DAY_FIRST
from retail.ingest.errors import IngestError
from retail.ingest.holidays import holidays_of
from retail.ingest.parquet_cache import Landing, lines_of
from retail.ingest.sql import OTHER_ROW_HASH, ROW_HASH
from retail.storage.errors import first_line
from retail.storage.quoting import literal

_TYPES = {
    "raw_rows": "bigint",
    "bytes": "bigint",
    "landed_at": "timestamp",
    "content_hash": "bigint",
}
OF_SHOP = (
    "name", "home_country", "currency", "is_uci", "duplicates", "numbers_by_day",
    "decimal_quantities",
)  # fmt: skip
"""Facts that are columns of raw.shop."""


def create_views(
    connection: duckdb.DuckDBPyConnection, landing: Landing, code_hash: str = ""
) -> None:
    """Create or replace the views of the schema `raw`, all or none.

    Args:
        connection: the database.
        landing: what was landed.
        code_hash: what the project's code comes to.

    Raises:
        IngestError: DuckDB refuses, for one because a table has the name of a view.
    """
    try:
        connection.execute("begin")
        connection.execute("create schema if not exists raw")
        lines = (
            f"select *, {_row_hash(landing)} as row_hash from {lines_of(landing.landed)} as lines"  # noqa: S608 - by ingest.sql: quoted
        )
        connection.execute(f"create or replace view raw.order_lines as {lines}")
        connection.execute(f"create or replace view raw.files as {_files(landing)}")
        for name, query in _settings(landing, code_hash).items():
            connection.execute(f"create or replace view raw.{name} as {query}")
        connection.execute("commit")
    except duckdb.Error as error:
        connection.execute("rollback")
        raise IngestError(f"cannot show the raw data to dbt: {first_line(error)}") from error


def _settings(landing: Landing, code_hash: str) -> dict[str, str]:
    """Queries of what holds for the order lines, by the names of their views."""
    facts, shop = landing.facts, landing.shop
    known = hashlib.sha256(f"{code_hash}{facts.digest}{shop.model_dump_json()}".encode())
    countries = [(one.spelling, one.country, one.standard_name) for one in facts.countries]
    dimensions = [(name, one.parent, at) for at, (name, one) in enumerate(shop.dimensions.items())]
    limits = {name: getattr(shop.contracts, name) for name in type(shop.contracts).model_fields}
    of_shop = {name: getattr(facts, name) for name in OF_SHOP}
    return {
        "changed_files": _changed_files(landing),
        "project": _rows({"code_hash": "varchar"}, [(known.hexdigest(),)]),
        "shop": _rows(
            {name: "boolean" if type(v) is bool else "varchar" for name, v in of_shop.items()},
            [[None if value is None else str(value) for value in of_shop.values()]],
        ),
        "countries": _rows(
            {"spelling": "varchar", "country": "varchar", "standard_name": "varchar"}, countries
        ),
        "holidays": _rows({"date_day": "date", "holiday": "varchar"}, holidays_of(shop, facts)),
        "dimensions": _rows(
            {"dimension": "varchar", "parent": "varchar", "place": "integer"}, dimensions
        ),
        "contracts": _rows(
            {"contract": "varchar", "warn": "double", "error": "double"},
            [(name, _text(one.warn), _text(one.error)) for name, one in limits.items()],
        ),
    }


def _changed_files(landing: Landing) -> str:
    """Query of the files that are read in place and are not, by now, what was looked through."""
    known = [one.read_in_place for one in landing.landed if one.read_in_place]
    if not known:
        return "select null::varchar as path where false"
    paths = ", ".join(literal(path) for path, _ in known)
    states = ", ".join(
        f"({literal(path)}, {at.size}, {at.mtime_ns // 10**9})" for path, at in known
    )
    return f"""
        select filename as path from read_blob([{paths}])
        where (filename, size, epoch_ms(last_modified) // 1000) not in ({states})
    """  # noqa: S608 - quoted


def _text(number: float | None) -> str | None:
    return None if number is None else repr(number)


def _rows(types: Mapping[str, str], rows: Sequence[Sequence[str | int | None]]) -> str:
    """Query of rows, which may be none."""
    typed = ", ".join(f"{name}::{kind} as {name}" for name, kind in types.items())
    values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    nothing = f"({', '.join('null' for _ in types)})"
    return (
        f"select {typed} from (values {values or nothing}) as given ({', '.join(types)})"  # noqa: S608 - by ingest.sql: quoted
        + ("" if rows else " where false")
    )


def _row_hash(landing: Landing) -> str:
    names = [literal(file.source_file) for file in landing.files if file.date_order == DAY_FIRST]
    if not names:
        return ROW_HASH
    return (
        f"case when source_file in ({', '.join(names)}) then {OTHER_ROW_HASH} else {ROW_HASH} end"
    )


def _files(landing: Landing) -> str:
    shared = (landing.origin, landing.location)
    rows = [(*astuple(file), *shared) for file in landing.files]
    names = [*(field.name for field in fields(RawFile)), "origin", "location"]
    return _rows({name: _TYPES.get(name, "varchar") for name in names}, rows)
