"""`dbt build` in this process: dbt is imported once and keeps what it has parsed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from retail.errors import RetailError, shorten
from retail.jobs.daily.edited_files import insist_on_readable
from retail.storage.opening import MEMORY_VARIABLE, memory_limit
from retail.storage.publish import COPY_VARIABLE, is_private, published_as

if TYPE_CHECKING:
    from dbt.artifacts.schemas.results import NodeResult
    from dbt.cli.main import dbtRunnerResult
    from dbt_common.events.base_types import EventMsg

    from retail.storage.run_log import Log

#: Unit tests check the SQL, not the data: they belong to `dbt build` by hand and to the test suite.
#: The manifest as JSON takes a second to write, and nobody reads it here.
BUILD_WORDS = (
    "build", "--exclude-resource-type", "unit_test", "--log-level", "none", "--no-write-json",
)  # fmt: skip
CHOICES = tuple(
    f"{prefix}_{name}"
    for prefix in ("DBT", "DBT_ENGINE")
    for name in (
        "DEFER", "DEFER_STATE", "EMPTY", "EVENT_TIME_END", "EVENT_TIME_START",
        "EXCLUDE_RESOURCE_TYPES", "FAVOR_STATE", "INDIRECT_SELECTION", "RESOURCE_TYPES", "SAMPLE",
        "STATE",
    )
)  # fmt: skip
"""Variables of dbt that choose what is built and tested: as they may be set for another project,
they would have the job publish tables that no test has seen."""
#: For data that are disturbed on purpose: the gates would refuse some of them.
TABLES_ONLY = (*BUILD_WORDS, "--exclude-resource-type", "test")
THREADS_VARIABLE, THREADS, MOST_THREADS = "RETAIL_THREADS", "2", 256
"""Setting of the threads of a build, its default, as in profiles.yml, and its bound."""
SENTENCE = "sentence: "
"""Begins what `FirstRow` gives of a test that says in words what it found."""
OnResults = Callable[[Sequence["NodeResult"]], None]
"""Is given what came of every model, seed and test, also of a build that failed."""
FirstRow = Callable[[str], str]
"""Asks the first row of a failing test's query, and describes it in words."""


@dataclass(frozen=True)
class BuildResult:
    """What `dbt build` did: how many models and tests, and the warnings in words."""

    models: int
    tests: int
    warnings: tuple[str, ...]


def ignore_results(results: Sequence[NodeResult]) -> None:
    """Keep nothing of them."""


def build(
    project: Path,
    database: Path,
    words: Sequence[str] = BUILD_WORDS,
    settings: Mapping[str, str] | None = None,
    first_row: FirstRow | None = None,
    on_results: OnResults = ignore_results,
) -> BuildResult:
    """Build every table of the dbt project at ``project`` into the DuckDB file ``database``.

    Args:
        project: root of the dbt project.
        database: the DuckDB file.
        words: what to ask of dbt.
        settings: of the environment, for dbt alone.
        first_row: how to look up what a failing test found, where that is not in the file.
        on_results: what to do with what came of every model and test.

    Raises:
        RetailError: when dbt fails, its threads or memory make no sense, or a seed or the YAML of a
            KPI can't be read; the message is the first reason, in one line.
    """
    insist_on_readable(project)
    # Imported late: it takes seconds, and a wrong argument should be reported at once.
    from dbt.cli.main import dbtRunner

    words = [*words, "--project-dir", str(project), "--profiles-dir", str(project)]
    database = database.absolute()
    where = {"RETAIL_DB": str(published_as(database))}
    where |= {COPY_VARIABLE: str(database)} if is_private(database) else {}
    given = {**dict.fromkeys(CHOICES), **where, **limits(), **(settings or {})}
    refused: list[str] = []
    with environment(**given), _closed_afterwards():
        outcome = dbtRunner(callbacks=[partial(_note_refusal, refused)]).invoke(words)
    results = _results(outcome)
    on_results(results)
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    look = first_row or (lambda query: _row(query, database))
    if not outcome.success:
        raise RetailError(f"dbt build stopped: {_first_reason(outcome, results, look, refused)}")
    return _summarise(results, look)


