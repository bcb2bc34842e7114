"""The simulated shop: its shape beside the public file's, its mess, and that it repeats itself."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.errors import RetailError
from retail.simulate import ShopConfig, simulate_shop
from retail.simulate import write as simulate_write
from retail.simulate.closures import open_days
from retail.simulate.countries import NAMES
from retail.simulate.quantities import trade_pieces

SMALL = ShopConfig(days=45, orders_per_day=6.0, seed=3)
COLUMNS = ["invoice", "code", "text", "quantity", "at", "price", "customer", "country"]
SERVICE = r"POST|DOT|C2|C3|M|D|S|B|BANK CHARGES|AMAZONFEE|CRUK|GIFT.*"
PUBLIC_CLOSURES = {
    "2010-12-24", "2010-12-26", "2010-12-27", "2010-12-28", "2010-12-29", "2010-12-30",
    "2010-12-31", "2011-01-02", "2011-01-03", "2011-04-22", "2011-04-24", "2011-04-25",
    "2011-04-29", "2011-05-02", "2011-05-30", "2011-08-29",
}  # fmt: skip


def read(path: Path, encoding: str = "iso-8859-1") -> pd.DataFrame:
    frame = pd.read_csv(path, encoding=encoding, dtype=str, keep_default_na=False)
    frame.columns = pd.Index(COLUMNS)
    return frame


def typed(raw: pd.DataFrame) -> pd.DataFrame:
    """The raw rows with numbers and dates, and each row's line type as the KPIs see it."""
    frame = raw.assign(
        at=pd.to_datetime(raw["at"], format="%m/%d/%Y %H:%M"),
        quantity=raw["quantity"].astype(int),
        price=raw["price"].astype(float),
        product=raw["code"].str.strip().str.upper(),
        duplicate=_cleaned(raw).duplicated(),
    )
    letter = frame["invoice"].str[0]
    merchandise = ~frame["product"].str.fullmatch(SERVICE)
    sold = ~letter.isin(["C", "A"]) & (frame["quantity"] > 0) & (frame["price"] > 0)
    back = (letter == "C") & (frame["quantity"] < 0) & (frame["price"] > 0)
    frame["sale"] = merchandise & sold & ~frame["duplicate"]
    frame["return"] = merchandise & back & ~frame["duplicate"]
    frame["amount"] = frame["quantity"] * frame["price"]
    return frame.assign(day=frame["at"].dt.normalize())


def _cleaned(raw: pd.DataFrame) -> pd.DataFrame:
    return raw.assign(code=raw["code"].str.strip().str.upper(), text=raw["text"].str.strip())


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The default shop: as many days as the public file, and about as many rows."""
    out = tmp_path_factory.mktemp("public") / "shop.csv"
    simulate_shop(ShopConfig(), out)
    return read(out)


@pytest.fixture(scope="module")
def shop(raw: pd.DataFrame) -> pd.DataFrame:
    # As categories, since half a million strings are slow to look through again and again.
    names = ["invoice", "code", "text", "customer", "country", "product"]
    return typed(raw).astype(dict.fromkeys(names, "category"))


@pytest.fixture(scope="module")
def daily(shop: pd.DataFrame) -> pd.DataFrame:
    sales = shop[shop["sale"]]
    known = sales[sales["customer"] != ""]
    days = sales.groupby("day").agg(
        revenue=("amount", "sum"), units=("quantity", "sum"), orders=("invoice", "nunique")
    )
    return days.assign(customers=known.groupby("day")["customer"].nunique())


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Simulate the small shop, with other settings where given, into a new file."""

    def make(name: str = "shop.csv", **changes: object) -> Path:
        out = tmp_path / name
        simulate_shop(ShopConfig(**{**_settings(SMALL), **changes}), out)  # type: ignore[arg-type]
        return out

    return make


def _settings(config: ShopConfig) -> dict[str, object]:
    return {name: getattr(config, name) for name in config.__slots__}


# --- shape: the public file's figures (kpis.md, field.md) with room for luck on both sides


