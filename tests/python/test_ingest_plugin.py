"""What dbt sees: the two views, one line when there is nothing to see, and no harm to the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from retail import ingest
from retail.ingest import plugin
from retail.ingest.facts import FACTS_ENDING
from retail.ingest.plugin import Plugin
from test_ingest_support import GOOD, HEADER, LINE, good_csv, write

PROJECT = """\
name: tiny
version: "1.0"
profile: tiny
flags: {send_anonymous_usage_stats: false, use_colors: false}
"""
PROFILES = """\
tiny:
  target: only
  outputs:
    only:
      type: duckdb
      path: tiny.duckdb
      threads: 2
      plugins: [{module: retail.ingest.plugin, config: {root: ., cache: "my cache"}}]
"""
MACRO = Path(__file__).parents[2] / "macros/dbt/insist_on_unchanged_files.sql"
MODEL = """\
{{ config(materialized='table') }}
select order_lines.*, files.origin
from raw.order_lines
inner join raw.files on order_lines.source_file = files.source_file
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = good_csv(tmp_path / "in.csv", rows=2)
    monkeypatch.setenv("RETAIL_SOURCE", str(path))
    return path


def new_plugin(root: Path) -> Plugin:
    return Plugin("ingest", {"root": str(root), "cache": "cache"})


@pytest.mark.full
def test_dbt_builds_on_the_views_and_keeps_its_tables_when_a_file_is_bad(
    tmp_path: Path, source: Path
) -> None:
    project = tmp_path / "it's a project"
    for name, text in {
        "dbt_project.yml": PROJECT,
        "profiles.yml": PROFILES,
        "models/all_lines.sql": MODEL,
    }.items():
        write(project / name, text)

    def dbt_run() -> subprocess.CompletedProcess[str]:
        dbt = Path(sys.executable).with_name("dbt")
        command = [dbt, "run", "--project-dir", project, "--profiles-dir", project]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    def built() -> list[tuple[object, ...]]:
        with duckdb.connect(str(tmp_path / "tiny.duckdb"), read_only=True) as connection:
            query = "select invoice_no, source_file, source_row, origin from all_lines order by 3"
            return connection.execute(query).fetchall()

    good = dbt_run()
    assert good.returncode == 0, good.stdout + good.stderr
    tables = built()
    assert tables == [(LINE[0], "in.csv", row, "given") for row in (2, 3)]
    landed = [path for path in (project / "my cache").glob("[!C]*") if path.suffix != FACTS_ENDING]
    assert len(landed) == 2

    source.write_bytes(b"")
    bad = dbt_run()
    assert bad.returncode != 0
    told = bad.stdout.split("Encountered an error:\n")[1]
    advice = "put order lines into it or take it away"
    assert told == f"Database Error\n  {source} is empty; {advice}\n"
    assert "Traceback" not in bad.stdout + bad.stderr
    assert built() == tables


@pytest.mark.full
def test_nothing_is_published_from_a_parquet_file_that_was_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    raw = parquet(tmp_path / "raw.parquet", rows=2)
    other = parquet(tmp_path / "other.parquet", rows=1)
    monkeypatch.setenv("RETAIL_SOURCE", str(raw))
    hook = f"{{{{ config(post_hook=\"copy (from '{other}') to '{raw}'\") }}}}\n"
    for name, text in {
        "dbt_project.yml": PROJECT + 'on-run-end: "{{ insist_on_unchanged_files() }}"\n',
        "profiles.yml": PROFILES,
        "models/all_lines.sql": MODEL,
        "macros/insist.sql": MACRO.read_text(encoding="utf-8"),
    }.items():
        write(project / name, text)
    dbt = Path(sys.executable).with_name("dbt")
    command = [dbt, "run", "--project-dir", project, "--profiles-dir", project]

    def dbt_run() -> tuple[int, str]:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert dbt_run()[0] == 0
    write(project / "models/all_lines.sql", hook + MODEL)
    code, told = dbt_run()
    assert code != 0
    assert f"{raw} changed while it was read; run again when it is complete" in told


def test_a_parquet_file_that_was_written_since_is_in_changed_files(tmp_path: Path) -> None:
    raw = parquet(tmp_path / "it's [a] file.parquet", rows=2)
    landing = ingest.land(
        ingest.resolve(tmp_path, {"RETAIL_SOURCE": str(raw)}), tmp_path / "landed"
    )

    def changed() -> list[tuple[object, ...]]:
        return connection.execute("from raw.changed_files").fetchall()

    with duckdb.connect() as connection:
        ingest.create_views(connection, landing)
        assert changed() == []
        os.utime(raw, (1, 1))
        assert changed() == [(str(raw),)]


