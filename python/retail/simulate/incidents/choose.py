"""Incidents chosen by chance: every kind in turn, far enough into the data, not over each other."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import numpy as np

from retail.errors import RetailError
from retail.simulate.draws import stream
from retail.simulate.incidents.market import Market, choose_member, fewest_daily_lines
from retail.simulate.incidents.spec import KINDS, Incident

WARM_UP_DAYS = 60
APART_DAYS = 3
ATTEMPTS = 500
LOADS = frozenset({"double_load", "duplicate_load"})
SEGMENT_SHARE = 0.4  # of incidents that could be broad get a segment
DROP_SHARE, REVERSAL_SHARE = 0.3, 0.5  # of combinations; of bulk orders
DAYS = {  # where they differ from the usual ones
    "segment_death": 28,  # a death ends, to leave room for others
    "price_error": 3,  # long enough for the product to be sold
}


def choose_incidents(market: Market, count: int, seed: int) -> tuple[Incident, ...]:
    """Choose kinds, trading days at least 60 days after the start, sizes and segments.

    No two incidents overlap. Same market, count and seed: same incidents, in order of date.

    Raises:
        RetailError: the period is too short for so many.
    """
    rng = stream(seed, "incidents")
    kinds = _kinds(count, rng)
    first = market.days[0] + timedelta(WARM_UP_DAYS) if market.days else date.max
    days = [day for day in market.days if day >= first]
    taken: list[Incident] = []
    longest_first = sorted(kinds, key=lambda kind: -_length(kind))
    for kind in longest_first:
        taken.append(_place(kind, days, taken, market, rng))
    return tuple(sorted(taken, key=lambda incident: incident.start))


def _kinds(count: int, rng: np.random.Generator) -> list[str]:
    """Deal the kinds like cards: none twice before all have been dealt."""
    names = list(KINDS)
    rounds = [rng.permutation(len(names)) for _ in range(-(-count // len(names)))]
    order = [int(place) for deal in rounds for place in deal]
    return [names[place] for place in order[:count]]


def _length(kind: str) -> int:
    return DAYS.get(kind, KINDS[kind].days)


def _place(
    kind: str,
    days: list[date],
    taken: list[Incident],
    market: Market,
    rng: np.random.Generator,
) -> Incident:
    """Find a free stretch; after many vain attempts a shorter one will do, nearer to others."""
    span = (days[-1] - days[0]).days + 1 if days else 0
    usual = min(_length(kind), max(1, span // 3))
    for attempt in range(ATTEMPTS if days else 0):
        start = days[int(rng.integers(len(days)))]
        length = max(1, usual * (ATTEMPTS - attempt) // ATTEMPTS)
        end = start + timedelta(length - 1)
        apart = APART_DAYS if attempt < ATTEMPTS // 2 else 0
        if end <= days[-1] and all(_apart(start, end, other, apart) for other in taken):
            return _fill_in(kind, start, length, market, rng)
    raise RetailError(
        f"{len(taken)} incidents fill the {span} days that are left after the first "
        f"{WARM_UP_DAYS}: ask for no more than these, or for a longer period"
    )


def _apart(start: date, end: date, other: Incident, days: int) -> bool:
    gap = timedelta(days)
    return end + gap < other.start or other.end + gap < start


def _fill_in(
    kind: str, start: date, length: int, market: Market, rng: np.random.Generator
) -> Incident:
    low, high = KINDS[kind].chosen
    size = round(float(rng.uniform(low, high)), 2)
    if kind == "combination" and rng.random() < DROP_SHARE:
        size = -1.0
    incident = Incident(kind, start, length, size, _segment(kind, size, market, rng))
    if kind == "bulk_order":
        return replace(incident, reversal=bool(rng.random() < REVERSAL_SHARE))
    return incident


def _segment(kind: str, size: float, market: Market, rng: np.random.Generator) -> dict[str, str]:
    """Choose what the kind needs; what could be broad gets a segment now and then.

    What takes orders away needs orders to take: of countries, it is limited to the largest.
    """
    fewest = fewest_daily_lines(kind, size)
    goods = partial(choose_member, market=market, fewest=fewest, rng=rng)
    home = {"country": market.countries[0]}
    if kind == "combination":
        return (home if size < 0 else goods("country")) | goods("keyword")
    if kind == "segment_death":
        return goods("keyword") or home
    if kind == "price_error" and rng.random() < SEGMENT_SHARE:
        return goods("keyword")
    if KINDS[kind].needs:
        return goods(KINDS[kind].needs[0])
    broad = [name for name in ("country", "keyword") if name in KINDS[kind].dimensions]
    if kind in LOADS or not broad or rng.random() > SEGMENT_SHARE:
        return {}
    return home if broad[int(rng.integers(len(broad)))] == "country" else goods("keyword")
