"""Spark gives what DuckDB gives, cell by cell, and the pages read it as they read DuckDB's."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from blackbox.conftest import bin_of, needs
from conftest import PROJECT, Shop
from orders import HEADER, small_shop, write
from retail.commands import main as retail
from retail.errors import RetailError
from retail.jobs.spark import publish
from retail.jobs.spark.compare import compare
from retail.jobs.spark.export_raw import export_raw
from retail.jobs.spark.publish import Table
from sparks import serving

PYTHON = str(bin_of("spark") / "python")
ENGINE = "spark" if os.environ.get("RETAIL_TEST_JVM") else "sail"
WORKERS = "spark" if ENGINE == "spark" else "sail:2"
SERVERS = ("connect", "http") if ENGINE == "spark" else ("sail",)
needs_spark = needs("spark")
on_the_jvm = pytest.mark.skipif(ENGINE != "spark", reason="wants Java: `make test-spark`")
MODELS = PROJECT / "models"
ONLY_DUCKDB = "enabled: \"{{ target.type == 'duckdb' }}\""
"""Of a unit test that other engines can't pass."""
MARTS = {path.stem for path in (MODELS / "marts").rglob("*.sql")}
CLUSTER = ("--engine", "cluster")
Settings = dict[str, str]
#: What the wild has in store, as far as two engines may take it for two things: the columns of an
#: order line from the description on.
WILD = [
    ["it's \\ 'quoted'", "2", "2011-01-05 09:00:00", "2.50", "100", "Germany"],
    ["\u00a0blank\u2003", "6.0", "1/5/2011 8:6", "1e1", "17850.0", "Côte d'Ivoire"],
    ["MUG, WITH COMMA", "+3", "2011-01-05T09:00:30Z", ".5", "", " Germany\t"],
    ["STRASSE Ä É", "4", "2011-01-05 09:00:00.123456", "5.", "100", ""],
    ["MUGS", "1", "2011-01-05 09:00+0200", "0.00001", "100", "Unspecified"],
    ["", "1", "2011-01-05", "3", "100", "Germany"],
    ["MUG", "1", "1/5/2011", "0.000000001", "100", "Germany"],
    ["MUG", "1", "2011-02-30 10:00", "2.50", "100", "Germany"],
    ["MUG", "1", "1/5/2011 24:00", "2.50", "100", "Germany"],
    ["MUG", "1", "13/32/2011 9:00", "2.50", "100", "Germany"],
    ["MUG", "1", "1/5/2011 9:00 PM", "2.50", "100", "Germany"],
    ["MUG", "1", "1/5/2011 8:026", "2.50", "100", "Germany"],
    ["MUG", "1", "1/5/2011 \t8:26", "2.50", "100", "Germany"],
    ["MUG", "2.5", "1/5/2011 8:26", "2.50", "100", "Germany"],
    ["MUG", "1_000", "1/5/2011 8:26", "2.50", "100", "Germany"],
    ["MUG", "99999999999", "1/5/2011 8:26", "2.50", "100", "Germany"],
    ["MUG", "1", "1/5/2011 8:26", "nan", "100", "Germany"],
    ["MUG", "1", "1/5/2011 8:26", "0x1F", "100", "Germany"],
    ["MUG", "2000000000", "1/5/2011 8:26", "90000000000000", "100", "Germany"],
    ["MUG", "-2", "1/6/2011 8:26", "2.125", "100", "Germany"],
]


def wild_shop(path: Path) -> Path:
    """A small shop whose file has all of that, some lines twice, and few enough to be accepted."""
    rows = small_shop(days=70)
    rows += [[str(549000 + n), f"2200{n % 3}a", *row] for n, row in enumerate(WILD)]
    rows += [
        ["c549100", "22000A", "MUG", "-1", "1/7/2011 8:26", "2.50", "100", "Germany"],
        *rows[:9],
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER.split(","), *rows])
    return path


