"""The daily job: published all or nothing, whatever happens to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from conftest import PROJECT, Shop
from orders import small_shop, write
from retail.commands import main as retail
from retail.ingest import IngestError
from retail.jobs.daily import build, job, source
from retail.jobs.daily.build import BuildResult
from retail.jobs.daily.summary import row_counts
from retail.schema import TABLES
from retail.storage import run_log
from retail.storage.publish import only_one_at_work

NOWHERE = "http://127.0.0.1:9/online+retail.zip"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("daily")
    shop = Shop(PROJECT, folder, str(write(folder / "shop.csv", small_shop())))
    done = daily(shop, "--timings")
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return shop


@pytest.fixture
def shop(published: Shop) -> Iterator[Shop]:
    """A published shop; whatever a test does to its raw file is undone."""
    yield published
    write(Path(published.source), small_shop())


def daily(shop: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    return shop.python("-m", "retail", "run", *words)


def test_a_run_publishes_kpis_and_insights_and_says_what_they_rest_on(shop: Shop) -> None:
    said = (shop.folder / "said.txt").read_text()
    assert "126 raw rows = 126 order lines + 0 duplicates + 0 malformed." in said
    assert "| dbt build |" in said
    assert str(shop.database.with_name("report.html")) in said
    assert "<h1>" in shop.database.with_name("report.html").read_text(encoding="utf-8")
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        runs = connection.execute("select status, source_rows from insights.runs").fetchall()
        (kpis,) = connection.execute("select count(*) from marts.fct_kpis_daily").fetchall()
    assert runs[-1][1] == len(small_shop())
    assert kpis > (0,)


def test_a_bad_file_is_told_in_one_line_and_leaves_the_published_file_alone(shop: Shop) -> None:
    before = shop.database.read_bytes()
    Path(shop.source).write_text("no,such,columns\n1,2,3\n")
    done = daily(shop)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("==>")]
    assert line.startswith("retail run: ")
    assert "shop.csv" in line
    assert shop.database.read_bytes() == before


@pytest.mark.parametrize("choice", ["", "model seed"])
def test_a_failing_data_test_is_told_in_one_line_and_leaves_the_published_file_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    if choice:  # of another project: it would have dbt test nothing
        monkeypatch.setenv("DBT_RESOURCE_TYPES", choice)
    before = shop.database.read_bytes()
    future = ["549999", "10001", "THING", "1", "1/3/2190 09:00", "2.50", "100", "Germany"]
    write(Path(shop.source), [*small_shop(), future])
    done = daily(shop)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("==>")]
    assert "assert_order_dates_are_plausible: No row is dated after tomorrow" in line
    assert "source_file = shop.csv, source_row = 128" in line
    assert done.stdout == ""
    assert shop.database.read_bytes() == before


def test_a_killed_run_changes_nothing_and_the_next_one_repairs(shop: Shop) -> None:
    before = shop.database.read_bytes()
    write(Path(shop.source), small_shop(days=22))
    command = [sys.executable, "-m", "retail", "run", "--quiet"]
    job = subprocess.Popen(command, cwd=PROJECT, env=shop.environment())
    wait_for(shop.database.parent / ".building-retail.duckdb" / "retail.duckdb")
    time.sleep(1)
    os.kill(job.pid, signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL
    assert shop.database.read_bytes() == before
    assert daily(shop).returncode == 0
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        (days,) = connection.execute("select count(*) from marts.dim_dates").fetchall()
        runs = connection.execute(
            "select status, error from operations.runs where step = 'all' order by started_at"
        ).fetchall()
        (nodes,) = connection.execute("select count(*) from operations.dbt_nodes").fetchall()
    assert days == (22,)
    assert runs[0] == ("finished", None)
    assert [status for status, _ in runs[-2:]] == ["killed", "published"]
    assert any(status == "failed" and "shop.csv" in error for status, error in runs)
    assert nodes > (100,)
    assert not list(shop.folder.glob(".building-*"))


def test_a_run_that_is_stopped_publishes_nothing_and_says_so_in_one_line(shop: Shop) -> None:
    before = shop.database.read_bytes()
    command = [sys.executable, "-m", "retail", "run"]
    with subprocess.Popen(
        command, cwd=PROJECT, env=shop.environment(), stderr=subprocess.PIPE, text=True
    ) as job:
        assert job.stderr is not None
        for line in job.stderr:
            if "building the tables" in line:
                break
        job.send_signal(signal.SIGTERM)
        rest = [line for line in job.stderr if not line.startswith("==>")]
    assert job.returncode == 143
    assert len(rest) == 1
    assert rest[0].startswith("retail run: stopped by SIGTERM; nothing was published")
    assert shop.database.read_bytes() == before
    assert run_log.read(shop.database)[-1].whole.status == "stopped"


def test_a_file_of_an_earlier_version_is_built_anew(shop: Shop) -> None:
    """Columns get other names from one version to the next; nobody has to delete a file."""
    with duckdb.connect(str(shop.database)) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'insights'"
        ).fetchall()
        for (name,) in tables:
            column = connection.execute(f"describe insights.{name}").fetchall()[-1][0]
            connection.execute(f'alter table insights.{name} rename "{column}" to of_before')
    done = daily(shop, "--force")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        left = connection.execute(
            "select table_name from information_schema.columns where column_name = 'of_before'"
        ).fetchall()
    assert all(TABLES[name].keeps_history for (name,) in left)


def test_why_dbt_stopped_is_the_sentence_of_its_message() -> None:
    full = "Out of Memory Error: no block (4.0 GiB/4.0 GiB used)"
    for headline in ("", "Runtime Error in model fct_kpis (models/fct_kpis.sql)\n  "):
        message = f"{headline}{full}\n\n  Possible solutions:\n  * Reducing the threads\n"
        assert build._one_line(message) == full
    said = (
        "Compilation Error in macro check (macros/check.sql)\n  no such KPI\n\n  > in macro check"
    )
    assert build._one_line(said) == "no such KPI"


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


def test_two_jobs_at_once_are_told_apart(shop: Shop) -> None:
    with only_one_at_work(shop.database):
        done = daily(shop)
    assert done.returncode == 1
    assert f"retail run: another program is at work on {shop.database}; wait" in done.stderr


# ---------------------------------------------------------------------- where the data come from


def source_and_rows(shop: Shop) -> tuple[str, int]:
    """What the last run read, and how many order lines there are."""
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        runs = connection.execute("select source from insights.runs order by started_at").fetchall()
        ((rows,),) = connection.execute("select count(*) from marts.fct_order_lines").fetchall()
    return str(runs[-1][0]), rows


def without_a_source(shop: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    return Shop(shop.project, shop.folder, "").python("-m", "retail", "run", *words)


def test_without_a_source_that_of_the_last_run_is_read_again(shop: Shop) -> None:
    assert daily(shop).returncode == 0
    write(Path(shop.source), small_shop(days=23))
    done = without_a_source(shop)
    assert done.returncode == 0, done.stderr
    assert f"reading {shop.source}, the source of the last run into retail.duckdb" in done.stderr
    assert source_and_rows(shop) == ("given: shop.csv", len(small_shop(days=23)))


@pytest.mark.parametrize("by_hand", [False, True], ids=["the job", "dbt build"])
def test_a_simulated_shop_does_not_take_the_place_of_somebodys_own(
    shop: Shop, by_hand: bool
) -> None:
    before = shop.database.read_bytes()
    Path(shop.source).unlink()
    nothing_given = Shop(shop.project, shop.folder, "")
    done = nothing_given.dbt("build") if by_hand else without_a_source(shop)
    assert done.returncode != 0
    lines = [line for line in (done.stdout + done.stderr).splitlines() if shop.source in line]
    assert len(lines) == 1
    assert "which is not there; set RETAIL_SOURCE" in lines[0]
    assert "--simulate" in lines[0]
    assert shop.database.read_bytes() == before


def test_a_simulated_shop_that_is_asked_for_does(published: Shop, tmp_path: Path) -> None:
    project, folder = tmp_path / "project", tmp_path / "out"
    for name in ("models", "macros", "seeds", "analyses", "tests/data_tests"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).symlink_to(PROJECT / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        (project / name).symlink_to(PROJECT / name)
    simulated = project / source.SIMULATED_FILE
    simulated.parent.mkdir(parents=True)
    write(simulated, small_shop(days=25))
    folder.mkdir()
    shop = Shop(project, folder, "")
    shutil.copy(published.database, shop.database)
    both = Shop(project, folder, published.source).python("-m", "retail", "run", "--simulate")
    assert both.returncode == 1
    assert "--simulate and RETAIL_SOURCE are both given" in both.stderr
    done = shop.python("-m", "retail", "run", "--simulate", "--alert")
    assert done.returncode == 0, done.stderr
    assert "SIMULATED DATA" in done.stderr
    assert "nobody is alerted" in done.stdout
    assert source_and_rows(shop) == ("simulated shop: order_lines.csv", len(small_shop(days=25)))


def test_rows_that_shop_yml_ignores_are_part_of_the_sum(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_sources as select 9000 as raw_rows, 7000 as accepted_rows,"
            " 20 as duplicate_rows, 3 as malformed_rows"
        )
    assert row_counts(tmp_path / "shop.duckdb") == (
        "9,000 raw rows = 7,000 order lines + 20 duplicates + 3 malformed + 1,977 ignored."
    )


@pytest.mark.parametrize("command", ["run", "spark"])
def test_a_summary_that_cannot_be_read_is_told_in_one_line_after_all_is_published(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "moved.duckdb"
    built = BuildResult(models=1, tests=1, warnings=())
    found = SimpleNamespace(untested=())
    done = job.Done(path, built, found, tmp_path / "report.html", None, {})  # type: ignore[arg-type]
    monkeypatch.setattr(job, "run", lambda *_, **__: done)
    assert retail([command, "--db", str(path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "all is done and published" in line
    assert str(path) in line


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without data, and a network where nothing answers."""
    monkeypatch.delenv("RETAIL_SOURCE", raising=False)
    monkeypatch.setenv("RETAIL_DOWNLOAD_URL", NOWHERE)

    def simulate_into(file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    monkeypatch.setattr(source, "simulate_into", simulate_into)
    return tmp_path


def find_data(project: Path) -> tuple[dict[str, str], list[str]]:
    """The settings of the rest of the run, and what was said."""
    said: list[str] = []
    settings = source.make_sure_there_is_data(
        project, project / "retail.duckdb", said.append, bar=False
    )
    return settings, said


def test_without_a_network_the_shop_is_simulated_and_said_so_loudly(no_data: Path) -> None:
    settings, said = find_data(no_data)
    assert settings == {"RETAIL_SOURCE": str(no_data / source.SIMULATED_FILE)}
    assert (no_data / source.SIMULATED_FILE).exists()
    assert any("cannot reach" in line for line in said)
    assert any("SIMULATED DATA" in line for line in said)


def test_a_failed_download_is_not_tried_again_every_morning(
    no_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.simulate_into(no_data / source.SIMULATED_FILE)

    def download(*_: object, **__: object) -> None:
        raise IngestError("asked again")

    monkeypatch.setattr(source, "download", download)
    _, said = find_data(no_data)
    assert said == [source.LOUD]


def test_the_public_data_set_that_was_lost_is_fetched_again_and_not_simulated(
    no_data: Path,
) -> None:
    source.simulate_into(no_data / source.SIMULATED_FILE)
    with duckdb.connect(str(no_data / "retail.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_sources as select 'public data set' as origin")
    with pytest.raises(IngestError, match="was built from the public data set"):
        find_data(no_data)
