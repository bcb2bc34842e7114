"""Money at stake in an incident: net revenue, actual less expected, over the incident's periods.

Whose money: if the lead is of a member, that of all members of its dimension in the incident, which
don't overlap; else that of the whole shop, or of a part of it that the lead's KPI is (international
revenue). Which periods: those of the findings; a day and its week never count twice,
the lead's grain decides. A member that is gone counts from the week of its finding until it is sold
again or counts as discontinued, each week with what it used to bring.

The interval is that of the forecasts: actual less either end of the 95 % band. Over several periods
the ends add up in squares, as errors do that don't depend on each other.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from detect.forecasts import PeriodForecast
from detect.group_by import group_by
from detect.members.silence import Silence
from detect.records import ALL, NET_REVENUE, PERIOD_TO_DATE, Anomaly, Grain, Kpi

SeriesName = tuple[str, str, Grain]
"""KPI, segment and grain."""
Forecasts = Mapping[SeriesName, Sequence[PeriodForecast]]
RETURNED_SHARE = 0.1
"""Part of the money at stake from which later cancellations are told; by hand."""
USUAL_SPANS = 8
"""Spans of as many days before a period, whose median is what is usually cancelled of their sales:
the sales of a usual day are cancelled in part, too; by hand."""
NAN = float("nan")
NONE: Mapping[str, Silence] = {}


@dataclass(frozen=True)
class Cancelled:
    """A sale that was cancelled whole, on a later day."""

    order_date: dt.date
    cancelled_on: dt.date
    product: str
    country: str
    amount: float


@dataclass(frozen=True)
class Impact:
    """Money beyond the expected, signed, its interval, and what was cancelled later of the sales.

    `returned` is beyond what usually is cancelled of such sales. NaN where it is not known.
    """

    value: float = NAN
    lower: float = NAN
    upper: float = NAN
    returned: float = NAN


@dataclass(frozen=True)
class _Money:
    """Net revenue of one segment in one period."""

    segment: str
    grain: Grain
    first: dt.date
    last: dt.date
    actual: float
    expected: float
    lower: float
    upper: float


def impact(
    lead: Anomaly,
    members: Sequence[Anomaly],
    kpis: Sequence[Kpi],
    forecasts: Forecasts,
    cancelled: Sequence[Cancelled] = (),
    silences: Mapping[str, Silence] = NONE,
    *,
    is_of_shop: bool = False,
) -> Impact:
    """Return the money at stake in an incident.

    None is known (NaN) where the lead's period is not over, or where net revenue was not forecast.

    Args:
        lead: the incident's lead.
        members: all of its anomalies.
        kpis: all definitions.
        forecasts: periods of each series, by its name.
        cancelled: sales that were cancelled on a later day, up to the day of the run.
        silences: how long members stayed gone, by the id of the finding.
        is_of_shop: whether it is the whole shop's, whoever leads: where customer ids are missing
            or others, what one type of customer has more, another has less.
    """
    if PERIOD_TO_DATE in lead.methods:
        return Impact()
    of_members = [] if is_of_shop else _of_members(lead, members, silences)
    parts = _once(lead, of_members or _of_shop(lead, members, kpis, forecasts, is_of_shop))
    if not parts:
        return Impact()
    value = sum(p.actual - p.expected for p in parts)
    above = float(np.sqrt(sum((p.upper - p.expected) ** 2 for p in parts)))
    below = float(np.sqrt(sum((p.expected - p.lower) ** 2 for p in parts)))
    if not np.isfinite([value, above, below]).all():
        return Impact()
    return Impact(value, value - above, value + below, _returned(lead, parts, cancelled))


def _of_members(
    lead: Anomaly, members: Sequence[Anomaly], silences: Mapping[str, Silence]
) -> list[_Money]:
    """The money of the members of the lead's dimension: their findings of net revenue."""
    if not lead.within or not lead.kpi.is_net_revenue:
        return []
    return [
        _of_finding(a, silences.get(a.anomaly_id, Silence(1, a.period_end)))
        for a in members
        if a.within.keys() == lead.within.keys()
        and a.kpi.is_net_revenue
        and PERIOD_TO_DATE not in a.methods
    ]


