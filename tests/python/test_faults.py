"""A few of every fault that `make faults` tries in full numbers: nothing is lost."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from conftest import FULL
from faults import mutants
from faults.attacks import ATTACKS, attacks
from faults.bench import Bench, Fault, Shop, make_shop
from faults.damaged import FORMS, damaged_files
from faults.disks import full_disks
from faults.files import damaged_caches, damaged_databases, moving_raw_data
from faults.kills import kill_downloads, kill_simulations
from retail.ingest.parquet_cache import land
from retail.ingest.sources import resolve

FEW: dict[Fault, tuple[int, int]] = {
    kill_downloads: (1, 3),
    kill_simulations: (1, 3),
    full_disks: (1, 1),
    moving_raw_data: (2, 5),
    damaged_databases: (1, 2),
    damaged_caches: (4, 10),
    attacks: (3, len(ATTACKS)),
    damaged_files: (2 * len(FORMS), 10 * len(FORMS)),
    mutants.mutants: (60, 150),
}
"""How often each is tried: by `make test`, and by `make test-full`."""
SLOW = {full_disks, damaged_databases, mutants.mutants}
"""Tried by `make test-full` alone."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("faults") / "shop", days=45)


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=pytest.mark.full if one in SLOW else ()) for one in FEW],
    ids=lambda fault: fault.__name__,
)
def test_nothing_is_lost(fault: Fault, shop: Shop, tmp_path: Path) -> None:
    times = FEW[fault][FULL]
    tallies = fault(shop, tmp_path / "bench", random.Random(fault.__name__), times)
    assert [what for tally in tallies for what in tally.lost] == []
    assert sum(tally.tried for tally in tallies) >= times


def test_a_row_that_gets_lost_would_be_noticed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    models = mutants.compiled(bench)
    landing = land(resolve(tmp_path, {"RETAIL_SOURCE": str(bench.source)}), tmp_path / "landed")
    with duckdb.connect(str(bench.database)) as connection:
        mutants.classify(connection, [landing], models)
        contents = {"orders.csv": bench.source.read_bytes()}
        outcome = mutants.Outcome([], Counter())
        assert [*mutants.accounted(connection, contents, outcome)] == [None]
        connection.execute("delete from marts.fct_order_lines where source_row = 2")
        assert [*mutants.accounted(connection, contents, outcome)] != [None]
