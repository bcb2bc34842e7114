"""A column of insights is one entry: file, readers and documentation follow from it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import duckdb
import pytest
import yaml

from conftest import PROJECT
from detect import records
from retail.feedback import record
from retail.jobs.detection import store
from retail.reading import (
    PERIOD_DAYS,
    SEVERITIES,
    ReadError,
    history,
    read_feedback,
    read_table,
    reading,
)
from retail.schema import (
    ALL,
    FORMER,
    GRAINS,
    TABLES,
    FeedbackRow,
    RunRow,
    Table,
    documentation,
)
from retail.schema.reflection import columns_of

NOW = dt.datetime(2024, 6, 1, 9)
BY_CONTRACT = {"direction", "method", "p_value", "period_start", "segment", "status"}
"""Names that the contract fixes with a meaning per table, e.g. `direction`."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    duckdb.connect(str(path)).close()
    return path


def wider(name: str, column: str, kind: object) -> Table:
    """A table with one more field in its record, and nothing else."""
    table = TABLES[name]
    record = dataclasses.make_dataclass(
        table.record.__name__, [(column, kind, None)], bases=(table.record,), frozen=True
    )
    return dataclasses.replace(table, record=record)


@dataclass(frozen=True)
class Found:
    """What a table is written from: attributes by name, whatever the table asks for."""

    text: str

    def __getattr__(self, name: str) -> object:
        usual = {"grain": "daily", "period_start": NOW.date(), "upper_share": 0.25, "kpi": self}
        return usual.get(
            name, 1.5 if name in ("min_detectable_increase", "min_detectable_decrease") else 0.5
        )


def test_a_new_column_is_one_entry(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Annotated[float | None, "What part of all periods lies above: a test's own column."]
    monkeypatch.setitem(TABLES, "detection_limits", wider("detection_limits", "upper_share", kind))
    store.write_insights(database, store.rows_of({"detection_limits": [Found("units_sold")]}))
    with reading(database) as connection:
        (row,) = read_table(connection, TABLES["detection_limits"].record, "detection_limits")
        types = connection.execute(
            "select data_type from information_schema.columns where column_name = 'upper_share'"
            " and table_name = 'detection_limits'"
        ).fetchall()
    assert row.upper_share == 0.25
    assert types == [("DOUBLE",)]
    (source,) = yaml.safe_load(documentation.as_yaml())["sources"]
    (spots,) = [table for table in source["tables"] if table["name"] == "detection_limits"]
    assert spots["columns"][-1] == {
        "name": "upper_share",
        "data_type": "double",
        "description": "What part of all periods lies above: a test's own column.",
    }


def test_the_documentation_is_the_one_that_is_written_from_the_records() -> None:
    kept = (PROJECT / documentation.FILE).read_text(encoding="utf-8")
    assert kept == documentation.as_yaml(), "run `retail schema`"


def test_a_history_gets_the_columns_that_it_lacks_and_keeps_its_rows(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunRow("r", NOW, NOW, NOW.date(), "finished", "given", 1000, 0, "1.0")
    store.write_insights(database, store.rows_of({"runs": [run]}))
    kind = Annotated[str | None, "Who ran it: a test's own column."]
    monkeypatch.setitem(TABLES, "runs", wider("runs", "run_by", kind))
    wide = TABLES["runs"].record
    with reading(database) as connection:
        (row,) = read_table(connection, wide, "runs")
    assert (row.run_id, row.run_by) == ("r", None)
    store.write_insights(
        database, store.rows_of({"runs": [wide(*dataclasses.astuple(run), "Ann")]})
    )
    with reading(database) as connection:
        rows = read_table(connection, wide, "runs", "order by rowid")
    assert [row.run_by for row in rows] == [None, "Ann"]


def test_what_people_said_gets_the_columns_that_it_lacks_and_keeps_its_rows(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = FeedbackRow("a", "order_count", "all", "ack", None, "seen", NOW)
    record.append(database, "feedback", [said])
    kind = Annotated[str | None, "Who said it: a test's own column."]
    monkeypatch.setitem(TABLES, "feedback", wider("feedback", "said_by", kind))
    wide = TABLES["feedback"].record
    monkeypatch.setattr(history, "FeedbackRow", wide)
    with reading(database) as connection:
        (row,) = read_feedback(connection)
    assert (row.anomaly_id, row.said_by) == ("a", None)  # type: ignore[attr-defined]
    record.append(database, "feedback", [wide(*dataclasses.astuple(said), "Ann")])
    with reading(database) as connection:
        assert [row.said_by for row in read_feedback(connection)] == [None, "Ann"]  # type: ignore[attr-defined]


def test_a_table_that_an_earlier_version_wrote_is_told_of_in_one_line(database: Path) -> None:
    store.write_insights(database, {name: [] for name in TABLES})
    with duckdb.connect(str(database)) as connection:
        connection.execute("alter table insights.anomalies rename favourability to effect")
    with (
        pytest.raises(ReadError, match="no column favourability: an earlier version wrote it"),
        reading(database) as connection,
    ):
        read_table(connection, TABLES["anomalies"].record, "anomalies")


@pytest.mark.parametrize("kind", ["table", "view"])
def test_no_table_of_an_old_version_stays_as_it_was(database: Path, kind: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema insights")
        for old in FORMER:
            connection.execute(f"create {kind} insights.{old} as select 'long ago' as kpi")
    store.write_insights(database, {name: [] for name in TABLES})
    with duckdb.connect(str(database), read_only=True) as connection:
        left = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'insights'"
        ).fetchall()
    assert {name for (name,) in left} == set(TABLES)


def test_an_early_warning_is_read_as_an_anomaly(database: Path) -> None:
    store.write_insights(database, {name: [] for name in TABLES})
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into insights.early_warnings by name select 'w' as warning_id, 'k' as kpi, "
            "'all' as segment, 'daily' as grain, date '2024-06-01' as period_start, "
            "90 as lower_bound, 40 as expected, 60 as upper, 'period_to_date, iqr' as methods"
        )
    with reading(database) as connection:
        (row,) = read_table(connection, TABLES["early_warnings"].record, "early_warnings")
    assert (row.anomaly_id, row.actual, row.lower, row.direction) == ("w", 90, None, "up")
    assert row.is_early


def test_a_field_without_a_description_is_refused() -> None:
    for kind in (str, Annotated[str, 1], Annotated[list[str], "a list"]):
        record = dataclasses.make_dataclass("Row", [("place", kind)])
        with pytest.raises(TypeError, match=r"Row\.place: wants Annotated"):
            columns_of(record)


def test_a_column_name_means_one_thing() -> None:
    said: dict[str, set[tuple[str, str]]] = {}
    for table in TABLES.values():
        for column in table.columns:
            said.setdefault(column.name, set()).add((column.type, column.description))
    assert {name for name, meanings in said.items() if len(meanings) > 1} == BY_CONTRACT


def test_the_engine_uses_the_words_of_its_readers() -> None:
    """They are written once, in the engine."""
    words = records.ALL, records.GRAINS, records.PERIOD_DAYS, records.SEVERITIES
    assert words == (ALL, GRAINS, PERIOD_DAYS, SEVERITIES)
