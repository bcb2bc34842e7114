"""The command line of the simulated shop: what it writes, says and refuses."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from retail.commands import main as retail
from retail.simulate.incidents.spec import KINDS
from retail.simulate.private import private_folder

QUICK = ["--days", "80", "--orders-per-day", "4"]


def test_it_writes_the_file_and_the_truth_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shop.csv"
    assert (
        retail(["simulate", "--out", str(out), *QUICK, "--incident", "outage@2011-02-15,size=1"])
        == 0
    )
    told = capsys.readouterr()
    truth = json.loads((tmp_path / "shop.csv.truth.json").read_text())
    assert f"{out}: {truth['rows']:,} rows, 2010-12-01 to 2011-02-18, seed 1" in told.out
    assert "2011-02-15  outage  everything" in told.out
    assert told.err == ""
    assert [one["kind"] for one in truth["incidents"]] == ["outage"]
    assert out.read_bytes().count(b"\r\n") == truth["rows"] + 1


def test_every_option_reaches_the_shop(tmp_path: Path) -> None:
    options = {
        "--days": 40, "--lines": 5000, "--start": "2015-06-01", "--seed": 9, "--customers": 50,
        "--products": 200, "--guest-share": 0.2, "--growth": 0.5, "--dialect": "retail2",
        "--orders-per-day": 7,
    }  # fmt: skip
    words = [str(word) for pair in options.items() for word in pair]
    assert retail(["simulate", "--out", str(tmp_path / "shop"), *words, "--clean", "--quiet"]) == 0
    truth = json.loads((tmp_path / "shop.truth.json").read_text())
    assert (truth["start"], truth["end"], truth["seed"]) == ("2015-06-01", "2015-07-10", 9)
    assert truth["shop"] == {
        "start": "2015-06-01", "lines": 5000, "orders_per_day": 7.0, "customers": 50,
        "products": 200, "guest_share": 0.2, "annual_growth": 0.5, "level_noise": 0.1,
        "day_noise": 0.13, "messy": False, "dialect": "retail2",
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "shop").iterdir()) == [
        "2015-06.csv",
        "2015-07.csv",
    ]


def test_chosen_incidents_come_on_top_of_those_named(tmp_path: Path) -> None:
    out = tmp_path / "shop.csv"
    words = ["--days", "150", "--orders-per-day", "8", "--quiet"]
    named = ["--incident", "half_day@2010-12-15", "--incidents", "3"]
    assert retail(["simulate", "--out", str(out), *words, *named]) == 0
    incidents = json.loads((tmp_path / "shop.csv.truth.json").read_text())["incidents"]
    assert [one["incident"] for one in incidents] == [1, 2, 3, 4]
    assert incidents[0]["kind"] == "half_day"
    assert all(one["start"] >= "2011-01-30" for one in incidents[1:])


def test_quiet_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert retail(["simulate", "--out", str(tmp_path / "shop.csv"), *QUICK, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--days", "0"], "days = 0: it must be from 1 to"),
        (["--incident", "flood@2011-01-05"], "no incident is called 'flood'"),
        (["--incident", "outage@2011-01-08"], "no trading day"),
        (["--incidents", "-1"], "--incidents -1"),
        (["--incidents", "500"], "ask for no more"),
        (["--growth", "nan"], "annual_growth"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert retail(["simulate", "--out", str(tmp_path / "shop.csv"), *QUICK, *words]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("retail simulate: ")
    assert told in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert retail(["simulate", "--out", str(tmp_path / "file" / "shop.csv"), *QUICK]) == 1
    assert "choose another --out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet", "orders/2026-01.csv"])
def test_it_takes_the_place_of_simulated_data_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / name).write_text("what somebody sold")
    out = tmp_path / name.partition("/")[0]
    assert retail(["simulate", "--out", str(out), *QUICK]) == 1
    assert capsys.readouterr().err == (
        f"retail simulate: {out} is there already, and no simulated shop: name another\n"
    )
    assert (tmp_path / name).read_text() == "what somebody sold"
    again = ["simulate", "--out", str(tmp_path / f"new-{out.name}"), *QUICK, "--quiet"]
    assert [retail(again), retail(again)] == [0, 0]


KILLED = """
import os, signal, sys
from pathlib import Path
from retail.simulate.private import FORMER, private_folder
out = Path(sys.argv[1])
with private_folder(out) as private:
    (private / "done").write_text("half")
    if out.exists():
        out.replace(private / FORMER)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(out: Path) -> None:
    """Start a run that is killed while it writes, between two moves where there is something."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(out)], check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_run_left_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "[shop] *.csv"
    killed(out)
    killed(tmp_path / "other.csv")
    assert len(list(tmp_path.iterdir())) == 2
    assert retail(["simulate", "--out", str(out), *QUICK, "--quiet"]) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names[0].startswith(".other.csv.")
    assert names[1:] == [out.name, f"{out.name}.truth.json"]


def test_a_run_under_way_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "shop.csv"
    with private_folder(out) as mine:
        assert retail(["simulate", "--out", str(out), *QUICK, "--quiet"]) == 0
        assert mine.exists()
    assert not mine.exists()


def test_what_a_killed_run_had_moved_out_of_the_way_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "shop"
    assert retail(["simulate", "--out", str(out), *QUICK, "--quiet"]) == 0
    before = sorted(path.name for path in out.iterdir())
    killed(out)
    assert not out.exists()
    with private_folder(out):
        assert sorted(path.name for path in out.iterdir()) == before


def test_the_help_tells_every_kind_of_incident_and_shows_examples() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "retail", "simulate", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(f"  {kind} " in told for kind in KINDS)
    assert "retail simulate --out shop.csv" in told