@pytest.mark.parametrize(
    ("fact", "low", "high"),
    [
        ("rows", 490_000, 600_000),  # public file: 541,909
        ("invoices", 23_500, 28_500),  # 25,900
        ("customers", 3_900, 4_900),  # 4,372
        ("stock_codes", 3_600, 4_600),  # 4,070
        ("countries", 33, 38),  # 38
        ("duplicates", 4_000, 7_000),  # 5,268
        ("negative_quantities", 8_000, 13_000),  # 10,624
        ("zero_prices", 1_900, 3_100),  # 2,515
        ("without_customer", 0.20, 0.30),  # 0.249
        ("home", 0.87, 0.95),  # 0.914
        ("gross", 8.5e6, 13e6),  # 10.2 million
    ],
)
def test_totals_are_like_the_public_file(
    shop: pd.DataFrame, fact: str, low: float, high: float
) -> None:
    facts = {
        "rows": len(shop),
        "invoices": shop["invoice"].nunique(),
        "customers": shop.loc[shop["customer"] != "", "customer"].nunique(),
        "stock_codes": shop["product"].nunique(),
        "countries": shop["country"].nunique(),
        "duplicates": shop["duplicate"].sum(),
        "negative_quantities": (shop["quantity"] < 0).sum(),
        "zero_prices": (shop["price"] == 0).sum(),
        "without_customer": (shop["customer"] == "").mean(),
        "home": (shop["country"] == "United Kingdom").mean(),
        "gross": shop.loc[shop["sale"], "amount"].sum(),
    }
    assert low <= facts[fact] <= high


def test_trading_days_are_exactly_those_of_the_public_file(shop: pd.DataFrame) -> None:
    trading = pd.DatetimeIndex(shop["day"].unique())
    every_day = pd.date_range("2010-12-01", "2011-12-09")
    closed = {f"{day:%Y-%m-%d}" for day in every_day.difference(trading) if day.weekday() != 5}
    assert len(trading) == 305
    assert closed == PUBLIC_CLOSURES
    assert not (trading.day_of_week == 5).any()


@pytest.mark.parametrize(
    ("measure", "public"),
    [("revenue", 0.34), ("units", 0.34), ("orders", 0.20), ("customers", 0.21)],
)
def test_days_scatter_around_weekday_and_level_as_in_the_public_file(
    daily: pd.DataFrame, measure: str, public: float
) -> None:
    assert public - 0.08 <= scatter(daily[measure]) <= public + 0.08


def scatter(series: pd.Series, days: int = 10) -> float:
    """Robust sd of the log around weekday and the median of the trading days before."""
    logs = np.log(series)
    weekday = pd.DatetimeIndex(series.index).day_of_week
    week = pd.Series(0.0, index=series.index)
    for _ in range(5):
        level = (logs - week).rolling(days).median().shift(1)
        week = (logs - level).groupby(weekday).transform("median")
    rest = (logs - level - week).dropna()
    return float(1.4826 * (rest - rest.median()).abs().median())


def test_the_level_drifts_so_that_neighbouring_days_are_alike(daily: pd.DataFrame) -> None:
    logs = np.log(daily["orders"])
    weekday = pd.DatetimeIndex(daily.index).day_of_week
    rest = logs - logs.groupby(weekday).transform("median")
    rest -= rest.rolling(61, center=True, min_periods=8).median()
    assert 0.1 <= rest.autocorr(1) <= 0.6


def test_orders_and_customers_move_together(daily: pd.DataFrame) -> None:
    assert np.log(daily[["orders", "customers"]]).corr().iloc[0, 1] > 0.93


def test_thursday_is_the_best_day_and_sunday_the_poorest(daily: pd.DataFrame) -> None:
    by_weekday = daily.groupby(pd.DatetimeIndex(daily.index).day_of_week)["orders"].median()
    assert by_weekday.idxmax() == 3
    assert by_weekday.idxmin() == 6
    assert 0.4 < by_weekday[6] / by_weekday[[0, 1, 2]].mean() < 0.8


def test_sales_rise_before_christmas(daily: pd.DataFrame) -> None:
    monthly = daily["orders"].groupby(pd.DatetimeIndex(daily.index).strftime("%Y-%m")).mean()
    assert 1.8 < monthly["2011-11"] / monthly["2011-02"] < 2.9
    assert monthly["2011-08"] < monthly["2011-09"] < monthly["2011-10"] < monthly["2011-11"]


