"""`retail init` proposes what makes the report right: rules of lines, keys, what is filled down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import PROJECT
from retail.ingest.errors import IngestError
from retail.ingest.shop.settings import TAKEN
from retail.jobs.propose_shop import propose

NAMES = "Order No,SKU,Item,Qty,Order Date,Unit Price,Customer,Country"
LINE = "{},{},{},1,2026-01-{:02} 09:00,5.00,{},UK"


def proposed(folder: Path, *lines: str, names: str = NAMES) -> dict[str, Any]:
    """The settings that are proposed for some lines."""
    source = folder / "orders.csv"
    source.write_text("\n".join([names, *lines]) + "\n", encoding="utf-8")
    found = yaml.safe_load(propose(folder, str(source)).text)
    assert isinstance(found, dict)
    return found


def line(
    number: object = 1, code: str = "A", item: str = "MUG", day: int = 5, who: str = "k"
) -> str:
    return LINE.format(number, code, item, day, who)


@pytest.mark.parametrize(
    ("column", "member", "usual"),
    [
        ("Type", "Refund", "Sale"), ("Vch Type", "Credit Note", "Sales"), ("Is Return", "Y", "N"),
        ("Belegart", "Gutschrift", "Rechnung"), ("Tipo", "Devolución", "Venta"),
        ("Type de pièce", "Avoir", "Facture"), ("returned", "true", "false"),
        ("Transaction", "RETURN", "SALE"),
    ],
)  # fmt: skip
def test_returns_that_a_column_marks_are_returns(
    tmp_path: Path, column: str, member: str, usual: str
) -> None:
    lines = [f"{line(i)},{member if i % 4 == 0 else usual}" for i in range(12)]
    rules = proposed(tmp_path, *lines, names=f"{NAMES},{column}")["lines"]
    assert rules == {"return": f"\"{column}\" in ('{member}')"}


def test_returns_below_zero_need_no_rule(tmp_path: Path) -> None:
    lines = [f"{line(i).replace(',1,', ',-1,') if i % 4 else line(i)},Refund" for i in range(12)]
    assert "lines" not in proposed(tmp_path, *lines, names=f"{NAMES},Type")


@pytest.mark.parametrize(
    ("column", "member"),
    [("Status", "cancelled"), ("Bestellstatus", "Storniert"), ("Statut", "Annulée"),
     ("Financial Status", "Voided"), ("Void?", "true")],
)  # fmt: skip
def test_orders_that_never_came_about_are_left_out_and_no_dimension(
    tmp_path: Path, column: str, member: str
) -> None:
    lines = [f"{line(i)},{member if i % 4 == 0 else 'other'}" for i in range(12)]
    found = proposed(tmp_path, *lines, names=f"{NAMES},{column}")
    assert found["lines"] == {"ignore": f"\"{column}\" in ('{member}')"}
    assert "dimensions" not in found


def test_what_was_refunded_as_a_whole_order_is_left_out(tmp_path: Path) -> None:
    lines = [f"{line(i)},{'Refunded' if i % 4 == 0 else 'Complete'}" for i in range(12)]
    found = proposed(tmp_path, *lines, names=f"{NAMES},Status")
    assert found["lines"] == {"ignore": "\"Status\" in ('Refunded')"}
    partly = [one.replace("Refunded", "partially_refunded") for one in lines]
    assert "lines" not in proposed(tmp_path, *partly, names=f"{NAMES},Status")


def test_numbers_of_stores_are_told_apart_where_they_collide(tmp_path: Path) -> None:
    own = [f"{line(i, day=5 + k, who=f'{s}{i}')},{s}" for i in range(9) for k, s in enumerate("XY")]
    found = proposed(tmp_path, *own, names=f"{NAMES},Store")
    assert found["columns"]["order_id"] == ["Store", "Order No"]
    one = [f"{line(i)},{store}" for i in range(9) for store in "XY"]
    assert "columns" not in proposed(tmp_path, *one, names=f"{NAMES},Store")


def test_what_is_found_by_its_name_is_not_written(tmp_path: Path) -> None:
    assert proposed(tmp_path, line()).keys() == {"shop", "source"}
    found = proposed(tmp_path, line(), names=NAMES.replace("Order No", "Booked under"))
    assert found["columns"]["product"] == "SKU"


@pytest.mark.parametrize("start", ["CN-", "CR", "Gutschrift ", "KOR/"])
def test_credit_notes_are_returns_by_their_numbers(tmp_path: Path, start: str) -> None:
    lines = [line(f"{start}{i}" if i % 4 == 0 else f"R{i}") for i in range(12)]
    assert proposed(tmp_path, *lines)["lines"] == {"return": f"\"Order No\" like '{start}%'"}
    every = [line(f"{start}{i}") for i in range(12)]
    assert "lines" not in proposed(tmp_path, *every)


def test_rows_that_repeat_the_money_of_an_order_are_left_out(tmp_path: Path) -> None:
    """As eBay and Lightspeed write them: of the order, or of its payment."""
    lines = [line(i, code) for i in range(9) for code in "AB"]
    totals = [line(i, "", "").replace("5.00", "10.00" if i % 2 else "") for i in range(9)]
    found = proposed(tmp_path, *sorted(lines + totals))
    assert found["lines"] == {"ignore": '"SKU" is null'}
    assert "lines" not in proposed(tmp_path, *lines, *(line(i, "", "WRAP") for i in range(9)))


@pytest.mark.parametrize(("column", "member"), [("test", "true"), ("is_test", "1")])
def test_orders_of_a_test_are_left_out(tmp_path: Path, column: str, member: str) -> None:
    lines = [f"{line(i)},{member if i % 4 == 0 else ''}" for i in range(12)]
    found = proposed(tmp_path, *lines, names=f"{NAMES},{column}")
    assert found["lines"] == {"ignore": f"\"{column}\" in ('{member}')"}


def test_the_surest_name_is_proposed_and_no_number_of_a_line_or_person(tmp_path: Path) -> None:
    names = "Unnamed: 0,Customer Name,item_id,increment_id,sku,name,qty,created_at,price,shipped_to"
    lines = [f"{i},Ann,{i},{i},A,MUG,1,2026-01-{5 + i % 3:02},5.00,UK" for i in range(9)]
    assert proposed(tmp_path, *lines, names=names)["columns"] == {
        "description": "name", "customer_id": "Customer Name",
    }  # fmt: skip


def test_which_of_two_sums_is_meant_is_asked_and_a_broken_cell_is_no_word(tmp_path: Path) -> None:
    lines = [line(i).replace("5.00", "#REF!" if i == 7 else "5.00") for i in range(40)]
    assert proposed(tmp_path, *lines).keys() == {"shop", "source"}
    source = tmp_path / "orders.csv"
    names = NAMES.replace("Unit Price", "Gross sales") + ",Net sales"
    source.write_text("\n".join([names, *(f"{one},4.00" for one in lines)]))
    assert propose(tmp_path, str(source)).open_questions == (
        "columns.line_amount: Net sales, Gross sales may each be it",
    )


def test_a_dimension_is_not_called_as_a_column_that_every_line_has(tmp_path: Path) -> None:
    lines = [f"{line(i)},{'ab'[i % 2]}" for i in range(9)]
    found = proposed(tmp_path, *lines, names=f"{NAMES},Market")
    assert found["dimensions"] == {"shop_market": "Market"}
    model = yaml.safe_load((PROJECT / "models" / "marts" / "fct_order_lines.yml").read_text())
    columns = {column["name"] for column in model["models"][0]["columns"]}
    assert columns - {"category", "region"} <= TAKEN


def test_what_has_no_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.txt").write_text('"order" "sku" "qty"\n"1" 1 "A" 2\n')
    with pytest.raises(IngestError, match=r"orders\.txt has no columns; put the header first"):
        propose(tmp_path, str(tmp_path / "orders.txt"))


def test_what_is_no_merchandise_by_its_name_is_a_service(tmp_path: Path) -> None:
    lines = [line(i) for i in range(9)]
    lines += [line(1, "S1", "Shipping"), line(2, "TIP"), line(3, "9", "Versandkosten DE")]
    nameless = line(1, "", "Discount")
    assert proposed(tmp_path, *lines, nameless)["lines"] == {"service": ["9", "S1", "TIP"]}


def test_what_first_lines_alone_have_is_filled_down(tmp_path: Path) -> None:
    first = [line(i) for i in range(9)]
    below = [f"{i},B,CUP,1,2026-01-05 09:00,5.00,," for i in range(9)]
    lines = [one for pair in zip(first, below, strict=True) for one in pair]
    found = proposed(tmp_path, *lines)
    assert found["fill_down"] == {"by": "Order No", "columns": ["Customer", "Country"]}
    numberless = [one if one in first else ",B,CUP,1,,5.00,," for one in lines]
    assert proposed(tmp_path, *numberless)["fill_down"] == {
        "by": "Order No",
        "columns": ["Order No", "Order Date", "Customer", "Country"],
    }


def test_money_in_cents_becomes_money(tmp_path: Path) -> None:
    found = proposed(tmp_path, line(), names=NAMES.replace("Unit Price", "price_cents"))
    assert found["columns"]["unit_price"] == {"sql": '"price_cents" / 100'}


def test_which_of_two_prices_is_meant_is_asked(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"
    names = NAMES.replace("Unit Price", "Price incl. VAT") + ",Price excl. VAT"
    source.write_text(f"{names}\n{line()},4.00\n")
    assert propose(tmp_path, str(source)).open_questions == (
        "columns.unit_price: Price incl. VAT, Price excl. VAT may each be it",
    )


@pytest.mark.parametrize(
    "title", ["Orders", "Orders,,,,,,,", "Period,2026-01-01,to,2026-01-31,,,,"]
)
def test_a_title_above_the_header_is_none(tmp_path: Path, title: str) -> None:
    found = proposed(tmp_path, NAMES.replace("Unit Price", "Paid"), line(), names=f"{title}\n")
    assert found["columns"] == {"line_amount": "Paid"} or found["columns"]["order_id"] == "Order No"
