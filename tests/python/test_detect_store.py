"""The store reads what is there up to a day, and writes everything or nothing."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from detect.errors import DetectError
from detect.records import MOST_SERIES
from retail.feedback import record
from retail.jobs.detection import pipeline, store
from retail.jobs.detection.preview import with_kpis
from retail.outputs import terminal
from retail.reading import ReadError, read_kpis, read_left_out, read_table, reading
from retail.schema import TABLES, FeedbackRow, IncidentRow
from retail.storage.errors import StorageError
from test_detect_shop import DAYS, FIRST_DAY, KPIS, build, segments

LAST_DAY = FIRST_DAY + dt.timedelta(days=DAYS - 1)
MIDDLE = FIRST_DAY + dt.timedelta(days=100)
NOW = dt.datetime(2024, 6, 1, 9)
LEDGER = ("order_count", "daily", "combined", 0.05, 100, 5, 0.05, 0.01, 0.1, True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.duckdb"
    build(path, segments())
    return path


@pytest.fixture
def own(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop to write to."""
    path = tmp_path / "own.duckdb"
    path.write_bytes(shop.read_bytes())
    return path


def count(path: Path, table: str) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute(f"select count(*) from insights.{table}").fetchone()
    assert row is not None
    return int(row[0])


def test_definitions_calendar_and_series_are_read(shop: Path) -> None:
    found = store.read_inputs(shop, None)
    assert {k.name for k in found.kpis} == {k.name for k in KPIS}
    assert next(k for k in found.kpis if k.name == "return_rate") == next(
        k for k in KPIS if k.name == "return_rate"
    )
    assert found.dates.day.size == DAYS
    assert found.as_of == LAST_DAY
    assert found.panels["daily"].value.shape == (len(KPIS) + 2, DAYS)
    assert found.panels["weekly"].value.shape == (len(KPIS) + 2, DAYS // 7)
    assert found.source.rows == 1000


def test_every_threshold_of_a_definition_is_read_from_its_own_column(own: Path) -> None:
    with duckdb.connect(str(own)) as connection:
        known = connection.execute("select * from marts.dim_kpis").description
        numbers = [name for name, kind, *_ in known if str(kind) in {"DOUBLE", "NUMBER"}]
        given = {name: 1000.0 + place for place, name in enumerate(numbers)}
        assert "level_shift_threshold" in given
        changed = ", ".join(f"{name} = {value}" for name, value in given.items())
        connection.execute(f"update marts.dim_kpis set {changed} where kpi = 'return_rate'")
    (kpi,) = (k for k in store.read_inputs(own, None).kpis if k.name == "return_rate")
    assert {name: getattr(kpi, name) for name in given} == given


CAME = FIRST_DAY + dt.timedelta(days=100)
JUDGED_FROM = (CAME.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
"""A segment that came then is among the largest from the next month on."""


def add_segments(path: Path) -> None:
    """Give a KPI 600 small segments, and late two that come small and large."""
    with duckdb.connect(str(path)) as connection:
        for grain in ("daily", "weekly"):
            connection.execute(
                f"""
                insert into marts.fct_kpis_{grain} by name
                with added as (
                    select 'small ' || i as segment, 1.0 + i / 1000 as amount, date '{FIRST_DAY}' as
                        came from range(600) as r(i)
                    union all values ('late and small', 0.1, date '{CAME}'),
                        ('late and large', 100.0, date '{CAME}')
                )
                select
                    kpi, added.segment, period_start,
                    if(period_start >= came, amount, 0) as value,
                    if(period_start >= came, amount, 0) as numerator,
                    denominator, is_complete, is_warm_up
                from (
                    select * exclude (segment) from marts.fct_kpis_{grain}
                    where kpi = 'revenue_by_country' qualify segment = min(segment) over ()
                )
                cross join added
                """
            )


def judged(path: Path, as_of: dt.date | None = None) -> dict[str, list[dt.date]]:
    """The days on which each segment of a KPI is not small; without days it has no series."""
    panel = store.read_inputs(path, as_of).panels["daily"]
    return {
        series.segment: [day.astype(dt.date) for day in panel.period[~panel.is_small[row]]]
        for row, series in enumerate(panel.series)
        if series.kpi.name == "revenue_by_country"
    }


def test_only_the_largest_segments_so_far_are_judged_as_series(own: Path) -> None:
    add_segments(own)
    every = judged(own)
    per_day = Counter(day for days in every.values() for day in days)
    assert set(per_day.values()) == {MOST_SERIES}
    assert "late and small" not in every
    assert every["late and large"][0] == JUDGED_FROM
    assert len(every["small 599"]) > len(every.get("small 0", []))


def test_a_segment_is_judged_the_same_whatever_comes_later(own: Path) -> None:
    add_segments(own)
    every = judged(own)
    for as_of in (CAME, JUDGED_FROM + dt.timedelta(days=3)):
        then = {name: days for name, days in judged(own, as_of).items() if days}
        until = {name: [day for day in days if day <= as_of] for name, days in every.items()}
        assert then == {name: days for name, days in until.items() if days}


def test_a_shop_of_few_segments_is_judged_whole(shop: Path) -> None:
    assert not any(panel.is_small.any() for panel in store.read_inputs(shop, None).panels.values())


def test_segments_that_are_not_judged_are_told_where_the_user_looks(own: Path) -> None:
    add_segments(own)
    pipeline.run(own)
    with reading(own) as connection:
        (sentence,) = read_left_out(connection, read_kpis(connection))
    assert "of 605 segments (country) are judged as series" in sentence
    assert sentence in terminal.summary(own, colour=False)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (["A"], "1 product sells under another code, called the same, and is judged anew under it"),
        (["A", "B"], "2 products sell under another code, called the same, and are judged anew"),
    ],
)
def test_products_under_another_code_are_told_where_the_user_looks(
    own: Path, codes: list[str], told: str
) -> None:
    pipeline.run(own)
    with duckdb.connect(str(own)) as connection:
        connection.execute(
            "create or replace table marts.dim_products as "
            "select unnest(['A', 'B']) as product, 'RED  MUG' as description"
        )
        connection.executemany(
            "insert into insights.renamed_products values (?, 'N' || ?, date '2024-03-01')",
            [(code, code) for code in codes],
        )
    with reading(own) as connection:
        (sentence,) = read_left_out(connection, read_kpis(connection))
    assert sentence.startswith(told)
    assert sentence.endswith(": RED MUG is NA since 1 March 2024, A before.")
    assert sentence in terminal.summary(own, colour=False)


