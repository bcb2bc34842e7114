"""What was expected of a KPI in a period: the forecasts of the last run.

A forecast is of one value. What it means for the members of a dimension is what incidents take it
for: the comparable periods before, brought to the value that was expected of the whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detect.attribution.baselines import comparable_periods, reconcile
from detect.attribution.compare import Cells, Forecast, Formula, Periods
from detect.attribution.decomposition import Ratio, sums
from detect.records import NET_REVENUE, PERIOD_DAYS, RETURNED_REVENUE, Days, Floats, Ints
from retail.errors import RetailError
from retail.formatting import segment as in_words
from retail.reading.file import Connection, read_table
from retail.reading.measures import read_member_columns, require_members
from retail.reading.order_lines import Span
from retail.reading.shop import KpiRow, read_kpis
from retail.schema import ALL, ForecastRow, Grain

NOT_TESTED = {
    "incomplete": "the data cover it only in part",
    "gap": "days of it are missing",
    "no_trade": "there was no trade",
    "closed": "the shop is usually closed then",
    "no_value": "it has no value: nothing to divide by",
    "warm_up": "it is still warming up: at the start of the data every customer looks new",
    "small": "it was not yet among the largest segments",
    "short_history": "there is too little history yet",
    "thin": "too many of the latest periods are without business",
}
"""Why a period was not tested, and mostly nothing expected of it."""
INCOMPLETE, NO_TRADE = "incomplete", "no_trade"
EXPECTED = """
    left join insights.forecasts as forecasts
        on
            kpis.kpi = forecasts.kpi
            and kpis.segment = forecasts.segment
            and kpis.period_start = forecasts.period_start
            and forecasts.grain = ?
"""
"""A join of a KPI table to what was expected."""
USABLE = """
    select distinct period_start from insights.forecasts
    where grain = $grain and adjusted is not null and period_start not in (
        select period_start from insights.anomalies where grain = $grain and dimension is null
        union all
        select period_start from insights.early_warnings where grain = $grain and dimension is null
    )
    order by all
"""
"""Periods that others are compared with: learned from, and the whole shop without a finding."""


@dataclass(frozen=True)
class Expectation:
    """What was expected of a KPI in a period, which is one day, one week, or several days.

    `rows` are the forecasts that it is made of, `revenue` what was expected of net revenue then,
    by period. `usable` are the periods of the grain that others are compared with.
    """

    grain: Grain
    rows: tuple[ForecastRow, ...]
    revenue: Mapping[dt.date, float]
    usable: Days

    @property
    def value(self) -> float:
        """The KPI as expected."""
        return sum(row.expected or 0.0 for row in self.rows)

    @property
    def band(self) -> tuple[float, float] | None:
        """Lower and upper end of its usual range; those of several days don't add up to one."""
        (only, *more) = self.rows
        if more or only.lower is None or only.upper is None:
            return None
        return only.lower, only.upper


def read_series(
    connection: Connection, kpi: str, grain: Grain, segment: str
) -> tuple[ForecastRow, ...]:
    """Every period of one series."""
    tail = "where kpi = ? and grain = ? and segment = ? order by period_start"
    return read_table(connection, ForecastRow, "forecasts", tail, [kpi, grain, segment])


