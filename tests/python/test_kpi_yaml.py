"""A KPI is added or changed by editing YAML alone; a mistake stops the build in one line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT, Shop, copied

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
