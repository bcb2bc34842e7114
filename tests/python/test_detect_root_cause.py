"""Which segment is blamed: the one that moved, at its own depth, and nobody for what all share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.attribution import root_cause
from detect.attribution.decomposition import Ratio
from detect.attribution.dimensions import Dimension, names
from detect.attribution.root_cause import LeafSegments, RootCause, find_causes, nearest
from detect.attribution.significance import History
from detect.records import Floats, Ints

COUNTRIES, PRODUCTS, TYPES, HOURS = 6, 40, 3, 3
PERIODS = 25
DIMENSIONS = (
    Dimension("country"), Dimension("region", "country"), Dimension("market", "country"),
    Dimension("product"), Dimension("category", "product"), Dimension("customer_type"),
    Dimension("hour", None, "alone"),
)  # fmt: skip
NAMES = names(DIMENSIONS)
MEMBERS = (
    tuple(f"c{i}" for i in range(COUNTRIES)),
    ("near", "far"),
    ("domestic", "international"),
    tuple(f"p{i}" for i in range(PRODUCTS)),
    ("A", "B", "C", "D"),
    ("guest", "new", "returning"),
    ("9", "10", "11"),
)


def shop() -> tuple[Ints, Floats]:
    """Codes of all combinations, and how much each ordinarily sells."""
    country, product, kind, hour = (
        axis.ravel() for axis in np.indices((COUNTRIES, PRODUCTS, TYPES, HOURS))
    )
    codes = np.stack(
        [country, country // 3, np.minimum(country, 1), product, product // 10, kind, hour]
    )
    size = (
        60.0
        * (0.8 ** np.arange(COUNTRIES))[country]
        * (0.97**product)
        * np.array([0.2, 0.2, 0.6])[kind]
    )
    return codes, size


CODES, SIZE = shop()


def blamed(
    actual: Floats, seed: int = 1, denominator: Floats | None = None
) -> list[dict[str, str]]:
    """Segments named for a period's values, after PERIODS ordinary ones."""
    return [cause.segment for cause in causes(actual, seed, denominator)]


def causes(
    actual: Floats, seed: int = 1, denominator: Floats | None = None
) -> tuple[RootCause, ...]:
    """The same with their figures."""
    rng = np.random.default_rng(seed)
    past = rng.poisson(SIZE, (PERIODS, SIZE.size)).astype(np.float64)
    rows = np.concatenate([actual[None], past])
    period, leaf = (x.ravel() for x in np.indices(rows.shape))
    expected = Ratio(past.mean(axis=0), None if denominator is None else np.ones(SIZE.size))
    bottoms = None if denominator is None else np.concatenate([denominator, np.ones(past.size)])
    history = History(period, leaf, Ratio(rows.ravel(), bottoms), PERIODS + 1)
    leaves = LeafSegments(DIMENSIONS, CODES, MEMBERS, Ratio(actual, denominator), expected)
    return find_causes(leaves, history)


def ordinary(seed: int) -> Floats:
    return np.random.default_rng(1000 + seed).poisson(SIZE).astype(np.float64)


def where(**segment: str) -> np.ndarray:
    inside = np.ones(SIZE.size, dtype=bool)
    for name, member in segment.items():
        d = NAMES.index(name)
        inside &= CODES[d] == MEMBERS[d].index(member)
    return inside


