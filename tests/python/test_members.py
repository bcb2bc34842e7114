"""Members: what is found of them, how often by chance, and that only the past counts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time

import duckdb
import numpy as np
import pytest
from scipy import stats

from detect import incidents, members
from detect.attribution.dimensions import Dimension
from detect.members import MemberPanel, by_week
from detect.members.findings import kpi_of, without_repeats
from detect.members.scores import bennett, p_at_least, p_at_most
from detect.records import Anomaly, Grain, Kpi
from detect.two_groups import posterior_at_budget
from findings import incident
from retail.jobs.detection.store.members import FAR_PRICES, MISPRICED

DAYS = 280
FIRST = np.datetime64("2011-01-03")
PRICE = 10.0
RATE = 3.0
"""Orders a day of each product; one of 15 orders a week sells as much."""


def kpi(name: str, **changes: object) -> Kpi:
    given = {
        "label": "Total revenue", "owner": "Finance", "cadence": "daily", "unit": "currency £",
        "direction": "up", "scale": "log", "segment_by": None, "numerator": "net_revenue",
        "denominator": None, "z_threshold": 3.0, "iqr_threshold": 1.5, "trend_alpha": 0.01,
        "min_confidence": 0.5, "materiality_absolute": 100.0, "materiality_relative": 0.1,
        "warm_up_days": 0,
    }  # fmt: skip
    return Kpi(name=name, **(given | changes))  # type: ignore[arg-type]


REVENUE = kpi("total_revenue")
BY_COUNTRY = kpi("revenue_by_country", label="Revenue by country", segment_by="country")


def shop(products: int, seed: int, days: int = DAYS) -> np.ndarray:
    """Orders of each product on each day; nobody buys on Saturdays."""
    rng = np.random.default_rng(seed)
    season = 1 + 0.4 * np.sin(np.arange(days) / 40)
    rates = RATE * rng.uniform(0.2, 1.2, products)
    rates[0] = RATE
    orders = rng.poisson(rates[:, None] * season).astype(float)
    orders[:, closed(days)] = 0
    return orders


def closed(days: int) -> np.ndarray:
    return np.arange(days) % 7 == 5


def panels(
    orders: np.ndarray,
    sales: np.ndarray | None = None,
    countries: np.ndarray | None = None,
    returns: np.ndarray | None = None,
    mispriced: np.ndarray | None = None,
    lines: np.ndarray | None = None,
) -> dict[Grain, MemberPanel]:
    """Panels of products, and of countries where their orders are given; an order costs PRICE.

    `returns` are orders that take a product back for PRICE each, `mispriced` money among `sales`,
    `lines` those of the orders, one of each by default.
    """
    everything = orders if countries is None else np.concatenate([orders, countries])
    money = PRICE * everything
    if sales is not None:
        money[: len(sales)] = sales
    days = everything.shape[1]
    back, slip = (np.zeros(everything.shape) if x is None else x for x in (returns, mispriced))
    rows = everything if lines is None else lines
    day, code = np.nonzero((everything + back).T)
    amounts = [x[code, day] for x in (everything, money, back, slip, rows)]
    dimension = np.repeat([0, 1], [len(orders), len(everything) - len(orders)])
    daily = MemberPanel(
        grain="daily",
        dimensions=(Dimension("product"), *([] if countries is None else [Dimension("country")])),
        dimension=dimension,
        member=tuple(f"{'PC'[d]}{nth:05}" for nth, d in enumerate(dimension)),
        period=FIRST + np.arange(days),
        start=np.searchsorted(day, np.arange(days + 1)).astype(np.int64),
        code=code.astype(np.int64),
        orders=amounts[0],
        lines=amounts[4],
        revenue=amounts[1] - PRICE * amounts[2],
        sales=amounts[1],
        squares=amounts[1] ** 2 / np.maximum(amounts[0], 1.0),
        returns=amounts[2],
        returned=PRICE * amounts[2],
        mispriced=amounts[3],
        shop_orders=orders.sum(axis=0) / 4,
        shop_lines=rows[: len(orders)].sum(axis=0),
        shop_revenue=money[: len(orders)].sum(axis=0),
        days=(~closed(days)).astype(float),
        usable=~closed(days),
    )
    weeks = FIRST + 7 * np.arange(days // 7)
    return {"daily": daily, "weekly": by_week(daily, weeks, np.ones(weeks.size, dtype=bool))}


def day(place: int) -> dt.date:
    found: dt.date = (FIRST + place).astype(dt.date)
    return found


def found(given: dict[Grain, MemberPanel]) -> list[Anomaly]:
    return members.select(given, [BY_COUNTRY, REVENUE])


def test_a_large_day_of_a_small_product_is_one_finding_with_its_name() -> None:
    orders = shop(60, seed=1)
    sales = PRICE * orders
    sales[7, 200] += 0.3 * sales[:, 200].sum()
    orders[7, 200] += 1
    (surge,) = found(panels(orders, sales))
    assert (surge.dimension, surge.segment, surge.period_start) == ("product", "P00007", day(200))
    assert (surge.grain, surge.direction, surge.kpi.name) == ("daily", "up", "total_revenue")
    assert surge.actual == pytest.approx(sales[7, 200])
    assert surge.confidence > 0.9


def test_a_product_that_stops_is_found_within_two_weeks_and_told_once() -> None:
    for start in range(203, 210):
        if start % 7 == 5:
            continue
        orders = shop(60, seed=start)
        orders[0, start:] = 0
        gone = [a for a in found(panels(orders)) if a.segment == "P00000"]
        assert len(gone) == 1
        assert "member_disappearance" in gone[0].methods
        assert day(start) <= gone[0].period_end < day(start + 14)
        assert gone[0].actual == 0 < gone[0].expected


def renumbered(orders: np.ndarray, place: int, share: float = 0.0) -> np.ndarray:
    """The first product sells under the number of another one from a day on, but for a share."""
    moved = orders.copy()
    moved[1] = 0
    moved[1, place:] = np.round((1 - share) * orders[0, place:])
    moved[0, place:] -= moved[1, place:]
    return moved


def called(given: dict[Grain, MemberPanel], *labels: str) -> dict[Grain, MemberPanel]:
    """The panels with the renamings of members that are called so."""
    named = [*labels, *[""] * (len(given["daily"].member) - len(labels))]
    known = members.find_renamings(given["daily"], named)
    return {grain: dataclasses.replace(panel, renamed=known) for grain, panel in given.items()}


def losses_of(told: list[Anomaly], member: str) -> list[Anomaly]:
    return [a for a in told if a.segment == member and a.direction == "down"]


def test_a_product_that_sells_under_another_code_is_not_gone() -> None:
    given = panels(renumbered(shop(products=60, seed=5), place=200))
    assert losses_of(found(given), "P00000")
    known = called(given, "MUG", "MUG")
    (one,) = known["daily"].renamed
    assert (one.old, one.new, one.since) == (0, 1, FIRST + 200)
    assert one.days[-1] == given["daily"].period[-1]
    assert losses_of(found(known), "P00000") == []


@pytest.mark.parametrize("labels", [("MUG", "CUP"), ("", ""), ("MUG", "MUG", "MUG")])
def test_only_the_one_product_of_a_name_is_taken_for_another_code(labels: tuple[str, ...]) -> None:
    given = panels(renumbered(shop(products=60, seed=5), place=200))
    assert losses_of(found(called(given, *labels)), "P00000")


def test_a_product_beside_another_of_its_name_is_gone_when_it_stops() -> None:
    """A second colour came long before, and goes on."""
    orders = shop(products=60, seed=5)
    orders[1] = orders[0]
    orders[1, :120] = 0
    orders[0, 220:] = 0
    known = called(panels(orders), "MUG", "MUG")
    assert all(one.days[-1] < FIRST + 220 for one in known["daily"].renamed)
    assert losses_of(found(known), "P00000")


def test_a_new_code_with_few_of_the_orders_is_no_other_name_of_the_old_one() -> None:
    orders = renumbered(shop(products=60, seed=5), place=200, share=0.7)
    orders[0, 200:] = 0
    assert losses_of(found(called(panels(orders), "MUG", "MUG")), "P00000")


def test_what_is_sold_later_changes_no_renaming() -> None:
    orders = renumbered(shop(products=60, seed=5), place=200)
    whole = called(panels(orders), "MUG", "MUG")["daily"].renamed
    part = called(panels(orders[:, :210]), "MUG", "MUG")["daily"].renamed
    assert [one.days[one.days < FIRST + 210].tolist() for one in whole] == [
        one.days.tolist() for one in part
    ]


def test_a_country_of_a_few_orders_a_week_that_stops_is_found_and_one_of_many_products_is_not() -> (
    None
):
    orders = shop(150, seed=5)
    few = np.random.default_rng(6).poisson(1.0, (3, DAYS)).astype(float)
    few[:, closed(DAYS)] = 0
    few[0, 200:] = 0
    orders[0] = few[0]
    (gone,) = found(panels(orders, countries=few))
    assert (gone.dimension, gone.segment) == ("country", "C00150")
    assert "member_disappearance" in gone.methods
    assert day(200) <= gone.period_end < day(228)


def test_a_surge_that_is_over_is_no_member_that_is_gone() -> None:
    orders = shop(60, seed=7)
    orders[0] = 0
    orders[0, 203:210] = np.where(closed(DAYS)[203:210], 0, 40)
    told = [a for a in found(panels(orders)) if a.segment == "P00000"]
    assert told
    assert {a.direction for a in told} == {"up"}


def test_a_collapse_is_found_where_some_orders_are_left() -> None:
    orders = shop(60, seed=3)
    orders[0] *= 10
    orders[0, 203:210] = np.floor(orders[0, 203:210] / 4)
    assert ("P00000", "member_collapse") in {
        (a.segment, method) for a in found(panels(orders)) for method in a.methods
    }


def test_a_member_that_loses_most_of_its_lines_but_few_orders_is_found_by_them() -> None:
    orders = shop(60, seed=3)
    orders[0] = orders[1:21].sum(axis=0)
    lines = orders * np.where(np.arange(60) == 0, 4.0, 1.0)[:, None]
    assert not [a for a in found(panels(orders, lines=lines)) if a.segment == "P00000"]
    sales = PRICE * orders
    lines[0, 203:210] *= 0.4
    sales[0, 203:210] *= 0.4
    (week,) = [a for a in found(panels(orders, sales, lines=lines)) if a.segment == "P00000"]
    assert (week.grain, week.period_start, week.direction) == ("weekly", day(203), "down")
    assert week.methods == ("member_lines",)
    # A few orders with many lines each prove nothing by those that do not come.
    orders[0] = np.minimum(orders[0], 1)
    lines[0] = 20 * orders[0]
    lines[0, 203:210] = orders[0, 203:210] = 0
    assert "member_lines" not in {
        method for a in found(panels(orders, lines=lines)) for method in a.methods
    }


def test_a_wave_of_returns_is_found_where_many_orders_send_a_product_back() -> None:
    orders = shop(60, seed=8)
    returns = np.random.default_rng(9).poisson(0.05, orders.shape).astype(float)
    returns[7, 200] = 12
    (wave,) = [a for a in found(panels(orders, returns=returns)) if a.grain == "daily"]
    assert (wave.segment, wave.period_start, wave.direction) == ("P00007", day(200), "down")
    assert wave.methods == ("member_returns",)
    assert wave.actual == PRICE * (orders[7, 200] - 12)


def test_returns_that_come_every_week_are_no_wave() -> None:
    orders = shop(60, seed=8)
    returns = np.zeros_like(orders)
    returns[7, 4::7] = 12
    assert not [a for a in found(panels(orders, returns=returns)) if a.period_start > day(140)]


def slips(places: list[int]) -> list[Anomaly]:
    """What is found of a product that is sold at ten times its price on some days."""
    orders = shop(60, seed=5)
    sales, mispriced = PRICE * orders, np.zeros_like(orders)
    sales[0, places] = 10 * PRICE * (orders[0, places] + 1)
    mispriced[0, places] = 0.9 * sales[0, places]
    every = found(panels(orders, sales, mispriced=mispriced))
    return [a for a in every if "member_price" in a.methods]


def test_a_price_never_seen_before_is_found_on_its_day() -> None:
    (slip,) = slips([200])
    assert (slip.segment, slip.period_start, slip.direction) == ("P00000", day(200), "up")
    assert slip.confidence > 0.8


def test_far_prices_that_come_all_the_time_are_no_news() -> None:
    often = slips([place for place in range(60, 280) if place % 7 in (1, 3, 4)])
    assert not [a for a in often if a.period_start > day(180)]


def test_a_member_that_stays_as_it_was_on_a_large_day_of_the_shop_did_not_collapse() -> None:
    orders = shop(60, seed=6)
    orders[0] *= 10
    orders[1:, 200] *= 4
    assert not [
        a for a in found(panels(orders)) if (a.segment, a.period_start) == ("P00000", day(200))
    ]


def test_a_member_that_stays_as_it_was_on_a_small_day_of_the_shop_did_not_surge() -> None:
    orders = shop(60, seed=6)
    orders[0] *= 10
    orders[1:, 200] = np.floor(orders[1:, 200] / 4)
    assert not [
        a for a in found(panels(orders)) if (a.segment, a.period_start) == ("P00000", day(200))
    ]


def test_a_member_that_is_mostly_sent_back_has_its_usual_range_the_right_way_round() -> None:
    """What comes of it is less than nothing, as of goods that are taken back for others."""
    orders = shop(products=20, seed=3)
    sent_back = np.zeros_like(orders)
    sent_back[0] = 2 * orders[0]
    orders[0, 200:203] = 10 * RATE
    told = [a for a in found(panels(orders, returns=sent_back)) if a.expected < 0]
    assert told
    assert all(a.lower <= a.expected <= a.upper for a in told)


def test_one_cheap_order_beside_others_is_a_wholesale_buyer_s() -> None:
    """Three orders at a far lower price are a wrong one, whatever else is ordered that day."""
    for cheap, slipped in ((1, 0.0), (3, -4_000.0)):
        with duckdb.connect() as connection:
            connection.execute("create schema marts")
            connection.execute(
                f"""
                create table marts.fct_kpi_lines as
                select
                    date '2024-01-01' + cast(day as integer) as order_date, 'P' as product,
                    'sale' as line_type, day || '-' || nth as invoice_no,
                    if(day = 40 and nth < {cheap}, 500, 1) as quantity,
                    if(day = 40 and nth < {cheap}, 2, 10) as unit_price,
                    quantity * unit_price as gross_revenue
                from range(41) as days (day), range(5) as orders (nth)
                """
            )
            connection.execute(
                "create temporary table fresh_days as select date '2024-02-10' as order_date"
            )
            connection.execute(FAR_PRICES)
            ((brought,),) = connection.execute(
                f"select sum({MISPRICED}) / {cheap} from marts.fct_kpi_lines "
                "inner join far_prices using (order_date, product)"
            ).fetchall()
        assert brought == slipped


def test_chance_makes_few_findings() -> None:
    """At the budget's rate 12 shops of 40 weeks would have 15."""
    chance = [a for seed in range(12) for a in found(panels(shop(150, seed)))]
    assert len(chance) <= 6


