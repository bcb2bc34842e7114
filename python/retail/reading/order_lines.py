"""Measure any part of the order lines: two periods by every dimension, or one period after another.

Counts of distinct things don't add up over days or members, so no table has them for any two days
that somebody may name. They are counted here as the segment tables do: a thing is spread over the
lines that share it in its period, a customer with four lines a quarter on each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detect.attribution.compare import Cells
from detect.attribution.dimensions import Dimension
from detect.records import Grain, Ints
from retail.reading.file import Connection, floats
from retail.reading.measures import Measure

SHARE_UNIT = 10**15
"""Shares are whole numbers of this part until they are summed: so their order does not matter."""


@dataclass(frozen=True)
class Span:
    """Some days, the first and the last included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """Their number, open or closed."""
        return (self.last - self.first).days + 1

    @property
    def within(self) -> str:
        """The days within a sentence."""
        return f"on {self}" if self.days == 1 else f"from {self}"

    def __str__(self) -> str:
        """The days as people type them."""
        return f"{self.first}" if self.days == 1 else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Scope:
    """What is measured: by which measures, within which members; dimension to member.

    `members` give the member of an order line as text, by dimension.
    """

    measures: tuple[Measure, ...]
    members: Mapping[str, str]
    within: Mapping[str, str]


def read_cells(
    connection: Connection,
    scope: Scope,
    dimensions: tuple[Dimension, ...],
    spans: Sequence[Span],
    asked: int = 1,
) -> tuple[Cells, Ints] | None:
    """Measure periods by every dimension; None where none has an order line.

    Args:
        connection: from `reading`.
        scope: what is measured.
        dimensions: of the file, in order.
        spans: the periods asked about, and those that they are compared with; they may overlap.
        asked: how many are asked about, the first ones.

    Returns:
        The cells, and the place of the span that each is of, (N,).
    """
    named = [f"{scope.members[d.name]} as {_member(i)}" for i, d in enumerate(dimensions)]
    _note_lines(connection, scope, named, _within(spans), "periods.period")
    if not connection.execute("from noted_lines limit 1").fetchall():
        return None
    members = {d.name: _number_members(connection, i) for i, d in enumerate(dimensions)}
    columns = connection.execute(_cells_query(scope.measures, len(dimensions))).fetchnumpy()
    period = np.asarray(columns["period"], dtype=np.int64)
    cells = Cells(
        dimensions=dimensions,
        codes={
            d.name: np.asarray(columns[_member(i)], dtype=np.int64)
            for i, d in enumerate(dimensions)
        },
        members=members,
        measures={m.name: floats(columns[_value(i)]) for i, m in enumerate(scope.measures)},
        is_actual=period < asked,
    )
    return cells, period


def read_totals(
    connection: Connection, scope: Scope, grain: Grain
) -> dict[dt.date, tuple[float, ...]]:
    """Measure every day or week with an order line, by its first day; measures in their order."""
    start = "lines.order_date" if grain == "daily" else "date_trunc('week', lines.order_date)"
    _note_lines(connection, scope, [], "", f"cast({start} as date)")
    return _totals(connection, scope)


def read_sums(
    connection: Connection, scope: Scope, spans: Sequence[Span]
) -> dict[int, tuple[float, ...]]:
    """Measure each span as a whole, by its place; none where it has no order line."""
    _note_lines(connection, scope, [], _within(spans), "periods.period")
    return _totals(connection, scope)


def _within(spans: Sequence[Span]) -> str:
    """A join to the spans by their places."""
    periods = ", ".join(
        f"({number}, date '{span.first}', date '{span.last}')" for number, span in enumerate(spans)
    )
    return (
        f"inner join (values {periods}) as periods (period, first_day, last_day) "
        "on lines.order_date between periods.first_day and periods.last_day"
    )


def _totals(connection: Connection, scope: Scope) -> dict[Any, tuple[float, ...]]:
    """Sums and counts of the lines that are noted, by period."""
    values = ", ".join(_total(i, m) for i, m in enumerate(scope.measures))
    query = f"""
        with {_tops(scope.measures)} nothing as (select 1)
        select noted.period, {values}
        from noted_lines as noted
        {_top_joins(scope.measures)}
        group by noted.period
    """  # noqa: S608 - names of our own
    return {start: tuple(values) for start, *values in connection.execute(query).fetchall()}


def _member(number: int) -> str:
    return f"member_{number}"


