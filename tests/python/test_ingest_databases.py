"""Tables of databases and JSON lines are read as the same rows in a CSV file are."""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from retail.ingest import IngestError, Landing, confined
from retail.ingest.columns import PUBLIC_NAMES
from retail.ingest.exported import ODD
from retail.ingest.parquet_cache import land_project
from retail.jobs.daily.inputs import read as read_inputs
from test_ingest_support import LINE, OTHER_LINE, land, read, shown

TEXTS = ", ".join(f'"{name}" varchar' for name in PUBLIC_NAMES)
MARKS = ", ".join("?" * len(PUBLIC_NAMES))


def duckdb_file(path: Path, table: str = "erp.orders") -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema erp")
        connection.execute(f"create table {table} ({TEXTS})")
        for line in (LINE, OTHER_LINE):
            connection.execute(f"insert into {table} values ({MARKS})", line)
    return path


def sqlite_file(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"create table orders ({TEXTS})")
        connection.executemany(f"insert into orders values ({MARKS})", [LINE, OTHER_LINE])
    return path


def json_lines() -> str:
    rows = (dict(zip(PUBLIC_NAMES, line, strict=True)) for line in (LINE, OTHER_LINE))
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_csv(tmp_path: Path) -> list[tuple[object, ...]]:
    text = "\n".join(",".join(line) for line in (PUBLIC_NAMES, LINE, OTHER_LINE))
    path = tmp_path / "plain.csv"
    path.write_text(text + "\n", encoding="utf-8")
    return read(path, tmp_path)


@pytest.mark.parametrize("asked", ["duckdb:{}#erp.orders", "duckdb:{}#orders", "{}#ERP.Orders"])
def test_a_table_of_a_duckdb_file(tmp_path: Path, asked: str) -> None:
    path = duckdb_file(tmp_path / "shop.duckdb")
    landing = land(asked.format(path), tmp_path)
    assert shown(landing) == as_csv(tmp_path)
    assert landing.files[0].source_file.casefold().startswith("shop.duckdb#")


def test_a_table_of_a_sqlite_file(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path / "shop.sqlite")
    assert read(f"sqlite:{path}#orders", tmp_path) == as_csv(tmp_path)
    assert read(f"sqlite:{path}#main.orders", tmp_path) == as_csv(tmp_path)


@pytest.mark.parametrize("name", ["orders.jsonl", "orders.ndjson", "orders.jsonl.gz"])
def test_json_lines(tmp_path: Path, name: str) -> None:
    text = json_lines().encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert read(tmp_path / name, tmp_path) == as_csv(tmp_path)


@pytest.mark.parametrize(
    ("change", "odd"),
    [
        ({"Quantity": None}, "1: object 3 lacks Quantity"),
        ({"Quantity": None, "Quantitx": 6}, "1: object 3 lacks Quantity and has Quantitx"),
        ({"Quantity": 7}, ""),
    ],
)
def test_an_object_of_json_with_other_keys_than_the_rest_is_told(
    tmp_path: Path, change: dict[str, int | None], odd: str
) -> None:
    objects = [json.loads(line) for line in json_lines().splitlines()[:1] * 9]
    objects[2] = {name: value for name, value in (objects[2] | change).items() if value is not None}
    assert note_of(tmp_path, objects).partition(f"{ODD}: ")[2] == odd


def test_json_that_leaves_out_what_is_empty_is_not_told(tmp_path: Path) -> None:
    objects = [json.loads(line) for line in json_lines().splitlines()[:1] * 9]
    for one in objects[::2]:
        del one["CustomerID"]
    assert note_of(tmp_path, objects) == ""


def note_of(tmp_path: Path, objects: list[dict[str, object]]) -> str:
    (tmp_path / "o.json").write_text(json.dumps(objects), encoding="utf-8")
    return land(tmp_path / "o.json", tmp_path).files[0].note or ""


