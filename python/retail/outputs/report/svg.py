"""Small charts as inline SVG: no text but what is escaped, colours by class, so themes apply."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape

from retail.formatting import amount, tight

Point = tuple[float, float]
Event = tuple[float, float, str]

WIDTH = 340.0
SPARK_HEIGHT, SPARK_TOP, SPARK_BOTTOM = 138.0, 14.0, 120.0
LEFT, RIGHT = 6.0, WIDTH - 8.0
MARK_SIZE = 4.5
ROW_HEIGHT, BAR_HEIGHT, LABEL_SIZE = 31.0, 8.0, 30
CLEAR = 0.12
"""Room beside the outermost values, as a share of their range."""
BAND_REACH = 1.5
"""How far beyond the values a band is followed, in multiples of their range."""
STEPS_OF_AXES = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Multiples of a power of ten by which an upright axis may go up."""
MOST_STEPS, MOST_MONTHS = 3, 4
"""Ticks of an axis: more would be too many on a phone."""
TINIEST = 1e-300
"""Range up to which there is no power of ten to step by."""
TYPICAL = (0.02, 0.98)
"""The frame shows values between these quantiles; what lies beyond is drawn at its edge."""


@dataclass(frozen=True)
class Dot:
    """One period of a chart; `mark` is the effect of what was found in it, or empty.

    `hint` is what it shows under the pointer, `anchor` where on the page the finding is.
    """

    when: float
    actual: float
    lower: float | None
    upper: float | None
    mark: str = ""
    is_early: bool = False
    hint: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Step:
    """One part of a change: from one running total to the next."""

    label: str
    shown: str
    value: float


@dataclass(frozen=True)
class Frame:
    """Where values lie on a chart."""

    first: float
    last: float
    low: float
    high: float

    def at(self, when: float, value: float) -> Point:
        """Place of a value, at the edge where it lies beyond."""
        across = (when - self.first) / ((self.last - self.first) or 1.0)
        up = (value - self.low) / ((self.high - self.low) or 1.0)
        up = min(max(up, 0.0), 1.0)
        return (
            LEFT + across * (RIGHT - LEFT),
            SPARK_BOTTOM - up * (SPARK_BOTTOM - SPARK_TOP),
        )


def sparkline(
    name: str,
    title: str,
    description: str,
    dots: Sequence[Dot],
    ends: Point,
    *,
    unit: str = "",
    events: Sequence[Event] = (),
    before: Sequence[Point] = (),
    hints_of: tuple[str, Point] | None = None,
) -> Markup:
    """A series with its axes, its band, planned events and its marks.

    Args:
        name: unique on the page; names the chart's title and description.
        title: what is shown.
        description: the same in words, for who can't see it.
        dots: periods in order; those without business are left out.
        ends: first and last moment of the frame.
        unit: of the values, as the upright axis shows them.
        events: first and last moment of planned events, and their names.
        before: what it is compared with, each value at the moment that it stands beside.
        hints_of: name and ends of a chart of the same series that reaches further back, which has
            the texts under the pointer for both.
    """
    frame = _frame(dots, ends, [value for _, value in before])
    latest = frame.at(dots[-1].when, dots[-1].actual)
    grid, labels = _axes(frame, unit)
    parts = [
        *grid,
        *_events(frame, events),
        *_band(frame, dots),
        *([_line((frame.at(*point) for point in before), "before")] if before else []),
        _line(frame.at(d.when, d.actual) for d in dots),
        Markup('<circle class="now" cx="{}" cy="{}" r="2.6"/>').format(*map(_n, latest)),
        *labels,
        *(_linked(frame, dot) for dot in dots if dot.mark),
    ]
    return _chart(
        name, title, description, "spark", SPARK_HEIGHT, parts, _hints(frame, dots, hints_of)
    )


def _hints(frame: Frame, dots: Sequence[Dot], hints_of: tuple[str, Point] | None) -> Markup:
    """Texts under the pointer by their places: one's own, or those of another chart."""
    if hints_of is None:
        texts = "¦".join(f"{_n(frame.at(d.when, d.actual)[0])}|{d.hint}" for d in dots if d.hint)
        return Markup(' data-hints="{}"').format(texts) if texts else Markup("")
    name, (first, last) = hints_of
    across = (frame.last - frame.first) or 1.0
    factor = (last - first) / across
    shift = LEFT * (1 - factor) + (first - frame.first) / across * (RIGHT - LEFT)
    return Markup(' data-hints-of="{}" data-place="{:.4f} {:.2f}"').format(name, factor, shift)


