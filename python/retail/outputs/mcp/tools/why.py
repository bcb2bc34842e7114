"""Why a KPI differs between two periods or from its forecast, as `retail why` has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import Literal

from pydantic import BaseModel, Field

from detect.attribution.compare import Cause, Contribution
from detect.attribution.driver_tree import WHOLE
from detect.records import OTHER
from retail.errors import RetailError
from retail.formatting import (
    amount,
    contribution,
    factor,
    factor_value,
    member,
    percent,
    segment,
    words,
)
from retail.outputs import why as shown
from retail.outputs.mcp import figures
from retail.outputs.mcp.data import Answer, read_data
from retail.outputs.mcp.figures import Figure
from retail.outputs.mcp.questions import WhyQuestion
from retail.reading import Connection
from retail.reading.file import known
from retail.reading.measures import require_known
from retail.reading.order_lines import Span
from retail.reading.why import FORECAST, Period, Question, answer_why
from retail.reading.why import Answer as Found
from retail.schema import ALL


class WhyPeriod(BaseModel):
    """One of the two periods."""

    first: dt.date
    last: dt.date
    value: Figure
    trading_days: Figure


class Member(BaseModel):
    """What a member adds to the change; `(other)` are the smallest of its dimension together."""

    dimension: str
    member: str
    about: str
    value: Figure
    against: Figure
    contribution: Figure
    share_of_change: Figure


class BestCause(BaseModel):
    """A segment that explains the change best."""

    segment: dict[str, str]
    about: str
    value: Figure
    against: Figure
    contribution: Figure
    share_of_change: Figure


class Factor(BaseModel):
    """A side of a ratio, or a factor of the driver tree."""

    factor: str
    value: Figure
    against: Figure
    contribution: Figure


class WhyAnswer(Answer):
    """Why a KPI differs between two periods; all members of a dimension add up to the change."""

    kpi: str
    title: str
    segment: dict[str, str]
    period: WhyPeriod
    against: WhyPeriod = Field(
        description="What it is compared with: another period, or the same days as expected."
    )
    change: Figure
    change_at_equal_days: Figure = Field(
        description="What is left of a sum's change at equal trading days; empty for others."
    )
    notes: list[str] = Field(description="What the reader must know about the two periods.")
    causes: list[BestCause] = Field(
        description="Segments that explain it best; none: the change is broad, or too small."
    )
    sides: list[Factor] = Field(description="What numerator and denominator of a ratio add.")
    driven: str = Field(description="What the drivers add up to: the KPI, or what moved meanwhile.")
    drivers: list[Factor]
    contributions: list[Member] = Field(description="Members, the largest of each dimension first.")
    unchanged: list[str] = Field(description="Factors and dimensions that stayed the same.")
    left_out: str = Field(description="What is not shown, and how to ask for it.")


def why(connection: Connection, question: WhyQuestion) -> WhyAnswer:
    """Read why a KPI differs between two periods."""
    span = Span(question.first, question.last)
    asked = Question(question.kpi, span, _against(question), question.segment)
    answer = answer_why(connection, asked)
    found, unit = answer.comparison, answer.kpi.unit
    rows = list(_listed(answer, question.dimension))
    return WhyAnswer(
        data=read_data(connection),
        kpi=answer.kpi.kpi,
        title=shown.title(answer),
        segment=answer.segment,
        period=_period(answer, answer.period, found.actual),
        against=_period(answer, answer.against, found.expected),
        change=figures.asked(answer, ALL, "change", found.change, contribution(found.change, unit)),
        change_at_equal_days=_moved(answer, ALL, "change_at_equal_days", found.at_equal_days, unit),
        notes=list(shown.notes(answer)),
        causes=[_cause(answer, number, row) for number, row in enumerate(found.causes, start=1)],
        sides=[
            _factor(answer, f"sides/{side.measure}", side.measure, side.actual, side.expected,
                    side.contribution, unit)
            for side in found.sides
        ],
        driven=words(answer.formula.tree),
        drivers=_drivers(answer),
        contributions=[_member(answer, row) for row in rows],
        unchanged=[words(row.name) for row in found.unchanged],
        left_out=_left_out(len(rows), len(found.contributions), question),
    )  # fmt: skip


def _against(question: WhyQuestion) -> Span | Literal["forecast"] | None:
    first, last = question.against_first, question.against_last
    if question.against_forecast:
        if first or last:
            raise RetailError("give against_forecast, or a period to compare with, not both")
        return FORECAST
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise RetailError("give both against_first and against_last, or neither")
    return Span(first, last)


def _period(answer: Found, period: Period, value: float) -> WhyPeriod:
    column = "value" if period is answer.period else "value_against"
    trading = (period.trading_days, str(period.trading_days))
    return WhyPeriod(
        first=period.span.first,
        last=period.span.last,
        value=figures.asked(answer, ALL, column, value, amount(value, answer.kpi.unit)),
        trading_days=figures.read(
            *trading, "marts.dim_dates", figures.days(period.span), "is_trading_day"
        ),
    )


def _listed(answer: Found, dimension: str | None) -> Iterator[Contribution]:
    """All members of the dimension that is asked for, or the largest of each."""
    grouped = {
        name: list(rows)
        for name, rows in groupby(answer.comparison.contributions, key=lambda row: row.dimension)
    }
    if dimension:
        require_known("dimension", dimension, grouped)
        yield from grouped[dimension]
        return
    for rows in grouped.values():
        yield from [row for row in rows if row.member != OTHER][: shown.LARGEST]


def _member(answer: Found, row: Contribution) -> Member:
    place = f"contributions/{row.dimension}/{row.member}"
    value, against = _both(answer, place, row)
    return Member(
        dimension=row.dimension,
        member=row.member,
        about=member(row.dimension, row.member, answer.products),
        value=value,
        against=against,
        contribution=_moved(answer, place, "contribution", row.contribution, answer.kpi.unit),
        share_of_change=_share(answer, place, row.share_of_change),
    )


def _cause(answer: Found, number: int, row: Cause) -> BestCause:
    place = f"causes/{number}"
    value, against = _both(answer, place, row)
    rest = ", without the others" if row.is_rest else ""
    return BestCause(
        segment=row.segment,
        about=segment(row.segment, answer.products, full=True) + rest,
        value=value,
        against=against,
        contribution=_moved(answer, place, "contribution", row.contribution, answer.kpi.unit),
        share_of_change=_share(answer, place, row.share_of_change),
    )


def _both(answer: Found, place: str, row: Contribution | Cause) -> tuple[Figure, Figure]:
    """A segment's value in both periods."""
    now, before = shown.values_of(answer, row)
    return (
        figures.asked(answer, place, "value", row.actual, now),
        figures.asked(answer, place, "against", row.expected, before),
    )


