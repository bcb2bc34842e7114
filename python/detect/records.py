"""Records that the modules of the engine exchange: frozen, with few properties of their own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Days = NDArray[np.datetime64]
Grain = Literal["daily", "weekly"]

ALL = "all"
"""The segment that is the whole shop."""
OTHER = "(other)"
"""The member that stands for all that aren't listed."""
NONE = "(none)"
"""The member of order lines that have none."""
BREAKDOWN, ROOT_CAUSE, RULED_OUT = "breakdown", "root_cause", "ruled_out"
"""Analyses of attributions: the largest members of each dimension, the causes, and what came
nearest to one where there is none."""
ABNORMAL, SEASONAL, UNKNOWN = "abnormal", "seasonal", "unknown"
"""Kinds of trends."""
NET_REVENUE = "net_revenue"
"""The measure of money in stories."""
ORDERS = "orders"
"""The measure that compares a KPI of one member with the other members."""
RETURNED_REVENUE = "returned_revenue"
"""The measure of what is sent back."""
SEVERITIES = ("low", "medium", "high", "critical")
"""Mildest first."""
PERIOD_TO_DATE = "period_to_date"
"""Method of findings on unfinished periods, with a lower bound as actual value."""
RATIO = "ratio"
"""Unit of a share or a rate."""
CURRENCY = "currency"
"""Unit of what is money."""
COUNT = "count"
"""Unit of what is counted."""
INDEX = "index"
"""Unit of what is in percent of its own past."""
GRAINS: tuple[Grain, ...] = ("daily", "weekly")
PERIOD_DAYS: dict[Grain, int] = {"daily": 1, "weekly": 7}
MOST_SERIES = 500
"""Segments of a KPI that are judged as series of their own, chosen by hand: the world has some 250
countries, so a column with more of them holds something else."""
DOUBLED = 0.3
"""Share of duplicate lines above the usual that is suspect: on ordinary days of real shops 0.1 % to
13 % are, but most are in a shop of guests with few articles."""
PRICE_HISTORY = dt.timedelta(days=90)
"""How far back the prices go that an incident's prices are compared with."""
PRICE_LASTS = dt.timedelta(days=8)
"""Prices since then may be as wrong as those of the day: a slip lasts some days. By hand."""


@dataclass(frozen=True)
class Kpi:
    """A KPI as the project's YAML defines it (one row of marts.dim_kpis).

    `money` is the unit of the shop's money, with the sign that it is written with: `currency £`.
    It is the `unit` of each KPI that is an amount of money.
    """

    name: str
    label: str
    owner: str
    cadence: str
    unit: str
    direction: str
    scale: str
    segment_by: str | None
    numerator: str
    denominator: str | None
    z_threshold: float
    iqr_threshold: float
    trend_alpha: float
    min_confidence: float
    materiality_absolute: float
    materiality_relative: float
    warm_up_days: int
    money: str = CURRENCY
    level_shift_threshold: float = 5.0

    @property
    def is_net_revenue(self) -> bool:
        """Whether it is the shop's net revenue as it is, or that of its segments."""
        return (self.numerator, self.denominator) == (NET_REVENUE, None)


KPI_COLUMNS = {"numerator": "numerator_measure", "denominator": "denominator_measure"}
"""Fields of `Kpi` that have another name in marts.dim_kpis: there, these two are amounts."""


@dataclass(frozen=True)
class Dates:
    """The calendar: one entry per day, in order, without gaps (D days).

    `holidays` are known in advance, so they reach beyond the last day.
    """

    day: Days
    weekday: Ints
    is_trading: Bools
    is_complete: Bools
    holidays: Days


@dataclass(frozen=True)
class Series:
    """Names one series of a panel."""

    kpi: Kpi
    segment: str


@dataclass(frozen=True)
class Panel:
    """All series of one grain: arrays are (S series × T periods), periods in order.

    `value` is NaN where the KPI has none (a ratio without denominator). `is_small` is where a
    segment is not among the MOST_SERIES largest that its KPI has had so far.
    """

    grain: Grain
    series: tuple[Series, ...]
    period: Days
    value: Floats
    numerator: Floats
    denominator: Floats
    is_complete: Bools
    is_warm_up: Bools
    is_small: Bools

    def period_end(self) -> Days:
        """Last day of each period, (T,)."""
        return self.period + np.timedelta64(PERIOD_DAYS[self.grain] - 1, "D")

    def of_rows(self, rows: Bools | Ints) -> Panel:
        """Some of the series, as marks (S,) or by their numbers, in that order, maybe again."""
        numbers = np.arange(len(self.series))[rows]
        arrays = {
            field.name: getattr(self, field.name)[numbers]
            for field in fields(self)
            if field.name not in ("grain", "series", "period")
        }
        return replace(self, series=tuple(self.series[i] for i in numbers), **arrays)


@dataclass(frozen=True)
class Source:
    """The source of the data that a run is about."""

    text: str
    rows: int
    is_simulated: bool


@dataclass(frozen=True)
class Event:
    """Planned days of a promotion, an outage, a price change: first and last.

    `segment` maps dimension to member, and is empty where it is about the whole shop. One with
    `has_effect` is expected to move figures; another is only to be mentioned.
    """

    name: str
    first: dt.date
    last: dt.date
    segment: dict[str, str]
    has_effect: bool

    def overlaps(self, first: dt.date, last: dt.date) -> bool:
        """Whether it shares a day with a period."""
        return self.first <= last and self.last >= first


