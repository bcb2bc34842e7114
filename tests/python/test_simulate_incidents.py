"""Planted incidents: each does what its truth says, on its days, and nothing else anywhere."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import compress, pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.errors import RetailError
from retail.simulate import (
    KINDS,
    Incident,
    ShopConfig,
    choose_incidents,
    parse_incident,
    simulate_shop,
    with_random_incidents,
)
from retail.simulate.closures import open_days
from retail.simulate.incidents.choose import WARM_UP_DAYS
from retail.simulate.incidents.market import Market, family, keywords
from retail.simulate.incidents.supply import Supply
from retail.simulate.shop import build_shop
from retail.simulate.simulation import shop_market
from test_simulate import read, typed

SHOP = ShopConfig(days=100, orders_per_day=16.0, seed=7)
DAY = date(2011, 2, 15)  # a Tuesday
HOME = "United Kingdom"


@pytest.fixture(scope="module")
def market() -> Market:
    return shop_market(build_shop(SHOP))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return _simulate(SHOP, tmp_path_factory.mktemp("base"))[0]


@pytest.fixture
def planted(tmp_path: Path) -> Callable[..., tuple[pd.DataFrame, list[dict]]]:
    """Simulate the same shop with incidents; return its rows and the truth as written."""
    return lambda *incidents: _simulate(replace(SHOP, incidents=incidents), tmp_path)


def _simulate(config: ShopConfig, folder: Path) -> tuple[pd.DataFrame, list[dict]]:
    simulate_shop(config, folder / "shop.csv")
    truth = json.loads((folder / "shop.csv.truth.json").read_text())
    return read(folder / "shop.csv"), truth["incidents"]


@pytest.fixture(scope="module")
def examples(market: Market) -> dict[str, Incident]:
    """One incident of every kind, large enough to be seen in a small shop."""
    product = max(market.daily, key=lambda code: market.daily[code])
    keyword = max(keywords(market), key=lambda word: len(family(market, word)))
    segments = {
        "price_error": {"keyword": keyword},
        "bulk_order": {"product": product},
        "segment_death": {"keyword": keyword},
        "combination": {"country": "Germany", "keyword": keyword},
    }
    days = {"slow_decline": 20, "segment_death": 12}
    return {
        kind: Incident(kind, DAY, days.get(kind), segment=segments.get(kind, {})) for kind in KINDS
    }


def days_of(raw: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(raw["at"], format="%m/%d/%Y %H:%M").dt.date


def split(raw: pd.DataFrame, incident: Incident) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows on the incident's days, and all others."""
    inside = days_of(raw).map(incident.covers).astype(bool)
    return raw[inside].reset_index(drop=True), raw[~inside].reset_index(drop=True)


def kpis(raw: pd.DataFrame, others: pd.DataFrame) -> dict[str, float]:
    """The KPIs over the rows as one period; `others` are the rows before and after it."""
    rows = typed(raw)
    sold, back = rows[rows["sale"]], rows[rows["return"]]
    gross, returned = sold["amount"].sum(), -back["amount"].sum()
    orders, units = sold["invoice"].nunique(), sold["quantity"].sum()
    known = sold[sold["customer"] != ""]
    abroad = rows[(rows["sale"] | rows["return"]) & (rows["country"] != HOME)]["amount"].sum()
    daily = known.groupby("day")["customer"].nunique()
    return {
        "total_revenue": gross - returned,
        "order_count": orders,
        "units_sold": units,
        "active_customers": daily.sum(),
        "new_customers": len(set(known["customer"]) - set(others["customer"])),
        "revenue_per_order": (gross - returned) / orders,
        "items_per_order": units / orders,
        "average_price": gross / units,
        "return_rate": returned / gross,
        "revenue_by_country": gross - returned,
        "international_revenue": abroad,
        "international_share": abroad / (gross - returned),
    }


