"""Fetch one file over HTTP, going on where an earlier try broke off."""

from __future__ import annotations

import http
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from retail.ingest.errors import IngestError, writing
from retail.storage.errors import reason

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here, and how many there will be where that is known."""

TIMEOUT_SECONDS = 30.0
"""For the connection, and for every wait between two blocks."""

_BLOCK = 1 << 18
_HEADERS = {"User-Agent": "ecommerce-analytics-intelligence"}
_AGAIN = "check the address and the connection, then run again"


@dataclass(frozen=True)
class Version:
    """What tells whether the file at a URL is still the one that was begun."""

    url: str
    """As it may be told."""
    etag: str | None
    last_modified: str | None
    size: int | None


class _StartOverError(Exception):
    """What is here is no beginning of what the server has now."""


def fetch(url: str, part: Path, progress: Progress | None = None) -> Version:
    """Fetch ``url`` into ``part``, going on with what an earlier try left there.

    The version that ``part`` belongs to is kept in a ``.json`` file beside it. When the server
    has another version by now, or gives no parts, everything is fetched again.

    Returns:
        The version that is now whole in ``part``.

    Raises:
        IngestError: the server can't be reached, refuses or breaks off.
        CannotWriteError: the disk refuses.
    """
    if not url.startswith(("http://", "https://")):
        raise IngestError(f"cannot fetch {told(url)}: give an address that begins with https://")
    if "@" in urllib.parse.urlsplit(url).netloc or " " in url or not url.isprintable():
        raise IngestError(f"cannot fetch {told(url)}: no address may hold a password or a blank")
    begun = _begun(url, part)
    if begun and part.stat().st_size == begun.size:
        return begun
    try:
        return _fetch(url, part, begun, progress)
    except _StartOverError:
        forget(part)
        return _fetch(url, part, None, progress)


def told(url: str) -> str:
    """The address as it may be told: user, password and query are secrets at times."""
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
    return begun if begun.url == told(url) and part.exists() else None


def _fetch(url: str, part: Path, begun: Version | None, progress: Progress | None) -> Version:
    offset = part.stat().st_size if begun else 0
    with _open(url, offset, begun) as response:
        version = _version(url, response)
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            offset = 0
        elif not begun:
            raise IngestError(f"{told(url)} answered with a part that nobody asked for; {_AGAIN}")
        elif begun != version or not _starts_at(response, offset):
            raise _StartOverError
        _receive(response, version, part, offset, progress)
    return version


@contextmanager
def _open(url: str, offset: int, begun: Version | None) -> Iterator[http.client.HTTPResponse]:
    headers = dict(_HEADERS)
    if begun and offset:
        headers["Range"] = f"bytes={offset}-"
        if validator := begun.etag or begun.last_modified:
            headers["If-Range"] = validator
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http(s) only, see fetch
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
                raise _StartOverError from error
            raise IngestError(
                f"{told(url)} answered {error.code} {error.reason}; {_AGAIN}"
            ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise IngestError(f"cannot reach {told(url)}: {_why(error)}; {_AGAIN}") from error
    with response:
        yield response


def _why(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return reason(cause) if isinstance(cause, OSError) else str(cause) or type(error).__name__


def _version(url: str, response: http.client.HTTPResponse) -> Version:
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    size = whole or response.headers.get("Content-Length", "")
    return Version(
        told(url),
        response.headers.get("ETag"),
        response.headers.get("Last-Modified"),
        int(size) if size.isascii() and size.isdigit() else None,
    )


def _starts_at(response: http.client.HTTPResponse, offset: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _receive(
    response: http.client.HTTPResponse,
    version: Version,
    part: Path,
    offset: int,
    progress: Progress | None,
) -> None:
    """Write what comes behind the first ``offset`` bytes of ``part``."""
    here = offset
    with writing(part.parent):
        if not offset:
            forget(part)
            _record(part).write_text(json.dumps(asdict(version)), encoding="utf-8")
        with part.open("ab") as file:
            for block in _blocks(response, version.url):
                file.write(block)
                file.flush()  # a killed download leaves all that has come
                here += len(block)
                if progress:
                    progress(here, version.size)
    if version.size not in (None, here):
        raise _broke_off(version.url, f"after {here:,} of {version.size:,} bytes")


def _blocks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    try:
        while block := response.read1(_BLOCK):
            yield block
    except (OSError, http.client.HTTPException) as error:
        raise _broke_off(url, f"({_why(error)})") from error


def _broke_off(url: str, how: str) -> IngestError:
    return IngestError(f"{url} broke off {how}; run again to go on from there")
