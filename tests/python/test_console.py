"""Words and ends of a command line: nothing printed acts, every end is a code and one line."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import PROJECT
from retail import console
from retail.commands import COMMANDS as SECTIONS
from retail.commands import main
from retail.console import escape_control_chars, logs
from retail.errors import RetailError
from retail.jobs.daily.build import describe_row


@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_nothing_printed_acts_and_any_of_it_can_be_written(text: str) -> None:
    said = escape_control_chars(text)
    assert all(sign == "\n" or ord(sign) >= 32 for sign in said)
    assert not any(0x7F <= ord(sign) < 0xA0 for sign in said)
    said.encode()


@settings(max_examples=30)
@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_harmless_json_means_the_same(value: object) -> None:
    assert json.loads(escape_control_chars(json.dumps(value, ensure_ascii=False))) == value


def test_ordinary_words_stay_as_they_are() -> None:
    text = "Côte d’Ivoire, £5 × 3 − 2 %, 日本,\nnaïve {x} {{ y }} %s"
    assert escape_control_chars(text) == text


class OwnError(Exception):
    pass


def test_a_failure_is_one_line_and_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise OwnError("no file\x1b[31m\nat all")

    assert console.run("thing", fail, OwnError) == console.FAILED
    assert capsys.readouterr().err == "thing: no file\\u001b[31m at all\n"


def test_a_message_that_quotes_a_text_of_a_file_at_length_keeps_its_beginning_and_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = f"a.csv row 2: Status is {'W' * 100_000}; set lines.ignore"

    def fail() -> int:
        raise RetailError(message)

    assert console.run("thing", fail, RetailError) == console.FAILED
    logs.set_up("==> ")
    logging.getLogger("retail.ingest.unread").warning("%s", message)
    assert describe_row({"sentence": message}).endswith(" […] " + "W" * 482 + "; set lines.ignore")
    lines = capsys.readouterr().err.splitlines()
    assert [line[:12] for line in lines] == ["thing: a.csv", "==> warning:"]
    assert all(len(line) < 2100 and line.endswith("W; set lines.ignore") for line in lines)


@pytest.mark.parametrize("words", [["run"], ["check", "x"], ["init", "x"], ["schema"]])
def test_away_from_a_project_one_line_says_so_and_nothing_is_written(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("no dbt_project.yml here; start in the project's root")
    assert not [path for path in tmp_path.rglob("*") if path.suffix != ".lock"]


def test_a_fault_of_ours_is_not_hidden() -> None:
    def fail() -> int:
        raise OwnError

    with pytest.raises(OwnError):
        console.run("thing", fail, KeyError)


# ------------------------------------------------------------------------------ exit codes

COMMANDS: dict[str, tuple[str, Sequence[str]]] = {
    "alerts": ("retail.outputs.alerts.job.run", []),
    "dashboard": ("retail.outputs.dashboard.server.problem", []),
    "detect": ("retail.jobs.detection.pipeline.run", []),
    "explain": ("retail.commands.findings.read_explained", ["some-id"]),
    "list": ("retail.commands.findings.read_incidents", []),
    "mcp": ("retail.outputs.mcp.server.serve", []),
    "report": ("retail.outputs.report.page.write", []),
    "run": ("retail.jobs.daily.job.run", []),
    "schedule": ("retail.commands.schedule._run", []),
    "simulate": ("retail.commands.simulate.simulate_shop", ["--out", "shop.csv"]),
    "source status": ("retail.commands.source.choose", []),
    "spark": ("retail.jobs.daily.job.run", []),
}
"""Each command, what it is at when it is stopped, and the words it wants."""
CODES = re.findall(
    r"^\| (\d+) \| (.*) \|$", (PROJECT / "docs/operations.md").read_text("utf-8"), re.MULTILINE
)


@pytest.mark.usefixtures("hears_ctrl_c")
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")],
)
def test_whoever_stops_a_command_gets_one_line_and_the_documented_code(
    name: str,
    number: signal.Signals,
    code: int,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at, words = COMMANDS[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dbt_project.yml").touch()
    monkeypatch.setenv("RETAIL_DB", str(tmp_path / "shop.duckdb"))
    monkeypatch.setattr(at, lambda *_, **__: signal.raise_signal(number))
    before = signal.getsignal(signal.SIGTERM)
    assert main([*name.split(), *words]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"retail {name}: stopped by {word}; ")
    assert any(number == str(code) and word in what for number, what in CODES)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("name", [name for section in SECTIONS.values() for name in section])
def test_words_that_make_no_sense_are_a_2(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--no-such-option"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith(f"retail {name}: no option '--no-such-option'; ")


WRONG = {
    "wyh": "retail: no command 'wyh'; the nearest is why",
    "zzz": "retail: no command 'zzz'; `retail --help` lists all",
    "--qiet run": "retail: no option '--qiet'; `retail --help` lists all",
    "source stauts": "retail source: no command 'stauts'; the nearest is status",
    "why x --form 2": "retail why: no option '--form'; the nearest is --from or --to",
    "why": "retail why: missing argument 'KPI'; see `retail why --help`",
    "label x y": "retail label: invalid value for 'VERDICT': 'y' is not one of "
    "'false', 'real', 'one-off', 'new-normal'",
    "why x": "retail why: missing option '--from'; see `retail why --help`",
    "list --db": "retail list: option '--db' requires an argument; see `retail list --help`",
    "run --quiet=3": "retail run: option '--quiet' does not take a value; see `retail run --help`",
    "why x --from a\nb": "retail why: "
    "invalid value for '--from': 'a\\nb' is no day such as 2011-12-31",
}


@pytest.mark.parametrize("typed", WRONG)
def test_wrong_usage_is_one_line_with_the_nearest_name(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed.split(" ")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"{WRONG[typed]}\n"


def test_help_lists_every_command_and_each_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for section in SECTIONS.values():
        for name, (_, short) in section.items():
            assert f"  {name} " in listed
            assert short.split(":")[0] in listed
            assert main([name, "--help"]) == 0
            assert f"Usage: retail {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["alerts", "detect", "report", "dashboard", "list"])
def test_a_file_that_is_not_there_is_a_1_and_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "none.duckdb")
    assert main([name, "--db", path]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"retail {name}: ")


# --------------------------------------------------------------------------------- logging


def logged(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What a command line with these words writes of four log lines, ours and somebody else's."""
    logs.set_up("==> ", quiet="--quiet" in words, verbose="-v" in words)
    log = logging.getLogger("retail.ingest.parquet_cache")
    log.debug("small")
    log.info("landed %s", "a\x1b[31m\nb.csv")
    log.warning("odd")
    logging.getLogger("somebody.else").info("noise")
    return capsys.readouterr().err.splitlines()


