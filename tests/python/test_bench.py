"""The benchmark: equal answers before any figure, limits that hold, tables that say what was."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

from conftest import PROJECT
from lab.bench import answers, contenders, measure, plot, results, run, shops, tables
from lab.bench.cli import bench_command
from lab.bench.measure import FINE, Limits
from lab.bench.results import Figure, Size
from lab.bench.run import Plan
from retail.console.cli import call
from retail.errors import RetailError

PERFORMANCE = (PROJECT / "docs/performance.md").read_text(encoding="utf-8")
PLENTY = Limits(seconds=600, gigabytes=20)
HOLD = "import time; held = bytearray(400_000_000); time.sleep(600)"


# ------------------------------------------------------------------- everybody, on a tiny shop


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Size:
    """Everybody's turn on some weeks of a tiny shop; answers that differ would stop it."""
    scripts = run.known_scripts(with_polars=True)
    plan = Plan(0.05, 60, 1, PLENTY, scripts, (contenders.WHOLE,))
    return run.measure(PROJECT, plan, tmp_path_factory.mktemp("bench"), lambda line: None)


@pytest.mark.full
def test_everybody_comes_to_the_same_answer(tiny: Size) -> None:
    for name in (*contenders.SCRIPTS, contenders.WHOLE):
        found = tiny.of(name)
        assert found
        assert found.is_fine
        assert found.seconds > 0
        assert found.processor > 0


