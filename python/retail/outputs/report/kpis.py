"""KPIs to cards: the latest complete period against what was expected, and how it got there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from detect.group_by import group_by
from detect.intervals import wilson
from retail import formatting
from retail.outputs.report import cells, incidents, svg, words
from retail.outputs.report.cells import Cell
from retail.reading import Facts, KpiRow, period_end
from retail.reading.expected import NOT_TESTED
from retail.reading.shop import PlannedEvent
from retail.schema import ALL, GRAINS, AnomalyRow, DetectionLimitRow, ForecastRow, Grain

UNLIKE = ("anomaly", "outside")
"""Kinds of states that are not as expected."""
WITHOUT_TRADE = ("no_trade", "closed", "gap")
SEGMENTS = 8
"""Segments of a KPI that are charted: the largest over the last so many periods."""
LATELY = 13
NARROW = 2.0
"""A band tells something if half, or twice, the expected lies outside of it; by hand."""
EXPECTED, TOO_WIDE = ("expected", "as expected"), ("wide", "too wide to tell")
PROMISED, FEWEST_HELD = 0.95, 0.93
"""Share of values that a band is made to hold, and that below which it holds too few; by hand."""
USUAL_RANGE = "the usual range"
TRACED = 30
"""Periods of the small line beside a KPI."""
MARKS = 4
"""Latest findings of a KPI that are linked."""
WEEK, YEAR = dt.timedelta(days=7), dt.timedelta(days=364)
"""A year has the same weekdays."""
LEAST_BESIDE = 0.5
"""Share of the periods of a chart that must have something beside them for it to be drawn."""
MOST_BESIDE = 100
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
    shows: str
    week_before: Cell | None
    earlier: str


@dataclass(frozen=True)
class Range:
    """How far back a chart reaches; `name` is a word of the style sheet."""

    name: str
    label: str
    days: int


RANGES = (Range("w13", "13 weeks", 91), Range("m6", "6 months", 182), Range("y1", "a year", 364))
USUAL = "w13"
"""The range that is shown first, and on paper; where the data are shorter, all that there is."""


@dataclass(frozen=True)
class View:
    """A chart within a range."""

    range: Range
    is_usual: bool
    drawn: Markup
    caption: str


@dataclass(frozen=True)
class Chart:
    """A chart of one grain, by range."""

    grain: Grain
    views: tuple[View, ...]


@dataclass(frozen=True)
class Mark:
    """A finding on a chart, and the place of its story."""

    text: str
    effect: str
    anchor: str


@dataclass(frozen=True)
class SegmentRow:
    """One segment of a KPI that has a series per segment."""

    segment: str
    state: State | None
    chart: Chart | None


@dataclass(frozen=True)
class KpiCard:
    """A KPI, ready to be shown; `band` is what to call its ranges."""

    kpi: KpiRow
    anchor: str
    wish: str
    state: State | None
    charts: tuple[Chart, ...]
    marks: tuple[Mark, ...]
    segments: tuple[SegmentRow, ...]
    unlike: int
    is_tested: bool
    trace: str
    band: str

    @property
    def looks(self) -> str:
        """One word for the looks of a KPI with a series per segment, as `kind` of a state."""
        if self.unlike:
            return "outside"
        return "expected" if self.band == USUAL_RANGE else "unproven"


def anchor(kpi: str) -> str:
    """Where on the page a KPI is."""
    return svg.safe_name("kpi", kpi)


def cards(facts: Facts) -> tuple[KpiCard, ...]:
    """The KPIs that are on, in the order of their groups."""
    series, found = group_by(facts.periods, _key), group_by(facts.findings, _key)
    limits = {_key(row): row for row in facts.detection_limits}
    return tuple(_card(kpi, series, found, limits, facts.events) for kpi in switched_on(facts))


def _key(row: ForecastRow | AnomalyRow | DetectionLimitRow) -> Key:
    return row.kpi, row.segment, row.grain


def switched_on(facts: Facts) -> list[KpiRow]:
    """The KPIs that the source has all data for, in the order in which they are shown."""
    return [kpi for kpi in facts.kpis.values() if not kpi.off_reason]


def _card(
    kpi: KpiRow,
    series: dict[Key, list[ForecastRow]],
    found: dict[Key, list[AnomalyRow]],
    limits: Mapping[Key, DetectionLimitRow],
    events: Sequence[PlannedEvent],
) -> KpiCard:
    own = (kpi.kpi, ALL, kpi.cadence)
    own_series = (None, kpi.segment_by)
    mine = [
        f
        for key, rows in found.items()
        for f in rows
        if key[0] == kpi.kpi and f.dimension in own_series
    ]
    alike = {
        grain: [p for key, rows in series.items() if key[::2] == (kpi.kpi, grain) for p in rows]
        for grain in GRAINS
    }
    kept = {grain: held(alike[grain]) for grain in GRAINS}
    charts = [_chart(kpi, ALL, grain, series, found, events, kept[grain]) for grain in GRAINS]
    segments = _segments(kpi, series, found, events, kept[kpi.cadence])
    periods = alike[kpi.cadence]
    return KpiCard(
        kpi=kpi,
        anchor=anchor(kpi.kpi),
        wish=words.DIRECTIONS[kpi.direction],
        state=state(
            kpi, series.get(own, []), found.get(own, []), kept[kpi.cadence], limits.get(own)
        ),
        charts=tuple(chart for chart in charts if chart),
        marks=_marks(mine, kpi),
        segments=segments,
        unlike=sum(s.state is not None and s.state.kind in UNLIKE for s in segments),
        is_tested=any(p.is_tested for p in periods),
        trace=_trace(series.get(own, [])),
        band=_band(kept[kpi.cadence]),
    )


def _trace(periods: Sequence[ForecastRow]) -> str:
    """The latest periods of a series as a small line; nothing where there is none."""
    values = [p.actual for p in periods if p.actual is not None and is_over(p)][-TRACED:]
    return svg.trace(values) if len(values) > 1 else ""


# ---------------------------------------------------------------------------------- state


def state(
    kpi: KpiRow,
    periods: Sequence[ForecastRow],
    found: Sequence[AnomalyRow],
    share: float | None,
    limit: DetectionLimitRow | None = None,
) -> State | None:
    """A series at its latest complete period; None where it has none.

    Args:
        kpi: whose series it is.
        periods: the series.
        found: its findings.
        share: what the bands of the KPI `held`.
        limit: what would have shown in its last tested period, where that is known.
    """
    over = [p for p in periods if is_over(p)]
    if not over:
        return None
    last = over[-1]
    reported = next((f for f in found if f.period_start == last.period_start), None)
    kind, text = _judgement(kpi, last, reported, share)
    is_of_last = limit is not None and limit.period_start == last.period_start
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
        shows=shows(kpi, limit) if limit and is_of_last else "",
        week_before=cells.period(before, "actual", kpi.unit) if before else None,
        earlier=_earlier(kpi, last, before),
    )


def is_over(period: ForecastRow) -> bool:
    """Whether a period had business and is over."""
    return period.skip_reason not in (*WITHOUT_TRADE, "incomplete")


def held(periods: Sequence[ForecastRow]) -> float | None:
    """The share of values that bands held, where that is surely less than they are made for."""
    inside = [
        p.lower <= p.actual <= p.upper
        for p in periods
        if p.is_tested and p.shift_start is None
        and p.actual is not None and p.lower is not None and p.upper is not None
    ]  # fmt: skip
    outside = len(inside) - sum(inside)
    return 1 - outside / len(inside) if wilson(outside, len(inside))[0] > 1 - FEWEST_HELD else None


def _judgement(
    kpi: KpiRow, last: ForecastRow, reported: AnomalyRow | None, share: float | None
) -> tuple[str, str]:
    if reported is not None:
        return "anomaly", f"anomaly, {words.EFFECTS[reported.favourability].lower()}"
    if last.skip_reason is not None:
        return "untested", f"not tested: {NOT_TESTED.get(last.skip_reason, last.skip_reason)}"
    if last.actual is None or last.lower is None or last.upper is None:
        return "untested", "not tested"
    if last.lower <= last.actual <= last.upper:
        if not _is_telling(kpi, last):
            return TOO_WIDE
        return EXPECTED if share is None else ("unproven", f"within {_band(share)}")
    side = "above" if last.actual > last.upper else "below"
    return "outside", f"{side} the band, not sure enough to be reported"


def _band(share: float | None) -> str:
    """What to call the ranges of a KPI, which are usual unless they held too few values."""
    if share is None:
        return USUAL_RANGE
    return f"a range that held {formatting.percent(share)}, not {formatting.percent(PROMISED)}"


def _is_telling(kpi: KpiRow, last: ForecastRow) -> bool:
    """Whether half of what was expected, or twice as much where more is worse, would stand out."""
    if last.expected is None or last.lower is None or last.upper is None:
        return False
    if kpi.direction == "down":
        return last.upper <= NARROW * last.expected
    return last.lower >= last.expected / NARROW


def shows(kpi: KpiRow, limit: DetectionLimitRow) -> str:
    """The smallest changes that would have been reported, in words."""
    sizes = [
        _size(value, limit.expected, kpi.unit)
        for value in (limit.min_detectable_decrease, limit.min_detectable_increase)
        if value is not None and not value < 0 < limit.expected
    ]
    return f"{' or '.join(sizes)} would show" if sizes else "no change would show"


def _size(value: float, expected: float, unit: str) -> str:
    """A change in percent or points; where the expected is tiny, the value itself."""
    if unit == formatting.RATIO or formatting.in_percent(value, expected, unit):
        return formatting.change(value, expected, unit)
    return f"{'a rise' if value > expected else 'a fall'} to {formatting.amount(value, unit)}"


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
    events: Sequence[PlannedEvent],
    share: float | None,
) -> Chart | None:
    key = (kpi.kpi, segment, grain)
    periods = series.get(key, [])
    marks = {f.period_start: f for f in found.get(key, [])}
    mine = [event for event in events if event.dimension is None or event.member == segment]
    over = {p.period_start: p.actual for p in periods if p.actual is not None and is_over(p)}
    dots = {
        p.period_start: dot
        for p in periods
        if (dot := _dot(kpi, p, marks.get(p.period_start), mine, over.get(p.period_start - YEAR)))
    }
    ranges = shown_ranges(periods)
    if len(dots) < 2 or not ranges:
        return None
    names = [svg.safe_name("chart", kpi.kpi, segment, grain, one.name) for one in ranges]
    whole = names[-1], _ends(_within(ranges[-1], periods))
    views = []
    for one, name in zip(ranges, names, strict=True):
        inside = _within(one, periods)
        drawn = [dots[p.period_start] for p in inside if p.period_start in dots]
        reported = [marks[p.period_start] for p in inside if p.period_start in marks]
        first, last = (formatting.day(inside[place].period_start) for place in (0, -1))
        where = "" if segment == ALL else f" of {segment}"
        before, what = beside(one, [p.period_start for p in inside], over)
        picture = Markup("")
        if len(drawn) > 1:
            picture = svg.sparkline(
                name,
                f"{kpi.label}{where}, {grain}, {first} to {last}",
                described(kpi, grain, inside, reported),
                drawn,
                _ends(inside),
                unit=kpi.unit,
                events=[(e.starts_on.toordinal(), e.ends_on.toordinal(), e.event) for e in mine],
                before=before,
                hints_of=None if name == whole[0] else whole,
            )
        caption = f"{formatting.upper_first(grain)}, {first} to {last}. Shaded: {_band(share)}"
        caption += f"; dashed: {what}" if what else ""
        caption += "; marked: what was reported" if reported else ""
        views.append(View(one, one.name == usual(ranges), picture, f"{caption}."))
    return Chart(grain, tuple(views))


def shown_ranges(periods: Sequence[ForecastRow]) -> tuple[Range, ...]:
    """The ranges that differ: of each longer one the data have more."""
    if len(periods) < 2:
        return ()
    length = (periods[-1].period_start - periods[0].period_start).days
    shorter = [0, *(one.days for one in RANGES)]
    return tuple(one for one, less in zip(RANGES, shorter, strict=False) if length > less)


def all_ranges(states: Sequence[KpiCard]) -> tuple[Range, ...]:
    """The ranges of any chart."""
    charts = [chart for card in states for chart in card.charts]
    charts += [row.chart for card in states for row in card.segments if row.chart]
    there = {view.range for chart in charts for view in chart.views}
    return tuple(one for one in RANGES if one in there)


def usual(ranges: Sequence[Range]) -> str:
    """The name of the range that is shown first."""
    names = [one.name for one in ranges]
    return USUAL if USUAL in names else names[-1]


def _within(one: Range, periods: Sequence[ForecastRow]) -> Sequence[ForecastRow]:
    since = periods[-1].period_start - dt.timedelta(days=one.days)
    return [p for p in periods if p.period_start > since]


def _ends(periods: Sequence[ForecastRow]) -> svg.Point:
    first, last = (float(periods[place].period_start.toordinal()) for place in (0, -1))
    return first, last


def beside(
    one: Range, days: Sequence[dt.date], over: Mapping[dt.date, float]
) -> tuple[list[svg.Point], str]:
    """The year before, or the same length just before, and its name.

    Nothing where the data lack most of it, or two lines of so many periods would hide each other.
    """
    traded = [day for day in days if day in over]
    ways = ((YEAR, "the year before"), (dt.timedelta(days=one.days), f"the {one.label} before"))
    for back, told in ways if len(traded) <= MOST_BESIDE else ():
        there = [(float(day.toordinal()), over[day - back]) for day in traded if day - back in over]
        if len(there) > max(LEAST_BESIDE * len(traded), 1):
            return there, told
    return [], ""


def _dot(
    kpi: KpiRow,
    period: ForecastRow,
    found: AnomalyRow | None,
    events: Sequence[PlannedEvent],
    year_before: float | None,
) -> svg.Dot | None:
    """A period on the chart; none without business, nor one that is not over, unless found."""
    actual = found.actual if found else period.actual
    if actual is None or (found is None and not is_over(period)):
        return None
    return svg.Dot(
        float(period.period_start.toordinal()),
        actual,
        period.lower,
        period.upper,
        found.favourability if found else "",
        is_early=_early(found),
        hint=_hint(kpi, period, actual, found, events, year_before),
        anchor=incidents.anchor(found.incident_id) if found else "",
    )


def _hint(
    kpi: KpiRow,
    period: ForecastRow,
    actual: float,
    found: AnomalyRow | None,
    events: Sequence[PlannedEvent],
    year_before: float | None,
) -> str:
    """What a period shows under the pointer: value, expected value, and what was special."""
    when = formatting.upper_first(formatting.period(period.period_start, period.grain))
    parts = [f"{when}: {formatting.amount(actual, kpi.unit)}{' so far' if _early(found) else ''}"]
    if period.expected is not None:
        low, high = (formatting.amount(end, kpi.unit) for end in (period.lower, period.upper))
        parts.append(f"expected {formatting.amount(period.expected, kpi.unit)} ({low} to {high})")
    if year_before is not None:
        parts.append(f"a year before {formatting.amount(year_before, kpi.unit)}")
    if found:
        parts.append(f"reported, {words.EFFECTS[found.favourability].lower()}")
    last = period_end(period.period_start, period.grain)
    names = [e.event for e in events if e.starts_on <= last and e.ends_on >= period.period_start]
    return "; ".join([*parts, *dict.fromkeys(names)])


def _early(found: AnomalyRow | None) -> bool:
    return found is not None and found.is_early


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
    kpi: KpiRow,
    series: dict[Key, list[ForecastRow]],
    found: dict[Key, list[AnomalyRow]],
    events: Sequence[PlannedEvent],
    share: float | None,
) -> tuple[SegmentRow, ...]:
    """Segments of a KPI that has one series each, the largest first."""
    names = [
        segment
        for name, segment, grain in series
        if name == kpi.kpi and grain == kpi.cadence and segment != ALL
    ]
    sizes = {n: _lately(series[kpi.kpi, n, kpi.cadence]) for n in names}
    ranked = sorted(names, key=lambda n: (-sizes[n], n))
    rows = []
    for place, name in enumerate(ranked):
        key = (kpi.kpi, name, kpi.cadence)
        is_large = place < SEGMENTS
        chart = _chart(kpi, name, kpi.cadence, series, found, events, share) if is_large else None
        latest = state(kpi, series[key], found.get(key, []), share)
        rows.append(SegmentRow(name, latest, chart))
    return tuple(rows)


def _lately(periods: Sequence[ForecastRow]) -> float:
    return sum(p.actual or 0.0 for p in periods[-LATELY:])