def parquet(path: Path, rows: int) -> Path:
    """Write a Parquet file of good lines."""
    names = (
        str(one).replace("'", "''") for one in (good_csv(path.with_suffix(".csv"), rows), path)
    )
    with duckdb.connect() as connection:
        connection.execute("copy (from read_csv('{}', all_varchar = true)) to '{}'".format(*names))
    return path


def test_the_views_have_the_columns_dbt_relies_on(tmp_path: Path, source: Path) -> None:
    with duckdb.connect() as connection:
        new_plugin(tmp_path).configure_connection(connection)
        columns = {
            view: [tuple(row[:2]) for row in connection.execute(f"describe raw.{view}").fetchall()]
            for view in ("order_lines", "files", "project")
        }
    texts = (
        "invoice_no stock_code description quantity invoice_date unit_price customer_id country "
        "line_amount"
    )
    assert columns["order_lines"] == [
        *((name, "VARCHAR") for name in [*texts.split(), "source_file"]),
        ("source_row", "BIGINT"),
        ("parse_error", "VARCHAR"),
        ("raw_line", "VARCHAR"),
        ("attributes", "VARCHAR"),
        ("line_mark", "VARCHAR"),
        ("row_hash", "BIGINT"),
    ]
    assert columns["files"] == [
        ("source_file", "VARCHAR"),
        ("form", "VARCHAR"),
        ("encoding", "VARCHAR"),
        ("raw_rows", "BIGINT"),
        ("bytes", "BIGINT"),
        ("landed_at", "TIMESTAMP"),
        ("note", "VARCHAR"),
        ("content_hash", "BIGINT"),
        ("date_order", "VARCHAR"),
        ("date_evidence", "VARCHAR"),
        ("preset", "VARCHAR"),
        ("currency", "VARCHAR"),
        ("columns", "VARCHAR"),
        ("origin", "VARCHAR"),
        ("location", "VARCHAR"),
    ]
    assert columns["project"] == [("code_hash", "VARCHAR")]


def test_views_change_only_when_everything_is_landed(tmp_path: Path, source: Path) -> None:
    database = str(tmp_path / "shop.duckdb")
    count = "select count(*), (select sum(raw_rows) from raw.files) from raw.order_lines"
    with duckdb.connect(database) as connection:
        new_plugin(tmp_path).configure_connection(connection)
        assert connection.execute(count).fetchall() == [(2, 2)]
    write(source, f"{HEADER}\n{GOOD}\n\0")
    with duckdb.connect(database) as connection:
        with pytest.raises(ingest.IngestError, match="has a zero byte"):
            new_plugin(tmp_path).configure_connection(connection)
        assert connection.execute(count).fetchall() == [(2, 2)]
    good_csv(source, rows=5)
    with duckdb.connect(database) as connection:
        new_plugin(tmp_path).configure_connection(connection)
        assert connection.execute(count).fetchall() == [(5, 5)]


def test_a_connection_that_is_opened_again_lands_nothing(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = new_plugin(tmp_path)
    for _ in range(2):
        with duckdb.connect() as connection:
            opened.configure_connection(connection)
            assert connection.execute("select count(*) from raw.order_lines").fetchall() == [(2,)]
        monkeypatch.setattr(plugin, "land_project", None)


def test_a_table_in_the_way_is_told_and_stays(tmp_path: Path, source: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.files as select 1 as mine")
        with pytest.raises(ingest.IngestError, match=r"^cannot show the raw data to dbt: .*files"):
            new_plugin(tmp_path).configure_connection(connection)
        assert connection.execute("from raw.files").fetchall() == [(1,)]
        tables = connection.execute("select view_name from duckdb_views() where not internal")
        assert tables.fetchall() == []


def test_a_folder_of_many_files_is_one_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(30):
        good_csv(tmp_path / f"raw/{day:02}.csv", rows=day + 1)
    monkeypatch.setenv("RETAIL_SOURCE", str(tmp_path / "raw"))
    with duckdb.connect() as connection:
        new_plugin(tmp_path).configure_connection(connection)
        counted = connection.execute(
            "select source_file, count(*) from raw.order_lines group by all order by 1"
        ).fetchall()
        told = connection.execute("select source_file, raw_rows from raw.files order by 1")
        assert told.fetchall() == counted
    assert counted == [(f"raw/{day:02}.csv", day + 1) for day in range(30)]


def test_a_file_that_is_opened_to_be_read_keeps_its_views(tmp_path: Path, source: Path) -> None:
    database = str(tmp_path / "shop.duckdb")
    with duckdb.connect(database) as connection:
        new_plugin(tmp_path).configure_connection(connection)
    good_csv(source, rows=5)
    with duckdb.connect(database, read_only=True) as connection:
        new_plugin(tmp_path).configure_connection(connection)
        assert connection.execute("select count(*) from raw.order_lines").fetchall() == [(2,)]