def trace(values: Sequence[float]) -> str:
    """A line without axes, for a row of a table: the address of an image of 120 by 28.

    Its colour shows on light and dark.
    """
    low, high = min(values), max(values)
    points = " ".join(
        f"{_n(2 + 116 * place / max(len(values) - 1, 1))},"
        f"{_n(25 - 22 * (value - low) / ((high - low) or 1.0))}"
        for place, value in enumerate(values)
    )
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 28">'
        f'<polyline points="{points}" fill="none" stroke="#5f87a5" stroke-width="1.4"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawn)}"


def _linked(frame: Frame, dot: Dot) -> Markup:
    """A mark that links to its story."""
    mark = _mark(frame.at(dot.when, dot.actual), dot.mark, is_early=dot.is_early)
    if not dot.anchor:
        return mark
    return Markup('<a href="#{}" aria-label="{}">{}</a>').format(dot.anchor, dot.hint, mark)


def _axes(frame: Frame, unit: str) -> tuple[list[Markup], list[Markup]]:
    """A line for each round value and each of some months, and their names, which lie on top."""
    values = [(frame.at(frame.first, v)[1], v) for v in round_values(frame.low, frame.high)]
    days = [(frame.at(when, frame.low)[0], text) for when, text in months(frame.first, frame.last)]
    grid = Markup('<path class="grid" d="M{} {}H{}"/>')
    tick = Markup('<path class="tick" d="M{} {}V{}"/>')
    name = Markup('<text x="{}" y="{}">{}</text>')
    return (
        [
            *(grid.format(_n(LEFT), _n(y), _n(RIGHT)) for y, _ in values),
            *(tick.format(_n(x), _n(SPARK_BOTTOM), _n(SPARK_BOTTOM + 4)) for x, _ in days),
        ],
        [
            *(name.format(_n(LEFT), _n(y - 2.5), _tick(value, unit)) for y, value in values),
            *(name.format(_n(x), _n(SPARK_BOTTOM + 14), text) for x, text in days),
        ],
    )


def _tick(value: float, unit: str) -> str:
    """A round value, without hundredths that say nothing."""
    return tight(amount(value, unit).removesuffix(".00").removesuffix(".0"))


