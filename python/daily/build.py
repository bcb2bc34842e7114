"""`dbt build` in this process: dbt is imported once and keeps what it has parsed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daily.errors import DailyError

#: Unit tests check the SQL, not the data: they belong to `dbt build` by hand and to the test suite.
BUILD_WORDS = ("build", "--exclude-resource-type", "unit_test", "--quiet", "--no-use-colors")


@dataclass(frozen=True)
class BuildResult:
    """What `dbt build` did: how many models and tests, and the warnings in words."""

    models: int
    tests: int
    warnings: tuple[str, ...]


def build(project: Path, database: Path) -> BuildResult:
    """Build every table of the dbt project at ``project`` into the DuckDB file ``database``.

    Raises:
        DailyError: when dbt fails; the message is its first reason, in one line.
    """
    runner = _dbt_runner()
    words = [*BUILD_WORDS, "--project-dir", str(project), "--profiles-dir", str(project)]
    with _environment(RETAIL_DB=str(database)), _closed_afterwards():
        outcome = runner(words)
    if not outcome.success:
        raise DailyError(f"dbt build stopped: {_first_reason(outcome)}")
    return _summarise(outcome.result.results)


def _dbt_runner() -> Callable[[list[str]], Any]:
    # Imported late: it takes seconds, and a wrong argument should be told at once.
    from dbt.cli.main import dbtRunner

    return dbtRunner().invoke


@contextmanager
def _environment(**settings: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def _closed_afterwards() -> Iterator[None]:
    """Let go of the DuckDB file: dbt keeps its connection for as long as the process lives."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    try:
        yield
    finally:
        DuckDBConnectionManager.close_all_connections()


def _first_reason(outcome: Any) -> str:
    if outcome.exception is not None:
        return _one_line(str(outcome.exception))
    failed = [result for result in outcome.result.results if result.status in ("error", "fail")]
    return f"{failed[0].node.name}: {_one_line(failed[0].message or 'failed')}"


def _one_line(message: str) -> str:
    """The sentence in a message of dbt: without its headline and its list of calling macros."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("> ", "compiled code at"))]
    headed = len(told) > 1 and " Error" in told[0]
    return " ".join(told[1:] if headed else told)


def _summarise(results: list[Any]) -> BuildResult:
    kinds = [str(result.node.resource_type) for result in results]
    return BuildResult(
        models=kinds.count("model"),
        tests=kinds.count("test"),
        warnings=tuple(
            f"{result.node.name}: {_one_line(result.message or '')}"
            for result in results
            if result.status == "warn"
        ),
    )
