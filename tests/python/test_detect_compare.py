"""Two periods compared: the segment that moved is named, and what only grew along is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.attribution.compare import Cells, Comparison, Formula, compare
from detect.attribution.dimensions import names
from test_detect_shop import DIMENSIONS

REVENUE = Formula("net_revenue", are_additive=True)
RETURN_RATE = Formula("returned_revenue", "gross_revenue", are_additive=True, by_rate=True)
ORDERS = Formula("orders", are_additive=True, tree="orders")
ROWS = 600
COUNTRIES, PRODUCTS = tuple("ABCDEF"), tuple(f"P{i}" for i in range(8))


def cells(seed: int = 1) -> Cells:
    """Two periods that differ by chance alone."""
    rng = np.random.default_rng(seed)
    members = dict.fromkeys(names(DIMENSIONS), ("a", "b", "c"))
    members |= {"country": COUNTRIES, "product": PRODUCTS}
    members["customer_type"] = ("guest", "new", "returning")
    codes = {n: np.tile(rng.integers(0, len(m), ROWS), 2) for n, m in members.items()}
    noise = rng.uniform(0.95, 1.05, 2 * ROWS)
    orders = np.tile(rng.integers(1, 9, ROWS), 2).astype(float)
    gross = orders * 40 * noise
    returned = gross * np.tile(rng.uniform(0, 0.1, ROWS), 2)
    measures = {
        "active_customers": orders * 0.8 * (codes["customer_type"] != 0),
        "orders": orders,
        "units": orders * 12,
        "gross_revenue": gross,
        "returned_revenue": returned,
        "net_revenue": gross - returned,
    }
    return Cells(DIMENSIONS, codes, members, measures, np.arange(2 * ROWS) < ROWS)


def scaled(known: Cells, factor: float, *names_: str, **inside: str) -> Cells:
    """The same with some measures of the period asked about, within some members, changed."""
    mine = known.is_actual.copy()
    for dimension, member in inside.items():
        mine &= known.codes[dimension] == known.members[dimension].index(member)
    changed = {name: np.where(mine, factor, 1.0) * known.measures[name] for name in names_}
    measures = known.measures | changed
    measures["net_revenue"] = measures["gross_revenue"] - measures["returned_revenue"]
    return dataclasses.replace(known, measures=measures)


def everything(known: Cells, factor: float, **inside: str) -> Cells:
    return scaled(known, factor, *known.measures, **inside)


def contributions(found: Comparison, dimension: str) -> dict[str, float]:
    return {row.member: row.contribution for row in found.contributions
            if row.dimension == dimension}  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "factor"),
    [({"country": "B"}, 0.0), ({"country": "B", "product": "P3"}, 6.0), ({"product": "P5"}, 0.2)],
)
def test_the_segment_that_moved_is_named(inside: dict[str, str], factor: float) -> None:
    found = compare(everything(cells(), factor, **inside), REVENUE, (6, 6))
    (cause,) = found.causes
    assert cause.segment == inside
    assert cause.contribution == pytest.approx(found.change, rel=0.1)
    assert cause.actual == pytest.approx(factor * cause.expected, rel=0.1)


def test_causes_that_overlap_have_the_figures_of_their_own_parts() -> None:
    known = everything(everything(cells(), 3.0, country="B"), 3.0, product="P3")
    found = compare(known, REVENUE, (6, 6))
    named = {tuple(cause.segment.items()): cause.is_rest for cause in found.causes}
    assert named.keys() == {(("country", "B"),), (("product", "P3"),)}
    assert sorted(named.values()) == [False, True]
    for cause in found.causes:
        assert cause.contribution == pytest.approx(cause.actual - cause.expected)
    total = sum(cause.contribution for cause in found.causes)
    assert total == pytest.approx(found.change, rel=0.1)


def test_where_all_moved_alike_nothing_is_named_and_nothing_is_unchanged_but_the_splits() -> None:
    found = compare(everything(cells(), 0.7), REVENUE, (6, 6))
    assert found.causes == ()
    assert not found.is_small
    still = {(row.kind, row.name) for row in found.unchanged}
    assert {("dimension", "country"), ("dimension", "hour"), ("factor", "average_price")} <= still
    assert ("factor", "active_customers") not in still


def test_no_change_has_no_cause() -> None:
    found = compare(cells(), ORDERS, (6, 6))
    assert found.change == 0
    assert found.is_small
    assert found.causes == ()


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 30))
def test_a_ratio_owes_nothing_to_a_whole_that_only_grew(seed: int, growth: float) -> None:
    """Neither a longer period nor a growing shop gives a member a part in a ratio's change."""
    before = scaled(cells(seed), 2.0, "returned_revenue", country="C")
    found, grown = (
        compare(known, RETURN_RATE, (6, 6)) for known in (before, everything(before, growth))
    )
    assert grown.change == pytest.approx(found.change)
    for one, other in zip(found.contributions, grown.contributions, strict=True):
        assert (one.dimension, one.member) == (other.dimension, other.member)
        assert other.contribution == pytest.approx(one.contribution, abs=1e-12)
        assert one.mix + one.rate == pytest.approx(one.contribution, abs=1e-15)


