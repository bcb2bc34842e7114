"""Land every raw file once: as a Parquet file of texts in a cache, found again by a stat.

What is landed is named by a hash of the file's path, size, time and inode, and is written under
another name first: what a killed run leaves is never taken for finished, and two runs at a time
do the same work twice. Parquet files are not copied but read where they are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import time
import zlib
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import duckdb

from ingest.delimited import write_delimited
from ingest.errors import IngestError, reading, writing
from ingest.in_place import show_parquet
from ingest.rows import Piece
from ingest.sources import Form, Origin, SourceFile, Sources
from ingest.sql import ROW_HASH, read_parquet
from ingest.workbook import write_workbook
from ingest.workspace import draft_in, older_than, open_duckdb, sweep_drafts
from warehouse.errors import first_line

CACHE_VARIABLE = "RETAIL_CACHE"
LANDED_FOLDER = Path("data", "landed")
"""The usual cache, below the project root."""
LANDING_VERSION = 2
"""Rises when a file would be landed differently, so that it is landed again."""

_LANDED_LIFE = dt.timedelta(days=30)
_BLOCK = 1 << 20
_log = logging.getLogger(__name__)


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
    content_hash: int | None
    """Changes when any of its rows does; None for what is read in place."""


@dataclass(frozen=True)
class Landed:
    """Order lines that SQL can read: a landed file, or a query over a file read in place."""

    files: tuple[RawFile, ...]
    parquet: Path | None = None
    query: str | None = None


@dataclass(frozen=True)
class Landing:
    """Everything that was found, ready to be shown."""

    origin: Origin
    landed: tuple[Landed, ...]

    @property
    def files(self) -> tuple[RawFile, ...]:
        """All raw files, in the order in which they were found."""
        return tuple(file for landed in self.landed for file in landed.files)

    @property
    def raw_rows(self) -> int:
        """Number of order lines in all raw files."""
        return sum(file.raw_rows for file in self.files)


def land(sources: Sources, cache: Path) -> Landing:
    """Land the raw files that are not landed yet.

    Args:
        sources: what to read.
        cache: folder of the landed files; made where it is missing.

    Raises:
        IngestError: a file can't be read, changed meanwhile, or there is no order line at all.
    """
    cache = cache.absolute()
    with writing(cache):
        cache.mkdir(parents=True, exist_ok=True)
        sweep_drafts(cache)
    with open_duckdb() as connection:
        landed = tuple(_land(connection, source, cache) for source in sources.files)
    landing = Landing(sources.origin, landed)
    if not landing.raw_rows:
        names = ", ".join(str(source.path) for source in sources.files[:3])
        raise IngestError(f"no order lines below the header of {names}; give a file that has some")
    return landing


def is_landed(source: SourceFile, cache: Path) -> bool:
    """Say whether a raw file can be shown as it is now without reading it."""
    if source.form == "parquet":
        return True
    return _recall(_target(source, _fingerprint(source.path), cache)) is not None


def forget_unused(cache: Path) -> None:
    """Remove landed files that no run has asked for in 30 days."""
    with writing(cache):
        for record in older_than(cache, "*.json", _LANDED_LIFE):
            record.unlink(missing_ok=True)
            record.with_suffix(".parquet").unlink(missing_ok=True)


# One file ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fingerprint:
    size: int
    mtime_ns: int
    inode: int


def _fingerprint(path: Path) -> _Fingerprint:
    with reading(path):
        status = path.stat()
    return _Fingerprint(status.st_size, status.st_mtime_ns, status.st_ino)


def _target(source: SourceFile, fingerprint: _Fingerprint, cache: Path) -> Path:
    identity = (
        LANDING_VERSION,
        duckdb.__version__,
        str(source.path),
        source.label,
        *astuple(fingerprint),
    )
    return cache / f"{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]}.parquet"


def _land(connection: duckdb.DuckDBPyConnection, source: SourceFile, cache: Path) -> Landed:
    before = _fingerprint(source.path)
    if source.form == "parquet":
        query, pieces = show_parquet(connection, source)
        written = dt.datetime.fromtimestamp(before.mtime_ns / 1e9, dt.UTC)
        return Landed(_raw_files(source, pieces, before.size, written, {}), query=query)
    target = _target(source, before, cache)
    files = _recall(target) or _land_anew(connection, source, before, target)
    return Landed(files, parquet=target)


def _land_anew(
    connection: duckdb.DuckDBPyConnection,
    source: SourceFile,
    before: _Fingerprint,
    target: Path,
) -> tuple[RawFile, ...]:
    started = time.perf_counter()
    with draft_in(target.parent, ".parquet") as draft:
        pieces = _read_unchanged(connection, source, before, draft)
        hashes = _content_hashes(connection, draft)
        files = _raw_files(source, pieces, before.size, dt.datetime.now(dt.UTC), hashes)
        with writing(target.parent):
            _publish(draft, files, target)
    _log.info("landed %s in %.2f s", source.path, time.perf_counter() - started)
    return files


def _read_unchanged(
    connection: duckdb.DuckDBPyConnection,
    source: SourceFile,
    before: _Fingerprint,
    draft: Path,
) -> tuple[Piece, ...]:
    """Read a file and make sure that nobody wrote into it meanwhile."""
    write = write_workbook if source.form == "xlsx" else write_delimited
    try:
        pieces = write(connection, source, draft)
    except IngestError:
        _insist_on(source, before)
        raise
    except duckdb.Error as error:
        _insist_on(source, before)
        raise IngestError(f"cannot land {source.path}: {first_line(error)}") from error
    _insist_on(source, before)
    return pieces


def _insist_on(source: SourceFile, before: _Fingerprint) -> None:
    if _fingerprint(source.path) != before:
        raise IngestError(f"{source.path} changed while it was read; run again when it is complete")


def _content_hashes(connection: duckdb.DuckDBPyConnection, landed: Path) -> dict[str, int]:
    """What the rows of each raw file in a landed one come to, whatever their order."""
    query = f"select source_file, bit_xor({ROW_HASH}) from {read_parquet([landed])} group by all"  # noqa: S608 - by ingest.sql: quoted
    return dict(connection.execute(query).fetchall())


def _raw_files(
    source: SourceFile,
    pieces: tuple[Piece, ...],
    size: int,
    at: dt.datetime,
    hashes: dict[str, int],
) -> tuple[RawFile, ...]:
    landed_at = at.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return tuple(
        RawFile(
            source_file=piece.source_file,
            form=source.form,
            encoding=piece.encoding,
            raw_rows=piece.raw_rows,
            bytes=size,
            landed_at=landed_at,
            note=piece.note,
            content_hash=hashes.get(piece.source_file),
        )
        for piece in pieces
    )


# The cache -----------------------------------------------------------------------------------


def _publish(draft: Path, files: tuple[RawFile, ...], target: Path) -> None:
    """Put a finished file in its place, and then the record that makes it count."""
    if _recall(target):
        return  # another run was first, and may be reading its file
    record = {"parquet_crc32": _checksum(draft), "files": [asdict(file) for file in files]}
    draft.replace(target)
    with draft_in(target.parent, ".json") as text:
        text.write_text(json.dumps(record), encoding="utf-8")
        text.replace(_record(target))


def _recall(target: Path) -> tuple[RawFile, ...] | None:
    """Read the record of a landed file; None when it is not there, whole."""
    try:
        record = json.loads(_record(target).read_text(encoding="utf-8"))
        if _checksum(target) != record["parquet_crc32"]:
            return None  # Parquet itself notices few flipped bits
        files = tuple(RawFile(**file) for file in record["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):
        os.utime(_record(target))  # asked for today, so not forgotten
    return files


def _checksum(path: Path) -> int:
    """CRC-32 of a file, at about a gigabyte a second."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found = zlib.crc32(block, found)
    return found


def _record(target: Path) -> Path:
    return target.with_suffix(".json")
