"""Terminal, report, dashboard and alerts say the same of the same incident and the same trend."""

from __future__ import annotations

import dataclasses
import html
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from conftest import Shop
from retail import formatting
from retail.commands import main as retail
from retail.feedback import record
from retail.outputs import terminal
from retail.outputs.alerts import message
from retail.outputs.alerts.read import read as read_alerts
from retail.outputs.alerts.records import Alert
from retail.outputs.alerts.selection import Rules, select
from retail.outputs.dashboard import server
from retail.outputs.report import page
from retail.reading import Connection, Facts, read_explained, read_facts, read_findings, reading
from retail.reading.file import ReadError
from retail.reading.findings import today
from retail.reading.selection import need_attention
from retail.schema import IncidentRow

SECONDS = 60.0
EVERYTHING = Rules(min_severity="low", max_age_days=100_000)
TRENDS = (
    ("order_count", "daily", 9, 0.454, "increasing"),
    ("total_revenue", "daily", 3, -0.9974, "decreasing"),
    ("order_count", "weekly", 3, 0.5, "increasing"),
    ("active_customers", "daily", 60, 0.7, "increasing"),
)
"""KPI, grain, days since it ended, change: the first two go on at the owner's pace."""
CAUSE = """
    insert into insights.attributions by name
    select lead_anomaly_id as anomaly_id, 'root_cause' as analysis, 1 as rank,
        'country' as dimensions, '{"country": "France"}' as segment, 1234.5 as actual,
        0.0 as expected, 1234.5 as contribution, -0.9974 as share_of_change, 'up' as effect,
        0.97 as cause_confidence
    from insights.incidents
    where not is_provisional
    order by incident_id
    limit 1
"""
"""A cause of the first incident: the simulated shop's are broad."""
GOING = {"Orders": "+45 %", "Total revenue": "−99.7 %"}