def small_shop(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders and sales of a shop of four orders a day, of very different size, of 80 products."""
    rng = np.random.default_rng(seed)
    orders = rng.poisson(4 / 80, (80, DAYS)).astype(float)
    orders[:, closed(DAYS)] = 0
    return orders, orders * np.exp(rng.normal(4.0, 1.4, orders.shape))


def test_in_a_small_shop_an_ordinary_order_is_no_surge_and_a_giant_is_one() -> None:
    """Where every order is a large part of the day, chance makes one finding in 13 weeks."""
    chance = []
    for seed in range(12):
        orders, sales = small_shop(seed)
        chance += found(panels(orders, sales))
        orders[7, 200] += 1
        sales[7, 200] += 300 * np.median(sales[sales > 0])
        assert "P00007" in {a.segment for a in found(panels(orders, sales))}
    assert len(chance) <= 12 * DAYS / 7 / 13


def test_where_members_surge_every_other_day_a_surge_is_no_news() -> None:
    orders = shop(60, seed=6)
    sales = PRICE * orders
    rng = np.random.default_rng(7)
    for place in np.flatnonzero(~closed(DAYS))[::2]:
        sales[rng.integers(60), place] += 0.3 * sales[:, place].sum() * rng.uniform(0.5, 1.5)
    days = {a.period_start for a in found(panels(orders, sales)) if a.grain == "daily"}
    assert len(days) <= (~closed(DAYS)).sum() / 8


def test_what_series_say_of_a_member_stands_where_it_is_not_judged_itself() -> None:
    """A country that makes most of the shop is as good as the total; a small one is a member."""
    orders = shop(60, seed=8)
    home = orders.sum(axis=0)
    given = panels(orders, countries=np.stack([np.floor(home * 0.9), np.ceil(home * 0.1)]))
    home_country, other = "C00060", "C00061"
    series = [
        dataclasses.replace(
            incident().lead,
            kpi=BY_COUNTRY,
            segment=name,
            dimension="country",
            period_start=day(place),
        )
        for name in (home_country, other)
        for place in (3, 200)
    ]
    stand = {(a.segment, a.period_start) for a in members.select(given, [BY_COUNTRY], series)}
    assert stand == {(home_country, day(3)), (home_country, day(200)), (other, day(3))}


def test_a_season_of_the_whole_shop_is_no_finding_of_its_members() -> None:
    orders = shop(60, seed=5)
    orders[:, 203:] *= 3
    assert not found(panels(orders))


def test_what_comes_later_changes_nothing() -> None:
    orders = shop(60, seed=6)
    orders[3, 150:] = 0
    sales = PRICE * orders
    sales[5, 160] += sales[:, 160].sum()
    until = 210
    early = found(panels(orders[:, :until], sales[:, :until]))
    later = orders.copy(), sales.copy()
    rng = np.random.default_rng(7)
    later[0][:, until:] = rng.poisson(9, later[0][:, until:].shape)
    later[1][:, until:] = later[0][:, until:] * rng.uniform(1, 900, later[0][:, until:].shape)
    newcomer = np.zeros((1, DAYS))
    newcomer[0, until:] = 50
    full = found(panels(*(np.concatenate([x, newcomer]) for x in later)))
    assert early
    assert repr([a for a in full if a.period_end < day(until)]) == repr(early)


def test_a_day_by_day_run_gives_what_the_backfill_gives() -> None:
    orders = shop(40, seed=8)
    orders[3, 150:] = 0
    backfill = found(panels(orders))
    for until in (168, 189):
        run = found(panels(orders[:, :until]))
        assert repr(run) == repr([a for a in backfill if a.period_end < day(until)])


def test_twenty_thousand_products_take_seconds() -> None:
    rng = np.random.default_rng(9)
    orders = rng.poisson(0.5, (20_000, 400)).astype(float)
    orders[:, closed(400)] = 0
    given = panels(orders)
    started = time.process_time()
    found(given)
    assert time.process_time() - started < 20


def test_a_member_is_told_by_the_kpi_with_its_series_and_under_its_id() -> None:
    assert kpi_of("country", [REVENUE, BY_COUNTRY]) == BY_COUNTRY
    assert kpi_of("product", [BY_COUNTRY, REVENUE]) == REVENUE
    assert kpi_of("product", [kpi("orders", numerator="orders")]) is None


def test_product_and_country_of_one_day_are_one_incident() -> None:
    orders = shop(60, seed=10)
    countries = np.random.default_rng(11).poisson(2.0, (3, DAYS)).astype(float)
    countries[:, closed(DAYS)] = 0
    given = panels(orders, None, countries)
    daily = given["daily"]
    at = (daily.code == 7) | (daily.code == 61)
    that_day = np.repeat(np.arange(DAYS), np.diff(daily.start)) == 200
    assert (at & that_day).sum() == 2
    more = np.where(at & that_day, 3000.0, 0.0)
    changed = dataclasses.replace(
        daily, revenue=daily.revenue + more, sales=daily.sales + more,
        squares=daily.squares + more**2,
    )  # fmt: skip
    weekly = by_week(changed, given["weekly"].period, given["weekly"].usable)
    both = found({"daily": changed, "weekly": weekly})
    assert {(a.dimension, a.segment, a.kpi.name) for a in both} == {
        ("product", "P00007", "total_revenue"), ("country", "C00061", "revenue_by_country"),
    }  # fmt: skip
    assert len({a.incident_id for a in incidents.group(both)}) == 1


def test_the_finer_finding_tells_where_it_makes_most_of_the_change() -> None:
    product = dataclasses.replace(incident().lead, segment="P1", dimension="product")
    category = dataclasses.replace(product, segment="Toys", dimension="category")
    larger = dataclasses.replace(category, actual=product.expected + 3 * product.change)
    groups = {"category": "product"}
    assert without_repeats([product, category], groups) == [product]
    assert without_repeats([product, larger], groups) == [product, larger]


def test_confidence_is_even_where_the_budget_is_spent() -> None:
    assert posterior_at_budget(1.0) == pytest.approx(0.5)
    assert posterior_at_budget(1e-3) > 0.99


def test_counts_follow_a_negative_binomial_law() -> None:
    count, mean, dispersion = np.array([0.0, 3.0, 40.0]), np.array([2.0, 2.0, 15.0]), 0.3
    law = stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean))
    np.testing.assert_allclose(p_at_least(count, mean, np.full(3, dispersion)), law.sf(count - 1))
    np.testing.assert_allclose(p_at_most(count, mean, np.full(3, dispersion)), law.cdf(count))


def test_bounded_amounts_exceed_the_bound_no_more_often_than_said() -> None:
    rng = np.random.default_rng(12)
    bound, orders = 10.0, 4.0
    single = np.minimum(rng.pareto(1.2, (220_000,)) + 0.5, bound)
    count = rng.poisson(orders, 50_000)
    total = np.add.reduceat(np.append(single[: count.sum()], 0), np.cumsum(count) - count)
    total = np.where(count > 0, total, 0.0)
    variance = np.array([orders * float((single**2).mean())])
    for excess in (5.0, 15.0, 25.0):
        promised = bennett(np.array([excess]), variance, np.array([bound]))[0]
        assert (total - orders * single.mean() >= excess).mean() <= promised


def test_a_product_gone_is_no_part_of_another_ones_large_day() -> None:
    up = dataclasses.replace(
        incident().lead, anomaly_id="1", segment="P1", dimension="product", direction="up"
    )
    down = dataclasses.replace(up, anomaly_id="2", segment="P2", direction="down")
    total = dataclasses.replace(up, anomaly_id="3", segment="all", dimension=None)
    monday = up.period_start - dt.timedelta(days=up.period_start.weekday())
    gone = dataclasses.replace(down, anomaly_id="4", grain="weekly", period_start=monday)
    assert len({a.incident_id for a in incidents.group([up, down])}) == 2
    assert len({a.incident_id for a in incidents.group([up, gone])}) == 2
    assert len({a.incident_id for a in incidents.group([up, down, total])}) == 1
