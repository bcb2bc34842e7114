"""Fetch one file over HTTP, going on where an earlier try broke off."""

from __future__ import annotations

import http
import json
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from retail.http import causes, certificates, each_within, no_login
from retail.ingest.errors import IngestError, writing
from retail.storage.errors import reason

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here, and how many there will be where that is known."""

TIMEOUT_SECONDS = 30.0
"""For the connection, and for every wait between two blocks."""
DEADLINE_SECONDS = 1800.0
"""For all of a try; the next one goes on from there."""

MOST_BYTES = 1_000_000_000
_BLOCK = 1 << 18
_HEADERS = {
    "User-Agent": "ecommerce-analytics-intelligence",
    "Accept-Encoding": "identity",  # a range of packed bytes is none of the file's
}
_AGAIN = "check the address and the connection, then run again"


@dataclass(frozen=True)
class Version:
    """What tells whether the file at a URL is still the one that was begun."""

    url: str
    """Without user, password and query."""
    etag: str | None
    last_modified: str | None
    size: int | None


class TooLargeError(IngestError):
    """A server sends more than anybody asked for."""


class _StartOverError(Exception):
    """What is here is no beginning of what the server has now."""


def fetch(
    url: str, part: Path, progress: Progress | None = None, most_bytes: int = MOST_BYTES
) -> Version:
    """Fetch ``url`` into ``part``, going on with what an earlier try left there.

    The version that ``part`` belongs to is kept in a ``.json`` file beside it. When the server
    has another version by now, or gives no parts, everything is fetched again.

    Returns:
        The version that is now whole in ``part``.

    Raises:
        IngestError: the server can't be reached, refuses or breaks off.
        TooLargeError: it sends more than ``most_bytes``.
        CannotWriteError: the disk refuses.
    """
    if not url.startswith(("http://", "https://")):
        raise IngestError(
            f"cannot fetch {redacted(url)}: give an address that begins with https://"
        )
    if "@" in urllib.parse.urlsplit(url).netloc or " " in url or not url.isprintable():
        raise IngestError(
            f"cannot fetch {redacted(url)}: no address may hold a password or a blank"
        )
    begun = _begun(url, part)
    if begun and part.stat().st_size == begun.size:
        return begun
    try:
        return _fetch(url, part, begun, most_bytes, progress)
    except _StartOverError:
        forget(part)
        return _fetch(url, part, None, most_bytes, progress)


def redacted(url: str) -> str:
    """Return an address without user, password and query, which may be secrets."""
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query=parts.query and "…", fragment="").geturl()


def forget(part: Path) -> None:
    """Remove what was fetched into ``part``."""
    with writing(part.parent):
        part.unlink(missing_ok=True)
        _record(part).unlink(missing_ok=True)


def _record(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _begun(url: str, part: Path) -> Version | None:
    """Read which version of ``url`` was begun; None when there is nothing to go on with."""
    try:
        begun = Version(**json.loads(_record(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return begun if begun.url == redacted(url) and part.exists() else None


def _fetch(
    url: str, part: Path, begun: Version | None, most_bytes: int, progress: Progress | None
) -> Version:
    """Write what comes behind the bytes that are in ``part`` already."""
    answer = _answer_in_time(url, part.stat().st_size if begun else 0, begun)
    version, here, _ = next(answer)
    with writing(part.parent):
        if not here:
            forget(part)
            _record(part).write_text(json.dumps(asdict(version)), encoding="utf-8")
        with part.open("ab") as file:
            for _, here, block in answer:
                if here > most_bytes:
                    raise TooLargeError(f"{version.url} sends more than {most_bytes:,} bytes")
                file.write(block)
                file.flush()  # a killed download leaves all that has come
                if progress:
                    progress(here, version.size)
    if version.size not in (None, here):
        raise _broke_off(version.url, f"after {here:,} of {version.size:,} bytes")
    return version


_Answer = Iterator[tuple[Version, int, bytes]]
"""The version, how many bytes of it are here, and the last block of these; the first is empty."""


def _answer_in_time(url: str, offset: int, begun: Version | None) -> _Answer:
    try:
        yield from each_within(DEADLINE_SECONDS, lambda: _answer(url, offset, begun))
    except TimeoutError as error:
        raise _broke_off(
            redacted(url), f"(not done within {DEADLINE_SECONDS:g} seconds)"
        ) from error


def _answer(url: str, offset: int, begun: Version | None) -> _Answer:
    """Ask for what comes behind the first ``offset`` bytes, or for everything."""
    with _open(url, offset, begun) as response:
        version = _version(url, response)
        if response.status_code != http.HTTPStatus.PARTIAL_CONTENT:
            offset = 0
        elif not begun:
            raise IngestError(
                f"{redacted(url)} answered with a part that nobody asked for; {_AGAIN}"
            )
        elif begun != version or not _starts_at(response, offset):
            raise _StartOverError
        yield version, offset, b""
        for block in _blocks(response, version.url):
            offset += len(block)
            yield version, offset, block


@contextmanager
def _open(url: str, offset: int, begun: Version | None) -> Iterator[requests.Response]:
    headers = dict(_HEADERS)
    if begun and offset:
        headers["Range"] = f"bytes={offset}-"
        if validator := begun.etag or begun.last_modified:
            headers["If-Range"] = validator
    try:
        response = requests.get(
            url,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            auth=no_login,
            verify=certificates(),
            stream=True,
        )
    except (requests.RequestException, ValueError) as error:
        raise IngestError(f"cannot reach {redacted(url)}: {_why(error)}; {_AGAIN}") from error
    with response:
        if response.status_code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            raise _StartOverError
        if not response.ok:
            answer = f"{response.status_code} {response.reason}"
            raise IngestError(f"{redacted(url)} answered {answer}; {_AGAIN}")
        yield response


def _why(error: Exception) -> str:
    """What an error comes from, in words; its own text would tell all of the address."""
    found = list(causes(error))
    system = next((one for one in found if isinstance(one, OSError) and one.errno), None)
    if system:
        return reason(system)
    if any(isinstance(one, TimeoutError | requests.Timeout) for one in found):
        return "timed out"
    return "no valid address" if isinstance(error, ValueError) else type(error).__name__


def _version(url: str, response: requests.Response) -> Version:
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    size = whole or response.headers.get("Content-Length", "")
    return Version(
        redacted(url),
        response.headers.get("ETag"),
        response.headers.get("Last-Modified"),
        int(size) if size.isascii() and size.isdigit() else None,
    )


def _starts_at(response: requests.Response, offset: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _blocks(response: requests.Response, url: str) -> Iterator[bytes]:
    response.raw.enforce_content_length = False  # a body that ends early is reported in bytes
    try:
        while block := response.raw.read1(_BLOCK, decode_content=False):
            yield block
    except (OSError, HTTPError) as error:
        raise _broke_off(url, f"({_why(error)})") from error


def _broke_off(url: str, how: str) -> IngestError:
    return IngestError(f"{url} broke off {how}; run again to go on from there")
