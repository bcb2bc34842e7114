"""Shops that sell by weight, know no customers or no countries: what says nothing is off."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from conftest import PROJECT, Shop
from test_another_shop import page
from test_check import check

FIRST, DAYS = dt.date(2026, 1, 5), 168
CHANGED = dt.date(2026, 4, 6)
"""From here on `grown` knows its customers, and sells abroad."""
CUSTOMER_KPIS = {"active_customers", "new_customers", "repeat_rate", "revenue_per_customer"}
COUNTRY_KPIS = {"international_revenue", "international_share", "revenue_by_country"}
SETTINGS = "shop: {name: Grocer, currency: EUR, home_country: Germany}\n"


def weighed(seed: int = 1) -> list[tuple[str, str, Decimal, dt.date, Decimal]]:
    """Orders of a shop that sells by weight, without times: number, product, kilograms, …."""
    draw = random.Random(seed)
    lines = []
    for day in range(DAYS):
        date = FIRST + dt.timedelta(days=day)
        for order in range(8 + draw.randrange(5)):
            for _ in range(1 + draw.randrange(3)):
                kilograms = Decimal(draw.randrange(1, 4000)) / 1000
                product = draw.randrange(14)
                price = Decimal(100 + 7 * product) / 100
                lines.append((f"{day}-{order}", f"P{product}", kilograms, date, price))
    return lines


def as_rows(lines: list[tuple[str, str, Decimal, dt.date, Decimal]]) -> Iterator[str]:
    yield "order,sku,quantity,date,price"
    for line in lines:
        yield ",".join(map(str, line))


@pytest.fixture(scope="module")
def grocer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Kilograms, no customers, no countries, no times of day, no returns; with its report."""
    folder = tmp_path_factory.mktemp("grocer")
    (folder / "kilos.csv").write_text("\n".join(as_rows(weighed())), encoding="utf-8")
    with settings(folder, SETTINGS) as shop:
        yield looked_at(shop, "kilos.csv")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The same shop, which begins to know its customers and to sell abroad."""
    folder = tmp_path_factory.mktemp("grown")
    rows = ["order,sku,quantity,date,price,customer_id,country"]
    for number, sku, kilograms, date, price in weighed(seed=2):
        order = int(number.partition("-")[2])
        who = f"c{(order * 7 + date.day) % 40}" if date >= CHANGED else ""
        country = "France" if date >= CHANGED and order % 3 == 0 else "Germany"
        rows.append(f"{number},{sku},{kilograms},{date},{price},{who},{country}")
    (folder / "grown.csv").write_text("\n".join(rows), encoding="utf-8")
    with settings(folder, SETTINGS) as shop:
        yield looked_at(shop, "grown.csv")


@contextmanager
def settings(folder: Path, text: str) -> Iterator[Shop]:
    """A shop below a folder, with a shop.yml of its own for every command."""
    (folder / "shop.yml").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETAIL_SHOP", str(folder / "shop.yml"))
        yield Shop(PROJECT, folder, "")


def looked_at(shop: Shop, source: str) -> Shop:
    shop = Shop(shop.project, shop.folder, str(shop.folder / source))
    shop.build("--exclude-resource-type", "unit_test")
    for words in (("detect", "--quiet"), ("retail", "report")):
        done = shop.python("-m", *words, "--db", str(shop.database))
        assert done.returncode == 0, done.stdout + done.stderr
    return shop


def test_decimal_quantities_are_summed_exactly(grocer: Shop) -> None:
    lines = weighed()
    kilograms = sum((line[2] for line in lines), Decimal())
    money = sum((line[2] * line[4] for line in lines), Decimal())
    query = """
        select sum(quantity), sum(units), sum(amount), count(*) filter (line_type = 'sale')
        from marts.fct_order_lines
    """
    assert grocer.ask(query) == [(kilograms, kilograms, money, len(lines))]
    assert grocer.ask("select sum(units) from marts.fct_orders") == [(kilograms,)]
    for grain in ("daily", "weekly"):
        query = f"select sum(numerator) from marts.fct_kpis_{grain} where kpi = 'units_sold'"
        assert grocer.ask(query) == [(kilograms,)]
        query = f"select sum(units) from marts.fct_segments_{grain}"
        assert grocer.ask(query) == [(kilograms,)]
    query = """
        select sum(numerator) / sum(denominator) from marts.fct_kpis_daily
        where kpi = 'average_price'
    """
    ((price,),) = grocer.ask(query)
    assert price == pytest.approx(float(money / kilograms))


@pytest.mark.parametrize(
    ("name", "column", "whole", "decimal"),
    [
        ("fct_order_lines", "quantity", "INTEGER", "DECIMAL(16,6)"),
        ("fct_order_lines", "units", "INTEGER", "DECIMAL(16,6)"),
        ("fct_orders", "units", "BIGINT", "DECIMAL(38,8)"),
        ("fct_reversals", "sold_quantity", "BIGINT", "DECIMAL(38,8)"),
        ("fct_segments_daily", "units", "BIGINT", "DECIMAL(38,8)"),
    ],
)
def test_pieces_stay_whole_numbers(
    small_built: Shop, grocer: Shop, name: str, column: str, whole: str, decimal: str
) -> None:
    query = f"""
        select data_type from information_schema.columns
        where table_schema = 'marts' and table_name = '{name}' and column_name = '{column}'
    """
    assert small_built.ask(query) == [(whole,)]
    assert grocer.ask(query) == [(decimal,)]


def test_kilograms_are_no_count(small_built: Shop, grocer: Shop) -> None:
    query = "select unit from marts.dim_kpis where kpi = 'units_sold'"
    assert (small_built.ask(query), grocer.ask(query)) == ([("count",)], [("items",)])


def test_a_kpi_that_the_source_has_no_data_for_is_off_with_the_reason(grocer: Shop) -> None:
    query = "select kpi, off_reason from marts.dim_kpis where off_reason is not null"
    assert dict(grocer.ask(query)) == {
        **dict.fromkeys(CUSTOMER_KPIS, "the source has no customer ids"),
        **dict.fromkeys(COUNTRY_KPIS, "the source has no countries"),
        "return_rate": "the source has no returns",
    }
    tables = ("forecasts", "anomalies", "trends", "detection_limits", "calibration")
    for name in tables:
        looked_at = {kpi for (kpi,) in grocer.ask(f"select distinct kpi from insights.{name}")}
        assert not looked_at & (CUSTOMER_KPIS | COUNTRY_KPIS | {"return_rate"}), name


def test_what_is_off_is_said_once_to_whoever_reads(
    grocer: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = (
        "Active customers, New customers, Repeat rate, Revenue per customer are off: the source "
        "has no customer ids.",
        "International revenue, International share, Revenue by country are off: the source has "
        "no countries.",
        "Return rate is off: the source has no returns.",
    )
    text = " ".join(page(grocer).split())
    for sentence in sentences:
        assert text.count(sentence) == 1
    found = check(grocer.source, monkeypatch, tmp_path, SETTINGS)
    assert {one["reason"] for one in found["kpis_off"].values()} == {
        "the source has no customer ids", "the source has no countries",
        "the source has no returns",
    }  # fmt: skip
    assert found["kpis_off"].keys() == CUSTOMER_KPIS | COUNTRY_KPIS | {"return_rate"}


def test_a_dimension_with_one_member_is_no_place_to_look(grocer: Shop) -> None:
    query = "select dimension, only_member from marts.dim_dimensions where only_member is not null"
    dead = dict(grocer.ask(query))
    assert dead.keys() == {
        "country", "region", "market", "category", "customer_type", "hour",
    }  # fmt: skip
    query = """
        select distinct attributions.dimensions
        from insights.attributions
        inner join insights.anomalies using (anomaly_id)
        where anomalies.period_start >= date '2026-02-01'
    """
    broken_down_by = {name for (names,) in grocer.ask(query) for name in str(names).split(", ")}
    assert broken_down_by.isdisjoint(dead)
    text = " ".join(page(grocer).split())
    assert text.count("Not broken down, for one member has nearly all sales: country") == 1
    assert "guest" not in text.replace("customer type (guest)", "")


def test_a_kpi_is_on_from_the_day_that_its_source_has_what_it_needs(
    grown: Shop, tmp_path: Path
) -> None:
    query = "select kpi, available_since from marts.dim_kpis where need is not null"
    since = dict(grown.ask(query))
    assert since["active_customers"] == since["revenue_by_country"] == CHANGED
    query = """
        select min(period_start) from insights.forecasts
        where kpi = 'active_customers' and grain = 'daily' and actual is not null
    """
    assert grown.ask(query) == [(CHANGED,)]
    before = CHANGED - dt.timedelta(days=1)
    words = ("-m", "detect", "--quiet", "--as-of", str(before), "--db")
    then = tmp_path / "then.duckdb"
    then.write_bytes(grown.database.read_bytes())
    done = grown.python(*words, str(then))
    assert done.returncode == 0, done.stderr
    earlier = Shop(grown.project, tmp_path, "")
    (tmp_path / "retail.duckdb").write_bytes(then.read_bytes())
    kpis = {kpi for (kpi,) in earlier.ask("select distinct kpi from insights.forecasts")}
    assert kpis == {
        "total_revenue", "revenue_per_order", "order_count", "items_per_order", "units_sold",
        "product_concentration", "average_price",
    }  # fmt: skip


def test_sizes_of_orders_are_the_shop_s_own(grocer: Shop) -> None:
    query = """
        select order_size, count(*) from marts.fct_orders
        where order_date >= date '2026-03-01' group by order_size
    """
    orders = dict(grocer.ask(query))
    assert orders.keys() == {"small", "medium", "large", "very large"}
    shares = {size: count / sum(orders.values()) for size, count in orders.items()}
    assert shares["small"] == pytest.approx(0.25, abs=0.05)
    assert shares["very large"] == pytest.approx(0.05, abs=0.03)


def test_a_dimension_comes_back_once_it_has_members(grown: Shop) -> None:
    query = """
        select dimension, min(month_start)
        from marts.fct_dimensions_monthly
        where is_broken_down and dimension in ('customer_type', 'country', 'product')
        group by dimension
    """
    assert dict(grown.ask(query)) == {
        "customer_type": dt.date(2026, 5, 1),
        "country": dt.date(2026, 5, 1),
        "product": dt.date(2026, 2, 1),
    }
    query = "select only_member from marts.dim_dimensions where dimension = 'country'"
    assert grown.ask(query) == [(None,)]


def test_refunds_of_their_own_become_return_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{n},A{n % 20},2,2026-01-{1 + n % 28:02},5" for n in range(200)]
    (tmp_path / "o.csv").write_text("\n".join(["order,sku,qty,date,price", *rows]), "utf-8")
    refunds = ["refund,sku,pieces,money,date", "R1,A1,1,5,2026-02-20", "R2,A2,2,10,2026-02-21"]
    (tmp_path / "refunds.csv").write_text("\n".join(refunds), "utf-8")
    shop = """
        columns: {order_id: order}
        returns:
          path: refunds.csv
          columns: {order_id: refund, quantity: pieces, line_amount: money}
    """
    found = check(tmp_path / "o.csv", monkeypatch, tmp_path, shop)
    assert found["refused"] is None
    assert found["line_types"] == {
        "return": {"rows": 2, "amount": "-15.00000000"},
        "sale": {"rows": 200, "amount": "2000.00000000"},
    }
    assert "return_rate" not in found["kpis_off"]


def test_an_order_left_out_of_one_export_and_counted_by_an_older_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = "order,sku,quantity,date,price,state"
    january = [f"{n},A{n % 20},2,2026-01-{1 + n % 28:02},5,paid" for n in range(199)]
    january.append("199,A9,2,2026-01-28,5,pending")
    february = ["199,A9,2,2026-01-28,5,paid", "7,A7,2,2026-01-08,5,cancelled"]
    february += [f"{n},A{n % 20},2,2026-02-{1 + n % 28:02},5,paid" for n in range(200, 400)]
    (tmp_path / "in").mkdir()
    for name, rows in (("jan.csv", january), ("feb.csv", february)):
        (tmp_path / "in" / name).write_text("\n".join([header, *rows]), encoding="utf-8")
    left_out = "lines: {ignore: \"state in ('pending', 'cancelled')\"}"
    found = check(tmp_path / "in", monkeypatch, tmp_path, left_out)
    said = [line for line in found["warnings"] if "is left out by lines.ignore" in line]
    assert said == [
        "in/feb.csv row 3: order 7 is left out by lines.ignore in shop.yml, and counts in "
        "in/jan.csv row 9; orders like it: 1, worth 10.00; take them out of the older file if they "
        "were cancelled"
    ]
    assert (found["refused"], found["accepted"], found["orders"]) == (None, 400, 400)


@pytest.mark.parametrize(("decimals", "meant"), [(1, False), (40, True)])
def test_a_stray_decimal_in_the_public_form_is_malformed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decimals: int, meant: bool
) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    lines = [
        f"{n},A{n % 20},MUG,{'2.5' if n < decimals else 3},2026-01-{1 + n % 28:02},2.50,7,UK"
        for n in range(400)
    ]
    (tmp_path / "lines.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    found = check(tmp_path / "lines.csv", monkeypatch, tmp_path)
    assert found["malformed"] == (0 if meant else decimals)
