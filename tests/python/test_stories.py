"""What every story keeps to, over thousands of generated incidents; money at stake; the end."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from detect import incidents
from detect.attribution import leave_one_out
from detect.attribution.data_quality import SUSPECTED
from detect.attribution.dimensions import Dimension
from detect.attribution.incident_checks import failed_checks
from detect.attribution.leave_one_out import VANISHES, Without
from detect.forecasts import PeriodForecast
from detect.group_by import group_by
from detect.impact import Cancelled, Impact, impact
from detect.members import MemberPanel
from detect.members.scores import SILENCE
from detect.members.silence import silence
from detect.records import Anomaly, Attribution, Check, DriverContribution, Grain, Kpi
from detect.recovery import end
from retail import formatting
from retail.feedback.status import overall
from retail.outputs.narrative import check_messages, rules, sentences, stories
from retail.outputs.narrative.stories import History
from retail.schema import FeedbackRow
from test_detect_shop import kpi

INCIDENTS = 5_000
MONDAY = dt.date(2024, 3, 4)
NOW = dt.datetime(2024, 8, 1)
KPIS = (
    kpi("total_revenue", unit="currency £", numerator="net_revenue", money="currency £"),
    kpi("order_count", unit="count", numerator="orders", money="currency £"),
    kpi("items_per_order", unit="items", numerator="units", denominator="orders",
        money="currency £"),
    kpi("return_rate", unit="ratio", direction="down", numerator="returned_revenue",
        denominator="gross_revenue", money="currency £"),
)  # fmt: skip
REVENUE = KPIS[0]
SEGMENTS = (
    {"country": "France"},
    {"region": "Western Europe", "country": "France"},
    {"product": "22502", "customer_type": "new"},
)


def finding(
    random: np.random.Generator, definition: Kpi, day: int = 0, member: str = ""
) -> Anomaly:
    """An anomaly of any size, near its band or far beyond it; half of those near are inside."""
    expected = float(10 ** random.uniform(-1, 4)) * (0.0 if random.random() < 0.03 else 1.0)
    spread = max(expected, 1.0) * random.uniform(0.05, 0.9)
    lower, upper = max(expected - spread, 0.0), expected + spread
    actual = max(expected + spread * random.choice([-3, -1.1, -0.6, 0.6, 1.1, 3, 40]), 0.0)
    up = actual > expected
    good = "neutral" if definition.direction == "none" else (
        "good" if up == (definition.direction == "up") else "bad"
    )  # fmt: skip
    return Anomaly(
        f"{definition.name}-{member}-{day}", definition, member or "all", "daily",
        MONDAY + dt.timedelta(days=day), actual, expected, lower, upper, "up" if up else "down",
        3.0, 2.0, float(random.uniform(1e-9, 1e-3)), float(random.uniform(0.5, 0.999)), "high",
        good, (SILENCE,) if member and actual == 0 else ("z_score",), "incident",
        dimension="product" if member else None,
    )  # fmt: skip


def cause(random: np.random.Generator, of: Anomaly) -> Attribution:
    share = float(random.choice([-0.7, 0.3, 0.9, 1.4]))
    return Attribution(
        of.anomaly_id, "root_cause", 1, (), dict(random.choice(SEGMENTS)),  # type: ignore[arg-type]
        0.0, 1.0, share * of.change, share, of.direction,
        stability=float(random.choice([0.0, 0.5, 1.0, np.nan])),
    )  # fmt: skip


def ruled_out(of: Anomaly) -> list[Attribution]:
    """The rows of a change that nothing recorded explains."""
    nearest = ({"country": "France"}, {"region": "Western Europe"}, {"customer_type": "new"})
    return [
        Attribution(
            of.anomaly_id, "ruled_out", i, tuple(segment), segment, 0.0, 1.0, 0.1, 0.1, "up",
            cause_confidence=0.94,
        )
        for i, segment in enumerate(nearest, start=1)
    ]  # fmt: skip


def checks(random: np.random.Generator, lead: Anomaly) -> list[Check]:
    """An order and a customer, each of any part of the change, and at times a fault or two."""
    out = []
    for name, key in (("one_order", "invoice_no"), ("one_customer", "customer_id")):
        rest = lead.actual - lead.change * random.uniform(-0.3, 1.8)
        without = Without(1, rest, 5_000.0, 0.5)
        details = {key: "900", "amount": 5_000.0, "without": rest,
                   "explained": leave_one_out.explained(lead, rest)}  # fmt: skip
        out.append((name, leave_one_out.verdict(lead, without), details))
    if random.random() < 0.2:
        out.append(("price_slip", SUSPECTED, {
            "product": "22502", "price": 649.5, "usual": 10.79, "factor": 60.2,
            "products": 1, "share": 0.4, "is_unit_slip": False,
        }))  # fmt: skip
    if random.random() < 0.1:
        hours = {"share": 0.5, "hours": 4, "first": 12, "last": 15}
        out.append(("missing_hours", SUSPECTED, hours))
    if random.random() < 0.2:
        known = {"share": 0.6, "usual": 0.1, "orders": 10.0, "without": 6.0}
        out.append(("missing_ids", SUSPECTED, known))
    if random.random() < 0.1:
        out.append(("duplicate_load", SUSPECTED, {"share": 0.41, "lines": 56, "usual": 0.02}))
    return [
        Check("incident", name, verdict,
              check_messages.message(name, verdict, details, lead.kpi, {}), details)
        for name, verdict, details in out
    ]  # fmt: skip


def drivers(random: np.random.Generator) -> list[DriverContribution]:
    return [
        DriverContribution("incident", "daily", MONDAY, "all", "all", factor, 1.0, 2.0,
                           float(random.normal(0, 1_000)))
        for factor in ("active_customers", "items_per_order", "average_price", "returns")
    ]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Told:
    """A story with what it is told from."""

    lead: Anomaly
    members: list[Anomaly]
    causes: list[Attribution]
    drivers: list[DriverContribution]
    failed: list[Check]
    checks: list[Check]
    incident: stories.Incident


def past(members: list[Anomaly], change: float, random: np.random.Generator) -> History:
    """The money of the day, at times cancelled later; half of the time, usual days after it."""

    def usual(name: str, day: int, value: float = 9_000.0) -> PeriodForecast:
        return PeriodForecast(name, "all", "daily", MONDAY + dt.timedelta(days=day), value, 9_000.0,
                              6_000.0, 12_500.0, True, None, 9_000.0)  # fmt: skip

    days = range(1, 5) if random.random() < 0.5 else ()
    after = [usual(name, day) for name in {a.kpi.name for a in members} for day in days]
    rows = [usual("total_revenue", 0, 9_000 + change), *after]
    back = abs(change) * float(random.choice([0.05, 0.3, 0.9]))
    sale = Cancelled(MONDAY, MONDAY + dt.timedelta(days=2), "22502", "France", back)
    return History(
        KPIS,
        group_by(rows, lambda row: (row.kpi, row.segment, row.grain)),
        cancelled=[sale] if random.random() < 0.3 else [],
    )


def generated() -> Iterator[Told]:
    random = np.random.default_rng(7)
    for _ in range(INCIDENTS):
        member = "22502" if random.random() < 0.3 else ""
        chosen = [REVENUE] if member else [k for k in KPIS if random.random() < 0.6] or [REVENUE]
        members = [finding(random, k, 0, member) for k in chosen]
        tree = drivers(random)
        lead = incidents.lead(members, tree)
        causes = [cause(random, lead)] if random.random() < 0.6 else []
        raised = checks(random, lead)
        change = float(random.normal(0, 5_000))
        history = past(members, change, random)
        known = history if random.random() < 0.8 else None
        told = stories.describe(members, causes or ruled_out(lead), tree, raised, {}, known)[0]
        yield Told(lead, members, causes, tree, failed_checks(raised), raised, told)


@pytest.fixture(scope="module")
def told() -> list[Told]:
    return list(generated())


def test_what_makes_it_explains_half_and_leaves_the_rest_in_the_band(told: list[Told]) -> None:
    made = [t for t in told if "makes it" in t.incident.narrative]
    assert len(made) > INCIDENTS / 20
    for t in made:
        (event,) = [c for c in t.failed if c.verdict == VANISHES]
        without = float(str(event.details["without"]))
        assert t.lead.lower <= without <= t.lead.upper
        assert (t.lead.actual - without) / t.lead.change >= 0.5
        others = [c for c in t.checks if c.verdict == VANISHES]
        most = max(min(float(str(c.details["explained"])), 1.0) for c in others)
        assert min(float(str(event.details["explained"])), 1.0) >= most - 0.01


OUTSIDE = (
    "None of the recorded dimensions explains it (94 % sure): no country or customer type stands "
    "out."
)


def test_nothing_is_from_outside_that_has_something_to_blame(told: list[Told]) -> None:
    broad = [t for t in told if OUTSIDE in t.incident.narrative]
    assert len(broad) > INCIDENTS / 20
    for t in broad:
        assert not t.causes
        assert not t.failed
        assert "makes it" not in t.incident.narrative
        assert t.incident.root_cause == {}


@pytest.mark.parametrize(("orders", "surely"), [(60.0, " (94 % sure)"), (4.0, "")])
def test_how_surely_it_is_from_outside_is_said_of_shops_as_large_as_it_was_measured_on(
    orders: float, surely: str
) -> None:
    lead = anomaly()
    usual = PeriodForecast("order_count", "all", "daily", lead.period_start, orders, orders, 0.0,
                           2 * orders, True, None, orders)  # fmt: skip
    history = History(KPIS, {("order_count", "all", "daily"): [usual]})
    (told,) = stories.describe([lead], ruled_out(lead), history=history)
    assert OUTSIDE.replace(" (94 % sure)", surely) in told.narrative


def test_of_a_verdict_that_is_little_better_than_chance_nothing_is_said() -> None:
    lead = anomaly()
    rows = [dataclasses.replace(row, cause_confidence=0.7) for row in ruled_out(lead)]
    (told,) = stories.describe([lead], rows)
    assert "None of the recorded" not in told.narrative


def test_a_figure_goes_with_the_move_or_is_said_to_offset_it(told: list[Told]) -> None:
    for t in told:
        for sentence in re.split(r"(?<=\.) ", t.incident.narrative):
            if " mainly through " in sentence:
                along, _, against = sentence.partition(", partly offset by ")
                sign, other = ("+", "−") if " rose " in along else ("−", "+")
                assert f"({other}" not in along
                assert f"({sign}" not in against
                total = sum(d.contribution for d in t.drivers)
                assert (" rose " in along) == (total > 0)
                brought = sum(map(money, re.findall(r"\(([+−]£[\d,.]+)\)", along)))
                if abs(brought) > 1.1 * abs(total):
                    assert against, "more than all of it, and nobody took it back"
                assert ("moved the other way" in along) != rules.goes_with(t.lead, total)
            elif " is from " in sentence:
                assert t.causes[0].contribution * t.lead.change > 0
            elif t.causes and "partly offset by" in sentence:
                assert t.causes[0].contribution * t.lead.change <= 0


def money(shown: str) -> float:
    """An amount as it is written."""
    return float(shown.replace("−", "-").replace("£", "").replace(",", ""))


def test_whose_revenue_factors_moved_is_said_where_a_cause_stands_in_between(
    told: list[Told],
) -> None:
    named = [t for t in told if " mainly through " in t.incident.narrative and t.lead.within]
    assert any("Revenue of" in t.incident.narrative.partition(" mainly ")[0] for t in named)
    for t in named:
        before = t.incident.narrative.partition(" mainly through ")[0]
        if " is from " in before or "partly offset by" in before:
            assert not before.endswith(("Its revenue rose", "Its revenue fell"))


def test_factors_say_nothing_against_the_money_at_stake(told: list[Told]) -> None:
    assert any(" mainly through " in t.incident.narrative for t in told)
    for t in told:
        assert not (" mainly " in t.incident.narrative and "makes it" in t.incident.narrative)
        if " mainly through " in t.incident.narrative:
            assert (" rose mainly" in t.incident.narrative) == (t.incident.impact > 0)


def test_the_lead_is_outside_its_band_where_any_finding_is(told: list[Told]) -> None:
    for t in told:
        departs = any(a.is_outside or SILENCE in a.methods for a in t.members)
        assert t.lead.is_outside or SILENCE in t.lead.methods or not departs
        assert t.incident.lead == t.lead
        low, high = (formatting.amount(x, t.lead.kpi.unit) for x in (t.lead.lower, t.lead.upper))
        assert ("usual range: " in t.incident.narrative) == (
            t.lead.is_outside and SILENCE not in t.lead.methods and low != high
        )


def test_the_money_at_stake_comes_first(told: list[Told]) -> None:
    for t in told:
        first = t.incident.narrative.split(". ")[0]
        if np.isfinite(t.incident.impact):
            if t.incident.headline.endswith(", cancelled later"):
                back = formatting.amount(t.incident.impact_returned, "currency £")
                assert first.startswith(f"Sales of {back} were cancelled later: ")
                continue
            assert re.match(r"(Net revenue was )?£[\d,.]+ (more|less|above|below)", first)
        else:
            assert "What it means in money is not known." in t.incident.narrative


def test_no_percentage_of_a_tiny_base_nor_of_a_huge_change(told: list[Told]) -> None:
    counts = [t.lead.expected for t in told if t.lead.kpi.unit == "count"]
    assert min(counts) <= formatting.FEWEST_IN_PERCENT < max(counts)
    assert any(re.search(r"\d %", t.incident.headline) for t in told)
    for t in told:
        if t.lead.kpi.unit == "count" and t.lead.expected <= formatting.FEWEST_IN_PERCENT:
            assert "%" not in t.incident.headline
        for figure in re.findall(r"([\d,]+) %", t.incident.headline):
            assert float(figure.replace(",", "")) <= 100 * formatting.MOST_IN_PERCENT


def test_a_headline_names_no_cause_that_no_other_baseline_names(told: list[Told]) -> None:
    assert any(", from " in t.incident.headline for t in told)
    for t in told:
        if ", from " in t.incident.headline:
            assert t.causes[0].share_of_change >= 0.495, "less than half"
            assert t.causes[0].stability != 0
            assert t.causes[0].contribution * t.lead.change > 0
            assert "region" not in t.incident.headline


def test_a_cause_is_told_only_where_nothing_better_is_known(told: list[Told]) -> None:
    named = [t for t in told if " is from " in t.incident.narrative]
    assert len(named) > INCIDENTS / 20
    twice = [t for t in named if any(c.check_name == "duplicate_load" for c in t.failed)]
    assert twice
    assert all(t.causes[0].share_of_change >= 0.8 for t in twice)
    for t in named:
        kinds = {c.check_name for c in t.failed if c.verdict in (SUSPECTED, VANISHES)}
        assert "missing_hours" not in kinds
        if kinds & {"one_order", "one_customer", "missing_ids"}:
            assert t.causes[0].share_of_change >= 0.495
            assert t.causes[0].stability == 1 or np.isnan(t.causes[0].stability)
        if t.lead.within and kinds & {"one_order", "one_customer"}:
            assert "product" in t.causes[0].segment
            assert "product" not in t.lead.within
    for t in told:
        if any(c.check_name == "missing_hours" for c in t.failed):
            ids = any(c.check_name == "missing_ids" for c in t.failed)
            assert t.incident.root_cause == ({"customer_type": "guest"} if ids else {})
            assert ", from " not in t.incident.headline
            assert " mainly through " not in t.incident.narrative


def test_good_and_bad_follow_the_kpi_and_the_cause(told: list[Told]) -> None:
    kinds = {t.incident.favourability for t in told}
    assert kinds == {"good", "bad", "mixed", "neutral"}
    for t in told:
        blamed = {c.check_name for c in t.failed if c.verdict == SUSPECTED}
        if "price_slip" in blamed:
            assert t.incident.favourability == "bad"
        elif blamed:
            assert t.incident.favourability in ("bad", "neutral")
        elif len(t.members) == 1 and not taken_back(t) and not is_against(t):
            assert t.incident.favourability == t.lead.favourability


def taken_back(t: Told) -> bool:
    """Whether most of what was gained was cancelled later."""
    return bool(t.incident.impact_returned >= 0.495 * t.incident.impact > 0)


def is_against(t: Told) -> bool:
    """Whether the money surely went the other way than the KPI's news."""
    way = {"good": t.incident.impact_upper < 0, "bad": t.incident.impact_lower > 0}
    return way.get(t.lead.favourability, False)


