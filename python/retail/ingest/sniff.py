"""Find out what kind of text a delimited file is, in one pass over its bytes.

A file is *regular* when every physical line is one record with exactly the header's number of
fields. That is decided here, by the grammar of ``lenient_csv``; DuckDB's
strict reader then reads it much faster, and is held to the number of records counted here.
"""

from __future__ import annotations

import codecs
import gzip
import itertools
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from retail.ingest.columns import Header, count_known, insist_on_few, insist_on_titles
from retail.ingest.encodings import (
    CODE_PAGES,
    CP1252,
    UTF_8,
    UTF_8_AND_CP1252,
    as_bytes,
    decide,
    open_text,
)
from retail.ingest.errors import IngestError, reading
from retail.ingest.lenient_csv import field_pattern, split, splitter, without_end
from retail.ingest.mapping import Reader

LONGEST_LINE = 1 << 20
"""Bytes in one physical line: no order line is so long, and memory stays bounded."""

LONGEST_NUMBER = 10
"""Digits that the number of a row, which R gives it, has not."""
TITLE_LINES = 20
"""Lines among which the header is looked for: exports have a title and dates above it."""
HIGHEST_HEADER = 8
"""Physical lines that a header with line breaks in its names may have."""
MOST_UNPACKED, MOST_TIMES = 1 << 28, 200
"""Bytes that a gzip may unpack to, and how many times its own, where it is to be more than that.
Order lines pack to a twentieth of their bytes, and all alike to a hundredth."""
MOST_ZEROS = 0.01
"""Share of zero bytes up to which a text has some by accident; others are no text."""
DELIMITERS = ",;\t|"
_PACKED = {
    "zip": b"PK\3\4", "Zstandard": b"\x28\xb5\x2f\xfd", "bzip2": b"BZh", "7z": b"7z\xbc\xaf",
    "xz": b"\xfd7zXZ", "RAR": b"Rar!",
}  # fmt: skip
"""How files begin that are packed in a form that is not read."""
_IN_QUOTES = re.compile(r'(?:^|[,;\t|]) *"')
_QUOTED = re.compile(_IN_QUOTES.pattern + r'(?:[^"]|"")*" *(?=[,;\t|]|\Z)')
"""The beginning of a name in quotes, and all of it: within a name, a quote is a character."""
_BLOCK = 1 << 22
_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Survey:
    """What a delimited text file is."""

    encoding: str
    """utf-8, utf-8-sig, iso-8859-1, cp1252, utf-16, or one of the two ``MIXED``."""
    newline: str
    """What ends a physical line: a carriage return only in a file with fewer line feeds."""
    delimiter: str
    header: Header
    gzipped: bool
    records: int | None
    """Number of data records of a regular file; None when the file is not regular."""
    skipped: int
    """Physical lines above the header, such as a title."""
    height: int = 1
    """Physical lines of the header, whose names may have line breaks."""


def survey(path: Path, reader: Reader) -> Survey:
    """Read ``path`` once, in blocks, and say what it is.

    Args:
        path: the file.
        reader: finds the columns.

    Raises:
        IngestError: it can't be read, is empty, is not text, or lacks a column.
    """
    with open_bytes(path) as file:
        start = file.read(_BLOCK)
    if start.startswith(tuple(_PACKED.values())):
        raise _not_text(path)
    if start.startswith(_UTF_16):
        return _survey_utf_16(path, reader)
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise _empty(path)
    newline = "\r" if _bare_returns(start) > start.count(b"\n") else "\n"
    if b"\0" in start:
        raise _zero_byte(path, start, newline, 0)
    first_lines = start.removeprefix(codecs.BOM_UTF8).split(newline.encode(), TITLE_LINES)
    page = reader.shop.source.encoding or _code_page(first_lines[:TITLE_LINES])
    decoded = (_decode(line, page) for line in first_lines[:TITLE_LINES])
    skipped, height, delimiter, header = _find_header(decoded, path, reader)
    is_utf_8, lines = _scan(path, newline, _Shape.of(delimiter, len(header.names)))
    if page != CP1252 and not is_utf_8:
        return Survey(page, newline, delimiter, header, is_gzip(path), None, skipped, height)
    encoding = UTF_8 if is_utf_8 else decide(_beyond_ascii(path, newline))
    if encoding == UTF_8 and start.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    regular = newline == "\n" and not skipped and height == 1
    records = lines - 1 if lines and regular else None
    return Survey(encoding, newline, delimiter, header, is_gzip(path), records, skipped, height)


def _survey_utf_16(path: Path, reader: Reader) -> Survey:
    lines = (without_end(line) for line in read_lines(path, "utf-16", "\n"))
    first = itertools.islice(lines, TITLE_LINES)
    skipped, height, delimiter, header = _find_header(first, path, reader)
    return Survey("utf-16", "\n", delimiter, header, is_gzip(path), None, skipped, height)


