"""A contribution's parts add up to it, and a segment's chance is honest about few periods."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detect import attribution
from detect.attribution.baselines import (
    forecast_baseline,
    leaf_history,
    leaf_segments,
    other_baselines,
)
from detect.attribution.breakdown import break_down
from detect.attribution.decomposition import Ratio, contributions, effects
from detect.attribution.dimensions import names
from detect.attribution.segments import Segments
from detect.attribution.significance import FEWEST, chances
from detect.records import GRAINS, Grain
from retail.jobs.detection import pipeline, store
from test_detect_attribution import anomaly, leaves, small_cells
from test_detect_shop import DIMENSIONS, FIRST_DAY, build, bulk_order, kpi, plant, segments

SIZE = 6
COUNTRIES = 12
amounts = arrays(np.float64, SIZE, elements=st.floats(-1e4, 1e4))
volumes = arrays(np.float64, SIZE, elements=st.floats(0, 1e4))


def split(actual: Ratio, expected: Ratio) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    total = np.sum(contributions(actual, expected), axis=0)
    found = effects(actual, expected, total)
    return found.volume, found.mix, found.rate


@given(amounts, volumes, amounts, volumes)
def test_volume_mix_and_rate_add_up_and_volume_to_nothing(
    top: np.ndarray, bottom: np.ndarray, past_top: np.ndarray, past_bottom: np.ndarray
) -> None:
    assume(bottom.sum() > 1 and past_bottom.sum() > 1)
    actual, expected = Ratio(top, bottom), Ratio(past_top, past_bottom)
    total = np.sum(contributions(actual, expected), axis=0)
    volume, mix, rate = split(actual, expected)
    size = np.abs(np.concatenate([total, volume, rate])).sum()
    size += abs(actual.total()) + abs(expected.total()) + 1e-9
    assert np.isfinite(volume + mix + rate).all()
    assert volume + mix + rate == pytest.approx(total, abs=1e-9 * size)
    assert volume.sum() == pytest.approx(0, abs=1e-9 * size)


def test_a_rate_that_moved_alone_is_all_rate() -> None:
    bottom = np.array([2.0, 8.0])
    volume, mix, rate = split(
        Ratio(np.array([4.0, 8.0]), bottom), Ratio(np.array([2.0, 8.0]), bottom)
    )
    assert rate == pytest.approx([0.2, 0.0])
    assert volume == pytest.approx([0, 0])
    assert mix == pytest.approx([0, 0])


def test_shares_that_moved_alone_are_all_mix() -> None:
    rates = np.array([1.0, 3.0])
    shares, past = np.array([6.0, 4.0]), np.array([4.0, 6.0])
    volume, mix, rate = split(Ratio(rates * shares, shares), Ratio(rates * past, past))
    assert rate == pytest.approx([0, 0])
    assert mix.sum() == pytest.approx(-0.4)
    assert volume == pytest.approx([0, 0])


def test_a_whole_that_only_grew_moved_by_nothing() -> None:
    actual = Ratio(np.array([20.0, 80.0]), np.array([5.0, 10.0]))
    expected = Ratio(np.array([2.0, 8.0]), np.array([0.5, 1.0]))
    volume, mix, rate = split(actual, expected)
    assert rate == pytest.approx([0, 0])
    assert mix == pytest.approx([0, 0])
    assert volume.sum() == pytest.approx(0)


def test_the_change_of_a_sum_is_all_volume() -> None:
    volume, mix, rate = split(Ratio(np.array([4.0, 8.0]), None), Ratio(np.array([2.0, 9.0]), None))
    assert volume.tolist() == [2.0, -1.0]
    assert not mix.any()
    assert not rate.any()


@given(amounts, amounts, st.floats(1, 1e4), st.floats(-1e4, -1))
def test_contributions_add_up_even_where_the_denominator_turns_negative(
    top: np.ndarray, past_top: np.ndarray, first: float, last: float
) -> None:
    actual = Ratio(top, np.full(SIZE, last / SIZE))
    expected = Ratio(past_top, np.full(SIZE, first / SIZE))
    parts = np.array(contributions(actual, expected))
    change = actual.total() - expected.total()
    assert parts.sum() == pytest.approx(change, abs=1e-9 * np.abs(parts).sum() + 1e-9)


# ----------------------------------------------------------------------------- significance


def test_ordinary_values_are_rarely_called_unusual() -> None:
    rng = np.random.default_rng(1)
    for count in (5, 8, 20):
        found = chances(rng.lognormal(3, 0.5, (count + 1, 20_000)))
        for level in (0.1, 0.05, 0.01):
            assert (found < level).mean() <= 1.4 * level


def test_few_periods_can_make_nothing_certain() -> None:
    values = np.array([20.0, 10.0, 11.0, 9.0, 10.5, 9.5])[:, None]
    assert 0.01 < chances(values)[0] < 0.1
    many = np.concatenate([[20.0], np.linspace(9, 11, 28)])[:, None]
    assert chances(many)[0] < 0.001


def test_one_wild_period_in_the_past_hides_nothing() -> None:
    past = np.linspace(90, 110, 20)
    wild = past.copy()
    wild[3] = 1e5
    calm, shaken = (chances(np.concatenate([[200.0], p])[:, None])[0] for p in (past, wild))
    assert shaken < 0.01
    assert calm < 0.01


def test_a_segment_that_hardly_ever_sells_is_judged_by_ranks() -> None:
    values = np.zeros(21)
    values[0] = 5.0
    assert chances(values[:, None])[0] == pytest.approx(1 / 21)
    values[0] = 0.0
    assert chances(values[:, None])[0] == 1.0


def test_too_short_a_history_says_nothing() -> None:
    assert np.isnan(chances(np.arange(FEWEST + 0.0)[:, None])[0])


# -------------------------------------------------------------------------------- baselines


def test_another_baseline_has_an_expectation_of_its_own() -> None:
    known = small_cells()
    revenue = kpi("total_revenue", numerator="net_revenue")
    found = anomaly(revenue, 30.0, 99.0)
    by_model, _ = leaf_history(found, known, forecast_baseline(found, known.period))
    assert by_model.expected.total() == pytest.approx(99.0)
    for baseline in other_baselines(found, known.period).values():
        assert (baseline.periods < np.datetime64(found.period_start)).all()
        assert leaf_history(found, known, baseline)[0].expected.total() == pytest.approx(30.0)


def test_a_cause_that_every_baseline_names_is_stable() -> None:
    known = many_countries()
    at = known.rows(np.datetime64("2024-03-04"))
    known.measures["net_revenue"][at.stop - 1] = 500.0
    revenue = kpi("total_revenue", numerator="net_revenue")
    whole = 10.0 * COUNTRIES
    rows = attribution.attribute([anomaly(revenue, whole + 490.0, whole)], known, known.period)
    causes = [r for r in rows if r.analysis == "root_cause"]
    assert causes[0].segment == {"country": f"c{COUNTRIES - 1}"}
    assert causes[0].stability == 1.0
    assert causes[0].contribution == pytest.approx(490.0)
    assert causes[0].unexplained == pytest.approx(0.0, abs=1e-9)


def many_countries(days: int = 40) -> Segments:
    """Countries that earn ten a day each."""
    period = np.datetime64("2024-02-01") + np.arange(days)
    codes = {name: np.zeros(COUNTRIES * days, dtype=np.int64) for name in names(DIMENSIONS)}
    codes["country"] = np.tile(np.arange(COUNTRIES), days)
    members = dict.fromkeys(names(DIMENSIONS), ("one",))
    members["country"] = tuple(f"c{nth}" for nth in range(COUNTRIES))
    start = np.arange(0, COUNTRIES * days + 1, COUNTRIES)
    revenue = {"net_revenue": np.full(COUNTRIES * days, 10.0)}
    return Segments(DIMENSIONS, period, start, codes, members, revenue)


def test_an_unfinished_ratio_adds_up_to_its_lower_limit() -> None:
    known = small_cells()
    ratio = kpi("revenue_per_order", numerator="net_revenue", denominator="orders")
    found = dataclasses.replace(anomaly(ratio, 4.0, 3.0), methods=("period_to_date", "z_score"))
    rows = break_down(found, leaf_segments(found, known, known.period))
    for dimension in ("country", "hour"):
        mine = [r.contribution for r in rows if r.dimensions == (dimension,)]
        assert sum(mine) == pytest.approx(1.0)


# --------------------------------------------------------------------------------- of a run


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pipeline.Outcome]:
    """A shop with a bulk order on its last, unfinished day, after a run."""
    path = tmp_path_factory.mktemp("unfinished") / "shop.duckdb"
    build(path, plant(segments(days=123), 122, bulk_order), last_is_complete=False)
    return path, pipeline.run(path)


def test_early_warnings_are_broken_down_and_add_up(
    unfinished: tuple[Path, pipeline.Outcome],
) -> None:
    with duckdb.connect(str(unfinished[0]), read_only=True) as connection:
        rows = connection.execute(
            """
            select
                warning_id, dimensions, any_value(lower_bound - early_warnings.expected),
                sum(contribution),
                max(abs(volume + mix + rate - contribution)), sum(abs(contribution))
            from insights.early_warnings
            left join insights.early_attributions using (warning_id)
            where analysis = 'breakdown'
            group by all
            """
        ).fetchall()
    assert len(rows) == 8 * len(unfinished[1].warnings) > 0
    for _, _, change, total, parts, size in rows:
        assert total == pytest.approx(change, abs=1e-9 * size)
        assert parts <= 1e-9 * size


def test_the_largest_gap_of_a_run_is_told(unfinished: tuple[Path, pipeline.Outcome]) -> None:
    assert 0 <= unfinished[1].explanations.largest_gap <= 1e-9


def test_a_gap_is_seen() -> None:
    found = anomaly(kpi(), 3.0, 1.0)
    one = Ratio(np.array([2.0]), None)
    rows = break_down(found, leaves(one, Ratio(np.array([1.0]), None), np.array([[0]])))
    assert attribution.largest_gap([found], rows) == pytest.approx(0.5)


EXPLAINED = {
    "attributions": "anomaly_id in (select anomaly_id from insights.anomalies where incident_id in",
    "revenue_drivers": "(incident_id in",
    "incident_checks": "(incident_id in",
    "incidents": "(incident_id in",
}


WHAT = {
    "incidents": "* exclude (status, recovered_on, impact_returned) "
    "replace (regexp_replace(narrative, "
    "' (It is over: |In the \\d+ [a-z ]+ since then ).*', '') as narrative)"
}
"""Whether an incident is over, what came since, and what was cancelled, is learned later."""


def explained(path: Path, day: dt.date) -> dict[str, str]:
    """All that is said of incidents that ended by a day, but for what is known of them since."""
    over = f"(select incident_id from insights.incidents where period_end <= '{day}')"
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            table: repr(
                connection.execute(
                    f"select {WHAT.get(table, '*')} from insights.{table} "
                    f"where {where} {over}) order by all"
                ).fetchall()
            )
            for table, where in EXPLAINED.items()
        }


def test_an_explanation_is_the_same_whether_given_then_or_later(tmp_path: Path) -> None:
    path, sunday = tmp_path / "shop.duckdb", FIRST_DAY + dt.timedelta(days=125)
    build(path, plant(segments(), 122, bulk_order))
    pipeline.run(path)
    later = explained(path, sunday)
    assert "P3" in later["attributions"]
    assert "items_per_order" in later["revenue_drivers"]
    pipeline.run(path, sunday)
    assert explained(path, sunday) == later


@pytest.mark.parametrize("grain", GRAINS)
def test_every_kpi_of_the_shop_is_broken_down_to_the_last_digit(
    shop_db: Path, grain: Grain
) -> None:
    inputs = store.read_inputs(shop_db, None)
    panel = inputs.panels[grain]
    every = int(np.ceil(panel.period.size / 10))
    measures = {m for k in inputs.kpis for m in (k.numerator, k.denominator) if m}
    known = store.read_segments(shop_db, grain, panel.period, sorted(measures))
    gaps = []
    for row, series in enumerate(panel.series):
        if series.segment not in ("all", "France"):
            continue
        for column in range(every, panel.period.size, every):
            actual = float(panel.value[row, column])
            found = dataclasses.replace(
                anomaly(series.kpi, actual, 0.7 * actual + 0.1, series.segment),
                grain=grain,
                period_start=panel.period[column].astype(dt.date),
            )
            given_leaves, history = leaf_history(
                found, known, forecast_baseline(found, panel.period)
            )
            if np.isfinite(actual) and given_leaves.codes.shape[1]:
                assert given_leaves.actual.total() == pytest.approx(actual, rel=1e-9, abs=1e-9)
                rows = break_down(found, given_leaves, history)
                gaps.append(attribution.largest_gap([found], rows))
    assert len(gaps) > 50
    print(f"largest gap of {len(gaps)} {grain} breakdowns: {max(gaps):.1e}")
    assert max(gaps) <= 1e-9
