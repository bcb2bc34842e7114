"""Read order lines and what belongs to them: reversals, earlier prices, names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np

from detect.attribution.lines import GUEST, Coded, Lines, Reversal
from detect.records import PRICE_HISTORY
from detect.store.connection import connect, has_table

FEWEST_PRICES = 5
"""Sale lines within PRICE_HISTORY from which a product has a range of prices."""


def read_lines(path: Path, first: dt.date, last: dt.date) -> Lines | None:
    """Read the sale and return lines of some days; None where the file has no order lines."""
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "fct_order_lines"):
            return None
        columns = connection.execute(
            f"""
            select
                order_date,
                invoice_no as invoice,
                coalesce(customer_id, '{GUEST}') as customer,
                product,
                country,
                coalesce(market = 'international', false) as is_international,
                line_type = 'sale' as is_sale,
                cast(coalesce(order_number, 0) as bigint) as order_number,
                coalesce(is_first_order, false) as is_first_order,
                cast(quantity as double) as quantity,
                cast(unit_price as double) as price,
                cast(net_revenue as double) as amount
            from marts.fct_order_lines
            where line_type in ('sale', 'return') and order_date between ? and ?
            order by source_file, source_row
            """,  # noqa: S608 - names from the schema, or quoted
            [first, last],
        ).fetchnumpy()
    return Lines(
        day=np.asarray(columns["order_date"]).astype("datetime64[D]"),
        invoice=_coded(columns["invoice"]),
        customer=_coded(columns["customer"]),
        product=_coded(columns["product"]),
        country=_coded(columns["country"]),
        is_international=np.asarray(columns["is_international"]),
        is_sale=np.asarray(columns["is_sale"]),
        order_number=np.asarray(columns["order_number"]),
        is_first_order=np.asarray(columns["is_first_order"]),
        quantity=np.asarray(columns["quantity"]),
        price=np.asarray(columns["price"]),
        amount=np.asarray(columns["amount"]),
    )


def _coded(texts: Any) -> Coded:  # noqa: ANN401 - DuckDB may give an array or a categorical
    """A text column with its distinct texts numbered in order."""
    names, codes = np.unique(np.asarray(texts).astype(str), return_inverse=True)
    return Coded(codes.astype(np.int64), tuple(map(str, names)))


def read_reversals(path: Path, first: dt.date, last: dt.date) -> list[Reversal]:
    """Read the sale lines that were cancelled whole, both within some days, the largest first.

    Cancellations in part are left out: a later one in whole can still take their place, and then
    they would have been told of in vain.
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
    return [Reversal(*row) for row in rows]


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
            [first, last, first - PRICE_HISTORY, first - dt.timedelta(days=1), FEWEST_PRICES],
        ).fetchall()
    return {product: tuple(sorted(prices)) for product, prices in rows}


def read_product_names(path: Path) -> dict[str, str]:
    """Read what the products are called, by stock code."""
    with connect(path, read_only=True) as connection:
        if not has_table(connection, "marts", "dim_products"):
            return {}
        rows = connection.execute(
            "select product, description from marts.dim_products where description is not null"
        ).fetchall()
    return dict(rows)
