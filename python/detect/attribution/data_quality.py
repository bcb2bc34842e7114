"""Signs of data errors, each named after the error it looks like.

An error is suspected, never certain: each limit is far outside of ordinary days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from detect.attribution.decomposition import sums
from detect.attribution.lines import Lines
from detect.attribution.segments import Segments, code_of
from detect.records import DOUBLED, Bools, Days, Floats, Ints

SUSPECTED, CLEAR, NOT_TESTED = "suspected", "clear", "not tested"
FEWEST_LINES = 20
"""Lines below which a share of duplicates says nothing; chosen by hand."""
FEWEST_OF_ALL, ALL_OF_THEM = 8, 0.9
"""Lines that are enough where so large a share are duplicates; chosen by hand."""
PRICE_FACTOR = 5.0
"""Factor beyond the range of a product's past prices that is suspect, either way; by hand."""
PRICE_SHARE = 0.02
"""Share of the period's gross revenue that such prices must add or hide; chosen by hand."""
SMALL_COUNTRY = 0.5
"""Share of a period's lines below which wrong prices of one country alone say something; by hand.
"""
UNIT_SLIP = 0.02
"""Relative distance to a power of ten within which a factor counts as one; chosen by hand."""
FEWEST_GUESTS = 3
"""Orders without a customer from which ids may be missing: one or two may be any guest's; by hand.
"""
MORE_GUESTS, MORE_THAN_EVER = 0.2, 0.1
"""Rise of the share of guest orders that is a break: above the usual, and the highest; by hand."""
MORE_NEW, MORE_NEW_THAN_EVER = 0.4, 0.2
"""Rise of the share of new customers' orders that is a break: above the usual, and the highest; by
hand."""
USUAL_HOUR = 0.8
"""Share of comparable days with orders that makes an hour one to expect them in; by hand."""
MISSING_TRADE = 0.2
"""Share of the usual orders in a run of missing hours that is suspect; chosen by hand."""
MISSING_PART = 0.5
"""Part of the orders that a day lacks which must be those of the missing hours: of a day with few
orders, many hours have none; as with an order that makes a day."""
MORE_UNSOLD, MORE_UNSOLD_THAN_EVER = 0.2, 0.1
"""Rise of the share of order lines that are no sales: above the usual, and the highest; by hand."""
WITH_ID = ("new", "returning")
"""Types of customers who have an id."""
FEWEST_RELABELLED, FEWEST_OF_KNOWN = 3.0, 10.0
"""Orders that a member lost or won, from which another may have them: a member that never had any,
or one that was known before; chosen by hand."""
AS_MUCH = (0.7, 1.4)
"""Least and most of that change that the other one makes the other way; chosen by hand."""
FEWEST_DAYS = 5
"""Comparable days below which a check is not made; chosen by hand."""


class LineCounts(NamedTuple):
    """Order lines of a period by their type."""

    sales: int
    adjustments: int
    returns: int


@dataclass(frozen=True)
class CheckResult:
    """What one check found."""

    verdict: str
    details: dict[str, object]


def duplicate_load(
    lines: Lines, usual: Sequence[tuple[float, float]], *, lacks_ids: bool = False
) -> CheckResult:
    """Lines whose customer, product, quantity and price come more than once in a day.

    Args:
        lines: of the period.
        usual: the share of such lines in comparable periods, among lines of customers with an id,
            and among all; NaN where a period has none.
        lacks_ids: whether ids may be missing: lines without one are alike more often than usual.
    """
    known = np.flatnonzero(lines.is_sale & lines.is_known)
    result = _repeated(lines, known, [share for share, _ in usual])
    if result.verdict != NOT_TESTED or lacks_ids:
        return result
    return _repeated(lines, np.flatnonzero(lines.is_sale), [share for _, share in usual])


