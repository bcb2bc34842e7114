"""The figures as Markdown, for docs/accuracy.md."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from detect.intervals import wilson
from lab.evaluate import causes, summary
from lab.evaluate.baseline_methods import PROPHET, RULES
from lab.evaluate.cases import Result
from lab.evaluate.causes import Named
from lab.evaluate.changes import BINS, MONEY_BINS, Changes, DayCase
from lab.evaluate.coverage import FEWEST, LEAST, MOST, Cell, Coverage
from lab.evaluate.generated import Outcome
from lab.evaluate.growth import Cost
from lab.evaluate.intervals import Blocks, rate_interval
from lab.evaluate.members import Measured as Members
from lab.evaluate.plants import Told
from lab.evaluate.run import Measured
from lab.evaluate.score import GRADUAL, Case, own_findings
from lab.evaluate.shops import GIVEN, SIMULATED
from lab.evaluate.summary import LARGE, SIZES, Caught, Method
from lab.evaluate.verdicts import Verdict, f1_of_outside

OWN = "this project"
NAMES = {GIVEN: "Copies of the given data", SIMULATED: "Simulated shops"}


PROPHET_COPIES = 6
CHANCE = (
    ("undisturbed year", "undisturbed"),
    ("the same, medium or graver", "graver"),
    ("disturbed copies, beyond the undisturbed one", "beyond"),
    ("null copies", "null"),
    ("null copies, incidents of totals and members together", "whole_null"),
)
"""Rows of the table on chance: what, and where it was counted."""
OF_ALL = (
    ("a segment, of any kind", "is_right", True),
    ("the same, by the general search", "is_right_in_general", True),
    ("no segment", "is_right", False),
    ("the same, by the general search", "is_right_in_general", False),
)
"""Rows of the table on verdicts: what, who is right, and whether a segment is the truth."""


def report(measured: Measured, *, with_prophet: bool) -> str:
    """All tables, one after the other."""
    kinds = [k for k in (GIVEN, SIMULATED) if any(c.kind == k for c in measured.controls.values())]
    parts = [part for kind in kinds for part in _of_kind(measured, kind, with_prophet=with_prophet)]
    return "\n\n".join([*parts, _reliability(measured)]) + "\n"


def _of_kind(measured: Measured, kind: str, *, with_prophet: bool) -> list[str]:
    found = summary.all_cases(measured, kind, own_findings)
    return [
        f"### {NAMES[kind]}",
        _in_short(measured, kind, found),
        _methods(measured, kind, with_prophet=with_prophet),
        _by_size(found),
        _by_kind(found),
        _causes(measured, kind),
    ]


def _in_short(measured: Measured, kind: str, found: list[Case]) -> str:
    copies = [c for c in measured.copies if c.kind == kind]
    large = [c for c in summary.sudden(found) if c.size_year >= LARGE]
    year = summary.caught(large)
    declines = [c for c in found if c.kind in GRADUAL]
    in_time = [c.trend_in_time for c in declines]
    false = summary.false_incidents_per_quarter(measured, kind)
    injected = _percent(summary.precision(measured, kind))
    return (
        f"{len(found)} incidents injected into {len(copies)} copies. "
        f"Undisturbed: {false:.2f} incidents per 13 weeks. "
        f"Of the incidents reported, {injected} had been injected. "
        f"Slow declines found as a trend before they were over: {sum(in_time)} of {len(in_time)}. "
        f"With sizes in the whole year's robust sigmas, of the {year.cases} at {LARGE:g} or more "
        f"{_percent(year.on_the_day)} were caught on the day, "
        f"{_percent(year.within_a_week)} within a week."
    )


def _methods(measured: Measured, kind: str, *, with_prophet: bool) -> str:
    own = summary.own_method(measured, kind, OWN)
    methods = [own] + [
        summary.rule_method(measured, kind, name, rule, own.false_per_kpi_month)
        for name, rule in RULES.items()
    ]
    if with_prophet:
        some = summary.few(measured, kind, PROPHET_COPIES)
        name = f"Prophet 99 %, on {len(some.copies)} of the copies"
        strict = summary.own_method(some, kind, OWN).false_per_kpi_month
        methods.append(summary.rule_method(some, kind, name, PROPHET, strict))
    head = (
        "method", f"≥ {LARGE:g} σ: on the day", "within a week", "all sizes: on the day",
        "false alarms per KPI-month", f"≥ {LARGE:g} σ on the day, as strict as this project",
    )  # fmt: skip
    return table(head, [_method(m) for m in methods])


def _method(m: Method) -> tuple[str, ...]:
    return (
        m.name, _percent(m.large.on_the_day), _percent(m.large.within_a_week),
        _percent(m.all.on_the_day), f"{m.false_per_kpi_month:.2f}", _percent(m.equally_strict),
    )  # fmt: skip


def _by_size(found: list[Case]) -> str:
    rows = []
    for low, high in SIZES:
        is_last = high == float("inf")
        inside = [c for c in summary.sudden(found) if low <= c.size and (is_last or c.size < high)]
        name = f"≥ {low:g} σ" if is_last else f"{low:g}–{high:g} σ"
        rows.append((name, *_caught(summary.caught(inside))))
    return table(("size", "cases", "on the day", "within a week", "median delay, days"), rows)


def _by_kind(found: list[Case]) -> str:
    kinds = sorted({c.kind for c in found})
    rows = []
    for kind in kinds:
        mine = [c for c in found if c.kind == kind]
        large = [c for c in mine if c.size >= LARGE]
        rows.append((kind, *_caught(summary.caught(mine)), str(len(large)),
                     _percent(summary.caught(large).on_the_day)))  # fmt: skip
    head = (
        "kind", "cases", "on the day", "within a week", "median delay, days",
        f"≥ {LARGE:g} σ", "of these on the day",
    )  # fmt: skip
    return table(head, rows)


def _causes(measured: Measured, kind: str) -> str:
    """Whether the true segment was named, of the incidents that were found."""
    named = [
        n
        for copy in measured.plains
        if copy.kind == kind
        for n in causes.named(copy, measured.controls[copy.shop])
    ]
    rows = [
        (group, str(len(mine)), *(_named(mine, first) for first in (1, 3)))
        for group in ("broad", "one segment", "combination")
        if (mine := [n for n in named if n.group == group])
    ]
    return table(("true cause", "found incidents", "named first", "among the first three"), rows)


def _named(found: list[Named], first: int) -> str:
    return _percent(summary.share([n.within(first) for n in found]))


def _caught(some: Caught) -> tuple[str, ...]:
    delay = "–" if some.delay is None else f"{some.delay:g}"
    return (
        str(some.cases), _percent(some.on_the_day), _percent(some.within_a_week), delay,
    )  # fmt: skip


def _reliability(measured: Measured) -> str:
    rows = [
        (f"{r.low:g}–{min(r.high, 1):g}", str(r.incidents), _percent(r.mean), _percent(r.right))
        for r in summary.reliability(measured)
    ]
    head = ("confidence", "incidents", "mean", "right")
    return "### Does the confidence hold?\n\n" + table(head, rows)


def published(results: Sequence[Result]) -> str:
    """The search on published cases."""
    rows = [
        (
            r.name, str(r.cases), str(r.right), str(r.wrong), str(r.missed), f"{r.f1:.3f}",
            f"{r.seconds:.3f}",
        )
        for r in results
    ]  # fmt: skip
    head = ("cases of", "number", "right", "wrong", "missed", "F1", "seconds per case")
    return table(head, rows) + "\n"


def generated(outcomes: Sequence[Outcome]) -> str:
    """The search on generated cases, by noise and all together."""
    rows = []
    for noise in [*sorted({o.noise for o in outcomes}), None]:
        some = [o for o in outcomes if noise is None or o.noise == noise]
        exact, interval = _share(sum(o.is_exact for o in some), len(some))
        rows.append(
            ("all" if noise is None else f"{noise * 100:.0f} %", str(len(some)), exact, interval,
             *(str(sum(getattr(o, part) for o in some)) for part in ("right", "wrong", "missed")),
             f"{max(o.seconds for o in some):.0f}", f"{max(o.processor_seconds for o in some):.0f}",
             f"{max(o.peak for o in some) / 1024:.1f}")
        )  # fmt: skip
    head = ("noise of a leaf", "cases", "exact", "95 % interval", "right", "wrong", "missed",
            "seconds, at most", "of processors", "peak, GB")  # fmt: skip
    return table(head, rows) + "\n"


def growth(costs: Sequence[Cost]) -> str:
    """Cost per series as series and days grow, against the smallest."""
    least = costs[0].seconds / costs[0].series / costs[0].days
    rows = [
        (
            f"{c.series:,}", f"{c.days:,}", f"{c.seconds:.1f}",
            f"{1000 * c.seconds / c.series:.1f}", f"{c.seconds / c.series / c.days / least:.2f}",
        )
        for c in costs
    ]  # fmt: skip
    head = ("series", "days", "seconds", "ms per series", "per series and day, to the first")
    return table(head, rows) + "\n"


def _percent(share: float) -> str:
    return "–" if share != share else f"{share:.0%}".replace("%", " %")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first column is text, the others are figures."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def members(years: Sequence[Members]) -> str:
    """What was planted in members, and the findings that chance made."""
    return "\n\n".join([_planted(years), _chance(years)]) + "\n"


def _planted(years: Sequence[Members]) -> str:
    rows = [
        (one.kind, year.year, str(one.cases), *_share(one.found, one.cases))
        for kind in dict.fromkeys(one.kind for year in years for one in year.judged)
        for year in years
        for one in year.judged
        if one.kind == kind
    ]
    return table(("planted", "year", "cases", "found", "95 % interval"), rows)


def _share(found: int, cases: int) -> tuple[str, str]:
    low, high = wilson(found, cases)
    return _percent(found / max(cases, 1)), f"{_percent(low)} to {_percent(high)}"


def _rate(events: Blocks) -> tuple[str, str]:
    """Events in 13 weeks, and their interval."""
    ends = " to ".join(f"{13 * rate:.2f}" for rate in rate_interval(events))
    return f"{13 * 7 * events.count / events.days:.2f}", ends


def _chance(years: Sequence[Members]) -> str:
    rows = [
        (about, year.year, str(events.count), str(events.weeks), *_rate(events))
        for about, column in CHANCE
        for year in years
        for events in [getattr(year, column)]
        if events.days
    ]
    head = ("findings of members, per day or week", "year", "count", "weeks", "per 13 weeks",
            "95 % interval")  # fmt: skip
    return table(head, rows)


def changes(shops: Sequence[Changes]) -> str:
    """What was planted in shops, and the findings that chance made."""
    by_sigmas = _of_days(
        shops, "size", (*BINS, (4.0, math.inf), (5.0, math.inf)), lambda c: c.size, _sigmas
    )
    by_money = _of_days(shops, "of a usual day's money", MONEY_BINS, lambda c: c.money, _shares)
    return "\n\n".join([by_sigmas, by_money, _lasting(shops), _by_chance(shops)]) + "\n"


def _of_days(
    shops: Sequence[Changes],
    about: str,
    bins: Sequence[tuple[float, float]],
    size: Callable[[DayCase], float],
    words: Callable[[float, float], str],
) -> str:
    """How many of the disturbed days of each size were found."""
    rows = [
        (words(low, high), shop.shop, str(len(some)),
         *_share(sum(c.on_the_day for c in some), len(some)),
         *_share(sum(c.within_a_week for c in some), len(some)))
        for low, high in bins
        for shop in shops
        for some in [[c for c in shop.days if low <= size(c) < high]]
        if some
    ]  # fmt: skip
    head = (about, "shop", "cases", "on the day", "95 % interval", "within a week",
            "95 % interval")  # fmt: skip
    return table(head, rows)


def _sigmas(low: float, high: float) -> str:
    return f"≥ {low:g} σ" if high == math.inf else f"{low:g}–{high:g} σ"


def _shares(low: float, high: float) -> str:
    from_here = _percent(low)
    return f"≥ {from_here}" if high == math.inf else f"{from_here} to {_percent(high)}"


def _lasting(shops: Sequence[Changes]) -> str:
    rows = [
        (kind, shop.shop, str(len(days)),
         *_share(sum(d <= 12 for d in days), len(days)),
         *_share(sum(d <= 20 for d in days), len(days)), _median(days))
        for kind in dict.fromkeys(c.kind for shop in shops for c in shop.lasting)
        for shop in shops
        for days in [[math.inf if c.trading_days is None else c.trading_days
                      for c in shop.lasting if c.kind == kind]]
        if days
    ]  # fmt: skip
    head = ("lasting change", "shop", "cases", "in 12 trading days", "95 % interval", "in 20",
            "95 % interval", "median day")  # fmt: skip
    return table(head, rows)


def _median(days: Sequence[float]) -> str:
    middle = statistics.median(days)
    return "never" if middle == math.inf else f"{middle:g}"


def _by_chance(shops: Sequence[Changes]) -> str:
    rows = [
        (about, shop.shop, str(one.graver.weeks), str(one.incidents.count),
         str(one.graver.count), *_rate(one.graver))
        for shop in shops
        for about, one in (
            ("undisturbed", shop.undisturbed), ("disturbed copies, beyond it", shop.beyond),
        )
        if one.graver.days
    ]  # fmt: skip
    head = ("incidents", "shop", "weeks", "count", "medium or graver", "of these per 13 weeks",
            "95 % interval")  # fmt: skip
    return table(head, rows)


def coverage(found: Coverage) -> str:
    """How many values lie within their bands, and how many alerts come of how many promised."""
    return "\n\n".join([_pooled(found.cells), _outliers(found.cells), _rates(found)]) + "\n"


def _pooled(cells: Sequence[Cell]) -> str:
    rows = [
        (shop, grain, f"{periods:,}", _tenths(within / periods),
         f"{sum(_is_covered(c) for c in large)} of {len(large)}")
        for grain, shop in dict.fromkeys((c.grain, c.shop) for c in cells)
        for some in [[c for c in cells if (c.grain, c.shop) == (grain, shop)]]
        for periods, within in [(sum(c.periods for c in some), sum(c.within for c in some))]
        for large in [[c for c in some if c.periods >= FEWEST]]
        if periods
    ]  # fmt: skip
    head = ("shop", "periods of", "number", "within the band", f"KPIs within {_ends()}")
    return table(head, rows)


def _outliers(cells: Sequence[Cell]) -> str:
    """The cells that are large enough, and covered too little or too much."""
    rows = [
        (c.kpi, c.shop, c.grain, f"{c.periods:,}", _tenths(c.within / c.periods))
        for c in cells
        if c.periods >= FEWEST and not _is_covered(c)
    ]
    return table((f"KPI beyond {_ends()}", "shop", "periods of", "number", "within"), rows)


def _is_covered(cell: Cell) -> bool:
    return LEAST <= cell.within / cell.periods <= MOST


def _ends() -> str:
    return f"{LEAST * 100:g}–{MOST * 100:g} %"


def _rates(found: Coverage) -> str:
    rows = [
        (r.method, r.grain, f"{r.tests:,}", _tenths(r.promised), _tenths(r.realised),
         f"{_tenths(r.lower)} to {_tenths(r.upper)}", "yes" if r.is_within else "no")
        for r in found.rates
    ]  # fmt: skip
    head = ("alerts of", "periods of", "tests", "promised", "realised", "joint 95 % band", "within")
    return table(head, rows)


def _tenths(share: float) -> str:
    return f"{share * 100:.1f} %"


def plants(found: Mapping[str, Sequence[Told]]) -> str:
    """What of each kind was told in each file, and of which members."""
    rows = [
        (kind, name, str(len(some)), *_share(sum(t.is_told for t in some), len(some)),
         f"{sum(named)} of {len(named)}" if named else "–")
        for name, every in found.items()
        for kind in (*sorted({t.kind for t in every}), "all")
        for some in [[t for t in every if kind in (t.kind, "all")]]
        for named in [[t.is_named for t in some if t.is_named is not None]]
    ]  # fmt: skip
    head = ("planted", "file", "cases", "found", "95 % interval", "member named")
    return table(head, rows) + "\n"


def verdicts(found: Mapping[str, Sequence[Verdict]]) -> str:
    """Changes with a known cause, by kind, and how well "outside the data" is told from a cause."""
    kinds = dict.fromkeys(v.kind for some in found.values() for v in some)
    head = ["changed", *(text for name in found for text in (f"{name}: found", "named first"))]
    rows = [
        [kind, *(text for some in found.values() for text in _named_first(some, kind))]
        for kind in sorted(kinds)
    ]
    about = [
        *(
            [about, *(text for some in found.values() for text in _named_of(some, right, segments))]
            for about, right, segments in OF_ALL
        ),
        ["“none of the recorded dimensions explains it”, F1", *(
            text for some in found.values() for text in ("", _f1(some))
        )],
    ]  # fmt: skip
    return table(head, [*rows, *about]) + "\n"


def _named_first(some: Sequence[Verdict], kind: str) -> tuple[str, str]:
    mine = [v for v in some if v.kind == kind]
    return str(len(mine)), f"{sum(v.is_right for v in mine)}"


def _named_of(some: Sequence[Verdict], right: str, segments: bool) -> tuple[str, str]:
    mine = [getattr(v, right) for v in some if bool(v.truth) == segments]
    share, ends = _share(sum(mine), len(mine))
    return str(len(mine)), f"{share} ({ends})"


def _f1(some: Sequence[Verdict]) -> str:
    low, value, high = f1_of_outside(some)
    return f"{value:.2f} ({low:.2f}–{high:.2f})"