def put_beside(own: Path, scale: str, unit: str) -> None:
    """What stands beside the KPIs: a share beside the orders, figures of a unit beside the rest."""
    with duckdb.connect(str(own)) as connection:
        connection.execute(
            f"""
            create table marts.fct_typical_orders_daily as
            select
                kpi, 'Typical' as label, '{scale}' as scale, period_start, value,
                case kpi when 'order_count' then 'ratio' else '{unit}' end as unit
            from marts.fct_kpis_daily where segment = 'all'
            """
        )


def test_a_share_beside_a_kpi_keeps_the_usual_limit_of_level_shifts(own: Path) -> None:
    put_beside(own, "log", "items")
    with duckdb.connect(str(own)) as connection:
        connection.execute("update marts.dim_kpis set level_shift_threshold = 4")
    typical = store.read_inputs(own, None).typical
    assert typical is not None
    limits = {s.kpi.name: s.kpi.level_shift_threshold for s in typical.series}
    assert limits["order_count"] == 5.0
    assert limits["items_per_order"] == 4.0


def test_a_preview_judges_what_stands_beside_a_kpi_by_the_settings_tried(own: Path) -> None:
    """As a run does once the definitions have them."""
    put_beside(own, "logit", "currency")
    now = store.read_inputs(own, None)
    tried = [replace(k, z_threshold=9.0, level_shift_threshold=4.0) for k in now.kpis]
    with duckdb.connect(str(own)) as connection:
        connection.execute("update marts.dim_kpis set z_threshold = 9, level_shift_threshold = 4")
    typical, then = with_kpis(now, tried).typical, store.read_inputs(own, None).typical
    assert typical is not None
    assert then is not None
    assert typical.series == then.series
    assert now.typical is not None
    assert typical.series != now.typical.series


def test_a_ratio_on_a_closed_day_is_missing_and_a_sum_is_zero(shop: Path) -> None:
    daily = store.read_inputs(shop, None).panels["daily"]
    saturday = daily.value[:, 5]
    for series, value in zip(daily.series, saturday, strict=True):
        assert np.isnan(value) if series.kpi.denominator else value == 0


def test_nothing_after_the_day_is_read(shop: Path) -> None:
    found = store.read_inputs(shop, MIDDLE)
    assert found.as_of == MIDDLE
    assert found.dates.day[-1] == np.datetime64(MIDDLE)
    assert found.panels["daily"].period[-1] == np.datetime64(MIDDLE)
    assert found.panels["weekly"].period_end()[-1] <= np.datetime64(MIDDLE)


def test_measures_that_only_grow_are_told_from_those_that_can_shrink(shop: Path, own: Path) -> None:
    with duckdb.connect(str(own)) as connection:
        connection.execute(
            "update marts.fct_segments_daily set net_revenue = -5 where hour = 9 and units > 0"
        )
    assert "units" in store.read_inputs(shop, None).accumulating
    assert "net_revenue" not in store.read_inputs(own, None).accumulating


def test_cells_are_coded_and_in_order_of_period(shop: Path) -> None:
    periods = np.array([FIRST_DAY + dt.timedelta(days=d) for d in (3, 8)], dtype="datetime64[D]")
    found = store.read_segments(shop, "daily", periods, ["units", "orders"])
    assert (found.period == periods).all()
    assert found.members["country"] == ("France", "Norway", "United Kingdom")
    second = found.rows(periods[1])
    with duckdb.connect(str(shop), read_only=True) as connection:
        expected = connection.execute(
            "select country, sum(units) from marts.fct_segments_daily where period_start = ? "
            "group by 1 order by 1",
            [periods[1].astype(dt.date)],
        ).fetchall()
    sums = np.bincount(found.codes["country"][second], found.measures["units"][second])
    assert sums.tolist() == pytest.approx([units for _, units in expected])


