"""Detection in a notebook: a table of KPI values in, tables of findings out, no file anywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, get_type_hints

import numpy as np
import pandas as pd

from detect import anomalies, calendar, diagnostics, forecasts, incidents, trends
from detect.anomalies import Scan
from detect.calendar import TradingCalendar
from detect.diagnostics import Calibration, DetectionLimit
from detect.features import noise_of_weeks, prepare
from detect.forecasts import PeriodForecast
from detect.records import (
    ALL,
    GRAINS,
    KPI_COLUMNS,
    PERIOD_DAYS,
    Anomaly,
    Bools,
    Dates,
    Days,
    Grain,
    Kpi,
    Panel,
    Series,
    Trend,
)

NEEDED = ("date", "value")
KPI_NAME = "value"
"""Of the KPI in a frame that names none."""
KEY = ["grain", "kpi", "segment", "period_start"]
DEFAULTS: dict[str, object] = {
    "owner": "",
    "unit": "",
    "direction": "none",
    "scale": "log",
    "segment_by": None,
    "denominator": None,
    "z_threshold": 3.0,
    "iqr_threshold": 1.5,
    "trend_alpha": 0.01,
    "min_confidence": 0.5,
    "materiality_absolute": 0.0,
    "materiality_relative": 0.1,
    "warm_up_days": 0,
}
"""Defaults of a KPI's definition."""
TYPES: dict[object, str] = {
    float: "float64", float | None: "float64", int: "int64", bool: "bool", dt.date: "datetime64[s]",
}  # fmt: skip
"""Of the columns of a result; all others hold text, or None."""
NUMBERS = frozenset(name for name, kind in get_type_hints(Kpi).items() if kind in (int, float))
"""Fields of a KPI's definition that are numbers."""
FLAGS = ("is_complete", "is_warm_up")
"""Columns of a frame that are true or false."""
WIDEST_GAP = 4
"""Days from one date to the next, at the median, from which they are no days: a shop that trades
twice a week has 3 or 4."""


@dataclass(frozen=True)
class Result:
    """Findings as data frames, with columns of the `insights` tables of the same names.

    Of `insights.anomalies` there is no `owner`, `change` and `relative_change`.

    `anomalies` has a row per period that departs from what was expected, `trends` per gradual
    change, `forecasts` per period of every series with its band, `calibration` per KPI, method
    and nominal rate of alerts, `detection_limits` per KPI with the smallest detectable change.
    """

    anomalies: pd.DataFrame
    trends: pd.DataFrame
    forecasts: pd.DataFrame
    calibration: pd.DataFrame
    detection_limits: pd.DataFrame


def find_anomalies(
    df: pd.DataFrame,
    kpis: pd.DataFrame | None = None,
    holidays: Collection[dt.date] = (),
) -> Result:
    """Find what moved in some series.

    Each period is judged by the ones before it, so a frame that ends earlier gives what this one
    would have given then. A day counts as traded where any daily value is neither 0 nor missing.

    Args:
        df: one row per series and period, in any order: `date` (also called `period_start`, as in
            the KPI tables) and `value` in the KPI's unit. Where they are missing, `kpi` is "value",
            `segment` "all" (the whole shop), `grain` "weekly" if all dates are the same weekday,
            else "daily", `numerator` the value, `denominator` missing, `is_complete` true and
            `is_warm_up` false.
        kpis: definitions, one row per `kpi` with columns as `marts.dim_kpis` has them; what is
            missing there is as in `DEFAULTS`. A KPI's cadence is its finer grain.
            `scale` is the one on which its noise is even: `log`, `sqrt`, `logit` or `linear`.
            Without one it is `log`, or `linear` for a KPI with a negative value.
        holidays: days on which the shop may be closed, also ones to come.

    Returns:
        Findings; a KPI with less than some weeks of history has forecasts only.

    Raises:
        TypeError: `df` or `kpis` is no DataFrame.
        ValueError: a column is missing, a period is there twice or is neither a day nor a week, a
            value is infinite, a threshold no number, `is_complete` or `is_warm_up` neither true
            nor false, or a grain is unknown.
        DetectError: a scale is unknown.
    """
    given = _completed(df)
    defined = _kpis(given, kpis)
    panels = [_panel(grain, given[given["grain"] == grain], defined) for grain in GRAINS]
    scans = list(_scans(panels, _calendars(given, panels, holidays)))
    return Result(
        _table(Anomaly, incidents.group([a for s in scans for a in anomalies.select(s)])),
        _table(Trend, [trend for s in scans for trend in trends.select(s)]),
        _table(PeriodForecast, [period for s in scans for period in forecasts.build(s)]),
        _table(Calibration, [row for s in scans for row in diagnostics.calibration(s)]),
        _table(DetectionLimit, [spot for s in scans for spot in diagnostics.detection_limits(s)]),
    )


