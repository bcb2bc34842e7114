"""A small shop with known incidents, as the tables that detection reads; used by its tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from detect.attribution.dimensions import Dimension
from detect.records import KPI_COLUMNS, Dates, Kpi, Panel, Series

FIRST_DAY = dt.date(2024, 1, 1)
DAYS = 168
COUNTRIES = ("France", "Norway", "United Kingdom")
PRODUCTS = tuple(f"P{i}" for i in range(8))
MEASURES = (
    "gross_revenue", "returned_revenue", "net_revenue", "identified_revenue",
    "international_revenue", "top_product_revenue", "units",
    "orders", "active_customers", "repeat_customers", "new_customers",
)  # fmt: skip
DIMENSIONS = (
    Dimension("country"), Dimension("region", "country"), Dimension("market", "country"),
    Dimension("product"), Dimension("category", "product"), Dimension("customer_type"),
    Dimension("order_size", None, "never"), Dimension("hour", None, "alone"),
)  # fmt: skip
Cells = dict[str, np.ndarray]


def kpi(name: str = "order_count", **changes: object) -> Kpi:
    """A KPI definition with everything at its usual value."""
    usual: dict[str, object] = {
        "label": name.replace("_", " ").capitalize(), "owner": "Operations", "cadence": "daily",
        "unit": "count", "direction": "up", "scale": "log", "segment_by": None,
        "numerator": "orders", "denominator": None, "z_threshold": 3.0, "iqr_threshold": 1.5,
        "trend_alpha": 0.01, "min_confidence": 0.5, "materiality_absolute": 5.0,
        "materiality_relative": 0.1, "warm_up_days": 0, "money": "currency £",
    }  # fmt: skip
    return Kpi(name, **(usual | changes))  # type: ignore[arg-type]


KPIS = (
    kpi("average_price", unit="currency", direction="none", numerator="gross_revenue",
        denominator="units", materiality_absolute=0.1),
    kpi("items_per_order", unit="items", numerator="units", denominator="orders"),
    kpi("new_customers", cadence="weekly", numerator="new_customers", warm_up_days=28),
    kpi("order_count"),
    kpi("return_rate", unit="ratio", direction="down", scale="sqrt", numerator="returned_revenue",
        denominator="gross_revenue", materiality_absolute=0.01),
    kpi("revenue_by_country", cadence="weekly", unit="currency", segment_by="country",
        numerator="net_revenue", materiality_absolute=500.0),
    kpi("total_revenue", unit="currency", numerator="net_revenue", materiality_absolute=500.0),
    kpi("units_sold", numerator="units"),
)  # fmt: skip


def dates(days: int = DAYS, closed: tuple[int, ...] = (6,), **changes: object) -> Dates:
    """A calendar from a Monday on, closed on some ISO weekdays."""
    day = np.datetime64(FIRST_DAY) + np.arange(days)
    weekday = np.arange(days) % 7 + 1
    usual: dict[str, object] = {
        "day": day,
        "weekday": weekday,
        "is_trading": ~np.isin(weekday, closed),
        "is_complete": np.ones(days, dtype=bool),
        "holidays": day[:0],
    }
    return Dates(**(usual | changes))  # type: ignore[arg-type]


def panel(value: np.ndarray, *kpis: Kpi, grain: str = "daily") -> Panel:
    """A panel of complete periods from FIRST_DAY on, one row per KPI."""
    step = 1 if grain == "daily" else 7
    period = np.datetime64(FIRST_DAY) + step * np.arange(value.shape[1])
    return Panel(
        grain=grain,  # type: ignore[arg-type]
        series=tuple(Series(k, "all") for k in kpis or [kpi(f"k{i}") for i in range(len(value))]),
        period=period,
        value=value,
        numerator=value,
        denominator=np.full(value.shape, np.nan),
        is_complete=np.ones(value.shape, dtype=bool),
        is_warm_up=np.zeros(value.shape, dtype=bool),
        is_small=np.zeros(value.shape, dtype=bool),
    )


def segments(days: int = DAYS, seed: int = 7) -> Cells:
    """Cells of a shop with noise in orders, basket and price, closed on Saturdays."""
    rng = np.random.default_rng(seed)
    day, country, product = (
        x.ravel()
        for x in np.meshgrid(
            np.arange(days), np.arange(len(COUNTRIES)), np.arange(len(PRODUCTS)), indexing="ij"
        )
    )
    trading = day % 7 != 5
    shop = np.exp(0.12 * rng.normal(size=days))[day]
    orders = shop * np.array([1.0, 0.5, 6.0])[country] * (1 + product) / 3
    orders = orders * np.exp(0.2 * rng.normal(size=day.size))
    units = orders * 9 * np.exp(0.1 * rng.normal(size=days))[day]
    gross = units * 1.5 * np.exp(0.05 * rng.normal(size=days))[day]
    returned = gross * np.exp(-4 + 0.6 * rng.normal(size=days))[day]
    table = {
        "day": day, "country": country, "product": product,
        "gross_revenue": gross, "returned_revenue": returned, "units": units,
        "orders": orders, "active_customers": 0.9 * orders, "new_customers": 0.2 * orders,
    }  # fmt: skip
    # Quarters add up the same in whatever order the database takes them.
    keys = ("day", "country", "product")
    return {
        name: column[trading] if name in keys else np.rint(4 * column[trading]) / 4
        for name, column in table.items()
    }


def build(
    path: Path, table: Cells, *, origin: str = "given", last_is_complete: bool = True
) -> None:
    """Write the marts that detection reads into a new database."""
    table = dict(table)
    table["net_revenue"] = table["gross_revenue"] - table["returned_revenue"]
    table["identified_revenue"] = 0.5 * table["net_revenue"]
    table["international_revenue"] = np.where(table["country"] < 2, table["net_revenue"], 0.0)
    table["top_product_revenue"] = np.where(table["product"] > 4, table["gross_revenue"], 0.0)
    table["repeat_customers"] = 0.5 * table["active_customers"]
    with duckdb.connect(str(path)) as connection:
        connection.register("given", table)
        connection.execute("create schema marts")
        _write_dimensions(connection, int(table["day"].max()) + 1, origin, last_is_complete)
        for grain, start in (("daily", "date_day"), ("weekly", "week_start")):
            _write_segments(connection, grain, start)
            _write_kpis(connection, grain, start)


def _write_dimensions(
    connection: duckdb.DuckDBPyConnection, days: int, origin: str, last_is_complete: bool
) -> None:
    connection.execute(
        """
        create table marts.dim_dates as
        select
            cast(? as date) + cast(i as integer) as date_day,
            cast(? as date) + cast(i - i % 7 as integer) as week_start,
            cast(i % 7 + 1 as integer) as day_of_week,
            i in (select day from given) as is_trading_day,
            cast(null as varchar) as holiday,
            i < ? - 1 or ? as is_complete
        from range(?) as r(i)
        """,
        [FIRST_DAY, FIRST_DAY, days, last_is_complete, days],
    )
    connection.execute(
        """
        create table marts.dim_sources as
        select 'shop.csv' as source_file, 'csv' as form, cast(1000 as bigint) as raw_rows,
               cast(? as varchar) as origin
        """,
        [origin],
    )
    connection.execute(
        "create table marts.dim_shop as select 'United Kingdom' as home_country, "
        "'GBP' as currency, '£' as currency_sign"
    )
    connection.execute(
        "create table marts.dim_dimensions "
        "(place integer, dimension varchar, coarser_than varchar, root_cause_use varchar, "
        "only_member varchar)"
    )
    connection.executemany(
        "insert into marts.dim_dimensions values (?, ?, ?, ?, null)",
        [[i, d.name, d.coarser_than, d.root_cause_use] for i, d in enumerate(DIMENSIONS)],
    )
    names = list(Kpi.__dataclass_fields__)
    types = {"float": "double", "int": "integer"}
    columns_of = {"name": "kpi", **KPI_COLUMNS}
    columns = ", ".join(
        f"{columns_of.get(name, name)} {types.get(str(field.type), 'varchar')}"
        for name, field in Kpi.__dataclass_fields__.items()
    )
    connection.execute(f"create table marts.dim_kpis ({columns})")
    connection.executemany(
        f"insert into marts.dim_kpis values ({', '.join('?' * len(names))})",
        [[getattr(k, name) for name in names] for k in KPIS],
    )
    connection.execute("alter table marts.dim_kpis add column description varchar default ''")
    connection.execute("alter table marts.dim_kpis add column kpi_group varchar default ''")
    for column in ("need varchar", "available_since date", "off_reason varchar", "place integer"):
        connection.execute(f"alter table marts.dim_kpis add column {column}")


def _write_segments(connection: duckdb.DuckDBPyConnection, grain: str, start: str) -> None:
    sums = ", ".join(f"sum(given.{name}) as {name}" for name in MEASURES)
    connection.execute(
        f"""
        create table marts.fct_segments_{grain} as
        select
            dates.{start} as period_start,
            {list(COUNTRIES)}[given.country + 1] as country,
            if(given.country = 2, 'British Isles', 'Continent') as region,
            if(given.country = 2, 'domestic', 'international') as market,
            {list(PRODUCTS)}[given.product + 1] as product,
            if(given.product < 4, 'Small', 'Large') as category,
            if(given.product % 2 = 0, 'guest', 'returning') as customer_type,
            'retail' as order_size,
            cast(9 + given.product % 3 as integer) as hour,
            {sums}
        from given
        inner join marts.dim_dates as dates
            on dates.date_day = cast(? as date) + cast(given.day as integer)
        group by all
        """,
        [FIRST_DAY],
    )


def _write_kpis(connection: duckdb.DuckDBPyConnection, grain: str, start: str) -> None:
    parts = []
    for k in KPIS:
        segment = k.segment_by or "'all'"
        bottom = k.denominator or "null"
        value = "coalesce(num, 0)" if k.denominator is None else "num / nullif(den, 0)"
        parts.append(f"""
            select '{k.name}' as kpi, s.segment, p.period_start, {value} as value,
                   num as numerator, den as denominator, p.is_complete,
                   p.period_start < cast('{FIRST_DAY}' as date) + {k.warm_up_days} as is_warm_up
            from (select {start} as period_start,
                         bool_and(is_complete) and count(*) = {1 if grain == "daily" else 7}
                             as is_complete
                  from marts.dim_dates group by 1) as p
            cross join (select distinct {segment} as segment from marts.fct_segments_{grain}) as s
            left join (select period_start, {segment} as segment,
                              sum({k.numerator}) as num, sum({bottom}) as den
                       from marts.fct_segments_{grain} group by 1, 2) as v
                on v.period_start = p.period_start and v.segment = s.segment
        """)
    connection.execute(f"create table marts.fct_kpis_{grain} as {' union all '.join(parts)}")


def plant(table: Cells, day: int, change: Callable[[Cells, np.ndarray], None]) -> Cells:
    """A copy of the cells with one day changed in place by `change(cells, rows of the day)`."""
    copy = {name: column.astype(float) for name, column in table.items()}
    change(copy, np.flatnonzero(table["day"] == day))
    return {
        name: column.astype(np.int64) if name in ("day", "country", "product") else column
        for name, column in copy.items()
    }


def bulk_order(copy: Cells, rows: np.ndarray) -> None:
    """Somebody in the United Kingdom orders P3 by the thousand."""
    row = rows[(copy["country"][rows] == 2) & (copy["product"][rows] == 3)]
    copy["units"][row] += 6000
    copy["gross_revenue"][row] += 6000 * 1.5


@pytest.mark.parametrize("grain", ["daily", "weekly"])
def test_the_shops_kpis_add_up_to_its_cells(tmp_path: Path, grain: str) -> None:
    path = tmp_path / "shop.duckdb"
    build(path, segments())
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute(f"""
            select
                (select sum(net_revenue) from marts.fct_segments_{grain}),
                (select sum(value) from marts.fct_kpis_{grain} where kpi = 'total_revenue'),
                (select sum(value) from marts.fct_kpis_{grain} where kpi = 'revenue_by_country')
        """).fetchone()
    assert row is not None
    assert row[1:] == pytest.approx((row[0], row[0]))
