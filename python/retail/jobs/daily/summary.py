"""What a run did, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retail.console import escape_control_chars
from retail.errors import RetailError
from retail.formatting import percent, whole
from retail.jobs.daily.job import Done, Unchanged
from retail.storage.errors import StorageError

ROWS = """
    select
        cast(sum(raw_rows) as bigint),
        cast(sum(accepted_rows) as bigint),
        cast(sum(duplicate_rows) as bigint),
        cast(sum(malformed_rows) as bigint),
        cast(sum(raw_rows - accepted_rows - duplicate_rows - malformed_rows) as bigint)
    from marts.dim_sources
"""


def summary(done: Done | Unchanged, *, colour: bool) -> str:
    """Findings first, then what they rest on, and where to look further.

    Raises:
        RetailError: the published file can't be read: somebody writes to it, or has moved it.
    """
    if isinstance(done, Unchanged):
        return _unchanged(done)
    try:
        return _done(done, colour=colour)
    except StorageError as error:
        raise RetailError(f"all is done and published, but not summed up here: {error}") from error


def _done(done: Done, *, colour: bool) -> str:
    from retail.outputs import terminal

    rest = [
        row_counts(done.database),
        f"{done.build.models} tables and views built, {done.build.tests} data tests passed"
        f" ({len(done.build.warnings)} with a warning).",
        *_warnings(done.build.warnings),
        *_alerts(done),
        f"Everything is in {done.database}, and to be read in {done.report}.",
    ]
    found = terminal.summary(done.database, done.detection.untested, colour=colour)
    return "\n".join(["", found, "", *map(escape_control_chars, rest)])


def _unchanged(done: Unchanged) -> str:
    lines = [
        "Nothing to do: the raw files, the code, the settings and what people said are those of"
        f" the run that finished at {done.finished_at}; --force runs it all the same.",
        *_warnings(done.warnings),
        *_alerts(done),
        f"Everything is in {done.database}.",
    ]
    return "\n".join(map(escape_control_chars, lines))


def _warnings(warnings: Sequence[str]) -> list[str]:
    return [f"  warning: {warning}" for warning in warnings]


def _alerts(done: Done | Unchanged) -> list[str]:
    if not done.alerts:
        return []
    from retail.outputs.alerts import job as alerts

    return alerts.lines(done.alerts)


def problems(done: Done | Unchanged) -> tuple[str, ...]:
    """What went wrong after everything was found, one line each."""
    return done.alerts.problems if done.alerts else ()


def row_counts(database: Path) -> str:
    """Say where all raw rows ended; those that `lines.ignore` left out only where there are any."""
    from retail.reading import reading

    with reading(database) as connection:
        (counts,) = connection.execute(ROWS).fetchall()
    raw, accepted, duplicates, malformed, ignored = map(whole, counts)
    left_out = f" + {ignored} ignored" if counts[-1] else ""
    return (
        f"{raw} raw rows = {accepted} order lines + {duplicates} duplicates"
        f" + {malformed} malformed{left_out}."
    )


def timings(done: Done | Unchanged) -> str:
    """Where the time went, as a Markdown table: seconds, and share of the whole."""
    total = sum(done.seconds.values())
    rows = [*done.seconds.items(), ("all", total)]
    return "\n".join(
        [
            "",
            "| step | seconds | share |",
            "|---|---:|---:|",
            *(f"| {step} | {spent:.1f} | {percent(spent / total)} |" for step, spent in rows),
        ]
    )