def _calendars(
    given: pd.DataFrame, panels: Sequence[Panel], holidays: Collection[dt.date]
) -> list[TradingCalendar]:
    """The calendar of each panel: that of all rows, unless weeks begin before the days.

    Nobody knows which days of those weeks were traded, so each grain has its own rows' then.
    """
    days, weeks = panels
    if not (days.series and weeks.series) or days.period[0] <= weeks.period_end()[0]:
        return [calendar.learn(_dates(given, holidays))] * len(panels)
    return [
        calendar.learn(_dates(given[given["grain"] == panel.grain], holidays)) for panel in panels
    ]


def _scans(panels: Sequence[Panel], calendars: Sequence[TradingCalendar]) -> Iterator[Scan]:
    """Scan the grains that there are, the weeks with what their days say of the noise."""
    noise = None
    for panel, trading in zip(panels, calendars, strict=True):
        if panel.series:
            features = prepare(panel, trading, noise=noise)
            yield anomalies.scan(features)
            if panel.grain == "daily":
                noise = noise_of_weeks(features, panels[-1])


def _completed(df: pd.DataFrame) -> pd.DataFrame:
    """The frame with every column that a panel is made of, checked."""
    _insist_on_a_frame(df)
    given = df if "date" in df else df.rename(columns={"period_start": "date"})
    missing = [name for name in NEEDED if name not in given]
    if missing:
        raise ValueError(f"the frame has no column {missing[0]!r}; it needs {', '.join(NEEDED)}")
    start = _starts(given["date"])
    given = given.assign(value=_numbers(given["value"], start))
    usual: dict[str, Any] = {
        "kpi": KPI_NAME, "segment": ALL, "numerator": given["value"],
        "denominator": np.nan, "is_complete": True, "is_warm_up": False,
    }  # fmt: skip
    given = given.assign(
        period_start=start, **{name: x for name, x in usual.items() if name not in given}
    )
    if "grain" not in given:
        given = given.assign(grain=_grain(start))
    _check(given)
    return given.astype({"kpi": str, "segment": str} | dict.fromkeys(FLAGS, bool))


def _insist_on_a_frame(given: object) -> None:
    if not isinstance(given, pd.DataFrame):
        raise TypeError(f"find_anomalies takes a DataFrame, and this is a {type(given).__name__}")


def _starts(dates: pd.Series) -> pd.Series:
    """The day that each period begins on, by the clock of its own zone."""
    if isinstance(dates.dtype, pd.PeriodDtype):
        dates = dates.dt.to_timestamp()
    # Times of a day are one period, of which there may be one row.
    return pd.to_datetime(dates).dt.tz_localize(None).dt.normalize().astype("datetime64[s]")


def _numbers(values: pd.Series, starts: pd.Series) -> pd.Series:
    """Values as floats; a missing one is NaN."""
    numbers = pd.to_numeric(values).astype("float64")
    endless = np.isinf(numbers)
    if endless.any():
        raise ValueError(f"value is infinite on {starts[endless].iloc[0]:%Y-%m-%d}")
    return numbers


def _grain(starts: pd.Series) -> Grain:
    """Weeks where all periods begin on the same day of the week, else days."""
    days = np.unique(_days(starts.dropna()))
    gaps = np.diff(days).astype(np.int64)
    if gaps.size and not (gaps % PERIOD_DAYS["weekly"]).any():
        return "weekly"
    if gaps.size and np.median(gaps) > WIDEST_GAP:
        raise ValueError(
            f"dates are {np.median(gaps):g} days apart: periods must be days, or weeks that begin "
            "on the same day of the week"
        )
    return "daily"


def _check(given: pd.DataFrame) -> None:
    """Raise ValueError where a frame is no set of series."""
    if given.empty or given[KEY].isna().any(axis=None):
        raise ValueError("the frame needs a row, and in every row kpi, segment and date")
    if given[list(FLAGS)].isna().any(axis=None):
        raise ValueError("is_complete and is_warm_up must be true or false in every row")
    for name in FLAGS:
        _insist_on_flags(given[name])
    unknown = sorted(set(given["grain"]) - set(GRAINS))
    if unknown:
        raise ValueError(f"grain {unknown[0]!r} is unknown; use one of {', '.join(GRAINS)}")
    twice = given.loc[given.duplicated(KEY), KEY]
    if len(twice):
        grain, kpi, segment, start = twice.iloc[0]
        raise ValueError(
            f"more than one {grain} row of {kpi}, segment {segment}, on {start:%Y-%m-%d}; "
            "there must be one per period"
        )


def _insist_on_flags(column: pd.Series) -> None:
    """Raise ValueError where a column is not true or false, also as 1 or 0: "False" is neither."""
    if pd.api.types.is_bool_dtype(column):
        return
    for row, value in enumerate(column):
        if not isinstance(value, bool | np.bool_ | Real) or value not in (0, 1):
            raise ValueError(
                f"{column.name} is {value!r} in row {row} of the frame; it must be true or false"
            )


