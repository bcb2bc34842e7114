"""The order lines of one period, and what the KPIs measure on any part of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.records import ALL, Anomaly, Bools, Days, Floats, Ints

TOP_PRODUCTS = 10
GUEST = ""
"""Customer id of those who have none."""


@dataclass(frozen=True)
class Coded:
    """A text column: a number per line, and the text of each number."""

    codes: Ints
    names: tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """Sale and return lines; one entry per line, (N,).

    `amount` is negative on returns; `order_number` is 0 where the line is no customer's order.
    """

    day: Days
    invoice: Coded
    customer: Coded
    product: Coded
    country: Coded
    is_international: Bools
    is_sale: Bools
    order_number: Ints
    is_first_order: Bools
    quantity: Floats
    price: Floats
    amount: Floats

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
    quantity: int
    minutes: int
    amount: float


def value(anomaly: Anomaly, lines: Lines, kept: Bools) -> float:
    """The anomaly's KPI over some of its period's lines; NaN where it is not known from lines."""
    kpi = anomaly.kpi
    if anomaly.segment != ALL:
        if kpi.segment_by != "country" or anomaly.segment not in lines.country.names:
            return float("nan")
        kept = kept & (lines.country.codes == lines.country.names.index(anomaly.segment))
    top = measure(kpi.numerator, lines, kept)
    if kpi.denominator is None:
        return top
    bottom = measure(kpi.denominator, lines, kept)
    return top / bottom if bottom else float("nan")


def measure(name: str, lines: Lines, kept: Bools) -> float:
    """A measure of the segment tables over some lines; NaN for one that is not known here."""
    sold = kept & lines.is_sale
    if name in ("orders", "active_customers", "repeat_customers", "new_customers"):
        return _count(name, lines, sold)
    sums = {
        "gross_revenue": sold,
        "net_revenue": kept,
        "identified_revenue": kept & lines.is_known,
        "international_revenue": kept & lines.is_international,
    }
    if name in sums:
        return float(lines.amount[sums[name]].sum())
    if name == "returned_revenue":
        return -float(lines.amount[kept & ~lines.is_sale].sum())
    if name == "units":
        return float(lines.quantity[sold].sum())
    if name == "top_product_revenue":
        by_product = np.bincount(lines.product.codes[sold], lines.amount[sold])
        return float(np.sort(by_product)[-TOP_PRODUCTS:].sum())
    return float("nan")


def _count(name: str, lines: Lines, sold: Bools) -> float:
    """Distinct invoices, or customers with an id, among sale lines."""
    if name == "orders":
        return float(np.unique(lines.invoice.codes[sold]).size)
    of = {
        "active_customers": np.ones_like(sold),
        "repeat_customers": lines.order_number > 1,
        "new_customers": lines.is_first_order,
    }[name]
    return float(np.unique(lines.customer.codes[sold & lines.is_known & of]).size)
