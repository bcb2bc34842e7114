"""`retail check` says how a source is read, and whether it would be built, without building it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conftest import PROJECT
from retail.commands import retail

KEYS = {
    "rows", "accepted", "duplicates", "malformed", "first_day", "last_day", "trading_days",
    "line_types", "customers", "guests", "countries", "products", "orders", "read_as", "warnings",
    "refused",
}  # fmt: skip
SHARED = PROJECT.parent / "shared"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def check(
    source: Path | str, monkeypatch: pytest.MonkeyPatch, cache: Path, shop: str = ""
) -> dict[str, Any]:
    """What `retail check --json` prints; its exit code tells whether it is refused."""
    (cache / "shop.yml").write_text(shop, encoding="utf-8")
    monkeypatch.setenv("RETAIL_CACHE", str(cache / "landed"))
    monkeypatch.setenv("RETAIL_SHOP", str(cache / "shop.yml"))
    monkeypatch.chdir(PROJECT)
    words = ["check", str(source), "--json", "--db", str(cache / "none.duckdb")]
    done = CliRunner().invoke(retail, words, standalone_mode=False)
    found: dict[str, Any] = json.loads(done.stdout)
    assert bool(done.return_value) == (found["refused"] is not None)
    return found


def till(days: int, copies: int = 1) -> Iterator[str]:
    """A till whose receipts are numbered from 1 each day, a customer for every one."""
    yield HEADER
    for day in range(days):
        date = dt.date(2026, 1, 5) + dt.timedelta(days=day)
        for number in range(1, 11):
            line = f"{number:04},A{number},MUG,1,{date} 09:{number:02}:00,2.50,{day}{number},UK"
            yield from [line] * copies


def test_a_source_is_counted_and_what_was_decided_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "till.csv"
    source.write_text("\n".join(till(days=14)), encoding="utf-8")
    found = check(source, monkeypatch, tmp_path)
    assert found.keys() >= KEYS
    assert (found["rows"], found["accepted"], found["orders"]) == (140, 140, 140)
    assert (found["first_day"], found["last_day"]) == ("2026-01-05", "2026-01-18")
    assert found["line_types"] == {"sale": {"rows": 140, "amount": "350.00000000"}}
    assert found["read_as"]["orders_numbered_by_day"]
    assert found["read_as"]["files"]["till.csv"]["columns"]["order_id"] == "InvoiceNo"
    assert any("come back on other days" in warning for warning in found["warnings"])


def test_what_is_refused_says_why_and_the_setting_lets_it_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "till.csv"
    source.write_text("\n".join(till(days=14, copies=3)), encoding="utf-8")
    refused = check(source, monkeypatch, tmp_path)["refused"]
    assert refused.startswith("66.7 % of the money is in rows that repeat another row")
    assert "till.csv row 3" in refused
    assert "set lines.duplicates to across_files" in refused
    found = check(source, monkeypatch, tmp_path, "lines: {duplicates: across_files}")
    assert (found["refused"], found["accepted"], found["duplicates"]) == (None, 420, 0)


def test_advice_on_files_that_are_there_twice_is_no_setting_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{n},A,MUG,1,2026-01-{n:02},2.50,k{n}@x.com,GB" for n in range(1, 29)]
    header = "Order No,SKU,Item,Qty,Order Date,Unit Price,Customer,Country"
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
        lines = [line.replace("k", "K").replace("GB", "United Kingdom") for line in lines]
    found = check(tmp_path / "in", monkeypatch, tmp_path)
    assert found["duplicates"] == 28
    assert "take away a file that is there twice; where all lines are sales" in found["refused"]
    assert "across_files" not in found["refused"]
    assert not any("another file has" in warning for warning in found["warnings"])


def test_init_writes_what_check_then_reads_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{n},A{n % 7},MUG,1,2026-01-{1 + n % 28:02},2.50,k{n % 9},UK" for n in range(1, 200)]
    header = "Receipt Number,Article,Article Name,Pieces,Ordered On,Price Each,Client,Nation"
    (tmp_path / "orders.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    monkeypatch.setenv("RETAIL_CACHE", str(tmp_path / "landed"))
    monkeypatch.setenv("RETAIL_SHOP", str(tmp_path / "shop.yml"))
    monkeypatch.delenv("RETAIL_SOURCE", raising=False)
    monkeypatch.chdir(tmp_path)
    place = ["--project", str(PROJECT), "--db", str(tmp_path / "none.duckdb")]
    CliRunner().invoke(retail, ["init", "orders.csv", *place], catch_exceptions=False)
    assert f"path: {tmp_path / 'orders.csv'}" in (tmp_path / "shop.yml").read_text("utf-8")
    monkeypatch.chdir(PROJECT)
    done = CliRunner().invoke(retail, ["check", "--json", *place], standalone_mode=False)
    found = json.loads(done.stdout)
    assert (found["refused"], found["accepted"], found["products"]) == (None, 199, 7)


def test_a_file_that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "other.csv"
    source.write_text("a,b,c\n1,2,3\n", encoding="utf-8")
    refused = check(source, monkeypatch, tmp_path)["refused"]
    assert "has no column InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice" in refused
    assert "`retail init`" in refused


ADVENTUREWORKS = """
columns:
  order_id: OrderNumber
  product: ProductSKU
  description: ProductName
  quantity: OrderQuantity
  unit_price: ProductPrice
  customer_id: CustomerKey
