"""What an earlier run explained is kept while nothing it rests on has changed."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Container, Sequence
from pathlib import Path

import duckdb
import pytest

from conftest import Shop
from detect import attribution, diagnostics
from detect.anomalies import Scan
from detect.attribution.dimensions import Dimension
from detect.attribution.segments import Segments
from detect.diagnostics import DetectionLimit
from detect.records import PRICE_HISTORY, Anomaly, Attribution, Days
from retail.jobs.detection import explain, explanation_cache, pipeline
from retail.jobs.detection.store import insights as insights_store
from retail.jobs.detection.store import members as members_store
from retail.reading.file import Connection
from retail.reading.proof import Fault
from retail.schema import NarrativeFactRow

OF_THE_RUN = ("runs", "explanation_cache")


@pytest.fixture(scope="module")
def looked_at(quick: Shop) -> Path:
    """A shop after one run of detection; read only."""
    return quick.database


@pytest.fixture
def database(looked_at: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "retail.duckdb"
    shutil.copyfile(looked_at, copy)
    return copy


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of findings that are attributed, grains with new limits, and stories derived again."""
    asked: list[str] = []

    def attribute(found: list[Anomaly], segments: Segments, usable: Days) -> list[Attribution]:
        asked.extend(a.anomaly_id for a in found)
        return real_attribute(found, segments, usable)

    def detection_limits(scan: Scan) -> list[DetectionLimit]:
        asked.append(scan.features.panel.grain)
        return real_blind_spots(scan)

    def prove(
        connection: Connection, but: Container[str]
    ) -> tuple[list[NarrativeFactRow], list[Fault]]:
        facts, faults = real_prove(connection, but)
        asked.extend(story_of(fact.incident_id) for fact in facts)
        return facts, faults

    real_prove = insights_store.prove
    real_attribute, real_blind_spots = attribution.attribute, diagnostics.detection_limits
    monkeypatch.setattr(explain.attribution, "attribute", attribute)
    monkeypatch.setattr(diagnostics, "detection_limits", detection_limits)
    monkeypatch.setattr(insights_store, "prove", prove)
    return asked


@pytest.fixture
def added_up(monkeypatch: pytest.MonkeyPatch) -> list[dt.date]:
    """Days on which it is added up anew what each member sold."""
    asked: list[dt.date] = []

    def add_up(connection: Connection, dimensions: Sequence[Dimension]) -> None:
        days = connection.execute("select order_date from fresh_days order by 1").fetchall()
        asked.extend(day for (day,) in days)
        real_add_up(connection, dimensions)

    real_add_up = members_store._add_up
    monkeypatch.setattr(members_store, "_add_up", add_up)
    return asked


def story_of(incident_id: str) -> str:
    return f"story of {incident_id}"


def insights(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every insights table but for what says when and from what, each row in its place."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'insights'"
        ).fetchall()
        return {
            name: connection.execute(
                f"select columns(lambda c: c != 'input_hash') from insights.{name}"
            ).fetchall()
            for (name,) in tables
            if name not in OF_THE_RUN
        }


def test_a_second_run_explains_nothing_anew_and_says_the_same(
    looked_at: Path, database: Path, explained: list[str], added_up: list[dt.date]
) -> None:
    outcome = pipeline.run(database)
    assert outcome.anomalies
    assert explained == []
    assert added_up == []
    assert insights(database) == insights(looked_at)


def test_other_lines_in_a_period_have_the_findings_that_look_at_it_explained_again(
    looked_at: Path, database: Path, explained: list[str]
) -> None:
    with duckdb.connect(str(database)) as connection:
        ((name, incident, grain, day),) = connection.execute(
            "select anomaly_id, incident_id, grain, period_start from insights.anomalies"
            " where grain = 'daily' order by period_start limit 1"
        ).fetchall()
        connection.execute(
            f"update marts.fct_segments_{grain} set source_checksum = 'others' "
            "where period_start = ?",
            [day],
        )
    pipeline.run(database)
    assert {name, story_of(incident)} <= set(explained)
    assert insights(database) == insights(looked_at)