@pytest.mark.full
def test_memory_is_seen_of_everybody_and_of_every_stage(tiny: Size) -> None:
    stages = [f"{contenders.WHOLE}: {stage}" for stage in ("imports", "dbt build", "detect")]
    sizes = [found.gigabytes for name in stages if (found := tiny.of(name))]
    assert len(sizes) == 3
    assert 0 < min(sizes) <= max(sizes) < 5


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RetailError("broken")

    monkeypatch.setattr(contenders, "compile_sql", broken)
    with pytest.raises(RetailError):
        run.measure(PROJECT, Plan(0.01, 30, 1, PLENTY, ()), tmp_path, lambda line: None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [("echo parsed; echo no room", "no room"), ("echo no dbt >&2", "no dbt"), ("", "exit code 1")],
)
def test_a_compilation_that_fails_is_told_in_its_last_line(
    words: str, told: str, shop: shops.Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{words}\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(RetailError, match=f"^dbt compile: {told}$"):
        contenders.compile_sql(contenders.Place(tmp_path, shop, tmp_path, PLENTY))


# --------------------------------------------------------------------------------- the shops


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> shops.Shop:
    return shops.simulate(0.05, tmp_path_factory.mktemp("shop"), 40)


def dates(path: Path) -> list[str]:
    lines = path.read_text("iso-8859-1").splitlines()[1:]
    return [shops.DATE.findall(line.encode())[-1].decode() for line in lines]


def test_the_last_day_is_in_a_file_of_its_own(shop: shops.Shop) -> None:
    history, last = dates(shop.orders / shops.HISTORY), dates(shop.orders / shops.LAST_DAY)
    assert len(set(last)) == 1
    assert not set(last) & set(history)
    assert len(history) + len(last) == shop.lines


def test_the_last_day_comes_and_goes(shop: shops.Shop) -> None:
    shop.let_last_day_go()
    assert [path.name for path in shop.orders.iterdir()] == [shops.HISTORY]
    shop.let_last_day_come()
    assert len(list(shop.orders.iterdir())) == 2


def test_a_long_history_is_cut_into_files_between_two_days(
    shop: shops.Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shops, "LARGEST_FILE", 100_000)
    cut = shops.simulate(0.05, tmp_path / "cut", 40)
    files = [path for path in cut.orders.iterdir() if path.name != shops.LAST_DAY]
    assert len(files) > 2
    assert max(path.stat().st_size for path in files) < 200_000
    whole, parts = dates(shop.orders / shops.HISTORY), [dates(path) for path in files]
    assert sorted(whole) == sorted(day for days in parts for day in days)
    assert sum(len(set(days)) for days in parts) == len(set(whole))


# --------------------------------------------------------------------------------- answers


def answer(*values: float) -> answers.Answer:
    rows = [("daily", "order_count", "all", f"2011-01-0{nth + 1}") for nth in range(len(values))]
    return pd.Series(values, pd.MultiIndex.from_tuples(rows, names=answers.KEY), dtype="float64")


def test_equal_answers_may_differ_in_their_last_digits_and_both_be_empty() -> None:
    nothing = float("nan")
    first, second = answer(1e6, nothing, 0.0), answer(1e6 + 1e-4, nothing, 1e-12)
    answers.insist_on_equal(("a", first), ("b", second))


@pytest.mark.parametrize("other", [(1.0, 2.0 + 1e-6), (1.0, float("nan"))])
def test_another_value_stops_the_benchmark_and_is_named(other: tuple[float, ...]) -> None:
    with pytest.raises(RetailError, match=r"daily, order_count, all, 2011-01-02 is 2\.0 by a"):
        answers.insist_on_equal(("a", answer(1.0, 2.0)), ("b", answer(*other)))


def test_a_missing_row_stops_the_benchmark() -> None:
    with pytest.raises(RetailError, match="2011-01-02 is in one of a and b only"):
        answers.insist_on_equal(("a", answer(1.0, 2.0)), ("b", answer(1.0)))


# ---------------------------------------------------------------------------------- limits


def watched(tmp_path: Path, code: str, limits: Limits) -> measure.Watched:
    return measure.watch([sys.executable, "-c", code], os.environ, tmp_path / "log", limits)


@pytest.mark.parametrize(
    "code", [HOLD, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"]
)
def test_who_takes_too_much_memory_is_stopped_with_all_its_children(
    tmp_path: Path, code: str
) -> None:
    done = watched(tmp_path, code, Limits(seconds=300, gigabytes=0.2))
    assert re.fullmatch(r"out of memory at 0\.[2-9] GB", done.outcome)
    assert done.peak(done.span) > 0.2


def test_who_takes_too_long_is_stopped(tmp_path: Path) -> None:
    done = watched(tmp_path, "import time; time.sleep(600)", Limits(seconds=0.2, gigabytes=20))
    assert done.outcome == "out of time at 0 s"


def test_who_gives_up_for_want_of_memory_is_no_broken_program(tmp_path: Path) -> None:
    done = watched(tmp_path, "raise MemoryError", PLENTY)
    assert done.outcome.startswith("out of memory at")


def test_a_broken_program_stops_the_benchmark_with_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(RetailError, match="ValueError: no such thing"):
        watched(tmp_path, "raise ValueError('no such thing')", PLENTY)


def test_a_stage_has_the_memory_of_its_own_moments() -> None:
    memory = ((0.0, 1.0), (1.0, 3.0), (2.0, 2.0))
    done = measure.Watched(measure.Span("", 0.0, 4.0), FINE, memory)
    spans = [measure.Span("", *ends) for ends in ((0.0, 0.5), (0.5, 2.5), (1.5, 4.0), (3.0, 3.1))]
    assert [done.peak(span) for span in spans] == [1.0, 3.0, 2.0, 2.0]


# --------------------------------------------------------------------- results, tables, plot


def size(scale: float, seconds: float, *, stopped: str = FINE) -> Size:
    figures = [Figure(name, 1, seconds, 3 * seconds, 0.5, FINE) for name in tables.rows()]
    figures += [Figure(contenders.PLAIN, 2, seconds, 3 * seconds, 0.25, FINE)]
    figures = [f for f in figures if f.name != "pandas"]
    figures += [Figure("pandas", 1, 2 * seconds, 3 * seconds, 9.0, stopped)]
    return Size(scale, round(1000 * scale), 10**6, "2 cores", PLENTY, tuple(figures))


def test_a_size_that_is_measured_again_replaces_itself(tmp_path: Path) -> None:
    path = tmp_path / "new" / "bench.json"
    for one in (size(20, 3.0), size(1, 1.0), size(20, 4.0)):
        results.keep(path, one)
    assert results.read(path) == [size(1, 1.0), size(20, 4.0)]


@pytest.mark.parametrize("text", [None, "no json", "[1]", '[{"scale": 1}]'])
def test_a_file_that_holds_no_results_is_told_in_one_line(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "bench.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RetailError, match=r"bench\.json: no results"):
        results.read(path)


def test_tables_hold_ratios_limits_and_growth() -> None:
    text = tables.report([size(1, 1.0), size(10, 20.0, stopped="out of memory at 9.1 GB")])
    assert "| pandas | 2× · 2.0 s; 1× · 3.0 s CPU; 9 GB | out of memory at 9.1 GB |" in text
    assert "| plain DuckDB script | 1000.0 | 2000.0 | 1.30 |" in text
    assert "| pandas | 2000.0 | – | – |" in text


def test_a_missed_target_is_shown_with_where_the_time_is() -> None:
    shown = tables.report([size(1, 1.0)])
    assert "| 1×: daily job, from nothing | 3.3× | 1× | 1× | reached |" in shown
    row = next(row for row in shown.splitlines() if row.startswith("| 1×: daily job, unchanged |"))
    assert row.startswith("| 1×: daily job, unchanged | 0.25× | 1× | 1× | imports 3.0 s, ")


def test_another_plain_script_is_refused(tmp_path: Path) -> None:
    folder = Path(contenders.scripts.__file__).parent
    contenders.insist_on_the_frozen_script(folder)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "plain_duckdb.sql").open("a") as sql:
        sql.write("-- faster")
    with pytest.raises(RetailError, match="plain DuckDB script is not the one"):
        contenders.insist_on_the_frozen_script(tmp_path)


def test_seconds_of_the_processor_are_those_at_work(tmp_path: Path) -> None:
    idle = watched(tmp_path, "import time; time.sleep(1.0)", PLENTY)
    busy = "import time\nwhile time.process_time() < 1.0: pass"
    at_work = watched(tmp_path, busy, PLENTY)
    assert idle.span.processor < 0.8
    assert at_work.span.processor >= 0.9


def test_the_page_has_the_tables_that_the_command_prints() -> None:
    section = PERFORMANCE.split("## How fast, and how large\n")[1].split("\n## ")[0]
    first, against, growth = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    printed = re.findall(
        r"(?:^\|.*\n?)+", tables.report([size(1, 1.0), size(20, 20.0)]), re.MULTILINE
    )
    for table, form in zip((first, against, growth), printed, strict=True):
        assert [row.split("|")[1] for row in table.splitlines()] == [
            row.split("|")[1] for row in form.splitlines()
        ]
    told = tables.report([size(1, 1.0), size(20, 20.0)]).split("\n\n")[0]
    _, words = told.split("; ", 1)
    shown = " ".join(section.split())
    for sentence in re.split(r"[\d.,]+", words.split(" Medians of rounds: ")[0]):
        assert sentence in shown, sentence
    assert told.split(" Each cell: ")[1] in shown
    took = r"[\d.]+× · [\d.]+ s"
    cell = rf"{took}; {took} CPU; [\d.]+ GB|out of (memory|time) at [\d,.]+ (GB|s)|–"
    for row in first.splitlines()[2:]:
        assert all(re.fullmatch(cell, part.strip()) for part in row.split("|")[2:-1]), row


def test_the_plot_names_everybody_once_per_panel_and_no_name_lies_on_another() -> None:
    drawn = ET.fromstring(  # noqa: S314 - our own picture
        plot.draw([size(1, 1.0), size(20, 30.0, stopped="out of memory at 9 GB")])
    )
    names = [text for text in drawn.iter() if text.get("class") == "name"]
    said = [text.text for text in names]
    assert said.count("pandas: out of memory") == 2
    assert said.count(contenders.WHOLE) == 2
    heights = sorted(float(text.get("y", "")) for text in names[: len(names) // 2])
    assert min(b - a for a, b in itertools.pairwise(heights)) >= plot.ROOM - 0.1


# -------------------------------------------------------------------------------------- words


def test_away_from_the_project_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(bench_command, "bench", []) == 1
    assert capsys.readouterr().err.strip().endswith("start in the project's root")


@pytest.mark.parametrize("rounds", [["--rounds", "0"], ["--rounds", "1", "--rounds", "2"]])
def test_rounds_that_fit_no_scale_are_refused(
    rounds: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(bench_command, "bench", ["--scale", "1", *rounds]) == 1
    assert "one per scale" in capsys.readouterr().err


def test_what_is_kept_is_shown_and_drawn_without_measuring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results.keep(tmp_path / "bench.json", size(1, 1.0))
    picture = tmp_path / "bench.svg"
    words = ["--show", "--results", str(tmp_path / "bench.json"), "--plot", str(picture)]
    assert call(bench_command, "bench", words) == 0
    assert "| pandas |" in capsys.readouterr().out
    assert picture.read_text(encoding="utf-8").startswith("<svg")
