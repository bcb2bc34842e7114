"""A whole run: finds what was planted, adds up, repeats itself, and keeps the future out."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import duckdb
import numpy as np
import pytest

from retail.commands import main
from retail.commands.detect import detect_command
from retail.console.cli import call
from retail.errors import RetailError
from retail.feedback import record
from retail.jobs.detection import pipeline
from retail.outputs import terminal
from retail.outputs.alerts.read import read
from retail.reading import findings, read_explained, read_findings, read_incidents, reading
from retail.schema import FeedbackRow
from test_detect_shop import DAYS, FIRST_DAY, build, bulk_order, plant, segments

DAY = 122
DATE = FIRST_DAY + dt.timedelta(days=DAY)
RESULTS = ("anomalies", "trends", "attributions", "incidents", "calibration", "detection_limits")
Rows = list[tuple[object, ...]]


def query(path: Path, text: str) -> Rows:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(text).fetchall()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a bulk order on DATE, after one run."""
    path = tmp_path_factory.mktemp("planted") / "shop.duckdb"
    build(path, plant(segments(), DAY, bulk_order))
    pipeline.run(path)
    return path


@pytest.fixture
def own(planted: Path, tmp_path: Path) -> Path:
    path = tmp_path / "own.duckdb"
    path.write_bytes(planted.read_bytes())
    return path


def test_the_planted_incident_is_found_in_the_right_kpis(planted: Path) -> None:
    rows = query(planted, f"select kpi from insights.anomalies where period_start = date '{DATE}'")
    assert {"units_sold", "items_per_order"} <= {kpi for (kpi,) in rows}
    assert "order_count" not in {kpi for (kpi,) in rows}


def test_it_is_one_incident_and_names_the_product(planted: Path) -> None:
    rows = query(
        planted,
        f"select root_cause, headline, narrative from insights.incidents "
        f"where date '{DATE}' between period_start and period_end",
    )
    assert len(rows) == 1
    assert json.loads(str(rows[0][0])) == {"product": "P3"}
    assert "expected" in str(rows[0][1])
    assert "sure" in str(rows[0][2])


def test_contributions_add_up_for_every_anomaly_and_dimension(planted: Path) -> None:
    rows = query(
        planted,
        """
        select abs(sum(contribution) - any_value(actual_change)), sum(abs(contribution)),
               count(distinct dimensions)
        from insights.attributions
        inner join (
            select anomaly_id, actual - expected as actual_change from insights.anomalies
        ) using (anomaly_id)
        where analysis = 'breakdown'
        group by anomaly_id, dimensions
        """,
    )
    assert rows
    for gap, size, _ in rows:
        assert float(str(gap)) <= 1e-9 * float(str(size))


def test_every_anomaly_is_broken_down_by_every_dimension(planted: Path) -> None:
    rows = query(
        planted,
        "select count(distinct dimensions) from insights.attributions "
        "where analysis = 'breakdown' group by anomaly_id",
    )
    anomalies = query(planted, "select count(*) from insights.anomalies")
    assert [n for (n,) in rows] == [8] * int(str(anomalies[0][0]))


def test_actual_lies_outside_the_band_or_in_a_lasting_change(planted: Path) -> None:
    rows = query(
        planted,
        "select count(*) from insights.anomalies where actual between lower and upper "
        "and methods not like '%level_shift%' and methods not like '%companions%'",
    )
    assert rows == [(0,)]


def test_a_second_run_says_the_same(own: Path) -> None:
    before = {name: query(own, f"select * from insights.{name} order by all") for name in RESULTS}
    pipeline.run(own)
    after = {name: query(own, f"select * from insights.{name} order by all") for name in RESULTS}
    assert repr(before) == repr(after)
    assert query(own, "select count(*) from insights.runs") == [(2,)]


def test_a_run_is_recorded(planted: Path) -> None:
    rows = query(planted, "select status, source, source_rows, as_of from insights.runs")
    last = FIRST_DAY + dt.timedelta(days=DAYS - 1)
    assert rows == [("finished", "given: shop.csv", 1000, last)]


