"""MetricFlow, asked for every KPI at both grains, gives what the tables have."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from conftest import Shop

MF = Path(sys.executable).with_name("mf")
GRAINS = {"daily": "day", "weekly": "week"}
EACH = ("daily", pytest.param("weekly", marks=pytest.mark.full))
BY_COUNTRY = "revenue_by_country"
#: A week's top ten is no sum of daily top tens: MetricFlow knows it under a name of its own.
OTHER_NAMES = {("weekly", "product_concentration"): "product_concentration_weekly"}


def desk_of(shop: Shop, folder: Path) -> Path:
    """Lays out a project for `mf`, which looks for dbt's artefacts in `target` and nowhere else."""
    desk = folder / "desk"
    desk.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        (desk / name).symlink_to(shop.project / name)
    (desk / "target").symlink_to(shop.folder / "target")
    return desk


def ask(shop: Shop, metrics: list[str], group_by: str, answer: Path) -> list[dict[str, str]]:
    done = subprocess.run(
        [MF, "query", "--metrics", ",".join(metrics), "--group-by", group_by, "--csv", answer],
        cwd=desk_of(shop, answer.parent),
        env=shop.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with answer.open(newline="") as lines:
        return list(csv.DictReader(lines))


def table(shop: Shop, grain: str, kpis: str) -> dict[tuple[str, str, str], float]:
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        rows = connection.execute(
            f"select kpi, segment, cast(period_start as varchar), value from marts.fct_kpis_{grain}"
            f" where value is not null and kpi {kpis} '{BY_COUNTRY}'"
        ).fetchall()
    return {(kpi, segment, period): value for kpi, segment, period, value in rows}


@pytest.mark.parametrize("grain", EACH)
def test_metricflow_agrees_on_every_kpi(shop: Shop, tmp_path: Path, grain: str) -> None:
    expected = table(shop, grain, "<>")
    kpis = sorted({kpi for kpi, _, _ in expected})
    asked = {kpi: OTHER_NAMES.get((grain, kpi), kpi) for kpi in kpis}
    period = f"metric_time__{GRAINS[grain]}"
    answered = {
        (kpi, "all", row[period][:10]): float(row[metric])
        for row in ask(shop, list(asked.values()), period, tmp_path / "answer.csv")
        for kpi, metric in asked.items()
        if row[metric]
    }
    assert len(kpis) == 14
    assert_same(answered, expected)


@pytest.mark.full
@pytest.mark.parametrize("grain", EACH)
def test_metricflow_agrees_on_revenue_by_country(shop: Shop, tmp_path: Path, grain: str) -> None:
    period, country = f"metric_time__{GRAINS[grain]}", "order_line__country"
    rows = ask(shop, [BY_COUNTRY], f"{period},{country}", tmp_path / "answer.csv")
    answered = {
        (BY_COUNTRY, row[country], row[period][:10]): float(row[BY_COUNTRY]) for row in rows
    }
    assert_same(answered, table(shop, grain, "="))


def assert_same(
    answered: dict[tuple[str, str, str], float], expected: dict[tuple[str, str, str], float]
) -> None:
    """Equal wherever MetricFlow has a row; it has none without orders, where the tables say 0."""
    assert answered.keys() <= expected.keys()
    assert all(expected[key] == 0 for key in expected.keys() - answered.keys())
    assert answered == pytest.approx({key: expected[key] for key in answered}, rel=1e-9)
    assert len(answered) > 10
