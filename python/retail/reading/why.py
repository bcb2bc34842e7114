"""Why a KPI differs between two periods, or from what was expected: anomaly or not, any segment."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from detect.attribution import driver_tree
from detect.attribution.baselines import PROPORTIONAL
from detect.attribution.compare import Comparison, Formula, compare
from detect.attribution.dimensions import ALONE, Dimension
from detect.records import NET_REVENUE
from retail.errors import RetailError
from retail.formatting import count, words
from retail.formatting import segment as in_words
from retail.reading.expected import (
    Expectation,
    as_expected,
    comparable_spans,
    read_expectation,
)
from retail.reading.file import Connection, ReadError, has_table, known, path_of, reading
from retail.reading.measures import (
    Definition,
    Measure,
    read_definition,
    read_dimensions,
    read_measures,
    read_member_columns,
    require_known,
    require_members,
)
from retail.reading.order_lines import Scope, Span, read_cells
from retail.reading.shop import KpiRow, read_kpis, read_products, read_shop

FORECAST: Literal["forecast"] = "forecast"
"""What a period is compared with where it is not another one."""
NEVER = "never"
"""Of a dimension that no cause may name."""
ONE_DAY = frozenset({"orders"})
"""Counts that add up over days all the same: an order is of one day."""
TREES_WITHIN = {"international_revenue": {"market": "international"}}
"""Measures that are the net revenue of some members."""
AS_ASKED = {
    "actual": "value",
    "expected": "against",
    "weight_actual": "weight",
    "weight_expected": "weight_against",
}
"""Names of the engine, and of whoever asked."""


@dataclass(frozen=True)
class Question:
    """What is asked: a KPI in a period, compared with another, within a segment.

    `against` is None for the period of the same length just before, FORECAST for what was expected
    of the same days; `segment` maps dimension to member.
    """

    kpi: str
    period: Span
    against: Span | Literal["forecast"] | None = None
    segment: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Period:
    """One of the two periods: how many of its days traded, and how many the data cover in part."""

    span: Span
    trading_days: int
    partial_days: int


@dataclass(frozen=True)
class Answer:
    """Why a KPI differs between two periods.

    `is_just_before` is whether nobody chose the second one; `expectation` is what was expected,
    where that is what the period is compared with: `against` are its own days then. `settled_on`
    is the day up to which the KPI is in its warm-up, where a period begins before it; `spread` are
    those of its measures that count distinct things, spread over their lines; `money` is the unit
    of the shop's.
    """

    kpi: KpiRow
    segment: dict[str, str]
    period: Period
    against: Period
    is_just_before: bool
    expectation: Expectation | None
    settled_on: dt.date | None
    spread: tuple[str, ...]
    formula: Formula
    comparison: Comparison
    products: dict[str, str]
    money: str

    @property
    def shared_days(self) -> int:
        """Days that are in both periods."""
        one, other = self.period.span, self.against.span
        if self.expectation:
            return 0
        last, first = min(one.last, other.last), max(one.first, other.first)
        return max((last - first).days + 1, 0)


def read_why(path: Path, question: Question) -> Answer:
    """Explain the difference of a KPI between two periods, or from what was expected.

    Raises:
        ReadError: as for `reading`, or the file has no order lines, or no forecasts.
        RetailError: there is no such KPI, dimension or member, a period is outside of the data or
            without trade, the KPI has no value in it, or nothing was expected of it.
    """
    with reading(path) as connection:
        return answer_why(connection, question)


def answer_why(connection: Connection, question: Question) -> Answer:
    """The same, from a file that is open.

    Raises:
        ReadError, RetailError: as for `read_why`.
    """
    if not has_table(connection, "marts", "fct_kpi_lines"):
        raise ReadError(
            f"{path_of(connection)}: no table marts.fct_kpi_lines; run `dbt build` first"
        )
    kpis, columns = read_kpis(connection), read_member_columns(connection)
    require_known("KPI", question.kpi, kpis)
    for dimension in question.segment:
        require_known("dimension", dimension, columns)
    kpi, definition = kpis[question.kpi], read_definition(connection, question.kpi)
    data = _data(connection)
    _require_inside(question.period, data)
    against = _against(connection, question, data)
    periods = _period(connection, question.period), _period(connection, against)
    names = {*filter(None, (definition.numerator, definition.denominator)), *driver_tree.MEASURES}
    is_daily = all(period.span.days == 1 for period in periods)
    measures = read_measures(connection, "daily" if is_daily else "weekly", sorted(names))
    formula = _formula(definition, measures, columns)
    scope = Scope(measures, columns, question.segment)
    expectation = _expectation(connection, kpi, formula, question)
    comparison = _compare(connection, scope, formula, periods, expectation)
    _require_values(kpi, comparison, formula, periods)
    settled = data.first + dt.timedelta(days=definition.warm_up_days)
    return Answer(
        kpi=kpi,
        segment=dict(question.segment),
        period=periods[0],
        against=periods[1],
        is_just_before=question.against is None,
        expectation=expectation,
        settled_on=settled if min(p.span.first for p in periods) < settled else None,
        spread=tuple(
            m.name
            for m in measures
            if not m.is_sum and m.name in (formula.numerator, formula.denominator)
        ),
        formula=formula,
        comparison=comparison,
        products=read_products(connection),
        money=read_shop(connection).money,
    )


def _data(connection: Connection) -> Span:
    """The days from the first order line to the last."""
    query = "select min(date_day), max(date_day) from marts.dim_dates"
    return Span(*connection.execute(query).fetchall()[0])


def _require_inside(span: Span, data: Span) -> None:
    """Raise RetailError where a period ends before it begins, or lies outside of the data."""
    if span.last < span.first:
        raise RetailError(f"the period ends on {span.last}, before it begins on {span.first}")
    if span.first < data.first or span.last > data.last:
        raise RetailError(f"{span} is not within the data, which are of {data}")


def _against(connection: Connection, question: Question, data: Span) -> Span:
    """The days that a period is compared with: its own, where that is what was expected of it."""
    if question.against == FORECAST:
        return question.period
    against = question.against or _just_before(connection, question.period, data)
    _require_inside(against, data)
    if against == question.period:
        raise RetailError(
            f"{against} is compared with itself; say another period to compare with, or {FORECAST}"
        )
    return against


def _expectation(
    connection: Connection, kpi: KpiRow, formula: Formula, question: Question
) -> Expectation | None:
    if question.against != FORECAST:
        return None
    return read_expectation(
        connection, kpi, question.period, question.segment, is_additive=formula.is_additive
    )


def _just_before(connection: Connection, span: Span, data: Span) -> Span:
    """The period of the same length just before; before a closure where it has no other day."""
    length = dt.timedelta(days=span.days - 1)
    last = span.first - dt.timedelta(days=1)
    query = """
        select max(date_day) from marts.dim_dates where is_trading_day and date_day <= ?
    """
    ((traded,),) = connection.execute(query, [last]).fetchall()
    if traded is not None and traded < last - length:
        last = traded
    if last - length < data.first:
        raise RetailError(
            f"the data begin on {data.first}, without all of the {count(span.days, 'day')} before "
            f"{span.first}; say what to compare with, as --against FROM..TO"
        )
    return Span(last - length, last)


def _period(connection: Connection, span: Span) -> Period:
    """Count the days of a period.

    Raises:
        RetailError: none of them traded.
    """
    query = """
        select
            count(*) filter (is_trading_day), count(*) filter (not is_complete)
        from marts.dim_dates
        where date_day between ? and ?
    """
    ((trading, partial),) = connection.execute(query, [span.first, span.last]).fetchall()
    if not trading:
        raise RetailError(
            f"nothing was sold {span.within}: "
            f"{'the day' if span.days == 1 else 'every day'} was closed"
        )
    return Period(span, trading, partial)


def _compare(
    connection: Connection,
    scope: Scope,
    formula: Formula,
    periods: tuple[Period, Period],
    expectation: Expectation | None,
) -> Comparison:
    comparable = comparable_spans(expectation) if expectation else None
    asked = comparable.asked if comparable else (periods[0].span,)
    spans = [*asked, *(comparable.spans if comparable else (periods[1].span,))]
    dimensions = read_dimensions(connection)
    if periods[0].span.days > 1 or any(span.days > 1 for span in spans):
        dimensions = tuple(_for_many_days(dimension) for dimension in dimensions)
    found = read_cells(connection, scope, dimensions, spans, len(asked))
    if found is None:
        require_members(connection, scope.within, scope.members)
        raise RetailError(f"{in_words(scope.within, full=True)}: no order line in either period")
    now, before = (period.trading_days for period in periods)
    cells, period = found
    if expectation is None or comparable is None:
        return compare(cells, formula, (now, before))
    expected, forecast = as_expected(cells, period, formula, expectation, comparable)
    return compare(expected, formula, (now, before), forecast)


def _for_many_days(dimension: Dimension) -> Dimension:
    """A dimension whose members may be causes by themselves, as an hour of one day, or none."""
    is_alone = dimension.root_cause_use == ALONE
    return dataclasses.replace(dimension, root_cause_use=NEVER) if is_alone else dimension


def _formula(
    definition: Definition, measures: Iterable[Measure], dimensions: Iterable[str]
) -> Formula:
    numerator, denominator = definition.numerator, definition.denominator
    sides = [m for m in measures if m.name in (numerator, denominator)]
    within = {} if denominator else TREES_WITHIN.get(numerator, {})
    has_tree = denominator is None and numerator in driver_tree.DEPTHS
    return Formula(
        numerator=numerator,
        denominator=denominator,
        are_additive=all(m.name in ONE_DAY or (m.is_sum and not m.largest) for m in sides),
        by_rate=definition.scale != PROPORTIONAL,
        tree=numerator if has_tree else NET_REVENUE,
        tree_of=tuple(within.items()) if within.keys() <= {*dimensions} else (),
    )


def _require_values(
    kpi: KpiRow, comparison: Comparison, formula: Formula, periods: tuple[Period, Period]
) -> None:
    """Raise RetailError where a ratio has nothing in its denominator."""
    for value, period in zip((comparison.actual, comparison.expected), periods, strict=True):
        if not np.isfinite(value):
            raise RetailError(
                f"{kpi.kpi} has no value {period.span.within}: "
                f"{words(str(formula.denominator))} is 0 there"
            )


def as_tables(answer: Answer) -> dict[str, Any]:
    """The answer as plain values and lists of rows, by name; what is no number is None."""
    found = answer.comparison
    band = (answer.expectation and answer.expectation.band) or (None, None)
    return {
        "kpi": answer.kpi.kpi,
        "label": answer.kpi.label,
        "unit": answer.kpi.unit,
        "segment": answer.segment,
        "period": _period_row(answer.period),
        "against": _period_row(answer.against)
        | {
            "is_just_before": answer.is_just_before,
            "is_forecast": answer.expectation is not None,
            "lower": band[0],
            "upper": band[1],
        },
        "value": known(found.actual),
        "value_against": known(found.expected),
        "change": known(found.change),
        "change_at_equal_days": known(found.at_equal_days),
        "settled_on": answer.settled_on,
        "contributions": _rows(found.contributions),
        "sides": _rows(found.sides),
        "driven": answer.formula.tree,
        "drivers": _rows(found.drivers),
        "causes": _rows(found.causes),
        "unchanged": _rows(found.unchanged),
    }


def _period_row(period: Period) -> dict[str, object]:
    return {
        "first": period.span.first,
        "last": period.span.last,
        "trading_days": period.trading_days,
        "partial_days": period.partial_days,
    }


def _rows(records: Iterable[Any]) -> list[dict[str, object]]:
    """Records as dictionaries; the two periods are named as in the question."""
    return [
        {AS_ASKED.get(name, name): known(value) for name, value in vars(record).items()}
        for record in records
    ]
