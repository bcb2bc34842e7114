"""A KPI is added or changed by editing YAML alone; a mistake stops the build in one line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from conftest import PROJECT, Shop, copied
from detect.attribution.lines import measure
from orders import small_shop, write
from retail.ingest import IngestError
from retail.jobs import check_source
from retail.jobs.daily.build import build
from retail.jobs.detection import store
from retail.outputs.dashboard import read
from retail.outputs.dashboard.records import Place

LINES = Path("models/marts/fct_kpi_lines.yml")
MEASURES = "    measures:\n"
DIMENSIONS = "    dimensions:\n"
NEW_DIMENSIONS = """\
      - name: line_type
        type: categorical
        config: {meta: {broken_down_by: true}}
      - name: price_band
        type: categorical
        expr: case when unit_price < 5 then 'cheap' else 'dear' end
        config: {meta: {broken_down_by: true}}
"""
UK_NAME = "name: returned_revenue_uk"
EXPR = "expr: case when country = 'United Kingdom' then returned_revenue else 0 end"
PUBLIC_YEAR = PROJECT.parent / "shared/data/online_retail.csv"
COPIED = ("models", "macros", "seeds", "analyses", "tests/data_tests")
COPIED_FILES = ("dbt_project.yml", "profiles.yml")
REVENUE = Path("models/marts/kpis/revenue.yml")
NEW_KPI = PROJECT / "tests/python/new_kpi.yml"
MISTAKES = {
    "an unknown cadence": ("cadence: daily", "cadence: dayly", "allowed: daily, weekly"),
    "no owner": ("        owner: Finance\n", "", "owner is missing or no text"),
    "a threshold that is no number": ("z: 3.0", "z: three", "thresholds.z is 'three'; allowed"),
    "a confidence above 1": ("confidence: 0.5", "confidence: 50", "a number between 0 and 1"),
    "a threshold left out": ("iqr: 1.5, ", "", "thresholds.iqr is missing"),
    "a threshold of 0": ("z: 3.0", "z: 0", "thresholds.z is '0'; allowed: a number above 0"),
    "an unknown key": ("        unit:", "        units:", "unknown key 'units' in config.meta"),
    "an unknown direction": ("direction: up", "direction: north", "allowed: up, down, none"),
    "a filter": (
        "measure: net_revenue",
        "measure: {name: net_revenue, filter: \"{{ Dimension('order_line__country') }} = 'X'\"}",
        "filter is not supported",
    ),
    "thresholds that are no mapping": (
        "thresholds: {z: 3.0, iqr: 1.5, level_shift: 4.5, trend_alpha: 0.01, confidence: 0.5}",
        "thresholds: 3",
        "thresholds is '3'; allowed: a mapping",
    ),
    "a threshold that is no real number": ("z: 3.0", "z: .nan", "thresholds.z is 'nan'"),
    "an unknown measure": ("measure: net_revenue", "measure: net_revenu", "net_revenu"),
    "a weekly measure": (
        "measure: net_revenue",
        "measure: top_product_revenue_weekly",
        "unknown measure 'top_product_revenue_weekly'; allowed: active_customers",
    ),
}
MEASURE_MISTAKES = {
    "an average": ("agg: sum", "agg: average", "agg is 'average'; allowed: sum, count_distinct"),
    "an aggregate": (EXPR, "expr: sum(returned_revenue)", "the function 'sum'; allowed: an"),
    "a query": (EXPR, "expr: (select 1)", "the word 'select'"),
    "a window": (EXPR, "expr: max(units) over ()", "the function 'max'"),
    "no column": (EXPR, "expr: returned_revenu", "the word 'returned_revenu'"),
    "a second statement": (EXPR, "expr: units; units", "expr may not have ';'"),
    "an unknown use as a cause": (
        "root_cause: alone", "root_cause: maybe", "allowed: combined, alone, never"
    ),
    "a dimension that checks need": (
        "broken_down_by: hour, root_cause", "root_cause", "hour: broken_down_by is missing; checks"
    ),
    "no dimension to be coarser than": (
        "coarser_than: product", "coarser_than: shelf", "coarser_than is 'shelf'; allowed: country"
    ),
    "coarser than itself": (
        "coarser_than: product", "coarser_than: category", "coarser_than is 'category'; allowed: "
    ),
    "coarser than a coarser one": (
        "coarser_than: product", "coarser_than: region", "coarser_than is 'region'; allowed: "
    ),
    "a slip for true": (
        "broken_down_by: true", "broken_down_by: ture", "broken_down_by is 'ture'; allowed: true"
    ),
    "a name with a blank": (
        "broken_down_by: hour, ", "broken_down_by: the hour, ", "'the hour'; allowed: true, false"
    ),
    "two dimensions of one name": (
        "broken_down_by: true, root_cause: never}}",
        "broken_down_by: country}}\n        expr: country",
        "dimension country: 'country' is there twice",
    ),
    "an unknown key of a dimension": (
        "root_cause: never", "root: never", "unknown key 'root' in config.meta; allowed: broken_"
    ),
    "an unknown key of a measure": (
        "create_metric: true", "config: {meta: {larges: 1}}", "unknown key 'larges' in config.meta"
    ),
    "a measure of one grain": (
        UK_NAME, f"{UK_NAME}_daily", "_daily: returned_revenue_uk_weekly is missing; a measure of"
    ),
    "a measure beside its grains": (
        UK_NAME, "name: top_product_revenue", "'top_product_revenue' is there twice"
    ),
    "a dimension like a measure": (
        "broken_down_by: true, root_cause: never}}",
        "broken_down_by: units}}\n        expr: units",
        "measure units: 'units' is there twice",
    ),
    "a measure like a column of the tables": (
        UK_NAME, "name: lines", "measure lines: the name 'lines' is taken; allowed: none of period"
    ),
    "a measure like a word of SQL": (UK_NAME, "name: order", "the name 'order' is taken; allowed"),
    "a sum of texts": (EXPR, "expr: country", "'country', which is varchar; allowed: a number"),
    "a mistyped key of the largest": ("{members: 10", "{member: 10", "allowed: a mapping with mem"),
    "no number of the largest": (
        "members: 10", "members: ten", "largest.members is 'ten'; allowed: a whole number above 0"
    ),
    "none of the largest": ("members: 10", "members: 0", "largest.members is '0'; allowed: a who"),
    "the largest of no dimension": (
        "dimension: product", "dimension: produce", "largest.dimension is 'produce'; allowed: cou"
    ),
    "the largest by a count": (
        "measure: gross_revenue}", "measure: orders}", "largest.measure is 'orders'; allowed: ret"
    ),
    "best sellers without their number": (
        "{largest: {members: 10, dimension: product, measure: gross_revenue}}", "{}",
        "top_product_revenue_daily: largest is missing",
    ),
}  # fmt: skip
QUICK_MEASURE_MISTAKES = ("an aggregate", "no column", "a measure like a column of the tables")
QUICK = ("an unknown cadence", "a threshold left out", "an unknown measure")
"""Mistakes that `make test` makes: of a word, a number, and one that dbt itself finds."""


@pytest.fixture(scope="module")
def edited(small_built: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy of the project that tests may edit, and a small shop built by it."""
    folder = tmp_path_factory.mktemp("edited")
    return replace(copied(small_built, folder), project=project_copy(folder))


