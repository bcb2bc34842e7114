"""Settled history: which figures of old days a run publishes anew, and the order lines that did."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT, Shop, once
from orders import small_shop, write

DAY = date(2011, 1, 12)
WEEK = date(2011, 1, 10)
NEWEST = date(2011, 1, 23)
LINES = """
    select revision, source_file, source_row, invoice_no, product, line_type, amount_before,
        amount_after
    from insights.revised_lines order by all
"""


@dataclass(frozen=True)
class Morning:
    """A shop with a run behind it, and its file of order lines."""

    shop: Shop

    @property
    def file(self) -> Path:
        return Path(self.shop.source) / "orders.csv"

    def add(self, name: str, rows: list[list[str]]) -> None:
        write(Path(self.shop.source) / name, rows)

    def run(self, *words: str) -> str:
        done = self.shop.python("-m", "retail", "run", "--project", str(PROJECT), *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def revised(
        self, kpi: str, start: date = DAY, grain: str = "daily"
    ) -> list[tuple[object, ...]]:
        return self.shop.ask(
            "select value_before, value_after, lines_added, lines_removed, lines_changed"
            f" from insights.revisions where kpi = '{kpi}' and grain = '{grain}'"
            f" and period_start = date '{start}' and segment = 'all'"
        )


def row(invoice: str, product: str, quantity: int, day: date, price: str, who: str) -> list[str]:
    place = "Germany" if who == "200" else "United Kingdom"
    words = [f"{day:%m/%d/%Y} 14:30", price, who, place]
    return [invoice, product, f"THING {product}", str(quantity), *words]


@pytest.fixture(scope="module")
def first(shared: Path) -> Path:
    """A folder with a run in it, made once."""

    def make(folder: Path) -> None:
        (folder / "source").mkdir()
        write(folder / "source" / "orders.csv", small_shop())
        Morning(Shop(PROJECT, folder, str(folder / "source"))).run()

    return once(shared / "settled", make)


@pytest.fixture
def morning(first: Path, tmp_path: Path) -> Morning:
    shutil.copytree(first, tmp_path / "shop")
    return Morning(Shop(PROJECT, tmp_path / "shop", str(tmp_path / "shop" / "source")))


def test_a_late_file_is_named_with_the_figures_that_it_changed(morning: Morning) -> None:
    morning.add("late.csv", [row("549999", "10003", 7, DAY, "10", "399")])
    said = morning.run()
    ((before, after, *lines),) = morning.revised("total_revenue")
    assert after == pytest.approx(before + 70)
    assert lines == [1, 0, 0]
    assert morning.shop.ask(LINES) == [
        ("added", "source/late.csv", 2, "549999", "10003", "sale", None, 70.0)
    ]
    sentence = next(line for line in said.splitlines() if line.startswith("Figures of"))
    assert "total revenue of 12 January 2011" in sentence
    assert "late.csv row 2" in sentence
    assert "+£70" in sentence
    assert sentence in morning.shop.python("-m", "retail", "list").stdout
    assert "late.csv row 2" in (morning.shop.folder / "report.html").read_text("utf-8")
    assert morning.revised("total_revenue", WEEK, "weekly") != []
    days = "select distinct period_start from insights.revisions where grain = 'daily'"
    assert morning.shop.ask(days) == [(DAY,)]


def test_rows_that_were_taken_out_are_named_by_their_former_place(morning: Morning) -> None:
    rows = small_shop()
    taken = next(i for i, r in enumerate(rows) if r[4].startswith("01/12/2011") and r[6] == "200")
    write(morning.file, rows[:taken] + rows[taken + 1 :])
    morning.run()
    ((before, after, *lines),) = morning.revised("total_revenue")
    assert after == pytest.approx(before - 12.75)
    assert lines == [0, 1, 0], "rows below it have moved, and say what they said"
    assert morning.shop.ask(LINES) == [
        ("removed", "source/orders.csv", taken + 2, rows[taken][0], "10002", "sale", 12.75, None)
    ]


def test_a_corrected_amount_is_one_line_with_both_amounts(morning: Morning) -> None:
    rows = small_shop()
    place = next(i for i, r in enumerate(rows) if r[4].startswith("01/12/2011") and r[6] == "200")
    rows[place][5] = "5.25"
    write(morning.file, rows)
    morning.run()
    assert [lines for _, _, *lines in morning.revised("total_revenue")] == [[0, 0, 1]]
    assert morning.revised("order_count") == []
    assert morning.shop.ask(LINES) == [
        ("changed", "source/orders.csv", place + 2, rows[place][0], "10002", "sale", 12.75, 15.75)
    ]


def test_a_late_cancellation_revises_the_day_that_it_is_dated_on(morning: Morning) -> None:
    morning.add("late.csv", [row("C549999", "10001", -5, DAY, "2.50", "100")])
    morning.run()
    ((before, after, *_),) = morning.revised("return_rate")
    assert after > before
    assert morning.shop.ask(LINES) == [
        ("added", "source/late.csv", 2, "C549999", "10001", "return", None, -12.5)
    ]


def test_a_cancellation_of_a_new_day_revises_no_settled_one(morning: Morning) -> None:
    """What it takes back is in the restated KPIs; as published, the old day stays as it was."""
    late = [row("C549999", "10001", -5, date(2011, 1, 24), "2.50", "100")]
    morning.add("late.csv", [*late, row("550000", "10001", 5, date(2011, 1, 24), "2.50", "100")])
    said = morning.run()
    assert morning.shop.ask("select count(*) from insights.revisions") == [(0,)]
    assert "Figures of" not in said


def test_an_earlier_order_of_a_customer_names_the_lines_that_count_otherwise(
    morning: Morning,
) -> None:
    """The customer is no new one on the day on which he was counted as one."""
    customer, first_day = "312", DAY
    morning.add("late.csv", [row("549999", "10003", 1, date(2011, 1, 5), "10", customer)])
    morning.run()
    ((before, after, *lines),) = morning.revised("new_customers", first_day)
    assert (before - after, lines) == (1, [0, 0, 1])
    ((before, after, *lines),) = morning.revised("new_customers", date(2011, 1, 5))
    assert (after - before, lines) == (1, [1, 0, 0])
    changes = "select revision, order_date from insights.revised_lines order by order_date"
    assert morning.shop.ask(changes) == [
        ("added", date(2011, 1, 5)),
        ("reclassified", first_day),
    ]


def test_nothing_is_revised_where_nothing_changed_or_only_a_day_came(morning: Morning) -> None:
    morning.run("--force")
    morning.add("new.csv", [row("550000", "10001", 5, date(2011, 1, 24), "2.50", "100")])
    assert "Figures of" not in morning.run()
    assert morning.shop.ask("select count(*) from insights.revisions") == [(0,)]


def test_a_replay_and_a_second_detection_revise_nothing(morning: Morning) -> None:
    morning.add("late.csv", [row("549999", "10003", 7, DAY, "10", "399")])
    morning.run()
    known = morning.shop.ask("select count(*), count(distinct run_id) from insights.revisions")
    for words in (["--as-of", "2011-01-20"], []):
        done = morning.shop.python("-m", "detect", "--db", str(morning.shop.database), *words)
        assert done.returncode == 0, done.stderr
    morning.run("--force")
    counted = "select count(*), count(distinct run_id) from insights.revisions"
    assert morning.shop.ask(counted) == known


def test_a_simulated_shop_is_no_earlier_state_of_ones_own(morning: Morning) -> None:
    with duckdb.connect(str(morning.shop.database)) as connection:
        connection.execute("update marts.dim_sources set origin = 'simulated shop'")
    morning.add("late.csv", [row("549999", "10003", 7, DAY, "10", "399")])
    assert "Figures of" not in morning.run()


def test_another_home_country_names_lines_that_count_otherwise(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = morning.shop.folder / "shop.yml"
    settings.write_text("shop: {home_country: Germany}\n", encoding="utf-8")
    monkeypatch.setenv("RETAIL_SHOP", str(settings))
    said = morning.run()
    assert morning.shop.ask("select distinct revision from insights.revised_lines") == [
        ("reclassified",)
    ]
    assert "international revenue of" in said
    assert "counted otherwise" in said
