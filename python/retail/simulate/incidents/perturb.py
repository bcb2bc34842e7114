"""Incidents over a run of days: each day passes through, struck or not, and leaves a note."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from statistics import median

import numpy as np

from retail.simulate.draws import BoolArray, IntArray, choose_share, stream
from retail.simulate.incidents.effects import ADDED, Site, in_segment, strike
from retail.simulate.incidents.market import Target
from retail.simulate.incidents.supply import Supply
from retail.simulate.lines import NO_CUSTOMER, Lines, Vocabulary, is_return, is_sale, join

PAST_DAYS = 20  # trading days that are remembered
PAST_LINES_PER_DAY = 40_000  # about; of a larger day a share of the orders is remembered


@dataclass(frozen=True, slots=True)
class Setting:
    """What all days share: the words, the supplies of unused numbers, and the seed.

    `invoices` is restocked each day with the numbers left free there.
    """

    words: Vocabulary
    invoices: Supply
    customers: Supply
    seed: int


@dataclass(frozen=True, slots=True)
class Strike:
    """What one incident did on one day: rows, and measures before and after (see `measure`)."""

    nth: int
    day: date
    before: dict[str, int]
    after: dict[str, int]
    segment_before: dict[str, int]
    segment_after: dict[str, int]
    added: int
    removed: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Past:
    """The trading days before, as far as incidents draw on them."""

    sales: deque[Lines]
    gross: deque[int]

    def remember(self, day: Lines, words: Vocabulary, rng: np.random.Generator) -> None:
        """Add a day, or a share of its orders where it is large; the oldest is forgotten."""
        sold = day.take(is_sale(day, words))
        self.gross.append(int(sold.amount.sum()))
        if len(sold) > PAST_LINES_PER_DAY:
            orders = np.unique(sold.invoice)
            kept = orders[choose_share(len(orders), PAST_LINES_PER_DAY / len(sold), rng)]
            sold = sold.take(np.isin(sold.invoice, kept))
        self.sales.append(sold)


def disturb(
    days: Iterable[tuple[date, Lines, IntArray]], targets: tuple[Target, ...], setting: Setting
) -> Iterator[tuple[date, Lines, tuple[Strike, ...]]]:
    """Pass trading days through incidents: yield each day's rows, and what was done to them.

    `days` come in order, each with its rows and the invoice numbers left free there.
    """
    past = _Past(deque(maxlen=PAST_DAYS), deque(maxlen=PAST_DAYS))
    begun: set[int] = set()
    for day, lines, free in days:
        setting.invoices.restock(free)
        strikes: list[Strike] = []
        struck = lines
        for nth, target in enumerate(targets):
            if target.incident.covers(day):
                site = _site(target, nth, day, lines, past, nth not in begun, setting)
                before, struck = struck, strike(struck, site)
                strikes.append(_note(nth, day, before, struck, site))
                begun.add(nth)
        if targets:
            past.remember(lines, setting.words, stream(setting.seed, "past", day.toordinal()))
        yield day, struck, tuple(strikes)


def _site(
    target: Target,
    nth: int,
    day: date,
    lines: Lines,
    past: _Past,
    is_first: bool,
    setting: Setting,
) -> Site:
    incident = target.incident
    own = int(lines.take(is_sale(lines, setting.words)).amount.sum())
    length = (incident.end - incident.start).days + 1
    return Site(
        target=target,
        words=setting.words,
        past=join(past.sales),
        usual_gross=round(median(past.gross)) if past.gross else own,
        progress=((day - incident.start).days + 1) / length,
        is_first=is_first,
        invoices=setting.invoices,
        customers=setting.customers,
        rng=stream(setting.seed, f"incident {nth}", day.toordinal()),
    )


def _note(nth: int, day: date, before: Lines, after: Lines, site: Site) -> Strike:
    was, now = before.take(before.row != ADDED), after.take(after.row != ADDED)
    kept = was.take(np.isin(was.row, now.row))
    own_before = before.take(in_segment(before, site.target, site.words))
    own_after = after.take(in_segment(after, site.target, site.words))
    return Strike(
        nth=nth,
        day=day,
        before=measure(before, site.words),
        after=measure(after, site.words),
        segment_before=measure(own_before, site.words),
        segment_after=measure(own_after, site.words),
        added=max(0, (len(after) - len(now)) - (len(before) - len(was))),
        removed=len(was) - len(now),
        changed=_differing(kept, now),
    )


def _differing(left: Lines, right: Lines) -> int:
    """Count the rows of which the price or the customer differs; same rows in any order."""
    left, right = left.take(np.argsort(left.row)), right.take(np.argsort(right.row))
    return int(((left.price != right.price) | (left.customer != right.customer)).sum())


def measure(lines: Lines, words: Vocabulary) -> dict[str, int]:
    """Count orders, active customers and units, and sum revenue in thousandths of a pound.

    Duplicates count once; sales and returns are told apart as in `lines`.
    """
    own = lines.take(_first_of_each(lines, words))
    sold, back = own.take(is_sale(own, words)), own.take(is_return(own, words))
    gross, returned = int(sold.amount.sum()), -int(back.amount.sum())
    return {
        "orders": len(np.unique(sold.invoice)),
        "active_customers": len(np.unique(sold.customer[sold.customer != NO_CUSTOMER])),
        "units": int(sold.quantity.sum()),
        "gross_revenue": gross,
        "returned_revenue": returned,
        "net_revenue": gross - returned,
    }


def _first_of_each(lines: Lines, words: Vocabulary) -> BoolArray:
    """Mark the rows that are left when duplicates are dropped, texts trimmed, codes in capitals."""
    columns = (
        lines.invoice, lines.kind, words.code_ids[lines.code], words.text_ids[lines.text],
        lines.quantity, lines.minute, lines.price, lines.customer, lines.country,
    )  # fmt: skip
    order = np.lexsort(columns)
    again = np.ones(len(lines), dtype=np.bool_)
    again[:1] = False
    for column in columns:
        again[1:] &= column[order][1:] == column[order][:-1]
    first = np.empty(len(lines), dtype=np.bool_)
    first[order] = ~again
    return first
