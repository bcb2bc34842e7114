"""What to plant in a copy: kinds and sizes by chance, or plain incidents in known segments."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from dataclasses import dataclass

import numpy as np

from retail.simulate import Incident, choose_incidents
from retail.simulate.incidents.market import Market

SMALLER = (1.0, 0.7, 0.5, 0.35)
"""Incidents chosen by chance are planted at these parts of a conspicuous size."""
SCALABLE = frozenset({
    "outage", "surge", "bulk_order", "returns_wave", "guest_break", "campaign", "price_cut",
    "combination",
})  # fmt: skip
FIRST_DAY, APART = dt.timedelta(days=84), dt.timedelta(days=42)
"""From the first day of the data to the first incident, and from one to the next."""
PER_COPY = 6
TOP_PRODUCTS, TOP_COUNTRIES = 8, 4


@dataclass(frozen=True)
class Plain:
    """A kind of incident large enough to be seen, and what its segment is made of."""

    kind: str
    size: float
    dimensions: tuple[str, ...] = ()
    days: int = 1
    reversal: bool = False


PLAINS = (
    Plain("outage", 0.9),
    Plain("price_error", 1000.0, ("product",), days=2),
    Plain("bulk_order", 3.0, ("product",), reversal=True),
    Plain("half_day", 11.0),
    Plain("returns_wave", 3.0, days=2),
    Plain("surge", 2.0),
    Plain("bulk_order", 4.0, ("product",)),
    Plain("combination", 6.0, ("country", "product"), days=5),
    Plain("price_error", 300.0, ("product",), days=2),
    Plain("price_cut", 0.6),
    Plain("campaign", 1.5),
    Plain("double_load", 1.0),
    Plain("guest_break", 1.0, days=2),
    Plain("outage", 1.0, ("country",), days=14),
)


@dataclass(frozen=True)
class Chance:
    """So many incidents of different kinds, at sizes from inconspicuous to plain."""

    count: int


@dataclass(frozen=True)
class Plains:
    """The n-th six of the plain incidents."""

    nth: int


Plan = Chance | Plains | tuple[Incident, ...]
"""An empty tuple leaves the shop undisturbed."""


def incidents(plan: Plan, market: Market, seed: int) -> tuple[Incident, ...]:
    """The incidents of a plan for a shop."""
    if isinstance(plan, Chance):
        return _by_chance(market, plan.count, seed)
    return plain_incidents(market, plan.nth) if isinstance(plan, Plains) else plan


def _by_chance(market: Market, count: int, seed: int) -> tuple[Incident, ...]:
    rng = np.random.default_rng(seed)
    return tuple(
        dataclasses.replace(i, size=round(i.amount * float(rng.choice(SMALLER)), 3))
        if i.kind in SCALABLE and i.amount > 0
        else i
        for i in choose_incidents(market, count, seed)
    )


def plain_incidents(market: Market, nth: int) -> tuple[Incident, ...]:
    """Six plain incidents of the kinds in turn, on trading days weeks apart."""
    rng = np.random.default_rng(nth)
    start = market.days[0] + FIRST_DAY
    kinds = itertools.islice(itertools.cycle(PLAINS), nth * PER_COPY, (nth + 1) * PER_COPY)
    return tuple(
        Incident(
            plain.kind,
            _trading_day(market, start + step * APART),
            plain.days,
            plain.size,
            _segment(plain, market, rng),
            plain.reversal,
        )
        for step, plain in enumerate(kinds)
    )


def _trading_day(market: Market, day: dt.date) -> dt.date:
    """The first trading day from that one on, the last of all where there is none."""
    return next((d for d in market.days if d >= day), market.days[-1])


def _segment(plain: Plain, market: Market, rng: np.random.Generator) -> dict[str, str]:
    """Members by chance, of those that sell every day: a foreign country, a best seller."""
    products = sorted(market.daily, key=lambda code: -market.daily[code])[:TOP_PRODUCTS]
    pick = {"product": products, "country": list(market.countries[1:TOP_COUNTRIES])}
    return {name: str(rng.choice(pick[name])) for name in plain.dimensions}