def test_nothing_is_good_news_that_was_cancelled_or_cost_money(told: list[Told]) -> None:
    assert any(taken_back(t) for t in told)
    for t in told:
        if taken_back(t):
            assert t.incident.favourability not in ("good", "mixed")
        if t.incident.impact_upper < 0:
            assert t.incident.favourability != "good"
        if t.incident.impact_lower > 0 and not t.failed:
            assert t.incident.favourability != "bad" or taken_back(t)


def test_what_is_over_says_what_it_came_to(told: list[Told]) -> None:
    over = [t for t in told if t.incident.recovered_on is not None]
    assert len(over) > INCIDENTS / 20
    for t in over:
        ids = any(c.check_name == "missing_ids" for c in t.failed)
        if ids:
            assert not re.search(r"It is over:.* came to", t.incident.narrative), "not gained"
        elif np.isfinite(t.incident.impact):
            back = t.incident.impact_returned >= 0.1 * abs(t.incident.impact) > 0
            left = t.incident.impact - (t.incident.impact_returned if back else 0.0)
            total = formatting.amount(left, "currency £", signed=True)
            said = f"came to {total}{' after cancellations' if back else ''}."
            assert said in t.incident.narrative


def test_one_or_two_orders_are_blamed_on_no_segment(told: list[Told]) -> None:
    counts = [t for t in told if t.lead.kpi.unit == "count" and t.causes]
    few = [t for t in counts if abs(t.causes[0].contribution) < 3]
    assert few
    for t in few:
        assert ", from " not in t.incident.headline
        assert not re.search(r" (is|may be) from ", t.incident.narrative)


