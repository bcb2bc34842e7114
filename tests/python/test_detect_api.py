"""Detection in a notebook: frames in, frames out, and the same findings as from a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import detect
from detect.errors import DetectError
from retail.jobs.detection import pipeline
from test_detect_shop import DAYS, FIRST_DAY, build, bulk_order, plant, segments

TABLES = ("anomalies", "trends", "forecasts", "calibration", "detection_limits")
DAY = 122
IDS = ["anomaly_id", "incident_id"]


def sales(days: int = DAYS) -> pd.DataFrame:
    """A KPI that is closed on Saturdays and triples on one day, with no more than is needed."""
    start = pd.date_range(FIRST_DAY, periods=days)
    value = 100 * np.exp(0.1 * np.random.default_rng(3).normal(size=days))
    value[start.day_of_week == 5] = 0
    value[DAY : DAY + 1] *= 3
    return pd.DataFrame({"kpi": "sales", "period_start": start, "value": value})


def at_nine(frame: pd.DataFrame) -> pd.DataFrame:
    """The same in the morning of each day."""
    return frame.assign(period_start=frame["period_start"] + pd.Timedelta(hours=9))


def test_a_frame_gives_what_the_same_tables_in_a_file_give(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    shrinking = plant(segments(), DAY, bulk_order)
    shrinking["orders"] *= 1 - 0.5 * shrinking["day"] / DAYS
    build(path, shrinking, last_is_complete=False)
    pipeline.run(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        parts = [
            connection.sql(f"select *, '{grain}' as grain from marts.fct_kpis_{grain}").df()
            for grain in ("daily", "weekly")
        ]
        kpis = connection.sql("select * from marts.dim_kpis").df()
        wanted = {t: connection.sql(f"select * from insights.{t}").df() for t in TABLES}
    found = detect.find_anomalies(pd.concat(parts).sample(frac=1, random_state=1), kpis)
    for name, table in wanted.items():
        mine = getattr(found, name)
        assert len(table), name
        assert set(mine) >= set(table) - {"owner", "change", "relative_change"}, name
        pd.testing.assert_frame_equal(mine, table[list(mine)], check_dtype=False, check_exact=True)


def test_three_columns_are_enough() -> None:
    found = detect.find_anomalies(sales())
    surest = found.anomalies.sort_values("confidence").iloc[-1]
    assert surest["period_start"] == pd.Timestamp(FIRST_DAY) + pd.Timedelta(days=DAY)
    assert (surest["kpi"], surest["segment"], surest["direction"]) == ("sales", "all", "up")
    assert len(found.forecasts) == DAYS


def test_a_date_and_a_value_are_enough() -> None:
    frame = sales().rename(columns={"period_start": "date"}).drop(columns="kpi")
    found = detect.find_anomalies(frame)
    named = detect.find_anomalies(sales()).anomalies.assign(kpi="value")
    mine, theirs = found.anomalies.drop(columns=IDS), named.drop(columns=IDS)
    pd.testing.assert_frame_equal(mine, theirs, check_dtype=False)
    assert set(found.forecasts["grain"]) == {"daily"}


def test_periods_on_one_weekday_are_weeks() -> None:
    weeks = pd.date_range("2020-01-06", periods=120, freq="7D")
    value = 100 * np.exp(0.1 * np.random.default_rng(3).normal(size=120))
    value[110] *= 5
    found = detect.find_anomalies(pd.DataFrame({"date": weeks, "value": value}))
    assert set(found.forecasts["grain"]) == {"weekly"}
    assert weeks[110] in set(found.anomalies["period_start"])


def test_weeks_that_begin_before_the_days_are_judged_as_those_of_a_frame_of_their_own() -> None:
    weeks = pd.date_range("2022-01-03", periods=128, freq="7D")
    value = 600 * np.exp(0.05 * np.random.default_rng(3).normal(size=weeks.size))
    value[40] *= 3
    weekly = pd.DataFrame({"kpi": "weekly sales", "date": weeks, "value": value, "grain": "weekly"})
    daily = sales().rename(columns={"period_start": "date"}).assign(grain="daily")
    assert weeks[41] < daily["date"].min() < weeks[-1]
    both = detect.find_anomalies(pd.concat([weekly, daily])).anomalies
    assert weeks[40] in set(both["period_start"])
    for alone in (weekly, daily):
        own = detect.find_anomalies(alone).anomalies.drop(columns="incident_id")
        mine = both[both["grain"] == alone["grain"].iloc[0]].drop(columns="incident_id")
        pd.testing.assert_frame_equal(mine.reset_index(drop=True), own)


def test_the_old_name_warns_and_does_the_same() -> None:
    with pytest.warns(DeprecationWarning, match="find_anomalies"):
        assert detect.detect is detect.find_anomalies


def test_a_definition_is_heeded() -> None:
    strict = pd.DataFrame({"kpi": ["sales"], "min_confidence": [1.1], "label": [None]})
    assert detect.find_anomalies(sales(), strict).anomalies.empty


@pytest.mark.parametrize(
    ("scale", "above_none", "below_all"),
    [("log", True, False), ("sqrt", False, False), ("logit", True, True), ("linear", False, False)],
)
def test_a_scale_says_where_a_band_can_end(scale: str, above_none: bool, below_all: bool) -> None:
    """A share that is often near all of it: what can be expected depends on the scale."""
    noise = np.random.default_rng(3).normal(1.5, 1.5, size=DAYS)
    days = pd.date_range(FIRST_DAY, periods=DAYS)
    share = pd.DataFrame({"kpi": "share", "period_start": days, "value": 1 / (1 + np.exp(-noise))})
    defined = pd.DataFrame({"kpi": ["share"], "scale": [scale]})
    told = detect.find_anomalies(share, defined).forecasts.dropna(subset=["lower"])
    assert (told["lower"].min() > 0, told["upper"].max() < 1) == (above_none, below_all)


def moved_days(frame: pd.DataFrame, scale: str | None) -> dict[pd.Timestamp, float]:
    """Confidence of each finding of a single day."""
    defined = None if scale is None else pd.DataFrame({"kpi": ["sales"], "scale": [scale]})
    found = detect.find_anomalies(frame, defined).anomalies
    return dict(zip(found["period_start"], found["confidence"].round(6), strict=True))


@pytest.mark.parametrize("scale", ["log", "sqrt", "linear"])
@pytest.mark.parametrize("direction", [0.2, 2.5])
def test_the_unit_of_a_value_does_not_matter(scale: str, direction: float) -> None:
    moved = sales()
    moved.loc[DAY, "value"] = 100 * direction
    found = moved_days(moved, scale)
    assert found[moved["period_start"][DAY]] > 0.9
    for factor in (1e-5 if scale == "linear" else 1e-7, 1e5):
        assert moved_days(moved.assign(value=moved["value"] * factor), scale) == found


def test_values_below_zero_are_judged_as_they_are() -> None:
    """Profit has no logarithm: without a scale it is taken as it is, losses and falls included."""
    profit = sales().assign(value=lambda frame: frame["value"] - 100)
    profit.loc[DAY, "value"] = -400
    assert profit["period_start"][DAY] in moved_days(profit, None)
    losses = sales().assign(value=lambda frame: -frame["value"])
    assert losses["period_start"][DAY] in moved_days(losses, None)


@pytest.mark.parametrize("kind", ["zone", "period"])
def test_a_date_may_have_a_zone_or_be_a_period(kind: str) -> None:
    plain = sales()
    dates = plain["period_start"]
    other = dates.dt.tz_localize("Asia/Tokyo") if kind == "zone" else dates.dt.to_period("D")
    assert moved_days(plain.assign(period_start=other), None) == moved_days(plain, None)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(TypeError, match="takes a DataFrame, and this is a Series"):
        detect.find_anomalies(sales()["value"])  # type: ignore[arg-type]


def test_holidays_teach_the_calendar_nothing() -> None:
    """A Wednesday without trade is missing data, unless it was a holiday."""
    shut = sales()
    shut.loc[DAYS - 12, "value"] = 0
    day = shut["period_start"][DAYS - 12]
    orders = pd.DataFrame({"kpi": ["sales"], "numerator": ["orders"]})
    assert day in set(detect.find_anomalies(shut, orders).anomalies["period_start"])
    known = detect.find_anomalies(shut, orders, holidays=[day.date()])
    assert day not in set(known.anomalies["period_start"])


def test_what_is_found_nowhere_is_an_empty_table_with_its_columns() -> None:
    found = detect.find_anomalies(sales(days=5))
    for name in ("anomalies", "trends", "detection_limits"):
        table = getattr(found, name)
        assert table.empty
        assert "kpi" in table
    assert set(found.forecasts["skip_reason"]) == {"short_history"}


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (sales().drop(columns="value"), "'value'"),
        (sales().iloc[:0], "row"),
        (sales().assign(segment=None), "segment"),
        (sales().assign(grain="hourly"), "'hourly'"),
        (sales().assign(grain="weekly"), "weekly periods"),
        (pd.concat([sales(), sales().iloc[3:4]]), "more than one daily row of sales, segment all"),
        (pd.concat([sales(), at_nine(sales())]), "more than one daily row of sales, segment all"),
        (sales().iloc[::30], "dates are 30 days apart"),
        (sales().replace({"value": {0.0: np.inf}}), "value is infinite on 2024"),
        (sales().assign(is_complete=None), "true or false"),
        (sales().assign(is_complete="False"), "is_complete is 'False' in row 0 of the frame"),
        (sales().assign(is_warm_up=[0] * 9 + [2] + [0] * (DAYS - 10)), "is_warm_up is 2 in row 9"),
    ],
)
def test_a_frame_that_makes_no_series_is_refused(frame: pd.DataFrame, word: str) -> None:
    with pytest.raises(ValueError, match=word) as refused:
        detect.find_anomalies(frame)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("no", [False, 0, np.False_])
def test_true_and_false_may_be_objects_or_numbers(no: object) -> None:
    told = [no if row == DAY else 1 for row in range(DAYS)]
    for flags in (pd.Series(told), pd.Series(told, dtype=object)):
        found = detect.find_anomalies(sales().assign(is_complete=flags)).forecasts
        assert found["skip_reason"][DAY] == "incomplete"


@pytest.mark.parametrize(
    ("kpis", "told"),
    [
        (pd.DataFrame({"name": ["sales"]}), "the definitions have no column 'kpi'"),
        (pd.DataFrame({"kpi": ["sales"], "z_threshold": ["high"]}),
         "z_threshold of sales is 'high' in the definitions; it must be a number"),
        (pd.DataFrame({"kpi": ["sales"], "warm_up_days": [True]}), "warm_up_days of sales is True"),
    ],
)  # fmt: skip
def test_a_definition_that_is_none_is_refused(kpis: pd.DataFrame, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        detect.find_anomalies(sales(), kpis)


def test_what_is_no_frame_of_definitions_is_refused() -> None:
    with pytest.raises(TypeError, match="takes a DataFrame, and this is a dict"):
        detect.find_anomalies(sales(), {"kpi": ["sales"]})  # type: ignore[arg-type]


@pytest.mark.parametrize("nothing", [None, pd.NA, np.nan])
def test_a_missing_numerator_is_none(nothing: object) -> None:
    frame = sales().assign(numerator=pd.Series([nothing] * DAYS, dtype=object))
    assert len(detect.find_anomalies(frame).forecasts) == DAYS


def test_an_unknown_scale_is_told_to_a_notebook_too() -> None:
    kpis = pd.DataFrame({"kpi": ["sales"], "scale": ["cubic"]})
    with pytest.raises(DetectError, match=r"or the frame given.*unknown scale 'cubic'"):
        detect.find_anomalies(sales(), kpis)


def test_causes_are_found_in_a_frame() -> None:
    leaves = pd.DataFrame(
        [(c, p, 10.0) for c in "abcd" for p in "wxyz"], columns=["country", "product", "predict"]
    )
    leaves["real"] = leaves["predict"].where(leaves["country"] != "b", 4.0)
    assert detect.find_root_causes(leaves, ["country", "product"], derived=False) == [
        {"country": "b"}
    ]


def test_a_missing_value_is_nothing() -> None:
    leaves = pd.DataFrame(
        [(c, p, 10.0) for c in "abcd" for p in "wxyz"], columns=["country", "product", "predict"]
    )
    leaves["real"] = leaves["predict"].astype(object).where(leaves["country"] != "b", pd.NA)
    assert detect.find_root_causes(leaves, ["country", "product"], derived=False) == [
        {"country": "b"}
    ]


@pytest.mark.parametrize(
    ("changed", "dimensions", "word"),
    [
        ({}, "country", r"dimensions are a list of columns, such as \['country'\]"),
        ({}, ["shop"], "no column 'shop'"),
        ({"real": None}, ["country"], "no column 'real'"),
        ({"real": [np.inf, 4.0]}, ["country"], "real is infinite in row 0"),
        ({"real": ["a", "b"]}, ["country"], "real holds what is no number: could not convert"),
        ({"real": [{}, 4.0]}, ["country"], "real holds what is no number"),
    ],
)
def test_a_table_that_can_not_be_searched_is_refused(
    changed: dict[str, object], dimensions: list[str], word: str
) -> None:
    leaves = pd.DataFrame({"country": ["a", "b"], "predict": [10.0, 10.0], "real": [10.0, 4.0]})
    for name, values in changed.items():
        leaves = leaves.drop(columns=name) if values is None else leaves.assign(**{name: values})
    with pytest.raises(ValueError, match=word):
        detect.find_root_causes(leaves, dimensions, derived=False)


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("retail.commands.detect", "pandas pymannkendall"),
        ("retail.commands.why", "pandas pymannkendall scipy"),
        ("detect.api", "duckdb dbt pymannkendall"),
    ],
)
def test_what_is_not_needed_is_not_imported(module: str, unwanted: str) -> None:
    """The command line starts without pandas, and a notebook needs no database."""
    program = f"import sys, {module}; print({{*{unwanted.split()}}} & {{*sys.modules}})"
    said = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert said.stdout.strip() == "set()"
