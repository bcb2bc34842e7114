"""The run log: nothing that was begun is missing from it, and it never grows without end."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
import yaml

from conftest import PROJECT
from faults.disks import only_bytes
from retail.jobs.daily import operations
from retail.outputs.dashboard import app
from retail.storage import atomic_publish, run_log
from retail.storage.durable import write_text
from retail.storage.errors import StorageError
from retail.storage.run_log import file, records

SOURCES = PROJECT / "models/operations/_operations__sources.yml"
NODE = ("dim_dates", "model", "success", 0.25, "OK")


class WorkError(Exception):
    pass


def fail() -> int:
    raise WorkError("no room\x1b[2J\non the disk")


def stop() -> int:
    raise KeyboardInterrupt


def run(database: Path, *acts: object) -> None:
    """A run of steps, each an outcome or something that ends it."""
    with run_log.keep_log(database) as log:
        for number, act in enumerate(acts):
            log.step(f"step {number}", act if callable(act) else lambda act=act: act, str)
        log.nodes([NODE])
        log.prune()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "shop.duckdb"


def test_a_run_is_told_with_its_steps_in_their_order(database: Path) -> None:
    run(database, 7, "fine")
    (found,) = run_log.read(database)
    assert found.whole.status == "finished"
    assert [(s.step, s.status, s.summary) for s in found.steps] == [
        ("step 0", "finished", "7"), ("step 1", "finished", "fine"),
    ]  # fmt: skip
    for step in (found.whole, *found.steps):
        assert step.seconds is not None
        assert step.finished_at is not None
        assert step.finished_at >= step.started_at


@pytest.mark.parametrize(
    ("end", "error", "status", "why"),
    [
        (fail, WorkError, "failed", "no room\\u001b[2J on the disk"),
        (stop, KeyboardInterrupt, "stopped", None),
    ],
)
def test_a_run_that_did_not_finish_is_there_with_its_reason(
    database: Path, end: object, error: type[BaseException], status: str, why: str | None
) -> None:
    with pytest.raises(error):
        run(database, 7, end, 8)
    (found,) = run_log.read(database)
    assert (found.whole.status, found.whole.error) == (status, why)
    assert [(s.status, s.error) for s in found.steps] == [("finished", None), (status, why)]


def test_a_run_that_was_killed_is_called_so_by_the_next(database: Path) -> None:
    run(database, 1)
    path = run_log.path_of(database)
    text = path.read_text().replace('"finished"', '"running"')
    path.write_text(text + text.splitlines()[-1][:40])  # killed while it wrote
    run(database, 2)
    killed, fine = run_log.read(database)
    assert (killed.whole.status, killed.whole.error) == ("killed", "ended without a word")
    assert fine.whole.status == "finished"


def test_the_log_keeps_the_newest_runs_alone(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "RUNS_KEPT", 5)
    monkeypatch.setattr(file, "NODES_KEPT", 2)
    for number in range(8):
        run(database, number)
    found = run_log.read(database)
    assert [run.steps[0].summary for run in found] == ["3", "4", "5", "6", "7"]
    rows = file.read_rows(run_log.path_of(database))
    nodes = {row.run_id for row in rows if isinstance(row, run_log.Node)}
    assert nodes == {run.whole.run_id for run in found[-2:]}


def test_runs_at_the_same_time_lose_and_mix_no_lines(database: Path) -> None:
    path = run_log.path_of(database)

    def work(name: str) -> None:
        for number in range(20):
            rows = [run_log.Node(name, f"{number} {n}", "model", "ok", 0.1, "") for n in range(90)]
            file.append(path, rows)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, "abcd"))
    assert len(file.read_rows(path)) == 4 * 20 * 90
    writers = [row.run_id for row in file.read_rows(path)]
    assert all(len(set(writers[at : at + 90])) == 1 for at in range(0, len(writers), 90))


def test_a_line_that_comes_while_old_ones_are_dropped_is_kept(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run_log.path_of(database)
    late = run_log.Node("late", *NODE)
    other = threading.Thread(target=file.append, args=(path, [late]))

    def write_slowly(target: Path, text: str) -> None:
        other.start()
        other.join(0.2)
        write_text(target, text)

    monkeypatch.setattr(file, "write_text", write_slowly)
    run(database, 1)
    other.join()
    assert file.read_rows(path)[-1] == late


@pytest.mark.parametrize("umask", [0o022, 0o002])
def test_the_log_has_the_mode_of_any_other_file(database: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with run_log.keep_log(database):
            pass
        (database.parent / "other").touch()
    finally:
        os.umask(before)
    modes = {path.stat().st_mode for path in database.parent.iterdir()}
    assert len(modes) == 1


def test_no_run_fails_because_it_cannot_be_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        run(tmp_path / "file/shop.duckdb", 1)
    assert "the run can't be noted" in caplog.text


def test_the_tables_have_what_the_log_has_and_what_their_description_says(database: Path) -> None:
    with pytest.raises(WorkError):
        run(database, fail)
    with run_log.keep_log(database) as log:
        log.nodes([NODE])
        operations.write(database, log.rows())
    (described,) = yaml.safe_load(SOURCES.read_text())["sources"]
    with duckdb.connect(str(database)) as connection:
        for table in described["tables"]:
            rows = connection.execute(f"describe operations.{table['name']}").fetchall()
            assert [(name, kind.lower()) for name, kind, *_ in rows] == [
                (column["name"], column["data_type"]) for column in table["columns"]
            ]
        runs = connection.execute(
            "select status, error from operations.runs where step = 'all' order by run_id"
        ).fetchall()
        nodes = connection.execute("select * exclude run_id from operations.dbt_nodes").fetchall()
    assert sorted(runs) == [("failed", "no room\\u001b[2J on the disk"), ("published", None)]
    assert nodes == [NODE]


def test_the_tables_of_an_empty_log_are_there(database: Path) -> None:
    operations.write(database, [])
    with duckdb.connect(str(database)) as connection:
        assert connection.execute("select seconds + 1 from operations.runs").fetchall() == []


def test_a_full_disk_is_told_in_one_line(database: Path) -> None:
    with run_log.keep_log(database) as log:
        log.nodes([NODE])
    copy = database.with_name("copy.duckdb")
    for path in (database, copy):
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema insights")
            connection.execute("create table insights.runs as select hash(range) from range(1000)")
    for write in (
        lambda: operations.write(copy, log.rows()),
        lambda: atomic_publish._merge_state(database, copy),
    ):
        with only_bytes(1000), pytest.raises(StorageError) as told:
            write()
        assert str(told.value).startswith(f"{copy}: TransactionContext Error: Failed to commit")
        assert "\n" not in str(told.value)


def test_the_dashboard_counts_what_failed_since_a_run_went_well(database: Path) -> None:
    assert app._since(database) == ()
    for end in (1, fail, 2, fail, stop):
        with contextlib.suppress(WorkError, KeyboardInterrupt):
            run(database, end)
    assert [step.status for step in app._since(database)] == [records.FAILED, records.STOPPED]
