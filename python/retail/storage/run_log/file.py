"""The log's file: lines of JSON beside the database, appended to, so that no failure loses it."""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from retail.storage.durable import write_text
from retail.storage.run_log.records import ALL, KILLED, RUNNING, Node, Run, Step

ENDING = ".runs.jsonl"
RUNS_KEPT, NODES_KEPT = 400, 30
"""Runs whose steps, and whose dbt results, are kept: a year of mornings, and a month."""
Row = Step | Node


def path_of(database: Path) -> Path:
    """The log of a database: beside it, so that a run that publishes nothing is in it too."""
    return database.with_name(f"{database.name}{ENDING}")


def append(path: Path, rows: Iterable[Row]) -> None:
    """Add rows, each in a line of its own, all in one write.

    Raises:
        OSError: the disk refuses.
    """
    lines = "".join(map(_line, rows)).encode()
    with _alone(path, os.O_RDWR | os.O_APPEND) as log:
        whole = lines if _is_whole(log) else b"\n" + lines
        if os.write(log, whole) < len(whole):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _is_whole(log: int) -> bool:
    """Whether the last line has its end; a program that was killed may have left half of one."""
    size = os.fstat(log).st_size
    return not size or os.pread(log, 1, size - 1) == b"\n"


@contextmanager
def _alone(path: Path, access: int) -> Iterator[int]:
    """Open a log, made where it is missing, while no other run adds to it or replaces it."""
    while True:
        log = os.open(path, access | os.O_CREAT, 0o666)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)
            if _is_in_place(log, path):
                yield log
                return
        finally:
            os.close(log)


def _is_in_place(log: int, path: Path) -> bool:
    """Whether nobody replaced the file while its lock was waited for."""
    try:
        return os.path.samestat(os.fstat(log), path.stat())
    except FileNotFoundError:
        return False


def read(database: Path) -> tuple[Run, ...]:
    """All runs that the log of a database has, the oldest first; none where there is no log."""
    rows = read_rows(path_of(database))
    steps = [row for row in rows if isinstance(row, Step)]
    return tuple(
        Run(whole, tuple(s for s in steps if s.run_id == whole.run_id and s.step != ALL))
        for whole in steps
        if whole.step == ALL
    )


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a log, the last word on each step; a line that is none is passed over."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    found: dict[tuple[str, ...], Row] = {}
    for row in map(_row, lines):
        if row is not None:
            found[_name(row)] = row
    return tuple(found.values())


def _name(row: Row) -> tuple[str, ...]:
    if isinstance(row, Step):
        return row.run_id, row.step
    return row.run_id, row.kind, row.node


def prune(path: Path, mine: str) -> None:
    """Keep the newest runs, and call killed what began, is not mine, and did not end.

    To be called by one program at a time: whoever may build.

    Raises:
        OSError: the disk refuses.
    """
    with _alone(path, os.O_RDONLY):
        rows = read_rows(path)
        runs = list(dict.fromkeys(row.run_id for row in rows))
        steps, nodes = set(runs[-RUNS_KEPT:]), set(runs[-NODES_KEPT:])
        kept = [
            _ended(row, mine)
            for row in rows
            if row.run_id in (nodes if isinstance(row, Node) else steps)
        ]
        write_text(path, "".join(map(_line, kept)))


def _ended(row: Row, mine: str) -> Row:
    if isinstance(row, Step) and row.status == RUNNING and row.run_id != mine:
        return replace(row, status=KILLED, error="ended without a word")
    return row


def _line(row: Row) -> str:
    return json.dumps(asdict(row), default=str, ensure_ascii=True) + "\n"


def _row(line: str) -> Row | None:
    """Return a row; None for half a line that a killed program left, or an unknown one."""
    try:
        given = json.loads(line)
        if "node" in given:
            return Node(**given)
        moments = {
            name: given[name] and dt.datetime.fromisoformat(given[name])
            for name in ("started_at", "finished_at")
        }
        if "done" in given:  # as 0.1.0 called it
            given["summary"] = given.pop("done")
        return Step(**given | moments)
    except (ValueError, TypeError, KeyError):
        return None
