"""Read what the members of each dimension sold, from the order lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from detect.attribution.dimensions import TOGETHER, Dimension
from detect.calendar import TradingCalendar, in_gap
from detect.members import AMOUNTS, MemberPanel, by_week
from detect.records import PERIOD_DAYS, PRICE_HISTORY, Bools, Days, Floats, Grain, Ints
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading import has_table
from retail.reading.measures import (
    read_dead_months,
    read_dimensions,
    read_member_columns,
)

PRICED = "product"
"""The dimension whose members have prices."""
FAR = 2.5
"""Times the highest of a product's past prices, or that part of the lowest, at which another one is
far from all of them; chosen by hand."""
FEWEST_DAYS, FEWEST_LINES, FEWEST_CHEAP = 5, 10, 3
"""Days and lines of a product that show its prices, and orders at a far lower one from which it is
not a wholesale buyer's; chosen by hand."""
RECENT = 8
"""Days whose prices are not usual yet: a slip of price is one on its second day, too."""
FAR_PRICES = f"""
    create or replace temporary table far_prices as
    with days as (
        select
            order_date,
            product,
            min(unit_price) as lowest,
            max(unit_price) as highest,
            count(*) as lines,
            cast(sum(gross_revenue) as double) as money,
            cast(sum(quantity) as double) as pieces
        from marts.fct_kpi_lines
        where line_type = 'sale' and unit_price > 0 and order_date between ? and ?
        group by all
    ),
    far as (
        select
            order_date,
            product,
            min(lowest) over past as lowest,
            max(highest) over past as highest,
            sum(money) over past / sum(pieces) over past as mean
        from days
        window past as (
            partition by product order by order_date range between
            interval {PRICE_HISTORY.days} days preceding and interval {RECENT} days preceding
        )
        qualify count(*) over past >= {FEWEST_DAYS} and sum(lines) over past >= {FEWEST_LINES}
            and (
                days.highest >= {FAR} * max(highest) over past
                or days.lowest <= min(lowest) over past / {FAR}
            )
    )
    select far.*, count(distinct invoice_no) as orders
    from far
    inner join marts.fct_kpi_lines using (order_date, product)
    where line_type = 'sale' and unit_price > 0
    group by all
"""  # noqa: S608 - numbers of our own
"""The prices of each product in the months before each day on which it had one far from them."""
MISPRICED = f"""
    case when line_type = 'sale' and unit_price > 0 and (
        unit_price >= {FAR} * highest or (unit_price <= lowest / {FAR} and orders >= {FEWEST_CHEAP})
    ) then cast(quantity as double) * (cast(unit_price as double) - mean) else 0.0 end
"""
"""What a line brought more by a price far from all of them."""
CENTS = 100
"""Squares of money are summed as whole numbers, which come out the same in any order."""


def read_member_panels(
    path: Path, calendar: TradingCalendar, periods: Mapping[Grain, Days]
) -> dict[Grain, MemberPanel]:
    """Read the members of all dimensions that a cause may name, by day and by week.

    Args:
        path: the file with the order lines.
        calendar: when the shop trades; nothing after its end is read.
        periods: of each grain, in order without gaps.

    Returns:
        None of either grain where the file has no order lines, or there are no periods.
    """
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_kpi_lines"):
            return {}
        return member_panels(connection, calendar, periods)


def member_panels(
    connection: Connection, calendar: TradingCalendar, periods: Mapping[Grain, Days]
) -> dict[Grain, MemberPanel]:
    """The same from a connection with `marts.fct_kpi_lines` and `marts.dim_dimensions`."""
    days, weeks = periods["daily"], periods["weekly"]
    if not (days.size and weeks.size):
        return {}
    daily = _daily(connection, calendar, days)
    return {"daily": daily, "weekly": by_week(daily, weeks, _usable(calendar, weeks, "weekly"))}


def _usable(calendar: TradingCalendar, periods: Days, grain: Grain) -> Bools:
    """Whether a period is judged, (T,).

    Its days are all complete, some of them traded (a stray order on a closed day is no trade), and
    none in a gap.
    """
    dates, length = calendar.dates, PERIOD_DAYS[grain]
    at = (periods - dates.day[0]).astype(np.int64)
    is_traded = dates.is_trading & ~calendar.open_when_closed()
    complete, traded = (
        np.concatenate([[0], np.cumsum(days)]) for days in (dates.is_complete, is_traded)
    )
    first, after = np.clip(at, 0, dates.day.size), np.clip(at + length, 0, dates.day.size)
    whole = complete[after] - complete[first] == length
    with_trade = whole & (traded[after] > traded[first])
    if grain == "weekly":
        with_trade &= ~in_gap(calendar, periods)
    return np.asarray(with_trade)