def _repeated(lines: Lines, sold: Ints, usual: Sequence[float]) -> CheckResult:
    """Whether more of some lines come again than usual; of few, whether nearly all do."""
    shares = np.array(usual, dtype=np.float64)
    shares = shares[np.isfinite(shares)]
    if sold.size < FEWEST_OF_ALL or shares.size < FEWEST_DAYS:
        return CheckResult(NOT_TESTED, {})
    columns = (
        lines.day.astype(np.int64), lines.customer.codes, lines.product.codes, lines.quantity,
        lines.price,
    )  # fmt: skip
    keys = np.stack([c[sold] for c in columns], axis=1)
    _, at, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    share, before = float((count[at.ravel()] > 1).mean()), float(np.median(shares))
    if sold.size < FEWEST_LINES and share < ALL_OF_THEM:
        return CheckResult(NOT_TESTED, {})
    return CheckResult(
        SUSPECTED if share - before >= DOUBLED else CLEAR,
        {"share": share, "usual": before, "lines": int(sold.size)},
    )


def price_slip(lines: Lines, past: dict[str, tuple[float, ...]]) -> CheckResult:
    """Products sold far outside of the range of their past prices, which are given by stock code.

    Wholesale and clearance prices are a part of that range, so that they are no slips.
    """
    empty = (float("nan"),)
    low, high = (
        np.array([pick(past.get(name, empty)) for name in lines.product.names], dtype=np.float64)
        for pick in (min, max)
    )
    codes = lines.product.codes
    nearest = np.clip(lines.price, low[codes], high[codes])
    known = lines.is_sale & (nearest > 0)
    gross = float(lines.amount[lines.is_sale].sum())
    if not known.any() or gross <= 0:
        return CheckResult(NOT_TESTED, {})
    ratio = np.divide(lines.price, nearest, out=np.ones_like(lines.price), where=known)
    off = (ratio >= PRICE_FACTOR) | (ratio <= 1 / PRICE_FACTOR)
    error = np.where(off, np.abs(lines.price - nearest) * lines.quantity, 0.0)
    wrong = float(error.sum())
    if wrong < PRICE_SHARE * gross:
        return CheckResult(CLEAR, {"share": wrong / gross})
    worst = int(error.argmax())
    product = lines.product.names[int(codes[worst])]
    usual, slip = _meant(float(lines.price[worst]), past[product])
    like_it = off & (error >= PRICE_SHARE * error[worst])
    details: dict[str, object] = {
        "product": product,
        "price": float(lines.price[worst]),
        "usual": usual,
        "factor": float(lines.price[worst]) / usual,
        "products": int(np.unique(codes[like_it]).size),
        "share": wrong / gross,
        "is_unit_slip": slip,
    }
    if (country := _only_country(lines, like_it)) is not None:
        details["country"] = country
    return CheckResult(SUSPECTED, details)


def _only_country(lines: Lines, wrong: Bools) -> str | None:
    """The country of all wrong prices, where most lines are of others: its currency, perhaps."""
    places = np.unique(lines.country.codes[wrong])
    here = lines.country.codes == places[0]
    is_small = float(here[lines.is_sale].mean()) < SMALL_COUNTRY
    return lines.country.names[int(places[0])] if places.size == 1 and is_small else None


def _meant(price: float, past: tuple[float, ...]) -> tuple[float, bool]:
    """The past price that a power of ten leads to, and True; else the nearest one, and False."""
    known = np.array(past)
    power = np.round(np.log10(price / known))
    miss = np.abs(price / known / 10.0**power - 1)
    slips = (power != 0) & (miss <= UNIT_SLIP)
    if slips.any():
        return float(known[np.where(slips, miss, np.inf).argmin()]), True
    return float(known[np.abs(np.log(price / known)).argmin()]), False