def test_numbers_and_moments_of_json_and_of_tables_keep_their_values(tmp_path: Path) -> None:
    row = {
        "InvoiceNo": 536365, "StockCode": "85123A", "Description": "", "Quantity": 6,
        "InvoiceDate": "2010-12-13T08:26:00", "UnitPrice": 2.55, "CustomerID": None,
        "Country": "France",
    }  # fmt: skip
    (tmp_path / "o.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute(f"create table o as from read_json('{tmp_path / 'o.jsonl'}')")
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        columns = ", ".join(f'"{name}"' for name in row)
        connection.execute(f"create table o ({columns})")
        connection.execute(f"insert into o values ({MARKS})", list(row.values()))
    found = [
        read(source, tmp_path)
        for source in (
            tmp_path / "o.jsonl", f"{tmp_path}/s.duckdb#o", f"{tmp_path}/s.sqlite#o",
        )
    ]  # fmt: skip
    assert {(r[0], r[3], r[5], r[6]) for rows in found for r in rows} == {
        ("536365", "6", "2.55", None)
    }
    assert {str(r[4])[:10] for rows in found for r in rows} == {"2010-12-13"}


def test_what_is_in_the_log_of_a_database_is_read_too(tmp_path: Path) -> None:
    path = duckdb_file(tmp_path / "shop.duckdb")
    asked = f"duckdb:{path}#erp.orders"
    assert land(asked, tmp_path).raw_rows == 2
    with duckdb.connect(str(path)) as connection:
        connection.execute("pragma disable_checkpoint_on_shutdown")
        connection.execute(f"insert into erp.orders values ({MARKS})", LINE)
    assert path.with_name("shop.duckdb.wal").stat().st_size > 0
    assert land(asked, tmp_path).raw_rows == 3
    with closing(sqlite3.connect(sqlite_file(tmp_path / "s.sqlite"))) as connection:
        connection.execute("pragma journal_mode = wal")
        assert land(f"sqlite:{tmp_path}/s.sqlite#orders", tmp_path).raw_rows == 2
        with connection:
            connection.execute(f"insert into orders values ({MARKS})", LINE)
        assert land(f"sqlite:{tmp_path}/s.sqlite#orders", tmp_path).raw_rows == 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("duckdb:{}/shop.duckdb#lines", "shop.duckdb has no table lines; it has erp.orders"),
        ("sqlite:{}/s.sqlite#lines", "s.sqlite has no table lines; it has main.orders"),
        ("duckdb:{}/shop.duckdb", "names no table; write duckdb:FILE#table"),
        ("{}/shop.duckdb", "is a database; name its table: duckdb:"),
        ("{}/plain.csv#orders", "plain.csv is no database of DuckDB or SQLite"),
        ("duckdb:{}/nowhere.duckdb#orders", "nowhere.duckdb#orders does not exist"),
        ("duckdb:{}/shop.duckdb#nobody", "cannot read shop.duckdb#nobody .Permission Error: "),
        ("duckdb:{0}/shop.duckdb#{0}/write.sql", "cannot read shop.duckdb#write.sql .Parser Err"),
        ("sqlite:{0}/s.sqlite#{0}/write.sql", "cannot read s.sqlite#write.sql .attempt to write"),
        ("sqlite:{0}/s.sqlite#{0}/none.sql", "cannot read .*none.sql: no such file"),
        ("{}/list.jsonl", "list.jsonl has no JSON objects with a name for each"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, asked: str, said: str) -> None:
    with duckdb.connect(str(duckdb_file(tmp_path / "shop.duckdb"))) as connection:
        connection.execute("create view nobody as from read_text('/etc/passwd')")
    sqlite_file(tmp_path / "s.sqlite")
    as_csv(tmp_path)
    (tmp_path / "write.sql").write_text("delete from orders returning *", encoding="utf-8")
    (tmp_path / "list.jsonl").write_text('{"a": 1}\nnothing\n', encoding="utf-8")
    with pytest.raises(IngestError, match=said):
        land(asked.format(tmp_path), tmp_path)


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_the_rows_of_a_query_are_read_and_another_query_reads_others(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RETAIL_SOURCE", raising=False)
    file = {"duckdb": duckdb_file, "sqlite": sqlite_file}[kind](tmp_path / f"shop.{kind}")
    table = "erp.orders" if kind == "duckdb" else "orders"
    (tmp_path / "sql").mkdir()
    query = tmp_path / "sql" / "lines.sql"
    (tmp_path / "shop.yml").write_text(
        f"source: {{{kind}: {file.name}, query: sql/lines.sql}}\n", encoding="utf-8"
    )

    def landed() -> Landing:
        return land_project(tmp_path, tmp_path / "landed", environ={})

    query.write_text(f"select * from {table} -- all of them\n;\n", encoding="utf-8")
    assert shown(landed()) == as_csv(tmp_path)
    assert landed().files[0].source_file == f"shop.{kind}#lines.sql"
    query.write_text(f"select * from {table} where \"Quantity\" = '6'", encoding="utf-8")
    assert landed().raw_rows == 1
    asked = read_inputs(tmp_path, tmp_path / "none.duckdb")
    query.write_text(f"select * from {table} where \"Quantity\" = '-1'", encoding="utf-8")
    now = read_inputs(tmp_path, tmp_path / "none.duckdb")
    assert asked
    assert now
    assert asked.digests["the raw files"] != now.digests["the raw files"]


@pytest.mark.parametrize("asked", ["shop.duckdb#orders", "s.sqlite#orders", "o.jsonl"])
def test_a_database_or_json_that_kills_its_reader_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    duckdb_file(tmp_path / "shop.duckdb")
    sqlite_file(tmp_path / "s.sqlite")
    (tmp_path / "o.jsonl").write_text(json_lines(), encoding="utf-8")
    die = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    monkeypatch.setattr(confined, "_PROGRAM", [sys.executable, "-c", die])
    with pytest.raises(IngestError, match=rf"{asked}.* \(its reader crashed, or needs more than"):
        land(f"{tmp_path}/{asked}", tmp_path)


def test_two_tables_of_one_name_are_told_apart_by_their_schema(tmp_path: Path) -> None:
    path = duckdb_file(tmp_path / "shop.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table main.orders as from erp.orders limit 1")
    with pytest.raises(IngestError, match="several tables orders: name one of erp"):
        land(f"duckdb:{path}#orders", tmp_path)
    assert land(f"duckdb:{path}#main.orders", tmp_path).raw_rows == 1
    assert land(f"duckdb:{path}#erp.orders", tmp_path).raw_rows == 2
