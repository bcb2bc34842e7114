"""What stands in for scipy.stats and scipy.signal gives what they give, and neither is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from scipy import signal, stats

from detect.attribution.search.student_t import estimate_degrees, normal_table
from detect.detectors.mann_kendall import _ranks
from detect.diagnostics import BAND, NOMINAL_RATES, _binomial_quantile
from detect.past import exponential_sum
from test_detect_shop import build, bulk_order, plant, segments

DAY = 122
RUN = """
    import json, pathlib, sys
    from retail.jobs.detection import pipeline
    found = pipeline.run(pathlib.Path(sys.argv[1]))
    loaded = sorted({"scipy.stats", "scipy.signal"} & set(sys.modules))
    counts = {"incidents": len(found.incidents), "trends": len(found.trends)}
    print(json.dumps(counts | {"loaded": loaded}))
"""
RANDOM = np.random.default_rng(20111209)


@pytest.mark.parametrize(("shape", "axis"), [((3,), 0), ((7, 60), 1), ((60, 7), 0), ((2, 0), 1)])
def test_a_running_sum_is_that_of_a_filter(shape: tuple[int, ...], axis: int) -> None:
    values = RANDOM.normal(size=shape)
    expected = signal.lfilter([0.0, 1.0], [1.0, -0.97], values, axis=axis)
    assert np.array_equal(exponential_sum(values, 0.97, axis), expected)


def test_ranks_share_their_places_where_values_are_equal() -> None:
    for values in (RANDOM.integers(0, 9, size=(40, 30)).astype(float), np.zeros((2, 4))):
        assert np.array_equal(_ranks(values), stats.rankdata(values, axis=1))


@pytest.mark.parametrize("nominal_rate", NOMINAL_RATES)
def test_quantiles_of_hits_are_those_of_the_binomial(nominal_rate: float) -> None:
    for tests in (1, 2, 19, 20, 100, 373, 5000):
        found = [_binomial_quantile((1 + side * BAND) / 2, tests, nominal_rate) for side in (-1, 1)]
        assert found == list(stats.binom.interval(BAND, tests, nominal_rate))


def test_tails_are_those_of_students_t() -> None:
    away = np.abs(stats.t.rvs(4, size=5000, random_state=1))
    degrees = estimate_degrees(away)
    assert 3 < degrees < 6
    scale = stats.t.ppf(0.75, degrees) / stats.norm.ppf(0.75)
    known = -stats.norm.ppf(stats.t.sf(2.5 * scale, degrees))
    assert np.interp(2.5, *normal_table(degrees, 9.0)) == pytest.approx(known, rel=1e-4)


def test_a_run_without_a_trend_loads_neither(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    build(path, plant(segments(), DAY, bulk_order))
    command = [sys.executable, "-c", textwrap.dedent(RUN), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["incidents"] > 0
    assert found["trends"] == 0
    assert found["loaded"] == []
