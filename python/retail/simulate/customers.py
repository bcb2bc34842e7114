"""Who buys: everyone the shop will ever know, with how often, how much and from where."""

from dataclasses import dataclass

import numpy as np

from retail.simulate.config import ShopConfig
from retail.simulate.countries import COUNTRIES, HOME, NAMES, UNKNOWN
from retail.simulate.draws import FloatArray, IntArray, stream

CUSTOMERS_PER_DAILY_ORDER = 46.0
FIRST_ID = 12_346
RESERVED_EVERY = 10  # every tenth number is kept for customers that an incident brings in
ONE_ORDER_SHARE = 0.14  # of new customers never come back
MEAN_STAY_DAYS = 650.0
LOYALTY_SPREAD = 1.02  # standard deviation of the log order rate between customers
MOST_NEWCOMER_RATE = 2.0  # order rate of new customers abroad, relative to those at home
BASKET_SPREAD = 0.42  # standard deviation of the log number of lines between customers
QUANTITY_SPREAD = 0.4  # on the logit scale of the quantity quantile
WHOLESALE_SHARE, KEEN_WHOLESALE_SHARE, MOST_BULK = 0.02, 0.30, 7
KEEN_FROM = 2.0  # standard deviations of loyalty
USUAL_RATE, KEENEST_STAY = 8.0, 6.0  # orders a year; the keenest stay so many times as long
FEWEST_ORDERS = 3  # a year from a country, lest the smallest be missing


@dataclass(frozen=True, slots=True)
class Population:
    """Customers in the order they joined; arrays have shape (customers,).

    Days count from the shop's first; those who knew the shop before have joined on day -1.
    """

    ids: IntArray
    country: IntArray
    joined_on: IntArray
    left_on: IntArray
    rate: FloatArray
    basket: FloatArray
    appetite: FloatArray
    bulk: IntArray

    def newcomers(self, day: int) -> IntArray:
        """Return the positions of those who join on a day."""
        low, high = np.searchsorted(self.joined_on, [day, day + 1])
        return np.arange(low, high)

    def loyal(self, day: int) -> tuple[IntArray, FloatArray]:
        """Return those who may come back on a day, and how likely each is relative to the rest."""
        known = int(np.searchsorted(self.joined_on, day))
        here = np.flatnonzero(self.left_on[:known] > day)
        return here, self.rate[here]


def build_population(config: ShopConfig, joining: IntArray) -> Population:
    """Make up the customers of a shop; `joining[d]` new ones come on day d, shape (days,)."""
    base = config.customers or max(3, round(CUSTOMERS_PER_DAILY_ORDER * config.orders_per_day))
    total = base + int(joining.sum())
    seed = config.seed
    country = _countries(base, total, config)
    loyalty = np.exp(stream(seed, "loyalty").normal(0.0, LOYALTY_SPREAD, total))
    rate = _rates(country, base, loyalty)
    joined_on = np.concatenate([np.full(base, -1), np.repeat(np.arange(len(joining)), joining)])
    return Population(
        ids=_ids(total, base, seed),
        country=country,
        joined_on=joined_on,
        left_on=_departures(joined_on, rate, base, seed),
        rate=rate,
        basket=_baskets(country, seed),
        appetite=stream(seed, "appetite").normal(0.0, QUANTITY_SPREAD, total),
        bulk=_bulk(country, loyalty, seed),
    )


def _countries(base: int, total: int, config: ShopConfig) -> IntArray:
    """Share the opening customers out exactly, then draw each later one."""
    share = np.array([country.customers for country in COUNTRIES], dtype=np.float64)
    if not config.messy:
        share[NAMES.index(UNKNOWN)] = 0.0
    share /= share.sum()
    quota = np.floor(share * base) + ((share * base < 1) & (share > 0) & (base >= 1000))
    quota[NAMES.index(HOME)] += base - quota.sum()
    opening = stream(config.seed, "countries").permutation(
        np.repeat(np.arange(len(COUNTRIES)), quota.astype(np.int64))
    )
    later = stream(config.seed, "later countries").random(total - base)
    drawn = np.searchsorted(np.cumsum(share), later).clip(max=len(COUNTRIES) - 1)
    return np.concatenate([opening, drawn]).astype(np.int64)


def _departures(joined_on: IntArray, rate: FloatArray, base: int, seed: int) -> IntArray:
    """Return the day each leaves: some right after their first order, the keenest last."""
    stay = stream(seed, "departures").exponential(MEAN_STAY_DAYS, len(joined_on))
    keen = np.clip(rate / USUAL_RATE, 1.0, KEENEST_STAY)
    last = joined_on.clip(min=0) + 1 + (stay * keen).astype(np.int64)
    once = stream(seed, "one order").random(len(joined_on)) < ONE_ORDER_SHARE
    once[:base] = False
    return np.where(once, joined_on + 1, last)


def _rates(country: IntArray, base: int, loyalty: FloatArray) -> FloatArray:
    """Return order rates: skewed within a country, whose sum is its share of the orders."""
    orders = np.array([max(one.orders, FEWEST_ORDERS) for one in COUNTRIES], dtype=np.float64)
    sums = np.bincount(country[:base], loyalty[:base], len(COUNTRIES))
    heads = np.bincount(country[:base], minlength=len(COUNTRIES))
    per_head = orders / np.maximum(heads, 1) / np.exp(LOYALTY_SPREAD**2 / 2)
    per_head = np.minimum(per_head, MOST_NEWCOMER_RATE * per_head[NAMES.index(HOME)])
    opening = orders / np.where(sums > 0, sums, 1.0)
    first = np.arange(len(country)) < base
    return np.where(first, opening[country], per_head[country]) * loyalty


def _baskets(country: IntArray, seed: int) -> FloatArray:
    taste = stream(seed, "baskets").normal(0.0, BASKET_SPREAD, len(country))
    relative = np.array([one.basket for one in COUNTRIES])
    return np.asarray(relative[country] * np.exp(taste - BASKET_SPREAD**2 / 2), dtype=np.float64)


def _bulk(country: IntArray, loyalty: FloatArray, seed: int) -> IntArray:
    """Return by how much pieces are multiplied: wholesalers, and countries that buy for resale."""
    luck = stream(seed, "wholesale").random(len(country))
    by = stream(seed, "wholesale by").integers(2, MOST_BULK + 1, len(country))
    keen = np.log(loyalty) > KEEN_FROM * LOYALTY_SPREAD
    wholesale = luck < np.where(keen, KEEN_WHOLESALE_SHARE, WHOLESALE_SHARE)
    abroad = np.array([one.bulk for one in COUNTRIES], dtype=np.int64)[country]
    return np.where(wholesale, np.maximum(by, abroad), abroad)


def _ids(total: int, base: int, seed: int) -> IntArray:
    """Return customer numbers, shuffled within blocks so that a number does not reveal the age."""
    block = max(10, base * 9 // 5)
    blocks = [
        n * block + stream(seed, "ids", n).permutation(block) for n in range(total // block + 1)
    ]
    slots: IntArray = np.concatenate(blocks)[:total].astype(np.int64)
    return FIRST_ID + slots + slots // (RESERVED_EVERY - 1)


def reserved_ids(count: int) -> IntArray:
    """Return the first `count` customer numbers that no simulated customer has."""
    return FIRST_ID + RESERVED_EVERY - 1 + RESERVED_EVERY * np.arange(count, dtype=np.int64)
