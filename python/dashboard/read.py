"""Questions to the finished file, each a short look; what people choose travels as a parameter."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from dashboard.errors import DashboardError
from dashboard.records import (
    NONE,
    OTHER,
    Branch,
    Dimension,
    Doubt,
    Line,
    Lines,
    Part,
    Place,
    Said,
    Share,
    Sums,
)
from report.read import Connection, read_facts, reading, rows_of
from report.records import ALL, Facts, Grain, Kpi, Period
from warehouse.quoting import identifier

PATIENCE_SECONDS = 2.0
"""How long somebody looks at a page that waits for another program."""
SEGMENTS = {"daily": "marts.fct_segments_daily", "weekly": "marts.fct_segments_weekly"}

SERIES = """
    select
        kpi, segment, grain, period_start, actual, expected, lower, upper, is_tested, why_not
    from insights.expectations
    where kpi = ? and grain = ? and segment = ?
    order by period_start
"""
COUNTRIES = "select country from marts.dim_countries order by country"
PARTS = """
    select
        analysis, dimensions, rank, cast(segment as varchar), actual, expected, contribution,
        share_of_change, p_value, confidence
    from insights.attributions
    where anomaly_id = ?
    union all
    select
        analysis, dimensions, rank, cast(segment as varchar), actual, expected, contribution,
        share_of_change, p_value, confidence
    from insights.early_attributions
    where warning_id = ?
    order by 1, 2, 3
"""
TREE = """
    select dimension, member, factor, expected, actual, contribution
    from insights.kpi_tree
    where incident_id = ?
    order by dimension, member, abs(contribution) desc, factor
"""
DOUBTS = "select check_name, verdict, detail from insights.doubts where incident_id = ?"
SAID = """
    select anomaly_id, action, until, note, given_at
    from insights.feedback
    where list_contains(?::varchar[], anomaly_id)
    order by given_at desc
"""
HAS_FEEDBACK = """
    select count(*) from information_schema.tables
    where table_schema = 'insights' and table_name = 'feedback'
"""
DIMENSIONS = "select dimension, coarser_than from marts.dim_dimensions order by place"
EXPRESSIONS = "select dimension, expr from marts.dim_dimensions"


def facts(path: Path) -> Facts:
    """Everything that the report shows."""
    return read_facts(path, PATIENCE_SECONDS)


def countries(path: Path) -> tuple[str, ...]:
    """All countries that the shop has sold to."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return tuple(name for (name,) in connection.execute(COUNTRIES).fetchall())


def dimensions(path: Path) -> tuple[Dimension, ...]:
    """What KPIs are broken down by, in the order of the semantic model."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return rows_of(connection, Dimension, DIMENSIONS, [])


def series(path: Path, kpi: Kpi, grain: Grain, country: str) -> tuple[Period, ...]:
    """A KPI's periods; one that has no series for a country is measured there, without a band."""
    with reading(path, PATIENCE_SECONDS) as connection:
        if country == ALL or kpi.segment_by == "country":
            return rows_of(connection, Period, SERIES, [kpi.kpi, grain, country])
        measured = _measure(connection, kpi)
        query = f"""
            with measured as (
                select period_start, {measured} as value
                from {SEGMENTS[grain]}
                where country = ?
                group by period_start
            )

            select
                whole.kpi, ?, whole.grain, whole.period_start,
                coalesce(measured.value, {"null" if _is_ratio(connection, kpi) else "0"}),
                null, null, null, false, whole.why_not
            from insights.expectations as whole
            left join measured on whole.period_start = measured.period_start
            where whole.kpi = ? and whole.grain = ? and whole.segment = '{ALL}'
            order by whole.period_start
        """  # noqa: S608 - known names; what is chosen is a parameter
        return rows_of(connection, Period, query, [country, country, kpi.kpi, grain])


def shares(path: Path, kpi: Kpi, grain: Grain, place: Place, dimension: str) -> tuple[Share, ...]:
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


def parts(path: Path, name: str) -> tuple[Part, ...]:
    """What an anomaly or an early warning was broken down to, and its causes."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return rows_of(connection, Part, PARTS, [name, name])


def tree(path: Path, incident: str) -> tuple[Branch, ...]:
    """Which factor moved net revenue in an incident, and where."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return rows_of(connection, Branch, TREE, [incident])


def doubts(path: Path, incident: str) -> tuple[Doubt, ...]:
    """What was checked before taking an incident at its word."""
    with reading(path, PATIENCE_SECONDS) as connection:
        return rows_of(connection, Doubt, DOUBTS, [incident])


def said(path: Path, names: tuple[str, ...]) -> tuple[Said, ...]:
    """What people said of some anomalies, the latest first."""
    with reading(path, PATIENCE_SECONDS) as connection:
        (count,) = connection.execute(HAS_FEEDBACK).fetchall()[0]
        return rows_of(connection, Said, SAID, [list(names)]) if count else ()


def lines(path: Path, place: Place, most: int) -> Lines:
    """Order lines of a place, at most so many, and the sums of all.

    Raises:
        DashboardError: a dimension is none of those that order lines have.
    """
    columns = ", ".join(field.name for field in dataclasses.fields(Line))
    with reading(path, PATIENCE_SECONDS) as connection:
        where, given = _within(place, _expressions(connection))
        scope = f"order_date between ? and ? and {where}"
        parameters = [place.first, place.last, *given]
        (sums,) = rows_of(
            connection,
            Sums,
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
            Line,
            f"""
            select {columns}
            from marts.fct_kpi_lines
            where {scope}
            order by abs(net_revenue) desc, ordered_at, invoice_no, source_file, source_row
            limit ?
            """,  # noqa: S608 - known names; what is chosen is a parameter
            [*parameters, most],
        )
    return Lines(sums, largest)


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
    """A dimension's member as text; only known names ever become part of a query."""
    if dimension not in known:
        raise DashboardError(f"{dimension}: no such dimension; there are {', '.join(known)}")
    return f"coalesce(cast({known[dimension]} as varchar), '{NONE}')"


def _measures(connection: Connection, kpi: Kpi) -> tuple[str, str | None]:
    """The columns whose sums make a KPI: numerator, and denominator of a ratio."""
    query = "select numerator, denominator from marts.dim_kpis where kpi = ?"
    numerator, denominator = connection.execute(query, [kpi.kpi]).fetchall()[0]
    return identifier(numerator), identifier(denominator) if denominator else None


def _is_ratio(connection: Connection, kpi: Kpi) -> bool:
    return _measures(connection, kpi)[1] is not None


def _measure(connection: Connection, kpi: Kpi) -> str:
    numerator, denominator = _measures(connection, kpi)
    above = f"cast(sum({numerator}) as double)"
    return above if denominator is None else f"{above} / nullif(sum({denominator}), 0)"
