"""Is the cause named, and "outside the data" said where it is? Changes of a day with known truth.

Each is planted into the order lines of a copy in memory. What is found on its day is explained as a
run would, and its first cause held against the truth: one segment, or none of the dimensions.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detect import anomalies, attribution, calendar, incidents
from detect.anomalies import Scan
from detect.attribution import data_quality, driver_tree
from detect.attribution.dimensions import TOGETHER
from detect.attribution.root_cause import LeafSegments
from detect.attribution.search import Ratios, Sums, search
from detect.attribution.search.records import Measure
from detect.records import ROOT_CAUSE, Anomaly, Attribution, Bools, Floats, Inputs
from lab.evaluate import disturbances
from lab.evaluate.changes import days_apart
from lab.evaluate.disturbances import OF_A_DAY
from lab.evaluate.memory_shop import MemoryShop, opened
from retail.jobs.detection import pipeline
from retail.jobs.detection.explain import usable_periods

Segment = Mapping[str, str]
NEW, GUEST = {"customer_type": "new"}, {"customer_type": "guest"}
BROAD = ("orders missing", "more orders", "loaded twice", "lines missing", "other prices")
"""Kinds that no dimension explains; returns are a few orders, and who sent them back is a cause."""
OF_TYPE = {"campaign": NEW, "no new customers": NEW, "customer ids missing": GUEST}
APART = (8, 16)
"""Trading days from one change of a copy to the next."""
KINDS = (*BROAD, *OF_TYPE, "a country's surge", "a product's surge", "a product's surge")
"""What is planted, by chance; products twice, so that segments are about half."""


@dataclass(frozen=True)
class Verdict:
    """A planted change that was found: its true segment ({}: none), and what explains it.

    `general` is the first answer of the general search, which knows no history.
    """

    kind: str
    truth: Segment
    lead: Anomaly
    rows: tuple[Attribution, ...]
    ids_are_missing: bool
    general: Segment

    @property
    def causes(self) -> list[Attribution]:
        """The named causes, best first."""
        return [row for row in self.rows if row.analysis == ROOT_CAUSE]

    @property
    def is_outside(self) -> bool:
        """Whether it is said that no dimension explains it."""
        return not (self.causes or self.ids_are_missing)

    @property
    def is_right_in_general(self) -> bool:
        """The same of the general search."""
        return self.truth.items() <= self.general.items() and bool(self.general) == bool(self.truth)

    @property
    def is_right(self) -> bool:
        """Whether the first cause is the truth, which a narrower one may be within."""
        if not self.truth or self.is_outside:
            return self.is_outside and not self.truth
        named = GUEST if self.ids_are_missing else self.causes[0].segment
        return self.truth.items() <= named.items()


DRAWS = 2_000
"""Draws of the bootstrap (Efron, 1979)."""


def f1_of_outside(found: Sequence[Verdict]) -> tuple[float, float, float]:
    """F1 of the verdict that nothing recorded explains a change, between its 95 % interval."""
    said = np.array([v.is_outside for v in found])
    true = np.array([not v.truth for v in found])
    draws = np.random.default_rng(1).integers(len(found), size=(DRAWS, len(found)))
    low, high = np.quantile(_f1(said[draws], true[draws]), [0.025, 0.975])
    return float(low), float(_f1(said, true)), float(high)


def _f1(said: Bools, true: Bools) -> Floats:
    both, either = (said & true).sum(axis=-1), (said ^ true).sum(axis=-1)
    return np.asarray(2 * both / np.maximum(2 * both + either, 1))


def measure(
    project: Path, sources: Sequence[Path], copies: int, seed: int
) -> dict[str, list[Verdict]]:
    """Plant changes into some files, and explain what is found.

    Raises:
        RetailError, DetectError: a step could not do its work.
    """
    out = {}
    for source in sources:
        with tempfile.TemporaryDirectory() as name, opened(project, source, Path(name)) as shop:
            found = anomalies.select(_scan(shop.undisturbed))
            moved = {a.period_start for a in found}
            out[source.name] = [
                verdict
                for nth in range(copies)
                for verdict in judge(shop, np.random.default_rng([seed, nth]), moved)
            ]
    return out


def _scan(inputs: Inputs) -> Scan:
    return pipeline.scan(inputs, calendar.learn(inputs.dates), [])["daily"]


def judge(
    shop: MemoryShop, rng: np.random.Generator, moved: Collection[dt.date]
) -> Iterator[Verdict]:
    """Plant changes into a copy, days apart, and explain what is found on their days.

    Args:
        shop: to be disturbed.
        rng: of days, kinds and sizes.
        moved: days with a finding in the undisturbed shop, which are left alone.
    """
    shop.restore()
    planted: dict[dt.date, tuple[str, Segment]] = {}
    for day in days_apart(shop, rng, APART):
        kind = str(rng.choice(KINDS))
        truth = None if day in moved else _plant(shop, kind, day, rng)
        if truth is not None:
            planted[day] = (kind, truth)
    inputs = shop.inputs()
    scan = _scan(inputs)
    found = anomalies.select(scan)
    usable = usable_periods(scan, found)
    for day, (kind, truth) in planted.items():
        mine = [a for a in found if a.period_start == day and not a.within]
        if mine:
            lead = incidents.lead(mine)
            periods = attribution.needed([lead], usable)
            measures = {m for m in (lead.kpi.numerator, lead.kpi.denominator) if m}
            segments = shop.segments(day, periods, sorted({*measures, *driver_tree.MEASURES}))
            rows = attribution.attribute([lead], segments, usable)
            start = np.datetime64(day)
            ids = data_quality.missing_ids(segments, start, attribution.comparable(lead, usable)[0])
            missing = ids.verdict == data_quality.SUSPECTED
            general = _general(attribution.leaf_segments(lead, segments, usable))
            yield Verdict(kind, truth, lead, tuple(rows), missing, general)


def _general(leaves: LeafSegments) -> Segment:
    """The first cause that the general search names."""
    used = [i for i, d in enumerate(leaves.dimensions) if d.root_cause_use == TOGETHER]
    now, before = leaves.actual, leaves.expected
    measure: Measure = Sums(now.numerator, before.numerator)
    if now.denominator is not None and before.denominator is not None:
        measure = Ratios(now.numerator, now.denominator, before.numerator, before.denominator)
    sizes = tuple(len(leaves.members[i]) for i in used)
    causes = search([leaves.codes[i] for i in used], sizes, measure).causes
    return {
        leaves.dimensions[used[d]].name: leaves.members[used[d]][member]
        for cause in causes[:1]
        for d, member in cause.element
    }


def _plant(shop: MemoryShop, kind: str, day: dt.date, rng: np.random.Generator) -> Segment | None:
    """Plant a change, and return its true segment; None where the day has nothing to disturb."""
    if kind == "a product's surge":
        return _product(shop, day, rng)
    if kind == "a country's surge":
        return _country(shop, day, rng)
    return None if OF_A_DAY[kind](shop, day, rng) is None else OF_TYPE.get(kind, {})


def _country(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> Segment | None:
    """A country abroad orders as much as the shop does on half a usual day to two."""
    past = disturbances.recent(shop, day, "market = 'international'")
    places = dict(
        shop.connection.execute(
            "select invoice_no, any_value(country) from base where list_contains(?, invoice_no) "
            "group by 1",
            [past],
        ).fetchall()
    )
    if not places:
        return None
    name = str(rng.choice(sorted(set(places.values()))))
    mine = sorted(order for order, country in places.items() if country == name)
    count = max(2, int(float(rng.uniform(0.3, 1.5)) * disturbances.orders(shop, day)))
    disturbances.repeat(shop, day, rng.choice(mine, count).tolist())
    return {"country": name}


def _product(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> Segment | None:
    """A product is bought by many of the day's customers: up to the shop's usual day in all."""
    rows = shop.connection.execute(
        "select product from base where order_date between cast(? as date) - 60 and ? "
        "and line_type = 'sale' group by 1 having count(distinct invoice_no) >= 20 order by 1",
        [day, day],
    ).fetchall()
    if not rows:
        return None
    product = str(rng.choice([str(one) for (one,) in rows]))
    share, bought = float(rng.uniform(0.3, 1.0)), float(rng.uniform(0.2, 0.6))
    sizes = ", ".join(f"pieces * one.{name} as {name}" for name in disturbances.SIZES)
    shop.connection.execute(
        f"""
        insert into marts.fct_kpi_lines
        with one as (
            select * from base where product = $product and line_type = 'sale' and quantity > 0
                and order_date <= $day and net_revenue > 0
            order by order_date desc, invoice_no limit 1
        ),
        orders as (
            select
                invoice_no, any_value(customer_id) as customer_id, any_value(country) as country,
                any_value(region) as region, any_value(market) as market,
                any_value(customer_type) as customer_type, any_value(order_size) as order_size,
                any_value(hour) as hour, any_value(order_number) as order_number,
                any_value(is_first_order) as is_first_order
            from marts.fct_kpi_lines
            where order_date = $day and line_type = 'sale' and hash(invoice_no, $day) % 1000 < $part
            group by 1
        ),
        usual as (
            select sum(net_revenue) / count(distinct order_date) as money from base
            where order_date between cast($day as date) - 60 and $day
        )
        select one.* replace (
            cast($day as date) as order_date, orders.invoice_no as invoice_no,
            orders.customer_id as customer_id, orders.country as country, orders.region as region,
            orders.market as market, orders.customer_type as customer_type,
            orders.order_size as order_size, orders.hour as hour,
            orders.order_number as order_number, orders.is_first_order as is_first_order, {sizes}
        )
        from one, orders, usual,
        (select count(*) as many from orders),
        lateral (select greatest(1, round($share * money / many / one.net_revenue))::int as pieces)
        """,  # noqa: S608
        {"product": product, "day": day, "share": share, "part": int(1000 * bought)},
    )
    return {"product": product}
