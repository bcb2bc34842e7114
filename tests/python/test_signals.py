"""Whoever stops a command within a running query gets one line and the documented code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from blackbox.conftest import bin_of, needs
from conftest import PROJECT
from detect.records import Kpi
from orders import small_shop, write
from retail import console
from retail.schema import TABLES
from retail.storage.run_log.file import path_of, read_rows
from retail.storage.run_log.records import ALL, FAILED, STOPPED, Step

SLOW = "select max(hash(number)) as number from range(400000000000) as numbers (number)"
"""Runs for hours, in one part: on several threads, mostly not on the main one."""
QUICK, TABLE = "select 1 as number", "{{ config(materialized='table') }} "
MARTS = (
    "dim_kpis", "dim_dates", "dim_dimensions", "dim_sources", "dim_shop",
    "fct_kpis_daily", "fct_kpis_weekly", "fct_segments_daily", "fct_segments_weekly",
)  # fmt: skip
STOPS = [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")]
DEAF = """
import hashlib, os, signal, sys, threading

from retail import console

signal.signal(signal.SIGINT, signal.default_int_handler)
console.command.PATIENCE_SECONDS = 0.5
threading.Timer(0.5, os.kill, (os.getpid(), int(sys.argv[1]))).start()
sys.exit(console.run("thing", lambda: len(hashlib.pbkdf2_hmac("sha512", b"", b"", 2**31 - 1))))
"""
"""Is stopped while its main thread is in a library for half an hour."""
SWALLOWING = """
import os, signal, sys, threading, time

from retail import console

signal.signal(signal.SIGINT, signal.default_int_handler)


def act():
    threading.Timer(0.5, os.kill, (os.getpid(), int(sys.argv[1]))).start()
    try:
        time.sleep(30)
    except:
        pass
    while True:
        time.sleep(0.06)
        time.sleep(0.06)


sys.exit(console.run("thing", act))
"""
"""Goes on after a signal whose exception a bare `except:` has taken."""
STOPPER = """
import os, runpy, signal, sys, threading, time

number, *words = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job does not hear it
main = threading.main_thread().ident


def place():
    frame = sys._current_frames()[main]
    callers, at = [], frame
    while at:
        callers.append(at.f_code.co_name)
        at = at.f_back
    return id(frame), frame.f_lasti, any(name.endswith("_command") for name in callers)


def stop():
    before, still = place(), 0
    while still < 20:
        time.sleep(0.05)
        now = place()
        still = still + 1 if now == before and now[2] else 0
        before = now
    os.kill(os.getpid(), int(number))


threading.Thread(target=stop, daemon=True).start()
sys.argv[1:] = words
runpy.run_module("retail", run_name="__main__", alter_sys=True)
"""
"""Runs a command, and stops it once its main thread has stood still at one place for a second."""
PROJECT_FILE = """
name: slow
profile: slow
on-run-start: {hook}
"""
PROFILE = """
slow:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{ env_var('RETAIL_DB') }}"
      threads: 1
      settings: {threads: 1}
      module_paths: [python]
      plugins:
        - module: retail.storage.atomic_publish
