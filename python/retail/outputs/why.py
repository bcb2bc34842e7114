"""Why a KPI differs from another period or its forecast, as text or as JSON for a program."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from detect.attribution.compare import Cause, Contribution
from detect.attribution.driver_tree import WHOLE, Factor
from detect.records import OTHER
from retail.console import escape_control_chars, json_text
from retail.formatting import (
    RATIO,
    amount,
    contribution,
    count,
    day,
    factor,
    factor_value,
    in_percent,
    is_something,
    member,
    percent,
    segment,
    span,
    subject,
    upper_first,
    words,
)
from retail.reading.expected import Expectation
from retail.reading.why import Answer, Period, as_tables

LARGEST = 3
"""Members shown of each dimension; the rest is one line."""
MOST_SHARE = 3.0
"""Share of the change above which it says no more than that others offset it."""
OFFSETS = "offsets"
Row = tuple[str, str, str, str]
"""A part of the change: in the period, in the other, what it adds, and its share."""
NAME, FIGURE = 44, 12
"""Widths of columns."""


def text(answer: Answer) -> str:
    """Both values, what to know about them, and where the change comes from: about a page."""
    parts = (_values, notes, _causes, _sides, _factors, _unchanged, _dimensions)
    blocks = [[line.rstrip() for line in part(answer)] for part in parts]
    return escape_control_chars("\n\n".join("\n".join(lines) for lines in blocks if lines))


def as_json(answer: Answer) -> str:
    """The same as one JSON object; what is no number is null."""
    return json_text(as_tables(answer))


def title(answer: Answer) -> str:
    """What it is about: the KPI, and the segment where there is one."""
    if not answer.segment:
        return answer.kpi.label
    (dimension, name), *others = answer.segment.items()
    first = subject(answer.kpi.label, dimension, name, answer.products)
    return " and ".join([first, *(segment({d: m}, full=True) for d, m in others)])


def _values(answer: Answer) -> Iterator[str]:
    """Both periods with their values, and the change."""
    found, unit = answer.comparison, answer.kpi.unit
    yield title(answer)
    rows = [
        (_days(period), value, count(period.trading_days, "trading day"))
        for period, value in ((answer.period, found.actual), (answer.against, found.expected))
    ]
    if answer.expectation:
        rows[1] = ("expected", found.expected, _usual(answer))
    for name, value, more in rows:
        yield f"  {name:<{NAME}}{amount(value, unit):>{FIGURE}}   {more}"
    moved = contribution(found.change, unit)
    yield f"  {'change':<{NAME}}{moved:>{FIGURE}}   {_relative(found.actual, found.expected, unit)}"


def _usual(answer: Answer) -> str:
    """The usual range of what was expected, where there is one."""
    band = answer.expectation and answer.expectation.band
    if not band:
        return ""
    lower, upper = (amount(end, answer.kpi.unit) for end in band)
    return f"usually {lower} to {upper}"


def _days(period: Period) -> str:
    return span(period.span.first, period.span.last, full=True)


def _relative(actual: float, expected: float, unit: str) -> str:
    """A change in percent, where that says something."""
    if unit == RATIO or not in_percent(actual, expected, unit):
        return ""
    return percent(actual / expected - 1, signed=True)


def notes(answer: Answer) -> Iterator[str]:
    """What the reader must know about the two periods."""
    period, against = answer.period, answer.against
    if answer.expectation:
        yield from _expected(answer.expectation)
        against = period
    if answer.is_just_before:
        yield f"Compared with {_before(answer)}, since nothing else was asked for."
    if answer.shared_days:
        yield f"The two periods share {count(answer.shared_days, 'day')}."
    if period.trading_days != against.trading_days:
        yield _trading_days(answer)
    for one in dict.fromkeys((period, against)):
        if one.partial_days:
            yield f"{_days(one)}: the data cover {count(one.partial_days, 'day')} only in part."
    if answer.settled_on:
        yield (
            f"The data begin shortly before: until {day(answer.settled_on, full=True)} many "
            "customers look new who are not."
        )
    if answer.spread:
        what = upper_first(" and ".join(words(name) for name in answer.spread))
        yield f"{what} of several members are shared among them by their order lines."


def _expected(expectation: Expectation) -> Iterator[str]:
    """What an expectation is made of."""
    several = len(expectation.rows) > 1
    of = "the sum of its days, each " if several else ""
    yield (
        f"Expected: {of}the forecast of the last run from what came before; members have their "
        "part of it as in the comparable "
        f"{'days' if expectation.grain == 'daily' else 'weeks'} before."
    )
    if several:
        yield "Customers are counted anew each day, as they were expected."
    shifts = [row.shift_start for row in expectation.rows if row.shift_start]
    if shifts:
        yield (
            f"It is part of a change that lasts since {day(min(shifts), full=True)}: what was "
            "expected is that of before."
        )


def _before(answer: Answer) -> str:
    length = answer.against.span.days
    days = "day" if length == 1 else count(length, "day")
    if (answer.period.span.first - answer.against.span.last).days == 1:
        return f"the {days} just before"
    return f"the last {days} before in which the shop traded"


def _trading_days(answer: Answer) -> str:
    """How far the number of trading days explains the change."""
    found, unit = answer.comparison, answer.kpi.unit
    now, before = found.trading_days
    days = f"{now} trading days against {before}"
    if answer.formula.is_additive:
        by_days = found.change - found.at_equal_days
        return (
            f"{days} make {contribution(by_days, unit)} of the change; at equal trading days it is "
            f"{contribution(found.at_equal_days, unit)}."
        )
    return f"The periods differ in length: {days}."


def _dimensions(answer: Answer) -> Iterator[str]:
    """The largest contributions of each dimension, and the rest as one line."""
    rows = answer.comparison.contributions
    if rows:
        more = ["weight", other(answer)] if answer.formula.is_ratio else []
        more += ["at equal trading days"] if _has_equal_days(answer) else []
        yield _head(answer, "One dimension at a time", *more)
    for name, members in groupby(rows, key=lambda row: row.dimension):
        yield from _dimension(answer, name, list(members))


def other(answer: Answer) -> str:
    """What the values that a period is compared with are called."""
    return "expected" if answer.expectation else "against"


def _head(answer: Answer, title: str, *more: str) -> str:
    """The first line of a block of figures; `more` names further columns."""
    columns = f"{'period':>{FIGURE}}{other(answer):>{FIGURE}}{'adds':>{FIGURE + 4}}   share"
    return f"{title:<{NAME + 4}}{columns}{'     '.join(['', *more])}"


def _has_equal_days(answer: Answer) -> bool:
    """Whether the change at equal trading days is another one."""
    now, before = answer.comparison.trading_days
    return answer.formula.is_additive and now != before


def _dimension(answer: Answer, name: str, rows: Sequence[Contribution]) -> Iterator[str]:
    unit, change = answer.kpi.unit, answer.comparison.change
    head = words(name)
    if answer.formula.is_ratio:
        mix, rate = (sum(getattr(row, part) for row in rows) for part in ("mix", "rate"))
        head += f": mix {contribution(mix, unit)}, rate {contribution(rate, unit)}"
    yield f"  {head}"
    listed = [row for row in rows if row.member != OTHER][:LARGEST]
    for row in listed:
        called = member(name, row.member, answer.products)
        line = _line(called, values_of(answer, row), row.contribution, change, unit)
        yield line + _weights(row) + _equal(answer, [row])
    rest = [row for row in rows if row not in listed]
    if rest:
        part = sum(row.contribution for row in rest)
        yield _line(OTHER, ("", ""), part, change, unit) + _equal(answer, rest)


def _equal(answer: Answer, rows: Sequence[Contribution]) -> str:
    """What members add at equal trading days, where that is something else."""
    if not _has_equal_days(answer):
        return ""
    return f"   {contribution(sum(row.at_equal_days for row in rows), answer.kpi.unit)}"


def values_of(answer: Answer, row: Contribution | Cause) -> tuple[str, str]:
    """A segment's values; of customers that are shared among members, a rate can exceed all."""
    most = 1.0 if answer.spread and answer.kpi.unit == RATIO else math.inf
    now, before = (
        amount(_number(value) if value <= most else None, answer.kpi.unit)
        for value in (row.actual, row.expected)
    )
    return now, before


