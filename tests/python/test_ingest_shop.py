"""Other shops' files are read as shop.yml says, or as the preset that their header is of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from conftest import PROJECT
from retail import ingest
from retail.ingest.parquet_cache import land_project
from retail.ingest.shop import reading
from test_ingest_support import shown, write

SHOPIFY = """\
Name,Email,Financial Status,Currency,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
Lineitem sku,Billing Country,Cancelled at
#1,a@b.c,paid,USD,2026-01-01 09:00:00 -0500,2,Mug,5.00,M1,US,
#1,,,,,1,Cup,3.00,,,
#2,d@e.f,voided,USD,2026-01-02 09:00:00 -0500,1,Mug,5.00,M1,US,
"""
DETAILS = "orderID,productID,unitPrice,quantity,discount\n1,A,10,3,0.1\n2,B,2.5,2,0\n"
ORDERS = "junk\norderID,customerID,orderDate,status\n1,X,15/07/2013,done\n2,Y,16/07/2013,open\n"


def land(folder: Path, shop: str, files: Mapping[str, str]) -> ingest.Landing:
    for name, text in files.items():
        write(folder / name, text)
    write(folder / "shop.yml", shop)
    return land_project(folder, folder / "landed", environ={})


def lines(landing: ingest.Landing, *columns: str) -> list[tuple[object, ...]]:
    return shown(landing, columns)


def test_a_shopify_export_is_filled_down_and_what_was_not_paid_is_marked(tmp_path: Path) -> None:
    landing = land(tmp_path, "source: {path: o.csv}", {"o.csv": SHOPIFY})
    found = lines(
        landing, "invoice_no", "stock_code", "quantity", "unit_price", "country", "line_mark"
    )
    assert found == [
        ("#1", "M1", "2", "5.00", "US", None),
        ("#1", "Cup", "1", "3.00", "US", None),
        ("#2", "M1", "1", "5.00", "US", "ignored"),
    ]
    customers = [customer for (customer,) in lines(landing, "customer_id")]
    assert customers[0] == customers[1] != customers[2]
    assert not any("@" in str(customer) for customer in customers)
    assert landing.facts.currency == "USD"
    assert landing.files[0].preset == "shopify"
    assert not landing.facts.is_uci


def test_lines_are_joined_calculated_and_marked(tmp_path: Path) -> None:
    shop = """
        source: {path: details.csv}
        columns:
          product: productID
          customer_id: customerID
          line_amount: {sql: unitPrice * quantity * (1 - discount)}
        join: [{path: orders.csv, on: orderID, skip_rows: 1}]
        lines: {ignore: "status = 'Open'", service: [B*]}
        dimensions: {state: status, size: {sql: "case when quantity > 2 then 'L' else 'S' end"}}
    """
    landing = land(tmp_path, shop, {"details.csv": DETAILS, "orders.csv": ORDERS})
    found = lines(landing, "invoice_date", "customer_id", "line_amount", "attributes", "line_mark")
    assert found == [
        ("15/07/2013", "X", "27.0", '{"state":"done","size":"L"}', None),
        ("16/07/2013", "Y", "5.0", '{"state":"open","size":"S"}', "ignored"),
    ]


def test_a_joined_file_with_lines_in_two_encodings_is_read_line_by_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = "source: {path: o.csv}\njoin: [{path: p.csv, on: sku}]\ndimensions: {kind: kind}"
    text = "order id,sku,qty,date,price\n1,A,2,2026-01-15,5\n2,B,1,2026-01-16,5\n"
    (tmp_path / "p.csv").write_bytes("sku,kind\nA,Café\n".encode() + "B,5 €\n".encode("cp1252"))
    landing = land(tmp_path, shop, {"o.csv": text})
    assert lines(landing, "attributes") == [('{"kind":"Café"}',), ('{"kind":"5 €"}',)]
    assert "p.csv has lines in UTF-8 and lines in cp1252" in caplog.text


def test_a_rule_for_returns_makes_their_quantity_negative(tmp_path: Path) -> None:
    text = "order id,sku,qty,date,price,type\n1,A,2,2026-01-15,5,sale\n2,A,1,2026-01-16,5,Refund\n"
    landing = land(
        tmp_path, "source: {path: o.csv}\nlines: {return: \"type = 'refund'\"}", {"o.csv": text}
    )
    assert lines(landing, "quantity") == [("2",), ("-1",)]


def test_a_moment_with_a_zone_is_converted_to_the_shop_s(tmp_path: Path) -> None:
    text = (
        "order id,sku,qty,date,price\n1,A,2,2026-01-15T23:30:00Z,5\n2,A,1,2026-07-15 12:00:00,5\n"
    )
    shop = "source: {path: o.csv}\nshop: {timezone: Europe/Berlin}"
    landing = land(tmp_path, shop, {"o.csv": text})
    assert lines(landing, "invoice_date") == [
        ("2026-01-16 00:30:00",), ("2026-07-15 12:00:00",)
    ]  # fmt: skip


def test_a_zone_that_is_dropped_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = "order id,sku,qty,date,price\n1,A,2,2026-01-15 23:30:00 -0500,5\n"
    landing = land(tmp_path, "source: {path: o.csv}", {"o.csv": text})
    assert lines(landing, "invoice_date") == [("2026-01-15 23:30:00",)]
    assert "1 moments name a time zone (2026-01-15 23:30:00 -0500), which is dropped" in caplog.text


def test_a_format_of_its_own_and_a_key_of_several_columns(tmp_path: Path) -> None:
    text = "till,receipt,sku,qty,day,price\n1,7,A,2,31122025,5\n2,7,A,1,01012026,5\n"
    shop = """
        source: {path: o.csv}
        columns: {order_id: [till, receipt], ordered_at: {from: day, format: "%d%m%Y"}}
    """
    landing = land(tmp_path, shop, {"o.csv": text})
    assert lines(landing, "invoice_no", "invoice_date") == [
        ("1-7", "2025-12-31 00:00:00"), ("2-7", "2026-01-01 00:00:00")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shop", "text", "message"),
    [
        ("", "order id,sku,qty,date,price,currency\n1,A,2,2026-01-15,5,USD\n2,A,1,2026-01-15,5,X\n",
         "o.csv row 3: currency is X, as in 1 rows, and USD in 1; convert all to one"),
        ("columns: {product: sku}", f"order id,sku,qty,date,price{',x' * 1200}\n",
         "o.csv has 1,205 columns, and 1,000 at most are read; leave out what is no order line"),
        ("columns: {product: Artikle}", "order id,Article,qty,date,price\n1,A,2,2026-01-15,5\n",
         "columns.product names the column 'Artikle'; did you mean Article? There are: order id,"),
        ("lines: {ignore: \"(select 1)\"}", "order id,sku,qty,date,price\n1,A,2,2026-01-15,5\n",
         "lines.ignore may not have '(SELECT 1)' in it; allowed: columns, numbers, texts"),
        ("join: [{path: p.csv, on: sku}]", "order id,sku,qty,date,price\n1,A,2,2026-01-15,5\n",
         "p.csv has 2 rows with sku 'A'; a file that is joined has one row per key"),
        ("join: [{path: q.csv, on: sku}]", "order id,sku,qty,date,price\n1,A,2,2026-01-15,5\n",
         "join.path is 'q.csv' in shop.yml, and there is no "),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused_in_one_line_that_names_the_setting(
    tmp_path: Path, shop: str, text: str, message: str
) -> None:
    files = {"o.csv": text, "p.csv": "sku,name\nA,x\nA,y\n"}
    with pytest.raises(ingest.IngestError) as refused:
        land(tmp_path, f"source: {{path: o.csv}}\n{shop}", files)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_two_currencies_are_read_where_one_is_left_out_or_converted(tmp_path: Path) -> None:
    text = "order id,sku,qty,date,price,currency\n1,A,2,2026-01-15,5,USD\n2,A,1,2026-01-15,4,EUR\n"
    left_out = land(
        tmp_path, "source: {path: o.csv}\nlines: {ignore: \"currency = 'EUR'\"}", {"o.csv": text}
    )
    assert lines(left_out, "line_mark") == [(None,), ("ignored",)]
    rate = "case when currency = 'EUR' then price * 1.25 else price * 1 end"
    converted = land(
        tmp_path,
        f'source: {{path: o.csv}}\ncolumns: {{unit_price: {{sql: "{rate}"}}}}',
        {"o.csv": text},
    )
    assert lines(converted, "unit_price") == [("5.0",), ("5.0",)]


def test_spellings_of_one_country_are_one(tmp_path: Path) -> None:
    countries = ("UK", "United Kingdom", "GBR", "united kingdom", "Deutschland", "Atlantis")
    rows = "".join(f"{i},A,1,2026-01-15,5,{name}\n" for i, name in enumerate(countries))
    text = f"order id,sku,qty,date,price,country\n{rows}"
    facts = land(tmp_path, "source: {path: o.csv}", {"o.csv": text}).facts
    assert {one.spelling: one.country for one in facts.countries} == {
        "UK": "United Kingdom", "United Kingdom": "United Kingdom", "GBR": "United Kingdom",
        "united kingdom": "United Kingdom", "Deutschland": "Deutschland", "Atlantis": "Atlantis",
    }  # fmt: skip
    assert any("are one country, United Kingdom" in warning for warning in facts.warnings)


@pytest.mark.parametrize(
    ("customers", "by_day"),
    [(("a", "b", "c"), True), (("", "", ""), True), (("a", "a", "a"), False)],
)
def test_order_numbers_that_come_back_are_numbered_by_day(
    tmp_path: Path, customers: tuple[str, ...], by_day: bool
) -> None:
    rows = "".join(
        f"{number},A,1,2026-01-{day},5,{customer}{number if customer else ''}\n"
        for day, customer in zip((13, 14, 15), customers, strict=True)
        for number in range(1, 8)
    )
    text = f"receipt,sku,qty,date,price,customer id\n{rows}"
    facts = land(tmp_path, "source: {path: o.csv}", {"o.csv": text}).facts
    assert facts.numbers_by_day is by_day
    assert any("order numbers come back" in w for w in facts.warnings) is by_day


def test_damaged_stock_codes_are_said_with_an_example(tmp_path: Path) -> None:
    rows = "".join(f"{i},{code},1,2026-01-15,5\n" for i, code in enumerate(("8.5E+12", "007", "7")))
    facts = land(
        tmp_path, "source: {path: o.csv}", {"o.csv": f"order id,sku,qty,date,price\n{rows}"}
    ).facts
    assert any("scientific notation, such as 8.5E+12" in warning for warning in facts.warnings)
    assert any("leading zeros alone, such as 007 and 7" in warning for warning in facts.warnings)


DOCS = (PROJECT / "docs" / "your-data.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"### (.+?)\n(.+?)Result: (\d+) order lines, ([\d.]+) in sales", DOCS, re.S)


@pytest.mark.parametrize(("title", "example", "count", "sales"), EXAMPLES)
def test_an_example_of_the_documentation_is_read_as_it_says(
    tmp_path: Path, title: str, example: str, count: str, sales: str
) -> None:
    first, *others = re.findall(r"```csv\n(.+?)```", example, re.S)
    (shop,) = re.findall(r"```yaml\n(.+?)```", example, re.S)
    second = "returns.csv" if "returns.csv" in shop else "joined.csv"
    files = {"orders.csv": first} | dict.fromkeys([second] if others else [], "".join(others))
    landing = land(tmp_path, shop, files)
    fields = lines(landing, "quantity", "unit_price", "line_amount", "line_mark")
    counted = [row for row in fields if row[3] != "ignored"]
    amounts = [
        float(str(amount)) if amount else int(str(quantity)) * float(str(price))
        for quantity, price, amount, mark in counted
        if mark is None and not str(quantity).startswith("-")
    ]
    assert (len(counted), sum(amounts)) == (int(count), pytest.approx(float(sales))), title


def test_the_documentation_has_five_shops_and_refunds_of_their_own() -> None:
    assert len(EXAMPLES) == 6


SALES = "order,sku,quantity,date,price,area\n1,A,2,2026-01-15,5,north\n2,B,1,2026-01-16,3,south\n"
RETURNS = """
    source: {path: shop}
    columns: {order_id: order}
    dimensions: {area: area}
    returns:
      path: refunds.csv
      columns: {order_id: refund, line_amount: money, quantity: pieces}
      ignore: "state = 'open'"
