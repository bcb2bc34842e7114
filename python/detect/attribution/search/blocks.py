"""Process many leaves in blocks, on all cores: a block fits the cache of its core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")
BLOCK = 2**16
"""Leaves worked on at once."""
MANY = 2**20
"""Leaves from which threads are worth their start; NumPy works outside of Python's lock."""


def in_blocks(work: Callable[[slice], T], size: int) -> list[T]:
    """Results of `work` on every block of `size` leaves, in order."""
    blocks = [slice(start, start + BLOCK) for start in range(0, size, BLOCK)]
    return on_cores(work, blocks, size)


def on_cores(work: Callable[[S], T], parts: Iterable[S], size: int) -> list[T]:
    """Results of `work` on every part, in order; on all cores where `size` leaves are many."""
    if size < MANY:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(_cores()) as pool:
        return list(pool.map(work, parts))


def _cores() -> int:
    """Cores that this process may use, where the system tells that (macOS doesn't), else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