def _number(value: float) -> float | None:
    """A value without the last digits that adding up leaves, None where there is none."""
    return round(value, 9) if math.isfinite(value) else None


def _weights(row: Contribution | Cause) -> str:
    """The weights of a ratio's segment."""
    if not math.isfinite(row.weight_actual):
        return ""
    return f"{percent(row.weight_actual):>10}{percent(row.weight_expected):>9}"


def _cells(figures: tuple[str, str], part: float, change: float, unit: str) -> Row:
    """A part of the change with what it is of, and its share, or that it offsets others."""
    adds = contribution(round(part, 9), unit)
    return *figures, adds, _share(part, change) if is_something(adds) else ""


def _line(name: str, figures: tuple[str, str], part: float, change: float, unit: str) -> str:
    """The same on one line, by name."""
    now, before, adds, share = _cells(figures, part, change, unit)
    row = f"    {name:<{NAME}.{NAME}}{now:>{FIGURE}}{before:>{FIGURE}}{adds:>{FIGURE + 4}}"
    return f"{row}   {share:>7}"


def _share(part: float, change: float) -> str:
    """A part's share of the change, where that says something."""
    if not change or part / change > MOST_SHARE:
        return ""
    return OFFSETS if part / change < 0 else percent(part / change)


def _causes(answer: Answer) -> Iterator[str]:
    """The segments that explain it best."""
    found, unit = answer.comparison, answer.kpi.unit
    if found.causes:
        equal = ", at equal trading days" if _has_equal_days(answer) else ""
        more = ["weight", other(answer)] if answer.formula.is_ratio else []
        yield _head(answer, f"Explained best by{equal}", *more)
    elif found.is_small:
        yield "The change is too small for a combination of members to stand out."
    else:
        yield (
            "No combination of members has far more of the change than its ordinary share: it is "
            "broad-based, or of few orders."
        )
    for row in found.causes:
        called = _called(answer, row)
        if len(called) > NAME:
            yield f"    {called}"
            called = ""
        whole = row.contribution / row.share_of_change
        line = _line(called, values_of(answer, row), row.contribution, whole, unit)
        yield line + _weights(row)