def on_spark(
    shop: Shop, *words: str, python: str = PYTHON, settings: Settings | None = None
) -> subprocess.CompletedProcess[str]:
    """The daily job of a shop on Spark, beside its DuckDB file."""
    environment = shop.environment() | {"RETAIL_DB": str(spark_db(shop))} | (settings or {})
    return subprocess.run(
        [python, "-m", "retail", "spark", *words],
        cwd=shop.project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


def spark_db(shop: Shop) -> Path:
    return shop.folder / "spark.duckdb"


def ask(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


@needs_spark
@pytest.mark.full
def test_every_mart_of_the_given_data_is_the_same_in_every_cell(shop: Shop, tmp_path: Path) -> None:
    mine = Shop(shop.project, tmp_path, shop.source)
    # What is landed is shared: a file's row says when it was.
    (tmp_path / "landed").symlink_to(shop.folder / "landed")
    done = on_spark(mine, "--engine", ENGINE, "--against", str(shop.database))
    assert done.returncode == 0, done.stderr
    assert f"{len(MARTS)} of {len(MARTS)} marts" in done.stdout
    found = compare(shop.database, spark_db(mine))
    assert {difference.table for difference in found} == MARTS
    assert [difference for difference in found if not difference.is_none] == []
    assert all(difference.rows for difference in found if difference.table != "fct_reversals")


def test_a_raw_file_that_has_grown_is_laid_out_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "shop.csv"
    monkeypatch.setenv("RETAIL_SOURCE", str(source))
    monkeypatch.setenv("RETAIL_CACHE", str(tmp_path / "landed"))
    write(source, small_shop(days=20))
    export_raw(tmp_path, tmp_path / "retail.duckdb", tmp_path / "first")
    with source.open("a", encoding="utf-8") as file:
        file.write("549999,10003,THING,7,1/28/2011 14:30,10,399,Germany\n")
    export_raw(tmp_path, tmp_path / "retail.duckdb", tmp_path / "second")
    parts = tmp_path / "second" / "order_lines"
    assert len(list(parts.iterdir())) == 2
    with duckdb.connect() as connection:
        numbers = "select count(*), count(distinct source_row), max(source_row)"
        found = connection.execute(f"{numbers} from '{parts}/*.parquet'").fetchall()
    rows = len(source.read_text().splitlines())
    assert found == [(rows - 1, rows - 1, rows)]


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop of wild order lines, built on DuckDB."""
    folder = tmp_path_factory.mktemp("wild")
    shop = Shop(PROJECT, folder, str(wild_shop(folder / "shop.csv")))
    built = shop.python("-m", "retail", "run", "--quiet")
    assert built.returncode == 0, built.stderr
    return shop


@pytest.fixture(scope="module")
def wild_lake(wild: Shop) -> Shop:
    """The same on Spark with several workers, the tables only shown in the DuckDB file."""
    done = on_spark(wild, "--engine", WORKERS, "--load-below", "0")
    assert done.returncode == 0, done.stderr
    return wild


@needs_spark
def test_what_the_wild_has_in_store_is_the_same_on_several_workers(wild_lake: Shop) -> None:
    found = compare(wild_lake.database, spark_db(wild_lake))
    assert {difference.table for difference in found} == MARTS
    assert [difference for difference in found if not difference.is_none] == []
    reasons = "select count(distinct detail) from marts.fct_rejected_order_lines"
    assert ask(spark_db(wild_lake), reasons) > [(4,)]


@needs_spark
@pytest.mark.full
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_in_a_process_of_its_own_gives_the_same(
    wild: Shop, tmp_path: Path, server: str
) -> None:
    mine = Shop(wild.project, tmp_path, wild.source)
    with serving(server, PYTHON, tmp_path) as settings:
        done = on_spark(mine, *CLUSTER, "--against", str(wild.database), settings=settings)
    assert done.returncode == 0, done.stderr
    assert f"{len(MARTS)} of {len(MARTS)} marts" in done.stdout
    assert "Warning" not in done.stderr


@pytest.fixture(scope="module")
def thrift(wild: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, Settings]]:
    """A Thrift server that keeps its tables between runs, and the shop that was built on it."""
    folder = tmp_path_factory.mktemp("thrift")
    mine = Shop(wild.project, folder, str(shutil.copy(wild.source, folder)))
    with serving("thrift", PYTHON, folder) as settings:
        done = on_spark(mine, *CLUSTER, "--quiet", settings=settings)
        assert done.returncode == 0, done.stderr
        yield mine, settings


@on_the_jvm
def test_a_thrift_server_gives_the_same(wild: Shop, thrift: tuple[Shop, Settings]) -> None:
    found = compare(wild.database, spark_db(thrift[0]))
    assert {difference.table for difference in found} == MARTS
    assert [one for one in found if not one.is_none] == []


@on_the_jvm
def test_unit_tests_pass_where_the_tables_were_built(thrift: tuple[Shop, Settings]) -> None:
    shop, settings = thrift
    words = ("test", "--target", "spark", "--select", "test_type:unit")
    done = subprocess.run(
        [Path(PYTHON).with_name("dbt"), *words],
        cwd=shop.project,
        env=shop.environment() | settings,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    texts = [*map(Path.read_text, MODELS.rglob("*.yml"))]
    written, skipped = (sum(text.count(part) for text in texts) for part in ("given:", ONLY_DUCKDB))
    assert done.stdout.count("[PASS in ") == written - skipped


@on_the_jvm
def test_a_cluster_asked_again_tells_what_stopped_it_in_one_line(
    thrift: tuple[Shop, Settings],
) -> None:
    shop, settings = thrift
    with Path(shop.source).open("a", encoding="utf-8") as file:
        file.write("549999,10001,X,1,1/3/2190 09:00,2.50,100,Germany\n")
    stopped = on_spark(shop, *CLUSTER, "--quiet", settings=settings)
    assert stopped.returncode == 1
    told = [line for line in stopped.stderr.splitlines() if line.startswith("retail spark: ")]
    assert len(told) == 1
    assert "assert_order_dates_are_plausible" in told[0]
    assert "First of them: ask the cluster, the query is below " in told[0]


@needs_spark
def test_a_server_that_is_not_there_is_told_at_once_in_one_line(shop_of_one_day: Shop) -> None:
    done = on_spark(shop_of_one_day, "--quiet", "--engine", "sc://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no Spark at sc://127.0.0.1:1: " in done.stderr


@needs_spark
def test_detection_and_report_run_unchanged_on_parquet(wild_lake: Shop) -> None:
    kinds = "select distinct table_type from information_schema.tables where table_schema = 'marts'"
    assert ask(spark_db(wild_lake), kinds) == [("VIEW",)]
    for table in ("forecasts", "anomalies", "attributions", "early_warnings", "trends"):
        rows = f"select * from insights.{table} order by all"
        assert ask(spark_db(wild_lake), rows) == ask(wild_lake.database, rows)
    assert ask(spark_db(wild_lake), "select count(*) from insights.forecasts") > [(0,)]
    assert (wild_lake.folder / "report.html").exists()


@needs_spark
def test_a_file_moved_elsewhere_still_finds_its_parquet(wild_lake: Shop, tmp_path: Path) -> None:
    moved = shutil.copy(spark_db(wild_lake), tmp_path / "elsewhere.duckdb")
    assert ask(Path(moved), "select count(*) from marts.fct_order_lines") > [(0,)]


@needs_spark
@pytest.mark.full
def test_a_shop_without_a_rejected_line_has_an_empty_table_of_them(tmp_path: Path) -> None:
    shop = Shop(PROJECT, tmp_path, str(write(tmp_path / "shop.csv", small_shop())))
    done = on_spark(shop, "--engine", ENGINE)
    assert done.returncode == 0, done.stderr
    rejected = "select count(*) from marts.fct_rejected_order_lines"
    assert ask(spark_db(shop), rejected) == [(0,)]


@needs_spark
@pytest.mark.full
def test_a_build_that_stops_leaves_the_last_good_tables_and_one_line(wild_lake: Shop) -> None:
    lake = spark_db(wild_lake).with_name("spark.duckdb.lake")
    before = sorted(lake.iterdir()), spark_db(wild_lake).read_bytes()
    source = Path(wild_lake.source)
    good = source.read_text(encoding="utf-8")
    source.write_text(good + "549999,10001,X,1,1/3/2190 09:00,2.50,100,Germany\n", encoding="utf-8")
    stopped = on_spark(wild_lake, "--engine", ENGINE, "--quiet")
    source.write_text(good, encoding="utf-8")
    assert stopped.returncode == 1
    told = [line for line in stopped.stderr.splitlines() if line.startswith("retail spark: ")]
    assert len(told) == 1
    assert "assert_order_dates_are_plausible" in told[0]
    assert "invoice_no = 549999" in told[0]
    assert (sorted(lake.iterdir()), spark_db(wild_lake).read_bytes()) == before


# Without Spark ----------------------------------------------------------------------------------


@pytest.fixture
def shop_of_one_day(tmp_path: Path) -> Shop:
    return Shop(PROJECT, tmp_path, str(wild_shop(tmp_path / "shop.csv")))


def test_an_unknown_engine_is_told_in_one_line(shop_of_one_day: Shop) -> None:
    done = on_spark(shop_of_one_day, "--engine", "flink", python=sys.executable)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no engine 'flink'; say sail" in done.stderr


def test_a_cluster_without_an_address_is_asked_for_it_in_one_line(shop_of_one_day: Shop) -> None:
    nowhere = {"SPARK_REMOTE": "", "RETAIL_SPARK_METHOD": ""}
    words = (*CLUSTER, "--quiet")
    done = on_spark(shop_of_one_day, *words, python=sys.executable, settings=nowhere)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "which cluster? Set RETAIL_SPARK_METHOD" in done.stderr
    assert not list(shop_of_one_day.folder.glob("spark.duckdb.lake/*"))


def test_a_build_on_spark_is_always_whole_so_nothing_forces_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert retail(["spark", "--force"]) == 2
    assert "--force" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("pysail") is not None, reason="Spark is in this environment")
def test_an_engine_that_is_not_installed_is_told_in_one_line(shop_of_one_day: Shop) -> None:
    done = on_spark(shop_of_one_day, "--quiet", python=sys.executable)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "make run-spark" in done.stderr
    assert not list(shop_of_one_day.folder.glob("spark.duckdb.lake/*"))


TABLE = Table(
    "marts", "dim_x", (("word", "varchar"), ("seen", "timestamp"), ("n", "decimal(9, 2)"))
)
EMPTY = Table("seeds", "none", (("day", "date"),))


def write_run(folder: Path) -> Path:
    """A folder as Spark leaves it: one table with a time in a zone, and one without rows."""
    for table in (TABLE, EMPTY):
        (folder / table.schema / table.name).mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.sql(
            "select 'a' as word, timestamptz '2011-01-05 09:00:00+02' as seen, 1.5 as n"
        ).write_parquet(str(folder / "marts/dim_x/part-0.parquet"))
    return folder


@pytest.mark.parametrize(("load_below", "kind"), [(0, "VIEW"), (2**20, "BASE TABLE")])
def test_small_tables_are_loaded_and_large_ones_shown_in_the_types_of_their_contract(
    tmp_path: Path, load_below: int, kind: str
) -> None:
    database = tmp_path / "shop.duckdb"
    publish.show(write_run(tmp_path / "it's run-1"), (TABLE, EMPTY), database, load_below)
    kinds = "select table_type from information_schema.tables where table_name = 'dim_x'"
    assert ask(database, kinds) == [(kind,)]
    assert str(ask(database, "select word, seen, n, typeof(n) from marts.dim_x")) == (
        "[('a', datetime.datetime(2011, 1, 5, 7, 0), Decimal('1.50'), 'DECIMAL(9,2)')]"
    )
    assert ask(database, "select * from seeds.none") == []
    assert publish.shown_run(database) == "it's run-1"


def test_tables_are_shown_all_or_none_and_findings_stay(tmp_path: Path) -> None:
    database = tmp_path / "shop.duckdb"
    publish.show(write_run(tmp_path / "run-1"), (TABLE, EMPTY), database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema insights")
        connection.execute("create table insights.feedback as select 'known' as said")
    (write_run(tmp_path / "run-2") / "seeds/none").rmdir()
    with pytest.raises(RetailError, match=r"run-2/seeds/none is not there"):
        publish.show(tmp_path / "run-2", (TABLE, EMPTY), database)
    assert publish.shown_run(database) == "run-1"
    publish.show(write_run(tmp_path / "run-3"), (TABLE, EMPTY), database)
    assert ask(database, "select said from insights.feedback") == [("known",)]


DIFFERENCES = {
    "a cell": "update marts.t set n = n + 0.0000000000000001 where k = 1",
    "a row": "delete from marts.t where k = 1",
    "a row twice": "insert into marts.t from marts.t where k = 1",
    "a NULL": "update marts.t set n = null where k = 1",
    "a type": "alter table marts.t alter k type integer",
    "a column": "alter table marts.t drop column n",
    "a table": "create table marts.u as select 1 as k",
}


@pytest.mark.parametrize("change", ["select 1", *DIFFERENCES.values()])
def test_any_difference_between_two_files_is_found(tmp_path: Path, change: str) -> None:
    for name, then in (("one", "select 1"), ("other", change)):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
            connection.execute("create schema marts")
            connection.execute(
                "create table marts.t as select k, 0.3::double as n, random() as row_hash "
                "from range(3) as r (k)"
            )
            connection.execute(then)
    found = compare(tmp_path / "one.duckdb", tmp_path / "other.duckdb")
    assert all(difference.is_none for difference in found) == (change == "select 1")


def test_macros_that_differ_between_engines_have_both_sides() -> None:
    for path in sorted((PROJECT / "macros").glob("*.sql")):
        sides = set(re.findall(r"macro (default|duckdb|spark)__", path.read_text()))
        assert sides in (set(), {"default", "spark"}, {"default", "duckdb"}, {"spark"}), path.name