STATISTICS = re.compile(
    r"baseline|sigma|p-value|median|variance|confidence|significan|distribution|stability|residual"
)


def test_money_of_no_known_currency_has_no_sign() -> None:
    lead = anomaly(kpi=dataclasses.replace(REVENUE, unit="currency XXX", money="currency XXX"))
    (told,) = stories.describe([lead], [])
    assert "XXX" not in told.headline + told.narrative


def test_yen_have_no_cents_but_an_average_of_them_has() -> None:
    assert [formatting.price(x, "currency ¥") for x in (8700.0, 8700.5)] == ["¥8,700", "¥8,700.50"]
    assert [formatting.amount(x, "currency ¥") for x in (0.0, 7.25)] == ["¥0", "¥7.25"]
    assert formatting.amount(0.0, "currency £") == "£0.00"


@pytest.mark.parametrize(("factor", "said"), [(37.63, "38"), (1.62, "1.6"), (1_234.5, "1,234")])
def test_how_many_times_needs_no_decimals(factor: float, said: str) -> None:
    assert formatting.times(factor) == said


def test_no_sentence_needs_statistics(told: list[Told]) -> None:
    for t in told:
        assert not STATISTICS.search(t.incident.narrative + t.incident.headline)
        assert " 0 % of" not in t.incident.narrative


def test_a_cause_that_is_less_than_sure_is_not_told() -> None:
    lead = anomaly()
    row = dataclasses.replace(
        cause(np.random.default_rng(0), lead), segment={"country": "France"},
        contribution=lead.change, share_of_change=0.4, stability=np.nan,
    )  # fmt: skip
    row = dataclasses.replace(row, share_of_change=0.6)
    for sure, is_told in ((0.8, False), (0.95, True)):
        (told,) = stories.describe([lead], [dataclasses.replace(row, cause_confidence=sure)])
        assert ("60 % of the change" in told.narrative) == is_told
        assert ("from country France" in told.headline) == is_told


# ------------------------------------------------------------------- seen before, and beside


def test_incidents_like_it_are_told_with_what_people_said_of_them() -> None:
    france = {"country": "France"}
    found = [
        anomaly(anomaly_id=f"a-{i}", incident_id=f"i-{i}",
                period_start=MONDAY + dt.timedelta(days=20 * i), direction=way)
        for i, way in enumerate(("down", "down", "up", "down"))
    ]  # fmt: skip
    causes = [
        dataclasses.replace(cause(np.random.default_rng(0), a), segment=france) for a in found
    ]
    word = FeedbackRow("a-0", "total_revenue", "all", "one-off", None, "a  strike", NOW)
    told = stories.describe(found, causes, history=History(given=(word,)))
    assert [t.narrative.partition("Seen before: ")[2] for t in told] == [
        "",
        "1 incident like it, the last on 4 March 2024 (one-off: “a strike”).",
        "",
        "2 incidents like it, the last on 24 March 2024 (one-off: “a strike”).",
    ]


def test_what_is_not_over_yet_was_not_seen_before() -> None:
    found = [
        anomaly(anomaly_id="week", incident_id="week", grain="weekly"),
        anomaly(anomaly_id="day", incident_id="day", period_start=MONDAY + dt.timedelta(days=2)),
    ]
    assert not any("Seen before" in told.narrative for told in stories.describe(found, []))


