"""One deadline for a whole call: name look-up, connection, headers and every block together.

The timeout of a socket begins anew with every byte, so a server that drips holds its caller for
ever. A call therefore runs in a thread of its own, whose results are waited for until the deadline.
A thread that is late is left alone: it ends with the next byte, and at the latest with the process.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
_AHEAD = 4
"""Results that may wait to be taken: a call is not to run ahead of the disk."""
_PAUSE = 0.1


def within(seconds: float, act: Callable[[], T]) -> T:
    """Do something by a deadline.

    Raises:
        TimeoutError: it takes longer.
    """
    return next(iter(each_within(seconds, lambda: (act() for _ in range(1)))))


def each_within(seconds: float, act: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Take the results of something one by one, all of them by a deadline.

    Raises:
        TimeoutError: all of them take longer.
    """
    ends_at = time.monotonic() + seconds
    results: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(_AHEAD)
    is_over = threading.Event()
    threading.Thread(target=_work, args=(act, results, is_over), daemon=True).start()
    try:
        while (result := _next(results, ends_at)) is not None:
            if isinstance(result, BaseException):
                raise result
            yield result[0]
    finally:
        is_over.set()


def _next(results: queue.Queue[T], ends_at: float) -> T:
    with suppress(queue.Empty):
        if (remaining := ends_at - time.monotonic()) > 0:
            return results.get(timeout=remaining)
    raise TimeoutError("timed out")


def _work(
    act: Callable[[], Iterable[T]],
    results: queue.Queue[tuple[T] | BaseException | None],
    is_over: threading.Event,
) -> None:
    try:
        for result in act():
            if not _put((result,), results, is_over):
                return
        _put(None, results, is_over)
    except BaseException as error:
        _put(error, results, is_over)


def _put(result: T, results: queue.Queue[T], is_over: threading.Event) -> bool:
    """Hand a result over; False where it comes too late."""
    while not is_over.is_set():
        with suppress(queue.Full):
            results.put(result, timeout=_PAUSE)
            return True
    return False
