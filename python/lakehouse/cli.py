"""Words to calls: the command line of `python -m lakehouse`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from console import FAILED, FINE, harmless, is_coloured, report, run, set_up, show
from daily import job
from daily.cli import add_job_options
from daily.errors import DailyError
from daily.summary import problems, summary, timings
from lakehouse import engine
from lakehouse.compare import Difference, compare
from lakehouse.publish import LOAD_BELOW
from lakehouse.tables import Lake, build_tables
from warehouse.option import add_db_option

ENGINE_VARIABLE, FOLDER_VARIABLE = "RETAIL_ENGINE", "RETAIL_LAKE"
USUAL_ENGINE = "sail"
MIB = 2**20
_log = logging.getLogger(__name__)
EXAMPLES = """\
examples:
  python -m lakehouse                          on Sail, in this process; no Java
  python -m lakehouse --engine sail:4          on Sail with four workers
  python -m lakehouse --engine spark           on PySpark, in a JVM of this machine
  python -m lakehouse --engine sc://host:15002 --lake /mnt/shared/lake
                                               on a cluster, by Spark Connect
  python -m lakehouse --db spark.duckdb --against retail.duckdb
                                               and compare every mart with another file's
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 fine, 1 could not do its work, 2 usage.

    Marts that are not those of the file compared with are a 1 as well, with the tables published.
    """
    options = _parser().parse_args(arguments)
    set_up(options, "==> ")
    return run("lakehouse", lambda: _act(options), DailyError)


def _act(options: argparse.Namespace) -> int:
    done = _run(options)
    differences = compare(options.against, options.db) if options.against else ()
    if not options.quiet:
        show(summary(done, colour=is_coloured()))
        show(harmless(f"Its tables as Parquet are in {_folder(options)}."))
    if options.timings:
        show(timings(done))
    if differences and not options.quiet:
        show(_compared(differences))
    told = (*problems(done), *map(_told, filter(lambda found: not found.is_none, differences)))
    for problem in told:
        report("lakehouse", problem)
    return FAILED if told else FINE


def _run(options: argparse.Namespace) -> job.Done:
    lake = Lake(_folder(options), engine.read(options.engine), options.load_below * MIB)
    done = job.run(
        options.project.absolute(),
        options.db.absolute(),
        _log.info,
        bar=sys.stderr.isatty() and not options.quiet,
        alert=options.alert,
        simulate=options.simulate,
        tables=partial(build_tables, lake),
    )
    assert isinstance(done, job.Done)  # whether tables on Spark are up to date is not known
    return done


def _folder(options: argparse.Namespace) -> Path:
    """Where the Parquet goes: as told, else beside the DuckDB file."""
    if options.lake:
        return Path(options.lake).absolute()
    database = Path(options.db).absolute()
    return database.with_name(f"{database.name}.lake")


def _compared(differences: Sequence[Difference]) -> str:
    equal = [found for found in differences if found.is_none]
    return (
        f"{len(equal)} of {len(differences)} marts, {sum(found.rows for found in equal):,} rows, "
        "are equal in every cell."
    )


def _told(found: Difference) -> str:
    if found.columns:
        return f"marts.{found.table} has other columns or types: {', '.join(found.columns)}"
    return (
        f"marts.{found.table} differs: {found.missing:,} of {found.rows:,} rows are not among its "
        f"{found.other_rows:,}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lakehouse",
        description="The daily job with its tables built on Spark, and published as Parquet.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_db_option(parser, what="the DuckDB file that shows the tables")
    parser.add_argument(
        "--engine", default=os.environ.get(ENGINE_VARIABLE) or USUAL_ENGINE, metavar="NAME",
        help="sail, sail:N (workers), spark, sc://HOST:PORT, or cluster for what the environment "
        f"variables RETAIL_SPARK_… say (default: {ENGINE_VARIABLE}, or {USUAL_ENGINE})",
    )  # fmt: skip
    parser.add_argument(
        "--lake", default=os.environ.get(FOLDER_VARIABLE), metavar="FOLDER",
        help="where the Parquet goes, one folder for one DuckDB file; a cluster must see it at the "
        f"same path (default: {FOLDER_VARIABLE}, or the DuckDB file's name with .lake)",
    )  # fmt: skip
    parser.add_argument(
        "--load-below", type=float, default=LOAD_BELOW / MIB, metavar="MIB",
        help="load a table with less Parquet than that into the DuckDB file, and show others where "
        f"they are (default: {LOAD_BELOW // MIB})",
    )  # fmt: skip
    parser.add_argument(
        "--against", type=Path, metavar="PATH",
        help="compare every mart, cell by cell, with those of another DuckDB file",
    )  # fmt: skip
    add_job_options(parser)
    return parser