def test_a_rate_that_rose_is_rate_and_a_member_that_grew_is_mix() -> None:
    dearer = compare(scaled(cells(), 3.0, "returned_revenue", country="C"), RETURN_RATE, (6, 6))
    (row,) = (r for r in dearer.contributions if r.member == "C")
    assert row.rate == pytest.approx(row.contribution, rel=0.05)
    assert dearer.causes[0].segment == {"country": "C"}
    larger = compare(everything(cells(), 3.0, customer_type="new"), RETURN_RATE, (6, 6))
    rows = [r for r in larger.contributions if r.dimension == "customer_type"]
    assert sum(abs(r.rate) for r in rows) < 1e-3
    assert rows[0].weight_actual != pytest.approx(rows[0].weight_expected, abs=0.1)


def test_a_share_is_not_explained_by_what_it_is_a_share_of() -> None:
    known = everything(cells(), 0.4, market="a")
    mine = known.codes["market"] == known.members["market"].index("a")
    inside = known.measures["net_revenue"] * mine
    known = dataclasses.replace(known, measures=known.measures | {"international_revenue": inside})
    share = dataclasses.replace(
        RETURN_RATE, numerator="international_revenue", denominator="net_revenue"
    )
    found = compare(known, share, (6, 6))
    assert all("market" not in cause.segment for cause in found.causes)
    assert {row.member for row in found.contributions if row.dimension == "market"} >= {"a", "b"}


def test_trading_days_are_taken_out_of_a_sum_before_a_cause_is_sought() -> None:
    """A period of five times the days sells five times as much everywhere, but in one country."""
    known = everything(everything(cells(), 5.0), 0.2, country="B")
    found = compare(known, REVENUE, (30, 6))
    (row,) = (r for r in found.contributions if r.member == "B")
    assert row.at_equal_days == pytest.approx(found.at_equal_days, rel=0.1)
    assert found.at_equal_days < 0 < found.change
    assert [cause.segment for cause in found.causes] == [{"country": "B"}]


def test_the_tree_of_a_count_ends_where_the_count_does() -> None:
    found = compare(everything(cells(), 1.5), ORDERS, (6, 6))
    whole = {row.factor: row.contribution for row in found.drivers if row.dimension == "all"}
    assert whole.keys() == {"active_customers", "orders_per_customer", "guest_orders"}
    assert sum(whole.values()) == pytest.approx(found.change)


def test_a_tree_may_be_of_some_members_alone() -> None:
    formula = dataclasses.replace(ORDERS, tree_of=(("country", "B"),))
    found = compare(everything(cells(), 1.5), formula, (6, 6))
    whole = sum(row.contribution for row in found.drivers if row.dimension == "all")
    assert whole == pytest.approx(contributions(found, "country")["B"])


def test_a_dimension_with_one_member_is_left_out() -> None:
    known = cells()
    codes = known.codes | {"market": np.zeros(2 * ROWS, dtype=np.int64)}
    found = compare(dataclasses.replace(known, codes=codes), REVENUE, (6, 6))
    assert {row.dimension for row in found.contributions} == {*names(DIMENSIONS)} - {"market"}


def test_a_ratio_without_a_value_is_nan() -> None:
    nothing = scaled(cells(), 0.0, "gross_revenue")
    assert np.isnan(compare(nothing, RETURN_RATE, (6, 6)).actual)