def _of_finding(a: Anomaly, gone: Silence) -> _Money:
    """The money of a finding's period, and of the periods in which its member stayed gone."""
    expected, wide = a.expected * gone.periods, gone.periods**0.5
    return _Money(
        a.segment,
        a.grain,
        a.period_start,
        gone.last_day,
        a.actual + gone.revenue,
        expected,
        expected - wide * (a.expected - a.lower),
        expected + wide * (a.upper - a.expected),
    )


def _of_shop(
    lead: Anomaly,
    members: Sequence[Anomaly],
    kpis: Sequence[Kpi],
    forecasts: Forecasts,
    is_of_shop: bool,
) -> list[_Money]:
    """The money of the whole shop in each period with a finding of the whole; NaN: not forecast."""
    kpi = _money_kpi(lead.kpi, kpis)
    if kpi is None or (lead.within and not is_of_shop):
        return []
    periods = {
        (a.grain, a.period_start): a
        for a in members
        if (is_of_shop or not a.within) and PERIOD_TO_DATE not in a.methods
    }
    out = []
    for (grain, start), a in periods.items():
        rows = forecasts.get((kpi.name, ALL, grain), ())
        row = next((r for r in rows if r.period_start == start), None)
        figures = (row.actual, row.expected, row.lower, row.upper) if row else (NAN,) * 4
        out.append(_Money(ALL, grain, start, a.period_end, *figures))
    return out


def _money_kpi(kpi: Kpi, kpis: Sequence[Kpi]) -> Kpi | None:
    """The KPI itself where it is a sum of money, else that of net revenue: a share has none."""
    sums = {
        k.numerator: k
        for k in kpis
        if k.denominator is None and k.segment_by is None and k.unit == kpi.money
    }
    return (sums.get(kpi.numerator) if kpi.denominator is None else None) or sums.get(NET_REVENUE)


def _once(lead: Anomaly, parts: Sequence[_Money]) -> list[_Money]:
    """Periods that count: of two of a segment that overlap, the one of the lead's grain."""
    kept: list[_Money] = []
    for part in sorted(parts, key=lambda p: (p.grain != lead.grain, p.first, p.segment)):
        overlaps = (
            p.segment == part.segment and p.first <= part.last and part.first <= p.last
            for p in kept
        )
        if not any(overlaps):
            kept.append(part)
    return kept


def _returned(lead: Anomaly, parts: Sequence[_Money], cancelled: Sequence[Cancelled]) -> float:
    """What was cancelled of the sales in these periods, beyond the usual; NaN: not known."""
    dimension = next(iter(lead.within), None)
    if dimension not in (None, "product", "country"):
        return NAN
    if dimension is None:
        return sum(_unusual(p, cancelled) for p in parts)
    of_member = group_by(cancelled, attrgetter(dimension))
    return sum(_unusual(p, of_member.get(p.segment, ())) for p in parts)


def _unusual(part: _Money, cancelled: Sequence[Cancelled]) -> float:
    """What was cancelled after its period, less what usually is of as many days before it.

    The cancelled sales are in order of their days.
    """
    days = (part.last - part.first).days + 1
    step = dt.timedelta(days=-(-days // 7) * 7)
    spans = [(part.first - nth * step, part.last - nth * step) for nth in range(USUAL_SPANS + 1)]
    day = attrgetter("order_date")
    near = cancelled[
        bisect_left(cancelled, spans[-1][0], key=day) : bisect_right(cancelled, part.last, key=day)
    ]
    back = [
        sum(c.amount for c in near if first <= c.order_date <= last < c.cancelled_on)
        for first, last in spans
    ]
    return max(back[0] - float(np.median(back[1:])), 0.0)


def cancelled_later(value: float, returned: float) -> float:
    """What later cancellations took back of some money; 0 where that is not worth a word."""
    return returned if returned >= RETURNED_SHARE * abs(value) > 0 else 0.0


def by_series(rows: Sequence[PeriodForecast]) -> dict[SeriesName, list[PeriodForecast]]:
    """Forecasts by the name of their series, in order of time."""
    return group_by(rows, lambda row: (row.kpi, row.segment, row.grain))
