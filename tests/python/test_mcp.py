"""The MCP server: twenty questions through a real client, each answered by hand in SQL."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import duckdb
import pandas as pd
import psutil
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult

import retail as package
from conftest import PROJECT, Shop
from retail.api import Why
from retail.commands import main as retail
from retail.errors import RetailError
from retail.feedback import record
from retail.feedback.status import OPEN, RECOVERED, STATUS
from retail.outputs.mcp import client as settings
from retail.outputs.mcp import questions, server
from retail.outputs.mcp.tools.series import PERIOD
from retail.reading import SEVERITIES
from retail.schema import Grain

DAY = dt.timedelta(days=1)
DIMENSION = "country"


@dataclass(frozen=True)
class Agent:
    """A client of a server, as an agent has one."""

    portal: BlockingPortal
    client: Client
    errors: Path

    def call(self, tool: str, **arguments: object) -> CallToolResult:
        return self.portal.call(self.client.call_tool, tool, arguments)

    def ask(self, tool: str, **arguments: object) -> dict[str, Any]:
        """The answer as data."""
        done = self.call(tool, **arguments)
        assert not done.is_error, done.content
        found: dict[str, Any] = done.structured_content
        return found

    def refused(self, tool: str, **arguments: object) -> str:
        """The one line of an error."""
        done = self.call(tool, **arguments)
        assert done.is_error
        assert done.structured_content is None
        (content,) = done.content
        assert content.type == "text"
        assert len(content.text.splitlines()) == 1
        return content.text


@contextmanager
def agent(database: Path, folder: Path) -> Iterator[Agent]:
    """Start the server as a client's configuration says."""
    entry = json.loads(settings.configuration(database))["mcpServers"][settings.NAME]
    errors = folder / "errors.txt"
    with errors.open("w") as log, start_blocking_portal() as portal:
        opened = Client(stdio_client(StdioServerParameters(**entry), errlog=log))
        with portal.wrap_async_context_manager(opened) as client:
            yield Agent(portal, client, errors)


@pytest.fixture(scope="module")
def database(quick: Shop) -> Path:
    return quick.database


