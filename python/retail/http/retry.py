"""Try again after a pause, three times at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import tenacity

PAUSES = (1.0, 3.0)
"""Seconds before the second and the third attempt; there is no fourth."""
T = TypeVar("T")
Sleep = Callable[[float], None]


class PostError(Exception):
    """A message did not arrive; the text says why, and holds no address, key or answer.

    `may_pass` is true where a later attempt may succeed: nobody answered, or the other side was
    busy. Otherwise this very message, or every one, was refused.
    """

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.may_pass = may_pass


def with_retry(act: Callable[[], T], sleep: Sleep = time.sleep) -> T:
    """Do something, again after each of PAUSES while it fails in a way that may pass.

    Raises:
        PostError: that of the last attempt.
    """
    retrying = tenacity.Retrying(
        sleep=sleep,
        stop=tenacity.stop_after_attempt(1 + len(PAUSES)),
        wait=tenacity.wait_chain(*map(tenacity.wait_fixed, PAUSES)),
        retry=tenacity.retry_if_exception(lambda e: isinstance(e, PostError) and e.may_pass),
        reraise=True,
    )
    return retrying(act)
