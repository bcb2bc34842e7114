"""Read order lines and what belongs to them: reversals, earlier prices, names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detect.attribution.data_quality import LineCounts
from detect.attribution.lines import GUEST, Coded, Largest, Lines, Reversal
from detect.impact import Cancelled
from detect.records import PERIOD_DAYS, PRICE_HISTORY, PRICE_LASTS, Grain, Ints
from retail.jobs.detection.store.connection import connect
from retail.reading import has_table, read_products
from retail.reading.file import floats, plain
from retail.reading.measures import Measure, read_measures, read_member_columns

FEWEST_PRICES = 5
"""Sale lines within PRICE_HISTORY from which a product has a range of prices."""


def read_lines(
    path: Path,
    first: dt.date,
    last: dt.date,
    grain: Grain,
    measures: Sequence[str],
    dimensions: Sequence[str] = (),
) -> Lines | None:
    """Read the sale and return lines of some days; None where the file has no order lines.

    Args:
        path: the file with the order lines.
        first: the first day.
        last: the last day.
        grain: where a measure differs from grain to grain, the one that is meant.
        measures: those of the segment tables that are asked for.
        dimensions: those whose members are asked for.
    """
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_kpi_lines"):
            return None
        known = read_measures(connection, grain, measures)
        columns_of = read_member_columns(connection)
        members = {name: columns_of[name] for name in dimensions if name in columns_of}
        columns = connection.execute(_lines_query(known, members), [first, last]).fetchnumpy()
    largest = {
        m.name: Largest(
            _coded(columns[f"member_{i}"]).codes, floats(columns[f"measure_{i}"]), m.largest
        )
        for i, m in enumerate(known)
        if m.largest
    }
    return Lines(
        day=np.asarray(columns["order_date"]).astype("datetime64[D]"),
        invoice=_coded(columns["invoice"]),
        customer=_coded(columns["customer"]),
        product=_coded(columns["product"]),
        country=_coded(columns["country"]),
        is_sale=np.asarray(columns["is_sale"]),
        quantity=np.asarray(columns["quantity"]),
        price=np.asarray(columns["price"]),
        amount=np.asarray(columns["amount"]),
        sums={
            m.name: floats(columns[f"measure_{i}"])
            for i, m in enumerate(known)
            if m.is_sum and not m.largest
        },
        counted={
            m.name: _numbered(columns[f"measure_{i}"]) for i, m in enumerate(known) if not m.is_sum
        },
        largest=largest,
        dimensions={d: _coded(columns[f"dimension_{i}"]) for i, d in enumerate(members)},
    )


def _lines_query(measures: Sequence[Measure], members: Mapping[str, str]) -> str:
    asked = [f"{column} as dimension_{i}" for i, column in enumerate(members.values())]
    asked += [f"{m.column()} as measure_{i}" for i, m in enumerate(measures)]
    asked += [
        f"cast({m.member} as varchar) as member_{i}" for i, m in enumerate(measures) if m.largest
    ]
    return f"""
        select
            order_date,
            invoice_no as invoice,
            coalesce(customer_id, '{GUEST}') as customer,
            product,
            country,
            line_type = 'sale' as is_sale,
            cast(quantity as double) as quantity,
            cast(unit_price as double) as price,
            cast(net_revenue as double) as amount
            {"".join(f", {column}" for column in asked)}
        from marts.fct_kpi_lines
        where order_date between ? and ?
        order by source_file, source_row
    """  # noqa: S608 - names from the schema, and expressions that the build has checked


def _numbered(column: Any) -> Ints:  # noqa: ANN401 - masked where the database has nulls
    """Each distinct text's number; -1 where there is none."""
    is_none = np.ma.getmaskarray(column)
    numbers = _coded(np.ma.filled(column, "")).codes
    return np.where(is_none, -1, numbers)


def _coded(texts: Any) -> Coded:  # noqa: ANN401 - DuckDB may give an array or a categorical
    """A text column with its distinct texts numbered in order."""
    names, codes = np.unique(np.asarray(texts).astype(str), return_inverse=True)
    return Coded(codes.astype(np.int64), tuple(map(str, names)))


