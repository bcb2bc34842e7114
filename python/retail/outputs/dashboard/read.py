"""Read the finished file, one short query per question; selections are parameters."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from retail import reading as asked
from retail.errors import RetailError
from retail.outputs.dashboard.records import (
    DimensionRow,
    LineRow,
    OrderLines,
    Place,
    Share,
    SumsRow,
)
from retail.reading import Connection, Explanation, Facts, KpiRow, read_facts, reading, rows_of
from retail.reading.measures import as_member, read_members
from retail.reading.order_lines import Span
from retail.reading.series import read_values
from retail.reading.why import Answer, Question, answer_why
from retail.schema import ALL, OTHER, AttributionRow, ForecastRow, Grain
from retail.storage.quoting import identifier

PATIENCE_SECONDS = 2.0
"""Seconds that a page waits for another program."""
SEGMENTS = {"daily": "marts.fct_segments_daily", "weekly": "marts.fct_segments_weekly"}

DIMENSIONS = """
    select dimension, coarser_than from marts.dim_dimensions
    where only_member is null order by place
"""
EXPRESSIONS = "select dimension, expr from marts.dim_dimensions"


def facts(path: Path) -> Facts:
    """Everything that the report shows."""
    return read_facts(path, PATIENCE_SECONDS)


def members(path: Path, dimension: str) -> tuple[str, ...]:
    """All members of a dimension that order lines have.

    Raises:
        RetailError: there is no such dimension.
    """
    with reading(path, PATIENCE_SECONDS) as connection:
        return read_members(connection, _member(dimension, _expressions(connection)))


def dimensions(path: Path) -> tuple[DimensionRow, ...]:
    """What KPIs are broken down by, in the order of the semantic model."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return rows_of(connection, DimensionRow, DIMENSIONS, [])


def series(
    path: Path, kpi: KpiRow, grain: Grain, dimension: str, member: str
) -> tuple[ForecastRow, ...]:
    """A KPI's periods, of the whole shop without a dimension.

    A KPI that has no series for the member is measured there, without a band.

    Raises:
        RetailError: there is no such dimension.
    """
    with reading(path, PATIENCE_SECONDS) as connection:
        if not dimension or dimension == kpi.segment_by:
            return asked.read_series(connection, kpi.kpi, grain, member if dimension else ALL)
        whole = asked.read_series(connection, kpi.kpi, grain, ALL)
        columns = {name: identifier(name) for name in _expressions(connection)}
        query = f"""
            select period_start, {_measure(connection, kpi)}
            from {SEGMENTS[grain]}
            where {_member(dimension, columns)} = ?
            group by period_start
        """  # noqa: S608 - known names; what is chosen is a parameter
        measured = dict(connection.execute(query, [member]).fetchall())
        nothing = 0.0 if _measures(connection, kpi)[1] is None else None
    return tuple(_unbounded(row, member, measured, nothing) for row in whole)


def _unbounded(
    row: ForecastRow,
    member: str,
    measured: Mapping[dt.date, float | None],
    nothing: float | None,
) -> ForecastRow:
    """A period of the whole shop as that of a member: what came there, and no band."""
    came = measured.get(row.period_start)
    return dataclasses.replace(
        row, segment=member, actual=nothing if came is None else came,
        expected=None, lower=None, upper=None, is_tested=False,
    )  # fmt: skip


def shares(
    path: Path, kpi: KpiRow, grain: Grain, place: Place, dimension: str
) -> tuple[Share, ...]:
    """A KPI in one period within each member of a dimension, the largest numerator first."""
    with reading(path, PATIENCE_SECONDS) as connection:
        numerator, _ = _measures(connection, kpi)
        columns = {name: identifier(name) for name in _expressions(connection)}
        where, given = _within(place, columns)
        query = f"""
            select {_member(dimension, columns)}, {_measure(connection, kpi)},
                cast(coalesce(sum({numerator}), 0) as double)
            from {SEGMENTS[grain]}
            where period_start = ? and {where}
            group by 1
            order by abs(coalesce(sum({numerator}), 0)) desc, 1
        """  # noqa: S608 - known names; what is chosen is a parameter
        return rows_of(connection, Share, query, [place.first, *given])


