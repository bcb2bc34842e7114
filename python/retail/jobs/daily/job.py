"""The daily job, step by step from raw data to published insights."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from detect.errors import DetectError
from retail.errors import RetailError
from retail.jobs.daily import inputs
from retail.jobs.daily.build import BuildResult, OnResults, build, environment, log_results
from retail.jobs.daily.inputs import LastRun, RunInputs
from retail.jobs.daily.source import Say, make_sure_there_is_data
from retail.storage.publish import identity, staged_build
from retail.storage.run_log import Log, keep_log

# Imported late: detection, report and alerts take a second that an unchanged morning has no use of.
if TYPE_CHECKING:
    from retail.jobs.detection import pipeline
    from retail.outputs.alerts import job as alerting

T = TypeVar("T")


class StepRunner(Protocol):
    """Runs a step of the job, and may time or report it."""

    def __call__(self, name: str, act: Callable[[], T]) -> T:
        """Do the step of that name."""


def plainly(name: str, act: Callable[[], T]) -> T:
    """Just do the step."""
    return act()


class Tables(Protocol):
    """Builds the tables of a project into a DuckDB file."""

    def __call__(self, project: Path, database: Path, *, on_results: OnResults) -> BuildResult:
        """Build them, and have kept what came of each."""


@dataclass(frozen=True)
class Asked:
    """What a run of the daily job is asked for; `run` says what each means."""

    project: Path
    database: Path
    bar: bool
    alert: bool
    simulate: bool
    force: bool


@dataclass(frozen=True)
class Unchanged:
    """A run that had nothing to do: `warnings` and `finished_at` are of the last one that had.

    `alerts` is None where not asked for.
    """

    database: Path
    finished_at: str
    warnings: tuple[str, ...]
    alerts: alerting.Outcome | None
    seconds: dict[str, float]


@dataclass(frozen=True)
class Done:
    """What a run of the daily job did; `alerts` is None where not asked for."""

    database: Path
    build: BuildResult
    detection: pipeline.Outcome
    report: Path
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
    force: bool = False,
    step: StepRunner = plainly,
    tables: Tables = build,
) -> Done | Unchanged:
    """Find the data, build, detect, publish, report, alert; only alert where nothing has changed.

    Args:
        project: the root of the dbt project.
        database: the DuckDB file to publish; it changes once all is found, or not at all.
        say: called with one line on what is being done.
        bar: draw a progress bar of a download.
        alert: send what is new or worse by the channels that the environment sets up.
        simulate: take the simulated shop, whatever the last run read.
        force: do all, though nothing has changed.
        step: how to do each step; a scheduler makes a task of it.
        tables: builds the tables of a project into a DuckDB file; on another engine, perhaps,
            whose state is not known: then all is done.

    Raises:
        RetailError: a step could not do its work, or a setting is wrong. A channel that fails
            raises nothing: `alerts` has it, for everything else is done by then.
    """
    with keep_log(database) as log:
        asked = Asked(project, database, bar=bar, alert=alert, simulate=simulate, force=force)
        try:
            return _run(Work(asked, say, log, step, tables, {}))
        except DetectError as error:
            raise RetailError(str(error)) from error


@dataclass(frozen=True)
class Work:
    """A run that is going on: what it is asked for, how its steps are done, their seconds."""

    asked: Asked
    say: Say
    log: Log
    step: StepRunner
    tables: Tables
    seconds: dict[str, float]


def _run(work: Work) -> Done | Unchanged:
    asked = work.asked
    settings = _do(
        work, "data",
        lambda: make_sure_there_is_data(
            asked.project, asked.database, work.say, bar=asked.bar, simulate=asked.simulate
        ),
        lambda _: "",
    )  # fmt: skip
    with environment(**settings):
        is_known = work.tables is build
        rests_on = inputs.read(asked.project, asked.database) if is_known else None
        if rests_on and not asked.force:
            with inputs.alone(asked.database) as is_alone:
                if is_alone and (last := _unchanged(work, rests_on)):
                    return _leave(work, last)
        return _do_all(work, rests_on)


def _unchanged(work: Work, rests_on: RunInputs) -> LastRun | None:
    """The last finished run, if this one would rest on the same."""
    last = inputs.read_note(work.asked.database)
    changes = _do(work, "compare", lambda: inputs.changes(rests_on, last), _summarize_changes)
    return None if changes else last


def _leave(work: Work, last: LastRun) -> Unchanged:
    """Leave everything as it is; alerts that are due are sent all the same."""
    database = work.asked.database
    work.log.prune()
    sent = _alert_if_asked(work)
    return Unchanged(database, last.finished_at, last.warnings, sent, work.seconds)


def _do_all(work: Work, rests_on: RunInputs | None) -> Done:
    project, database, say = work.asked.project, work.asked.database, work.say
    with staged_build(database, _carry_over) as copy:
        inputs.forget(database)  # not before: a run that may not build leaves the note of the last
        say("building the tables (dbt build)")
        built = _do(
            work, "dbt build", lambda: work.tables(project, copy, on_results=log_results(work.log))
        )
        say("looking for what moved (detect)")
        found = _do(work, "detect", lambda: _detect(copy))
        work.log.prune()
        _keep_operations(copy, work.log)
        published = identity(copy)
    say("writing the report")
    page = _do(work, "report", lambda: _report(database))
    with inputs.alone(database) as is_alone:
        is_ours = is_alone and identity(database) == published
        sent = _alert_if_asked(work)
        if rests_on and is_ours:
            inputs.note(rests_on, inputs.of_run(rests_on, (database, page), built.warnings))
    return Done(database, built, found, page, sent, work.seconds)


def _do(
    work: Work, name: str, act: Callable[[], T], summarize: Callable[[T], str] | None = None
) -> T:
    """Do a step, timed and noted."""
    started = time.perf_counter()
    done = work.log.step(name, lambda: work.step(name, act), summarize or _summarize)
    work.seconds[name] = time.perf_counter() - started
    return done


def _alert_if_asked(work: Work) -> alerting.Outcome | None:
    if not work.asked.alert:
        return None
    work.say("sending what is new (alerts)")
    return _do(work, "alert", lambda: _alert(work.asked.database))


def _summarize_changes(changes: tuple[str, ...]) -> str:
    return f"changed: {', '.join(changes)}" if changes else "nothing has changed"


def _summarize(outcome: object) -> str:
    from retail.jobs.daily import operations

    return operations.summarize(outcome)


def _carry_over(published: Path, copy: Path) -> None:
    from retail.jobs.detection import store

    store.carry_over(published, copy)


def _detect(copy: Path) -> pipeline.Outcome:
    from retail.jobs.detection import pipeline

    return pipeline.run(copy)


def _keep_operations(copy: Path, log: Log) -> None:
    from retail.jobs.daily import operations

    operations.write(copy, log.rows())


def _report(database: Path) -> Path:
    from retail.outputs.report import page

    return page.write(database)


def _alert(database: Path) -> alerting.Outcome:
    from retail.outputs.alerts import job as alerting

    return alerting.run(database)
