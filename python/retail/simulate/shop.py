"""The shop day by day: from the plan of a day to its numbered, sorted order lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from retail.simulate import charges, dirty_data
from retail.simulate.catalogue import Catalogue, build_catalogue
from retail.simulate.config import ShopConfig
from retail.simulate.countries import NAMES
from retail.simulate.customers import Population, build_population
from retail.simulate.demand import Plan, build_plan, scaled
from retail.simulate.drafts import Draft, stack
from retail.simulate.draws import FloatArray, IntArray, pick, stream
from retail.simulate.lines import MINUTES_PER_DAY, Lines, Vocabulary
from retail.simulate.orders import Shelf, draft_guests, draft_identified, draft_web
from retail.simulate.returns import draft_returns
from retail.simulate.words import STOCK_NOTES

FIRST_INVOICE = 536_365
SKIPPED_SHARE = 0.1  # of invoice numbers are followed by a gap
SPARE_NUMBERS = 50  # left free at the end of a day, on top of as many as the day used


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that is known before the first day."""

    config: ShopConfig
    plan: Plan
    population: Population
    catalogue: Catalogue
    words: Vocabulary
    offsets: charges.WordOffsets
    lettered: IntArray


@dataclass(frozen=True, slots=True)
class Day:
    """One trading day: its lines by time of invoice, and the invoice numbers left free after it."""

    number: int
    date: date
    lines: Lines
    free_from: int
    free_to: int


def build_shop(config: ShopConfig) -> Shop:
    """Make up plan, customers and range.

    Raises:
        RetailError: the period has no trading day to scale, or the range is too large.
    """
    config = scaled(config)
    plan, catalogue = build_plan(config), build_catalogue(config)
    codes = catalogue.codes + tuple(code.lower() for code in catalogue.codes)
    others = charges.CODES if config.messy else tuple(code.upper() for code in charges.CODES)
    texts = catalogue.texts + catalogue.second_texts + ("",) + STOCK_NOTES
    return Shop(
        config=config,
        plan=plan,
        population=build_population(config, plan.newcomers),
        catalogue=catalogue,
        words=Vocabulary(codes + others, texts + charges.TEXTS, NAMES),
        offsets=charges.WordOffsets(len(codes), len(texts)),
        lettered=np.array([code[-1].isalpha() for code in catalogue.codes], dtype=np.int64),
    )


def trading_days(shop: Shop) -> tuple[date, ...]:
    """Return the days on which the shop is open."""
    numbers = np.flatnonzero(shop.plan.is_open)
    return tuple(shop.config.start + timedelta(int(number)) for number in numbers)


def run_days(shop: Shop) -> Iterator[Day]:
    """Yield the trading days in order; what one leaves behind for later is all that is kept."""
    pending: dict[int, list[Draft]] = {}
    invoice = FIRST_INVOICE
    for number in np.flatnonzero(shop.plan.is_open).tolist():
        orders, credits = _draft_day(shop, number)
        for due, notes in credits.items():
            pending.setdefault(due, []).append(notes)
        rng = stream(shop.config.seed, "invoices", number)
        draft = stack([*orders, *pending.pop(number, [])])
        lines, used_to = _number(draft, shop.config.start, number, invoice, rng)
        free_to = used_to + (used_to - invoice) + SPARE_NUMBERS
        yield Day(number, shop.config.start + timedelta(number), lines, used_to, free_to)
        invoice = free_to


def _draft_day(shop: Shop, number: int) -> tuple[list[Draft], dict[int, Draft]]:
    """Draft all invoices of a day but the returns, and the returns that they will cause."""
    config, plan = shop.config, shop.plan
    weights = shop.catalogue.weights(number, int(plan.month[number]))
    sales = _draft_sales(shop, number, weights)
    back = stream(config.seed, "returns", number)
    credits = draft_returns(sales[0], number, plan, back)
    rng = stream(config.seed, "mess", number)
    if config.messy:
        sales = [_make_messy(shop, orders, rng) for orders in sales]
    others = _draft_others(shop, number, weights)
    toll = stream(config.seed, "postage", number)
    identified = charges.add_postage(sales[0], shop.offsets, toll)
    web = charges.add_web_postage(sales[1], shop.offsets, toll)
    return [identified, web, sales[2], *others], credits


def _draft_sales(shop: Shop, number: int, weights: FloatArray) -> list[Draft]:
    """Draft the orders of identified customers, of the web shop, and of other guests."""
    plan, seed = shop.plan, shop.config.seed
    shelf = Shelf(shop.catalogue, weights, number, int(plan.weekday[number]))
    rng, guests = stream(seed, "orders", number), stream(seed, "guests", number)
    who = _who_orders(shop, number, rng)
    basket, web_basket = float(plan.basket[number]), float(plan.web_basket[number])
    return [
        draft_identified(who, shop.population, basket, shelf, rng),
        draft_web(float(plan.web[number]), web_basket, shelf, guests),
        draft_guests(float(plan.guests[number]), shelf, guests),
    ]


def _who_orders(shop: Shop, number: int, rng: np.random.Generator) -> IntArray:
    """Return the customers who order: those who come back, and each newcomer once."""
    here, rate = shop.population.loyal(number)
    newcomers = shop.population.newcomers(number)
    if len(here) == 0:
        return newcomers
    back = here[pick(rate, int(rng.poisson(shop.plan.loyal[number])), rng)]
    return np.concatenate([back, newcomers])


def _make_messy(shop: Shop, orders: Draft, rng: np.random.Generator) -> Draft:
    orders = dirty_data.misspell(orders, shop.lettered, len(shop.lettered), rng)
    return dirty_data.copy_lines(dirty_data.give_away(orders, rng), rng)


def _draft_others(shop: Shop, number: int, weights: FloatArray) -> list[Draft]:
    """Draft charges, and stock corrections where the shop is messy."""
    config, activity = shop.config, float(shop.plan.activity[number])
    rng = stream(config.seed, "charges", number)
    here, _ = shop.population.loyal(number)
    people = shop.population.ids[here], shop.population.country[here]
    drafts = charges.draft_charges(activity, people, shop.offsets, config.messy, rng)
    if not config.messy:
        return drafts
    no_text = 2 * len(shop.lettered)
    notes = no_text + 1 + np.arange(len(STOCK_NOTES))
    rng = stream(config.seed, "corrections", number)
    return [*drafts, dirty_data.draft_corrections(activity, weights, notes, no_text, rng)]


def _number(
    draft: Draft, start: date, number: int, invoice: int, rng: np.random.Generator
) -> tuple[Lines, int]:
    """Sort invoices by time, number them from `invoice`; also return the first unused number."""
    order = np.argsort(draft.minute, kind="stable")
    gaps = np.where(rng.random(len(order)) < SKIPPED_SHARE, rng.geometric(0.25, len(order)), 0)
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = invoice + np.arange(len(order)) + np.cumsum(gaps) - gaps
    used_to = invoice + len(order) + int(gaps.sum())
    rows = np.argsort(numbers[draft.invoice], kind="stable")
    of = draft.invoice[rows]
    midnight = ((start - date(1970, 1, 1)).days + number) * MINUTES_PER_DAY
    lines = Lines(
        invoice=numbers[of],
        kind=draft.kind[of],
        code=draft.code[rows],
        text=draft.text[rows],
        quantity=draft.quantity[rows],
        minute=midnight + draft.minute[of],
        price=draft.price[rows],
        customer=draft.customer[of],
        country=draft.country[of],
        row=np.arange(len(rows)),
    )
    return lines, used_to
