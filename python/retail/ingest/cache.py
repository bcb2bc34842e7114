"""The cache of landed files: what is kept under which name, what counts, what is forgotten.

A record tells of a raw file as it was at one moment what was read, and which Parquet files hold its
rows: one, or several where the file has grown. Each of these parts is named by the bytes it was
read from and gets its name before the record that makes it count, so that what a killed run leaves
is never taken for finished, and two runs at a time do the same work twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retail.ingest.dates import DateEvidence, DateOrder, read_evidence
from retail.ingest.errors import writing
from retail.ingest.sources import Form
from retail.ingest.workspace import draft_in, keep, older_than
from retail.storage.durable import put_in_place

_LANDED_LIFE = dt.timedelta(days=30)
_BLOCK = 1 << 20
HEX_DIGITS = 16
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)
"""What reading a record ends with that is not there, not whole, or of another version."""


@dataclass(frozen=True)
class RawFile:
    """One row of raw.files: a raw file, or one sheet of it."""

    source_file: str
    form: Form
    encoding: str | None
    raw_rows: int
    bytes: int
    landed_at: str
    """ISO time in UTC; of a Parquet file that is read in place, when that was written."""
    note: str | None
    content_hash: int | None = None
    """Changes when any of its rows does; None for what is read in place."""
    date_order: DateOrder | None = None
    """Of day and month in its dates; None where none of them needs one."""
    date_evidence: str | None = None
    """What decided that order."""
    preset: str | None = None
    """The form of export that it was recognised as."""
    currency: str | None = None
    """Of its money, where a column names it."""
    columns: str | None = None
    """JSON: what each field is read from."""


@dataclass(frozen=True)
class Part:
    """A Parquet file with some of the rows of a raw file, or all of them."""

    name: str
    crc32: int
    raw_bytes: int
    """Bytes of the raw file that its rows were read from."""


@dataclass(frozen=True)
class LandedFile:
    """A raw file, or one sheet of it, and what its rows say of how they are to be read."""

    file: RawFile
    dates: DateEvidence
    content_hashes: Mapping[DateOrder, int]
    """What its rows come to when their dates are read in each order."""


@dataclass(frozen=True)
class Record:
    """A raw file as it was at one moment, and where its rows are."""

    files: tuple[LandedFile, ...]
    parts: tuple[Part, ...]
    size: int
    """Bytes of the raw file."""
    sha256: str
    """Of the raw file."""
    broken: int
    """Lines of a delimited file that do not split into the columns."""
    is_rewritten: bool = False
    """Whether its rows were not landed as they are; then what is added may change all of them."""


def record_path(cache: Path, raw_file: object, state: object) -> Path:
    """Name the record of a raw file.

    Args:
        cache: folder of the landed files.
        raw_file: what tells it from other raw files, and how it is landed.
        state: what tells this moment of it from others.
    """
    return cache / f"{digest(raw_file)}-{digest(state)}.json"


def part_name(record: Path, sha256: str, start: int) -> str:
    """Name a part by the bytes it is read from.

    Args:
        record: path of the record.
        sha256: of the raw file up to the end of the part.
        start: bytes of the raw file before the part.
    """
    return f"{_raw_file(record)}-{sha256[:HEX_DIGITS]}-{start}.parquet"


def recall(path: Path) -> Record | None:
    """Read a record; None when it, or a part that it names, is not there, whole."""
    try:
        record = _read(path)
        for part in record.parts:
            if checksum(path.with_name(part.name)) != part.crc32:
                return None  # Parquet itself notices few flipped bits
    except _UNREADABLE:
        return None
    keep(path)
    return record


def recall_others(path: Path) -> Mapping[Path, Record]:
    """Read all records of a raw file, whose parts may be damaged or missing."""
    found, begins = {}, f"{_raw_file(path)}-"
    for name in os.listdir(path.parent):  # noqa: PTH208 - asked for each of thousands of files
        if name.startswith(begins) and name.endswith(".json"):
            with suppress(*_UNREADABLE):
                found[path.parent / name] = _read(path.parent / name)
    return found


def publish(path: Path, record: Record, draft: Path | None = None) -> Record:
    """Put the last part of a landed file in its place, and then the record that makes it count.

    Args:
        path: the record's.
        record: what to write.
        draft: the last part; None where it has its name already.

    Returns:
        The record that counts: if another run was first, and may be reading its parts, then its.

    Raises:
        CannotWriteError: the disk refuses.
    """
    if first := recall(path):
        return first
    stored = asdict(record)
    with writing(path.parent), draft_in(path.parent, ".json") as text:
        if draft:
            put_in_place(draft, path.with_name(record.parts[-1].name))
        text.write_text(json.dumps({"record": stored, "crc32": _crc32(stored)}), encoding="utf-8")
        put_in_place(text, path)
    return record


def forget_unused(cache: Path, in_use: Collection[Path], other_endings: Sequence[str] = ()) -> None:
    """Remove what no run has asked for in 30 days.

    Args:
        cache: folder of the landed files.
        in_use: parts that this run shows. They stay, though they look old where a clock was set.
        other_endings: of what is kept there beside records and their parts.
    """
    shown = {path.name for path in in_use}
    with writing(cache):
        for ending in other_endings:
            for other in older_than(cache, f"*{ending}", _LANDED_LIFE):
                other.unlink(missing_ok=True)
        for record in older_than(cache, "*.json", _LANDED_LIFE):
            known = dict(recall_others(record))
            if record in known and shown.issuperset(part.name for part in known[record].parts):
                continue
            record.unlink(missing_ok=True)
            known.pop(record, None)
            needed = shown | {part.name for other in known.values() for part in other.parts}
            for part in older_than(cache, f"{_raw_file(record)}*.parquet", _LANDED_LIFE):
                if part.name not in needed:
                    part.unlink(missing_ok=True)


def checksum(path: Path) -> int:
    """CRC-32 of a file, at some gigabytes a second."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found = zlib.crc32(block, found)
    return found


def _raw_file(record: Path) -> str:
    return record.stem.partition("-")[0]


def digest(identity: object) -> str:
    """What a file of the cache is named by, made of whatever tells it from others."""
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:HEX_DIGITS]


def _read(path: Path) -> Record:
    kept = json.loads(path.read_text(encoding="utf-8"))
    stored = kept["record"]
    if kept["crc32"] != _crc32(stored):
        raise ValueError(f"{path} is damaged")
    files = tuple(
        LandedFile(RawFile(**file["file"]), read_evidence(file["dates"]), file["content_hashes"])
        for file in stored.pop("files")
    )
    parts = tuple(Part(**part) for part in stored.pop("parts"))
    return Record(files=files, parts=parts, **stored)


def _crc32(stored: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(stored).encode())
