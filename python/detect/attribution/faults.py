"""Signatures of faults in the data, each named as what it looks like.

A fault is suspected, never certain: each rule is far outside of what ordinary days do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.attribution.cells import Cells
from detect.attribution.lines import Lines
from detect.attribution.significance import chances
from detect.attribution.split import sums
from detect.records import Bools, Days, Floats, Ints

SUSPECTED, CLEAR, NOT_TESTED = "suspected", "clear", "not tested"
FEWEST_LINES = 20
DOUBLED = 0.3
"""Share of lines with a twin; on ordinary days of real shops 0.1 % to 13 % have one."""
PRICE_FACTOR = 5.0
"""From a product's usual price on, either way, a price is far off."""
PRICE_SHARE = 0.02
"""Share of the period's gross revenue that such prices must add or hide."""
UNIT_SLIP = 0.02
"""Relative distance to a power of ten within which a factor is one."""
MORE_GUESTS = 0.2
"""Rise of the share of guest orders that is a break, where chance is below UNLIKELY."""
UNLIKELY = 0.01
USUAL_HOUR = 0.8
"""Share of comparable days on which an hour is traded to be one that should be."""
MISSING_TRADE = 0.2
"""Share of usual orders that falls into the absent hours."""
FEWEST_DAYS = 5


@dataclass(frozen=True)
class Fault:
    """What one check found."""

    verdict: str
    figures: dict[str, object]


def duplicate_load(lines: Lines) -> Fault:
    """Lines whose customer, product, quantity and price come more than once in a day."""
    sold = np.flatnonzero(lines.is_sale & lines.is_known)
    if sold.size < FEWEST_LINES:
        sold = np.flatnonzero(lines.is_sale)
    if sold.size < FEWEST_LINES:
        return Fault(NOT_TESTED, {})
    columns = (
        lines.day.astype(np.int64), lines.customer.codes, lines.product.codes, lines.quantity,
        lines.price,
    )  # fmt: skip
    keys = np.stack([c[sold] for c in columns], axis=1)
    _, at, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    share = float((count[at.ravel()] > 1).mean())
    return Fault(
        SUSPECTED if share >= DOUBLED else CLEAR, {"share": share, "lines": int(sold.size)}
    )


def price_slip(lines: Lines, usual: dict[str, float]) -> Fault:
    """Products sold at a price far from what they usually cost; `usual` is by stock code."""
    price = np.array([usual.get(name, np.nan) for name in lines.product.names], dtype=np.float64)
    usually = price[lines.product.codes] if price.size else np.zeros(0)
    known = lines.is_sale & (usually > 0)
    ratio = np.divide(lines.price, usually, out=np.ones_like(lines.price), where=known)
    off = (ratio >= PRICE_FACTOR) | (ratio <= 1 / PRICE_FACTOR)
    error = np.abs(lines.price - usually) * np.abs(lines.quantity)
    gross = float(lines.amount[lines.is_sale].sum())
    wrong = float(error[off].sum())
    if not known.any() or gross <= 0:
        return Fault(NOT_TESTED, {})
    if wrong < PRICE_SHARE * gross:
        return Fault(CLEAR, {"share": wrong / gross})
    worst = int(np.flatnonzero(off)[error[off].argmax()])
    off &= error >= PRICE_SHARE * error[worst]
    figures: dict[str, object] = {
        "product": lines.product.names[int(lines.product.codes[worst])],
        "price": float(lines.price[worst]),
        "usual": float(usually[worst]),
        "factor": float(ratio[worst]),
        "products": int(np.unique(lines.product.codes[off]).size),
        "share": wrong / gross,
        "is_unit_slip": _is_power_of_ten(float(np.median(ratio[off]))),
    }
    return Fault(SUSPECTED, figures)


def _is_power_of_ten(factor: float) -> bool:
    power = 10.0 ** np.round(np.log10(factor))
    return bool(power != 1 and abs(factor / power - 1) <= UNIT_SLIP)


def missing_ids(cells: Cells, period: np.datetime64, others: Days) -> Fault:
    """Orders without a customer, as a share of all, against the comparable periods."""
    place = cells.members["customer_type"]
    guests = cells.codes["customer_type"] == (place.index("guest") if "guest" in place else -1)
    share = np.array(
        [_share(cells.measures["orders"], guests, cells.rows(p)) for p in (period, *others)]
    )
    known = share[1:][np.isfinite(share[1:])]
    if known.size < FEWEST_DAYS or not np.isfinite(share[0]):
        return Fault(NOT_TESTED, {})
    usual = float(np.median(known))
    chance = float(chances(share[:, None])[0])
    broken = share[0] - usual >= MORE_GUESTS and chance < UNLIKELY and share[0] > known.max()
    return Fault(SUSPECTED if broken else CLEAR, {"share": float(share[0]), "usual": usual})


def _share(amounts: Floats, of: Bools, rows: slice) -> float:
    total = float(amounts[rows].sum())
    return float(amounts[rows][of[rows]].sum()) / total if total > 0 else float("nan")


def missing_hours(cells: Cells, day: np.datetime64, others: Days) -> Fault:
    """Hours without an order on a day, that are traded on most comparable days."""
    names = cells.members["hour"]
    orders = np.stack([_by_hour(cells, d, len(names)) for d in (day, *others)])
    if others.size < FEWEST_DAYS or orders[0].sum() == 0:
        return Fault(NOT_TESTED, {})
    due = (orders[1:] > 0).mean(axis=0) >= USUAL_HOUR
    absent = due & (orders[0] == 0)
    share = float(orders[1:, absent].sum() / max(float(orders[1:].sum()), 1e-300))
    hours: Ints = np.sort(np.array([int(names[i]) for i in np.flatnonzero(absent)], dtype=np.int64))
    if share < MISSING_TRADE:
        return Fault(CLEAR, {"share": share})
    return Fault(
        SUSPECTED,
        {"share": share, "hours": int(hours.size), "first": int(hours[0]), "last": int(hours[-1])},
    )


def _by_hour(cells: Cells, day: np.datetime64, hours: int) -> Floats:
    rows = cells.rows(day)
    return sums(cells.codes["hour"][rows], cells.measures["orders"][rows], hours)
