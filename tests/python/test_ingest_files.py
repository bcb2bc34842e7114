"""Files as people have them: names of columns, dates and numbers in other forms, read right."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from pathlib import Path

import duckdb
import openpyxl
import pytest

from retail import ingest
from retail.ingest import workspace
from retail.ingest.columns import PUBLIC_FIELDS, PUBLIC_NAMES
from test_ingest_support import GOOD, HEADER, LINE, land, read, refusal, shown, write

ROW = "536365,85123A,WHITE HEART,6,{},2.55,17850,France"


def column(field: str, source: Path, tmp_path: Path) -> list[object]:
    """The landed values of a field."""
    return [row[PUBLIC_FIELDS.index(field)] for row in read(source, tmp_path)]


def dates(tmp_path: Path, *texts: str) -> list[object]:
    """What dates are landed as."""
    quoted = (ROW.format(f'"{text}"') for text in texts)
    source = write(tmp_path / "in.csv", "\n".join([HEADER, *quoted]) + "\n")
    return column("invoice_date", source, tmp_path)


def prices(tmp_path: Path, *texts: str) -> list[object]:
    """What prices are landed as."""
    lines = [HEADER.replace(",", ";")]
    lines += [f"536365;85123A;HEART;6;2010-12-01;{text};17850;France" for text in texts]
    return column("unit_price", write(tmp_path / "in.csv", "\n".join(lines) + "\n"), tmp_path)


# ------------------------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    ("given", "landed"),
    [
        ("12/13/10 8:26", "12/13/2010 08:26:00"),
        ("13.12.99", "13.12.1999"),
        ("12/13/2010 9:02:00 AM", "12/13/2010 09:02:00"),
        ("12/13/2010 12:15 am", "12/13/2010 00:15:00"),
        ("12/13/2010 12:15:07 PM", "12/13/2010 12:15:07"),
        ("2010/12/01 8:26", "2010-12-01 08:26:00"),
        ("1-Dec-2010", "2010-12-01"),
        ("Dec 1, 2010 8:26 PM", "2010-12-01 20:26:00"),
        ("Wednesday, 1 December 2010 08:26", "2010-12-01 08:26:00"),
        ("3. März 2011", "2011-03-03"),
    ],
)
def test_a_date_is_landed_as_the_models_read_it(tmp_path: Path, given: str, landed: str) -> None:
    assert dates(tmp_path, given) == [landed]


def test_what_the_models_read_and_what_is_no_date_stays_as_it_is(tmp_path: Path) -> None:
    given = [
        "12/13/2010 8:26",
        "2010-12-01T08:26:00Z",
        "2010-12-01 08:26:00.500",
        "soon",
        "13/Foo/10",
    ]
    assert dates(tmp_path, *given) == given


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (["40513.376389", "40544"], "days of a spreadsheet"),
        (["1291194120", "1293840000"], "seconds since 1970"),
        (["1291194120000", "1293840000000"], "milliseconds since 1970"),
    ],
)
def test_numbers_that_are_moments_are_read_and_said(
    tmp_path: Path, given: Sequence[str], word: str
) -> None:
    assert dates(tmp_path, *given) == ["2010-12-01 09:02:00", "2011-01-01 00:00:00"]
    (file,) = land(tmp_path / "in.csv", tmp_path).files
    assert word in str(file.note)


def test_one_text_among_numbers_makes_none_of_them_a_moment(tmp_path: Path) -> None:
    assert dates(tmp_path, "40513.376389", "2010-12-01") == ["40513.376389", "2010-12-01"]


@pytest.mark.parametrize(
    ("date", "time", "landed"),
    [
        ("2010-12-01", "09:02", "2010-12-01 09:02"),
        ("2010-12-01 00:00:00", "09:02:05", "2010-12-01 09:02:05"),
        ("12/13/2010", "9:02 PM", "12/13/2010 21:02:00"),
        ("2010-12-01", "", "2010-12-01"),
    ],
)
def test_a_time_in_a_column_of_its_own_joins_its_date(
    tmp_path: Path, date: str, time: str, landed: str
) -> None:
    header = "Invoice,StockCode,Quantity,Purchase Date,Purchase Time,Price,Customer ID,Country"
    line = f"536365,85123A,6,{date},{time},2.55,17850,France"
    source = write(tmp_path / "in.csv", f"{header}\n{line}\n")
    assert column("invoice_date", source, tmp_path) == [landed]
    broken = write(tmp_path / "broken.csv", f'{header}\n{line}\n"half\n')
    assert column("invoice_date", broken, tmp_path)[0] == landed


def test_a_time_cell_of_a_workbook_joins_its_date(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active
    book.active.append(["Invoice", "StockCode", "Quantity", "Date", "Time", "Price", "Country"])
    book.active.append(["1", "A", 6, dt.date(2010, 12, 1), dt.time(9, 2), 2.55, "France"])
    book.save(tmp_path / "in.xlsx")
    (landed,) = column("invoice_date", tmp_path / "in.xlsx", tmp_path)
    assert str(landed) == "2010-12-01 09:02:00"


# ---------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("given", "landed"),
    [
        (
            ["£2.55", "£3,578.27", "-5", "(4.50)", "2.50-"],
            ["2.55", "3578.27", "-5", "-4.50", "-2.50"],
        ),
        (["2,55", "1.234,50", "1.234", "12,5 €"], ["2.55", "1234.50", "1234", "12.5"]),
        (["1'234.50", "1 234.5", "2.55 EUR"], ["1234.50", "1234.5", "2.55"]),
        (["1.234.567", "5"], ["1234567", "5"]),
        (["0,125", "1,250"], ["0.125", "1.250"]),
        (["40€00", "1.234€50", "-15 € 50"], ["40.00", "1234.50", "-15.50"]),
        (["2£50", "15.25"], ["2.50", "15.25"]),
        (["40 00", "1 2.50", "5'0000", "40 € 5"], ["40 00", "1 2.50", "5'0000", "40 € 5"]),
        (["1 234 567", "12 34 567.5", "5 000 €"], ["1234567", "1234567.5", "5000"]),
    ],
)
def test_numbers_are_landed_with_a_point_and_no_grouping(
    tmp_path: Path, given: Sequence[str], landed: Sequence[str]
) -> None:
    assert prices(tmp_path, *given) == landed


def test_numbers_that_may_be_read_in_two_ways_are_refused_with_the_setting(tmp_path: Path) -> None:
    lines = [HEADER.replace(",", ";"), "1;A;HEART;6;2010-12-01;1,234;17850;France"]
    source = write(tmp_path / "in.csv", "\n".join(lines) + "\n")
    assert refusal(source, tmp_path) == (
        "in.csv row 2: '1,234' may be a thousand or have three decimals, and so may 1 numbers of "
        'the file, without one that decides; set columns.unit_price.decimal in shop.yml to "." or '
        '","'
    )


def test_numbers_in_both_forms_are_refused_with_a_row_of_each(tmp_path: Path) -> None:
    lines = [HEADER.replace(",", ";")]
    lines += [f"1;A;HEART;6;2010-12-01;{price};17850;France" for price in ("2,55", "2.55")]
    message = refusal(write(tmp_path / "in.csv", "\n".join(lines) + "\n"), tmp_path)
    assert "row 2: '2,55' has a decimal comma" in message
    assert "row 3: '2.55' a decimal point" in message


def test_a_stray_number_of_the_other_form_stays_and_is_malformed_later(tmp_path: Path) -> None:
    assert prices(tmp_path, *["2,55"] * 40, "2.5") == [*["2.55"] * 40, "2.5"]


# ---------------------------------------------------------------------- columns and headers


def test_german_headers_are_read(tmp_path: Path) -> None:
    header = "Rechnungsnr;Artikelnr;Bezeichnung;Menge;Datum;Preis;Kundennr;Land"
    source = write(
        tmp_path / "in.csv", f"{header}\n1;A;HERZ;6;13.12.2010 08:26;2,55;7;Österreich\n"
    )
    assert read(source, tmp_path) == [
        ("1", "A", "HERZ", "6", "13.12.2010 08:26", "2.55", "7", "Österreich")
    ]


def test_the_surest_name_of_a_column_wins(tmp_path: Path) -> None:
    header = "Order ID,Date,Order Date,SKU,Item,Product Name,Qty,Unit Price,Country"
    line = "1,2001-01-01,2010-12-01,A,short,LONG NAME,6,2.55,France"
    source = write(tmp_path / "in.csv", f"{header}\n{line}\n")
    assert read(source, tmp_path) == [
        ("1", "A", "LONG NAME", "6", "2010-12-01", "2.55", None, "France")
    ]


def test_titles_above_the_header_are_passed_over(tmp_path: Path) -> None:
    line = ROW.format("12/13/2010 8:26")
    text = f"Sales export,,,,,,,\n\n{HEADER}\n{line}\n"
    expected = tuple(line.split(","))
    assert read(write(tmp_path / "in.csv", text), tmp_path) == [expected]
    book = openpyxl.Workbook()
    assert book.active
    for row in (["Sales export"], [], HEADER.split(","), line.split(",")):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    assert read(tmp_path / "in.xlsx", tmp_path) == [expected]


def test_what_a_missing_column_means_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = write(
        tmp_path / "in.csv",
        "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice\n1,A,6,2010-12-01,2.55\n",
    )
    with caplog.at_level(logging.WARNING):
        assert read(source, tmp_path) == [("1", "A", None, "6", "2010-12-01", "2.55", None, None)]
    (warning,) = [record.message for record in caplog.records]
    assert "every order counts as of an unknown country" in warning
    assert "every order counts as a guest's" in warning


def test_columns_that_may_matter_and_are_not_read_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = ROW.format("2010-12-01")
    source = write(
        tmp_path / "in.csv",
        f"{HEADER},Status,Refunded Amount,Voided,Colour\n{line},x,2.5,0,red\n{line},y,0,,red\n",
    )
    with caplog.at_level(logging.WARNING):
        land(source, tmp_path)
    amount, warning = [record.message for record in caplog.records]
    assert "in.csv row 2: Refunded Amount is 2.5, as in 1 rows, and is not taken off" in amount
    assert "in.csv: Status not read" in warning
    assert "Colour" not in amount + warning
    assert "Voided" not in amount + warning


def test_folders_name_the_country_that_a_file_lacks(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table lines as select '1' as InvoiceNo, 'A' as StockCode, 'X' as Description,"
            " '6' as Quantity, '2010-12-13' as InvoiceDate, '2.55' as UnitPrice, '7' as CustomerID,"
            " unnest(['Channel Islands', 'EIRE']) as Country"
        )
        target = tmp_path / "in"
        connection.execute(f"copy lines to '{target}' (format parquet, partition_by (Country))")
    assert column("country", target, tmp_path) == ["Channel Islands", "EIRE"]


def test_files_of_one_country_each_have_the_order_of_the_others(tmp_path: Path) -> None:
    days = [f"{month}/{day}/2011 9:00" for month in range(1, 13) for day in range(1, 29)]
    folder = tmp_path / "in"
    for name, some in {"uk": days, "de": days[::9], "dk": ["8/10/2011 9:00"]}.items():
        write(folder / f"{name}.csv", "\n".join([HEADER, *map(ROW.format, some)]) + "\n")
    landing = land(folder, tmp_path)
    assert {file.date_order for file in landing.files} == {"month first"}


def test_ids_that_became_decimals_lose_their_point(tmp_path: Path) -> None:
    line = "500001.0,20210.0,X,6,2010-12-01,2.55,17850.0,France"
    source = write(tmp_path / "in.csv", f"{HEADER}\n{line}\n")
    landing = land(source, tmp_path)
    assert shown(landing, ["invoice_no", "stock_code"]) == [("500001", "20210")]
    assert "end in .0" in str(landing.files[0].note)


def test_a_code_that_is_a_decimal_among_whole_ones_stays(tmp_path: Path) -> None:
    lines = [f"1,{code},X,6,2010-12-01,2.55,7,France" for code in ("20210", "2.0")]
    source = write(tmp_path / "in.csv", "\n".join([HEADER, *lines]) + "\n")
    assert column("stock_code", source, tmp_path) == ["20210", "2.0"]


@pytest.mark.parametrize(
    ("codes", "landed"),
    [
        (["20210", "20210.0", "85123A"], ["20210", "20210", "85123A"]),
        (["2", "2.0", "1.5"], ["2", "2.0", "1.5"]),
        (["2.0", "3.0"], ["2", "3"]),
    ],
)
def test_a_code_with_and_without_a_point_is_one(
    tmp_path: Path, codes: Sequence[str], landed: Sequence[str]
) -> None:
    lines = [f"1,{code},X,6,2010-12-01,2.55,7,France" for code in codes]
    source = write(tmp_path / "in.csv", "\n".join([HEADER, *lines]) + "\n")
    assert column("stock_code", source, tmp_path) == landed


def test_order_numbers_lose_a_point_and_codes_of_two_files_are_said(tmp_path: Path) -> None:
    line = "{},{},X,6,2010-12-01,2.55,7,France"
    for name, rows in (("a", [(1001, "20210")]), ("b", [(1002, "20211"), ("1003.0", "20210.0")])):
        text = "\n".join([HEADER, *(line.format(*row) for row in rows)]) + "\n"
        write(tmp_path / "in" / f"{name}.csv", text)
    landing = land(tmp_path / "in", tmp_path)
    assert [number for (number,) in shown(landing, ["invoice_no"])] == ["1001", "1002", "1003"]
    assert (
        "1 stock codes are there with and without .0, such as 20210 and 20210.0: they count as "
        "different products; write them alike"
    ) in landing.facts.warnings


# ------------------------------------------------------------------------------- growing files


@pytest.mark.parametrize("more", ["12/14/10 8:26", "12/14/2010 8:26"])
def test_a_rewritten_file_that_grows_is_landed_whole_again(tmp_path: Path, more: str) -> None:
    source = write(tmp_path / "in.csv", f"{HEADER}\n{ROW.format('12/13/10 8:26')}\n")
    assert len(read(source, tmp_path)) == 1
    with source.open("a") as file:
        file.write(f"{ROW.format(more)}\n")
    assert [str(date)[:10] for date in column("invoice_date", source, tmp_path)] == [
        "12/13/2010", "12/14/2010",
    ]  # fmt: skip


def test_a_file_that_grows_in_another_form_is_rewritten_as_a_whole(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", f"{HEADER}\n{ROW.format('12/13/2010 8:26')}\n")
    assert len(read(source, tmp_path)) == 1
    with source.open("a") as file:
        file.write(f"{ROW.format('12/14/10 8:26')}\n")
    assert column("invoice_date", source, tmp_path) == [
        "12/13/2010 8:26",
        "12/14/2010 08:26:00",
    ]


def test_files_of_more_than_fits_into_memory_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(workspace._SETTINGS, "memory_limit", "64MB")
    folder = tmp_path / "orders"
    folder.mkdir()
    for name, quantity in (("a.csv", 1), ("b.csv", 2)):
        lines = (
            f"{500_000 + n // 2},C{n % 7919},MUG,{quantity},2024-01-{13 + n % 18} 10:00,2.5,7,UK"
            for n in range(300_000)
        )
        write(folder / name, "\n".join([HEADER, *lines]) + "\n")
    with caplog.at_level(logging.WARNING):
        landing = land(folder, tmp_path)
    assert sum(file.raw_rows for file in landing.files) == 600_000
    assert not list((tmp_path / ingest.LANDED_FOLDER).glob(".*"))  # nor what did not fit
    assert (
        "150,000 orders have products in other quantities or prices in another file" in caplog.text
    )


def test_a_line_of_its_own_customer_order_and_product_each_takes_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(workspace._SETTINGS, "memory_limit", "64MB")
    lines = (
        f"{500_000 + n},C{n},MUG,{1 + n % 7},2024-01-{13 + n % 18} 10:00,2.5,{100_000 + n},UK"
        for n in range(100_000)
    )
    source = write(tmp_path / "in.csv", "\n".join(["order_number,sku,name,qty,date,price,client,"
                   "country", *lines]) + "\n")  # fmt: skip
    assert sum(file.raw_rows for file in land(source, tmp_path).files) == 100_000


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    names = ["MUG", '"a mug\nof two lines"', "MUG", "MUG"]
    lines = [f"{n},A,{name},1,2026-01-05,2.50,,UK" for n, name in enumerate(names, start=1)]
    text = "\n".join(["Orders", "", HEADER, lines[0], "", *lines[1:3]]) + "\n"
    source = write(tmp_path / "in.csv", text)
    numbered = [(1, 4), (2, 6), (3, 7)]
    columns = ("invoice_no::integer", "source_row")
    assert shown(land(source, tmp_path), columns) == numbered
    # What is added later goes on from there, and so do the rows of a file without odd ones.
    write(source, text + lines[3] + "\n")
    assert shown(land(source, tmp_path), columns) == [*numbered, (4, 8)]
    rows = [HEADER, *[GOOD] * 20]
    for count in (20, 21):
        write(source, "\n".join([*rows, *[GOOD] * (count - 20)]) + "\n")
        found = shown(land(source, tmp_path), ("source_row",))
        assert [row for (row,) in found] == [*range(2, count + 2)]


def test_rows_of_a_sheet_are_numbered_as_it_shows_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for at, cells in {2: ["Orders"], 4: PUBLIC_NAMES, 5: LINE, 8: LINE}.items():
        for column, cell in enumerate(cells, start=1):
            book.worksheets[0].cell(at, column, cell)
    book.save(tmp_path / "in.xlsx")
    assert shown(land(tmp_path / "in.xlsx", tmp_path), ("source_row",)) == [(5,), (8,)]


def test_a_header_with_line_breaks_in_its_names_is_one(tmp_path: Path) -> None:
    names = HEADER.replace("InvoiceDate", '"Invoice\nDate"').replace("Quantity", '"Quan\ntity"')
    source = write(tmp_path / "in.csv", f"Orders\n{names}\n{GOOD}\n")
    assert shown(land(source, tmp_path), ("invoice_no", "source_row")) == [(LINE[0], 3)]
    # A quote within a name opens nothing: rows below a damaged header are rows.
    names = HEADER.replace("Country", '12" plates')
    source = write(tmp_path / "in.csv", f"{names}\n{GOOD}\n{GOOD.replace('HOLDER', '12 IN')}\n")
    assert shown(land(source, tmp_path), ("source_row",)) == [(2,), (3,)]
    # Nor does one that only a quote within a row below would end.
    names, quoted = HEADER.replace("Country", '"Country'), GOOD.replace("WHITE", '"WHITE')
    source = write(tmp_path / "in.csv", f"{names}\n{GOOD}\n{quoted}\n")
    assert shown(land(source, tmp_path), ("source_row",)) == [(2,), (3,)]