def project_copy(folder: Path) -> Path:
    """A copy of the dbt project that tests may edit."""
    project = folder / "project"
    for name in COPIED:
        shutil.copytree(PROJECT / name, project / name)
    for name in COPIED_FILES:
        shutil.copy(PROJECT / name, project / name)
    return project


def touched(project: Path) -> set[str]:
    """The files in which a copy of the project differs from the project."""
    ours, copies = (
        {
            path.relative_to(root).as_posix(): path.read_bytes()
            for name in (*COPIED, *COPIED_FILES)
            for path in [root / name, *(root / name).rglob("*")]
            if path.is_file()
        }
        for root in (PROJECT, project)
    )
    return {name for name in {*ours, *copies} if ours.get(name) != copies.get(name)}


@pytest.fixture
def edit(edited: Shop) -> Callable[[str, str], None]:
    """Edit revenue.yml; it is put back before the next test."""
    path = edited.project / REVENUE
    path.write_text((PROJECT / REVENUE).read_text())

    def replace(old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replace


def test_every_mistake_can_be_made() -> None:
    """Of those that only `make test-full` makes, too: the files change more often than it runs."""
    lines = replaced((PROJECT / LINES).read_text(), (MEASURES, MEASURES + UK_RETURNS))
    made = (((PROJECT / REVENUE).read_text(), MISTAKES), (lines, MEASURE_MISTAKES))
    gone = [
        name for text, mistakes in made for name, (old, *_) in mistakes.items() if old not in text
    ]
    assert gone == []


@pytest.mark.parametrize(
    "mistake",
    [pytest.param(one, marks=() if one in QUICK else pytest.mark.full) for one in MISTAKES],
)
def test_a_mistake_stops_the_build_with_file_kpi_and_what_is_allowed(
    edited: Shop, edit: Callable[[str, str], None], mistake: str
) -> None:
    old, new, said = MISTAKES[mistake]
    edit(old, new)
    built = edited.dbt("build", "--exclude-resource-type", "unit_test")
    assert built.returncode != 0
    lines = built.stdout.splitlines()
    (line,) = [line for line in lines if said in line]
    where = line if "KPI" in line else lines[lines.index(line) - 1]
    assert str(REVENUE) in where
    assert "total_revenue" in where or "revenue_per" in where


@pytest.mark.usefixtures("edit")  # revenue.yml as it is
@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(one, marks=() if one in QUICK_MEASURE_MISTAKES else pytest.mark.full)
        for one in MEASURE_MISTAKES
    ],
)
def test_a_measure_or_dimension_that_tables_can_not_be_made_of_stops_the_build_in_one_line(
    edited: Shop, mistake: str
) -> None:
    old, new, said = MEASURE_MISTAKES[mistake]
    line = refusal(edited, old, new)
    assert f"{LINES}: " in line
    assert said in line


