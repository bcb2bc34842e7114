"""Contributions add up to the last digit, whatever the KPI, and the guilty segment is named."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detect import attribution
from detect.attribution import outside
from detect.attribution.breakdown import ALWAYS, LARGEST, OTHER, break_down
from detect.attribution.decomposition import Ratio, contributions
from detect.attribution.dimensions import Dimension, names
from detect.attribution.root_cause import LeafSegments
from detect.attribution.segments import Segments
from detect.records import Anomaly, Attribution, Kpi
from test_detect_shop import DIMENSIONS, kpi

SIZE = 6
amounts = arrays(np.float64, SIZE, elements=st.floats(-1e4, 1e4))
volumes = arrays(np.float64, SIZE, elements=st.floats(0, 1e4))


def anomaly(definition: Kpi, actual: float, expected: float, segment: str = "all") -> Anomaly:
    return Anomaly(
        "a", definition, segment, "daily", dt.date(2024, 3, 4), actual, expected, 0.0, 0.0, "up",
        4.0, 2.0, 1e-4, 0.9, "high", "good", ("z_score",),
    )  # fmt: skip


@given(amounts, amounts)
def test_contributions_to_a_sum_add_up(actual: np.ndarray, expected: np.ndarray) -> None:
    top, bottom = contributions(Ratio(actual, None), Ratio(expected, None))
    assert (top + bottom).sum() == pytest.approx(actual.sum() - expected.sum(), abs=1e-6)


@given(amounts, volumes, amounts, volumes)
def test_contributions_to_a_ratio_add_up(
    top: np.ndarray, bottom: np.ndarray, past_top: np.ndarray, past_bottom: np.ndarray
) -> None:
    assume(bottom.sum() > 1 and past_bottom.sum() > 1)
    actual, expected = Ratio(top, bottom), Ratio(past_top, past_bottom)
    change = actual.total() - expected.total()
    through_top, through_bottom = contributions(actual, expected)
    scale = np.abs(through_top).sum() + np.abs(through_bottom).sum() + abs(change)
    assert (through_top + through_bottom).sum() == pytest.approx(change, abs=1e-9 * scale + 1e-9)


def test_a_segment_that_did_not_change_contributes_nothing() -> None:
    actual = Ratio(np.array([5.0, 9.0]), np.array([2.0, 8.0]))
    expected = Ratio(np.array([5.0, 4.0]), np.array([2.0, 5.0]))
    top, bottom = contributions(actual, expected)
    assert top[0] == bottom[0] == 0


def test_renaming_numerators_and_denominators_alike_changes_nothing() -> None:
    actual = Ratio(np.array([5.0, 9.0]), np.array([2.0, 8.0]))
    expected = Ratio(np.array([3.0, 4.0]), np.array([1.0, 5.0]))
    doubled = Ratio(2 * actual.numerator, 2 * np.asarray(actual.denominator))
    before = sum(contributions(expected, expected))
    assert np.abs(before).max() == 0
    same = sum(contributions(doubled, Ratio(2 * expected.numerator, 2 * expected.denominator)))
    assert same == pytest.approx(sum(contributions(actual, expected)))


@given(amounts, st.floats(-1e5, 1e5))
def test_expectations_of_the_parts_meet_the_wholes(parts: np.ndarray, whole: float) -> None:
    met = attribution.reconcile(Ratio(parts, None), whole)
    assert met.numerator.sum() == pytest.approx(whole, abs=1e-6 * max(np.abs(parts).sum(), 1))


def test_parts_keep_their_proportions_where_they_can() -> None:
    met = attribution.reconcile(Ratio(np.array([1.0, 3.0]), None), 8.0)
    assert met.numerator.tolist() == [2.0, 6.0]


def test_what_is_all_or_nothing_of_a_share_stays_so() -> None:
    """What is sold abroad is international by definition: only the weights can be other ones."""
    parts = Ratio(np.array([30.0, -10.0, 0.0, 0.0]), np.array([30.0, -10.0, 70.0, 10.0]))
    met = attribution.reconcile(parts, 0.4)
    assert met.total() == pytest.approx(0.4)
    assert met.value() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    assert met.denominator is not None
    assert met.denominator.sum() == pytest.approx(100.0)
    mixed = attribution.reconcile(Ratio(np.array([3.0, 0.0]), np.array([4.0, 4.0])), 0.5)
    assert mixed.denominator == pytest.approx([4.0, 4.0])
    assert mixed.total() == pytest.approx(0.5)


# -------------------------------------------------------------------------------- breakdown


def leaves(
    actual: Ratio, expected: Ratio, codes: np.ndarray, called: tuple[str, ...] = ("product",)
) -> LeafSegments:
    members = tuple(
        tuple(f"{name}{i}" for i in range(int(column.max()) + 1))
        for name, column in zip(called, codes, strict=True)
    )
    return LeafSegments(tuple(map(Dimension, called)), codes, members, actual, expected)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_every_dimension_adds_up_to_the_change(seed: int, ratio: bool) -> None:
    rng = np.random.default_rng(seed)
    count = 60
    bottoms = rng.uniform(1, 9, (2, count)) if ratio else (None, None)
    actual, expected = (Ratio(rng.normal(5, 9, count), b) for b in bottoms)
    codes = np.stack([np.arange(count) % 30, np.arange(count) % 2])
    found = anomaly(kpi(denominator="orders" if ratio else None), actual.total(), expected.total())
    rows = break_down(found, leaves(actual, expected, codes, ("product", "market")))
    for dimension in ("product", "market"):
        mine = [r for r in rows if r.dimensions == (dimension,)]
        scale = sum(abs(r.contribution) for r in mine)
        assert sum(r.contribution for r in mine) == pytest.approx(found.change, abs=1e-9 * scale)
        assert [r.rank for r in mine] == list(range(1, len(mine) + 1))


def test_the_tail_is_one_row() -> None:
    count = 40
    actual, expected = Ratio(np.arange(count) + 1.0, None), Ratio(np.ones(count), None)
    rows = break_down(
        anomaly(kpi(), actual.total(), expected.total()),
        leaves(actual, expected, np.arange(count)[None]),
    )
    assert len(rows) == LARGEST + 1
    assert rows[-1].segment == {"product": OTHER}
    assert rows[0].segment == {"product": "product39"}
    assert rows[-1].actual == pytest.approx(sum(range(1, count - LARGEST + 1)))


def test_guests_have_a_row_however_small() -> None:
    count = LARGEST + 5
    actual, expected = Ratio(np.arange(count) * 9.0, None), Ratio(np.zeros(count), None)
    members = (tuple(["guest"] + [f"t{i}" for i in range(1, count)]),)
    types = (Dimension("customer_type"),)
    given_leaves = LeafSegments(types, np.arange(count)[None], members, actual, expected)
    rows = break_down(anomaly(kpi(), actual.total(), 0.0), given_leaves)
    assert "guest" in ALWAYS["customer_type"]
    assert {"customer_type": "guest"} in [r.segment for r in rows]


# ------------------------------------------------------------------------------------ cells


def small_cells(days: int = 40) -> Segments:
    """Two countries every day; the second earns twice as much."""
    period = np.datetime64("2024-02-01") + np.arange(days)
    codes = {name: np.zeros(2 * days, dtype=np.int64) for name in names(DIMENSIONS)}
    codes["country"] = np.tile([0, 1], days)
    members = dict.fromkeys(names(DIMENSIONS), ("one",)) | {"country": ("France", "Norway")}
    measures = {"net_revenue": np.tile([10.0, 20.0], days), "orders": np.tile([1.0, 4.0], days)}
    return Segments(DIMENSIONS, period, np.arange(0, 2 * days + 1, 2), codes, members, measures)


def test_a_countrys_anomaly_is_broken_down_within_the_country() -> None:
    segments = small_cells()
    revenue = kpi("revenue_by_country", segment_by="country", numerator="net_revenue")
    found = attribution.leaf_segments(
        anomaly(revenue, 20.0, 40.0, "Norway"), segments, segments.period
    )
    assert found.actual.total() == 20.0
    assert found.expected.total() == pytest.approx(40.0)


def test_only_the_past_is_compared_with() -> None:
    segments = small_cells()
    found = anomaly(kpi(), 1.0, 2.0)
    periods, weights = attribution.comparable(found, segments.period)
    assert (periods < np.datetime64(found.period_start)).all()
    assert weights.sum() == pytest.approx(1.0)
    assert set(attribution.needed([found], segments.period)) == {
        *periods, np.datetime64(found.period_start),
    }  # fmt: skip


def test_periods_without_cells_are_empty_not_wrong() -> None:
    segments = small_cells()
    assert segments.rows(np.datetime64("1999-01-01")) == slice(0, 0)
    assert segments.rows(np.datetime64("2024-02-02")) == slice(2, 4)


@given(st.integers(0, 2**32 - 1))
def test_distinct_combinations_are_numbered_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = {name: rng.integers(0, 2, 30) for name in names(DIMENSIONS)}
    members = dict.fromkeys(names(DIMENSIONS), ("x", "y"))
    period = np.array([], dtype="datetime64[D]")
    segments = Segments(DIMENSIONS, period, np.array([0]), codes, members, {})
    leaf, first = segments.distinct(np.arange(30))
    rows = np.stack([codes[name] for name in names(DIMENSIONS)], axis=1)
    assert (rows[first][leaf] == rows).all()
    assert first.size == len(np.unique(rows, axis=0))


# ------------------------------------------------- outside the data, and of one member alone

DAYS, PRODUCTS = 40, 20
TYPES, PLACES = ("guest", "new", "returning"), ("France", "Germany", "United Kingdom")
BY_PLACE, BY_TYPE = np.array([0.05, 0.05, 0.9]), np.array([0.1, 0.3, 0.6])
USUAL = 60 * BY_PLACE[:, None, None] * np.ones(PRODUCTS)[:, None] * BY_TYPE
"""Orders of a day by country, product and customer type."""
NEW = np.array([0, 1, 0])


def shop_of_days(last: np.ndarray) -> Segments:
    """Ordinary days and one with other orders."""
    rng = np.random.default_rng(3)
    orders = np.concatenate([rng.poisson(USUAL, (DAYS, *USUAL.shape)), last[None]]).astype(float)
    _, *codes = (axis.ravel() for axis in np.indices(orders.shape))
    dimensions = (Dimension("country"), Dimension("product"), Dimension("customer_type"))
    start = np.datetime64(anomaly(kpi(), 0, 0).period_start) - DAYS
    products = tuple(f"p{i:02}" for i in range(PRODUCTS))
    return Segments(
        dimensions, start + np.arange(DAYS + 1), np.arange(DAYS + 2) * USUAL.size,
        dict(zip(names(dimensions), codes, strict=True)),
        dict(zip(names(dimensions), (PLACES, products, TYPES), strict=True)),
        {"orders": orders.ravel(), "new_customers": np.where(codes[2] == 1, orders.ravel(), 0.0)},
    )  # fmt: skip


def explained(last: np.ndarray, measure: str) -> list[Attribution]:
    """What is said of a day beside its breakdown."""
    segments = shop_of_days(last)
    kept = NEW if measure == "new_customers" else np.ones(3)
    counted, usual = (float((day * kept).sum()) for day in (last, USUAL))
    found = anomaly(kpi(numerator=measure, denominator=None), counted, usual)
    rows = attribution.attribute([found], segments, segments.period[:-1])
    return [row for row in rows if row.analysis != "breakdown"]


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.6])
def test_what_all_share_is_from_outside_and_says_what_was_ruled_out(factor: float) -> None:
    rows = explained(np.round(USUAL * factor), "orders")
    assert {row.analysis for row in rows} == {"ruled_out"}
    assert sorted(row.dimensions for row in rows) == [
        ("country",), ("customer_type",), ("product",),
    ]  # fmt: skip
    assert {row.cause_confidence for row in rows} == {outside.confidence(0.0)}
    assert rows[0].cause_confidence > 0.9


@pytest.mark.parametrize("measure", ["orders", "new_customers"])
def test_a_campaign_that_brings_new_customers_is_named_so(measure: str) -> None:
    campaign = USUAL * (1 + 2 * NEW)
    (first, *_) = explained(np.round(campaign), measure)
    assert (first.analysis, first.segment) == ("root_cause", {"customer_type": "new"})


def test_new_customers_that_grow_with_all_are_no_campaign() -> None:
    assert {row.analysis for row in explained(np.round(USUAL * 2), "new_customers")} == {
        "ruled_out"
    }


def test_the_verdict_gives_way_to_the_nearest_member() -> None:
    shares = np.linspace(0, 1, 101)
    sure = [outside.confidence(share) for share in shares]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.9 > outside.EVEN > sure[-1]