def test_invoices_are_worth_as_much_and_as_unequal_as_in_the_public_file(
    shop: pd.DataFrame,
) -> None:
    known = shop[shop["sale"] & (shop["customer"] != "")]
    worth = known.groupby("invoice", observed=True)["amount"].sum()
    lines = known.groupby("invoice", observed=True).size()
    assert 250 < worth.median() < 370  # 302
    assert 2_500 < worth.quantile(0.99) < 5_500  # 3,762
    assert worth.max() > 8_000
    assert 12 <= lines.median() <= 17  # 15
    assert 90 < lines.quantile(0.99) < 140  # 107


def test_one_invoice_often_makes_an_eighth_of_a_day(shop: pd.DataFrame) -> None:
    sales = shop[shop["sale"]]
    invoices = sales.groupby(["day", "invoice"])["amount"].sum()
    share = invoices.groupby("day").max() / invoices.groupby("day").sum()
    assert 0.09 < share.median() < 0.17  # 0.13
    assert 8 <= (share > 0.25).sum() <= 60  # 43


def test_prices_lie_where_theirs_do(shop: pd.DataFrame) -> None:
    price = shop.loc[shop["sale"], "price"]
    low, quarter, half, three, high = price.quantile([0.05, 0.25, 0.5, 0.75, 0.95])
    assert 0.2 <= low <= 0.5  # 0.42
    assert 0.7 <= quarter <= 1.5  # 1.25
    assert 1.6 <= half <= 2.6  # 2.08
    assert 3.3 <= three <= 5.0  # 4.13
    assert 8 <= high <= 14  # 9.95


def test_few_products_sell_often_and_many_seldom(shop: pd.DataFrame) -> None:
    sold = shop[shop["sale"]].groupby("product").size().sort_values(ascending=False)
    assert 1_300 < sold.iloc[0] < 2_900  # 2,320
    assert 250 < sold.iloc[400] < 450  # 342
    assert 100 < sold.iloc[1_200] < 180  # 137
    assert sold.iloc[3_000] < 40  # 13


def test_products_come_and_go(shop: pd.DataFrame) -> None:
    seen = shop[shop["sale"]].groupby("product")["day"].agg(["min", "max"])
    assert (seen["min"] > "2011-03-01").sum() > 300
    assert (seen["max"] < "2011-09-01").sum() > 300


def test_most_customers_come_rarely_and_a_few_all_the_time(shop: pd.DataFrame) -> None:
    known = shop[shop["sale"] & (shop["customer"] != "")]
    orders = known.groupby("customer")["invoice"].nunique()
    assert 0.30 < (orders == 1).mean() < 0.45  # 0.35
    assert orders.median() == 2
    assert 22 < orders.quantile(0.99) < 38  # 30
    assert orders.max() > 80  # 206


def test_new_customers_keep_coming_after_the_first_months(shop: pd.DataFrame) -> None:
    known = shop[shop["sale"] & (shop["customer"] != "")]
    first = known.groupby("customer")["day"].min().dt.strftime("%Y-%m").value_counts()
    assert first["2010-12"] > 800  # 884
    assert first.drop(["2010-12", "2011-12"]).between(150, 500).all()  # 169 to 452


def test_returns_follow_a_sale_of_the_same_product_to_the_same_customer(
    shop: pd.DataFrame,
) -> None:
    key = ["customer", "product", "price"]
    first_sale = shop[shop["sale"]].groupby(key)["at"].min()
    back = shop[shop["return"]].join(first_sale.rename("sold"), on=key)
    assert len(back) > 5_000
    assert (back["sold"] < back["at"]).mean() > 0.995


def test_returns_are_a_small_and_uneven_share_of_a_day(shop: pd.DataFrame) -> None:
    gross = shop[shop["sale"]].groupby("day")["amount"].sum()
    returned = -shop[shop["return"]].groupby("day")["amount"].sum()
    rate = (returned / gross).fillna(0)
    assert 0.006 < rate.median() < 0.02  # 0.012
    assert 0.01 < returned.sum() / gross.sum() < 0.06  # 0.046 with two giants, 0.023 without
    assert rate.max() > 0.1


def test_one_invoice_has_one_customer_country_and_time(shop: pd.DataFrame) -> None:
    kinds = shop.groupby("invoice")[["customer", "country", "at"]].nunique()
    assert (kinds == 1).all(axis=None)