def test_what_a_fault_of_the_data_made_is_not_like_what_made_itself() -> None:
    found = [
        anomaly(anomaly_id=f"a-{i}", incident_id=f"i-{i}", methods=methods,
                period_start=MONDAY + dt.timedelta(days=20 * i))
        for i, methods in enumerate((("z_score",), ("z_score",), ("no_data",), ("z_score",)))
    ]  # fmt: skip
    hours = Check("i-0", "missing_hours", SUSPECTED, "A part of the day may be missing.", {})
    told = stories.describe(found, [], checks=[hours])
    seen = [t.narrative.partition("Seen before: ")[2] for t in told]
    assert seen == ["", "", "", "1 incident like it, the last on 24 March 2024."]


@pytest.mark.parametrize(("share", "usual", "is_said"), [(0.9, 0.3, False), (0.9, 0.9, True)])
def test_nothing_stands_out_is_not_said_beside_a_member_with_nearly_all_of_it(
    share: float, usual: float, is_said: bool
) -> None:
    lead = anomaly()
    rows = ruled_out(lead)
    rows[0] = dataclasses.replace(rows[0], share_of_change=share, expected=usual * lead.expected)
    (told,) = stories.describe([lead], rows)
    assert ("None of the recorded" in told.narrative) == is_said


def test_a_fall_that_moved_the_share_of_some_countries_is_not_everybodys() -> None:
    lead = anomaly()
    share = kpi("international_share", unit="ratio", numerator="international_revenue",
                denominator="net_revenue", money="currency £")  # fmt: skip
    other = anomaly(share, anomaly_id="b", direction="up", actual=0.9, expected=0.2, upper=0.4)
    against = anomaly(anomaly_id="c", dimension="country", segment="Spain", direction="up",
                      actual=140.0)  # fmt: skip
    for one in (other, against):
        (told,) = stories.describe([lead, one], ruled_out(lead))
        assert "None of the recorded" not in told.narrative


def test_of_orders_on_a_closed_day_nobody_asks_which_segment_stands_out() -> None:
    lead = anomaly(methods=("calendar",))
    (told,) = stories.describe([lead], ruled_out(lead))
    assert "None of the recorded" not in told.narrative


def test_of_lines_that_all_came_in_twice_no_segment_is_the_cause() -> None:
    lead = anomaly(direction="up", actual=140.0)
    row = dataclasses.replace(cause(np.random.default_rng(0), lead), segment={"country": "France"},
                              contribution=lead.change, share_of_change=1, stability=1)  # fmt: skip
    for share, is_named in ((0.41, True), (0.97, False)):
        twice = Check("incident", "duplicate_load", SUSPECTED, "Twice.", {"share": share})
        (told,) = stories.describe([lead], [row], checks=[twice])
        assert ("from country France" in told.headline) == is_named
        assert told.root_cause == ({"country": "France"} if is_named else {})


def test_another_cause_is_no_incident_like_it() -> None:
    found = [
        anomaly(anomaly_id=f"a-{i}", incident_id=f"i-{i}",
                period_start=MONDAY + dt.timedelta(days=20 * i))
        for i in range(2)
    ]  # fmt: skip
    told = stories.describe(found, [cause(np.random.default_rng(0), found[1])])
    assert "Seen before" not in told[1].narrative


@pytest.mark.parametrize(("gone", "is_news"), [(-5.0, False), (-20.0, True)])
def test_beside_a_fall_of_the_whole_shop_only_a_large_one_of_a_member_is_told(
    gone: float, is_news: bool
) -> None:
    lead = anomaly()
    member = anomaly(anomaly_id="m", dimension="product", segment="22502", actual=0.0,
                     expected=-gone, lower=1.0)  # fmt: skip
    history = History(KPIS, {DAILY: days(60.0)})  # type: ignore[dict-item]
    (told,) = stories.describe([lead, member], [], history=history)
    assert told.impact == -40.0
    assert ("Also unusually low" in told.narrative) == is_news


# ------------------------------------------------------------------------------ money at stake


def anomaly(definition: Kpi = REVENUE, **changes: object) -> Anomaly:
    found = Anomaly(
        f"a-{definition.name}", definition, "all", "daily", MONDAY, 60.0, 100.0, 80.0, 125.0,
        "down", -4.0, -2.0, 1e-4, 0.9, "high", "bad", ("z_score",), "incident",
    )  # fmt: skip
    return dataclasses.replace(found, **changes)  # type: ignore[arg-type]


def forecast(
    start: dt.date, actual: float, *, grain: str = "daily", lower: float = 80.0
) -> PeriodForecast:
    return PeriodForecast(
        "total_revenue",
        "all",
        grain,
        start,
        actual,
        100.0,
        lower,
        130.0,
        True,
        None,
        100.0,  # type: ignore[arg-type]
    )


def days(*actual: float, start: int = 0) -> list[PeriodForecast]:
    return [forecast(MONDAY + dt.timedelta(days=start + i), x) for i, x in enumerate(actual)]


DAILY, WEEKLY = ("total_revenue", "all", "daily"), ("total_revenue", "all", "weekly")


def test_impact_is_net_revenue_less_expected_with_the_forecasts_interval() -> None:
    lead = anomaly(KPIS[1])
    found = impact(lead, [lead], KPIS, {DAILY: days(60.0)})  # type: ignore[dict-item]
    assert (found.value, found.lower, found.upper, found.returned) == (-40.0, -70.0, -20.0, 0.0)


def test_a_week_and_a_day_of_it_count_once() -> None:
    day, week = anomaly(), anomaly(grain="weekly")
    later = anomaly(grain="weekly", period_start=MONDAY + dt.timedelta(days=7))
    weeks = [forecast(MONDAY + dt.timedelta(days=7 * i), 50.0, grain="weekly") for i in range(2)]
    known = {DAILY: days(60.0), WEEKLY: weeks}
    found = [impact(x, [day, week, later], KPIS, known) for x in (day, week)]  # type: ignore[arg-type]
    assert [f.value for f in found] == [-40.0 - 50.0, -50.0 - 50.0]
    assert found[0].upper - found[0].value == pytest.approx(np.hypot(20.0, 20.0))


def test_members_of_one_dimension_add_up_and_others_stay_out() -> None:
    one, other = (anomaly(dimension="product", segment=name) for name in ("a", "b"))
    country = anomaly(dimension="country", segment="France", actual=1.0)
    back = Cancelled(MONDAY, MONDAY + dt.timedelta(days=2), "a", "France", 7.0)
    found = impact(one, [one, other, country], KPIS, {}, [back])
    assert (found.value, found.returned) == (-80.0, 7.0)


def test_only_what_is_cancelled_beyond_the_usual_is_taken_off() -> None:
    lead = anomaly(KPIS[1])
    weeks = [MONDAY - dt.timedelta(days=7 * nth) for nth in range(1, 9)]
    usual = [Cancelled(day, day + dt.timedelta(days=2), "a", "France", 30.0) for day in weeks]
    now = Cancelled(MONDAY, MONDAY + dt.timedelta(days=3), "a", "France", 35.0)
    known = {DAILY: days(60.0)}
    for before, returned in (([], 35.0), (usual, 5.0), ([*usual, *usual], 0.0)):
        found = impact(lead, [lead], KPIS, known, [*before, now])  # type: ignore[arg-type]
        assert found.returned == returned


