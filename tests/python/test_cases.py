"""Files as people have them are read right: ../shared/cases, through the project's own SQL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT
from faults.bench import Bench
from faults.mutants import classify, compiled
from retail.ingest import land, resolve

CASES = PROJECT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="no cases beside the checkout")


@dataclass(frozen=True)
class Sql:
    """A file with the seeds, and the project's SQL that sorts order lines."""

    database: Path
    models: list[tuple[str, str]]


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Sql:
    bench = Bench(tmp_path_factory.mktemp("compiled"))
    return Sql(bench.database, compiled(bench))


DAYS = "count(*), cast(min(ordered_at) as date), cast(max(ordered_at) as date)"


@pytest.mark.parametrize(
    ("case", "expression", "where", "right"),
    [
        ("A12", DAYS, "true", ("400", "2010-12-01", "2011-12-09")),
        ("A12", "count(distinct cast(ordered_at as date))", "true", ("259",)),
        ("A12", "count(*)", "customer_id is null", ("28",)),
        ("A14", DAYS, "true", ("900", "2010-12-01", "2010-12-03")),
        ("A33", "count(*)", "customer_id is null", ("28",)),
        ("A33", "count(distinct customer_id), count_if(customer_id = 'NA')", "true", ("329", "0")),
        ("A34", "count(*)", "true", ("9049",)),
        ("A34", DAYS, "source_file like '%2011-09%'", ("296", "2011-09-01", "2011-09-12")),
        ("A41", "count(*)", "true", ("19335",)),
        ("A41", DAYS, "source_file like '%2026-01%'", ("778", "2026-01-01", "2026-01-15")),
        ("B05", "count(*)", "customer_id in ('NULL', 'null')", ("0",)),
        ("B14", "cast(sum(amount) as integer)", "line_type = 'return'", ("-10766",)),
        ("B14", "count(*)", "line_type = 'adjustment'", ("0",)),
        ("B27c", "cast(sum(amount) as decimal(9, 2))",
         "line_type = 'sale' or reject_reason = 'duplicate'", ("287604.43",)),
    ],
)  # fmt: skip
def test_a_case_is_read_right(
    sql: Sql, tmp_path: Path, case: str, expression: str, where: str, right: tuple[str, ...]
) -> None:
    (folder,) = CASES.glob(f"{case}-*")
    names = list(folder.iterdir())
    source = names[0] if len(names) == 1 else folder
    landing = land(resolve(tmp_path, {"RETAIL_SOURCE": str(source)}), tmp_path / "landed")
    query = f"select {expression} from intermediate.int_order_lines__classified where {where}"
    with duckdb.connect(str(sql.database)) as connection:
        classify(connection, [landing], sql.models)
        (row,) = connection.execute(query).fetchall()
    assert tuple(map(str, row)) == right
