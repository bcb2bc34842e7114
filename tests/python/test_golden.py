"""Tests of the second implementation itself: tiny examples worked by hand, and known figures."""

import math
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import golden

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
GOOD = "1001,10001,LAMP,6,1/3/2011 9:00,2.55,17850,United Kingdom"
NAN = math.nan


def raw_of(*records: str) -> pd.DataFrame:
    """Parses records under the usual header."""
    return golden.parse("\n".join([HEADER, *records]))


def lines_of(*records: str) -> pd.DataFrame:
    """Cleans records, all of which must be accepted."""
    lines, rejects = golden.clean(raw_of(*records))
    assert rejects.empty
    return lines


def reasons_of(*records: str) -> list[str]:
    """Cleans records and lists the reasons of the rejected ones."""
    return list(golden.clean(raw_of(*records))[1]["reason"])


def series(lines: pd.DataFrame, kpi: str, grain: str, segment: str = "all") -> list[float]:
    """Gives one KPI's values in order of time."""
    frame = golden.kpis(lines, grain)
    chosen = frame[(frame["kpi"] == kpi) & (frame["segment"] == segment)]
    return list(chosen.sort_values("period_start")["value"])


# Reading


def test_online_retail_ii_spelling_of_the_header_is_read() -> None:
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    pd.testing.assert_frame_equal(golden.parse(f"{header}\n{GOOD}"), raw_of(GOOD))


def test_columns_are_found_by_name_in_any_order() -> None:
    header = "Country,Customer ID,Price,InvoiceDate,Quantity,Description,StockCode,Invoice"
    record = "United Kingdom,17850,2.55,1/3/2011 9:00,6,LAMP,10001,1001"
    pd.testing.assert_frame_equal(golden.parse(f"{header}\n{record}"), raw_of(GOOD))


def test_header_without_a_needed_column_is_an_error() -> None:
    with pytest.raises(ValueError, match="lacks country"):
        golden.parse(HEADER.removesuffix(",Country"))


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-8-sig"])
def test_encodings_give_the_same_text(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(f"{HEADER}\r\n{GOOD.replace('LAMP', 'CAFÉ £5')}\r\n".encode(encoding))
    raw = golden.read(file)
    assert list(raw["description"]) == ["CAFÉ £5"]
    assert list(raw["invoice_no"]) == ["1001"]


def test_quoted_fields_keep_commas_quotes_and_line_breaks() -> None:
    raw = raw_of(GOOD.replace("LAMP", '"RED, ""BIG""\nLAMP"'))
    assert list(raw["description"]) == ['RED, "BIG"\nLAMP']


@pytest.mark.parametrize("source", ["", "*.csv", "**/*.csv"])
def test_folder_and_globs_read_every_file_and_number_their_rows(
    tmp_path: Path, source: str
) -> None:
    (tmp_path / "b.csv").write_text(f"{HEADER}\n{GOOD}\n{GOOD}\n")
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{GOOD}\n")
    raw = golden.read(tmp_path / source)
    assert list(raw["source_file"]) == ["a.csv", "b.csv", "b.csv"]
    assert list(raw["source_row"]) == [2, 2, 3]


def test_source_without_any_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no CSV file there"):
        golden.read(tmp_path / "*.csv")


@pytest.mark.parametrize(
    "text", ["1/3/2011 9:05", "01/03/2011 09:05", "2011-01-03 09:05:00", "2011-01-03T09:05:00"]
)
def test_every_listed_date_form_is_read_month_first(text: str) -> None:
    lines = lines_of(GOOD.replace("1/3/2011 9:00", text))
    assert list(lines["ordered_at"]) == [pd.Timestamp(2011, 1, 3, 9, 5)]


@pytest.mark.parametrize(
    ("text", "expected"), [("17850", "17850"), ("17850.0", "17850"), (" 17850 ", "17850")]
)
def test_customer_id_spellings_are_one_customer(text: str, expected: str) -> None:
    assert list(lines_of(GOOD.replace("17850", text))["customer_id"]) == [expected]


def test_empty_customer_id_is_no_customer() -> None:
    assert list(lines_of(GOOD.replace("17850", " "))["customer_id"]) == [None]


# Cleaning


def test_texts_are_trimmed_and_codes_upper_cased() -> None:
    lines = lines_of(" c1001 , 85123a , Lamp , -6 , 1/3/2011 9:00 , 2.55 , 17850 , France ")
    line = lines.iloc[0]
    assert (line["invoice_no"], line["stock_code"]) == ("C1001", "85123A")
    assert (line["description"], line["country"]) == ("Lamp", "France")
    assert (line["quantity"], line["price"], line["amount"]) == (-6, 255_000_000, -1_530_000_000)
    assert line["line_type"] == "return"


def test_surplus_copies_are_duplicates() -> None:
    lines, rejects = golden.clean(raw_of(GOOD, GOOD, GOOD))
    assert len(lines) == 1
    assert list(rejects["reason"]) == ["duplicate", "duplicate"]


def test_copies_that_are_spelt_otherwise_are_duplicates() -> None:
    other = "1001,85123A,LAMP,6.0,2011-01-03T09:00:00,2.550,17850.0,United Kingdom"
    assert reasons_of("1001,85123A,LAMP,6,1/3/2011 9:00,2.55,17850,United Kingdom", other) == [
        "duplicate"
    ]


def test_rows_that_differ_in_the_sixth_decimal_of_a_price_are_two_rows() -> None:
    assert not reasons_of(GOOD.replace("2.55", "2.00001"), GOOD.replace("2.55", "2.00002"))


def test_copies_that_differ_in_blanks_and_case_of_codes_are_duplicates() -> None:
    upper = "1001,85123A,LAMP,6,1/3/2011 9:00,2.55,17850,United Kingdom"
    lower = " 1001,85123a ,LAMP , 6,1/3/2011 9:00,2.55,17850,United Kingdom"
    assert reasons_of(upper, lower) == ["duplicate"]


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("1001", "1002"),
        ("10001", "10002"),
        ("LAMP", "Lamp"),
        (",6,", ",7,"),
        ("9:00", "9:01"),
        ("2.55", "2.56"),
        ("17850", "17851"),
        ("United Kingdom", "France"),
    ],
)
def test_a_difference_in_any_column_is_no_duplicate(field: str, other: str) -> None:
    assert reasons_of(GOOD, GOOD.replace(field, other, 1)) == []


