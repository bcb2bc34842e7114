"""Checks fail where there is reason to, and only there."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from conftest import PROJECT, Shop
from detect.attribution import data_quality, leave_one_out
from detect.attribution.baselines import comparable
from detect.attribution.data_quality import LineCounts
from detect.attribution.dimensions import names
from detect.attribution.incident_checks import CheckInputs, failed_checks, run_checks
from detect.attribution.lines import Coded, Largest, Lines, Reversal, measure, value
from detect.attribution.segments import Segments
from detect.records import Anomaly, Check, Kpi
from retail.jobs.detection import pipeline, store
from retail.jobs.detection.store import order_lines
from retail.outputs.narrative import check_messages
from retail.simulate import Incident, ShopConfig, simulate_shop
from retail.simulate.shop import build_shop
from retail.simulate.simulation import shop_market
from test_detect_attribution import anomaly
from test_detect_shop import DIMENSIONS, build, bulk_order, kpi, plant, segments

UNITS = kpi("units_sold", numerator="units")
RATE = kpi("return_rate", unit="ratio", numerator="returned_revenue", denominator="gross_revenue")
Row = tuple[str, str, str, float, float]


def lines(*rows: Row) -> Lines:
    """Lines of one day from (invoice, customer, product, quantity, price)."""
    invoice, customer, product, quantity, price = zip(*rows, strict=True)
    pieces, prices = np.array(quantity, dtype=float), np.array(price, dtype=float)
    size, is_sale = len(rows), pieces > 0
    customers, products = (order_lines._coded(np.array(names)) for names in (customer, product))
    gross = np.where(is_sale, pieces * prices, 0.0)
    return Lines(
        day=np.full(size, np.datetime64("2024-03-04")),
        invoice=order_lines._coded(np.array(invoice)),
        customer=customers,
        product=products,
        country=Coded(np.zeros(size, dtype=np.int64), ("Norway",)),
        is_sale=is_sale,
        quantity=pieces,
        price=prices,
        amount=pieces * prices,
        sums={
            "gross_revenue": gross,
            "net_revenue": pieces * prices,
            "returned_revenue": gross - pieces * prices,
            "units": np.where(is_sale, pieces, 0.0),
        },
        counted={"active_customers": np.where(is_sale, customers.codes, -1)},
        largest={"top_product_revenue": Largest(products.codes, gross, 10)},
    )


def ordinary(count: int = 30) -> list[Row]:
    return [(f"{i // 2}", f"c{i // 4}", f"p{i % 7}", 2.0 + i % 5, 1.5) for i in range(count)]


BULK: list[Row] = [("900", "c9", "p1", 5000.0, 1.0)]
BACK: list[Row] = [("C901", "c9", "p1", -5000.0, 1.0)]
REVERSAL = Reversal("900", "C901", "c9", "p1", "RED MUG", 5000, 16, 5000.0)


def found(definition: Kpi, known: Lines, expected: float, spread: float) -> Anomaly:
    """An anomaly whose actual is what the lines give."""
    actual = value_of(definition, known)
    return dataclasses.replace(
        anomaly(definition, actual, expected),
        lower=expected - spread,
        upper=expected + spread,
        direction="up" if actual > expected else "down",
    )


def value_of(definition: Kpi, known: Lines) -> float:
    return value(anomaly(definition, 0.0, 0.0), known, np.ones(known.amount.size, dtype=bool))


# -------------------------------------------------------------------------------- one order


def test_a_day_made_by_one_order_is_said_to_be() -> None:
    known = lines(*ordinary(), *BULK)
    day = found(UNITS, known, 120.0, 40.0)
    without = leave_one_out.leave_one_out(day, known, leave_one_out.orders(known, []))
    assert without is not None
    assert known.invoice.names[without.code] == "900"
    assert without.actual == 120.0
    assert without.amount == 5000.0
    assert leave_one_out.verdict(day, without) == leave_one_out.VANISHES


def test_a_day_of_many_orders_does_not_hang_on_one() -> None:
    known = lines(*ordinary(300))
    day = found(UNITS, known, 120.0, 40.0)
    without = leave_one_out.leave_one_out(day, known, leave_one_out.orders(known, []))
    assert without is not None
    assert leave_one_out.verdict(day, without) == leave_one_out.REMAINS


def test_an_order_and_its_cancellation_are_one_event() -> None:
    known = lines(*ordinary(), *BULK, *BACK)
    day = found(RATE, known, 0.01, 0.02)
    apart = leave_one_out.leave_one_out(day, known, leave_one_out.orders(known, []))
    together = leave_one_out.leave_one_out(day, known, leave_one_out.orders(known, [REVERSAL]))
    assert apart is not None
    assert together is not None
    assert together.actual == 0.0
    assert known.invoice.names[together.code] == "900"


def test_one_customer_with_many_orders_is_found() -> None:
    many: list[Row] = [(f"9{i}", "c9", "p1", 40.0, 1.0) for i in range(30)]
    known = lines(*ordinary(), *many)
    day = found(UNITS, known, 120.0, 40.0)
    by_order = leave_one_out.leave_one_out(day, known, leave_one_out.orders(known, []))
    by_customer = leave_one_out.leave_one_out(day, known, leave_one_out.customers(known))
    assert by_order is not None
    assert by_customer is not None
    assert leave_one_out.verdict(day, by_order) == leave_one_out.REMAINS
    assert leave_one_out.verdict(day, by_customer) == leave_one_out.VANISHES


def test_a_customer_with_many_small_orders_is_found_where_orders_are_counted() -> None:
    orders = kpi("order_count", numerator="orders")
    large: list[Row] = [(f"8{i}", f"k{i}", "p1", 900.0, 1.0) for i in range(6)]
    known = lines(*ordinary(60), *large, *[(f"9{i}", "c99", "p1", 1.0, 1.0) for i in range(40)])
    known = dataclasses.replace(
        known, counted={"orders": np.where(known.is_sale, known.invoice.codes, -1)}
    )
    day = found(orders, known, 35.0, 8.0)
    without = leave_one_out.leave_one_out(day, known, leave_one_out.customers(known))
    assert without is not None
    assert known.customer.names[without.code] == "c99"
    assert leave_one_out.verdict(day, without) == leave_one_out.VANISHES


def test_guests_are_not_one_customer() -> None:
    known = lines(*[("1", "", "p1", 900.0, 1.0), *ordinary()])
    assert (leave_one_out.customers(known)[known.customer.codes == 0] == -1).all()


def test_a_kpi_that_lines_do_not_give_is_not_tested() -> None:
    known = lines(*ordinary())
    other = dataclasses.replace(found(UNITS, known, 1.0, 1.0), actual=77.0)
    strange = anomaly(kpi("visits", numerator="visits"), 1.0, 2.0)
    for day in (other, strange):
        assert leave_one_out.leave_one_out(day, known, leave_one_out.orders(known, [])) is None


def test_an_unfinished_ratio_is_left_out_of_at_the_same_rate() -> None:
    known = lines(*ordinary(), *BULK, *BACK)
    day = dataclasses.replace(
        found(RATE, known, 0.01, 0.02), actual=0.5, methods=("period_to_date", "z_score")
    )
    without = leave_one_out.leave_one_out(day, known, leave_one_out.orders(known, [REVERSAL]))
    assert without is not None
    assert without.actual == 0.0


# ----------------------------------------------------------------------------------- faults


FEW_TWICE = [(0.02, 0.04)] * 28


def test_a_day_is_judged_from_as_many_lines_as_the_macro_asks_for() -> None:
    macro = (PROJECT / "macros" / "kpi" / "repeated_lines.sql").read_text(encoding="utf-8")
    assert f">= {data_quality.FEWEST_LINES}\n" in macro


def test_lines_under_other_invoice_numbers_are_a_double_load() -> None:
    again = [(f"9{invoice}", *rest) for invoice, *rest in ordinary()]
    assert data_quality.duplicate_load(lines(*ordinary()), FEW_TWICE).verdict == data_quality.CLEAR
    twice = data_quality.duplicate_load(lines(*ordinary(), *again), FEW_TWICE)  # type: ignore[arg-type]
    assert twice.verdict == data_quality.SUSPECTED
    assert twice.details["share"] == 1.0


def test_a_double_load_is_judged_by_the_shops_own_usual_share() -> None:
    milk: list[Row] = [(str(i), "", f"p{i % 3}", 1.0, 0.9) for i in range(60)]
    usual = [(float("nan"), 0.95)] * 28
    assert data_quality.duplicate_load(lines(*milk), usual).verdict == data_quality.CLEAR
    assert data_quality.duplicate_load(lines(*milk), FEW_TWICE).verdict == data_quality.SUSPECTED
    assert data_quality.duplicate_load(lines(*milk), []).verdict == data_quality.NOT_TESTED
    two_weeks = [(0.02, 0.04)] * 16 + [(1.0, 1.0)] * 12
    again = [(f"9{invoice}", *rest) for invoice, *rest in ordinary()]
    later = data_quality.duplicate_load(lines(*ordinary(), *again), two_weeks)  # type: ignore[arg-type]
    assert later.verdict == data_quality.SUSPECTED


def test_of_few_lines_only_nearly_all_of_them_tell_of_a_double_load() -> None:
    few = ordinary()[:5]
    again = [(f"9{invoice}", *rest) for invoice, *rest in few]
    told = data_quality.duplicate_load(lines(*few, *again), FEW_TWICE)  # type: ignore[arg-type]
    assert (told.verdict, told.details["lines"]) == (data_quality.SUSPECTED, 10)
    told = data_quality.duplicate_load(lines(*few, *again[:4]), FEW_TWICE)  # type: ignore[arg-type]
    assert told.verdict == data_quality.NOT_TESTED


def test_lines_that_lost_their_customer_are_alike_and_no_double_load() -> None:
    nameless: list[Row] = [(str(i), "", f"p{i % 3}", 1.0, 0.9) for i in range(60)]
    told = data_quality.duplicate_load(lines(*nameless), FEW_TWICE, lacks_ids=True)
    assert told.verdict == data_quality.NOT_TESTED


PAST = {f"p{i}": (1.2, 1.5, 2.95) for i in range(7)}


@pytest.mark.parametrize(("factor", "is_slip"), [(100.0, True), (0.01, True), (33.0, False)])
def test_a_price_far_from_all_past_ones_is_suspected(factor: float, is_slip: bool) -> None:
    wrong: list[Row] = [("90", "c9", "p1", 40.0, 2.95 * factor)]
    told = data_quality.price_slip(lines(*ordinary(), *wrong), PAST)
    assert told.verdict == data_quality.SUSPECTED
    assert told.details["product"] == "p1"
    assert told.details["factor"] == pytest.approx(factor)
    assert told.details["is_unit_slip"] is is_slip


def test_prices_that_are_wrong_in_one_small_country_name_it() -> None:
    wrong: list[Row] = [(f"9{i}", "c9", f"p{i}", 40.0, 295.0) for i in (1, 2)]
    known = lines(*ordinary(), *wrong)
    for places, told_in in (([0] * 30 + [1, 1], True), ([0] * 31 + [1], False)):
        country = Coded(np.array(places), ("Norway", "Denmark"))
        told = data_quality.price_slip(dataclasses.replace(known, country=country), PAST)
        assert (told.details.get("country") == "Denmark") is told_in
        said = check_messages.message("price_slip", told.verdict, told.details, UNITS, {})
        assert said.endswith(", all in country Denmark.") is told_in
    assert "country" not in data_quality.price_slip(known, PAST).details


def test_a_clearance_that_was_seen_before_is_no_slip() -> None:
    cheap: list[Row] = [("90", "c9", "p1", 400.0, 0.2)]
    known = lines(*ordinary(), *cheap)
    assert data_quality.price_slip(known, PAST).verdict == data_quality.SUSPECTED
    assert data_quality.price_slip(known, PAST | {"p1": (0.2, 2.95)}).verdict == data_quality.CLEAR


def hourly(days: int = 20) -> Segments:
    """Ten orders in each of eight hours of every day, one of them of a guest."""
    period = np.datetime64("2024-03-01") + np.arange(days)
    size = days * 16
    codes = {name: np.zeros(size, dtype=np.int64) for name in names(DIMENSIONS)}
    codes["hour"] = np.tile(np.repeat(np.arange(8), 2), days)
    codes["customer_type"] = np.tile([0, 1], days * 8)
    members = dict.fromkeys(names(DIMENSIONS), ("one",))
    # Codes follow the order of texts, in which ten comes before eight.
    members["hour"] = ("10", "11", "12", "13", "14", "15", "8", "9")
    members["customer_type"] = ("guest", "returning")
    orders = np.tile([1.0, 9.0], days * 8)
    return Segments(
        DIMENSIONS, period, np.arange(0, size + 1, 16), codes, members, {"orders": orders}
    )


def test_hours_without_orders_are_missing_in_order_of_the_clock() -> None:
    known = hourly()
    others = known.period[:-1]
    assert data_quality.missing_hours(known, known.period[-1], others).verdict == data_quality.CLEAR
    rows = known.rows(known.period[-1])
    known.measures["orders"][rows] *= np.isin(known.codes["hour"][rows], [6, 7, 0, 1])
    told = data_quality.missing_hours(known, known.period[-1], others)
    assert told.verdict == data_quality.SUSPECTED
    assert (told.details["first"], told.details["last"], told.details["hours"]) == (12, 15, 4)
    assert told.details["share"] == pytest.approx(0.5)


def test_hours_whose_orders_came_at_night_are_not_missing_but_moved() -> None:
    known = hourly()
    known.members["hour"] = ("10", "11", "12", "13", "14", "15", "20", "21")
    night = np.isin(known.codes["hour"], [6, 7])
    known.measures["orders"][night] = 0.0
    rows = known.rows(known.period[-1])
    known.measures["orders"][rows] = np.where(
        np.isin(known.codes["hour"][rows], [0, 1, 2]), 0.0, known.measures["orders"][rows]
    )
    known.measures["orders"][rows][night[rows]] = 7.0
    told = data_quality.missing_hours(known, known.period[-1], known.period[:-1])
    assert told.verdict == data_quality.SUSPECTED
    assert told.details["moved"] == pytest.approx(28 / 58)
    said = check_messages.message("missing_hours", told.verdict, told.details, UNITS, {})
    assert said == (
        "The clock may be off: nothing came in 3 of the usual hours (10:00 to 12:59), which bring "
        "50 % of the orders, but 48 % came in hours that usually have none."
    )


def by_country(now: list[float]) -> Segments:
    """Orders of three countries on 14 days, the last of them given; nobody knows the third."""
    usual = np.random.default_rng(3).poisson([200, 30], (13, 2)).astype(float)
    orders = np.concatenate([np.column_stack([usual, np.zeros(13)]), [now]])
    period = np.datetime64("2024-01-01") + np.arange(14)
    codes = {"country": np.tile([0, 1, 2], 14)}
    members = {"country": ("Germany", "Sweden", "Unspecified")}
    start = np.arange(0, 43, 3)
    return Segments(DIMENSIONS, period, start, codes, members, {"orders": orders.ravel()})


@pytest.mark.parametrize(
    ("member", "now", "other"),
    [
        ("Unspecified", [130.0, 30.0, 70.0], "Germany"),
        ("Germany", [130.0, 30.0, 70.0], "Unspecified"),
        ("Sweden", [200.0, 2.0, 28.0], "Unspecified"),
        ("Unspecified", [200.0, 30.0, 70.0], None),  # more of all orders
        ("Sweden", [218.0, 2.0, 0.0], None),  # within what is usual of the other one
        ("Sweden", [200.0, 2.0, 0.0], None),
    ],
)
def test_orders_that_came_under_another_name_are_seen(
    member: str, now: list[float], other: str | None
) -> None:
    known = by_country(now)
    day, others = known.period[-1], known.period[:-1]
    told = data_quality.relabelled(known, "country", member, day, others)
    assert told.details.get("other") == other
    assert (told.verdict == data_quality.SUSPECTED) == (other is not None)


def test_orders_by_another_name_are_told_both_ways() -> None:
    known = by_country([200.0, 2.0, 28.0])
    told = data_quality.relabelled(known, "country", "Sweden", known.period[-1], known.period[:-1])
    assert check_messages.message("relabelled", told.verdict, told.details, UNITS, {}) == (
        "Orders may go by another name: country Sweden had 28 orders fewer than usual and country "
        "Unspecified 28 more, while the shop had as many as usual."
    )


def test_lines_that_are_no_sales_are_seen_where_there_are_far_more_of_them() -> None:
    usual = [LineCounts(95, 2, 3)] * 12
    told = data_quality.unsold_lines([LineCounts(0, 90, 10), *usual])
    assert told.verdict == data_quality.SUSPECTED
    said = check_messages.message("unsold_lines", told.verdict, told.details, UNITS, {})
    assert said == (
        "Sales may be recorded wrongly: 100 % of the 100 order lines are none (usually 5 %), 90 as "
        "they have no price or no quantity, or are adjustments by their number, and 10 as returns."
    )
    for now in (LineCounts(80, 15, 5), LineCounts(0, 0, 19), LineCounts(0, 0, 0)):
        told = data_quality.unsold_lines([now, *usual])
        assert told.verdict != data_quality.SUSPECTED
    often = [LineCounts(60, 40, 0), *usual[1:]]
    told = data_quality.unsold_lines([LineCounts(55, 45, 0), *often])
    assert told.verdict == data_quality.CLEAR
    assert data_quality.unsold_lines(usual[:4]).verdict == data_quality.NOT_TESTED


def test_hours_without_orders_on_a_day_that_hardly_has_any_are_not_missing() -> None:
    known = hourly()
    rows = known.rows(known.period[-1])
    known.measures["orders"][rows] = 0.0
    known.measures["orders"][rows][::8] = 1.0  # an order every four hours
    told = data_quality.missing_hours(known, known.period[-1], known.period[:-1])
    assert told.verdict == data_quality.CLEAR


def test_an_hour_that_is_no_number_has_no_place_on_the_clock() -> None:
    known = hourly()
    others = known.period[:-1]
    known.members["hour"] = ("10", "11", "12", "13", "14", "15", "8", "late")
    rows = known.rows(known.period[-1])
    known.measures["orders"][rows] *= np.isin(known.codes["hour"][rows], [6, 0, 1])
    told = data_quality.missing_hours(known, known.period[-1], others)
    assert (told.details["first"], told.details["last"]) == (12, 15)
    known.members["hour"] = ("early", "noon", "late", *"abcde")
    told = data_quality.missing_hours(known, known.period[-1], others)
    assert told.verdict == data_quality.NOT_TESTED


def test_orders_that_lose_their_customers_are_seen() -> None:
    known = hourly()
    others = known.period[:-1]
    assert data_quality.missing_ids(known, known.period[-1], others).verdict == data_quality.CLEAR
    rows = known.rows(known.period[-1])
    known.measures["orders"][rows] = np.tile([6.0, 4.0], 8)
    told = data_quality.missing_ids(known, known.period[-1], others)
    assert told.verdict == data_quality.SUSPECTED
    assert told.details == pytest.approx(
        {"share": 0.6, "usual": 0.1, "orders": 80.0, "without": 48.0}
    )


def test_guests_that_are_left_where_other_orders_are_missing_have_lost_no_ids() -> None:
    known = hourly()
    rows = known.rows(known.period[-1])
    known.measures["orders"][rows] = np.tile([0.6, 0.4], 8)
    told = data_quality.missing_ids(known, known.period[-1], known.period[:-1])
    assert told.verdict == data_quality.CLEAR


def test_one_guest_in_a_shop_that_has_none_is_no_lost_id() -> None:
    known = hourly()
    known.measures["orders"][known.codes["customer_type"] == 0] = 0.0
    rows = known.rows(known.period[-1])
    for guests, verdict in ((1.0, data_quality.CLEAR), (3.0, data_quality.SUSPECTED)):
        known.measures["orders"][rows] = [guests, 2.0, *np.zeros(14)]
        told = data_quality.missing_ids(known, known.period[-1], known.period[:-1])
        assert told.verdict == verdict


def of_customers(new: float, returning: float, days: int = 20) -> Segments:
    """Of the 80 orders of each day 8 are of guests and 8 of new customers; as given on the last."""
    known = hourly(days)
    known.members["customer_type"] = ("guest", "new", "returning")
    known.codes["customer_type"] = np.tile([0, 2, 1, 2], days * 4)
    known.measures["orders"] = np.tile([2.0, 8.0, 2.0, 8.0], days * 4)
    today = known.codes["customer_type"][known.rows(known.period[-1])]
    known.measures["orders"][known.rows(known.period[-1])] = np.choose(
        today, [2.0, new / 4, returning / 8]
    )
    return known


@pytest.mark.parametrize(
    ("new", "returning", "verdict"),
    [
        (70.0, 2.0, data_quality.SUSPECTED),
        (8.0, 64.0, data_quality.CLEAR),
        (160.0, 64.0, data_quality.CLEAR),  # new customers came beside the known ones
        (8.0, 2.0, data_quality.CLEAR),  # known ones stayed away
        (0.0, 0.0, data_quality.NOT_TESTED),
    ],
)
def test_customers_who_come_under_other_ids_are_no_new_ones(
    new: float, returning: float, verdict: str
) -> None:
    known = of_customers(new, returning)
    told = data_quality.renumbered_ids(known, known.period[-1], known.period[:-1])
    assert told.verdict == verdict
    if verdict == data_quality.SUSPECTED:
        said = check_messages.message("renumbered_ids", verdict, told.details, UNITS, {})
        assert said == (
            "Customer ids may have changed: 97 % of the 72 orders with a customer id are of new "
            "customers, where 11 % is usual."
        )


def test_with_little_history_nothing_is_suspected() -> None:
    known = hourly(days=4)
    for check in (
        data_quality.missing_ids, data_quality.renumbered_ids, data_quality.missing_hours
    ):  # fmt: skip
        assert check(known, known.period[-1], known.period[:-1]).verdict == data_quality.NOT_TESTED


# -------------------------------------------------------------------------------- sentences


def material(known: Lines | None, reversals: list[Reversal]) -> CheckInputs:
    cell = hourly()
    return CheckInputs(cell, cell.period, known, reversals, {}, ())


def raise_checks(lead: Anomaly, given: CheckInputs) -> list[Check]:
    return check_messages.describe(lead, run_checks(lead, [], given), {"p1": "RED MUG"})


def test_a_reversal_is_told_with_pieces_product_customer_and_time() -> None:
    known = lines(*ordinary(), *BULK, *BACK)
    raised = raise_checks(found(RATE, known, 0.01, 0.02), material(known, [REVERSAL]))
    by_name = {d.check_name: d for d in raised}
    assert by_name["reversal"].detail == (
        "5,000 pieces of RED MUG (p1) were ordered by customer c9 and cancelled 16 minutes later."
    )
    assert by_name["one_order"].verdict == leave_one_out.VANISHES
    assert "invoice 900" in by_name["one_order"].detail
    told = [d.check_name for d in failed_checks(raised)]
    assert told == ["reversal", "one_order"]


def test_a_small_reversal_is_not_worth_a_word() -> None:
    known = lines(*ordinary(), *BULK)
    small = dataclasses.replace(REVERSAL, amount=5.0)
    raised = raise_checks(found(UNITS, known, 1.0, 1.0), material(known, [small]))
    assert {d.check_name: d.verdict for d in raised}["reversal"] == "none"


def test_without_order_lines_nothing_is_claimed() -> None:
    raised = raise_checks(anomaly(UNITS, 9.0, 2.0), material(None, []))
    verdicts = {d.check_name: d.verdict for d in raised}
    assert verdicts["one_order"] == verdicts["reversal"] == verdicts["price_slip"] == "not tested"


def test_every_figure_of_a_sentence_is_one_of_its_figures() -> None:
    details = {"share": 0.62, "hours": 5, "first": 12, "last": 16}
    said = check_messages.message("missing_hours", "suspected", details, UNITS, {})
    assert said == (
        "A part of the day may be missing: nothing came in 5 of the usual hours "
        "(12:00 to 16:59), which bring 62 % of the orders."
    )


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(1, "1 minute"), (16, "16 minutes"), (119, "119 minutes"), (120, "2 hours"), (4000, "2 days")],
)
def test_time_between_is_told_in_words(minutes: int, told: str) -> None:
    details = {"quantity": 7, "product": "p", "customer_id": "c", "minutes": minutes}
    assert f"cancelled {told} later" in check_messages.message(
        "reversal", "found", details, UNITS, {}
    )


# --------------------------------------------------------------------------------- of a run


def test_a_run_writes_every_check_for_every_incident(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    build(path, plant(segments(), 122, bulk_order))
    outcome = pipeline.run(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "select incident_id, count(distinct check_name), any_value(details) "
            "from insights.incident_checks group by all"
        ).fetchall()
    assert len(rows) == len(outcome.incidents)
    assert {count for _, count, _ in rows} == {11}
    assert all(isinstance(json.loads(details), dict) for _, _, details in rows)


START = dt.date(2011, 1, 3)
DAYS = {
    "double_load": dt.date(2011, 3, 8),
    "half_day": dt.date(2011, 3, 15),
    "guest_break": dt.date(2011, 3, 22),
    "price_error": dt.date(2011, 3, 29),
    "bulk_order": dt.date(2011, 4, 5),
}
QUIET = dt.date(2011, 4, 12)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated shop with one fault each on five Tuesdays, built by dbt."""
    folder = tmp_path_factory.mktemp("faulty")
    config = ShopConfig(start=START, days=105, orders_per_day=25.0, products=200, seed=5)
    daily = shop_market(build_shop(config)).daily
    product = {"product": max(daily, key=daily.__getitem__)}
    incidents = tuple(
        Incident(
            kind, day, 2 if kind == "price_error" else 1,
            segment=product if kind in ("price_error", "bulk_order") else
            {"customer_type": "guest"} if kind == "guest_break" else {},
            reversal=kind == "bulk_order",
        )
        for kind, day in DAYS.items()
    )  # fmt: skip
    simulate_shop(dataclasses.replace(config, incidents=incidents), folder / "shop.csv")
    shop = Shop(PROJECT, folder, str(folder / "shop.csv"))
    shop.build("--exclude-resource-type", "test", "unit_test")
    return shop.database


