"""Golden dumps: the same data give the same tables, and a difference is named to the cell."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT, SIMULATED_DAYS, Shop
from dumps import compare, digests, shops, tables
from dumps.digests import Digest

KNOWN = digests.read()
OTHER = digests.DIGITS + 2
"""A digit that rounding takes away."""


@pytest.fixture(scope="module")
def dumped(detected: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dumped")
    tables.write(detected.database, folder)
    return folder


def test_the_tables_of_the_given_data_are_the_golden_ones(detected: Shop, dumped: Path) -> None:
    source = digests.of_file(Path(detected.source)) if Path(detected.source).is_file() else ""
    (shop, *_) = [name for name, golden in KNOWN.items() if golden.source == source] or [None]
    if shop is None:
        assert not detected.source.endswith("simulated/orders.csv"), "the simulated file is another"
        pytest.skip("there are no digests of the data that RETAIL_SOURCE names")
    assert digests.differing(shop, digests.of_folder(dumped), KNOWN[shop].tables) == []


@pytest.mark.full
@pytest.mark.parametrize("shop", shops.SHOPS)
def test_a_build_from_scratch_gives_the_golden_tables(shop: str, tmp_path: Path) -> None:
    try:
        built = shops.build(shop, tmp_path / "built")
    except shops.NoDataError as error:
        pytest.skip(str(error))
    tables.write(built.database, tmp_path / "dump")
    found = digests.of_folder(tmp_path / "dump")
    assert digests.differing(shop, found, KNOWN[shop].tables) == []


def test_there_are_digests_of_three_shops_and_the_tests_simulate_one_of_them() -> None:
    assert set(KNOWN) == set(shops.SHOPS)
    assert shops.SIMULATED_DAYS == SIMULATED_DAYS


def test_a_key_names_each_row_once(detected: Shop) -> None:
    with duckdb.connect(str(detected.database), read_only=True) as connection:
        assert set(tables.KEYS) <= set(tables.tables(connection))
        twice = {
            table: connection.execute(
                f"select count(*) from (from {table} select 1 group by {', '.join(key)}"
                " having count(*) > 1)"
            ).fetchall()
            for table, key in tables.KEYS.items()
        }
    assert {table for table, found in twice.items() if found != [(0,)]} == set()


def shop_of(folder: Path, *statements: str) -> Path:
    """Dump a made-up file into a folder."""
    folder.mkdir()
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("create schema marts; create schema insights; create schema staging")
        connection.execute(
            "create table marts.dim_countries as select * from (values"
            " ('Germany', 1.50::decimal(9, 2), now()), ('EIRE', null, now())"
            ") as t (country, market, landed_at)"
        )
        connection.execute(
            "create table insights.incidents as"
            " select 'a' as incident_id, 0.1 + 0.2e0 as confidence"
        )
        connection.execute("create view marts.all_countries as from marts.dim_countries")
        connection.execute("create table staging.not_dumped as select 1 as x")
        for statement in statements:
            connection.execute(statement)
    tables.write(folder / "shop.duckdb", folder / "dump")
    return folder / "dump"


def test_a_dump_is_the_rows_in_order_with_exact_values_and_no_clock(tmp_path: Path) -> None:
    dump = shop_of(tmp_path / "one")
    assert {path.stem for path in dump.iterdir()} == {
        "marts.dim_countries", "marts.all_countries", "insights.incidents",
    }  # fmt: skip
    assert (dump / "marts.dim_countries.jsonl").read_text() == (
        '{"country": "VARCHAR", "market": "DECIMAL(9,2)"}\n["EIRE",null]\n["Germany","1.50"]\n'
    )
    assert '["a","0.30000000000000004"]' in (dump / "insights.incidents.jsonl").read_text()


def test_the_order_of_writing_leaves_no_trace(tmp_path: Path) -> None:
    again = "create or replace table marts.dim_countries as from marts.dim_countries order by {}"
    one = shop_of(tmp_path / "one", again.format("country"))
    other = shop_of(tmp_path / "other", again.format("country desc"))
    assert digests.of_folder(one) == digests.of_folder(other)
    assert list(compare.differences(one, other)) == []


def test_a_double_reads_back_as_it_was() -> None:
    chance = random.Random(1)
    values = [struct.unpack("d", chance.randbytes(8))[0] for _ in range(2_000)]
    values = [value for value in values if value == value]
    with duckdb.connect() as connection:
        ask = "select cast(unnest(?::double[]) as varchar)"
        found = [float(text) for (text,) in connection.execute(ask, [values]).fetchall()]
    assert found == values


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update marts.dim_countries set market = 1.51 where country = 'Germany'",
         "marts.dim_countries: country=Germany: market: 1.50 -> 1.51"),
        ("update marts.dim_countries set market = 0 where country = 'EIRE'",
         "marts.dim_countries: country=EIRE: market: null -> 0.00"),
        ("delete from marts.dim_countries where country = 'EIRE'",
         "marts.dim_countries: country=EIRE: 1 rows -> 0 rows"),
        ("insert into marts.dim_countries values ('EIRE', null, null)",
         "marts.dim_countries: country=EIRE: 0 rows -> 1 rows"),
        ("alter table insights.incidents rename confidence to certainty",
         "insights.incidents: column certainty: not there -> DOUBLE"),
        ("create table marts.more as select 1 as x", "marts.more: only in {new}"),
        ("drop table insights.incidents", "insights.incidents: only in {old}"),
    ],
)  # fmt: skip
def test_a_difference_is_named_with_table_key_and_column(
    tmp_path: Path, change: str, said: str
) -> None:
    old, new = shop_of(tmp_path / "old"), shop_of(tmp_path / "new", change)
    assert said.format(old=old, new=new) in list(compare.differences(old, new))
    table = said.partition(":")[0]
    wrong = digests.differing("shop", digests.of_folder(new), digests.of_folder(old))
    assert f"shop: {table}: " in "\n".join(wrong)
    done = run("compare", str(old), str(new))
    assert said.format(old=old, new=new) in done.stdout
    assert done.returncode == 1


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dumps", *words],
        cwd=PROJECT / "tests/python", capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_is_the_same_differs_in_nothing(tmp_path: Path) -> None:
    old, new = shop_of(tmp_path / "old"), shop_of(tmp_path / "new")
    done = run("compare", str(old), str(new))
    assert (done.returncode, done.stdout) == (0, "no difference\n")


def test_last_digits_are_told_and_other_digits_differ(tmp_path: Path) -> None:
    old = digests.of_folder(shop_of(tmp_path / "old"))
    last = f"update insights.incidents set confidence = confidence + 1e-{OTHER}"
    new = digests.of_folder(shop_of(tmp_path / "new", last))
    assert digests.differing("shop", new, old) == []
    assert "insights.incidents" in "".join(digests.last_digits("shop", new, old))
    more = "update insights.incidents set confidence = confidence + 1e-3"
    assert digests.differing("shop", digests.of_folder(shop_of(tmp_path / "more", more)), old)


def test_of_marts_every_digit_counts() -> None:
    was = {"marts.x": Digest(1, "a", "a")}
    assert digests.differing("shop", {"marts.x": Digest(1, "b", "b")}, was)


def test_a_folder_is_checked_against_the_digests(dumped: Path, tmp_path: Path) -> None:
    """A dump in which a cell is another: the table is named, and nothing but it."""
    shop = tmp_path / "simulated"
    shop.mkdir()
    for path in dumped.iterdir():
        (shop / path.name).write_bytes(path.read_bytes())
    before = run("check", str(tmp_path)).stdout.splitlines()
    changed = shop / "marts.dim_shop.jsonl"
    changed.write_text(changed.read_text().replace("United Kingdom", "Germany"))
    done = run("check", str(tmp_path))
    assert done.returncode == 1
    assert "simulated: marts.dim_shop: 1 rows, with other values" in done.stdout.splitlines()
    assert [line for line in before if "dim_shop" in line] == []
