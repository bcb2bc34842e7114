"""The job, or dbt and detection by hand, leave the tables that others rely on."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections import defaultdict
from decimal import Decimal

import pytest

from blackbox import contract, saved, shop
from blackbox.commands import COMMANDS, TARGETS
from blackbox.conftest import PROJECT, Place, clean_environment

KPI_TABLES = ("marts.fct_kpis_daily", "marts.fct_kpis_weekly")


def types_of(place: Place, table: str) -> dict[object, str]:
    """Types of a table's columns, without their precision."""
    rows = place.ask(
        "select column_name, data_type from information_schema.columns "
        "where table_schema || '.' || table_name = ?",
        table,
    )
    return {name: str(kind).partition("(")[0] for name, kind in rows}


def test_make_hands_on_to_the_commands() -> None:
    planned = subprocess.run(
        ["make", "--dry-run", *TARGETS],
        cwd=PROJECT, env=clean_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line.split() for line in planned.stdout.splitlines()]
    for target, name in TARGETS.items():
        program, *typed = COMMANDS[name]
        wanted = (program.rpartition("/")[2], *typed[: typed.count("-m") + 1])
        assert any(wanted == started(line, len(wanted)) for line in lines), target


def started(line: list[str], words: int) -> tuple[str, ...]:
    """The first words of a command, the program without its folder."""
    return tuple([word.rpartition("/")[2] for word in line[:1]] + line[1:words])


@pytest.mark.parametrize("table", contract.TABLES)
def test_a_table_has_the_columns_of_the_contract(built: Place, table: str) -> None:
    found = types_of(built, table)
    wrong = {
        name: found.get(name)
        for name, kind in contract.columns(table)
        if found.get(name) not in contract.KINDS[kind]
    }
    assert wrong == {}


@pytest.mark.parametrize(("place", "kind"), contract.ANNOUNCED.items(), ids=str)
def test_an_announced_column_has_the_type_of_the_contract(
    built: Place, place: tuple[str, str], kind: str
) -> None:
    table, column = place
    found = types_of(built, table)
    assert found.get(column) in contract.KINDS[kind]


@pytest.mark.full
def test_dbt_and_detection_by_hand_leave_what_the_job_leaves(built: Place, by_hand: Place) -> None:
    for table in contract.TABLES:
        if table != "insights.runs":
            names = ", ".join(name for name, _ in contract.columns(table))
            query = f"select {names} from {table} order by all"
            assert by_hand.ask(query) == built.ask(query), table
    assert by_hand.ask("select count(*) from insights.runs") == [(1,)]


def test_every_raw_row_is_an_order_line_or_rejected_with_a_reason(built: Place) -> None:
    kinds = built.ask("select line_type, count(*) from marts.fct_order_lines group by all")
    returns = sum(int(row[3]) < 0 for row in shop.order_lines())
    sales = sum(int(row[3]) > 0 for row in shop.order_lines())
    assert dict(kinds) == {"sale": sales, "return": returns}  # type: ignore[arg-type]
    reasons = built.ask("select reason from marts.fct_rejected_order_lines order by reason")
    assert reasons == [("duplicate",), ("malformed",)]


def test_every_kpi_is_described(built: Place) -> None:
    rows = built.ask("select kpi, label, description, owner, unit from marts.dim_kpis")
    assert len(rows) == 15
    assert all(all(row) for row in rows)
    ways = built.ask("select distinct cadence, direction from marts.dim_kpis")
    assert {cadence for cadence, _ in ways} == contract.GRAINS
    assert {direction for _, direction in ways} <= {"up", "down", "none"}
    for table in KPI_TABLES:
        assert {kpi for (kpi,) in built.ask(f"select distinct kpi from {table}")} == {
            row[0] for row in rows
        }


