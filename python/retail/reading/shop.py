"""Read the shop and its data: the rows of the marts that screens show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from detect.records import MOST_SERIES
from retail.formatting import CURRENCY, day, member, off, whole, words
from retail.reading.file import Connection, has_table, rows_of
from retail.schema import Grain

SIMULATED = "simulated shop"
"""Origin of simulated rows; the source of a run says it too."""
SIMULATED_DATA = "SIMULATED DATA: these figures are of no real shop."
SAMPLE = "public data set"
"""Origin of the rows of a shop that nobody here runs."""
SAMPLE_DATA = "SAMPLE DATA: these figures are of the public data set, not of your own shop."


@dataclass(frozen=True)
class Coverage:
    """Which days the data cover."""

    first_day: dt.date
    last_day: dt.date
    last_complete_day: dt.date | None
    days: int
    trading_days: int
    newest_line: dt.datetime


@dataclass(frozen=True)
class SourceRow:
    """A raw file, with its rows accounted for."""

    source_file: str
    origin: str
    form: str
    encoding: str | None
    raw_rows: int
    accepted_rows: int
    duplicate_rows: int
    malformed_rows: int


@dataclass(frozen=True)
class RowCount:
    """Raw rows that ended in the same place: an accepted type, or a reason for rejection."""

    place: str
    is_accepted: bool
    detail: str
    rows: int
    amount: Decimal


@dataclass(frozen=True)
class ShopRow:
    """Whose figures these are."""

    home_country: str | None
    """None where the source has no countries."""
    currency: str
    currency_sign: str

    @property
    def money(self) -> str:
        """The unit of its money, with the sign that it is written with."""
        return f"currency {self.currency_sign}"


@dataclass(frozen=True)
class KpiRow:
    """A KPI as it is defined; a unit of money names its sign too, `currency £`."""

    kpi: str
    label: str
    description: str
    kpi_group: str
    owner: str
    cadence: Grain
    unit: str
    direction: str
    segment_by: str | None
    off_reason: str | None = None
    """What the source lacks that the KPI needs; None where it is on."""


@dataclass(frozen=True)
class PlannedEvent:
    """A row of `seeds/events.csv`; without a dimension it is about the whole shop."""

    event: str
    starts_on: dt.date
    ends_on: dt.date
    dimension: str | None
    member: str | None
    has_effect: bool


@dataclass(frozen=True)
class Volume:
    """Order lines of the newest complete day, and how many are usual."""

    date_day: dt.date
    lines: int
    expected_lines: float | None
    is_unusual: bool


@dataclass(frozen=True)
class Attempt:
    """A run of the daily job, whatever became of it; `error` is why it published nothing."""

    started_at: dt.datetime
    status: str
    seconds: float | None
    error: str | None


@dataclass(frozen=True)
class TableInfo:
    """A table of the file, and what one row of it is."""

    table: str
    description: str


SHOP = "select home_country, currency, currency_sign from marts.dim_shop"
COVERAGE = """
    select
        min(date_day), max(date_day), max(date_day) filter (is_complete), count(*),
        count(*) filter (is_trading_day),
        (select max(ordered_at) from marts.fct_order_lines)
    from marts.dim_dates
"""
SOURCES = """
    select
        source_file, origin, form, encoding, raw_rows, accepted_rows, duplicate_rows,
        malformed_rows
    from marts.dim_sources
    order by source_file
"""
LINES = """
    select line_type, true, '', count(*), coalesce(sum(amount), 0)
    from marts.fct_order_lines
    group by line_type
    union all
    select reason, false, coalesce(detail, ''), count(*), coalesce(sum(amount), 0)
    from marts.fct_rejected_order_lines
    group by reason, detail
    order by 2 desc, 4 desc, 1, 3
"""
KPIS = """
    select
        kpi, label, description, kpi_group, owner, cadence,
        if(unit = 'currency', unit || ' ' || currency_sign, unit),
        direction, segment_by, off_reason
    from marts.dim_kpis
    cross join marts.dim_shop
    order by place, kpi_group, label
"""
VOLUME = """
    select date_day, lines, expected_lines, is_unusual
    from marts.fct_daily_volumes
    where is_complete
    order by date_day desc
    limit 1
"""
SMALL = f"""
    with every as (
        select kpi, 'daily' as cadence, count(distinct segment) as segments
        from marts.fct_kpis_daily group by kpi
        union all
        select kpi, 'weekly', count(distinct segment) from marts.fct_kpis_weekly group by kpi
    ),
    judged as (
        select kpi, grain, count(distinct segment) as segments
        from insights.forecasts group by all
    )
    select label, segment_by, every.segments, judged.segments
    from marts.dim_kpis as kpis
    inner join every using (kpi, cadence)
    inner join judged on kpis.kpi = judged.kpi and kpis.cadence = judged.grain
    where every.segments > greatest(judged.segments, {MOST_SERIES})
    order by label
