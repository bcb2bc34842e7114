"""Incidents as people notice them, through the whole project: are they told, and of whom?

Each is of a kind and size that a shop's people would talk about: a country's surge, one product in
one country, a wave of returns, a wrong price. What counts is an incident within the days (and a
week after those of several) that the undisturbed shop does not have. Kinds and sizes were drawn
once and looked at while the tests of members were made; other seeds give others.
"""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from detect import records
from detect.records import Anomaly
from lab.evaluate import shops
from lab.evaluate.measure import Copy, measure
from lab.evaluate.planting import frame_market, inject
from retail.errors import RetailError
from retail.ingest.sources import SOURCE_VARIABLE, resolve
from retail.simulate import Incident
from retail.simulate.incidents.market import Market

COPIES = 7
FIRST_DAY, LAST_DAYS = 70, 22
"""Trading days before the first incident, and after the start of the last."""
TRIES = 30
"""Days that are tried for an incident that would touch no row."""
TOP_PRODUCTS, OTHER_PRODUCTS, COUNTRIES = 40, 250, 12
WORDS = ("BAG", "CAKE", "CHRISTMAS", "HEART", "LIGHT", "SIGN", "CARD", "MUG", "BOX")
AFTER, LONGEST = dt.timedelta(days=7), dt.timedelta(days=14)
"""How long after an incident of several days it may be told, and the days of it that count."""
Drawn = tuple[str, int, float, float, tuple[str, ...]]
KINDS: tuple[Drawn, ...] = (
    ("surge", 1, 8, 25, ("country",)), ("surge", 1, 8, 25, ("country",)),
    ("surge", 3, 4, 10, ("country",)), ("surge", 7, 2, 5, ("country",)),
    ("surge", 1, 15, 40, ("country",)),
    ("combination", 1, 0.3, 1, ("country", "product")),
    ("combination", 1, 0.3, 1, ("country", "other")),
    ("combination", 3, 0.2, 0.5, ("country", "product")),
    ("combination", 1, 0.5, 2, ("country", "keyword")),
    ("combination", 7, 0.1, 0.3, ("country", "other")),
    ("returns_wave", 1, 0.25, 0.6, ()), ("returns_wave", 2, 0.2, 0.5, ("product",)),
    ("returns_wave", 3, 0.15, 0.4, ("country",)), ("returns_wave", 2, 0.25, 0.8, ("keyword",)),
    ("returns_wave", 1, 0.3, 0.8, ("other",)),
    ("outage", 1, 0.5, 0.8, ()), ("outage", 2, 0.4, 0.7, ()), ("outage", 14, 1, 1, ("country",)),
    ("outage", 14, 1, 1, ("product",)), ("outage", 7, 0.9, 0.9, ("keyword",)),
    ("surge", 1, 0.6, 1.5, ()),
    ("price_error", 2, 100, 100, ("product",)), ("price_error", 2, 0.01, 0.01, ("product",)),
    ("price_error", 3, 10, 10, ("product",)),
    ("bulk_order", 1, 1, 3, ("other",)), ("bulk_order", 1, 2, 4, ("other",)),
    ("half_day", 1, 11, 12, ()), ("guest_break", 1, 0.6, 1, ("guest",)),
    ("campaign", 3, 0.5, 1.2, ()), ("campaign", 1, 5, 20, ("country",)),
    ("price_cut", 5, 0.3, 0.5, ()), ("double_load", 1, 1, 1, ()),
    ("segment_death", 40, 1, 1, ("product",)),
)  # fmt: skip
"""Kind, days, least and most size, and what the segment is made of."""


@dataclass(frozen=True)
class Told:
    """A planted incident: whether it was told, and its member named (None where it has none)."""

    kind: str
    is_told: bool
    is_named: bool | None


def judge(project: Path, source: Path, seed: int) -> list[Told]:
    """Plant every kind once into copies of a file, and look for them in what is told.

    Raises:
        RetailError, DetectError: a step could not do its work.
    """
    with tempfile.TemporaryDirectory(prefix="plants-") as name:
        folder = Path(name)
        sources = resolve(project, {SOURCE_VARIABLE: str(source)})
        shop = shops.keep(shops.Shop(shops.GIVEN, source.stem, folder / "given.parquet"), sources)
        target = folder / "target"
        control = measure(project, shop, (), seed, target)
        known = {a.anomaly_id for i in control.incidents for a in i.anomalies}
        return [
            told
            for plan in _plans(shop, np.random.default_rng(seed), seed)
            for told in _told(measure(project, shop, plan, seed, target), plan, known)
        ]


def _plans(shop: shops.Shop, rng: np.random.Generator, seed: int) -> Iterator[tuple[Incident, ...]]:
    """Incidents of the kinds in turn, far apart in each copy."""
    lines = shop.lines()
    market = frame_market(lines)
    order = rng.permutation(len(KINDS)).tolist()
    for nth in range(COPIES):
        kinds = order[nth::COPIES]
        span = (len(market.days) - FIRST_DAY) // len(kinds)
        chosen = list[Incident]()
        for place, kind in enumerate(kinds):
            days = market.days[FIRST_DAY + place * span :][: max(1, span - LAST_DAYS)]
            tried = (
                _incident(KINDS[kind], days[int(rng.integers(len(days)))], market, rng)
                for _ in range(TRIES)
            )
            chosen += itertools.islice((one for one in tried if _fits(lines, one, seed)), 1)
        yield tuple(chosen)


def _fits(lines: pd.DataFrame, incident: Incident, seed: int) -> bool:
    """Whether an incident touches a row."""
    try:
        inject(lines, (incident,), seed)
    except RetailError:
        return False
    return True


def _incident(drawn: Drawn, day: dt.date, market: Market, rng: np.random.Generator) -> Incident:
    kind, days, least, most, made_of = drawn
    products = sorted(market.daily, key=lambda code: -market.daily[code])
    pick = {
        "country": ("country", market.countries[1 : COUNTRIES + 1]),
        "product": ("product", products[:TOP_PRODUCTS]),
        "other": ("product", products[TOP_PRODUCTS:OTHER_PRODUCTS]),
        "keyword": ("keyword", WORDS),
        "guest": ("customer_type", ("guest",)),
    }
    segment = {pick[name][0]: str(rng.choice(pick[name][1])) for name in made_of}
    size = round(float(rng.uniform(least, most)), 3)
    reversal = kind == "bulk_order" and least > 1
    return Incident(kind, day, days, size, segment, reversal)


def _told(copy: Copy, plan: Sequence[Incident], known: Collection[str]) -> Iterator[Told]:
    """What became of each incident of a copy."""
    for planted in plan:
        last = min(planted.end, planted.start + LONGEST)
        last += AFTER if planted.end - planted.start > dt.timedelta(days=2) else dt.timedelta()
        mine = [
            incident
            for incident in copy.incidents
            if any(
                a.anomaly_id not in known
                and a.period_end >= planted.start
                and a.period_start <= last
                for a in incident.anomalies
            )
        ]
        members = {m for name, m in planted.segment.items() if name != "keyword"}
        named = [m for incident in mine for m in _members(incident, known)]
        yield Told(
            planted.kind,
            bool(mine),
            not members.isdisjoint(named) if mine and members else None,
        )


def _members(incident: records.Incident, known: Collection[str]) -> Iterator[str]:
    """The members that an incident is about by its first cause or by what leads it anew."""
    yield from incident.root_cause.values()
    fresh: list[Anomaly] = [a for a in incident.anomalies if a.anomaly_id not in known]
    yield from (member for a in fresh for member in a.within.values())
