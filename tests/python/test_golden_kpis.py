"""Compares the built database with the second implementation, cell by cell and penny by penny.

The database is that of the `shop_db` fixture, built from the raw CSV of `shop_source`.
"""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import golden

RATIO_TOLERANCE = 1e-9
SHOWN = 5

Key = tuple[str, dt.date]
Cells = dict[Key, tuple[float | None, Decimal | None, Decimal | None]]


@pytest.fixture(scope="module")
def raw(shop_source: str | Path) -> pd.DataFrame:
    """Reads the raw order lines of the shop."""
    return golden.read(shop_source)


@pytest.fixture(scope="module")
def cleaned(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cleans them into order lines and rejected rows."""
    return golden.clean(raw)


@pytest.fixture(scope="module")
def expected(cleaned: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Computes the KPIs at both grains."""
    return {grain: golden.kpis(cleaned[0], grain) for grain in golden.GRAINS}


@pytest.fixture(scope="module")
def marts(shop_db: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the built database, read-only."""
    with duckdb.connect(str(shop_db), read_only=True) as connection:
        yield connection


def built_cells(marts: duckdb.DuckDBPyConnection, grain: str, kpi: str) -> Cells:
    """Reads one KPI's cells: segment and period to value, numerator and denominator."""
    rows = marts.execute(
        f"select segment, period_start, value, numerator, denominator "
        f"from marts.fct_kpis_{grain} where kpi = ?",
        [kpi],
    ).fetchall()
    cells = {(segment, day): tuple(numbers) for segment, day, *numbers in rows}
    assert len(cells) == len(rows), f"{kpi} {grain}: a segment has a period twice"
    return cells


def golden_cells(expected: dict[str, pd.DataFrame], grain: str, kpi: str) -> Cells:
    """Gives the same cells of the second implementation, None where there is no number."""
    frame = expected[grain]
    frame = frame[frame["kpi"] == kpi]
    cells: Cells = {}
    for row in frame.itertuples():
        value = None if math.isnan(row.value) else row.value
        cells[row.segment, row.period_start.date()] = (value, row.numerator, row.denominator)
    return cells


def report(differences: Sequence[tuple[object, object, object]]) -> str:
    """Shows the first differences: where, what was built, what was expected."""
    shown = "; ".join(f"{where}: {was} not {wanted}" for where, was, wanted in differences[:SHOWN])
    return f"{len(differences)} cells differ: {shown}"


def close(was: float | None, wanted: float | None) -> bool:
    """Says whether two values agree: both NULL, or equal to rounding."""
    if was is None or wanted is None:
        return was is wanted
    return math.isclose(was, wanted, rel_tol=RATIO_TOLERANCE, abs_tol=0.0)


@pytest.mark.parametrize("grain", golden.GRAINS)
def test_exactly_the_15_kpis_are_there(marts: duckdb.DuckDBPyConnection, grain: str) -> None:
    found = marts.execute(f"select distinct kpi from marts.fct_kpis_{grain}").fetchall()
    assert {kpi for (kpi,) in found} == set(golden.KPIS)


@pytest.mark.parametrize("grain", golden.GRAINS)
def test_the_wide_view_has_every_value_once_and_says_what_it_is(
    marts: duckdb.DuckDBPyConnection, grain: str
) -> None:
    view = f"fct_kpis_wide_{grain}"
    columns = marts.execute(
        "select column_name, comment from duckdb_columns() where table_name = ?", [view]
    ).fetchall()
    names = [name for name, _ in columns]
    place = "select kpi from marts.dim_kpis where segment_by is null order by place"
    kpis = [kpi for (kpi,) in marts.execute(place).fetchall()]
    assert names == ["period_start", "is_complete", *kpis]
    assert all(comment for _, comment in columns)
    long = marts.execute(
        f"""
        select period_start, kpi, value from marts.fct_kpis_{grain}
        where segment = 'all' and value is not null
        """
    ).fetchall()
    unpivoted = f"unpivot (from marts.{view}) on columns(* exclude (period_start, is_complete))"
    wide = marts.execute(
        f"select period_start, name, value from ({unpivoted} into name name value value)"
    ).fetchall()
    assert sorted(wide) == sorted(long)


@pytest.mark.parametrize("grain", golden.GRAINS)
@pytest.mark.parametrize("kpi", golden.KPIS)
def test_kpi_has_the_same_segments_and_periods(
    marts: duckdb.DuckDBPyConnection, expected: dict[str, pd.DataFrame], grain: str, kpi: str
) -> None:
    built, wanted = built_cells(marts, grain, kpi), golden_cells(expected, grain, kpi)
    surplus, missing = sorted(set(built) - set(wanted)), sorted(set(wanted) - set(built))
    assert not surplus, f"{len(surplus)} surplus, first {surplus[:SHOWN]}"
    assert not missing, f"{len(missing)} missing, first {missing[:SHOWN]}"


@pytest.mark.parametrize("grain", golden.GRAINS)
@pytest.mark.parametrize("kpi", golden.KPIS)
def test_kpi_values_agree(
    marts: duckdb.DuckDBPyConnection, expected: dict[str, pd.DataFrame], grain: str, kpi: str
) -> None:
    built, wanted = built_cells(marts, grain, kpi), golden_cells(expected, grain, kpi)
    differences = [
        (key, built[key][0], wanted[key][0])
        for key in sorted(set(built) & set(wanted))
        if not close(built[key][0], wanted[key][0])
    ]
    assert not differences, report(differences)


@pytest.mark.parametrize("grain", golden.GRAINS)
@pytest.mark.parametrize("kpi", golden.KPIS)
def test_kpi_numerators_agree_exactly(
    marts: duckdb.DuckDBPyConnection, expected: dict[str, pd.DataFrame], grain: str, kpi: str
) -> None:
    built, wanted = built_cells(marts, grain, kpi), golden_cells(expected, grain, kpi)
    differences = [
        (key, built[key][1], wanted[key][1])
        for key in sorted(set(built) & set(wanted))
        if built[key][1] != wanted[key][1]
    ]
    assert not differences, report(differences)


@pytest.mark.parametrize("grain", golden.GRAINS)
@pytest.mark.parametrize(
    "kpi", [kpi for kpi, (_, below) in golden.RATIOS_AND_SUMS.items() if below]
)
def test_ratio_denominators_agree_exactly(
    marts: duckdb.DuckDBPyConnection, expected: dict[str, pd.DataFrame], grain: str, kpi: str
) -> None:
    """An empty denominator may be 0 or NULL: either way there is no ratio."""
    built, wanted = built_cells(marts, grain, kpi), golden_cells(expected, grain, kpi)
    differences = [
        (key, built[key][2], wanted[key][2])
        for key in sorted(set(built) & set(wanted))
        if (built[key][2] or 0) != wanted[key][2]
    ]
    assert not differences, report(differences)


@pytest.mark.parametrize("grain", golden.GRAINS)
def test_complete_periods_agree(
    marts: duckdb.DuckDBPyConnection, cleaned: tuple[pd.DataFrame, pd.DataFrame], grain: str
) -> None:
    wanted = golden.completeness(cleaned[0], grain)
    built = marts.execute(
        f"select distinct period_start, is_complete from marts.fct_kpis_{grain} order by 1"
    ).fetchall()
    assert built == [(start.date(), bool(complete)) for start, complete in wanted.items()]


def test_line_types_have_the_same_rows_and_amounts(
    marts: duckdb.DuckDBPyConnection, cleaned: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    groups = cleaned[0].groupby("line_type")["amount"]
    wanted = {name: (len(own), golden.pounds(own.sum())) for name, own in groups}
    assert built_line_types(marts) == wanted


def built_line_types(marts: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, Decimal]]:
    """Reads the rows and the exact amount of every line type."""
    rows = marts.execute(
        "select line_type, count(*), "
        "sum(quantity::decimal(18, 0) * unit_price::decimal(18, 4)) "
        "from marts.fct_order_lines group by line_type"
    ).fetchall()
    return {name: (count, amount) for name, count, amount in rows}


@pytest.mark.parametrize("dimension", ["country", "market", "customer_type"])
def test_dimension_of_traded_lines_has_the_same_members(
    marts: duckdb.DuckDBPyConnection,
    cleaned: tuple[pd.DataFrame, pd.DataFrame],
    dimension: str,
) -> None:
    lines = cleaned[0]
    traded = lines[lines["line_type"].isin(["sale", "return"])]
    wanted = traded.groupby(["line_type", dimension]).size().to_dict()
    rows = marts.execute(
        f"select line_type, {dimension}, count(*) from marts.fct_order_lines "
        f"where line_type in ('sale', 'return') group by all"
    ).fetchall()
    assert {(line_type, member): count for line_type, member, count in rows} == wanted


def test_rejected_rows_have_the_same_reasons(
    marts: duckdb.DuckDBPyConnection, cleaned: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    rows = marts.execute(
        "select reason, count(*) from marts.fct_rejected_order_lines group by reason"
    ).fetchall()
    assert dict(rows) == cleaned[1]["reason"].value_counts().to_dict()


def test_raw_rows_and_amount_are_all_accounted_for(
    marts: duckdb.DuckDBPyConnection, raw: pd.DataFrame
) -> None:
    accepted = built_line_types(marts).values()
    rejected = marts.execute(
        "select quantity, unit_price from marts.fct_rejected_order_lines"
    ).fetchall()
    texts = pd.DataFrame(rejected, columns=["quantity", "unit_price"], dtype=object)
    assert sum(count for count, _ in accepted) + len(texts) == len(raw)
    amount = sum((amount for _, amount in accepted), golden.total_amount(texts))
    assert amount == golden.total_amount(raw)


# The public data set

FIRST_LINE = ("536365", "85123A", "6")


@pytest.fixture(scope="module")
def public_raw(raw: pd.DataFrame) -> pd.DataFrame:
    """Gives the raw order lines where RETAIL_SOURCE is the public data set."""
    if tuple(raw.loc[0, ["invoice_no", "stock_code", "quantity"]]) != FIRST_LINE:
        pytest.skip("RETAIL_SOURCE does not point at a CSV file of the public data set")
    return raw


@pytest.fixture(scope="module")
def public(
    public_raw: pd.DataFrame, cleaned: tuple[pd.DataFrame, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gives its order lines and rejected rows."""
    return cleaned


def test_public_raw_rows_are_as_published(public_raw: pd.DataFrame) -> None:
    assert len(public_raw) == 541_909
    names = ["invoice_no", "stock_code", "country"]
    assert list(public_raw[names].nunique()) == [25_900, 4_070, 38]
    customers = public_raw["customer_id"].str.strip()
    assert customers[customers != ""].nunique() == 4_372
    assert (customers == "").sum() == 135_080


def test_public_quantities_prices_and_sum_are_as_published(public_raw: pd.DataFrame) -> None:
    quantities = golden.each(golden.whole_number, public_raw["quantity"])
    prices = golden.each(golden.money, public_raw["unit_price"])
    assert sum(quantity is not None and quantity < 0 for quantity in quantities) == 10_624
    assert prices.count(0) == 2_515
    assert golden.total_amount(public_raw) == Decimal("9747747.934")


def test_public_rejects_are_the_5268_duplicates(
    public: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    lines, rejects = public
    assert rejects["reason"].value_counts().to_dict() == {"duplicate": 5_268}
    assert len(lines) == 541_909 - 5_268
    total = golden.pounds(lines["amount"].sum()) + golden.total_amount(rejects)
    assert total == Decimal("9747747.934")


def test_public_trading_days_are_305_and_never_a_saturday(
    public: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    lines, _ = public
    days = lines.loc[lines["line_type"] == "sale", "ordered_at"].dt.normalize()
    assert days.nunique() == 305
    assert "Saturday" not in set(days.dt.day_name())
    assert (days.min(), days.max()) == (pd.Timestamp(2010, 12, 1), pd.Timestamp(2011, 12, 9))


@pytest.mark.parametrize("grain", golden.GRAINS)
@pytest.mark.usefixtures("public")
def test_public_totals_over_all_periods(expected: dict[str, pd.DataFrame], grain: str) -> None:
    totals = expected[grain].groupby("kpi")["numerator"].sum()
    assert round(totals["total_revenue"]) == 9_771_318
    assert totals["revenue_by_country"] == totals["total_revenue"]
    assert totals["order_count"] == 19_773
    assert totals["units_sold"] == 5_561_387


def test_public_last_day_stops_early(public: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    daily, weekly = (golden.completeness(public[0], grain) for grain in golden.GRAINS)
    assert list(daily.index[~daily]) == [pd.Timestamp(2011, 12, 9)]
    assert list(weekly.index[~weekly]) == [pd.Timestamp(2010, 11, 29), pd.Timestamp(2011, 12, 5)]
