"""What each kind of incident does to one day's rows.

Every effect takes the day's rows and the `Site` of the incident and returns the rows it leaves.
Rows that were there keep their `row`; rows that are added have -1.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from retail.simulate.draws import BoolArray, IntArray, choose_share
from retail.simulate.incidents.market import Target
from retail.simulate.incidents.supply import Supply
from retail.simulate.lines import (
    CREDIT,
    MINUTES_PER_DAY,
    NO_CUSTOMER,
    PENNY,
    SALE,
    Lines,
    Vocabulary,
    is_sale,
    join,
)

ADDED = -1
REVERSED_AFTER_MINUTES = 12
COMPOSED_LINES, COMPOSED_TIMES = 20, 4  # lines in an order, and times their usual pieces
LARGEST_SHARE_OF_WAVE = 0.25  # one line may be so much of a wave, lest a single line be all of it


@dataclass(frozen=True, slots=True)
class Site:
    """Where an incident strikes: one day of it, and what is at hand there.

    Attributes:
        target: the incident.
        words: vocabulary of all rows.
        past: sales of the trading days before, to draw orders from.
        usual_gross: gross revenue of a usual day, in thousandths of a pound.
        progress: how far into the incident this day is, above 0 and up to 1.
        is_first: whether this is its first trading day.
        invoices: unused invoice numbers.
        customers: unused customer numbers.
        rng: luck of this incident on this day.
    """

    target: Target
    words: Vocabulary
    past: Lines
    usual_gross: int
    progress: float
    is_first: bool
    invoices: Supply
    customers: Supply
    rng: np.random.Generator

    @property
    def size(self) -> float:
        """Size of the incident."""
        return self.target.incident.amount


def strike(day: Lines, site: Site) -> Lines:
    """Return the day's rows after the incident, in order of time."""
    after = EFFECTS[site.target.incident.kind](day, site)
    return after.take(np.argsort(after.minute, kind="stable"))


def in_segment(lines: Lines, target: Target, words: Vocabulary) -> BoolArray:
    """Mark the rows of the incident's segment; all where it has none."""
    mask = np.ones(len(lines), dtype=np.bool_)
    country = target.incident.segment.get("country")
    if country is not None:
        mask &= np.array([name.strip() == country for name in words.countries])[lines.country]
    if target.stock_codes is not None:
        mask &= np.array([code in target.stock_codes for code in words.products])[lines.code]
    if target.incident.segment.get("customer_type") == "guest":
        mask &= lines.customer == NO_CUSTOMER
    return mask


def _sold(lines: Lines, site: Site) -> BoolArray:
    return is_sale(lines, site.words) & in_segment(lines, site.target, site.words)


def _lose(day: Lines, site: Site, share: float, fewest: int = 1) -> Lines:
    """Lose a share of the segment's orders, or of its lines where goods make the segment."""
    sold = _sold(day, site)
    if site.target.stock_codes is not None:
        rows = np.flatnonzero(sold)
        lost = rows[choose_share(len(rows), share, site.rng, fewest)]
        return day.take(np.setdiff1d(np.arange(len(day)), lost))
    orders = np.unique(day.invoice[sold])
    lost = orders[choose_share(len(orders), share, site.rng, fewest)]
    return day.take(~(np.isin(day.invoice, lost) & (day.kind == SALE)))


def _campaign(day: Lines, site: Site) -> Lines:
    donors = _donors(day, site)
    extra = _more_orders(day, site, donors.take(donors.customer != NO_CUSTOMER))
    _, order = np.unique(extra.invoice, return_inverse=True)
    fresh = site.customers.take(int(order.max(initial=-1)) + 1)
    return join([day, replace(extra, customer=fresh[order])])


def _donors(day: Lines, site: Site) -> Lines:
    """Return the segment's sales of the weeks before, or of the day itself if there are none."""
    for source in (site.past, day):
        donors = source.take(_sold(source, site))
        if len(donors):
            return donors
    return day.take(np.zeros(0, dtype=np.int64))