def test_a_day_that_is_yet_to_come_is_the_last_one_known(own: Path) -> None:
    last = FIRST_DAY + dt.timedelta(days=DAYS - 1)
    assert pipeline.run(own, dt.date(2099, 1, 1)).run.as_of == last


def test_the_future_does_not_change_the_past(planted: Path, tmp_path: Path) -> None:
    """Everything said of periods up to the cut is the same to the last byte."""
    cut = DAY + 4
    other = plant(segments(), DAY, bulk_order)
    later = other["day"] > cut
    rng = np.random.default_rng(5)
    for name in ("units", "orders", "gross_revenue"):
        other[name] = np.where(later, other[name] * rng.integers(1, 5, later.size), other[name])
    path = tmp_path / "other.duckdb"
    build(path, other)
    pipeline.run(path)
    past = f"""
        select * from insights.anomalies
        where period_start + if(grain = 'weekly', 6, 0) <= date '{FIRST_DAY}' + {cut}
        order by all
    """
    before = query(planted, past)
    assert before
    assert repr(before) == repr(query(path, past))


def test_a_run_as_of_a_day_says_what_the_full_run_says_of_it(planted: Path, own: Path) -> None:
    outcome = pipeline.run(own, DATE)
    assert outcome.run.as_of == DATE
    past = f"""
        select * from insights.anomalies
        where period_start + if(grain = 'weekly', 6, 0) <= date '{DATE}' order by all
    """
    assert query(own, past)
    assert repr(query(own, past)) == repr(query(planted, past))
    assert query(own, "select count(*) from insights.anomalies") == [(len(query(planted, past)),)]


def test_names_of_findings_stay(planted: Path, own: Path) -> None:
    pipeline.run(own, DATE)
    ids = "select anomaly_id, incident_id from insights.anomalies"
    assert set(query(own, ids)) <= set(query(planted, ids))


def test_too_short_a_history_is_said_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "young.duckdb"
    build(path, segments(days=20))
    outcome = pipeline.run(path)
    assert outcome.anomalies == []
    assert "Order count" in outcome.untested


def test_an_unfinished_last_day_is_a_warning_not_an_anomaly(tmp_path: Path) -> None:
    path = tmp_path / "open.duckdb"
    table = plant(segments(days=DAY + 1), DAY, bulk_order)
    build(path, table, last_is_complete=False)
    pipeline.run(path)
    assert query(path, f"select * from insights.anomalies where period_start = '{DATE}'") == []
    rows = query(path, "select distinct kpi from insights.early_warnings where grain = 'daily'")
    assert ("units_sold",) in rows
    incident = query(path, "select root_cause from insights.incidents where is_provisional")
    assert json.loads(str(incident[0][0])) == {"product": "P3"}


# ----------------------------------------------------------------------------- command line


def run(*arguments: str) -> int:
    if arguments[0].startswith("--"):
        return call(detect_command, "detect", arguments)
    return main(arguments)


