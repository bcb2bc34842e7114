"""A table of a PostgreSQL server is read as the same rows in a CSV file are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from postgres_server import postgres
from retail import ingest
from retail.ingest import IngestError, parquet_cache
from retail.ingest import postgres as reader
from retail.ingest.parquet_cache import state_of
from retail.jobs.daily import inputs
from test_ingest_support import land, read, shown

dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
ASKED = "postgres:SHOP_DB#orders"
TABLE = """
    create table orders (
        invoice_no text, stock_code varchar(20), description text, quantity int,
        invoice_date timestamp, unit_price numeric(10, 3), customer_id bigint, country text
    )
"""
ROWS = """
    insert into orders values
        ('536365', '85123A', 'WHITE "HEART", 日本', 6, '2010-12-13 08:26', 2.550, 17850, 'France'),
        ('C536379', 'D', null, -1, '2010-12-13 09:41:07.5', 27.5, null, 'France'),
        ('536380', 'M', '', 100000, '2010-12-14 00:00', 0.001, 1, null)
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres() as found:
        yield found


@pytest.fixture
def server(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server with the table, which SHOP_DB has."""
    monkeypatch.setenv("SHOP_DB", address)
    change(address, "drop schema public cascade", "create schema public", TABLE, ROWS)
    return address


def change(address: str, *statements: str) -> None:
    with dbapi.connect(address) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def copied(server: str, tmp_path: Path, rows: str = "orders") -> Path:
    """The rows as the server itself writes them into a CSV file."""
    socket = server.partition("host=")[2].partition("&")[0]
    path = Path(socket) / "orders.csv"
    change(server, f"copy {rows} to '{path}' with (format csv, header)")
    target = tmp_path / "copied.csv"
    target.write_bytes(path.read_bytes())
    return target


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The same with prices as numbers: a server's `2.550` gets a fourth decimal."""
    return [(*row[:5], Decimal(row[5]), *row[6:]) for row in rows]


def test_a_number_of_three_decimals_is_no_thousand(server: str, tmp_path: Path) -> None:
    change(server, "update orders set unit_price = 27.5")
    assert {row[5] for row in plain(read("postgres:SHOP_DB#orders", tmp_path))} == {Decimal("27.5")}


@pytest.mark.parametrize("table", ["orders", "public.orders", "Public.ORDERS"])
def test_a_table_is_read_as_its_copy(server: str, tmp_path: Path, table: str) -> None:
    found = read(f"postgres:SHOP_DB#{table}", tmp_path)
    assert plain(found) == plain(read(copied(server, tmp_path), tmp_path))
    assert len(found) == 3


def test_the_rows_of_a_query_and_the_settings_of_shop_yml(server: str, tmp_path: Path) -> None:
    query = "select * from orders -- all\nwhere quantity > 0 order by invoice_no desc"
    (tmp_path / "lines.sql").write_text(f"{query};\n", encoding="utf-8")
    (tmp_path / "shop.yml").write_text(
        "source: {postgres: env SHOP_DB, query: lines.sql}\n", encoding="utf-8"
    )
    landing = parquet_cache.land_project(tmp_path, tmp_path / "landed", environ={})
    assert landing.location == f"postgres:SHOP_DB#{tmp_path}/lines.sql"
    assert [file.source_file for file in landing.files] == ["postgres:SHOP_DB#lines.sql"]
    assert landing.raw_rows == 2


def test_moments_with_a_zone_are_those_of_the_shop(server: str, tmp_path: Path) -> None:
    change(server, "alter table orders alter invoice_date type timestamptz")
    (tmp_path / "shop.yml").write_text(
        "source: {postgres: env SHOP_DB, name: orders}\nshop: {timezone: Asia/Tokyo}\n",
        encoding="utf-8",
    )
    landing = parquet_cache.land_project(tmp_path, tmp_path / "landed", environ={})
    assert landing.raw_rows == 3
    path = copied(server, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "shop.yml").write_text("shop: {timezone: Asia/Tokyo}\n", encoding="utf-8")
    same = parquet_cache.land_project(other, other / "landed", environ={"RETAIL_SOURCE": str(path)})
    assert plain(shown(landing)) == plain(shown(same))
    assert shown(landing)[0][4] == "2010-12-13 17:26:00"


@pytest.mark.parametrize(
    "statement",
    [
        "update orders set quantity = 7 where quantity = 6",
        "delete from orders where stock_code = 'M'",
        "insert into orders select * from orders limit 1",
        "alter table orders rename description to details",
        "update orders set description = null where description = ''",
    ],
)
def test_a_table_that_changed_is_told_and_one_that_did_not_is_not_read_again(
    server: str, tmp_path: Path, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = ingest.resolve(tmp_path, {"RETAIL_SOURCE": ASKED}).files[0]
    land(ASKED, tmp_path)
    before, landed = state_of(source), parts(tmp_path)
    change(server, "update orders set quantity = 9 where quantity = 6")
    change(server, "update orders set quantity = 6 where quantity = 9")
    assert state_of(source) == before
    land(ASKED, tmp_path)
    assert parts(tmp_path) == landed
    change(server, statement)
    assert state_of(source) != before
    land(ASKED, tmp_path)
    assert parts(tmp_path) > landed


def parts(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / ingest.LANDED_FOLDER).glob("*.parquet")}


def test_an_unchanged_morning_asks_for_the_rows_that_were_landed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_SOURCE", ASKED)
    database = tmp_path / "shop.duckdb"

    def changes(last: inputs.LastRun | None) -> tuple[str, ...]:
        now = inputs.read(tmp_path, database)
        assert now
        return inputs.changes(now, last)

    rests_on = inputs.read(tmp_path, database)
    assert rests_on
    last = inputs.of_run(rests_on, [], [])
    assert changes(last) == ("the raw files",)  # looked at, but other rows may have been landed
    land(ASKED, tmp_path)
    assert changes(last) == ()
    change(server, "update orders set unit_price = 2.551 where quantity = 6")
    assert changes(last) == ("the raw files",)


def test_a_table_that_is_written_to_meanwhile_is_read_as_of_one_moment(
    server: str, tmp_path: Path
) -> None:
    source = ingest.resolve(tmp_path, {"RETAIL_SOURCE": ASKED}).files[0]
    with reader.snapshot(source) as rows:
        before = rows.fingerprint()
        change(server, "insert into orders select * from orders")
        assert rows.fingerprint() == before
    assert state_of(source) != before


@pytest.mark.parametrize(
    ("asked", "named", "said"),
    [
        ("postgres:SHOP_DB#lines", None, "SHOP_DB has no table lines; it has public.orders"),
        ("postgres:SHOP_DB", None, "postgres:… names no environment variable and table; write"),
        ("postgres:NOBODY#orders", None, "the environment variable NOBODY has to name"),
        ("postgres://me:s3cret@host/db#orders", None, "postgres:… names no environment variable"),
        ("postgresql://me:s3cret@host/db#orders", None, "postgresql:… names no environment varia"),
        (ASKED, "postgresql://me:s3cret@127.0.0.1:1/db", "cannot read postgres:SHOP_DB#orders: "),
        (ASKED, "postgresql://me:s3cret@[bad/db", "cannot read postgres:SHOP_DB#orders: "),
        ("postgres:SHOP_DB#{}/write.sql", None, "cannot read postgres:SHOP_DB#write.sql: "),
        ("postgres:SHOP_DB#{}/none.sql", None, "none.sql: no such file"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_one_line_without_the_address(
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    named: str,
    said: str,
) -> None:
    monkeypatch.setenv("SHOP_DB", named or server)
    (tmp_path / "write.sql").write_text("delete from orders returning *", encoding="utf-8")
    with pytest.raises(IngestError) as refused:
        land(asked.format(tmp_path), tmp_path)
    assert said in str(refused.value)
    assert "s3cret" not in str(refused.value)
    monkeypatch.setenv("SHOP_DB", server)
    assert len(read(ASKED, tmp_path)) == 3


def test_a_driver_that_is_not_installed_is_one_line_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB", "postgresql://nowhere/db")
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(IngestError, match="driver is not installed: pip install 'adbc-driver-pos"):
        land(ASKED, tmp_path)
