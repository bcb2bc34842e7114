"""Bad input is told in one clear line, and the last good tables stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from conftest import Shop, copied
from orders import HEADER, small_shop, write

MODELS_AND_TESTS = ("--exclude-resource-type", "unit_test")
FUTURE = ["549999", "10001", "THING", "1", "1/3/2190 09:00", "2.50", "100", "Germany"]
ANCIENT = ["549999", "10001", "THING", "1", "1/3/1900 09:00", "2.50", "100", "Germany"]


def marts(database: Path) -> dict[str, int]:
    """A fingerprint of every table of the marts."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
        return {
            name: connection.execute(
                f"select bit_xor(hash(to_json(t))) from marts.{name} as t"
            ).fetchall()[0][0]
            for (name,) in names
        }


def told(output: str) -> list[str]:
    """What dbt said beyond its own running commentary."""
    lines = [line.split("  ", 1)[-1].strip() for line in output.splitlines()]
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def built_shop(small_built: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return copied(small_built, tmp_path_factory.mktemp("good"))


@pytest.fixture
def good_shop(built_shop: Shop) -> Iterator[Shop]:
    """A shop with good tables; whatever a test does to its raw file is undone."""
    yield built_shop
    write(Path(built_shop.source), small_shop())


BAD_FILES = {
    "a missing column": (
        HEADER.replace("UnitPrice,", "") + "\n1,2,3,4,5,6,7\n",
        ["UnitPrice", "shop.csv"],
    ),
    "an empty file": ("", ["empty", "shop.csv"]),
    "a header and nothing else": (HEADER + "\n", ["shop.csv"]),
    "a binary file": ("\x00\x01\x02PK" * 100, ["shop.csv"]),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_file_that_cannot_be_read_stops_the_build_in_one_line(
    good_shop: Shop, fault: str
) -> None:
    content, words = BAD_FILES[fault]
    before = marts(good_shop.database)
    Path(good_shop.source).write_text(content, encoding="utf-8")
    built = good_shop.dbt("build", *MODELS_AND_TESTS)
    assert built.returncode != 0
    assert any(all(word in line for word in words) for line in told(built.stdout)), built.stdout
    assert "Traceback" not in built.stdout + built.stderr
    assert marts(good_shop.database) == before


@pytest.mark.parametrize("row", [FUTURE, ANCIENT], ids=["future", "ancient"])
def test_an_implausible_date_stops_the_build_before_any_mart_is_touched(
    good_shop: Shop, row: list[str]
) -> None:
    before = marts(good_shop.database)
    write(Path(good_shop.source), [*small_shop(), row])
    built = good_shop.dbt("build", *MODELS_AND_TESTS)
    assert built.returncode != 0
    assert "assert_order_dates_are_plausible" in built.stdout
    assert marts(good_shop.database) == before


def test_a_file_full_of_ragged_lines_stops_the_build_before_any_mart_is_touched(
    good_shop: Shop,
) -> None:
    before = marts(good_shop.database)
    write(Path(good_shop.source), [row[: 3 + i % 5] for i, row in enumerate(small_shop())])
    built = good_shop.dbt("build", *MODELS_AND_TESTS)
    assert built.returncode != 0
    assert "malformed_rows_are_rare" in built.stdout
    assert marts(good_shop.database) == before


def test_a_few_bad_rows_are_set_apart_with_their_reason_and_nothing_is_lost(
    good_shop: Shop,
) -> None:
    rows = small_shop()
    bad = [
        ["549901", "10001", "ABSURD", "99999999999999", "1/5/2011 09:00", "2.50", "100", "Germany"],
        ["549902", "10001", "ABSURD", "1", "1/5/2011 09:00", "1e40", "100", "Germany"],
        ["549903", "10001", "A", "COMMA TOO MANY", "1", "1/5/2011 09:00", "2.50", "100", "Germany"],
        ["549904", "10001", "SHORT"],
    ]
    write(Path(good_shop.source), [*rows, *bad])
    good_shop.build(*MODELS_AND_TESTS)
    with duckdb.connect(str(good_shop.database), read_only=True) as connection:
        rejected = connection.execute(
            "select source_row, reason, detail from marts.fct_rejected_order_lines order by 1"
        ).fetchall()
        accepted = connection.execute("select count(*) from marts.fct_order_lines").fetchall()
    assert accepted == [(len(rows),)]
    assert [(row, reason) for row, reason, _ in rejected] == [
        (len(rows) + 1 + i, "malformed") for i in (1, 2, 3, 4)
    ]
    assert "quantity" in rejected[0][2]
    assert "price" in rejected[1][2]
    assert "field" in rejected[2][2]
    assert "field" in rejected[3][2]


def line(number: int, quantity: str = "1", price: str = "2.50", who: str = "100") -> list[str]:
    """A line of an order of its own, on the last day of the small shop."""
    when = "01/23/2011 11:00"
    return [str(560000 + number), "10001", "THING 10001", quantity, when, price, who, "Germany"]


@pytest.mark.parametrize(
    ("extra", "guard"),
    [
        (
            [line(n, "-1", "-1000000") for n in range(9)],
            "adjustments_are_a_small_part_of_the_money",
        ),
        ([line(0, "100", "1000")] * 9, "duplicates_are_a_small_part_of_the_money"),
    ],
    ids=["adjustments", "duplicates"],
)
def test_above_a_third_of_the_money_the_build_stops_before_any_mart_is_touched(
    good_shop: Shop, extra: list[list[str]], guard: str
) -> None:
    before = marts(good_shop.database)
    write(Path(good_shop.source), [*small_shop(), *extra])
    built = good_shop.dbt("build", *MODELS_AND_TESTS)
    assert built.returncode != 0
    assert f"Failure in test {guard}" in built.stdout
    assert marts(good_shop.database) == before


def test_below_a_third_of_the_money_and_words_for_nothing_are_warned_of_in_sentences(
    good_shop: Shop,
) -> None:
    """The total of sales and returns is some 1,800; services are a sixth of the money."""
    extra = [
        *[line(n, "-1", "-20") for n in range(5)],
        *[line(10, "10", "30")] * 2,
        line(20, who="NULL"),
        line(21, price="a lot"),
    ]
    write(Path(good_shop.source), [*small_shop(), *extra])
    done = good_shop.python("-m", "retail", "run")
    assert done.returncode == 0, done.stderr
    warnings = [row for row in done.stdout.splitlines() if "warning:" in row]
    for words in (
        "% of the money is in adjustments (a price or quantity of zero, both negative, bad debt)",
        "% of the money is in rows that repeat another row and do not count, first in ",
        "1 rows have NULL for customer_id, which is read as nothing",
        "the price is not a number that fits (a lot); 1 of ",
    ):
        assert any(words in row for row in warnings), (words, warnings)
    with duckdb.connect(str(good_shop.database), read_only=True) as connection:
        query = "select customer_id from marts.fct_order_lines where invoice_no = '560020'"
        assert connection.execute(query).fetchall() == [(None,)]


def test_one_file_full_of_malformed_rows_among_good_ones_stops_the_build(
    built_shop: Shop, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "good.csv", small_shop(days=60))
    write(folder / "bad.csv", [line(n, price="a lot" if n < 3 else "1") for n in range(3)])
    shop = Shop(built_shop.project, tmp_path, str(folder))
    done = shop.python("-m", "retail", "run")
    assert done.returncode == 1
    (said,) = [row for row in done.stderr.splitlines() if row.startswith("retail run:")]
    assert "3 of 3 rows of the file are malformed and left out" in said
    assert "in/bad.csv row 2: the price is not a number that fits (a lot)" in said