def test_progress_and_warnings_are_told_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert logged([], capsys) == ["==> landed a\\u001b[31m b.csv", "==> warning: odd"]


def test_quiet_tells_errors_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert logged(["--quiet"], capsys) == []


def test_verbose_tells_everything_with_its_time_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    lines = logged(["-v"], capsys)
    assert [line.split(": ", 1)[1] for line in lines] == [
        "small",
        "landed a\\u001b[31m b.csv",
        "odd",
    ]
    for line in lines:
        assert re.match(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ +retail\.ingest\.parquet_cache: ", line
        )


def test_the_environment_sets_the_level_and_a_level_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RETAIL_LOG_LEVEL", "WARNING")
    assert logged([], capsys) == ["==> warning: odd"]
    monkeypatch.setenv("RETAIL_LOG_LEVEL", "loud")
    assert (
        "RETAIL_LOG_LEVEL is 'loud'; allowed: debug, info, warning, error" in logged([], capsys)[0]
    )


def test_a_closed_standard_error_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    logs.set_up("")
    monkeypatch.setattr(sys, "stderr", closed)
    logging.getLogger("retail.console").warning("nobody reads this")


# Where there is nothing to print to, or to start in ------------------------------------------

PRINTING = """
import os, sys
from retail.console.cli import Command, call, say
sys.exit(call(Command("x", callback=lambda: say("\u2212 5") or 0), "x", []))
"""
STREAMS = {
    "": (0, "\u2212 5\n", ""),
    "PYTHONUTF8=0 PYTHONIOENCODING=ascii": (0, "\\u2212 5\n", ""),
    ">/dev/full": (1, "", "x: the answer can't be printed: no space left on device\n"),
    ">&-": (0, "", ""),
    "<&- >&- 2>&-": (0, "", ""),
}


@pytest.mark.parametrize("how", STREAMS)
def test_whatever_it_prints_to_a_command_ends_in_a_code_and_at_most_one_line(
    how: str, tmp_path: Path
) -> None:
    redirected = ">" in how
    script = f'{"" if redirected else how} "$0" -c "$1" {how if redirected else ""}'
    assert in_shell(script, tmp_path) == STREAMS[how]


def test_too_few_addresses_are_one_line_in_place_of_a_crash() -> None:
    limited = f"ulimit -v 500000; exec {sys.executable} -m retail list"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, check=False)
    assert done.returncode == console.FAILED
    (line,) = done.stderr.splitlines()
    assert line.startswith("retail: addresses are limited to 0.5 GB: libraries crash; allow 4 GB")


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    code, out, err = in_shell('mkdir gone && cd gone && rmdir ../gone; "$0" -c "$1"', tmp_path)
    assert (code, out) == (1, "")
    assert err == "x: the folder that it was started in is gone; start it in another\n"


def test_no_file_gets_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    script = """
from retail.console.command import ready_to_print
ready_to_print()
sys_exit = open("file", "w").fileno()
raise SystemExit(sys_exit)
"""
    code, *_ = in_shell(f"\"$0\" -c '{script}' <&- >&- 2>&-", tmp_path)
    assert code > 2


def in_shell(script: str, folder: Path) -> tuple[int, str, str]:
    """Code and output of a line of a shell, whose arguments are Python and a program of it."""
    done = subprocess.run(
        ["sh", "-c", script, sys.executable, PRINTING],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROJECT / "python")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