def test_duplicates_are_found_across_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"{HEADER}\n{GOOD}\n")
    lines, rejects = golden.clean(golden.read(tmp_path))
    assert (list(lines["source_file"]), list(rejects["source_file"])) == (["a.csv"], ["b.csv"])


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("1/3/2011 9:00", ""),
        ("1/3/2011 9:00", "yesterday"),
        ("1/3/2011 9:00", "13/1/2011 9:00"),
        ("1/3/2011 9:00", "2/30/2011 9:00"),
        (",6,", ",,"),
        (",6,", ",six,"),
        (",6,", ",2.5,"),
        (",6,", ",nan,"),
        ("2.55", ""),
        ("2.55", "free"),
        ("2.55", "£2.55"),
        ("2.55", "inf"),
        ("1001", " "),
        ("10001", " "),
    ],
)
def test_unreadable_or_missing_field_is_malformed(field: str, other: str) -> None:
    assert reasons_of(GOOD.replace(field, other, 1)) == ["malformed"]


def test_missing_description_customer_or_country_is_accepted() -> None:
    lines = lines_of("1001,10001,,6,1/3/2011 9:00,2.55,,")
    assert (lines.loc[0, "country"], lines.loc[0, "market"]) == ("Unspecified", "unknown")


def test_whole_quantity_with_decimals_is_read() -> None:
    assert list(lines_of(GOOD.replace(",6,", ",6.0,"))["quantity"]) == [6]


def test_eight_decimals_of_a_price_are_kept_and_the_ninth_rounded() -> None:
    lines = lines_of(GOOD.replace("2.55", "0.12345678"), GOOD.replace("2.55", "0.123456785"))
    assert list(lines["price"]) == [12345678, 12345679]


def test_records_of_the_wrong_width_are_malformed_and_their_copies_duplicates() -> None:
    long, short = f"{GOOD},", "1001,10001"
    assert reasons_of(long, short, long) == ["malformed", "malformed", "duplicate"]


def test_surplus_copy_of_a_malformed_row_is_a_duplicate() -> None:
    bad = GOOD.replace("2.55", "free")
    assert reasons_of(bad, bad) == ["malformed", "duplicate"]


def test_rejects_keep_the_raw_text() -> None:
    raw = raw_of(GOOD, f" {GOOD}")
    assert golden.clean(raw)[1].loc[0, "invoice_no"] == " 1001"