def test_findings_are_no_failure(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--db", str(own)) == 0
    said = capsys.readouterr()
    assert "given: shop.csv (1,000 rows)" in said.out
    assert "from product P3" in said.out
    assert "\033[" not in said.out
    assert said.err == ""


def test_injection_tests_run_on_request_only(own: Path) -> None:
    tables = "select count(*) from information_schema.tables where table_name = 'injection_tests'"
    assert query(own, tables) == [(0,)]
    assert run("--db", str(own), "--injection-tests", "--quiet") == 0
    assert query(own, "select count(*) > 0 from insights.injection_tests") == [(True,)]


def test_quiet_is_quiet(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--db", str(own), "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_json_is_json(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--db", str(own), "--json", "--as-of", str(DATE)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["as_of"] == str(DATE)
    assert found["incidents"][-1]["root_cause"] == {"product": "P3"}


def test_a_failure_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--db", str(tmp_path / "none.duckdb")) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("detect: ")


@pytest.mark.parametrize(
    "words", [["--as-of", "yesterday"], ["--nonsense"], ["explain"], ["snooze", "x"]]
)
def test_wrong_usage_is_exit_2(words: list[str]) -> None:
    assert run(*words) == 2


def test_the_database_comes_from_the_environment(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RETAIL_DB", str(own))
    assert run("list") == 0
    assert "from product P3" in capsys.readouterr().out


def test_a_simulated_source_is_said_loudly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "simulated.duckdb"
    build(path, segments(days=40), origin="simulated shop")
    assert run("--db", str(path)) == 0
    assert capsys.readouterr().out.startswith("SIMULATED DATA")


def test_explain_tells_an_incident_by_either_name(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anomaly, incident = query(
        own,
        f"select anomaly_id, incident_id from insights.anomalies "
        f"where period_start = '{DATE}' and kpi = 'units_sold'",
    )[0]
    assert run("explain", str(anomaly), "--db", str(own)) == 0
    first = capsys.readouterr().out
    assert run("explain", str(incident), "--db", str(own)) == 0
    assert "P3" in first
    assert "items per order" in first
    assert "duplicate load" in first
    assert "units_sold" in capsys.readouterr().out


def test_explain_tells_expected_band_methods_segments_and_cause(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, expected, lower, upper, methods = query(
        own,
        f"select anomaly_id, expected, lower, upper, methods from insights.anomalies "
        f"where period_start = '{DATE}' and kpi = 'units_sold'",
    )[0]
    assert run("explain", str(name), "--db", str(own)) == 0
    said = capsys.readouterr().out
    for number in (expected, lower, upper):
        assert f"{float(str(number)):,.0f}" in said
    assert str(methods).replace("_", " ") in said
    assert f"Where {name} comes from" in said
    assert "customer type" in said
    assert "product P3" in said.split("Named as the cause:")[1]


def test_explain_tells_a_program_the_same(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = query(own, "select incident_id from insights.incidents")[-1][0]
    assert run("explain", str(name), "--db", str(own), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["incident"]["incident_id"] == name
    assert {row["incident_id"] for row in found["anomalies"]} == {name}
    assert {"product": "P3"} in [row["segment"] for row in found["attributions"]]


def test_list_has_the_newest_first(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--db", str(own), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    ends = [row["period_end"] for row in found]
    assert ends == sorted(ends, reverse=True)
    assert len(ends) == query(own, "select count(*) from insights.incidents")[0][0]


def test_an_unknown_name_is_one_line(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ack", "nothing", "--db", str(own)) == 1
    assert "no such anomaly or incident" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["ack"], "acknowledged"),
        (["label", "false"], "false"),
        (["label", "real"], "real"),
        (["label", "one-off"], "one-off"),
        (["label", "new-normal"], "new normal"),
        (["snooze", "--until", "2999-01-01", "--note", "holidays"], "snoozed"),
    ],
)
def test_feedback_is_kept_and_honoured_by_the_next_run(
    own: Path, words: list[str], status: str
) -> None:
    incident = query(
        own, f"select incident_id from insights.anomalies where period_start = '{DATE}'"
    )[0][0]
    action, *rest = words
    assert run(action, str(incident), *rest, "--db", str(own), "--quiet") == 0
    assert run("--db", str(own), "--quiet") == 0
    rows = query(own, f"select status from insights.incidents where incident_id = '{incident}'")
    assert rows == [(status,)]


FINDING = "select anomaly_id, kpi, segment from insights.anomalies"


def snooze(path: Path, rows: Rows, until: dt.date) -> None:
    said = dt.datetime(2001, 1, 1)
    given = [FeedbackRow(*map(str, row), "snooze", until, None, said) for row in rows]
    record.append(path, "feedback", given)


def test_a_snoozed_incident_is_open_again_after_its_last_day_wherever_it_is_shown(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = str(
        query(own, f"select incident_id from insights.anomalies where period_start = '{DATE}'")[0][
            0
        ]
    )
    until = dt.date(2030, 5, 31)
    snooze(own, query(own, f"{FINDING} where incident_id = '{name}'"), until)
    for today, status in ((until, "snoozed"), (until + dt.timedelta(days=1), "open")):
        monkeypatch.setattr(findings, "today", lambda day=today: day)
        pipeline.run(own, today=today)
        kept = query(
            own, f"select distinct status from insights.anomalies where incident_id = '{name}'"
        )
        assert kept == [(status,)]
        assert run("list", "--json", "--db", str(own)) == 0
        rows = json.loads(capsys.readouterr().out)
        listed = {row["status"] for row in rows if row["incident_id"] == name}
        with reading(own) as connection:  # as report and dashboard do
            told = read_findings(connection).incidents
        shown = {row.status for row in told if row.incident_id == name}
        alerted = {row.status for row in read(own, today).incidents if row.incident_id == name}
        assert listed == shown == alerted == {status}


def test_a_replay_measures_a_snooze_by_the_day_it_replays(own: Path) -> None:
    (found,) = query(own, f"{FINDING} where period_start = '{DATE}' limit 1")
    last = FIRST_DAY + dt.timedelta(days=DAYS - 2)
    snooze(own, [found], last)
    status = f"select status from insights.anomalies where anomaly_id = '{found[0]}'"
    pipeline.run(own, last)
    assert query(own, status) == [("snoozed",)]
    pipeline.run(own, last + dt.timedelta(days=1))
    assert query(own, status) == [("open",)]


def test_what_was_found_of_a_kpi_that_is_gone_is_left_out_until_the_next_run(own: Path) -> None:
    (mixed, lead), (alone, _) = query(
        own,
        "select incident_id, kpi from insights.incidents join insights.anomalies "
        "using (incident_id) where anomaly_id = lead_anomaly_id order by anomalies.confidence desc",
    )
    of_it = query(own, f"select kpi from insights.anomalies where incident_id = '{mixed}'")
    others = {str(kpi) for (kpi,) in of_it} - {lead, "return_rate"}
    assert others
    with duckdb.connect(str(own)) as connection:
        connection.execute(f"delete from marts.dim_kpis where kpi in ('{lead}', 'return_rate')")
    assert [row.incident_id for row in read_incidents(own).incidents] == [mixed]
    told = terminal.explanation(read_explained(own, str(mixed)))
    named = set(re.findall(r"\((\w+)\)", told))
    assert others <= named
    assert not {str(lead), "return_rate"} & named
    with pytest.raises(RetailError, match="no such anomaly or incident"):
        read_explained(own, str(alone))
    found = read(own, DATE)
    assert {row.lead_anomaly_id for row in found.incidents} <= set(found.leads)


def test_a_snooze_must_end_in_the_future(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(query(own, "select incident_id from insights.incidents")[0][0])
    assert run("snooze", name, "--until", "2001-01-01", "--db", str(own)) == 1
    assert "that day is over" in capsys.readouterr().err


def test_what_was_labelled_real_teaches_the_baseline_nothing(own: Path) -> None:
    def expected_later() -> Rows:
        return query(
            own,
            "select grain, expected from insights.detection_limits where kpi = 'units_sold'",
        )

    assert run("--db", str(own), "--quiet") == 0
    before = expected_later()
    name = query(
        own,
        "select incident_id from insights.anomalies "
        f"where kpi = 'units_sold' and grain = 'daily' and period_start = '{DATE}'",
    )[0][0]
    assert run("label", str(name), "real", "--db", str(own), "--quiet") == 0
    assert run("--db", str(own), "--quiet") == 0
    masked = expected_later()
    assert masked != before
    found = query(
        own,
        f"select kpi from insights.anomalies where period_start = '{DATE}' and kpi = 'units_sold'",
    )
    assert found, "it is still tested and told"
    assert run("label", str(name), "false", "--db", str(own), "--quiet") == 0
    assert run("--db", str(own), "--quiet") == 0
    assert expected_later() == before
