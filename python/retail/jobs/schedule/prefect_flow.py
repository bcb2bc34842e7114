"""The only module that knows Prefect: the daily job, with a task for each of its steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from retail.console import FINE, escape_control_chars
from retail.errors import RetailError
from retail.jobs.daily import job
from retail.jobs.daily.summary import problems, summary
from retail.storage.errors import first_line

NAME = "every-morning"
T = TypeVar("T")


def as_task(name: str, act: Callable[[], T]) -> T:
    """Do a step of the job as a task of that name; nothing of it is cached or kept."""
    step = task(name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)(act)
    done: T = step()
    return done


@flow(name=NAME, persist_result=False)
def morning(project: str, database: str) -> None:
    """Data, dbt build, detect, report, alert, as `retail run --alert` does them.

    Raises:
        RetailError: a step could not do its work, or an alert could not be sent.
    """
    log = get_run_logger()
    done = job.run(
        Path(project),
        Path(database),
        lambda line: log.info(escape_control_chars(line)),
        alert=True,
        step=as_task,
    )
    log.info(summary(done, colour=False))
    if problems(done):
        raise RetailError("; ".join(problems(done)))


def once(project: Path, database: Path) -> int:
    """Run the flow now; returns the exit code.

    Raises:
        RetailError: as the flow does.
    """
    morning(str(project), str(database))
    return FINE


def serve(project: Path, database: Path, cron: str) -> int:
    """Run the flow by a cron schedule until stopped; a run that is still going is not joined.

    Raises:
        RetailError: that is no cron schedule.
    """
    try:
        morning.serve(
            name=NAME,
            cron=cron,
            parameters={"project": str(project), "database": str(database)},
            limit=1,
            pause_on_shutdown=False,
        )
    except ValueError as error:
        raise RetailError(f"{cron!r} is no schedule ({first_line(error)})") from error
    return FINE
