"""What a run did, for a terminal."""

from __future__ import annotations

from pathlib import Path

import duckdb

from alerts import cli as alerts_cli
from console import harmless
from daily.job import Done
from detect import report

ROWS = """
    select
        cast(sum(raw_rows) as bigint),
        cast(sum(accepted_rows) as bigint),
        cast(sum(duplicate_rows) as bigint),
        cast(sum(malformed_rows) as bigint)
    from marts.dim_sources
"""


def summary(done: Done, *, colour: bool) -> str:
    """Findings first, then what they rest on, and where to look further."""
    rest = [
        _rows(done.database),
        f"{done.build.models} tables and views built, {done.build.tests} data tests passed"
        f" ({len(done.build.warnings)} with a warning).",
        *(f"  warning: {warning}" for warning in done.build.warnings),
        *([done.rewrite.told] if done.rewrite else []),
        *(alerts_cli.lines(done.alerts) if done.alerts else []),
        f"Everything is in {done.database}, and to be read in {done.report}.",
    ]
    found = report.summary(done.database, done.detection.untested, colour=colour)
    return "\n".join(["", found, "", *map(harmless, rest)])


def problems(done: Done) -> tuple[str, ...]:
    """What went wrong after everything was found, one line each."""
    return done.alerts.problems if done.alerts else ()


def _rows(database: Path) -> str:
    with duckdb.connect(str(database), read_only=True) as connection:
        ((raw, accepted, duplicates, malformed),) = connection.execute(ROWS).fetchall()
    return (
        f"{raw:,} raw rows = {accepted:,} order lines + {duplicates:,} duplicates"
        f" + {malformed:,} malformed."
    )


def timings(done: Done) -> str:
    """Where the time went, as a Markdown table: seconds, and share of the whole."""
    whole = sum(done.seconds.values())
    rows = [*done.seconds.items(), ("all", whole)]
    return "\n".join(
        [
            "",
            "| step | seconds | share |",
            "|---|---:|---:|",
            *(f"| {step} | {spent:.1f} | {spent / whole:.0%} |" for step, spent in rows),
        ]
    )