@pytest.mark.parametrize(
    "code",
    [
        *("POST", "DOT", "C2", "C3", "M", "m", "D", "S", "B", "BANK CHARGES", "AMAZONFEE"),
        *("CRUK", "ADJUST", "ADJUST2", "GIFT", "gift_0001_20", "TEST", "TEST001"),
    ],
)
def test_codes_that_are_not_merchandise_are_service(code: str) -> None:
    assert list(lines_of(GOOD.replace("10001", code))["line_type"]) == ["service"]


@pytest.mark.parametrize("code", ["POSTER", "C20", "MM", "DCGS0003", "PADS", "SP1002", "BANK"])
def test_codes_that_only_look_alike_are_merchandise(code: str) -> None:
    assert list(lines_of(GOOD.replace("10001", code))["line_type"]) == ["sale"]


@pytest.mark.parametrize(
    ("invoice", "quantity", "price", "expected"),
    [
        ("1001", 6, "2.55", "sale"),
        ("C1001", -6, "2.55", "return"),
        ("c1001", -6, "2.55", "return"),
        ("1001", -6, "2.55", "return"),
        ("1001", -6, "0", "adjustment"),
        ("1001", 6, "0", "adjustment"),
        ("1001", 6, "-1", "return"),
        ("1001", -6, "-1", "adjustment"),
        ("C1001", 6, "-1", "adjustment"),
        ("AMZ-1001", 6, "2.55", "sale"),
        ("CRE-1001", 6, "2.55", "sale"),
        ("CRE-1001", -6, "2.55", "return"),
        ("1001", 0, "2.55", "adjustment"),
        ("C1001", 6, "2.55", "adjustment"),
        ("C1001", -6, "0", "adjustment"),
        ("A1001", 6, "2.55", "adjustment"),
        ("A1001", -6, "2.55", "adjustment"),
    ],
)
def test_line_type_is_the_first_rule_that_fits(
    invoice: str, quantity: int, price: str, expected: str
) -> None:
    lines = lines_of(f"{invoice},10001,LAMP,{quantity},1/3/2011 9:00,{price},1,France")
    assert list(lines["line_type"]) == [expected]


@pytest.mark.parametrize(
    ("country", "expected"),
    [("United Kingdom", "domestic"), ("Unspecified", "unknown"), ("EIRE", "international")],
)
def test_market_follows_the_country(country: str, expected: str) -> None:
    assert list(lines_of(GOOD.replace("United Kingdom", country))["market"]) == [expected]


FIELDS = st.tuples(
    st.sampled_from(["1001", "C1002", "A1003", "c1002", ""]),
    st.sampled_from(["10001", "85123a", "85123A ", "POST", ""]),
    st.just("LAMP"),
    st.sampled_from(["6", "-2", "6.0", "2.5", "x", "0"]),
    st.sampled_from(["1/3/2011 9:00", "2011-01-04T10:00:00", "never"]),
    st.sampled_from(["2.55", "0.001", "0", "-1.5", "", "1.0005"]),
    st.sampled_from(["17850", "17850.0", "12346", ""]),
    st.sampled_from(["United Kingdom", "France", "Unspecified"]),
)
RECORDS = st.lists(FIELDS.map(",".join), max_size=25)


@settings(max_examples=60)
@given(RECORDS)
def test_every_row_and_penny_ends_in_exactly_one_place(records: list[str]) -> None:
    raw = raw_of(*records)
    lines, rejects = golden.clean(raw)
    assert len(raw) == len(lines) + len(rejects)
    accepted = golden.pounds(lines["amount"].sum())
    assert golden.total_amount(raw) == accepted + golden.total_amount(rejects)


@settings(max_examples=25)
@given(RECORDS, st.randoms(use_true_random=False))
def test_kpis_do_not_depend_on_the_order_of_the_rows(records: list[str], random: object) -> None:
    shuffled = sorted(records, key=lambda _: random.random())  # type: ignore[attr-defined]
    frames = [golden.kpis(golden.clean(raw_of(*rows))[0], "daily") for rows in (records, shuffled)]
    pd.testing.assert_frame_equal(*frames)


# Customers' orders


def test_orders_are_numbered_by_first_line_time_then_invoice_number() -> None:
    lines = lines_of(
        "1003,10001,LAMP,1,1/3/2011 8:00,1,7,France",
        "1002,10001,LAMP,1,1/3/2011 9:00,1,7,France",
        "1001,10001,LAMP,1,1/3/2011 9:00,1,7,France",
        "1002,10002,LAMP,1,1/3/2011 7:00,1,7,France",
    )
    assert list(lines["order_number"]) == [2, 1, 3, 1]
    assert list(lines["customer_type"]) == ["returning", "new", "returning", "new"]