def missing_ids(segments: Segments, period: np.datetime64, others: Days) -> CheckResult:
    """Orders without a customer, as a share of all, against the comparable periods.

    They are more in number, too: where other orders are missing, guests are a larger share.
    """
    guest = code_of(segments.members["customer_type"], "guest")
    guests = segments.codes["customer_type"] == guest
    rows, every = [segments.rows(p) for p in (period, *others)], segments.measures["orders"]
    share = np.array([_share(every, guests, mine) for mine in rows])
    without = np.array([float(every[mine][guests[mine]].sum()) for mine in rows])
    known = share[1:][np.isfinite(share[1:])]
    if known.size < FEWEST_DAYS or not np.isfinite(share[0]):
        return CheckResult(NOT_TESTED, {})
    broken = _rose(share[0], known, MORE_GUESTS, MORE_THAN_EVER)
    broken = broken and without[0] >= FEWEST_GUESTS and without[0] > without[1:].max()
    details: dict[str, object] = {
        "share": float(share[0]),
        "usual": float(np.median(known)),
        "orders": float(every[rows[0]].sum()),
        "without": float(without[0]),
    }
    return CheckResult(SUSPECTED if broken else CLEAR, details)


def renumbered_ids(segments: Segments, period: np.datetime64, others: Days) -> CheckResult:
    """Orders of new customers, as a share of those with an id, against the comparable periods.

    They are more than in any of these, and those of returning customers fewer: where new customers
    come beside the known ones, nobody has another id.
    """
    kinds = segments.members["customer_type"]
    orders = _orders_by(segments, "customer_type", (period, *others))
    new, known = (orders[:, code] * (code >= 0) for code in (code_of(kinds, k) for k in WITH_ID))
    every = new + known
    share = new / np.maximum(every, 1e-300)
    usable = 1 + np.flatnonzero(every[1:] > 0)
    if usable.size < FEWEST_DAYS or np.median(known[usable]) < FEWEST_OF_KNOWN or every[0] == 0:
        return CheckResult(NOT_TESTED, {})
    broken = _rose(share[0], share[usable], MORE_NEW, MORE_NEW_THAN_EVER)
    broken = broken and new[0] > new[usable].max() and known[0] < known[usable].min()
    details: dict[str, object] = {
        "share": float(share[0]), "usual": float(np.median(share[usable])),
        "orders": float(every[0]),
    }  # fmt: skip
    return CheckResult(SUSPECTED if broken else CLEAR, details)


def _rose(share: float, before: Floats, usually: float, ever: float) -> bool:
    """Whether a share is by so much above what it usually was, and above what it ever was."""
    return bool(share - np.median(before) >= usually and share - before.max() >= ever)


def _share(amounts: Floats, of: Bools, rows: slice) -> float:
    total = float(amounts[rows].sum())
    return float(amounts[rows][of[rows]].sum()) / total if total > 0 else float("nan")


def missing_hours(segments: Segments, day: np.datetime64, others: Days) -> CheckResult:
    """The longest run of hours without an order, that are traded on most comparable days.

    They are most of what the day lacks: where the other hours have few orders, too, none is lost.
    Where as many orders came in hours that usually have none, the clock is off: `moved` is their
    share of the day. Members that are no whole number have no place on the clock, and are left out.
    """
    names = segments.members["hour"]
    orders = _orders_by(segments, "hour", (day, *others))
    hour = np.array([int(name) if name.isdecimal() else -1 for name in names], dtype=np.int64)
    if others.size < FEWEST_DAYS or orders[0].sum() == 0 or hour.max() < 0:
        return CheckResult(NOT_TESTED, {})
    traded = (orders[1:] > 0).mean(axis=0)
    due = np.flatnonzero((traded >= USUAL_HOUR) & (hour >= 0))
    due = due[np.argsort(hour[due])]
    absent = _longest_run(orders[0, due] == 0)
    total = float(orders[1:].sum())
    share = float(orders[1:, due[absent]].sum() / max(total, 1e-300))
    usual = total / others.size
    if share < MISSING_TRADE or share * usual < MISSING_PART * (usual - float(orders[0].sum())):
        return CheckResult(CLEAR, {"share": share})
    hours = hour[due[absent]]
    details: dict[str, object] = {
        "share": share, "hours": int(hours.size), "first": int(hours[0]), "last": int(hours[-1])
    }  # fmt: skip
    moved = float(orders[0, (traded <= 1 - USUAL_HOUR) & (hour >= 0)].sum())
    if moved >= MISSING_PART * share * usual:
        details["moved"] = moved / float(orders[0].sum())
    return CheckResult(SUSPECTED, details)


