"""Members that go by another name: what sells under a new code is not gone.

A shop that moves to another system, or numbers its range anew, sells the same products under other
codes. A code continues another one where it is called the same, was never sold before, and the
other one alone was sold under that name in the weeks before. It does so as long as both together
sell about what the old one did, and the old one soon sells next to nothing. What is said of a day
rests on the days up to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from detect.group_by import group_by
from detect.members.panel import MemberPanel, Renaming, sums_by
from detect.records import Bools, Days, Floats, Ints

BEFORE, OVERLAP = 56, 28
"""Days before the first order of a new code in which the old one was sold, and after it in which
it may still be; chosen by hand."""
ENOUGH, LEFT = 0.5, 0.2
"""Least part of the old code's orders that both together have, and most that the old one still has
when the overlap is over; chosen by hand."""
FEWEST_BEFORE, FEWEST_SINCE = 10, 3
"""Orders of the old code in the days before, and of the new one since, from which they can be one
product's; chosen by hand."""


def find(daily: MemberPanel, labels: Sequence[str]) -> tuple[Renaming, ...]:
    """Find the members that another one continues, in order of the day and the old one's number.

    Args:
        daily: the panel by day.
        labels: what each member is called, (M,); those without a label continue nothing.
    """
    alike = group_by((m for m, label in enumerate(labels) if label), lambda m: labels[m])
    several = [members for members in alike.values() if len(members) > 1]
    orders = _orders_of(daily, [m for members in several for m in members])
    found = [r for members in several for r in _of_one_label(members, orders, daily.period)]
    return tuple(sorted(found, key=lambda r: (r.since, r.old)))


def _orders_of(daily: MemberPanel, members: Sequence[int]) -> dict[int, Floats]:
    """The orders of some members on each day, (T,) each."""
    day = np.repeat(np.arange(daily.period.size), np.diff(daily.start))
    order = np.argsort(daily.code, kind="stable")
    edges = np.searchsorted(daily.code[order], np.arange(len(daily.member) + 1))

    def of(member: int) -> Floats:
        mine = order[edges[member] : edges[member + 1]]
        return sums_by(day[mine], daily.orders[mine], daily.period.size)

    return {member: of(member) for member in members}


def _of_one_label(
    members: Sequence[int], orders: Mapping[int, Floats], period: Days
) -> Iterator[Renaming]:
    """The renamings among members that are called the same."""
    first = {m: int(np.argmax(orders[m] > 0)) for m in members if orders[m].any()}
    begun = group_by(first, lambda m: first[m])
    continued: set[int] = set()
    for start, fresh in sorted(begun.items()):
        if start < BEFORE:
            continue  # who knows what was sold before
        before = [m for m in first if orders[m][start - BEFORE : start].any()]
        if len(before) != 1 or len(fresh) != 1 or before[0] in continued:
            continue
        (old,), (new,) = before, fresh
        held = period[start:][_holds(orders[old], orders[new], start)]
        if held.size:
            continued.add(old)
            yield Renaming(old, new, period[start], held)


def _holds(old: Floats, new: Floats, start: int) -> Bools:
    """By which days from the new code's first one on it continues the old one, (T - start,)."""
    sold = old[start - BEFORE : start].sum()
    if sold < FEWEST_BEFORE:
        return np.zeros(old.size - start, dtype=bool)
    usual = sold / BEFORE
    days: Ints = np.arange(1, old.size - start + 1)
    of_old, of_new = (np.cumsum(orders[start:]) for orders in (old, new))
    later = np.maximum(days - OVERLAP, 0)
    left = of_old - of_old[np.minimum(days, OVERLAP) - 1]
    goes_on = (of_old + of_new >= ENOUGH * usual * days) & (of_new >= FEWEST_SINCE)
    return np.asarray(goes_on & (left <= LEFT * usual * later))