def limits() -> dict[str, str]:
    """Threads and memory of a build: dbt's own words for a wrong one do not name the setting."""
    threads = os.environ.get(THREADS_VARIABLE) or THREADS
    if not (threads.strip().isdecimal() and 1 <= int(threads) <= MOST_THREADS):
        raise RetailError(
            f"{THREADS_VARIABLE} is {threads!r}; say a whole number from 1 to {MOST_THREADS}"
        )
    return {THREADS_VARIABLE: str(int(threads)), MEMORY_VARIABLE: memory_limit()}


def log_results(log: Log) -> OnResults:
    """Have what dbt did with every model, seed and test noted in the run log."""

    def on_results(results: Sequence[NodeResult]) -> None:
        log.nodes(
            (
                result.node.name,
                str(result.node.resource_type),
                str(result.status),
                round(result.execution_time, 3),
                result.message,
            )
            for result in results
        )

    return on_results


@contextmanager
def environment(**settings: str | None) -> Iterator[None]:
    """Have environment variables set, or none where they are None, as long as the block lasts."""
    before = {name: os.environ.get(name) for name in settings}
    _set(settings)
    try:
        yield
    finally:
        _set(before)


def _set(settings: Mapping[str, str | None]) -> None:
    for name, value in settings.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def _closed_afterwards() -> Iterator[None]:
    """Close the DuckDB file: dbt keeps its connection for as long as the process lives."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    try:
        yield
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _results(outcome: dbtRunnerResult) -> Sequence[NodeResult]:
    from dbt.artifacts.schemas.run import RunExecutionResult

    return outcome.result.results if isinstance(outcome.result, RunExecutionResult) else []


def _note_refusal(refused: list[str], event: EventMsg) -> None:
    """Note why MetricFlow refuses the semantic models: dbt's exception only says that it does."""
    if event.info.name == "SemanticValidationFailure" and event.info.level == "error":
        refused.append(event.info.msg)  # type: ignore[attr-defined]  # a protobuf message


def _first_reason(
    outcome: dbtRunnerResult, results: Sequence[NodeResult], look: FirstRow, refused: Sequence[str]
) -> str:
    failed = [result for result in results if result.status in ("error", "fail")]
    if not failed:
        return " ".join(map(_one_line, (str(outcome.exception), *refused[:1])))
    if failed[0].status == "fail":
        return _found_by(failed[0], look)
    return f"{failed[0].node.name}: {_one_line(failed[0].message or 'failed')}"


def _found_by(test: NodeResult, look: FirstRow) -> str:
    """What a test that did not pass found: its own sentence, or what it is about and a row."""
    row = look(getattr(test.node, "compiled_code", None) or "select 1")
    if row.startswith(SENTENCE):
        return row.removeprefix(SENTENCE)
    return f"{test.node.name}: {_one_line(test.node.description)} First of them: {row}"


def _row(query: str, database: Path) -> str:
    """The first row that a failing test found, as `column = value` pairs."""
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        row = found.fetchone() or ()
    return describe_row(dict(zip(names, row, strict=False)))


def describe_row(row: Mapping[str, object]) -> str:
    """A row of a failing test in words: its sentence, or `column = value` pairs."""
    if "sentence" in row:
        return f"{SENTENCE}{shorten(str(row['sentence']))}"
    return shorten(", ".join(f"{name} = {value}" for name, value in row.items()))


def _one_line(message: str) -> str:
    """The sentence in a message of dbt: without its headline, its macros and DuckDB's advice."""
    lines = [line.strip() for line in message.partition("Possible solutions:")[0].splitlines()]
    kept = [line for line in lines if line and not line.startswith(("> ", "compiled code at"))]
    headed = len(kept) > 1 and " Error" in kept[0] and ": " not in kept[0]
    return " ".join(kept[1:] if headed else kept)


def _summarise(results: Sequence[NodeResult], look: FirstRow) -> BuildResult:
    kinds = [str(result.node.resource_type) for result in results]
    return BuildResult(
        models=kinds.count("model"),
        tests=kinds.count("test"),
        warnings=tuple(_found_by(result, look) for result in results if result.status == "warn"),
    )
