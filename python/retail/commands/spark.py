"""`retail spark`: the daily job with its tables built on Spark."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from retail.commands.run import MARK, job_options, reported
from retail.console import escape_control_chars, is_coloured
from retail.console.cli import Command, database_option, examples, is_quiet, say
from retail.jobs.daily import job, summary
from retail.jobs.spark import engine as engines
from retail.jobs.spark.compare import Difference, compare
from retail.jobs.spark.publish import LOAD_BELOW
from retail.jobs.spark.tables import Lake, build_tables

ENGINE_VARIABLE, LAKE_VARIABLE = "RETAIL_ENGINE", "RETAIL_LAKE"
DEFAULT_ENGINE = "sail"
MIB = 2**20
_log = logging.getLogger(__name__)


@click.command(
    "spark",
    cls=Command,
    mark=MARK,
    epilog=examples(
        "retail spark                          on Sail, in this process; no Java",
        "retail spark --engine sail:4          on Sail with four workers",
        "retail spark --engine spark           on PySpark, in a JVM of this machine",
        "retail spark --engine sc://host:15002 --lake /mnt/shared/lake",
        "                                      on a cluster, by Spark Connect",
        "retail spark --db spark.duckdb --against retail.duckdb",
        "                                      and compare every mart with another file's",
    ),
)
@database_option("The DuckDB file that shows the tables")
@click.option(
    "--engine",
    envvar=ENGINE_VARIABLE,
    default=DEFAULT_ENGINE,
    metavar="NAME",
    help="sail, sail:N (workers), spark, sc://HOST:PORT, or cluster for what the environment "
    f"variables RETAIL_SPARK_… say (default: {ENGINE_VARIABLE}, or {DEFAULT_ENGINE}).",
)
@click.option(
    "--lake",
    envvar=LAKE_VARIABLE,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the Parquet goes, one folder for one DuckDB file; a cluster must see it at the "
    f"same path (default: {LAKE_VARIABLE}, or the DuckDB file's name with .lake).",
)
@click.option(
    "--load-below",
    type=float,
    default=LOAD_BELOW / MIB,
    metavar="MIB",
    help="Load a table with less Parquet than that into the DuckDB file, and show others where "
    f"they are (default: {LOAD_BELOW // MIB}).",
)
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="PATH",
    help="Compare every mart, cell by cell, with those of another DuckDB file.",
)  # fmt: skip
@job_options
def spark_command(
    db: Path,
    engine: str,
    lake: Path | None,
    load_below: float,
    against: Path | None,
    project: Path,
    *,
    alert: bool,
    simulate: bool,
    timings: bool,
) -> int:
    """Do the daily job with its tables built on Spark, and published as Parquet.

    Marts that differ from those of the file compared with end it with 1, with the tables published.
    """
    folder = lake or db.with_name(f"{db.name}.lake")
    folder = folder.absolute()
    done = job.run(
        project.absolute(),
        db.absolute(),
        _log.info,
        bar=sys.stderr.isatty() and not is_quiet(),
        alert=alert,
        simulate=simulate,
        tables=partial(build_tables, Lake(folder, engines.read(engine), int(load_below * MIB))),
    )
    assert isinstance(done, job.Done)  # whether tables on Spark are up to date is not known
    differences = compare(against, db) if against else ()
    say(summary.summary(done, colour=is_coloured()))
    say(escape_control_chars(f"Its tables as Parquet are in {folder}."))
    if timings:
        say(summary.timings(done))
    if differences:
        say(_equal(differences))
    different = (_sentence(found) for found in differences if not found.is_none)
    return reported((*summary.problems(done), *different))


def _equal(differences: Sequence[Difference]) -> str:
    equal = [found for found in differences if found.is_none]
    return (
        f"{len(equal)} of {len(differences)} marts, {sum(found.rows for found in equal):,} rows, "
        "are equal in every cell."
    )


def _sentence(found: Difference) -> str:
    if found.columns:
        return f"marts.{found.table} has other columns or types: {', '.join(found.columns)}"
    return (
        f"marts.{found.table} differs: {found.missing:,} of {found.rows:,} rows are not among its "
        f"{found.other_rows:,}"
    )
