"""KPIs to cards: the latest complete period against what was expected, and how it got there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from retail import formatting
from retail.outputs.report import cells, incidents, svg, words
from retail.outputs.report.cells import Cell
from retail.reading import Facts, KpiRow
from retail.schema import ALL, GRAINS, AnomalyRow, ForecastRow, Grain

GROUPS = ("Revenue", "Volume", "Customers", "Products", "Geography")
"""The order in which they are read; other groups follow."""
WITHOUT_TRADE = ("no_trade", "closed", "gap")
SEGMENTS = 8
"""Segments of a KPI that are charted: the largest over the last so many periods."""
LATELY = 13
MARKS = 4
"""Latest findings of a KPI that are linked."""
WEEK = dt.timedelta(days=7)
Key = tuple[str, str, str]


@dataclass(frozen=True)
class State:
    """A series at its latest complete period; `kind` is one word for its looks."""

    period_start: dt.date
    when: str
    kind: str
    text: str
    actual: Cell
    expected: Cell
    lower: Cell
    upper: Cell
    has_band: bool
    change: str
    week_before: Cell | None
    earlier: str


@dataclass(frozen=True)
class Chart:
    """A chart of one grain."""

    grain: Grain
    drawn: Markup
    first: str
    last: str


@dataclass(frozen=True)
class Mark:
    """A finding on a chart, and where it is told."""

    text: str
    effect: str
    anchor: str


@dataclass(frozen=True)
class SegmentRow:
    """One segment of a KPI that has a series per segment."""

    segment: str
    state: State | None
    chart: Markup | None


@dataclass(frozen=True)
class KpiCard:
    """A KPI, ready to be shown."""

    kpi: KpiRow
    anchor: str
    wish: str
    state: State | None
    charts: tuple[Chart, ...]
    marks: tuple[Mark, ...]
    segments: tuple[SegmentRow, ...]
    is_tested: bool


def anchor(kpi: str) -> str:
    """Where on the page a KPI is."""
    return svg.safe_name("kpi", kpi)


def cards(facts: Facts) -> tuple[KpiCard, ...]:
    """The KPIs that are on, in the order of their groups."""
    series: dict[Key, list[ForecastRow]] = {}
    for period in facts.periods:
        series.setdefault((period.kpi, period.segment, period.grain), []).append(period)
    found: dict[Key, list[AnomalyRow]] = {}
    for finding in facts.findings:
        found.setdefault((finding.kpi, finding.segment, finding.grain), []).append(finding)
    return tuple(_card(kpi, series, found) for kpi in switched_on(facts))


def switched_on(facts: Facts) -> list[KpiRow]:
    """The KPIs that the source has all data for, in the order in which they are shown."""
    return sorted((kpi for kpi in facts.kpis.values() if not kpi.off_reason), key=place)


def place(kpi: KpiRow) -> tuple[int, str, str]:
    """Where a KPI stands among others: by group, then by name."""
    known = GROUPS.index(kpi.kpi_group) if kpi.kpi_group in GROUPS else len(GROUPS)
    return known, kpi.kpi_group, kpi.label


def _card(
    kpi: KpiRow, series: dict[Key, list[ForecastRow]], found: dict[Key, list[AnomalyRow]]
) -> KpiCard:
    own = (kpi.kpi, ALL, kpi.cadence)
    own_series = (None, kpi.segment_by)
    mine = [
        f
        for key, rows in found.items()
        for f in rows
        if key[0] == kpi.kpi and f.dimension in own_series
    ]
    charts = [_chart(kpi, ALL, grain, series, found) for grain in GRAINS]
    periods = [p for key, rows in series.items() if key[::2] == own[::2] for p in rows]
    return KpiCard(
        kpi=kpi,
        anchor=anchor(kpi.kpi),
        wish=words.DIRECTIONS[kpi.direction],
        state=state(kpi, series.get(own, []), found.get(own, [])),
        charts=tuple(chart for chart in charts if chart),
        marks=_marks(mine, kpi),
        segments=_segments(kpi, series, found),
        is_tested=any(p.is_tested for p in periods),
    )


# ---------------------------------------------------------------------------------- state


def state(kpi: KpiRow, periods: Sequence[ForecastRow], found: Sequence[AnomalyRow]) -> State | None:
    """A series at its latest complete period; None where it has none."""
    over = [p for p in periods if p.skip_reason not in (*WITHOUT_TRADE, "incomplete")]
    if not over:
        return None
    last = over[-1]
    reported = next((f for f in found if f.period_start == last.period_start), None)
    kind, text = _judgement(last, reported)
    before = next((p for p in over if p.period_start == last.period_start - WEEK), None)
    has_change = last.actual is not None and last.expected is not None
    return State(
        period_start=last.period_start,
        when=formatting.period(last.period_start, last.grain),
        kind=kind,
        text=text,
        actual=cells.period(last, "actual", kpi.unit),
        expected=cells.period(last, "expected", kpi.unit),
        lower=cells.period(last, "lower", kpi.unit),
        upper=cells.period(last, "upper", kpi.unit),
        has_band=last.expected is not None,
        change=formatting.change(last.actual or 0.0, last.expected or 0.0, kpi.unit)
        if has_change
        else "",
        week_before=cells.period(before, "actual", kpi.unit) if before else None,
        earlier=_earlier(kpi, last, before),
    )


def _judgement(last: ForecastRow, reported: AnomalyRow | None) -> tuple[str, str]:
    if reported is not None:
        return "anomaly", f"anomaly, {words.EFFECTS[reported.favourability].lower()}"
    if last.skip_reason is not None:
        return "untested", f"not tested: {words.NOT_TESTED.get(last.skip_reason, last.skip_reason)}"
    if last.actual is None or last.lower is None or last.upper is None:
        return "untested", "not tested"
    if last.lower <= last.actual <= last.upper:
        return "expected", "as expected"
    side = "above" if last.actual > last.upper else "below"
    return "outside", f"{side} the band, not sure enough to be reported"


def _earlier(kpi: KpiRow, last: ForecastRow, before: ForecastRow | None) -> str:
    """The same weekday, or the week, before."""
    if before is None or before.actual is None or last.actual is None:
        return ""
    moved = formatting.change(last.actual, before.actual, kpi.unit)
    return f"A week earlier {formatting.amount(before.actual, kpi.unit)}: {moved}."


def _marks(found: Sequence[AnomalyRow], kpi: KpiRow) -> tuple[Mark, ...]:
    latest = sorted(found, key=lambda f: f.period_start, reverse=True)[:MARKS]
    return tuple(
        Mark(
            f"{formatting.change(f.actual, f.expected, kpi.unit)}"
            f"{'' if f.segment == ALL else ' in ' + f.segment}, "
            f"{formatting.period(f.period_start, f.grain)}{' (so far)' if f.is_early else ''}",
            f.favourability,
            incidents.anchor(f.incident_id),
        )
        for f in latest
    )


# --------------------------------------------------------------------------------- charts


def _chart(
    kpi: KpiRow,
    segment: str,
    grain: Grain,
    series: dict[Key, list[ForecastRow]],
    found: dict[Key, list[AnomalyRow]],
) -> Chart | None:
    key = (kpi.kpi, segment, grain)
    periods = series.get(key, [])
    marks = {f.period_start: f for f in found.get(key, [])}
    dots = [dot for p in periods if (dot := _dot(p, marks.get(p.period_start)))]
    if len(dots) < 2:
        return None
    first, last = (formatting.day(periods[place].period_start) for place in (0, -1))
    where = "" if segment == ALL else f" of {segment}"
    ends = (float(periods[0].period_start.toordinal()), float(periods[-1].period_start.toordinal()))
    drawn = svg.sparkline(
        svg.safe_name("chart", kpi.kpi, segment, grain),
        f"{kpi.label}{where}, {grain}, {first} to {last}",
        described(kpi, grain, periods, list(marks.values())),
        dots,
        ends,
    )
    return Chart(grain, drawn, first, last)


def _dot(period: ForecastRow, found: AnomalyRow | None) -> svg.Dot | None:
    """A period on the chart; none without business, nor one that is not over, unless found."""
    actual = found.actual if found else period.actual
    if actual is None or (found is None and period.skip_reason in (*WITHOUT_TRADE, "incomplete")):
        return None
    return svg.Dot(
        float(period.period_start.toordinal()),
        actual,
        period.lower,
        period.upper,
        found.favourability if found else "",
        is_early=found is not None and found.is_early,
    )


def described(
    kpi: KpiRow, grain: Grain, periods: Sequence[ForecastRow], found: Sequence[AnomalyRow]
) -> str:
    """The chart in words."""
    values = [p.actual for p in periods if p.actual is not None and p.skip_reason != "incomplete"]
    low, high = (formatting.amount(value, kpi.unit) for value in (min(values), max(values)))
    text = f"From {low} to {high}. "
    if not found:
        return text + "Nothing marked."
    marked = ", ".join(
        f"{formatting.period(f.period_start, grain)} "
        f"({formatting.change(f.actual, f.expected, kpi.unit)})"
        for f in sorted(found, key=lambda f: f.period_start)
    )
    return f"{text}Marked: {marked}."


def _segments(
    kpi: KpiRow, series: dict[Key, list[ForecastRow]], found: dict[Key, list[AnomalyRow]]
) -> tuple[SegmentRow, ...]:
    """Segments of a KPI that has one series each, the largest first."""
    names = [
        segment
        for name, segment, grain in series
        if name == kpi.kpi and grain == kpi.cadence and segment != ALL
    ]
    sizes = {n: _size(series[kpi.kpi, n, kpi.cadence]) for n in names}
    ranked = sorted(names, key=lambda n: (-sizes[n], n))
    rows = []
    for place, name in enumerate(ranked):
        key = (kpi.kpi, name, kpi.cadence)
        chart = _chart(kpi, name, kpi.cadence, series, found) if place < SEGMENTS else None
        latest = state(kpi, series[key], found.get(key, []))
        rows.append(SegmentRow(name, latest, chart.drawn if chart else None))
    return tuple(rows)


def _size(periods: Sequence[ForecastRow]) -> float:
    return sum(p.actual or 0.0 for p in periods[-LATELY:])