@dataclass(frozen=True)
class Inputs:
    """Everything a run reads at its start.

    `accumulating` names the measures that can only grow within a period, `events` what was planned.
    `typical` is what the typical order of each day shows of some KPIs, in the periods of the daily
    panel: a series has the KPI's name, with a label, unit and scale of its own.
    """

    kpis: tuple[Kpi, ...]
    dates: Dates
    panels: dict[Grain, Panel]
    source: Source
    accumulating: frozenset[str]
    as_of: dt.date
    events: tuple[Event, ...] = ()
    typical: Panel | None = None

    @property
    def periods(self) -> dict[Grain, Days]:
        """The periods of each grain, (T,)."""
        return {grain: panel.period for grain, panel in self.panels.items()}


@dataclass(frozen=True)
class Anomaly:
    """A KPI period that departs from the expected value, in the KPI's unit.

    `segment` is a member of `dimension`, or of the whole shop (`all`) where that is None.
    `shift_start` is the first period of the lasting change that it is part of. `typical_label`
    says what the typical order shows beside it, where that speaks for the finding, with its unit,
    what came and what was expected of it.
    """

    anomaly_id: str
    kpi: Kpi
    segment: str
    grain: Grain
    period_start: dt.date
    actual: float
    expected: float
    lower: float
    upper: float
    direction: str
    z_score: float
    iqr_score: float
    p_value: float
    confidence: float
    severity: str
    favourability: str
    methods: tuple[str, ...]
    incident_id: str = ""
    status: str = "open"
    dimension: str | None = None
    shift_start: dt.date | None = None
    typical_label: str | None = None
    typical_unit: str | None = None
    typical_actual: float = float("nan")
    typical_expected: float = float("nan")

    @property
    def within(self) -> dict[str, str]:
        """The segment that it is about to begin with: dimension to member; none of the whole."""
        by = self.dimension or (self.kpi.segment_by if self.segment != ALL else None)
        return {by: self.segment} if by else {}

    @property
    def is_outside(self) -> bool:
        """Whether the actual lies outside its band."""
        return not self.lower <= self.actual <= self.upper

    @property
    def change(self) -> float:
        """Actual less expected, in the KPI's unit."""
        return self.actual - self.expected

    @property
    def relative_change(self) -> float:
        """Change as a share of the expected; NaN where nothing was expected."""
        return self.change / self.expected if self.expected > 0 else float("nan")

    @property
    def period_end(self) -> dt.date:
        """Last day of the period."""
        return self.period_start + dt.timedelta(days=PERIOD_DAYS[self.grain] - 1)


@dataclass(frozen=True)
class Trend:
    """A gradual change, from the first window that showed it to the last.

    `kind` says whether it is the season's (`seasonal`), not (`abnormal`), or can't be told
    (`unknown`); `confidence` is how surely there is a trend that is not the season's.
    """

    kpi: Kpi
    segment: str
    grain: Grain
    window_start: dt.date
    window_end: dt.date
    detected_on: dt.date
    direction: str
    tau: float
    slope: float
    relative_change: float
    p_value: float
    confidence: float
    method: str
    kind: str


@dataclass(frozen=True)
class Attribution:
    """A segment that an anomaly was broken down to; `segment` maps dimension to member.

    A breakdown's contribution is the sum of `volume`, `mix` and `rate`; its `p_value` is that of
    the segment against its own history. Of a root cause, `low` and `high` are the 95 % interval of
    the contribution, `unexplained` what it and better ones leave of the change, `stability` the
    share of other baselines that name it too, `cause_confidence` how surely it is the one to name.
    """

    anomaly_id: str
    analysis: str
    rank: int
    dimensions: tuple[str, ...]
    segment: dict[str, str]
    actual: float
    expected: float
    contribution: float
    share_of_change: float
    effect: str
    volume: float = float("nan")
    mix: float = float("nan")
    rate: float = float("nan")
    p_value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    unexplained: float = float("nan")
    stability: float = float("nan")
    cause_confidence: float = float("nan")


@dataclass(frozen=True)
class DriverContribution:
    """A factor of the KPI tree in one segment, and what it added to net revenue there.

    `expected` and `actual` are the factor's own; of `returns` the money that went back.
    """

    incident_id: str
    grain: Grain
    period_start: dt.date
    dimension: str
    member: str
    factor: str
    expected: float
    actual: float
    contribution: float


@dataclass(frozen=True)
class Check:
    """A check of an incident; `details` are the figures that `detail` puts into words."""

    incident_id: str
    check_name: str
    verdict: str
    detail: str
    details: dict[str, object]


@dataclass(frozen=True)
class Incident:
    """Anomalies with one cause; `root_cause` is empty where the change is broad-based.

    `impact` is the net revenue beyond what was expected, in the shop's money, with its 95 %
    interval and the part of it that was cancelled later; NaN where none is known. `recovered_on` is
    the last day of the periods by which it counts as over, `events` name what was planned for its
    days.
    """

    incident_id: str
    period_start: dt.date
    period_end: dt.date
    severity: str
    confidence: float
    headline: str
    narrative: str
    root_cause: dict[str, str]
    lead: Anomaly
    anomalies: tuple[Anomaly, ...]
    status: str
    is_provisional: bool
    favourability: str = "neutral"
    impact: float = float("nan")
    impact_lower: float = float("nan")
    impact_upper: float = float("nan")
    impact_returned: float = float("nan")
    recovered_on: dt.date | None = None
    events: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of its anomalies."""
        return len(self.anomalies)