def test_lines_that_are_no_sales_number_no_order() -> None:
    lines = lines_of(
        "C1001,10001,LAMP,-1,1/3/2011 8:00,1,7,France",
        "1002,10001,LAMP,1,1/3/2011 9:00,0,7,France",
        "1003,POST,POST,1,1/3/2011 9:30,18,7,France",
        "1004,10001,LAMP,1,1/3/2011 10:00,1,7,France",
    )
    assert list(lines["customer_type"]) == ["returning", "returning", "returning", "new"]


def test_lines_without_customer_are_guests() -> None:
    lines = lines_of(GOOD.replace("17850", ""), GOOD.replace("17850", "").replace("6", "-6", 1))
    assert set(lines["customer_type"]) == {"guest"}


# KPIs: two weeks of a tiny shop, every figure below worked by hand

SHOP = (
    # Monday 3 January: 10.00 + 10.00 (customer 1), 5.00 (guest), 12.50 (customer 2)
    "1001,10001,LAMP,2,1/3/2011 9:00,5.00,1,United Kingdom",
    "1001,10002,BAG,4,1/3/2011 9:00,2.50,1,United Kingdom",
    "1001,POST,POSTAGE,1,1/3/2011 9:00,18.00,1,United Kingdom",
    "1002,10001,LAMP,1,1/3/2011 10:00,5.00,,United Kingdom",
    "1003,10003,MUG,10,1/3/2011 11:00,1.25,2,France",
    # Tuesday: only a return of 2.50; Wednesday: closed
    "C1004,10002,BAG,-1,1/4/2011 12:00,2.50,1,United Kingdom",
    # Thursday: 15.00 (customer 1 again), 10.00 (customer 3), a return of 2.50, a write-off
    "1005,10001,LAMP,3,1/6/2011 9:30,5.00,1,United Kingdom",
    "1006,10003,MUG,8,1/6/2011 10:30,1.25,3,Unspecified",
    "C1007,10003,MUG,-2,1/6/2011 15:00,1.25,2,France",
    "1008,10001,damaged,-5,1/6/2011 16:00,0,,United Kingdom",
    # Monday 10 January: 8.00 (customer 2 again), and a guest's return of 5.00
    "1009,10002,BAG,4,1/10/2011 9:00,2.00,2,France",
    "C1010,10001,LAMP,-1,1/10/2011 9:10,5.00,,France",
)
# Monday 3, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, Monday 10
DAILY = {
    "total_revenue": [37.5, -2.5, 0, 22.5, 0, 0, 0, 3],
    "revenue_per_order": [12.5, NAN, NAN, 11.25, NAN, NAN, NAN, 3],
    "revenue_per_customer": [16.25, NAN, NAN, 11.25, NAN, NAN, NAN, 8],
    "order_count": [3, 0, 0, 2, 0, 0, 0, 1],
    "items_per_order": [17 / 3, NAN, NAN, 5.5, NAN, NAN, NAN, 4],
    "units_sold": [17, 0, 0, 11, 0, 0, 0, 4],
    "active_customers": [2, 0, 0, 2, 0, 0, 0, 1],
    "repeat_rate": [0, NAN, NAN, 0.5, NAN, NAN, NAN, 1],
    "new_customers": [2, 0, 0, 1, 0, 0, 0, 0],
    "product_concentration": [1, NAN, NAN, 1, NAN, NAN, NAN, 1],
    "average_price": [37.5 / 17, NAN, NAN, 25 / 11, NAN, NAN, NAN, 2],
    "return_rate": [0, NAN, NAN, 0.1, NAN, NAN, NAN, 0.625],
    "international_revenue": [12.5, 0, 0, -2.5, 0, 0, 0, 3],
    "international_share": [1 / 3, 0, NAN, -1 / 9, NAN, NAN, NAN, 1],
}
WEEKLY = {
    "total_revenue": [57.5, 3],
    "revenue_per_order": [11.5, 3],
    "revenue_per_customer": [17.5, 8],
    "order_count": [5, 1],
    "items_per_order": [5.6, 4],
    "units_sold": [28, 4],
    "active_customers": [3, 1],
    "repeat_rate": [1 / 3, 1],
    "new_customers": [3, 0],
    "product_concentration": [1, 1],
    "average_price": [62.5 / 28, 2],
    "return_rate": [0.08, 0.625],
    "international_revenue": [10, 3],
    "international_share": [4 / 23, 1],
}
COUNTRIES = {
    "daily": {
        "France": [12.5, 0, 0, -2.5, 0, 0, 0, 3],
        "United Kingdom": [25, -2.5, 0, 15, 0, 0, 0, 0],
        "Unspecified": [0, 0, 0, 10, 0, 0, 0, 0],
    },
    "weekly": {"France": [10, 3], "United Kingdom": [37.5, 0], "Unspecified": [10, 0]},
}


