"""What people said is in a file of its own: taken over, shared, and never lost."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

import findings
from conftest import FULL
from findings import incident
from retail.commands import main as retail
from retail.feedback import record
from retail.outputs.alerts.read import read as read_candidates
from retail.reading import (
    read_feedback,
    read_findings,
    read_incidents,
    read_sent_alerts,
    reading,
)
from retail.reading.findings import today
from retail.schema import FeedbackRow, SentAlertRow
from retail.storage import feedback_file
from retail.storage.errors import StorageError
from retail.storage.publish import staged_build

NOW = dt.datetime(2024, 4, 1, 9, 30, 0, 123456)
ACK = FeedbackRow("a-i1", "order_count", "all", "ack", None, "on „it“", NOW)
SNOOZE = FeedbackRow("a-i2", "order_count", "all", "snooze", dt.date(2099, 12, 31), None, NOW)
SENT = SentAlertRow("i1", "a-i1", "webhook", "new", "high", 0.1 + 0.2, NOW)
WRITERS = 50


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return findings.write(tmp_path / "retail.duckdb", incident("i1"), incident("i2"))


@pytest.fixture
def earlier(database: Path) -> Path:
    """A file as 0.1.0 left it: what was said and sent is in its tables alone."""
    with duckdb.connect(str(database)) as connection:
        for table, row in (("feedback", ACK), ("alerts", SENT)):
            values = list(vars(row).values())
            places = ", ".join("?" * len(values))
            connection.execute(f"insert into insights.{table} values ({places})", values)
    return database


def beside(database: Path) -> Path:
    return database.with_name("retail.feedback.sqlite")


def statuses(database: Path) -> dict[str, str]:
    return {row.incident_id: row.status for row in read_incidents(database).incidents}


def everything(database: Path) -> tuple[object, ...]:
    with reading(database) as connection:
        return (
            read_feedback(connection),
            read_sent_alerts(connection),
        )


def ack(database: Path, name: str = "i1") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "retail", "ack", name, "--db", str(database)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


# ------------------------------------------------------------------------------ said, and seen


def test_an_acknowledgement_is_seen_at_once_and_leaves_the_database_alone(database: Path) -> None:
    before = database.read_bytes(), database.stat().st_ino
    files = set(database.parent.iterdir())
    assert retail(["ack", "i1", "--db", str(database), "--quiet"]) == 0
    assert (database.read_bytes(), database.stat().st_ino) == before
    assert statuses(database) == {"i1": "acknowledged", "i2": "open"}
    with reading(database) as connection:  # as report and dashboard do
        found = read_findings(connection)
    assert {row.status for row in found.of("i1")} == {"acknowledged"}
    alerted = {row.incident_id: row.status for row in read_candidates(database, today()).incidents}
    assert alerted["i1"] == "acknowledged"
    assert set(database.parent.iterdir()) == files | {beside(database)}


def test_every_value_comes_back_as_it_was(database: Path) -> None:
    for table, row in (("feedback", ACK), ("feedback", SNOOZE), ("alerts", SENT)):
        record.append(database, table, [row])
    assert everything(database) == ((ACK, SNOOZE), (SENT,))


def test_bytes_of_a_terminal_that_are_no_text_are_no_fault(database: Path) -> None:
    assert retail(["ack", "i1", "--note", "caf\udce9", "--db", str(database), "--quiet"]) == 0
    with reading(database) as connection:
        assert [row.note for row in read_feedback(connection)] == ["caf?"]


def test_a_link_to_a_database_has_the_same_feedback(database: Path) -> None:
    (database.parent / "elsewhere").mkdir()
    link = database.parent / "elsewhere" / "link.duckdb"
    link.symlink_to(database)
    assert retail(["ack", "i1", "--db", str(link), "--quiet"]) == 0
    assert statuses(database) == statuses(link) == {"i1": "acknowledged", "i2": "open"}


@pytest.mark.parametrize(
    ("name", "named"),
    [("retail.duckdb", "retail.feedback.sqlite"), ("a.b.duckdb", "a.b.feedback.sqlite"),
     ("shop.db", "shop.db.feedback.sqlite"), ("50 % #1.duckdb", "50 % #1.feedback.sqlite")],
)  # fmt: skip
def test_the_file_is_named_after_the_database(name: str, named: str, tmp_path: Path) -> None:
    database = findings.write(tmp_path / name, incident())
    record.append(database, "feedback", [ACK])
    assert (tmp_path / named).is_file()
    assert statuses(database) == {"i1": "acknowledged"}


# ----------------------------------------------------------------- a database that comes and goes


def test_what_was_said_outlives_the_database(database: Path) -> None:
    for table, row in (("feedback", ACK), ("alerts", SENT)):
        record.append(database, table, [row])
    known = everything(database)
    database.unlink()
    findings.write(database, incident("i1"), incident("i2"))
    assert statuses(database) == {"i1": "acknowledged", "i2": "open"}
    assert everything(database) == known


def test_a_run_leaves_tables_that_are_read_by_sql(database: Path) -> None:
    record.append(database, "feedback", [ACK])
    record.append(database, "alerts", [SENT])
    findings.write(database, incident("i1"), incident("i2"))
    findings.write(database, incident("i1"), incident("i2"))
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("from insights.feedback").fetchall() == [
            tuple(vars(ACK).values())
        ]
        assert connection.execute("from insights.alerts").fetchall() == [tuple(vars(SENT).values())]


def test_what_is_said_while_a_build_is_under_way_is_of_the_published_file(database: Path) -> None:
    with staged_build(database, lambda *_: None) as copy:
        findings.write(copy, incident("i1"), incident("i2"))
        record.append(database, "feedback", [ACK])
    assert statuses(database)["i1"] == "acknowledged"
    assert everything(database) == ((ACK,), ())


def test_a_feedback_file_that_was_lost_comes_back_from_the_last_run(database: Path) -> None:
    record.append(database, "feedback", [ACK])
    findings.write(database, incident("i1"), incident("i2"))
    beside(database).unlink()
    assert statuses(database)["i1"] == "acknowledged"
    record.append(database, "alerts", [SENT])
    assert everything(database) == ((ACK,), (SENT,))


def test_a_copy_of_the_database_alone_has_what_was_said_up_to_its_run(
    database: Path, tmp_path: Path
) -> None:
    record.append(database, "feedback", [ACK])
    findings.write(database, incident("i1"), incident("i2"))
    (tmp_path / "away").mkdir()
    copy = Path(shutil.copy(database, tmp_path / "away" / "copy.duckdb"))
    assert statuses(copy)["i1"] == "acknowledged"


# -------------------------------------------------------------------------- taken over, once


def test_an_earlier_file_is_read_before_anything_is_taken_over(earlier: Path) -> None:
    assert statuses(earlier) == {"i1": "acknowledged", "i2": "open"}
    assert everything(earlier) == ((ACK,), (SENT,))
    assert not beside(earlier).exists()


@pytest.mark.parametrize("first", ["said", "run"])
def test_an_earlier_file_is_taken_over_once_and_whole(first: str, earlier: Path) -> None:
    if first == "said":
        record.append(earlier, "feedback", [SNOOZE])
        earlier.unlink()
    for _ in range(2):
        findings.write(earlier, incident("i1"), incident("i2"))
    said = (ACK, SNOOZE) if first == "said" else (ACK,)
    assert everything(earlier) == (said, (SENT,))
    with closing(sqlite3.connect(beside(earlier))) as connection:
        for table, count in (("feedback", len(said)), ("alerts", 1)):
            assert connection.execute(f"select count(*) from {table}").fetchall() == [(count,)]


def test_an_earlier_file_that_is_put_in_place_later_loses_nothing(earlier: Path) -> None:
    backup = earlier.read_bytes()
    earlier.unlink()
    findings.write(earlier, incident("i1"), incident("i2"))
    record.append(earlier, "feedback", [SNOOZE])
    earlier.write_bytes(backup)
    assert everything(earlier) == ((ACK, SNOOZE), (SENT,))
    findings.write(earlier, incident("i1"), incident("i2"))
    assert everything(earlier) == ((ACK, SNOOZE), (SENT,))


def test_whoever_is_killed_while_taking_over_leaves_all_of_it_to_the_next(earlier: Path) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from retail.feedback import record
        from retail.storage import feedback_file
        insert = feedback_file._insert
        def insert_or_die(connection, addition):
            insert(connection, addition)
            if addition.table == "alerts":
                connection.execute("pragma cache_spill = 1")
                os.kill(os.getpid(), signal.SIGKILL)
        feedback_file._insert = insert_or_die
        record.append(Path({str(earlier)!r}), "feedback", [])
    """
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert everything(earlier) == ((ACK,), (SENT,))
    record.append(earlier, "feedback", [SNOOZE])
    earlier.unlink()
    findings.write(earlier, incident("i1"), incident("i2"))
    assert everything(earlier) == ((ACK, SNOOZE), (SENT,))


