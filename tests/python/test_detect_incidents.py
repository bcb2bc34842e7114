"""Anomalies that belong together become one incident, with a name that lasts and a story."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from detect import anomalies, calendar, incidents
from detect.features import prepare
from detect.members.scores import FEW_LINES, MANY_RETURNS, SILENCE
from detect.records import Anomaly, Attribution, DriverContribution, Series
from retail import formatting
from retail.feedback.status import overall
from retail.jobs.detection import apply_feedback, explain
from retail.outputs.narrative import sentences, stories
from retail.schema import FeedbackRow
from test_detect_shop import DAYS, dates, kpi, panel

MONDAY = dt.date(2024, 3, 4)


def anomaly(
    name: str = "order_count", day: int = 0, grain: str = "daily", **changes: object
) -> Anomaly:
    start = MONDAY + dt.timedelta(days=day)
    found = Anomaly(
        anomalies.stable_id(name, "all", grain, start), kpi(name, cadence=grain), "all",
        grain, start, 50.0, 100.0, 80.0, 125.0, "down",  # type: ignore[arg-type]
        -4.0, -2.0, 1e-4, 0.9, "high", "bad", ("z_score",),
    )  # fmt: skip
    return dataclasses.replace(found, **changes)  # type: ignore[arg-type]


def ids(*found: Anomaly) -> list[str]:
    return [a.incident_id for a in incidents.group(list(found))]


def test_kpis_of_one_day_are_one_incident() -> None:
    assert (
        len(set(ids(anomaly(), anomaly("units_sold"), anomaly("new_customers", 0, "weekly")))) == 1
    )


def test_far_days_are_two_incidents() -> None:
    assert len(set(ids(anomaly(), anomaly(day=10)))) == 2


def test_a_kpi_that_stays_down_is_one_incident() -> None:
    assert len(set(ids(anomaly(), anomaly(day=1), anomaly(day=3)))) == 1


def test_a_lasting_change_is_one_incident_however_its_kpis_are_linked() -> None:
    found = [
        anomaly(name, day, shift_start=MONDAY + dt.timedelta(days=first))
        for name, first, days in (
            ("order_count", 0, range(5, 20)), ("total_revenue", 0, range(5, 10)),
            ("units_sold", 5, (7, 8, 9)), ("active_customers", -1, range(10, 19)),
            ("total_revenue", 13, range(15, 21)),
        )
        for day in days
    ]  # fmt: skip
    found.sort(key=lambda a: (a.period_start, a.kpi.name))
    assert len(set(ids(*found))) == 1


def test_opposite_directions_on_neighbouring_days_are_two() -> None:
    assert len(set(ids(anomaly(), anomaly(day=1, direction="up")))) == 2


def test_an_incident_keeps_its_name_when_more_is_found_later() -> None:
    before = ids(anomaly())
    after = ids(anomaly(), anomaly(day=1), anomaly("new_customers", 0, "weekly"))
    assert before[0] == after[0] == after[1] == after[2]


def test_a_week_joins_its_surest_day_and_merges_no_days() -> None:
    first, second = anomaly(p_value=1e-3), anomaly("units_sold", day=4, p_value=1e-6)
    week = anomaly("new_customers", 0, "weekly")
    before, after = ids(first, second), ids(first, second, week)
    assert after[:2] == before
    assert after[2] == after[1] != after[0]


@pytest.mark.parametrize(
    ("name", "direction", "incidents_told"),
    [("order_count", "down", 1), ("order_count", "up", 2), ("average_price", "down", 2)],
)
def test_a_product_that_is_gone_is_a_part_of_a_week_of_fewer_sales_alone(
    name: str, direction: str, incidents_told: int
) -> None:
    """Beside a campaign or a price it led the story, and kept the incident open for months."""
    definition = kpi(name, cadence="weekly", denominator="units" if "price" in name else None)
    week = anomaly(name, 0, "weekly", direction=direction, kpi=definition)
    gone = anomaly("total_revenue", 0, "weekly", dimension="product", segment="22502",
                   actual=0.0, methods=(SILENCE,))  # fmt: skip
    assert len(set(ids(week, gone))) == incidents_told
    day = dataclasses.replace(week, grain="daily", anomaly_id="day")
    assert len(set(ids(day, gone))) == 2


def test_weeks_in_a_row_are_one_incident() -> None:
    assert len(set(ids(anomaly(grain="weekly"), anomaly(day=7, grain="weekly")))) == 1


def test_identities_are_stable() -> None:
    assert anomalies.stable_id("order_count", "all", "daily", MONDAY) == "9a0a67544f4f"


def test_the_surest_kpi_at_its_own_cadence_leads() -> None:
    surer = anomaly("units_sold", p_value=1e-9, confidence=0.99)
    off_cadence = anomaly("new_customers", p_value=1e-12, confidence=1.0)
    off_cadence = dataclasses.replace(off_cadence, kpi=kpi("new_customers", cadence="weekly"))
    assert incidents.lead([anomaly(), off_cadence, surer]).kpi.name == "units_sold"


@pytest.mark.parametrize(("returns", "leader"), [(-80.0, "return_rate"), (-40.0, "per_customer")])
def test_returns_lead_before_what_they_cost_where_they_are_most_of_it(
    returns: float, leader: str
) -> None:
    surest = anomaly("per_customer", 0, "weekly", confidence=0.99)
    rate = anomaly("return_rate", 0, "weekly", confidence=0.95, direction="up", actual=200.0)
    rate = dataclasses.replace(rate, kpi=dataclasses.replace(rate.kpi, cadence="daily"))
    parts = {"returns": returns, "average_price": returns + 100.0}
    drivers = [
        DriverContribution("i", "weekly", MONDAY, "all", "all", factor, 1.0, 1.0, part)
        for factor, part in parts.items()
    ]
    assert incidents.lead([surest, rate], drivers).kpi.name == leader


def cause(of: Anomaly, category: str) -> Attribution:
    return Attribution(of.anomaly_id, "root_cause", 1, ("category",), {"category": category},
                       50.0, 100.0, of.change, 1.0, "down")  # fmt: skip


def test_the_day_of_a_lasting_change_that_is_furthest_off_leads_not_the_surest() -> None:
    days = [
        anomaly(day=day, shift_start=MONDAY, confidence=sure, z_score=z)
        for day, sure, z in ((1, 0.7, -3.0), (2, 0.8, -6.0), (5, 0.9, -1.0))
    ]
    assert incidents.lead(days) == days[1]
    named = [
        cause(day, category) for day, category in zip(days, ("Tea", "Pots", "Tea"), strict=True)
    ]
    assert incidents.lead(days, causes=named) == days[0]


def test_a_fall_that_lines_loaded_twice_have_hidden_does_not_lead() -> None:
    repeated = {"typical_label": "Share of repeated lines", "typical_unit": "ratio"}
    sold = kpi("units_sold", numerator="units")
    units = anomaly("units_sold", kpi=sold, actual=90.0, confidence=0.99, **repeated)
    items = anomaly("items_per_order", actual=190.0, direction="up")
    assert incidents.lead([units, items]) == items


def test_an_incident_tells_its_lead_its_cause_and_the_rest() -> None:
    members = incidents.group([anomaly(p_value=1e-6), anomaly("units_sold")])
    cause = Attribution(
        members[0].anomaly_id, "root_cause", 1, ("country",), {"country": "France"},
        0.0, 45.0, -45.0, 0.9, "down",
    )  # fmt: skip
    told = stories.describe(members, [cause])[0]
    assert told.headline == "Order count 50 % below expected on 4 March 2024, from country France"
    assert "90 % of the change (−45) is from country France." in told.narrative
    assert "Also unusually low: units sold." in told.narrative
    assert told.root_cause == {"country": "France"}
    assert told.severity == "high"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (
            1.77,
            "More than all of the change (−45) is from country France, partly offset by the rest.",
        ),
        (1.0, "All of the change (−45) is from country France."),
        (1.02, "All of the change (−45) is from country France."),
        (0.8, "80 % of the change (−45) is from country France."),
        (-0.78, "The change was partly offset by country France (+35)."),
    ],
)
def test_a_share_beyond_the_whole_is_told_for_what_it_is(share: float, text: str) -> None:
    members = incidents.group([anomaly()])
    cause = Attribution(
        members[0].anomaly_id, "root_cause", 1, ("country",), {"country": "France"},
        0.0, 45.0, -45.0 if share > 0 else 35.0, share, "down",
    )  # fmt: skip
    assert text in stories.describe(members, [cause])[0].narrative


def test_a_change_without_a_cause_names_none() -> None:
    told = stories.describe(incidents.group([anomaly()]), [])[0]
    assert told.root_cause == {}
    assert " from " not in told.headline + told.narrative


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"methods": ("no_data",)}, "missing: no trade at all"),
        ({"methods": ("calendar",)}, "on a day the shop is usually closed,"),
        (
            {"methods": ("period_to_date",), "actual": 300.0, "direction": "up"},
            "so far already 200 %",
        ),
    ],
)
def test_special_findings_are_told_in_their_own_words(
    changes: dict[str, object], text: str
) -> None:
    assert text in sentences.headline(anomaly(**changes), [])  # type: ignore[arg-type]


def test_certainty_is_never_rounded_up_to() -> None:
    assert formatting.percent(0.99996) == "99.9 %"
    assert formatting.percent(1.5) == "150 %"


@pytest.mark.parametrize(
    ("direction", "actual", "expected"),
    [
        ("up", 50.0, "bad"),
        ("up", 150.0, "good"),
        ("down", 150.0, "bad"),
        ("none", 150.0, "neutral"),
    ],
)
def test_direction_decides_what_is_good(direction: str, actual: float, expected: str) -> None:
    assert anomalies.favourability(kpi(direction=direction), actual - 100.0) == expected


@pytest.mark.parametrize(
    ("actual", "sure", "expected"),
    [(97.0, 0.999, "low"), (85.0, 0.999, "medium"), (75.0, 0.95, "high"), (75.0, 0.6, "medium"),
     (40.0, 0.999, "critical"), (160.0, 0.999, "high")],
)  # fmt: skip
def test_severity_weighs_certainty_size_and_direction(
    actual: float, sure: float, expected: str
) -> None:
    assert anomalies.severity(kpi(), actual, 100.0, sure) == expected


# --------------------------------------------------------------------------------- feedback


def said(found: Anomaly, action: str, until: dt.date | None = None, day: int = 0) -> FeedbackRow:
    at = dt.datetime.combine(found.period_end, dt.time(9)) + dt.timedelta(days=day)
    return FeedbackRow(
        found.anomaly_id, found.kpi.name, found.segment, action, until, None, at, found.dimension
    )


def test_feedback_sets_the_status() -> None:
    found = anomaly()
    assert (
        apply_feedback.apply_feedback([found], [said(found, "false")], MONDAY)[0].status == "false"
    )
    assert apply_feedback.apply_feedback([found], [], MONDAY)[0].status == "open"


def test_after_a_false_alarm_the_same_pattern_must_be_surer() -> None:
    first = anomaly(confidence=0.8)
    weaker, surer = (anomaly(day=9, confidence=sure) for sure in (0.7, 0.9))
    earlier, other = anomaly(day=-9, confidence=0.7), anomaly("units_sold", 9, confidence=0.7)
    up = dataclasses.replace(weaker, direction="up", anomaly_id="up")
    given = [said(first, "false")]

    def status(found: Anomaly) -> str:
        return apply_feedback.apply_feedback([first, found], given, MONDAY)[1].status

    assert status(weaker) == "false"
    assert [status(a) for a in (surer, earlier, other, up)] == ["open"] * 4
    seen = [said(first, "false"), said(weaker, "ack")]
    assert apply_feedback.apply_feedback([first, weaker], seen, MONDAY)[1].status == "acknowledged"


def test_the_last_word_counts() -> None:
    found = anomaly()
    given = [said(found, "real", day=2), said(found, "ack", day=1)]
    assert apply_feedback.apply_feedback([found], given, MONDAY)[0].status == "real"


def test_a_snooze_covers_the_kpi_until_its_end() -> None:
    first, during, after, other = (
        anomaly(),
        anomaly(day=5),
        anomaly(day=30),
        anomaly("units_sold", 5),
    )
    until = MONDAY + dt.timedelta(days=14)
    snooze = said(first, "snooze", until)
    honoured = apply_feedback.apply_feedback([first, during, after, other], [snooze], until)
    assert [a.status for a in honoured] == ["snoozed", "snoozed", "open", "open"]


def test_a_snooze_of_a_member_leaves_another_dimension_s_member_of_that_name_alone() -> None:
    category, region = (
        dataclasses.replace(anomaly(day=day), dimension=dimension, segment="Other")
        for day, dimension in enumerate(("category", "region"))
    )
    until = MONDAY + dt.timedelta(days=14)
    snooze = said(category, "snooze", until)
    honoured = apply_feedback.apply_feedback([category, region], [snooze], until)
    assert [a.status for a in honoured] == ["snoozed", "open"]
    earlier = dataclasses.replace(snooze, dimension=None)
    honoured = apply_feedback.apply_feedback([category, region], [earlier], until)
    assert [a.status for a in honoured] == ["snoozed", "snoozed"]


def test_a_snooze_ends_after_its_last_day_for_all_that_it_covered() -> None:
    first, during = anomaly(), anomaly(day=5)
    until = MONDAY + dt.timedelta(days=14)
    given = [said(first, "ack", day=1), said(first, "snooze", until, day=2)]
    honoured = apply_feedback.apply_feedback([first, during], given, until + dt.timedelta(days=1))
    assert [a.status for a in honoured] == ["open", "open"]


def test_what_is_said_after_a_snooze_outlives_it() -> None:
    found, until = anomaly(), MONDAY + dt.timedelta(days=14)
    given = [said(found, "snooze", until), said(found, "ack", day=3)]
    honoured = apply_feedback.apply_feedback([found], given, until + dt.timedelta(days=1))
    assert [a.status for a in honoured] == ["acknowledged"]


def test_an_incident_is_open_while_anything_in_it_is() -> None:
    assert overall(["real", "open"]) == "open"
    assert overall(["real", "real", "false"]) == "real"


def test_a_share_moves_by_percentage_points() -> None:
    share = anomaly(kpi=kpi(unit="ratio"), actual=0.82, expected=0.015, direction="up")
    assert "80.5 percentage points above expected" in sentences.headline(share, [])


# ------------------------------------------------------------------------------- explanations


def test_a_member_has_the_forecast_of_its_own_dimension_alone() -> None:
    by_country = kpi("revenue_by_country", segment_by="country", numerator="net_revenue")
    whole = kpi("total_revenue", numerator="net_revenue")
    values = np.stack([np.full(DAYS, 50.0), np.full(DAYS, 400.0)])
    values *= np.exp(0.1 * np.random.default_rng(1).normal(size=values.shape))
    given = panel(values, by_country, whole)
    series = (Series(by_country, "Malta"), Series(whole, "all"))
    found = anomalies.scan(
        prepare(dataclasses.replace(given, series=series), calendar.learn(dates(closed=())))
    )
    day = MONDAY + dt.timedelta(days=28)
    lead = anomaly("total_revenue", period_start=day, segment="Malta", dimension="country")
    country, region, shop = (
        explain.forecast_of(found, dataclasses.replace(lead, **changes))
        for changes in ({}, {"dimension": "region"}, {"dimension": None, "segment": "all"})
    )
    assert country == pytest.approx(50, rel=0.2)
    assert region is None
    assert shop == pytest.approx(400, rel=0.2)


def member(segment: str, actual: float, sure: float, grain: str = "daily") -> Anomaly:
    return anomaly(
        "total_revenue", grain=grain, dimension="product", segment=segment, actual=actual,
        direction="up", confidence=sure, anomaly_id=segment,
    )  # fmt: skip


def test_among_members_one_with_much_of_the_money_leads() -> None:
    small, large = member("small", 600.0, 0.99), member("large", 5_000.0, 0.91)
    about_as_large = member("about as large", 4_000.0, 0.95)
    assert incidents.lead([small, large]).segment == "large"
    assert incidents.lead([small, large, about_as_large]).segment == "about as large"


def test_products_gone_in_a_week_are_an_incident_of_their_own() -> None:
    gone = [
        dataclasses.replace(member(name, 0.0, 0.9, "weekly"), methods=(SILENCE,), direction="down")
        for name in ("one", "two")
    ]
    names = ids(anomaly(), *gone)
    assert names[1] == names[2] != names[0]


def test_a_member_that_is_gone_is_one_incident_with_the_days_on_which_it_fell() -> None:
    revenue = kpi("total_revenue", unit="currency £", numerator="net_revenue", money="currency £")
    day = anomaly("total_revenue", 2, kpi=revenue, dimension="category", segment="Tea")
    week = anomaly("total_revenue", 0, "weekly", kpi=revenue, dimension="category", segment="Tea",
                   methods=(SILENCE,))  # fmt: skip
    other = dataclasses.replace(day, segment="Pots", anomaly_id="other")
    assert len(set(ids(day, week))) == 1
    assert len(set(ids(other, week))) == 2
    assert incidents.lead([day, week]) == week


def test_members_that_are_sent_back_within_days_are_one_incident() -> None:
    back = {"dimension": "product", "methods": (MANY_RETURNS,)}
    days = [anomaly(day=day, segment=name, **back) for day, name in ((0, "a"), (2, "b"), (9, "c"))]
    first, second, third = ids(*days)
    assert first == second != third


@pytest.mark.parametrize("grain", ["daily", "weekly"])
def test_a_wave_of_returns_is_one_incident_with_the_rate_that_stayed_high(grain: str) -> None:
    rate = dataclasses.replace(
        anomaly("return_rate", 1, direction="up", actual=120.0, shift_start=MONDAY),
        kpi=kpi("return_rate", numerator="returned_revenue", denominator="gross_revenue"),
    )
    back = dataclasses.replace(
        member("sent back", -60.0, 0.9, grain), methods=(MANY_RETURNS,), direction="down"
    )
    assert len({*ids(rate, back)}) == 1
    later = dataclasses.replace(back, period_start=MONDAY + dt.timedelta(days=7))
    assert len({*ids(rate, later)}) == 2


def test_what_moved_the_other_way_is_named_however_many_moved_along() -> None:
    along = [anomaly(f"kpi_{nth}") for nth in range(7)]
    against = anomaly("return_rate", direction="up", actual=120.0)
    told = stories.describe(incidents.group([anomaly(), *along, against]), [])[0].narrative
    assert "Also unusually high: return rate." in told
    assert "kpi 4 and 2 others." in told


def test_a_member_that_lost_most_of_its_lines_leads_before_a_product_that_is_gone() -> None:
    """Money varies more than lines, so that the finding may lie within its band."""
    gone = dataclasses.replace(member("22502", 0.0, 0.98, "weekly"), methods=(SILENCE,))
    gone = dataclasses.replace(gone, expected=20.0, direction="down")
    fewer = dataclasses.replace(member("guests", 200.0, 0.93, "weekly"), methods=(FEW_LINES,))
    fewer = dataclasses.replace(fewer, expected=900.0, lower=0.0, upper=1800.0, direction="down")
    assert not fewer.is_outside
    assert incidents.lead([gone, fewer]).segment == "guests"