@pytest.mark.parametrize(
    ("segment", "factor"),
    [
        ({"country": "c1"}, 0.05),
        ({"country": "c3"}, 4.0),
        ({"product": "p7"}, 30.0),
        ({"category": "C"}, 0.1),
        ({"customer_type": "new"}, 3.0),
        ({"country": "c2", "product": "p5"}, 200.0),
        ({"country": "c1", "category": "B"}, 6.0),
        ({"product": "p3", "customer_type": "guest"}, 200.0),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_segment_that_moved_is_named_at_its_own_depth(
    segment: dict[str, str], factor: float, seed: int
) -> None:
    actual = ordinary(seed)
    inside = where(**segment)
    actual[inside] = np.round(actual[inside] * factor)
    assert blamed(actual, seed)[0] == segment


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.4, 0.7, 1.6, 3.0]))
def test_what_all_share_is_blamed_on_nobody(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    actual = rng.poisson(SIZE * factor).astype(np.float64)
    assert blamed(actual, seed) == []


def test_one_giant_order_is_blamed_on_its_product_not_on_all_it_happens_to_be() -> None:
    actual = ordinary(1)
    one = int(np.flatnonzero(where(country="c0", product="p30", customer_type="returning"))[0])
    actual[one] += 50_000
    assert blamed(actual) == [{"product": "p30"}]


def test_hours_without_orders_are_named_but_not_the_hour_of_a_rise() -> None:
    actual = ordinary(1)
    actual[where(hour="10")] = 0
    assert blamed(actual) == [{"hour": "10"}]
    actual = ordinary(1)
    actual[where(hour="10")] *= 8
    assert blamed(actual) == []


def test_two_causes_are_both_named_the_larger_first() -> None:
    actual = ordinary(1)
    actual[where(product="p4") & ~where(country="c5")] *= 60
    actual[where(country="c5")] *= 30
    assert blamed(actual) == [{"country": "c5"}, {"product": "p4"}]


def test_the_narrowest_name_of_the_same_orders_is_told() -> None:
    actual = ordinary(1)
    actual[where(market="domestic")] *= 0.02
    assert blamed(actual)[0] == {"country": "c0"}


def test_a_cause_of_a_rate_is_named_too() -> None:
    actual = np.ones(SIZE.size) * SIZE
    actual[where(product="p2")] *= 50
    assert blamed(actual, denominator=np.ones(SIZE.size))[0] == {"product": "p2"}


def test_a_price_is_judged_by_its_own_past_however_the_numbers_sold_vary() -> None:
    rng = np.random.default_rng(2)
    sold = rng.poisson(SIZE, (PERIODS + 1, SIZE.size)).astype(np.float64)
    sold *= np.exp(rng.normal(size=(PERIODS + 1, PRODUCTS)))[:, CODES[NAMES.index("product")]]
    paid = 2 * sold
    paid[0, where(product="p2")] /= 2
    period, leaf = (x.ravel() for x in np.indices(sold.shape))
    expected = Ratio(2 * sold[1:].mean(axis=0), sold[1:].mean(axis=0))
    leaves = LeafSegments(DIMENSIONS, CODES, MEMBERS, Ratio(paid[0], sold[0]), expected)
    history = History(period, leaf, Ratio(paid.ravel(), sold.ravel()), PERIODS + 1)
    assert find_causes(leaves, history)[0].segment == {"product": "p2"}


@pytest.mark.parametrize(
    ("new", "usually", "departs"), [(33, 2.7, True), (22, 2.7, False), (33, 8.0, False)]
)
def test_most_of_a_change_in_one_member_counts_where_no_share_is_far_from_its_history(
    new: int, usually: float, departs: bool
) -> None:
    rng = np.random.default_rng(4)
    kinds, products = (x.ravel() for x in np.indices((2, 30)))
    usual = np.array([usually, 1.6])
    past = rng.multinomial(1, np.full(30, 1 / 30), (28, 2)) * rng.poisson(usual, (28, 2))[..., None]
    now = np.zeros((2, 30))
    now[0, :new] = 1
    now[0, 0] += max(new - 30, 0)
    now[1, : 34 - new] = 1
    rows = np.concatenate([now.reshape(1, -1), past.reshape(28, -1)])
    period, leaf = (x.ravel() for x in np.indices(rows.shape))
    leaves = LeafSegments(
        (Dimension("customer_type"), Dimension("product")), np.stack([kinds, products]),
        (("new", "returning"), tuple(f"p{i}" for i in range(30))),
        Ratio(rows[0], None), Ratio(past.mean(axis=0).ravel(), None),
    )  # fmt: skip
    found = nearest(leaves, History(period, leaf, Ratio(rows.ravel(), None), 29))
    assert ({"customer_type": "new"} in [n.segment for n in found if n.departs]) == departs


def test_contribution_interval_confidence_and_rest_belong_together() -> None:
    rng = np.random.default_rng(5)
    past = rng.poisson(SIZE, (PERIODS, SIZE.size)).astype(np.float64)
    actual = ordinary(5)
    actual[where(product="p9")] += 400
    rows = np.concatenate([actual[None], past])
    period, leaf = (x.ravel() for x in np.indices(rows.shape))
    leaves = LeafSegments(
        DIMENSIONS, CODES, MEMBERS, Ratio(actual, None), Ratio(past.mean(axis=0), None)
    )
    (cause,) = find_causes(leaves, History(period, leaf, Ratio(rows.ravel(), None), PERIODS + 1))
    change = float(actual.sum() - past.mean(axis=0).sum())
    assert cause.contribution + cause.unexplained == pytest.approx(change)
    assert cause.low <= cause.high
    assert cause.low < cause.contribution
    assert 0.5 < cause.confidence < 1
    assert cause.contribution == pytest.approx(cause.actual - cause.expected)


def test_without_a_change_there_is_nothing_to_blame() -> None:
    assert blamed(np.full(SIZE.size, np.nan)) == []


@pytest.mark.parametrize("is_ratio", [False, True])
@given(st.integers(0, 10_000), st.lists(st.sampled_from([0.0, 0.3, 1.5, 8.0, 60.0]), max_size=3))
@settings(max_examples=30, deadline=None)
def test_members_that_may_not_be_named_are_added_up_without_any_other_result(
    is_ratio: bool, seed: int, factors: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    actual = ordinary(seed)
    for factor in factors:
        some = rng.choice(len(NAMES), rng.integers(1, 3), replace=False)
        segment = {NAMES[d]: MEMBERS[d][rng.integers(len(MEMBERS[d]))] for d in some}
        actual = actual * np.where(where(**segment), factor, 1.0)
    denominator = rng.uniform(0.5, 1.5, actual.size) if is_ratio else None
    found = causes(actual, seed, denominator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root_cause, "ROUNDING", 1.0)  # so that nothing is added up
        everything = causes(actual, seed, denominator)
    assert [cause.segment for cause in found] == [cause.segment for cause in everything]
    for one, other in zip(found, everything, strict=True):
        for name in ("actual", "expected", "contribution", "low", "high", "confidence"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True), name