def _more_orders(day: Lines, site: Site, donors: Lines) -> Lines:
    """Copy orders of the weeks before into the day: as many as the size says."""
    own = len(np.unique(day.invoice[_sold(day, site)]))
    wanted = max(int(own * site.size + site.rng.random()), min(own, 1) if site.size > 0 else 0)
    if len(donors) == 0 or wanted == 0:
        return donors.take(np.zeros(0, dtype=np.int64))
    rows = np.argsort(donors.invoice, kind="stable")
    _, first, lines = np.unique(donors.invoice[rows], return_index=True, return_counts=True)
    chosen = site.rng.integers(0, len(first), wanted)
    order = np.repeat(np.arange(wanted), lines[chosen])
    within = np.arange(len(order)) - np.repeat(
        np.cumsum(lines[chosen]) - lines[chosen], lines[chosen]
    )
    copied = donors.take(rows[first[chosen][order] + within])
    return _rewrite(copied, order, day, site)


def _rewrite(lines: Lines, order: IntArray, day: Lines, site: Site, kind: int = SALE) -> Lines:
    """Give rows new invoice numbers and times of this day; `order` groups them into invoices."""
    size = int(order.max(initial=-1)) + 1
    minutes = site.rng.choice(np.unique(day.minute), size)
    return replace(
        lines,
        invoice=site.invoices.take(size)[order],
        minute=minutes[order],
        kind=np.full(len(lines), kind),
        row=np.full(len(lines), ADDED),
    )


def _price_error(day: Lines, site: Site) -> Lines:
    wrong = np.maximum(np.rint(day.price * site.size), 1).astype(np.int64)
    return replace(day, price=np.where(_sold(day, site), wrong, day.price))


def _price_cut(day: Lines, site: Site) -> Lines:
    pence = np.rint(day.price * (1 - site.size) / PENNY).astype(np.int64)
    cut = np.minimum(np.maximum(pence, 1) * PENNY, day.price)
    return replace(day, price=np.where(_sold(day, site), cut, day.price))


def _guest_break(day: Lines, site: Site) -> Lines:
    known = is_sale(day, site.words) & (day.customer != NO_CUSTOMER)
    country = site.target.incident.segment.get("country")
    if country is not None:
        known &= np.array([name == country for name in site.words.countries])[day.country]
    orders = np.unique(day.invoice[known])
    lost = orders[choose_share(len(orders), site.size, site.rng, fewest=1)]
    hit = np.isin(day.invoice, lost) & (day.kind == SALE)
    return replace(day, customer=np.where(hit, NO_CUSTOMER, day.customer))


def _double_load(day: Lines, site: Site) -> Lines:
    again = _reloaded(day, site)
    _, order = np.unique(again.invoice, return_inverse=True)
    fresh = site.invoices.take(int(order.max(initial=-1)) + 1)
    return join([day, replace(again, invoice=fresh[order])])


def _reloaded(day: Lines, site: Site) -> Lines:
    mask = in_segment(day, site.target, site.words)
    orders = np.unique(day.invoice[mask])
    chosen = orders[choose_share(len(orders), site.size, site.rng, fewest=1)]
    again = day.take(mask & np.isin(day.invoice, chosen))
    return replace(again, row=np.full(len(again), ADDED))


def _bulk_order(day: Lines, site: Site) -> Lines:
    """Add one order of one line at the product's lowest price of late, by a known customer."""
    goods = _goods(day, site)
    if not site.is_first or len(goods) == 0:
        return day
    cheapest = goods.take(goods.price == goods.price.min()).take(np.array([0]))
    pieces = max(1, round(site.size * site.usual_gross / int(cheapest.price[0])))
    order = replace(cheapest, quantity=np.array([pieces]))
    order = _rewrite(_by_someone(order, day, site), np.zeros(1, dtype=np.int64), day, site)
    if not site.target.incident.reversal:
        return join([day, order])
    note = replace(
        order,
        kind=np.array([CREDIT]),
        invoice=site.invoices.take(1),
        quantity=-order.quantity,
        minute=order.minute + REVERSED_AFTER_MINUTES,
    )
    return join([day, order, note])


