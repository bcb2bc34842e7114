"""How far to trust the rest: trends, rows accounted for, detection limits, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from retail import formatting
from retail.outputs.report import cells, words
from retail.outputs.report.cells import Cell
from retail.reading import SIMULATED, Facts, KpiRow
from retail.reading.selection import going_on, others
from retail.reading.shop import Attempt, RowCount, SourceRow, Volume
from retail.schema import ALL, CalibrationRow, DetectionLimitRow, TrendRow

COMBINED = "combined"
PLACES = {
    "sale": "Sales",
    "return": "Returns",
    "service": "Postage, fees and other services",
    "adjustment": "Adjustments (no price, write-offs)",
    "duplicate": "Rejected: duplicate",
    "malformed": "Rejected: malformed",
}


@dataclass(frozen=True)
class TrendLine:
    """A trend, as a line of a table."""

    trend: TrendRow
    label: str
    owner: str
    change: str
    season: str
    confidence: str
    since: str
    until: str
    is_going_on: bool


@dataclass(frozen=True)
class LinesRow:
    """Where raw rows ended."""

    place: str
    detail: str
    rows: int
    amount: str
    counts: str


@dataclass(frozen=True)
class AttemptRow:
    """A run of the daily job."""

    when: str
    outcome: str
    seconds: str
    error: str


@dataclass(frozen=True)
class Quality:
    """Every raw row accounted for, and how fresh they are."""

    sources: tuple[SourceRow, ...]
    lines: tuple[LinesRow, ...]
    raw_rows: int
    accepted: int
    rejected: int
    total: str
    is_reconciled: bool
    is_simulated: bool
    newest: str
    age: str
    volume: str
    is_usual: bool
    attempts: tuple[AttemptRow, ...]


@dataclass(frozen=True)
class DetectionLimitLine:
    """What would have gone unseen."""

    label: str
    sentence: str
    expected: Cell
    when: str


@dataclass(frozen=True)
class AlertRate:
    """A nominal alert rate, and the observed one."""

    nominal_rate: str
    observed_rate: str
    alerts: int
    tests: int
    range: str
    is_within: bool


@dataclass(frozen=True)
class KpiCalibration:
    """Alert rates of a KPI."""

    label: str
    grain: str
    rates: tuple[AlertRate, ...]


@dataclass(frozen=True)
class MethodCalibration:
    """How many of a method's observed rates are in range."""

    name: str
    within: int
    entries: int


@dataclass(frozen=True)
class CalibrationTable:
    """Nominal and observed alert rates."""

    nominal_rates: tuple[str, ...]
    rows: tuple[KpiCalibration, ...]
    methods: tuple[MethodCalibration, ...]


def trends(facts: Facts) -> tuple[TrendLine, ...]:
    """All trends, those of the whole shop that go on first."""
    going = going_on(facts.trends, facts.kpis, facts.run.as_of)
    ended = others(facts.trends, going)
    return tuple(
        _trend(trend, facts.kpis[trend.kpi], is_going_on=is_going_on)
        for chosen, is_going_on in ((going, True), (ended, False))
        for trend in chosen
    )


def _trend(trend: TrendRow, kpi: KpiRow, *, is_going_on: bool) -> TrendLine:
    return TrendLine(
        trend=trend,
        label=kpi.label + ("" if trend.segment == ALL else f" of {trend.segment}"),
        owner=kpi.owner,
        change=formatting.percent(trend.relative_change, signed=True),
        season=words.season(trend.kind),
        confidence=formatting.percent(trend.confidence),
        since=formatting.day(trend.window_start),
        until=formatting.day(trend.window_end),
        is_going_on=is_going_on,
    )


def quality(facts: Facts) -> Quality:
    """Raw rows against accepted and rejected ones."""
    accepted = sum(row.rows for row in facts.lines if row.is_accepted)
    rejected = sum(row.rows for row in facts.lines if not row.is_accepted)
    raw = sum(source.raw_rows for source in facts.sources)
    newest = facts.coverage.newest_line
    return Quality(
        sources=facts.sources,
        lines=tuple(_lines(row) for row in facts.lines),
        raw_rows=raw,
        accepted=accepted,
        rejected=rejected,
        total=formatting.exact(sum((row.amount for row in facts.lines), Decimal(0))),
        is_reconciled=raw == accepted + rejected,
        is_simulated=any(source.origin == SIMULATED for source in facts.sources),
        newest=f"{formatting.day(newest.date())}, {newest:%H:%M}",
        age=formatting.age(newest.date(), facts.run.finished_at.date()),
        volume=_volume(facts.volume),
        is_usual=facts.volume is None or not facts.volume.is_unusual,
        attempts=tuple(map(_attempt, facts.attempts)),
    )