def read_expectation(
    connection: Connection,
    kpi: KpiRow,
    span: Span,
    within: Mapping[str, str],
    *,
    is_additive: bool,
) -> Expectation:
    """Read what was expected of a KPI in a period.

    Args:
        connection: from `reading`.
        kpi: asked about.
        span: one day, one week from Monday to Sunday, or any days of a KPI that they add up to.
        within: dimension to member; a KPI that has a series per member is asked about one.
        is_additive: whether days add up to the KPI.

    Raises:
        ReadError: there was no run.
        RetailError: nothing was expected; the message says of what something was.
    """
    grain: Grain = "weekly" if _is_week(span) else "daily"
    series = read_series(connection, kpi.kpi, grain, _series(connection, kpi, within))
    if grain == "daily" and span.days > 1 and not is_additive:
        raise RetailError(
            f"{kpi.kpi} is expected of a day or of a week from Monday to Sunday, and days don't "
            f"add up to it; {span} is neither"
        )
    if not series:
        require_members(connection, within, read_member_columns(connection))
    asked = {row.period_start: row for row in series if span.first <= row.period_start <= span.last}
    length = PERIOD_DAYS[grain]
    for number in range(0, span.days, length):
        start = span.first + dt.timedelta(days=number)
        _require_expected(kpi, grain, start, asked.get(start), series, is_one=span.days == length)
    return Expectation(
        grain=grain,
        rows=tuple(row for row in asked.values() if row.expected is not None),
        revenue={} if within else _revenue(connection, grain),
        usable=_usable(connection, grain),
    )


def _is_week(span: Span) -> bool:
    return span.days == PERIOD_DAYS["weekly"] and span.first.weekday() == 0


def _series(connection: Connection, kpi: KpiRow, within: Mapping[str, str]) -> str:
    """The series that holds the expectation."""
    if not within and not kpi.segment_by:
        return ALL
    if [*within] == [kpi.segment_by]:
        return next(iter(within.values()))
    if not within:
        raise RetailError(
            f"{kpi.kpi} is expected by {kpi.segment_by}; say one, as --segment "
            f"{kpi.segment_by}=MEMBER"
        )
    others = [row.kpi for row in read_kpis(connection).values() if [*within] == [row.segment_by]]
    told = f"; of {in_words(within, full=True)} there is {others[0]}" if others else ""
    raise RetailError(f"{kpi.kpi} is expected of the whole shop, not within a segment{told}")


def _require_expected(
    kpi: KpiRow,
    grain: Grain,
    start: dt.date,
    row: ForecastRow | None,
    series: Sequence[ForecastRow],
    *,
    is_one: bool,
) -> None:
    """Raise RetailError where nothing was expected of a period; a day closed as ever adds none."""
    reason = "the last run did not look at it"
    if row is not None:
        if _is_expected(row) or (not is_one and row.skip_reason == NO_TRADE):
            return
        reason = NOT_TESTED.get(str(row.skip_reason), str(row.skip_reason))
    there = [one.period_start for one in series if _is_expected(one)]
    what = "day" if grain == "daily" else "week"
    known = f"no {what} has an expectation"
    if there:
        known = f"the first {what} with an expectation is {min(there)}, the last {max(there)}"
    raise RetailError(
        f"nothing was expected of {kpi.kpi} {'on' if grain == 'daily' else 'in the week of'} "
        f"{start}: {reason}; {known}"
    )


def _is_expected(row: ForecastRow) -> bool:
    """Whether a forecast is of a whole period."""
    return row.expected is not None and row.skip_reason != INCOMPLETE


def _revenue(connection: Connection, grain: Grain) -> dict[dt.date, float]:
    """What was expected of the whole shop's net revenue, by period."""
    rows = connection.execute(
        """
        select forecasts.period_start, forecasts.expected
        from insights.forecasts as forecasts
        inner join marts.dim_kpis as kpis on forecasts.kpi = kpis.kpi
        where
            forecasts.grain = ? and forecasts.segment = ? and forecasts.expected is not null
            and kpis.numerator_measure = ? and kpis.denominator_measure is null
        """,
        [grain, ALL, NET_REVENUE],
    ).fetchall()
    return dict(rows)


def _usable(connection: Connection, grain: Grain) -> Days:
    rows = connection.execute(USABLE, {"grain": grain}).fetchall()
    return np.array([day for (day,) in rows], dtype="datetime64[D]")


# --------------------------------------------------------------------- what the parts were to be


@dataclass(frozen=True)
class Comparable:
    """The periods that an expectation is of, those that it is made of, and their weights, (P, S).

    A row is of one that was `asked` about, a column of one of the `spans` before. Distinct things
    are counted within each, so that both sides of several days are sums of days.
    """

    asked: tuple[Span, ...]
    spans: tuple[Span, ...]
    weights: Floats


