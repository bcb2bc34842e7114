"""Find out how much of a raw file is landed already, and cut off what is new.

A file that begins with the very bytes it had when it was landed, by their SHA-256, is read from
there on. Its rows are then in several Parquet files, each of at least twice as many bytes as the
next: their number stays small, and a line is read again only when as much as half of what came
before it has been added, so a handful of times in all.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from retail.ingest.cache import Record, recall, recall_others
from retail.ingest.errors import IngestError, reading, writing
from retail.ingest.sniff import LONGEST_LINE

_TIMES_THE_NEXT = 2
"""How many times the bytes of the next part a part has at least."""
_BLOCK = 1 << 20
_MOST_ZERO_BLOCKS = 64
"""In a row. No text or workbook has so many: what was never written there, as after a power cut, or
was never meant to be, in a file that says it is a thousand times larger than the disk."""


def find_landed(
    path: Path, size: int, record: Path, *, may_grow: bool
) -> tuple[str, Record | None]:
    """Find the landed state of a raw file to go on from, by one pass over its bytes.

    Args:
        path: the raw file.
        size: its bytes.
        record: path of its record, which is still to be written.
        may_grow: False asks for a state with the same bytes and no more.

    Returns:
        SHA-256 of the file, and the state, if there is one.

    Raises:
        IngestError: the file can't be read.
    """
    states = {
        place: state
        for place, state in recall_others(record).items()
        if (state.size <= size if may_grow else state.size == size)
    }
    hashes = _hash_beginnings(path, {size, *(state.size for state in states.values())})
    for place, state in sorted(states.items(), key=lambda item: item[1].size, reverse=True):
        is_its_beginning = state.sha256 == hashes[state.size]
        is_worth_keeping = state.parts[-1].raw_bytes >= _TIMES_THE_NEXT * (size - state.size)
        if is_its_beginning and is_worth_keeping and (whole := recall(place)):
            return hashes[size], whole
    return hashes[size], None


def _hash_beginnings(path: Path, sizes: Iterable[int]) -> dict[int, str]:
    """SHA-256 of the first so many bytes of a file, for each of ``sizes``."""
    found, known, here, zeros = {}, hashlib.sha256(), 0, 0
    with reading(path), path.open("rb") as file:
        for size in sorted(sizes):
            while block := file.read(min(_BLOCK, size - here)):
                known.update(block)
                here += len(block)
                zeros = 0 if any(block) else zeros + 1
                if zeros > _MOST_ZERO_BLOCKS:
                    raise IngestError(
                        f"{path} has nothing but zeros for {zeros * _BLOCK:,} bytes up to byte "
                        f"{here:,}: it was never written there; fetch it anew"
                    )
            found[size] = known.hexdigest()
    return found


def cut_off(path: Path, at: int, target: Path) -> bytes | None:
    """Write the header of a delimited file, and what stands ``at`` so many bytes, into ``target``.

    Returns:
        The last line before the cut; None where the rest can't be read by itself: the cut is within
        a line or behind a blank one, or the header is not the first line.

    Raises:
        IngestError: the file can't be read.
        CannotWriteError: the disk refuses.
    """
    with reading(path), path.open("rb") as file:
        header, last = file.readline(LONGEST_LINE), _last_line(file, at)
        if last is None or not header.strip() or not header.endswith(b"\n"):
            return None
        file.seek(at)
        with writing(target.parent), target.open("wb") as rest:
            rest.write(header)
            shutil.copyfileobj(file, rest, _BLOCK)
    return last


def _last_line(file: BinaryIO, at: int) -> bytes | None:
    """The last line before a position, without its line feed; None of a part or a blank one."""
    start = max(0, at - LONGEST_LINE)
    file.seek(start)
    *lines, rest = file.read(at - start).split(b"\n")
    whole = lines[1:] if start else lines
    return whole[-1] if whole and not rest and whole[-1].removesuffix(b"\r").strip(b" ") else None
