"""What comes back: credit notes some days after the sale, for the same customer and product."""

import numpy as np

from retail.simulate.demand import Plan
from retail.simulate.drafts import Draft
from retail.simulate.draws import BoolArray, IntArray
from retail.simulate.lines import CREDIT, NO_CUSTOMER

ORDERS_WITH_RETURN, MEAN_LINES_BACK, ORDERS_CANCELLED = 0.205, 2.0, 0.005
SAME_DAY_SHARE, MEDIAN_LAG_DAYS, LAG_SPREAD = 0.06, 9.0, 1.2
ALL_PIECES_SHARE = 0.42


def draft_returns(
    orders: Draft, day: int, plan: Plan, rng: np.random.Generator
) -> dict[int, Draft]:
    """Decide which of the day's lines come back, and when: day → the credit notes of that day."""
    whole, back = _which(orders, rng)
    due = np.where(whole, day, day + _lags(len(orders.kind), rng))
    due = np.where(due > day, plan.next_open(np.minimum(due, len(plan.is_open))), day)
    soon = np.minimum(orders.minute + rng.integers(3, 120, len(due)), 1235)
    minute = np.where(due == day, soon, rng.integers(600, 960, len(due)))
    pieces = _pieces(orders.quantity, whole[orders.invoice], rng)
    found = {}
    for one in np.unique(due[orders.invoice[back]]):
        if one < len(plan.is_open):
            chosen = back & (due == one)[orders.invoice]
            found[int(one)] = _credit(orders, chosen, minute, pieces)
    return found


def _which(orders: Draft, rng: np.random.Generator) -> tuple[BoolArray, BoolArray]:
    """Mark the invoices cancelled as a whole, and the lines that come back."""
    luck = rng.random(len(orders.kind))
    known = orders.customer != NO_CUSTOMER
    whole = known & (luck < ORDERS_CANCELLED)
    some = known & (luck < ORDERS_CANCELLED + ORDERS_WITH_RETURN)
    lines = np.bincount(orders.invoice, minlength=len(luck)).clip(min=1)
    share = np.where(whole, 1.0, rng.geometric(1 / MEAN_LINES_BACK, len(luck)) / lines) * some
    return whole, np.asarray(rng.random(len(orders.invoice)) < share[orders.invoice])


def _lags(size: int, rng: np.random.Generator) -> IntArray:
    days = np.ceil(MEDIAN_LAG_DAYS * rng.lognormal(0, LAG_SPREAD, size)).clip(max=400)
    return np.where(rng.random(size) < SAME_DAY_SHARE, 0, days).astype(np.int64)


def _pieces(sold: IntArray, whole: BoolArray, rng: np.random.Generator) -> IntArray:
    share = np.where(rng.random(len(sold)) < ALL_PIECES_SHARE, 1.0, rng.random(len(sold)) ** 2)
    return np.where(whole, sold, np.maximum(np.rint(sold * share), 1)).astype(np.int64)


def _credit(orders: Draft, chosen: BoolArray, minute: IntArray, pieces: IntArray) -> Draft:
    """Write one credit note per invoice that has a chosen line."""
    invoices, note = np.unique(orders.invoice[chosen], return_inverse=True)
    return Draft(
        kind=np.full(len(invoices), CREDIT),
        minute=minute[invoices],
        customer=orders.customer[invoices],
        country=orders.country[invoices],
        invoice=note,
        code=orders.code[chosen],
        text=orders.text[chosen],
        quantity=-pieces[chosen],
        price=orders.price[chosen],
    )
