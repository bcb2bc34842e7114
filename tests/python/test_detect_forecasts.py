"""What was expected of every period, as other programs read it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import numpy as np
import pytest

from detect import calendar, forecasts
from detect.anomalies import scan
from detect.features import prepare
from retail.jobs.detection import pipeline
from test_detect_shop import (
    DAYS,
    FIRST_DAY,
    build,
    bulk_order,
    dates,
    kpi,
    panel,
    plant,
    segments,
)

DAY = 122
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop closed on Saturdays, with a bulk order, whose last day is not over."""
    path = tmp_path_factory.mktemp("expectations") / "shop.duckdb"
    build(path, plant(segments(), DAY, bulk_order), last_is_complete=False)
    pipeline.run(path)
    return path


def query(path: Path, text: str) -> Rows:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(text).fetchall()


@pytest.mark.parametrize("grain", ["daily", "weekly"])
def test_every_period_of_every_series_is_there_once_with_its_value(shop: Path, grain: str) -> None:
    rows = query(
        shop,
        f"""
        select count(*), count(distinct (e.kpi, e.segment, e.period_start)),
            count(*) filter (f.value is distinct from e.actual),
            (select count(*) from marts.fct_kpis_{grain})
        from insights.forecasts as e
        inner join marts.fct_kpis_{grain} as f using (kpi, segment, period_start)
        where e.grain = '{grain}'
        """,
    )
    (count, distinct, different, wanted) = rows[0]
    assert count == distinct == wanted
    assert different == 0


def test_an_anomaly_has_the_band_of_its_period(shop: Path) -> None:
    rows = query(
        shop,
        """
        select a.actual = e.actual and a.expected = e.expected and a.lower = e.lower
            and a.upper = e.upper and e.is_tested
        from insights.anomalies as a
        left join insights.forecasts as e using (kpi, segment, grain, period_start)
        """,
    )
    assert rows
    assert set(rows) == {(True,)}


def test_what_was_tested_has_a_band_and_the_rest_a_reason(shop: Path) -> None:
    rows = query(
        shop,
        """
        select count(*) from insights.forecasts
        where is_tested != (skip_reason is null)
            or (is_tested and not (lower <= expected and expected <= upper))
        """,
    )
    assert rows == [(0,)]


def test_closed_days_have_no_band_and_the_unfinished_one_has(shop: Path) -> None:
    rows = query(
        shop,
        f"""
        select period_start - date '{FIRST_DAY}', skip_reason, expected is not null
        from insights.forecasts
        where kpi = 'order_count' and grain = 'daily'
        order by period_start desc limit 9
        """,
    )
    assert rows[0][1:] == ("incomplete", True)
    assert ("no_trade", False) in {row[1:] for row in rows}
    assert all(
        row[1] is None and row[2] for row in rows if row[1] not in ("incomplete", "no_trade")
    )


def test_a_young_shop_is_told_to_be_young(tmp_path: Path) -> None:
    path = tmp_path / "young.duckdb"
    build(path, segments(days=20))
    pipeline.run(path)
    reasons = query(path, "select distinct skip_reason from insights.forecasts where is_tested")
    assert reasons == []
    assert ("short_history",) in query(path, "select distinct skip_reason from insights.forecasts")


def test_an_unfinished_period_of_a_series_with_hardly_any_business_has_no_expectation() -> None:
    rng = np.random.default_rng(2)
    busy = rng.poisson(50.0, DAYS).astype(np.float64)
    thin = np.where(np.arange(DAYS) % 3 == 0, 500.0, 0.0)
    complete = np.broadcast_to(np.arange(DAYS) < DAYS - 1, (2, DAYS))
    given = dataclasses.replace(
        panel(np.stack([busy, thin]), kpi(), kpi("total_revenue", unit="currency £")),
        is_complete=complete,
    )
    found = scan(prepare(given, calendar.learn(dates(closed=()))))
    last = {row.kpi: row for row in forecasts.build(found) if row.skip_reason == "incomplete"}
    assert np.isfinite(last["order_count"].expected)
    assert np.isnan(last["total_revenue"].expected)
