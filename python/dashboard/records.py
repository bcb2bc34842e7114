"""What the dashboard reads besides the report's facts: rows of tables, as they stand there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

OTHER, NONE = "(other)", "(none)"
"""Members that stand for all that aren't listed, and for an empty cell."""


@dataclass(frozen=True)
class Dimension:
    """What a KPI is broken down by; `coarser_than` is the dimension whose members it groups."""

    name: str
    coarser_than: str | None


@dataclass(frozen=True)
class Part:
    """A segment that a finding was broken down to; `segment` is JSON text."""

    analysis: str
    dimensions: str
    rank: int
    segment: str
    actual: float | None
    expected: float | None
    contribution: float
    share_of_change: float | None
    p_value: float | None
    confidence: float | None


@dataclass(frozen=True)
class Branch:
    """A factor of the KPI tree, of the whole shop or of one member of a dimension."""

    dimension: str
    member: str
    factor: str
    expected: float | None
    actual: float | None
    contribution: float


@dataclass(frozen=True)
class Doubt:
    """What speaks for or against an incident."""

    check_name: str
    verdict: str
    detail: str


@dataclass(frozen=True)
class Said:
    """What somebody said of an anomaly."""

    anomaly_id: str
    action: str
    until: dt.date | None
    note: str | None
    given_at: dt.datetime


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
class Sums:
    """What all order lines of a place add up to."""

    lines: int
    orders: int
    units: int
    gross_revenue: Decimal
    returned_revenue: Decimal
    net_revenue: Decimal


@dataclass(frozen=True)
class Line:
    """An order line that enters the KPIs."""

    ordered_at: dt.datetime
    invoice_no: str
    line_type: str
    product: str
    description: str | None
    quantity: int
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
class Lines:
    """Order lines of a place, the largest first, and what all of them add up to."""

    sums: Sums
    largest: tuple[Line, ...]