def test_holidays_reach_beyond_the_last_day(own: Path) -> None:
    with duckdb.connect(str(own)) as connection:
        connection.execute(
            "update marts.dim_dates set holiday = 'May Day' where date_day = ?", [MIDDLE]
        )
        connection.execute(
            "create table marts.dim_holidays as "
            "select * from (values (?, 'May Day'), (?, 'Later')) as t(date_day, holiday)",
            [MIDDLE, LAST_DAY + dt.timedelta(days=2)],
        )
    found = store.read_inputs(own, None).dates.holidays
    assert found.tolist() == [MIDDLE, LAST_DAY + dt.timedelta(days=2)]


# ---------------------------------------------------------------------------------- writing


def test_results_replace_and_runs_append(own: Path) -> None:
    run = ("r", NOW, NOW, LAST_DAY, "finished", "given", 1000, 0, "1.0")
    for _ in range(2):
        store.write_insights(own, {"calibration": [LEDGER], "runs": [run]})
    assert count(own, "calibration") == 1
    assert count(own, "runs") == 2


def test_a_failure_leaves_the_last_tables_alone(own: Path) -> None:
    store.write_insights(own, {"calibration": [LEDGER]})
    broken = (*LEDGER[:3], "no number", *LEDGER[4:])
    with pytest.raises((StorageError, ValueError)):
        store.write_insights(own, {"calibration": [LEDGER, LEDGER], "detection_limits": [broken]})
    assert count(own, "calibration") == 1


def test_a_killed_writer_leaves_the_last_tables_alone(own: Path) -> None:
    store.write_insights(own, {"calibration": [LEDGER]})
    script = f"""
        import os, signal
        from pathlib import Path
        from retail.jobs.detection import store
        write = store.insights._write
        def write_or_die(connection, name, rows):
            if name == "runs":
                os.kill(os.getpid(), signal.SIGKILL)
            write(connection, name, rows)
        store.insights._write = write_or_die
        store.write_insights(Path({str(own)!r}), {{"calibration": [], "runs": []}})
    """
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert count(own, "calibration") == 1


def test_feedback_stays_when_results_are_replaced(own: Path) -> None:
    given = FeedbackRow("a", "order_count", "all", "snooze", LAST_DAY, "why", NOW)
    record.append(own, "feedback", [given])
    store.write_insights(own, {"calibration": [LEDGER]})
    assert store.read_feedback(own) == [given]


def test_without_feedback_there_is_none(shop: Path) -> None:
    assert store.read_feedback(shop) == []


def test_every_table_can_be_written_empty_and_read_back(own: Path) -> None:
    store.write_insights(own, {name: [] for name in TABLES})
    with reading(own) as connection:
        assert all(not read_table(connection, TABLES[name].record, name) for name in TABLES)


# ----------------------------------------------------------------------------------- errors


def test_a_missing_database_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such database; run `dbt build` first"):
        store.read_inputs(tmp_path / "none.duckdb", None)


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "text.duckdb"
    path.write_text("these are words, not pages of a database" * 500)
    with pytest.raises(StorageError, match="not a DuckDB file"):
        store.read_inputs(path, None)


def test_a_database_without_marts_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(DetectError, match=r"no table marts\.dim_dates; run `dbt build` first"):
        store.read_inputs(path, None)


def test_a_database_without_its_shop_is_one_line_before_anything_is_written(own: Path) -> None:
    with duckdb.connect(str(own)) as connection:
        connection.execute("drop table marts.dim_shop")
    before = own.read_bytes()
    with pytest.raises(DetectError, match=r"no table marts\.dim_shop; run `dbt build` first"):
        pipeline.run(own)
    assert own.read_bytes() == before


def test_a_day_before_all_data_is_one_line(shop: Path) -> None:
    with pytest.raises(DetectError, match=r"marts\.dim_dates has no day up to 1999-01-01"):
        store.read_inputs(shop, dt.date(1999, 1, 1))


def test_no_run_yet_is_one_line(shop: Path) -> None:
    with pytest.raises(ReadError, match="no finished run yet"), reading(shop) as connection:
        read_table(connection, IncidentRow, "incidents")


def test_a_locked_file_is_waited_for_and_then_one_line(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.connection, "PATIENCE_SECONDS", 0.5)
    script = f"""
        import duckdb, sys
        connection = duckdb.connect({str(own)!r})
        print("holding", flush=True)
        sys.stdin.read()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        with pytest.raises(StorageError, match="locked by another program"):
            store.read_inputs(own, None)
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()
    assert store.read_inputs(own, None).as_of == LAST_DAY