def round_values(low: float, high: float) -> list[float]:
    """Round values between two ends, at most so many as MOST_STEPS and one."""
    if not high - low > TINIEST:
        return []
    least = (high - low) / MOST_STEPS
    power = 10.0 ** math.floor(math.log10(least))
    step = power * next(s for s in STEPS_OF_AXES if s * power >= least * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def months(first: float, last: float) -> list[tuple[float, str]]:
    """Starts of some months between two days (ordinals), named."""
    start, end = (dt.date.fromordinal(int(when)) for when in (first, last))
    span = range(12 * start.year + start.month, 12 * end.year + end.month + 1)
    days = [dt.date(place // 12, place % 12 + 1, 1) for place in span]
    inside = [day for day in days if start <= day and day.toordinal() <= last - (last - first) / 9]
    every = -(-len(inside) // MOST_MONTHS) or 1
    return [(float(day.toordinal()), f"{day:%b %Y}") for day in inside[::every]]


def _events(frame: Frame, events: Sequence[Event]) -> list[Markup]:
    """A stripe over the days of each planned event, named where the pointer is."""
    stripes = []
    for first, last, name in events:
        if last < frame.first or first > frame.last:
            continue
        left, _ = frame.at(max(first - 0.5, frame.first), frame.low)
        right, _ = frame.at(min(last + 0.5, frame.last), frame.low)
        stripes.append(
            Markup(
                '<rect class="event" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
            ).format(
                _n(left), _n(SPARK_TOP), _n(max(right - left, 1.5)),
                _n(SPARK_BOTTOM - SPARK_TOP), name,
            )
        )  # fmt: skip
    return stripes


def _frame(dots: Sequence[Dot], ends: Point, before: Sequence[float]) -> Frame:
    ordinary = sorted([*(d.actual for d in dots), *before])
    lows = sorted(d.lower for d in dots if d.lower is not None)
    highs = sorted(d.upper for d in dots if d.upper is not None)
    low, high = (_quantile(ordinary, share) for share in TYPICAL)
    reach = BAND_REACH * (high - low)
    if lows and highs:
        low = max(min(low, _quantile(lows, TYPICAL[0])), low - reach)
        high = min(max(high, _quantile(highs, TYPICAL[1])), high + reach)
    room = CLEAR * (high - low) or abs(high) or 1.0
    least = min(low, 0.0) if ordinary[0] < 0 else 0.0
    return Frame(*ends, max(low - room, least), high + room)


def _quantile(values: Sequence[float], share: float) -> float:
    return values[round(share * (len(values) - 1))]


def _band(frame: Frame, dots: Sequence[Dot]) -> list[Markup]:
    """A shape per stretch of neighbours that have a band."""
    shapes: list[Markup] = []
    stretch: list[tuple[Point, Point]] = []
    for dot in [*dots, None]:
        if dot is not None and dot.lower is not None and dot.upper is not None:
            stretch.append((frame.at(dot.when, dot.lower), frame.at(dot.when, dot.upper)))
        elif stretch:
            outline = [low for low, _ in stretch] + [high for _, high in stretch[::-1]]
            shapes.append(Markup('<path class="band" d="{}Z"/>').format(_path(outline)))
            stretch = []
    return shapes


def _line(points: Iterable[Point], kind: str = "line") -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(kind, _path(points))


def _mark(at: Point, effect: str, *, is_early: bool) -> Markup:
    """A shape of its own for each effect: colour says nothing that the shape does not."""
    x, y, r = *at, MARK_SIZE
    shapes: dict[str, list[Point]] = {
        "bad": [(x, y - r - 1), (x + r + 1, y), (x, y + r + 1), (x - r - 1, y)],
        "good": [(x, y - r - 1), (x + r + 1, y + r), (x - r - 1, y + r)],
        "neutral": [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
    }
    style = f"mark {effect}" + (" early" if is_early else "")
    return Markup('<path class="{}" d="{}Z"/>').format(style, _path(shapes[effect]))


def waterfall(
    name: str, title: str, description: str, start: Step, steps: Sequence[Step], end: Step
) -> Markup:
    """From expected to actual, one part of the change after the other."""
    totals = [start.value]
    for step in steps:
        totals.append(totals[-1] + step.value)
    low, high = min(*totals, end.value), max(*totals, end.value)
    width = (high - low) or 1.0

    def across(value: float) -> float:
        return LEFT + (value - low) / width * (RIGHT - LEFT)

    rows = [_end_row(0, start, across(start.value), "from")]
    for place, step in enumerate(steps):
        rows.append(_step_row(place + 1, step, across(totals[place]), across(totals[place + 1])))
    rows.append(_end_row(len(steps) + 1, end, across(end.value), "to"))
    height = ROW_HEIGHT * (len(steps) + 2) + 2
    return _chart(name, title, description, "waterfall", height, rows)


def _end_row(row: int, step: Step, x: float, kind: str) -> Markup:
    y = row * ROW_HEIGHT + 22
    outline = [(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)]
    return _row_text(row, step, "end") + Markup(
        '<path class="rail" d="M{} {}H{}"/><path class="{}" d="{}Z"/>'
    ).format(_n(LEFT), _n(y), _n(RIGHT), kind, _path(outline))


def _step_row(row: int, step: Step, before: float, after: float) -> Markup:
    y = row * ROW_HEIGHT + 18
    left, width = min(before, after), max(abs(after - before), 1.0)
    side = "more" if step.value >= 0 else "less"
    return _row_text(row, step, "part") + Markup(
        '<path class="rail" d="M{} {}H{}"/>'
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1"/>'
    ).format(
        _n(LEFT), _n(y + BAR_HEIGHT / 2), _n(RIGHT),
        side, _n(left), _n(y), _n(width), _n(BAR_HEIGHT),
    )  # fmt: skip


def _row_text(row: int, step: Step, kind: str) -> Markup:
    y = _n(row * ROW_HEIGHT + 13)
    return Markup(
        '<text class="{}" x="{}" y="{}">{}</text>'
        '<text class="{} num" x="{}" y="{}" text-anchor="end">{}</text>'
    ).format(kind, _n(LEFT - 4), y, shorten(step.label), kind, _n(RIGHT + 4), y, tight(step.shown))


def shorten(text: str) -> str:
    """Text that fits into a row of a chart."""
    return text if len(text) <= LABEL_SIZE else text[: LABEL_SIZE - 1].rstrip() + "…"


def _chart(
    name: str,
    title: str,
    description: str,
    kind: str,
    height: float,
    parts: Iterable[Markup],
    hints: str = "",
) -> Markup:
    role = "group" if hints else "img"  # what is in an image can't be followed
    return Markup(
        '<svg class="{}" id="{}" viewBox="0 0 {} {}" role="{}" '
        'aria-labelledby="{}-title {}-desc"{}>'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>'
    ).format(
        kind, name, _n(WIDTH), _n(height), role, name, name, hints, name, title, name, description,
        Markup("").join(parts),
    )  # fmt: skip


def _path(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(number: float) -> str:
    """A coordinate, short."""
    return f"{number:.1f}".removesuffix(".0")


def safe_name(*parts: str) -> str:
    """A name for a chart or an anchor out of anything."""
    text = "-".join(parts).lower()
    return str(escape("".join(c if c.isalnum() and c.isascii() else "-" for c in text)))
