"""The usual rules, as their products ship them, on the same daily tables.

Each takes the values of one series on its trading days and gives a score per value; beyond the
rule's limit it is flagged. They are given the trading calendar (closed days are left out), which
most of them do not have: that is in their favour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detect.records import Bools, Days, Floats

Z_DAYS, IQR_DAYS, ELEMENTARY_DAYS, RE_DATA_DAYS = 28, 28, 14, 30
MODIFIED_Z = 0.6745
MEAN_DEVIATION = 1.253314
PROPHET_START, PROPHET_REFIT = 56, 56
PROPHET_WIDTH = 0.99


@dataclass(frozen=True)
class Rule:
    """A rule: its score of every value of a series, and the limit that its product ships."""

    score: Callable[[pd.Series[float]], pd.Series[float]]
    limit: float


def plain_z(values: pd.Series[float]) -> pd.Series[float]:
    """|z| against the mean and standard deviation of the 28 values before."""
    past = values.shift(1).rolling(Z_DAYS)
    return ((values - past.mean()) / past.std()).abs()


def iqr_fence(values: pd.Series[float]) -> pd.Series[float]:
    """Interquartile ranges beyond the quartiles of the 28 values before (Tukey, 1977)."""
    past = values.shift(1).rolling(IQR_DAYS)
    low, high = past.quantile(0.25), past.quantile(0.75)
    return (low - values).combine(values - high, max) / (high - low)


def elementary(values: pd.Series[float]) -> pd.Series[float]:
    """Elementary's default: |z| over 14 values, the tested one among them."""
    window = values.rolling(ELEMENTARY_DAYS)
    return ((values - window.mean()) / window.std()).abs()


def re_data(values: pd.Series[float]) -> pd.Series[float]:
    """re_data's modified z-score (Iglewicz & Hoaglin, 1993) against the 30 values before.

    Where the median absolute deviation is zero the mean absolute deviation takes its place.
    """
    past = values.shift(1).rolling(RE_DATA_DAYS)
    middle = past.median()
    spread = past.apply(_median_deviation, raw=True) / MODIFIED_Z
    spare = past.apply(_mean_deviation, raw=True) * MEAN_DEVIATION
    return ((values - middle) / spread.where(spread > 0, spare)).abs()


def _median_deviation(window: Floats) -> float:
    return float(np.median(np.abs(window - np.median(window))))


def _mean_deviation(window: Floats) -> float:
    return float(np.mean(np.abs(window - np.mean(window))))


def prophet(values: pd.Series[float]) -> pd.Series[float]:
    """Distance from Prophet's forecast in half widths of its 99 % interval.

    Fitted anew every 56 values to all before.

    Raises:
        ImportError: Prophet is not installed.
    """
    from prophet import Prophet

    score = pd.Series(np.nan, index=values.index)
    for start in range(PROPHET_START, len(values), PROPHET_REFIT):
        model = Prophet(interval_width=PROPHET_WIDTH, weekly_seasonality=True)
        model.fit(pd.DataFrame({"ds": values.index[:start], "y": values.to_numpy()[:start]}))
        ahead = values.iloc[start : start + PROPHET_REFIT]
        band = model.predict(pd.DataFrame({"ds": ahead.index}))
        half = (band["yhat_upper"] - band["yhat_lower"]).to_numpy() / 2
        score.loc[ahead.index] = np.abs(ahead.to_numpy() - band["yhat"].to_numpy()) / half
    return score


RULES: dict[str, Rule] = {
    "plain z > 3, 28 days": Rule(plain_z, 3.0),
    "IQR fence 1.5, 28 days": Rule(iqr_fence, 1.5),
    "Elementary default": Rule(elementary, 3.0),
    "re_data modified z > 3": Rule(re_data, 3.0),
}
PROPHET = Rule(prophet, 1.0)
"""Takes minutes, so that it is tried on a few copies only."""


def scores(rule: Rule, period: Days, value: Floats, traded: Bools) -> Floats:
    """A rule's scores, (S, T); NaN where it has nothing to say.

    Args:
        rule: one of RULES.
        period: the days, (T,).
        value: the KPI's values, (S, T), NaN where there is none.
        traded: days to look at, (T,).
    """
    out = np.full(value.shape, np.nan)
    days = pd.DatetimeIndex(period[traded])
    for row in range(value.shape[0]):
        series = pd.Series(value[row, traded], index=days).dropna()
        if not series.empty:
            out[row, traded] = rule.score(series).reindex(days).to_numpy()
    return out
