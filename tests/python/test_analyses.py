"""The analyses answer their questions, and dbt knows the tables, readers and owners around it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from itertools import pairwise
from typing import Any

import duckdb
import pytest
import yaml

from conftest import PROJECT, Shop, copied
from retail.schema import TABLES

ANALYSES = sorted((PROJECT / "analyses").glob("*.sql"))
SOURCES = PROJECT / "models/insights/_insights__sources.yml"
PUBLIC_ROWS = 541_909
Answers = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def answers(detected: Shop, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Every analysis compiled by dbt and asked of the file: its rows by its name."""
    own = copied(detected, tmp_path_factory.mktemp("analyses"))
    done = own.dbt("compile", "--select", "resource_type:analysis")
    assert done.returncode == 0, done.stdout
    compiled = own.folder / "target/compiled/ecommerce_analytics/analyses"
    with duckdb.connect(str(detected.database), read_only=True) as connection:
        return {p.stem: rows(connection, (compiled / p.name).read_text()) for p in ANALYSES}


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ask(shop: Shop, query: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        return rows(connection, query)


def test_there_are_eleven_and_each_opens_with_its_question() -> None:
    assert len(ANALYSES) == 11
    for path in ANALYSES:
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        assert first.startswith("-- ")
        assert first.endswith("?")
        assert not rest[0].startswith("--")


def test_analyses_read_what_is_public_alone() -> None:
    public = {path.stem for path in (PROJECT / "models/marts").rglob("*.sql")}
    for path in ANALYSES:
        assert set(re.findall(r"ref\('(\w+)'\)", path.read_text(encoding="utf-8"))) <= public


@pytest.mark.parametrize("name", [path.stem for path in ANALYSES])
def test_every_analysis_answers(answers: Answers, name: str) -> None:
    assert answers[name]


def test_every_row_is_told_of_and_adds_up_to_the_raw_file(answers: Answers, shop: Shop) -> None:
    (raw,) = ask(
        shop,
        """
        select
            count(*) as rows_read,
            sum(try_cast(quantity as decimal(18, 0)) * try_cast(unit_price as decimal(18, 8)))
                as amount
        from raw.order_lines
        """,
    )
    told = answers["what_became_of_every_row"]
    assert sum(row["raw_rows"] for row in told) == raw["rows_read"]
    assert sum(row["amount"] for row in told if row["amount"] is not None) == raw["amount"]


def test_the_public_data_have_the_figures_that_are_known_of_them(answers: Answers) -> None:
    told = {row["place"]: row for row in answers["what_became_of_every_row"]}
    if sum(row["raw_rows"] for row in told.values()) != PUBLIC_ROWS:
        pytest.skip("not the public data set")
    assert told["duplicate"]["raw_rows"] == 5268
    assert sum(row["amount"] for row in told.values()) == Decimal("9747747.934")
    assert {row["country"] for row in answers["how_revenue_moves_by_country"]} >= {"EIRE"}
    assert len({row["country"] for row in answers["how_revenue_moves_by_country"]}) == 38


def test_countries_and_months_add_up_to_the_revenue_of_the_kpi(
    answers: Answers, detected: Shop
) -> None:
    (kpi,) = ask(
        detected,
        "select sum(numerator) as total from marts.fct_kpis_daily where kpi = 'total_revenue'",
    )
    told = answers["how_revenue_moves_by_country"]
    assert sum(row["net_revenue"] for row in told) == kpi["total"]
    assert all(
        later["change"] == later["net_revenue"] - earlier["net_revenue"]
        for earlier, later in pairwise(told)
        if earlier["country"] == later["country"]
    )


def test_customers_kept_are_those_of_both_months(answers: Answers, detected: Shop) -> None:
    bought: dict[tuple[int, int], set[str]] = {}
    for row in ask(detected, "select * from marts.fct_orders where is_sale"):
        if row["customer_id"] is not None:
            month = (row["order_date"].year, row["order_date"].month)
            bought.setdefault(month, set()).add(row["customer_id"])
    told = answers["what_new_and_returning_customers_bring"]
    months = sorted(bought)
    assert [row["customers_kept"] for row in told] == [
        None,
        *(len(bought[a] & bought[b]) for a, b in pairwise(months)),
    ]
    (total,) = ask(detected, "select sum(net_revenue) as net from marts.fct_orders")
    kinds = ("new_revenue", "returning_revenue", "guest_revenue")
    assert sum(row[kind] for row in told for kind in kinds) == total["net"]


def test_gains_and_losses_compare_the_last_two_whole_months(
    answers: Answers, detected: Shop
) -> None:
    told = answers["which_products_gained_and_lost"]
    (last,) = ask(detected, "select max(date_day) as day from marts.dim_dates")
    month = last["day"].replace(day=1)
    assert {row["month_start"] < month for row in told} == {True}
    best = told[0]
    (own,) = ask(
        detected,
        f"""
        select
            sum(net_revenue) filter (order_date >= date '{best["month_start"]}') as this,
            sum(net_revenue) filter (order_date < date '{best["month_start"]}') as before
        from marts.fct_order_lines
        where product = '{best["product"]}' and order_date < date '{month}'
            and order_date >= date '{best["month_start"]}' - interval 1 month
        """,
    )
    assert best["net_revenue"] == (own["this"] or 0)
    assert best["net_revenue_before"] == (own["before"] or 0)
    assert [row["change"] for row in told] == sorted((r["change"] for r in told), reverse=True)


def test_a_breakdown_adds_up_to_the_anomalys_change(answers: Answers) -> None:
    told = answers["what_an_anomaly_breaks_down_to"]
    for dimension in {row["dimensions"] for row in told}:
        parts = [row["contribution"] for row in told if row["dimensions"] == dimension]
        assert sum(parts) == pytest.approx(told[0]["change"])


def test_blind_spots_are_told_of_every_tested_kpi_at_its_own_cadence(
    answers: Answers, detected: Shop
) -> None:
    tested = ask(
        detected,
        """
        select distinct kpi from insights.forecasts
        inner join marts.dim_kpis using (kpi)
        where is_tested and segment = 'all' and grain = cadence
        """,
    )
    told = {row["kpi"] for row in answers["which_drops_would_go_unseen"]}
    assert told == {row["kpi"] for row in tested}


# ---------------------------------------------------------------------------- dbt's own pages


def declared() -> dict[str, dict[str, Any]]:
    (source,) = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    return {table["name"]: table for table in source["tables"]}


def test_dbt_knows_the_insights_tables_column_for_column() -> None:
    ours = {
        name: [(column.name, column.type.lower()) for column in table.columns]
        for name, table in TABLES.items()
    }
    theirs = {
        name: [(column["name"], column["data_type"]) for column in table["columns"]]
        for name, table in declared().items()
    }
    assert theirs == ours


def test_every_insights_table_and_column_is_described() -> None:
    for table in declared().values():
        assert len(table["description"]) > 20
        assert all(len(column["description"]) > 8 for column in table["columns"])


def test_the_file_has_the_tables_that_dbt_declares(detected: Shop) -> None:
    found = ask(
        detected,
        """
        select table_name as name, column_name as col, lower(data_type) as type
        from information_schema.columns
        where
            table_schema = 'insights'
            and table_name in (select table_name from duckdb_tables())
        order by table_name, ordinal_position
        """,
    )
    there: dict[str, list[tuple[str, str]]] = {}
    for row in found:
        there.setdefault(row["name"], []).append((row["col"], row["type"]))
    wanted = {
        name: [(column["name"], column["data_type"]) for column in table["columns"]]
        for name, table in declared().items()
    }
    assert len(there) > 10
    assert there == {name: wanted[name] for name in there}


@pytest.fixture(scope="module")
def documented(small_built: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop built and documented before detection ever ran."""
    shop = copied(small_built, tmp_path_factory.mktemp("documented"))
    made = shop.dbt("docs", "generate", "--static")
    assert made.returncode == 0, made.stdout
    return shop


def test_docs_are_made_before_detection_ever_ran(documented: Shop) -> None:
    page = (documented.folder / "target/static_index.html").read_text(encoding="utf-8")
    assert "insights" in page
    assert "E-Commerce Analytics Intelligence" in page


def manifest(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shop.folder / "target/manifest.json").read_text())
    return found


def test_every_reader_says_whose_it_is_and_what_it_reads(documented: Shop) -> None:
    exposures = manifest(documented)["exposures"].values()
    assert {e["name"] for e in exposures} == {"report", "why", "dashboard", "mcp", "alerts"}
    for exposure in exposures:
        assert exposure["owner"]["name"]
        assert exposure["maturity"] in ("high", "medium", "low")
        assert any(".insights." in name for name in exposure["depends_on"]["nodes"])


def test_report_and_why_are_said_to_read_what_they_read(documented: Shop) -> None:
    exposures = manifest(documented)["exposures"].values()
    nodes = [e["depends_on"]["nodes"] for e in exposures if e["name"] in ("report", "why")]
    said = {name.split(".")[-1] for names in nodes for name in names}
    files = (PROJECT / "python/retail/reading").glob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    read = {f"marts.{name}" for name in said} | {f"insights.{name}" for name in said}
    assert set(re.findall(r"\b(?:marts|insights)\.\w+", text)) <= read


def test_every_kpi_belongs_to_the_group_of_its_owner(documented: Shop) -> None:
    found = manifest(documented)
    groups = {name.split(".")[-1]: group for name, group in found["groups"].items()}
    for metric in found["metrics"].values():
        owner = metric["config"]["meta"].get("owner")
        if owner:
            assert groups[metric["group"]]["owner"]["name"] == owner


def test_only_marts_are_for_everybody(documented: Shop) -> None:
    models = [n for n in manifest(documented)["nodes"].values() if n["resource_type"] == "model"]
    public = {n["name"] for n in models if n["access"] == "public"}
    private = {n["name"] for n in models if n["access"] == "private"}
    assert public == {n["name"] for n in models if n["schema"] == "marts"}
    assert public | private == {n["name"] for n in models}
