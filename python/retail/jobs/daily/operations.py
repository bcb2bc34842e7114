"""Write the run log into tables of the DuckDB file, for SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

import duckdb
import numpy as np

from retail.jobs.daily.build import BuildResult
from retail.jobs.detection import pipeline
from retail.outputs.alerts import job as alerting
from retail.storage.opening import connected
from retail.storage.run_log import Node, Step

SCHEMA = "operations"
TYPES = {"started_at": "TIMESTAMP", "finished_at": "TIMESTAMP", "seconds": "DOUBLE"}
"""The other columns are texts."""
TABLES: dict[str, type[Step] | type[Node]] = {"runs": Step, "dbt_nodes": Node}


def write(database: Path, rows: Sequence[Step | Node]) -> None:
    """Replace the tables of the run log by what the log has now.

    Raises:
        StorageError: the file can't be written.
    """
    with connected(database, read_only=False) as connection:
        connection.execute("begin")
        connection.execute(f"create schema if not exists {SCHEMA}")
        for name, kind in TABLES.items():
            mine = [row for row in rows if isinstance(row, kind)]
            _write(connection, f"{SCHEMA}.{name}", [field.name for field in fields(kind)], mine)
        connection.execute("commit")


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Step | Node],
) -> None:
    rows = list(rows)
    fresh = {}
    for name in columns:
        texts = (None if v is None else str(v) for row in rows for v in [getattr(row, name)])
        fresh[name] = np.array(["", *texts], dtype=object)
    # The row of empty texts tells DuckDB their type where there is none, and is left out again.
    connection.register("fresh", {"place": np.arange(len(rows) + 1), **fresh})
    typed = ", ".join(f"cast({name} as {TYPES.get(name, 'VARCHAR')}) as {name}" for name in columns)
    query = f"select {typed} from fresh where place > 0 order by place"  # noqa: S608 - names of our own
    connection.execute(f"create or replace table {table} as {query}")
    connection.unregister("fresh")


def summarize(outcome: object) -> str:
    """What came of a step, in a few words for the log."""
    match outcome:
        case BuildResult():
            return (
                f"{outcome.models} models, {outcome.tests} tests, {len(outcome.warnings)} warnings"
            )
        case pipeline.Outcome():
            return (
                f"{outcome.run.source_rows} rows up to {outcome.run.as_of}, "
                f"{len(outcome.anomalies)} anomalies, {len(outcome.incidents)} incidents"
            )
        case alerting.Outcome():
            return f"{len(outcome.sent)} sent, {len(outcome.problems)} problems"
        case Path():
            return str(outcome)
    return ""
