"""The shops that are dumped, and how each is built from scratch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[3]
SHARED = PROJECT.parent / "shared" / "data"
SIMULATED_DAYS = 150
KEPT = ("RETAIL_THREADS", "RETAIL_MEMORY_LIMIT")
"""Settings that a build may be given: they must not change what it gives."""


class DumpError(Exception):
    """A shop could not be built; the message is one line."""


class NoDataError(DumpError):
    """The public data set is not beside the checkout."""


@dataclass(frozen=True)
class Built:
    """The raw data and the finished file of a shop."""

    source: Path
    database: Path


def public(name: str) -> Callable[[Path], Path]:
    """Return what finds a public data set beside the checkout."""

    def find(_: Path) -> Path:
        path = SHARED / name
        if not path.exists():
            raise NoDataError(f"{path} is not there: name the shops that are to be dumped")
        return path

    return find


def simulated(folder: Path) -> Path:
    """Simulate the shop that the tests build where no data set is given."""
    path = folder / "orders.csv"
    days = str(SIMULATED_DAYS)
    _run(
        _environment(folder),
        "-m",
        "retail",
        "simulate",
        "--quiet",
        "--out",
        str(path),
        "--days",
        days,
    )
    return path


SHOPS: dict[str, Callable[[Path], Path]] = {
    "online_retail": public("online_retail.csv"),
    "online_retail_2009": public("online_retail_2009.parquet"),
    "simulated": simulated,
}


def build(shop: str, folder: Path) -> Built:
    """Build a shop from its raw data alone in an empty folder: tables, then findings.

    Raises:
        DumpError: its raw data are missing, or a command failed.
    """
    folder.mkdir(parents=True)
    source, database = SHOPS[shop](folder), folder / f"{shop}.duckdb"
    environment = _environment(folder) | {"RETAIL_SOURCE": str(source), "RETAIL_DB": str(database)}
    tests = ("--exclude-resource-type", "test", "unit_test")
    _run(environment, "-m", "dbt.cli.main", "--quiet", "build", *tests)
    _run(environment, "-m", "detect", "--quiet", "--db", str(database))
    return Built(source, database)


def _environment(folder: Path) -> dict[str, str]:
    given = {k: v for k, v in os.environ.items() if not k.startswith("RETAIL_") or k in KEPT}
    return given | {
        "RETAIL_CACHE": str(folder / "landed"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def _run(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip().splitlines() or ["nothing was said"]
        raise DumpError(f"{' '.join(words)} failed: {said[-1]}")