def comparable_spans(expectation: Expectation) -> Comparable:
    """The periods to compare with, as incidents have them.

    Raises:
        RetailError: there are none before one of the periods.
    """
    length = dt.timedelta(days=PERIOD_DAYS[expectation.grain] - 1)
    found = []
    for row in expectation.rows:
        periods, weights = comparable_periods(
            expectation.grain, row.period_start, row.shift_start, expectation.usable
        )
        if not periods.size:
            raise RetailError(
                f"{row.period_start} has no comparable period before it to tell members by"
            )
        found.append(dict(zip(periods.tolist(), weights.tolist(), strict=True)))
    starts = sorted({start for weights in found for start in weights})
    return Comparable(
        tuple(Span(row.period_start, row.period_start + length) for row in expectation.rows),
        tuple(Span(start, start + length) for start in starts),
        np.array([[weights.get(start, 0.0) for start in starts] for weights in found]),
    )


def as_expected(
    cells: Cells, period: Ints, formula: Formula, expectation: Expectation, comparable: Comparable
) -> tuple[Cells, Forecast]:
    """Bring comparable periods to what was expected of a KPI, and of its driver tree.

    Args:
        cells: of the periods asked about and of the comparable ones.
        period: the place of the span of each cell, (N,); those asked about come first.
        formula: of the KPI.
        expectation: of the KPI.
        comparable: the spans.

    Raises:
        RetailError: comparable periods have nothing that could be brought to it.
    """
    measures, weights = cells.measures, comparable.weights
    asked, spans = len(comparable.asked), len(comparable.asked) + len(comparable.spans)

    def weighted(factors: Floats) -> Cells:
        weight = np.append(np.ones(asked), factors)[period]
        return replace(cells, measures={name: of * weight for name, of in measures.items()})

    def brought(amounts: Floats, targets: Sequence[float | None]) -> Cells:
        return weighted(_factors(weights, sums(period, amounts, spans)[asked:], targets))

    if formula.is_ratio:
        found = _of_ratio(weighted(weights[0]), formula, expectation.value)
    else:
        found = brought(measures[formula.numerator], [row.expected for row in expectation.rows])
    of_tree = found
    if not formula.is_tree:
        revenue = [expectation.revenue.get(row.period_start) for row in expectation.rows]
        of_tree = brought(measures["gross_revenue"] - measures[RETURNED_REVENUE], revenue)
    past = Periods(measures, period, spans) if asked == 1 else None
    return found, Forecast(of_tree, past)


def _factors(weights: Floats, totals: Floats, targets: Sequence[float | None]) -> Floats:
    """What each comparable span counts for, so that all add up to what was expected, (S,).

    Args:
        weights: of each span in each period of the expectation, (P, S).
        totals: a measure of each span, (S,).
        targets: what was expected of it in each period; None leaves the spans as they were.

    Raises:
        RetailError: something was expected of what was not there, or negative, before.
    """
    usual = weights @ totals
    factors = np.ones_like(usual)
    for number, target in enumerate(targets):
        if target is None:
            continue
        if target and usual[number] * target <= 0:
            raise RetailError("the comparable periods before have nothing to tell members by")
        factors[number] = target / usual[number] if target else 0.0
    return np.asarray(factors @ weights)


def _of_ratio(cells: Cells, formula: Formula, value: float) -> Cells:
    """The same where both sides of what is compared with make a ratio what was expected."""
    past, names = ~cells.is_actual, (formula.numerator, str(formula.denominator))
    sides = [cells.measures[name].copy() for name in names]
    met = reconcile(Ratio(*(side[past] for side in sides)), value)
    for side, found in zip(sides, (met.numerator, met.denominator), strict=True):
        side[past] = found
    return replace(cells, measures=cells.measures | dict(zip(names, sides, strict=True)))
