"""The cache of landed files: found by a stat, and whole whatever happens; the command line."""

from __future__ import annotations

import gzip
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from retail import ingest
from retail.commands import main as retail
from retail.ingest import delimited, parquet_cache
from retail.ingest.cache import forget_unused
from retail.ingest.facts import FACTS_ENDING
from retail.ingest.mapping import Reader
from retail.ingest.sources import PUBLIC_FILE
from retail.ingest.workspace import CACHE_TAG
from test_ingest_support import GOOD, HEADER, LINE, good_csv, land, read, refusal, shown, write

HOUR = 3600
DAY = 24 * HOUR


def cache_of(tmp_path: Path) -> Path:
    return tmp_path / ingest.LANDED_FOLDER


def names(folder: Path) -> list[str]:
    """Names of what is landed; what all files together say is kept beside it."""
    found = {path.name for path in folder.iterdir() if path.suffix != FACTS_ENDING}
    return sorted(found - {CACHE_TAG})


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every attempt to read a raw file fail."""

    def fail(*_: object) -> None:
        raise AssertionError("a landed file was read again")

    monkeypatch.setattr(parquet_cache, "WRITERS", dict.fromkeys(parquet_cache.WRITERS, fail))


# Landed once ---------------------------------------------------------------------------------


def test_what_is_landed_is_not_read_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    source = good_csv(tmp_path / "in.csv", rows=3)
    first = land(source, tmp_path)
    request.getfixturevalue("never_read")
    assert land(source, tmp_path) == first


def test_a_changed_file_is_landed_anew(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "in.csv")
    assert len(read(source, tmp_path)) == 1
    good_csv(source, rows=2)
    assert len(read(source, tmp_path)) == 2
    other = good_csv(tmp_path / "other.csv", rows=3)
    os.utime(other, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
    other.replace(source)  # same time, other inode
    assert len(read(source, tmp_path)) == 3


def test_a_file_whose_size_and_time_are_as_before_is_landed_anew(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "in.csv")
    then = source.stat()
    assert read(source, tmp_path) == [LINE]
    with source.open("r+b") as file:
        file.write(source.read_bytes().replace(b"France", b"Norway"))
    os.utime(source, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert source.stat().st_size == then.st_size
    assert read(source, tmp_path) == [(*LINE[:7], "Norway")]


@pytest.mark.parametrize("form", ["csv", "csv.gz"])
def test_a_file_that_was_only_touched_is_not_read_again(
    tmp_path: Path, request: pytest.FixtureRequest, form: str
) -> None:
    source = tmp_path / f"in.{form}"
    text = f"{HEADER}\n{GOOD}".encode()
    source.write_bytes(gzip.compress(text) if form == "csv.gz" else text)
    first = land(source, tmp_path)
    age(source, DAY)
    request.getfixturevalue("never_read")
    assert land(source, tmp_path) == first
    assert len(list(cache_of(tmp_path).glob("*.parquet"))) == 1


def test_the_same_file_in_a_folder_has_its_own_name_there(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "raw/in.csv")
    assert shown(land(source, tmp_path), ("source_file",)) == [("in.csv",)]
    assert shown(land(source.parent, tmp_path), ("source_file",)) == [("raw/in.csv",)]


def test_rows_of_all_files_add_up(tmp_path: Path) -> None:
    for rows in (1, 10, 100):
        good_csv(tmp_path / f"raw/{rows}.csv", rows)
    write(tmp_path / "raw/broken.csv", f"{HEADER}\n{GOOD}\nx\n")
    found = land(tmp_path / "raw", tmp_path)
    assert [file.raw_rows for file in found.files] == [1, 10, 100, 2]
    assert len(shown(found)) == found.raw_rows == 113


def test_raw_files_tells_what_was_read(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", f"{HEADER},More\n{GOOD},£\n", "iso-8859-1")
    with duckdb.connect() as connection:
        ingest.create_views(connection, land(source, tmp_path))
        told = connection.execute(
            "select * exclude (landed_at, content_hash, location, columns) from raw.files"
        ).fetchall()
        ((is_whole,),) = connection.execute(
            "select bit_xor(row_hash) = (select content_hash from raw.files) from raw.order_lines"
        ).fetchall()
        types = dict(
            connection.execute(
                "select column_name, column_type from (describe raw.files)"
            ).fetchall()
        )
    assert told == [
        ("in.csv", "csv", "iso-8859-1", 1, source.stat().st_size, "columns not read: More",
         "month first", "row 2 has 12/13/2010 8:26", "uci", None, "given")
    ]  # fmt: skip
    assert is_whole
    assert types["landed_at"] == "TIMESTAMP"
    assert {types["raw_rows"], types["bytes"]} == {"BIGINT"}


def test_landed_files_nobody_asks_for_are_forgotten(tmp_path: Path) -> None:
    used, unused = good_csv(tmp_path / "used.csv"), good_csv(tmp_path / "unused.csv")
    land(used, tmp_path)
    kept = names(cache_of(tmp_path))
    land(unused, tmp_path)
    for path in cache_of(tmp_path).iterdir():
        age(path, 31 * DAY)
    land(used, tmp_path)
    forget_unused(cache_of(tmp_path), ())
    assert names(cache_of(tmp_path)) == kept


def test_what_is_shown_is_kept_though_the_clock_says_that_it_is_old(tmp_path: Path) -> None:
    landed = land(good_csv(tmp_path / "used.csv"), tmp_path)
    kept = names(cache_of(tmp_path))
    for path in cache_of(tmp_path).iterdir():
        age(path, 400 * DAY)
    forget_unused(cache_of(tmp_path), landed.parquets)
    assert names(cache_of(tmp_path)) == kept


# Faults --------------------------------------------------------------------------------------


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = good_csv(tmp_path / "in.csv")
    survey = delimited.survey

    def disturbed(path: Path, reader: Reader) -> object:
        found = survey(path, reader)
        write(path, path.read_text() + GOOD)
        return found

    monkeypatch.setattr(delimited, "survey", disturbed)
    message = "in.csv changed while it was read; run again when it is complete"
    assert refusal(source, tmp_path) == message
    assert names(cache_of(tmp_path)) == []


@pytest.mark.parametrize(
    "damage", ["cut", "gone", "no record", "broken record", "old record", "another number"]
)
def test_a_damaged_cache_is_repaired(tmp_path: Path, damage: str) -> None:
    source = good_csv(tmp_path / "in.csv")
    land(source, tmp_path)
    (parquet,) = cache_of(tmp_path).glob("*.parquet")
    (record,) = cache_of(tmp_path).glob("*.json")
    match damage:
        case "cut":
            os.truncate(parquet, 10)
        case "gone":
            parquet.unlink()
        case "no record":
            record.unlink()
        case "broken record":
            record.write_text("{")
        case "old record":
            record.write_text('{"files": [{"name": 1}], "parquet_bytes": 0}')
        case "another number":
            record.write_text(record.read_text().replace('"raw_rows": 1', '"raw_rows": 3'))
    assert read(source, tmp_path) == [LINE]
    assert names(cache_of(tmp_path)) == sorted([record.name, parquet.name])


def test_what_a_killed_run_left_is_removed_when_it_is_old(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "in.csv")
    for name, hours in {
        ".draft-old.parquet": 2,
        ".draft-old.csv": 2,
        ".draft-new.csv": 0.5,
    }.items():
        age(write(cache_of(tmp_path) / name, "x"), hours * HOUR)
    spilled = cache_of(tmp_path) / ".draft-old.spill"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage_DEFAULT-0.tmp").touch()
    age(spilled, 2 * HOUR)
    land(source, tmp_path)
    assert [name for name in names(cache_of(tmp_path)) if name.startswith(".")] == [
        ".draft-new.csv"
    ]


STOPS = {
    "while the raw file is read": "ingest.delimited.survey = stop",
    "before the landed file has its name": "ingest.parquet_cache.publish = stop",
    "between the landed file and its record": """