"""  # noqa: S608 - a number of our own
RENAMED = """
    select count(*) over (), product, renamed_to, since
    from insights.renamed_products
    order by since desc, product
    limit 1
"""
UNDIVIDED = """
    select dimension, only_member from marts.dim_dimensions
    where only_member is not null order by place
"""
ATTEMPTS = """
    select started_at, status, seconds, error
    from operations.runs
    where step = 'all'
    order by started_at desc, run_id desc
    limit 7
"""
TABLES = r"""
    select
        schema_name || '.' || table_name,
        regexp_replace(comment, '\s*built with \w+$', '') as description
    from duckdb_tables()
    where schema_name in ('marts', 'insights', 'operations') and description != ''
    order by schema_name desc, table_name
"""
"""Without the hash of the code that built an incremental table, which is below its description."""
EVENTS = """
    select event, starts_on, ends_on, nullif(dimension, ''), nullif(member, ''), has_effect
    from seeds.events order by starts_on, event
"""
PRODUCTS = "select product, description from marts.dim_products where description is not null"


def read_shop(connection: Connection) -> ShopRow:
    """Read whose figures these are."""
    return rows_of(connection, ShopRow, SHOP)[0]


def read_money(connection: Connection) -> str:
    """Read the unit of the shop's money; without its sign where no build says whose it is."""
    known = has_table(connection, "marts", "dim_shop")
    return read_shop(connection).money if known else CURRENCY


def read_coverage(connection: Connection) -> Coverage:
    """Read which days the data cover."""
    return rows_of(connection, Coverage, COVERAGE)[0]


def read_sources(connection: Connection) -> tuple[SourceRow, ...]:
    """Read the raw files, with their rows accounted for."""
    return rows_of(connection, SourceRow, SOURCES)


def read_row_counts(connection: Connection) -> tuple[RowCount, ...]:
    """Read where every raw row ended."""
    return rows_of(connection, RowCount, LINES)


def read_kpis(connection: Connection) -> dict[str, KpiRow]:
    """Read the KPIs by name, in the order of every list."""
    return {row.kpi: row for row in rows_of(connection, KpiRow, KPIS)}


def read_left_out(connection: Connection, kpis: Mapping[str, KpiRow]) -> tuple[str, ...]:
    """Read what the last run left out, as sentences.

    KPIs that are off (one sentence for those with the same reason), dimensions of one member, small
    segments, products that are judged anew under another code.
    """
    switched_off = off((kpi.label, kpi.off_reason) for kpi in kpis.values() if kpi.off_reason)
    undivided = connection.execute(UNDIVIDED).fetchall()
    named = ", ".join(f"{words(name)} ({member(name, only)})" for name, only in undivided)
    one_member = [f"Not broken down, for one member has nearly all sales: {named}."]
    small = [
        f"{label}: {whole(seen)} of {whole(every)} segments ({words(dimension)}) are judged "
        f"as series, for they were once among the {MOST_SERIES} largest; others only as members."
        for label, dimension, every, seen in connection.execute(SMALL).fetchall()
    ]
    renamed = _renamed(connection)
    return (*switched_off, *(one_member if undivided else []), *small, *renamed)


def _renamed(connection: Connection) -> Iterator[str]:
    """Products that sell under another code: how many, and the latest of them."""
    if not has_table(connection, "insights", "renamed_products"):
        return
    for count, old, new, since in connection.execute(RENAMED).fetchall():
        name = read_products(connection).get(old, old)
        products = "1 product sells" if count == 1 else f"{whole(count)} products sell"
        yield (
            f"{products} under another code, called the same, and {'is' if count == 1 else 'are'} "
            f"judged anew under it: {name} is {new} since "
            f"{day(since, full=True)}, {old} before."
        )


def read_volume(connection: Connection) -> Volume | None:
    """Read how many order lines the newest complete day has."""
    return next(iter(rows_of(connection, Volume, VOLUME)), None)


def read_attempts(connection: Connection) -> tuple[Attempt, ...]:
    """Read the latest runs of the daily job, the newest first; who builds by hand has none."""
    is_there = has_table(connection, "operations", "runs")
    return rows_of(connection, Attempt, ATTEMPTS) if is_there else ()


def read_events(connection: Connection) -> tuple[PlannedEvent, ...]:
    """Read the planned events; none where the file has no such table."""
    is_there = has_table(connection, "seeds", "events")
    return rows_of(connection, PlannedEvent, EVENTS) if is_there else ()


def read_products(connection: Connection) -> dict[str, str]:
    """Read what the products are called, by stock code; on one line, with single spaces."""
    if not has_table(connection, "marts", "dim_products"):
        return {}
    return {code: " ".join(name.split()) for code, name in connection.execute(PRODUCTS).fetchall()}


def read_tables(connection: Connection) -> tuple[TableInfo, ...]:
    """Read which tables there are to query, with their descriptions."""
    return rows_of(connection, TableInfo, TABLES)
