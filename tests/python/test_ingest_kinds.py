"""Files as other programs, countries and spreadsheets write them, each read or refused by name."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import openpyxl
import pytest

from conftest import PROJECT
from retail import ingest
from retail.ingest.columns import FIELDS, match_header, resolve
from retail.ingest.countries import unify
from retail.ingest.errors import IngestError
from retail.ingest.mapping import recognise
from retail.ingest.nothing import GUESTS
from retail.ingest.parquet_cache import land_project
from test_ingest_support import shown, write

NAMES = ["Order No", "SKU", "Item", "Qty", "Order Date", "Unit Price", "Customer", "Country"]
HEADER = ",".join(NAMES)
ROW = "{},{},MUG,{},2026-01-{:02} 09:00:00,{},{},UK"


def land(folder: Path, shop: str = "", **files: str | bytes) -> ingest.Landing:
    """Land files, the first of them or all; their names have `_` for the dot."""
    for name, content in files.items():
        path = folder / "in" / name.replace("_", ".", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    write(folder / "shop.yml", shop)
    source = folder / "in" if len(files) > 1 else path
    return land_project(folder, folder / "landed", environ={"RETAIL_SOURCE": str(source)})


def orders(*rows: Sequence[object]) -> str:
    """CSV of order, product, quantity, day, price and customer."""
    return "\n".join([HEADER, *(ROW.format(*row) for row in rows)]) + "\n"


# Columns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "N° de facture;Référence;Désignation;Quantité;Date de facturation;PU HT;Code client;Pays",
        "Factuurnummer;Artikelnummer;Omschrijving;Aantal;Factuurdatum;Stukprijs;Klantnr;Land",
        "Nº Pedido;Código de artículo;Descripción;Cantidad;Fecha;Precio unitario;Nº Cliente;País",
        "Numero ordine;Codice articolo;Prodotto;Quantità;Data;Prezzo;Codice cliente;Nazione",
        "Numer faktury;Kod produktu;Nazwa;Ilość;Data sprzedaży;Cena jednostkowa;Nr klienta;Kraj",
        "Nº do pedido;Código do produto;Descrição;Qtd;Data do pedido;Preço;Código do cliente;País",
        "Fakturanr;Artikelnr;Benämning;Antal;Fakturadatum;Á-pris;Kundnr;Land",
        "Ordrenummer;Varenr;Beskrivelse;Antall;Ordredato;Enhetspris;Kundenr;Land",
        "Fatura No;Ürün Kodu;Ürün;Miktar;Fatura Tarihi;Birim Fiyat;Müşteri No;Ülke",
        "Laskunumero;Tuotekoodi;Kuvaus;Määrä;Päivämäärä;Yksikköhinta;Asiakasnumero;Maa",
        "Číslo faktury;Kód zboží;Popis;Množství;Datum;Cena za kus;Číslo zákazníka;Země",
        "Számlaszám;Cikkszám;Megnevezés;Mennyiség;Dátum;Egységár;Vevőkód;Ország",
        "Номер заказа;Артикул;Наименование;Количество;Дата;Цена;Клиент;Страна",
        "注文番号;商品コード;商品名;数量;注文日;単価;顧客番号;国",
        "*InvoiceNumber;InventoryItemCode;Description;Quantity;*InvoiceDate;*UnitAmount;Customer;Land",
        "increment_id;sku;item;qty_ordered;created_at;price;customer_email;country_id",
    ],
)  # fmt: skip
def test_columns_are_known_in_many_languages_and_programs(header: str) -> None:
    found = match_header(header.split(";"), "f")
    assert dict(zip(FIELDS, found.columns, strict=True)) == {
        **{field: (i,) for i, field in enumerate(FIELDS[:8])}, "line_amount": (),
    }  # fmt: skip


def test_a_column_in_another_script_is_not_taken_for_the_next_one() -> None:
    with pytest.raises(IngestError, match="names the column 'Стоимость'"):
        resolve("Стоимость", ["Цена", "Дата"], "columns.unit_price")
    assert resolve("цена", ["Дата", "Цена"], "columns.unit_price") == "Цена"


@pytest.mark.parametrize(
    ("page", "header", "word"),
    [
        ("cp1250", "Nr faktury;Kod;Nazwa;Ilość;Data sprzedaży;Cena;Klient;Kraj", "ŻÓŁW"),
        ("cp1254", "Fatura No;Ürün Kodu;Urun;Adet;Tarih;Fiyat;Müşteri;Ülke", "ŞİŞE"),
        ("cp1251", "Заказ;Артикул;Товар;Количество;Дата;Цена;Клиент;Страна", "КРУЖКА"),
    ],
)
def test_a_header_tells_the_code_page(tmp_path: Path, page: str, header: str, word: str) -> None:
    text = f"{header}\n1;A;{word};2;2026-01-05;2,50;k;DE\n"
    landing = land(tmp_path, in_csv=text.encode(page))
    assert shown(landing, ["description", "customer_id"]) == [(word, "k")]
    assert landing.files[0].encoding == page


def test_a_setting_tells_the_code_page_where_the_header_does_not(tmp_path: Path) -> None:
    text = orders((1, "A", 1, 5, "2.50", "k")).replace("MUG", "ŻÓŁW").encode("cp1250")
    landing = land(tmp_path, "source: {encoding: windows-1250}", in_csv=text)
    assert shown(landing, ["description"]) == [("ŻÓŁW",)]
    with pytest.raises(IngestError, match=r"source\.encoding is 'cp99'; allowed: an encoding"):
        land(tmp_path, "source: {encoding: cp99}", in_csv=text)


def test_a_byte_order_mark_before_cp1252_is_none_of_the_header(tmp_path: Path) -> None:
    header = "N° de facture,Référence,Désignation,Qté,Date,Prix,Client,Pays"
    text = b"\xef\xbb\xbf" + f"{header}\n1,A,CAFÉ,1,2026-01-05,2.50,k,FR\n".encode("cp1252")
    assert shown(land(tmp_path, in_csv=text), ["invoice_no", "description"]) == [("1", "CAFÉ")]


@pytest.mark.parametrize(
    ("preset", "header"),
    [
        ("olist", "order_id,order_item_id,product_id,price,freight_value,customer_id,"
         "order_purchase_timestamp"),
        ("olist_customers", "order_id,order_item_id,product_id,price,freight_value,customer_id,"
         "order_purchase_timestamp,customer_unique_id"),
        ("woocommerce", "Order ID,Order Date,Status,Item Name,Quantity,Item Cost"),
        ("woocommerce_orders", "Order Number,Order Status,Order Date,Email (Billing),SKU,"
         "Item Name,Quantity (- Refund),Item Cost"),
        ("amazon_shipments", "amazon-order-id,purchase-date,sku,quantity-shipped,item-price"),
    ],
)  # fmt: skip
def test_a_preset_is_recognised_by_its_fullest_header(preset: str, header: str) -> None:
    assert recognise(header.split(",")) == preset


def test_customers_of_olist_are_people_and_no_orders(tmp_path: Path) -> None:
    header = "order_id,order_item_id,product_id,price,freight_value,customer_id,order_status,"
    text = f"{header}order_purchase_timestamp,customer_unique_id\n"
    text += "".join(f"o{i},1,P,5.0,1.0,c{i},delivered,2026-01-05 09:00:00,ann\n" for i in (1, 2))
    assert shown(land(tmp_path, in_csv=text), ["customer_id"]) == [("ann",), ("ann",)]


def test_of_the_amounts_of_a_settlement_the_price_alone_is_money(tmp_path: Path) -> None:
    header = "settlement-id,transaction-type,order-id,amount-description,amount,posted-date-time,"
    rows = [("Order", 1, "Principal", "5.00"), ("Order", 1, "Commission", "-0.75"),
            ("Refund", 1, "Principal", "-5.00")]  # fmt: skip
    text = f"{header}sku,quantity-purchased\n" + "".join(
        f"7,{kind},{order},{what},{amount},2026-01-05 09:00:00 UTC,A,1\n"
        for kind, order, what, amount in rows
    )
    landing = land(tmp_path, in_csv=text)
    assert shown(landing, ["quantity", "line_amount", "line_mark"]) == [
        ("1", "5.00", None), ("1", "-0.75", "ignored"), ("-1", "-5.00", None),
    ]  # fmt: skip


def test_cancelled_orders_of_the_other_woocommerce_form_are_ignored(tmp_path: Path) -> None:
    header = "Order Number,Order Status,Order Date,SKU,Item Name,Quantity (- Refund),Item Cost\n"
    rows = "1,Cancelled,2026-01-05 09:00,A,Mug,1,5\n2,Completed,2026-01-05 09:00,A,Mug,1,5\n"
    landing = land(tmp_path, in_csv=header + rows)
    assert shown(landing, ["invoice_no", "line_mark"]) == [("1", "ignored"), ("2", None)]


# Dates and numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "landed"),
    [
        ("1er déc. 2010 à 8h26", "2010-12-01 08:26:00"),
        ("1. Dez. 2010, 08:26 Uhr", "2010-12-01 08:26:00"),
        ("1-dic-2010", "2010-12-01"),
        ("1 de diciembre de 2010 8:26", "2010-12-01 08:26:00"),
        ("01/dez/2010", "2010-12-01"),
        ("1 mrt 2011", "2011-03-01"),
        ("1 grudnia 2010", "2010-12-01"),
        ("1 Ağustos 2011", "2011-08-01"),
        ("2010年12月1日 08:26", "2010-12-01 08:26:00"),
        ("2010. 12. 01. 08:26", "2010-12-01 08:26:00"),
        ("13.12.2010 08.26", "13.12.2010 08:26:00"),
        ("13/12/2010 8:26:00\u202fp.\u00a0m.", "13/12/2010 20:26:00"),
        ("01-DEC-10 08.26.00.000000 PM", "2010-12-01 20:26:00"),
        ("Dec-01-10", "2010-12-01"),
        ("Dec 1, 2010 8:26:00 PM PST", "2010-12-01 20:26:00"),
        ("Wed Dec  1 08:26:00 GMT 2010", "2010-12-01 08:26:00"),
        ("20101201", "2010-12-01"),
        ("20101201T082600Z", "2010-12-01 08:26:00"),
        ("20101201082600", "2010-12-01 08:26:00"),
        ("2010-W48-3", "2010-12-01 00:00:00"),
        ("2010-335", "2010-12-01 00:00:00"),
        ("2010-12-01T08:26:00+01:00[Europe/Paris]", "2010-12-01 08:26:00"),
        ("1291191960000000", "2010-12-01 08:26:00"),
        ("1291191960000000000", "2010-12-01 08:26:00"),
    ],
)
def test_a_moment_of_another_program_or_language_is_read(
    tmp_path: Path, given: str, landed: str
) -> None:
    text = f'{HEADER}\n1,A,MUG,1,"{given}",2.50,k,UK\n'
    assert shown(land(tmp_path, in_csv=text), ["invoice_date"]) == [(landed,)]


@pytest.mark.parametrize(
    "half",
    ["PM", "p.m.", "P", "p. m.", "p.\u00a0m.", "p.\u202fm.", "μ.μ.", "下午", "오후", "午後", "م",
     "अपराह्न", "CH", "ÖS", "du.", "odp.", "em", "ip.", "MD", "ب.ظ.", "אחה״צ", "nachm."],
)  # fmt: skip
@pytest.mark.parametrize("form", ["{} 8:26 {}", "{} {} 8:26", "{} 8:26:00{}"])
def test_an_afternoon_is_one_in_any_language(tmp_path: Path, half: str, form: str) -> None:
    days = ("13/12/2010", "2010-12-13", "13 Dec 2010", "2010年12月13日")
    moments = [form.format(day, half) for day in days]
    rows = "".join(f'{i},A,MUG,1,"{moment}",2.50,k,UK\n' for i, moment in enumerate(moments))
    dates = [d for (d,) in shown(land(tmp_path, in_csv=f"{HEADER}\n{rows}"), ["invoice_date"])]
    assert dates == ["13/12/2010 20:26:00", *["2010-12-13 20:26:00"] * 3]


@pytest.mark.parametrize(
    "given", ["13/12/2010 15:02 AM", "13/12/2010 8:26 kesho", "13.12.2010 Sa 15:02", "PM 8:26 PM"]
)
def test_a_half_of_the_day_that_is_none_makes_no_time(tmp_path: Path, given: str) -> None:
    text = f'{HEADER}\n1,A,MUG,1,"{given}",2.50,k,UK\n'
    (moment,) = shown(land(tmp_path, in_csv=text), ["invoice_date"])
    assert moment == (given,)


@pytest.mark.parametrize(
    "given", ["1264982400", "1 Feb 2010 00:00 UTC", "2010-02-01T00:00:00Z", "20100201T000000Z"]
)
def test_moments_in_utc_become_the_shop_s(tmp_path: Path, given: str) -> None:
    text = f"{HEADER}\n1,A,MUG,1,{given},2.50,k,UK\n"
    landing = land(tmp_path, "shop: {timezone: Asia/Tokyo}", in_csv=text)
    assert shown(landing, ["invoice_date"]) == [("2010-02-01 09:00:00",)]


@pytest.mark.parametrize(
    "given",
    ["2026-02-{:02}T00:00:00Z", "2026-02-{:02} 00:00:00+00:00", "2026-02-{:02}T00:00:00.000+02:00"],
)
def test_midnights_in_a_zone_are_days_and_stay_where_they_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    rows = "".join(f"{n},A,MUG,1,{given.format(n)},2.50,k,US\n" for n in range(1, 6))
    shop = "shop: {timezone: America/New_York}"
    landing = land(tmp_path, shop, in_csv=f"{HEADER}\n{rows}")
    assert [str(day)[:10] for (day,) in shown(landing, ["invoice_date"])] == [
        f"2026-02-{n:02}" for n in range(1, 6)
    ]
    said = f"all 5 moments with a time zone are at midnight, such as {given.format(1)}: they are"
    assert said in caplog.text
    assert "dropped" not in caplog.text
    one_is_none = f"{HEADER}\n{rows}9,A,MUG,1,2026-02-06T03:30:00Z,2.50,k,US\n"
    landing = land(tmp_path, shop, in_csv=one_is_none)
    assert shown(landing, ["invoice_date"])[-1] == ("2026-02-05 22:30:00",)


def test_midnights_since_1970_are_days(tmp_path: Path) -> None:
    rows = "".join(f"{n},A,MUG,1,{1769904000 + 86400 * n},2.50,k,US\n" for n in range(5))
    landing = land(tmp_path, "shop: {timezone: America/New_York}", in_csv=f"{HEADER}\n{rows}")
    assert shown(landing, ["invoice_date"])[0] == ("2026-02-01 00:00:00",)


def test_moments_of_parquet_with_a_zone_become_the_shop_s(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    columns = ", ".join(f"'1' as \"{name}\"" for name in NAMES if name != "Order Date")
    query = f"select {columns}, timestamptz '2010-02-01 00:00:00+00' as \"Order Date\""
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{tmp_path}/in/in.parquet' (format parquet)")
    content = (tmp_path / "in" / "in.parquet").read_bytes()
    landing = land(tmp_path, "shop: {timezone: Asia/Tokyo}", in_parquet=content)
    assert shown(landing, ["invoice_date"]) == [("2010-02-01 09:00:00",)]


@pytest.mark.parametrize(
    "given", ["2010-12-01 08:26:00 CEST", "13/12/2010 08:26:00 +01:00", "1291191960"]
)
def test_a_zone_that_can_not_be_kept_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    zone = "" if given.isdigit() else "shop: {timezone: Asia/Tokyo}"
    land(tmp_path, zone, in_csv=f"{HEADER}\n1,A,MUG,1,{given},2.50,k,UK\n")
    assert re.search(
        "which is dropped; write them|since 1970 in UTC; set shop.timezone", caplog.text
    )


def test_a_row_of_totals_does_not_hide_that_dates_are_serial_numbers(tmp_path: Path) -> None:
    rows = "".join(f"{i},A,MUG,1,{40513 + i}.5,2.50,k,UK\n" for i in range(40))
    landing = land(tmp_path, in_csv=f"{HEADER}\n{rows}Total,,,40,Total,100,,\n")
    assert shown(landing, ["invoice_date"])[0] == ("2010-12-01 12:00:00",)


def test_days_since_1904_are_read_by_a_setting_and_others_are_said_to_be_since_1900(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"{HEADER}\n1,A,MUG,1,39051.5,2.50,k,UK\n"
    assert shown(land(tmp_path, in_csv=text), ["invoice_date"]) == [("2006-11-30 12:00:00",)]
    assert "set columns.ordered_at.format in shop.yml to excel-1904" in caplog.text
    caplog.clear()
    landing = land(tmp_path, "columns: {ordered_at: {format: excel-1904}}", in_csv=text)
    assert shown(landing, ["invoice_date"]) == [("2010-12-01 12:00:00",)]
    assert "excel-1904" not in caplog.text


def test_moments_whose_last_digits_a_spreadsheet_has_taken_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{i},A,MUG,1,{given},2.50,k,UK\n" for i, given in enumerate(["1.29E+09"] * 3))
    with pytest.raises(IngestError, match=r"row 2: the date '1.29E\+09' has lost its last digits"):
        land(tmp_path, in_csv=f"{HEADER}\n{rows}")
    whole = f"{HEADER}\n1,A,MUG,1,1.291191960E+09,2.50,k,UK\n"
    assert shown(land(tmp_path, in_csv=whole), ["invoice_date"]) == [("2010-12-01 08:26:00",)]


@pytest.mark.parametrize(
    ("written", "given"), [("%y-%m-%d", "10-12-01"), ("%d%m%Y", "01122010"), ("%Y%j", "2010335")]
)
def test_a_format_alone_is_a_setting(tmp_path: Path, written: str, given: str) -> None:
    shop = f'columns: {{ordered_at: {{format: "{written}"}}}}'
    landing = land(tmp_path, shop, in_csv=f"{HEADER}\n1,A,MUG,1,{given},2.50,k,UK\n")
    assert shown(landing, ["invoice_date"]) == [("2010-12-01 00:00:00",)]


def test_a_decimal_sign_alone_is_a_setting(tmp_path: Path) -> None:
    text = f"{HEADER.replace(',', ';')}\n1;A;MUG;1;2010-12-01;2,555;k;UK\n"
    landing = land(tmp_path, 'columns: {unit_price: {decimal: ","}}', in_csv=text)
    assert shown(landing, ["unit_price"]) == [("2.555",)]


@pytest.mark.parametrize(
    ("time", "landed"),
    [
        ("902", "2010-12-01 09:02:00"),
        ("090200", "2010-12-01 09:02:00"),
        ("0.376389", "2010-12-01 09:02:00"),
        ("0", "2010-12-01 00:00:00"),
        ("9.02", "2010-12-01 09:02:00"),
        ("T09:02:00.000", "2010-12-01 09:02:00"),
        ("1899-12-30 09:02:00", "2010-12-01 09:02:00"),
        ("9", "2010-12-01 (9)"),
        ("下午9:02", "2010-12-01 21:02:00"),
        ("오전 9:02", "2010-12-01 09:02:00"),
        ("9:02 μ.μ.", "2010-12-01 21:02:00"),
        ("9:02p", "2010-12-01 21:02:00"),
        ("0.25", "2010-12-01 (0.25)"),
        ("morning", "2010-12-01"),
    ],
)
@pytest.mark.parametrize("end", [",k,UK\n", ',"k",UK,"more\n'])
def test_a_time_of_day_is_read_or_kept_as_what_can_not_be_read(
    tmp_path: Path, time: str, landed: str, end: str
) -> None:
    header = HEADER.replace("Order Date", "Order Date,Time")
    text = f"{header}\n1,A,MUG,1,2010-12-01,{time},2.50{end}"
    text += "2,A,MUG,1,2010-12-01 08:00:00,08:00:00,2.50,k,UK\n"
    (first,), (second,) = shown(land(tmp_path, in_csv=text), ["invoice_date"])
    assert (str(first).replace(" 9:", " 09:"), second) == (landed, "2010-12-01 08:00:00")


@pytest.mark.parametrize(
    ("given", "landed"),
    [
        (["1’234.50", "2.55"], ["1234.50", "2.55"]),
        (["12,34,567.50", "₹2,55,000.00"], ["1234567.50", "255000.00"]),
        (["1.234,50 kr.", "2.550,55 kr"], ["1234.50", "2550.55"]),
        (["¥1,642", "¥382"], ["1642", "382"]),
        (["Rp38.250", "Rp5.000"], ["38250", "5000"]),
        (["1.305", "1001.305"], ["1.305", "1001.305"]),
        (["–2.50", "2.50"], ["-2.50", "2.50"]),
        (["1,200.00 CR", "2.50", "5.00"], ["-1200.00", "2.50", "5.00"]),
        (["1.200,00CR", "2,50 DR", "5,00 Dr."], ["-1200.00", "2.50", "5.00"]),
        (["(1,200.00)", "2.50-", "$(5.00)"], ["-1200.00", "-2.50", "-5.00"]),
        (["△2.50", "+2.50"], ["-2.50", "2.50"]),
        (["12,-", "3,--", "2,50"], ["12", "3", "2.50"]),
    ],
)
def test_a_number_of_another_country_is_read(
    tmp_path: Path, given: Sequence[str], landed: Sequence[str]
) -> None:
    rows = "".join(f"1;A;MUG;1;2026-01-05;{number};k;UK\n" for number in given)
    landing = land(tmp_path, in_csv=f"{HEADER.replace(',', ';')}\n{rows}")
    assert [price for (price,) in shown(landing, ["unit_price"])] == landed


@pytest.mark.parametrize("given", [("2.50 CR", "3.50 CR", "4"), ("2.50 DR", "3.50")])
def test_credits_that_may_be_the_sales_are_refused(tmp_path: Path, given: Sequence[str]) -> None:
    said = (
        r"row 2: '2.50 .R' is marked as a credit or a debit, as . of . .*columns\.unit_price\.sql"
    )
    with pytest.raises(IngestError, match=said):
        land(tmp_path, in_csv=orders(*((i, "A", 1, 5, one, "k") for i, one in enumerate(given))))


THOUSANDS = ("15.000", "2.500", "250.000", "12.000", "1.000")


@pytest.mark.parametrize("quantity", ["1", "1.5"])
def test_prices_that_may_all_be_thousands_are_refused(tmp_path: Path, quantity: str) -> None:
    text = orders(*((i, "A", quantity, 5, one, "k") for i, one in enumerate(THOUSANDS)))
    said = r"row 2: '15\.000' .*three decimals.* 5 .*columns\.unit_price\.decimal"
    with pytest.raises(IngestError, match=said):
        land(tmp_path, in_csv=text)
    for sign, price in ((".", "15.000"), (",", "15000")):
        landing = land(tmp_path, f'columns: {{unit_price: {{decimal: "{sign}"}}}}', in_csv=text)
        assert shown(landing, ["unit_price"])[0] == (price,)


def test_prices_with_three_decimals_are_read_where_something_tells(tmp_path: Path) -> None:
    text = orders(*((i, "A", "35.42", 5, f"1.{600 + i}", "k") for i in range(1, 9)))
    assert shown(land(tmp_path, in_csv=text), ["unit_price"])[0] == ("1.601",)


@pytest.mark.parametrize("given", [("$2.55", "€2.10"), ("2.55 USD", "2.10 GBP"), ("£1", "2 EUR")])
def test_two_currencies_in_one_column_are_refused(tmp_path: Path, given: tuple[str, str]) -> None:
    text = orders((1, "A", 1, 5, given[0], "k"), (2, "A", 1, 5, given[0], "k"))
    said = r"row 4: '.*' is in another currency.*columns\.unit_price\.sql"
    with pytest.raises(IngestError, match=said):
        land(tmp_path, in_csv=text + ROW.format(3, "A", 1, 5, given[1], "k"))


@pytest.mark.parametrize(
    ("one", "other", "price"),
    [
        ("Unit Price", "Unit Price", ("£2.55", "€2.55")),
        ("Price (£)", "Price (€)", ("2.55", "2.55")),
    ],
)
def test_files_in_two_currencies_are_refused(
    tmp_path: Path, one: str, other: str, price: tuple[str, str]
) -> None:
    first, second = (
        HEADER.replace("Unit Price", name) + "\n" + ROW.format(i, "A", 1, 5, price[i], "k") + "\n"
        for i, name in enumerate((one, other))
    )
    with pytest.raises(IngestError, match=r"b.csv is in EUR|a.csv is in GBP and b.csv in EUR"):
        land(tmp_path, a_csv=first, b_csv=second)
    assert land(tmp_path, "", a_csv=first, b_csv=first).facts.currency == "GBP"


# Rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [False, True])
def test_order_lines_above_the_header_are_no_title(tmp_path: Path, last: bool) -> None:
    lines = [ROW.format(i, "A", 1, 5, "2.50", "k") for i in range(4)]
    lines.insert(4 if last else 2, HEADER)
    with pytest.raises(IngestError, match="order lines above its header, such as '0, A, MUG"):
        land(tmp_path, in_csv="\n".join(lines) + "\n")


def test_lines_of_old_macs_are_lines_though_others_end_in_line_feeds(tmp_path: Path) -> None:
    text = orders((1, "A", 1, 5, "2.50", "k"), (2, "A", 1, 5, "2.50", "k")).replace("\n", "\r")
    text += ROW.format(3, "A", 1, 5, "2.50", "k") + "\r\n" + ROW.format(4, "A", 1, 5, "2", "k")
    landing = land(tmp_path, in_csv=text)
    assert [number for (number,) in shown(landing, ["invoice_no"])] == ["1", "2", "3", "4"]


def test_what_the_first_line_of_an_order_alone_has_is_filled_down(tmp_path: Path) -> None:
    text = orders((1, "A", 1, 5, "2", "k"), (2, "A", 1, 6, "2", "")) + ",B,CUP,1,,2,,\n"
    shop = "fill_down: {by: Order No, columns: [Order No, Order Date, Customer, Country]}"
    found = shown(land(tmp_path, shop, in_csv=text), ["invoice_no", "invoice_date", "customer_id"])
    assert found == [
        ("1", "2026-01-05 09:00:00", "k"),
        ("2", "2026-01-06 09:00:00", None),
        ("2", "2026-01-06 09:00:00", None),
    ]


def test_members_that_say_of_their_lines_that_they_do_not_count_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"{HEADER},Status\n" + "".join(
        f"{ROW.format(i, 'A', 1, 5, '2', 'k')},{'Cancelled' if i % 2 else 'done'}\n"
        for i in range(4)
    )
    land(tmp_path, "dimensions: {state: Status}", in_csv=text)
    assert "in.csv row 3: Status is Cancelled, as in 2 rows, which count" in caplog.text
    caplog.clear()
    shop = "dimensions: {state: Status}\nlines: {ignore: \"Status = 'cancelled'\"}"
    land(tmp_path, shop, in_csv=text)
    assert "Status is" not in caplog.text


STATUSES = [
    ("Status", "Refunded"), ("order_status", "pending_payment"), ("Statut", "Annulée"),
    ("Bestellstatus", "Storniert"), ("Financial Status", "Void"), ("Type", "Credit Memo"),
    ("State", "partially_refunded"), ("Cancelled at", "2026-02-01"), ("Voided", "X"),
    ("Paid", "No"), ("Status", "wc-on-hold"), ("Zahlungsstatus", "ausstehend"), ("Art", "Retoure"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "word"), STATUSES)
def test_lines_that_do_not_count_by_their_status_are_said_with_their_money(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, column: str, word: str
) -> None:
    text = f"{HEADER},{column}\n" + "".join(
        f"{ROW.format(i, 'A', 1, 5, '2.50', 'k')},{word if i % 2 else ''}\n" for i in range(4)
    )
    land(tmp_path, in_csv=text)
    assert f"in.csv row 3: {column} is {word}, as in 2 rows, which count as sales of 5.00" in (
        caplog.text
    )
    assert f"""in shop.yml to "{column}" in ('{word}')""" in caplog.text
    assert "not read" not in caplog.text


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("Status", ("complete", "complete")), ("Status", ("zugestellt", "zugestellt")),
        ("Order Status", ("wc-completed", "wc-processing")), ("Type", ("Sale", "")),
        ("Discount", ("0.00", "")), ("Tax", ("$0.00", "$0.00")), ("Refunded", ("No", "no")),
        ("Cancelled at", ("", "")), ("Financial Status", ("paid", "fulfilled")),
    ],
)  # fmt: skip
def test_a_status_that_tells_no_lines_apart_is_not_worth_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, column: str, words: Sequence[str]
) -> None:
    rows = [f"{ROW.format(i, 'A', 1, 5, '2.50', 'k')},{word}\n" for i, word in enumerate(words)]
    land(tmp_path, in_csv=f"{HEADER},{column}\n{''.join(rows)}")
    assert "in.csv" not in caplog.text


@pytest.mark.parametrize("shop", ["", "shop: {timezone: Europe/London}"])
def test_empty_rows_and_the_header_once_more_are_no_order_lines(tmp_path: Path, shop: str) -> None:
    text = orders((1, "A", 1, 5, "2.50", "k")) + f",,,,,,,\n{HEADER}\n"
    landing = land(tmp_path, shop, in_csv=text + ROW.format(2, "A", 1, 6, "2.50", "k"))
    marks = [mark for (mark,) in shown(landing, ["line_mark"])]
    assert marks == [None, "ignored", "ignored", None]


def test_the_words_for_guests_are_those_of_the_models() -> None:
    macro = (PROJECT / "macros/parse/null_if_guest.sql").read_text(encoding="utf-8")
    listed = macro.partition("words = [")[2].partition("]")[0]
    assert set(re.findall("'([^']*)'", listed)) == set(GUESTS)


@pytest.mark.parametrize(
    "guest",
    [
        "N/A",
        "-1",
        "Missing",
        "-",
        "guest@shop.com",
        "guest@localhost",
        "Walk-In Customer",
        "0",
        "0000",
        "Diverse",
        "Cash",
        "N",
        "Consumidor Final",
        "散客",
        "none@none.com",
    ],
)
def test_no_pseudonym_is_made_of_nobody(tmp_path: Path, guest: str) -> None:
    shop = "columns: {customer_id: {from: Customer, pseudonym: true}}"
    landing = land(tmp_path, shop, in_csv=orders((1, "A", 1, 5, "2.50", guest)))
    assert shown(landing, ["customer_id"]) == [(None,)]


DAYS = range(1, 13)
ODD: dict[str, tuple[Callable[[], str], str]] = {
    "shipping": (lambda: orders((1, "SHIPPING", 1, 5, "5", "k")), "1 lines are no merchandise"),
    "a row of totals": (
        lambda: orders((1, "A", 1, 5, "5", "k")) + ",,Subtotal,1,,5,,\n",
        "1 lines are no merchandise by their names, such as Subtotal",
    ),
    "credit notes": (
        lambda: orders(*((order, "A", 1, 5, "5", "k") for order in (1, 2, "CN-3"))),
        "1 lines, such as of CN-3, look like credit notes",
    ),
    "both below zero": (lambda: orders((1, "A", -1, 5, "-5", "k")), "count as adjustments"),
    "one customer": (
        lambda: orders(*((i, "A", 1, 5, "5", "999" if i % 2 else i) for i in range(60))),
        "customer 999 has 30 of 60 orders; if that stands for guests",
    ),
    "a customer an order": (
        lambda: orders(*((i, "A", 1, 5, "5", f"c{i}") for i in range(60))),
        "each of 60 customers has one order",
    ),
    "capitals": (
        lambda: orders((1, "A", 1, 5, "5", "ann"), (2, "A", 1, 5, "5", "Ann")),
        "1 customer ids differ from others in capitals alone, such as Ann and ann",
    ),
    "zeros": (
        lambda: orders(("01", "A", 1, 5, "5", "a"), ("1", "A", 1, 5, "5", "a")),
        "1 order numbers differ from others in leading zeros alone, such as 01 and 1",
    ),
    "tills": (
        lambda: orders(*((1, "A", 1, day, "5", f"{day}{till}") for day in DAYS for till in "ab")),
        "12 of 12 orders have several customers on one day",
    ),
    "tills without customers": (
        lambda: "\n".join(
            [HEADER]
            + [f"1,{c},MUG,1,2026-01-{d:02} {c}:00,5,,UK" for d in DAYS for c in ("09", "15")]
        )
        + "\n",
        "12 of 12 orders have lines 3 hours and more apart, such as 1",
    ),
    "years": (
        lambda: "".join(
            orders(*((n, "A", 1, 5, "5", "") for n in range(9))).replace("2026", year)
            for year in ("2025", "2026")
        ),
        "9 of 9 order numbers come back on other days",
    ),
    "first lines": (
        lambda: orders(*((n, c, 1, 5, "5", "k" if c == "A" else "") for n in DAYS for c in "AB")),
        "12 of 12 orders have their customer on some lines alone",
    ),
    "fees": (lambda: orders((1, "VAT 20%", 1, 5, "5", "k")), "1 lines are no merchandise"),
    "few orders a day": (
        lambda: orders(*((n, "A", 1, day, "5", f"{day}-{n}") for day in DAYS for n in (1, 2))),
        "2 of 2 order numbers come back on other days",
    ),
}  # fmt: skip


LINES = range(24)
ODD |= {
    **{
        f"codes like {code}": (
            lambda code=code: orders((1, code, 1, 5, "5", "k"), (2, "1e5", 1, 5, "5", "k")),
            f"1 stock codes are numbers in scientific notation, such as {code}: a spreadsheet",
        )
        for code in ("8.71E+12", "8.711253e+12", "8.711253e12", "9e+12")
    },
    "a line a payment": (
        lambda: orders(*((n, c, 1, 5, "5", "k") for n in LINES for c in "ABAB"[: 4 - n % 2 * 2])),
        "12 of 24 orders with several lines have each of them 2 times, such as 0",
    ),
    "cents": (
        lambda: orders(*((n, "A", 1, 5, 1999 + n, "k") for n in LINES)),
        "all 24 amounts are whole numbers, such as 1999; if they are cents",
    ),
    "barcodes": (
        lambda: orders(*((n, "A", 1, 5, "4006381333931" if n == 9 else "5", "k") for n in LINES)),
        "1 prices, such as 4006381333931, are as long as the number below a barcode",
    ),
    "a mistyped price": (
        lambda: orders(*((n, "A", 1, 5, "20260101" if n == 9 else "5.5", "k") for n in LINES)),
        "one line, of order 9, has 20,260,101.00 of",
    ),
    "a mistyped year": (
        lambda: orders(*((n, "A", 1, 5, "5.5", "k") for n in LINES)).replace("2026", "2062", 1),
        "1 lines are more than 5 years from all others, such as of order 0 on 2062-01-05",
    ),
    "another calendar": (
        lambda: orders(*((n, "A", 1, 5, "5.5", "k") for n in LINES)).replace("2026", "2569"),
        "24 lines are of years such as 2569",
    ),
    "halves of the day lost": (
        lambda: "\n".join(
            [HEADER] + [f"{n},A,MUG,1,2026-01-05 {n % 12 + 1:02}:00,5.5,k,UK" for n in LINES]
        ),
        "no line is later than 12:59, and 12 of 24 are between 1:00 and 6:59",
    ),
    "numbers of lines": (
        lambda: orders(*((n, f"P{n}", 1, 5, "5.5", "k") for n in LINES)),
        "each of 24 lines has an order number of its own, and 24, such as 0, have moment and",
    ),
    "credit notes by a word": (
        lambda: orders(*((n, "A", 1, 5, "5", "k") for n in (1, 2, 3, "Gutschrift 3"))),
        "1 lines, such as of Gutschrift 3, look like credit notes",
    ),
    "credit notes by what they repeat": (
        lambda: orders(*((f"{'ST' if n > 19 else ''}{n}", f"P{n % 20}", 1, 5, f"{n % 20}.5",
                          f"k{n % 20}") for n in range(26))),
        "6 of 6 lines whose order numbers are like ST%, such as of ST20, repeat lines of other",
    ),
    "credit notes of guests by a part of an order": (
        lambda: orders(*((n, f"P{n}", 3, 5, "5.5", "") for n in LINES),
                       *((f"R-{n}", f"P{n}", 2, 6, "5.5", "") for n in range(4))),
        "4 of 4 lines whose order numbers are like R-%, such as of R-0, repeat lines of other "
        "orders, with their customer or number, and count as sales; if they are returns, set "
        "lines.return in shop.yml to \"order_id like 'R-%'\"",
    ),
    "money of lines as prices": (
        lambda: orders(*((n, "A", n % 3 + 1, 5, 2.5 * (n % 3 + 1), "k") for n in LINES)),
        "in.csv row 3: Unit Price is 5.00 of 2 A, and 2.50 of 1, as in 16 of 16 lines: it "
        "grows with the quantity, and is read as the price of one piece; set columns.line_amount",
    ),
    "prices as money of lines": (
        lambda: orders(*((n, "A", n % 3 + 1, 5, 2.5, "k") for n in LINES)).replace(
            "Unit Price", "Amount"),
        "it does not grow with the quantity, and is read as the money of the line; set "
        "columns.unit_price in shop.yml",
    ),
    "a number that stands for guests": (
        lambda: orders(*((n, "A", 1, 5, "5.5", (n % 8 and 12000 + n) or 99999) for n in LINES)),
        "customer 99999 has 3 of 24 orders, and its id is unlike all others",
    ),
    "a word that stands for guests": (
        lambda: orders(*((n, "A", 1, 5, "5.5", (n % 8 and n) or "HAUS") for n in LINES)),
        "customer HAUS has 3 of 24 orders, and its id is unlike all others",
    ),
    "hours that are there twice": (
        lambda: orders(*((n, f"P{n % 7}", 1, 5 + n // 3, "5.5", "k") for n in LINES),
                       *((n, f"P{n % 7}", 1, 5 + n // 3, "5.5", "k") for n in range(6, 12))),
        "in.csv row 8: 6 orders in a row, from 2026-01-07 09:00:00 to 2026-01-08 09:00:00, have "
        "each of their lines again, up to row 31, as after a copy and paste, and count twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "price", "is_said"),
    [
        ("10% off - WELCOME10", "-4", True),
        ("UK Next Day Delivery", "6", True),
        ("Promotion SUMMER", "-3", True),
        ("£50 Gift Card", "50", True),
        ("50 EUR Gutschein", "50", True),
        ("Sales Tax", "3", True),
        ("State Tax (8%)", "3", True),
        ("International Shipping", "9", True),
        ("Member discount", "-2", True),
        ("TOY DELIVERY VAN", "6", False),
        ("TAX DISC HOLDER", "3", False),
        ("RED GIFT CARD HOLDER", "3", False),
        ("Bug Off Spray", "3", False),
        ("Promotion Board Game", "3", False),
        ("50 PAPER CUPS", "3", False),
    ],
)
def test_what_is_no_merchandise_behind_a_word_or_an_amount_is_said(
    tmp_path: Path, name: str, price: str, is_said: bool
) -> None:
    text = orders((1, "A", 1, 5, "5", "k"), (1, "X1", 1, 5, price, "k"))
    text = text.replace("X1,MUG", f"X1,{name}")
    said = "\n".join(land(tmp_path, in_csv=text).facts.warnings)
    assert ("1 lines are no merchandise by their names, such as X1, and" in said) is is_said


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_is_said_with_an_example(tmp_path: Path, kind: str) -> None:
    text, said = ODD[kind]
    assert said in "\n".join(land(tmp_path, in_csv=text()).facts.warnings)


def with_column(name: str, *members: str) -> str:
    """Lines of one column more: many empty ones, and one of each member."""
    texts = [*[""] * len(LINES), *members]
    rows = (ROW.format(n, "A", 1, 5 + n % 20, "2.50", n % 7) for n in range(len(texts)))
    lines = (f'{row},"{text}"' for row, text in zip(rows, texts, strict=True))
    return "\n".join([f"{HEADER},{name}", *lines]) + "\n"


@pytest.mark.parametrize(
    ("name", "member", "rule"),
    [
        ("Notes", "Return - damaged", "return"),
        ("Comment", "customer return", "return"),
        ("Kategorie", "Gutschrift", "return"),
        ("Reason", "Refund", "return"),
        ("Tags", "cancelled by Ann", "ignore"),
    ],
)
def test_words_of_a_return_in_any_column_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, member: str, rule: str
) -> None:
    land(tmp_path, in_csv=with_column(name, member))
    assert f"in.csv row 26: {name} is {member}, as in 1 rows, which count as sales of 2.50" in (
        caplog.text
    )
    assert f"set lines.{rule} in shop.yml to \"{name}\" in ('{member}')" in caplog.text


@pytest.mark.parametrize("text", ["return customer", "returns accepted", "Returning", "Returnable"])
def test_other_words_that_begin_alike_are_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    land(tmp_path, in_csv=with_column("Notes", text))
    assert "Notes" not in caplog.text


def test_lines_that_are_parts_of_another_line_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [f"{ROW.format(1, code, 1, 5, '2.50', 'k')},{whole}" for code, whole in
            (("SET", ""), ("A", "SET"), ("B", "SET"))]  # fmt: skip
    land(tmp_path, in_csv="\n".join([f"{HEADER},Parent SKU", *rows]) + "\n")
    said = (
        "in.csv row 3: Parent SKU is SET, another product of the order, as in 2 rows, which count"
    )
    assert said in caplog.text


@pytest.mark.parametrize(("factor", "is_said"), [(2, False), (1, False), (1.9, True)])
def test_other_money_is_said_where_it_is_other_money(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, factor: float, is_said: bool
) -> None:
    rows = [f"{ROW.format(n, 'A', 2, 5, '2.50', 'k')},{2.5 * factor}" for n in LINES]
    land(tmp_path, in_csv="\n".join([f"{HEADER},Amount", *rows]) + "\n")
    said = (
        "in.csv row 2: Amount is 4.75, and the line is read as 5.00 of money, as they differ in 24"
    )
    assert (said in caplog.text) == is_said
    assert ("Amount" in caplog.text) == is_said


def test_which_of_two_dates_was_taken_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dates = [f"2026-01-{6 + n:02}" for n in LINES]
    rows = [f"{ROW.format(n, 'A', 1, 5, '2.50', 'k')},{date}" for n, date in enumerate(dates)]
    text = "\n".join([f"{HEADER},Created At", *rows]) + "\n"
    said = (
        "in.csv row 2: ordered_at is read from Order Date, '2026-01-05', and Created At is "
        "'2026-01-06', as they differ in 24 of 24 rows; set columns.ordered_at in shop.yml"
    )
    land(tmp_path, in_csv=text)
    assert said in caplog.text
    caplog.clear()
    land(tmp_path, "columns: {ordered_at: Order Date}", in_csv=text)
    assert "Created At" not in caplog.text
    # A day of shipping is another one by its name, unless the one taken never changes.
    landing = land(tmp_path, in_csv=text.replace("Created At", "Shipped"))
    assert "dates in other columns: Shipped" in str(landing.files[0].note)
    assert "ordered_at is read from Order Date" in caplog.text
    caplog.clear()
    land(tmp_path, in_csv=text.replace("Created At", "Shipped").replace("-05 09", "-06 09", 9))
    assert "ordered_at" not in caplog.text


@pytest.mark.parametrize(
    ("name", "of_line", "said"),
    [
        ("Order", lambda n: 5000 + n // 2,
         "in.csv row 2: order_id is read from Order No, '0', and Order is '5000': they are 8 "
         "orders by the first, and 4 by the second; set columns.order_id in shop.yml to the one"),
        ("Product ID", lambda n: f"P{n % 2}",
         "product is read from SKU, 'S0', and Product ID is 'P0': they are 4 products by the"),
        ("Email", lambda n: f"{n % 4}@x.com",
         "customer_id is read from Customer, 'k0', and Email is '0@x.com': they are 2 customers "),
        ("Order ID", lambda n: 5000 + n, None),
        ("Email", lambda n: f"{n % 2}@x.com", None),
        ("Email", lambda _: "me@shop.com", None),
    ],
)  # fmt: skip
def test_which_of_two_columns_was_taken_is_said_where_the_other_groups_otherwise(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    of_line: Callable[[int], object],
    said: str | None,
) -> None:
    rows = [ROW.format(n, f"S{n % 4}", 1, 5, "5", f"k{n % 2}") for n in range(8)]
    lines = "\n".join(f"{row},{of_line(n)}" for n, row in enumerate(rows))
    text = f"{HEADER},{name}\n{lines}\n"
    land(tmp_path, in_csv=text)
    assert said in caplog.text if said else "is read from" not in caplog.text
    caplog.clear()
    shop = "columns: {order_id: Order No, product: SKU, customer_id: Customer}"
    land(tmp_path, shop, in_csv=text)
    assert "is read from" not in caplog.text


def test_quantities_that_can_not_be_read_end_in_no_traceback(tmp_path: Path) -> None:
    text = orders(*((n, "A", "2 pcs", 5, "5.5", "k") for n in LINES))
    assert len(shown(land(tmp_path, in_csv=text))) == len(LINES)


def test_days_without_times_make_no_lines_of_one_moment(tmp_path: Path) -> None:
    text = orders(*((n, f"P{n}", 1, 5, "5.5", "k") for n in LINES)).replace("09:00", "00:00")
    assert "number of its own" not in "\n".join(land(tmp_path, in_csv=text).facts.warnings)


def test_money_of_orders_on_each_of_their_lines_is_said(tmp_path: Path) -> None:
    header = HEADER.replace("Unit Price", "Total")
    rows = [ROW.format(o, f"A{i}", i + 1, 5, 10 + o, "k") for o in range(9) for i in range(3)]
    landing = land(tmp_path, in_csv="\n".join([header, *rows]) + "\n")
    assert "9 of 9 orders with several lines have the same money" in "\n".join(
        landing.facts.warnings
    )


def test_an_order_that_two_files_have_otherwise_is_said(tmp_path: Path) -> None:
    first, other = orders((1, "A", 1, 5, "5", "k")), orders((1, "A", 2, 5, "5", "k"))
    said = "1 orders have products in other quantities or prices in another file, such as 1"
    assert said in "\n".join(land(tmp_path, a_csv=first, b_csv=other).facts.warnings)
    assert said not in "\n".join(land(tmp_path, a_csv=first, b_csv=first).facts.warnings)


@pytest.mark.parametrize("name", ["returns", "Gutschriften 2026", "cancelled_orders", "budget"])
def test_a_file_of_no_sales_by_its_name_is_said(tmp_path: Path, name: str) -> None:
    files = {"orders_csv": orders((1, "A", 1, 5, "5", "k")), f"{name.replace('_', '-')}_csv": ""}
    files |= {one: orders((2, "A", 1, 6, "5", "k")) for one, text in files.items() if not text}
    said = "is of no sales by its name, and 1 lines of it count as sales of 5.00"
    assert said in "\n".join(land(tmp_path, **files).facts.warnings)


@pytest.mark.parametrize("part", [("09:00:00", "09:00:09"), (",k,", ",,"), ("MUG", "CUP")])
def test_lines_that_another_file_has_a_little_otherwise_are_said(
    tmp_path: Path, part: tuple[str, str]
) -> None:
    text = orders((1, "A", 1, 5, "5", "k"))
    said = "1 orders have lines that another file has with another time, customer, name or country"
    found = land(tmp_path, a_csv=text, b_csv=text.replace(*part)).facts.warnings
    assert said in "\n".join(found)
    same = land(tmp_path, a_csv=text, b_csv=text.replace("09:00:00", "09:00")).facts.warnings
    assert said not in "\n".join(same)


def test_quantities_that_would_all_be_thousands_are_refused(tmp_path: Path) -> None:
    text = orders(*((n, "A", f'"{n},000"', 5, "2.50", "k") for n in range(1, 7)))
    with pytest.raises(IngestError, match=r"row 2: the quantity '1,000' would be .*all 6.*decimal"):
        land(tmp_path, in_csv=text)
    landing = land(tmp_path, 'columns: {quantity: {from: Qty, decimal: ","}}', in_csv=text)
    assert shown(landing, ["quantity"])[0] == ("1.000",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("shop.de", "k,UK"), ("shop.de", "k,UK")),
        ((",k,UK", ",Ann@X.com,GB"), (",k,UK", ",ann@x.com,United Kingdom")),
        ((",k,UK", ",7,UK"), (",k,UK", ",7.0,UK")),
        ((",k,UK", ",,UK"), (",k,UK", ",guest,UK")),
    ],
)
def test_lines_that_are_copies_for_the_models_are_no_others(
    tmp_path: Path, one: tuple[str, str], other: tuple[str, str]
) -> None:
    text = orders((1, "A", 1, 5, "5", "k"), (1, "A", 1, 5, "5", "k"), (2, "B", 1, 6, "5", "z"))
    text = text.replace("MUG", "CUP", 1)
    found = land(tmp_path, a_csv=text.replace(*one), b_csv=text.replace(*other)).facts.warnings
    assert "another file has" not in "\n".join(found)


OVERLAP = [(n, "ABC"[n % 3], 1, 5 + n, "2.50", f"k{n}") for n in range(12)]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ([*OVERLAP[:4], (3, "D", 1, 8, "4", "k3")],
         "1 orders have products in one file that they lack in another, such as 3 in in/a.csv and "
         "in/b.csv: all count; take away the file that is out of date"),
        ([*OVERLAP[:3], (3, "A", 1, 9, "2.50", "k3")],
         "1 orders are in two files with the same products on different days, such as 3 in "
         "in/a.csv and in/b.csv: both count; take away the file that is out of date"),
        ([*OVERLAP[:4], *OVERLAP[6:]],
         "2 orders, such as 4 on 2026-01-09 in in/a.csv, have no line that counts in in/b.csv, "
         "which has most others of those days again"),
        ([*OVERLAP[8:], (20, "A", 1, 18, "5", "k")], None),
        ([(n, "D", 1, 5 + n, "7", f"z{n}") for n in range(12)], None),
        ([(n, "ABC"[n % 3], -1, 9 + n, "2.50", f"k{n}") for n in range(6)], None),
        ([(30 + n, "A", 1, 5 + n, "2.50", "k") for n in range(12)], None),
    ],
)  # fmt: skip
def test_orders_that_two_files_have_otherwise_are_said(
    tmp_path: Path, other: Sequence[Sequence[object]], said: str | None
) -> None:
    """An overlap, a second store's numbers, refunds and another channel's orders are none."""
    landing = land(tmp_path, a_csv=orders(*OVERLAP), b_csv=orders(*other))
    told = "\n".join(landing.facts.warnings)
    assert said in told if said else ("in another, such" not in told and "counts in" not in told)


def test_years_in_front_with_two_digits_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{n},A,MUG,1,26-01-{n:02},2.50,k,UK\n" for n in range(3, 12))
    with pytest.raises(IngestError, match=r"'26-01-03' seems to have its year in front.*%y-%m-%d"):
        land(tmp_path, in_csv=f"{HEADER}\n{rows}")
    shop = 'columns: {ordered_at: {format: "%y-%m-%d"}}'
    landing = land(tmp_path, shop, in_csv=f"{HEADER}\n{rows}")
    assert shown(landing, ["invoice_date"])[0] == ("2026-01-03 00:00:00",)


@pytest.mark.parametrize(
    "days",
    [
        ["25-11-03"],
        ["25-11-03", "25-11-04", "25-11-05", "25-11-06"],
        ["25-11-03", "25-11-04", "99-99-99"],
    ],
)
def test_a_few_dates_whose_year_may_be_in_front_are_refused_and_a_setting_reads_them(
    tmp_path: Path, days: Sequence[str]
) -> None:
    text = f"{HEADER}\n{''.join(f'{d},A,MUG,1,{d} 10:00,2.50,k,UK' + chr(10) for d in days)}"
    message = r"in.csv row 2: InvoiceDate '25-11-03 10:00' may be of 2025 or of 2003.*%y-%m-%d.*"
    with pytest.raises(IngestError, match=message):
        land(tmp_path, in_csv=text)
    for written, landed in (
        ("%y-%m-%d", "2025-11-03 10:00:00"),
        ("%d-%m-%y", "25-11-2003 10:00:00"),
    ):
        shop = f'columns: {{ordered_at: {{format: "{written}"}}}}'
        assert shown(land(tmp_path, shop, in_csv=text), ["invoice_date"])[0] == (landed,)


@pytest.mark.parametrize(
    ("days", "more"),
    [
        (["26.11.25", "27.11.25", "28.11.25"], []),
        (["25.11.25"], []),
        (["26.11.25"], ["3.12.25"]),
        (["26.11.25", "3.12.25"], []),
        (["26.11.25"], ["03.12.25", "14.12.25"]),
    ],
)
def test_a_few_dates_whose_year_is_behind_are_read(
    tmp_path: Path, days: Sequence[str], more: Sequence[str]
) -> None:
    one, other = (
        f"{HEADER}\n" + "".join(f"{n}{day},A,MUG,1,{day},2.50,k,UK\n" for day in some)
        for n, some in enumerate((days, more or days))
    )
    (first, *_) = shown(land(tmp_path, one_csv=one, other_csv=other), ["invoice_date"])
    assert first == (f"{days[0][:-2]}2025",)


def test_texts_whose_day_and_month_a_spreadsheet_has_swapped_are_refused(tmp_path: Path) -> None:
    days = [dt.date(2026, 1, day) for day in range(1, 29)]
    written = [f"{d:%m/%d/%Y}" if d.day <= 12 else f"{d:%d/%m/%Y}" for d in days]
    rows = "".join(f"{n},A,MUG,1,{given},2.50,k,UK\n" for n, given in enumerate(written))
    with pytest.raises(IngestError, match="spreadsheet has swapped day and month of some"):
        land(tmp_path, in_csv=f"{HEADER}\n{rows}")


@pytest.mark.parametrize(
    "name",
    ["Store", "Type", "Line Total", "Is Return", "Belegart", "Curr.", "Statut",
     "Storniert", "Vch Type", "Price excl. VAT", "Net Price", "Discounted Price"],
)  # fmt: skip
def test_a_column_that_may_matter_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    rows = [f"{ROW.format(1, 'A', 1, 5, '2.50', 'k')},{word}\n" for word in ("7", "8")]
    land(tmp_path, in_csv=f"{HEADER},{name}\n{''.join(rows)}")
    other_money = f"in.csv row 2: {name} is 7.00, and the line is read as 2.50 of money"
    assert f"in.csv: {name} not read, and may say which lines count" in caplog.text or (
        other_money in caplog.text
    )


@pytest.mark.parametrize(
    ("name", "fine", "void"),
    [
        ("Статус", "Выполнен", "Отменён"),
        ("Статус заказа", "Доставлен", "Отменен покупателем"),
        ("订单状态", "交易成功", "交易关闭"),
        ("주문상태", "배송완료", "취소완료"),
        ("Stav", "Doručeno", "Zrušeno"),
        ("Stan", "Zrealizowane", "Anulowane"),
        ("Állapot", "Teljesítve", "Törölve"),
        ("Κατάσταση", "Ολοκληρώθηκε", "Ακυρώθηκε"),
        ("ステータス", "発送済み", "キャンセル"),
        ("Trạng thái", "Đã giao", "Đã hủy"),
        ("Stare comandă", "Livrată", "Anulată"),
        ("Durum", "Teslim edildi", "İptal edildi"),
        ("Anything", "Palaute", "交易关闭"),
    ],
)
def test_a_status_in_another_language_is_understood(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, fine: str, void: str
) -> None:
    rows = [ROW.format(n, "A", 1, 5, "2.50", "k") for n in range(3)]
    text = "\n".join([f"{HEADER},{name}", *(f"{row},{fine}" for row in rows)]) + "\n"
    land(tmp_path, in_csv=text)
    assert name not in caplog.text
    land(tmp_path, in_csv=f"{text}{ROW.format(4, 'A', 1, 5, '2.50', 'k')},{void}\n")
    assert f"in.csv row 5: {name} is {void}, as in 1 rows, which count as sales" in caplog.text


@pytest.mark.parametrize("name", ["Dto.", "% off", "Zniżka", "할인", "Ermäßigung", "Pct Off"])
def test_a_discount_under_another_name_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    rows = [f"{ROW.format(1, 'A', 1, 5, '2.50', 'k')},{word}\n" for word in ("7", "8")]
    land(tmp_path, in_csv=f"{HEADER},{name}\n{''.join(rows)}")
    assert f"in.csv: {name} not read, and may say which lines count" in caplog.text


@pytest.mark.parametrize("name", ["Money", "CCY", "Cur", "Waluta", "通貨"])
def test_two_currencies_under_another_name_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    rows = [f"{ROW.format(1, 'A', 1, 5, '2.50', 'k')},{word}\n" for word in ("EUR", "USD")]
    land(tmp_path, in_csv=f"{HEADER},{name}\n{''.join(rows)}")
    assert f"in.csv: {name} not read, and may say" in caplog.text


@pytest.mark.parametrize("name", ["order_currency_code", "Transaction Currency", "WAERK"])
def test_two_currencies_under_the_name_of_a_program_are_refused(tmp_path: Path, name: str) -> None:
    rows = [f"{ROW.format(1, 'A', 1, 5, '2.50', 'k')},{word}\n" for word in ("EUR", "USD")]
    with pytest.raises(IngestError, match=rf"{name} is .*, as in 1 rows, and .* in 1; convert"):
        land(tmp_path, in_csv=f"{HEADER},{name}\n{''.join(rows)}")


@pytest.mark.parametrize(
    ("name", "first", "other", "said"),
    [
        ("Exchange Rate", "1.0", "1.25", "Exchange Rate not read, and may say"),
        ("Exchange Rate", "1.0", "1.00", ""),
        ("__op", "c", "d", '__op is d, as in 1 rows.*lines.ignore in shop.yml to "__op" in'),
        ("_change_type", "insert", "update_preimage", "_change_type is update_preimage, as in 1"),
        ("Op", "A", "D", ""),
        ("test", "false", "true", "test is true, as in 1 rows"),
    ],
)
def test_rates_changes_and_tests_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture,
    name: str, first: str, other: str, said: str,
) -> None:  # fmt: skip
    rows = [f"{ROW.format(1, 'A', 1, 5, '2.50', 'k')},{word}\n" for word in (first, other)]
    land(tmp_path, in_csv=f"{HEADER},{name}\n{''.join(rows)}")
    told = "\n".join(line for line in caplog.messages if name in line)
    assert re.search(said, told) if said else not told


@pytest.mark.parametrize(("shown_as", "is_said"), [("17.50", False), ("12.00", True)])
def test_the_money_of_an_order_on_each_of_its_lines_is_no_other_money(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, shown_as: str, is_said: bool
) -> None:
    """15.00 and shipping are more than the lines have; less is a discount on the order."""
    rows = "".join(
        f"{ROW.format(n, code, 1, 5, price, 'k')},{shown_as}\n"
        for n in range(6) for code, price in (("A", "10.00"), ("B", "5.00"))
    )  # fmt: skip
    land(tmp_path, in_csv=f"{HEADER},Total\n{rows}")
    assert ("Total is 12.00, and the line is read as 10.00" in caplog.text) is is_said
    assert ("Total is" in caplog.text) is is_said


@pytest.mark.parametrize(("code", "is_said"), [("L{n}", True), ("A{m}", False)])
def test_numbers_of_lines_in_place_of_products_are_said(
    tmp_path: Path, code: str, is_said: bool
) -> None:
    rows = [(n, code.format(n=n, m=n % 7), 1, 1 + n % 28, "5", "k") for n in range(60)]
    told = "\n".join(land(tmp_path, in_csv=orders(*rows)).facts.warnings)
    assert ("each of 60 lines has a product of its own, such as L0" in told) is is_said


@pytest.mark.parametrize(
    "spellings",
    [
        ("United Kingdom", "Spojené království", "Великобритания", "イギリス", "Iso-Britannia"),
        ("Germany", "Almanya", "Německo", "Saksa", "DEU", "Germany (DE)"),
        ("Royaume-Uni", "royaume uni", "United Kingdom of Great Britain and Northern Ireland"),
        ("Turkey", "Türkiye", "TR", "Turkiye"),
        ("Ireland", "Republic of Ireland", "EIRE", "Ireland (Republic of)"),
        ("UAE", "AE", "U.A.E.", "United Arab Emirates (the)"),
        ("Netherlands", "The Netherlands", "Netherlands (Kingdom of the)", "NL"),
        ("Hong Kong", "HK", "Hong Kong SAR China"),
        ("South Korea", "Korea (the Republic of)", "Korea, Republic of", "Republic of Korea"),
        ("Vietnam", "Viet Nam"),
        ("Côte d'Ivoire", "Cote d’Ivoire", "Ivory Coast", "CI"),
        ("Bosnia & Herzegovina", "Bosnia and Herzegovina"),
    ],
)
def test_a_country_in_other_languages_is_one(spellings: Sequence[str]) -> None:
    assert len({one.country for one in unify(dict.fromkeys(spellings, 1))}) == 1


@pytest.mark.parametrize(("one", "other"), [("South Korea", "North Korea"), ("Niger", "Nigeria")])
def test_countries_with_names_alike_are_two(one: str, other: str) -> None:
    assert len({country.country for country in unify({one: 1, other: 1})}) == 2


def from_countries(*names: str) -> str:
    """A line from each country, of an order of its own."""
    rows = (ROW.format(n, "A", 1, 5, "5", n)[:-2] + name for n, name in enumerate(names))
    return "\n".join([HEADER, *rows]) + "\n"


def test_a_word_for_nothing_is_no_country_and_none_to_be_at_home_in(tmp_path: Path) -> None:
    text = from_countries("N/A", "N/A", "Unspecified", "Unspecified", "Germany", "Namibia", "NA")
    facts = land(tmp_path, in_csv=text).facts
    assert facts.home_country in {"Germany", "Namibia"}
    assert {one.spelling for one in facts.countries} == {"Unspecified", "Germany", "Namibia"}
    assert "are one country" not in "\n".join(facts.warnings)


def test_parts_of_a_country_and_names_of_none_are_said(tmp_path: Path) -> None:
    text = from_countries("United Kingdom", "England", "Scotland", "Atlantis", "Unspecified")
    said = "\n".join(land(tmp_path, in_csv=text).facts.warnings)
    assert (
        "country: England, Scotland are parts of United Kingdom, and count as countries of their "
        'own; to have them as one, set columns.country.sql in shop.yml to "case when COLUMN in '
        "('England', 'Scotland') then 'United Kingdom' else COLUMN end\""
    ) in said
    assert "country: 1 names are in no list of countries, such as Atlantis, and count as" in said
    said = "\n".join(land(tmp_path, in_csv=from_countries("England", "France")).facts.warnings)
    assert "parts of" not in said
    assert "no list" not in said


# Forms of files ------------------------------------------------------------------------------

RECORD = dict(zip(NAMES, ("1", "A", "MUG", "2", "2026-01-05", "2.50", "k", "UK"), strict=True))
ORDER = {
    "order_id": "1", "created_at": "2026-01-05", "customer": {"id": "k"},
    "shipping_address": {"country": "UK"}, "tax_lines": [{"rate": 0.2}, {"rate": 0.1}],
    "line_items": [
        {"id": 7, "sku": "A", "quantity": 2, "price": "2.50"},
        {"id": 8, "sku": "B", "quantity": 1, "price": "1.50"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
def test_an_array_of_json_objects_is_read(tmp_path: Path, indent: int | None) -> None:
    landing = land(tmp_path, in_json=json.dumps([RECORD, RECORD], indent=indent))
    assert shown(landing, ["stock_code", "unit_price"]) == [("A", "2.50")] * 2


@pytest.mark.parametrize(
    "text", [json.dumps(ORDER), json.dumps([ORDER]), json.dumps({"orders": [ORDER]})]
)
def test_nested_orders_become_a_row_a_line(tmp_path: Path, text: str) -> None:
    landing = land(tmp_path, in_json=text)
    fields = ["invoice_no", "stock_code", "quantity", "unit_price", "customer_id", "country"]
    assert shown(landing, fields) == [
        ("1", "A", "2", "2.50", "k", "UK"), ("1", "B", "1", "1.50", "k", "UK"),
    ]  # fmt: skip


def test_json_with_a_value_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="has no JSON objects with a name for each value"):
        land(tmp_path, in_jsonl='{"": "x", "order": "1"}\n')


def test_json_beside_data_is_no_data(tmp_path: Path) -> None:
    csv = orders((1, "A", 1, 5, "2.50", "k"))
    assert len(land(tmp_path, a_csv=csv, settings_json="{}").files) == 1


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (HEADER, "{n},{row}"),  # R names its rows, and the header has no name for them
        (HEADER, "{row},"),
        (f"{HEADER},", "{row}"),
        (f"{HEADER},", "{row},"),
    ],
)
def test_rows_of_another_width_than_the_header_are_read(
    tmp_path: Path, header: str, form: str
) -> None:
    rows = [ROW.format(n, "A", 1, 5, "2.50", "k") for n in range(1, 31)]
    lines = [form.format(n=n, row=row) for n, row in enumerate(rows, start=1)]
    landing = land(tmp_path, in_csv="\n".join([header, *lines]))
    columns = ["invoice_no", "stock_code", "unit_price", "country", "parse_error"]
    assert shown(landing, columns)[:2] == [(n, "A", "2.50", "UK", None) for n in "12"]


def test_rows_with_a_decimal_comma_in_two_fields_are_no_rows_with_names(tmp_path: Path) -> None:
    rows = "".join(f"{ROW.format(9, 'A', 1, 5, '2,50', 'k')}\n" for _ in range(3))
    landing = land(tmp_path, in_csv=f"{HEADER}\n{rows}")
    assert shown(landing, ["parse_error"]) == [("expected 8 fields, found 9",)] * 3


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for i, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{i}")
        for row in rows:
            sheet.append(list(row))
    text = io.BytesIO()
    book.save(text)
    return text.getvalue()


CELLS = [1, "A", "MUG", 2, dt.datetime(2026, 1, 5), 2.5, "k", "UK"]


def test_sheets_in_another_order_of_columns_are_read_with_settings_too(tmp_path: Path) -> None:
    content = workbook([NAMES, CELLS], [NAMES[::-1], CELLS[::-1]])
    landing = land(tmp_path, "shop: {timezone: Europe/London}", in_xlsx=content)
    assert shown(landing, ["stock_code", "unit_price"]) == [("A", "2.5")] * 2


def test_a_column_to_be_looked_into_refuses_no_sheet_without_it(tmp_path: Path) -> None:
    content = workbook([NAMES, CELLS], [[*NAMES, "Status"], [*CELLS, "void"]])
    assert len(shown(land(tmp_path, in_xlsx=content))) == 2


def test_a_sheet_with_other_columns_is_not_dropped_in_silence(tmp_path: Path) -> None:
    content = workbook([NAMES, CELLS], [[*NAMES, "Store"], [*CELLS, "x"]])
    with pytest.raises(IngestError, match=r"#s1 has other columns .*save each as a file"):
        land(tmp_path, "shop: {timezone: Europe/London}", in_xlsx=content)


def test_other_workbooks_are_read(tmp_path: Path) -> None:
    assert len(shown(land(tmp_path, in_xlsm=workbook([NAMES, CELLS])))) == 1
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in ("{}",) * 8
    )
    rows = "".join(
        f"<table:table-row>{cells.format(*row)}</table:table-row>"
        for row in (NAMES, ("1", "A", "MUG", "2", "2026-01-05", "2.50", "k", "UK"))
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("META-INF/manifest.xml", '<manifest xmlns="x"/>')
        file.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="s">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    landing = land(tmp_path / "ods", in_ods=content.getvalue())
    assert shown(landing, ["stock_code", "unit_price"]) == [("A", "2.50")]


def test_a_workbook_with_two_members_of_one_name_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO(workbook([NAMES, CELLS]))
    with (
        zipfile.ZipFile(content, "a") as packed,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        packed.writestr("xl/worksheets/sheet1.xml", packed.read("xl/worksheets/sheet1.xml"))
    with pytest.raises(IngestError, match=r"it has xl/worksheets/sheet1\.xml twice\); save it"):
        land(tmp_path, in_xlsx=content.getvalue())


@pytest.mark.parametrize(
    ("name", "start"), [("zip", b"PK\3\4"), ("Zstandard", b"\x28\xb5\x2f\xfd"), ("bzip2", b"BZh9")]
)
def test_what_is_packed_otherwise_is_refused_by_its_name(
    tmp_path: Path, name: str, start: bytes
) -> None:
    with pytest.raises(IngestError, match=rf"in\.csv is packed as {name}; unpack it"):
        land(tmp_path, in_csv=start + b"x" * 99)


REFUNDS = "shop: {currency: EUR, home_country: Germany}\nreturns: {path: %s}"


@pytest.mark.parametrize("named", ["in/b.csv", "in/../in/b.csv", "link/b.csv"])
@pytest.mark.parametrize("source", ["in", "link"])
def test_a_file_of_returns_is_no_file_of_sales_too_whatever_way_leads_to_it(
    tmp_path: Path, named: str, source: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "in")
    write(tmp_path / "in/a.csv", orders(("1", "A", 2, 15, "5.00", "ann")))
    write(tmp_path / "in/b.csv", orders(("1", "A", 1, 20, "5.00", "ann")))
    write(tmp_path / "shop.yml", REFUNDS % named)
    where = {"RETAIL_SOURCE": str(tmp_path / source)}
    landing = land_project(tmp_path, tmp_path / "landed", environ=where)
    assert [row[0] for row in shown(landing, ("quantity",))] == ["-1", "2"]


def test_a_file_of_returns_alone_is_no_shop(tmp_path: Path) -> None:
    lines = orders(("1", "A", 1, 20, "5.00", "ann"))
    with pytest.raises(IngestError, match=r"shop\.yml names .*a\.csv under join or returns, and"):
        land(tmp_path, REFUNDS % "in/a.csv", a_csv=lines)


@pytest.mark.parametrize("rule", ["Country", "lower(Country) = 1"])
def test_an_expression_of_the_wrong_kind_is_told_by_its_setting(tmp_path: Path, rule: str) -> None:
    lines = orders(("1", "A", 1, 20, "5.00", "ann"))
    told = r"(?i)^cannot read .*not convert string 'uk' to .*; see to it that lines\.return in "
    with pytest.raises(IngestError, match=told):
        land(tmp_path, f"lines: {{return: {rule}}}", a_csv=lines)