@pytest.mark.parametrize(
    ("file", "more", "told"),
    [
        (REVENUE, b"\nmetrics: []\n", "is not YAML: the key metrics is there twice; put all of it"),
        (REVENUE, b"\tx: 1\n", r"is not YAML: .* line \d+, column 1"),
        (REVENUE, b"# caf\xe9\n", r"is not UTF-8 \(row \d+\); save it as UTF-8"),
        (LINES, b"\nsemantic_models: []\n", "is not YAML: the key semantic_models is there twice"),
        (Path("seeds/holidays.csv"), b"2011-03-03,F\xeate,France\n", r"is not UTF-8 \(row \d+\)"),
    ],
)
def test_a_file_that_dbt_would_take_in_part_or_not_name_stops_the_build(
    tmp_path: Path, file: Path, more: bytes, told: str
) -> None:
    project = project_copy(tmp_path)
    with (project / file).open("ab") as opened:
        opened.write(more)
    with pytest.raises(IngestError, match=f"^.*{file} {told}"):
        build(project, tmp_path / "shop.duckdb")


@pytest.mark.parametrize(
    ("seed", "more", "told"),
    [
        ("holidays", "2011-03-03,,", "has a row without holiday (date_day 2011-03-03); fill "),
        ("service_codes", "POST,Postage", "has the code POST 2 times; keep one of these rows"),
    ],
)
def test_a_seed_that_a_build_would_refuse_is_refused_when_a_source_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: str, more: str, told: str
) -> None:
    project = project_copy(tmp_path)
    monkeypatch.setenv("RETAIL_CACHE", str(tmp_path / "landed"))
    with (project / f"seeds/{seed}.csv").open("a", encoding="utf-8") as file:
        file.write(f"{more}\n")
    source = str(write(tmp_path / "a.csv", small_shop()))
    found = check_source.check(project, source, tmp_path / "none.duckdb")
    assert found.refused is not None
    assert found.refused.startswith(f"seeds/{seed}.csv {told}")