def test_other_lines_after_a_finding_leave_it_explained_as_it_was(
    database: Path, explained: list[str]
) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.fct_segments_daily set source_checksum = 'others'"
            " where period_start = (select max(period_start) from marts.fct_segments_daily)"
        )
        earlier = connection.execute(
            "select anomaly_id, incident_id from insights.anomalies where grain = 'daily'"
            " and period_start < (select max(period_start) from marts.fct_segments_daily)"
        ).fetchall()
    pipeline.run(database)
    assert earlier
    assert {name for name, _ in earlier}.isdisjoint(explained)
    told = {story_of(incident) for _, incident in earlier}
    assert not told <= set(explained)


def test_members_are_added_up_again_from_a_day_with_other_lines_while_its_prices_are_usual(
    looked_at: Path, database: Path, added_up: list[dt.date]
) -> None:
    with duckdb.connect(str(database)) as connection:
        days = connection.execute("select distinct order_date from marts.fct_kpi_lines order by 1")
        traded = [day for (day,) in days.fetchall()]
        changed = traded[len(traded) // 2]
        connection.execute(
            "update marts.fct_segments_daily set source_checksum = 'others' where period_start = ?",
            [changed],
        )
        connection.execute(
            "update insights.members_daily set orders = -1 where order_date = ?", [changed]
        )
    pipeline.run(database)
    assert added_up == [day for day in traded if changed <= day <= changed + PRICE_HISTORY]
    assert insights(database) == insights(looked_at)


def test_what_members_sold_adds_up_to_the_kpis(looked_at: Path) -> None:
    with duckdb.connect(str(looked_at), read_only=True) as connection:
        differences = connection.execute(
            """
            with sold as (
                select order_date, dimension, sum(orders) as orders, sum(net_revenue) as revenue
                from insights.members_daily group by all
            ),
            kpis as (
                pivot (from marts.fct_kpis_daily where segment = 'all')
                on kpi in ('order_count', 'total_revenue') using any_value(value)
                group by period_start
            )
            select sold.* from sold inner join kpis on order_date = period_start
            where abs(revenue - total_revenue) > 0.005
                or (dimension = 'all' and orders != order_count)
            """
        ).fetchall()
        counted = connection.execute(
            """
            select count(distinct dimension), count(distinct order_date) from insights.members_daily
            """
        ).fetchall()
    assert differences == []
    assert counted[0][0] > 3
    assert counted[0][1] > 100


def test_other_code_has_everything_explained_again(
    database: Path,
    explained: list[str],
    added_up: list[dt.date],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(explanation_cache, "hash_code", lambda: "other")
    outcome = pipeline.run(database)
    found = {a.anomaly_id for a in outcome.anomalies + outcome.warnings}
    told = {story_of(incident.incident_id) for incident in outcome.incidents}
    assert set(explained) == found | {"daily", "weekly"} | told
    assert len(added_up) > 100


@pytest.mark.parametrize(
    "change",
    [
        "update marts.dim_dimensions set root_cause_use = 'never' where dimension = 'region'",
        pytest.param(
            "update marts.dim_measures set expr = '0' where measure = 'units'",
            marks=pytest.mark.full,
        ),
        pytest.param("update marts.dim_countries set region = 'elsewhere'", marks=pytest.mark.full),
    ],
)
def test_another_definition_of_segments_has_every_finding_explained_again(
    database: Path, explained: list[str], change: str
) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(change)
    outcome = pipeline.run(database)
    assert set(explained) >= {a.anomaly_id for a in outcome.anomalies + outcome.warnings}


def test_nothing_is_kept_where_the_tables_do_not_tell_what_changed(
    looked_at: Path, database: Path, explained: list[str]
) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("update marts.fct_segments_weekly set source_checksum = null")
    outcome = pipeline.run(database)
    found = {a.anomaly_id for a in outcome.anomalies + outcome.warnings}
    told = {story_of(incident.incident_id) for incident in outcome.incidents}
    assert set(explained) == found | {"daily", "weekly"} | told
    assert insights(database) == insights(looked_at)
