"""A series with its band and its marks, to hover over and to click on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence

import altair as alt
import pandas as pd

from retail import formatting
from retail.outputs.report import kpis
from retail.outputs.report.colours import THEMES
from retail.reading import KpiRow
from retail.reading.expected import NOT_TESTED
from retail.reading.shop import PlannedEvent
from retail.schema import AnomalyRow, ForecastRow

HEIGHT = 340
CLICKED, DRAGGED, NEAREST = "clicked", "dragged", "nearest"
TYPICAL = (0.02, 0.98)
"""The frame takes in the band between these quantiles: a band may be wider than any value."""
CLEAR = 0.06
SHAPES = {"bad": "diamond", "good": "triangle-up", "neutral": "square"}
COLOURS = {
    "light": THEMES["light"] | {"expected": "#7c93a6", "compared": "#8a5a00"},
    "dark": THEMES["dark"] | {"expected": "#6f8698", "compared": "#e0b060"},
}
NOT_COMPARED: Mapping[dt.date, ForecastRow] = {}
HINTS = {
    "when": "Period",
    "actual_shown": "Actual",
    "expected_shown": "Expected",
    "band_shown": "Band",
    "before_shown": "Compared with",
    "remark": "Remark",
}


def of_series(
    kpi: KpiRow,
    periods: Sequence[ForecastRow],
    found: Sequence[AnomalyRow],
    theme: str,
    events: Sequence[PlannedEvent] = (),
    before: Mapping[dt.date, ForecastRow] = NOT_COMPARED,
) -> alt.LayerChart | alt.FacetChart | None:
    """The chart, or None where there is nothing to draw.

    Args:
        kpi: whose series it is.
        periods: those to draw.
        found: the findings in them.
        theme: a key of `COLOURS`.
        events: what was planned.
        before: the period that each is compared with, by its start.
    """
    table = frame(kpi, periods, {f.period_start: f for f in found}, before)
    if len(table) < 2:
        return None
    colours = COLOURS[theme if theme in COLOURS else "light"]
    y_of = _axis(kpi, limits(table), colours["soft"])
    y = y_of("actual")
    days = alt.Axis(
        title=None, tickCount=6, labelOverlap=True, grid=False, labelColor=colours["soft"]
    )
    base = alt.Chart(table).encode(x=alt.X("day:T", axis=days))
    hints = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in HINTS.items()
        if name != "before_shown" or before
    ]
    layers = [
        *_events(events, table, colours),
        *_band(table, base, y_of, colours),
        *([_compared(base, y_of, colours)] if before else []),
        base.mark_line(color=colours["line"], strokeWidth=1.5, clip=True).encode(y=y),
        *_marks(table, base, y, hints, colours),
        _dots(base, y, hints, colours),
    ]
    return alt.layer(*layers).properties(height=HEIGHT)


def _events(
    events: Sequence[PlannedEvent], table: pd.DataFrame, colours: Mapping[str, str]
) -> list[alt.Chart]:
    """A stripe for each planned event on days that are seen."""
    first, last = (getattr(table["day"], end)() for end in ("min", "max"))
    seen = [
        {
            "from": max(pd.Timestamp(e.starts_on), first),
            "to": min(pd.Timestamp(e.ends_on) + pd.Timedelta(days=1), last),
            "event": e.event,
        }
        for e in events
        if pd.Timestamp(e.starts_on) <= last and pd.Timestamp(e.ends_on) >= first
    ]
    if not seen:
        return []
    stripes = alt.Chart(pd.DataFrame(seen)).mark_rect(
        color=colours["neutral"], opacity=0.16, clip=True
    )
    return [
        stripes.encode(
            x=alt.X("from:T"), x2="to:T", tooltip=alt.Tooltip("event:N", title="Planned")
        )
    ]


def _compared(
    base: alt.Chart, y_of: Callable[[str], alt.Y], colours: Mapping[str, str]
) -> alt.Chart:
    """What came in the periods that these are compared with."""
    known = base.transform_filter("isValid(datum.before)")
    drawn: alt.Chart = known.mark_line(
        color=colours["compared"], strokeWidth=1.5, strokeDash=[6, 3], clip=True
    ).encode(y=y_of("before"))
    return drawn


def _axis(kpi: KpiRow, domain: list[float], colour: str) -> Callable[[str], alt.Y]:
    """The upright axis, the same for whatever column is drawn against it."""
    form = ".0%" if kpi.unit == "ratio" else "~s"
    sign = json.dumps(kpi.unit.partition(" ")[2])
    axis = alt.Axis(
        title=None, format=form, tickCount=6, labelColor=colour,
        labelExpr=f"{sign} + (datum.value ? datum.label : '0')",
    )  # fmt: skip
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    return lambda column: alt.Y(f"{column}:Q", axis=axis, scale=scale)


def _band(
    table: pd.DataFrame,
    base: alt.Chart,
    y_of: Callable[[str], alt.Y],
    colours: Mapping[str, str],
) -> list[alt.Chart]:
    """Where values were expected; nothing where there never was an expectation."""
    if table["lower"].isna().all():
        return []
    known = base.transform_filter("isValid(datum.lower)")
    return [
        known.mark_area(color=colours["band"], clip=True).encode(y=y_of("lower"), y2="upper:Q"),
        known.mark_line(
            color=colours["expected"], strokeDash=[3, 3], strokeWidth=1, clip=True
        ).encode(y=y_of("expected")),
    ]


def _dots(
    base: alt.Chart, y: alt.Y, hints: list[alt.Tooltip], colours: Mapping[str, str]
) -> alt.Chart:
    """Unseen until they are the nearest to the pointer, or clicked on."""
    clicked = alt.selection_point(
        name=CLICKED, fields=["start", "incident"], on="click", empty=False
    )
    dragged = alt.selection_interval(name=DRAGGED, encodings=["x"])
    near = alt.selection_point(
        name=NEAREST, encodings=["x"], on="pointerover", nearest=True, empty=False
    )
    seen = alt.when(clicked | near).then(alt.value(0.75)).otherwise(alt.value(0.0))
    dots = base.mark_circle(size=70, color=colours["line"], cursor="pointer")
    drawn: alt.Chart = dots.encode(y=y, opacity=seen, tooltip=hints).add_params(
        clicked, near, dragged
    )
    return drawn


def _marks(
    table: pd.DataFrame,
    base: alt.Chart,
    y: alt.Y,
    hints: list[alt.Tooltip],
    colours: Mapping[str, str],
) -> list[alt.Chart]:
    """A shape of its own for each effect that was found; hollow where the period is not over."""
    kinds = table.loc[table["mark"] != "", ["mark", "is_early"]].drop_duplicates()
    return [
        base.transform_filter((alt.datum.mark == effect) & (alt.datum.is_early == is_early))
        .mark_point(
            shape=SHAPES.get(effect, "circle"), size=150, opacity=1, strokeWidth=2,
            fill=colours["paper"] if is_early else colours[effect],
            stroke=colours[effect] if is_early else colours["paper"],
        )
        .encode(y=y, tooltip=hints)
        for effect, is_early in kinds.itertuples(index=False)
    ]  # fmt: skip


def frame(
    kpi: KpiRow,
    periods: Sequence[ForecastRow],
    found: Mapping[dt.date, AnomalyRow],
    before: Mapping[dt.date, ForecastRow] = NOT_COMPARED,
) -> pd.DataFrame:
    """One row per period with business; one that is not over only where something was found."""
    rows = []
    for period in periods:
        finding = found.get(period.period_start)
        actual = finding.actual if finding else period.actual
        other = before.get(period.period_start)
        if actual is None or (finding is None and not kpis.is_over(period)):
            continue
        rows.append(
            {
                "day": pd.Timestamp(period.period_start),
                "start": period.period_start.isoformat(),
                "when": formatting.upper_first(
                    formatting.period(period.period_start, period.grain)
                ),
                "actual": actual,
                "expected": period.expected,
                "lower": period.lower,
                "upper": period.upper,
                "actual_shown": formatting.amount(actual, kpi.unit),
                "expected_shown": formatting.amount(period.expected, kpi.unit),
                "band_shown": band(period, kpi.unit),
                "before": other.actual if other else None,
                "before_shown": _dated(other, kpi.unit) if other else formatting.NOTHING,
                "mark": finding.favourability if finding else "",
                "incident": finding.incident_id if finding else "",
                "is_early": finding is not None and finding.is_early,
                "remark": remark(period, finding, kpi.unit),
            }
        )
    table = pd.DataFrame(rows)
    floats = ["actual", "expected", "lower", "upper", "before"]
    return table.astype(dict.fromkeys(floats, float)) if rows else table


def band(period: ForecastRow, unit: str) -> str:
    """Where the value was expected to lie."""
    if period.lower is None or period.upper is None:
        return formatting.NOTHING
    return f"{formatting.amount(period.lower, unit)} to {formatting.amount(period.upper, unit)}"


def _dated(period: ForecastRow, unit: str) -> str:
    when = formatting.period(period.period_start, period.grain)
    return f"{formatting.amount(period.actual, unit)}, {when}"


def remark(period: ForecastRow, finding: AnomalyRow | None, unit: str) -> str:
    """What was found in a period, or why nothing was looked for."""
    if finding is not None:
        so_far = "early warning" if finding.is_early else "anomaly"
        moved = formatting.change(finding.actual, finding.expected, unit)
        return f"{so_far}: {moved}, {formatting.percent(finding.confidence)} sure"
    if period.skip_reason is not None:
        return f"not tested: {NOT_TESTED.get(period.skip_reason, period.skip_reason)}"
    return formatting.NOTHING


def limits(table: pd.DataFrame) -> list[float]:
    """From the least to the most that is worth seeing: all values, and most of the band."""
    lows = [float(table["actual"].min()), float(table["lower"].quantile(TYPICAL[0]))]
    highs = [float(table["actual"].max()), float(table["upper"].quantile(TYPICAL[1]))]
    lows, highs = [*lows, float(table["before"].min())], [*highs, float(table["before"].max())]
    low = min(value for value in lows if value == value)
    high = max(value for value in highs if value == value)
    room = CLEAR * (high - low) or abs(high) or 1.0
    return [low - room if low < 0 else max(low - room, 0.0), high + room]
