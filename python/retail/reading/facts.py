"""Read everything that a page shows, from one state of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from retail.reading import findings, shop
from retail.reading.file import Connection, read_table, reading
from retail.reading.revisions import read_revised
from retail.reading.shop import (
    Attempt,
    Coverage,
    KpiRow,
    PlannedEvent,
    RowCount,
    ShopRow,
    SourceRow,
    Volume,
)
from retail.schema import (
    BREAKDOWN,
    AnomalyRow,
    AttributionRow,
    CalibrationRow,
    DetectionLimitRow,
    FeedbackRow,
    ForecastRow,
    IncidentRow,
    RunRow,
    TrendRow,
)
from retail.storage.opening import PATIENCE_SECONDS

DAYS_SHOWN = 728
"""How far back the charts reach: two years, the second to compare with the first."""
SHOWN_PERIODS = f"""
    where period_start > (select max(period_start) from insights.forecasts)
        - {DAYS_SHOWN}
    order by grain, kpi, segment, period_start
"""  # noqa: S608 - names of our own
BY_METHOD = "order by kpi, grain, method, nominal_rate desc"


@dataclass(frozen=True)
class Facts:
    """What the last run found, of whom, and what it rests on."""

    run: RunRow
    shop: ShopRow
    coverage: Coverage
    sources: tuple[SourceRow, ...]
    lines: tuple[RowCount, ...]
    kpis: dict[str, KpiRow]
    left_out: tuple[str, ...]
    periods: tuple[ForecastRow, ...]
    findings: tuple[AnomalyRow, ...]
    contributions: tuple[AttributionRow, ...]
    incidents: tuple[IncidentRow, ...]
    trends: tuple[TrendRow, ...]
    detection_limits: tuple[DetectionLimitRow, ...]
    rates: tuple[CalibrationRow, ...]
    products: dict[str, str]
    volume: Volume | None
    attempts: tuple[Attempt, ...]
    events: tuple[PlannedEvent, ...]
    said: Mapping[str, tuple[FeedbackRow, ...]]
    revised: tuple[str, ...] = ()
    """What became of settled figures, in one sentence where something did."""


def read_facts(path: Path, patience: float = PATIENCE_SECONDS) -> Facts:
    """Read everything that a page shows.

    Raises:
        ReadError: as for `reading`, or no run of detection has finished in the file yet.
    """
    with reading(path, patience) as connection:
        return facts_of(connection)


def facts_of(connection: Connection) -> Facts:
    """The same, from a file that is open.

    Raises:
        ReadError: no run of detection has finished in the file yet.
    """
    run = findings.read_run(connection)
    found = findings.read_findings(connection)
    kpis = shop.read_kpis(connection)
    leads = [incident.lead_anomaly_id for incident in found.incidents]
    parts = findings.read_attributions(connection, leads)
    return Facts(
        run=run,
        shop=shop.read_shop(connection),
        coverage=shop.read_coverage(connection),
        sources=shop.read_sources(connection),
        lines=shop.read_row_counts(connection),
        kpis=kpis,
        left_out=shop.read_left_out(connection, kpis),
        periods=read_table(connection, ForecastRow, "forecasts", SHOWN_PERIODS),
        findings=found.members,
        contributions=tuple(row for row in parts if row.analysis == BREAKDOWN),
        incidents=found.incidents,
        trends=read_table(connection, TrendRow, "trends"),
        detection_limits=read_table(
            connection,
            DetectionLimitRow,
            "detection_limits",
            "where segment = 'all' order by kpi, grain",
        ),
        rates=read_table(connection, CalibrationRow, "calibration", BY_METHOD),
        products=shop.read_products(connection),
        volume=shop.read_volume(connection),
        attempts=shop.read_attempts(connection),
        events=shop.read_events(connection),
        revised=read_revised(connection),
        said=found.said,
    )
