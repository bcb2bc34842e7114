"""Keep a run's log: a line when a step begins, and one when it ends, however it ends."""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from retail.console import escape_control_chars, is_stopping
from retail.storage.run_log.file import Row, append, path_of, prune, read_rows
from retail.storage.run_log.records import (
    ALL,
    FAILED,
    FINE,
    PUBLISHED,
    RUNNING,
    STOPPED,
    Node,
    Step,
)

T = TypeVar("T")
LONGEST_ERROR = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Log:
    """The log of the run that is going on."""

    run_id: str
    path: Path

    def step(self, name: str, act: Callable[[], T], summarize: Callable[[T], str]) -> T:
        """Run a step, and log its outcome."""
        with self._noted(name) as say:
            done = act()
            if summarize(done):
                say(summarize(done))
        return done

    def nodes(self, found: Iterable[tuple[str, str, str, float, str | None]]) -> None:
        """Note what dbt did: node, kind, status, seconds, message."""
        self._write(Node(self.run_id, *row[:4], _one_line(row[4])) for row in found)

    def rows(self) -> tuple[Row, ...]:
        """Everything in the log, of earlier runs too; this run is about to be published."""
        return tuple(map(self._published, read_rows(self.path)))

    def _published(self, row: Row) -> Row:
        is_this = isinstance(row, Step) and (row.run_id, row.step) == (self.run_id, ALL)
        return replace(row, status=PUBLISHED) if is_this else row

    def prune(self) -> None:
        """Drop the oldest runs; called only by a run that may build."""
        with _bearable():
            prune(self.path, self.run_id)

    @contextmanager
    def _noted(self, name: str) -> Iterator[Callable[[str], None]]:
        said: list[str] = []
        step = Step(self.run_id, name, _now(), None, None, RUNNING)
        started = time.perf_counter()
        self._write([step])
        status, error = FAILED, None
        try:
            yield said.append
            status = FINE
        except KeyboardInterrupt:
            status = STOPPED
            raise
        except Exception as problem:
            if is_stopping():
                status = STOPPED  # within a query, the signal comes out as an error of DuckDB's
            else:
                error = _one_line(str(problem) or type(problem).__name__)
            raise
        finally:
            seconds = round(time.perf_counter() - started, 3)
            done = _one_line("; ".join(said)) if said else None
            ended = replace(step, finished_at=_now(), seconds=seconds, status=status)
            self._write([replace(ended, summary=done, error=error)])
            _log.debug("%s %s after %.2f s%s", name, status, seconds, f": {done}" if done else "")

    def _write(self, rows: Iterable[Row]) -> None:
        with _bearable():
            append(self.path, rows)


@contextmanager
def keep_log(database: Path) -> Iterator[Log]:
    """Keep the log of a run of the daily job over a database, beside it."""
    path = path_of(database)
    with _bearable():
        path.parent.mkdir(parents=True, exist_ok=True)
    log = Log(f"{_now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}", path)
    with log._noted(ALL):
        yield log


@contextmanager
def _bearable() -> Iterator[None]:
    """No run fails because it can't be noted."""
    try:
        yield
    except OSError as error:
        _log.warning("the run can't be noted: %s: %s", error.filename, error.strerror or error)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)


def _one_line(text: str | None) -> str | None:
    return None if text is None else " ".join(escape_control_chars(text).split())[:LONGEST_ERROR]