def test_kpis_are_what_the_order_lines_add_up_to(built: Place) -> None:
    orders: dict[dt.date, set[str]] = defaultdict(set)
    revenue: dict[tuple[str, dt.date], Decimal] = defaultdict(Decimal)
    for invoice, _, _, quantity, moment, price, _, country in shop.order_lines():
        day = dt.datetime.fromisoformat(moment).date()
        if int(quantity) > 0:
            orders[day].add(invoice)
        revenue[country, day - dt.timedelta(day.weekday())] += int(quantity) * Decimal(price)
    daily = built.ask(
        "select period_start, value from marts.fct_kpis_daily "
        "where kpi = 'order_count' and segment = 'all'"
    )
    assert dict(daily) == {day: len(found) for day, found in orders.items()}  # type: ignore[arg-type]
    weekly = built.ask(
        "select segment, period_start, value from marts.fct_kpis_weekly "
        "where kpi = 'revenue_by_country' and value <> 0"
    )
    assert {(country, week): value for country, week, value in weekly} == {
        place: pytest.approx(float(amount)) for place, amount in revenue.items()
    }
    assert built.ask(
        "select sum(value), bool_and(is_complete) from marts.fct_kpis_weekly "
        "where kpi = 'total_revenue' and segment = 'all'"
    ) == [(pytest.approx(float(sum(revenue.values()))), True)]


def test_the_run_is_recorded(built: Place) -> None:
    ((status, source, rows, as_of, anomalies, version, is_over),) = built.ask(
        "select status, source, source_rows, as_of, anomalies, code_version, "
        "finished_at >= started_at from insights.runs"
    )
    assert status == "finished"
    assert "shop.csv" in str(source)
    assert "simulated" not in str(source).lower()
    assert rows == len([*shop.order_lines(), *shop.rejected()])
    assert as_of == shop.LAST_DAY
    assert built.ask("select count(*) from insights.anomalies") == [(anomalies,)]
    assert version
    assert is_over


def test_findings_hang_together(built: Place) -> None:
    incidents = built.ask(
        "select incident_id, status, severity, root_cause from insights.incidents"
    )
    assert {name for name, *_ in incidents} == saved.INCIDENTS
    assert {status for _, status, _, _ in incidents} <= contract.STATUSES
    assert all(severity for _, _, severity, _ in incidents)
    causes = {name: json.loads(str(cause)) for name, _, _, cause in incidents}
    assert causes[saved.GERMAN_DAY] == {"country": "Germany"}
    assert causes[saved.OUTAGE] == {}
    assert built.ask("select distinct incident_id from insights.anomalies order by 1") == [
        (name,) for name in sorted(saved.INCIDENTS)
    ]
    odd = built.ask(
        "select anomaly_id from insights.anomalies where confidence not between 0 and 1 "
        "or p_value not between 0 and 1 or direction is distinct from "
        "(case when actual > expected then 'up' else 'down' end) or methods = ''"
    )
    assert odd == []


def test_breakdowns_add_up_to_what_moved(built: Place) -> None:
    sums = built.ask(
        "select anomaly_id, dimensions, sum(contribution), any_value(a.actual - a.expected) "
        "from insights.attributions join insights.anomalies as a using (anomaly_id) "
        "where analysis = 'breakdown' group by all"
    )
    assert {name for name, *_ in sums} >= set(saved.ANOMALIES)
    for name, dimension, parts, whole in sums:
        assert parts == pytest.approx(whole, abs=1e-6), (name, dimension)


def test_ids_stay_what_people_have_noted_down(built: Place) -> None:
    found = built.ask(
        "select anomaly_id, kpi, segment, grain, period_start::varchar, incident_id "
        "from insights.anomalies"
    )
    known = {name: tuple(rest) for name, *rest in found if name in saved.ANOMALIES}
    assert known == saved.ANOMALIES


def test_a_second_run_keeps_the_ids_and_adds_itself(built: Place, answered: Place) -> None:
    ids = "select anomaly_id, incident_id from insights.anomalies"
    found = dict(answered.ask(ids))  # type: ignore[arg-type]
    assert {name: found.get(name) for name in saved.ANOMALIES} == {
        name: about[-1] for name, about in saved.ANOMALIES.items()
    }
    runs = "select run_id, status from insights.runs order by started_at"
    assert len(answered.ask(runs)) == 2
    assert answered.ask(runs)[:1] == built.ask(runs)


def test_detection_without_a_database_says_so_in_one_line(own: Place) -> None:
    own.database.unlink()
    done = own.run("detect")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "retail.duckdb" in line
