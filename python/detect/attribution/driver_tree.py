"""The KPI tree: which factor moved revenue, and in which segment.

    net revenue =   active customers × orders per customer × items per order × average price
                  + guest orders × guest items per order × guest average price
                  − returns

Guests have no id, so nobody can count them: their orders are a branch of their own, and nothing is
lost. Each product is split by the logarithmic mean Divisia index (LMDI-I; Ang, 2004), and each of
its factors over the segments by the same index (attribution of Divisia changes; Choi & Ang, 2012):
a factor is a ratio of two sums, and a segment acts through its part in either. So the table of
segments × factors adds up both ways: its columns to the factors of the whole, the same whatever the
dimension, and its rows to the change of each segment's own revenue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detect.attribution.baselines import LARGEST_FACTOR, comparable, select_rows
from detect.attribution.breakdown import Groups, group
from detect.attribution.decomposition import Ratio, log_mean, sums
from detect.attribution.dimensions import is_broken_down, names
from detect.attribution.root_cause import LeafSegments
from detect.attribution.segments import Segments, code_of
from detect.records import (
    NET_REVENUE,
    RETURNED_REVENUE,
    Anomaly,
    Days,
    DriverContribution,
    Floats,
)

COUNTED = ("active_customers", "orders", "units", "gross_revenue")
"""What the identified branch is a chain of: each factor is one of these over the one before."""
MEASURES = (*COUNTED, RETURNED_REVENUE)
DEPTHS = {"orders": 2, "units": 3, "gross_revenue": 4, NET_REVENUE: 4}
"""Measures that are a product of factors, and how many of COUNTED make it; net revenue is also less
the returns."""
FACTORS = ("active_customers", "orders_per_customer", "items_per_order", "average_price")
GUEST_FACTORS = ("guest_orders", "guest_items_per_order", "guest_average_price")
ORDER_FACTORS = ("orders", "items_per_order", "average_price")
"""The one branch of a shop without customer ids: there, guests are everybody."""
RETURNS = "returns"
GUEST = "guest"
WHOLE = "all"
NEAREST = {
    "active_customers": ("active_customers",),
    "orders_per_customer": ("order_count",),
    "items_per_order": ("items_per_order", "units_sold"),
    "average_price": ("average_price",),
    "orders": ("order_count",),
    "guest_orders": ("order_count",),
    "guest_items_per_order": ("items_per_order", "units_sold"),
    "guest_average_price": ("average_price",),
    RETURNS: ("return_rate",),
}
"""KPIs that measure a factor."""


@dataclass(frozen=True)
class Factor:
    """A factor in one segment: its own values, and what it added to the change of the whole."""

    dimension: str
    member: str
    factor: str
    expected: float
    actual: float
    contribution: float


@dataclass(frozen=True)
class Chain:
    """A branch: names of its factors, and the measures they are ratios of, (measures, leaves)."""

    factors: tuple[str, ...]
    actual: Floats
    expected: Floats


def build(
    anomaly: Anomaly, segments: Segments, usable: Days, revenue: float | None
) -> list[DriverContribution]:
    """The tree of an anomaly's period: the whole first, then every dimension.

    Args:
        anomaly: names the period, and the country where its KPI is a country's.
        segments: must hold MEASURES in the comparable periods.
        usable: periods fit for comparison.
        revenue: net revenue that was forecast for the period; None where there is no forecast, and
            the comparable periods stand for themselves.
    """
    rows, period = select_rows(anomaly, segments, comparable(anomaly, usable)[0])
    if rows.size == 0:
        return []
    leaf, first = segments.distinct(rows)
    weights = comparable(anomaly, usable)[1]

    def total(measure: str, weight: Floats) -> Floats:
        return sums(leaf, segments.measures[measure][rows] * weight[period], first.size)

    now = np.stack([total(m, np.append(1.0, np.zeros(weights.size))) for m in MEASURES])
    past = np.stack([total(m, np.append(0.0, weights)) for m in MEASURES])
    codes = np.stack([segments.codes[d.name][rows[first]] for d in segments.dimensions])
    past *= _growth(past, revenue)
    members = tuple(segments.members[d.name] for d in segments.dimensions)
    net_now, net_past = now[3] - now[4], past[3] - past[4]
    sides = Ratio(net_now, None), Ratio(net_past, None)
    leaves = LeafSegments(segments.dimensions, codes, members, *sides)
    return [
        DriverContribution(
            anomaly.incident_id, anomaly.grain, anomaly.period_start, f.dimension, f.member,
            f.factor, f.expected, f.actual, f.contribution,
        )
        for f in factors(leaves, now, past)
        if f.dimension == WHOLE
        or is_broken_down(f.dimension, anomaly.period_start, segments.dead)
    ]  # fmt: skip


def _growth(past: Floats, revenue: float | None) -> float:
    """What brings the comparable periods to the forecast: they are smaller in a growing shop."""
    usual = float((past[3] - past[4]).sum())
    if revenue is None or not np.isfinite(revenue) or usual * revenue <= 0:
        return 1.0
    level = revenue / usual
    return level if 1 / LARGEST_FACTOR <= level <= LARGEST_FACTOR else 1.0


def factors(
    leaves: LeafSegments, now: Floats, past: Floats, measure: str = NET_REVENUE
) -> list[Factor]:
    """The tree of a measure: the whole first, then every dimension.

    Args:
        leaves: segments with the measure, actual and expected.
        now: MEASURES of the leaves, (measures, leaves).
        past: the same as expected.
        measure: one of DEPTHS.

    Returns:
        Factors whose contributions add up to the measure's change, in each dimension.
    """
    depth = DEPTHS[measure]
    place = names(leaves.dimensions).index("customer_type")
    guests = leaves.codes[place] == code_of(leaves.members[place], GUEST)
    of_guests = Chain(GUEST_FACTORS[: depth - 1], now[1:depth] * guests, past[1:depth] * guests)
    if leaves.members[place] == (GUEST,):
        chains: tuple[Chain, ...] = (replace(of_guests, factors=ORDER_FACTORS[: depth - 1]),)
    else:
        of_known = Chain(FACTORS[:depth], now[:depth] * ~guests, past[:depth] * ~guests)
        chains = (of_known, of_guests)
    returned = (now[4], past[4]) if measure == NET_REVENUE else None
    parts = leaves.actual.numerator - leaves.expected.numerator
    segments = [attribute(chain) for chain in chains]
    one = Groups((WHOLE,), np.zeros(parts.size, dtype=np.int64))
    views = [(WHOLE, one)]
    views += [(d, group(leaves, i, parts)) for i, d in enumerate(names(leaves.dimensions))]
    return [
        row
        for dimension, groups in views
        for row in _dimension_rows(dimension, groups, chains, segments, returned)
    ]


def attribute(chain: Chain) -> Floats:
    """What each factor adds through each leaf to the change of the chain's product.

    A branch that was not there before, or is gone, changes by its first factor alone.

    Returns:
        (factors, leaves); adds up over the leaves to the LMDI of the whole, and over the factors to
        the change of each leaf.
    """
    change = chain.actual - chain.expected
    last, first = chain.actual.sum(axis=1), chain.expected.sum(axis=1)
    out = np.zeros_like(change)
    if not ((last > 0) & (first > 0)).all():
        out[0] = change[-1]
        return out
    mean = log_mean(last, first)
    through = change * (mean[-1] / mean)[:, None]
    out[0] = through[0]
    out[1:] = np.diff(through, axis=0)
    return out


def _dimension_rows(
    dimension: str,
    groups: Groups,
    chains: tuple[Chain, ...],
    segments: list[Floats],
    returned: tuple[Floats, Floats] | None,
) -> list[Factor]:
    """Rows of one dimension: factors of each member."""
    rows: list[tuple[str, Floats, Floats, Floats]] = []
    for chain, attributed in zip(chains, segments, strict=True):
        past, now = (_factors(side, groups) for side in (chain.expected, chain.actual))
        rows += [
            (factor, past[i], now[i], groups.sums(attributed[i]))
            for i, factor in enumerate(chain.factors)
        ]
    if returned is not None:
        now_back, past_back = groups.sums(returned[0]), groups.sums(returned[1])
        rows.append((RETURNS, past_back, now_back, past_back - now_back))
    return [
        Factor(
            dimension, member, factor, float(expected[i]), float(actual[i]), float(contribution[i])
        )
        for i, member in enumerate(groups.names)
        for factor, expected, actual, contribution in rows
    ]


def _factors(measures: Floats, groups: Groups) -> Floats:
    """The first measure, and each other one over the one before, by group; NaN over nothing."""
    sums = np.stack([groups.sums(m) for m in measures])
    ratios = np.full_like(sums[1:], np.nan)
    np.divide(sums[1:], sums[:-1], out=ratios, where=sums[:-1] > 0)
    return np.concatenate([sums[:1], ratios])


def weights(drivers: list[DriverContribution]) -> dict[str, float]:
    """How much of what moved revenue each KPI of the tree measures, as a share."""
    whole = {b.factor: abs(b.contribution) for b in drivers if b.dimension == WHOLE}
    total = sum(whole.values())
    return {
        kpi: size / total
        for factor, size in sorted(whole.items(), key=lambda item: item[1])
        for kpi in NEAREST[factor]
        if total > 0
    }
