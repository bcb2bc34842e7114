"""The same as a picture: seconds and gigabytes over lines, both on a log scale, as one SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path

from markupsafe import Markup

from lab.bench.results import Middle, Size
from lab.bench.tables import NAMES, OURS

WIDTH, HEIGHT = 900.0, 400.0
TOP, BOTTOM = 52.0, 352.0
PANELS = ((52.0, 270.0), (492.0, 710.0))
"""Left and right edge of each panel; names stand to the right of it."""
ROOM = 15.0
"""Between the base lines of two names."""
TITLE = "Seconds and memory of the daily job and of plain scripts, by order lines"
STYLE = Path(__file__).with_name("plot.css")


@dataclass(frozen=True)
class Axes:
    """Where values lie in a panel."""

    left: float
    right: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, lines: float, value: float) -> tuple[float, float]:
        """Place of a value on both log scales."""
        across = (log10(lines) - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        up = (log10(value) - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return self.left + across * (self.right - self.left), BOTTOM - up * (BOTTOM - TOP)


@dataclass(frozen=True)
class Curve:
    """One contender: its values by lines, and why it has no more."""

    name: str
    points: tuple[tuple[float, float], ...]
    end: str


def draw(sizes: Sequence[Size]) -> str:
    """Both panels side by side.

    Args:
        sizes: what was measured, the smallest first.

    Returns:
        An SVG that stands by itself, light or dark as its reader likes it.
    """
    seconds = _panel(sizes, PANELS[0], "seconds", lambda found: found.seconds)
    memory = _panel(sizes, PANELS[1], "gigabytes at most", lambda found: found.gigabytes)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" '
        'aria-label="{}"><style>{}</style><rect class="page" width="100%" height="100%"/>{}</svg>\n'
    ).format(
        _n(WIDTH), _n(HEIGHT), TITLE, Markup(STYLE.read_text(encoding="utf-8")),  # noqa: S704 - a file of our own
        Markup("").join([*seconds, *memory]),
    )  # fmt: skip


def _panel(
    sizes: Sequence[Size], edges: tuple[float, float], title: str, of: Callable[[Middle], float]
) -> Iterator[Markup]:
    curves = [_curve(sizes, name, of) for name in NAMES]
    curves = [curve for curve in curves if curve.points]
    values = [value for curve in curves for _, value in curve.points]
    lines = [size.lines for size in sizes]
    axes = Axes(*edges, _decades(lines), _decades(values))
    yield from _scales(axes, title)
    for curve, y in zip(curves, _spread([_end(axes, curve)[1] for curve in curves]), strict=True):
        yield from _drawn(axes, curve, y)


def _curve(sizes: Sequence[Size], name: str, of: Callable[[Middle], float]) -> Curve:
    found = [(size.lines, middle) for size in sizes if (middle := size.of(name))]
    points = tuple((float(lines), of(middle)) for lines, middle in found if middle.is_fine)
    stopped = [middle.outcome for _, middle in found if not middle.is_fine]
    return Curve(name, points, stopped[0].partition(" at ")[0] if stopped else "")


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """Powers of ten around all values, to the half."""
    logs = [log10(max(value, 1e-3)) for value in values]
    return floor(min(logs) * 2) / 2, max(ceil(max(logs) * 2) / 2, floor(min(logs) * 2) / 2 + 0.5)


def _scales(axes: Axes, title: str) -> Iterator[Markup]:
    yield Markup('<text class="title" x="{}" y="{}">{}</text>').format(
        _n(axes.left), _n(TOP - 22), title
    )
    for power in range(ceil(axes.y[0]), floor(axes.y[1]) + 1):
        _, y = axes.at(10 ** axes.x[0], 10**power)
        yield Markup(
            '<path class="rule" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(
            _n(axes.left), _n(y), _n(axes.right), _n(axes.left - 6), _n(y + 4), f"{10**power:,g}"
        )
    for power in range(ceil(axes.x[0]), floor(axes.x[1]) + 1):
        x, _ = axes.at(10**power, 10 ** axes.y[0])
        yield Markup(
            '<path class="rule" d="M{} {}V{}"/><text x="{}" y="{}" text-anchor="middle">{}</text>'
        ).format(_n(x), _n(TOP), _n(BOTTOM), _n(x), _n(BOTTOM + 18), _amount(power))
    yield Markup('<text x="{}" y="{}" text-anchor="middle">order lines</text>').format(
        _n((axes.left + axes.right) / 2), _n(BOTTOM + 36)
    )


def _amount(power: int) -> str:
    return f"{10 ** (power - 6):,} M" if power >= 6 else f"{10**power:,}"


def _drawn(axes: Axes, curve: Curve, y: float) -> Iterator[Markup]:
    """A line with its dots, a cross where it was stopped, and its name at the height `y`."""
    kind = f"c{NAMES.index(curve.name)}" + (" ours" if curve.name in OURS else "")
    places = [axes.at(*point) for point in curve.points]
    yield Markup('<g class="{}"><path class="line" d="M{}"/>').format(
        kind, "L".join(f"{_n(a)} {_n(b)}" for a, b in places)
    )
    for across, up in places:
        yield Markup('<circle cx="{}" cy="{}" r="3"/>').format(_n(across), _n(up))
    x, end = places[-1]
    yield Markup('<path class="lead" d="M{} {}L{} {}"/>').format(
        _n(x + 5), _n(end), _n(axes.right + 10), _n(y)
    )
    name = f"{curve.name}: {curve.end}" if curve.end else curve.name
    yield Markup('<text class="name" x="{}" y="{}">{}</text></g>').format(
        _n(axes.right + 13), _n(y + 4), name
    )


def _end(axes: Axes, curve: Curve) -> tuple[float, float]:
    return axes.at(*curve.points[-1])


def _spread(heights: Sequence[float]) -> list[float]:
    """Move names apart that would lie on each other, in the order of their lines."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = [0.0] * len(heights)
    lowest = TOP
    for i in order:
        placed[i] = max(heights[i], lowest)
        lowest = placed[i] + ROOM
    highest = BOTTOM
    for i in reversed(order):
        placed[i] = min(placed[i], highest)
        highest = placed[i] - ROOM
    return placed


def _n(number: float) -> str:
    """A coordinate, short."""
    return f"{number:.1f}".removesuffix(".0")
