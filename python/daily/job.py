"""The daily job, from raw data to published insights: the table of contents of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from daily.build import BuildResult, build
from daily.data import Say, make_sure_there_is_data
from daily.errors import DailyError
from daily.publish import private_copy
from detect import pipeline
from detect.errors import DetectError
from ingest import IngestError
from report import page
from report.errors import ReportError


@dataclass
class Stopwatch:
    """Seconds that each step of a run took, in the order they were done."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Time the block as a step of that name."""
        started = time.perf_counter()
        yield
        self.seconds[step] = time.perf_counter() - started


@dataclass(frozen=True)
class Done:
    """What a run of the daily job did."""

    database: Path
    build: BuildResult
    detection: pipeline.Outcome
    report: Path
    seconds: dict[str, float]


def run(project: Path, database: Path, say: Say, *, bar: bool = False) -> Done:
    """Find the data, build, detect, publish, report.

    Args:
        project: the root of the dbt project.
        database: the DuckDB file to publish; it changes at the very end, or not at all.
        say: told in one line what is being done.
        bar: draw a progress bar of a download.

    Raises:
        DailyError: a step could not do its work.
    """
    watch = Stopwatch()
    try:
        with watch.timing("data"):
            make_sure_there_is_data(project, say, bar=bar)
        with private_copy(database) as copy:
            say("building the tables (dbt build)")
            with watch.timing("dbt build"):
                built = build(project, copy)
            say("looking for what moved (detect)")
            with watch.timing("detect"):
                found = pipeline.run(copy)
        say("writing the report")
        with watch.timing("report"):
            written = page.write(database)
    except (IngestError, DetectError, ReportError) as error:
        raise DailyError(str(error)) from error
    return Done(database, built, found, written, watch.seconds)
