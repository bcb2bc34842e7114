"""The exceptions of this package: their message is the line a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retail.errors import RetailError
from retail.storage.errors import MAKE_ROOM, reason


class IngestError(RetailError):
    """Raw data could not be found, fetched or read; the message says what, where, what to do.

    The message is always one printable line, whatever a file's name or header contains.
    """

    def __init__(self, message: str) -> None:
        """Keep ``message`` as one line of printable characters."""
        super().__init__("".join(map(_printable, message)))


class CannotWriteError(IngestError):
    """The disk refuses; nothing is wrong with what was read."""


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else "?"


def at_home(path: str) -> Path:
    """A path as a shell reads it, where ``~`` is somebody's home.

    Raises:
        IngestError: nobody has that name.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise IngestError(f"{path}: there is no such user; write the whole path") from error


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Turn the operating system's refusals while reading ``path`` into one line."""
    try:
        yield
    except OSError as error:
        where = error.filename or path  # it may be a folder or a file below
        raise IngestError(f"cannot read {where}: {reason(error)}") from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals while writing below ``folder`` into one line."""
    try:
        yield
    except OSError as error:
        raise cannot_write(folder, reason(error)) from error


def cannot_write(folder: Path, why: str) -> CannotWriteError:
    """Say that the disk refuses, and what to do about it."""
    return CannotWriteError(f"cannot write below {folder}: {why}; {MAKE_ROOM}")