@pytest.fixture(scope="module")
def asked(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with agent(database, tmp_path_factory.mktemp("mcp")) as opened:
        yield opened


@pytest.fixture
def own(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "own.duckdb"
    shutil.copyfile(database, path)
    return path


def change(path: Path, *statements: str) -> None:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


def sql(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def one(path: Path, query: str) -> Any:  # noqa: ANN401 - whatever it selects
    ((value,),) = sql(path, query)
    return value.isoformat() if isinstance(value, dt.date) else value


# -------------------------------------------------------------------------- twenty questions

WEEK = """
    (select max(period_start) from marts.fct_kpis_weekly where kpi = 'order_count' and is_complete
    and value > 0)
"""
"""Monday of the last complete week."""
NET = "coalesce(sum(gross_revenue - returned_revenue)::double, 0)"
LEAD = "(select lead_anomaly_id from insights.incidents order by impact limit 1)"
WORST = "(select incident_id from insights.incidents order by impact limit 1)"
LAST_DAY = """
    (select max(k.period_start) from marts.fct_kpis_daily as k
    inner join marts.dim_dates as d on k.period_start = d.date_day
    where k.is_complete and d.is_trading_day)
"""


def between(weeks_before: int) -> str:
    """Order lines of a whole week."""
    start = f"{WEEK} - {7 * weeks_before}"
    return f"from marts.fct_order_lines where order_date between {start} and {start} + 6"


@dataclass(frozen=True)
class Sql:
    """An argument that depends on the shop."""

    query: str


@dataclass(frozen=True)
class Known:
    """A question, how an agent asks it, what it reads of the answer, and the same by hand."""

    question: str
    tool: str
    arguments: Mapping[str, object]
    pick: Callable[[dict[str, Any]], object]
    by_hand: str


FIRST, LAST = Sql(f"select {WEEK}"), Sql(f"select ({WEEK} + 6)::date")
TWENTY = (
    Known(
        "How much did we sell yesterday?", "state", {"kpi": "total_revenue"},
        lambda a: a["kpis"][0]["value"]["value"],
        f"select {NET} from marts.fct_order_lines where order_date = {LAST_DAY}",
    ),
    Known(
        "Which day is yesterday?", "state", {"kpi": "order_count"},
        lambda a: a["data"]["last_complete_day"],
        "select max(date_day) from marts.dim_dates where is_complete",
    ),
    Known(
        "How many orders came last week?", "state", {"kpi": "order_count", "grain": "weekly"},
        lambda a: a["kpis"][0]["value"]["value"],
        f"select count(distinct invoice_no) {between(0)} and line_type = 'sale'",
    ),
    Known(
        "How many were expected?", "state", {"kpi": "order_count", "grain": "weekly"},
        lambda a: a["kpis"][0]["expected"]["value"],
        "select expected from insights.forecasts where kpi = 'order_count' and segment = 'all' "
        f"and grain = 'weekly' and period_start = {WEEK}",
    ),
    Known(
        "Is that ordinary?", "state", {"kpi": "order_count", "grain": "weekly"},
        lambda a: a["kpis"][0]["status"],
        f"""
        select case
            when exists (select 1 from insights.anomalies as a where a.kpi = f.kpi
                and a.segment = 'all' and a.grain = f.grain and a.period_start = f.period_start)
            then 'anomaly'
            when not is_tested then 'untested'
            when actual between lower and upper and lower >= expected / 2 then 'expected'
            when actual between lower and upper then 'wide'
            else 'outside' end
        from insights.forecasts as f
        where kpi = 'order_count' and segment = 'all' and grain = 'weekly'
            and period_start = {WEEK}
        """,
    ),
    Known(
        "What else happened, ever?", "incidents", {"status": "any", "most": 100},
        lambda a: sorted(row["incident_id"] for row in a["incidents"]),
        "select list(incident_id order by incident_id) from insights.incidents",
    ),
    Known(
        "What is still open?", "incidents", {"most": 100},
        lambda a: sorted(row["incident_id"] for row in a["incidents"]),
        "select coalesce(list(incident_id order by incident_id), []) from insights.incidents "
        "where status = 'open'",
    ),
    Known(
        "What was serious since then?", "incidents",
        {"status": "any", "least_severity": "medium", "most": 100,
         "since": Sql("select median(period_end)::date from insights.incidents")},
        lambda a: sorted(row["incident_id"] for row in a["incidents"]),
        "select coalesce(list(incident_id order by incident_id), []) from insights.incidents "
        "where severity in ('medium', 'high', 'critical') and period_end >= "
        "(select median(period_end)::date from insights.incidents)",
    ),
    Known(
        "What did the worst one cost us?", "explain", {"id": Sql(f"select {WORST}")},
        lambda a: a["incident"]["impact"]["value"],
        "select min(impact) from insights.incidents",
    ),
    Known(
        "How sure is that?", "explain", {"id": Sql(f"select left({WORST}, 8)")},
        lambda a: a["incident"]["confidence"]["value"],
        f"select confidence from insights.incidents where incident_id = {WORST}",
    ),
    Known(
        "What do you say of it?", "explain", {"id": Sql(f"select {LEAD}")},
        lambda a: a["story"]["text"],
        f"select narrative from insights.incidents where incident_id = {WORST}",
    ),
    Known(
        "Which country did most of it?", "explain", {"id": Sql(f"select {LEAD}")},
        lambda a: next(
            (part["segment"][DIMENSION], part["contribution"]["value"])
            for part in a["breakdown"] if [*part["segment"]] == [DIMENSION]
        ),
        "select (segment ->> 'country', contribution) from insights.attributions "
        f"where analysis = 'breakdown' and dimensions = 'country' and rank = 1 "
        f"and anomaly_id = {LEAD}",
    ),
    Known(
        "What was checked?", "explain", {"id": Sql(f"select {WORST}")},
        lambda a: sorted((check["check"], check["verdict"]) for check in a["checks"]),
        "select list((replace(check_name, '_', ' '), verdict) order by check_name) "
        f"from insights.incident_checks where incident_id = {WORST}",
    ),
    Known(
        "How far is revenue from the week before?", "why",
        {"kpi": "total_revenue", "first": FIRST, "last": LAST},
        lambda a: a["change"]["value"],
        f"select (select {NET} {between(0)}) - (select {NET} {between(1)})",
    ),
    Known(
        "What did the domestic market add to that?", "why",
        {"kpi": "total_revenue", "first": FIRST, "last": LAST, "dimension": "market"},
        lambda a: next(
            row["contribution"]["value"] for row in a["contributions"]
            if row["member"] == "domestic"
        ),
        f"select (select {NET} {between(0)} and market = 'domestic') "
        f"- (select {NET} {between(1)} and market = 'domestic')",
    ),
    Known(
        "What part of the sales came back, two weeks before that?", "why",
        {"kpi": "return_rate", "first": FIRST, "last": LAST,
         "against_first": Sql(f"select ({WEEK} - 14)::date"),
         "against_last": Sql(f"select ({WEEK} - 8)::date")},
        lambda a: a["against"]["value"]["value"],
        f"select sum(returned_revenue)::double / sum(gross_revenue)::double {between(2)}",
    ),
    Known(
        "How many customers abroad bought, week by week?", "series",
        {"kpi": "active_customers", "grain": "weekly", "segment": {"market": "international"},
         "last": FIRST, "most": 5},
        lambda a: [row["value"] for row in a["periods"]],
        f"""
        with weeks as (select unnest(range(5)) as n)
        select list(buyers::double order by n desc) from (
            select n, (select count(distinct customer_id) from marts.fct_order_lines
                where line_type = 'sale' and market = 'international'
                and {WEEK} - order_date between 7 * n - 6 and 7 * n) as buyers
            from weeks
        )
        """,
    ),
    Known(
        "Which days had no orders at all?", "series", {"kpi": "order_count", "most": 60},
        lambda a: [row["period_start"] for row in a["periods"] if not row["value"]],
        """
        select coalesce(list(period_start::varchar order by period_start), []) from (
            from marts.fct_kpis_daily where kpi = 'order_count'
            order by period_start desc limit 60
        ) where value = 0
        """,
    ),
    Known(
        "How small a drop of orders would nobody have seen?", "detection_limits",
        {"kpi": "order_count"},
        lambda a: a["detection_limits"][0]["seen_below"]["value"],
        "select min_detectable_decrease from insights.detection_limits "
        "where kpi = 'order_count' and grain = 'daily' and segment = 'all'",
    ),
    Known(
        "Whom do I ask about returns, and what is the rate?", "definitions", {},
        lambda a: next(
            (row["owner"], row["meaning"]) for row in a["kpis"] if row["kpi"] == "return_rate"
        ),
        "select (owner, description) from marts.dim_kpis where kpi = 'return_rate'",
    ),
)  # fmt: skip


def test_there_are_twenty_questions_and_every_tool_is_asked() -> None:
    assert len({known.question for known in TWENTY}) == 20
    assert {known.tool for known in TWENTY} == set(server.TOOLS)


@pytest.mark.parametrize("known", TWENTY, ids=[known.question for known in TWENTY])
def test_a_question_has_the_answer_that_sql_by_hand_has(
    database: Path, asked: Agent, known: Known
) -> None:
    arguments = {
        name: one(database, given.query) if isinstance(given, Sql) else given
        for name, given in known.arguments.items()
    }
    found = known.pick(asked.ask(known.tool, **arguments))
    by_hand = one(database, known.by_hand)
    if isinstance(by_hand, float):
        assert found == pytest.approx(by_hand, rel=1e-9)
    else:
        assert found == by_hand


# ------------------------------------------------------------------------------------- cells

KEYS = {
    "insights.anomalies": ("anomaly_id",),
    "insights.early_warnings": ("warning_id",),
    "insights.incidents": ("incident_id",),
    "insights.incident_checks": ("incident_id", "check_name"),
    "insights.revenue_drivers": ("incident_id", "dimension", "member", "factor"),
    "insights.forecasts": ("kpi", "segment", "grain", "period_start"),
    "insights.detection_limits": ("kpi", "segment", "grain"),
    "marts.fct_kpis_daily": ("kpi", "segment", "period_start"),
    "marts.fct_kpis_weekly": ("kpi", "segment", "period_start"),
}
PARTS = {
    "insights.attributions": "anomaly_id",
    "insights.early_attributions": "warning_id",
}
CAUSE, BREAKDOWN = "root_cause", "breakdown"


def everything(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every tool with all that it tells."""
    monday = dt.date.fromisoformat(one(path, f"select {WEEK}"))
    week = {"first": str(monday), "last": str(monday + 6 * DAY)}
    day = {"first": one(path, f"select {LAST_DAY}"), "last": one(path, f"select {LAST_DAY}")}
    yield "state", {}
    yield "state", {"grain": "weekly"}
    yield "state", {"kpi": "revenue_by_country"}
    yield "incidents", {"status": "any", "most": 100}
    for (name,) in sql(path, "select incident_id from insights.incidents"):
        yield "explain", {"id": name}
    for kpi in ("total_revenue", "return_rate", "active_customers"):
        yield "why", {"kpi": kpi, **week}
        yield "why", {"kpi": kpi, **day, "segment": {"market": "domestic"}}
    yield "why", {"kpi": "total_revenue", **week, "dimension": "category"}
    for kpi in ("units_sold", "average_price"):
        yield "why", {"kpi": kpi, **expected_week(path), "against_forecast": True}
    yield "series", {"kpi": "return_rate", "grain": "weekly", "most": 400}
    yield "series", {"kpi": "order_count", "segment": {"country": "France"}}
    yield "series", {"kpi": "revenue_by_country", "segment": {"country": "France"}}
    yield "detection_limits", {}
    yield "detection_limits", {"grain": "weekly"}
    yield "definitions", {}
    yield "definitions", {"dimension": "product", "containing": "a"}


def answer(path: Path, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The same without a client: the server's own answer."""
    return server.ask(path, tool, arguments).model_dump(mode="json")


def figures(part: object) -> Iterator[dict[str, Any]]:
    """All that has a cell; a number without one fails."""
    if isinstance(part, dict):
        if "cell" in part:
            yield part
            return
        if "cells" in part:
            yield from of_series(part)
            part = {name: value for name, value in part.items() if name != "periods"}
        for value in part.values():
            yield from figures(value)
    elif isinstance(part, list):
        for value in part:
            yield from figures(value)
    else:
        assert part is None or isinstance(part, (bool, str)), f"{part} has no cell"


def of_series(series: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for period in series["periods"]:
        numbers = {name for name, value in period.items() if isinstance(value, float)}
        assert numbers <= {name for name, cell in series["cells"].items() if cell}
        for name in numbers:
            cell = series["cells"][name].replace(PERIOD, period["period_start"])
            yield {"value": period[name], "cell": cell}


def look_up(connection: duckdb.DuckDBPyConnection, path: Path, cell: str) -> object:
    """What a cell holds."""
    table, *key, column = cell.split("|")
    if table == "marts.fct_kpi_lines":
        return measured(path, key, column)
    if table == "marts.dim_dates":
        days = f"{column} and date_day between ? and ?"
        query, key = f"select count(*) from {table} where {days}", key[0].split("..")
    else:
        query, key = f"select {column} from {table} where {where(table, key)}", values(table, key)
    ((value,),) = connection.execute(query, key).fetchall()
    return value


def where(table: str, key: list[str]) -> str:
    """The condition that a key is; a cause is not the member of its rank."""
    if table not in PARTS:
        return " and ".join(f"cast({name} as varchar) = ?" for name in KEYS[table])
    analysis = CAUSE if key[1] == CAUSE else BREAKDOWN
    return f"{PARTS[table]} = ? and dimensions = ? and rank = ? and analysis = '{analysis}'"


def values(table: str, key: list[str]) -> list[str]:
    return [part for part in key if table not in PARTS or part != CAUSE]


def measured(path: Path, key: list[str], column: str) -> object:
    """What is in no table: a period of a series, or an answer why two periods differ."""
    if key[2] in ("daily", "weekly"):
        *series, start = key
        return told_series(path, *series).loc[start, column]
    *question, place = key
    told = told_why(path, *question)
    if place == "all":
        return getattr(told, column)
    name, _, rest = place.partition("/")
    frame = getattr(told, name)
    if name == "contributions":
        dimension, _, member = rest.partition("/")
        frame = frame[(frame["dimension"] == dimension) & (frame["member"] == member)]
    elif name == "drivers":
        frame = frame[(frame["dimension"] == "all") & (frame["factor"] == rest)]
    elif name == "sides":
        frame = frame[frame["measure"] == rest]
    else:
        frame = frame.iloc[[int(rest) - 1]]
    (value,) = frame[column]
    return value


@functools.cache
def told_series(path: Path, kpi: str, segment: str, grain: Grain) -> pd.DataFrame:
    """A series as the notebook has it."""
    frame = package.open(path).kpi(kpi, grain, members(segment))
    return frame.set_index("period_start")


@functools.cache
def told_why(path: Path, kpi: str, period: str, against: str, segment: str) -> Why:
    """The answer of the notebook."""
    first, last = period.split("..")
    other: Any = against if against == "forecast" else tuple(against.split(".."))
    return package.open(path).why(kpi, first, last, other, members(segment))


def members(segment: str) -> dict[str, str]:
    return {} if segment == "all" else dict(part.split("=") for part in segment.split(","))  # type: ignore[misc]


def test_no_figure_is_without_a_cell_and_each_cell_holds_it(database: Path) -> None:
    found = [
        figure
        for tool, arguments in everything(database)
        for figure in figures(answer(database, tool, arguments))
    ]
    assert len(found) > 500
    tables = {figure["cell"].split("|")[0] for figure in found}
    wanted = {"insights.anomalies", "insights.forecasts", "insights.attributions"}
    assert tables >= {*wanted, "insights.revenue_drivers", "marts.fct_kpi_lines"}
    connection = duckdb.connect(str(database), read_only=True)
    for figure in found:
        held = look_up(connection, database, figure["cell"])
        if "text" in figure:
            assert figure["text"] == held, figure
        elif figure["value"] is None:
            assert held is None or held != held, figure
        else:
            assert figure["value"] == pytest.approx(held, rel=1e-9, abs=1e-9), figure
    connection.close()


def test_figures_are_shown_as_in_report_and_terminal(
    database: Path, asked: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    (name,) = sql(database, f"select {WORST}")[0]
    found = asked.ask("explain", id=name)
    assert retail(["explain", name, "--db", str(database)]) == 0
    terminal = " ".join(capsys.readouterr().out.split())
    incident, first = found["incident"], found["findings"][0]
    for told in (incident["headline"]["text"], incident["impact"]["shown"], found["story"]["text"]):
        assert " ".join(told.split()) in terminal
    for figure in ("value", "expected", "upper", "confidence"):
        assert first[figure]["shown"] in terminal
    for part in found["breakdown"]:
        assert part["contribution"]["shown"] in terminal


def test_all_members_of_a_dimension_add_up_to_the_change(database: Path) -> None:
    monday = dt.date.fromisoformat(one(database, f"select {WEEK}"))
    week = {"first": str(monday), "last": str(monday + 6 * DAY)}
    for dimension in ("country", "product", "customer_type"):
        asked_for = {"kpi": "total_revenue", **week, "dimension": dimension}
        found = answer(database, "why", asked_for)
        parts = [row["contribution"]["value"] for row in found["contributions"]]
        assert {row["dimension"] for row in found["contributions"]} == {dimension}
        assert sum(parts) == pytest.approx(found["change"]["value"], abs=1e-6)
        assert found["left_out"] == ""


# ----------------------------------------------------------------------------------- the server


def test_all_tools_are_read_only_described_and_typed(asked: Agent) -> None:
    tools = asked.portal.call(asked.client.list_tools).tools
    assert [tool.name for tool in tools] == list(server.TOOLS)
    for tool in tools:
        assert tool.description
        assert tool.annotations
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.open_world_hint is False
        assert tool.input_schema["additionalProperties"] is False
        assert all("description" in given for given in tool.input_schema["properties"].values())
        assert tool.output_schema
        assert "data" in tool.output_schema["required"]


def test_the_guide_names_the_tools_and_what_an_agent_must_say(asked: Agent) -> None:
    guide = asked.client.instructions
    assert guide
    assert set(re.findall(r"`(\w+)`", guide)) >= {"state", "incidents", "explain", "why", "notice"}
    assert len(guide.splitlines()) < 40
    for told in (
        "yesterday",
        "simulated",
        "chance",
        "unfinished",
        "currency",
        "never instructions",
    ):
        assert told in guide


def test_an_answer_is_the_same_as_data_and_as_text(asked: Agent) -> None:
    done = asked.call("state")
    (content,) = done.content
    assert content.type == "text"
    assert json.loads(content.text) == done.structured_content


def test_nothing_is_written_and_nothing_is_said_beside_the_answers(
    quick: Shop, database: Path, asked: Agent
) -> None:
    before = hashlib.sha256(database.read_bytes()).digest()
    files = sorted(quick.folder.iterdir())
    for tool in ("state", "incidents", "detection_limits", "definitions"):
        asked.ask(tool)
    asked.refused("state", kpi="nothing")
    assert hashlib.sha256(database.read_bytes()).digest() == before
    assert sorted(quick.folder.iterdir()) == files
    assert asked.errors.read_text() == ""


def test_the_server_listens_to_no_port_and_keeps_no_file_open(asked: Agent) -> None:
    asked.ask("state")
    started = [
        process
        for process in psutil.Process().children(recursive=True)
        if "mcp" in process.cmdline()
    ]
    assert started
    for process in started:
        assert process.net_connections("inet") == []
        assert [file.path for file in process.open_files() if ".duckdb" in file.path] == []
        assert process.children() == []


def test_statuses_and_severities_are_those_that_there_are() -> None:
    assert {*get_args(questions.Status)} == {OPEN, RECOVERED, *STATUS.values(), "any"}
    assert get_args(questions.Severity) == SEVERITIES


def test_a_segment_may_come_as_its_json_text(asked: Agent) -> None:
    given = {"country": "France"}
    as_text = asked.ask("series", kpi="order_count", segment=json.dumps(given))
    assert as_text == asked.ask("series", kpi="order_count", segment=given)


def test_what_is_left_out_is_said(asked: Agent, database: Path) -> None:
    every = one(database, "select count(*) from insights.incidents")
    few = asked.ask("incidents", status="any", most=1)
    assert len(few["incidents"]) == 1
    assert f"the {every - 1} older ones" in few["left_out"]
    assert asked.ask("incidents", status="any", most=100)["left_out"] == ""
    assert "earlier periods" in asked.ask("series", kpi="order_count", most=2)["left_out"]
    assert "revenue_by_country" in asked.ask("state")["left_out"]
    assert "`dimension`" in asked.ask("definitions")["dimensions"][3]["left_out"]


def test_each_table_is_told_by_what_one_row_of_it_is(asked: Agent) -> None:
    told = {table["table"]: table["row"] for table in asked.ask("definitions")["tables"]}
    assert told["marts.fct_order_lines"].startswith("One row per accepted order line")
    assert [name for name, text in told.items() if "built with" in text] == []


def expected_week(path: Path) -> dict[str, str]:
    """The last week that was tested."""
    query = """
        select max(period_start)::varchar from insights.forecasts
        where kpi = 'units_sold' and grain = 'weekly' and is_tested
    """
    first = one(path, query)
    return {"first": first, "last": str(dt.date.fromisoformat(first) + 6 * DAY)}


# -------------------------------------------------------------------------------------- errors

DAYS = {"first": "2024-01-01", "last": "2024-01-07"}
REFUSED: dict[str, tuple[str, dict[str, object], str]] = {
    "KPI": ("state", {"kpi": "total_revenu"}, "the nearest is total_revenue"),
    "tool": ("incident", {}, "the nearest is incidents"),
    "argument": ("why", {"kpi": "order_count", "segmant": {}}, "the nearest is segment"),
    "missing": ("series", {}, "kpi: Field required"),
    "dimension": ("series", {"kpi": "order_count", "segment": {"contry": "x"}}, "is country"),
    "member": ("series", {"kpi": "order_count", "segment": {"country": "Frence"}}, "is France"),
    "part": ("definitions", {"dimension": "products"}, "the nearest is product"),
    "id": ("explain", {"id": "nothing"}, "no such anomaly or incident"),
    "status": ("incidents", {"status": "opened"}, "'open'"),
    "number": ("incidents", {"most": 0}, "greater than or equal to 1"),
    "day": ("incidents", {"since": "yesterday"}, "'yesterday' is no day such as 2011-12-31"),
    "segment": ("series", {"kpi": "order_count", "segment": "France"}, "dictionary"),
    "one end": ("why", {"kpi": "order_count", **DAYS, "against_first": "2024-01-01"}, "both"),
    "both": (
        "why",
        {"kpi": "order_count", **DAYS, "against_first": "2024-01-01", "against_forecast": True},
        "not both",
    ),
    "time": ("why", {"kpi": "order_count", **DAYS, "first": "1999-01-01"}, "not within"),
    "series": ("series", {"kpi": "revenue_by_country"}, "one series per country"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_one_line_with_the_nearest_name(asked: Agent, name: str) -> None:
    tool, arguments, told = REFUSED[name]
    if name == "argument":
        arguments = {**arguments, **DAYS}
    assert told in asked.refused(tool, **arguments)
    assert asked.errors.read_text() == ""


def test_a_name_of_a_megabyte_is_not_repeated(tmp_path: Path) -> None:
    (told,) = server._result(tmp_path / "retail.duckdb", "x" * 2**20, {}).content
    assert len(told.text) == server.LONGEST_REFUSAL


def test_an_id_may_be_shortened_while_it_is_clear(own: Path) -> None:
    ids = [name for (name,) in sql(own, "select incident_id from insights.incidents")]
    shortened = answer(own, "explain", {"id": ids[0][:8]})
    assert shortened["incident"]["incident_id"] == ids[0]
    with pytest.raises(RetailError, match="give at least 4 letters of its id"):
        answer(own, "explain", {"id": ids[0][:2]})
    typo = ids[0][:-1] + ("0" if ids[0][-1] != "0" else "1")
    with pytest.raises(RetailError, match=f"the nearest is {ids[0]}"):
        answer(own, "explain", {"id": typo})
    change(
        own,
        f"update insights.incidents set incident_id = '{ids[0][:8]}0000' "
        f"where incident_id = '{ids[1]}'",
        f"update insights.anomalies set incident_id = '{ids[0][:8]}0000' "
        f"where incident_id = '{ids[1]}'",
    )
    with pytest.raises(RetailError, match="several findings begin with it"):
        answer(own, "explain", {"id": ids[0][:8]})


# ------------------------------------------------------------------------- the file meanwhile


def test_the_file_may_come_go_and_change_between_two_questions(
    database: Path, tmp_path: Path
) -> None:
    path, built = tmp_path / "shop.duckdb", tmp_path / "built.duckdb"
    with agent(path, tmp_path) as opened:
        assert "no such database" in opened.refused("state")
        shutil.copyfile(database, path)
        name = opened.ask("incidents", status="any", most=1)["incidents"][0]["incident_id"]
        record.record_feedback(path, name, "ack", None, None)
        acknowledged = opened.ask("incidents", status="acknowledged")["incidents"]
        assert [row["incident_id"] for row in acknowledged] == [name]
        shutil.copyfile(database, built)
        change(built, "delete from insights.incidents")
        built.replace(path)
        assert opened.ask("incidents", status="any")["incidents"] == []
        path.write_text("no database")
        assert str(path) in opened.refused("state")
        assert opened.errors.read_text() == ""


def test_a_file_without_a_run_of_detection_answers_what_it_can(
    small_built: Shop, tmp_path: Path
) -> None:
    with agent(small_built.database, tmp_path) as opened:
        assert "python -m detect" in opened.refused("state")
        assert "python -m detect" in opened.refused("incidents")
        found = opened.ask("series", kpi="order_count", most=400)
        assert len(found["periods"]) == 21
        assert "No run of detection" in found["data"]["notice"]
        assert {row["value"] for row in found["periods"]} == {4.0}


def test_whose_data_they_are_and_how_old_is_in_every_answer(own: Path) -> None:
    change(own, "update marts.dim_sources set origin = 'given'")
    last = dt.date.fromisoformat(
        one(own, "select max(date_day) from marts.dim_dates where is_complete")
    )
    age = (dt.datetime.now(dt.UTC).date() - last).days
    for tool in ("state", "incidents", "detection_limits", "definitions"):
        told = answer(own, tool, {})["data"]
        assert told["is_real"] is True
        assert f"{last.day} {last:%B} {last.year}" in told["notice"]
        assert f"{age:,} days ago" in told["notice"] or f"{age - 1:,} days ago" in told["notice"]
    for origin, word in (("simulated shop", "SIMULATED DATA"), ("public data set", "SAMPLE DATA")):
        change(own, f"update marts.dim_sources set origin = '{origin}'")
        told = answer(own, "incidents", {})["data"]
        assert told["notice"].startswith(word)
        assert told["is_real"] is False


def test_text_of_an_answer_does_nothing_where_it_is_shown(own: Path, tmp_path: Path) -> None:
    change(
        own, "update insights.incidents set headline = 'a' || chr(27) || '[31m' || chr(8238) || 'b'"
    )
    with agent(own, tmp_path) as opened:
        done = opened.call("incidents", status="any")
    (content,) = done.content
    assert content.type == "text"
    assert not {"\x1b", "\u202e"} & set(content.text)
    assert done.structured_content["incidents"][0]["headline"]["text"] == "a\x1b[31m\u202eb"


# --------------------------------------------------------------------------------- the command


def test_without_the_package_one_line_says_how_to_install_it(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings.importlib.util, "find_spec", lambda _: None)
    assert retail(["mcp", "--db", str(database)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "retail mcp: the MCP package is not installed; `make mcp` installs it\n"


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (None, 0)]
)
def test_a_server_that_waits_for_a_question_ends_when_it_is_told_to(
    database: Path, number: signal.Signals | None, code: int
) -> None:
    command = [sys.executable, "-m", "retail", "mcp", "--db", str(database)]
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs do not hear Ctrl-C, and whoever runs the tests may be one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdin
        assert process.stdout
        print(ping, file=process.stdin, flush=True)
        assert json.loads(process.stdout.readline())["id"] == 1
        if number is None:
            process.stdin.close()
        else:
            process.send_signal(number)
        assert process.wait(20) == code
        assert process.stderr
        assert len(process.stderr.read().splitlines()) == (number is not None)


def test_standard_input_that_is_no_pipe_is_refused_in_one_line(quick: Shop) -> None:
    done = quick.python("-m", "retail", "mcp")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "--config" in done.stderr


def test_the_configuration_of_the_page_is_the_one_that_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert retail(["mcp", "--config", "--db", "retail.duckdb"]) == 0
    printed = json.loads(capsys.readouterr().out)
    page = (PROJECT / "docs/mcp.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    entry, example = (one["mcpServers"][settings.NAME] for one in (printed, json.loads(shown)))
    assert [*entry] == [*example]
    assert entry["args"][:-1] == example["args"][:-1]
    assert Path(entry["args"][-1]).name == Path(example["args"][-1]).name


def test_the_page_lists_every_tool_with_its_arguments() -> None:
    page = (PROJECT / "docs/mcp.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", page, flags=re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", given)) for name, given in rows} == {
        name: set(tool.question.model_fields) for name, tool in server.TOOLS.items()
    }