def test_a_share_has_the_money_of_the_whole_shop_and_a_part_of_it_its_own() -> None:
    part = kpi("international_revenue", unit="currency £", numerator="international_revenue",
               money="currency £")  # fmt: skip
    share = dataclasses.replace(part, name="international_share", unit="ratio",
                                denominator="net_revenue")  # fmt: skip
    abroad = [dataclasses.replace(row, kpi=part.name) for row in days(90.0, 85.0)]
    history = History((*KPIS, part, share), {DAILY: days(60.0), (part.name, *DAILY[1:]): abroad})  # type: ignore[dict-item]
    later = anomaly(part, anomaly_id="b", period_start=MONDAY + dt.timedelta(days=1))
    for members, said in (
        ([anomaly(share)], "Net revenue was £40.00 below what was expected. "),
        ([anomaly(part), later], f"{part.label} was £25.00 below what was expected"),
    ):
        (told,) = stories.describe(members, [], history=history)
        assert told.narrative.startswith(said)


def test_where_ids_are_missing_the_money_is_the_whole_shops() -> None:
    guests = anomaly(dimension="customer_type", segment="guest", actual=150.0, expected=10.0)
    ids = Check("incident", "missing_ids", SUSPECTED, "Customer ids may be missing.",
                {"share": 0.8, "usual": 0.1, "orders": 50.0, "without": 40.0})  # fmt: skip
    history = History(KPIS, {DAILY: days(95.0)})  # type: ignore[dict-item]
    (told,) = stories.describe([guests], [], checks=[ids], history=history)
    assert told.impact == -5.0
    assert told.narrative.startswith(
        "Net revenue was £5.00 below what was expected, which is within its usual range. Revenue of"
    )


def test_factors_of_one_day_of_several_say_which_it_is() -> None:
    first, later = anomaly(), anomaly(anomaly_id="b", period_start=MONDAY + dt.timedelta(days=1))
    tree = [DriverContribution("incident", "daily", MONDAY, "all", "all", "returns", 1.0, 1.0, -40)]
    history = History(KPIS, {DAILY: days(60.0, 70.0)})  # type: ignore[dict-item]
    for members, said in (
        ([first], " Net revenue fell mainly through returns (−£40.00)."),
        ([first, later], " On 4 March 2024: net revenue fell mainly through returns (−£40.00)."),
    ):
        (told,) = stories.describe(members, [], tree, history=history)
        assert said in told.narrative


def test_what_a_kpi_of_another_unit_counts_of_a_member_is_no_money() -> None:
    """A shop may have a series of orders per country, too."""
    money = anomaly(dimension="country", segment="France")
    by_country = dataclasses.replace(KPIS[1], numerator="orders", denominator=None)
    counted = anomaly(by_country, dimension="country", segment="France", actual=6.0, expected=10.0)
    elsewhere = dataclasses.replace(counted, segment="Spain")
    for found in ([money, counted, elsewhere], [counted, elsewhere, money]):
        assert impact(money, found, KPIS, {}).value == -40.0


def test_no_money_is_told_of_an_unfinished_or_an_unforecast_period() -> None:
    early, plain = anomaly(methods=("period_to_date", "iqr")), anomaly()
    for lead in (early, plain):
        assert np.isnan(impact(lead, [lead], KPIS, {}).value)
    assert np.isnan(impact(early, [early], KPIS, {DAILY: days(60.0)}).value)  # type: ignore[dict-item]


# ---------------------------------------------------------------------------------- recovered


def recovered_on(
    lead: Anomaly,
    members: list[Anomaly],
    forecasts: dict[tuple[str, str, str], list[PeriodForecast]],
    panels: dict[Grain, MemberPanel],
) -> dt.date | None:
    silences = {a.anomaly_id: gone for a in members if (gone := silence(a, panels)) is not None}
    return end(lead, members, forecasts, panels, silences).recovered_on  # type: ignore[arg-type]


def after(*actual: float, grain: str = "daily") -> dt.date | None:
    lead = anomaly(grain=grain)
    step = 1 if grain == "daily" else 7
    rows = [
        forecast(MONDAY + dt.timedelta(days=step * i), x, grain=grain)
        for i, x in enumerate((60.0, *actual))
    ]
    return recovered_on(lead, [lead], {("total_revenue", "all", grain): rows}, {})


def test_three_days_inside_the_band_end_it_and_two_do_not() -> None:
    assert after(100.0, 90.0) is None
    assert after(100.0, 90.0, 95.0) == MONDAY + dt.timedelta(days=3)
    assert after(100.0, 200.0, 95.0, 90.0) is None
    assert after(100.0, grain="weekly") == MONDAY + dt.timedelta(days=13)


def test_noise_after_the_end_does_not_open_it_again() -> None:
    assert after(100.0, 90.0, 95.0, 300.0) == after(100.0, 90.0, 95.0)


def test_every_series_has_to_be_back() -> None:
    both = [anomaly(), anomaly(KPIS[1])]
    assert recovered_on(both[0], both, {DAILY: days(60.0, 100.0, 100.0, 100.0)}, {}) is None


def panel(*orders: float, **others: Sequence[float]) -> MemberPanel:
    """One product by week, and others by their codes."""
    size, names = len(orders), ("22502", *others)
    sold = np.array([orders, *others.values()]).T.ravel()
    shop = sold.reshape(size, -1).sum(axis=1)
    return MemberPanel(
        "weekly", (Dimension("product"),), np.zeros(len(names), dtype=np.int64), names,
        np.datetime64(MONDAY) + 7 * np.arange(size), len(names) * np.arange(size + 1),
        np.tile(np.arange(len(names)), size), sold, sold, 10 * sold, 10 * sold, sold,
        0 * sold, 0 * sold, 0 * sold, shop, shop, shop,
        np.full(size, 5.0), np.ones(size, dtype=bool),
    )  # fmt: skip


@pytest.mark.parametrize(("way", "later"), [("up", 20.0), ("down", 500.0)])
def test_a_member_is_back_on_the_side_that_it_left_whatever_day_its_band_was_of(
    way: str, later: float
) -> None:
    left = anomaly(grain="weekly", dimension="product", segment="22502", direction=way,
                   lower=240.0, upper=730.0)  # fmt: skip
    weeks = {"weekly": panel(90.0, later)}
    assert recovered_on(left, [left], {}, weeks) == MONDAY + dt.timedelta(days=13)


def test_a_product_is_back_with_its_first_order() -> None:
    gone = anomaly(grain="weekly", dimension="product", segment="22502", methods=(SILENCE,))
    assert recovered_on(gone, [gone], {}, {"weekly": panel(0.0, 0.0)}) is None
    back = recovered_on(gone, [gone], {}, {"weekly": panel(0.0, 0.0, 1.0)})
    assert back == MONDAY + dt.timedelta(days=20)


