"""Line types by sign are, on the public years, line for line what prefixes of invoices gave."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT, Shop

SHARED = PROJECT.parent / "shared" / "data"
YEARS = (
    "online_retail.csv",
    pytest.param("online_retail_2009.parquet", marks=pytest.mark.full),
)
BY_PREFIX = """
    case
        when reject_reason is not null then null
        when line_type = 'service' then 'service'
        when invoice_no like 'C%' and quantity < 0 and unit_price > 0 then 'return'
        when
            invoice_no not like 'C%' and invoice_no not like 'A%'
            and quantity > 0 and unit_price > 0
            then 'sale'
        else 'adjustment'
    end
"""


def classified(shop: Shop) -> Shop:
    """A shop built as far as the types of its lines."""
    shop.build("--select", "service_codes", "int_order_lines__classified",
               "stg_online_retail__order_lines", "--exclude-resource-type", "test",
               "--exclude-resource-type", "unit_test")  # fmt: skip
    return shop


@pytest.mark.parametrize("year", YEARS)
def test_rules_by_sign_give_what_rules_by_prefix_gave(
    shop: Shop, tmp_path: Path, year: str
) -> None:
    source = SHARED / year
    if not source.exists():
        pytest.skip(f"no public data set beside the checkout: {year}")
    if not Path(shop.source).samefile(source):
        shop = classified(Shop(PROJECT, tmp_path, str(source)))
    query = f"""
        select line_type, {BY_PREFIX} as by_prefix, count(*)
        from intermediate.int_order_lines__classified group by 1, 2 order by all
    """
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        found = connection.execute(query).fetchall()
    assert {kind for kind, _, _ in found} == {None, "adjustment", "return", "sale", "service"}
    assert [row for row in found if row[0] != row[1]] == []
    assert sum(count for *_, count in found) > 500_000
