"""A day's sales: who orders, how many lines, of what, how many pieces, at what price."""

from dataclasses import dataclass, replace

import numpy as np

from retail.simulate.catalogue import WEB_MARKUP, Catalogue
from retail.simulate.countries import HOME, NAMES
from retail.simulate.customers import Population
from retail.simulate.drafts import Draft
from retail.simulate.draws import BoolArray, FloatArray, IntArray, pick
from retail.simulate.hours import order_minutes, web_minutes
from retail.simulate.lines import NO_CUSTOMER, PENNY, SALE
from retail.simulate.quantities import price_bands, trade_pieces, web_pieces

BASKET_SHAPE = 1.15  # of the gamma law of lines in an order; 1 would be geometric
USUAL_BASKET = 19.0
LESS_PER_LINE = 0.85  # how much larger quantities are in short orders, on the logit scale
MORE_OF_POPULAR = 0.25  # logit of the quantity per log popularity
ORDER_SPREAD = 0.3  # between orders of one customer, on the logit scale
BULK_ORDER_SHARE, BULK_TAIL, BULK_MOST = 0.018, 1.1, 120  # times the usual pieces, Pareto
GIANT_LINE_SHARE, GIANT_MOST = 0.0003, 60
WEB_BASKET_SPREAD, GUEST_BASKET_MEDIAN, GUEST_BASKET_SPREAD = 0.75, 4.0, 1.6
GUEST_PAYS_WEB_PRICE = 0.5
WEB_BREADTH = 0.8  # exponent on the popularity: web shoppers buy more of the unusual
GUEST_COUNTRIES, GUEST_SHARES = (HOME, "EIRE", "Hong Kong", "France"), (0.985, 0.008, 0.004, 0.003)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What can be bought on a day: the range, how likely a line is each product, and when."""

    catalogue: Catalogue
    weights: FloatArray
    day: int
    weekday: int


def draft_identified(
    who: IntArray, population: Population, basket: float, shelf: Shelf, rng: np.random.Generator
) -> Draft:
    """Draft one order for each position in `who` (a customer may come twice)."""
    mean = basket * population.basket[who]
    size = np.ceil(rng.gamma(BASKET_SHAPE, mean / BASKET_SHAPE)).astype(np.int64).clip(1, 900)
    invoice, product = _fill(size, shelf.weights, rng)
    shift = population.appetite[who] + rng.normal(0, ORDER_SPREAD, len(who))
    shift += LESS_PER_LINE * np.log(USUAL_BASKET / size)
    shift = shift[invoice] + MORE_OF_POPULAR * shelf.catalogue.fame[product]
    times = population.bulk[who] * _bulk(len(who), rng)
    pieces = trade_pieces(price_bands(shelf.catalogue.prices[product]), shift, rng)
    pieces = pieces * times[invoice] * _giants(len(pieces), rng)
    return Draft(
        kind=np.full(len(who), SALE),
        minute=order_minutes(len(who), shelf.weekday, rng),
        customer=population.ids[who],
        country=population.country[who],
        invoice=invoice,
        code=product,
        text=product,
        quantity=pieces,
        price=shelf.catalogue.trade_prices(product, pieces, shelf.day),
    )


def draft_web(orders: float, basket: float, shelf: Shelf, rng: np.random.Generator) -> Draft:
    """Draft the web shop's collected orders: long invoices without customer, at web prices."""
    count = int(rng.poisson(orders))
    usual = np.log(basket) - WEB_BASKET_SPREAD**2 / 2
    size = np.ceil(rng.lognormal(usual, WEB_BASKET_SPREAD, count)).astype(np.int64).clip(1, 1200)
    broader = replace(shelf, weights=shelf.weights**WEB_BREADTH)
    return _draft_guests(size, web_minutes(count, rng), np.full(count, True), broader, rng)


def draft_guests(orders: float, shelf: Shelf, rng: np.random.Generator) -> Draft:
    """Draft the other orders without customer: mostly a few lines each."""
    count = int(rng.poisson(orders))
    usual = np.log(GUEST_BASKET_MEDIAN)
    size = np.floor(rng.lognormal(usual, GUEST_BASKET_SPREAD, count)).astype(np.int64).clip(1, 190)
    at_web_prices = rng.random(count) < GUEST_PAYS_WEB_PRICE
    minute = order_minutes(count, shelf.weekday, rng)
    return _draft_guests(size, minute, at_web_prices, shelf, rng)


def _draft_guests(
    size: IntArray,
    minute: IntArray,
    at_web_prices: BoolArray,
    shelf: Shelf,
    rng: np.random.Generator,
) -> Draft:
    """Draft one order per entry of `size`, each wholly at web prices or at list prices."""
    invoice, product = _fill(size, shelf.weights, rng)
    pieces = web_pieces(price_bands(shelf.catalogue.prices[product]), rng)
    listed = shelf.catalogue.trade_prices(product, np.zeros_like(product), shelf.day)
    dearer = np.rint(listed * WEB_MARKUP / PENNY).astype(np.int64) * PENNY
    places = np.array([NAMES.index(name) for name in GUEST_COUNTRIES])
    return Draft(
        kind=np.full(len(size), SALE),
        minute=minute,
        customer=np.full(len(size), NO_CUSTOMER),
        country=rng.choice(places, len(size), p=GUEST_SHARES),
        invoice=invoice,
        code=product,
        text=product,
        quantity=pieces,
        price=np.where(at_web_prices[invoice], dearer, listed),
    )


def _fill(
    size: IntArray, weights: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Choose products for orders of the given sizes, each at most once per order."""
    invoice = np.repeat(np.arange(len(size)), size)
    product = pick(weights, len(invoice), rng)
    _, first = np.unique(invoice * len(weights) + product, return_index=True)
    kept = np.sort(first)
    return invoice[kept], product[kept]


def _bulk(size: int, rng: np.random.Generator) -> IntArray:
    luck = rng.random(size)
    times = np.ceil(1 + rng.pareto(BULK_TAIL, size)).clip(2, BULK_MOST).astype(np.int64)
    return np.where(luck < BULK_ORDER_SHARE, times, 1)


def _giants(size: int, rng: np.random.Generator) -> IntArray:
    luck, times = rng.random(size), rng.integers(4, GIANT_MOST + 1, size)
    return np.where(luck < GIANT_LINE_SHARE, times, 1)
