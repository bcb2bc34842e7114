"""The dashboard: every path ends at the tables' figures, answers are kept, nobody is in the way."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime as dt
import http.client
import io
import math
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page
from streamlit.testing.v1 import AppTest

from conftest import FULL, PROJECT, Shop
from detect.records import OTHER, SEVERITIES
from retail import formatting
from retail.commands import main as retail
from retail.console import escape_control_chars
from retail.errors import RetailError
from retail.jobs.detection import pipeline
from retail.outputs.dashboard import (
    chart,
    csv_file,
    order_lines,
    read,
    render,
    security,
    server,
    url_state,
    workbook,
)
from retail.outputs.dashboard.records import LineRow, Place, SumsRow
from retail.reading import Facts, read_facts, read_feedback, reading
from retail.reading.measures import read_member_columns
from retail.reading.order_lines import Span
from retail.reading.selection import need_attention
from retail.reading.shop import PlannedEvent
from retail.reading.why import Question
from retail.schema import AnomalyRow, FeedbackRow, IncidentRow
from retail.storage import run_log
from test_report import change, hostile, query

APP = str(server.APP)
EVERYWHERE = min(server.EVERYWHERE)
SECONDS = 60.0
PERIOD = {"daily": dt.timedelta(0), "weekly": dt.timedelta(days=6)}


@pytest.fixture(scope="module")
def database(quick: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop after a run of detection."""
    path = tmp_path_factory.mktemp("dashboard") / "shop.duckdb"
    shutil.copyfile(quick.database, path)
    return path


@pytest.fixture(scope="module")
def facts(database: Path) -> Facts:
    return read_facts(database)