def _value(number: int) -> str:
    return f"value_{number}"


def _ranked(number: int) -> str:
    return f"ranked_{number}"


def _note_lines(
    connection: Connection, scope: Scope, members: Sequence[str], join: str, period: str
) -> None:
    """Note the sale and return lines of a scope, with members and measures as columns."""
    columns = [f"{m.ranked or m.expr} as {_value(i)}" for i, m in enumerate(scope.measures)]
    columns += [
        f"cast({m.member} as varchar) as {_ranked(i)}"
        for i, m in enumerate(scope.measures)
        if m.largest
    ]
    conditions = [f"{scope.members[name]} = ?" for name in scope.within]
    connection.execute(
        f"""
        create or replace temporary table noted_lines as
        select {", ".join([f"{period} as period", *members, *columns])}
        from marts.fct_kpi_lines as lines
        {join}
        where {" and ".join(conditions) or "true"}
        """,  # noqa: S608 - expressions that the build has checked; what is chosen is a parameter
        list(scope.within.values()),
    )


def _number_members(connection: Connection, number: int) -> tuple[str, ...]:
    """Number the members of a dimension in order of their text; returns them."""
    name = _member(number)
    members = f"select distinct {name} from noted_lines order by 1"  # noqa: S608 - names of our own
    connection.execute(f"create or replace temporary type {name} as enum ({members})")
    rows = connection.execute(f"select unnest(enum_range(null::{name}))").fetchall()
    return tuple(member for (member,) in rows)


def _cells_query(measures: Sequence[Measure], dimensions: int) -> str:
    """Sums by period and every dimension, in order of both."""
    codes = [f"enum_code(cast(noted.{_member(i)} as {_member(i)}))" for i in range(dimensions)]
    named = [f"{code} as {_member(i)}" for i, code in enumerate(codes)]
    shares = "".join(
        f"""
        shares_{i} as (
            select
                period, {_value(i)} as thing,
                cast(floor({SHARE_UNIT} / count(*) + 0.5) as decimal(18, 0)) as share
            from noted_lines
            where {_value(i)} is not null
            group by all
        ),"""  # noqa: S608 - names of our own
        for i, m in enumerate(measures)
        if not m.is_sum
    )
    joins = " ".join(
        f"left join shares_{i} on noted.period = shares_{i}.period "
        f"and noted.{_value(i)} = shares_{i}.thing"
        for i, m in enumerate(measures)
        if not m.is_sum
    )
    values = [
        f"{_sum(i, m) if m.is_sum else f'cast(sum(shares_{i}.share) as double) / {SHARE_UNIT}'} "
        f"as {_value(i)}"
        for i, m in enumerate(measures)
    ]
    keys = ", ".join(str(i + 1) for i in range(dimensions + 1))
    return f"""
        with {_tops(measures)} {shares} nothing as (select 1)
        select {", ".join(["noted.period", *named, *values])}
        from noted_lines as noted
        {joins}
        {_top_joins(measures)}
        group by {keys}
        order by {keys}
    """  # noqa: S608 - names of our own


def _sum(number: int, measure: Measure) -> str:
    """A sum over lines, of the largest members alone where a measure is of those."""
    kept = f" filter (top_{number}.member is not null)" if measure.largest else ""
    return f"cast(sum(noted.{_value(number)}){kept} as double)"


def _total(number: int, measure: Measure) -> str:
    """A measure of one period as a whole."""
    if measure.is_sum:
        return f"coalesce({_sum(number, measure)}, 0)"
    return f"cast(count(distinct noted.{_value(number)}) as double)"


def _tops(measures: Sequence[Measure]) -> str:
    """The largest members of each period, ties by name, for the measures that are of those."""
    return "".join(
        f"""
        top_{i} as (
            select period, {_ranked(i)} as member
            from noted_lines
            group by period, {_ranked(i)}
            qualify row_number() over (
                partition by period order by sum({_value(i)}) desc, {_ranked(i)}
            ) <= {m.largest}
        ),"""  # noqa: S608 - names of our own
        for i, m in enumerate(measures)
        if m.largest
    )


def _top_joins(measures: Sequence[Measure]) -> str:
    return " ".join(
        f"left join top_{i} on noted.period = top_{i}.period "
        f"and noted.{_ranked(i)} = top_{i}.member"
        for i, m in enumerate(measures)
        if m.largest
    )