"""
REFUNDS = """\
refund,sku,pieces,money,date,state
R1,A,1,5.00,2026-01-20,done
R2,A,-1,-5.00,2026-01-21,done
R3,B,1,3.00,2026-01-22,open
"""


def test_refunds_of_their_own_are_returns_whatever_their_sign(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    files = {"shop/o.csv": SALES, "shop/refunds.csv": REFUNDS}
    landing = land(tmp_path, RETURNS, files)
    columns = ("invoice_no", "quantity", "unit_price", "line_amount", "attributes", "line_mark")
    assert sorted(lines(landing, *columns), key=str) == [
        ("1", "2", "5", None, '{"area":"north"}', None),
        ("2", "1", "3", None, '{"area":"south"}', None),
        ("R1", "-1", None, "-5.00", None, None),
        ("R2", "-1", None, "-5.00", None, None),
        ("R3", "-1", None, "-3.00", None, "ignored"),
    ]
    assert [file.source_file for file in landing.files] == ["shop/o.csv", "refunds.csv"]


def test_refunds_leave_the_form_of_the_orders_as_it_is(tmp_path: Path) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    files = {"o.csv": f"{header}\n1,A,MUG,6,2026-01-15,2,7,UK\n", "refunds.csv": REFUNDS}
    shop = RETURNS.replace("{path: shop}", "{path: o.csv}").replace(
        "    columns: {order_id: order}\n    dimensions: {area: area}\n", ""
    )
    assert land(tmp_path, shop, files).facts.is_uci


def test_a_file_of_refunds_that_is_not_there_is_refused(tmp_path: Path) -> None:
    shop = RETURNS.replace("{path: shop}", "{path: o.csv}")
    with pytest.raises(ingest.IngestError, match=r"returns.path is 'refunds.csv' in shop.yml"):
        land(tmp_path, shop, {"o.csv": SALES})


def test_the_settings_are_parsed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str] = []
    checked = reading._checked
    monkeypatch.setattr(reading, "_checked", lambda *said: seen.append(said[1]) or checked(*said))
    reading.parse_shop.cache_clear()
    write(tmp_path / "shop.yml", "shop: {name: Acme}")
    write(tmp_path / "o.csv", SHOPIFY)
    environ = {"RETAIL_SOURCE": str(tmp_path / "o.csv")}
    for _ in range(2):
        land_project(tmp_path, tmp_path / "landed", environ=environ)
    assert seen.count(str(tmp_path / "shop.yml")) == 1


HOSTILE = {
    "shop: {name: a}\nshop: {currency: EUR}": "is not YAML: the key shop is there twice; put all",
    "shop: {name: a, name: b}": "is not YAML: the key name is there twice",
    "shop: {name: 2001-99-99}": "is not YAML: month must be in 1..12",
    "shop: " + "[" * 5000 + "]" * 5000: "is not YAML: maximum recursion depth exceeded",
    "source: {encoding: rot13}": "source.encoding is 'rot13'; allowed: an encoding such as",
    "shop: !!python/name:os.system": "is not YAML: could not determine a constructor",
    "lines: {return: '" + "(" * 9000 + "1 = 1" + ")" * 9000 + "'}": "has brackets in brackets",
    "a: &a [x, x, x, x]\n"
    + "".join(f"{n}: &{n} [*{m}, *{m}, *{m}, *{m}]\n" for m, n in pairwise("abcdefghijklmnopq"))
    + "shop: {name: *q}": "shop.name is [[[...], ",
}


@pytest.mark.parametrize("text", HOSTILE, ids=list(HOSTILE.values()))
def test_what_no_shop_yml_should_have_is_one_short_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ingest.IngestError, match=re.escape(HOSTILE[text])) as refused:
        land(tmp_path, text, {"o.csv": SHOPIFY})
    assert len(str(refused.value)) < 500


def test_a_shop_yml_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_bytes(b"shop: {name: Caf\xe9}\n")
    with pytest.raises(ingest.IngestError, match=r"shop.yml is not UTF-8 .*; save it as UTF-8"):
        reading.read_shop(tmp_path, {})