def values(
    path: Path, spans: tuple[Span, ...], within: tuple[tuple[str, str], ...]
) -> dict[str, tuple[float | None, ...]]:
    """Every KPI over whole spans, within members of dimensions."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return read_values(connection, spans, dict(within))


def why(path: Path, question: Question) -> Answer:
    """Why a KPI differs between two periods.

    Raises:
        RetailError: one of them is not in the data, or has no trade.
    """
    with reading(path, PATIENCE_SECONDS) as connection:
        return answer_why(connection, question)


def parts(path: Path, name: str) -> tuple[AttributionRow, ...]:
    """What an anomaly or an early warning was broken down to, and its causes."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return asked.read_attributions(connection, [name])


def explanation(path: Path, incident_id: str) -> Explanation:
    """Which factor moved net revenue in an incident and where, and what was checked."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return asked.read_explanation(connection, incident_id)


def lines(path: Path, place: Place, most: int) -> OrderLines:
    """Order lines of a place, at most so many, and the sums of all.

    Raises:
        RetailError: a dimension is none of those that order lines have.
    """
    columns = ", ".join(field.name for field in dataclasses.fields(LineRow))
    with reading(path, PATIENCE_SECONDS) as connection:
        where, given = _within(place, _expressions(connection))
        scope = f"order_date between ? and ? and {where}"
        parameters = [place.first, place.last, *given]
        (sums,) = rows_of(
            connection,
            SumsRow,
            f"""
            select
                count(*), count(distinct invoice_no) filter (line_type = 'sale'),
                coalesce(sum(units), 0), coalesce(sum(gross_revenue), 0),
                coalesce(sum(returned_revenue), 0), coalesce(sum(net_revenue), 0)
            from marts.fct_kpi_lines
            where {scope}
            """,  # noqa: S608 - known names; what is chosen is a parameter
            parameters,
        )
        largest = rows_of(
            connection,
            LineRow,
            f"""
            select {columns}
            from marts.fct_kpi_lines
            where {scope}
            order by abs(net_revenue) desc, ordered_at, invoice_no, source_file, source_row
            limit ?
            """,  # noqa: S608 - known names; what is chosen is a parameter
            [*parameters, most],
        )
    return OrderLines(sums, largest)


def _expressions(connection: Connection) -> dict[str, str]:
    """How each dimension is worked out of an order line: SQL that the build has checked."""
    return dict(connection.execute(EXPRESSIONS).fetchall())


def _within(place: Place, known: Mapping[str, str]) -> tuple[str, list[object]]:
    """A condition for the members of a place, and its parameters."""
    conditions: list[str] = []
    given: list[object] = []
    for dimension, member in place.members:
        cell = _member(dimension, known)
        is_rest = member == OTHER
        conditions.append(f"not list_contains(?::varchar[], {cell})" if is_rest else f"{cell} = ?")
        given.append(list(place.listed) if is_rest else member)
    return " and ".join(conditions) or "true", given


def _member(dimension: str, known: Mapping[str, str]) -> str:
    """A dimension's member as text.

    Only SQL of the file itself becomes part of a query: a column, or an expression of
    `dim_dimensions`, which the build has checked. What people choose looks it up.
    """
    if dimension not in known:
        raise RetailError(f"{dimension}: no such dimension; there are {', '.join(known)}")
    return as_member(known[dimension])


def _measures(connection: Connection, kpi: KpiRow) -> tuple[str, str | None]:
    """The columns whose sums make a KPI: numerator, and denominator of a ratio."""
    query = "select numerator_measure, denominator_measure from marts.dim_kpis where kpi = ?"
    numerator, denominator = connection.execute(query, [kpi.kpi]).fetchall()[0]
    return identifier(numerator), identifier(denominator) if denominator else None


def _measure(connection: Connection, kpi: KpiRow) -> str:
    numerator, denominator = _measures(connection, kpi)
    above = f"cast(sum({numerator}) as double)"
    return above if denominator is None else f"{above} / nullif(sum({denominator}), 0)"
