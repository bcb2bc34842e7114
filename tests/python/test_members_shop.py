"""Members, from raw order lines to one incident with its product and country."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from conftest import PROJECT, Shop

COUNTRY = "Netherlands"
SHARE = 0.4
"""What is planted, as a share of a usual day's revenue: within the noise of a total."""


@pytest.fixture(scope="module")
def planted(quick: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, str, str]:
    """A shop after detection, in which one product sold in one country on one day; both names."""
    lines = pd.read_csv(quick.source, dtype=str, encoding="latin-1", keep_default_na=False)
    money = lines["Quantity"].astype(float) * lines["UnitPrice"].astype(float)
    moment = pd.to_datetime(lines["InvoiceDate"], format="mixed")
    day = moment.dt.normalize()
    daily = money.groupby(day).sum()
    chosen = daily.index[int(0.8 * len(daily))]
    often = lines["StockCode"].where(lines["StockCode"].str.match(r"^\d{5}")).value_counts()
    product = str(often.index[len(often) // 4])
    line = lines[lines["StockCode"] == product].iloc[0].copy()
    there = lines[(lines["Country"] == COUNTRY) & (lines["CustomerID"] != "")].iloc[0]
    line["Country"], line["CustomerID"] = COUNTRY, there["CustomerID"]
    line["InvoiceNo"], line["InvoiceDate"] = "599999", lines["InvoiceDate"][day == chosen].iloc[0]
    line["Quantity"] = str(round(SHARE * daily.median() / float(line["UnitPrice"])))
    folder = tmp_path_factory.mktemp("planted")
    source = folder / "orders.csv"
    pd.concat([lines, line.to_frame().T]).to_csv(source, index=False, encoding="latin-1")
    shop = Shop(PROJECT, folder, str(source))
    shop.build("--exclude-resource-type", "unit_test test")
    done = shop.python("-m", "detect", "--db", str(shop.database), "--quiet")
    assert done.returncode == 0, done.stderr
    return shop, product, chosen.date().isoformat()


def test_one_product_in_one_country_is_one_incident_that_names_both(
    planted: tuple[Shop, str, str],
) -> None:
    shop, product, day = planted
    rows = shop.ask(
        "select distinct incidents.incident_id, root_cause, headline, incidents.severity "
        "from insights.incidents inner join insights.anomalies using (incident_id) "
        f"where anomalies.period_start = '{day}' and grain = 'daily'"
    )
    assert len(rows) == 1
    ((_, cause, headline, severity),) = rows
    assert json.loads(str(cause))["product"] == product
    assert f"({product})" in str(headline)
    assert COUNTRY in f"{headline} {cause}"
    assert severity in ("medium", "high")


def test_a_finding_of_a_member_says_whose_it_is(planted: tuple[Shop, str, str]) -> None:
    shop, product, day = planted
    ((kpi, expected, actual, unit),) = shop.ask(
        "select kpi, expected, actual, unit from insights.anomalies "
        "inner join marts.dim_kpis using (kpi) "
        f"where dimension = 'product' and segment = '{product}' and period_start = '{day}'"
    )
    assert (kpi, unit) == ("total_revenue", "currency")
    assert 0 <= float(str(expected)) < 0.1 * float(str(actual))
    ((sold,),) = shop.ask(
        "select cast(sum(net_revenue) as double) from marts.fct_kpi_lines "
        f"where product = '{product}' and order_date = '{day}'"
    )
    assert float(str(sold)) == pytest.approx(float(str(actual)))


def test_contributions_of_a_member_add_up(planted: tuple[Shop, str, str]) -> None:
    shop, *_ = planted
    gaps = shop.ask(
        """
        select max(abs(gap)) from (
            select any_value(anomalies.change) - sum(contribution) as gap
            from insights.attributions inner join insights.anomalies using (anomaly_id)
            where analysis = 'breakdown' and anomalies.dimension is not null
            group by anomaly_id, dimensions
        )
        """
    )
    assert float(str(gaps[0][0])) < 1e-6


def test_no_country_is_tested_twice(planted: tuple[Shop, str, str]) -> None:
    """The home country makes most of the shop, and is judged by its series alone."""
    shop, *_ = planted
    rows = shop.ask(
        "select segment, contains(methods, 'member_') from insights.anomalies "
        "where kpi = 'revenue_by_country'"
    )
    assert {(country, country != "United Kingdom") for country, _ in rows} == set(rows)


def test_a_replay_gives_what_was_known_then(planted: tuple[Shop, str, str], tmp_path: Path) -> None:
    shop, _, day = planted
    columns = "anomaly_id, actual, expected, lower, upper, confidence, methods"
    query = (
        f"select {columns} from insights.anomalies where dimension is not null "
        f"and period_start + if(grain = 'weekly', 6, 0) <= date '{day}' order by all"
    )
    now = shop.ask(query)
    copy = Shop(PROJECT, tmp_path, shop.source)
    copy.database.write_bytes(shop.database.read_bytes())
    done = copy.python("-m", "detect", "--db", str(copy.database), "--as-of", day, "--quiet")
    assert done.returncode == 0, done.stderr
    assert now
    assert copy.ask(query) == now
