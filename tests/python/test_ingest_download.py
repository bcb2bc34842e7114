"""Bringing the public data set home, over a network that fails in every way."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import openpyxl
import pytest

import servers
from retail import ingest
from retail.commands import main as retail
from retail.ingest import download as downloading
from retail.ingest import fetch
from retail.ingest.columns import PUBLIC_NAMES
from retail.ingest.download import MANIFEST_FILE, Expected, Manifest, download
from retail.ingest.errors import CannotWriteError
from retail.ingest.progress import progress_bar
from retail.ingest.sources import PUBLIC_FILE, choose
from test_ingest_support import LINE, OTHER_LINE, as_landed, shown

ROWS = 300
LINES = [*[LINE] * (ROWS - 1), OTHER_LINE]
AMOUNT = (ROWS - 1) * 6 * Decimal("2.55") - Decimal("27.5")


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(PUBLIC_NAMES)
    for line in LINES:
        book.worksheets[0].append(line)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def packed(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return target.getvalue()


WORKBOOK = workbook()
ZIP = packed(**{"Online Retail_xlsx": WORKBOOK})
HALF = len(ZIP) // 2


@dataclass
class Home:
    """A server that behaves as it is told, and remembers what it was asked."""

    content: bytes = ZIP
    etag: str | None = '"1"'
    ranges: bool = True
    """Whether it gives parts."""
    mad: bool = False
    """Whether it calls everything a part."""
    sends: int | None = None
    """Bytes after which it breaks off."""
    tells_size: bool = True
    status: int | None = None
    goes_on: threading.Event | None = None
    """What it waits for after breaking off."""
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    """Range and If-Range of every request."""
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted, if_range = request.headers["Range"], request.headers["If-Range"]
        self.asked.append((wanted, if_range))
        if self.status:
            request.send_error(self.status)
            return
        start = int(wanted[6:-1]) if wanted and self.ranges and if_range in (None, self.etag) else 0
        if start and start >= len(self.content):
            request.send_error(416)
            return
        body = self.content[start:]
        request.send_response(206 if start or self.mad else 200)
        if start:
            whole = len(self.content)
            request.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if self.tells_size:
            request.send_header("Content-Length", str(len(body)))
        if self.etag:
            request.send_header("ETag", self.etag)
        request.end_headers()
        request.wfile.write(body[: self.sends])
        request.wfile.flush()
        if self.sends is not None and self.goes_on:
            self.goes_on.wait(30)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A server on this machine."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = Home()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            home.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        home.url = f"http://127.0.0.1:{server.server_port}/online+retail.zip"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield home
        server.shutdown()
        thread.join()


def refusal(root: Path, home: Home, **options: object) -> str:
    """The one line a download is refused with; nothing must look like a finished one."""
    with pytest.raises(ingest.IngestError) as refused:
        download(root, url=home.url, **options)  # type: ignore[arg-type]
    assert choose(root, {}).origin == "simulated shop"
    assert not list((root / "data").glob(".draft*"))
    message = str(refused.value)
    assert message.isprintable()
    return message.replace(home.url, "URL")


def part_of(root: Path) -> Path:
    return root / downloading._ARCHIVE_FILE


def check(root: Path) -> None:
    """The download is there, whole, and reads as order lines."""
    landing = ingest.land(ingest.resolve(root, {}), root / "landed")
    assert landing.origin == "public data set"
    assert shown(landing) == [as_landed(line) for line in LINES]
    kept = {MANIFEST_FILE.name, PUBLIC_FILE.name, "online_retail.lock"}
    assert {path.name for path in (root / "data").iterdir()} == kept


# When all goes well --------------------------------------------------------------------------


def test_the_zip_is_fetched_converted_and_recorded(tmp_path: Path, home: Home) -> None:
    told: list[tuple[int, int | None]] = []
    manifest = download(tmp_path, url=home.url, progress=lambda *here: told.append(here))
    check(tmp_path)
    assert told[-1] == (len(ZIP), len(ZIP))
    assert told == sorted(told)
    assert manifest == Manifest(**json.loads((tmp_path / MANIFEST_FILE).read_text()))
    assert (manifest.rows, manifest.bytes, manifest.etag) == (ROWS, len(ZIP), '"1"')
    assert manifest.sha256 == hashlib.sha256(ZIP).hexdigest()
    query = f"select * from '{tmp_path / PUBLIC_FILE}'"
    with duckdb.connect() as connection:
        columns = [name for name, *_ in connection.execute(query).description or []]
    assert tuple(columns) == PUBLIC_NAMES


def test_the_address_comes_from_the_environment(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_DOWNLOAD_URL", home.url)
    assert retail(["source", "download", "--root", str(tmp_path)]) == 0
    check(tmp_path)


def test_a_size_that_is_not_told_is_no_obstacle(tmp_path: Path, home: Home) -> None:
    home.tells_size = False
    download(tmp_path, url=home.url)
    check(tmp_path)


def test_a_new_download_replaces_the_old_one(tmp_path: Path, home: Home) -> None:
    download(tmp_path, url=home.url)
    home.content = packed(a_xlsx=WORKBOOK)
    assert download(tmp_path, url=home.url).sha256 == hashlib.sha256(home.content).hexdigest()
    check(tmp_path)


def test_the_bar_ends_full_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(shown=True) as draw:
        assert draw
        for here in (0, 10_000_000, 20_000_000):
            draw(here, 20_000_000)
    bar = capsys.readouterr().err
    assert bar.startswith(f"\r[{' ' * 30}] 0.0 of 20.0 MB")
    assert bar.endswith(f"\r[{'#' * 30}] 20.0 of 20.0 MB\n")


# Going on where it broke off -----------------------------------------------------------------


def test_what_broke_off_goes_on(tmp_path: Path, home: Home) -> None:
    home.sends = HALF
    message = f"URL broke off after {HALF:,} of {len(ZIP):,} bytes; run again to go on from there"
    assert refusal(tmp_path, home) == message
    home.sends = None
    download(tmp_path, url=home.url)
    check(tmp_path)
    assert home.asked == [(None, None), (f"bytes={HALF}-", '"1"')]


def test_a_killed_download_goes_on(tmp_path: Path, home: Home) -> None:
    home.sends, home.goes_on = HALF, threading.Event()
    command = [
        sys.executable,
        "-m",
        "retail",
        "source",
        "download",
        "--root",
        tmp_path,
        "--url",
        home.url,
    ]
    with subprocess.Popen(command) as process:
        waited_until = time.monotonic() + 30
        while not part_of(tmp_path).exists() or part_of(tmp_path).stat().st_size < HALF:
            assert time.monotonic() < waited_until
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    home.goes_on.set()
    home.sends = None
    download(tmp_path, url=home.url)
    check(tmp_path)
    assert home.asked == [(None, None), (f"bytes={HALF}-", '"1"')]


def test_a_download_killed_before_it_was_converted_is_not_fetched_again(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(
            downloading, "_convert", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            download(tmp_path, url=home.url)
    download(tmp_path, url=home.url)
    check(tmp_path)
    assert len(home.asked) == 1


@pytest.mark.parametrize(
    "why", ["no parts", "other tag", "other tag, part all the same", "shorter"]
)
def test_it_starts_over_when_the_rest_is_not_to_be_had(
    tmp_path: Path, home: Home, why: str
) -> None:
    home.content, home.sends = ZIP if why != "shorter" else ZIP * 3, len(ZIP) - 1
    refusal(tmp_path, home)
    home.content, home.sends = ZIP, None
    match why:
        case "no parts":
            home.ranges = False
        case "other tag":
            home.etag = '"2"'
        case "other tag, part all the same":
            state = json.loads(fetch._record(part_of(tmp_path)).read_text()) | {"etag": None}
            fetch._record(part_of(tmp_path)).write_text(json.dumps(state))
        case "shorter":
            part_of(tmp_path).write_bytes(ZIP * 2)
    download(tmp_path, url=home.url)
    check(tmp_path)
    assert home.asked[1][0]


def test_another_address_is_not_gone_on_with(tmp_path: Path, home: Home) -> None:
    home.sends = HALF
    refusal(tmp_path, home)
    home.sends = None
    home.url += "?mirror"
    download(tmp_path, url=home.url)
    check(tmp_path)
    assert home.asked[1] == (None, None)


# Refusals ------------------------------------------------------------------------------------


def encrypted(archive: bytes) -> bytes:
    """The zip with the mark of encryption in both its headers."""
    return with_field(archive, 6, 8, 1)


def compressed_otherwise(archive: bytes) -> bytes:
    """The zip with a method that nobody knows."""
    return with_field(archive, 8, 10, 77)


def with_field(archive: bytes, local: int, central: int, value: int) -> bytes:
    content, directory = bytearray(archive), archive.rindex(b"PK\x01\x02")
    for at in (local, directory + central):
        content[at : at + 2] = value.to_bytes(2, "little")
    return bytes(content)


def far_cell() -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(PUBLIC_NAMES)
    book.worksheets[0].cell(1_048_576, 16_384).value = 1
    book.save(target)
    return target.getvalue()


KEPT = "nothing was kept of it: check the address"
CONTENTS = {
    "a page": (
        b"<html>sign in</html>",
        f"URL sent no readable zip (File is not a zip file); {KEPT}",
    ),
    "nothing": (b"", f"URL sent no readable zip (File is not a zip file); {KEPT}"),
    "half a zip": (ZIP[:HALF], f"URL sent no readable zip (File is not a zip file); {KEPT}"),
    "a damaged zip": (
        ZIP[:200] + b"XXXX" + ZIP[204:],
        f"URL sent no readable zip (Bad CRC-32 for file 'Online Retail.xlsx'); {KEPT}",
    ),
    "no workbook": (packed(a_csv=b""), f"URL sent a zip with 0 workbooks instead of one; {KEPT}"),
    "two workbooks": (
        packed(a_xlsx=WORKBOOK, b_xlsx=WORKBOOK),
        f"URL sent a zip with 2 workbooks instead of one; {KEPT}",
    ),
    "an encrypted zip": (
        encrypted(ZIP),
        "URL sent no readable zip (File 'Online Retail.xlsx' is encrypted, password required",
    ),
    "a zip of another compression": (
        compressed_otherwise(ZIP),
        "URL sent no readable zip (That compression method is not supported",
    ),
    "a workbook with a cell in its last corner": (
        packed(a_xlsx=far_cell()),
        "URL is not a readable workbook (its reader crashed",
    ),
    "a broken workbook": (packed(a_xlsx=b"x"), "URL is not a readable workbook ("),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_not_the_zip_is_refused_and_not_kept(
    tmp_path: Path, home: Home, content: str
) -> None:
    home.content, message = CONTENTS[content]
    assert refusal(tmp_path, home).startswith(message)
    assert not part_of(tmp_path).exists()
    home.content = ZIP
    download(tmp_path, url=home.url)
    check(tmp_path)


def test_more_bytes_than_anybody_asked_for_are_not_kept(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Expected(1, HALF, ROWS, AMOUNT)
    assert refusal(tmp_path, home, expected=expected) == f"URL sends more than {HALF:,} bytes"
    assert not part_of(tmp_path).exists()
    monkeypatch.setattr(downloading, "MOST_UNPACKED", len(WORKBOOK) // 2)
    monkeypatch.setattr(downloading, "_BLOCK", 100)
    told = f"URL sent a workbook of more than {len(WORKBOOK) // 2:,} bytes; {KEPT}"
    assert refusal(tmp_path, home) == told
    assert not part_of(tmp_path).exists()


def test_another_checksum_is_refused(tmp_path: Path, home: Home) -> None:
    digest = hashlib.sha256(ZIP).hexdigest()
    assert refusal(tmp_path, home, sha256="0" * 64) == (
        f"URL has the SHA-256 {digest}, not {'0' * 64}; {KEPT}"
    )
    download(tmp_path, url=home.url, sha256=digest.upper())
    check(tmp_path)


def test_other_content_than_the_public_data_set_is_refused(tmp_path: Path, home: Home) -> None:
    refused = {
        Expected(10**6, 10**7, ROWS, AMOUNT): f"URL sent {len(ZIP):,} bytes, which can't be",
        Expected(1, 10**7, ROWS + 1, AMOUNT): "URL sent 300 rows worth 4,547.200, not the 301 rows",
        Expected(1, 10**7, ROWS, AMOUNT + 1): "URL sent 300 rows worth 4,547.200, not the 300 rows",
    }
    for expected, message in refused.items():
        assert refusal(tmp_path, home, expected=expected).startswith(message)
    download(tmp_path, url=home.url, expected=Expected(1, 10**7, ROWS, AMOUNT))
    check(tmp_path)


def test_the_public_home_is_held_to_what_is_known_of_it(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "PUBLIC_URL", home.url)
    assert f"URL sent {len(ZIP):,} bytes, which can't be the data set" in refusal(tmp_path, home)


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_no_of_the_server_is_told(tmp_path: Path, home: Home, status: int) -> None:
    home.status = status
    assert re.match(rf"URL answered {status} [A-Z].*; check the address", refusal(tmp_path, home))


def test_a_part_that_nobody_asked_for_is_refused(tmp_path: Path, home: Home) -> None:
    home.mad = True
    assert refusal(tmp_path, home).startswith("URL answered with a part that nobody asked for; ")


def test_a_silent_server_is_given_up(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT_SECONDS", 0.2)
    home.sends, home.goes_on = HALF, threading.Event()
    assert refusal(tmp_path, home) == "URL broke off (timed out); run again to go on from there"
    assert part_of(tmp_path).stat().st_size == HALF
    home.goes_on.set()


@pytest.mark.parametrize("place", servers.DRIPS)
def test_a_dripping_server_is_given_up(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(fetch, "DEADLINE_SECONDS", 1)
    usual = home.url
    with servers.drip(servers.DRIPS[place]) as port:
        started = time.monotonic()
        home.url = f"http://127.0.0.1:{port}/online+retail.zip"
        told = "URL broke off (not done within 1 seconds); run again to go on from there"
        assert refusal(tmp_path, home) == told
        assert time.monotonic() - started < 3
    home.url = usual
    download(tmp_path, url=home.url)
    check(tmp_path)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1/a.zip", "cannot reach URL: connection refused; "),
        ("http://nowhere.invalid/a.zip", "cannot reach URL: "),
        ("http://127.0.0.1:x/a.zip", "cannot reach URL: no valid address; "),
        ("ftp://127.0.0.1/a.zip", "cannot fetch URL: give an address that begins with https://"),
        ("data.zip", "cannot fetch URL: give an address that begins with https://"),
        (
            "http://me:s3cret@127.0.0.1:1/a.zip",
            "cannot fetch http://127.0.0.1:1/a.zip: no address may hold a password",
        ),
        ("http://127.0.0.1:1/a.zip?s3cret", "cannot reach http://127.0.0.1:1/a.zip?…: "),
        ("http://127.0.0.1:1/a.zip?s3 cret", "cannot fetch http://127.0.0.1:1/a.zip?…: no "),
    ],
)
def test_an_address_that_leads_nowhere_is_told(
    tmp_path: Path, home: Home, url: str, message: str
) -> None:
    home.url = url
    assert refusal(tmp_path, home).startswith(message)


def test_a_second_download_waits_for_nothing(tmp_path: Path, home: Home) -> None:
    (tmp_path / "data").mkdir()
    with downloading._only_download(tmp_path / downloading._LOCK_FILE):
        assert refusal(tmp_path, home).startswith("another download holds ")
    assert home.asked == []


@pytest.mark.parametrize(
    "room", [pytest.param(HALF, id="half"), pytest.param(len(ZIP) - 1, id="all but a byte")]
)
def test_a_full_disk_is_told_and_the_download_goes_on_when_there_is_room(
    tmp_path: Path, home: Home, room: int
) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "retail",
            "source",
            "download",
            "--root",
            tmp_path,
            "--url",
            home.url,
        ],
        preexec_fn=little_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    line = r"retail source download: cannot write below .*: file too large; make .*\n"
    assert re.fullmatch(line, done.stderr)
    download(tmp_path, url=home.url)
    check(tmp_path)
    assert home.asked[1] == (f"bytes={room}-", '"1"')


def test_no_room_for_the_conversion_keeps_what_was_fetched(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise CannotWriteError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(downloading, "write_rows", full)
        assert refusal(tmp_path, home) == "no room"
    download(tmp_path, url=home.url)
    check(tmp_path)
    assert len(home.asked) == 1


def test_the_command_tells_a_failure_in_one_line(
    tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.status = 404
    assert retail(["source", "download", "--root", str(tmp_path), "--url", home.url]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    line = r"retail source download: http://\S+ answered 404 Not Found; check the address .*\n"
    assert re.fullmatch(line, err)