"""


class OwnError(Exception):
    pass


def stopped(
    folder: Path,
    number: signal.Signals,
    *words: str,
    python: str = sys.executable,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, and stop it within its query."""
    return subprocess.run(
        [python, "-c", STOPPER, str(int(number)), *words],
        cwd=folder,
        env=os.environ
        | {
            "RETAIL_DB": str(folder / "shop.duckdb"),
            "RETAIL_SOURCE": str(folder / "orders.csv"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def is_one_line(ended: subprocess.CompletedProcess[str], name: str, code: int, word: str) -> bool:
    """Whether a command ended as docs/operations.md says of one that is stopped."""
    lines = ended.stderr.splitlines()
    assert ended.stdout == ""
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith(f"{name}: stopped by {word}; ")
    return ended.returncode == code


@pytest.fixture(scope="module")
def slow_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of a finished run, the tables of which take an hour to read."""
    folder = tmp_path_factory.mktemp("slow")
    shop = ("home_country", "currency", "currency_sign", "date_day", "day_of_week",
            "is_trading_day", "is_complete")  # fmt: skip
    kpis = ("kpi", *(name for name in Kpi.__dataclass_fields__ if name not in ("name", "money")))
    tables = {f"marts.{name}": (*kpis, *shop) for name in MARTS}
    tables |= {
        f"insights.{name}": tuple(column.name for column in table.columns)
        for name, table in TABLES.items()
    }
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create schema insights")
        for name, columns in tables.items():
            shown = ", ".join(f"number as {column}" for column in columns)
            kind, rows = ("view", SLOW) if name.startswith("marts.") else ("table", QUICK)
            connection.execute(f"create {kind} {name} as select {shown} from ({rows})")
        connection.execute("alter table insights.runs alter status type varchar")
        connection.execute("update insights.runs set status = 'finished'")
    return folder


@pytest.mark.usefixtures("hears_ctrl_c")
@pytest.mark.parametrize(("number", "code", "word"), STOPS)
def test_what_duckdb_makes_of_a_signal_within_a_query_is_no_failure(
    number: signal.Signals, code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raised: list[Exception] = []

    def query() -> int:
        timer = threading.Timer(0.5, os.kill, (os.getpid(), number))
        with duckdb.connect(config={"threads": 1}) as connection:
            timer.start()
            try:
                connection.execute(SLOW)
            except Exception as error:
                raised.append(error)
                raise OwnError(f"shop.duckdb: {error}") from error
        return 0

    assert console.run("thing", query, OwnError) == code
    assert [str(error) for error in raised] == ["Query interrupted"]
    assert capsys.readouterr().err == f"thing: stopped by {word}; run it again to go on\n"


def test_an_error_without_a_signal_is_told_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise OwnError("Query interrupted")

    assert console.run("thing", fail, OwnError) == console.FAILED
    assert capsys.readouterr().err == "thing: Query interrupted\n"
    assert not console.is_stopping()


@pytest.mark.parametrize("program", [DEAF, SWALLOWING], ids=["deaf", "swallowing"])
@pytest.mark.parametrize(("number", "code", "word"), STOPS)
def test_a_program_whose_main_thread_does_not_hear_a_signal_ends_all_the_same(
    program: str, number: signal.Signals, code: int, word: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", program, str(int(number))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert is_one_line(ended, "thing", code, word)


@pytest.mark.parametrize(
    ("words", "stop"),
    [
        ("detect", STOPS[0]),
        ("explain 1", STOPS[1]),
        ("report", STOPS[1]),
        ("alerts --dry-run", STOPS[0]),
    ],
)
def test_a_command_stopped_within_a_query_is_one_line_and_its_code(
    slow_shop: Path, words: str, stop: tuple[signal.Signals, int, str]
) -> None:
    command, *rest = words.split()
    ended = stopped(slow_shop, stop[0], command, *rest)
    assert is_one_line(ended, f"retail {command}", *stop[1:])


def write_slow_project(folder: Path, *, in_hook: bool) -> None:
    """A project whose one model, or whose hook, takes hours."""
    (folder / "models").mkdir()
    (folder / "models/slow.sql").write_text(QUICK if in_hook else TABLE + SLOW)
    hook = f'"{SLOW}"' if in_hook else "[]"
    (folder / "dbt_project.yml").write_text(PROJECT_FILE.format(hook=hook))
    (folder / "profiles.yml").write_text(PROFILE)
    (folder / "python").symlink_to(PROJECT / "python")
    write(folder / "orders.csv", small_shop())


@pytest.mark.parametrize(
    ("place", "stop"),
    [
        ("a model, in dbt's own thread", STOPS[0]),
        pytest.param("a hook, in the main thread", STOPS[1], marks=pytest.mark.full),
    ],
)
def test_the_daily_job_stopped_while_dbt_runs_a_query_is_one_line_and_its_code(
    tmp_path: Path, place: str, stop: tuple[signal.Signals, int, str]
) -> None:
    write_slow_project(tmp_path, in_hook=place.startswith("a hook"))
    ended = stopped(tmp_path, stop[0], "run", "--quiet", "--project", str(tmp_path))
    assert is_one_line(ended, "retail run", *stop[1:])
    assert not (tmp_path / "shop.duckdb").exists()
    steps = [row for row in read_rows(path_of(tmp_path / "shop.duckdb")) if isinstance(row, Step)]
    assert {row.status for row in steps if row.step in (ALL, "dbt build")} >= {STOPPED}
    assert not any(row.status == FAILED for row in steps)


@needs("flow")
@pytest.mark.full
@pytest.mark.parametrize("stop", STOPS)
def test_the_flow_stopped_while_dbt_runs_a_query_says_so_in_one_line_and_ends_with_its_code(
    tmp_path: Path, stop: tuple[signal.Signals, int, str]
) -> None:
    """Prefect logs what it does; the line and the code are those of the other commands."""
    write_slow_project(tmp_path, in_hook=False)
    number, code, word = stop
    python = str(bin_of("flow") / "python")
    ended = stopped(tmp_path, number, "schedule", "--project", str(tmp_path), python=python)
    assert ended.returncode == code, ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("retail schedule: ")]
    assert line.startswith(f"retail schedule: stopped by {word}; ")
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (tmp_path / "shop.duckdb").exists()
