"""Read the finest segments, as integer codes and additive measures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detect.attribution.dimensions import names
from detect.attribution.segments import Segments
from detect.records import NONE, Days, Grain
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading.measures import read_dead_months, read_dimensions
from retail.storage.quoting import identifier


def read_segments(path: Path, grain: Grain, periods: Days, measures: Sequence[str]) -> Segments:
    """Read the finest segments of some periods, dimensions as integer codes."""
    with connect(path, read_only=True) as connection:
        return segments_of(connection, f"marts.fct_segments_{grain}", periods, measures)


def segments_of(
    connection: Connection, table: str, periods: Days, measures: Sequence[str]
) -> Segments:
    """Read the finest segments of some periods from a table of them."""
    connection.register("wanted", {"period_start": periods.astype("datetime64[us]")})
    connection.execute(
        f"""
        create or replace temporary table cells as
        select cells.* from {table} as cells
        semi join wanted on cells.period_start = cast(wanted.period_start as date)
        """  # noqa: S608 - names from the schema, or quoted
    )
    dimensions = read_dimensions(connection)
    members = {name: _members(connection, name) for name in names(dimensions)}
    dead = read_dead_months(connection)
    query = _cells_query(names(dimensions), measures)
    columns = connection.execute(query).fetchnumpy()
    found = np.asarray(columns["period_start"]).astype("datetime64[D]")
    distinct, start = np.unique(found, return_index=True)
    return Segments(
        dimensions=dimensions,
        period=distinct,
        start=np.append(start, found.size).astype(np.int64),
        codes={name: np.asarray(columns[name], dtype=np.int64) for name in names(dimensions)},
        members=members,
        measures={name: np.ma.filled(columns[f"m_{name}"], 0.0) for name in measures},
        dead=dead,
    )


def _members(connection: Connection, name: str) -> tuple[str, ...]:
    rows = connection.execute(
        f"select distinct cast({identifier(name)} as varchar) from cells order by 1 nulls last"  # noqa: S608 - names from the schema, or quoted
    ).fetchall()
    return tuple(NONE if value is None else value for (value,) in rows)


def _cells_query(dimensions: Sequence[str], measures: Sequence[str]) -> str:
    """Codes count the members in order of their text, as `_members` lists them."""
    known = [(identifier(name), identifier(f"{name}_codes")) for name in dimensions]
    lookups = ", ".join(
        f"""{lookup} as (
            select
                {name},
                row_number() over (order by cast({name} as varchar) nulls last) - 1 as code
            from (select distinct {name} from cells)
        )"""  # noqa: S608 - names from the schema, or quoted
        for name, lookup in known
    )
    codes = ", ".join(f"{lookup}.code as {name}" for name, lookup in known)
    joins = " ".join(
        f"inner join {lookup} on cells.{name} is not distinct from {lookup}.{name}"
        for name, lookup in known
    )
    sums = ", ".join(
        f"cast(cells.{identifier(name)} as double) as {identifier(f'm_{name}')}"
        for name in measures
    )
    # In one order always, or sums would differ in their last digit from run to run.
    order = ", ".join(f"{lookup}.code" for _, lookup in known)
    return f"""
        with {lookups}
        select cells.period_start, {codes}, {sums}
        from cells
        {joins}
        order by cells.period_start, {order}
    """  # noqa: S608 - names from the schema, or quoted
