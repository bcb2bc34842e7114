"""What can go wrong (or well): the kinds of incident, and how one is written on a command line."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from retail.errors import RetailError
from retail.simulate.countries import HOME

Direction = Literal["up", "down"]
DIMENSIONS = ("country", "product", "keyword", "customer_type")
UNTIL_THE_END = 100_000
SHARE, MANY = (0.0, 1.0), (0.0, 1000.0)
EXAMPLE = "outage@2011-06-14,days=2,size=0.6,country=Germany"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of incident.

    Attributes:
        does: what happens, in one sentence.
        size: what the size of such an incident means.
        usual: size where none is given.
        bounds: smallest and largest size that makes sense.
        chosen: bounds of sizes chosen at random.
        days: calendar days where none are given.
        kpis: the KPIs it mainly moves, the clearest first, and which way.
        dimensions: what its segment may be made of.
        needs: dimensions that are filled in where the segment leaves them out.
    """

    does: str
    size: str
    usual: float
    bounds: tuple[float, float]
    chosen: tuple[float, float]
    days: int
    kpis: Mapping[str, Direction]
    dimensions: tuple[str, ...] = DIMENSIONS
    needs: tuple[str, ...] = ()


FEWER_SALES: Mapping[str, Direction] = {
    "order_count": "down", "active_customers": "down", "units_sold": "down",
    "total_revenue": "down",
}  # fmt: skip
MORE_SALES: Mapping[str, Direction] = {
    "order_count": "up", "active_customers": "up", "units_sold": "up", "total_revenue": "up",
}  # fmt: skip
LESS_REVENUE: Mapping[str, Direction] = {"total_revenue": "down", "units_sold": "down"}
GOODS = ("country", "product", "keyword")

