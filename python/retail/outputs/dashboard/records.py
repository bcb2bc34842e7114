"""What the dashboard reads for itself: shares and order lines, down to the last one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from retail.reading import KpiRow


@dataclass(frozen=True)
class DimensionRow:
    """What a KPI is broken down by; `coarser_than` is the dimension whose members it groups."""

    name: str
    coarser_than: str | None


@dataclass(frozen=True)
class Share:
    """A KPI within one member of a dimension, in one period."""

    member: str
    value: float | None
    numerator: float


@dataclass(frozen=True)
class Place:
    """Where order lines are looked for: days, and for each dimension the one member wanted.

    `listed` are the members of a dimension that its "(other)" leaves out.
    """

    first: dt.date
    last: dt.date
    members: tuple[tuple[str, str], ...] = ()
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """A KPI over some days, and over those that they are compared with, if any, as text."""

    kpi: KpiRow
    days: str
    value: str
    against: str
    value_against: str
    change: str
    note: str


@dataclass(frozen=True)
class SumsRow:
    """What all order lines of a place add up to."""

    lines: int
    orders: int
    units: int | Decimal
    gross_revenue: Decimal
    returned_revenue: Decimal
    net_revenue: Decimal


@dataclass(frozen=True)
class LineRow:
    """An order line that enters the KPIs."""

    ordered_at: dt.datetime
    invoice_no: str
    line_type: str
    product: str
    description: str | None
    quantity: int | Decimal
    unit_price: Decimal
    net_revenue: Decimal
    customer_id: str | None
    customer_type: str
    country: str
    region: str | None
    market: str
    category: str
    order_size: str
    hour: int
    source_file: str
    source_row: int


@dataclass(frozen=True)
class OrderLines:
    """Order lines of a place, the largest first, and what all of them add up to."""

    sums: SumsRow
    largest: tuple[LineRow, ...]