def gone_since(segment: str = "22502") -> Anomaly:
    return anomaly(
        REVENUE, grain="weekly", period_start=MONDAY, dimension="product", segment=segment,
        methods=(SILENCE,), anomaly_id=segment, actual=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("orders", "weeks", "how", "ended"),
    [
        ((0.0, 3.0), 1, "in the week of 4 March 2024, where about £100 was expected",
         "It is over: sold again by 17 March 2024; in total it came to −£100."),
        ((0.0, 0.0, 0.0, 1.0), 3,
         "from 4 March 2024 to 24 March 2024, where about £100 a week was expected",
         "It is over: sold again by 31 March 2024; in total it came to −£300."),
        ((0.0,) * 12, 8, "from 4 March 2024 to 28 April 2024, where about £100 a week was expected",
         "It is closed: without an order for 8 weeks it counts as discontinued; in total it came "
         "to −£800."),
        ((0.0,) * 5, 5, "from 4 March 2024 to 7 April 2024, where about £100 a week was expected",
         ""),
    ],
)  # fmt: skip
def test_a_product_that_is_gone_costs_what_it_brought_until_it_is_back_or_discontinued(
    orders: tuple[float, ...], weeks: int, how: str, ended: str
) -> None:
    history = History(KPIS, panels={"weekly": panel(*orders)})
    (told,) = stories.describe([gone_since()], [], history=history)
    assert told.impact == -100 * weeks
    assert told.impact_lower == pytest.approx(-100 * weeks - 25 * weeks**0.5)
    assert told.narrative.startswith(f"£{100 * weeks} less than expected: product 22502 had no ")
    assert f"no order at all {how}." in told.narrative
    assert told.narrative.partition("sure). ")[2] == ended
    assert told.status == ("recovered" if ended else "open")


BACK, NEVER = (0.0, 1.0, *(0.0,) * 7), (0.0,) * 9


@pytest.mark.parametrize(
    ("weeks", "orders", "ended"),
    [
        (9, (BACK, BACK, BACK), "It is over: all sold again by 17 March 2024; "),
        (9, (BACK, NEVER, BACK),
         "It is closed: 2 of 3 sold again, the rest had no order for 8 weeks and counts as "
         "discontinued; "),
        (9, (NEVER, NEVER, NEVER),
         "It is closed: all had no order for 8 weeks and count as discontinued; "),
        (3, (BACK, NEVER, NEVER), "1 of 3 sold again so far."),
        (3, (NEVER, NEVER, NEVER), ""),
    ],
)  # fmt: skip
def test_products_that_are_gone_together_are_told_apart_when_some_come_back(
    weeks: int, orders: Sequence[Sequence[float]], ended: str
) -> None:
    first, second, third = (some[:weeks] for some in orders)
    history = History(KPIS, panels={"weekly": panel(*first, **{"85099B": second, "20713": third})})
    found = [gone_since(), gone_since("85099B"), gone_since("20713")]
    (told,) = stories.describe(found, [], history=history)
    assert told.headline.startswith("Product ")
    assert told.headline.endswith(" and 2 others gone: no order at all in the week of 4 March 2024")
    assert "Also gone: product " in told.narrative
    assert "unusually low" not in told.narrative
    assert told.narrative.partition("sure). ")[2].startswith(ended)


def test_products_that_are_gone_are_no_others_of_a_country() -> None:
    history = History(KPIS, panels={"weekly": panel(*NEVER, **{"85099B": NEVER})})
    eire = gone_since("EIRE")
    eire = dataclasses.replace(
        eire, dimension="country", segment="EIRE", actual=0.0, expected=9000.0, confidence=0.999
    )
    found = [eire, gone_since(), gone_since("85099B")]
    (told,) = stories.describe(found, [], history=history)
    assert told.headline == "Country EIRE gone: no order at all in the week of 4 March 2024"
    assert "Also gone: product 22502 and product 85099B." in told.narrative


def test_a_week_that_stays_high_says_what_the_weeks_since_brought() -> None:
    rise = dataclasses.replace(
        gone_since(), methods=("member_revenue",), actual=900.0, expected=100.0, lower=0.0,
        upper=300.0, direction="up",
    )  # fmt: skip
    for since, told_as in (
        ((80.0, 60.0), "In the 2 weeks since then it came to £700 on "
         "average, outside its usual range each time."),
        ((80.0,), "The next week it came to £800, still outside its usual range."),
        ((), ""),
    ):  # fmt: skip
        history = History(KPIS, panels={"weekly": panel(90.0, *since)})
        (told,) = stories.describe([rise], [], history=history)
        assert told.status == "open"
        assert told.narrative.partition("sure). ")[2] == told_as


def test_days_since_are_told_with_what_they_came_to() -> None:
    history = History(KPIS, {DAILY: days(60.0, 100.0, 90.0)})  # type: ignore[dict-item]
    (told,) = stories.describe([anomaly()], [], history=history)
    assert told.narrative.endswith("In the 2 trading days since then it came to £95.00 on average.")


def test_what_keeps_an_incident_open_is_named_where_its_lead_is_back() -> None:
    units = dataclasses.replace(KPIS[1], name="units_sold", label="Units sold")
    other = anomaly(units, anomaly_id="u", p_value=0.5)
    rows = {DAILY: days(60.0, 100.0, 90.0, 100.0), ("units_sold", "all", "daily"): days(60.0, 50.0)}
    (told,) = stories.describe([anomaly(), other], [], history=History(KPIS, rows))  # type: ignore[arg-type]
    assert told.status == "open"
    assert told.narrative.endswith(
        "In the 3 trading days since then it came to £96.67 on average. Not back in the usual "
        "range yet: units sold."
    )


def test_what_was_cancelled_later_is_no_gain_from_the_first_sentence_on() -> None:
    sold = dataclasses.replace(
        gone_since(), grain="daily", methods=("member_revenue",), actual=900.0, expected=100.0,
        lower=0.0, upper=300.0, direction="up",
    )  # fmt: skip
    sale = Cancelled(MONDAY, MONDAY + dt.timedelta(days=2), "22502", "France", 850.0)
    usual = dataclasses.replace(panel(90.0, 9.0, 9.0, 9.0), grain="daily", period=np.arange(
        np.datetime64(MONDAY), np.datetime64(MONDAY) + 4))  # fmt: skip
    history = History(KPIS, panels={"daily": usual}, cancelled=[sale])
    (told,) = stories.describe([sold], [], history=history)
    assert told.headline == (
        "Revenue of product 22502 £800 above expected on 4 March 2024, cancelled later"
    )
    assert told.narrative.startswith(
        "Sales of £850 were cancelled later: revenue of product 22502 came to £900 on 4 March"
    )
    assert told.narrative.endswith("in total it came to −£50.00 after cancellations.")


def test_a_product_that_is_gone_is_not_back_because_nothing_was_within_its_usual_range() -> None:
    few = dataclasses.replace(
        gone_since(), methods=("member_collapse",), anomaly_id="later", lower=0.0,
        period_start=MONDAY + dt.timedelta(days=7),
    )  # fmt: skip
    history = History(KPIS, panels={"weekly": panel(0.0, 0.0, 0.0, 0.0)})
    (told,) = stories.describe([gone_since(), few], [], history=history)
    assert told.status == "open"


