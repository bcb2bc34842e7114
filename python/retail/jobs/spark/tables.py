"""Build the tables on Spark, in a folder of the run, and show them in the DuckDB file."""

from __future__ import annotations

import csv
import datetime as dt
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retail.errors import RetailError
from retail.ingest.workspace import mark_as_cache
from retail.jobs.daily.build import (
    BUILD_WORDS,
    BuildResult,
    OnResults,
    build,
    describe_row,
    ignore_results,
)
from retail.jobs.spark import export_raw, publish
from retail.jobs.spark.engine import Engine, running
from retail.storage.errors import first_line

RUN_VARIABLE = "RETAIL_LAKE_RUN"
"""Tells dbt's macros the folder of the run."""
TARGET_VARIABLE = "DBT_TARGET_PATH"
RUN_PREFIX = "run-"
WORDS = (*BUILD_WORDS, "--write-json", "--target", "spark")
UNPUBLISHED = ("raw/order_lines", "intermediate", "staging", "scratch")
"""What a run writes besides the tables that people read, and what the shop says of itself: dbt's
unit tests ask for that."""


@dataclass(frozen=True)
class Lake:
    """Where Spark's tables go, and by whom they are built.

    `load_below` is the size in bytes under which a table's Parquet is loaded into the DuckDB file.
    """

    folder: Path
    engine: Engine
    load_below: int = publish.LOAD_BELOW


def build_tables(
    lake: Lake, project: Path, database: Path, *, on_results: OnResults = ignore_results
) -> BuildResult:
    """Build every table of the project on Spark, and show the marts in a DuckDB file.

    What an earlier run wrote stays as long as ``database`` shows it: whoever has the file open
    keeps reading. Folders that no file shows any more are removed first.

    Args:
        lake: where to, and on what engine.
        project: root of the dbt project.
        database: private copy of the DuckDB file.
        on_results: what to do with what came of every model and test.

    Raises:
        RetailError: dbt or Spark stopped, or a table can't be shown; nothing of the run is left.
        IngestError: the raw data can't be read.
    """
    _forget_old_runs(lake.folder, shown=publish.shown_run(database))
    run = lake.folder / f"{RUN_PREFIX}{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    try:
        export_raw.export_raw(project, database, run / "raw")
        with running(lake.engine, run / "scratch"):
            settings = {RUN_VARIABLE: str(run), TARGET_VARIABLE: str(_target_folder())}
            built = build(project, database, WORDS, settings, _first_row, on_results)
            tables = publish.read_tables(project / _target_folder() / "manifest.json")
            _make_folders_of_empty_tables(run, tables, project)
        publish.show(run, tables, database, lake.load_below)
        for name in UNPUBLISHED:
            shutil.rmtree(run / name, ignore_errors=True)
    except BaseException:
        shutil.rmtree(run, ignore_errors=True)
        raise
    mark_as_cache(lake.folder)
    return built


def _forget_old_runs(folder: Path, shown: str | None) -> None:
    for run in folder.glob(f"{RUN_PREFIX}*"):
        if run.name != shown:
            shutil.rmtree(run, ignore_errors=True)


def _target_folder() -> Path:
    """A target folder of its own: what dbt has parsed for DuckDB is kept for that."""
    return Path(os.environ.get(TARGET_VARIABLE) or "target") / "spark"


def _make_folders_of_empty_tables(
    run: Path, tables: Sequence[publish.Table], project: Path
) -> None:
    """Engines may write nothing at all for a table without rows: make sure that this is why."""
    for table in tables:
        folder = run / table.schema / table.name
        if not folder.is_dir() and (_is_empty_seed(project, table) or _has_no_row(table)):
            folder.mkdir(parents=True)


def _is_empty_seed(project: Path, table: publish.Table) -> bool:
    """Whether a table is a seed whose file has a header alone."""
    file = project / table.schema / f"{table.name}.csv"
    if not file.is_file():
        return False
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return sum(any(row) for row in csv.reader(lines)) <= 1


def _has_no_row(table: publish.Table) -> bool:
    """Whether the engine knows a table and no row of it; a cluster without session is not asked."""
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    name = f"{table.schema}.{table.name}"
    return session is not None and session.table(name).limit(1).count() == 0


def _first_row(query: str) -> str:
    """The first row that a failing test found; a cluster that has no session is not asked."""
    try:
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        if session is None:
            return f"ask the cluster, the query is below {_target_folder() / 'compiled'}"
        rows = session.sql(query).limit(1).collect()
    except Exception as error:  # reported as a part of a line that is an error already
        raise RetailError(first_line(error)) from error
    return describe_row(rows[0].asDict() if rows else {})
