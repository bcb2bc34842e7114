"""What can be hit: trading days, products, families of products, countries."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np

from retail.errors import RetailError
from retail.simulate.draws import stream
from retail.simulate.incidents.spec import KINDS, Incident
from retail.simulate.words import COLOURS

WORD = re.compile(r"[A-Z]+")
FAMILY_PRODUCTS, FAMILY_SHARE, ENDING_SHARE = 8, (0.01, 0.2), 0.3
TOP_PRODUCTS, TOP_COUNTRIES = 25, 5
FEWEST_LINES_OF_DAY, FEWEST_LINES_OF_PAST, FAMILY_TIMES = 4.0, 0.5, 2.0
ADJECTIVES = frozenset(COLOURS) | {"SMALL", "LARGE", "ASSORTED", "DESIGN", "RETROSPOT", "POLKADOT"}


@dataclass(frozen=True)
class Market:
    """What a shop sells and where.

    Attributes:
        days: trading days in order.
        products: stock code (trimmed, capitals) → its description.
        revenue: stock code → what it brings in, on any scale; best sellers first.
        daily: stock code → order lines on an ordinary trading day.
        countries: countries by orders, the largest first.
    """

    days: tuple[date, ...]
    products: dict[str, str]
    revenue: dict[str, float]
    daily: dict[str, float]
    countries: tuple[str, ...]

    @cached_property
    def spoken_of(self) -> dict[str, frozenset[str]]:
        """Word → stock codes of the products whose description has it."""
        found: dict[str, set[str]] = defaultdict(set)
        for code, text in self.products.items():
            for word in WORD.findall(text.upper()):
                found[word].add(code)
        return {word: frozenset(codes) for word, codes in found.items()}


@dataclass(frozen=True, slots=True)
class Target:
    """An incident whose segment is filled in; `stock_codes` is None where all goods are meant."""

    incident: Incident
    stock_codes: frozenset[str] | None


def family(market: Market, keyword: str) -> frozenset[str]:
    """Return the stock codes whose description has all words of a keyword (or their plurals)."""
    nothing: frozenset[str] = frozenset()
    codes = [
        market.spoken_of.get(word, nothing)
        | market.spoken_of.get(f"{word}S", nothing)
        | market.spoken_of.get(f"{word}ES", nothing)
        for word in WORD.findall(keyword.upper())
    ]
    return frozenset.intersection(*codes) if codes else nothing


def keywords(market: Market) -> tuple[str, ...]:
    """Return words that name a family of goods, the family with most revenue first.

    Such a word ends the descriptions of several products and of many that contain it at all (so
    `BAG` does and `RED` does not), and its family makes up `FAMILY_SHARE` of the revenue.
    """
    ending: dict[str, int] = defaultdict(int)
    for text in market.products.values():
        words = WORD.findall(text.upper())
        if words:
            ending[words[-1]] += 1
    total = sum(market.revenue.values())
    low, high = FAMILY_SHARE
    shares = {}
    for word, endings in ending.items():
        codes = family(market, word) if endings >= FAMILY_PRODUCTS else frozenset()
        share = sum(market.revenue.get(code, 0.0) for code in codes) / total
        if endings >= ENDING_SHARE * len(codes) and low <= share <= high:
            shares[word] = share
    names = sorted(shares, key=lambda word: (-shares[word], word))
    return tuple(word for word in names if word not in ADJECTIVES)


def aim(incidents: Iterable[Incident], market: Market, seed: int) -> tuple[Target, ...]:
    """Fill in what the segments leave open, and look up the stock codes they mean.

    Raises:
        RetailError: an incident falls on no trading day, or names what is not sold.
    """
    return tuple(_aim(one, market, seed, nth) for nth, one in enumerate(incidents))


def _aim(incident: Incident, market: Market, seed: int, nth: int) -> Target:
    if not any(incident.covers(day) for day in market.days):
        raise RetailError(
            f"{incident.kind}@{incident.start}: no trading day there; "
            f"the data trade from {market.days[0]} to {market.days[-1]}, never on a Saturday"
        )
    rng = stream(seed, "targets", nth)
    segment = dict(incident.segment)
    fewest = fewest_daily_lines(incident.kind, incident.amount)
    for dimension in KINDS[incident.kind].needs:
        goods = {"product", "keyword"}
        if dimension not in segment and not (dimension in goods and goods & set(segment)):
            segment |= choose_member(dimension, market, fewest, rng)
    aimed = replace(incident, segment=segment)
    return Target(aimed, _stock_codes(aimed, market))


def fewest_daily_lines(kind: str, size: float) -> float:
    """Return how many lines a day goods must sell, lest an incident by chance meet none of them.

    What draws on the weeks before can do with less than what must find lines on its day.
    """
    from_past = kind in {"bulk_order", "returns_wave"} or (kind == "combination" and size > 0)
    return FEWEST_LINES_OF_PAST if from_past else FEWEST_LINES_OF_DAY


def choose_member(
    dimension: str, market: Market, fewest: float, rng: np.random.Generator
) -> dict[str, str]:
    """Choose a member of a dimension that sells at least `fewest` lines a day, a family twice that.

    Where no product does, a family of products is taken, and all goods where no family does.
    """
    if dimension == "customer_type":
        return {"customer_type": "guest"}
    if dimension == "country":
        return _one_of("country", market.countries[:TOP_COUNTRIES], rng)
    products = [code for code in market.revenue if market.daily.get(code, 0.0) >= fewest]
    if dimension == "product" and products:
        return _one_of("product", products[:TOP_PRODUCTS], rng)
    words = [
        word for word in keywords(market) if _daily_lines(word, market) >= FAMILY_TIMES * fewest
    ]
    return _one_of("keyword", words, rng)


def _daily_lines(keyword: str, market: Market) -> float:
    return sum(market.daily.get(code, 0.0) for code in family(market, keyword))


def _one_of(dimension: str, members: Sequence[str], rng: np.random.Generator) -> dict[str, str]:
    return {dimension: members[int(rng.integers(len(members)))]} if members else {}


def _stock_codes(incident: Incident, market: Market) -> frozenset[str] | None:
    segment = incident.segment
    country = segment.get("country")
    if country is not None and country not in market.countries:
        raise RetailError(f"{incident.kind}@{incident.start}: no order comes from {country!r}")
    if "keyword" in segment:
        codes = family(market, segment["keyword"])
    elif "product" in segment:
        codes = frozenset({segment["product"].strip().upper()}) & frozenset(market.products)
    else:
        return None
    if not codes:
        raise RetailError(
            f"{incident.kind}@{incident.start}: no product of that name is sold "
            f"({', '.join(segment.values())})"
        )
    return codes