@pytest.mark.full
@pytest.mark.usefixtures("edit")
def test_what_metricflow_refuses_is_said(edited: Shop) -> None:
    line = refusal(edited, UK_NAME, "name: country")
    assert "kpi_lines" in line
    assert "`country`" in line


def refusal(edited: Shop, old: str, new: str) -> str:
    """Why the daily job does not build what an edit made of a new measure; nothing is published."""
    path = edited.project / LINES
    original = path.read_text()
    with_measure = replaced(original, (MEASURES, MEASURES + UK_RETURNS))
    path.write_text(with_measure.replace(old, new, 1))
    before = edited.database.read_bytes()
    try:
        built = edited.python("-m", "retail", "run", "--quiet", "--project", str(edited.project))
    finally:
        path.write_text(original)
    assert built.returncode == 1
    assert edited.database.read_bytes() == before
    (line,) = built.stderr.splitlines()
    return line


UK_RETURNS = """\
      - name: returned_revenue_uk
        agg: sum
        expr: case when country = 'United Kingdom' then returned_revenue else 0 end
        create_metric: true
      - name: order_lines
        agg: sum
        expr: 1
"""
UK_RATE = (
    ("name: returned_per_order", "name: uk_return_rate"),
    ("numerator: returned_revenue", "numerator: returned_revenue_uk"),
    ("denominator: orders", "denominator: gross_revenue"),
    ("unit: currency", "unit: ratio"),
    ("cadence: weekly", "cadence: daily"),
    ("absolute: 1,", "absolute: 0.01,"),
)


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """A text with some parts of it changed, all of which are there."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def add_measure_and_kpi(project: Path) -> None:
    """Add a measure, and a KPI on it."""
    lines, kpi = project / LINES, project / REVENUE.with_name("new_kpi.yml")
    lines.write_text(replaced(lines.read_text(), (MEASURES, MEASURES + UK_RETURNS)))
    kpi.write_text(replaced(NEW_KPI.read_text(), *UK_RATE))


def busy_shop(spoilt: int, days: int = 120) -> list[list[str]]:
    """A shop with returns every day; on one of them the United Kingdom sends 10003 back."""
    rows, numbers = [], iter(range(540000, 990000))
    for day in range(days):
        when = f"{date(2011, 1, 3) + timedelta(day):%m/%d/%Y}"
        for nth in range(24):
            who, country = str(100 + nth), ("United Kingdom", "Germany", "France")[nth % 3]
            about = [f"1000{nth % 5}", f"THING {nth % 5}"]
            pieces, hour = 4 + (nth * 7 + day * 3) % 5, 9 + nth % 8
            price = "7.50" if nth % 5 == 4 else "2.50"
            tail = [f"{when} {hour:02}:05", price, who, country]
            rows.append([str(next(numbers)), *about, str(pieces), *tail])
            if day * nth % 7 == 3:
                rows.append([f"C{next(numbers)}", *about, "-1", *tail])
            if day == spoilt and country == "United Kingdom":
                rows.append([f"C{next(numbers)}", "10003", "THING 3", "-4", *tail])
    return rows


def test_a_new_measure_and_a_kpi_on_it_go_through_to_a_cause_and_a_story(tmp_path: Path) -> None:
    spoilt = 100
    shop = Shop(
        project_copy(tmp_path), tmp_path, str(write(tmp_path / "shop.csv", busy_shop(spoilt)))
    )
    add_measure_and_kpi(shop.project)
    assert len(touched(shop.project)) == 2
    shop.build("--exclude-resource-type", "unit_test")
    done = shop.python("-m", "detect", "--db", str(shop.database), "--quiet")
    assert done.returncode == 0, done.stderr
    day = date(2011, 1, 3) + timedelta(spoilt)
    assert_explained(shop.database, day, "10003", "THING 3")
    assert_measured_alike(shop.database, day, ["returned_revenue_uk", "order_lines"])
    spoil = f"update marts.fct_segments_daily set order_lines = 0 where period_start = '{day}'"
    assert not_added_up(shop, tmp_path) == []
    assert not_added_up(shop, tmp_path, spoil) == [("measure order_lines", "all", day)]


@pytest.mark.parametrize(
    ("spoil", "kpis"),
    [
        (
            "update marts.fct_segments_daily set country = 'Moon' where country = 'Germany'",
            {"revenue_by_country"},
        ),
        ("delete from marts.fct_kpis_daily where kpi = 'units_sold'", {"units_sold"}),
        ("delete from marts.fct_segments_daily where country = 'Germany'", None),
    ],
)
def test_segments_that_do_not_add_up_are_found_by_country_and_on_either_side(
    small_built: Shop, tmp_path: Path, spoil: str, kpis: set[str] | None
) -> None:
    assert not_added_up(small_built, tmp_path) == []
    found = {kpi for kpi, _, _ in not_added_up(small_built, tmp_path, spoil)}
    assert found == kpis if kpis else {"revenue_by_country", "total_revenue"} <= found


def not_added_up(shop: Shop, folder: Path, spoil: str = "") -> list[tuple[str, str, date]]:
    """What the test of the daily segments finds in a copy of a built shop after a statement."""
    (test,) = shop.folder.glob("target/compiled/**/assert_daily_segments_add_up_to_kpis.sql")
    copy = folder / "spoilt" / shop.database.name  # the test names the database
    copy.parent.mkdir(exist_ok=True)
    shutil.copyfile(shop.database, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(spoil)
        query = f"select kpi, segment, period_start from ({test.read_text()}) order by all"
        return connection.execute(query).fetchall()


def assert_explained(database: Path, day: date, cause: str, told: str) -> None:
    """`uk_return_rate` rose on a day, what is to blame is known, and a story says so."""
    with duckdb.connect(str(database), read_only=True) as connection:
        ((direction, segment, narrative),) = connection.execute(
            """
            select
                anomalies.direction, cast(causes.segment as varchar), incidents.narrative
            from insights.anomalies
            left join insights.attributions as causes
                on
                    anomalies.anomaly_id = causes.anomaly_id
                    and causes.analysis = 'root_cause'
                    and causes.rank = 1
            left join insights.incidents on anomalies.incident_id = incidents.incident_id
            where
                anomalies.kpi = 'uk_return_rate'
                and anomalies.grain = 'daily'
                and anomalies.period_start = ?
            """,
            [day],
        ).fetchall()
    assert direction == "up"
    assert cause in segment
    assert told in narrative


def assert_measured_alike(database: Path, day: date, names: list[str]) -> None:
    """Order lines give what the segment tables have."""
    period = np.array([day], dtype="datetime64[D]")
    cells = store.read_segments(database, "daily", period, names)
    lines = store.read_lines(database, day, day, "daily", names)
    assert lines is not None
    for name in names:
        whole = cells.measures[name].sum()
        assert whole > 0, name
        assert measure(name, lines, lines.day == period) == pytest.approx(whole), name


@pytest.mark.full
@pytest.mark.skipif(not PUBLIC_YEAR.exists(), reason="the public year is not beside the checkout")
def test_the_public_year_has_its_anomaly_of_the_new_kpi(tmp_path: Path) -> None:
    shop = Shop(project_copy(tmp_path), tmp_path, str(PUBLIC_YEAR))
    add_measure_and_kpi(shop.project)
    shop.build("--exclude-resource-type", "unit_test")
    done = shop.python("-m", "detect", "--db", str(shop.database), "--quiet")
    assert done.returncode == 0, done.stderr
    assert_explained(shop.database, date(2011, 1, 18), "23166", "23166")


def test_a_column_of_the_order_lines_becomes_a_dimension_with_one_entry(tmp_path: Path) -> None:
    rows = busy_shop(100)
    shop = Shop(project_copy(tmp_path), tmp_path, str(write(tmp_path / "shop.csv", rows)))
    lines = shop.project / LINES
    lines.write_text(replaced(lines.read_text(), (DIMENSIONS, DIMENSIONS + NEW_DIMENSIONS)))
    assert touched(shop.project) == {LINES.as_posix()}
    shop.build("--exclude-resource-type", "unit_test")
    done = shop.python("-m", "detect", "--db", str(shop.database), "--quiet")
    assert done.returncode == 0, done.stderr
    wanted = {"line_type", "price_band"}
    defined = {name for (name,) in shop.ask("select dimension from marts.dim_dimensions")}
    assert wanted <= defined
    # Sales make 98 % of the money: no line type is worth a choice.
    shown = {d.name for d in read.dimensions(shop.database)}
    assert wanted & shown == {"price_band"}
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        for query in (
            "select dimensions from insights.attributions where analysis = 'breakdown'",
            "select dimension from insights.revenue_drivers",
            "select dimensions from insights.attributions where analysis = 'root_cause'",
        ):
            found = connection.execute(query).fetchall()
            assert wanted & {name for (names,) in found for name in names.split(", ")}, query
    day = date(2011, 1, 3)
    place = Place(day, day, (("price_band", "dear"),))
    assert {line.unit_price for line in read.lines(shop.database, place, 99).largest} == {7.5}


def test_every_measure_is_the_same_on_segments_and_on_order_lines(edited: Shop) -> None:
    names = edited.ask("select measure from marts.dim_measures where grain = 'daily'")
    largest = edited.ask(
        "select distinct largest_by, largest_of, largest_members from marts.dim_measures"
    )
    assert len(names) == 11
    assert set(largest) == {("gross_revenue", "product", 10), (None, None, None)}
    day = date(2011, 1, 3)
    assert_measured_alike(
        edited.database, day, [name for (name,) in names if name != "repeat_customers"]
    )
    assert_measured_alike(edited.database, day + timedelta(1), ["repeat_customers"])


@pytest.mark.full
def test_there_are_as_many_best_sellers_as_their_measure_says(
    small_built: Shop, tmp_path: Path
) -> None:
    shop = replace(copied(small_built, tmp_path), project=project_copy(tmp_path))
    lines = shop.project / LINES
    lines.write_text(replaced(lines.read_text(), ("members: 10", "members: 1")))
    built = shop.dbt("run", "--select", "int_top_products__daily")
    assert built.returncode == 0, built.stdout
    counts = shop.ask(
        "select distinct count(*) from intermediate.int_top_products__daily group by period_start"
    )
    assert counts == [(1,)]


def test_a_kpi_of_existing_measures_and_a_new_threshold_need_yaml_alone(
    edited: Shop, edit: Callable[[str, str], None]
) -> None:
    text = (PROJECT / REVENUE).read_text()
    edit(text, text.replace("z: 3.0", "z: 4.5", 1))
    assert touched(edited.project) == {REVENUE.as_posix()}
    shutil.copy(NEW_KPI, edited.project / REVENUE.with_name("new_kpi.yml"))
    assert len(touched(edited.project)) == 2
    edited.build("--exclude-resource-type", "unit_test")
    thresholds = edited.ask("select z_threshold from marts.dim_kpis where kpi = 'total_revenue'")
    values = edited.ask(
        "select distinct value from marts.fct_kpis_daily where kpi = 'returned_per_order'"
    )
    assert thresholds == [(4.5,)]
    assert values == [(4.25 / 4,)]
    wide = edited.ask(
        "select distinct returned_per_order, is_complete from marts.fct_kpis_wide_daily "
        "where returned_per_order is not null"
    )
    assert [value for value, _ in wide] == [4.25 / 4]
