"""A KPI is added or changed by editing YAML alone; a mistake stops the build in one line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml

from conftest import PROJECT, Shop, copied
from detect import store
from detect.attribution.lines import measure

ORDERS = Path("models/marts/fct_orders.yml")
MEASURES = "    measures:\n"
REVENUE = Path("models/marts/kpis/revenue.yml")
NEW_KPI = PROJECT / "tests/python/new_kpi.yml"
MISTAKES = {
    "an unknown cadence": ("cadence: daily", "cadence: dayly", "allowed: daily, weekly"),
    "no owner": ("        owner: Finance\n", "", "owner is missing or no text"),
    "a threshold that is no number": ("z: 3.0", "z: three", "thresholds.z is 'three'; allowed"),
    "a confidence above 1": ("confidence: 0.5", "confidence: 50", "a number between 0 and 1"),
    "a threshold left out": ("iqr: 1.5, ", "", "thresholds.iqr is missing"),
    "an unknown key": ("        unit:", "        units:", "unknown key 'units' in config.meta"),
    "an unknown direction": ("direction: up", "direction: north", "allowed: up, down, none"),
    "a filter": (
        "measure: net_revenue",
        "measure: {name: net_revenue, filter: \"{{ Dimension('order_row__country') }} = 'X'\"}",
        "filter is not supported",
    ),
    "thresholds that are no mapping": (
        "thresholds: {z: 3.0, iqr: 1.5, trend_alpha: 0.01, confidence: 0.5}",
        "thresholds: 3",
        "thresholds is '3'; allowed: a mapping",
    ),
    "a threshold that is no real number": ("z: 3.0", "z: .nan", "thresholds.z is 'nan'"),
    "an unknown measure": ("measure: net_revenue", "measure: net_revenu", "net_revenu"),
    "a weekly measure": (
        "measure: net_revenue",
        "measure: top_product_revenue_weekly",
        "could not explain it",
    ),
}
QUICK = ("an unknown cadence", "a threshold left out", "an unknown measure")
"""Mistakes that `make test` makes: of a word, a number, and one that dbt itself finds."""


@pytest.fixture(scope="module")
def edited(small_built: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy of the project that tests may edit, and a small shop built by it."""
    folder = tmp_path_factory.mktemp("edited")
    project = folder / "project"
    for name in ("models", "macros", "seeds", "analyses", "tests/data_tests"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / name, project / name)
    return replace(copied(small_built, folder), project=project)


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


UK_RETURNS = """\
      - name: returned_revenue_uk
        agg: sum
        expr: case when country = 'United Kingdom' then returned_revenue else 0 end
        create_metric: true
"""
FORBIDDEN = (
    "models/marts/kpis/new_kpi.yml: KPI uk_return_rate: measure 'returned_revenue_uk' is not"
)


def test_a_kpi_on_a_measure_that_detection_can_not_explain_stops_the_build_before_any_table(
    edited: Shop, edit: Callable[[str, str], None]
) -> None:
    edit("", "")  # revenue.yml as it is
    orders, kpi = edited.project / ORDERS, edited.project / REVENUE.with_name("new_kpi.yml")
    text = NEW_KPI.read_text()
    for old, new in (
        ("name: returned_per_order", "name: uk_return_rate"),
        ("numerator: returned_revenue", "numerator: returned_revenue_uk"),
        ("denominator: orders", "denominator: gross_revenue"),
    ):
        assert old in text
        text = text.replace(old, new)
    kpi.write_text(text)
    orders.write_text((PROJECT / ORDERS).read_text().replace(MEASURES, MEASURES + UK_RETURNS))
    before = edited.database.read_bytes()
    try:
        built = edited.python("-m", "daily", "--quiet", "--project", str(edited.project))
        assert built.returncode == 1
        (line,) = built.stderr.splitlines()
        assert FORBIDDEN in line
        assert line.endswith(f"allowed: {', '.join(allowed())}")
        assert edited.database.read_bytes() == before
    finally:
        kpi.unlink()
        shutil.copy(PROJECT / ORDERS, orders)


def allowed() -> list[str]:
    """The measures that a KPI may be of: those of the semantic model that detection knows."""
    models = yaml.safe_load((PROJECT / ORDERS).read_text())["semantic_models"]
    names = [measure["name"] for model in models for measure in model["measures"]]
    return sorted(name for name in names if not name.endswith("_weekly"))


def test_detection_knows_every_allowed_measure_on_segments_and_on_order_lines(
    edited: Shop,
) -> None:
    names = [name.removesuffix("_daily") for name in allowed()]
    with duckdb.connect(str(edited.database), read_only=True) as connection:
        days = connection.execute("select distinct order_date from marts.fct_orders").fetchall()
    first, last = min(days)[0], max(days)[0]
    periods = np.array(sorted(day for (day,) in days), dtype="datetime64[D]")
    cells = store.read_cells(edited.database, "daily", periods, names)
    lines = store.read_lines(edited.database, first, last)
    assert lines is not None
    for name in names:
        of_lines = sum(measure(name, lines, lines.day == day) for day in periods)
        assert of_lines == pytest.approx(cells.measures[name].sum()), name


def test_a_kpi_of_existing_measures_and_a_new_threshold_need_yaml_alone(
    edited: Shop, edit: Callable[[str, str], None]
) -> None:
    text = (PROJECT / REVENUE).read_text()
    edit(text, text.replace("z: 3.0", "z: 4.5", 1))
    shutil.copy(NEW_KPI, edited.project / REVENUE.with_name("new_kpi.yml"))
    built = edited.dbt("build", "--exclude-resource-type", "unit_test")
    assert built.returncode == 0, built.stdout
    with duckdb.connect(str(edited.database), read_only=True) as connection:
        thresholds = connection.execute(
            "select z_threshold from marts.dim_kpis where kpi = 'total_revenue'"
        ).fetchall()
        values = connection.execute(
            "select distinct value from marts.fct_kpis_daily where kpi = 'returned_per_order'"
        ).fetchall()
    assert thresholds == [(4.5,)]
    assert values == [(4.25 / 4,)]