@dataclass(frozen=True)
class Outcome:
    """One incident's truth, the rows on its days and on all others, and its days' KPIs."""

    truth: dict
    inside: tuple[pd.DataFrame, pd.DataFrame]
    outside: tuple[pd.DataFrame, pd.DataFrame]
    kpis: tuple[dict[str, float], dict[str, float]]


@pytest.fixture(scope="module")
def outcomes(
    base: pd.DataFrame, examples: dict[str, Incident], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """Every kind of incident, planted alone; before and after."""
    return {
        kind: _outcome(base, incident, tmp_path_factory.mktemp(kind))
        for kind, incident in examples.items()
    }


def _outcome(base: pd.DataFrame, incident: Incident, folder: Path) -> Outcome:
    after, (truth,) = _simulate(replace(SHOP, incidents=(incident,)), folder)
    (was, was_outside), (now, now_outside) = split(base, incident), split(after, incident)
    measured = kpis(was, was_outside), kpis(now, now_outside)
    return Outcome(truth, (was, now), (was_outside, now_outside), measured)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_changes_outside_the_days_of_an_incident(
    outcomes: dict[str, Outcome], kind: str
) -> None:
    was, now = outcomes[kind].inside
    rows = outcomes[kind].truth["rows"]
    pd.testing.assert_frame_equal(*outcomes[kind].outside)
    assert not now.equals(was)
    assert len(now) - len(was) == rows["added"] - rows["removed"]
    assert outcomes[kind].truth["days"] == sorted({f"{day}" for day in days_of(was)})


@pytest.mark.parametrize("kind", KINDS)
def test_the_kpis_move_as_the_truth_says(outcomes: dict[str, Outcome], kind: str) -> None:
    was, now = outcomes[kind].kpis
    truth = outcomes[kind].truth
    assert {kpi: "up" if now[kpi] > was[kpi] else "down" for kpi in truth["kpis"]} == truth["kpis"]
    assert truth["direction"] == next(iter(truth["kpis"].values()), "none")
    if not truth["kpis"]:
        assert now == pytest.approx(was)


@pytest.mark.parametrize("kind", KINDS)
def test_the_measures_of_the_truth_are_those_of_the_rows(
    outcomes: dict[str, Outcome], kind: str
) -> None:
    told = outcomes[kind].truth["measures"]
    for found, when in zip(outcomes[kind].kpis, ("undisturbed", "disturbed"), strict=True):
        assert told[when]["orders"] == found["order_count"]
        assert told[when]["units"] == found["units_sold"]
        assert told[when]["active_customers"] == found["active_customers"]
        assert told[when]["net_revenue"] == pytest.approx(found["total_revenue"])


def test_an_outage_takes_its_share_of_the_orders_whole(
    base: pd.DataFrame, planted: Callable
) -> None:
    incident = Incident("outage", DAY, 3, 0.5)
    after, _ = planted(incident)
    was, now = (typed(split(raw, incident)[0]) for raw in (base, after))
    orders = [rows.loc[rows["sale"]].groupby("invoice").size() for rows in (was, now)]
    assert len(orders[1]) == pytest.approx(len(orders[0]) / 2, abs=3)
    assert orders[1].equals(orders[0][orders[1].index])


@pytest.mark.parametrize("segment", [{"country": HOME}, {"customer_type": "guest"}])
def test_an_outage_of_a_segment_spares_the_rest(
    base: pd.DataFrame, planted: Callable, segment: dict[str, str]
) -> None:
    incident = Incident("outage", DAY, 7, 1.0, segment)
    after, _ = planted(incident)

    def hit(rows: pd.DataFrame) -> "pd.Series[bool]":
        inside = rows["country"] == HOME if "country" in segment else rows["customer"] == ""
        return inside & rows["sale"]

    was, now = (typed(split(raw, incident)[0]) for raw in (base, after))
    assert hit(was).any()
    assert not hit(now).any()
    spared = was[was["sale"] & ~hit(was)]["invoice"].unique()
    assert set(spared) <= set(now["invoice"])


def test_a_price_error_changes_one_price_and_nothing_else(
    base: pd.DataFrame, planted: Callable, market: Market
) -> None:
    product = max(market.daily, key=lambda code: market.daily[code])
    incident = Incident("price_error", DAY, 5, 100, {"product": product})
    after, (truth,) = planted(incident)
    changed = base["price"] != after["price"]
    assert base.drop(columns="price").equals(after.drop(columns="price"))
    assert set(after.loc[changed, "code"].str.upper()) == {product}
    assert after.loc[changed, "price"].astype(float).tolist() == pytest.approx(
        (base.loc[changed, "price"].astype(float) * 100).tolist()
    )
    assert truth["stock_codes"] == [product]
    assert truth["rows"] == {"added": 0, "removed": 0, "changed": int(changed.sum())}


def test_a_price_error_may_be_downwards(planted: Callable) -> None:
    _, (truth,) = planted(Incident("price_error", DAY, 3, 0.01, {"keyword": "BAG"}))
    assert set(truth["kpis"].values()) == {"down"}
    revenue = {when: truth["measures"][when]["gross_revenue"] for when in truth["measures"]}
    assert revenue["disturbed"] < revenue["undisturbed"]


@pytest.mark.parametrize("reversal", [False, True])
def test_a_bulk_order_is_one_giant_line_and_its_reversal_takes_it_back(
    base: pd.DataFrame, planted: Callable, reversal: bool
) -> None:
    after, (truth,) = planted(Incident("bulk_order", DAY, size=3.0, reversal=reversal))
    added = typed(after[~after["invoice"].isin(base["invoice"])])
    assert len(added) == 1 + reversal
    assert added["amount"].iloc[0] > 1_000
    assert (
        added["product"].unique().tolist() == truth["stock_codes"] == [truth["segment"]["product"]]
    )
    if reversal:
        assert added["invoice"].iloc[1].startswith("C")
        assert added["amount"].sum() == pytest.approx(0)
        assert added["at"].diff().iloc[1] == pd.Timedelta(minutes=12)
        assert truth["measures"]["disturbed"]["net_revenue"] == pytest.approx(
            truth["measures"]["undisturbed"]["net_revenue"]
        )


def test_a_campaign_brings_customers_nobody_has_seen(base: pd.DataFrame, planted: Callable) -> None:
    incident = Incident("campaign", DAY, 5, 1.0)
    after, (truth,) = planted(incident)
    added = typed(after[~after["invoice"].isin(base["invoice"])])
    assert not set(added["customer"]) & set(base["customer"])
    assert (added.groupby("customer")["invoice"].nunique() == 1).all()
    orders = truth["measures"]["undisturbed"]["orders"]
    assert added["invoice"].nunique() == pytest.approx(orders, abs=5)


def test_campaign_customers_are_not_met_again_by_chance_later(
    base: pd.DataFrame, planted: Callable
) -> None:
    incident = Incident("campaign", DAY, 2, 1.0)
    after, _ = planted(incident)
    inside, outside = split(after, incident)
    fresh = set(inside["customer"]) - set(base["customer"])
    assert fresh
    assert not fresh & set(outside["customer"])


def test_a_surge_draws_on_known_customers(base: pd.DataFrame, planted: Callable) -> None:
    after, _ = planted(Incident("surge", DAY, 1, 1.0))
    added = after[~after["invoice"].isin(base["invoice"])]
    assert len(added) > 0
    assert set(added["customer"]) <= set(base["customer"])


def test_returned_goods_were_bought_by_the_same_customer_before(
    base: pd.DataFrame, planted: Callable
) -> None:
    after, (truth,) = planted(Incident("returns_wave", DAY, 1, 0.5))
    added = typed(after[~after["invoice"].isin(base["invoice"])])
    sold = typed(base)
    sold = sold[sold["sale"] & (sold["at"].dt.date < DAY)]
    key = ["customer", "product", "price"]
    assert added["return"].all()
    assert set(map(tuple, added[key].values)) <= set(map(tuple, sold[key].values))
    assert truth["rows"]["added"] == len(added)


def test_a_guest_break_blanks_customers_only(base: pd.DataFrame, planted: Callable) -> None:
    after, (truth,) = planted(Incident("guest_break", DAY, 2, 1.0))
    changed = base["customer"] != after["customer"]
    assert base.drop(columns="customer").equals(after.drop(columns="customer"))
    assert (after.loc[changed, "customer"] == "").all()
    assert truth["segment"] == {"customer_type": "guest"}
    assert truth["measures"]["disturbed"]["active_customers"] == 0


def test_a_price_cut_takes_off_its_share(base: pd.DataFrame, planted: Callable) -> None:
    after, _ = planted(Incident("price_cut", DAY, 4, 0.4))
    changed = base["price"] != after["price"]
    ratio = after.loc[changed, "price"].astype(float) / base.loc[changed, "price"].astype(float)
    dear = base.loc[changed, "price"].astype(float) > 1
    assert ratio[dear].between(0.59, 0.61).all()


def test_a_slow_decline_takes_more_and_more(planted: Callable, base: pd.DataFrame) -> None:
    incident = Incident("slow_decline", date(2011, 1, 10), 40, 0.8)
    after, _ = planted(incident)
    lost = 1 - _orders(after) / _orders(base)
    early, late = lost.iloc[:13].mean(), lost[lost.index <= incident.end].iloc[-8:].mean()
    assert early < 0.3 < 0.5 < late
    assert lost[lost.index > incident.end].max() == 0


def _orders(raw: pd.DataFrame) -> "pd.Series[float]":
    rows = typed(raw)
    orders = rows[rows["sale"]].groupby(days_of(raw))["invoice"].nunique()
    return orders[orders.index >= date(2011, 1, 10)].astype(float)


def test_a_double_load_repeats_the_rows_under_new_numbers(
    base: pd.DataFrame, planted: Callable
) -> None:
    incident = Incident("double_load", DAY)
    after, _ = planted(incident)
    added = after[~after["invoice"].isin(base["invoice"])].drop(columns="invoice")
    twice = split(base, incident)[0].drop(columns="invoice")
    order = list(twice.columns)
    pd.testing.assert_frame_equal(
        added.sort_values(order, ignore_index=True), twice.sort_values(order, ignore_index=True)
    )


def test_a_duplicate_load_adds_nothing_but_duplicates(
    base: pd.DataFrame, planted: Callable
) -> None:
    incident = Incident("duplicate_load", DAY)
    after, (truth,) = planted(incident)
    assert set(map(tuple, after.values)) == set(map(tuple, base.values))
    assert len(after) - len(base) == len(split(base, incident)[0])
    assert truth["kpis"] == {}


def test_a_dead_segment_sells_nothing(planted: Callable) -> None:
    incident = Incident("segment_death", DAY, segment={"keyword": "BAG"})
    after, (truth,) = planted(incident)
    sold = typed(split(after, incident)[0]).query("sale")
    assert not sold["product"].isin(truth["stock_codes"]).any()
    assert truth["end"] == f"{SHOP.end}"


def test_a_dead_country_orders_nothing(planted: Callable) -> None:
    incident = Incident("segment_death", DAY, segment={"country": "Germany"})
    after, (truth,) = planted(incident)
    assert not (typed(split(after, incident)[0]).query("sale")["country"] == "Germany").any()
    assert truth["kpis"]["international_revenue"] == "down"


def test_a_rise_of_a_combination_comes_from_there_only(
    base: pd.DataFrame, planted: Callable
) -> None:
    segment = {"country": "Germany", "keyword": "MUG"}
    after, (truth,) = planted(Incident("combination", DAY, 3, 0.5, segment))
    added = after[~after["invoice"].isin(base["invoice"])]
    assert set(added["country"]) == {"Germany"}
    assert added["text"].str.contains("MUG").all()
    assert set(added["code"].str.upper()) <= set(truth["stock_codes"])
    assert truth["segment"] == segment
    assert truth["segment_measures"]["disturbed"]["orders"] > 0


def test_a_drop_of_a_combination_takes_its_lines_only(
    base: pd.DataFrame, planted: Callable
) -> None:
    incident = Incident("combination", DAY, 5, -1.0, {"country": HOME, "keyword": "BAG"})
    after, (truth,) = planted(incident)
    was, now = (typed(split(raw, incident)[0]) for raw in (base, after))
    hit = was["sale"] & (was["country"] == HOME) & was["product"].isin(truth["stock_codes"])
    assert truth["rows"]["removed"] >= hit.sum() > 0
    assert now["sale"].sum() == was["sale"].sum() - hit.sum()
    assert truth["segment_measures"]["disturbed"]["orders"] == 0
    assert set(truth["kpis"].values()) == {"down"}


def test_a_half_day_stops_at_its_hour(base: pd.DataFrame, planted: Callable) -> None:
    incident = Incident("half_day", DAY)
    after, _ = planted(incident)
    was, now = (typed(split(raw, incident)[0]) for raw in (base, after))
    assert now["at"].dt.hour.max() < 12
    assert len(now) == (was["at"].dt.hour < 12).sum()


def test_incidents_of_one_day_are_told_apart(base: pd.DataFrame, planted: Callable) -> None:
    half, double = Incident("half_day", DAY), Incident("double_load", DAY)
    after, (first, second) = planted(half, double)
    assert first["measures"]["disturbed"] == second["measures"]["undisturbed"]
    assert len(after) - len(base) == second["rows"]["added"] - first["rows"]["removed"]


def test_added_invoices_have_numbers_of_their_own(base: pd.DataFrame, planted: Callable) -> None:
    after, _ = planted(
        Incident("double_load", DAY, 2), Incident("surge", DAY, 4, 3.0), Incident("campaign", DAY)
    )
    kinds = after.groupby("invoice")[["customer", "country", "at"]].nunique()
    assert (kinds == 1).all(axis=None)
    assert set(base["invoice"]) <= set(after["invoice"])


# --- segments and their words


def test_a_keyword_means_whole_words_and_their_plurals() -> None:
    texts = {
        "1": "RED MUG",
        "2": "SET OF 2 MUGS",
        "3": "SMUGGLER",
        "4": "Glass lantern",
        "5": "BOXES",
    }
    market = Market((), texts, {}, {}, ())
    assert family(market, "mug") == {"1", "2"}
    assert family(market, "LANTERN") == {"4"}
    assert family(market, "box") == {"5"}
    assert family(market, "red mug") == {"1"}
    assert family(market, "") == frozenset()


def test_families_are_named_by_things_not_by_colours(market: Market) -> None:
    words = keywords(market)
    assert {"BAG", "BOX"} <= set(words)
    assert not {"RED", "VINTAGE", "HEART"} & set(words)


def test_what_the_segment_leaves_open_is_chosen_by_the_seed(planted: Callable) -> None:
    incident = Incident("combination", DAY)
    first, again = (planted(incident)[1][0]["segment"] for _ in range(2))
    assert first == again
    assert set(first) == {"country", "keyword"}


@pytest.mark.parametrize(
    ("incident", "told"),
    [
        (Incident("outage", date(2011, 2, 12)), "no trading day"),
        (Incident("outage", date(2015, 2, 11)), "no trading day"),
        (Incident("outage", DAY, segment={"country": "Narnia"}), "Narnia"),
        (Incident("outage", DAY, segment={"product": "NOSUCH"}), "NOSUCH"),
        (Incident("outage", DAY, segment={"keyword": "SPACESHIP"}), "SPACESHIP"),
        (Incident("outage", DAY, size=0.0), "touched no row"),
    ],
)
def test_an_incident_that_cannot_happen_is_refused_and_nothing_is_written(
    tmp_path: Path, incident: Incident, told: str
) -> None:
    with pytest.raises(RetailError, match=told):
        simulate_shop(replace(SHOP, incidents=(incident,)), tmp_path / "shop.csv")
    assert list(tmp_path.iterdir()) == []


# --- incidents chosen by chance


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 2 * len(KINDS)))
def test_chosen_incidents_begin_on_trading_days_after_the_warm_up_and_never_overlap(
    market: Market, seed: int, count: int
) -> None:
    every = (date(2010, 12, 1) + timedelta(n) for n in range(500))
    days = tuple(compress(every, open_days(date(2010, 12, 1), 500)))
    chosen = choose_incidents(replace(market, days=days), count, seed)
    assert len(chosen) == count
    assert all(one.start in days for one in chosen)
    assert chosen[0].start >= days[0] + timedelta(WARM_UP_DAYS)
    assert all(a.end < b.start for a, b in pairwise(chosen))
    assert chosen[-1].end <= days[-1]
    kinds = [one.kind for one in chosen]
    assert max(map(kinds.count, kinds)) - min(kinds.count(kind) for kind in kinds) <= 1
    assert chosen == choose_incidents(replace(market, days=days), count, seed)


