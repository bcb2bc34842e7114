"""Read the finest segments, as integer codes and additive measures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from detect.attribution.dimensions import Dimension, names
from detect.attribution.segments import Segments
from detect.records import NONE, Days, Grain
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading.measures import read_dead_months, read_dimensions
from retail.storage.quoting import identifier, literal

Member = tuple[str, str]
"""A dimension, and one of its members."""


def read_segments(
    path: Path,
    grain: Grain,
    periods: Days,
    measures: Sequence[str],
    only: Collection[Member] | None = None,
) -> Segments:
    """Read the finest segments of some periods, dimensions as integer codes.

    Args:
        path: the file.
        grain: of the periods.
        periods: their first days.
        measures: those that are asked for.
        only: members of which one at least must be in a segment; None: all segments.
    """
    with connect(path, read_only=True) as connection:
        table = f"marts.fct_segments_{grain}"
        return segments_of(connection, table, periods, measures, only)


def read_orders(path: Path, grain: Grain, periods: Days, dimensions: Collection[str]) -> Segments:
    """Read the orders of some periods by some dimensions."""
    coded = tuple(sorted(dimensions))
    columns = ", ".join(map(identifier, coded))
    with connect(path, read_only=True) as connection:
        # An order counts in parts: decimal ones, whose sum does not depend on their order.
        orders = "round(sum(cast(orders as decimal(38, 15))), 9) as orders"
        table = f"marts.fct_segments_{grain}"
        _keep_cells(connection, table, periods, f"{columns}, {orders}", "group by all")
        known = tuple(d for d in read_dimensions(connection) if d.name in coded)
        return _read_cells(connection, known, coded, ("orders",))


def count_segments(path: Path, grain: Grain) -> dict[np.datetime64, int]:
    """Count the finest segments of each period."""
    with connect(path, read_only=True) as connection:
        rows = connection.execute(
            f"select period_start, count(*) from marts.fct_segments_{grain} group by 1"  # noqa: S608
        ).fetchall()
    return {np.datetime64(start, "D"): count for start, count in rows}


def segments_of(
    connection: Connection,
    table: str,
    periods: Days,
    measures: Sequence[str],
    only: Collection[Member] | None = None,
) -> Segments:
    """Read the finest segments of some periods from a table of them."""
    dimensions = read_dimensions(connection)
    columns = ", ".join(map(identifier, (*names(dimensions), *measures)))
    inside = " or ".join(_is_of(*member) for member in sorted(only or ()))
    _keep_cells(connection, table, periods, columns, f"where {inside}" if inside else "")
    return _read_cells(connection, dimensions, names(dimensions), measures)


def _keep_cells(connection: Connection, table: str, periods: Days, columns: str, rest: str) -> None:
    """Keep some columns of the segments of some periods as the temporary table of cells."""
    connection.register("wanted", {"period_start": periods.astype("datetime64[us]")})
    connection.execute(
        f"""
        create or replace temporary table cells as
        select cells.period_start, {columns} from {table} as cells
        semi join wanted on cells.period_start = cast(wanted.period_start as date)
        {rest}
        """  # noqa: S608 - names from the schema, or quoted
    )


def _is_of(dimension: str, member: str) -> str:
    """SQL: whether a segment is of a member."""
    column = identifier(dimension)
    is_named = f"cast({column} as varchar) = {literal(member)}"
    return f"{column} is null or {is_named}" if member == NONE else is_named


def _read_cells(
    connection: Connection,
    dimensions: tuple[Dimension, ...],
    coded: Sequence[str],
    measures: Sequence[str],
) -> Segments:
    """Read what is in the temporary table of cells."""
    members = {name: _members(connection, name) for name in coded}
    dead = read_dead_months(connection)
    columns = connection.execute(_cells_query(coded, measures)).fetchnumpy()
    found = np.asarray(columns["period_start"]).astype("datetime64[D]")
    distinct, start = np.unique(found, return_index=True)
    return Segments(
        dimensions=dimensions,
        period=distinct,
        start=np.append(start, found.size).astype(np.int64),
        codes={name: np.asarray(columns[name]) for name in coded},
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
    codes = ", ".join(f"cast({lookup}.code as integer) as {name}" for name, lookup in known)
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
