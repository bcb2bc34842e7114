"""The KPI tree: every factor in every segment, and both ways to the same total."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect import incidents
from detect.attribution import driver_tree
from detect.attribution.dimensions import names
from detect.attribution.segments import Segments
from detect.records import DriverContribution
from retail.jobs.detection import pipeline
from test_detect_attribution import anomaly
from test_detect_shop import DIMENSIONS, build, bulk_order, kpi, plant, segments

DAY = np.datetime64("2024-03-04")
REVENUE = kpi("total_revenue", numerator="net_revenue")


def random_cells(seed: int, guests: bool = True, growth: float = 1.0) -> Segments:
    """Thirty days of a few segments, the last of them DAY."""
    rng = np.random.default_rng(seed)
    days, leaves = 30, 12
    size = days * leaves
    codes = {name: rng.integers(0, 3, size) for name in names(DIMENSIONS)}
    codes["customer_type"] = rng.integers(0, 3 if guests else 2, size)
    members = dict.fromkeys(names(DIMENSIONS), ("a", "b", "c"))
    members["customer_type"] = ("new", "returning", "guest")
    members["hour"] = ("10", "11", "12")
    known = codes["customer_type"] != 2
    orders = rng.integers(0, 9, size) * np.where(np.arange(size) >= size - leaves, growth, 1.0)
    units = orders * rng.uniform(1, 50, size)
    gross = units * rng.uniform(0.1, 9, size)
    measures = {
        "active_customers": orders * known * rng.uniform(0.2, 1, size),
        "orders": orders,
        "units": units,
        "gross_revenue": gross,
        "returned_revenue": gross * rng.uniform(0, 0.2, size),
    }
    period = DAY - np.arange(days)[::-1]
    return Segments(DIMENSIONS, period, np.arange(0, size + 1, leaves), codes, members, measures)


def grown(known: Segments, revenue: float | None = None) -> list[DriverContribution]:
    return driver_tree.build(anomaly(REVENUE, 1.0, 2.0), known, known.period[:-1], revenue)


def margins(drivers: list[DriverContribution]) -> dict[str, dict[str, float]]:
    """Contributions by dimension and factor."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for driver in drivers:
        found[driver.dimension][driver.factor] += driver.contribution
    return found


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([0.0, 0.3, 1.0, 40.0]))
def test_every_dimension_gives_the_factors_of_the_whole(
    seed: int, guests: bool, growth: float
) -> None:
    drivers = grown(random_cells(seed, guests, growth))
    size = sum(abs(b.contribution) for b in drivers) + 1e-9
    by_factor = margins(drivers)
    assert set(by_factor) == {driver_tree.WHOLE, *names(DIMENSIONS)}
    for dimension in names(DIMENSIONS):
        assert by_factor[dimension] == pytest.approx(by_factor[driver_tree.WHOLE], abs=1e-9 * size)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0, 40.0]))
def test_every_segment_adds_up_to_the_change_of_its_revenue(seed: int, growth: float) -> None:
    known = random_cells(seed, growth=growth)
    drivers = grown(known)
    now = slice(int(known.start[-2]), int(known.start[-1]))
    net = known.measures["gross_revenue"] - known.measures["returned_revenue"]
    by_member: dict[str, float] = defaultdict(float)
    for driver in drivers:
        if driver.dimension == "country":
            by_member[driver.member] += driver.contribution
    found = driver_tree.comparable(anomaly(REVENUE, 1.0, 2.0), known.period[:-1])
    for member, contribution in by_member.items():
        mine = known.codes["country"] == known.members["country"].index(member)
        expected = sum(
            weight * (net * mine)[known.rows(period)].sum()
            for period, weight in zip(*found, strict=True)
        )
        assert contribution == pytest.approx((net * mine)[now].sum() - expected, rel=1e-9, abs=1e-6)


def test_the_factor_that_moved_is_the_one_that_is_named() -> None:
    known = random_cells(3)
    dearer = dict(known.measures)
    last = np.arange(dearer["units"].size) >= known.start[-2]
    for name in driver_tree.MEASURES:
        same = np.tile(dearer[name][: known.start[1]], 30)
        dearer[name] = np.where(last & (name == "gross_revenue"), 3 * same, same)
    codes = {name: np.tile(c[: known.start[1]], 30) for name, c in known.codes.items()}
    drivers = grown(dataclasses.replace(known, codes=codes, measures=dearer))
    whole = {b.factor: b for b in drivers if b.dimension == driver_tree.WHOLE}
    change = sum(b.contribution for b in whole.values())
    price = whole["average_price"].contribution + whole["guest_average_price"].contribution
    assert price == pytest.approx(change)
    assert whole["average_price"].actual == pytest.approx(3 * whole["average_price"].expected)


def test_guests_have_no_customers_and_are_not_lost() -> None:
    drivers = grown(random_cells(5))
    mine = {b.factor: b for b in drivers if (b.dimension, b.member) == ("customer_type", "guest")}
    assert mine["guest_orders"].actual > 0
    assert mine["active_customers"].actual == mine["active_customers"].contribution == 0


def test_the_whole_is_brought_to_the_forecast() -> None:
    known = random_cells(7)
    net = known.measures["gross_revenue"] - known.measures["returned_revenue"]
    actual = net[known.rows(DAY)].sum()
    drivers = grown(known, revenue=actual / 2)
    change = sum(b.contribution for b in drivers if b.dimension == driver_tree.WHOLE)
    assert change == pytest.approx(actual / 2)


# ---------------------------------------------------------------------------- lead of incidents


def driver(factor: str, contribution: float) -> DriverContribution:
    whole = driver_tree.WHOLE
    return DriverContribution(
        "", "daily", dt.date(2024, 3, 4), whole, whole, factor, 1.0, 2.0, contribution
    )


def test_the_kpi_of_the_strongest_factor_leads_before_the_revenue_it_moved() -> None:
    revenue = dataclasses.replace(anomaly(REVENUE, 9.0, 2.0), confidence=0.95)
    returns = dataclasses.replace(anomaly(kpi("return_rate"), 9.0, 2.0), confidence=0.9)
    moved = [driver("returns", -900.0), driver("average_price", 100.0)]
    assert incidents.lead([revenue, returns], moved).kpi.name == "return_rate"


def test_a_kpi_that_is_far_less_sure_does_not_lead() -> None:
    revenue = dataclasses.replace(anomaly(REVENUE, 9.0, 2.0), confidence=0.95)
    returns = dataclasses.replace(anomaly(kpi("return_rate"), 9.0, 2.0), confidence=0.6)
    assert incidents.lead([revenue, returns], [driver("returns", -9.0)]).kpi == REVENUE


def test_a_kpi_outside_the_tree_leads_where_nothing_in_it_moved_much() -> None:
    new = dataclasses.replace(anomaly(kpi("new_customers"), 9.0, 2.0), confidence=0.95)
    price = dataclasses.replace(anomaly(kpi("average_price"), 9.0, 2.0), confidence=0.94)
    moved = [driver("average_price", 1.0), driver("active_customers", 9.0)]
    assert incidents.lead([new, price], moved).kpi.name == "new_customers"


def test_a_run_writes_a_tree_for_every_incident(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    build(path, plant(segments(), 122, bulk_order))
    outcome = pipeline.run(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "select count(distinct incident_id), count(distinct dimension), count(distinct factor) "
            "from insights.revenue_drivers"
        ).fetchall()
    assert rows == [(len(outcome.incidents), 9, 8)]
