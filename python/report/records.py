"""What the report is made of: rows of the finished tables, as they stand there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Grain = Literal["daily", "weekly"]
ALL = "all"


@dataclass(frozen=True)
class Run:
    """The last finished run of detection."""

    run_id: str
    finished_at: dt.datetime
    as_of: dt.date
    source: str
    source_rows: int
    code_version: str


@dataclass(frozen=True)
class Coverage:
    """Which days the data cover."""

    first_day: dt.date
    last_day: dt.date
    last_complete_day: dt.date | None
    days: int
    trading_days: int
    newest_line: dt.datetime


@dataclass(frozen=True)
class Source:
    """A raw file, with its rows accounted for."""

    source_file: str
    origin: str
    form: str
    encoding: str | None
    raw_rows: int
    accepted_rows: int
    duplicate_rows: int
    malformed_rows: int


@dataclass(frozen=True)
class Lines:
    """Raw rows that ended in the same place: an accepted type, or a reason for rejection."""

    place: str
    is_accepted: bool
    detail: str
    rows: int
    amount: Decimal


@dataclass(frozen=True)
class Shop:
    """Whose figures these are."""

    home_country: str
    currency: str
    currency_sign: str


@dataclass(frozen=True)
class Kpi:
    """A KPI as it is defined; a unit of money names its sign too, `currency £`."""

    kpi: str
    label: str
    description: str
    kpi_group: str
    owner: str
    cadence: Grain
    unit: str
    direction: str
    segment_by: str | None


@dataclass(frozen=True)
class Period:
    """What came and what was expected, in one period of one series."""

    kpi: str
    segment: str
    grain: Grain
    period_start: dt.date
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    is_tested: bool
    why_not: str | None


@dataclass(frozen=True)
class Finding:
    """An anomaly; or an early warning, whose actual is the least that the period can end with."""

    name: str
    kpi: str
    segment: str
    grain: Grain
    period_start: dt.date
    actual: float
    expected: float
    lower: float | None
    upper: float
    direction: str
    confidence: float
    severity: str
    methods: str
    incident_id: str
    effect: str
    owner: str
    is_early: bool

    @property
    def table(self) -> str:
        """The table that it is a row of."""
        return "insights.early_warnings" if self.is_early else "insights.anomalies"


@dataclass(frozen=True)
class Contribution:
    """A segment that a finding was broken down to; `segment` is JSON text."""

    name: str
    dimensions: str
    rank: int
    segment: str
    contribution: float
    share_of_change: float | None


@dataclass(frozen=True)
class Incident:
    """Findings with one cause; `root_cause` is JSON text."""

    incident_id: str
    period_start: dt.date
    period_end: dt.date
    severity: str
    confidence: float
    headline: str
    narrative: str
    root_cause: str
    lead_anomaly_id: str
    status: str
    is_provisional: bool


@dataclass(frozen=True)
class Trend:
    """A gradual change."""

    kpi: str
    segment: str
    grain: Grain
    window_start: dt.date
    window_end: dt.date
    direction: str
    change: float | None
    confidence: float


@dataclass(frozen=True)
class BlindSpot:
    """The smallest change that would have been reported in a KPI's last tested period."""

    kpi: str
    grain: Grain
    period_start: dt.date
    expected: float
    smallest_up: float | None
    smallest_down: float | None


@dataclass(frozen=True)
class Rate:
    """Alert rate promised and realised."""

    kpi: str
    grain: Grain
    method: str
    promised: float
    tests: int
    alerts: int
    realised: float
    lower: float
    upper: float
    is_within: bool


@dataclass(frozen=True)
class Volume:
    """Order lines of the newest complete day, and how many are usual."""

    date_day: dt.date
    lines: int
    usual_lines: float | None
    is_unusual: bool


@dataclass(frozen=True)
class Attempt:
    """A run of the daily job, whatever became of it; `error` is why it published nothing."""

    started_at: dt.datetime
    status: str
    seconds: float | None
    error: str | None


@dataclass(frozen=True)
class Facts:
    """Everything the report says, as one moment of the file has it."""

    run: Run
    shop: Shop
    coverage: Coverage
    sources: tuple[Source, ...]
    lines: tuple[Lines, ...]
    kpis: tuple[Kpi, ...]
    periods: tuple[Period, ...]
    findings: tuple[Finding, ...]
    contributions: tuple[Contribution, ...]
    incidents: tuple[Incident, ...]
    trends: tuple[Trend, ...]
    blind_spots: tuple[BlindSpot, ...]
    rates: tuple[Rate, ...]
    products: dict[str, str]
    volume: Volume | None
    attempts: tuple[Attempt, ...]