@pytest.mark.parametrize("kpi", DAILY)
def test_daily_kpi_is_as_worked_by_hand(kpi: str) -> None:
    found = series(lines_of(*SHOP), kpi, "daily")
    assert found == pytest.approx(DAILY[kpi], rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("kpi", WEEKLY)
def test_weekly_kpi_is_as_worked_by_hand(kpi: str) -> None:
    found = series(lines_of(*SHOP), kpi, "weekly")
    assert found == pytest.approx(WEEKLY[kpi], rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("grain", golden.GRAINS)
@pytest.mark.parametrize("country", ["France", "United Kingdom", "Unspecified"])
def test_revenue_by_country_is_as_worked_by_hand(grain: str, country: str) -> None:
    found = series(lines_of(*SHOP), "revenue_by_country", grain, country)
    assert found == COUNTRIES[grain][country]


@pytest.mark.parametrize(("grain", "periods"), [("daily", 8), ("weekly", 2)])
def test_all_15_kpis_have_every_period(grain: str, periods: int) -> None:
    frame = golden.kpis(lines_of(*SHOP), grain)
    sizes = frame.groupby(["kpi", "segment"]).size()
    assert set(frame["kpi"]) == set(golden.KPIS)
    assert len(golden.KPIS) == 15
    assert set(sizes) == {periods}
    assert len(sizes) == 14 + 3


def test_numerators_and_denominators_are_exact_decimals() -> None:
    frame = golden.kpis(lines_of(*SHOP), "weekly").groupby("kpi").first()
    rows = frame.loc[["revenue_per_order", "items_per_order", "return_rate", "total_revenue"]]
    assert list(rows["numerator"]) == [Decimal("57.5"), 28, Decimal(5), Decimal("57.5")]
    assert list(rows["denominator"])[:3] == [5, 5, Decimal("62.5")]
    assert rows.loc["total_revenue", "denominator"] is None


def test_money_that_floats_would_blur_adds_up_exactly() -> None:
    prices = ("0.1", "0.2", "0.0001", "1000000000.3")
    lines = lines_of(*(GOOD.replace("2.55", price).replace(",6,", ",1,") for price in prices))
    frame = golden.kpis(lines, "daily")
    assert frame.loc[0, "numerator"] == Decimal("1000000000.6001")


def test_concentration_takes_the_ten_best_products_of_the_period() -> None:
    records = [f"1001,{20000 + n},THING,1,1/3/2011 9:00,{n},1,France" for n in range(1, 12)]
    halves = [f"{n},20012,THING,1,1/3/2011 9:00,6,1,France" for n in (1002, 1003)]
    # Products worth 1 to 12, the last in two lines of 6: the best ten make 3 + ... + 12 = 75 of 78.
    found = series(lines_of(*records, *halves), "product_concentration", "daily")
    assert found == pytest.approx([75 / 78], rel=1e-12)


def test_best_products_are_chosen_anew_in_every_period() -> None:
    first = [f"1001,{20000 + n},THING,1,1/3/2011 9:00,1,1,France" for n in range(10)]
    second = [f"1002,{30000 + n},THING,1,1/4/2011 9:00,1,1,France" for n in range(10)]
    lines = lines_of(*first, *second)
    assert series(lines, "product_concentration", "daily") == [1, 1]
    assert series(lines, "product_concentration", "weekly") == [0.5]


def test_returns_do_not_change_concentration_price_or_units() -> None:
    sold = "1001,10001,LAMP,4,1/3/2011 9:00,2.50,1,France"
    back = "C1002,10001,LAMP,-4,1/3/2011 9:30,2.50,1,France"
    for kpi, expected in {
        "product_concentration": 1,
        "average_price": 2.5,
        "units_sold": 4,
    }.items():
        assert series(lines_of(sold, back), kpi, "daily") == [expected]


def test_share_of_no_net_revenue_is_no_number() -> None:
    sold = "1001,10001,LAMP,4,1/3/2011 9:00,2.50,1,France"
    back = "C1002,10001,LAMP,-4,1/3/2011 9:30,2.50,1,France"
    assert series(lines_of(sold, back), "international_share", "daily") == [
        pytest.approx(NAN, nan_ok=True)
    ]


def test_order_over_midnight_counts_on_both_days_but_is_new_only_on_the_first() -> None:
    lines = lines_of(
        "1001,10001,LAMP,1,1/3/2011 23:59,1,7,France",
        "1001,10002,BAG,1,1/4/2011 0:01,1,7,France",
    )
    assert series(lines, "order_count", "daily") == [1, 1]
    assert series(lines, "order_count", "weekly") == [1]
    assert series(lines, "new_customers", "daily") == [1, 0]
    assert series(lines, "repeat_rate", "daily") == [0, 0]


def test_customer_with_first_and_second_order_in_a_period_is_new_and_repeating() -> None:
    lines = lines_of(
        "1001,10001,LAMP,1,1/3/2011 9:00,1,7,France",
        "1002,10001,LAMP,1,1/3/2011 9:05,1,7,France",
    )
    assert series(lines, "new_customers", "daily") == [1]
    assert series(lines, "repeat_rate", "daily") == [1]


def test_country_without_a_sale_or_return_has_a_series_of_zeros() -> None:
    lines = lines_of(GOOD, "1002,POST,POSTAGE,1,1/4/2011 9:00,18,7,France")
    assert series(lines, "revenue_by_country", "daily", "France") == [0, 0]


def test_weeks_begin_on_monday_also_over_the_new_year() -> None:
    days = pd.Series(pd.to_datetime(["2010-12-27 0:00", "2011-01-02 23:59", "2011-01-03 0:00"]))
    found = golden.period_of(days, "weekly").dt.strftime("%Y-%m-%d")
    assert list(found) == ["2010-12-27", "2010-12-27", "2011-01-03"]


def test_unknown_grain_is_an_error() -> None:
    with pytest.raises(ValueError, match="no grain 'hourly'"):
        golden.kpis(lines_of(GOOD), "hourly")


def test_no_lines_give_no_periods() -> None:
    lines, _ = golden.clean(raw_of())
    assert golden.kpis(lines, "weekly").empty
    assert golden.completeness(lines, "weekly").empty


# Complete periods


def sale_at(*times: str) -> pd.DataFrame:
    """Gives one sale at each time."""
    return lines_of(*(f"{n},10001,LAMP,1,{at},1,7,France" for n, at in enumerate(times, 1001)))


def test_weeks_the_data_covers_in_part_are_incomplete() -> None:
    # Wednesday 5 January to Wednesday 19 January: only the week of the 10th is whole.
    found = golden.completeness(sale_at("1/5/2011 17:00", "1/19/2011 17:00"), "weekly")
    assert list(found) == [False, True, False]


def test_weeks_that_begin_and_end_with_the_data_are_complete() -> None:
    found = golden.completeness(sale_at("1/3/2011 17:00", "1/16/2011 17:00"), "weekly")
    assert list(found) == [True, True]


@pytest.mark.parametrize(("closing", "complete"), [("16:29", False), ("16:30", True)])
def test_last_day_that_stops_over_30_minutes_early_is_incomplete(
    closing: str, complete: bool
) -> None:
    # The earliest of the closings before is 17:00.
    lines = sale_at("1/3/2011 18:00", "1/4/2011 9:00", "1/4/2011 17:00", f"1/6/2011 {closing}")
    assert list(golden.completeness(lines, "daily")) == [True, True, True, complete]


def test_week_whose_sunday_stops_early_is_incomplete() -> None:
    lines = sale_at("1/3/2011 18:00", "1/9/2011 12:00")
    assert list(golden.completeness(lines, "weekly")) == [False]


def test_only_the_60_trading_days_before_are_compared() -> None:
    days = pd.date_range("2011-01-04", periods=60)
    usual = [f"{day:%m/%d/%Y} 17:00" for day in days]
    # 3 January closed at 9:00, but is the 61st trading day before the last, 5 March.
    lines = sale_at("1/3/2011 9:00", *usual, "3/5/2011 12:00")
    assert not golden.completeness(lines, "daily").iloc[-1]
    lines = sale_at("1/3/2011 9:00", *usual[:-1], "3/5/2011 12:00")
    assert golden.completeness(lines, "daily").iloc[-1]


def test_single_day_is_complete() -> None:
    assert list(golden.completeness(sale_at("1/3/2011 9:00"), "daily")) == [True]