def test_a_writer_that_was_killed_while_it_wrote_to_the_disk_is_undone(database: Path) -> None:
    record.append(database, "feedback", [ACK])
    script = f"""
        import os, signal, sqlite3
        held = sqlite3.connect({str(beside(database))!r}, isolation_level=None)
        held.execute("pragma cache_size = 1")
        held.execute("begin immediate")
        for number in range(2000):
            held.execute("insert into feedback (anomaly_id, given_at) values (?, 'x')",
                         [str(number) * 100])
        os.kill(os.getpid(), signal.SIGKILL)
    """
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert beside(database).with_name("retail.feedback.sqlite-journal").exists()
    assert everything(database) == ((ACK,), ())


# ---------------------------------------------------------------------------- many at once


def test_many_who_answer_at_once_are_all_served(tmp_path: Path) -> None:
    names = [f"i{number}" for number in range(WRITERS)]
    database = findings.write(tmp_path / "retail.duckdb", *map(incident, names))
    script = f"""
        import sys
        from retail.commands import main
        sys.stdin.readline()
        sys.exit(max(main(["ack", name, "--db", {str(database)!r}]) for name in sys.argv[1:]))
    """
    each = 1 if FULL else 10
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), *names[start : start + each]],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for start in range(0, WRITERS, each)
    ]  # fmt: skip
    with ThreadPoolExecutor(len(writers)) as pool:
        told = list(pool.map(lambda writer: writer.communicate("go\n")[1], writers))
    assert told == [""] * len(writers)
    assert [writer.returncode for writer in writers] == [0] * len(writers)
    assert statuses(database) == dict.fromkeys(names, "acknowledged")


