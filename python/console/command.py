"""One way to end for every command line: a code, and where it failed one line on standard error."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from console.text import harmless

FINE, FAILED, USAGE = 0, 1, 2
"""Done; could not do its work; the arguments make no sense (argparse ends with this one)."""
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
"""Ctrl-C, and a plain `kill`: what a shell says of a program that such a signal ended."""
CYCLES = (50_000, 100, 100)
"""When Python looks for cycles of objects. By default it goes again and again through all that dbt,
pandas and SciPy have made for good, and that is a tenth of the daily job."""


class TerminatedError(KeyboardInterrupt):
    """A plain `kill`; whoever tidies up after Ctrl-C does so after this, too."""


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
        The exit code: that of `act`, or FAILED, INTERRUPTED or TERMINATED after one line on
        standard error.
    """
    try:
        with _terminable():
            return act()
    except TerminatedError:
        report(name, f"stopped by SIGTERM; {again}")
        return TERMINATED
    except KeyboardInterrupt:
        report(name, f"stopped by Ctrl-C; {again}")
        return INTERRUPTED
    except failures as error:
        report(name, error)
        return FAILED


def start(package: str) -> int:
    """Run the command line of a package; who stops it while it is still imported gets one line."""
    gc.set_threshold(*CYCLES)
    return run(package, lambda: int(importlib.import_module(f"{package}.cli").main()))


def report(name: str, problem: object) -> None:
    """Say on standard error what went wrong, in one line."""
    line = " ".join(harmless(problem).split("\n"))
    print(f"{name}: {line}", file=sys.stderr, flush=True)


def is_coloured() -> bool:
    """Whether what is printed goes to a terminal that may have colours (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def show(text: str) -> None:
    """Print, and take it well when the reader (`| head`) has gone.

    Args:
        text: harmless already; colours may have been added.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a plain `kill` end the block as Ctrl-C does: with everything tidied up."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen to signals
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise TerminatedError