dimensions: {category: ModelName}
join:
  - {path: AdventureWorks_Products.csv, on: {ProductKey: Product-ID}, skip_rows: 2}
  - {path: AdventureWorks_Territories.csv, on: {TerritoryKey: Territory}}
"""
NORTHWIND = """
columns:
  product: productID
  description: productName
  line_amount: {sql: "unitPrice * quantity * (1 - discount)"}
  customer_id: customerID
dimensions: {category: categoryName}
join:
  - {path: orders.csv, on: orderID}
  - {path: products.csv, on: productID}
  - {path: categories.csv, on: categoryID}
"""


@pytest.mark.full
@pytest.mark.skipif(not SHARED.exists(), reason="no shops beside the checkout")
@pytest.mark.parametrize(
    ("source", "shop", "right"),
    [
        ("superstore/superstore.csv", "", (9994, 5009, 2297200.86, "2016-01-03", "2019-12-30")),
        ("adventureworks/AdventureWorks_Sales_*.csv", ADVENTUREWORKS,
         (56046, 25162, 24914586.82, "2017-01-01", "2019-06-30")),
        ("northwind/order_details.csv", NORTHWIND,
         (2155, 830, 1265793.04, "2013-07-04", "2015-05-06")),
        ("exports/export_shopify_orders_export.csv", "",
         (500, 500, 1599902.72, "2017-01-01", "2017-03-24")),
        ("exports/export_amazon_flat_orders.txt", "",
         (500, 500, 1599902.72, "2017-01-01", "2017-03-24")),
        ("exports/export_square_items.csv", "",
         (500, 500, 1599902.72, "2019-01-02", "2019-01-02")),
        ("exports/export_woocommerce_order_items.csv", "",
         (500, 500, 1599902.61, "2017-01-01", "2017-03-24")),
    ],
)  # fmt: skip
def test_a_shop_s_totals_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, shop: str, right: tuple[Any, ...]
) -> None:
    found = check(SHARED / "data" / "shops" / source, monkeypatch, tmp_path, shop)
    sales = round(sum(float(one["amount"]) for one in found["line_types"].values()), 2)
    assert not found["refused"]
    told = (found["accepted"], found["orders"], sales, found["first_day"], found["last_day"])
    assert told == right


@pytest.mark.full
@pytest.mark.skipif(not SHARED.exists(), reason="no cases beside the checkout")
@pytest.mark.parametrize(
    ("case", "right"),
    [
        ("A02", {"rows": 400, "last_day": "2010-12-07", "guests": 115, "malformed": 0}),
        ("A03", {"rows": 400, "last_day": "2010-12-05", "guests": 93}),
        ("A12", {"rows": 400, "trading_days": 259, "guests": 28}),
        ("A17", {"rows": 400, "first_day": "2010-12-01", "last_day": "2011-12-09"}),
        ("A18", {"rows": 400, "first_day": "2010-12-01", "last_day": "2011-12-09"}),
        ("A23", {"rows": 400, "first_day": "2010-12-01", "last_day": "2011-12-09"}),
        ("A28", {"rows": 400, "malformed": 0}),
        ("A33", {"guests": 28, "customers": 329}),
        ("A36", {"rows": 9888, "countries": 21}),
        ("B11", {"products": 300, "malformed": 0}),
        ("B20", {"countries": 3}),
        ("B26", {"orders": 9853}),
        ("B36", {"rows": 19335, "malformed": 0}),
        ("X2", {"rows": 2999, "malformed": 0}),
        ("X7", {"rows": 2999, "malformed": 0}),
    ],
)
def test_a_case_is_counted_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, right: dict[str, Any]
) -> None:
    (folder,) = (SHARED / "cases").glob(f"{case}-*")
    (source,) = folder.iterdir()
    found = check(source, monkeypatch, tmp_path)
    assert not found["refused"]
    assert {key: found[key] for key in right} == right


def test_bytes_that_mean_nothing_are_a_warning_that_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line.replace("MUG", "赤いマグ") for line in till(days=14)]
    (tmp_path / "till.csv").write_bytes("\n".join(lines).encode("shift-jis"))
    found = check(tmp_path / "till.csv", monkeypatch, tmp_path)
    (told,) = [told for told in found["warnings"] if "encoding" in told]
    assert told.startswith(
        "till.csv may be in another encoding than cp1252: rows with bytes that mean nothing in "
    )
    assert told.endswith("; save it anew as UTF-8, or set source.encoding in shop.yml")


def test_lines_in_another_encoding_are_a_warning_with_file_row_and_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line.replace("MUG", "Café-Becher") for line in till(days=14)]
    content = "\n".join(
        lines
    ).encode() + "\n0011,A1,Tasse für 5 €,1,2026-01-18 10:00,2,1,UK".encode("cp1252")
    (tmp_path / "till.csv").write_bytes(content)
    found = check(tmp_path / "till.csv", monkeypatch, tmp_path)
    assert [told for told in found["warnings"] if "encoding" in told] == [
        "till.csv is in two encodings (utf-8 and cp1252): rows that are not UTF-8 and are read as "
        "cp1252: 1 (row 142 as 'Tasse für 5 €'); save it anew as UTF-8"
    ]
    assert found["read_as"]["files"]["till.csv"]["encoding"] == "utf-8 and cp1252"
