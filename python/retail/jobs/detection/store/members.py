"""Read what the members of each dimension sold: from the order lines, or as an earlier run did."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detect.attribution.decomposition import sums
from detect.attribution.dimensions import TOGETHER, Dimension, Months
from detect.calendar import TradingCalendar, in_gap
from detect.members import AMOUNTS, MemberPanel, Renaming, by_week, find_renamings
from detect.records import (
    ALL,
    PERIOD_DAYS,
    PRICE_HISTORY,
    PRICE_LASTS,
    Bools,
    Days,
    Floats,
    Grain,
    Ints,
)
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading import has_table, read_products
from retail.reading.measures import read_dead_months, read_dimensions, read_member_columns
from retail.schema import TABLES
from retail.storage.quoting import identifier

PRICED = "product"
"""The dimension whose members have prices."""
FAR = 2.5
"""Times the highest of a product's past prices, or that part of the lowest, at which another one is
far from all of them; chosen by hand."""
FEWEST_DAYS, FEWEST_LINES, FEWEST_CHEAP = 5, 10, 3
"""Days and lines of a product that show its prices, and orders at a far lower one from which it is
not a wholesale buyer's; chosen by hand."""
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
        where line_type = 'sale' and unit_price > 0 and order_date
            between (select min(order_date) from fresh_days) - {PRICE_HISTORY.days}
            and (select max(order_date) from fresh_days)
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
            interval {PRICE_HISTORY.days} days preceding
            and interval {PRICE_LASTS.days} days preceding
        )
        qualify count(*) over past >= {FEWEST_DAYS} and sum(lines) over past >= {FEWEST_LINES}
            and (
                days.highest >= {FAR} * max(highest) over past
                or days.lowest <= min(lowest) over past / {FAR}
            )
    )
    select
        far.*,
        count(distinct invoice_no) filter (where unit_price <= lowest / {FAR}) as cheap_orders
    from far
    inner join marts.fct_kpi_lines using (order_date, product)
    semi join fresh_days using (order_date)
    where line_type = 'sale' and unit_price > 0
    group by all
"""  # noqa: S608 - numbers of our own
"""The prices of a product in the months before each fresh day on which it had one far from them."""
MISPRICED = f"""
    case when line_type = 'sale' and unit_price > 0 and (
        unit_price >= {FAR} * highest
        or (unit_price <= lowest / {FAR} and cheap_orders >= {FEWEST_CHEAP})
    ) then cast(quantity as double) * (cast(unit_price as double) - mean) else 0.0 end
"""
"""What a line brought more by a price far from all of them."""
CENTS = 100
"""Squares of money are summed as whole numbers, which come out the same in any order."""
AMOUNT_COLUMNS = {
    "orders": "orders",
    "lines": "sale_lines",
    "revenue": "net_revenue",
    "sales": "gross_revenue",
    "squares": "squared_gross_revenue",
    "returns": "returned_orders",
    "returned": "returned_revenue",
    "mispriced": "mispriced_revenue",
}
"""Columns of `insights.members_daily`, by the engine's names."""


@dataclass(frozen=True)
class MemberDays:
    """What each member sold on each day, in order of day and member.

    `members` are dimension and name; `ALL`, the whole shop, is the last dimension. `code` says
    whose each of the `amounts` is, (N,). `input_hashes` are of what a day follows from.
    """

    members: tuple[tuple[str, str], ...]
    day: Days
    code: Ints
    amounts: dict[str, Floats]
    input_hashes: Mapping[dt.date, str]


def read_members(
    path: Path,
    calendar: TradingCalendar,
    periods: Mapping[Grain, Days],
    input_hashes: Mapping[dt.date, str],
) -> tuple[dict[Grain, MemberPanel], MemberDays | None]:
    """Read the members of all dimensions that a cause may name, by day and by week.

    Args:
        path: the file with the order lines.
        calendar: when the shop trades; nothing after its end is read.
        periods: of each grain, in order without gaps.
        input_hashes: of what each day follows from. A day that an earlier run stored with the same
            hash is not added up again.

    Returns:
        Panels by grain and the days; no panels, and None for the days, where the file has no order
        lines, or there are no periods.
    """
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_kpi_lines"):
            return {}, None
        return _read(connection, calendar, periods, input_hashes)


def member_panels(
    connection: Connection, calendar: TradingCalendar, periods: Mapping[Grain, Days]
) -> dict[Grain, MemberPanel]:
    """The panels from a connection with `marts.fct_kpi_lines` and `marts.dim_dimensions`."""
    return _read(connection, calendar, periods, {})[0]


