"""Why a KPI differs between two periods: parts that add up, as SQL by hand has them."""

from __future__ import annotations

import datetime as dt
import functools
import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pytest

from conftest import Shop
from detect.records import OTHER
from golden import KPIS
from retail.commands import main as retail
from retail.commands.why import joined_against
from retail.outputs import why as shown
from retail.reading.order_lines import Span
from retail.reading.why import FORECAST, Answer, Question, as_tables, read_why

EXACT = 1e-9
"""Relative size of what adding up may lose."""
PAIRS = ("day", "week", "weeks", "longer", "overlapping")
DAY = dt.timedelta(days=1)


def ask(path: Path, query: str, *parameters: object) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query, list(parameters)).fetchall()


def one(path: Path, query: str, *parameters: object) -> float:
    ((value,),) = ask(path, query, *parameters)
    return float(value)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def monday(shop_db: Path) -> dt.date:
    """The last Monday but some weeks: both the weeks before it and after it are complete."""
    ((last,),) = ask(shop_db, "select max(date_day) from marts.dim_dates where is_complete")
    assert isinstance(last, dt.date)
    return last - (last.weekday() + 21) * DAY


def spans(monday: dt.date, pair: str) -> tuple[Span, Span | None]:
    """Two periods of every kind."""
    sunday = monday + 6 * DAY
    return {
        "day": (Span(monday, monday), Span(monday - 7 * DAY, monday - 7 * DAY)),
        "week": (Span(monday, sunday), None),
        "weeks": (Span(monday - 14 * DAY, sunday), Span(monday - 70 * DAY, monday - 50 * DAY)),
        "longer": (Span(monday - 30 * DAY, monday), Span(monday - 40 * DAY, monday - 31 * DAY)),
        "overlapping": (Span(monday, sunday), Span(monday - 20 * DAY, monday + 2 * DAY)),
    }[pair]


@functools.cache
def answer(path: Path, kpi: str, monday: dt.date, pair: str, **segment: str) -> Answer:
    return read_why(path, Question(kpi, *spans(monday, pair), segment))


def assert_adds_up(parts: Sequence[float], whole: float) -> None:
    size = sum(map(abs, parts)) + abs(whole)
    assert sum(parts) == pytest.approx(whole, abs=EXACT * size + 1e-12)


# ---------------------------------------------------------------------------------- adding up


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("kpi", KPIS)
def test_parts_add_up_to_the_change(shop_db: Path, monday: dt.date, kpi: str, pair: str) -> None:
    told = answer(shop_db, kpi, monday, pair)
    found = told.comparison
    by_dimension = defaultdict(list)
    for row in found.contributions:
        by_dimension[row.dimension].append(row)
    assert {"country", "product", "category"} <= by_dimension.keys()
    for rows in by_dimension.values():
        assert_adds_up([row.contribution for row in rows], found.change)
        if told.formula.is_additive:
            assert_adds_up([row.at_equal_days for row in rows], found.at_equal_days)
        if told.formula.is_ratio:
            assert_adds_up([row.mix + row.rate for row in rows], found.change)
            assert_adds_up([row.weight_actual for row in rows], 1.0)
        for row in rows:
            if told.formula.is_ratio:
                assert_adds_up([row.mix, row.rate], row.contribution)
    if told.formula.is_ratio:
        assert_adds_up([side.contribution for side in found.sides], found.change)
    assert_tree_adds_up(shop_db, told)


