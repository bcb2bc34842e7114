"""95 % intervals of rates, from events counted in blocks of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import special

from detect.group_by import group_by
from detect.records import Anomaly

TAIL = 0.025
"""Chance beyond a 95 % interval on either side."""
BLOCK_DAYS = 28
"""Days of a block: findings of one cause lie in one or two of them."""
RESAMPLES = 4000


@dataclass(frozen=True)
class Blocks:
    """Events counted in blocks of time of one length, and the days of all of them."""

    counts: tuple[int, ...] = ()
    days: int = 0

    def __add__(self, other: Blocks) -> Blocks:
        """Both together."""
        return Blocks(self.counts + other.counts, self.days + other.days)

    @property
    def count(self) -> int:
        """Events of all blocks."""
        return sum(self.counts)

    @property
    def weeks(self) -> int:
        """Whole weeks of all blocks."""
        return self.days // 7


NONE = Blocks()


def blocks(events: Iterable[dt.date], first: dt.date, last: dt.date) -> Blocks:
    """Count events from a day to another, in blocks of about BLOCK_DAYS.

    What began before, such as a week, counts in the first one.
    """
    days = (last - first).days + 1
    number = max(round(days / BLOCK_DAYS), 1)
    places = [max((event - first).days, 0) * number // days for event in events]
    return Blocks(tuple(map(int, np.bincount(places, minlength=number))), days)


def of_incidents(found: Iterable[Anomaly], first: dt.date, last: dt.date) -> Blocks:
    """Count the incidents of some findings by the days that they begin on."""
    each = group_by(found, lambda a: a.incident_id).values()
    return blocks([min(a.period_start for a in some) for some in each], first, last)


def rate_interval(events: Blocks) -> tuple[float, float]:
    """Interval of a rate per week.

    The farther ends of two intervals: of resampled blocks (block bootstrap; Efron & Tibshirani,
    1993), as events come in clusters, and of independent events (Garwood, 1936), as a few blocks
    know little of their spread.
    """
    counts = np.array(events.counts)
    drawn = np.random.default_rng(0).choice(counts, (RESAMPLES, counts.size)).sum(axis=1)
    low, high = np.quantile(drawn, (TAIL, 1 - TAIL))
    fewest = special.chdtri(2 * events.count, 1 - TAIL) / 2 if events.count else 0.0
    most = special.chdtri(2 * events.count + 2, TAIL) / 2
    weeks = events.days / 7
    return float(min(low, fewest) / weeks), float(max(high, most) / weeks)
