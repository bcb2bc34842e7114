"""The job by other means, a Prefect flow or Spark, gives the same KPIs and findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackbox import contract, saved, shop
from blackbox.conftest import Place, needs

KPIS = ", ".join(name for name, _ in contract.columns("marts.fct_kpis_daily"))
WAYS = [
    pytest.param("flow", marks=[needs("flow"), pytest.mark.full]),
    pytest.param("job on Spark", marks=[needs("spark"), pytest.mark.full]),
]


@pytest.mark.parametrize("way", WAYS)
def test_another_way_gives_the_same_kpis_and_findings(
    built: Place, tmp_path: Path, way: str
) -> None:
    place = Place(tmp_path, tmp_path / "dbt")
    shop.write(place.source)
    place.must(way)
    for table in ("marts.fct_kpis_daily", "marts.fct_kpis_weekly"):
        query = f"select {KPIS} from {table} order by all"
        assert place.ask(query) == built.ask(query), table
        assert len(place.ask(query)) > 100
    assert set(place.statuses()) == saved.INCIDENTS
    assert list(tmp_path.glob("*.html"))
