"""What every fault needs: a shop to disturb, jobs to kill, what a reader sees, a tally."""

from __future__ import annotations

import functools
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TypeVar

import duckdb

from prefork import ended, start

PROJECT = Path(__file__).parents[3]
BUILD = ("dbt", "--quiet", "build", "--exclude-resource-type", "unit_test")
DAILY = ("retail", "run", "--quiet")
DETECT = ("detect", "--quiet")
WORKERS = 2
"""Processes that try what needs no dbt, many tries in each."""
UNLIKE = {"landed_at", "location", "run_id", "started_at", "finished_at", "given_at"}
"""Columns that say when and where a run was, not what it found."""
Seen = dict[str, tuple[int, int]]
Batch = TypeVar("Batch")
Found = TypeVar("Found")


@dataclass
class Tally:
    """How often a fault was tried and survived, and what was lost where it was not."""

    fault: str
    tried: int = 0
    lost: list[str] = field(default_factory=list)
    notes: str = ""

    @property
    def survived(self) -> int:
        return self.tried - len(self.lost)

    def count(self, wrong: str | None) -> None:
        """Count a try; ``wrong`` says what went wrong, if anything did."""
        self.tried += 1
        if wrong:
            self.lost.append(wrong)


@dataclass(frozen=True)
class Bench:
    """A folder for one kind of fault, with a shop's file, its raw data and all that is written.

    `told` is the folder for what commands say, where that is another one.
    """

    folder: Path
    told: Path | None = None

    @property
    def database(self) -> Path:
        return self.folder / "retail.duckdb"

    @property
    def source(self) -> Path:
        return self.folder / "orders.csv"

    @property
    def cache(self) -> Path:
        return self.folder / "landed"

    @property
    def log(self) -> Path:
        return (self.told or self.folder) / "said.txt"

    def environment(self) -> dict[str, str]:
        return {
            "RETAIL_SOURCE": str(self.source),
            "RETAIL_DB": str(self.database),
            "RETAIL_CACHE": str(self.cache),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_USE_COLORS": "false",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def start(self, words: Sequence[str], **environment: str) -> ForkServerProcess:
        """Start a command line in a process of its own, which has imported everything already."""
        wanted = os.environ | self.environment() | environment
        return start(words, PROJECT, wanted, self.log, self.log)

    def run(self, words: Sequence[str], **environment: str) -> int:
        """Run a command line to its end; returns its exit code."""
        return ended(self.start(words, **environment))

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def left_over(self) -> list[str]:
        """What a finished run has no business to leave."""
        patterns = (".building-*", ".changing-*", "*.wal")
        return [path.name for pattern in patterns for path in self.folder.glob(pattern)]


# ---------------------------------------------------------------------------- what a reader sees


def seen(database: Path) -> Seen:
    """A fingerprint of every table that people read: rows, and what they hold in whatever order."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where schema_name in ('marts', 'insights', 'seeds') and table_name <> 'runs'"
        ).fetchall()
        return {
            f"{schema}.{name}": _table(connection, f"{schema}.{name}") for schema, name in tables
        }


def _table(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[int, int]:
    described = connection.execute(f"describe {name}").fetchall()
    columns = ", ".join(f'"{column}"' for column, *_ in described if column not in UNLIKE)
    query = f"select count(*), coalesce(sum(cast(hash({columns}) as hugeint)), 0) from {name}"
    ((rows, content),) = connection.execute(query).fetchall()
    return int(rows), int(content)


def differing(one: Seen, other: Seen) -> str:
    """Name the tables in which two fingerprints differ."""
    return ", ".join(sorted(t for t in one.keys() | other.keys() if one.get(t) != other.get(t)))


def neither(now: Seen, good: Seen, complete: Seen) -> str | None:
    """Say what is wrong with tables that are neither the last good nor the complete new ones."""
    if now in (good, complete):
        return None
    return f"a mixture: other than before in {differing(now, good)}; than after in " + differing(
        now, complete
    )


# ------------------------------------------------------------------------------------- the shop


@dataclass(frozen=True)
class Shop:
    """Raw data of two days running, and the files that undisturbed runs make of them."""

    yesterday: Path
    today: Path
    folder: Path

    @property
    def bench(self) -> Bench:
        """Where it is disturbed: always in the same place, for dbt parses anew elsewhere."""
        return Bench(self.folder / "bench")

    @property
    def good(self) -> Path:
        """Published yesterday: tables and findings."""
        return self.folder / "good" / "retail.duckdb"


def make_shop(folder: Path, days: int = 90) -> Shop:
    """Simulate a shop, and publish what it was yesterday."""
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder / "good")
    bench.folder.mkdir()
    today, yesterday = folder / "today.csv", folder / "yesterday.csv"
    words = ("retail", "simulate", "--out", str(today), "--days", str(days), "--seed", "7")
    assert bench.run(words) == 0, bench.said()
    lines = today.read_bytes().splitlines(keepends=True)
    yesterday.write_bytes(b"".join(lines[: -len(lines) // 20]))
    shutil.copy(yesterday, bench.source)
    assert bench.run(DAILY) == 0, bench.said()
    return Shop(yesterday, today, folder)


def lay(bench: Bench, shop: Shop, source: Path | None = None) -> None:
    """Put yesterday's file and today's raw data in place, as if nothing had happened."""
    bench.folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shop.good, bench.database)
    shutil.copyfile(source or shop.today, bench.source)
    bench.log.unlink(missing_ok=True)


@functools.cache
def undisturbed(shop: Shop, words: tuple[str, ...]) -> tuple[Seen, float]:
    """What a run without a fault makes of it, and the seconds it takes once dbt has parsed."""
    bench = shop.bench
    for _ in range(2):
        lay(bench, shop)
        started = time.monotonic()
        assert bench.run(words) == 0, bench.said()
    return seen(bench.database), time.monotonic() - started


Fault = Callable[[Shop, Path, random.Random, int], list[Tally]]
"""Tries a kind of fault some times in a folder of its own."""


def in_batches(work: Callable[[Batch], Found], batches: Sequence[Batch]) -> Iterator[Found]:
    """Have batches of tries done side by side, each interpreter doing many; in their order."""
    with ProcessPoolExecutor(min(WORKERS, len(batches)), get_context("spawn")) as pool:
        yield from pool.map(work, batches)
