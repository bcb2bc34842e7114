"""Cached answers: an unchanged file is asked once, a locked one is answered from the cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

from retail.reading import LockedError
from retail.storage import feedback_file
from retail.storage.publish import identity

MOST = 200
"""Answers kept; the one unused for longest goes."""
Stamp = tuple[tuple[int, int, int] | None, ...]
"""Changes with the file, or with the feedback beside it."""
Answer = TypeVar("Answer")
Given = ParamSpec("Given")


@dataclass
class Cache:
    """Answers by question, with the state of the file they were read from; shared by all readers.

    Threads take turns: while one has the file open, DuckDB lends the others the same state of it,
    also where it was replaced meanwhile.
    """

    turn: threading.Lock = field(default_factory=threading.Lock)
    kept: OrderedDict[object, tuple[Stamp, object]] = field(default_factory=OrderedDict)


@dataclass
class Session:
    """One view of the page: its file, and whether any answer on it is an old one."""

    path: Path
    cache: Cache
    is_late: bool = False

    def ask(
        self,
        question: Callable[Concatenate[Path, Given], Answer],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Answer:
        """Ask the file, or the cache where the file is unchanged or another program writes to it.

        Raises:
            LockedError: the file stays locked, and this was never asked before.
        """
        cache, key = self.cache, (question.__name__, *map(repr, given))
        with cache.turn:
            stamp = identity(self.path), identity(feedback_file.path_of(self.path))
            found = cache.kept.get(key)
            if found is None or found[0] != stamp:
                try:
                    cache.kept[key] = found = stamp, question(self.path, *given, **named)
                except LockedError:
                    if found is None:
                        raise
                    self.is_late = True
            cache.kept.move_to_end(key)
            while len(cache.kept) > MOST:
                cache.kept.popitem(last=False)
            return cast(Answer, found[1])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody in this program reads meanwhile."""
        with self.cache.turn:
            yield
