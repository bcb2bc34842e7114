"""What columns and settings say is not missed: statuses, other money, rules, joins, refunds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pytest

from retail.ingest.errors import IngestError
from retail.ingest.forms.numbers import currency_in
from retail.ingest.parquet_cache import land_project
from test_ingest_kinds import HEADER, ROW, land, orders
from test_ingest_support import shown, write


def with_status(*words: str, name: str = "Status") -> str:
    """A line of 2.50 for each word of a column."""
    rows = [f"{ROW.format(n, 'A', 1, 5, '2.50', n)},{word}" for n, word in enumerate(words)]
    return "\n".join([f"{HEADER},{name}", *rows]) + "\n"


def ignoring(rule: str) -> str:
    return f"lines: {{ignore: {json.dumps(rule)}}}"


# Statuses ------------------------------------------------------------------------------------

UNDONE = ("cancelled", "declined", "expired", "failed", "pending", "refunded", "trash", "voided")


def test_the_rule_that_is_proposed_leaves_no_order_in_that_did_not_come_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_status("completed", *UNDONE, "Failed")
    land(tmp_path, in_csv=text)
    assert "in.csv row 3: Status is cancelled, as in 9 rows, which count as sales of 22.50" in (
        caplog.text
    )
    (rule,) = re.findall("set lines.ignore in shop.yml to (.*)", caplog.text)
    caplog.clear()
    landing = land(tmp_path, ignoring(rule), in_csv=text)
    assert shown(landing, ["line_mark"]) == [(None,), *[("ignored",)] * 9]
    assert "Status is" not in caplog.text


def test_words_that_come_after_a_rule_was_set_are_said_with_the_whole_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_status("completed", "cancelled", "failed", "refunded")
    land(tmp_path, ignoring("Status in ('cancelled')"), in_csv=text)
    assert "in.csv row 4: Status is failed, as in 2 rows, which count as sales of 5.00" in (
        caplog.text
    )
    assert (
        "set lines.ignore in shop.yml to (Status in ('cancelled')) or "
        "\"Status\" in ('failed', 'refunded')"
    ) in caplog.text


def test_a_word_that_a_rule_names_and_lets_count_is_no_news(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_status("completed", "cancelled", "pending")
    land(tmp_path, ignoring("Status not in ('completed', 'pending')"), in_csv=text)
    assert "Status is" not in caplog.text


def test_a_word_that_the_rule_of_another_column_names_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_status("paid,shipped", "refunded,shipped", "paid,refunded", name="Status,Delivery")
    text = text.replace("Delivery", "Delivery Status")
    land(tmp_path, ignoring("Status = 'refunded'"), in_csv=text)
    assert "in.csv row 4: Delivery Status is refunded, as in 1 rows, which count" in caplog.text


def test_returns_by_a_rule_are_not_said_to_count_as_sales(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_status("sale", "refund", name="Type")
    landing = land(tmp_path, "lines: {return: \"Type = 'refund'\"}", in_csv=text)
    assert shown(landing, ["quantity"]) == [("1",), ("-1",)]
    assert "in.csv" not in caplog.text


@pytest.mark.parametrize(
    "word",
    ["Shipped - Rejected by Buyer", "Shipped - Returning to Seller", "Shipped - Lost in Transit",
     "Shipped - Damaged", "Return to sender", "Undeliverable", "Delivery failed", "RTO initiated"],
)  # fmt: skip
def test_an_order_that_the_buyer_did_not_keep_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    land(tmp_path, in_csv=with_status("Shipped - Delivered to Buyer", word))
    assert f"in.csv row 3: Status is {word}, as in 1 rows, which count as sales" in caplog.text


def test_a_word_that_no_rule_of_a_status_has_is_said_and_the_usual_ones_are_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    usual = ["Shipped - Out for Delivery", "partially paid", "Ready to ship", "complete", "", "4"]
    text = with_status("cancelled", *usual, "Blocked")
    land(tmp_path, ignoring("Status = 'cancelled'"), in_csv=text)
    assert "in.csv row 9: Status is Blocked, a word that no rule has, as in 1 rows" in caplog.text
    assert caplog.text.count("Status is") == 1


def test_a_new_word_of_a_status_that_is_a_dimension_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    land(tmp_path, "dimensions: {state: Status}", in_csv=with_status("done", "done", "Blocked"))
    assert "in.csv row 4: Status is Blocked, a word that no rule has, as in 1 rows" in caplog.text
    assert caplog.text.count("in.csv") == 1


@pytest.mark.parametrize("name", ["State", "Estado", "Customer Status", "Store"])
def test_other_members_of_a_column_of_a_rule_are_no_statuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    text = with_status("TX", "CA", "NY", name=name)
    land(tmp_path, ignoring(f"\"{name}\" = 'TX'"), in_csv=text)
    assert "in.csv" not in caplog.text


def test_the_word_of_most_rows_is_a_sale_in_whichever_language(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_status("storniert", *["Zugesandt"] * 4, "gesperrt", name="Bestellstatus")
    land(tmp_path, ignoring("Bestellstatus = 'storniert'"), in_csv=text)
    assert "in.csv row 7: Bestellstatus is gesperrt, a word that no rule has, as in 1" in (
        caplog.text
    )


def test_refunds_and_what_never_came_about_have_a_rule_each(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_status("sale", "voided", "refund", name="Type")
    land(tmp_path, in_csv=text)
    assert (
        "set lines.return in shop.yml to \"Type\" in ('refund'), and lines.ignore in shop.yml to "
        "\"Type\" in ('voided')"
    ) in caplog.text


@pytest.mark.parametrize("name", ["qty_refunded", "qty_canceled", "Refund amount"])
def test_a_number_of_what_came_back_is_said_whichever_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    land(tmp_path, in_csv=with_status("0.0000", "1.0000", "2.0000", "", name=name))
    assert f"in.csv row 3: {name} is 1.0000, as in 2 rows, and is not taken off their sales" in (
        caplog.text
    )
    assert "set columns.quantity.sql in shop.yml" in caplog.text


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("Refunded", ("0.0", "1.0"), "row 3: Refunded is 1.0, as in 1 rows, which count as sales"),
        ("Discount", ("0.00", "1.00"), "Discount not read, and may say which lines count"),
        ("Disc %", ("0", "50"), "Disc % not read, and may say which lines count"),
        ("Line Disc Amt", ("0", "5"), "Line Disc Amt not read, and may say which lines count"),
        ("Dto.", ("0", "10"), "Dto. not read, and may say which lines count"),
        ("Description 2", ("red", "blue"), ""),
        ("Discontinued", ("red", "blue"), ""),
        ("Exchange Rate", ("1.0", "1.00"), ""),
    ],
)
def test_one_is_nothing_only_of_a_rate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, words: tuple[str, ...], said: str
) -> None:
    land(tmp_path, in_csv=with_status(*words, name=name))
    assert (
        f"in.csv: {said}" in caplog.text or f"in.csv {said}" in caplog.text
        if said
        else ("in.csv" not in caplog.text)
    )


# Other money ---------------------------------------------------------------------------------

PUBLIC = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
WOO = "Order ID,Order Date,Status,Item Name,SKU,Quantity,Item Cost,Billing Country"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (f"{PUBLIC},NetAmount", "{0},A,MUG,2,2026-01-05 09:00:00,5.00,1,UK,{1}"),
        (f"{WOO},Item Total", "{0},2026-01-05 09:00:00,completed,MUG,A,2,5.00,GB,{1}"),
    ],
)
def test_other_money_beside_that_of_a_known_form_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, header: str, row: str
) -> None:
    name = header.rpartition(",")[2]
    land(tmp_path, in_csv="\n".join([header, row.format(1, "10.00"), row.format(2, "10.00")]))
    assert name not in caplog.text
    (tmp_path / "other").mkdir()
    half = "\n".join([header, row.format(1, "10.00"), row.format(2, "7.50")])
    land(tmp_path / "other", in_csv=half)
    assert f"in.csv row 3: {name} is 7.50, and the line is read as 10.00 of money" in caplog.text


def test_other_money_of_one_sheet_of_several_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = openpyxl.Workbook()
    first, second = book.active, book.create_sheet("Two")
    assert first is not None
    row = [1, "A", "MUG", 2, "2026-01-05 09:00:00", 5, 1, "UK"]
    for sheet, more, amount in ((first, [], []), (second, ["NetAmount"], [7.5])):
        sheet.append([*PUBLIC.split(","), *more])
        sheet.append([*row, *amount])
    book.save(tmp_path / "in.xlsx")
    write(tmp_path / "shop.yml", "")
    source = {"RETAIL_SOURCE": str(tmp_path / "in.xlsx")}
    land_project(tmp_path, tmp_path / "landed", environ=source)
    assert "in.xlsx#Two: NetAmount not read, and may say which lines count" in caplog.text
    assert caplog.text.count("not read") == 1


def test_money_of_the_whole_order_in_a_known_form_is_none_of_its_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    row = "1,2026-01-05 09:00:00,completed,MUG,A,2,5.00,GB,14.00,4.00,2.00"
    header = f"{WOO},Order Total,Shipping Price,Fee Amount"
    land(tmp_path, in_csv=f"{header}\n{row}\n")
    assert "of money" not in caplog.text


def test_money_of_another_sign_is_said_however_rare(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [f"{ROW.format(n, 'A', 1, 5, '2.50', 'k')},{'-' * (n == 7)}2.50" for n in range(200)]
    text = "\n".join([f"{HEADER},Line Total", *rows]) + "\n"
    land(tmp_path, in_csv=text)
    assert (
        "in.csv row 9: Line Total is -2.50, and the line is read as 2.50 of money, as their signs "
        'differ in 1 of 200 rows; if these are returns, set lines.return in shop.yml to "Line '
        'Total" < 0'
    ) in caplog.text
    caplog.clear()
    landing = land(tmp_path, "lines: {return: '\"Line Total\" < 0'}", in_csv=text)
    assert shown(landing, ["quantity"]).count(("-1",)) == 1
    assert "of money" not in caplog.text


def test_money_without_a_sign_beside_returns_is_no_other_money(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [f"{ROW.format(n, 'A', -2 if n == 7 else 2, 5, '2.50', 'k')},5.00" for n in range(200)]
    landing = land(tmp_path, in_csv="\n".join([f"{HEADER},Line Total", *rows]) + "\n")
    assert shown(landing, ["quantity"]).count(("-2",)) == 1
    assert "of money" not in caplog.text


@pytest.mark.parametrize(
    ("quantity", "amount", "said"),
    [
        (-1, "40.00", "1 lines, first in.csv row 3, with -1 pieces and 40.00 of Line Total, have"),
        (-1, "-40.00", ""),
        (1, "-40.00", ""),
    ],
)
def test_a_quantity_below_zero_is_judged_by_the_money_of_its_line(
    tmp_path: Path, quantity: int, amount: str, said: str
) -> None:
    rows = [(1, "A", 1, 5, "40.00", "k"), (2, "A", quantity, 6, amount, "k")]
    text = orders(*rows).replace("Unit Price", "Line Total")
    warnings = "\n".join(land(tmp_path, in_csv=text).facts.warnings)
    assert said in warnings if said else "below zero" not in warnings


# Currencies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", ["Currency,Transaction Currency", "Transaction Currency,Currency"]
)
def test_columns_of_currencies_that_disagree_are_refused_in_either_order(
    tmp_path: Path, names: str
) -> None:
    is_first = names.startswith("Currency")
    codes = ["GBP,GBP", *(["GBP,EUR", "GBP,JPY"] if is_first else ["EUR,GBP", "JPY,GBP"])]
    text = with_status(*codes, name=names)
    told = (
        r"in\.csv row 3: Transaction Currency is EUR, as in 1 rows, and GBP in 1; convert all .*; "
        r"or set shop\.currency if all money is in one, as Currency is GBP"
    )
    with pytest.raises(IngestError, match=told):
        land(tmp_path, in_csv=text)
    landing = land(tmp_path, "shop: {currency: GBP}", in_csv=text)
    assert landing.facts.currency == "GBP"
    with pytest.raises(IngestError, match=told):
        land(tmp_path, in_csv=text)


def test_two_columns_of_one_currency_each_are_one_or_refused(tmp_path: Path) -> None:
    names = "Currency,Order Currency"
    same = land(tmp_path, in_csv=with_status("EUR,€", "EUR,€", name=names))
    assert same.facts.currency == "EUR"
    with pytest.raises(IngestError, match="Order Currency is USD, as in 2 rows, and Currency is E"):
        land(tmp_path, in_csv=with_status("EUR,USD", "EUR,USD", name=names))


@pytest.mark.parametrize(
    ("header", "price", "code", "said"),
    [
        ("Unit Price (£)", "2.50", "EUR", "EUR by a column of currencies and GBP by the header"),
        ("Unit Price", "€2.50", "GBP", "GBP by a column of currencies and EUR by the signs of am"),
    ],
)
def test_a_column_of_currencies_does_not_go_before_other_signs(
    tmp_path: Path, header: str, price: str, code: str, said: str
) -> None:
    text = with_status(code, name="Currency").replace("Unit Price", header).replace("2.50", price)
    with pytest.raises(IngestError, match=re.escape(f"in.csv: money is in {said}")):
        land(tmp_path, in_csv=text)
    assert land(tmp_path, f"shop: {{currency: {code}}}", in_csv=text).facts.currency == code


def test_a_header_that_the_signs_of_amounts_deny_is_refused(tmp_path: Path) -> None:
    text = orders((1, "A", 1, 5, "€2.50", "k")).replace("Unit Price", "Unit Price (£)")
    with pytest.raises(IngestError, match="money is in EUR by the signs of amounts and GBP by the"):
        land(tmp_path, in_csv=text)
    assert land(tmp_path, "shop: {currency: EUR}", in_csv=text).facts.currency == "EUR"


@pytest.mark.parametrize(
    ("price", "code"),
    [("25 kr", "SEK"), ("¥25", "CNY"), ("$25", "CAD"), ("$25", "UYU"), ("₴25", "UAH"),
     ("Rs. 25", "PKR"), ("£25", "GBP"), ("€25", "€")],
)  # fmt: skip
def test_a_sign_of_several_currencies_is_of_the_one_that_a_column_names(
    tmp_path: Path, price: str, code: str
) -> None:
    text = with_status(code, name="Currency").replace("2.50", price)
    assert land(tmp_path, in_csv=text).facts.currency == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("Orders Total", None), ("Corp. price", None), ("Preis Rs.", "INR"), ("Price (kr)", "KR"),
     ("Unit Price £", "GBP"), ("Price EUR", "EUR"), ("Kraj", None)],
)  # fmt: skip
def test_a_word_of_a_header_has_no_currency_within(name: str, code: str | None) -> None:
    assert currency_in(name) == code


# Joins ---------------------------------------------------------------------------------------

JOIN = "join: [{path: o.csv, on: Order No}]\nlines: {ignore: \"state = 'cancelled'\"}"


@pytest.mark.parametrize(("own", "other"), [("1", "1.0"), ("1.0", "1"), ("1", " 1.00")])
def test_a_number_with_a_zero_behind_its_point_is_joined(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, own: str, other: str
) -> None:
    write(tmp_path / "o.csv", f"Order No,state\n{other},cancelled\n2,paid\n")
    text = orders((own, "A", 1, 5, "2.50", "k"), (2, "A", 1, 5, "2.50", "k"))
    landing = land(tmp_path, JOIN, in_csv=text)
    assert shown(landing, ["line_mark"]) == [("ignored",), (None,)]
    assert "no row of" not in caplog.text


def test_lines_that_no_row_of_a_joined_file_has_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "o.csv", "Order No,state\n1,cancelled\n")
    text = orders(*((n, "A", 1, 5, "2.50", "k") for n in (1, 2, 3)))
    land(tmp_path, JOIN, in_csv=text)
    assert (
        "in.csv row 3: Order No is 2, which no row of o.csv has, and so in 2 of 2 rows: its "
        "columns are empty there; see that join.on in shop.yml"
    ) in caplog.text


def test_a_key_that_is_nothing_makes_no_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "c.csv", "Customer,group\nNA,a\nNA,b\nk,c\n")
    text = orders((1, "A", 1, 5, "2.50", "NA"), (2, "A", 1, 5, "2.50", "k"))
    shop = "join: [{path: c.csv, on: Customer}]\ndimensions: {group: group}"
    landing = land(tmp_path, shop, in_csv=text)
    assert shown(landing, ["attributes"]) == [('{"group":null}',), ('{"group":"c"}',)]
    assert "no row of" not in caplog.text


def test_two_rows_with_one_key_but_for_its_form_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", "Order No,state\n1,paid\n1.0,paid\n")
    with pytest.raises(IngestError, match=r"o\.csv has 2 rows with Order No '1'"):
        land(tmp_path, JOIN, in_csv=orders((1, "A", 1, 5, "2.50", "k")))


# Numbers of rules ----------------------------------------------------------------------------


def test_a_rule_reads_numbers_with_the_decimal_sign_that_is_set(tmp_path: Path) -> None:
    rows = ["1;A;1;2026-01-05;40,00;0,00;0.5", "2;A;1;2026-01-06;40,00;100,00;0"]
    text = "\n".join(["Order No;SKU;Qty;Order Date;Preis;Rabatt;share", *rows]) + "\n"
    shop = 'columns: {unit_price: {from: Preis, decimal: ","}}\n'
    landing = land(tmp_path, shop + ignoring("Rabatt = 100"), in_csv=text)
    assert shown(landing, ["line_mark"]) == [(None,), ("ignored",)]
    landing = land(tmp_path, shop + ignoring("share = 0.5"), in_csv=text)
    assert shown(landing, ["line_mark"]) == [("ignored",), (None,)]


@pytest.mark.parametrize(
    ("shop", "setting"),
    [
        (ignoring("Rab = 100"), "lines.ignore"),
        ("lines: {return: 'Rab >= 100'}", "lines.return"),
        (
            "columns: {unit_price: {sql: '\"Unit Price\" * (1 - coalesce(Rab * 1, 0) / 100)'}}",
            "columns.unit_price.sql",
        ),
    ],
)
def test_a_number_that_an_expression_cannot_read_is_refused(
    tmp_path: Path, shop: str, setting: str
) -> None:
    text = with_status("", "100%", "50%", name="Rab")
    told = rf"^in\.csv row 3: Rab is '100%', as in 2 rows, which {setting} in shop\.yml reads as a"
    with pytest.raises(IngestError, match=told):
        land(tmp_path, shop, in_csv=text)


def test_the_way_that_a_refusal_of_a_number_names_is_open(tmp_path: Path) -> None:
    text = with_status("100%", "50%", name="Rab")
    for rule in ("cast(replace(\"Rab\", '%', '') as double) = 100", "Rab = '100%'"):
        landing = land(tmp_path, ignoring(rule), in_csv=text)
        assert shown(landing, ["line_mark"]) == [("ignored",), (None,)]


def test_words_among_the_numbers_of_a_rule_are_no_matter_unless_there_is_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = ignoring("Till = 99")
    landing = land(tmp_path, shop, in_csv=with_status("Main", "99", "A1", "-", name="Till"))
    assert shown(landing, ["line_mark"]) == [(None,), ("ignored",), (None,), (None,)]
    assert "no number" not in caplog.text
    land(tmp_path, shop, in_csv=with_status("Main", "A1", name="Till"))
    assert (
        "in.csv row 2: Till is 'Main', which is no number, and so are all 2 texts of it: "
        "lines.ignore in shop.yml compares it with a number, and is true of no row"
    ) in caplog.text


# Refunds of their own ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "code", "price", "is_said"),
    [("1.0", "a", "2.5", True), ("1", "B", "2.50", False), ("1", "A", "2.40", False)],
)
def test_a_refund_that_the_orders_have_too_is_said(
    tmp_path: Path, order: str, code: str, price: str, is_said: bool
) -> None:
    refund = f"{order},{code},1,2026-02-03 10:00:00,{price},k,UK"
    write(
        tmp_path / "r.csv", f"Order No,SKU,Qty,Order Date,Unit Price,Customer,Country\n{refund}\n"
    )
    text = orders((1, "A", 1, 5, "2.50", "k"), (2, "A", 2, 5, "2.50", "k"))
    text += "1,A,MUG,-1,2026-02-03 10:00:00,2.50,k,UK\n"
    warnings = "\n".join(land(tmp_path, "returns: {path: r.csv}", in_csv=text).facts.warnings)
    said = (
        "1 lines of r.csv are returns in another file too, by order, product and money, such as "
        "row 2, A of order 1 for −2.50, in in.csv row 4: both count, −2.50 in all"
    )
    assert (said in warnings) == is_said
    assert ("another file too" in warnings) == is_said
