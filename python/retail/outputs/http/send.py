"""One POST with the standard library: bounded in time and size, and never redirected."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from retail.outputs.http.retry import PostError

LARGEST_ANSWER = 1_000_000
BUSY = (408, 425, 429)
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Address:
    """An http(s) address; its path is often a secret, so it is not in its representation."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no http(s) address."""
        parts = urllib.parse.urlsplit(self.url)
        readable = self.url.isprintable() and " " not in self.url
        if parts.scheme not in ("http", "https") or not parts.hostname or not readable:
            raise ValueError("not an http or https address")

    @property
    def host(self) -> str:
        """The part that may be told: the host's name."""
        return urllib.parse.urlsplit(self.url).hostname or ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET, and take its headers elsewhere."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Follow nowhere; urllib then reports the redirect as an error."""
        return None


def post_json(
    address: Address,
    body: Mapping[str, object],
    timeout: float,
    headers: Mapping[str, str] = NO_HEADERS,
) -> bytes:
    """Send a JSON object and return the answer's body, of LARGEST_ANSWER bytes at most.

    Args:
        address: where to.
        body: the object.
        timeout: seconds without any sign of the other side.
        headers: beyond the content type, such as a key.

    Raises:
        PostError: it did not arrive, or the answer says so.
    """
    request = urllib.request.Request(  # noqa: S310 - Address takes http(s) only
        address.url,
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", **headers},
        method="POST",
    )
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=timeout) as answer:
            return bytes(answer.read(LARGEST_ANSWER))
    except urllib.error.HTTPError as error:
        error.close()
        may_pass = error.code >= 500 or error.code in BUSY
        raise PostError(f"{address.host} answered {error.code}", may_pass=may_pass) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(address, error) from None


def _unreachable(address: Address, error: Exception) -> PostError:
    """What kept the answer away, told by its kind: its text may hold the address."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return PostError(f"{address.host} has no valid certificate", may_pass=False)
    if isinstance(cause, TimeoutError):
        return PostError(f"{address.host} did not answer in time", may_pass=True)
    return PostError(f"cannot reach {address.host}", may_pass=True)
