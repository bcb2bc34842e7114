"""The finished file of a shop in Python: frames that are its tables, and the page about them."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import detect
import retail
from conftest import PROJECT, Shop
from retail.api import Database, Why
from retail.errors import RetailError
from retail.feedback import record
from retail.reading import read_findings, reading

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def asked(quick: Shop) -> Database:
    return retail.open(quick.database)


def sql(asked: Database, query: str, *parameters: object) -> pd.DataFrame:
    with duckdb.connect(str(asked.path), read_only=True) as connection:
        return connection.execute(query, list(parameters)).df()


@pytest.fixture(scope="module")
def week(asked: Database) -> tuple[dt.date, dt.date]:
    """A complete week."""
    found = sql(asked, "select max(period_start) from marts.fct_kpis_weekly where is_complete")
    monday = found.iloc[0, 0].date()
    return monday, monday + 6 * DAY


def test_incidents_and_anomalies_are_those_of_the_tables(asked: Database) -> None:
    incidents, anomalies = asked.incidents(), asked.anomalies()
    table = sql(asked, "select incident_id, headline, confidence from insights.incidents")
    assert len(incidents) == len(table) > 0
    mine = incidents[list(table)].sort_values("incident_id", ignore_index=True)
    pd.testing.assert_frame_equal(
        mine, table.sort_values("incident_id", ignore_index=True), check_dtype=False
    )
    assert incidents["period_end"].is_monotonic_decreasing
    assert str(incidents["period_start"].dtype) == "datetime64[s]"
    late = sql(asked, "select anomaly_id from insights.anomalies")["anomaly_id"]
    assert set(anomalies.loc[~anomalies["is_early"], "anomaly_id"]) == set(late)


def test_what_people_said_since_the_run_shows_at_once(asked: Database, tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    shutil.copyfile(asked.path, path)
    own = retail.open(path)
    name = own.incidents()["incident_id"].iloc[0]
    record.record_feedback(path, name, "ack", None, None)
    answered = own.incidents().set_index("incident_id")["status"]
    assert answered[name] == "acknowledged"


@pytest.mark.parametrize("grain", ["daily", "weekly"])
def test_a_kpi_is_its_table_with_what_was_expected(asked: Database, grain: str) -> None:
    found = asked.kpi("return_rate", grain=grain)  # type: ignore[arg-type]
    table = sql(
        asked,
        f"""
        select period_start, value, numerator::double as numerator, is_complete
        from marts.fct_kpis_{grain} where kpi = 'return_rate' order by 1
        """,
    )
    pd.testing.assert_frame_equal(found[list(table)], table, check_dtype=False)
    assert found["expected"].notna().sum() > 10


def test_a_kpi_comes_in_its_own_cadence_and_by_country(asked: Database) -> None:
    assert asked.kpi("repeat_rate")["period_start"].diff().max() == pd.Timedelta(days=7)
    assert asked.kpi("order_count")["period_start"].diff().max() == pd.Timedelta(days=1)
    by_country = asked.kpi("revenue_by_country")
    assert by_country["segment"].nunique() > 3
    country = by_country["segment"].iloc[0]
    one = asked.kpi("revenue_by_country", segment={"country": country})
    assert len(one) == (by_country["segment"] == country).sum()


def test_a_kpi_within_a_segment_is_counted_from_its_lines(asked: Database) -> None:
    found = asked.kpi("active_customers", "weekly", {"market": "international"})
    by_hand = sql(
        asked,
        """
        select
            date_trunc('week', order_date) as period_start,
            count(distinct customer_id)::double as value
        from marts.fct_order_lines
        where line_type = 'sale' and market = 'international' group by 1 order by 1
        """,
    )
    mine = found[found["value"] > 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine[list(by_hand)], by_hand, check_dtype=False)
    whole = asked.kpi("active_customers", "weekly")
    assert list(found["period_start"]) == list(whole["period_start"])


def test_the_best_sellers_of_a_segment_are_its_own(asked: Database) -> None:
    found = asked.kpi("product_concentration", "weekly", {"market": "domestic"}).dropna(
        subset=["value"]
    )
    by_hand = sql(
        asked,
        """
        with sold as (
            select
                date_trunc('week', order_date) as week, product, sum(gross_revenue) as revenue
            from marts.fct_order_lines
            where line_type = 'sale' and market = 'domestic' group by all
        ),
        ranked as (
            select *, row_number() over (partition by week order by revenue desc) as place
            from sold
        )
        select (sum(revenue) filter (place <= 10) / sum(revenue))::double as value
        from ranked group by week order by week
        """,
    )
    assert found["value"].tolist() == pytest.approx(by_hand["value"].tolist())


def test_an_answer_has_frames_that_add_up(asked: Database, week: tuple[dt.date, dt.date]) -> None:
    told = asked.why("revenue_per_order", *week, segment={"market": "domestic"})
    assert told.period == week
    assert told.against == (week[0] - 7 * DAY, week[0] - DAY)
    assert told.change == pytest.approx(told.value - told.value_against)
    sums = told.contributions.groupby("dimension")["contribution"].sum()
    assert sums.tolist() == pytest.approx([told.change] * len(sums))
    assert told.sides["contribution"].sum() == pytest.approx(told.change)
    assert {"mix", "rate", "weight", "weight_against", "against"} <= set(told.contributions)
    assert set(told.drivers["dimension"]) >= {"all", "country", "product"} - {"country"}
    assert str(told).startswith("Revenue per order of the domestic market")
    again = asked.why("revenue_per_order", *map(str, week), told.against, {"market": "domestic"})
    pd.testing.assert_frame_equal(again.contributions, told.contributions, check_exact=True)


def test_what_can_not_be_answered_is_said_in_one_line(asked: Database, tmp_path: Path) -> None:
    for ask in (
        lambda: asked.why("total_revenue", "1 May", "2 May"),
        lambda: asked.why("total_revenue", "1999-01-01", "1999-01-02"),
        lambda: asked.why("total_revenue", "2011-05-02", "2011-05-03", "magic"),  # type: ignore[arg-type]
        lambda: asked.kpi("total_revenues"),
        lambda: asked.kpi("total_revenue", "monthly"),  # type: ignore[arg-type]
        lambda: asked.kpi("total_revenue", segment={"country": "Atlantis"}),
        lambda: asked.kpi("total_revenue", segment={"continent": "Europe"}),
        lambda: retail.open(tmp_path / "none.duckdb"),
    ):
        with pytest.raises(RetailError) as refused:
            ask()
        assert len(str(refused.value).splitlines()) == 1


def test_a_build_is_published_under_an_open_shop(asked: Database, tmp_path: Path) -> None:
    """Nothing is held open between two questions, and the next one sees the new file."""
    path, built = tmp_path / "shop.duckdb", tmp_path / "built.duckdb"
    for file in (path, built):
        shutil.copyfile(asked.path, file)
    own = retail.open(path)
    assert len(own.incidents())
    with duckdb.connect(str(built)) as connection:
        connection.execute("delete from insights.incidents")
    built.replace(path)
    assert own.incidents().empty
    with reading(path) as connection:
        assert not read_findings(connection).incidents


def test_every_example_of_the_page_runs(asked: Database) -> None:
    """In order, as one notebook."""
    text = (PROJECT / "docs/python.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(examples) > 3
    names: dict[str, object] = {}
    for example in examples:
        exec(example.replace('"retail.duckdb"', repr(str(asked.path))), names)  # noqa: S102 - our own text
    assert isinstance(names["found"], detect.Result)
    assert isinstance(names["answer"], Why)