def _kpis(given: pd.DataFrame, kpis: pd.DataFrame | None) -> dict[str, Kpi]:
    """Definition of each KPI of the frame, by name."""
    given_kpis = {} if kpis is None else _definitions(kpis)
    defined = {}
    for name, mine in given.groupby("kpi", sort=True):
        own = {
            "label": str(name), "numerator": str(name),
            "cadence": next(grain for grain in GRAINS if (mine["grain"] == grain).any()),
            "scale": "linear" if (mine["value"] < 0).any() else DEFAULTS["scale"],
        }  # fmt: skip
        known = DEFAULTS | own | given_kpis.get(str(name), {})
        fields = {k: v for k, v in known.items() if k in Kpi.__dataclass_fields__}
        defined[str(name)] = Kpi(name=str(name), **fields)  # type: ignore[arg-type]
    return defined


def _definitions(kpis: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """What is said of each KPI, by its name and the names of the fields."""
    _insist_on_a_frame(kpis)
    if "kpi" not in kpis:
        raise ValueError("the definitions have no column 'kpi', which names the KPI of a row")
    columns = {column: field for field, column in KPI_COLUMNS.items()}
    found = {}
    for row in kpis.astype(object).to_dict("records"):
        said = {columns.get(str(k), str(k)): v for k, v in row.items() if pd.notna(v)}
        for name in NUMBERS & said.keys():
            if not isinstance(said[name], Real) or isinstance(said[name], bool):
                raise ValueError(
                    f"{name} of {row['kpi']} is {said[name]!r} in the definitions; it must be a "
                    "number"
                )
        found[str(row["kpi"])] = said
    return found


def _dates(given: pd.DataFrame, holidays: Collection[dt.date]) -> Dates:
    """The calendar of all days from the first period to the end of the last."""
    lengths = given["grain"].map(dict(PERIOD_DAYS)).to_numpy()
    starts = _days(given["period_start"])
    day = np.arange(starts.min(), (starts + lengths).max())
    daily = given[given["grain"] == "daily"]
    at = _days(daily["period_start"])
    traded = np.isin(day, at[(daily["value"].fillna(0) != 0).to_numpy()])
    return Dates(
        day=day,
        weekday=(day.astype(np.int64) + 3) % 7 + 1,  # 1 January 1970 was a Thursday
        is_trading=traded if len(daily) else np.ones(day.size, dtype=bool),
        is_complete=~np.isin(day, at[~daily["is_complete"].to_numpy()]),
        holidays=np.array(sorted(holidays), dtype="datetime64[D]"),
    )


def _days(starts: pd.Series) -> Days:
    return starts.to_numpy().astype("datetime64[D]")


def _panel(grain: Grain, rows: pd.DataFrame, kpis: dict[str, Kpi]) -> Panel:
    """All series of a grain."""
    starts, step = _days(rows["period_start"]), PERIOD_DAYS[grain]
    first = starts.min() if len(rows) else np.datetime64("1970-01-01")
    at, rest = np.divmod((starts - first).astype(np.int64), step)
    if rest.any():
        raise ValueError(f"{grain} periods must begin {step} days apart, and {starts[rest > 0][0]}"
                         f" does not, counted from {first}")  # fmt: skip
    names = rows[["kpi", "segment"]].drop_duplicates().sort_values(["kpi", "segment"])
    row = rows.groupby(["kpi", "segment"], sort=True).ngroup().to_numpy()
    shape = (len(names), int(at.max(initial=-1)) + 1)

    def numbers(name: str) -> np.ndarray:
        out = np.full(shape, np.nan)
        out[row, at] = rows[name].to_numpy(np.float64, na_value=np.nan)
        return out

    def flags(name: str, otherwise: bool) -> Bools:
        out = np.full(shape, otherwise)
        out[row, at] = rows[name].to_numpy()
        return out

    return Panel(
        grain=grain,
        series=tuple(Series(kpis[kpi], name) for kpi, name in names.itertuples(index=False)),
        period=first + step * np.arange(shape[1]),
        value=numbers("value"),
        numerator=numbers("numerator"),
        denominator=numbers("denominator"),
        is_complete=flags("is_complete", False),
        is_warm_up=flags("is_warm_up", True),
        is_small=np.zeros(shape, dtype=bool),
    )


def _table(record: type[Any], found: Sequence[object]) -> pd.DataFrame:
    """Records as a frame with a column per field."""
    types = get_type_hints(record)
    return pd.DataFrame({
        field.name: pd.Series(
            [_plain(getattr(one, field.name)) for one in found],
            dtype=TYPES.get(types[field.name], "object"),
        )
        for field in fields(record)
    })  # fmt: skip


def _plain(value: object) -> object:
    """A KPI by its name, several words as one text, and the rest as it is."""
    if isinstance(value, Kpi):
        return value.name
    return ", ".join(value) if isinstance(value, tuple) else value
