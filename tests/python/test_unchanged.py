"""A run on unchanged inputs says so and ends; whatever may have changed makes it a whole one."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import findings
import servers
from conftest import PROJECT, Shop
from findings import incident
from orders import small_shop, write
from retail.errors import RetailError
from retail.feedback import record
from retail.ingest.parquet_cache import land_project
from retail.jobs.daily import inputs, job
from retail.jobs.daily.build import BuildResult, OnResults
from retail.jobs.daily.inputs import RunInputs
from retail.schema import FeedbackRow
from retail.storage.publish import only_one_at_work

TODAY = dt.date(2026, 3, 2)


@dataclass(frozen=True)
class Place:
    """A project with code of its own, a finished DuckDB file and the report beside it."""

    project: Path
    source: Path
    database: Path

    @property
    def report(self) -> Path:
        return self.database.with_name("report.html")

    def inputs(self) -> RunInputs:
        found = inputs.read(self.project, self.database)
        assert found
        return found

    def changes(self) -> tuple[str, ...]:
        return inputs.changes(self.inputs(), inputs.read_note(self.database))

    def say(self, action: str, until: dt.date | None = None) -> None:
        now = dt.datetime(2026, 3, 1)
        given = FeedbackRow("1", "order_count", "all", action, until, None, now)
        record.append(self.database, "feedback", [given])

    def note(self) -> None:
        run = inputs.of_run(self.inputs(), (self.database, self.report), ["odd"])
        inputs.note(self.inputs(), run)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """What a run has left that finished today."""
    project, source = tmp_path / "project", tmp_path / "shop.csv"
    shutil.copytree(PROJECT / "models" / "marts" / "kpis", project / "models" / "marts" / "kpis")
    write(source, small_shop())
    monkeypatch.setenv("RETAIL_SOURCE", str(source))
    monkeypatch.setenv("RETAIL_CACHE", str(tmp_path / "landed"))
    monkeypatch.setattr(inputs, "_today", lambda: TODAY)
    land_project(project, tmp_path / "landed")
    here = Place(project, source, tmp_path / "retail.duckdb")
    here.report.write_text("page")
    findings.write(here.database, incident())
    here.note()
    return here


def test_nothing_has_changed(place: Place) -> None:
    last = inputs.read_note(place.database)
    assert last
    assert (place.changes(), last.warnings) == ((), ("odd",))


def change_a_byte(place: Place) -> None:
    before = place.source.stat()
    text = place.source.read_bytes()
    place.source.write_bytes(text[:-4] + bytes([text[-4] ^ 1]) + text[-3:])
    os.utime(place.source, ns=(before.st_atime_ns, before.st_mtime_ns))


def change_a_threshold(place: Place) -> None:
    file = place.project / "models" / "marts" / "kpis" / "customers.yml"
    file.write_text(file.read_text().replace("confidence: 0.5", "confidence: 0.6", 1))


def replace_results(place: Place) -> None:
    other = place.database.with_name("other.duckdb")
    shutil.copy2(place.database, other)
    other.replace(place.database)


CHANGES: dict[str, tuple[Callable[[Place], object], str]] = {
    "a byte of the source, its size and time kept": (change_a_byte, "the raw files"),
    "a KPI's threshold": (change_a_threshold, "the code"),
    "another setting": (lambda _: os.environ.update(RETAIL_THREADS="1"), "the settings"),
    "a shop.yml": (
        lambda p: (p.project / "shop.yml").write_text("shop: {name: A}\n"),
        "the settings",
    ),
    "feedback": (lambda p: p.say("real"), "what people said"),
    "results that were replaced": (replace_results, "the results"),
    "a report that was deleted": (lambda p: p.report.unlink(), "the results"),
    "landed files that are gone": (
        lambda p: shutil.rmtree(p.source.with_name("landed")), "the raw files",
    ),
    "what was written by hand and is not in the file yet": (
        lambda p: p.database.with_name("retail.duckdb.wal").touch(), "the results",
    ),
    "a run that did not finish": (
        lambda p: inputs.forget(p.database), "no finished run is noted",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_has_changed_is_named(
    name: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_THREADS", os.environ.get("RETAIL_THREADS", "2"))
    place.note()
    change, named = CHANGES[name]
    assert place.changes() == ()
    change(place)
    assert named in place.changes()


def test_a_deleted_database_is_built_anew(place: Place) -> None:
    place.database.unlink()
    assert {"the results"} <= set(place.changes())


def test_a_file_that_lies_in_the_folder_and_is_not_read_is_a_change(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place.source.with_name("orders")
    folder.mkdir()
    place.source.rename(folder / "shop.csv")
    monkeypatch.setenv("RETAIL_SOURCE", str(folder))
    land_project(place.project, place.source.with_name("landed"))
    place.note()
    assert place.changes() == ()
    (folder / "march.dat").touch()
    assert place.changes() == ("the raw files",)


def test_a_file_that_was_copied_anew_is_none(place: Place) -> None:
    again = place.source.with_name("again.csv")
    shutil.copy(place.source, again)
    again.replace(place.source)
    assert place.changes() == ()


def test_a_snooze_that_ends_is_a_change(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.say("snooze", TODAY + dt.timedelta(days=2))
    place.note()
    for days, changes in ((2, ()), (3, ("the day by which snoozes end",))):
        monkeypatch.setattr(inputs, "_today", lambda days=days: TODAY + dt.timedelta(days=days))
        assert place.changes() == changes


def test_without_snoozes_no_day_is_a_change(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_today", lambda: TODAY + dt.timedelta(days=99))
    assert place.changes() == ()


def test_what_is_said_while_a_run_goes_on_is_for_the_next(place: Place) -> None:
    rested_on = place.inputs()
    place.say("real")
    inputs.forget(place.database)
    inputs.note(rested_on, inputs.of_run(rested_on, (place.database, place.report), []))
    assert inputs.read_note(place.database) is None


@pytest.mark.parametrize("half", ["", "{}", '{"version": 1, "files": []}', "[1]"])
def test_half_a_note_is_none(half: str, place: Place) -> None:
    place.database.with_name(".retail.duckdb.last-run.json").write_text(half)
    assert inputs.read_note(place.database) is None


def test_alerts_that_are_due_are_sent_all_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with servers.web() as webhook:
        monkeypatch.setenv("ALERT_WEBHOOK_URL", webhook.url)
        for sent in (1, 0):
            done = job.run(place.project, place.database, said.append, alert=True)
            assert isinstance(done, job.Unchanged)
            assert done.alerts
            assert (len(done.alerts.sent), done.alerts.problems, done.warnings) == (
                sent,
                (),
                ("odd",),
            )
    assert len(webhook.bodies) == 1


def test_force_begins_a_run_all_the_same(place: Place) -> None:
    with pytest.raises(RetailError, match="dbt"):
        job.run(place.project, place.database, print, force=True)
    assert place.changes() == ("no finished run is noted",)


def test_a_run_that_may_not_build_leaves_the_note_of_the_last(place: Place) -> None:
    with (
        only_one_at_work(place.database),
        pytest.raises(RetailError, match="another program is at work"),
    ):
        job.run(place.project, place.database, print)
    assert place.changes() == ()


def test_tables_of_another_engine_are_always_built(place: Place) -> None:
    class BuiltError(Exception):
        """They are."""

    def tables(project: Path, database: Path, *, on_results: OnResults) -> BuildResult:
        raise BuiltError

    with pytest.raises(BuiltError):
        job.run(place.project, place.database, print, tables=tables)
    assert inputs.read_note(place.database) is None


# ---------------------------------------------------------------------------- the job itself


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("unchanged")
    shop = Shop(PROJECT, folder, str(write(folder / "shop.csv", small_shop())))
    done = shop.python("-m", "retail", "run")
    assert done.returncode == 0, done.stderr
    return shop


def test_the_job_says_that_nothing_has_changed_until_a_run_fails(published: Shop) -> None:
    before = published.database.read_bytes()
    done = published.python("-m", "retail", "run")
    assert done.returncode == 0, done.stderr
    assert "Nothing to do: the raw files, the code, the settings and what people" in done.stdout
    assert "--force" in done.stdout
    assert published.database.read_bytes() == before
    write(Path(published.source), [["no", "such"]])
    assert published.python("-m", "retail", "run").returncode == 1
    write(Path(published.source), small_shop())
    done = published.python("-m", "retail", "run")
    assert done.returncode == 0, done.stderr
    assert "data tests passed" in done.stdout
    assert "Nothing to do" not in done.stdout