# --- mess


MESS: dict[str, Callable[[pd.DataFrame], "pd.Series[bool]"]] = {
    "exact duplicates": lambda shop: shop["duplicate"],
    "zero prices on sold lines": lambda shop: (shop["price"] == 0) & (shop["customer"] != ""),
    "stock write-offs": lambda shop: (shop["quantity"] < 0) & shop["invoice"].str.isdigit(),
    "stock found": lambda shop: (
        (shop["quantity"] > 0) & (shop["price"] == 0) & (shop["customer"] == "")
    ),
    "stock notes": lambda shop: shop["text"].isin(["check", "damaged", "?"]),
    "bad debt": lambda shop: shop["invoice"].str.startswith("A"),
    "negative prices": lambda shop: shop["price"] < 0,
    "lower-case stock codes": lambda shop: shop["code"].str.fullmatch(r"\d{5}[a-z]"),
    "trailing blanks": lambda shop: shop["text"].str.endswith(" "),
    "double blanks": lambda shop: shop["text"].str.contains("  "),
    "missing descriptions": lambda shop: shop["text"] == "",
    "inches": lambda shop: shop["text"].str.contains('"'),
    "unspecified country": lambda shop: shop["country"] == "Unspecified",
}


@pytest.mark.parametrize("kind", MESS)
def test_every_kind_of_mess_is_there(shop: pd.DataFrame, kind: str) -> None:
    assert MESS[kind](shop).any()


def test_a_clean_shop_has_none_of_the_mess(small: Callable[..., Path]) -> None:
    shop = typed(read(small(messy=False, orders_per_day=40.0)))
    left = [kind for kind, find in MESS.items() if find(shop).any()]
    assert left == []
    assert shop["sale"].any()
    assert shop["return"].any()


@pytest.mark.parametrize("code", ["POST", "DOT", "C2", "M", "D", "S", "BANK CHARGES", "AMAZONFEE"])
def test_service_lines_are_there(shop: pd.DataFrame, code: str) -> None:
    assert (shop["product"] == code).any()


def test_countries_are_those_of_the_public_file(shop: pd.DataFrame) -> None:
    assert set(shop["country"]) <= set(NAMES)
    assert len(NAMES) == 38


# --- the file


def test_the_retail_dialect_is_spelled_like_the_public_file(small: Callable[..., Path]) -> None:
    text = small().read_bytes()
    header, first = text.split(b"\r\n")[:2]
    assert header == (
        b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    )
    assert first.startswith(b"536365,")
    frame = read(small())
    assert frame["at"].str.fullmatch(r"\d{1,2}/\d{1,2}/20\d\d \d{1,2}:\d\d").all()
    assert frame["customer"].str.fullmatch(r"\d{5}|").all()
    assert frame["price"].str.fullmatch(r"-?\d+(\.\d{0,2}[1-9])?").all()


