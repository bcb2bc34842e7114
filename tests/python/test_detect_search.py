"""The search for root causes over combinations, on cases whose answer is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.attribution.search import Findings, Ratios, Sums, blocks, find_root_causes, search
from detect.records import Floats, Ints
from lab.evaluate.generated import generate

DIMENSIONS = ["country", "category", "customer_type"]
SIZES = (12, 10, 3)
NOISE = 0.03
FEW = settings(max_examples=15)
FALSE_BLAME = 0.05
CAUSES = [
    {"country": "a3"},
    {"category": "b7"},
    {"country": "a3", "category": "b7"},
    {"country": "a5", "category": "b1", "customer_type": "c2"},
]


def shop(seed: int = 1) -> pd.DataFrame:
    """Leaves of three dimensions whose reality is their forecast, but for noise."""
    rng = np.random.default_rng(seed)
    letters = zip("abc", SIZES, strict=True)
    names = [[f"{letter}{member}" for member in range(size)] for letter, size in letters]
    leaves = pd.DataFrame(list(product(*names)), columns=DIMENSIONS)
    leaves["predict"] = rng.lognormal(4, 1, len(leaves))
    leaves["real"] = leaves["predict"] * rng.normal(1, NOISE, len(leaves))
    return leaves


def inside(leaves: pd.DataFrame, element: dict[str, str]) -> np.ndarray:
    return np.logical_and.reduce([leaves[name] == member for name, member in element.items()])


def change(leaves: pd.DataFrame, factor: float, **element: str) -> pd.DataFrame:
    leaves.loc[inside(leaves, element), "real"] *= factor
    return leaves


def named(leaves: pd.DataFrame) -> list[dict[str, str]]:
    return find_root_causes(leaves, DIMENSIONS, False)


def coded(leaves: pd.DataFrame) -> Findings:
    codes = [pd.factorize(leaves[name], sort=True)[0] for name in DIMENSIONS]
    return search(codes, SIZES, Sums(leaves["real"].to_numpy(), leaves["predict"].to_numpy()))


# One cause, several, none ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [0.5, 1.6])
@pytest.mark.parametrize("element", CAUSES)
def test_the_one_cause_is_named(element: dict[str, str], factor: float, seed: int) -> None:
    assert named(change(shop(seed), factor, **element)) == [element]


def test_two_causes_in_opposite_directions_are_both_named() -> None:
    leaves = change(shop(), 0.5, country="a3")
    found = named(change(leaves, 1.7, category="b7", customer_type="c1"))
    assert len(found) == 2
    assert {"country": "a3"} in found
    assert {"category": "b7", "customer_type": "c1"} in found


def test_several_single_leaves_are_named_and_nothing_above_them() -> None:
    elements = [(f"a{n}", f"b{(n * 3) % 10}", f"c{n % 3}") for n in range(4)]
    leaves = shop()
    for element in elements:
        change(leaves, 0.4, **dict(zip(DIMENSIONS, element, strict=True)))
    assert {tuple(found.values()) for found in named(leaves)} == set(elements)


def test_causes_do_not_overlap() -> None:
    leaves = change(shop(), 0.5, country="a3")
    found = named(change(leaves, 0.3, country="a3", category="b7"))
    covered = sum(inside(leaves, element).astype(int) for element in found)
    assert {"country": "a3"} in found or len(found) > 1
    assert np.max(covered) <= 2


NULLS = {
    "multiplicative": lambda rng, size: (size * rng.normal(1, 0.05, size.size), size),
    "heavy_tailed": lambda rng, size: (size * np.exp(0.1 * rng.standard_t(3, size.size)), size),
    "counts": lambda rng, size: (rng.poisson(size / 20), rng.poisson(size / 5) / 4),
    "zero_inflated": lambda rng, size: (size * (rng.random(size.size) > 0.25), 0.75 * size),
    "few_orders": lambda rng, size: (rng.poisson(size / 500), rng.poisson(size / 50) / 10),
}


@pytest.mark.parametrize("factor", [1.0, 0.6])
@pytest.mark.parametrize("kind", NULLS)
def test_nothing_is_blamed_for_noise_nor_when_all_move_alike(kind: str, factor: float) -> None:
    blamed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        leaves = shop(seed)
        real, leaves["predict"] = NULLS[kind](rng, leaves["predict"].to_numpy())
        leaves["real"] = np.maximum(real, 0.0) * factor
        blamed += bool(named(leaves))
    assert blamed <= FALSE_BLAME * 20


def test_a_change_common_to_all_is_called_broad() -> None:
    findings = coded(shop().assign(real=lambda leaves: leaves["real"] * 0.7))
    assert findings.verdict == "broad"
    assert findings.causes == ()
    assert findings.broad == pytest.approx(findings.change, rel=0.1)
    assert abs(findings.unexplained) < 0.1 * abs(findings.change)


def test_members_that_always_drift_a_little_are_not_blamed() -> None:
    blamed = 0
    for seed in range(10):
        rng, leaves = np.random.default_rng(seed), shop(seed)
        for name in DIMENSIONS:
            drift = rng.normal(1, 0.04, 20)
            leaves["real"] *= drift[pd.factorize(leaves[name])[0]]
        blamed += bool(named(leaves))
    assert blamed <= 1


def test_a_cause_is_seen_against_a_change_common_to_all() -> None:
    leaves = change(shop(), 0.4, country="a3")
    leaves["real"] *= 1.3
    assert named(leaves) == [{"country": "a3"}]


# Ratios ---------------------------------------------------------------------------------------


def visits(seed: int, least: int, most: int) -> tuple[pd.DataFrame, np.random.Generator]:
    rng = np.random.default_rng(seed)
    leaves = shop(seed)[DIMENSIONS].copy()
    leaves["real_b"] = rng.integers(least, most, len(leaves)).astype(float)
    leaves["predict_b"] = leaves["real_b"]
    return leaves, rng


def buy(leaves: pd.DataFrame, rng: np.random.Generator, rate: Floats) -> pd.DataFrame:
    leaves["real_a"] = rng.binomial(leaves["real_b"].astype(int), rate).astype(float)
    leaves["predict_a"] = 0.2 * leaves["predict_b"]
    return leaves


@pytest.mark.parametrize("rate", [0.12, 0.3])
def test_a_ratio_that_moved_in_one_member_names_it(rate: float) -> None:
    leaves, rng = visits(3, 2_000, 20_000)
    leaves = buy(leaves, rng, np.where(leaves["country"] == "a4", rate, 0.2))
    assert find_root_causes(leaves, DIMENSIONS, True) == [{"country": "a4"}]


@pytest.mark.parametrize("seed", range(5))
def test_a_ratio_of_few_is_not_blamed_for_what_chance_does(seed: int) -> None:
    leaves, rng = visits(seed, 1, 40)
    assert find_root_causes(buy(leaves, rng, np.full(len(leaves), 0.2)), DIMENSIONS, True) == []


def test_a_share_of_thousands_is_believed_where_the_same_share_of_a_dozen_is_not() -> None:
    leaves, rng = visits(5, 5_000, 6_000)
    few = leaves["country"] == "a2"
    leaves.loc[few, ["real_b", "predict_b"]] = 1.0
    leaves = buy(leaves, rng, np.where(leaves["country"] == "a4", 0.14, 0.2))
    leaves.loc[few, "real_a"] = (np.arange(few.sum()) % 7 == 0).astype(float)
    assert find_root_causes(leaves, DIMENSIONS, True) == [{"country": "a4"}]


def test_ratios_to_nought_say_nothing() -> None:
    leaves, rng = visits(6, 2_000, 20_000)
    leaves = buy(leaves, rng, np.where(leaves["country"] == "a4", 0.12, 0.2))
    leaves.loc[leaves["category"] == "b2", ["real_a", "real_b"]] = 0.0
    leaves.loc[leaves["category"] == "b3", ["predict_a", "predict_b"]] = 0.0
    assert find_root_causes(leaves, DIMENSIONS, True) == [{"country": "a4"}]


# What must not matter -------------------------------------------------------------------------


@FEW
@given(st.integers(0, 10_000), st.permutations(DIMENSIONS), st.sampled_from(CAUSES))
def test_order_and_names_do_not_matter(
    seed: int, dimensions: list[str], element: dict[str, str]
) -> None:
    leaves = change(shop(seed % 7), 0.6, **element)
    shuffled = leaves.sample(frac=1, random_state=seed)
    other = {name: name[::-1] for name in np.unique(leaves[DIMENSIONS].to_numpy())}
    renamed = shuffled.assign(**{name: shuffled[name].map(other) for name in DIMENSIONS})
    wanted = [{d: other[m] for d, m in found.items()} for found in named(leaves)]
    assert find_root_causes(renamed, dimensions, False) == wanted


@FEW
@given(st.integers(-4, 6), st.sampled_from([*CAUSES, {}]))
def test_the_unit_does_not_matter(power: int, element: dict[str, str]) -> None:
    leaves = change(shop(), 0.6, **element) if element else shop()
    other = leaves.assign(
        real=leaves["real"] * 10.0**power, predict=leaves["predict"] * 10.0**power
    )
    assert named(other) == named(leaves)
    here, there = coded(leaves), coded(other)
    assert [c.contribution * 10.0**power for c in here.causes] == pytest.approx(
        [c.contribution for c in there.causes]
    )


def test_rows_of_the_same_leaf_add_up() -> None:
    leaves = change(shop(), 0.6, country="a3")
    halves = leaves.assign(real=leaves["real"] / 2, predict=leaves["predict"] / 2)
    assert named(pd.concat([halves, halves])) == named(leaves)


def test_categories_and_missing_members_are_members_like_others() -> None:
    leaves = change(shop(), 0.6, country="a3")
    assert named(leaves.astype(dict.fromkeys(DIMENSIONS, "category"))) == [{"country": "a3"}]
    leaves["country"] = leaves["country"].where(leaves["country"] != "a3", None)
    (found,) = named(leaves)
    assert pd.isna(found["country"])


def test_a_dimension_of_one_member_is_never_named() -> None:
    leaves = change(shop(), 0.6, country="a3").assign(shop="only")
    assert find_root_causes(leaves, ["shop", *DIMENSIONS], False) == [{"country": "a3"}]


# Sizes ----------------------------------------------------------------------------------------


def test_fifty_thousand_members_are_searched() -> None:
    rng = np.random.default_rng(8)
    codes: Ints = np.stack([np.arange(150_000) % 50_000, rng.integers(0, 30, 150_000)])
    expected = rng.lognormal(3, 1, 150_000)
    real = expected * rng.normal(1, 0.05, 150_000)
    real[codes[1] == 7] *= 0.5
    real[codes[0] == 41_234] *= 0.3
    findings = search(codes, (50_000, 30), Sums(real, expected))
    assert {cause.element for cause in findings.causes} == {((1, 7),), ((0, 41_234),)}


@pytest.mark.parametrize("rows", range(6))
def test_hardly_any_rows_give_no_answer_and_no_error(rows: int) -> None:
    assert named(shop().head(rows)) == []


def test_nothing_but_noughts_gives_no_answer() -> None:
    assert named(shop().assign(real=0.0, predict=0.0)) == []


def test_a_perfect_forecast_gives_no_answer() -> None:
    leaves = shop()
    assert named(leaves.assign(real=leaves["predict"])) == []


def test_wrong_codes_are_refused_in_one_line() -> None:
    ones = np.ones(4)
    with pytest.raises(ValueError, match="dimension 1 has a member outside 0 … 2"):
        search([np.zeros(4, int), np.full(4, 3)], (2, 3), Sums(ones, ones))
    with pytest.raises(ValueError, match="2 sizes need as many arrays of codes"):
        search([np.zeros(4, int)], (2, 3), Sums(ones, ones))
    with pytest.raises(ValueError, match="as long as the measure"):
        search([np.zeros(3, int)], (2,), Sums(ones, ones))


# What comes with an answer --------------------------------------------------------------------


@FEW
@given(st.integers(0, 1000), st.sampled_from([0.4, 0.7, 1.5]), st.sampled_from(CAUSES))
def test_the_parts_of_the_answer_add_up(seed: int, factor: float, element: dict[str, str]) -> None:
    leaves = change(shop(seed), factor, **element)
    findings = coded(leaves)
    parts = sum(c.contribution for c in findings.causes) + findings.broad + findings.unexplained
    assert parts == pytest.approx(leaves["real"].sum() - leaves["predict"].sum())
    for cause in findings.causes:
        assert cause.low <= cause.high
        assert 0 <= cause.confidence < 1
        assert cause.effect * cause.contribution > 0


def test_an_answer_says_what_was_and_what_should_have_been() -> None:
    leaves = change(shop(), 0.5, country="a3")
    (cause,) = coded(leaves).causes
    rows = leaves["country"] == "a3"
    assert cause.actual == pytest.approx(leaves["real"][rows].sum())
    assert cause.expected == pytest.approx(leaves["predict"][rows].sum())
    assert cause.contribution == pytest.approx(cause.actual - cause.expected)


def test_a_ratio_says_what_was_and_what_should_have_been() -> None:
    leaves, rng = visits(3, 2_000, 20_000)
    leaves = buy(leaves, rng, np.where(leaves["country"] == "a4", 0.12, 0.2))
    codes = [pd.factorize(leaves[name], sort=True)[0] for name in DIMENSIONS]
    columns = ("real_a", "real_b", "predict_a", "predict_b")
    (cause,) = search(codes, SIZES, Ratios(*(leaves[c].to_numpy() for c in columns))).causes
    assert (cause.actual, cause.expected) == pytest.approx((0.12, 0.2), abs=0.005)
    assert cause.low < cause.contribution < 0


def test_intervals_hold_what_was_planted() -> None:
    held = []
    for seed in range(40):
        leaves = shop(seed)
        element = CAUSES[seed % len(CAUSES)]
        planted = -0.25 * leaves["predict"][inside(leaves, element)].sum()
        for cause in coded(change(leaves, 0.75, **element)).causes[:1]:
            held.append(cause.low <= planted <= cause.high)
    assert len(held) >= 36
    assert np.mean(held) >= 0.85


def test_a_faint_cause_is_less_sure_than_a_plain_one() -> None:
    (plain,) = coded(change(shop(), 0.5, country="a3")).causes
    faint = coded(change(shop(), 0.96, country="a3")).causes
    assert faint
    assert all(cause.confidence <= plain.confidence for cause in faint)


# Many leaves -----------------------------------------------------------------------------------


def test_a_system_that_does_not_tell_which_cores_are_free_searches_on_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("os.sched_getaffinity", raising=False)  # as on macOS
    assert blocks.on_cores(str, range(3), blocks.MANY) == ["0", "1", "2"]


@pytest.mark.parametrize("seed", range(1, 3))
def test_five_causes_of_many_leaves_are_named_exactly(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As cases of 24 million leaves are searched: several causes a round, on all cores."""
    monkeypatch.setattr("detect.attribution.search.blocks.MANY", 1)
    monkeypatch.setattr("detect.attribution.search.blocks.BLOCK", 2**14)
    for module in ("set_cover", "explain"):
        monkeypatch.setattr(f"detect.attribution.search.{module}.MANY", 1)
    case = generate((5, 4, 25, 8, 4, 6), 0.05, seed)
    answers = find_root_causes(case.leaves, case.dimensions, case.derived)
    assert {frozenset(answer.items()) for answer in answers} == case.truth
