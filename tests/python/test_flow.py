"""The daily job as a Prefect flow, and the other ways to have it run every morning."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

import servers
from blackbox.conftest import bin_of, needs
from conftest import PROJECT, Shop
from orders import small_shop, write

WORKFLOW = PROJECT / "docs/every-morning.yml"
SCHEDULE = (PROJECT / "docs/schedule.md").read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(PROJECT, tmp_path, str(write(tmp_path / "shop.csv", small_shop())))


@pytest.fixture
def outside() -> Iterator[servers.Web]:
    """Whatever Prefect would send to the outside ends up here."""
    with servers.web() as server:
        yield server


def environment(shop: Shop, outside: servers.Web) -> dict[str, str]:
    unset = {"PREFECT_API_URL", "DO_NOT_TRACK", "CI", "ALERT_WEBHOOK_URL", "ALERT_SMTP_HOST"}
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), outside.url)
    mine = {"PREFECT_HOME": str(shop.folder / "prefect"), "NO_PROXY": "127.0.0.1,localhost"}
    given = {k: v for k, v in shop.environment().items() if k not in unset}
    return given | proxies | mine


def flow(shop: Shop, outside: servers.Web, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [bin_of("flow") / "python", "-m", "retail", "schedule", *words],
        cwd=PROJECT,
        env=environment(shop, outside),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@needs("flow")
@pytest.mark.full
def test_the_flow_does_the_daily_job_with_a_task_for_each_step_and_phones_nobody(
    shop: Shop, outside: servers.Web
) -> None:
    done = flow(shop, outside)
    assert done.returncode == 0, done.stderr
    log = done.stdout + done.stderr
    tasks = re.findall(r"Task run '(.+?)' - Finished in state Completed\(\)", log)
    assert tasks == ["data", "compare", "dbt build", "detect", "report", "alert"]
    assert "no channel is set up" in log
    assert "<h1>" in shop.database.with_name("report.html").read_text(encoding="utf-8")
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        ((rows,),) = connection.execute("select source_rows from insights.runs").fetchall()
    assert rows == len(small_shop())
    assert outside.paths == []


@needs("flow")
@pytest.mark.full
def test_a_step_that_fails_fails_the_flow_and_the_last_line_says_why(
    shop: Shop, outside: servers.Web
) -> None:
    Path(shop.source).write_text("no,such,columns\n1,2,3\n")
    done = flow(shop, outside)
    assert done.returncode == 1
    assert re.search(r"^retail schedule: .*shop\.csv", done.stderr, re.MULTILINE)
    assert not shop.database.exists()


@needs("flow")
@pytest.mark.full
def test_a_schedule_is_served_until_it_is_stopped(shop: Shop, outside: servers.Web) -> None:
    served = subprocess.Popen(
        [bin_of("flow") / "python", "-m", "retail", "schedule", "--serve", "0 6 * * *"],
        cwd=PROJECT,
        env=environment(shop, outside) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert served.stdout is not None
    with served:
        said = ""
        while "is being served" not in said:
            line = served.stdout.readline()
            assert line, said
            said += line
        served.send_signal(signal.SIGTERM)
        rest, _ = served.communicate(timeout=60)
    assert "Traceback" not in said + rest
    assert "ephemeral" not in said
    assert not servers_at(shop)


def servers_at(shop: Shop) -> list[int]:
    """Processes that still have the shop's Prefect as theirs."""
    mark = f"PREFECT_HOME={shop.folder / 'prefect'}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


@needs("flow")
@pytest.mark.full
def test_a_schedule_that_is_none_is_told_in_one_line(shop: Shop, outside: servers.Web) -> None:
    done = flow(shop, outside, "--serve", "whenever")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("retail schedule: ")]
    assert "'whenever' is no schedule" in line


def test_the_help_needs_no_prefect() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "retail", "schedule", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--serve CRON" in done.stdout


def test_the_workflow_is_one_and_its_commands_exist() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert workflow["on"]["schedule"] == [{"cron": "0 6 * * *"}]
    steps = workflow["jobs"]["daily"]["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    commands = [step["run"] for step in steps if "run" in step]
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert commands
    for command in commands:
        words = command.split()
        assert words[0] == "make"
        assert words[1] in targets


COMMANDS = sorted(set(re.findall(r"\bretail ([a-z]+)((?: --\w[\w-]*)*)", SCHEDULE)))


@pytest.mark.parametrize(("command", "options"), COMMANDS)
def test_the_commands_of_the_page_exist(command: str, options: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "retail", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(option in done.stdout for option in [*options.split(), *extra(command)])


def extra(command: str) -> list[str]:
    """Options that the workflow hands to the command through make."""
    return re.findall(r"make run ARGS=(--\w+)", WORKFLOW.read_text()) if command == "run" else []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(ALERT_\w+)`", SCHEDULE))))
def test_every_setting_of_the_page_is_read(name: str) -> None:
    code = "".join(path.read_text() for path in (PROJECT / "python").rglob("settings.py"))
    assert f'"{name.removesuffix("_FINANCE")}"' in code  # an owner's own


def test_every_setting_that_is_read_is_on_the_page() -> None:
    code = "".join(path.read_text() for path in (PROJECT / "python").rglob("settings.py"))
    assert set(re.findall(r'"(ALERT_\w+)"', code)) <= set(re.findall(r"`(\w+)`", SCHEDULE))
