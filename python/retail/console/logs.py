"""Logging for every command line: on standard error, one line each, as loud as was asked for."""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
from contextlib import suppress

from retail.console.text import escape_control_chars
from retail.errors import shorten

VARIABLE = "RETAIL_LOG_LEVEL"
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
OURS = ("detect", "lab", "retail")
"""Our packages; of others only warnings are logged."""
_log = logging.getLogger(__name__)
WITH_TIME = "%(asctime)sZ %(levelname)-7s %(name)s: %(message)s"


def set_up(mark: str, *, quiet: bool = False, verbose: bool = False) -> None:
    """Have our packages' log lines written to standard error.

    Args:
        mark: what a line begins with, where it does not begin with its time.
        quiet: errors alone.
        verbose: every step, each with its time.
    """
    level = _level(quiet=quiet, verbose=verbose)
    handler = _StandardError()
    handler.setFormatter(_Lines(WITH_TIME) if level <= logging.DEBUG else _Lines(mark=mark))
    root = logging.getLogger()
    for other in [h for h in root.handlers if isinstance(h.formatter, _Lines)]:
        root.removeHandler(other)  # of an earlier command line in this process
    root.addHandler(handler)
    root.setLevel(max(level, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    given = os.environ.get(VARIABLE)
    if given and given.lower() not in LEVELS:
        _log.warning("%s is %r; allowed: %s", VARIABLE, given, ", ".join(LEVELS))


def _level(*, quiet: bool, verbose: bool) -> int:
    if quiet:
        return logging.ERROR
    if verbose:
        return logging.DEBUG
    return LEVELS.get(os.environ.get(VARIABLE, "").lower(), logging.INFO)


class _StandardError(logging.Handler):
    """Writes to what is standard error at the moment, which may have been replaced meanwhile."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):  # nobody reads it, or it is closed: no reason to stop
            print(self.format(record), file=sys.stderr, flush=True)


class _Lines(logging.Formatter):
    """One escaped line per message; a warning says that it is one."""

    def __init__(self, form: str | None = None, *, mark: str = "") -> None:
        super().__init__(form)
        self._mark = None if form else mark

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC).replace(tzinfo=None)
        return moment.isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        if self._mark is not None:
            warns = "warning: " if record.levelno >= logging.WARNING else ""
            line = f"{self._mark}{warns}{line}"
        return " ".join(escape_control_chars(shorten(line)).split("\n"))
