"""The report: every figure a table's own, every text harmless, and a page that people can read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, BrowserContext, Page

from conftest import Shop
from retail import formatting
from retail.commands import main as retail
from retail.jobs.daily import operations
from retail.jobs.detection import pipeline
from retail.outputs.report import incidents, kpis, page, svg, trust, verdict
from retail.reading import KpiRow, read_facts
from retail.reading.expected import NOT_TESTED
from retail.schema import AttributionRow, DetectionLimitRow
from retail.storage.run_log import ALL, Step

HOSTILE = "<script>alert(1)</script>'; DROP TABLE kpis; --=cmd()\"onload=x <b>&amp;"
MOST_BYTES = 2_000_000
VOID = {"meta", "link", "input", "br", "img"}
KEYS = {
    "insights.anomalies": ("anomaly_id",),
    "insights.early_warnings": ("warning_id",),
    "insights.incidents": ("incident_id",),
    "insights.attributions": ("anomaly_id", "dimensions", "rank"),
    "insights.early_attributions": ("warning_id", "dimensions", "rank"),
    "insights.forecasts": ("kpi", "segment", "grain", "period_start"),
    "insights.detection_limits": ("kpi", "segment", "grain"),
}


DRAWN = re.compile(
    r"data:image/svg\+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 28\">"
    r"<polyline points=\"[-\d., ]+\" fill=\"none\" stroke=\"#\w+\" stroke-width=\"1.4\"/></svg>"
)
"""A line of numbers in a row of the report: nothing is fetched, and no text of data is in it."""


class Tags(HTMLParser):
    """A page as a list of tags with their attributes, and the text inside each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(len(self.tags) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.tags[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for place in self._open:
            self.texts[place] += data

    def named(self, *names: str) -> list[tuple[dict[str, str], str]]:
        """Attributes and text of all tags of some names."""
        return [
            (attributes, text)
            for (tag, attributes), text in zip(self.tags, self.texts, strict=True)
            if tag in names
        ]


def query(path: Path, text: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(text).fetchall()


def change(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


@pytest.fixture(scope="module")
def database(quick: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop after a run of detection."""
    path = tmp_path_factory.mktemp("report") / "shop.duckdb"
    shutil.copyfile(quick.database, path)
    return path


@pytest.fixture(scope="module")
def written(database: Path) -> Path:
    return page.write(database)


@pytest.fixture(scope="module")
def tags(written: Path) -> Tags:
    return Tags(written.read_text(encoding="utf-8"))


@pytest.fixture
def own(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "own.duckdb"
    shutil.copyfile(database, path)
    return path


def shown(path: Path) -> str:
    """The page of a database."""
    return page.render(read_facts(path))


# ---------------------------------------------------------------------------------- figures


def test_every_figure_is_its_tables_cell(database: Path, tags: Tags) -> None:
    figures = [(a, text) for a, text in tags.named("data") if "data-cell" in a]
    assert len(figures) > 50
    with duckdb.connect(str(database), read_only=True) as connection:
        for attributes, text in figures:
            table, *key, column = attributes["data-cell"].split("|")
            where = " and ".join(f"cast({name} as varchar) = ?" for name in KEYS[table])
            only = " and analysis = 'breakdown'" if table.endswith("attributions") else ""
            found = connection.execute(f"select {column} from {table} where {where}{only}", key)
            ((value,),) = found.fetchall()
            assert float(attributes["value"]) == value, attributes
            assert as_number(text) == pytest.approx(value, abs=rounding(text)), text


def as_number(text: str) -> float:
    number = re.sub(r"[^\d.\-]", "", text.replace("−", "-"))
    return float(number) / (100 if "%" in text or "points" in text else 1)


def rounding(text: str) -> float:
    """Half a unit of the last digit; a confidence near one is cut, not rounded."""
    digits = len(re.sub(r"[^\d.]", "", text).partition(".")[2])
    unit = 10.0**-digits / (100 if "%" in text or "points" in text else 1)
    return unit if text.startswith("99") else 0.51 * unit


def test_every_incident_is_on_the_page_with_headline_and_narrative(
    database: Path, tags: Tags
) -> None:
    rows = query(database, "select incident_id, headline, narrative from insights.incidents")
    assert rows
    places = Counter(attributes.get("id") for _, attributes in tags.tags)
    text = tags.texts[0].replace(formatting.SPACE, " ")
    for name, headline, narrative in rows:
        assert places[f"incident-{name}"] == 1
        assert str(headline) in text
        assert str(narrative) in text


def test_every_kpi_is_told_with_its_owner(database: Path, tags: Tags) -> None:
    articles = {a["id"]: text for a, text in tags.named("article") if "kpi" in a["class"]}
    kpis = query(database, "select kpi, label, owner from marts.dim_kpis")
    assert len(articles) == len(kpis)
    for kpi, label, owner in kpis:
        article = articles[f"kpi-{str(kpi).replace('_', '-')}"]
        assert str(label) in article
        assert str(owner) in article


def test_the_state_of_a_kpi_is_that_of_its_latest_complete_period(
    database: Path, tags: Tags
) -> None:
    ((start, actual),) = query(
        database,
        """
        select period_start, value from marts.fct_kpis_daily as kpis
        inner join marts.dim_dates as dates on kpis.period_start = dates.date_day
        where kpi = 'order_count' and kpis.is_complete and dates.is_trading_day
        order by period_start desc limit 1
        """,
    )
    wanted = f"insights.forecasts|order_count|all|daily|{start}|actual"
    ((_, text),) = [(a, t) for a, t in tags.named("data") if a.get("data-cell") == wanted]
    assert as_number(text) == actual


def test_every_raw_row_is_accounted_for(database: Path, tags: Tags) -> None:
    ((raw, accepted),) = query(
        database, "select sum(raw_rows), sum(accepted_rows) from marts.dim_sources"
    )
    assert (
        f"{raw:,} raw = {accepted:,} accepted + {int(str(raw)) - int(str(accepted)):,}"
        in (tags.texts[0])
    )


def test_a_lost_row_is_told(own: Path) -> None:
    change(own, "update marts.dim_sources set raw_rows = raw_rows + 1")
    assert "Rows are missing" in shown(own)


def test_a_day_with_far_fewer_order_lines_than_usual_is_told(own: Path) -> None:
    usual = "update marts.fct_daily_volumes set lines = 1000, expected_lines = 1100, is_unusual = "
    change(own, usual + "false")
    assert "1,000 order lines on" in shown(own)
    assert "about 1,100 a day are usual" in shown(own)
    assert "<strong>1,000 order lines on" not in shown(own)
    change(own, usual + "true")
    assert "<strong>1,000 order lines on" in shown(own)


def test_runs_that_failed_are_told_with_their_reason(own: Path) -> None:
    assert "Latest runs" not in shown(own)
    moment = dt.datetime(2024, 3, 1, 6, 0)
    failed = Step("1", ALL, moment, moment, 1.5, "failed", None, "no <room>")
    this = Step("2", ALL, moment + dt.timedelta(1), None, None, "published")
    operations.write(own, [failed, this])
    table = Tags(shown(own)).texts[0].split("Latest runs of the daily job")[-1]
    for told in ("1 Mar 2024, 06:00 UTC", "failed", "1.5", "no <room>", "this one"):
        assert told in table


def test_the_parts_of_a_change_end_at_the_actual(database: Path) -> None:
    svgs = re.findall(r'<svg class="waterfall".*?</svg>', shown(database), flags=re.DOTALL)
    assert svgs
    for text in svgs:
        described = re.search("<desc[^>]*>(.*?)</desc>", text, flags=re.DOTALL)
        assert described
        numbers = [as_number(last_number(part)) for part in described[1].split("; ")]
        assert described[1].startswith("Expected")
        rounding = max(0.1, 0.003 * max(map(abs, numbers)))
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], rel=0.05, abs=rounding)


def test_a_change_is_not_divided_by_a_dimension_with_one_segment(database: Path) -> None:
    facts = read_facts(database)
    incident = facts.incidents[0]
    (row, *_) = (c for c in facts.contributions if "," not in c.dimensions)

    def of(dimension: str, *members: str) -> list[AttributionRow]:
        return [
            dataclasses.replace(row, dimensions=dimension, segment={dimension: member})
            for member in members
        ]

    alone = of("category", "Bags")
    several = of("country", "France", "Spain")
    cause = dataclasses.replace(incident, root_cause={"category": "Bags"})
    assert incidents._told([*alone, *several], cause) == several
    assert incidents._told(alone, cause) == []


def last_number(text: str) -> str:
    """The figure at the end of a text that may hold others."""
    return re.findall(r"[+−-]?£?[\d.,]+(?:\s%| points)?$", text)[0]


def test_the_same_file_gives_the_same_page(database: Path) -> None:
    assert shown(database) == shown(database)


# ----------------------------------------------------------------------------- what it tells


def test_simulated_data_are_named_loudly(own: Path) -> None:
    change(own, "update marts.dim_sources set origin = 'given'")
    assert "Simulated data" not in shown(own)
    change(own, "update marts.dim_sources set origin = 'simulated shop'")
    assert "<strong>Simulated data.</strong>" in shown(own)


def test_too_little_history_is_told(own: Path) -> None:
    ((first,),) = query(own, "select min(date_day) from marts.dim_dates")
    assert isinstance(first, dt.date)
    pipeline.run(own, first + dt.timedelta(days=20))
    text = shown(own)
    assert "there is too little history yet" in text
    assert "Nothing could be tested yet: there is too little history." in text
    assert "looking at nothing later; the data go on to" in text
    assert "Nothing was tested yet" in text


def test_every_reason_not_to_test_has_words(database: Path) -> None:
    rows = query(database, "select distinct skip_reason from insights.forecasts")
    assert {str(reason) for (reason,) in rows if reason} <= set(NOT_TESTED)


def test_a_provisional_incident_is_labelled(own: Path) -> None:
    change(own, "update insights.incidents set is_provisional = false")
    assert "the period is not over</span>" not in shown(own)
    change(own, "update insights.incidents set is_provisional = true")
    assert "Early warning: the period is not over</span>" in shown(own)


def test_the_newest_day_says_so_where_it_shows_what_is_not_over(own: Path) -> None:
    begun = f"Newest day, {formatting.day(newest_day(own))}, and what is not over yet"
    last = "set is_provisional = {}, period_end = (select max(as_of) + 1 from insights.runs)"
    change(own, f"update insights.incidents {last.format('false')}")
    assert begun not in shown(own)
    change(own, f"update insights.incidents {last.format('true')}")
    assert begun in shown(own)


def test_what_somebody_has_seen_to_needs_no_attention(own: Path) -> None:
    change(own, "update insights.incidents set status = 'acknowledged'")
    text = shown(own)
    assert "Nothing: no incident is open." in text
    assert "acknowledged" in text


def newest_day(path: Path) -> dt.date:
    facts = read_facts(path)
    return verdict.newest_day(facts, kpis.cards(facts))


def lead(path: Path) -> str:
    ((_, text),) = [(a, t) for a, t in Tags(shown(path)).named("p") if a.get("class") == "lead"]
    return text.replace(formatting.SPACE, " ")


def move(path: Path, days: int, severity: str = "high") -> str:
    """Move the first open incident to some days before the newest day, and its id."""
    ((name,),) = query(
        path, "select min(incident_id) from insights.incidents where status = 'open'"
    )
    day = newest_day(path) - dt.timedelta(days)
    change(
        path,
        f"update insights.incidents set period_end = '{day}', severity = '{severity}' "
        f"where incident_id = '{name}'",
    )
    return f"incident-{name}"


def cards_of(path: Path) -> list[str]:
    return [
        a["id"]
        for a, _ in Tags(shown(path)).named("article")
        if a.get("id", "").startswith("incident-")
    ]


def test_what_is_new_is_told_in_full_and_what_is_old_in_a_line(own: Path) -> None:
    assert cards_of(own) == []
    assert "Nothing new to look at;" in lead(own)
    assert "still open." in lead(own)
    name = move(own, days=6)
    assert cards_of(own) == [name]
    assert "One thing to look at from that week:" in lead(own)
    move(own, days=0)
    assert cards_of(own) == [name]
    assert "One thing to look at:" in lead(own)
    assert f'<a href="#{name}">' in shown(own).split('<p class="lead">')[1].split("</p>")[0]


def first_of(path: Path) -> str:
    """What stands under the sentence about the newest day, of what is to be looked at."""
    ((_, text),) = [(a, t) for a, t in Tags(shown(path)).named("p") if a.get("class") == "first"]
    return text.replace(formatting.SPACE, " ")


def test_the_first_screen_of_a_phone_says_how_sure_what_it_cost_and_what_to_check(
    browser: Browser, own: Path
) -> None:
    move(own, days=0)
    change(own, "update insights.incidents set impact = -1234, confidence = 0.97")
    text = first_of(own)
    assert re.match(r"\d+ \w+ \d{4}", text)
    assert "still open. Very likely (97 %). Money at stake: −£1,234. Check first: " in text
    page_of = browser.new_page(viewport={"width": 360, "height": 740})
    page_of.goto(page.write(own).as_uri())
    box = page_of.locator(".first").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 740
    page_of.close()
    change(own, "update insights.incidents set impact = null, is_provisional = true")
    assert "not over yet." in first_of(own)
    assert "Money at stake: known once the period is over." in first_of(own)


def test_a_kpi_has_a_small_line_under_a_heading_where_there_is_room(
    browser: Browser, written: Path, tags: Tags
) -> None:
    lines = [a for a, _ in tags.named("img") if a.get("class") == "trace"]
    assert len(lines) > 10
    assert all(a["src"].startswith("data:image/svg+xml,") and a["alt"] == "" for a in lines)
    for width, is_there in ((1280, True), (360, False)):
        shown_page = browser.new_page(viewport={"width": width, "height": 800})
        shown_page.goto(written.as_uri())
        assert shown_page.locator(".heads").is_visible() == is_there
        assert shown_page.locator("img.trace").first.is_visible() == is_there
        shown_page.close()


def test_the_newest_day_is_judged_in_one_sentence(own: Path) -> None:
    day = newest_day(own)
    ((value,),) = query(
        own,
        "select actual from insights.forecasts where kpi = 'total_revenue' and grain = 'daily' "
        f"and segment = 'all' and period_start = '{day}'",
    )
    of_that_day = (
        f"where kpi = 'total_revenue' and grain = 'daily' and period_start = '{day}' "
        "and segment = 'all'"
    )
    change(own, f"delete from insights.anomalies {of_that_day}")
    assert isinstance(value, float)
    for lower, upper, judged in (
        (0.9, 1.1, f"usual for a {day:%A} in {day:%B}"),
        (0.1, 5.0, "is too wide to tell"),
        (1.2, 1.9, "not surely unusual"),
    ):
        change(
            own,
            f"update insights.forecasts set expected = {value}, lower = {lower * value}, "
            f"upper = {upper * value} {of_that_day}",
        )
        assert f"{day:%A} {day.day} {day:%B} {day.year}: £" in lead(own)
        assert judged in lead(own)


def test_nothing_needs_attention_where_nothing_is_open(own: Path) -> None:
    change(own, "update insights.incidents set status = 'acknowledged'")
    assert "Nothing needs attention." in lead(own)


def test_a_kpi_whose_ranges_held_too_little_is_not_as_expected(own: Path) -> None:
    day = newest_day(own)
    of_orders = "where kpi = 'order_count' and grain = 'daily' and is_tested"
    change(
        own,
        f"update insights.forecasts set lower = 0.9 * actual, upper = 1.1 * actual {of_orders}",
        f"update insights.forecasts set expected = actual {of_orders} and period_start = '{day}'",
        "delete from insights.anomalies where kpi = 'order_count'",
    )
    articles = {a["id"]: text for a, text in Tags(shown(own)).named("article") if "id" in a}
    assert "as expected" in articles["kpi-order-count"]
    change(
        own,
        f"update insights.forecasts set upper = 0.95 * actual {of_orders} "
        f"and period_start != '{day}' and day(period_start) % 5 = 0",
    )
    articles = {a["id"]: text for a, text in Tags(shown(own)).named("article") if "id" in a}
    text = articles["kpi-order-count"].replace(formatting.SPACE, " ")
    assert "as expected" not in text
    assert re.search(r"within a range that held (8[0-9]|7[5-9]) %, not 95 %", text)
    assert re.search(r"Shaded: a range that held \d\d %, not 95 %", text)
    assert "1 within a range that held too little" in shown(own)
    of_countries = of_orders.replace("order_count", "revenue_by_country").replace("daily", "weekly")
    assert "outside the usual range" in shown(own)
    change(own, f"update insights.forecasts set lower = actual + 1 {of_countries}")
    said = shown(own).replace(formatting.SPACE, " ")
    assert "outside a range that held 0 %, not 95 %" in said


def test_a_range_that_hides_a_fall_of_two_thirds_is_not_as_expected(own: Path) -> None:
    day = newest_day(own)
    change(
        own,
        "update insights.forecasts set actual = 3000, expected = 9000, lower = 900, upper = 50000 "
        f"where kpi = 'order_count' and grain = 'daily' and period_start = '{day}'",
        "delete from insights.anomalies where kpi = 'order_count'",
        "update insights.detection_limits set expected = 9000, min_detectable_decrease = 90, "
        f"min_detectable_increase = null, period_start = '{day}' "
        "where kpi = 'order_count' and grain = 'daily'",
    )
    articles = {a["id"]: text for a, text in Tags(shown(own)).named("article") if "id" in a}
    text = articles["kpi-order-count"].replace(formatting.SPACE, " ")
    assert "too wide to tell" in text
    assert "−99 % would show" in text
    assert "−67 %" in text


def test_what_is_of_low_severity_is_no_news_of_the_week_and_is_folded_once_it_is_old(
    own: Path,
) -> None:
    change(own, "update insights.incidents set severity = 'medium'")
    name = move(own, days=6, severity="low")
    assert "Nothing new to look at;" in lead(own)
    assert "Of low severity, and still open" not in shown(own)
    assert f'id="{name}"' in shown(own)
    move(own, days=20, severity="low")
    assert "Of low severity, and still open (1)" in shown(own)


def test_kpis_are_in_the_order_of_their_yaml(own: Path) -> None:
    def order() -> list[str]:
        return [a["id"] for a, _ in Tags(shown(own)).named("article") if "kpi" in a["class"]]

    assert order()[:3] == ["kpi-total-revenue", "kpi-active-customers", "kpi-order-count"]
    change(own, "update marts.dim_kpis set place = 0 where kpi = 'return_rate'")
    assert order()[0] == "kpi-return-rate"


def test_what_is_over_says_so_with_its_total(own: Path) -> None:
    change(
        own,
        "update insights.incidents set status = 'recovered', recovered_on = date '2024-05-06', "
        "impact = -1234",
    )
    assert "over by 6 May 2024, −£1,234 in all" in shown(own)
    change(own, "update insights.incidents set impact = 1000, impact_returned = 950")
    assert "over by 6 May 2024, +£50.00 in all after cancellations" in shown(own)


def test_planned_events_are_drawn_and_told(own: Path) -> None:
    day = newest_day(own)
    change(
        own,
        "delete from seeds.events",
        "insert into seeds.events (starts_on, ends_on, event, has_effect) "
        f"values ('{day}', '{day}', 'Sale <b>of</b> lamps', false)",
    )
    text = shown(own)
    assert '<rect class="event"' in text
    assert "; Sale &lt;b&gt;of&lt;/b&gt; lamps" in text


DAYS = [dt.date(2011, 1, 3) + dt.timedelta(days=n) for n in range(800)]


@pytest.mark.parametrize(
    ("range_name", "known", "told"),
    [
        ("w13", DAYS, "the year before"),
        ("w13", DAYS[-182:], "the 13 weeks before"),
        ("w13", DAYS[-91:], ""),
        ("y1", DAYS, ""),  # two lines of a year of days would hide each other
        ("y1", DAYS[::7], "the year before"),
    ],
)
def test_a_chart_is_compared_with_the_year_before_or_the_same_time_before(
    range_name: str, known: list[dt.date], told: str
) -> None:
    one = next(one for one in kpis.RANGES if one.name == range_name)
    over = {day: float(place) for place, day in enumerate(known)}
    inside = [day for day in known if day > known[-1] - dt.timedelta(days=one.days)]
    points, beside = kpis.beside(one, inside, over)
    assert beside == told
    back = kpis.YEAR if "year" in told else dt.timedelta(days=one.days)
    assert points == [
        (float(day.toordinal()), over[day - back]) for day in inside if told and day - back in over
    ]


def test_axes_have_round_values_in_the_unit() -> None:
    assert svg.round_values(0.0, 147_000.0) == [0.0, 50_000.0, 100_000.0]
    assert svg.round_values(3.0, 3.0) == []
    dots = [svg.Dot(FIRST + i, 100.0 * i, None, None) for i in range(200)]
    drawn = svg.sparkline("c", "t", "d", dots, (FIRST, FIRST + 199), unit="currency £")
    assert ">£10,000<" in drawn
    assert ">Nov 2010<" in drawn


DAY = dt.date(2011, 12, 8)


@pytest.mark.parametrize(
    ("unit", "expected", "up", "down", "sentence"),
    [
        ("currency", 100.0, 150.0, 69.0,
         "A drop of less than 31 % (to 69.00), or a rise of less than 50 % (to 150), "),
        ("count", 9.5, None, -3.0, "Even a drop to nothing, or any rise, however large, "),
        ("ratio", 0.25, 0.5, 0.125,
         "A drop of less than 12.5 points (to 12.5 %), or a rise of less than 25.0 points "),
        ("currency", 8000.0, 9000.0, 8.0, "A drop of less than 99.9 % (to 8.00), "),
    ],
)  # fmt: skip
def test_blind_spots_are_told_in_words(
    database: Path, unit: str, expected: float, up: float, down: float, sentence: str
) -> None:
    facts = read_facts(database)
    kpi = KpiRow("k", "K", "", "G", "O", "daily", unit, "up", None)
    spot = DetectionLimitRow("k", "all", "daily", DAY, expected, up, down, None, None)
    (row,) = trust.detection_limits(
        type(facts)(**(vars(facts) | {"kpis": {"k": kpi}, "detection_limits": (spot,)}))
    )
    told = row.sentence.replace(formatting.SPACE, " ")
    assert told.startswith(sentence)
    assert told.endswith("would have gone unseen")


@pytest.mark.parametrize(
    ("confidence", "text"),
    [(0.9999, "99.9 %"), (0.995, "99.5 %"), (0.894, "89 %"), (0.5, "50 %"), (1.0, "100 %")],
)
def test_confidence_is_never_rounded_up_to_certainty(confidence: float, text: str) -> None:
    assert formatting.percent(confidence).replace(formatting.SPACE, " ") == text


# ------------------------------------------------------------------------------ a safe page


def test_hostile_text_stays_text(own: Path, database: Path) -> None:
    """Whatever a file holds is shown as it is, and adds no tag and no attribute to the page."""
    before = Tags(shown(database))
    after = Tags(shown(hostile(own)))
    assert HOSTILE in after.texts[0]
    assert {tag for tag, _ in after.tags} == {tag for tag, _ in before.tags}
    assert attributes_of(after) == attributes_of(before)
    assert len(after.named("script")) == 1


def hostile(path: Path) -> Path:
    text = HOSTILE.replace("'", "''")
    member = f"json_object('country', '{text}')"
    return change(
        path,
        f"update marts.dim_products set description = '{text}'",
        f"update marts.dim_sources set source_file = '{text}', origin = '{text}'",
        f"update marts.dim_kpis set label = '{text}' || kpi, description = '{text}'",
        f"update insights.runs set source = '{text}', code_version = '{text}'",
        f"update insights.incidents set headline = '{text}', narrative = '{text}', "
        f"root_cause = {member}",
        f"update insights.attributions set segment = {member} where rank > 1",
        f"update insights.forecasts set segment = '{text}' || segment where segment != 'all'",
        f"update insights.trends set segment = '{text}' where segment != 'all'",
        f"update marts.fct_rejected_order_lines set detail = '{text}'",
    )


def attributes_of(found: Tags) -> set[tuple[str, str]]:
    return {(tag, name) for tag, attributes in found.tags for name in attributes}


def test_nothing_is_fetched_from_anywhere(written: Path, tags: Tags) -> None:
    text = written.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(|https?:|[\"'(=]//", text)
    for _, attributes in tags.tags:
        for name in ("src", "href", "action", "srcset"):
            where = attributes.get(name, "#")
            assert where[:1] == "#" or where == "data:," or DRAWN.fullmatch(unquote(where))
    policy = tags.named("meta")[1][0]["content"]
    assert policy.startswith("default-src 'none'")


def test_it_is_small(written: Path) -> None:
    assert written.stat().st_size < MOST_BYTES


def test_headings_go_down_one_step_at_a_time(tags: Tags) -> None:
    levels = [int(tag[1]) for tag, _ in tags.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_every_chart_has_a_title_and_says_what_it_shows(tags: Tags) -> None:
    texts = {a["id"]: text for a, text in tags.named("title", "desc") if "id" in a}
    charts = [a for a, _ in tags.named("svg") if "aria-hidden" not in a]
    assert len(charts) > 25
    for attributes in charts:
        can_be_asked = attributes.keys() & {"data-hints", "data-hints-of"}
        assert attributes["role"] == ("group" if can_be_asked else "img")
        assert all(len(texts[name]) > 10 for name in attributes["aria-labelledby"].split())


def test_names_are_unique_and_links_lead_somewhere(tags: Tags) -> None:
    names = Counter(a["id"] for _, a in tags.tags if "id" in a)
    assert set(names.values()) == {1}
    assert {a["href"][1:] for a, _ in tags.named("a")} <= set(names)


def test_tables_say_what_their_headers_are(tags: Tags) -> None:
    assert len(tags.named("caption")) == len(tags.named("table"))
    assert {a.get("scope") for a, _ in tags.named("th")} == {"row", "col"}


finite = st.floats(-1e9, 1e9)
FIRST = 734_000.0
"""A day, as its ordinal."""


@given(st.lists(st.tuples(finite, st.none() | finite, st.booleans()), min_size=2, max_size=40))
def test_a_chart_stays_within_its_frame(values: list[tuple[float, float | None, bool]]) -> None:
    dots = [
        svg.Dot(
            FIRST + i, actual, lower, None if lower is None else lower + 1, *(("bad",) * marked)
        )
        for i, (actual, lower, marked) in enumerate(values)
    ]
    drawn = svg.sparkline("c", "t", "d", dots, (FIRST, FIRST + len(dots) - 1))
    assert_within(drawn, svg.SPARK_HEIGHT)


@given(finite, st.lists(finite, max_size=8))
def test_a_waterfall_stays_within_its_frame(start: float, parts: list[float]) -> None:
    steps = [svg.Step("s", "1", value) for value in parts]
    end = svg.Step("e", "1", start + sum(parts))
    drawn = svg.waterfall("c", "t", "d", svg.Step("a", "1", start), steps, end)
    assert_within(drawn, svg.ROW_HEIGHT * (len(parts) + 2) + 2)


def assert_within(drawn: str, height: float) -> None:
    for path in re.findall(r' d="([^"]*)"', drawn):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path):
            assert -1 <= float(x) <= svg.WIDTH + 1
            assert -1 <= float(y) <= height + 1


# ----------------------------------------------------------------------------- command line


def test_the_page_is_beside_the_database_and_the_reader_is_told(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retail(["report", "--db", str(own)]) == 0
    assert str(own.with_name("report.html")) in capsys.readouterr().out
    assert {p.name for p in own.parent.iterdir()} == {"own.duckdb", "report.html"}


def test_quiet_is_quiet(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    assert retail(["report", "--db", str(own), "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("name", ["own.duckdb.wal", "own.duckdb.runs.jsonl", "own.feedback.sqlite"])
def test_a_page_takes_no_name_of_the_database_s_own_files(
    own: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out = own.with_name(name)
    out.unlink(missing_ok=True)
    assert retail(["report", "--db", str(own), "--out", str(out)]) == 1
    told = f"retail report: {out} is a name of the database's own files; give another --out\n"
    assert capsys.readouterr().err == told
    assert not out.exists()


@pytest.mark.parametrize("name", ["own.duckdb", "own.feedback.sqlite", "orders.csv"])
def test_a_page_takes_the_place_of_no_file_but_a_page(
    own: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out = own.with_name(name)
    if out != own:
        out.write_bytes(b"SQLite format 3, or order lines")
    before = out.read_bytes()
    assert retail(["report", "--db", str(own), "--out", str(out)]) == 1
    told = f"retail report: {out} is there already, and no page; give another --out\n"
    assert capsys.readouterr().err == told
    assert out.read_bytes() == before
    if out != own:
        out.unlink()
    os.mkfifo(pipe := own.with_name(f"{name}.pipe"))
    assert retail(["report", "--db", str(own), "--out", str(pipe)]) == 1
    assert "(is a device or a pipe); give another --out" in capsys.readouterr().err
    pipe.unlink()
    out = own.with_name("old.html")
    out.write_text("<!DOCTYPE html><p>yesterday")
    assert retail(["report", "--db", str(own), "--out", str(out), "--quiet"]) == 0
    assert "yesterday" not in out.read_text(encoding="utf-8")


def test_a_place_where_no_page_can_be_is_one_line(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out in ("", "/", str(own / "in.html"), str(own.with_name("a" * 300))):
        assert retail(["report", "--db", str(own), "--out", out]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith("; give another --out")
    longest = own.with_name("b" * 255)
    assert retail(["report", "--db", str(own), "--out", str(longest), "--quiet"]) == 0


def test_the_last_run_is_told_of_also_after_the_clock_was_set_back(own: Path) -> None:
    change(
        own,
        "insert into insights.runs by name select * replace ('the last one' as source, "
        "finished_at - interval 1 day as finished_at) from insights.runs",
    )
    assert read_facts(own).run.source == "the last one"


@pytest.mark.parametrize("what", ["missing", "no database", "no run", "no detection", "no folder"])
def test_a_failure_is_one_line_and_exit_1(
    own: Path, tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words_given = ["--db", str(own)]
    if what == "missing":
        words_given = ["--db", str(tmp_path / "none.duckdb")]
    elif what == "no database":
        own.write_text("no database")
    elif what == "no run":
        change(own, "delete from insights.runs")
    elif what == "no detection":
        change(own, "drop schema insights cascade")
    else:
        words_given += ["--out", str(tmp_path / "nowhere" / "page.html")]
    assert retail(["report", *words_given]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("retail report: ")


# --------------------------------------------------------------------------------- browser

VIEWS = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")]

CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const lum = c => { const [r, g, b] = c.slice(0, 3).map(v => {
    v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = node => { for (let n = node; n; n = n.parentElement) {
    const c = parse(getComputedStyle(n).backgroundColor);
    if (c.length < 4 || c[3] > 0.99) return c; } return [255, 255, 255]; };
  const poor = [];
  let seen = 0;
  for (const node of document.querySelectorAll('body *')) {
    const says = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    const box = node.getBoundingClientRect();
    const unseen = ['SCRIPT', 'STYLE', 'title', 'desc', 'OPTION'].includes(node.tagName);
    if (!says || !box.width || unseen) continue;
    const style = getComputedStyle(node);
    const front = lum(parse(node.ownerSVGElement ? style.fill : style.color));
    const back = lum(behind(node.ownerSVGElement ? node.ownerSVGElement : node));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    seen += 1;
    if (ratio < least) poor.push([node.tagName, ratio, node.textContent.slice(0, 40)]);
  }
  return { seen, poor };
}"""


@pytest.fixture
def troubles() -> list[str]:
    """What a page complained about or asked for."""
    return []


def show(context: BrowserContext, path: Path, troubles: list[str], anchor: str = "") -> Page:
    shown_page = context.new_page()
    address = path.as_uri()
    shown_page.on("console", lambda message: troubles.append(message.text))
    shown_page.on("pageerror", lambda error: troubles.append(str(error)))
    shown_page.on("dialog", lambda dialog: troubles.append(dialog.message))
    shown_page.on(
        "request",
        lambda r: None if r.url.startswith(("data:", address)) else troubles.append(r.url),
    )
    shown_page.goto(address + anchor)
    return shown_page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


def open_all(shown_page: Page) -> None:
    shown_page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_it_shows_without_complaint_fits_and_is_readable(
    browser: Browser, written: Path, troubles: list[str], width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    shown_page = show(context, written, troubles)
    open_all(shown_page)
    assert shown_page.evaluate("document.documentElement.scrollWidth") <= width
    contrast = shown_page.evaluate(CONTRAST)
    assert contrast["seen"] > 200
    assert contrast["poor"] == []
    assert troubles == []
    context.close()


def test_hostile_text_does_nothing_in_a_browser_and_fits(
    browser: Browser, own: Path, troubles: list[str]
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    shown_page = show(context, page.write(hostile(own)), troubles)
    open_all(shown_page)
    assert shown_page.evaluate("document.documentElement.scrollWidth") <= 360
    assert troubles == []
    context.close()


def test_it_is_used_by_keyboard(
    context: BrowserContext, written: Path, troubles: list[str]
) -> None:
    shown_page = show(context, written, troubles)
    shown_page.keyboard.press("Tab")
    assert shown_page.evaluate("document.activeElement.className") == "skip"
    shown_page.keyboard.press("Enter")
    assert shown_page.evaluate("document.activeElement.id") == "attention"
    shown_page.focus("#kpi-order-count summary")
    shown_page.keyboard.press("Enter")
    assert shown_page.locator("#kpi-order-count figure:visible").count() == 2
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert shown_page.evaluate(outline) != "none"
    assert troubles == []


def test_owners_see_their_own(
    context: BrowserContext, database: Path, written: Path, troubles: list[str]
) -> None:
    shown_page = show(context, written, troubles)
    ((owner, count),) = query(
        database, "select owner, count(*) from marts.dim_kpis group by 1 order by 1 limit 1"
    )
    shown_page.select_option("#owner", str(owner))
    assert shown_page.locator("article.kpi:visible").count() == count
    assert shown_page.inner_text("#shown") == f"{count} KPIs"


def test_everything_is_there_without_scripts(
    browser: Browser, written: Path, troubles: list[str], tags: Tags
) -> None:
    context = browser.new_context(java_script_enabled=False)
    shown_page = show(context, written, troubles)
    charts = [a for a, _ in tags.named("figure") if "data-grain" in a]
    assert shown_page.locator("figure[data-grain]").count() == len(charts)
    shown_page.click("#kpi-order-count summary")
    assert shown_page.locator("#kpi-order-count figure:visible").count() == 2
    assert not shown_page.locator("#filters").is_visible()
    context.close()


def test_it_is_short_on_a_phone(browser: Browser, written: Path, troubles: list[str]) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    shown_page = show(context, written, troubles)
    assert shown_page.evaluate("document.documentElement.scrollHeight") <= 6 * 740
    context.close()


def test_the_range_of_the_charts_is_chosen_without_scripts(
    browser: Browser, written: Path, troubles: list[str], tags: Tags
) -> None:
    names = [a["id"] for a, _ in tags.named("input") if a.get("name") == "range"]
    assert len(names) > 1
    context = browser.new_context(java_script_enabled=False)
    shown_page = show(context, written, troubles)
    shown_page.click("#kpi-order-count summary")
    titles = set()
    for name in names:
        shown_page.check(f"#{name}")
        assert shown_page.locator("#kpi-order-count .range:visible").count() == 2
        titles.add(shown_page.locator("#kpi-order-count figcaption:visible").first.inner_text())
    assert len(titles) == len(names)
    shown_page.emulate_media(media="print")
    assert shown_page.locator("#kpi-order-count .range.usual").first.is_visible()
    assert not shown_page.locator("#kpi-order-count .range:not(.usual)").first.is_visible()
    context.close()


def test_the_pointer_is_told_the_same_in_every_range(
    context: BrowserContext, written: Path, troubles: list[str], tags: Tags
) -> None:
    """The newest period lies at the right end of each."""
    shown_page = show(context, written, troubles)
    shown_page.click("#kpi-order-count summary")
    told = set()
    for name in [a["id"] for a, _ in tags.named("input") if a.get("name") == "range"]:
        shown_page.check(f"#{name}")
        chart = shown_page.locator("#kpi-order-count svg:visible").first
        chart.scroll_into_view_if_needed()
        width = (chart.bounding_box() or {"width": 0.0})["width"]
        chart.hover(position={"x": width - 2, "y": 60})
        told.add(shown_page.inner_text(".hint"))
    assert len(told) == 1
    assert troubles == []


def test_the_pointer_is_told_of_the_nearest_period(
    context: BrowserContext, written: Path, troubles: list[str]
) -> None:
    shown_page = show(context, written, troubles)
    shown_page.click("#kpi-order-count summary")
    chart = shown_page.locator("#kpi-order-count svg").first
    chart.scroll_into_view_if_needed()
    chart.hover(position={"x": 200, "y": 60})
    told = shown_page.inner_text(".hint")
    assert re.match(r"\d+ \w+ \d{4}: [\d,.]+; expected [\d,.]+ \([\d,.]+ to [\d,.]+\)", told)
    shown_page.mouse.move(1, 1)
    assert not shown_page.locator(".hint").is_visible()
    assert troubles == []


def test_a_link_to_a_folded_incident_opens_it(
    context: BrowserContext, own: Path, troubles: list[str]
) -> None:
    change(own, "update insights.incidents set status = 'acknowledged'")
    ((name,),) = query(own, "select incident_id from insights.incidents limit 1")
    shown_page = show(context, page.write(own), troubles, f"#incident-{name}")
    assert shown_page.locator(f"#incident-{name} .narrative").is_visible()
    assert troubles == []


def test_paper_shows_what_is_folded_and_a_line_of_what_is_long_over(
    context: BrowserContext, own: Path, troubles: list[str]
) -> None:
    change(own, "update insights.incidents set status = 'acknowledged'")
    shown_page = show(context, page.write(own), troubles)
    shown_page.emulate_media(media="print")
    assert shown_page.locator("details.fold figure").first.is_visible()
    assert shown_page.locator(".past details.card summary").first.is_visible()
    assert not shown_page.locator(".past .narrative").first.is_visible()
    together = "getComputedStyle(document.querySelector('.kpi')).breakInside"
    assert shown_page.evaluate(together) == "avoid"
    assert not shown_page.locator("nav").is_visible()
    assert shown_page.evaluate(CONTRAST)["poor"] == []
    assert troubles == []
