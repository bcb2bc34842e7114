"""A KPI period by period, of the whole shop or within a segment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detect.records import GRAINS
from retail.reading.expected import EXPECTED
from retail.reading.file import Connection, has_table, reading, rows_of
from retail.reading.measures import (
    read_definition,
    read_measures,
    read_member_columns,
    require_known,
    require_members,
)
from retail.reading.order_lines import Scope, Span, read_sums, read_totals
from retail.reading.shop import KpiRow, read_kpis
from retail.schema import Grain

TABLES: dict[Grain, str] = {"daily": "marts.fct_kpis_daily", "weekly": "marts.fct_kpis_weekly"}


@dataclass(frozen=True)
class KpiPeriod:
    """A period of a series; `expected` and its usual range are None where none was forecast."""

    kpi: str
    segment: str
    period_start: dt.date
    value: float | None
    numerator: float | None
    denominator: float | None
    is_complete: bool
    expected: float | None
    lower: float | None
    upper: float | None


def read_kpi(
    path: Path, kpi: str, grain: Grain | None = None, segment: Mapping[str, str] | None = None
) -> tuple[KpiPeriod, ...]:
    """Read every period of a KPI.

    Args:
        path: the finished DuckDB file.
        kpi: its name.
        grain: by default its cadence.
        segment: dimension to member; by default the whole shop, and every series of a KPI that has
            one per member. Series that no table has are measured from the order lines, and have no
            forecast.

    Raises:
        ReadError: as for `reading`.
        RetailError: there is no such KPI, dimension or member.
    """
    with reading(path) as connection:
        return kpi_periods(connection, kpi, grain, segment or {})


def kpi_periods(
    connection: Connection, kpi: str, grain: Grain | None, within: Mapping[str, str]
) -> tuple[KpiPeriod, ...]:
    """The same, from a file that is open.

    Raises:
        RetailError: there is no such KPI, grain, dimension or member.
    """
    kpis = read_kpis(connection)
    require_known("KPI", kpi, kpis)
    row = kpis[kpi]
    require_known("grain", grain or row.cadence, GRAINS)
    read = _from_table if is_in_table(row, within) else _from_lines
    return read(connection, row, grain or row.cadence, within)


def is_in_table(kpi: KpiRow, within: Mapping[str, str]) -> bool:
    """Whether the build has the series; others are measured from the order lines."""
    return not within or [*within] == [kpi.segment_by]


def _from_table(
    connection: Connection, kpi: KpiRow, grain: Grain, within: Mapping[str, str]
) -> tuple[KpiPeriod, ...]:
    """Periods as the build has them, with the forecasts of the last run where there was one."""
    has_run = has_table(connection, "insights", "forecasts")
    bands = "expected, lower, upper" if has_run else "null, null, null"
    rows = rows_of(
        connection,
        KpiPeriod,
        f"""
        select
            kpis.kpi, kpis.segment, kpis.period_start, kpis.value,
            cast(kpis.numerator as double), cast(kpis.denominator as double), kpis.is_complete,
            {bands}
        from {TABLES[grain]} as kpis
        {EXPECTED if has_run else ""}
        where kpis.kpi = ? and kpis.segment = coalesce(?, kpis.segment)
        order by kpis.segment, kpis.period_start
        """,  # noqa: S608 - names of our own
        [*([grain] if has_run else []), kpi.kpi, next(iter(within.values()), None)],
    )
    if not rows:
        require_members(connection, within, read_member_columns(connection))
    return rows


def _from_lines(
    connection: Connection, kpi: KpiRow, grain: Grain, within: Mapping[str, str]
) -> tuple[KpiPeriod, ...]:
    """The same periods, measured from the order lines of a segment."""
    columns, definition = read_member_columns(connection), read_definition(connection, kpi.kpi)
    for dimension in within:
        require_known("dimension", dimension, columns)
    names = [name for name in (definition.numerator, definition.denominator) if name]
    measures = read_measures(connection, grain, names)
    totals = read_totals(connection, Scope(measures, columns, within), grain)
    if not totals:
        require_members(connection, within, columns)
    place = {measure.name: i for i, measure in enumerate(measures)}
    query = f"""
        select distinct period_start, is_complete from {TABLES[grain]} where kpi = ? order by 1
    """  # noqa: S608 - names of our own
    called = ", ".join(f"{dimension}={member}" for dimension, member in within.items())
    nothing = (0.0,) * len(measures)
    rows = []
    for start, is_complete in connection.execute(query, [kpi.kpi]).fetchall():
        sides = [totals.get(start, nothing)[place[name]] for name in names]
        rows.append(_period(kpi.kpi, called, start, sides, is_complete=is_complete))
    return tuple(rows)


def _period(
    kpi: str, segment: str, start: dt.date, sides: list[float], *, is_complete: bool
) -> KpiPeriod:
    """A period from its numerator, and its denominator where it is a ratio."""
    top, bottom = sides[0], sides[1] if len(sides) > 1 else None
    return KpiPeriod(kpi, segment, start, _value(sides), top, bottom, is_complete, None, None, None)


def _value(sides: Sequence[float]) -> float | None:
    """A KPI from its numerator, and its denominator where it is a ratio."""
    top, *bottom = sides
    return top if not bottom else top / bottom[0] if bottom[0] else None


def read_values(
    connection: Connection, spans: Sequence[Span], within: Mapping[str, str]
) -> dict[str, tuple[float | None, ...]]:
    """Measure every KPI over whole spans, as one period each.

    Args:
        connection: from `reading`.
        spans: some days each; they may overlap.
        within: dimension to member; empty for the whole shop.

    Returns:
        The values by KPI, in the order of the spans; None where there is nothing to measure.
    """
    definitions = {kpi: read_definition(connection, kpi) for kpi in read_kpis(connection)}
    sides = {kpi: [n for n in (d.numerator, d.denominator) if n] for kpi, d in definitions.items()}
    names = sorted({name for both in sides.values() for name in both})
    measures = read_measures(connection, "weekly", names)
    found = read_sums(connection, Scope(measures, read_member_columns(connection), within), spans)
    place = {measure.name: i for i, measure in enumerate(measures)}
    return {
        kpi: tuple(
            _value([found[i][place[name]] for name in both]) if i in found else None
            for i in range(len(spans))
        )
        for kpi, both in sides.items()
    }