KINDS: dict[str, Kind] = {
    "outage": Kind(
        "a share of the orders never arrives (with a product or keyword: of its lines)",
        "share lost", 0.6, SHARE, (0.4, 0.95), 1, FEWER_SALES,
    ),
    "surge": Kind(
        "customers order more often than usual",
        "extra orders, as a share of the segment's own", 0.8, MANY, (0.5, 1.5), 1, MORE_SALES,
    ),
    "price_error": Kind(
        "a product or a family of products is sold at a wrong price",
        "factor on the price", 100.0, (1e-4, 1e4), (100.0, 100.0), 1,
        {"average_price": "up", "total_revenue": "up", "revenue_per_order": "up"},
        needs=("product",),
    ),
    "bulk_order": Kind(
        "one giant order; with reversal=true it is cancelled some minutes later",
        "worth so many times a usual day's gross revenue", 2.0, MANY, (1.0, 4.0), 1,
        {"units_sold": "up", "items_per_order": "up", "total_revenue": "up",
         "revenue_per_order": "up"},
        dimensions=GOODS, needs=("product",),
    ),
    "returns_wave": Kind(
        "goods sold in the weeks before come back",
        "share of a usual day's gross revenue, each trading day", 0.4, MANY, (0.25, 0.8), 2,
        {"return_rate": "up", "total_revenue": "down"}, dimensions=GOODS,
    ),
    "guest_break": Kind(
        "customer ids are missing from identified orders",
        "share of the identified orders that lose theirs", 0.7, SHARE, (0.4, 1.0), 2,
        {"active_customers": "down"},
        dimensions=("country", "customer_type"), needs=("customer_type",),
    ),
    "campaign": Kind(
        "customers never seen before place an order each",
        "extra orders, as a share of the segment's own", 0.8, MANY, (0.5, 1.5), 7,
        {"new_customers": "up", "active_customers": "up", "order_count": "up"},
        dimensions=GOODS,
    ),
    "price_cut": Kind(
        "prices are lower",
        "share taken off", 0.3, (0.0, 0.99), (0.25, 0.6), 7,
        {"average_price": "down", "total_revenue": "down"},
    ),
    "slow_decline": Kind(
        "orders crumble away, a little more each day",
        "share lost on the last day", 0.3, SHARE, (0.3, 0.6), 84, FEWER_SALES,
    ),
    "double_load": Kind(
        "the rows are loaded twice, the second time under new invoice numbers",
        "share of the invoices", 1.0, SHARE, (1.0, 1.0), 1,
        {"order_count": "up", "units_sold": "up", "total_revenue": "up"},
        dimensions=("country",),
    ),
    "duplicate_load": Kind(
        "the rows are loaded twice as they are, which must move nothing",
        "share of the invoices", 1.0, SHARE, (1.0, 1.0), 1, {}, dimensions=("country",),
    ),
    "segment_death": Kind(
        "a country, a product or a family of products stops selling",
        "share lost", 1.0, SHARE, (1.0, 1.0), UNTIL_THE_END, LESS_REVENUE,
    ),
    "combination": Kind(
        "a product or a family of products moves in one country only",
        "above 0: extra sales as a share of a usual day's gross revenue; below 0: share lost",
        0.6, (-1.0, 1000.0), (0.4, 1.2), 3,
        {"total_revenue": "up", "units_sold": "up"},
        dimensions=GOODS, needs=("country", "keyword"),
    ),
    "half_day": Kind(
        "a day's data stop early",
        "hour of the day from which on nothing is there", 12.0, (0.0, 24.0), (11.0, 13.0), 1,
        FEWER_SALES, dimensions=(),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing to plant.

    Attributes:
        kind: a key of `KINDS`.
        start: first calendar day.
        days: calendar days; closed ones in between stay closed. None: as usual for the kind.
        size: what it means depends on the kind. None: as usual.
        segment: dimension → member: `country`, `product` (stock code), `keyword` (a word of the
            description), `customer_type` (`guest`). Empty: everything.
        reversal: of a `bulk_order`: cancelled some minutes later.
    """

    kind: str
    start: date
    days: int | None = None
    size: float | None = None
    segment: Mapping[str, str] = field(default_factory=dict)
    reversal: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be planted.

        Raises:
            RetailError: naming what is wrong and what is possible.
        """
        if self.kind not in KINDS:
            raise RetailError(f"no incident is called {self.kind!r}: take {', '.join(KINDS)}")
        for fine, complaint in _checks(self, KINDS[self.kind]):
            if not fine:
                raise RetailError(f"{self.kind}@{self.start}: {complaint}")

    @property
    def amount(self) -> float:
        """Its size, or the usual one."""
        return KINDS[self.kind].usual if self.size is None else self.size

    @property
    def end(self) -> date:
        """Last calendar day."""
        days = KINDS[self.kind].days if self.days is None else self.days
        return date.fromordinal(min(self.start.toordinal() + days - 1, date.max.toordinal()))

    def covers(self, day: date) -> bool:
        """Say whether a day is one of its days."""
        return self.start <= day <= self.end


def _checks(incident: Incident, kind: Kind) -> tuple[tuple[bool, str], ...]:
    low, high = kind.bounds
    odd = sorted(set(incident.segment) - set(kind.dimensions))
    choice = ", ".join(kind.dimensions) or "nothing"
    return (
        (incident.days is None or incident.days >= 1, f"days={incident.days} must be 1 or more"),
        (
            math.isfinite(incident.amount) and low <= incident.amount <= high,
            f"size={incident.amount:g} must be from {low:g} to {high:g} ({kind.size})",
        ),
        (not odd, f"it cannot be limited by {', '.join(odd)}; by {choice}"),
        (
            incident.segment.get("customer_type", "guest") == "guest",
            "of the customer types only 'guest' shows in raw rows",
        ),
        (
            not {"product", "keyword"} <= set(incident.segment),
            "give a product or a keyword, not both",
        ),
        (
            incident.kind != "segment_death" or bool(incident.segment),
            "say which country, product or keyword dies",
        ),
        (
            not incident.reversal or incident.kind == "bulk_order",
            "only a bulk_order has a reversal",
        ),
    )


def main_kpis(incident: Incident) -> dict[str, Direction]:
    """Return the KPIs that an incident mainly moves, the clearest first, and which way.

    Where it hits one country, the country's own revenue comes after them, and that from abroad.
    """
    kpis = _kpis(incident)
    country, way = incident.segment.get("country"), kpis.get("total_revenue")
    if country is not None and way is not None:
        kpis["revenue_by_country"] = way
        if country != HOME:
            kpis |= {"international_revenue": way, "international_share": way}
    return kpis


def _kpis(incident: Incident) -> dict[str, Direction]:
    if incident.kind == "bulk_order" and incident.reversal:
        return {"units_sold": "up", "return_rate": "up", "items_per_order": "up"}
    if incident.kind == "combination" and incident.amount < 0:
        return dict(LESS_REVENUE)
    goods = {"product", "keyword"} & set(incident.segment)
    if goods and incident.kind in {"outage", "slow_decline"}:
        return dict(LESS_REVENUE)
    if incident.kind == "price_error" and incident.amount < 1:
        return dict.fromkeys(KINDS["price_error"].kpis, "down")
    return dict(KINDS[incident.kind].kpis)


def parse_incident(text: str) -> Incident:
    """Read `KIND@DATE[,days=N][,size=X][,DIMENSION=MEMBER]...[,reversal=true]`.

    Raises:
        RetailError: naming the part that cannot be read.
    """
    head, *rest = (part.strip() for part in text.split(","))
    kind, at, day = head.partition("@")
    values = dict(part.partition("=")[::2] for part in rest)
    known = {"days", "size", "reversal", *DIMENSIONS}
    odd = sorted(set(values) - known)
    if not at or odd or not all(values.values()):
        about = f"{odd[0]!r} is unknown" if odd else "it does not read KIND@DATE[,key=value]..."
        raise RetailError(f"incident {text!r}: {about}; an example: {EXAMPLE}")
    try:
        return Incident(
            kind=kind,
            start=date.fromisoformat(day),
            days=int(values["days"]) if "days" in values else None,
            size=float(values["size"]) if "size" in values else None,
            segment={name: values[name] for name in DIMENSIONS if name in values},
            reversal=values.get("reversal", "false").lower() in {"true", "yes", "1"},
        )
    except ValueError as error:
        raise RetailError(f"incident {text!r}: {error}; an example: {EXAMPLE}") from error
