"""Decide the encoding of a text from all of its lines, and read the lines that depart from it.

A file that several programs have written may be UTF-8 in some lines and cp1252 in others. Decoding
all of it as one of the two would turn every special character of the other lines into wrong ones,
also in order lines that were right before the first stray byte came. cp1252 is ISO-8859-1 with
punctuation (curly quotes, dashes, the euro sign) in place of the control characters 0x80 to 0x9f.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

UTF, UTF_8, ISO_8859_1, CP1252 = "utf", "utf-8", "iso-8859-1", "cp1252"
CODE_PAGES = (CP1252, "cp1250", "cp1254", "cp1251", "cp1253", "cp1257")
"""In one of which a header is, whose names mean most there."""
UTF_8_AND_CP1252, CP1252_AND_UTF_8 = MIXED = ("utf-8 and cp1252", "cp1252 and utf-8")
"""Lines in both, each read in its own; and cp1252 of which few lines are UTF-8 too, by accident."""

LEAST_UTF_8 = 0.1
"""Share of the lines beyond ASCII from which on a valid one is meant as UTF-8. In a cp1252 file few
are: a capital letter before a sign, as in CAFÉ®, happens to be the bytes of one character."""
UNREAD, UNKNOWN = "\ufffd", "rows with bytes that mean nothing in"
"""What such a byte is read as, and how a note of it begins; a test of the build warns by that."""
SHOWN = 3
"""Of the rows that depart from the encoding, so many are shown as they are read."""
LONGEST_SHOWN = 60
_PUNCTUATION = re.compile(rb"[\x80-\x9f]")
_ESCAPED = re.compile("[\udc80-\udcff]")
"""What "surrogateescape" makes of a byte that is not UTF-8."""


def decide(lines: Iterable[bytes]) -> str:
    """Name the encoding of a text that is not all UTF-8.

    Args:
        lines: those of its lines that are not all ASCII.
    """
    valid = others = 0
    encoding = ISO_8859_1
    for line in lines:
        if _is_utf_8(line):
            valid += 1
            continue
        others += 1
        if encoding == ISO_8859_1 and _PUNCTUATION.search(line):
            encoding = CP1252
    if not valid:
        return encoding
    return UTF_8_AND_CP1252 if valid >= LEAST_UTF_8 * (valid + others) else CP1252_AND_UTF_8


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return True


def open_text(file: BinaryIO, encoding: str, newline: str) -> io.TextIOWrapper:
    """Open bytes as text; each line, or record, of a mixed one is still to be read as it is.

    Five bytes mean nothing in cp1252, and are read as U+FFFD.
    """
    if encoding in MIXED:
        return io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline)
    if encoding.startswith(UTF):
        return io.TextIOWrapper(file, encoding, newline=newline)
    page = CP1252 if encoding == ISO_8859_1 else encoding
    return io.TextIOWrapper(file, page, "replace", newline)


def departs(text: str, encoding: str) -> bool:
    """Whether a piece of a mixed text is in that of its two encodings which is the rarer one."""
    is_utf_8 = _ESCAPED.search(text) is None
    return not text.isascii() and is_utf_8 == (encoding == CP1252_AND_UTF_8)


def is_cp1252(text: str, encoding: str) -> bool:
    """Whether a piece of a mixed text is read as cp1252."""
    return encoding == CP1252_AND_UTF_8 or departs(text, encoding)


def as_cp1252(text: str) -> str:
    """Read a piece of a mixed text, or a part of it, as cp1252."""
    return as_bytes(text).decode(CP1252, "replace")


def as_bytes(text: str) -> bytes:
    """The bytes that a piece of a mixed text was read from."""
    return text.encode(UTF_8, "surrogateescape")


@dataclass
class Shown:
    """How many rows are so, and the first of them with their text as it is read."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, row: int, text: str) -> None:
        """Note a row."""
        self.count += 1
        if len(self.first) < SHOWN:
            line = " ".join(text.split())
            self.first.append(
                (row, line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…")
            )

    def __str__(self) -> str:
        """Count and show them."""
        rows = ", ".join(f"row {row} as '{text}'" for row, text in self.first)
        return f"{self.count:,} ({rows})"


@dataclass
class Departures:
    """The rows of a text that depart from its encoding."""

    encoding: str
    others: Shown = field(default_factory=Shown)
    """In the rarer one of two."""
    unknown: Shown = field(default_factory=Shown)
    """With bytes that mean nothing in it: the file may be in another one."""

    @property
    def evidence(self) -> str:
        """Say which rows they are and how they are read; empty where there are none."""
        told = []
        if self.others.count:
            what = "are not UTF-8" if self.encoding == UTF_8_AND_CP1252 else "could be UTF-8"
            told.append(f"rows that {what} and are read as cp1252: {self.others}")
        if self.unknown.count:
            page = CP1252 if self.encoding in MIXED else self.encoding
            told.append(f"{UNKNOWN} {page}: {self.unknown}")
        return "; ".join(told)