def unsold_lines(counts: Sequence[LineCounts]) -> CheckResult:
    """Order lines that are no sales, as a share of all, against the comparable periods.

    Args:
        counts: of the period, then of the comparable ones.
    """
    table = np.array(counts, dtype=np.float64).reshape(-1, len(LineCounts._fields))
    lines = table.sum(axis=1)
    known = table[1:][lines[1:] > 0]
    if len(known) < FEWEST_DAYS or lines[0] < FEWEST_LINES:
        return CheckResult(NOT_TESTED, {})
    share, before = 1 - table[0, 0] / lines[0], 1 - known[:, 0] / known.sum(axis=1)
    broken = _rose(share, before, MORE_UNSOLD, MORE_UNSOLD_THAN_EVER)
    details: dict[str, object] = {
        "share": float(share), "usual": float(np.median(before)), "lines": int(lines[0]),
        "adjustments": counts[0].adjustments, "returns": counts[0].returns,
    }  # fmt: skip
    return CheckResult(SUSPECTED if broken else CLEAR, details)


def relabelled(
    orders: Segments, dimension: str, member: str, period: np.datetime64, others: Days
) -> CheckResult:
    """Another member of a dimension that won about as many orders as one lost, or lost as it won.

    Both are beyond all comparable periods, the number of all orders is not: the orders came, under
    another name.
    """
    names = orders.members[dimension]
    table = _orders_by(orders, dimension, (period, *others))
    mine = code_of(names, member)
    if mine < 0 or others.size < FEWEST_DAYS:
        return CheckResult(NOT_TESTED, {})
    now, past, total = table[0], table[1:], table.sum(axis=1)
    low, high = past.min(axis=0), past.max(axis=0)
    change = now - np.median(past, axis=0)
    is_beyond = (now < low) | (now > high)
    least, most = (part * abs(change[mine]) for part in AS_MUCH)
    size = np.where(change * change[mine] < 0, np.abs(change), 0.0)
    is_as_much = is_beyond & (size >= least) & (size <= most)
    fewest = np.where(high == 0, FEWEST_RELABELLED, FEWEST_OF_KNOWN)
    fits = is_as_much & (abs(change[mine]) >= fewest)
    is_usual_day = total[1:].min() <= total[0] <= total[1:].max()
    if not (is_beyond[mine] and is_usual_day and fits.any()):
        return CheckResult(CLEAR, {})
    other = int(np.argmax(np.where(fits, size, -1.0)))
    return CheckResult(
        SUSPECTED,
        {
            "dimension": dimension, "member": member, "other": names[other],
            "change": float(change[mine]), "change_of_other": float(change[other]),
        },
    )  # fmt: skip


def _longest_run(flags: Bools) -> slice:
    """Where the longest run of set flags is; empty where none is set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int64), [0]])))
    starts, ends = edges[::2], edges[1::2]
    if starts.size == 0:
        return slice(0, 0)
    longest = int((ends - starts).argmax())
    return slice(int(starts[longest]), int(ends[longest]))


def _orders_by(segments: Segments, dimension: str, periods: Sequence[np.datetime64]) -> Floats:
    """Orders of each member of a dimension in some periods, (periods, members)."""
    codes, orders = segments.codes[dimension], segments.measures["orders"]
    members = len(segments.members[dimension])
    rows = map(segments.rows, periods)
    return np.stack([sums(codes[mine], orders[mine], members) for mine in rows])