@pytest.fixture(scope="module")
def database(quick: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop, with trends that a screen could be of two minds about."""
    path = tmp_path_factory.mktemp("reading") / "shop.duckdb"
    shutil.copyfile(quick.database, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from insights.trends")
        for kpi, grain, days, change, direction in TRENDS:
            connection.execute(
                """
                insert into insights.trends by name
                select ? as kpi, 'all' as segment, ? as grain, as_of - 90 as window_start,
                    as_of - ? as window_end, ? as direction, ? as relative_change,
                    0.97 as confidence, as_of - 60 as detected_on, 'mann_kendall' as method,
                    'abnormal' as kind
                from insights.runs
                """,
                [kpi, grain, days, direction, change],
            )
        connection.execute("delete from insights.attributions where analysis = 'root_cause'")
        connection.execute(CAUSE)
        connection.execute(
            'update insights.incidents set root_cause = \'{"country": "France"}\' '
            "where incident_id = (select incident_id from insights.incidents "
            "where not is_provisional order by incident_id limit 1)"
        )
    return path


@pytest.fixture
def own(database: Path, tmp_path: Path) -> Path:
    """A copy of it to do anything with."""
    return Path(shutil.copyfile(database, tmp_path / "own.duckdb"))


@pytest.fixture(scope="module")
def facts(database: Path) -> Facts:
    return read_facts(database)


def plain(text: str) -> str:
    """A page as it is read."""
    text = re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL)
    bare = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace(formatting.SPACE, " ")
    return " ".join(bare.split())


def on_the_dashboard(path: Path, monkeypatch: pytest.MonkeyPatch, **address: str) -> str:
    monkeypatch.setenv("RETAIL_DB", str(path))
    shown = AppTest.from_file(str(server.APP), default_timeout=SECONDS)
    for name, value in address.items():
        shown.query_params[name] = value
    shown.run()
    assert not shown.exception
    return plain("\n".join(part.proto.body for part in shown.get("html")))


def in_the_report(path: Path, incident: IncidentRow) -> str:
    """The part of the report that tells of an incident."""
    after = page.render(read_facts(path)).split(f'id="incident-{incident.incident_id}"')[1]
    own = re.split(rf'id="incident-(?!{incident.incident_id})', after)[0]
    return plain(f"<p {own}>")


def in_the_terminal(path: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert retail([*words, "--db", str(path)]) == 0
    return " ".join(capsys.readouterr().out.split())


def alerts_of(path: Path) -> list[Alert]:
    return list(select(read_alerts(path, today()), "webhook", EVERYTHING).alerts)


def dicts(answer: Connection, *, is_early: bool) -> list[dict[str, object]]:
    """Rows of a query by column name."""
    names = [column for column, *_ in answer.description]
    return [dict(zip(names, row, strict=True), is_early=is_early) for row in answer.fetchall()]


def figures(facts: Facts, incident: IncidentRow) -> set[str]:
    """What moved, from what was expected, and how surely."""
    told = {formatting.percent(incident.confidence)}
    for row in facts.findings:
        if row.incident_id == incident.incident_id:
            unit = facts.kpis[row.kpi].unit
            told |= {formatting.amount(row.actual, unit), formatting.amount(row.expected, unit)}
            told |= {formatting.percent(row.confidence), row.favourability}
    return told


def test_every_screen_says_the_same_of_an_incident(
    database: Path,
    facts: Facts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    incident = facts.incidents[0]
    screens = {
        "terminal": in_the_terminal(database, "explain", incident.incident_id, capsys=capsys),
        "report": in_the_report(database, incident),
        "dashboard": on_the_dashboard(database, monkeypatch, incident=incident.incident_id),
    }
    wanted = figures(facts, incident) | {incident.headline, incident.narrative, incident.severity}
    for name, text in screens.items():
        assert {figure for figure in wanted if figure not in text} == set(), name
    days = formatting.span(incident.period_start, incident.period_end)
    assert days in screens["report"]
    assert days in screens["dashboard"]


def test_an_alert_says_what_the_screens_say(database: Path, facts: Facts) -> None:
    told = {alert.incident.incident_id: message.write(alert) for alert in alerts_of(database)}
    unanswered = ("open", "recovered")
    assert set(told) == {i.incident_id for i in facts.incidents if i.status in unanswered}
    for incident in facts.incidents:
        text = " ".join(message.lines(told[incident.incident_id]))
        days = formatting.span(incident.period_start, incident.period_end, full=True)
        for part in (incident.narrative, days, formatting.percent(incident.confidence)):
            assert " ".join(part.split()) in text
        assert " ".join(incident.headline[:80].split()) in text


def test_the_signs_of_a_cause_are_the_same_everywhere(
    database: Path,
    facts: Facts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    incident = next(i for i in facts.incidents if i.root_cause == {"country": "France"})
    explained = read_explained(database, incident.incident_id)
    parts = [r for r in explained.attributions if r.anomaly_id == incident.lead_anomaly_id]
    unit = facts.kpis[explained.members[0].kpi].unit
    firsts = {
        formatting.contribution(row.contribution, unit)
        for row in parts
        if row.rank == 1 and row.analysis == "breakdown"
    }
    assert firsts
    terminal = in_the_terminal(database, "explain", incident.incident_id, capsys=capsys)
    report_page = in_the_report(database, incident)
    assert {shown for shown in firsts if shown not in terminal} == set()
    assert {shown for shown in firsts if shown not in report_page} == set()
    (cause,) = [row for row in parts if row.analysis == "root_cause" and row.rank == 1]
    dashboard = on_the_dashboard(database, monkeypatch, incident=incident.incident_id)
    assert cause.segment == {"country": "France"}
    told = f"France {formatting.contribution(1234.5, unit)} −99.7 %".replace("\u00a0", " ")
    for shown in (told, "97 %"):
        assert shown in dashboard
    assert f"country {told}" in terminal


def test_of_low_severity_only_so_many_are_shown_first_as_others_leave(facts: Facts) -> None:
    one = dataclasses.replace(facts.incidents[0], status="open", severity="low")
    slight = [dataclasses.replace(one, incident_id=f"low {i}") for i in range(5)]
    grave = dataclasses.replace(one, incident_id="grave", severity="medium")
    shown = need_attention([*slight, grave], one.period_end)
    assert [row.incident_id for row in shown] == ["grave", "low 0", "low 1"]
    many = [dataclasses.replace(grave, incident_id=f"grave {i}") for i in range(4)]
    assert need_attention([*slight, *many], one.period_end) == tuple(many)


def test_terminal_and_report_show_the_same_trends(database: Path) -> None:
    said = terminal.summary(database, colour=False)
    line = next(line for line in said.splitlines() if line.startswith("Trends:"))
    assert line.count(" since ") == len(GOING)
    shown = page.render(read_facts(database))
    table = re.search(r"<caption>Going on, whole shop</caption>.*?</table>", shown, re.DOTALL)
    assert table
    rows = re.findall(r"<tr>.*?</tr>", table[0].split("<tbody>")[1], re.DOTALL)
    assert [plain(row).split(" %")[0] + " %" for row in rows] == [
        f"{label} {change}" for label, change in sorted(GOING.items(), reverse=True)
    ]
    for label, change in GOING.items():
        assert f"{formatting.lower_first(label)} {change} since" in line


def test_the_dashboard_tells_a_trend_with_the_same_figures(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = on_the_dashboard(database, monkeypatch, kpi="total_revenue", grain="daily")
    assert "Decreasing by −99.7 %" in text


def test_what_was_said_since_the_run_shows_at_once_wherever_incidents_are_shown(
    own: Path,
    facts: Facts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    incident = next(i for i in facts.incidents if i.status == "open")
    record.record_feedback(own, incident.incident_id, "ack", None, None)
    listed = in_the_terminal(own, "list", capsys=capsys)
    assert re.search(rf"{incident.incident_id} \S+ \S+ +\S+ % acknowledged", listed)
    assert incident.headline not in terminal.summary(own, colour=False)
    assert "acknowledged" in in_the_report(own, incident).split(incident.narrative[:20])[0]
    dashboard = on_the_dashboard(own, monkeypatch, incident=incident.incident_id)
    assert "acknowledged" in dashboard.split(incident.incident_id)[0]
    assert incident.incident_id not in {a.incident.incident_id for a in alerts_of(own)}


def test_who_answered_when_and_why_shows_on_every_screen_and_in_the_report_that_lies_there(
    own: Path,
    facts: Facts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lying_there = page.write(own)
    incident = next(i for i in facts.incidents if i.status == "open")
    for action, name in (("snooze", "Ben"), ("ack", "Anna")):
        until = ["--until", "2099-01-01"] if action == "snooze" else []
        args = [action, incident.incident_id, "--by", name, "--note", f"{name}'s", *until]
        assert "every screen shows it" in in_the_terminal(own, *args, capsys=capsys)
    told = in_the_terminal(own, "explain", incident.incident_id, capsys=capsys)
    shown = on_the_dashboard(own, monkeypatch, incident=incident.incident_id)
    for text in (told, shown, plain(lying_there.read_text())):
        answers = re.findall(
            r"(Acknowledged|Snoozed)( until 1 Jan 2099)? by (\w+) "
            r"on \d+ \w+ \d+, [\d:]+ UTC: “(.+?)”",
            text,
        )
        assert answers == [
            ("Acknowledged", "", "Anna", "Anna's"),
            ("Snoozed", " until 1 Jan 2099", "Ben", "Ben's"),
        ]


def test_findings_are_read_with_all_their_columns(database: Path) -> None:
    with reading(database) as connection:
        found = read_findings(connection).members
        rows = {
            (row["anomaly_id"], row["is_early"]): row
            for query, is_early in (
                ("select * from insights.anomalies", False),
                ("select * rename (warning_id as anomaly_id, lower_bound as actual), "
                 "null as lower, 'up' as direction, null as z_score, null as iqr_score "
                 "from insights.early_warnings", True),
            )
            for row in dicts(connection.execute(query), is_early=is_early)
        }  # fmt: skip
    assert len(found) == len(rows) > 0
    for row in found:
        read = dataclasses.asdict(row) | {"is_early": row.is_early}
        assert read == rows[row.anomaly_id, row.is_early]


def test_no_screen_stumbles_over_a_kpi_that_is_gone(
    own: Path, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = facts.findings[0].kpi
    with duckdb.connect(str(own)) as connection:
        connection.execute("delete from marts.dim_kpis where kpi in (?, 'total_revenue')", [gone])
    left = read_facts(own)
    assert {row.kpi for row in (*left.findings, *left.trends, *left.periods)} <= set(left.kpis)
    assert "total revenue" not in terminal.summary(own, colour=False).split("Trends:")[1]
    page.render(left)
    on_the_dashboard(own, monkeypatch)
    on_the_dashboard(own, monkeypatch, kpi=gone)


@pytest.mark.parametrize("query", ["select numerator from kpis", "from measures"])
def test_tables_of_another_version_are_one_line_that_says_what_to_run(
    tmp_path: Path, query: str
) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table kpis as select 'orders' as numerator_measure")
    one_line = r"^.*shop\.duckdb: [^\n]* Run `dbt build`[^\n]* again$"
    with pytest.raises(ReadError, match=one_line), reading(path) as connection:
        connection.execute(query)