def test_the_second_dialect_says_the_same_in_its_own_spelling(small: Callable[..., Path]) -> None:
    first, second = small("one.csv"), small("two.csv", dialect="retail2")
    assert second.read_bytes().split(b"\n")[0] == (
        b"Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    )
    one, two = read(first), read(second, "utf-8")
    assert two["at"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:00").all()
    assert two["customer"].str.fullmatch(r"\d{5}\.0|").all()
    assert (pd.to_datetime(two["at"]) == pd.to_datetime(one["at"], format="%m/%d/%Y %H:%M")).all()
    assert (two["customer"].str.removesuffix(".0") == one["customer"]).all()
    rest = [name for name in COLUMNS if name not in {"at", "customer"}]
    pd.testing.assert_frame_equal(one[rest], two[rest])


def test_a_folder_has_the_same_rows_in_one_file_per_month(small: Callable[..., Path]) -> None:
    whole, folder = read(small("one.csv")), small("shop")
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == ["2010-12.csv", "2011-01.csv"]
    months = pd.concat([read(path) for path in files], ignore_index=True)
    pd.testing.assert_frame_equal(months, whole)


@pytest.mark.parametrize("dialect", ["retail", "retail2"])
def test_a_parquet_file_has_the_same_rows_with_types(
    small: Callable[..., Path], dialect: str
) -> None:
    whole, path = typed(read(small("one.csv"))), small("one.parquet", dialect=dialect)
    with duckdb.connect() as connection:
        frame = connection.sql(f"from '{path}'").df()
    frame.columns = pd.Index(COLUMNS)
    assert frame["quantity"].tolist() == whole["quantity"].tolist()
    assert frame["price"].tolist() == whole["price"].tolist()
    assert (frame["at"] == whole["at"]).all()
    assert (frame["text"].fillna("") == whole["text"]).all()


def test_the_truth_lies_beside_the_data_and_no_csv_pattern_finds_it(
    small: Callable[..., Path],
) -> None:
    folder = small("shop")
    beside = folder.with_name("shop.truth.json")
    assert beside.exists()
    assert {path.suffix for path in folder.rglob("*")} == {".csv"}
    assert [path.name for path in sorted(folder.parent.iterdir())] == ["shop", beside.name]


def test_a_second_run_replaces_the_folder_whole(small: Callable[..., Path]) -> None:
    small("shop")
    folder = small("shop", days=10)
    assert [path.name for path in folder.iterdir()] == ["2010-12.csv"]


def test_a_folder_with_other_files_is_not_touched(small: Callable[..., Path]) -> None:
    folder = small("shop")
    (folder / "notes.txt").write_text("keep me")
    with pytest.raises(RetailError, match="holds other files"):
        simulate_shop(SMALL, folder)
    assert (folder / "notes.txt").exists()


@pytest.mark.parametrize("name", ["shop.csv", "shop"])
def test_a_run_that_is_killed_leaves_the_old_data(small: Callable[..., Path], name: str) -> None:
    out = small(name, days=10)
    before = {path: path.read_bytes() for path in [out, *out.rglob("*")] if path.is_file()}
    script = (
        "import os, signal, sys; from pathlib import Path; from retail.simulate import write\n"
        "write.BLOCK_ROWS = 500\n"
        "from retail.simulate import ShopConfig, simulate_shop\n"
        "def die(day, rows):\n"
        "    if day.month == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "simulate_shop(ShopConfig(days=90, orders_per_day=6.0), Path(sys.argv[1]), die)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(out)], check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    assert {p: p.read_bytes() for p in [out, *out.rglob("*")] if p.is_file()} == before


def test_a_run_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail(day: date, rows: int) -> None:
        raise RuntimeError(day)

    with pytest.raises(RuntimeError):
        simulate_shop(SMALL, tmp_path / "shop.csv", fail)
    assert list(tmp_path.iterdir()) == []


def test_progress_tells_each_trading_day_and_all_rows(tmp_path: Path) -> None:
    told: list[tuple[date, int]] = []
    truth = simulate_shop(SMALL, tmp_path / "s.csv", lambda day, rows: told.append((day, rows)))
    trading = itertools.compress(_dates(SMALL), open_days(SMALL.start, SMALL.days))
    assert [day for day, _ in told] == list(trading)
    assert told[-1][1] == truth.rows == len(read(tmp_path / "s.csv"))


def _dates(config: ShopConfig) -> list[date]:
    return [date.fromordinal(config.start.toordinal() + day) for day in range(config.days)]


# --- the same again


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    small: Callable[..., Path],
) -> None:
    first, again, other = small("a.csv"), small("b.csv"), small("c.csv", seed=4)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    truths = [path.with_name(f"{path.name}.truth.json").read_text() for path in (first, again)]
    assert truths[0] == truths[1]


@pytest.mark.parametrize("name", ["shop.csv", "shop.parquet"])
def test_the_size_of_the_blocks_leaves_no_trace(
    small: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole = small(name).read_bytes()
    monkeypatch.setattr(simulate_write, "BLOCK_ROWS", 333)
    assert small(name).read_bytes() == whole


@settings(max_examples=6)
@given(
    seed=st.integers(0, 2**32),
    start=st.dates(date(1995, 1, 1), date(2040, 1, 1)),
    days=st.tuples(st.integers(1, 30), st.integers(1, 300)),
)
def test_more_days_only_append(
    tmp_path_factory: pytest.TempPathFactory, seed: int, start: date, days: tuple[int, int]
) -> None:
    folder = tmp_path_factory.mktemp("prefix")
    few, more = (
        _bytes(ShopConfig(start=start, days=n, seed=seed, orders_per_day=1.5), folder)
        for n in (days[0], sum(days))
    )
    assert more.startswith(few)


def _bytes(config: ShopConfig, folder: Path) -> bytes:
    simulate_shop(config, folder / "shop.csv")
    return (folder / "shop.csv").read_bytes()


# --- other shops


def test_rows_can_be_asked_for(small: Callable[..., Path]) -> None:
    assert len(read(small(lines=30_000, days=60))) == pytest.approx(30_000, rel=0.15)


def test_a_scaled_shop_sells_the_same_goods_to_more_people(small: Callable[..., Path]) -> None:
    few, many = read(small("few.csv")), read(small("many.csv", orders_per_day=60.0))
    assert len(many) > 7 * len(few)
    assert many["customer"].nunique() > 4 * few["customer"].nunique()
    assert many["code"].nunique() < 8 * few["code"].nunique()


def test_the_season_returns_every_year_and_growth_adds_up(small: Callable[..., Path]) -> None:
    shop = typed(
        read(small(days=2 * 365, annual_growth=0.5, start=date(2015, 1, 1), orders_per_day=5.0))
    )
    sales = shop[shop["sale"]]
    orders = sales.groupby([sales["at"].dt.year, sales["at"].dt.month])["invoice"].nunique()
    yearly = orders.groupby(level=0).sum()
    assert all(1.5 < orders[year, 11] / orders[year, 2] < 4 for year in (2015, 2016))
    assert 1.25 < yearly[2016] / yearly[2015] < 1.75


def test_a_shop_shut_for_all_its_days_has_no_rows_but_a_header(tmp_path: Path) -> None:
    config = ShopConfig(start=date(2011, 12, 24), days=5)
    assert simulate_shop(config, tmp_path / "shut.csv").rows == 0
    assert (tmp_path / "shut.csv").read_text().startswith("InvoiceNo,")
    with pytest.raises(RetailError, match="no trading day"):
        simulate_shop(ShopConfig(start=date(2011, 12, 24), days=5, lines=10), tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"days": 0}, "days = 0"),
        ({"lines": 0}, "lines = 0"),
        ({"orders_per_day": -1.0}, "orders_per_day"),
        ({"guest_share": 1.0}, "guest_share"),
        ({"dialect": "french"}, "retail2"),
        ({"products": 3}, "products"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_settings_are_refused_by_name(changes: dict[str, object], told: str) -> None:
    with pytest.raises(RetailError, match=told):
        ShopConfig(**changes)  # type: ignore[arg-type]


def test_a_range_beyond_the_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetailError, match="words suffice"):
        simulate_shop(ShopConfig(products=20_000, days=3_000), tmp_path / "shop.csv")


@pytest.mark.parametrize("name", ["shop.txt", "shop.json"])
def test_an_unknown_form_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RetailError, match=r"end it in \.csv"):
        simulate_shop(SMALL, tmp_path / name)