def test_what_was_sent_back_of_a_product_that_is_gone_is_told_apart() -> None:
    found = dataclasses.replace(gone_since(), actual=-40.0)
    (told,) = stories.describe([found], [], history=History(KPIS, panels={"weekly": panel(0.0)}))
    assert told.narrative.startswith(
        "£140 less than expected: product 22502 had no order at all in the week of 4 March 2024, "
        "where about £100 was expected, and £40.00 was sent back."
    )


def test_a_first_order_that_was_cancelled_at_once_is_no_gain_of_new_customers() -> None:
    lead = anomaly(REVENUE, dimension="customer_type", segment="new", direction="up", actual=900.0)
    reversal = {"amount": 850.0, "sale_invoice_no": "900", "customer_id": "7"}
    order = {"invoice_no": "900", "explained": 1.0}
    found = [
        Check("incident", "reversal", "found", "Cancelled.", reversal),
        Check("incident", "one_order", VANISHES, "One order makes it.", order),
    ]
    back = panel(*[9.0] * 4)
    usual = dataclasses.replace(
        back, grain="daily", dimensions=(Dimension("customer_type"),), member=("new",),
        period=np.datetime64(MONDAY) + np.arange(4),
    )  # fmt: skip
    history = History(KPIS, panels={"daily": usual})
    (told,) = stories.describe([lead], [], (), found, {}, history)
    assert told.narrative.startswith("Sales of £850 were cancelled soon after: revenue of new cus")
    assert told.narrative.endswith("in total it came to −£50.00 after cancellations.")
    others = [dataclasses.replace(found[0], details={**reversal, "sale_invoice_no": "1"}), found[1]]
    (told,) = stories.describe([lead], [], (), others, {}, history)
    assert told.narrative.startswith("£800 more than expected: ")
    assert told.narrative.endswith("in total it came to +£800.")


@pytest.mark.parametrize(
    ("check", "verdict", "end"),
    [
        ("duplicate_load", SUSPECTED, ": the data may have been loaded twice"),
        ("missing_hours", SUSPECTED, ": a part of the day may be missing"),
        ("unsold_lines", SUSPECTED, ": sales may be recorded wrongly"),
        ("missing_ids", SUSPECTED, ": customer ids may be missing"),
        ("renumbered_ids", SUSPECTED, ": customer ids may have changed"),
        ("price_slip", SUSPECTED, ": a price may be wrong"),
        ("reversal", "found", ": a large order was cancelled soon after"),
        ("reversal", "none", ""),
    ],
)
def test_a_headline_ends_with_what_the_data_make_doubtful(
    check: str, verdict: str, end: str
) -> None:
    (told,) = stories.describe([anomaly()], [], (), [Check("incident", check, verdict, "", {})])
    assert told.headline == f"{stories.describe([anomaly()], [])[0].headline}{end}"


@pytest.mark.parametrize(("country", "end"), [
    ("France", ", from country France: a price may be wrong"), ("Spain", ": a price may be wrong"),
])  # fmt: skip
def test_a_headline_blames_no_country_where_the_wrong_price_is_of_another(
    country: str, end: str
) -> None:
    one = anomaly()
    found = Attribution(
        one.anomaly_id, "root_cause", 1, (), {"country": "France"}, 0.0, 1.0, 0.9 * one.change,
        0.9, one.direction, stability=1.0,
    )  # fmt: skip
    doubt = Check("incident", "price_slip", SUSPECTED, "", {"country": country})
    (told,) = stories.describe([one], [found], (), [doubt])
    assert told.headline == f"{stories.describe([one], [])[0].headline}{end}"


def test_a_headline_says_that_the_clock_may_be_off() -> None:
    hours = {"share": 0.6, "hours": 4, "first": 9, "last": 12, "moved": 0.5}
    doubt = Check("incident", "missing_hours", SUSPECTED, "", hours)
    (told,) = stories.describe([anomaly()], [], (), [doubt])
    assert told.headline.endswith(": the clock may be off")


def test_what_is_gone_keeps_nothing_else_open() -> None:
    usual = History(KPIS, {DAILY: days(60.0, 100.0, 100.0, 100.0)})  # type: ignore[dict-item]
    fall, gone = anomaly(), gone_since()
    assert recovered_on(fall, [fall, gone], usual.forecasts, {"weekly": panel(0.0, 0.0)})
    (told,) = stories.describe([fall, gone], [], history=usual)
    assert "22502" not in told.narrative


def test_several_days_of_one_product_are_not_several_products() -> None:
    found = [
        dataclasses.replace(gone_since(), grain="daily", methods=("z_score",), actual=40.0,
                            anomaly_id=f"{day}", period_start=MONDAY + dt.timedelta(days=day))
        for day in range(3)
    ]  # fmt: skip
    (told,) = stories.describe(found, [], history=History(KPIS))
    assert told.narrative.startswith(
        "£180 less than expected from 4 March 2024 to 6 March 2024: revenue of product 22502 "
    )


def test_an_unfinished_period_is_not_over() -> None:
    early = anomaly(methods=("period_to_date", "iqr"))
    assert recovered_on(early, [early], {DAILY: days(60.0, 100.0, 100.0, 100.0)}, {}) is None


def test_what_is_over_has_recovered_unless_somebody_answered() -> None:
    assert overall(["open", "acknowledged"], is_over=True) == "recovered"
    assert overall(["acknowledged"], is_over=True) == "acknowledged"
    assert overall(["open"]) == "open"


def test_a_story_says_its_end_and_its_total() -> None:
    history = History(KPIS, {DAILY: days(60.0, 100.0, 100.0, 100.0)})  # type: ignore[dict-item]
    told = stories.describe([anomaly()], [], history=history)[0]
    assert told.status == "recovered"
    assert told.narrative.startswith("£40.00 less than expected: ")
    assert told.narrative.endswith(
        "It is over: back in the usual range by 7 March 2024; in total it came to −£40.00."
    )


def test_money_within_its_usual_range_is_said_to_be() -> None:
    lead = anomaly(KPIS[1])
    facts = sentences.StoryFacts(impact=Impact(5.0, -10.0, 20.0, 0.0))
    assert "within its usual range" in sentences.narrative(lead, [lead], facts)


# ------------------------------------------------------------------------------ missing days


def test_a_gap_is_told_once_from_its_first_day_to_its_last() -> None:
    orders = KPIS[1]
    found = [
        anomaly(orders, anomaly_id=f"a-{i}", actual=0.0, expected=20.0, methods=("no_data",),
                period_start=MONDAY + dt.timedelta(days=i))
        for i in range(14)
    ]  # fmt: skip
    money = days(*[0.0] * 14)
    (told,) = stories.describe(found, [], history=History(KPIS, {DAILY: money}))  # type: ignore[dict-item]
    last = MONDAY + dt.timedelta(days=13)
    extent = formatting.span(MONDAY, last, full=True)
    assert told.headline == f"{orders.label} missing: no trade at all from {extent}"
    assert f"from {extent}: 14 days on which about 280 orders were expected." in told.narrative
    assert "£1,400 below what was expected" in told.narrative
    assert "None of the recorded" not in told.narrative
    assert (told.period_start, told.period_end, told.impact) == (MONDAY, last, -1400.0)


