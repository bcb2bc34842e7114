"""Changes planted in memory: the tables are the build's, and what is plain is found."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from detect.intervals import wilson
from detect.records import GRAINS
from lab.evaluate import changes, coverage, disturbances, reference, tables, verdicts
from lab.evaluate.changes import Changes
from lab.evaluate.memory_shop import MemoryShop, opened
from lab.evaluate.verdicts import Verdict
from retail.simulate import ShopConfig, simulate_shop

ROOT = Path(__file__).parents[2]
SEED = 5


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryShop]:
    folder = tmp_path_factory.mktemp("changes")
    source = folder / "shop.parquet"
    simulate_shop(ShopConfig(seed=SEED, orders_per_day=50), source)
    with opened(ROOT, source, folder) as one:
        yield one


@pytest.fixture(scope="module")
def judged(shop: MemoryShop) -> Changes:
    return changes.judge(shop, "simulated", SEED, copies=8, lasting=4)


def test_undisturbed_lines_give_the_tables_of_the_build(shop: MemoryShop) -> None:
    shop.restore()
    again = shop.inputs()
    for grain in GRAINS:
        mine, built = again.panels[grain], shop.undisturbed.panels[grain]
        assert [(s.kpi.name, s.segment) for s in mine.series] == [
            (s.kpi.name, s.segment) for s in built.series
        ]
        np.testing.assert_array_equal(mine.value, built.value)
    assert again.typical is not None
    assert shop.undisturbed.typical is not None
    np.testing.assert_array_equal(again.typical.value, shop.undisturbed.typical.value)
    late = {s.kpi.name: row for row, s in enumerate(again.typical.series)}["order_count"]
    assert re.fullmatch(r"Share of orders after \d+:00", again.typical.series[late].kpi.label)
    share = again.typical.value[late][again.dates.is_trading]
    assert np.flatnonzero(np.isfinite(share))[0] == 28
    assert 0.15 < np.nanmedian(share) <= 0.5
    assert shop.members(again)["daily"].member == shop.members(shop.undisturbed)["daily"].member
    np.testing.assert_array_equal(again.dates.is_trading, shop.undisturbed.dates.is_trading)


@pytest.mark.parametrize("kind", [*disturbances.OF_A_DAY, *disturbances.LASTING])
def test_every_kind_disturbs_its_days_and_none_before(shop: MemoryShop, kind: str) -> None:
    day = shop.days[150]
    shop.restore()
    disturb = (disturbances.OF_A_DAY | disturbances.LASTING)[kind]
    assert disturb(shop, day, np.random.default_rng(SEED)) is not None
    panel, usual = shop.inputs().panels["daily"], shop.undisturbed.panels["daily"]
    changed = ~np.isclose(panel.value, usual.value, equal_nan=True).all(axis=0)
    moved = panel.period[changed]
    assert moved.min() == np.datetime64(day)
    assert (moved.size == 1) == (kind in disturbances.OF_A_DAY)
    assert reference.size(reference.learn(usual), panel, np.datetime64(day)) > 0


def test_what_is_plain_is_found_and_little_else(judged: Changes) -> None:
    large = [case.on_the_day for case in judged.days if case.size >= 7]
    assert len(large) >= 5
    assert wilson(sum(large), len(large))[1] >= 0.95
    small = [case.on_the_day for case in judged.days if case.size < 2]
    assert wilson(sum(small), len(small))[0] <= 0.1
    assert 13 * judged.beyond.graver.count / judged.beyond.graver.weeks <= 1


def test_sizes_are_given_in_money_too(shop: MemoryShop) -> None:
    shop.restore()
    day = shop.days[150]
    shop.connection.execute(
        "update marts.fct_kpi_lines set net_revenue = 2 * net_revenue where order_date = ?", [day]
    )
    usual = shop.undisturbed.panels["daily"]
    moved = reference.money(usual, shop.inputs().panels["daily"], np.datetime64(day))
    lines = shop.connection.execute(
        """
        with days as (
            select order_date, cast(sum(net_revenue) as double) as money from base group by 1
        )
        select (select money from days where order_date = $day) / median(money) from days
        where order_date < $day and order_date >= $day - 28
        """,
        {"day": day},
    ).fetchone()
    assert lines is not None
    assert moved == pytest.approx(lines[0])


def test_a_day_that_is_loaded_twice_is_found_whatever_it_sold(shop: MemoryShop) -> None:
    for place in (130, 170, 210):
        shop.restore()
        disturbances.double_load(shop, shop.days[place], np.random.default_rng(SEED))
        found = [a for a in changes.find_totals(shop.inputs()) if a.kpi.name == "units_sold"]
        (one,) = [a for a in found if (a.grain, a.period_start) == ("daily", shop.days[place])]
        assert one.typical_label == "Share of repeated lines"
        assert one.typical_actual is not None
        assert one.typical_actual > 0.99


def test_a_fall_that_stays_is_found(judged: Changes) -> None:
    falls = [c.trading_days for c in judged.lasting if c.kind == "orders −40 %"]
    found = sum(days is not None and days <= 20 for days in falls)
    assert wilson(found, len(falls))[1] >= 0.6
    assert found > 0


def test_the_tables_have_every_part(judged: Changes) -> None:
    text = tables.changes([judged])
    assert "nan" not in text
    for part in (
        "≥ 5 σ",
        "of a usual day's money",
        "25 % to 50 %",
        "prices −20 %",
        "disturbed copies, beyond it",
        "undisturbed",
    ):
        assert part in text


@pytest.fixture(scope="module")
def verdicts_of(shop: MemoryShop) -> list[Verdict]:
    copies = (np.random.default_rng([SEED, nth]) for nth in range(12))
    return [one for rng in copies for one in verdicts.judge(shop, rng, moved=())]


def test_bands_hold_as_often_as_they_say_and_their_table_tells_which_do_not(
    shop: MemoryShop,
) -> None:
    cells, alerts = coverage.judge(shop.undisturbed, "simulated")
    within, periods = (sum(getattr(c, x) for c in cells) for x in ("within", "periods"))
    assert periods > 3000
    assert 0.92 <= within / periods <= 0.98
    found = coverage.together([(cells, alerts)])
    assert {(r.grain, r.method) for r in found.rates} >= {(grain, "combined") for grain in GRAINS}
    for rate in found.rates:
        assert rate.lower <= rate.promised <= rate.upper
    many = [dataclasses.replace(a, alerts=a.alerts * 5) for a in alerts]
    assert not all(rate.is_within for rate in coverage.together([(cells, many)]).rates)
    narrow = [dataclasses.replace(c, within=c.periods // 2, periods=5000) for c in cells[:1]]
    said = tables.coverage(coverage.together([(narrow, alerts)]))
    assert f"| {cells[0].kpi} | simulated | daily | 5,000 |" in said


def test_causes_are_told_from_what_nothing_recorded_explains(verdicts_of: list[Verdict]) -> None:
    segments = [v.is_right for v in verdicts_of if v.truth]
    assert len(segments) >= 20
    assert wilson(sum(segments), len(segments))[1] >= 0.9
    _, f1, high = verdicts.f1_of_outside(verdicts_of)
    assert f1 > 0.8
    assert high >= 0.9


def test_a_campaign_is_named_new_customers_first(verdicts_of: list[Verdict]) -> None:
    campaigns = [v for v in verdicts_of if v.kind == "campaign"]
    assert len(campaigns) >= 5
    right = sum(v.is_right for v in campaigns)
    assert wilson(right, len(campaigns))[1] >= 0.95


def test_the_table_of_verdicts_has_every_kind(verdicts_of: list[Verdict]) -> None:
    text = tables.verdicts({"shop": verdicts_of})
    assert {v.kind for v in verdicts_of} <= set(verdicts.KINDS)
    for part in ("campaign", "a segment, of any kind", "F1"):
        assert part in text