def doubts_of(path: Path, day: dt.date) -> dict[str, Check]:
    """What is doubted of a day on which the return rate stands for an incident."""
    inputs = store.read_inputs(path, None)
    panel = inputs.panels["daily"]
    place = next(i for i, s in enumerate(panel.series) if s.kpi.name == "return_rate")
    usable = inputs.dates.day[inputs.dates.is_trading]
    lead = dataclasses.replace(
        anomaly(panel.series[place].kpi, 0.0, 1.0),
        period_start=day,
        actual=float(panel.value[place, panel.period == np.datetime64(day)][0]),
        expected=float(np.nanmedian(panel.value[place])),
        upper=float(np.nanquantile(panel.value[place], 0.95)),
    )
    given = CheckInputs(
        store.read_segments(path, "daily", inputs.dates.day, ["orders"]),
        usable,
        store.read_lines(path, day, day, "daily", ["returned_revenue", "gross_revenue"]),
        store.read_reversals(path, day, day),
        store.read_past_prices(path, day, day),
        store.read_duplicate_shares(
            path, [d.astype(dt.date) for d in comparable(lead, usable)[0]], "daily"
        ),
    )
    names = store.read_product_names(path)
    return {
        c.check_name: c for c in check_messages.describe(lead, run_checks(lead, [], given), names)
    }