def _volume(volume: Volume | None) -> str:
    """How many order lines the newest complete day has, against what is usual."""
    if volume is None:
        return ""
    came = f"{formatting.count(volume.lines, 'order line')} on {formatting.day(volume.date_day)}"
    if volume.expected_lines is None:
        return f"{came}; too few days before it to say what is usual"
    usual = f"about {formatting.whole(volume.expected_lines)} a day are usual"
    return f"{came}, far from what is usual: {usual}" if volume.is_unusual else f"{came}; {usual}"


def _attempt(row: Attempt) -> AttemptRow:
    outcome = "this one" if row.status == "published" else row.status
    seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
    return AttemptRow(formatting.moment(row.started_at), outcome, seconds, row.error or "")


def _lines(row: RowCount) -> LinesRow:
    counted = {"sale": "counts", "return": "counts"}.get(row.place, "kept out of the KPIs")
    return LinesRow(
        PLACES.get(row.place, row.place),
        row.detail,
        row.rows,
        formatting.exact(row.amount),
        counted,
    )


# ----------------------------------------------------------------------------- blind spots


def detection_limits(facts: Facts) -> tuple[DetectionLimitLine, ...]:
    """Describe what each KPI's last tested period could not show, at its own cadence."""
    return tuple(
        detection_limit(spot, facts.kpis[spot.kpi])
        for spot in facts.detection_limits
        if spot.grain == facts.kpis[spot.kpi].cadence
    )


def detection_limit(spot: DetectionLimitRow, kpi: KpiRow) -> DetectionLimitLine:
    """Describe what a KPI's last tested period could not show."""
    drop = _undetected("drop", spot, spot.min_detectable_decrease, kpi)
    rise = _undetected("rise", spot, spot.min_detectable_increase, kpi)
    return DetectionLimitLine(
        label=kpi.label,
        sentence=formatting.upper_first(f"{drop}, or {rise}, would have gone unseen"),
        expected=cells.detection_limit(spot, "expected", kpi.unit),
        when=formatting.when(spot.period_start, spot.grain),
    )


def _undetected(what: str, spot: DetectionLimitRow, smallest: float | None, kpi: KpiRow) -> str:
    """The changes that would not have been reported, in words."""
    if smallest is None or smallest < 0 < spot.expected:
        return f"even a {what} to nothing" if what == "drop" else "any rise, however large"
    size = formatting.change(smallest, spot.expected, kpi.unit, signed=False)
    return f"a {what} of less than {size} (to {formatting.amount(smallest, kpi.unit)})"


# ---------------------------------------------------------------------------------- ledger


def calibration(facts: Facts) -> CalibrationTable:
    """Compare alert rates: of each KPI at its own cadence, and of each method."""
    combined = [r for r in facts.rates if r.method == COMBINED]
    own = [r for r in combined if r.grain == facts.kpis[r.kpi].cadence]
    nominal_rates = sorted({r.nominal_rate for r in own}, reverse=True)
    names = dict.fromkeys(r.kpi for r in own)
    rows = [_kpi_calibration(facts.kpis[n], [r for r in own if r.kpi == n]) for n in names]
    methods = dict.fromkeys(r.method for r in facts.rates)
    return CalibrationTable(
        tuple(formatting.rate(p) for p in nominal_rates),
        tuple(rows),
        tuple(_method(name, facts.rates) for name in methods),
    )


def _kpi_calibration(kpi: KpiRow, rates: Sequence[CalibrationRow]) -> KpiCalibration:
    alert_rates = tuple(
        AlertRate(
            formatting.rate(r.nominal_rate),
            formatting.rate(r.observed_rate),
            r.alerts,
            r.tests,
            f"{formatting.rate(r.range_lower)} to {formatting.rate(r.range_upper)}",
            r.is_within,
        )
        for r in sorted(rates, key=lambda r: -r.nominal_rate)
    )
    return KpiCalibration(kpi.label, kpi.cadence, alert_rates)


def _method(name: str, rates: Sequence[CalibrationRow]) -> MethodCalibration:
    mine = [r for r in rates if r.method == name]
    return MethodCalibration(formatting.words(name), sum(r.is_within for r in mine), len(mine))