@pytest.fixture
def own(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "own.duckdb"
    shutil.copyfile(database, path)
    return path


def look(path: Path, monkeypatch: pytest.MonkeyPatch, **address: str) -> AppTest:
    """The page as somebody sees it who opens an address."""
    monkeypatch.setenv("RETAIL_DB", str(path))
    shown = AppTest.from_file(APP, default_timeout=SECONDS)
    for name, value in address.items():
        shown.query_params[name] = value
    return calm(shown.run())


def calm(shown: AppTest) -> AppTest:
    assert not shown.exception, shown.exception[0].message
    return shown


def text_of(shown: AppTest) -> str:
    """What stands on the page as HTML."""
    return "\n".join(part.proto.body for part in shown.get("html")).replace("\u00a0", " ")


def address_of(shown: AppTest) -> dict[str, str]:
    """A choice comes as text, or as a list of one."""
    given = shown.query_params.items()
    return {name: value if isinstance(value, str) else value[0] for name, value in given}


# ---------------------------------------------------------------------------------- a KPI


def test_every_kpi_can_be_chosen_at_both_grains(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = look(database, monkeypatch, view="kpis")
    kpis = list(facts.kpis.values())
    for kpi in kpis if FULL else kpis[::5]:
        calm(shown.selectbox(key="pick_kpi").select(kpi.kpi).run())
        for grain in ("daily", "weekly"):
            calm(shown.button_group(key="pick_grain").set_value(grain).run())
            assert address_of(shown).get("kpi", "total_revenue") == kpi.kpi
            assert shown.button_group(key="pick_grain").value == grain
            assert kpi.label in text_of(shown)
            assert shown.get("vega_lite_chart") or shown.info
    assert len(shown.selectbox(key="pick_kpi").options) == len(facts.kpis)


@pytest.mark.parametrize("dimension", ["country", "category", "customer_type"])
def test_a_member_is_measured_as_its_order_lines_add_up(
    database: Path, facts: Facts, dimension: str
) -> None:
    kpi = facts.kpis["return_rate"]
    within = (dimension, max(read.members(database, dimension)))
    for period in read.series(database, kpi, "weekly", *within)[3:12]:
        place = Place(period.period_start, period.period_start + PERIOD["weekly"], (within,))
        sums = read.lines(database, place, 0).sums
        expected = sums.returned_revenue / sums.gross_revenue if sums.gross_revenue else None
        assert period.actual == (None if expected is None else pytest.approx(float(expected)))


def test_the_parts_of_a_period_are_those_of_the_kpi_table(database: Path, facts: Facts) -> None:
    kpi = facts.kpis["active_customers"]
    ((start, value),) = query(
        database,
        "select period_start, value from marts.fct_kpis_daily where kpi = 'active_customers' "
        "and is_complete and value > 0 order by period_start desc limit 1",
    )
    assert isinstance(start, dt.date)
    dimensions = read.dimensions(database)
    assert len(dimensions) == 8
    for dimension in dimensions:
        shares = read.shares(database, kpi, "daily", Place(start, start), dimension.name)
        assert sum(share.value or 0.0 for share in shares) == pytest.approx(value)


def charted(facts: Facts) -> AnomalyRow:
    """A finding of the whole shop, whose series a KPI's page shows."""
    return next(f for f in facts.findings if f.dimension is None)


def with_lines(facts: Facts) -> IncidentRow:
    """An incident in whose period something was sold: of a product that is gone nothing was."""
    sold = {f.incident_id for f in facts.findings if f.dimension is None}
    return next(i for i in facts.incidents if i.incident_id in sold)


def test_a_finding_leads_to_its_incident(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = charted(facts)
    shown = look(
        database, monkeypatch, kpi=finding.kpi, grain=finding.grain, span="all",
        country=finding.segment,
    )  # fmt: skip
    calm(shown.button(key=f"open_{finding.anomaly_id}").click().run())
    assert address_of(shown)["incident"] == finding.incident_id
    headline = next(i.headline for i in facts.incidents if i.incident_id == finding.incident_id)
    assert headline in text_of(shown).replace("&#39;", "'").replace("&amp;", "&")


def test_it_opens_on_an_overview_with_every_kpi_and_what_is_open(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = text_of(look(database, monkeypatch))
    places = [text.index(f"kpi={kpi.kpi}") for kpi in facts.kpis.values()]
    assert places == sorted(places)
    waiting = [i for i in facts.incidents if i.status == "open"]
    assert waiting
    assert "How sure" in text
    shown = [i for i in waiting if f"?incident={i.incident_id}" in text]
    assert all(i in shown for i in need_attention(facts.incidents, facts.run.as_of))
    left = len(waiting) - len(shown)
    assert not left or f"; {left} more under Incidents" in text


def test_an_address_that_was_saved_before_there_was_an_overview_still_leads_there(
    facts: Facts,
) -> None:
    country = url_state.read({"kpi": "order_count", "country": "France"}, facts)
    assert (country.view, country.dimension, country.member) == ("kpis", "country", "France")
    whole = url_state.read({"kpi": "order_count", "country": "all"}, facts)
    assert (whole.view, whole.dimension) == ("kpis", "")
    assert url_state.read({"incident": "x"}, facts).view == "incidents"
    assert url_state.read({}, facts).view == "overview"


@pytest.mark.parametrize(
    ("address", "key"),
    [({"sort": "severity"}, "severity"), ({"sort": "money"}, "money"), ({}, "newest")],
)
def test_incidents_are_filtered_and_sorted(
    database: Path,
    facts: Facts,
    monkeypatch: pytest.MonkeyPatch,
    address: dict[str, str],
    key: str,
) -> None:
    owners = {i.incident_id: {f.owner for f in facts.findings if f.incident_id == i.incident_id}
              for i in facts.incidents}  # fmt: skip
    owner = min(owners[facts.incidents[0].incident_id])
    text = text_of(
        look(database, monkeypatch, view="incidents", status="all", owner=owner, **address)
    )
    by_key = {
        "severity": lambda i: -SEVERITIES.index(i.severity),
        "money": lambda i: -abs(i.impact or 0.0),
        "newest": lambda _: 0,
    }[key]
    wanted = sorted((i for i in facts.incidents if owner in owners[i.incident_id]), key=by_key)
    shown = [i.incident_id for i in wanted[:20]]
    assert re.findall(r'class="id">(\w+)<', text) == shown


def test_factors_are_written_as_people_write_them(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = 0
    for incident in facts.incidents[:8]:
        text = text_of(look(database, monkeypatch, incident=incident.incident_id))
        rows = re.findall(r'<th scope="row">(?:Guests’ )?[Oo]rders</th><td class="n">([^<]*)', text)
        told += len(rows)
        assert not any(row.endswith(".0") for row in rows)
    assert told


@pytest.mark.parametrize(
    "address",
    [
        {"kpi": "'; drop table x; --", "grain": "hourly", "country": "Nowhere", "span": "x..y"},
        {"span": "2011-13-01..2011-01-01", "period": "yesterday", "by": "(select 1)"},
        {"span": "99999999999999999999", "by": "country", "member": "' or 1=1 --"},
        {"view": "nothing", "incident": "<script>alert(1)</script>", "most": "many"},
        {"span": "2012-01-01..2011-01-01"},
        {"kpi": "total_revenue", "span": "1" * 5000},
        {"kpi": "total_revenue", "span": "9999-12-31..9999-12-31"},
        {"kpi": "total_revenue", "against": "9999-12-31..9999-12-31"},
        {"kpi": "total_revenue", "against": "0001-01-01..0001-01-02", "why": "yes"},
    ],
)
def test_a_wrong_address_shows_something_sensible(
    database: Path, monkeypatch: pytest.MonkeyPatch, address: dict[str, str]
) -> None:
    shown = look(database, monkeypatch, **address)
    assert not shown.error
    assert not shown.exception
    assert "<script" not in text_of(shown).replace(render.SILENCE, "")


def test_no_dimension_but_a_known_one_reaches_a_query(database: Path) -> None:
    place = Place(dt.date(2011, 1, 1), dt.date(2011, 1, 1), (("1=1 or country", "x"),))
    with pytest.raises(RetailError, match="no such dimension"):
        read.lines(database, place, 1)


@given(st.text(), st.dates(), st.dates())
@example("¹", dt.date(2011, 1, 1), dt.date(2011, 12, 31))
@example("1" * 5000, dt.date(2011, 1, 1), dt.date(2011, 12, 31))
@example("9999-12-31..9999-12-31", dt.date(2011, 1, 1), dt.date(2011, 12, 31))
@example("2011-02-02..2011-02-01", dt.date(2011, 1, 1), dt.date(2011, 12, 31))
def test_a_span_is_never_wider_than_the_data(text: str, first: dt.date, last: dt.date) -> None:
    start, end = url_state.span(text, first, max(first, last))
    assert first <= start <= end <= max(first, last)


# ------------------------------------------------------------------------------ comparing


WEEKS = (dt.timedelta(days=28), dt.timedelta(days=1))


def four_weeks(facts: Facts) -> tuple[Span, Span]:
    """The last four weeks that are over, and those before."""
    last = facts.coverage.last_complete_day
    assert last is not None
    span = Span(last - WEEKS[0] + WEEKS[1], last)
    return span, Span(span.first - WEEKS[0], span.first - WEEKS[1])


def revenue(path: Path, span: Span, within: str = "true") -> float:
    ((value,),) = query(
        path,
        f"""
        select cast(sum(net_revenue) as double) from marts.fct_kpi_lines
        where order_date between '{span.first}' and '{span.last}' and {within}
        """,
    )
    return float(str(value))


def test_the_figures_of_the_overview_follow_the_dates(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    span, before = four_weeks(facts)
    shown = look(database, monkeypatch)
    assert formatting.span(span.first, span.last) not in text_of(shown)
    calm(shown.selectbox(key="pick_span").select("28").run())
    calm(shown.selectbox(key="pick_against").select("before").run())
    text = text_of(shown)
    now, then = revenue(database, span), revenue(database, before)
    assert formatting.span(span.first, span.last) in text
    assert re.search(
        rf">{formatting.amount(now, 'currency £')}</td>"
        rf'<td class="n">{formatting.amount(then, "currency £")}</td>'
        rf'<td class="n">{re.escape(formatting.change(now, then, "currency £"))}</td>',
        text,
    )
    assert "kpi=total_revenue&amp;span=28&amp;against=before&amp;why=yes" in text


def test_the_figures_of_a_kpi_follow_own_dates_within_any_dimension(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    span, before = four_weeks(facts)
    shown = look(database, monkeypatch, view="kpis", kpi="total_revenue", span="28")
    for name, days in (("span", before), ("against", span)):
        calm(shown.selectbox(key=f"pick_{name}").select("own").run())
        calm(shown.date_input(key=f"own_{name}").set_value((days.first, days.last)).run())
    with reading(database) as connection:
        columns = read_member_columns(connection)
    known = [row.name for row in read.dimensions(database)]
    assert len(known) > 3
    for dimension in known:
        calm(shown.selectbox(key="pick_dimension").select(dimension).run())
        member = str(shown.selectbox(key="pick_of").value).replace("'", "''")
        within = f"{columns[dimension]} = '{member}'"
        figures = re.findall(r'<dd class="value">([^<]*)</dd>', text_of(shown))
        assert figures[:2] == [
            formatting.amount(revenue(database, days, within), "currency £")
            for days in (before, span)
        ], dimension


def test_days_to_compare_with_that_the_data_lack_have_no_figure(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = look(database, monkeypatch, view="kpis", kpi="order_count", span="all", against="year")
    text = text_of(shown)
    assert "not of all days to compare with" in text
    assert re.search(r'<dt>Change</dt><dd class="value">–</dd>', text)
    overview = text_of(look(database, monkeypatch, span="all", against="year"))
    assert "not of all days to compare with" in overview
    assert "why?" not in overview
    first, last = facts.coverage.first_day, facts.coverage.last_day
    assert formatting.span(first, last) in text


def test_two_periods_are_compared_within_a_member_and_explained(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    span, before = four_weeks(facts)
    days = [f"{one.first}..{one.last}" for one in (span, before)]
    shown = look(
        database, monkeypatch, view="kpis", kpi="total_revenue", dimension="customer_type",
        of="returning", span=days[0], against=days[1], why="yes", part="country",
    )  # fmt: skip
    text = text_of(shown)
    within = "customer_type = 'returning'"
    for one in (span, before):
        assert formatting.amount(revenue(database, one, within), "currency £") in text
    answer = read.why(
        database, Question("total_revenue", span, before, {"customer_type": "returning"})
    )
    parts = [r for r in answer.comparison.contributions if r.dimension == "country"]
    assert sum(part.contribution for part in parts) == pytest.approx(answer.comparison.change)
    told = text[text.index("Total revenue by country") :]
    for part in parts:
        assert formatting.contribution(part.contribution, "currency £") in told


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("before", ("2011-02-25", "2011-02-28")),
        ("year", ("2010-03-02", "2010-03-05")),
        ("2010-05-01..2010-05-09", ("2010-05-01", "2010-05-09")),
        ("2010-05-09..2010-05-01", None),
        ("nothing", None),
        ("<b>", None),
    ],
)
def test_what_a_span_is_compared_with(text: str, days: tuple[str, str] | None) -> None:
    found = url_state.against(text, Span(dt.date(2011, 3, 1), dt.date(2011, 3, 4)))
    assert found == (days and Span(*map(dt.date.fromisoformat, days)))


def test_the_chart_has_what_was_before_what_was_planned_and_the_way_to_incidents(
    database: Path, facts: Facts
) -> None:
    finding = charted(facts)
    kpi = facts.kpis[finding.kpi]
    periods = read.series(database, kpi, finding.grain, "", "all")
    day = finding.period_start
    events = [
        PlannedEvent("Sale <b>", day, day, None, None, has_effect=True),
        PlannedEvent(
            "Long ago", dt.date(1999, 1, 1), dt.date(1999, 1, 2), None, None, has_effect=False
        ),
    ]
    before = {day: periods[0]}
    drawn = chart.of_series(kpi, periods, [finding], "light", events, before)
    assert drawn is not None
    spec = drawn.to_dict()
    rows = [row for table in spec["datasets"].values() for row in table]
    assert [row["event"] for row in rows if "event" in row] == ["Sale <b>"]
    (mine,) = [row for row in rows if row.get("start") == day.isoformat()]
    assert mine["incident"] == finding.incident_id
    assert mine["before"] == periods[0].actual
    assert {param["name"] for param in spec["params"]} == {"clicked", "dragged", "nearest"}


# ------------------------------------------------------------------------------- incidents


def test_every_incident_is_told_under_its_own_address(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert facts.incidents
    for incident in facts.incidents[:5]:
        text = text_of(look(database, monkeypatch, incident=incident.incident_id))
        assert incident.incident_id in text
        for (detail,) in query(
            database,
            "select detail from insights.incident_checks "
            f"where incident_id = '{incident.incident_id}'",
        ):
            assert str(detail)[:40] in text.replace("&#39;", "'").replace("&amp;", "&")


def test_a_link_to_a_finding_opens_its_incident(database: Path, facts: Facts) -> None:
    finding = facts.findings[-1]
    found = url_state.read({"incident": finding.anomaly_id}, facts).incident
    assert found is not None
    assert found.incident_id == finding.incident_id


def test_a_link_to_an_incident_that_is_gone_says_so(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = look(database, monkeypatch, incident="0123456789ab")
    assert "no incident 0123456789ab any more" in shown.warning[0].value


def test_order_lines_add_up_to_the_segment_that_led_to_them(database: Path, facts: Facts) -> None:
    """For every part of an anomaly whose KPI is made of what order lines have.

    An early warning's actual is what is certain of a period that goes on: no sum of lines so far.
    """
    columns = set(SumsRow.__annotations__) - {"lines", "orders"}
    measures = {
        str(kpi): (str(above), below and str(below))
        for kpi, above, below in query(
            database, "select kpi, numerator_measure, denominator_measure from marts.dim_kpis"
        )
        if {above, below} - {None} <= columns
    }
    findings = [f for f in facts.findings if f.kpi in measures and not f.is_early][:4]
    compared = 0
    for finding in findings:
        told = [p for p in read.parts(database, finding.anomaly_id) if p.analysis == "breakdown"]
        for part in told:
            ((dimension, member),) = part.segment.items()
            same = [p.segment[dimension] for p in told if p.dimensions == dimension]
            fixed = ((finding.dimension, finding.segment),) if finding.dimension else ()
            last = finding.period_start + PERIOD[finding.grain]
            place = Place(finding.period_start, last, (*fixed, (dimension, member)), tuple(same))
            value = measured(read.lines(database, place, 0).sums, *measures[finding.kpi])
            assert (part.actual or 0.0) == pytest.approx(value, abs=1e-6), part
            compared += member == OTHER
    assert compared > 0


def measured(sums: SumsRow, above: str, below: str | None) -> float:
    """A KPI out of sums; zero where there is nothing to divide by."""
    over = getattr(sums, below) if below else 1
    return float(Decimal(getattr(sums, above)) / Decimal(over)) if over else 0.0


def test_order_lines_are_written_as_people_write_them() -> None:
    line = LineRow(
        ordered_at=dt.datetime(2011, 1, 4, 9, 30), invoice_no="C1", line_type="return",
        product="A", description=None, quantity=-12000, unit_price=Decimal("1234.5"),
        net_revenue=Decimal("-14814000.00"), customer_id=None, customer_type="guest",
        country="France", region=None, market="international", category="Other",
        order_size="retail", hour=9, source_file="shop.csv", source_row=1,
    )  # fmt: skip
    table = order_lines.frame((line,))
    written = order_lines.styled(table, "currency £").to_html()
    for told in ("−12,000", "£1,234.50", "−£14,814,000.00"):
        assert told in written
    assert table["net_revenue"].tolist() == [-14814000.0]


def test_the_drill_down_shows_the_order_lines_of_the_table(
    database: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = with_lines(facts)
    lead = next(f for f in facts.findings if f.anomaly_id == incident.lead_anomaly_id)
    within = f"and {lead.dimension} = '{lead.segment}'" if lead.dimension else ""
    part = next(p for p in read.parts(database, lead.anomaly_id) if p.dimensions == "product")
    product = part.segment["product"]
    shown = look(database, monkeypatch, incident=incident.incident_id, by="product", member=product)
    last = lead.period_start + PERIOD[lead.grain]
    rows = query(
        database,
        f"""
        select invoice_no, cast(net_revenue as double) from marts.fct_order_lines
        where product = '{product}' and order_date between '{lead.period_start}' and '{last}'
            and line_type in ('sale', 'return') {within}
        """,
    )
    table = shown.dataframe[0].value
    assert 0 < len(rows) < 500
    assert sorted(zip(table["invoice_no"], table["net_revenue"], strict=True)) == sorted(rows)


# ------------------------------------------------------------------------------- answering


def save(shown: AppTest, action: str, note: str = "", name: str = "") -> AppTest:
    calm(shown.radio[0].set_value(action).run())
    shown.text_input[0].set_value(note)
    shown.text_input[1].set_value(name)
    button = next(b for b in shown.button if b.label == "Save")
    return calm(button.click().run())


def feedback(path: Path) -> tuple[FeedbackRow, ...]:
    with reading(path) as connection:
        return read_feedback(connection)


def test_what_is_said_is_written_shown_and_honoured(
    own: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = facts.incidents[-1]
    shown = save(
        look(own, monkeypatch, incident=incident.incident_id), "ack", "on <b>it</b>", "Anna"
    )
    assert "next run honours it" in shown.success[0].value
    text = text_of(shown)
    assert "Acknowledged by Anna" in text
    assert "on &lt;b&gt;it&lt;/b&gt;" in text
    said = {(row.action, row.note, row.given_by) for row in feedback(own)}
    assert said == {("ack", "on <b>it</b>", "Anna")}
    assert shown.text_input[1].value == "Anna"
    pipeline.run(own)
    name = incident.incident_id
    assert query(own, f"select status from insights.incidents where incident_id = '{name}'") == [
        ("acknowledged",)
    ]


@pytest.mark.parametrize("action", ["false", "real", "one-off", "new-normal"])
def test_a_label_is_written(
    own: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    save(look(own, monkeypatch, incident=facts.incidents[0].incident_id), action)
    assert {row.action for row in feedback(own)} == {action}


def test_a_snooze_has_an_end(own: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = look(own, monkeypatch, incident=facts.incidents[0].incident_id)
    calm(shown.radio[0].set_value("snooze").run())
    until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    assert shown.date_input[0].min <= until - dt.timedelta(days=29)
    shown.date_input[0].set_value(until)
    button = next(b for b in shown.button if b.label == "Save")
    calm(button.click().run())
    assert {row.until for row in feedback(own)} == {until}
    assert f"Snoozed until {formatting.day(until)}" in text_of(shown)


# ----------------------------------------------------------------------- beside other programs


@pytest.fixture
def writer(own: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that holds the file once it is told to."""
    code = (
        "import duckdb, sys; input(); held = duckdb.connect(sys.argv[1]); "
        "held.execute('create table if not exists raw_scratch (x int)'); "
        "print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(own)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        yield program
        program.kill()


def hold(program: subprocess.Popen[str]) -> None:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write("\n")
    program.stdin.flush()
    assert program.stdout.readline() == "held\n"


def test_while_another_program_writes_the_last_figures_stay(
    own: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch, writer: subprocess.Popen[str]
) -> None:
    monkeypatch.setattr(read, "PATIENCE_SECONDS", 0.05)
    shown = look(own, monkeypatch, incident=facts.incidents[0].incident_id)
    before = text_of(shown)
    hold(writer)
    own.touch()
    calm(shown.run())
    assert text_of(shown) == before
    assert "last figures seen" in shown.info[0].value
    save(shown, "ack")
    assert "Not saved" in shown.error[0].value
    assert "locked by another program" in shown.error[0].value
    assert "\n" not in shown.error[0].value


def test_a_file_that_was_never_seen_and_is_locked_is_one_line(
    own: Path, monkeypatch: pytest.MonkeyPatch, writer: subprocess.Popen[str]
) -> None:
    monkeypatch.setattr(read, "PATIENCE_SECONDS", 0.05)
    hold(writer)
    assert "Another program is writing" in look(own, monkeypatch).warning[0].value


def test_an_open_page_blocks_no_build(
    own: Path, monkeypatch: pytest.MonkeyPatch, writer: subprocess.Popen[str]
) -> None:
    look(own, monkeypatch)
    hold(writer)


def test_a_new_run_is_seen_at_the_next_look(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = look(own, monkeypatch)
    other = own.with_name("new.duckdb")
    shutil.copyfile(own, other)
    change(other, "update insights.runs set source = 'the new one'")
    other.replace(own)
    assert "the new one" in text_of(calm(shown.run()))


def test_freshness_and_a_simulated_shop_are_told(
    own: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(own, "update marts.dim_sources set origin = 'given'")
    text = text_of(look(own, monkeypatch))
    assert "Simulated data" not in text
    assert f"{facts.run.finished_at:%H:%M} UTC" in text
    assert "Last complete day" in text
    change(own, "update marts.dim_sources set origin = 'simulated shop'")
    assert "<strong>Simulated data.</strong>" in text_of(look(own, monkeypatch))


def test_a_run_that_failed_since_is_told(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "The last run failed" not in text_of(look(own, monkeypatch))
    with contextlib.suppress(ValueError), run_log.keep_log(own):
        raise ValueError("no <room> on the disk")
    said = text_of(look(own, monkeypatch))
    assert "The last run failed" in said
    assert "no &lt;room&gt; on the disk" in said


def test_a_file_without_a_run_says_what_to_do(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(own, "drop schema insights cascade")
    shown = look(own, monkeypatch)
    assert "detect" in shown.error[0].value


# ------------------------------------------------------------------------------------ file


LINE = LineRow(
    dt.datetime(2011, 1, 1), "C1", "return", "P", "=cmd()", -3, Decimal("1.5"), Decimal("-4.5"),
    None, "guest", "@here", None, "domestic", "+c", "small", 9, "-f.csv", 1,
)  # fmt: skip


def lines_as_csv(lines: Sequence[LineRow]) -> str:
    rows = map(dataclasses.astuple, lines)
    return csv_file.rows_as_csv(order_lines.COLUMNS, rows).decode("utf-8-sig")


def sheet(book: bytes) -> list[tuple[object, ...]]:
    """The cells of a workbook, as another program reads them."""
    return list(openpyxl.load_workbook(io.BytesIO(book)).active.values)


def test_a_workbook_has_numbers_and_dates_whatever_the_country() -> None:
    head = ("text", "money", "pieces", "day", "moment", "nothing", "infinite")
    moment = dt.datetime(2011, 12, 9, 12, 50)
    row = ("ä <b>&", Decimal("-4.50"), 3, moment.date(), moment, None, math.inf)
    assert sheet(workbook.as_workbook(head, [row])) == [
        head,
        ("ä <b>&", -4.5, 3, dt.datetime(2011, 12, 9), moment, None, None),
    ]


@given(st.text())
@example("=1+1")
@example("_x0041_")
@example("a\0\ufffe\ud800")
@example("x" * 40_000)
def test_a_workbook_has_no_formula_and_every_text_as_it_is(text: str) -> None:
    book = workbook.as_workbook(("a",), [(text,)])
    cell = openpyxl.load_workbook(io.BytesIO(book)).active["A2"]
    held = escape_control_chars(text).translate({0xFFFE: None, 0xFFFF: None})[:32_767]
    assert cell.data_type != "f"
    assert (cell.value or "").replace("_x005F_x", "_x") == held  # which openpyxl leaves as it is


def test_a_file_runs_nothing_in_a_spreadsheet() -> None:
    text = lines_as_csv([LINE])
    (row,) = csv.DictReader(text.splitlines())
    assert row["description"] == "'=cmd()"
    assert row["country"] == "'@here"
    assert row["category"] == "'+c"
    assert row["source_file"] == "'-f.csv"
    assert row["net_revenue"] == "-4.5"
    assert row["customer_id"] == ""


@given(st.text())
def test_no_text_begins_a_formula(text: str) -> None:
    made = str(csv_file.cell(text))
    assert not made.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert made.removeprefix("'") == text.removeprefix("'")


# ---------------------------------------------------------------------------- command line


def test_a_missing_file_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retail(["dashboard", "--db", str(tmp_path / "none.duckdb")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("retail dashboard: ")
    assert len(said.err.splitlines()) == 1


def test_it_listens_to_this_machine_alone_and_sends_nothing_home() -> None:
    command = server.command(server.HOST, server.PORT)
    assert "--server.address=localhost" in command
    assert "--browser.gatherUsageStats=false" in command


# --------------------------------------------------------------------------------- browser


@pytest.fixture(scope="module")
def hostile_database(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "shop.duckdb"
    shutil.copyfile(database, path)
    text = "<script>alert(1)</script><img src=//evil.example onerror=alert(2)>"
    return change(
        hostile(path),
        f"update marts.fct_order_lines set description = '{text}', country = '{text}'",
        f"update insights.incident_checks set detail = '{text} ![x](https://evil.example/x.png)'",
    )


@pytest.fixture(scope="module")
def served(hostile_database: Path, database: Path) -> Iterator[dict[str, str]]:
    """Addresses of two running dashboards: of an ordinary shop, and of a hostile one."""
    programs = []
    addresses = {}
    for name, path in {"shop": database, "hostile": hostile_database}.items():
        with socket.socket() as chosen:
            chosen.bind(("localhost", 0))
            port = chosen.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "retail",
            "dashboard",
            "--db",
            str(path),
            "--port",
            str(port),
        ]
        programs.append(
            subprocess.Popen(
                command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
        addresses[name] = f"http://localhost:{port}"
    for address in addresses.values():
        wait_for(address + "/_stcore/health")
    yield addresses
    for program in programs:
        program.terminate()
        program.wait()


def wait_for(address: str) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert time.monotonic() < deadline, "the dashboard did not start"
            time.sleep(0.2)


def test_only_this_machine_reaches_it(served: dict[str, str]) -> None:
    """127.0.0.2 is this machine by another name: what listens everywhere answers there, too."""
    port = int(served["shop"].rpartition(":")[2])
    with socket.create_connection(("localhost", port), timeout=SECONDS):
        pass
    with socket.socket() as elsewhere:
        elsewhere.settimeout(SECONDS)
        assert elsewhere.connect_ex(("127.0.0.2", port)) != 0


def answer(
    port: int, path: str = "/", host: str = "localhost", at: str = "localhost", **headers: str
) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer, without following where it leads."""
    connection = http.client.HTTPConnection(at, port, timeout=SECONDS)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers={"Host": f"{host}:{port}", **named})
    found = connection.getresponse()
    found.read()
    connection.close()
    return found.status, {name.lower(): value for name, value in found.getheaders()}


SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
}


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/stream"])
def test_it_answers_to_its_own_names_and_pages_alone(served: dict[str, str], path: str) -> None:
    port = int(served["shop"].rpartition(":")[2])
    good = {"Origin": f"http://localhost:{port}"} | (SOCKET if "stream" in path else {})
    fine = 101 if "stream" in path else 200
    assert answer(port, path, **good)[0] == fine
    assert answer(port, path, host="127.0.0.1", **good)[0] == fine
    for host in ("evil.example", "localhost.evil.example", "192.0.2.7", ""):
        assert answer(port, path, host=host, **good)[0] in (400, 403)
    for origin in ("http://evil.example", "null", "http://localhost.evil.example", ""):
        assert answer(port, path, **good | {"Origin": origin})[0] == 403


def test_no_page_frames_it_and_no_script_but_its_own_runs(served: dict[str, str]) -> None:
    _, headers = answer(int(served["shop"].rpartition(":")[2]))
    rules = dict(
        rule.partition(" ")[::2] for rule in headers["content-security-policy"].split("; ")
    )
    assert rules["frame-ancestors"] == "'none'"
    assert headers["x-frame-options"] == "DENY"
    assert rules["default-src"] == "'self'"
    assert re.fullmatch(r"'self'( 'sha256-[\w+/]+=')+", rules["script-src"])


@pytest.mark.parametrize(
    ("host", "name", "is_known"),
    [
        ("localhost", "192.0.2.7", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("shop.example", "shop.example", True),
        (EVERYWHERE, "192.0.2.8", True),
        (EVERYWHERE, "shop.example", False),
        (EVERYWHERE, socket.gethostname().lower(), True),
    ],
)
def test_which_names_are_known(host: str, name: str, is_known: bool) -> None:
    assert security.known_hosts(host)(name) == is_known


def test_others_need_the_token_that_was_printed(database: Path) -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.2", 0))
        port = chosen.getsockname()[1]
    words = ["dashboard", "--db", str(database), "--host", "127.0.0.2", "--port", str(port)]
    with subprocess.Popen(
        [sys.executable, "-m", "retail", *words],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as program:  # fmt: skip
        try:
            assert program.stdout
            line = program.stdout.readline()
            token = line.strip().partition("token=")[2]
            assert line.startswith(f"Open http://127.0.0.2:{port}/?token=")
            here = {"host": "127.0.0.2", "at": "127.0.0.2"}
            _wait_until_open("127.0.0.2", port)
            assert answer(port, **here)[0] == 403
            assert answer(port, "/?token=wrong", **here)[0] == 403
            assert answer(port, "/_stcore/stream", **here, **SOCKET)[0] == 403
            assert answer(port, "/", host="evil.example", at="127.0.0.2")[0] == 403
            status, headers = answer(port, f"/?kpi=orders&token={token}", **here)
            assert (status, headers["location"]) == (303, "/?kpi=orders")
            cookie = headers["set-cookie"].partition(";")[0]
            assert "HttpOnly" in headers["set-cookie"]
            assert answer(port, **here, Cookie=cookie)[0] == 200
            assert answer(port, "/_stcore/stream", **here, **SOCKET, Cookie=cookie)[0] == 101
            assert token not in Path(f"/proc/{program.pid}/cmdline").read_text()
        finally:
            program.terminate()


def _wait_until_open(host: str, port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        with socket.socket() as tried:
            if tried.connect_ex((host, port)) == 0:
                return
        assert time.monotonic() < deadline, "the dashboard did not start"
        time.sleep(0.2)


def visit(browser: Browser, address: str, path: str, width: int, troubles: list[str]) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda m: troubles.append(m.text) if m.type != "info" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    page.on(
        "request",
        lambda r: (
            None
            if r.url.startswith(("data:", "blob:", address, address.replace("http", "ws")))
            else troubles.append(r.url)
        ),
    )
    page.goto(address + path)
    page.get_by_text("Download as CSV").wait_for()
    return page


def width_of(page: Page) -> int:
    inner = "document.querySelector('[data-testid=stMain]').scrollWidth"
    return int(page.evaluate(f"Math.max(document.documentElement.scrollWidth, {inner})"))


@pytest.mark.parametrize("width", [pytest.param(360, marks=pytest.mark.full), 1280])
def test_it_shows_without_complaint_and_leads_from_a_kpi_to_its_incident(
    browser: Browser, served: dict[str, str], facts: Facts, width: int
) -> None:
    troubles: list[str] = []
    finding = charted(facts)
    path = f"/?kpi={finding.kpi}&grain={finding.grain}&country={finding.segment}&span=all"
    page = visit(browser, served["shop"], path, width, troubles)
    assert width_of(page) <= width
    page.get_by_role("button", name="open the incident").first.click()
    page.get_by_text("Where it comes from").wait_for()
    page.locator("[data-stale=true]").first.wait_for(state="detached")
    page.get_by_text("Download as CSV").last.wait_for()
    assert "incident=" in page.url
    assert width_of(page) <= width
    assert troubles == []
    page.close()


def test_dragging_across_the_chart_zooms_in(
    browser: Browser, served: dict[str, str], facts: Facts
) -> None:
    troubles: list[str] = []
    finding = charted(facts)
    path = f"/?kpi={finding.kpi}&grain={finding.grain}&country={finding.segment}&span=all"
    page = visit(browser, served["shop"], path, 1280, troubles)
    box = page.get_by_test_id("stVegaLiteChart").first.bounding_box()
    assert box is not None
    across = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 400, across)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, across, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile(r"span=\d{4}-\d\d-\d\d\.\."))
    page.get_by_text("Period: from and to").wait_for()
    assert troubles == []
    page.close()


def test_hostile_text_does_nothing_and_fits(
    browser: Browser, served: dict[str, str], facts: Facts
) -> None:
    troubles: list[str] = []
    name = with_lines(facts).incident_id
    for path in (f"/?incident={name}", "/?kpi=total_revenue&by=product"):
        page = visit(browser, served["hostile"], path, 360, troubles)
        page.wait_for_timeout(300)
        assert page.locator("img[src*=evil]").count() == 0
        assert width_of(page) <= 360
        page.close()
    assert troubles == []


def test_a_file_can_be_taken_away(browser: Browser, served: dict[str, str], facts: Facts) -> None:
    troubles: list[str] = []
    path = f"/?incident={with_lines(facts).incident_id}"
    page = visit(browser, served["hostile"], path, 1280, troubles)
    with page.expect_download() as taken:
        page.get_by_text("Download as CSV").click()
    rows = list(csv.DictReader(taken.value.path().read_text("utf-8-sig").splitlines()))
    assert rows
    assert {"invoice_no", "net_revenue"} <= set(rows[0])
    with page.expect_download() as taken:
        page.get_by_text("Download as Excel").click()
    head, *cells = sheet(taken.value.path().read_bytes())
    assert [str(row[head.index("invoice_no")]) for row in cells] == [r["invoice_no"] for r in rows]
    nets = [Decimal(r["net_revenue"]) for r in rows]
    assert [row[head.index("net_revenue")] for row in cells] == [float(net) for net in nets]
    page.close()


def test_the_database_is_whole_after_all_that(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*) from insights.incidents").fetchone()