def write_member_days(connection: Connection, found: MemberDays) -> None:
    """Fill `insights.members_daily`, which is there and empty."""
    numbers = np.arange(len(found.members))
    names = {"dimension": [d for d, _ in found.members], "member": [m for _, m in found.members]}
    connection.register(
        "amounts",
        {"order_date": found.day.astype("datetime64[us]"), "code": found.code, **found.amounts},
    )
    connection.register("members", {"code": numbers, **_texts(names)})
    _register_hashes(connection, found.input_hashes)
    amounts = ", ".join(f"amounts.{name} as {column}" for name, column in AMOUNT_COLUMNS.items())
    connection.execute(
        f"""
        insert into insights.members_daily by name
        select
            cast(amounts.order_date as date) as order_date, dimension, member, {amounts}, input_hash
        from amounts
        inner join members using (code)
        left join hashes on cast(amounts.order_date as date) = cast(hashes.order_date as date)
        order by amounts.order_date, code
        """  # noqa: S608 - names of our own
    )


def _register_hashes(connection: Connection, input_hashes: Mapping[dt.date, str]) -> None:
    hashes = _texts({"order_date": [*input_hashes], "input_hash": [*input_hashes.values()]})
    connection.register("hashes", hashes)


def _texts(columns: Mapping[str, Iterable[object]]) -> dict[str, np.ndarray]:
    """Columns of texts, as DuckDB reads them."""
    return {name: np.array(list(map(str, cells)), object) for name, cells in columns.items()}


def _read(
    connection: Connection,
    calendar: TradingCalendar,
    periods: Mapping[Grain, Days],
    input_hashes: Mapping[dt.date, str],
) -> tuple[dict[Grain, MemberPanel], MemberDays | None]:
    """The same of both, from a connection with order lines."""
    days, weeks = periods["daily"], periods["weekly"]
    if not (days.size and weeks.size):
        return {}, None
    dimensions = watched(connection)
    found = _member_days(connection, calendar, days, dimensions, input_hashes)
    daily = _daily(calendar, days, dimensions, found, read_dead_months(connection))
    daily = dataclasses.replace(daily, renamed=_renamings(connection, daily))
    weekly = by_week(daily, weeks, _usable(calendar, weeks, "weekly"))
    return {"daily": daily, "weekly": weekly}, found


def _renamings(connection: Connection, daily: MemberPanel) -> tuple[Renaming, ...]:
    """The products that sell under another code, known by what they are called."""
    names = read_products(connection)
    labels = [
        names.get(member, "") if daily.dimensions[place].name == PRICED else ""
        for place, member in zip(daily.dimension, daily.member, strict=True)
    ]
    return find_renamings(daily, labels)


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


def _daily(
    calendar: TradingCalendar,
    days: Days,
    dimensions: tuple[Dimension, ...],
    found: MemberDays,
    dead: Months,
) -> MemberPanel:
    """The panel by day."""
    dates = calendar.dates
    places = {d.name: place for place, d in enumerate(dimensions)}
    members = [(places[name], member) for name, member in found.members if name != ALL]
    is_shop = found.code >= len(members)
    at = (found.day - days[0]).astype(np.int64)
    shop = {
        name: sums(at[is_shop], found.amounts[name][is_shop], days.size)
        for name in ("orders", "lines", "revenue")
    }
    sold: dict[str, Any] = {name: amounts[~is_shop] for name, amounts in found.amounts.items()}
    return MemberPanel(
        grain="daily",
        dimensions=dimensions,
        dimension=np.array([place for place, _ in members], dtype=np.int64),
        member=tuple(member for _, member in members),
        period=days,
        start=np.searchsorted(at[~is_shop], np.arange(days.size + 1)).astype(np.int64),
        code=found.code[~is_shop],
        shop_orders=shop["orders"],
        shop_lines=shop["lines"],
        shop_revenue=shop["revenue"],
        days=np.isin(days, dates.day[dates.is_trading]).astype(np.float64),
        usable=_usable(calendar, days, "daily"),
        dead=dead,
        **sold,
    )


def watched(connection: Connection) -> tuple[Dimension, ...]:
    """Read the dimensions whose members are watched: those that a cause may name."""
    return tuple(d for d in read_dimensions(connection) if d.root_cause_use == TOGETHER)