def assert_tree_adds_up(path: Path, told: Answer) -> None:
    """Factors add up to the change of their measure, in the whole shop and in every dimension."""
    found = told.comparison
    by_dimension = defaultdict(list)
    for row in found.drivers:
        by_dimension[row.dimension].append(row.contribution)
    whole = sum(by_dimension["all"])
    for parts in by_dimension.values():
        assert_adds_up(parts, whole)
    if told.formula.is_tree:
        assert_adds_up([whole], found.change)
    else:
        revenue = (
            "select sum(net_revenue) from marts.fct_kpi_lines where order_date between ? and ?"
        )
        now, before = (
            one(path, revenue, period.span.first, period.span.last)
            for period in (told.period, told.against)
        )
        assert whole == pytest.approx(now - before, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("kpi", KPIS)
def test_of_one_day_and_one_week_it_says_what_the_kpi_tables_say(
    shop_db: Path, monday: dt.date, kpi: str
) -> None:
    for pair, table, days in (("day", "daily", 7), ("week", "weekly", 7)):
        found = answer(shop_db, kpi, monday, pair).comparison
        query = f"""
            select
                sum(numerator) / coalesce(nullif(sum(denominator), 0), 1)
            from marts.fct_kpis_{table} where kpi = ? and period_start = ?
        """
        assert found.actual == pytest.approx(one(shop_db, query, kpi, monday))
        assert found.expected == pytest.approx(one(shop_db, query, kpi, monday - days * DAY))


def test_a_segment_is_measured_by_its_own_lines(shop_db: Path, monday: dt.date) -> None:
    found = answer(shop_db, "active_customers", monday, "weeks", market="international")
    query = """
        select count(distinct customer_id) from marts.fct_order_lines
        where line_type = 'sale' and market = 'international' and order_date between ? and ?
    """
    for period, value in (
        (found.period, found.comparison.actual), (found.against, found.comparison.expected)
    ):  # fmt: skip
        assert value == pytest.approx(one(shop_db, query, period.span.first, period.span.last))
    assert "market" not in {row.dimension for row in found.comparison.contributions}


# ------------------------------------------------------------------------------- SQL by hand


def test_the_return_rate_of_categories_is_that_of_sql_by_hand(
    shop_db: Path, monday: dt.date
) -> None:
    """What it adds is its change of the numerator, less the mean rate times that of its weight."""
    found = answer(shop_db, "return_rate", monday, "longer")
    span, other = found.period.span, found.against.span
    rows = ask(
        shop_db,
        """
        with sides as (
            select
                category,
                coalesce(sum(returned_revenue) filter (order_date between $1 and $2), 0) as top,
                coalesce(sum(gross_revenue) filter (order_date between $1 and $2), 0) as bottom,
                coalesce(sum(returned_revenue) filter (order_date between $3 and $4), 0) as top_0,
                coalesce(sum(gross_revenue) filter (order_date between $3 and $4), 0) as bottom_0
            from marts.fct_order_lines
            where line_type in ('sale', 'return')
            group by category
        ),
        shares as (
            select
                category, top / sum(bottom) over () as top, bottom / sum(bottom) over () as bottom,
                top_0 / sum(bottom_0) over () as top_0,
                bottom_0 / sum(bottom_0) over () as bottom_0
            from sides
        )
        select
            category,
            top - top_0 - (sum(top) over () + sum(top_0) over ()) / 2 * (bottom - bottom_0)
        from shares
        """,
        span.first, span.last, other.first, other.last,
    )  # fmt: skip
    by_hand = {str(name): float(value) for name, value in rows}  # type: ignore[arg-type]
    mine = [row for row in found.comparison.contributions if row.dimension == "category"]
    assert len(mine) > 3
    for row in mine:
        if row.member != OTHER:
            assert row.contribution == pytest.approx(by_hand[row.member], abs=1e-9)


def test_the_ten_best_sellers_are_those_of_the_period_itself(
    shop_db: Path, monday: dt.date
) -> None:
    found = answer(shop_db, "product_concentration", monday, "weeks")
    query = """
        with sold as (
            select product, sum(gross_revenue) as revenue from marts.fct_order_lines
            where line_type = 'sale' and order_date between ? and ? group by product
        )
        select
            (select sum(revenue) from (select revenue from sold order by 1 desc limit 10))
            / (select sum(revenue) from sold)
    """
    span = found.period.span
    assert found.comparison.actual == pytest.approx(one(shop_db, query, span.first, span.last))


def test_customers_are_shared_among_products_by_their_lines(shop_db: Path, monday: dt.date) -> None:
    found = answer(shop_db, "active_customers", monday, "week")
    query = """
        with lines as (
            select category, 1.0 / count(*) over (partition by customer_id) as part
            from marts.fct_order_lines
            where line_type = 'sale' and customer_id is not null and order_date between ? and ?
        )
        select category, sum(part) from lines group by category
    """
    span = found.period.span
    by_hand = dict(ask(shop_db, query, span.first, span.last))
    for row in found.comparison.contributions:
        if row.dimension == "category" and row.member != OTHER:
            assert row.actual == pytest.approx(by_hand.get(row.member, 0.0))


# ----------------------------------------------------------------------------- what is compared


def test_without_a_second_period_it_is_the_one_just_before(shop_db: Path, monday: dt.date) -> None:
    found = answer(shop_db, "order_count", monday, "week")
    assert found.is_just_before
    assert found.against.span == Span(monday - 7 * DAY, monday - DAY)
    assert "the 7 days just before" in shown.text(found)


def test_after_a_closure_it_is_the_last_day_of_trade(shop_db: Path) -> None:
    ((day, before),) = ask(
        shop_db,
        """
        select
            date_day,
            (
                select max(other.date_day) from marts.dim_dates as other
                where other.is_trading_day and other.date_day < days.date_day
            ) as traded
        from marts.dim_dates as days
        qualify is_trading_day and not lag(is_trading_day) over (order by date_day)
        order by date_day desc
        limit 1
        """,
    )
    assert isinstance(day, dt.date)
    found = read_why(shop_db, Question("order_count", Span(day, day)))
    assert found.against.span == Span(before, before)  # type: ignore[arg-type]
    assert "the last day before in which the shop traded" in shown.text(found)


def test_different_trading_days_are_said_and_taken_out_of_sums(
    shop_db: Path, monday: dt.date
) -> None:
    told = answer(shop_db, "total_revenue", monday, "longer")
    now, before = told.comparison.trading_days
    assert now > before
    equal = told.comparison.actual - told.comparison.expected * now / before
    assert told.comparison.at_equal_days == pytest.approx(equal)
    assert f"{now} trading days against {before}" in shown.text(told)
    ratio = answer(shop_db, "return_rate", monday, "longer")
    assert np.isnan(ratio.comparison.at_equal_days)
    assert f"{now} trading days against {before}" in shown.text(ratio)


def test_an_early_period_says_that_customers_only_look_new(shop_db: Path) -> None:
    ((first,),) = ask(shop_db, "select min(date_day) from marts.dim_dates")
    assert isinstance(first, dt.date)
    week = Span(first + 7 * DAY, first + 13 * DAY)
    assert "look new" in shown.text(read_why(shop_db, Question("new_customers", week)))
    assert "look new" not in shown.text(read_why(shop_db, Question("order_count", week)))


# --------------------------------------------------------------------------------- how it reads


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("kpi", KPIS)
def test_each_figure_goes_with_the_change_or_is_said_to_offset_it(
    shop_db: Path, monday: dt.date, kpi: str, pair: str
) -> None:
    told = answer(shop_db, kpi, monday, pair)
    text = shown.text(told)
    assert "nan" not in text
    assert text.splitlines()[0] == told.kpi.label
    assert all(cause.contribution * told.comparison.change > 0 or shared(told)
               for cause in told.comparison.causes)  # fmt: skip
    block = text.split("One dimension at a time")[1].splitlines()[1:]
    for line in (line for line in block if line.startswith("    ")):
        is_up = "  +" in line
        if "offsets" in line:
            assert is_up != (told.comparison.change > 0), line


def shared(told: Answer) -> bool:
    """Whether causes are of the change at equal trading days, which may be another one."""
    return not np.isnan(told.comparison.at_equal_days)


def test_json_has_the_same_and_no_nan(
    shop_db: Path, monday: dt.date, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--from", f"{monday}", "--to", f"{monday + 6 * DAY}", "--db", str(shop_db), "--json"]
    assert retail(["why", "return_rate", *words]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=lambda _: pytest.fail("no JSON"))
    table = as_tables(answer(shop_db, "return_rate", monday, "week"))
    assert found.keys() == table.keys()
    assert found["contributions"] == table["contributions"]
    assert found["change_at_equal_days"] is None
    assert found["against"]["is_just_before"] is True


# ------------------------------------------------------------------------- against the forecast


@pytest.fixture(scope="module")
def detected_db(detected: Shop) -> Path:
    return detected.database


@pytest.mark.parametrize("kpi", KPIS)
@pytest.mark.parametrize("pair", ["day", "week"])
def test_against_the_forecast_parts_add_up_and_the_whole_is_what_was_expected(
    detected_db: Path, kpi: str, pair: str
) -> None:
    grain = "daily" if pair == "day" else "weekly"
    within = {"country": "United Kingdom"} if kpi == "revenue_by_country" else {}
    query = """
        select period_start, expected, lower, upper from insights.forecasts
        where kpi = ? and grain = ? and segment = ? and is_tested
        order by period_start desc limit 1
    """
    rows = ask(detected_db, query, kpi, grain, next(iter(within.values()), "all"))
    if not rows:
        pytest.skip("too little history")
    ((start, expected, lower, upper),) = rows
    assert isinstance(start, dt.date)
    span = Span(start, start + (0 if pair == "day" else 6) * DAY)
    told = read_why(detected_db, Question(kpi, span, FORECAST, within))
    found = told.comparison
    assert found.expected == pytest.approx(expected)
    assert told.expectation is not None
    assert told.expectation.band == (lower, upper)
    by_dimension = defaultdict(list)
    for row in found.contributions:
        by_dimension[row.dimension].append(row.contribution)
    for parts in by_dimension.values():
        assert_adds_up(parts, found.change)
    if told.formula.is_tree:
        whole = [row.contribution for row in found.drivers if row.dimension == "all"]
        assert_adds_up(whole, found.change)
    assert "  expected  " in shown.text(told)
    assert as_tables(told)["against"]["is_forecast"]


def test_what_is_sold_abroad_is_expected_to_be_all_international(detected_db: Path) -> None:
    query = """
        select max(period_start) from insights.forecasts
        where kpi = 'international_share' and grain = 'weekly' and is_tested
    """
    ((start,),) = ask(detected_db, query)
    assert isinstance(start, dt.date)
    told = against_forecast(detected_db, "international_share", Span(start, start + 6 * DAY))
    rows = [r for r in told.comparison.contributions if r.dimension == "country"]
    assert rows
    for row in rows:
        if row.member != OTHER:
            assert row.rate == pytest.approx(0.0, abs=1e-12)
            assert round(row.expected, 12) in (0.0, 1.0) or np.isnan(row.expected)


def test_members_are_expected_as_the_breakdown_of_an_anomaly_has_them(detected_db: Path) -> None:
    """The same periods, weights and value: no two screens disagree."""
    rows = ask(
        detected_db,
        """
        select
            kpi, period_start, grain, dimensions, attributions.segment, attributions.expected
        from insights.attributions as attributions
        inner join insights.anomalies as anomalies using (anomaly_id)
        where analysis = 'breakdown' and dimension is null
            and kpi in ('total_revenue', 'units_sold', 'order_count')
        """,
    )
    assert rows
    for kpi, start, grain, dimension, segment, expected in rows:
        assert isinstance(start, dt.date)
        (member,) = json.loads(str(segment)).values()
        last = start + (6 if grain == "weekly" else 0) * DAY
        told = against_forecast(detected_db, str(kpi), Span(start, last))
        found = {(r.dimension, r.member): r.expected for r in told.comparison.contributions}
        if member != OTHER and (dimension, member) in found:
            assert found[str(dimension), member] == pytest.approx(expected, abs=1e-6)


@functools.cache
def against_forecast(path: Path, kpi: str, span: Span) -> Answer:
    return read_why(path, Question(kpi, span, FORECAST))


def test_several_days_are_expected_to_come_to_the_sum_of_theirs(detected_db: Path) -> None:
    ((last,),) = ask(
        detected_db,
        "select max(period_start) from insights.forecasts "
        "where kpi = 'order_count' and grain = 'daily' and is_tested",
    )
    assert isinstance(last, dt.date)
    span = Span(last - 9 * DAY, last)
    query = """
        select sum(expected) from insights.forecasts
        where kpi = 'order_count' and grain = 'daily' and period_start between ? and ?
    """
    told = against_forecast(detected_db, "order_count", span)
    assert told.comparison.expected == pytest.approx(one(detected_db, query, span.first, last))
    assert "the sum of its days" in shown.text(told)
    query = """
        select sum(value) from marts.fct_kpis_daily
        where kpi = 'active_customers' and period_start between ? and ?
    """
    (customers,) = (
        row
        for row in told.comparison.drivers
        if (row.dimension, row.factor) == ("all", "active_customers")
    )
    assert customers.actual == pytest.approx(one(detected_db, query, span.first, span.last))
    assert told.shared_days == 0


EXPECTED_OF_NONE = {
    "too early": (["total_revenue"], "first", "with an expectation is"),
    "several days of a ratio": (["return_rate"], "many", "days don't add up to it"),
    "a segment": (["total_revenue", "--segment", "country=France"], "last", "revenue_by_country"),
    "no member": (["revenue_by_country"], "last", "--segment country=MEMBER"),
    "unknown member": (
        ["revenue_by_country", "--segment", "country=Frnce"], "last", "the nearest is France"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPECTED_OF_NONE)
def test_where_nothing_was_expected_one_line_says_why_and_of_what_something_was(
    detected_db: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words, which, told = EXPECTED_OF_NONE[case]
    query = "select min(date_day) + 1, max(date_day) - 1 from marts.dim_dates where is_trading_day"
    ((early, late),) = ask(detected_db, query)
    first, last = {"first": (early, early), "last": (late, late), "many": (early, late)}[which]
    typed = ["--from", str(first), "--to", str(last), "--against", "forecast"]
    assert retail(["why", *words, *typed, "--db", str(detected_db)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_an_unfinished_period_has_no_forecast_to_be_compared_with(
    detected_db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shop.duckdb"
    shutil.copyfile(detected_db, path)
    query = "select max(period_start) from insights.forecasts where grain = 'daily' and is_tested"
    ((day,),) = ask(path, query)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update insights.forecasts set is_tested = false, skip_reason = 'incomplete' "
            "where grain = 'daily' and period_start = ?",
            [day],
        )
    words = ["why", "order_count", "--from", str(day), "--to", str(day), "--against", "forecast"]
    assert retail([*words, "--db", str(path)]) == 1
    assert "the data cover it only in part" in capsys.readouterr().err


# ---------------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "A", "--to", "B", "--against", "C..D"),
        ("--from", "A", "--to", "B", "--against", "C", "--to", "D"),
        ("--against", "C", "--to", "D", "--from", "A", "--to", "B"),
        ("--against=C", "--to=D", "--from=A", "--to=B"),
    ],
)
def test_the_second_period_is_understood_in_every_form(words: tuple[str, ...]) -> None:
    joined = joined_against(["kpi", *words, "--json"])
    at = joined.index("--against")
    assert joined[at + 1] == "C..D"
    assert joined[:1] + joined[-1:] == ["kpi", "--json"]
    rest = joined[1:at] + joined[at + 2 : -1]
    assert rest == ["--from", "A", "--to", "B"]


def test_the_forecast_takes_no_days() -> None:
    words = ["kpi", "--from", "A", "--against", "forecast", "--to", "B"]
    assert joined_against(words) == words


def test_the_command_tells_what_was_asked(
    shop_db: Path, monday: dt.date, capsys: pytest.CaptureFixture[str]
) -> None:
    span, other = spans(monday, "weeks")
    assert other is not None
    typed = ["--from", str(span.first), "--to", str(span.last), "--against", str(other.first)]
    typed += ["--to", str(other.last), "--segment", "market=domestic", "--db", str(shop_db)]
    assert retail(["why", "total_revenue", *typed]) == 0
    told = read_why(shop_db, Question("total_revenue", span, other, {"market": "domestic"}))
    assert capsys.readouterr().out == shown.text(told) + "\n"


REFUSED = {
    "unknown KPI": (["total_revenu"], "the nearest is total_revenue"),
    "unknown dimension": (["units_sold", "--segment", "contry=France"], "the nearest is country"),
    "unknown member": (["units_sold", "--segment", "market=domestik"], "the nearest is domestic"),
    "backwards": (["total_revenue", "--to", "2000-01-01"], "before it begins"),
    "after the data": (["total_revenue", "--to", "2999-01-01"], "not within the data"),
    "before the data": (
        ["total_revenue", "--against", "1999-01-01..1999-01-31"], "not within the data"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_in_one_line(
    shop_db: Path, monday: dt.date, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words, told = REFUSED[case]
    usual = ["--from", str(monday), "--db", str(shop_db)]
    usual += [] if "--to" in words else ["--to", str(monday + 6 * DAY)]
    assert retail(["why", *words, *usual]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("retail why: ")
    assert told in said.err


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "yesterday", "--to", "2024-01-01"],
        ["--from", "2024-01-01", "--to", "2024-01-02", "--against", "2023-01-01"],
        ["--from", "2024-01-01", "--to", "2024-01-02", "--segment", "France"],
        ["--from", "2024-01-01"],
    ],
)
def test_what_can_not_be_read_is_a_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert retail(["why", "total_revenue", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("retail why: ")


def test_a_period_without_trade_or_a_value_is_refused(
    small_built: object, shop_db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ((closed,),) = ask(
        shop_db, "select max(date_day) from marts.dim_dates where not is_trading_day"
    )
    words = ["why", "order_count", "--from", str(closed), "--to", str(closed)]
    assert retail([*words, "--db", str(shop_db)]) == 1
    told = f"nothing was sold on {closed}: the day was closed"
    assert told in capsys.readouterr().err
    path = small_built.database  # type: ignore[attr-defined]
    first = "2011-01-05"
    typed = ["--from", first, "--to", first, "--db", str(path)]
    assert retail(["why", "repeat_rate", "--segment", "customer_type=guest", *typed]) == 1
    assert "repeat_rate has no value" in capsys.readouterr().err


def test_a_period_compared_with_itself_is_refused(
    shop_db: Path, monday: dt.date, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = str(monday), str(monday + 6 * DAY)
    words = ["why", "order_count", "--from", first, "--to", last, "--against", f"{first}..{last}"]
    assert retail([*words, "--db", str(shop_db)]) == 1
    assert "compared with itself" in capsys.readouterr().err


def test_a_product_is_found_by_its_name(
    shop_db: Path, monday: dt.date, capsys: pytest.CaptureFixture[str]
) -> None:
    ((code, name),) = ask(
        shop_db, "select product, description from marts.dim_products order by product limit 1"
    )
    words = ["--from", str(monday), "--to", str(monday), "--db", str(shop_db)]
    assert retail(["why", "units_sold", *words, "--segment", f"product={str(name).lower()}"]) == 1
    assert f"({code})" in capsys.readouterr().err


def test_a_build_is_not_in_the_way_and_nothing_is_written(
    shop_db: Path, monday: dt.date, tmp_path: Path
) -> None:
    path = tmp_path / "shop.duckdb"
    shutil.copyfile(shop_db, path)
    before = path.read_bytes()
    question = Question("total_revenue", *spans(monday, "week"))
    told = shown.as_json(read_why(path, question))
    assert path.read_bytes() == before
    with duckdb.connect(str(path)) as connection:  # nobody else has it open
        connection.execute("create table noise (x int)")
    assert shown.as_json(read_why(path, question)) == told
