"""Read what may crash its parser, or take all memory, in a process with limits of its own.

A file steers the parser of a complicated form: a workbook of 5 kB with a cell in its last corner
aborts the process that asks for all cells between. Here only the child dies of it.
"""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from retail.ingest import confined_reader
from retail.ingest.confined_reader import CPU_SECONDS, END, LOCKED, MEMORY_BYTES, REFUSED
from retail.ingest.errors import IngestError, reading

FILES_A_CHILD = 200
SAVE_AGAIN, ANEW = "save it as .xlsx again", "write it anew"
LOOK = "look at it with the program that wrote it"
_PROGRAM = [sys.executable, "-I", str(Path(confined_reader.__file__))]


def read_workbook(path: Path, where: str) -> Iterator[list[str]]:
    """Read the filled rows of all sheets of a workbook, each behind its sheet and its number.

    Args:
        path: the file.
        where: what an error calls it.

    Raises:
        IngestError: it can't be read, or its reader died of it.
    """
    what = f"{where} is not a readable workbook"
    return _run("workbook", [str(path)], lambda _: what, SAVE_AGAIN)


def list_tables(kind: str, path: Path, what: str) -> list[list[str]]:
    """List the tables and views of a database file, each as schema and name.

    Args:
        kind: `duckdb` or `sqlite`.
        path: the file.
        what: what an error begins with.

    Raises:
        IngestError: it can't be read, or its reader died of it.
    """
    return list(_run(f"{kind}-tables", [str(path)], lambda _: what, LOOK))


def read_sqlite(path: Path, what: str, query: str) -> Iterator[list[str]]:
    """Read the names of the columns of a query, and then its rows, every value as text.

    Args:
        path: the SQLite file.
        what: what an error begins with.
        query: SQL.

    Raises:
        IngestError: it can't be read, or its reader died of it.
    """
    return _run("sqlite", [str(path), query], lambda _: what, LOOK)


def export(form: str, path: Path, what: str, target: Path, *query: str) -> list[str]:
    """Have rows written into the Parquet file ``target``; returns what is odd about them.

    Args:
        form: `json` lines, or `duckdb` with a query.
        path: the file.
        what: what an error begins with.
        target: the Parquet file.
        query: SQL.

    Raises:
        IngestError: it can't be read, or its reader died of it.
    """
    return [odd for (odd,) in _run(form, [str(path), str(target), *query], lambda _: what, LOOK)]


def scan_parquet(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Make sure that all values of Parquet files can be decoded, before this process does so.

    Yields:
        Each file, and whether its pages have checksums, which they agreed with.

    Raises:
        IngestError: one can't be read, or its reader died of it.
    """
    for path in paths:
        with reading(path), path.open("rb"):
            pass
    for first in range(0, len(paths), FILES_A_CHILD):
        yield from _scan_some(paths[first : first + FILES_A_CHILD])


def _scan_some(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    rows = _run(
        "parquet",
        [*map(str, paths)],
        lambda done: f"{paths[done]} is not a readable Parquet file",
        ANEW,
    )
    for path, has_checksums in rows:
        yield Path(path), has_checksums == "True"


def _run(
    form: str, words: Sequence[str], what: Callable[[int], str], otherwise: str
) -> Iterator[list[str]]:
    """Yield the rows that a reader finds; ``what`` says what is wrong behind so many of them."""
    command = [*_PROGRAM, form, *words]
    done = 0
    with subprocess.Popen(  # noqa: S603 - our own program, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as child:
        assert child.stdout
        try:
            for kind, *cells in csv.reader(child.stdout):
                if kind == END:
                    return
                if kind == LOCKED:
                    raise IngestError(f"{what(done)}: it has a password; save it without one")
                if kind == REFUSED:
                    raise IngestError(f"{what(done)} ({cells[0]}); {otherwise}")
                yield cells
                done += 1
        finally:
            child.kill()
    raise IngestError(f"{what(done)} ({_death(child.returncode)}); {otherwise}")


def _death(code: int) -> str:
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return f"reading it takes more than {CPU_SECONDS} seconds or all memory"
    return f"its reader crashed, or needs more than {MEMORY_BYTES >> 30} GB"
