"""Who is compared: scripts that start from nothing, and the daily job on three mornings."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.bench import answers, scripts
from lab.bench.answers import Answer
from lab.bench.measure import FINE, Limits, Span, Watched, watch
from lab.bench.results import Figure
from lab.bench.scripts.same_sql import MANIFEST
from lab.bench.shops import Shop
from retail.errors import RetailError
from retail.ingest.parquet_cache import CACHE_VARIABLE

PLAIN, SAME_SQL = "plain DuckDB script", "our SQL without dbt"
SCRIPTS = {
    PLAIN: "plain_duckdb",
    SAME_SQL: "same_sql",
    "pandas": "with_pandas",
    "Polars": "with_polars",
}
WHOLE, NEW_DAY, AGAIN = "daily job, from nothing", "daily job, a new day", "daily job, unchanged"
STAGES = ("imports", "landing", "compare", "dbt build", "detect", "report")
FROZEN = "464548ac8bb84779d3df5c0f61603fe66d46ace87435d90c57e940dcc796fbcc"
"""SHA-256 of the plain script, SQL and Python: all ratios are to it, so it stays what it is."""
THREADS, MEMORY = "2", "4GB"
"""Of every program that has such a setting; pandas has none."""


@dataclass(frozen=True)
class Place:
    """Where one size is measured: the project, the shop, and a folder for all that is written."""

    project: Path
    shop: Shop
    folder: Path
    limits: Limits

    @property
    def database(self) -> Path:
        """The file that the daily job publishes."""
        return self.folder / "job" / "retail.duckdb"

    @property
    def cache(self) -> Path:
        """Where the daily job lands raw files."""
        return self.folder / "job" / "landed"

    @property
    def yesterday(self) -> Path:
        """What the daily job had made before the last day came."""
        return self.folder / "yesterday"

    def environment(self) -> dict[str, str]:
        """The same for everybody: two threads, a memory limit where there is such a thing.

        Modules are compiled once, into a folder of the run, whatever the surroundings say.
        """
        away = ("RETAIL_", "DBT_", "PYTHONDONTWRITEBYTECODE")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(away)}
        return kept | {
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled_python"),
            "RETAIL_SOURCE": str(self.shop.orders),
            "RETAIL_DB": str(self.database),
            CACHE_VARIABLE: str(self.cache),
            "RETAIL_THREADS": THREADS,
            "RETAIL_MEMORY_LIMIT": MEMORY,
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "POLARS_MAX_THREADS": THREADS,
            "OMP_NUM_THREADS": THREADS,
            MANIFEST: str(self.folder / "compiled" / "manifest.json"),
        }


def insist_on_the_frozen_script(folder: Path = Path(scripts.__file__).parent) -> None:
    """Refuse to measure by another plain script than ever.

    Raises:
        RetailError: it has changed.
    """
    files = (folder / f"{SCRIPTS[PLAIN]}{ending}" for ending in (".sql", ".py"))
    if hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() != FROZEN:
        raise RetailError(
            f"the {PLAIN} is not the one that all ratios are to (FROZEN in {__name__}); put it back"
        )


def prepare(place: Place) -> str:
    """Do what was done on earlier mornings: all days but the last, and what dbt has parsed.

    Returns:
        How it went: a limit may have stopped it.
    """
    place.shop.let_last_day_go()
    done = _run_job(place)
    place.shop.let_last_day_come()
    if done.outcome == FINE:
        (place.folder / "job").replace(place.yesterday)
    return done.outcome


def compile_sql(place: Place) -> None:
    """Let dbt write down all its SQL, as for a file without tables.

    It lands the raw files somewhere else than the daily job, which is to land the last day itself.

    Raises:
        RetailError: dbt can't.
    """
    words = [sys.executable, "-m", "dbt.cli.main", "compile", "--target-path"]
    landed = place.folder / "compiled_landed"
    environment = place.environment() | {
        "RETAIL_DB": str(place.folder / "compiled/retail.duckdb"),
        CACHE_VARIABLE: str(landed),
    }
    said = subprocess.run(  # noqa: S603 - our own program, no shell
        [*words, str(place.folder / "compiled")],
        cwd=place.project, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    shutil.rmtree(landed, ignore_errors=True)
    if said.returncode:
        lines = (said.stdout.strip() or said.stderr.strip()).splitlines()
        raise RetailError(f"dbt compile: {[f'exit code {said.returncode}', *lines][-1]}")


def run_script(place: Place, name: str) -> tuple[Watched, Answer | None]:
    """Let a script do its work from nothing; its answer, where it came to one."""
    folder = place.folder / "script"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    out = folder / "kpis.csv"
    words = [sys.executable, "-m", f"lab.bench.scripts.{SCRIPTS[name]}"]
    done = watch(
        [*words, str(place.shop.orders), str(out)], place.environment(), folder / "log",
        place.limits,
    )  # fmt: skip
    answer = answers.of_script(out) if done.outcome == FINE else None
    shutil.rmtree(folder)
    return done, answer


def run_job(
    place: Place, morning: str, nth: int, *, is_last: bool
) -> tuple[list[Figure], Answer | None]:
    """Let the daily job do its work on one of its mornings.

    Args:
        place: where.
        morning: which one; the unchanged one follows on another.
        nth: number of the round.
        is_last: nobody needs what was made yesterday any more.

    Returns:
        Its figures, the whole first, and its answer where it came to one.
    """
    if morning != AGAIN:
        shutil.rmtree(place.folder / "job", ignore_errors=True)
    if morning == NEW_DAY and is_last:
        place.yesterday.replace(place.folder / "job")
    elif morning == NEW_DAY:
        shutil.copytree(place.yesterday, place.folder / "job")
    done = _run_job(place)
    figures = [figure(morning, nth, done, done.span)]
    for span in _stages(place, done.span.start):
        figures.append(figure(f"{morning}: {span.name}", nth, done, span))
    return figures, answers.of_database(place.database) if done.outcome == FINE else None


def figure(name: str, nth: int, done: Watched, span: Span) -> Figure:
    """What a run, or a stretch of it, took."""
    return Figure(name, nth, span.end - span.start, span.processor, done.peak(span), done.outcome)


def _run_job(place: Place) -> Watched:
    place.database.parent.mkdir(parents=True, exist_ok=True)
    _stage_log(place).unlink(missing_ok=True)
    words = [sys.executable, "-m", "lab.bench.scripts.daily_job", str(_stage_log(place))]
    return watch(words, place.environment(), place.folder / "job.log", place.limits)


def _stage_log(place: Place) -> Path:
    return place.folder / "stages"


def _stages(place: Place, start: float) -> Iterator[Span]:
    """The stages that a run came through; its imports begin with the process."""
    if not _stage_log(place).is_file():
        return
    for line in _stage_log(place).read_text(encoding="utf-8").splitlines():
        name, *figures = line.split("\t")
        begun, ended, worked = map(float, figures)
        if name in STAGES:
            yield Span(name, start if name == STAGES[0] else begun, ended, worked)
