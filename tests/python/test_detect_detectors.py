"""Each detector finds what it is for, keeps silent on noise, and keeps to the one contract."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pymannkendall
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detect import calendar
from detect.compress_missing import pack, unpack
from detect.detectors import DETECTORS, Evidence, cross_kpi, iqr, level_shift, z_score
from detect.detectors import mann_kendall as mk
from detect.features import DetectorInput, prepare
from detect.past import mean_square
from retail.jobs.detection import pipeline
from test_detect_shop import DAYS, build, bulk_order, dates, kpi, panel, plant, segments

MATURE = 60
CLOSED = np.arange(DAYS) % 7 == 5


def orders(series: int = 4, seed: int = 3, noise: float = 0.2) -> np.ndarray:
    values = 100 * np.exp(noise * np.random.default_rng(seed).normal(size=(series, DAYS)))
    values[:, CLOSED] = 0
    return values


def features(values: np.ndarray) -> DetectorInput:
    return prepare(panel(values), calendar.learn(dates()))


def named(name: str, seen: DetectorInput) -> Evidence:
    return next(d for d in DETECTORS if d.name == name).score(seen)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.name)
def test_every_detector_keeps_the_contract(detector) -> None:  # noqa: ANN001
    seen = features(orders())
    found = detector.score(seen)
    for array in dataclasses.astuple(found):
        assert array.shape == seen.panel.value.shape
    p = found.p_value[np.isfinite(found.p_value)]
    assert ((p >= 0) & (p <= 1)).all()
    assert not (found.agrees & np.isnan(found.p_value)).any()


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.name)
def test_no_detector_looks_ahead(detector) -> None:  # noqa: ANN001
    values, other = orders(), orders()
    other[:, 120:] = 3 * orders(seed=9)[:, 120:]
    before, after = detector.score(features(values)), detector.score(features(other))
    for mine, theirs in zip(dataclasses.astuple(before), dataclasses.astuple(after), strict=True):
        assert mine[:, :120].tobytes() == theirs[:, :120].tobytes()


@pytest.mark.parametrize("name", ["z_score", "iqr"])
@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_a_sudden_change_is_found_on_its_day(name: str, factor: float) -> None:
    values = orders()
    values[0, 150] *= factor
    found = named(name, features(values))
    assert found.agrees[0, 150]
    assert found.p_value[0, 150] < 0.005
    assert np.sign(found.statistic[0, 150]) == np.sign(factor - 1)


def test_a_day_too_early_for_quartiles_is_beyond_no_fence_rather_than_inside_one() -> None:
    values = orders()
    values[0, 30] *= 50.0
    seen = features(values)
    assert seen.tested[0, 30]
    assert named("z_score", seen).agrees[0, 30]
    assert np.isnan(named("iqr", seen).statistic[0, 30])


def test_thresholds_come_from_the_definition() -> None:
    values = orders()
    values[0, 150] *= 3.0
    seen = features(values)
    strict = dataclasses.replace(seen.panel.series[0].kpi, z_threshold=99.0, iqr_threshold=99.0)
    series = (dataclasses.replace(seen.panel.series[0], kpi=strict), *seen.panel.series[1:])
    strict_view = dataclasses.replace(seen, panel=dataclasses.replace(seen.panel, series=series))
    assert not z_score.score(strict_view).agrees[0, 150]
    assert not iqr.score(strict_view).agrees[0, 150]


@pytest.mark.parametrize("name", ["z_score", "iqr", "level_shift", "companions"])
def test_noise_is_rarely_taken_for_news(name: str) -> None:
    found = named(name, features(orders(series=30)))
    p = found.p_value[:, MATURE:]
    p = p[np.isfinite(p)]
    assert (p < 0.01).mean() < 0.025


def test_a_lasting_change_too_small_for_a_day_is_found_as_a_shift() -> None:
    values = orders(series=30)
    values[:, 120:] *= np.exp(-1.6 * 0.2)
    found = level_shift.score(features(values))
    assert (found.p_value[:, 120:135] < 0.01).any(axis=1).mean() > 0.7
    assert (found.span[:, 120:135].max(axis=1) > 1).all()


def test_a_kpi_that_leaves_its_companions_is_found() -> None:
    values = orders(series=1, noise=0.2)
    pair = np.vstack([values, 0.9 * values * np.exp(0.03 * orders(noise=0.0, series=1) / 100)])
    pair[1] *= np.exp(0.04 * np.random.default_rng(5).normal(size=DAYS))
    pair[1, 150] *= 0.7
    found = cross_kpi.score(features(pair))
    assert found.p_value[1, 150] < 0.01
    assert found.statistic[1, 150] < 0


def test_a_day_without_trade_is_no_data() -> None:
    known = dates()
    is_trading = known.is_trading.copy()
    is_trading[150] = False
    values = orders(series=2)
    values[:, 150] = 0
    kpis = (kpi(), kpi("units_sold", numerator="units"))
    seen = prepare(
        panel(values, *kpis), calendar.learn(dataclasses.replace(known, is_trading=is_trading))
    )
    found = named("no_data", seen)
    assert np.argwhere(found.agrees).tolist() == [[0, 150]]
    assert not seen.tested[:, 150].any()


def test_a_day_without_orders_is_news_only_where_many_come() -> None:
    """Of three orders a day, one day in fourteen has none by chance; of fifty, none ever has."""
    known = dates()
    is_trading = known.is_trading.copy()
    is_trading[150] = False
    sure = {}
    for size in (3.0, 50.0):
        values = np.random.default_rng(2).poisson(size, (1, known.day.size)) + 0.0
        values[:, known.is_trading] = np.maximum(values[:, known.is_trading], 1.0)
        values[:, ~known.is_trading] = 0.0
        values[:, 150] = 0.0
        trading = calendar.learn(dataclasses.replace(known, is_trading=is_trading))
        found = named("no_data", prepare(panel(values, kpi()), trading))
        sure[size] = 1 - float(found.p_value[0, 150])
    assert sure[3.0] < 0.3
    assert sure[50.0] > 0.9


def test_trade_on_a_closed_day_is_off_the_calendar() -> None:
    known = dates()
    saturday = 20 * 7 + 5
    is_trading = known.is_trading.copy()
    is_trading[saturday] = True
    values = orders(series=1)
    values[:, saturday] = 90
    learned = calendar.learn(dataclasses.replace(known, is_trading=is_trading))
    seen = prepare(panel(values, kpi()), learned)
    assert np.argwhere(named("calendar", seen).agrees).tolist() == [[0, saturday]]
    assert not seen.tested[:, saturday].any()


# ------------------------------------------------------------------------- one detector more

PYTHON = Path(__file__).parents[2] / "python"
EAGER = '''
"""Sure of any rise of one KPI by more than 1.5 sigmas in the last days."""

import numpy as np

from detect.detectors.contract import Detector, Evidence


def score(view):
    rise = view.tested & (view.forecast.residual > 1.5)
    rise[:, :-4] = False
    own = np.array([series.kpi.name == "{kpi}" for series in view.panel.series])[:, None]
    p_value = np.where(view.tested & own, np.where(rise, 1e-9, 1.0), np.nan)
    return Evidence(view.forecast.residual, p_value, rise & own, np.ones(rise.shape, np.int64))


DETECTOR = Detector("eager_{kpi}", score, 1.0, "a test", needs_other_kpis={needs})
'''
LIMITS = "select kpi, min_relative_increase from insights.detection_limits where grain = 'daily'"
Rows = list[tuple[object, ...]]


def query(path: Path, text: str) -> Rows:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(text).fetchall()


def add_detector(package: Path, name: str, text: str) -> None:
    """One file, and one line."""
    (package / f"{name}.py").write_text(text)
    registry = package / "__init__.py"
    line = f'MODULES = (\n    "{name}",\n'
    registry.write_text(registry.read_text().replace("MODULES = (\n", line))


def test_a_detector_is_a_file_and_a_line(tmp_path: Path) -> None:
    """It is found in evidence, calibration and, where it needs no other KPI, detection limits."""
    path = tmp_path / "shop.duckdb"
    build(path, plant(segments(), DAYS - 3, bulk_order))
    pipeline.run(path)
    before = dict(query(path, LIMITS))
    shutil.copytree(PYTHON / "detect", tmp_path / "detect")
    for kpi_name, needs in (("units_sold", False), ("items_per_order", True)):
        text = EAGER.format(kpi=kpi_name, needs=needs)
        add_detector(tmp_path / "detect/detectors", f"eager_{kpi_name}", text)
    subprocess.run(
        [sys.executable, "-m", "detect", "--db", str(path), "--quiet"],
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{PYTHON}"},
    )
    methods = query(path, "select kpi, methods from insights.anomalies")
    calibrated = query(path, "select method, kpi from insights.calibration")
    for kpi_name in ("units_sold", "items_per_order"):
        mine = f"eager_{kpi_name}"
        assert {kpi for kpi, said in methods if mine in str(said).split(", ")} == {kpi_name}
        assert {kpi for method, kpi in calibrated if method == mine} == {kpi_name}
    after = dict(query(path, LIMITS))
    assert after["units_sold"] < 0.8 * before["units_sold"]
    assert after["items_per_order"] >= before["items_per_order"]


def test_every_weight_has_its_reason() -> None:
    assert all(d.reason for d in DETECTORS)
    everywhere = [d.weight for d in DETECTORS if d.name != "typical_order"]
    assert sum(everywhere) == pytest.approx(1.0)


# ----------------------------------------------------------------------------- Mann–Kendall

values_of_rows = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(10, 30)),
    elements=st.integers(-9, 9).map(float),
)  # fmt: skip


@settings(max_examples=60)
@given(values_of_rows)
def test_the_batched_test_equals_pymannkendall(values: np.ndarray) -> None:
    found = mk.mann_kendall(values)
    for i, row in enumerate(values):
        if len(set(row)) == 1:
            continue
        one = pymannkendall.original_test(row)
        expected = (one.s, one.Tau, one.var_s, one.z)
        assert (found.score[i], found.tau[i], found.variance[i], found.z[i]) == pytest.approx(
            expected
        )
        assert found.p_value[i] == pytest.approx(one.p, abs=1e-12)
        assert mk.sen_slope(values)[i] == pytest.approx(one.slope)


@settings(max_examples=60)
@given(values_of_rows, st.integers(1, 5))
def test_the_autocorrelation_aware_test_equals_pymannkendall(values: np.ndarray, lags: int) -> None:
    found = mk.mann_kendall(values, lags)
    for i, row in enumerate(values):
        if len(set(row)) == 1:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            one = pymannkendall.hamed_rao_modification_test(row, lag=lags)
        if one.var_s > 0:
            assert found.variance[i] == pytest.approx(one.var_s)
            assert found.p_value[i] == pytest.approx(one.p, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(3, 12))
def test_rolling_scores_equal_those_of_each_window(seed: int, window: int) -> None:
    values = np.random.default_rng(seed).integers(0, 6, (3, 20)).astype(float)
    ends = np.arange(window - 1, 20)
    rolled = mk.rolling_score(values, window, ends)
    for column, end in enumerate(ends):
        alone = mk.mann_kendall(values[:, end - window + 1 : end + 1]).score
        np.testing.assert_array_equal(rolled[:, column], alone)


def test_a_slow_decline_is_found_before_it_is_over() -> None:
    values = orders(series=10)
    values[:, 70:154] *= np.linspace(1, 0.6, 84)
    found = named("mann_kendall", features(values))
    assert found.agrees[:, 70:154].any(axis=1).all()
    assert (found.statistic[found.agrees] < 0).all()


def test_stationary_noise_has_hardly_a_trend() -> None:
    found = named("mann_kendall", features(orders(series=60)))
    assert found.agrees.any(axis=1).mean() < 0.05


def test_discoveries_follow_benjamini_and_hochberg() -> None:
    p = np.array([[0.001], [0.02], [0.03], [0.5]])
    found = mk.discovered(p, np.isfinite(p), np.zeros(4, dtype=np.int64), np.full(4, 0.05))
    assert found[:, 0].tolist() == [True, True, True, False]


def test_families_are_judged_apart() -> None:
    p = np.array([[0.04], [0.9], [0.9]])
    apart = mk.discovered(p, np.isfinite(p), np.array([0, 1, 1]), np.full(3, 0.05))
    together = mk.discovered(p, np.isfinite(p), np.zeros(3, dtype=np.int64), np.full(3, 0.05))
    assert apart[0, 0]
    assert not together[0, 0]


# ---------------------------------------------------------------------------------- helpers


@given(
    arrays(np.float64, (3, 9), elements=st.floats(-5, 5)),
    arrays(np.bool_, (3, 9)),
)
def test_packing_leads_back(values: np.ndarray, observed: np.ndarray) -> None:
    packed, places = pack(values, observed)
    np.testing.assert_array_equal(unpack(packed, places), np.where(observed, values, np.nan))


def test_the_past_leaves_out_the_present() -> None:
    z = np.array([[1.0, 5.0, np.nan, 2.0]])
    past = mean_square(z, decay=1.0, largest=3.0, prior=0.0001)
    assert past[0] == pytest.approx([1.0, 1.0, 5.0, 5.0], rel=0.01)