def _member_days(
    connection: Connection,
    calendar: TradingCalendar,
    days: Days,
    dimensions: Sequence[Dimension],
    input_hashes: Mapping[dt.date, str],
) -> MemberDays:
    """Read the days that an earlier run added up from the same inputs, and add up all others."""
    first, last = (day.astype(dt.date) for day in (days[0], min(days[-1], calendar.dates.day[-1])))
    known = {day: mark for day, mark in input_hashes.items() if first <= day <= last}
    names = [*(d.name for d in dimensions), ALL]
    _keep_known(connection, names, known)
    connection.execute(
        """
        create or replace temporary table fresh_days as
        select distinct order_date from marts.fct_kpi_lines
        where order_date between ? and ? and order_date not in (select order_date from member_days)
        """,
        [first, last],
    )
    _add_up(connection, dimensions)
    connection.execute(
        """
        create or replace temporary table members as
        select *, row_number() over (order by place, member) - 1 as code
        from (select distinct place, member from member_days)
        """
    )
    members = connection.execute("select place, member from members order by code").fetchall()
    columns = connection.execute(
        f"""
        select order_date, code, {", ".join(AMOUNTS)}
        from member_days inner join members using (place, member)
        order by order_date, code
        """  # noqa: S608 - names of our own
    ).fetchnumpy()
    return MemberDays(
        members=tuple((names[place], member) for place, member in members),
        day=np.asarray(columns["order_date"]).astype("datetime64[D]"),
        code=np.asarray(columns["code"], dtype=np.int64),
        amounts={name: np.asarray(columns[name], dtype=np.float64) for name in AMOUNTS},
        input_hashes=known,
    )


def _keep_known(
    connection: Connection, names: Sequence[str], input_hashes: Mapping[dt.date, str]
) -> None:
    """Begin the table of what each member sold on each day with what an earlier run knew."""
    amounts = ", ".join(f"{name} double" for name in AMOUNTS)
    connection.execute(
        f"""
        create or replace temporary table member_days (
            order_date date, place integer, member varchar, {amounts}
        )
        """
    )
    table = TABLES["members_daily"]
    if not has_table(connection, "insights", "members_daily"):
        return
    there = connection.execute("describe insights.members_daily").fetchall()
    if {column.name for column in table.columns} - {name for name, *_ in there}:
        return  # of an earlier version
    _register_hashes(connection, input_hashes)
    connection.execute(
        f"""
        insert into member_days
        select known.order_date, list_position(?::varchar[], dimension) - 1, member,
            {", ".join(AMOUNT_COLUMNS[name] for name in AMOUNTS)}
        from insights.members_daily as known
        inner join hashes
            on known.order_date = cast(hashes.order_date as date)
            and known.input_hash = hashes.input_hash
        """,  # noqa: S608 - names of our own
        [list(names)],
    )


def _add_up(connection: Connection, dimensions: Sequence[Dimension]) -> None:
    """Add up what each member, and the whole shop, sold on the fresh days.

    Dimensions that do not tell the products of an order apart are added up from its few parts.
    """
    connection.execute(FAR_PRICES)
    cells = {**read_member_columns(connection), ALL: f"'{ALL}'"}
    names = [*(d.name for d in dimensions), ALL]
    of_products = {d.name for d in dimensions if PRICED in (d.name, d.coarser_than)}
    parts = [name for name in names if name not in of_products]
    columns = ", ".join(f"{cells[name]} as {_column(name)}" for name in parts)
    connection.execute(f"create or replace temporary table parts_of_orders as {_by_order(columns)}")
    for place, name in enumerate(names):
        orders = f"""
            select order_date, invoice_no, {_column(name)} as member, sum(lines) as lines,
                sum(revenue) as revenue, sum(sales) as sales, sum(returned) as returned
            from parts_of_orders group by all
        """  # noqa: S608 - names from the schema, quoted
        if name in of_products:
            orders = _by_order(f"{cells[name]} as member", has_prices=name == PRICED)
        connection.execute(
            f"""
            insert into member_days by name
            select
                order_date,
                {place} as place,
                member,
                count(*) filter (where lines > 0) as orders,
                sum(lines) as lines,
                sum(revenue) as revenue,
                sum(sales) as sales,
                cast(sum(cast(round(sales * {CENTS}) as hugeint) ** 2) as double)
                    / {CENTS * CENTS} as squares,
                count(*) filter (where returned > 0) as returns,
                sum(returned) as returned,
                {"sum(mispriced)" if name == PRICED else "0.0"} as mispriced
            from ({orders})
            group by all
            """  # noqa: S608 - names from the schema, quoted
        )


def _column(dimension: str) -> str:
    """A name that no column of order lines has."""
    return identifier(f"member of {dimension}")


def _by_order(members: str, *, has_prices: bool = False) -> str:
    """SQL: what each order of the fresh days holds of some members."""
    return f"""
        select
            order_date,
            invoice_no,
            {members},
            count(*) filter (where line_type = 'sale') as lines,
            sum(net_revenue) as revenue,
            sum(case when line_type = 'sale' then net_revenue else 0 end) as sales,
            sum(returned_revenue) as returned
            {f", sum(cast({MISPRICED} as decimal(28, 6))) as mispriced" if has_prices else ""}
        from marts.fct_kpi_lines
        semi join fresh_days using (order_date)
        {"left join far_prices using (order_date, product)" if has_prices else ""}
        group by all
    """  # noqa: S608 - expressions that the build has checked
