"""The order lines of one period, and what the KPIs measure on any part of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detect.records import Anomaly, Bools, Days, Floats, Ints

GUEST = ""
"""Customer id of those who have none."""


@dataclass(frozen=True)
class Coded:
    """A text column: a number per line, and the text of each number."""

    codes: Ints
    names: tuple[str, ...]


@dataclass(frozen=True)
class Largest:
    """A sum over the largest members of a dimension: of each line the member and its amount."""

    members: Ints
    amounts: Floats
    count: int


@dataclass(frozen=True)
class Lines:
    """Sale and return lines; one entry per line, (N,).

    `amount` is negative on returns. Measures, by name: `sums` have each line's part, `counted` the
    number of what a line counts for (-1: nothing), `largest` are of the largest members alone.
    `dimensions` are those that were asked for.
    """

    day: Days
    invoice: Coded
    customer: Coded
    product: Coded
    country: Coded
    is_sale: Bools
    quantity: Floats
    price: Floats
    amount: Floats
    sums: dict[str, Floats]
    counted: dict[str, Ints]
    largest: dict[str, Largest]
    dimensions: dict[str, Coded] = field(default_factory=dict)

    @property
    def is_known(self) -> Bools:
        """Whether the line is of a customer with an id."""
        guests = [i for i, name in enumerate(self.customer.names) if name == GUEST]
        return ~np.isin(self.customer.codes, guests)


@dataclass(frozen=True)
class Reversal:
    """A sale line that was cancelled whole within the period."""

    sale_invoice: str
    cancellation_invoice: str
    customer_id: str
    product: str
    description: str
    quantity: float
    """Whole, and an integer, where the shop sells pieces."""
    minutes: int
    amount: float


def value(anomaly: Anomaly, lines: Lines, kept: Bools) -> float:
    """The anomaly's KPI over some of its period's lines; NaN where it is not known from lines."""
    kpi = anomaly.kpi
    inside = within(anomaly, lines)
    if inside is None:
        return float("nan")
    kept = kept & inside
    top = measure(kpi.numerator, lines, kept)
    if kpi.denominator is None:
        return top
    bottom = measure(kpi.denominator, lines, kept)
    return top / bottom if bottom else float("nan")


def within(anomaly: Anomaly, lines: Lines) -> Bools | None:
    """The lines of the member that an anomaly is about, (N,); None where that is not known."""
    kept = np.ones(lines.amount.size, dtype=bool)
    known = {"country": lines.country, "product": lines.product, **lines.dimensions}
    for dimension, member in anomaly.within.items():
        column = known.get(dimension)
        if column is None or member not in column.names:
            return None
        kept &= column.codes == column.names.index(member)
    return kept


def measure(name: str, lines: Lines, kept: Bools) -> float:
    """A measure of the segment tables over some lines; NaN for one that is not known here."""
    if name in lines.largest:
        largest = lines.largest[name]
        by_member = np.bincount(largest.members[kept], largest.amounts[kept])
        return float(np.sort(by_member)[-largest.count :].sum())
    if name in lines.counted:
        codes = lines.counted[name][kept]
        return float(np.unique(codes[codes >= 0]).size)
    if name in lines.sums:
        parts = lines.sums[name][kept]
        return float(parts[parts != 0].sum())
    return float("nan")