def _moved(answer: Found, place: str, column: str, value: float, unit: str) -> Figure:
    """A part of the change; of none where it has no meaning."""
    told = "" if known(value) is None else contribution(round(value, 9), unit)
    return figures.asked(answer, place, column, value, told)


def _share(answer: Found, place: str, value: float) -> Figure:
    return figures.asked(answer, place, "share_of_change", value, percent(known(value)))


def _drivers(answer: Found) -> list[Factor]:
    unit = answer.kpi.unit if answer.formula.is_tree else answer.money
    return [
        _factor(answer, f"drivers/{row.factor}", row.factor, row.actual, row.expected,
                row.contribution, unit)
        for row in answer.comparison.drivers
        if row.dimension == WHOLE
    ]  # fmt: skip


def _factor(
    answer: Found,
    place: str,
    name: str,
    value: float,
    against: float,
    added: float,
    unit: str,
) -> Factor:
    now, before = (factor_value(name, known(number), answer.money) for number in (value, against))
    return Factor(
        factor=factor(name),
        value=figures.asked(answer, place, "value", value, now),
        against=figures.asked(answer, place, "against", against, before),
        contribution=_moved(answer, place, "contribution", added, unit),
    )


def _left_out(listed: int, every: int, question: WhyQuestion) -> str:
    if question.dimension or listed == every:
        return ""
    return "Smaller members of each dimension; give `dimension` to have all of one."