def _find_header(lines: Iterable[str], path: Path, reader: Reader) -> tuple[int, int, str, Header]:
    """Find the first line that names all that an order line needs, and its delimiter.

    Returns:
        How many lines stand above it, how many it has, the delimiter, and the header.
    """
    every = [line.strip("\r\n") for line in lines]
    filled = [(i, *_whole_line(every, i)) for i, line in enumerate(every) if line.strip()]
    if not filled:
        raise _empty(path)
    for number, (skipped, height, line) in enumerate(filled):
        delimiter, names = _split_header(line)
        insist_on_few(names, str(path))
        if reader.is_header(names):
            below = [split(other, splitter(delimiter)) for *_, other in filled[number + 1 :]]
            rows = [fields for fields, problem in below if problem is None]
            header = reader.match(_as_wide(names, rows), str(path))
            above = [split(other, splitter(delimiter))[0] for *_, other in filled[:number]]
            insist_on_titles(header, above, str(path))
            return skipped, height, delimiter, header
    skipped, height, line = max(filled, key=lambda one: count_known(_split_header(one[-1])[1]))
    delimiter, names = _split_header(line)
    return skipped, height, delimiter, reader.match(names, str(path))


def _as_wide(names: list[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of a header, one for each field of the rows where these agree on another width.

    R gives rows names of their own, and the header none for them; a separator may end each row, or
    the header alone.
    """
    if not rows or {len(row) for row in rows} != {len(names) + 1}:
        is_ended = not names[-1].strip() and {len(row) for row in rows} == {len(names) - 1}
        return names[:-1] if is_ended else names
    if not any(row[-1].strip() for row in rows):
        return [*names, ""]
    first = [row[0] for row in rows]
    numbers = [int(one) if one.isdecimal() and len(one) < LONGEST_NUMBER else 0 for one in first]
    ascend = all(a < b for a, b in itertools.pairwise([0, *numbers]))
    return ["", *names] if len(rows) > 1 and ascend else names


def _whole_line(lines: Sequence[str], at: int) -> tuple[int, str]:
    """A line, with those below it where a quote is open in it; and how many these are."""
    for height in range(1, HIGHEST_HEADER + 1):
        text = "\n".join(lines[at : at + height])
        if not _IN_QUOTES.search(_QUOTED.sub("", text)):
            return height, text
    return 1, lines[at]


def _split_header(line: str) -> tuple[str, list[str]]:
    """Split a line by the delimiter under which it names the most columns of an order line."""
    split_by = {d: split(line, splitter(d))[0] for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: (count_known(split_by[d]), len(split_by[d])))
    return delimiter, split_by[delimiter]


def _decode(line: bytes, page: str) -> str:
    try:
        return line.decode(UTF_8)
    except UnicodeDecodeError:
        return line.decode(page, "replace")


def _code_page(lines: Iterable[bytes]) -> str:
    """The code page in which most columns of a line have a known name; cp1252 before others."""
    beyond = [line for line in lines if not line.isascii()]

    def known(page: str) -> int:
        return max(count_known(_split_header(_decode(line, page))[1]) for line in beyond)

    return max(CODE_PAGES, key=known) if beyond else CP1252


# The bytes and lines of a file ---------------------------------------------------------------


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open ``path`` for reading its bytes, unpacked where it is gzip, with errors in one line."""
    with reading(path), gzip.open(path) if is_gzip(path) else path.open("rb") as file:
        try:
            yield cast(BinaryIO, file)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise IngestError(
                f"cannot read {path}: its gzip is broken; fetch the file anew"
            ) from error


def insist_on_bounds(path: Path) -> None:
    """Read JSON once, for whoever reads it without bounds on lines and on what it unpacks to.

    An array may be a single line.

    Raises:
        IngestError: it can't be read, or is beyond one of them.
    """
    with open_bytes(path) as file:
        start = file.read(_BLOCK).removeprefix(codecs.BOM_UTF8).lstrip()
    if not start:
        raise _empty(path)
    is_array = start.startswith((b"[", b"{\n", b"{\r\n"))
    for _ in _blocks(path, "" if is_array else "\n"):
        pass


def is_gzip(path: Path) -> bool:
    """Tell by the first bytes, not by the name, whether ``path`` is packed."""
    with reading(path), path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def read_lines(path: Path, encoding: str, newline: str) -> Iterator[str]:
    """Read the physical lines of a text file, each with its line end.

    Raises:
        IngestError: it can't be read, is not in ``encoding``, or has an endless line.
    """
    try:
        with open_bytes(path) as file, open_text(file, encoding, newline) as text:
            while line := text.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE and not line.endswith(newline):
                    raise _endless(path)
                if "\0" in line:
                    raise _not_text(path)
                yield line.removeprefix("\n") if newline == "\r" else line
    except UnicodeError as error:
        raise _not_text(path) from error


def is_ascii(path: Path, newline: str) -> bool:
    """Whether all of a text file is ASCII."""
    return next(_beyond_ascii(path, newline), None) is None


def _beyond_ascii(path: Path, newline: str) -> Iterator[bytes]:
    """The bytes of the lines that are not ASCII."""
    lines = read_lines(path, UTF_8_AND_CP1252, newline)
    return (as_bytes(line) for line in lines if not line.isascii())


def _blocks(path: Path, newline: str) -> Iterator[bytes]:
    """Read large blocks of whole lines."""
    unpacked = 0
    with open_bytes(path) as file:
        while block := file.read(_BLOCK):
            block += file.readline(LONGEST_LINE)
            unpacked += len(block)
            if unpacked > MOST_UNPACKED and unpacked > MOST_TIMES * path.stat().st_size:
                raise IngestError(
                    f"{path} unpacks to more than {MOST_TIMES} times its size; unpack it first"
                )
            if newline == "\n" and _has_endless_line(block):
                raise _endless(path)
            yield block


def _has_endless_line(block: bytes) -> bool:
    start = 0
    while len(block) - start >= LONGEST_LINE:
        start = block.rfind(b"\n", start, start + LONGEST_LINE) + 1
        if not start:
            return True
    return False


# Is every line one record? -------------------------------------------------------------------


@dataclass(frozen=True)
class _Shape:
    """What every line of a regular file looks like."""

    delimiter: bytes
    delimiters: int
    line: re.Pattern[bytes]

    @classmethod
    def of(cls, delimiter: str, width: int) -> _Shape:
        # Blanks around quotes are read in more than one way, so they make no regular line.
        field = f"(?:{field_pattern(delimiter, blanks='')})"
        line = f"(?:{field}{re.escape(delimiter)}){{{width - 1}}}{field}"
        return cls(delimiter.encode(), width - 1, re.compile(line.encode()))


def _scan(path: Path, newline: str, shape: _Shape) -> tuple[bool, int | None]:
    """Say whether all is UTF-8, and count the lines (None: not regular)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf_8, ends, counts, above = True, set[str](), list[int | None](), 0
    for block in _blocks(path, newline):
        if b"\0" in block:
            raise _zero_byte(path, block, newline, above)
        above += block.count(newline.encode())
        utf_8 = utf_8 and _decodes(decoder, block)
        ends.add(_line_end(block))
        counts.append(_count_lines(block, shape) if None not in counts else None)
    utf_8 = utf_8 and _decodes(decoder, b"", final=True)
    lines = [count for count in counts if count is not None]
    regular = len(lines) == len(counts) and "mixed" not in ends and len(ends - {"none"}) <= 1
    return utf_8, sum(lines) if regular else None


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _bare_returns(block: bytes) -> int:
    """Count the carriage returns that stand before no line feed."""
    return block.count(b"\r") - block.count(b"\r\n")


def _line_end(block: bytes) -> str:
    """Say how the lines of a block end; ``mixed`` where a carriage return may be data."""
    feeds, pairs = block.count(b"\n"), block.count(b"\r\n")
    if _bare_returns(block) or pairs not in (0, feeds):
        return "mixed"
    return "none" if not feeds else "\r\n" if pairs else "\n"


def _count_lines(block: bytes, shape: _Shape) -> int | None:
    """Count the lines; None unless each is a record of the right width.

    A line with quotes must fit the grammar. For the others the sum of their delimiters has to be
    right: DuckDB refuses a line with too few, and so none can have too many.
    """
    quoted = list(_quoted_lines(block))
    if not all(shape.line.fullmatch(line) for line in quoted):
        return None
    block = block.replace(b"\r\n", b"\n")
    if block.startswith(b"\n") or b"\n\n" in block:
        return None
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    elsewhere = block.count(shape.delimiter) - sum(line.count(shape.delimiter) for line in quoted)
    return lines if elsewhere == shape.delimiters * (lines - len(quoted)) else None


def _quoted_lines(block: bytes) -> Iterator[bytes]:
    position = block.find(b'"')
    while position >= 0:
        start = block.rfind(b"\n", 0, position) + 1
        end = block.find(b"\n", position)
        end = len(block) if end < 0 else end
        yield block[start:end].removesuffix(b"\r")
        position = block.find(b'"', end)


# What can be wrong ---------------------------------------------------------------------------


def _empty(path: Path) -> IngestError:
    return IngestError(f"{path} is empty; put order lines into it or take it away")


def _not_text(path: Path) -> IngestError:
    with reading(path), path.open("rb") as file:
        start = file.read(8)
    if packed := next((name for name, begin in _PACKED.items() if start.startswith(begin)), None):
        return IngestError(
            f"{path} is packed as {packed}; unpack it, or pack each file of it with gzip"
            + ("; a workbook's name ends in .xlsx" if packed == "zip" else "")
        )
    return IngestError(f"{path} is not text; save it as CSV in UTF-8, as .xlsx or as Parquet")


def _zero_byte(path: Path, block: bytes, newline: str, above: int) -> IngestError:
    """Refuse a zero byte in a block behind so many lines: by its row, where there are few."""
    if block.count(b"\0") > MOST_ZEROS * len(block):
        return _not_text(path)
    row = above + block[: block.index(b"\0")].count(newline.encode()) + 1
    return IngestError(f"{path} row {row} has a zero byte, which no text has; write the row anew")


def _endless(path: Path) -> IngestError:
    return IngestError(
        f"{path} has a line of more than {LONGEST_LINE:,} characters; "
        "save it as CSV with one order line per line"
    )
