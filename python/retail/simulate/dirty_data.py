"""What makes the file real: copies, gifts, stock corrections, sloppy spelling."""

from dataclasses import replace

import numpy as np

from retail.simulate.countries import HOME, NAMES
from retail.simulate.drafts import OF_LINES, Draft, single_lines
from retail.simulate.draws import FloatArray, IntArray, pick
from retail.simulate.lines import NO_CUSTOMER, SALE
from retail.simulate.words import STOCK_NOTE_WEIGHTS

ORDERS_WITH_COPIES, LINES_COPIED = 0.105, 0.098
GIFT_SHARE = 0.0001  # of sold lines, given away at price 0
LOWER_CASE_SHARE = 0.013  # of lines whose stock code ends in a letter
SECOND_TEXT_SHARE = 0.3  # of lines whose product has a second description
CORRECTIONS_PER_DAY, WRITTEN_OFF_SHARE = 7.8, 0.53
NO_TEXT_SHARE, NOTE_SHARE = 0.58, 0.25  # of corrections; the rest carry the product's description


def misspell(orders: Draft, lettered: IntArray, products: int, rng: np.random.Generator) -> Draft:
    """Write some lettered stock codes in lower case and use second descriptions.

    `lettered` is 1 for products whose code ends in a letter, shape (products,). In the shop's
    vocabulary the other spelling of product p stands at `products` + p.
    """
    luck = rng.random((2, len(orders.code)))
    lower = (luck[0] < LOWER_CASE_SHARE) & (lettered[orders.code] > 0)
    second = luck[1] < SECOND_TEXT_SHARE
    return replace(
        orders, code=orders.code + products * lower, text=orders.text + products * second
    )


def give_away(orders: Draft, rng: np.random.Generator) -> Draft:
    """Set the price of a very few lines to zero."""
    free = rng.random(len(orders.price)) < GIFT_SHARE
    return replace(orders, price=np.where(free, 0, orders.price))


def copy_lines(orders: Draft, rng: np.random.Generator) -> Draft:
    """Repeat some lines of some orders exactly, at the end of the order."""
    careless = rng.random(len(orders.kind)) < ORDERS_WITH_COPIES
    copied = careless[orders.invoice] & (rng.random(len(orders.invoice)) < LINES_COPIED)
    again = np.concatenate([np.arange(len(copied)), np.flatnonzero(copied)])
    return replace(orders, **{name: getattr(orders, name)[again] for name in OF_LINES})


def draft_corrections(
    activity: float, weights: FloatArray, notes: IntArray, no_text: int, rng: np.random.Generator
) -> Draft:
    """Draw stock corrections: price 0, no customer, often no description.

    `notes` are the vocabulary positions of the stock notes, `no_text` that of the empty one.
    """
    size = int(rng.poisson(CORRECTIONS_PER_DAY * activity))
    product = pick(np.sqrt(weights), size, rng)
    off = rng.random(size) < WRITTEN_OFF_SHARE
    pieces = np.ceil(np.where(off, 30.0, 4.0) * rng.lognormal(0, 1.5, size)).astype(np.int64)
    luck = rng.random(size)
    noted = notes[pick(np.array(STOCK_NOTE_WEIGHTS), size, rng)]
    text = np.where(luck < NO_TEXT_SHARE + NOTE_SHARE, noted, product)
    text = np.where(luck < NO_TEXT_SHARE, no_text, text)
    return single_lines(
        SALE,
        rng.integers(570, 1080, size),
        np.full(size, NO_CUSTOMER),
        np.full(size, NAMES.index(HOME)),
        product,
        text,
        np.where(off, -pieces, pieces),
        np.zeros(size, dtype=np.int64),
    )
