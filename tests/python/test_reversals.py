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