def _daily(connection: Connection, calendar: TradingCalendar, days: Days) -> MemberPanel:
    """The panel by day."""
    dates = calendar.dates
    dimensions = watched(connection)
    first, last = days[0], min(days[-1], dates.day[-1])
    _lines(connection, dimensions, first, last)
    shop = _shop(connection)
    tables = [_cells(connection, d.name) for d in dimensions]
    members = [np.unique(table["member"].astype(str)) for table in tables]
    offsets = np.cumsum([0, *map(len, members)])
    columns = {
        name: np.concatenate([np.asarray(t[name], dtype=np.float64) for t in tables])
        for name in AMOUNTS
    }
    code = np.concatenate([
        np.searchsorted(names, table["member"].astype(str)) + offset
        for names, table, offset in zip(members, tables, offsets, strict=False)
    ])  # fmt: skip
    day = np.concatenate([_place(table["day"], first) for table in tables])
    order = np.lexsort((code, day))
    at = _place(shop["day"], first)
    is_traded = np.isin(days, dates.day[dates.is_trading])
    return MemberPanel(
        grain="daily",
        dimensions=dimensions,
        dimension=np.repeat(np.arange(len(dimensions)), list(map(len, members))),
        member=tuple(str(name) for names in members for name in names),
        period=days,
        start=np.searchsorted(day[order], np.arange(days.size + 1)).astype(np.int64),
        code=code[order].astype(np.int64),
        shop_orders=_spread(at, shop["orders"], days.size),
        shop_lines=_spread(at, shop["lines"], days.size),
        shop_revenue=_spread(at, shop["revenue"], days.size),
        days=is_traded.astype(np.float64),
        usable=_usable(calendar, days, "daily"),
        dead=read_dead_months(connection),
        **{name: column[order] for name, column in columns.items()},
    )


def _place(days: np.ndarray, first: np.datetime64) -> Ints:
    return (np.asarray(days).astype("datetime64[D]") - first).astype(np.int64)


def _spread(at: Ints, amounts: np.ndarray, size: int) -> Floats:
    out = np.zeros(size)
    out[at] = amounts
    return out


def watched(connection: Connection) -> tuple[Dimension, ...]:
    """Read the dimensions whose members are watched: those that a cause may name."""
    return tuple(d for d in read_dimensions(connection) if d.root_cause_use == TOGETHER)


def _lines(
    connection: Connection, dimensions: Sequence[Dimension], first: np.datetime64,
    last: np.datetime64,
) -> None:  # fmt: skip
    """Note the order lines of some days, with a column for the members of each dimension."""
    connection.execute(FAR_PRICES, [first.astype(object) - PRICE_HISTORY, last.astype(object)])
    cells = read_member_columns(connection)
    columns = "".join(f", {cells[d.name]} as {_column(d.name)}" for d in dimensions)
    connection.execute(
        f"""
        create or replace temporary table member_lines as
        select
            order_date as day,
            invoice_no as invoice,
            line_type = 'sale' as is_sale,
            net_revenue as amount,
            returned_revenue as returned,
            {MISPRICED} as mispriced
            {columns}
        from marts.fct_kpi_lines
        left join far_prices using (order_date, product)
        where order_date between ? and ?
        """,  # noqa: S608 - expressions that the build has checked
        [first.astype(object), last.astype(object)],
    )


def _column(dimension: str) -> str:
    return f'"member of {dimension}"'


def _shop(connection: Connection) -> dict[str, np.ndarray]:
    return _columns(
        connection,
        """
        select
            day,
            count(distinct case when is_sale then invoice end) as orders,
            count(*) filter (where is_sale) as lines,
            cast(sum(amount) as double) as revenue
        from member_lines
        group by day
        """,
    )


def _columns(connection: Connection, query: str) -> dict[str, np.ndarray]:
    """The answer to a query as columns."""
    found = connection.execute(query).fetchnumpy()
    return {name: np.asarray(column) for name, column in found.items()}


def _cells(connection: Connection, dimension: str) -> dict[str, np.ndarray]:
    """What each member sold on each day, one row where it sold anything."""
    return _columns(
        connection,
        f"""
        with orders as (
            select
                day,
                {_column(dimension)} as member,
                invoice,
                count(*) filter (where is_sale) as lines,
                sum(amount) as revenue,
                sum(case when is_sale then amount else 0 end) as sales,
                sum(returned) as returned,
                sum(mispriced) as mispriced
            from member_lines
            group by all
        )
        select
            day,
            member,
            cast(count(*) filter (where lines > 0) as double) as orders,
            cast(sum(lines) as double) as lines,
            cast(sum(revenue) as double) as revenue,
            cast(sum(sales) as double) as sales,
            cast(sum(cast(round(sales * {CENTS}) as hugeint) ** 2) as double)
                / {CENTS * CENTS} as squares,
            cast(count(*) filter (where returned > 0) as double) as returns,
            cast(sum(returned) as double) as returned,
            {"sum(mispriced)" if dimension == PRICED else "0.0"} as mispriced
        from orders
        group by all
        """,  # noqa: S608 - names from the schema, quoted
    )