def test_what_departed_in_either_direction_is_not_called_high_and_low() -> None:
    low = anomaly(KPIS[2])
    later = {"period_start": MONDAY + dt.timedelta(days=1), "anomaly_id": "later"}
    high = anomaly(KPIS[2], direction="up", actual=150.0, z_score=4.0, **later)
    (told,) = stories.describe([anomaly(), anomaly(KPIS[1]), low, high], [])
    label = formatting.lower_first(KPIS[2].label)
    assert f"Also unusually high at one time and low at another: {label}." in told.narrative
    assert f"Also unusually low: {formatting.lower_first(KPIS[1].label)}." in told.narrative
    assert "Also unusually high:" not in told.narrative


# ------------------------------------------------------------------------- lasting changes


def shift(definition: Kpi, *actual: float, **changes: object) -> list[Anomaly]:
    return [
        anomaly(definition, anomaly_id=f"a-{i}", actual=x, methods=("level_shift",),
                shift_start=MONDAY - dt.timedelta(days=5),
                period_start=MONDAY + dt.timedelta(days=i), **changes)
        for i, x in enumerate(actual)
    ]  # fmt: skip


def shown_days(found: Sequence[Anomaly]) -> str:
    return formatting.span(found[0].period_start, found[-1].period_end, full=True)


def test_a_lasting_change_is_told_once_from_its_first_day_with_all_of_its_days() -> None:
    orders, since = KPIS[1], formatting.day(MONDAY - dt.timedelta(days=5), full=True)
    found = shift(orders, 60.0, 50.0, 55.0)
    (told,) = stories.describe(found, [], history=History(KPIS, {DAILY: days(60.0, 50.0, 55.0)}))  # type: ignore[dict-item]
    assert told.headline == f"{orders.label} 45 % below expected since {since}"
    assert (
        f"{orders.label} stayed below what was expected since {since}: 165 on 3 days from "
        f"{shown_days(found)}, where 300 was expected." in told.narrative
    )
    assert told.impact == -135.0


@pytest.mark.parametrize("its_days", [1, 2, 3])
def test_a_cause_of_one_day_is_none_of_a_lasting_change(its_days: int) -> None:
    found = shift(KPIS[1], 50.0, 60.0, 60.0)
    rows = [
        Attribution(a.anomaly_id, "root_cause", 1, (), {"country": name}, 0.0, 1.0, 0.9 * a.change,
                    0.9, a.direction, stability=1.0)
        for i, a in enumerate(found)
        for name in ("France" if i < its_days else f"other {i}",)
    ]  # fmt: skip
    (told,) = stories.describe(found, rows)
    assert told.lead is found[0]
    assert told.headline.endswith(", from country France") is (its_days > 1)
    assert told.root_cause == ({"country": "France"} if its_days > 1 else {})
    assert "is from country France" in told.narrative


def test_what_the_data_make_doubtful_of_a_lasting_change_is_of_its_day() -> None:
    found, detail = shift(KPIS[1], 60.0, 50.0), "A part of the day may be missing."
    (told,) = stories.describe(
        found, [], (), [Check("incident", "missing_hours", SUSPECTED, detail, {})]
    )
    on = formatting.day(told.lead.period_start, full=True)
    assert f"On {on}: a part of the day may be missing." in told.narrative


def test_of_a_ratio_the_days_are_averaged() -> None:
    price = dataclasses.replace(KPIS[0], name="average_price", denominator="units")
    found = shift(price, 60.0, 50.0)
    (told,) = stories.describe(found, [])
    average = f"an average of £55.00 on 2 days from {shown_days(found)}, where £100 was expected."
    assert average in told.narrative


def test_days_of_a_change_that_showed_at_once_need_no_dates() -> None:
    orders = KPIS[1]
    found = [dataclasses.replace(a, shift_start=MONDAY) for a in shift(orders, 60.0, 50.0)]
    (told,) = stories.describe(found, [])
    assert "110 on 2 days, where 200 was expected." in told.narrative


def test_its_end_says_whether_it_came_back_or_stayed() -> None:
    start = MONDAY - dt.timedelta(days=5)
    lasting = [
        dataclasses.replace(forecast(start + dt.timedelta(days=i), 60.0), shift_start=start)
        for i in range(20)
    ]
    later = days(*[90.0] * 4, start=15)
    stayed = History(KPIS, {DAILY: [*lasting, *later]})  # type: ignore[dict-item]
    (told,) = stories.describe(shift(REVENUE, 60.0, 60.0), [], history=stayed)
    assert told.recovered_on == start + dt.timedelta(days=19)
    until = formatting.day(told.recovered_on, full=True)
    assert f"not come back: after {until} the new level is what is expected" in told.narrative
    after = start + dt.timedelta(days=20)
    other = [
        dataclasses.replace(forecast(after + dt.timedelta(days=i), 90.0), adjusted=level)
        for i, level in enumerate([60.0] * 15 + [101.0] * 15)
    ]
    lower = [dataclasses.replace(row, adjusted=60.0) for row in lasting]
    before = [forecast(start - dt.timedelta(days=i), 100.0) for i in range(30, 0, -1)]
    for rows, late in ((other, other[24].period_start), (other[:24], None)):
        long = History(KPIS, {DAILY: [*before, *lower, *rows]})  # type: ignore[dict-item]
        (told,) = stories.describe(shift(REVENUE, 60.0, 60.0), [], history=long)
        assert told.recovered_on == start + dt.timedelta(days=19)
        shown = f"by {formatting.day(late, full=True)} it was back near the level" if late else ""
        assert (shown or "It has not come back") in told.narrative
    back = History(KPIS, {DAILY: [*lasting[:8], *days(*[90.0] * 4, start=3)]})  # type: ignore[dict-item]
    (told,) = stories.describe(shift(REVENUE, 60.0, 60.0), [], history=back)
    assert "It is over: back in the usual range" in told.narrative


# ------------------------------------------------------------------------------ figures


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (70.0, "count", "70"),
        (69.6, "count", "70"),
        (3.4, "count", "3.4"),
        (12, "count", "12"),
        (-0.0001, "ratio", "0.0 %"),
        (0.123, "ratio", "12.3 %"),
        (12.34, "items", "12.3"),
        (5.783, "currency", "5.78"),
    ],
)
def test_an_amount_has_the_decimals_that_its_unit_can_have(
    value: float, unit: str, text: str
) -> None:
    assert formatting.amount(value, unit) == text


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"country": "France"}, "country France"),
        ({"customer_type": "guest"}, "guests"),
        ({"country": "France", "category": "Bags"}, "category Bags in country France"),
        ({"product": "22502", "market": "international", "customer_type": "new"},
         "product 22502 and new customers in the international market"),
    ],
)  # fmt: skip
def test_a_segment_reads_as_one_place(members: dict[str, str], text: str) -> None:
    assert formatting.segment(members, full=True) == text


def test_what_a_segment_adds_to_a_share_is_in_percentage_points() -> None:
    assert formatting.contribution(0.689, "ratio", full=True) == "+68.9 percentage points"
    assert formatting.contribution(-45.0, "count") == "−45"