def read_reversals(path: Path, first: dt.date, last: dt.date) -> list[Reversal]:
    """Read the sale lines that were cancelled whole, both within some days, the largest first.

    Cancellations in part are left out: a later one in whole can still take their place, and then
    they would have been reported in vain.
    """
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_reversals"):
            return []
        rows = connection.execute(
            """
            select
                sale_invoice_no, cancellation_invoice_no, customer_id, product, description,
                cancelled_quantity, minutes_between, cast(cancelled_amount as double)
            from marts.fct_reversals
            where is_whole and order_date >= ? and cancelled_date <= ?
            order by cancelled_amount desc, sale_source_file, sale_source_row
            """,
            [first, last],
        ).fetchall()
    return [Reversal(*map(plain, row)) for row in rows]


def read_later_cancellations(path: Path, last: dt.date) -> list[Cancelled]:
    """Read the sales that were cancelled whole on a later day, up to the last day looked at.

    They are in order of their days.
    """
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_reversals"):
            return []
        rows = connection.execute(
            """
            select
                order_date, cancelled_date, product, coalesce(country, ''),
                cast(cancelled_amount as double)
            from marts.fct_reversals
            where is_whole and order_date < cancelled_date and cancelled_date <= ?
            order by order_date, sale_source_file, sale_source_row
            """,
            [last],
        ).fetchall()
    return [Cancelled(*row) for row in rows]


def read_duplicate_shares(
    path: Path, starts: Sequence[dt.date], grain: Grain
) -> tuple[tuple[float, float], ...]:
    """Read what share of the sale lines of some periods comes more than once in a day.

    Of each period that has lines: among those of customers with an id (NaN: none), and among all.
    """
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_kpi_lines"):
            return ()
        rows = connection.execute(
            """
            with starts as (
                select unnest(?::date[]) as period_start
            ),
            repeated as (
                select
                    starts.period_start, lines.customer_id is not null as is_known,
                    count(*) as lines
                from starts
                inner join marts.fct_kpi_lines as lines
                    on lines.order_date between starts.period_start and starts.period_start + ?
                where lines.line_type = 'sale'
                group by
                    starts.period_start, lines.order_date, lines.customer_id, lines.product,
                    lines.quantity, lines.unit_price
            )
            select
                coalesce(sum(lines) filter (is_known and lines > 1), 0)
                / sum(lines) filter (is_known),
                coalesce(sum(lines) filter (lines > 1), 0) / sum(lines)
            from repeated group by period_start order by period_start
            """,
            [list(starts), PERIOD_DAYS[grain] - 1],
        ).fetchall()
    return tuple((float("nan") if known is None else known, every) for known, every in rows)


def read_line_counts(path: Path, starts: Sequence[dt.date], grain: Grain) -> tuple[LineCounts, ...]:
    """Read how many order lines of some periods are sales, adjustments and returns, in order."""
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_order_lines"):
            return ()
        rows = connection.execute(
            """
            with starts as (
                select unnest(?::date[]) as period_start, generate_subscripts(?::date[], 1) as place
            )
            select
                count(*) filter (line_type = 'sale'),
                count(*) filter (line_type = 'adjustment'),
                count(*) filter (line_type = 'return')
            from starts
            left join marts.fct_order_lines as lines
                on lines.order_date between starts.period_start and starts.period_start + ?
            group by starts.place order by starts.place
            """,
            [list(starts), list(starts), PERIOD_DAYS[grain] - 1],
        ).fetchall()
    return tuple(LineCounts(*row) for row in rows)


def read_past_prices(path: Path, first: dt.date, last: dt.date) -> dict[str, tuple[float, ...]]:
    """Read the prices in the weeks before of each product that is sold on some days."""
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_order_lines"):
            return {}
        rows = connection.execute(
            """
            with sold as (
                select distinct product from marts.fct_order_lines
                where line_type = 'sale' and order_date between ? and ?
            ),
            prices as (
                select past.product, cast(past.unit_price as double) as price, count(*) as lines
                from marts.fct_order_lines as past
                semi join sold on past.product = sold.product
                where past.line_type = 'sale' and past.order_date between ? and ?
                group by all
            )
            select product, list(price) from prices group by product having sum(lines) >= ?
            """,
            [first, last, first - PRICE_HISTORY, first - PRICE_LASTS, FEWEST_PRICES],
        ).fetchall()
    return {product: tuple(sorted(prices)) for product, prices in rows}


def read_product_names(path: Path) -> dict[str, str]:
    """Read what the products are called, by stock code."""
    with connect(path, read_only=True) as connection:
        return read_products(connection)
