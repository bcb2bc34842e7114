"""End every command in one way: an exit code, and after a failure one line on standard error."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from retail.console.exit_codes import FAILED, STOPPED
from retail.console.text import escape_control_chars
from retail.errors import RetailError
from retail.storage.errors import reason

QUERY_SECONDS, PATIENCE_SECONDS = 0.5, 10.0
"""How long the main thread may stand still after a signal: then its query is interrupted, and then
the program is ended without it."""
SWALLOWED_SECONDS = 2.0
"""Seconds after a signal without an exception under way until the signal is raised again."""
TICK_SECONDS = 0.05
STOPPING: dict[int, str] = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


class TerminatedError(KeyboardInterrupt):
    """A plain `kill`; code that tidies up after Ctrl-C does so after this, too."""


def run(
    name: str,
    act: Callable[[], int],
    *failures: type[Exception],
    again: str = "run it again to go on",
) -> int:
    """Do what a command line asks for.

    Args:
        name: of the command, to begin its lines with.
        act: does it, and returns the exit code.
        failures: exceptions whose message is the line to be read.
        again: what to say to somebody who stopped it.

    Returns:
        The exit code: that of `act`, or FAILED or STOPPED after one line on standard error.
        Whatever `act` raises after such a signal counts as stopped by it: DuckDB makes a
        `RuntimeError` of an exception raised within a query, and dbt an error of its own. Where
        nothing else helps, the program ends with the same line and code, but with nothing tidied
        up, as after a `kill -9`.
    """
    with _stoppable() as signals, _ended_in_time(name, signals, again):
        try:
            return act()
        except KeyboardInterrupt as stop:
            default = signal.SIGTERM if isinstance(stop, TerminatedError) else signal.SIGINT
            return _stopped(name, signals.first or default, again)
        except Exception as error:
            if signals.first:
                return _stopped(name, signals.first, again)
            if not isinstance(error, failures):
                raise
            report(name, error)
            return FAILED


def is_stopping() -> bool:
    """Whether Ctrl-C or a plain `kill` has arrived, so that an error is no fault."""
    handlers = map(signal.getsignal, STOPPING)
    return any(isinstance(handler, _Signals) and handler.first for handler in handlers)


def _stopped(name: str, number: int, again: str) -> int:
    report(name, f"stopped by {STOPPING[number]}; {again}")
    return STOPPED + number


def report(name: str, problem: object) -> None:
    """Say on standard error what went wrong, in one line."""
    line = " ".join(escape_control_chars(problem).split("\n"))
    print(f"{name}: {line}", file=sys.stderr, flush=True)


def is_coloured() -> bool:
    """Whether what is printed goes to a terminal that may have colours (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def show(text: str) -> None:
    """Print, and take it well when the reader (`| head`) has gone.

    Args:
        text: escaped already; colours may have been added.

    Raises:
        RetailError: it can't be printed, for the disk is full.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise RetailError(f"the answer can't be printed: {reason(error)}") from error


def ready_to_print() -> None:
    """See to it that whatever is printed has a place to go to, and signs that this place has.

    A descriptor that was closed (`>&-`) would be given to the next file that is opened, and what a
    library prints would be written into that.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the program
    sys.stderr = sys.stderr or sys.stdout
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@dataclass
class _Signals:
    """Handler of SIGINT and SIGTERM that also notes what arrived, in order."""

    arrived: list[int] = field(default_factory=list)

    @property
    def first(self) -> int | None:
        return self.arrived[0] if self.arrived else None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.arrived.append(number)
        raise TerminatedError if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def _stoppable() -> Iterator[_Signals]:
    """Let Ctrl-C and a plain `kill` end the block with everything tidied up, and note them."""
    signals = _Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals  # only the main thread may listen to signals
        return
    heard = [number for number in STOPPING if number == signal.SIGTERM or _hears_ctrl_c()]
    before = {number: signal.signal(number, signals) for number in heard}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hears_ctrl_c() -> bool:
    """Whether Ctrl-C ends the program: not where a shell runs it in the background."""
    handler = signal.getsignal(signal.SIGINT)
    return handler is signal.default_int_handler or isinstance(handler, _Signals)


@contextmanager
def _ended_in_time(name: str, signals: _Signals, again: str) -> Iterator[None]:
    """See to it that a signal ends the block also where the main thread is in a library.

    Python runs a handler in the main thread alone, between two of its own instructions, but writes
    the number of the signal to a pipe at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    over = threading.Event()

    def watch() -> None:
        while number := os.read(reader, 1):
            if number[0] in STOPPING and _is_stuck(over, signals, QUERY_SECONDS):
                _interrupt_query()
                if _is_stuck(over, signals, PATIENCE_SECONDS):
                    os._exit(_stopped(name, signals.first or number[0], again))

    watcher = threading.Thread(target=watch, name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        os.close(writer)
        watcher.join()
        os.close(reader)


def _is_stuck(over: threading.Event, signals: _Signals, seconds: float) -> bool:
    """Wait until all is over, or the main thread has stood still for so long.

    A bare `except:` of a library swallows the exception of a signal (dbt reads its manifest by code
    that has many): then the signal is raised again.
    """
    place, since = _place(), time.monotonic()
    ending = since
    while not over.wait(TICK_SECONDS):
        if not signals.first or _handles_an_exception():
            ending = time.monotonic()
        elif time.monotonic() - ending >= SWALLOWED_SECONDS:
            signal.pthread_kill(_main_thread(), signals.first)
            ending = time.monotonic()
        if _place() != place:
            place, since = _place(), time.monotonic()
        elif time.monotonic() - since >= seconds:
            return True
    return False


def _place() -> tuple[int, int]:
    frame = _main_frame()
    return (id(frame), frame.f_lasti) if frame else (0, 0)


def _main_frame() -> FrameType | None:
    return sys._current_frames().get(_main_thread())


def _handles_an_exception() -> bool:
    """Whether the main thread is within an `except` or a `finally` on the way of an exception."""
    return sys._current_exceptions().get(_main_thread()) not in (None, (None, None, None))


def _main_thread() -> int:
    return threading.main_thread().ident or 0


def _interrupt_query() -> None:
    """Interrupt the DuckDB connections that the main thread works with.

    Without that, DuckDB waits for its other threads to be through with the query.
    """
    duckdb, frame = sys.modules.get("duckdb"), _main_frame()
    while duckdb and frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, duckdb.DuckDBPyConnection):
                value.interrupt()
        frame = frame.f_back