def test_chosen_incidents_can_all_be_planted(tmp_path: Path) -> None:
    config = with_random_incidents(replace(SHOP, days=250), len(KINDS))
    truth = simulate_shop(config, tmp_path / "shop.csv")
    assert {one.target.incident.kind for one in truth.incidents} == set(KINDS)
    assert all(one.touched for one in truth.incidents)


def test_too_many_incidents_are_refused(market: Market) -> None:
    with pytest.raises(RetailError, match="ask for no more"):
        choose_incidents(market, 200, 1)
    with pytest.raises(RetailError, match="ask for no more"):
        choose_incidents(replace(market, days=market.days[:5]), 1, 1)


# --- how they are written


@given(
    kind=st.sampled_from(sorted(set(KINDS) - {"segment_death"})),
    start=st.dates(),
    days=st.none() | st.integers(1, 400),
)
def test_an_incident_is_read_as_it_is_written(kind: str, start: date, days: int | None) -> None:
    size = KINDS[kind].usual
    text = f"{kind}@{start.isoformat()},size={size}" + ("" if days is None else f",days={days}")
    assert parse_incident(text) == Incident(kind, start, days, size)


def test_an_incident_is_read_with_its_segment() -> None:
    text = "bulk_order@2011-06-14, country=Germany, product=22423, reversal=true"
    segment = {"country": "Germany", "product": "22423"}
    expected = Incident("bulk_order", date(2011, 6, 14), segment=segment, reversal=True)
    assert parse_incident(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("outage", "does not read"),
        ("flood@2011-06-14", "no incident is called 'flood'"),
        ("outage@tomorrow", "tomorrow"),
        ("outage@2011-06-14,colour=red", "'colour' is unknown"),
        ("outage@2011-06-14,days=two", "two"),
        ("outage@2011-06-14,days=0", "days=0"),
        ("outage@2011-06-14,size=1.5", "size=1.5 must be from 0 to 1"),
        ("outage@2011-06-14,size=nan", "size=nan"),
        ("outage@2011-06-14,country=", "does not read"),
        ("outage@2011-06-14,customer_type=new", "guest"),
        ("outage@2011-06-14,product=1,keyword=BAG", "not both"),
        ("half_day@2011-06-14,country=Germany", "cannot be limited"),
        ("segment_death@2011-06-14", "say which"),
        ("outage@2011-06-14,reversal=true", "only a bulk_order"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, told: str) -> None:
    with pytest.raises(RetailError, match=told):
        parse_incident(text)


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(0, 30))
def test_a_supply_never_hands_out_a_number_twice(counts: list[int], stored: int) -> None:
    supply = Supply(1000, pd.RangeIndex(stored).to_numpy())
    taken = [number for count in counts for number in supply.take(count).tolist()]
    assert len(taken) == len(set(taken)) == sum(counts)
    assert taken == sorted(taken)
