"""The finished file of a shop in Python: questions in, pandas frames out.

Each question opens the file, reads it as one moment has it, and closes it again. So nothing waits:
a build replaces the file in one step, and the next question is asked to the new one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pandas as pd

from detect.attribution.compare import Cause, Contribution, Side, Unchanged
from detect.attribution.driver_tree import Factor
from retail.errors import RetailError
from retail.outputs import why as shown
from retail.reading import read_findings, read_incidents, reading
from retail.reading.order_lines import Span
from retail.reading.series import KpiPeriod, read_kpi
from retail.reading.why import AS_ASKED, Question, as_tables, read_why
from retail.schema import AnomalyRow, Grain, IncidentRow
from retail.storage.location import default_database

Day = dt.date | str
"""A day, or its text such as 2011-12-31."""
Against = Literal["forecast"] | None
"""What a period is compared with, where it is no other period; None is the time just before."""
FRAMES: dict[str, type[Any]] = {
    "contributions": Contribution,
    "sides": Side,
    "drivers": Factor,
    "causes": Cause,
    "unchanged": Unchanged,
}
"""Tables of an answer, and the records that their rows are."""
TYPES: dict[object, str] = {
    float: "float64", float | None: "float64", int: "int64", bool: "bool",
    dt.date: "datetime64[s]", dt.date | None: "datetime64[s]",
}  # fmt: skip
"""Of the columns of a frame; all others hold text, dictionaries, or None."""
AS_IT_IS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Why:
    """Why a KPI differs between two periods, or from its forecast; `print` it to read it.

    Values are in the KPI's `unit`, shares of 1. `period` and `against` are the first and last day
    of both: the same where `is_forecast`, and what is `against` was expected of them.
    `trading_days` are those of either. `change_at_equal_days` is the change that is left at equal
    trading days; NaN where days don't add up to the KPI.

    `contributions` has a row per `dimension` and `member`, the smallest as `(other)`: its `value`
    and that in the other period (`against`), and what it adds to the change (`contribution`). These
    add up to `change` in each dimension. Of a ratio, a contribution is `mix` and `rate`, and
    `weight` the member's share of the denominator.
    `sides` has numerator and denominator of a ratio, `drivers` the factors of the measure `driven`,
    for the whole shop (dimension `all`) and for each member; either adds up, too.
    `causes` has the segments that explain the change best, as dictionaries; none where it is
    broad-based. `unchanged` has the factors and dimensions that stayed the same.
    """

    kpi: str
    segment: dict[str, str]
    unit: str
    period: tuple[dt.date, dt.date]
    against: tuple[dt.date, dt.date]
    is_forecast: bool
    trading_days: tuple[int, int]
    value: float
    value_against: float
    change: float
    change_at_equal_days: float
    contributions: pd.DataFrame
    sides: pd.DataFrame
    driven: str
    drivers: pd.DataFrame
    causes: pd.DataFrame
    unchanged: pd.DataFrame
    text: str

    def __str__(self) -> str:
        """The answer as the terminal shows it."""
        return self.text


@dataclass(frozen=True)
class Database:
    """The finished file of a shop, from `retail.open`.

    Every question raises a `RetailError` of one line where it can't be answered.
    """

    path: Path

    @classmethod
    def of(cls, path: str | Path | None) -> Database:
        """Open a file, which is read once to see that it can be."""
        found = default_database() if path is None else Path(path)
        with reading(found):
            return cls(found)

    def incidents(self) -> pd.DataFrame:
        """Incidents of the last run, the newest first, with what people said of them since.

        Returns:
            A row per incident, with the columns of `insights.incidents`.
        """
        return _frame(IncidentRow, [vars(row) for row in read_incidents(self.path).incidents])

    def anomalies(self) -> pd.DataFrame:
        """Anomalies and early warnings of the last run, the newest first.

        Returns:
            A row per finding, with the columns of `insights.anomalies`; `is_early` is whether its
            period is not over.
        """
        with reading(self.path) as connection:
            rows = read_findings(connection).members
        found = _frame(AnomalyRow, [vars(row) for row in rows])
        return found.assign(is_early=[row.is_early for row in rows])

    def kpi(
        self, name: str, grain: Grain | None = None, segment: Mapping[str, str] | None = None
    ) -> pd.DataFrame:
        """A KPI period by period.

        Args:
            name: as `marts.dim_kpis` has it.
            grain: `daily` or `weekly`; by default the KPI's cadence.
            segment: dimension to member, such as `{"country": "France"}`; by default all order
                lines.

        Returns:
            A row per period in order, with `value` in the KPI's unit (NaN for a ratio with nothing
            in its denominator), `numerator`, `denominator` and `is_complete`; `expected`, `lower`
            and `upper` are NaN where nothing was forecast.
        """
        rows = read_kpi(self.path, name, grain, segment)
        return _frame(KpiPeriod, [vars(row) for row in rows])

    def why(
        self,
        kpi: str,
        start: Day,
        end: Day,
        against: tuple[Day, Day] | Against = None,
        segment: Mapping[str, str] | None = None,
    ) -> Why:
        """Explain why a KPI differs between two periods, whether or not anything was found.

        Args:
            kpi: as `marts.dim_kpis` has it.
            start: the first day of the period.
            end: its last day.
            against: first and last day of what it is compared with, or `"forecast"` for what was
                expected of the same days; by default as many days just before.
            segment: dimension to member; by default all order lines.
        """
        other = _other(against)
        answer = read_why(self.path, Question(kpi, _span(start, end), other, segment or {}))
        table = as_tables(answer)
        found, spans = answer.comparison, (answer.period.span, answer.against.span)
        period, compared = ((span.first, span.last) for span in spans)
        return Why(
            kpi=kpi,
            segment=answer.segment,
            unit=answer.kpi.unit,
            period=period,
            against=compared,
            is_forecast=answer.expectation is not None,
            trading_days=found.trading_days,
            value=found.actual,
            value_against=found.expected,
            change=found.change,
            change_at_equal_days=found.at_equal_days,
            driven=answer.formula.tree,
            text=shown.text(answer),
            **{name: _frame(FRAMES[name], table[name], AS_ASKED) for name in FRAMES},
        )


def _other(against: tuple[Day, Day] | Against) -> Span | Against:
    """What a period is compared with."""
    match against:
        case None | "forecast":
            return against
        case (first, last) if not isinstance(against, str):
            return _span(first, last)
    raise RetailError(f"against is a first and a last day, or 'forecast', and not {against!r}")


def _span(first: Day, last: Day) -> Span:
    return Span(_day(first), _day(last))


def _day(day: Day) -> dt.date:
    """A day of whatever people have: a date, a time of it, or a text."""
    if isinstance(day, dt.datetime):
        return day.date()
    try:
        return day if isinstance(day, dt.date) else dt.date.fromisoformat(day)
    except ValueError as error:
        raise RetailError(f"{day!r} is no day such as 2011-12-31") from error


def _frame(
    record: type[Any], rows: Sequence[Mapping[str, Any]], names: Mapping[str, str] = AS_IT_IS
) -> pd.DataFrame:
    """Rows as a frame with a column per field of their record, some by another name."""
    types = get_type_hints(record)
    return pd.DataFrame({
        name: pd.Series(
            [row[name] for row in rows], dtype=TYPES.get(types[field.name], "object")
        )
        for field in fields(record)
        for name in [names.get(field.name, field.name)]
    })  # fmt: skip
