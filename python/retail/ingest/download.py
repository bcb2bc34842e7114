"""Bring the public data set home: the zip of its workbook, checked and converted to Parquet."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from retail.ingest.columns import PUBLIC_NAMES
from retail.ingest.errors import CannotWriteError, IngestError, writing
from retail.ingest.fetch import MOST_BYTES, Progress, TooLargeError, Version, fetch, forget
from retail.ingest.mapping import Reader
from retail.ingest.rows import write_rows
from retail.ingest.sources import PUBLIC_FILE
from retail.ingest.sql import read_parquet
from retail.ingest.workbook import read_sheets
from retail.ingest.workspace import draft_in, open_duckdb, sweep_drafts
from retail.storage.durable import put_in_place
from retail.storage.errors import first_line

PUBLIC_URL = "https://archive.ics.uci.edu/static/public/352/online+retail.zip"
"""Online Retail, UCI Machine Learning Repository, data set 352."""
URL_VARIABLE = "RETAIL_DOWNLOAD_URL"
MANIFEST_FILE = PUBLIC_FILE.with_suffix(".json")
"""What was downloaded, below the project root."""

MOST_UNPACKED = 1_000_000_000
"""Bytes of a workbook."""
_BLOCK = 1 << 20
_ARCHIVE_FILE = PUBLIC_FILE.with_suffix(".zip.part")
_LOCK_FILE = PUBLIC_FILE.with_suffix(".lock")


@dataclass(frozen=True)
class Expected:
    """What is known of a data set before it is fetched."""

    least_bytes: int
    most_bytes: int
    """Of the zip."""
    rows: int
    amount: Decimal
    """Sum of quantity x price over all rows."""


# Nobody could ask for the zip's SHA-256 here; its content is known exactly.
PUBLIC_DATA = Expected(10_000_000, 100_000_000, 541_909, Decimal("9747747.934"))


@dataclass(frozen=True)
class Manifest:
    """What was downloaded."""

    url: str
    etag: str | None
    last_modified: str | None
    bytes: int
    sha256: str
    """Of the zip."""
    rows: int
    downloaded_at: str
    """ISO time in UTC."""


def download(
    root: Path,
    *,
    url: str | None = None,
    sha256: str | None = None,
    expected: Expected | None = None,
    progress: Progress | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Manifest:
    """Fetch the data set and convert it to ``data/online_retail.parquet``, or change nothing.

    A try that breaks off leaves what it has; the next one goes on from there.

    Args:
        root: the project root.
        url: where the zip is; else ``RETAIL_DOWNLOAD_URL``, else the public home.
        sha256: refuse a zip with another one.
        expected: refuse other content; by default what is known of the public data set when it
            comes from its public home.
        progress: called with every block.
        environ: the environment, for ``RETAIL_DOWNLOAD_URL``.

    Raises:
        IngestError: it can't be fetched, or is not what it should be.
        CannotWriteError: the disk refuses.
    """
    url = url or environ.get(URL_VARIABLE) or PUBLIC_URL
    if url == PUBLIC_URL:
        expected = expected or PUBLIC_DATA
    archive = root / _ARCHIVE_FILE
    with writing(archive.parent):
        archive.parent.mkdir(parents=True, exist_ok=True)
        sweep_drafts(archive.parent)
    with _only_download(root / _LOCK_FILE):
        version = _fetch(url, archive, expected.most_bytes if expected else MOST_BYTES, progress)
        try:
            manifest = _convert(archive, version, root, sha256, expected)
        except CannotWriteError:
            raise  # the archive is good, and is there for the next try
        except Exception:  # whatever is wrong with it, the next try fetches it anew
            forget(archive)
            raise
        forget(archive)
    return manifest


def _fetch(url: str, archive: Path, most_bytes: int, progress: Progress | None) -> Version:
    try:
        return fetch(url, archive, progress, most_bytes)
    except TooLargeError:
        forget(archive)
        raise


@contextmanager
def _only_download(file: Path) -> Iterator[None]:
    lock = FileLock(file)
    with writing(file.parent):
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise IngestError(f"another download holds {file}; wait until it is done") from error
    try:
        yield
    finally:
        lock.release()


def _convert(
    archive: Path, version: Version, root: Path, sha256: str | None, expected: Expected | None
) -> Manifest:
    """Check the zip, convert its workbook, check that, and put it in its place."""
    digest, size = _check_archive(archive, version.url, sha256, expected)
    target = root / PUBLIC_FILE
    with (
        draft_in(target.parent, ".xlsx") as workbook,
        draft_in(target.parent, ".parquet") as draft,
        open_duckdb() as connection,
    ):
        _unpack(archive, version.url, workbook)
        sheets = read_sheets(workbook, version.url, Reader())
        lines = (row[: len(PUBLIC_NAMES)] for sheet in sheets for _, row in sheet.rows)
        rows = write_rows(connection, lines, PUBLIC_NAMES, draft)
        _check_content(connection, draft, version.url, rows, expected)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
        manifest = Manifest(
            url=version.url,
            etag=version.etag,
            last_modified=version.last_modified,
            bytes=size,
            sha256=digest,
            rows=rows,
            downloaded_at=now,
        )
        _publish(draft, manifest, root)
    return manifest


def _check_archive(
    archive: Path, url: str, sha256: str | None, expected: Expected | None
) -> tuple[str, int]:
    with writing(archive.parent), archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    if sha256 and digest != sha256.lower():
        raise _refused(url, f"has the SHA-256 {digest}, not {sha256.lower()}")
    if expected and not expected.least_bytes <= size <= expected.most_bytes:
        raise _refused(url, f"sent {size:,} bytes, which can't be the data set")
    return digest, size


def _unpack(archive: Path, url: str, target: Path) -> None:
    """Copy the one workbook in the zip into ``target``."""
    try:
        with zipfile.ZipFile(archive) as packed:
            names = [name for name in packed.namelist() if name.casefold().endswith(".xlsx")]
            if len(names) != 1:
                raise _refused(url, f"sent a zip with {len(names)} workbooks instead of one")
            with (
                packed.open(names[0]) as workbook,
                writing(target.parent),
                target.open("wb") as file,
            ):
                while block := workbook.read(_BLOCK):
                    if file.tell() > MOST_UNPACKED:
                        raise _refused(url, f"sent a workbook of more than {MOST_UNPACKED:,} bytes")
                    file.write(block)
    except (IngestError, MemoryError):
        raise
    except Exception as error:  # of whatever kind: a zip may be wrong in very many ways
        raise _refused(url, f"sent no readable zip ({first_line(error)})") from error


def _check_content(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    url: str,
    rows: int,
    expected: Expected | None,
) -> None:
    if not rows:
        raise _refused(url, "sent a workbook without order lines")
    if expected is None:
        return
    amount = "sum(Quantity::decimal(18, 0) * UnitPrice::decimal(18, 3))"
    query = f"select {amount} from {read_parquet([parquet])}"  # noqa: S608 - by ingest.sql: quoted
    try:
        total = connection.execute(query).fetchall()[0][0]
    except duckdb.Error as error:
        raise _refused(url, "sent quantities or prices that are no numbers") from error
    if (rows, total) != (expected.rows, expected.amount):
        raise _refused(
            url,
            f"sent {rows:,} rows worth {total:,}, "
            f"not the {expected.rows:,} rows worth {expected.amount:,} of the public data set",
        )


def _publish(draft: Path, manifest: Manifest, root: Path) -> None:
    """Put the manifest in its place, and then the data, whose presence is what counts."""
    with writing(draft.parent), draft_in(draft.parent, ".json") as text:
        text.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
        put_in_place(text, root / MANIFEST_FILE)
        put_in_place(draft, root / PUBLIC_FILE)


def _refused(url: str, what: str) -> IngestError:
    return IngestError(f"{url} {what}; nothing was kept of it: check the address")
