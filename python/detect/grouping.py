"""Rows that belong together, in one list."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def by(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Rows by what `key` says of each; keys and rows in the order they come."""
    found: dict[K, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
