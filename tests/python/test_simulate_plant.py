"""Incidents planted into rows that exist: only what is hit changes, in the file's own spelling."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.evaluate.planting import frame_market, inject
from retail.errors import RetailError
from retail.simulate import (
    KINDS,
    Incident,
    ShopConfig,
    choose_incidents,
    simulate_shop,
)

SHOP = ShopConfig(days=90, orders_per_day=14.0, seed=11)
DAY = date(2011, 2, 15)
RETAIL = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
          "CustomerID", "Country"]  # fmt: skip
LANDED = ["invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price",
          "customer_id", "country"]  # fmt: skip
ROWS = [
    ["536365", "10001", "RED MUG ", "6", "2/14/2011 9:00", "2.55", "17850", "United Kingdom"],
    ["536365", "10002a", "GLASS LANTERN", "2", "2/14/2011 9:00", "3.4", "17850", "United Kingdom"],
    ["536366", "10001", "RED MUG", "1", "2/14/2011 10:00", "2.55", "", "United Kingdom"],
    ["C536370", "10001", "RED MUG", "-1", "2/14/2011 11:00", "2.55", "17850", "United Kingdom"],
    ["536380", "10001", "RED MUG", "3", "2/15/2011 9:00", "2.55", "17851", "Germany"],
    ["536380", "10002A", "GLASS LANTERN", "4", "2/15/2011 9:00", "3.4", "17851", "Germany"],
    ["oops", "10001", "RED MUG", "3", "2/15/2011 9:01", "2.55", "17851", "Germany"],
    ["536382", "10002A", "GLASS LANTERN", "five", "2/15/2011 9:02", "3.4", "17850", "France"],
    ["536390", "10002A", "GLASS LANTERN", "5", "2/15/2011 15:00", "3.4", "17850", "France"],
    ["A536391", "B", "Adjust bad debt", "1", "2/15/2011 15:30", "-10", "", "United Kingdom"],
    ["536392", "POST", "POSTAGE", "1", "2/15/2011 16:00", "18", "17850", "France"],
    ["536399", "10001", "RED MUG", "5", "2/16/2011 8:00", "2.55", "17853", "France"],
]


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=RETAIL, dtype="str")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., pd.DataFrame]:
    """The rows of the small shop, read as text; with incidents, dialect as asked."""

    def make(**changes: object) -> pd.DataFrame:
        out = tmp_path_factory.mktemp("shop") / "shop.csv"
        config = replace(SHOP, **changes)  # type: ignore[arg-type]
        simulate_shop(config, out)
        encoding = "utf-8" if config.dialect == "retail2" else "iso-8859-1"
        return pd.read_csv(out, encoding=encoding, dtype=str, keep_default_na=False)

    return make


@pytest.fixture(scope="module")
def rows(shop: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return shop()


def test_without_incidents_nothing_changes(table: pd.DataFrame) -> None:
    after, truth = inject(table, [], 1)
    pd.testing.assert_frame_equal(after, table)
    assert (truth.rows, truth.incidents) == (len(table), ())


def test_the_given_table_stays_as_it_was(table: pd.DataFrame) -> None:
    before = table.copy(deep=True)
    after, _ = inject(table, [Incident("price_error", DAY, segment={"product": "10001"})], 1)
    pd.testing.assert_frame_equal(table, before)
    assert not after.equals(before)


def test_only_the_cell_that_is_hit_changes(table: pd.DataFrame) -> None:
    after, truth = inject(table, [Incident("price_error", DAY, segment={"product": "10002a"})], 1)
    expected = table.copy()
    expected.loc[[5, 8], "UnitPrice"] = "340"
    pd.testing.assert_frame_equal(after, expected)
    assert truth.incidents[0].to_json()["stock_codes"] == ["10002A"]


def test_rows_that_cannot_be_read_are_never_touched(table: pd.DataFrame) -> None:
    after, truth = inject(table, [Incident("outage", DAY, size=1.0)], 1)
    assert after["InvoiceNo"].tolist() == [
        "536365", "536365", "536366", "C536370", "oops", "536382", "A536391", "536392", "536399",
    ]  # fmt: skip
    assert truth.incidents[0].touched == 3


def test_a_keyword_family_is_told_with_its_stock_codes(table: pd.DataFrame) -> None:
    _, truth = inject(table, [Incident("outage", DAY, size=1.0, segment={"keyword": "lantern"})], 1)
    told = truth.incidents[0].to_json()
    assert told["segment"] == {"keyword": "lantern"}
    assert told["stock_codes"] == ["10002A"]
    assert told["rows"] == {"added": 0, "removed": 2, "changed": 0}


def test_added_rows_stand_in_order_of_time_with_numbers_of_their_own(table: pd.DataFrame) -> None:
    after, _ = inject(table, [Incident("double_load", DAY)], 1)
    times = pd.to_datetime(after["InvoiceDate"], format="%m/%d/%Y %H:%M")
    assert times.is_monotonic_increasing
    added = after[~after["InvoiceNo"].isin(table["InvoiceNo"])]
    assert len(added) == 5
    assert added["InvoiceNo"].str.fullmatch(r"A?\d{6}").all()


def test_the_other_columns_are_carried_along(table: pd.DataFrame) -> None:
    landed = table.set_axis(LANDED, axis=1).assign(source_row=range(1, len(table) + 1))
    after, _ = inject(landed, [Incident("double_load", DAY)], 1)
    kept = after.drop_duplicates("source_row").set_index("source_row")
    assert kept.index.tolist() == landed["source_row"].tolist()
    pd.testing.assert_frame_equal(kept, landed.set_index("source_row"))
    assert after.dtypes.tolist() == landed.dtypes.tolist()


def test_missing_values_stay_missing(table: pd.DataFrame) -> None:
    missing = table.assign(CustomerID=table["CustomerID"].replace("", None))
    after, _ = inject(missing, [Incident("guest_break", DAY, 1, 1.0)], 1)
    assert after["CustomerID"].isna().sum() == missing["CustomerID"].isna().sum() + 3
    assert not (after["CustomerID"] == "").any()


def test_a_table_in_no_order_keeps_its_order(table: pd.DataFrame) -> None:
    mixed = table.sample(frac=1.0, random_state=5).reset_index(drop=True)
    after, _ = inject(mixed, [Incident("half_day", DAY)], 1)
    kept = mixed[mixed["InvoiceNo"].isin(after["InvoiceNo"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(after, kept)


def test_added_rows_are_spelled_in_the_second_dialect(shop: Callable[..., pd.DataFrame]) -> None:
    rows = shop(dialect="retail2")
    after, _ = inject(rows, [Incident("campaign", DAY, 2)], 1)
    added = after[~after["Invoice"].isin(rows["Invoice"])]
    assert len(added) > 0
    assert added["InvoiceDate"].str.fullmatch(r"2011-02-1[56] \d\d:\d\d:00").all()
    assert added["Customer ID"].str.fullmatch(r"\d+\.0").all()


@pytest.mark.parametrize("kind", ["half_day", "price_cut", "guest_break", "outage"])
def test_what_leaves_nothing_to_chance_is_as_if_it_had_been_simulated(
    shop: Callable[..., pd.DataFrame], rows: pd.DataFrame, kind: str
) -> None:
    incident = Incident(kind, DAY, 2, size=1.0 if kind in {"guest_break", "outage"} else None)
    after, truth = inject(rows, [incident], 99)
    pd.testing.assert_frame_equal(after, shop(incidents=(incident,)))
    assert truth.incidents[0].touched > 0


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_days_without_an_incident_stay_as_they_are(rows: pd.DataFrame, seed: int) -> None:
    incidents = choose_incidents(frame_market(rows), 4, seed)
    after, truth = inject(rows, incidents, seed)

    def spared(frame: pd.DataFrame) -> pd.DataFrame:
        days = pd.to_datetime(frame["InvoiceDate"], format="%m/%d/%Y %H:%M").dt.date
        hit = days.map(lambda day: any(one.covers(day) for one in incidents)).astype(bool)
        return frame[~hit].reset_index(drop=True)

    pd.testing.assert_frame_equal(spared(after), spared(rows))
    assert len(after) - len(rows) == sum(
        one.to_json()["rows"]["added"] - one.to_json()["rows"]["removed"] for one in truth.incidents
    )
    again, _ = inject(rows, incidents, seed)
    pd.testing.assert_frame_equal(after, again)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_planted(rows: pd.DataFrame, kind: str) -> None:
    segment = {"segment_death": {"country": "United Kingdom"}, "price_error": {"keyword": "BAG"}}
    after, truth = inject(rows, [Incident(kind, DAY, 3, segment=segment.get(kind, {}))], 1)
    assert truth.incidents[0].touched > 0
    assert truth.rows == len(after)


def test_goods_for_chance_incidents_are_the_steady_best_sellers(rows: pd.DataFrame) -> None:
    market = frame_market(rows)
    assert list(market.revenue.values()) == sorted(market.revenue.values(), reverse=True)
    assert market.countries[0] == "United Kingdom"
    assert not {"POST", "DOT", "M"} & set(market.products)
    assert market.days[0] == SHOP.start


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: table.drop(columns="UnitPrice"), "no column UnitPrice or Price"),
        (lambda table: table.assign(InvoiceDate="yesterday"), "none of 12 rows"),
        (lambda table: table.iloc[:4], "no trading day"),
    ],
)
def test_a_table_that_does_not_do_is_refused(
    table: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    with pytest.raises(RetailError, match=told):
        inject(change(table), [Incident("outage", DAY)], 1)


def test_an_incident_that_hits_nothing_is_refused(table: pd.DataFrame) -> None:
    nowhere = Incident("outage", DAY, segment={"country": "United Kingdom"})
    with pytest.raises(RetailError, match=r"touched no row \(United Kingdom\)"):
        inject(table, [nowhere], 1)