def test_many_threads_that_are_the_first_to_answer_are_all_served(database: Path) -> None:
    rows = [FeedbackRow(f"a{n}", "order_count", "all", "ack", None, None, NOW)
            for n in range(WRITERS)]  # fmt: skip
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda row: record.append(database, "feedback", [row]), rows))
    with reading(database) as connection:
        assert sorted(row.anomaly_id for row in read_feedback(connection)) == sorted(
            row.anomaly_id for row in rows
        )


def test_who_does_not_finish_writing_is_waited_for_and_then_told_of(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record.append(database, "feedback", [SNOOZE])
    monkeypatch.setattr(feedback_file, "PATIENCE_SECONDS", 0.1)
    with closing(sqlite3.connect(beside(database), isolation_level=None)) as other:
        other.execute("begin immediate")
        assert statuses(database)["i2"] == "snoozed"  # readers wait for the last moment alone
        assert retail(["ack", "i1", "--db", str(database)]) == 1
        other.execute("rollback")
    (line,) = capsys.readouterr().err.splitlines()
    assert "retail.feedback.sqlite: locked by another program" in line
    assert retail(["ack", "i1", "--db", str(database), "--quiet"]) == 0


# ------------------------------------------------------------------------------- what fails


def one_line(database: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert retail([*words, "--db", str(database)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize("content", [b"these are words, not pages " * 500, None])
def test_a_damaged_file_is_one_line_and_what_was_said_up_to_the_last_run_is_not_lost(
    content: bytes | None, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record.append(database, "feedback", [ACK])
    findings.write(database, incident("i1"), incident("i2"))
    whole = beside(database).read_bytes()
    beside(database).write_bytes(content or whole[:5000])
    for words in (["list"], ["ack", "i2"], ["report"]):
        line = one_line(database, capsys, *words)
        assert "retail.feedback.sqlite: damaged, or no SQLite file" in line
        assert "move it away and keep it" in line
    with pytest.raises(StorageError, match="damaged"):
        findings.write(database, incident("i1"), incident("i2"))
    beside(database).rename(database.with_name("damaged"))
    assert statuses(database)["i1"] == "acknowledged"


def test_a_file_of_a_newer_version_is_one_line_and_stays_as_it_is(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record.append(database, "feedback", [ACK])
    with closing(sqlite3.connect(beside(database))) as connection:
        connection.execute("pragma user_version = 99")
    before = beside(database).read_bytes()
    for words in (["list"], ["ack", "i2"]):
        assert "a newer version of this project wrote it (form 99" in one_line(
            database, capsys, *words
        )
    assert beside(database).read_bytes() == before


def test_a_folder_in_its_place_is_one_line(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside(database).mkdir()
    for words in (["ack", "i1"], ["list"], ["report"]):
        line = one_line(database, capsys, *words)
        told = "retail.feedback.sqlite: unable to open database file; allow reading and writing"
        assert told in line


def test_a_row_that_was_changed_by_hand_is_one_line(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record.append(database, "feedback", [ACK])
    with closing(sqlite3.connect(beside(database))) as connection:
        connection.execute("update feedback set given_at = 'yesterday'")
        connection.commit()
    assert "table feedback was changed by hand" in one_line(database, capsys, "list")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_read_and_an_answer_is_one_line(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record.append(database, "feedback", [SNOOZE])
    beside(database).chmod(0o444)
    database.parent.chmod(0o555)
    try:
        assert statuses(database)["i2"] == "snoozed"
        line = one_line(database, capsys, "ack", "i1")
    finally:
        database.parent.chmod(0o755)
    assert "allow reading and writing there" in line