@pytest.mark.parametrize(
    ("kind", "check", "verdict"),
    [
        ("double_load", "duplicate_load", "suspected"),
        ("half_day", "missing_hours", "suspected"),
        ("guest_break", "missing_ids", "suspected"),
        ("price_error", "price_slip", "suspected"),
        ("bulk_order", "reversal", "found"),
    ],
)
def test_a_planted_fault_is_called_what_it_is(
    faulty: Path, kind: str, check: str, verdict: str
) -> None:
    raised = doubts_of(faulty, DAYS[kind])
    assert raised[check].verdict == verdict
    faulted = {name for name, d in raised.items() if d.verdict == "suspected"}
    assert faulted <= {check}


def test_a_wrong_price_is_still_wrong_on_its_second_day(faulty: Path) -> None:
    second = DAYS["price_error"] + dt.timedelta(days=1)
    assert doubts_of(faulty, second)["price_slip"].verdict == "suspected"


def test_a_quiet_day_raises_no_doubt(faulty: Path) -> None:
    raised = doubts_of(faulty, QUIET)
    assert [d for d in raised.values() if d.verdict in ("suspected", "found", "vanishes")] == []


def test_the_planted_order_makes_its_day(faulty: Path) -> None:
    raised = doubts_of(faulty, DAYS["bulk_order"])
    assert raised["one_order"].verdict == raised["one_customer"].verdict == "vanishes"
    assert "cancelled 12 minutes later" in raised["reversal"].detail


def test_lines_give_the_measures_of_the_segment_tables(faulty: Path) -> None:
    asked = ["gross_revenue", "returned_revenue", "net_revenue", "identified_revenue",
             "international_revenue", "top_product_revenue", "units", "orders",
             "active_customers", "repeat_customers", "new_customers"]  # fmt: skip
    read = store.read_lines(faulty, QUIET, QUIET, "daily", asked)
    assert read is not None
    with duckdb.connect(str(faulty), read_only=True) as connection:
        row = connection.execute(
            f"select {', '.join(f'cast(sum({n}) as double)' for n in asked)} "
            "from marts.fct_segments_daily where period_start = ?",
            [QUIET],
        ).fetchone()
    every = np.ones(read.amount.size, dtype=bool)
    assert [measure(n, read, every) for n in asked] == pytest.approx(row)
