"""One POST: bounded in time and size, and never redirected."""

from __future__ import annotations

import json
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import requests

from retail.http.deadline import within
from retail.http.retry import PostError

LARGEST_ANSWER = 1_000_000
BLOCK = 1 << 16
BUSY = (408, 425, 429)


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
        """The part that is no secret: the host's name."""
        return urllib.parse.urlsplit(self.url).hostname or ""


def post_json(address: Address, body: Mapping[str, object], timeout: float) -> None:
    """Send a JSON object, and read LARGEST_ANSWER bytes of the answer at most.

    Args:
        address: where to.
        body: the object.
        timeout: seconds for all of it, from the look-up of the name to the last byte.

    Raises:
        PostError: it did not arrive, or the answer says so.
    """
    try:
        within(timeout, lambda: _post(address, body, timeout))
    except (requests.RequestException, TimeoutError, ValueError) as error:
        raise _unreachable(address, error) from None


def _post(address: Address, body: Mapping[str, object], timeout: float) -> None:
    with requests.post(
        address.url,
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        timeout=timeout,
        allow_redirects=False,  # a redirected POST would take its headers elsewhere
        auth=no_login,
        verify=certificates(),
        stream=True,
    ) as answer:
        _refuse(address, answer.status_code)
        _drain(answer)


def no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no login: without this, requests takes that of a .netrc in place of a given key."""
    return request


def certificates() -> str | bool:
    """Where this machine keeps the certificates that it trusts; else those of requests."""
    known = ssl.get_default_verify_paths()
    return known.cafile or known.capath or True


def _refuse(address: Address, status: int) -> None:
    """Raise where an answer is no success."""
    if not 200 <= status < 300:
        may_pass = status >= 500 or status in BUSY
        raise PostError(f"{address.host} answered {status}", may_pass=may_pass)


def _drain(answer: requests.Response) -> None:
    read = 0
    for block in answer.iter_content(BLOCK):
        read += len(block)
        if read >= LARGEST_ANSWER:
            break


def _unreachable(address: Address, error: Exception) -> PostError:
    """Why no answer came, by the kind of error: its text may hold the address."""
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error)):
        return PostError(f"{address.host} has no valid certificate", may_pass=False)
    if any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes(error)):
        return PostError(f"{address.host} did not answer in time", may_pass=True)
    return PostError(f"cannot reach {address.host}", may_pass=True)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