def _goods(day: Lines, site: Site) -> Lines:
    """Return recent sales of the incident's goods in any country."""
    everywhere = replace(site.target, incident=replace(site.target.incident, segment={}))
    return _donors(day, replace(site, target=everywhere))


def _by_someone(lines: Lines, day: Lines, site: Site) -> Lines:
    """Let each row be bought by a customer of the country: one of late, else a new one."""
    anything = replace(site.target, stock_codes=None)
    buyers = _donors(day, replace(site, target=anything))
    buyers = buyers.take(buyers.customer != NO_CUSTOMER)
    if len(buyers):
        who = site.rng.integers(0, len(buyers), len(lines))
        return replace(lines, customer=buyers.customer[who], country=buyers.country[who])
    name = site.target.incident.segment.get("country")
    places = [nth for nth, one in enumerate(site.words.countries) if one.strip() == name]
    country = np.full(len(lines), places[0]) if places else lines.country
    return replace(lines, customer=site.customers.take(len(lines)), country=country)


def _returns_wave(day: Lines, site: Site) -> Lines:
    """Send back lines of the weeks before, one credit note per order, up to the wanted value."""
    sold = _donors(day, site)
    wanted = site.size * site.usual_gross
    sold = sold.take(
        (sold.customer != NO_CUSTOMER) & (sold.amount <= LARGEST_SHARE_OF_WAVE * wanted)
    )
    back = _up_to(sold, wanted, site.rng)
    _, note = np.unique(back.invoice, return_inverse=True)
    back = replace(back, quantity=-back.quantity)
    return join([day, _rewrite(back, note, day, site, CREDIT)])


def _up_to(lines: Lines, value: float, rng: np.random.Generator) -> Lines:
    """Draw rows without replacement until they are worth a value (or there are no more)."""
    mixed = lines.take(rng.permutation(len(lines)))
    before = np.cumsum(mixed.amount) - mixed.amount
    return mixed.take(before < value)


def _combination(day: Lines, site: Site) -> Lines:
    """Lose the goods' lines of one country, or add orders of them from there."""
    if site.size < 0:
        return _lose(day, site, -site.size)
    wanted = site.size * site.usual_gross
    goods = _goods(day, site)
    goods = goods.take(goods.amount * COMPOSED_TIMES <= LARGEST_SHARE_OF_WAVE * wanted)
    extra = _up_to(goods, wanted / COMPOSED_TIMES, site.rng)
    extra = replace(extra, quantity=extra.quantity * COMPOSED_TIMES)
    order = np.arange(len(extra)) // COMPOSED_LINES
    heads = _by_someone(extra.take(np.unique(order, return_index=True)[1]), day, site)
    extra = replace(extra, customer=heads.customer[order], country=heads.country[order])
    return join([day, _rewrite(extra, order, day, site)])


EFFECTS: dict[str, Callable[[Lines, Site], Lines]] = {
    "outage": lambda day, site: _lose(day, site, site.size),
    "surge": lambda day, site: join([day, _more_orders(day, site, _donors(day, site))]),
    "price_error": _price_error,
    "bulk_order": _bulk_order,
    "returns_wave": _returns_wave,
    "guest_break": _guest_break,
    "campaign": _campaign,
    "price_cut": _price_cut,
    "slow_decline": lambda day, site: _lose(day, site, site.size * site.progress, fewest=0),
    "double_load": _double_load,
    "duplicate_load": lambda day, site: join([day, _reloaded(day, site)]),
    "segment_death": lambda day, site: _lose(day, site, site.size),
    "combination": _combination,
    "half_day": lambda day, site: day.take(day.minute % MINUTES_PER_DAY < site.size * 60),
}
