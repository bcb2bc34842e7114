"""Read delimited text so that every physical line is accounted for, however broken the file.

A record is the shortest run of lines that splits into exactly the expected number of fields, and
that swallows no line which is a record by itself: a quote that was never closed must not hide the
good lines behind it. A line that begins no such run becomes a record of its own, with the reason
and the whole line. Only lines of nothing but blanks are no records.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_RECORD = 20
"""Physical lines in which an opened quote must be closed; beyond, the quote is an error."""

_UNBALANCED = "unbalanced quote"
_STRAY = "text after a closing quote"
_OPENED = re.compile(r' *"(?:[^"]++|"")*+')


@dataclass(frozen=True)
class Record:
    """One record: its fields, and why it is no proper one (None when it is)."""

    fields: list[str]
    problem: str | None = None
    line: str | None = None
    """The physical line as it is in the file; None for a proper record."""


def field_pattern(delimiter: str, blanks: str = " *") -> str:
    """Write the grammar of one field as a regular expression with two groups.

    Group 1 is the inside of a quoted field, where a doubled quote stands for one; group 2 is the
    text of any other field.

    Args:
        delimiter: what ends a field.
        blanks: what may stand around the quotes without being part of the field.
    """
    plain = rf'(?! *")[^{re.escape(delimiter)}]*+'
    return rf'{blanks}"((?:[^"]++|"")*+)"{blanks}|({plain})'


def splitter(delimiter: str) -> re.Pattern[str]:
    """Compile the pattern that ``split`` walks a line with."""
    return re.compile(rf"(?:{field_pattern(delimiter)})({re.escape(delimiter)}|\Z)")


def split(text: str, pattern: re.Pattern[str]) -> tuple[list[str], str | None]:
    """Split one record; returns its fields as far as they go, and what stopped it, if anything."""
    fields: list[str] = []
    position = 0
    while match := pattern.match(text, position):
        quoted, plain, end = match.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        if not end:
            return fields, None
        position = match.end()
    return fields, _UNBALANCED if _OPENED.fullmatch(text, position) else _STRAY


def read_records(lines: Iterable[str], delimiter: str, width: int) -> Iterator[Record | None]:
    """Read records of ``width`` fields from physical lines that keep their line ends.

    Args:
        lines: physical lines, each with its line end, which the last may lack.
        delimiter: the one character between fields.
        width: number of fields of a proper record.

    Yields:
        One record per run of lines, in their order; None for a blank line, which is in none.
    """
    pattern = splitter(delimiter)
    window = _Window(lines)
    while (line := window.line(0)) is not None:
        text = without_end(line)
        if not text.strip(" "):
            window.drop(1)
            yield None
        elif '"' in text:
            record, used = _read_quoted(window, text, pattern, width)
            window.drop(used)
            yield record
        else:
            window.drop(1)
            yield _checked(text.split(delimiter), text, width)


def without_end(line: str) -> str:
    """Take the line end off."""
    return line.removesuffix("\n").removesuffix("\r")


def _checked(fields: list[str], text: str, width: int) -> Record:
    if len(fields) == width:
        return Record(fields)
    return Record(fields, f"expected {width} fields, found {len(fields)}", text)


def _read_quoted(
    window: _Window, text: str, pattern: re.Pattern[str], width: int
) -> tuple[Record, int]:
    """Read the record that begins with the window's first line, and count its lines."""
    fields, problem = split(text, pattern)
    if problem is None:
        return _checked(fields, text, width), 1
    if problem == _UNBALANCED:
        run, used = _close_quote(window, pattern, width)
        if len(run) == width:
            return Record(run), used
    return Record(fields, problem, text), 1


def _close_quote(window: _Window, pattern: re.Pattern[str], width: int) -> tuple[list[str], int]:
    """Join lines until the quote is closed; no fields when that does not end well."""
    run = window.line(0) or ""
    for used in range(1, LONGEST_RECORD):
        line = window.line(used)
        if line is None:
            break
        run += line
        fields, problem = split(without_end(run), pattern) if '"' in line else ([], _UNBALANCED)
        if problem is None:
            return fields, used + 1
        alone, fault = split(without_end(line), pattern)
        if problem == _STRAY or (fault is None and len(alone) == width):
            break
    return [], 1


class _Window:
    """Lines that may be looked at before they are used."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._seen: deque[str] = deque()

    def line(self, index: int) -> str | None:
        while len(self._seen) <= index:
            line = next(self._lines, None)
            if line is None:
                return None
            self._seen.append(line)
        return self._seen[index]

    def drop(self, count: int) -> None:
        for _ in range(count):
            self._seen.popleft()
