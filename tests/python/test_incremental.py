"""Builds that do only what changed: the same tables as from scratch, whatever arrives when."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import jinja2
import pytest

import arrivals
from conftest import FULL, PROJECT, Shop
from orders import small_shop, write
from retail.storage.quoting import literal

SEED, STEPS = 20111209, 6 if FULL else 2
TABLES_ONLY = ("--exclude-resource-type", "test", "unit_test")
LATE = date(2011, 1, 12)
BUILD_HASH = PROJECT / "macros/incremental/get_build_hash.sql"


class Relation(NamedTuple):
    """A table as dbt names it."""

    schema: str
    identifier: str


def test_lines_in_any_order_give_the_tables_that_a_build_from_scratch_gives(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, arrivals.__file__, str(SEED), str(STEPS), str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    told = done.stdout.splitlines()
    assert len(told) == STEPS, done.stderr
    assert [line for line in told if not line.endswith(": the same")] == []


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop in a folder of files, built once."""
    folder = tmp_path_factory.mktemp("grown")
    (folder / "source").mkdir()
    write(folder / "source" / "first.csv", small_shop())
    shop = Shop(PROJECT, folder, str(folder / "source"))
    build(shop)
    return shop


def build(shop: Shop, *words: str) -> None:
    shop.build(*TABLES_ONLY, *words)


def days_built(shop: Shop, table: str) -> set[str]:
    """The days or weeks that the last build's SQL is restricted to."""
    (sql,) = (shop.folder / "target" / "compiled").rglob(f"{table}.sql")
    return set(re.findall(r"date '(\d{4}-\d\d-\d\d)'", sql.read_text(encoding="utf-8")))


def test_a_late_line_has_its_own_day_built_anew_and_no_other(grown: Shop) -> None:
    known = grown.ask("select count(*) from marts.fct_order_lines")
    late = ["549999", "10003", "THING 10003", "7", f"{LATE:%m/%d/%Y} 14:30", "10", "399", "Germany"]
    write(Path(grown.source) / "late.csv", [late])
    build(grown)
    assert grown.ask("select count(*) - 1 from marts.fct_order_lines") == known
    sold = f"select sum(units) from marts.fct_segments_daily where period_start = date '{LATE}'"
    assert grown.ask(f"{sold} and product = '10003' and country = 'Germany'") == [(7,)]
    assert days_built(grown, "int_order_lines__classified") == {str(LATE)}
    assert days_built(grown, "fct_order_lines") == {str(LATE)}
    assert days_built(grown, "fct_segments_daily") == {str(LATE)}
    assert days_built(grown, "fct_segments_weekly") == {"2011-01-10"}


def test_another_name_of_a_product_reaches_days_on_which_it_was_sold_twice(grown: Shop) -> None:
    """What two lines of a day have in common must not cancel out in what the day comes to."""
    line = ["559001", "77777", "OLD NAME", "1", "01/11/2011 10:00", "5", "100", "Germany"]
    other = ["559002", *line[1:6], "101", line[7]]
    write(Path(grown.source) / "two.csv", [line, other])
    build(grown)
    later = [
        [f"5591{n:02}", "77777", "NEW NAME", "1", "01/14/2011 10:00", "5", "100", "Germany"]
        for n in range(5)
    ]
    write(Path(grown.source) / "later.csv", later)
    build(grown)
    named = "select distinct description from marts.fct_order_lines where product = '77777'"
    assert grown.ask(named) == [("NEW NAME",)]


def test_what_is_built_by_other_settings_is_built_anew(grown: Shop) -> None:
    market = "select distinct market from marts.fct_order_lines where country = 'Germany'"
    assert grown.ask(market) == [("international",)]
    build(grown, "--vars", "{home_country: Germany}")
    assert grown.ask(market) == [("domestic",)]
    build(grown)
    assert grown.ask(market) == [("international",)]


class Answer(NamedTuple):
    """What a macro is told of a column that it asked for."""

    texts: list[str]

    @property
    def columns(self) -> list[Answer]:
        return [self]

    def values(self) -> list[str]:
        return self.texts


def test_the_hash_of_a_table_is_not_that_of_its_namesake_in_another_file(tmp_path: Path) -> None:
    names = Relation("it's", "lines")
    said: list[str] = []
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("attach ':memory:' as another")
        for database in ("another", "shop"):
            table = f"""{database}."{names.schema}".{names.identifier}"""
            connection.execute(f"""create schema {database}."{names.schema}" """)
            connection.execute(f"create table {table} (line bigint)")
            connection.execute(f"comment on table {table} is 'built with {database}'")
        macro = jinja2.Environment(autoescape=False).from_string(BUILD_HASH.read_text("utf-8"))  # noqa: S701 - SQL
        macro.globals |= {
            "return": said.append,
            "run_query": lambda query: Answer([row[0] for row in connection.sql(query).fetchall()]),
            "sql_text": literal,
        }
        macro.module.get_build_hash(names)  # type: ignore[attr-defined]
    assert said == ["built with shop"]


def test_a_difference_of_one_cell_is_seen(tmp_path: Path) -> None:
    for name, value in (("one", 1), ("other", 2)):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.kpis as select {value} as value, 5 as bytes")
    found = arrivals.differences(tmp_path / "one.duckdb", tmp_path / "other.duckdb")
    assert found == ["marts.kpis"]