# --- parts


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2016, {"03-25", "03-27", "03-28", "05-02", "05-30", "08-29"}),
        (2012, {"04-06", "04-08", "04-09", "05-07", "06-04", "06-05", "08-27"}),
        (2022, {"04-15", "04-17", "04-18", "05-02", "06-02", "06-03", "08-29", "09-19"}),
        (2023, {"04-07", "04-09", "04-10", "05-01", "05-08", "05-29", "08-28"}),
    ],
)
def test_bank_holidays_and_easter_are_those_of_the_year(year: int, days: set[str]) -> None:
    first = date(year, 1, 4)  # the Christmas break is before and after
    asked = [first + timedelta(n) for n in range((date(year, 12, 23) - first).days + 1)]
    closed = itertools.compress(asked, ~open_days(first, len(asked)))
    assert {f"{day:%m-%d}" for day in closed if day.weekday() != 5} == days


@given(st.floats(-4, 4), st.floats(0.1, 3), st.integers(0, 10))
def test_a_larger_shift_never_buys_less(shift: float, more: float, band: int) -> None:
    bands = np.full(200, band)
    few = trade_pieces(bands, np.full(200, shift), np.random.default_rng(1))
    many = trade_pieces(bands, np.full(200, shift + more), np.random.default_rng(1))
    assert (many >= few).all()
    assert (few >= 1).all()
