"""The daily job, from raw data to published insights: the table of contents of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from alerts import job as alerting
from alerts.errors import AlertsError
from daily import operations
from daily.build import BuildResult, Keep, build, environment, noting
from daily.data import Say, make_sure_there_is_data
from daily.errors import DailyError
from detect import pipeline, store
from detect.errors import DetectError
from ingest import IngestError
from report import page
from report.errors import ReportError
from rewrite import job as rewriting
from rewrite import settings as rewrite_settings
from rewrite.errors import RewriteError
from runlog import Log, keep_log
from warehouse.errors import WarehouseError
from warehouse.publish import private_copy

T = TypeVar("T")
TOLD = (IngestError, DetectError, ReportError, RewriteError, AlertsError, WarehouseError)
"""What stops a run; the message is the line that tells of it."""


class Step(Protocol):
    """How a step of the job is done: by doing it, and perhaps by timing or telling it."""

    def __call__(self, name: str, act: Callable[[], T]) -> T:
        """Do the step of that name."""


def plainly(name: str, act: Callable[[], T]) -> T:
    """Just do the step."""
    return act()


class Tables(Protocol):
    """Builds the tables of a project into a DuckDB file."""

    def __call__(self, project: Path, database: Path, *, keep: Keep) -> BuildResult:
        """Build them, and have kept what came of each."""


@dataclass(frozen=True)
class Asked:
    """What a run of the daily job is asked for; `run` says what each means."""

    project: Path
    database: Path
    bar: bool
    alert: bool
    simulate: bool


@dataclass(frozen=True)
class Done:
    """What a run of the daily job did; `alerts` and `rewrite` are None where not asked for."""

    database: Path
    build: BuildResult
    detection: pipeline.Outcome
    report: Path
    rewrite: rewriting.Outcome | None
    alerts: alerting.Outcome | None
    seconds: dict[str, float]


def run(
    project: Path,
    database: Path,
    say: Say,
    *,
    bar: bool = False,
    alert: bool = False,
    simulate: bool = False,
    step: Step = plainly,
    tables: Tables = build,
) -> Done:
    """Find the data, build, detect, publish, report, alert.

    Args:
        project: the root of the dbt project.
        database: the DuckDB file to publish; it changes once all is found, or not at all.
        say: told in one line what is being done.
        bar: draw a progress bar of a download.
        alert: send what is new or worse by the channels that the environment sets up.
        simulate: take the simulated shop, whatever the last run read.
        step: how to do each step; a scheduler makes a task of it.
        tables: builds the tables of a project into a DuckDB file; on another engine, perhaps.

    Raises:
        DailyError: a step could not do its work, or a setting is wrong. A channel that fails raises
            nothing: `alerts` tells of it, for everything else is done by then.
    """
    with keep_log(database) as log:
        asked = Asked(project, database, bar=bar, alert=alert, simulate=simulate)
        return _run(asked, say, log, step, tables)


def _run(asked: Asked, say: Say, log: Log, step: Step, tables: Tables) -> Done:
    project, database = asked.project, asked.database
    seconds: dict[str, float] = {}
    rewriter = _rewriting()

    def do(name: str, act: Callable[[], T]) -> T:
        started = time.perf_counter()
        done = log.step(name, lambda: step(name, act), operations.did)
        seconds[name] = time.perf_counter() - started
        return done

    try:
        settings = do(
            "data",
            lambda: make_sure_there_is_data(
                project, database, say, bar=asked.bar, simulate=asked.simulate
            ),
        )
        with environment(**settings), private_copy(database, store.carry_over) as copy:
            say("building the tables (dbt build)")
            built = do("dbt build", lambda: tables(project, copy, keep=noting(log)))
            say("looking for what moved (detect)")
            found = do("detect", lambda: pipeline.run(copy))
            rewritten = None
            if rewriter is not None:
                say("having the stories rewritten")
                rewritten = do("rewrite", lambda: rewriting.run(copy, rewriter))
            log.shorten()
            operations.write(copy, log.rows())
        say("writing the report")
        written = do("report", lambda: page.write(database))
        if asked.alert:
            say("sending what is new (alerts)")
        sent = do("alert", lambda: alerting.run(database)) if asked.alert else None
    except TOLD as error:
        raise DailyError(str(error)) from error
    return Done(database, built, found, written, rewritten, sent, seconds)


def _rewriting() -> rewrite_settings.Settings | None:
    """Who rewrites the stories, where the environment asks for that."""
    try:
        return rewrite_settings.read()
    except RewriteError as error:
        raise DailyError(str(error)) from error