draft_in = ingest.cache.draft_in
ingest.cache.draft_in = lambda *what: stop() if ".json" in what else draft_in(*what)
""",
}
LAND_AND_STOP = """
import sys, time
from pathlib import Path
from retail import ingest
def stop(*_):
    print("here", flush=True)
    time.sleep(60)
root, patch = sys.argv[1:]
exec(patch)
found = ingest.resolve(Path(root), {"RETAIL_SOURCE": "in.csv"})
ingest.land(found, Path(root) / ingest.LANDED_FOLDER)
"""


@pytest.mark.parametrize("moment", STOPS)
def test_a_run_that_is_killed_is_repaired_by_the_next(tmp_path: Path, moment: str) -> None:
    source = good_csv(tmp_path / "in.csv", rows=5)
    command = [sys.executable, "-c", LAND_AND_STOP, str(tmp_path), STOPS[moment]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not list(cache_of(tmp_path).glob("*.json"))
    assert read(source, tmp_path) == [LINE] * 5
    assert len([name for name in names(cache_of(tmp_path)) if not name.startswith(".")]) == 2


def test_runs_at_the_same_time_do_no_harm(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "in.csv", rows=2000)
    command = [sys.executable, "-m", "retail", "source", "land", "--root", str(tmp_path)]
    environment = os.environ | {"RETAIL_SOURCE": str(source), "RETAIL_CACHE": ""}
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
    for run in runs:
        out, _ = run.communicate()
        assert run.returncode == 0
        assert out.endswith(b"2,000 order lines in 1 files (given)\n")
    assert len(names(cache_of(tmp_path))) == 2


@pytest.mark.parametrize("text", [f"{GOOD}\n", f"{GOOD}\n'\"x\n"], ids=["fast", "tolerant"])
def test_a_full_disk_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    source = tmp_path / "in.csv"
    lines = "".join(f"{i},{os.urandom(20).hex()},{GOOD.split(',', 2)[2]}\n" for i in range(2000))
    write(source, f"{HEADER}\n{lines}{text}")

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [sys.executable, "-m", "retail", "source", "land", "--root", str(tmp_path)],
        env=os.environ | {"RETAIL_SOURCE": str(source), "RETAIL_CACHE": ""},
        preexec_fn=little_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    line = r"retail source land: cannot write below .*/landed: .*; make room .*\n"
    assert re.fullmatch(line, done.stderr)
    assert names(cache_of(tmp_path)) == []


# The command line ----------------------------------------------------------------------------


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    source = good_csv(tmp_path / "in.csv", rows=2)
    monkeypatch.setenv("RETAIL_SOURCE", str(source))
    monkeypatch.delenv("RETAIL_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    return source


def test_status_and_land_tell_what_is_there(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retail(["source", "status"]) == 0
    assert capsys.readouterr().out == f"origin: given\n{given} (csv): not landed yet\n"
    assert retail(["source", "land"]) == 0
    assert capsys.readouterr().out == (
        "in.csv: 2 order lines (csv, utf-8)\n2 order lines in 1 files (given)\n"
    )
    assert retail(["source", "status"]) == 0
    assert capsys.readouterr().out == f"origin: given\n{given} (csv): ready\n"


def test_the_cache_may_be_elsewhere(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_CACHE", "elsewhere")
    assert retail(["source", "land"]) == 0
    assert len(names(given.parent / "elsewhere")) == 2
    assert not cache_of(given.parent).exists()


def test_status_makes_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RETAIL_SOURCE", raising=False)
    assert retail(["source", "status", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("origin: simulated shop\nthere is no real data: ")
    assert names(tmp_path) == []


def test_an_error_is_one_line_and_exit_code_1(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given.write_bytes(b"")
    assert retail(["source", "land"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"retail source land: {given} is empty; ")


def test_a_download_that_is_there_is_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / PUBLIC_FILE, "")
    assert retail(["source", "download", "--root", str(tmp_path)]) == 0
    assert "is there already; --force" in capsys.readouterr().out


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert retail(["source", "--help"]) == 0
    assert "retail source download  " in capsys.readouterr().out
