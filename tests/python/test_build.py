"""`dbt build` from end to end: other spellings of the same data give the same tables."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest

from conftest import PROJECT, Shop, copied
from orders import HEADER, HEADER_II, small_shop, write

MODELS_ONLY = ("--exclude-resource-type", "test", "unit_test")
KPI_TABLES = ("fct_kpis_daily", "fct_kpis_weekly")


def kpis(database: Path) -> list[tuple[object, ...]]:
    """Every row of both KPI tables."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return [
            row
            for table in KPI_TABLES
            for row in connection.execute(
                f"select * from marts.{table} order by kpi, segment, period_start"
            ).fetchall()
        ]


def as_online_retail_ii(row: list[str]) -> list[str]:
    when = datetime.strptime(row[4], "%m/%d/%Y %H:%M")
    customer = f"{row[6]}.0" if row[6] else ""
    return [*row[:4], when.isoformat(sep=" "), row[5], customer, row[7]]


@pytest.fixture(scope="module")
def plain_shop(small_built: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop from one plain CSV."""
    return copied(small_built, tmp_path_factory.mktemp("plain"))


def build(shop: Shop) -> None:
    shop.build(*MODELS_ONLY)


def test_the_online_retail_ii_spelling_gives_the_same_kpis(
    tmp_path: Path, plain_shop: Shop
) -> None:
    rows = [as_online_retail_ii(row) for row in small_shop()]
    shop = Shop(PROJECT, tmp_path, str(write(tmp_path / "shop_ii.csv", rows, HEADER_II)))
    build(shop)
    assert kpis(shop.database) == kpis(plain_shop.database)


def test_a_folder_of_mixed_forms_with_overlapping_files_gives_the_same_kpis(
    tmp_path: Path, plain_shop: Shop
) -> None:
    rows = small_shop()
    folder = tmp_path / "orders"
    folder.mkdir()
    first = write(folder / "a.csv", rows[:50])
    first.write_bytes(first.read_text().encode("utf-8-sig"))
    iso = [as_online_retail_ii(row) for row in rows[40:80]]
    write(folder / "b.csv", [[*row[:4], row[4].replace(" ", "T"), *row[5:]] for row in iso])
    write_workbook(folder / "c.xlsx", rows[80:])
    shop = Shop(PROJECT, tmp_path, str(folder))
    build(shop)
    assert kpis(shop.database) == kpis(plain_shop.database)
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        rejected = connection.execute(
            "select reason, count(*) from marts.fct_rejected_order_lines group by all"
        ).fetchall()
    assert rejected == [("duplicate", 10)]


def write_workbook(path: Path, rows: list[list[str]]) -> None:
    """A workbook with real numbers and dates in its cells, as a person would have it."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Orders", 0)
    sheet.append(HEADER.split(","))
    for row in rows:
        when = datetime.strptime(row[4], "%m/%d/%Y %H:%M")
        customer = int(row[6]) if row[6] else None
        code = int(row[1]) if row[1].isdigit() else row[1]
        sheet.append([row[0], code, row[2], int(row[3]), when, float(row[5]), customer, row[7]])
    book.save(path)


def test_building_again_gives_the_same_tables(plain_shop: Shop) -> None:
    before = kpis(plain_shop.database)
    build(plain_shop)
    assert kpis(plain_shop.database) == before


@pytest.mark.parametrize(
    ("days_ago", "verdict"),
    [
        pytest.param(0, "PASS", marks=pytest.mark.full),
        pytest.param(3, "WARN", marks=pytest.mark.full),
        (30, "ERROR STALE"),
    ],
)
def test_freshness_is_told_from_the_newest_order_line(
    tmp_path: Path, days_ago: int, verdict: str
) -> None:
    newest = datetime.now() - timedelta(days=days_ago)
    rows = small_shop(days=1)
    shop_today = [[*row[:4], f"{newest:%m/%d/%Y} 00:00", *row[5:]] for row in rows]
    shop = Shop(PROJECT, tmp_path, str(write(tmp_path / "shop.csv", shop_today)))
    staged = shop.dbt("run", "--select", "staging")
    assert staged.returncode == 0, staged.stdout
    assert f"1 of 1 {verdict} freshness" in shop.dbt("source", "freshness").stdout


def test_every_table_and_column_carries_its_description(detected: Shop) -> None:
    bare = """
        select * from (
            select schema_name, table_name, column_name, comment from duckdb_columns()
            union all
            select schema_name, table_name, '', comment from duckdb_tables()
            union all
            select schema_name, view_name, '', comment from duckdb_views()
        )
        where
            comment is null
            and schema_name in ('staging', 'intermediate', 'marts', 'seeds', 'insights')
    """
    with duckdb.connect(str(detected.database), read_only=True) as connection:
        assert connection.execute(bare).fetchall() == []
        said = dict(
            connection.execute(
                "select table_name, comment from duckdb_columns() where column_name = 'net_revenue'"
            ).fetchall()
        )
        tables = dict(
            connection.execute(
                "select table_name, comment from duckdb_tables() where not internal"
            ).fetchall()
        )
    assert "returned" in said["fct_segments_daily"]
    hashed = {name: text for name, text in tables.items() if "built with" in (text or "")}
    assert len(hashed) == 6
    for name, text in hashed.items():
        assert re.fullmatch(r"[A-Z].+\S\n\nbuilt with \w+", text, re.DOTALL), name


def test_internal_columns_stand_only_where_a_build_compares_them(detected: Shop) -> None:
    query = """
        select table_name, column_name from duckdb_columns()
        where
            schema_name = 'marts'
            and (comment like 'Internal:%' or column_name similar to '.*(hash|checksum)')
        order by all
    """
    with duckdb.connect(str(detected.database), read_only=True) as connection:
        assert connection.execute(query).fetchall() == [
            ("fct_order_lines", "line_hash"),
            ("fct_rejected_order_lines", "row_hash"),
            ("fct_segments_daily", "source_checksum"),
            ("fct_segments_weekly", "source_checksum"),
        ]


def test_the_file_says_that_duckdb_1_2_opens_it(detected: Shop) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{detected.database}' as shop (read_only)")
        query = (
            "select tags['storage_version'] from duckdb_databases() where database_name = 'shop'"
        )
        assert connection.execute(query).fetchall() == [("v1.2.0+",)]


@pytest.mark.full
@pytest.mark.parametrize("version", ["1.2.2", "1.4.4"])
def test_older_clients_read_every_table(version: str, detected: Shop, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = ["-m", "pip", "install", "--quiet", "--quiet", f"duckdb=={version}"]
    subprocess.run([python, *install], check=True)
    read_all = (
        "import duckdb, sys\n"
        "c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "c.execute('set enable_progress_bar = false')\n"  # which `python -c` has by default
        "tables = c.execute(\"select table_schema || '.' || table_name from\"\n"
        "    \" information_schema.tables where table_schema != 'raw'\").fetchall()\n"
        "for (name,) in tables: c.execute(f'select * from {name}').fetchall()\n"
        "print(len(tables))\n"
    )
    done = subprocess.run(
        [python, "-c", read_all, detected.database], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 50
