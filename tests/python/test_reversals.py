"""Sales and their later cancellations, matched in SQL as a plain loop would match them."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import pytest

from conftest import Shop


@pytest.fixture(scope="module")
def lines(shop: Shop) -> list[tuple[str, str, int, int, int]]:
    """Customer, product, pieces, number and step of each line that may be part of a reversal."""
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        return connection.execute(
            """
            select customer_id, product, pieces, line_no, step
            from intermediate.int_reversals__candidates
            order by customer_id, product, line_no
            """
        ).fetchall()


def matched_one_by_one(
    lines: list[tuple[str, str, int, int, int]],
) -> set[tuple[str, str, int, int]]:
    """Each cancellation takes the latest open sale of its customer, product and quantity."""
    still_open: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    pairs = set()
    for customer, product, pieces, number, step in lines:
        stack = still_open[customer, product, pieces]
        if step == 1:
            stack.append(number)
        elif stack:
            pairs.add((customer, product, stack.pop(), number))
    return pairs


def test_the_nearest_earlier_sale_is_matched_first(
    shop: Shop, lines: list[tuple[str, str, int, int, int]]
) -> None:
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        found = connection.execute(
            "select customer_id, product, sale_line_no, cancellation_line_no "
            "from intermediate.int_reversals__whole"
        ).fetchall()
    assert found
    assert set(found) == matched_one_by_one(lines)


@pytest.mark.parametrize(
    ("day", "product", "customer", "quantity"),
    [("2011-01-18", "23166", "12346", 74215), ("2011-12-09", "23843", "16446", 80995)],
)
def test_the_two_giant_orders_of_the_public_data_are_matched(
    shop: Shop, day: str, product: str, customer: str, quantity: int
) -> None:
    if not shop.source.endswith("online_retail.csv"):
        pytest.skip("not the public data set")
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        rows = connection.execute(
            "select customer_id, cancelled_quantity, days_between, is_whole "
            "from marts.fct_reversals where order_date = ? and product = ? and is_whole "
            "order by cancelled_quantity desc",
            [day, product],
        ).fetchall()
    assert rows[0] == (customer, quantity, 0, True)


RESTATED = """
    select kpi, cast(restated_numerator as double), cast(restated_denominator as double)
    from marts.fct_kpis_restated_daily where segment = 'all' and period_start = ?
"""
SOLD = """
    select
        l.order_date, l.invoice_no, l.customer_id, l.order_number, l.product,
        cast(l.units - coalesce(r.cancelled_quantity, 0) as double),
        cast(l.gross_revenue - coalesce(r.cancelled_amount, 0) as double),
        coalesce(r.is_whole, false)
    from marts.fct_order_lines as l
    left join marts.fct_reversals as r
        on l.source_file = r.sale_source_file and l.source_row = r.sale_source_row
    where l.line_type = 'sale'
"""


def test_every_kpi_is_restated_as_if_what_was_cancelled_had_not_been_sold(shop: Shop) -> None:
    """Counted line by line, on the days on which most orders were cancelled whole."""
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        every = connection.execute(SOLD).fetchall()
        stayed = [row for row in every if not row[-1]]
        days = connection.execute(
            "select order_date from marts.fct_reversals where is_whole"
            " group by 1 order by count(distinct sale_invoice_no) desc, 1 limit 12"
        ).fetchall()
        first: dict[str, int] = {}
        for _, _, customer, number, *_ in stayed:
            if customer:
                first[customer] = min(number, first.get(customer, number))
        for (day,) in days:
            sold = [row for row in stayed if row[0] == day]
            best: dict[str, float] = defaultdict(float)
            # Of a sale that was cancelled at another price the difference is left.
            for _, _, _, _, product, _, amount, _ in (row for row in every if row[0] == day):
                best[product] += amount
            customers = {row[2] for row in sold if row[2]}
            found = {kpi: values for kpi, *values in connection.execute(RESTATED, [day]).fetchall()}
            assert found["order_count"][0] == len({row[1] for row in sold})
            assert found["active_customers"][0] == len(customers)
            assert found["repeat_rate"][0] == len(
                {row[2] for row in sold if row[2] and row[3] > first[row[2]]}
            )
            assert found["new_customers"][0] == len(
                {row[2] for row in sold if row[2] and row[3] == first[row[2]]}
            )
            assert found["average_price"][1] == pytest.approx(sum(row[5] for row in sold))
            assert found["product_concentration"] == [
                pytest.approx(sum(sorted(best.values())[-10:])),
                pytest.approx(sum(best.values())),
            ]


def test_the_share_of_returns_is_of_what_was_ordered(shop: Shop) -> None:
    query = """
        select kpi, denominator = restated_denominator, restated_value <= 1
        from marts.fct_kpis_restated_daily
        where kpi = 'return_rate' and denominator > 0
    """
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        rows = connection.execute(query).fetchall()
    assert {row[1] for row in rows} == {True}
    assert sum(row[2] for row in rows) > 0.9 * len(rows)