def _called(answer: Answer, row: Cause) -> str:
    called = segment(row.segment, answer.products, full=True)
    return called + (", without the others" if row.is_rest else "")


def cause_rows(answer: Answer) -> list[tuple[str, Row]]:
    """The segments that explain it best, by name."""
    unit = answer.kpi.unit
    return [
        (
            _called(answer, row),
            _cells(
                values_of(answer, row), row.contribution,
                row.contribution / row.share_of_change, unit,
            ),
        )
        for row in answer.comparison.causes
    ]  # fmt: skip


def member_row(answer: Answer, row: Contribution) -> Row:
    """What a member of a dimension adds; the smallest together have no values."""
    figures = ("", "") if row.member == OTHER else values_of(answer, row)
    return _cells(figures, row.contribution, answer.comparison.change, answer.kpi.unit)


def _sides(answer: Answer) -> Iterator[str]:
    """Both sides of a ratio, which add up to the change."""
    found = answer.comparison
    now, before = found.trading_days
    is_scaled = answer.formula.are_additive and now != before
    if found.sides:
        yield _head(answer, f"By its two sides{', at equal trading days' if is_scaled else ''}")
    for side in found.sides:
        figures = _figures(side.measure, side.actual, side.expected, answer.money)
        yield _line(words(side.measure), figures, side.contribution, found.change, answer.kpi.unit)


def _factors(answer: Answer) -> Iterator[str]:
    """The driver tree, with the change that it adds up to."""
    yield _head(answer, factors_title(answer))
    unit, total = _driven(answer)
    for row in _drivers(answer):
        figures = _figures(row.factor, row.actual, row.expected, answer.money)
        yield _line(factor(row.factor), figures, row.contribution, total, unit)


def factors_title(answer: Answer) -> str:
    """What the factors add up to."""
    formula, (unit, total) = answer.formula, _driven(answer)
    of = "By its factors" if formula.is_tree else f"{upper_first(words(formula.tree))} meanwhile"
    return f"{of} ({contribution(total, unit)})"


def factor_rows(answer: Answer) -> list[tuple[str, Row]]:
    """The driver tree of the whole, by name."""
    unit, total = _driven(answer)
    return [
        (
            upper_first(factor(row.factor)),
            _cells(
                _figures(row.factor, row.actual, row.expected, answer.money),
                row.contribution, total, unit,
            ),
        )
        for row in _drivers(answer)
    ]  # fmt: skip


def _driven(answer: Answer) -> tuple[str, float]:
    """The unit of what the factors make, and its change."""
    whole = (row for row in answer.comparison.drivers if row.dimension == WHOLE)
    unit = answer.kpi.unit if answer.formula.is_tree else answer.money
    return unit, sum(row.contribution for row in whole)


def _drivers(answer: Answer) -> list[Factor]:
    """The factors of the whole that there are."""
    whole = (row for row in answer.comparison.drivers if row.dimension == WHOLE)
    return [row for row in whole if row.actual > 0 or row.expected > 0]


def _figures(name: str, actual: float, expected: float, money: str) -> tuple[str, str]:
    now, before = (factor_value(name, _number(value), money) for value in (actual, expected))
    return now, before


def _unchanged(answer: Answer) -> Iterator[str]:
    """What stayed the same."""
    rows = answer.comparison.unchanged
    told = [factor(row.name) for row in rows if row.kind == "factor"]
    splits = [words(row.name) for row in rows if row.kind == "dimension"]
    if splits:
        told.append(f"the split by {' and by '.join(splits)}")
    if told:
        yield f"Unchanged, to 2 %: {'; '.join(told)}."
