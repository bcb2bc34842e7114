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
    built = good_shop.dbt("build", *MODELS_AND_TESTS)
    assert built.returncode == 0, built.stdout
    with duckdb.connect(str(good_shop.database), read_only=True) as connection:
        rejected = connection.execute(
            "select source_row, reason, detail from marts.fct_rejected_order_lines order by 1"
        ).fetchall()
        accepted = connection.execute("select count(*) from marts.fct_order_lines").fetchall()
    assert accepted == [(len(rows),)]
    assert [(row, reason) for row, reason, _ in rejected] == [
        (len(rows) + i, "malformed") for i in (1, 2, 3, 4)
    ]
    assert "quantity" in rejected[0][2]
    assert "price" in rejected[1][2]
    assert "field" in rejected[2][2]
    assert "field" in rejected[3][2]
