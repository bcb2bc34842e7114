"""What the environment asks for; nothing is rewritten unless it does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from retail.errors import RetailError
from retail.http import Address

TIMEOUT_SECONDS = 20
MOST_STORIES = 20


@dataclass(frozen=True)
class Settings:
    """The endpoint; the key and the address's path are not in its representation.

    `timeout` is in seconds; `most` is how many stories are sent off in one run, the newest first.
    """

    address: Address
    model: str
    key: str = field(repr=False)
    timeout: int
    most: int = MOST_STORIES


def read(environment: Mapping[str, str] | None = None) -> Settings | None:
    """The endpoint that the environment names; None where it names none.

    Raises:
        RetailError: it is named by halves.
    """
    given = os.environ if environment is None else environment
    url, model = given.get("REWRITE_URL", ""), given.get("REWRITE_MODEL", "")
    if not url:
        return None
    if not model:
        raise RetailError("REWRITE_URL is set, REWRITE_MODEL is not; name the model too")
    key = given.get("REWRITE_API_KEY", "")
    if not (key.isascii() and key.isprintable()):
        raise RetailError("REWRITE_API_KEY holds signs that no header may hold; set it anew")
    timeout = given.get("REWRITE_TIMEOUT") or str(TIMEOUT_SECONDS)
    if not (timeout.isascii() and timeout.isdecimal() and 0 < int(timeout) <= 600):
        raise RetailError("REWRITE_TIMEOUT is no whole number of seconds from 1 to 600")
    try:
        address = Address(_chat(url))
    except ValueError as error:
        raise RetailError(f"REWRITE_URL is {error}") from None
    return Settings(address, model, key, int(timeout))


def _chat(url: str) -> str:
    """The chat endpoint, also of an address that stops at its version."""
    bare = url.rstrip("/")
    return bare if bare.endswith("/chat/completions") else f"{bare}/chat/completions"
