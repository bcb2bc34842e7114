"""The evaluation's own arithmetic: rules as they ship, sizes, catches, false alarms, tables."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.records import GRAINS, Anomaly, Kpi
from lab.evaluate import baseline_methods, growth, score, settings, shops, summary, tables
from lab.evaluate.cli import PARTS, evaluate_command
from lab.evaluate.intervals import Blocks, blocks, rate_interval
from lab.evaluate.measure import Copy, Grid, measure
from lab.evaluate.run import Measured
from retail.console.cli import call
from retail.simulate import Incident, ShopConfig, simulate_shop

ROOT = Path(__file__).parents[2]
DAYS = 60
FIRST = dt.date(2011, 1, 3)
SIGMA = 0.1


def series(values: list[float]) -> pd.Series[float]:
    return pd.Series(values, index=pd.date_range(FIRST, periods=len(values)))


def level(last: float) -> pd.Series[float]:
    return series([*(10 + 0.1 * (nth % 3) for nth in range(40)), last])


# ---------------------------------------------------------------------------------- the rules


@pytest.mark.parametrize("name", ["plain z > 3, 28 days", "IQR fence 1.5, 28 days",
                                  "Elementary default", "re_data modified z > 3"])  # fmt: skip
def test_each_rule_flags_a_spike_and_not_an_ordinary_day(name: str) -> None:
    rule = baseline_methods.RULES[name]
    assert rule.score(level(30.0)).iloc[-1] > rule.limit
    assert not rule.score(level(10.1)).iloc[-1] > rule.limit


@given(st.floats(-1e6, 1e6))
def test_elementary_can_never_score_beyond_its_window(last: float) -> None:
    most = (baseline_methods.ELEMENTARY_DAYS - 1) / np.sqrt(baseline_methods.ELEMENTARY_DAYS)
    assert not baseline_methods.elementary(level(last)).iloc[-1] > most + 1e-6


def test_re_data_falls_back_where_most_values_are_equal() -> None:
    values = series([5.0] * 35 + [6.0, 5.0, 50.0])
    assert baseline_methods.re_data(values).iloc[-1] > 3


def test_rules_see_trading_days_only() -> None:
    value = np.tile([10.0, 10.1, 10.2, 9.9, 10.0, 10.1, 0.0], 8)[None]
    traded = value[0] > 0
    period = np.datetime64(FIRST) + np.arange(56)
    scored = baseline_methods.scores(
        baseline_methods.RULES["plain z > 3, 28 days"], period, value, traded
    )
    assert np.isnan(scored[0, ~traded]).all()
    assert np.nanmax(scored) < 3


# -------------------------------------------------------------------------- copies by hand

KPI = dataclasses.replace(growth.KPI, name="order_count", segment_by=None)


def grid(values: np.ndarray, days: int) -> Grid:
    period = np.datetime64(FIRST) + np.arange(values.shape[1]) * days
    sigma = np.full(values.shape, SIGMA)
    return Grid(
        ("order_count",), ("all",), period, period + np.timedelta64(days - 1, "D"), values,
        np.log(values), sigma, sigma, np.full((1, 1), 2 * SIGMA),
        np.ones(values.shape, dtype=bool), np.zeros(values.shape),
    )  # fmt: skip


def copy(daily: np.ndarray, anomalies: tuple[Anomaly, ...] = ()) -> Copy:
    grids = {"daily": grid(daily, 1), "weekly": grid(np.full((1, DAYS // 7 + 1), 700.0), 7)}
    return Copy(shops.GIVEN, "shop", (), (), grids, anomalies, (), (), ())


def anomaly(day: int, confidence: float = 0.9, kpi: Kpi = KPI) -> Anomaly:
    start = FIRST + dt.timedelta(days=day)
    return Anomaly(
        f"a{day}", kpi, "all", "daily", start, 1.0, 2.0, 0.0, 3.0, "down", -3.0, -3.0, 0.001,
        confidence, "high", "bad", ("z_score",), f"i{day}",
    )  # fmt: skip


def calm() -> np.ndarray:
    return np.full((1, DAYS), 100.0)


def test_a_size_is_the_shift_in_sigmas_of_the_day_and_of_the_year() -> None:
    disturbed = calm()
    disturbed[0, 30] = 100 * np.exp(-0.5)
    moved = score.moved(copy(disturbed), copy(calm()))
    assert moved.local["daily"][0, 30] == pytest.approx(-5)
    assert moved.year["daily"][0, 30] == pytest.approx(-2.5)
    assert (np.delete(moved.local["daily"], 30, axis=1) == 0).all()


def test_only_findings_in_what_was_moved_are_right_and_those_of_the_control_do_not_count() -> None:
    disturbed = calm()
    disturbed[0, 30] = 50.0
    control = copy(calm(), (anomaly(10),))
    both = copy(disturbed, (anomaly(10), anomaly(20), anomaly(30)))
    truth = {a.anomaly_id: right for a, right in score.truth_of(both, control)}
    assert truth == {"a20": False, "a30": True}


def test_false_alarms_are_counted_per_kpi_and_month_and_per_13_weeks() -> None:
    control = copy(calm(), (anomaly(10), anomaly(40)))
    measured = Measured({"shop": control}, [], [])
    line = summary.own_method(measured, shops.GIVEN, "own")
    assert line.false_per_kpi_month == pytest.approx(2 / (DAYS / (365.25 / 12)))
    quarter = summary.false_incidents_per_quarter(measured, shops.GIVEN)
    assert quarter == pytest.approx(2 / (DAYS / 91))


def test_shops_of_one_kind_are_judged_apart_from_those_of_the_other() -> None:
    mine = copy(calm(), (anomaly(10),))
    other = dataclasses.replace(mine, kind=shops.SIMULATED, shop="other")
    measured = Measured({"shop": mine, "other": other}, [], [])
    rule = baseline_methods.RULES["re_data modified z > 3"]
    line = summary.rule_method(measured, shops.GIVEN, "re_data", rule, 0.1)
    assert line.false_per_kpi_month == 0


def test_a_rule_made_as_strict_has_no_more_false_alarms() -> None:
    rng = np.random.default_rng(1)
    noisy = 100 * np.exp(rng.normal(0, 0.2, (1, DAYS)))
    control = copy(noisy, (anomaly(50),))
    measured = Measured({"shop": control}, [], [])
    own = summary.own_method(measured, shops.GIVEN, "own").false_per_kpi_month
    scored = summary.rule_scores(
        measured, shops.GIVEN, baseline_methods.RULES["re_data modified z > 3"]
    )
    limit = summary.limit_for(scored, measured, own)
    assert len(summary.beyond(scored, limit)(control)) <= 1


# -------------------------------------------------------------------------- through the project


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """A small simulated shop, undisturbed and with one plain outage."""
    folder = tmp_path_factory.mktemp("an owner's")
    config = ShopConfig(days=150, lines=60_000, seed=7)
    simulate_shop(config, folder / "lines.csv")
    sources = shops.resolve(folder, {shops.SOURCE_VARIABLE: str(folder / "lines.csv")})
    shop = shops.keep(shops.Shop(shops.SIMULATED, "small", folder / "lines.parquet"), sources)
    incident = Incident("outage", dt.date(2011, 4, 13), 1, 0.9)
    control, disturbed = (
        measure(ROOT, shop, planted, 1, folder / "target") for planted in ((), (incident,))
    )
    return Measured({"small": control}, [disturbed], [disturbed])


@pytest.mark.full
def test_a_plain_outage_is_planted_measured_and_caught(outage: Measured) -> None:
    (case,) = summary.all_cases(outage, shops.SIMULATED, score.own_findings)
    assert case.kind == "outage"
    assert case.size > 4
    assert case.on_the_day
    assert case.within_a_week
    assert case.delay == 0


@pytest.mark.full
def test_the_control_is_the_same_shop_undisturbed(outage: Measured) -> None:
    control, disturbed = outage.controls["small"], outage.copies[0]
    day = np.datetime64("2011-04-13")
    for grain in GRAINS:
        mine, theirs = disturbed.grids[grain], control.grids[grain]
        before = mine.period_end < day
        assert np.array_equal(mine.value[:, before], theirs.value[:, before], equal_nan=True)


@pytest.mark.full
def test_the_tables_name_every_method_kind_and_size(outage: Measured) -> None:
    text = tables.report(outage, with_prophet=False)
    for name in (*baseline_methods.RULES, tables.OWN, "outage", "σ", "confidence"):
        assert name in text
    assert "nan" not in text


# -------------------------------------------------------------------------------------- words


def test_costs_are_told_against_the_smallest() -> None:
    text = tables.growth([growth.Cost(10, 100, 1.0), growth.Cost(100, 100, 5.0)])
    assert "| 100 | 100 | 5.0 | 50.0 | 0.50 |" in text


def test_away_from_the_project_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(evaluate_command, "evaluate", ["--scale", "small"]) == 1
    assert capsys.readouterr().err.strip().endswith("start in the project's root")


def test_a_part_without_its_kind_of_file_says_which_it_wants(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert call(evaluate_command, "evaluate", ["--only", "members"]) == 1
    said = capsys.readouterr().err.strip()
    assert said.endswith("--only members works on raw data of a year, and none is given")


def test_without_a_choice_every_part_is_printed_or_said_to_be_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, part in PARTS.items():
        echo = dataclasses.replace(part, tables=lambda given: f"of {len(given.years)} years")
        monkeypatch.setitem(PARTS, name, echo)
    (tmp_path / "a year.csv").touch()
    monkeypatch.chdir(Path(__file__).parents[2])
    assert call(evaluate_command, "evaluate", [str(tmp_path / "a year.csv")]) == 0
    said = capsys.readouterr().out
    assert [line[3:] for line in said.splitlines() if line.startswith("## ")] == [
        part.heading for part in PARTS.values()
    ]
    worked = [part for part in PARTS.values() if part.files in (None, "years")]
    assert said.count("of 1 years") == len(worked)
    assert "Left out: it works on a folder of published cases." in said


def test_the_interval_of_a_rate_is_wider_where_events_cluster() -> None:
    spread, clustered = Blocks((1, 0, 1, 1, 0, 1, 0, 1), 224), Blocks((5, 0, 0, 0, 0, 0, 0, 0), 224)
    (low, high), (_, far) = rate_interval(spread), rate_interval(clustered)
    assert low < 5 / 32 < high < far
    none = rate_interval(Blocks((0,) * 8, 224))
    assert none == (0.0, pytest.approx(3.689 / 32, rel=1e-3))  # Garwood's upper end for none


def test_incidents_are_counted_once_in_the_block_that_they_begin_in() -> None:
    first, days = dt.date(2024, 1, 1), [0, 3, 40, 83]
    counted = blocks([first + dt.timedelta(days=n) for n in days], first, dt.date(2024, 3, 24))
    assert counted == Blocks((2, 1, 1), 84)


def test_settings_are_counted_from_loose_to_strict(
    shop_db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "TRIED", {"thresholds.confidence": (0.3, 0.5, 0.9)})
    counted = settings.count(shop_db)
    found = [row.findings for row in counted]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]
    lines = settings.table(counted).splitlines()
    assert len(lines) == 2 + len(counted)
    assert lines[2].split(" | ")[1:4] == ["thresholds.confidence", "0.3", str(found[0])]
