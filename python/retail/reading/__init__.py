"""Read-only: the questions that terminal, report, dashboard, alerts and programs all ask."""

from __future__ import annotations

from detect.records import PERIOD_DAYS, SEVERITIES
from retail.reading.facts import Facts, read_facts
from retail.reading.file import (
    Connection,
    LockedError,
    ReadError,
    has_table,
    missing,
    read_table,
    reading,
    rows_of,
)
from retail.reading.findings import (
    Explanation,
    Findings,
    lead_first,
    period_end,
    read_attributions,
    read_explanation,
    read_feedback,
    read_findings,
    read_run,
    read_series,
    today,
)
from retail.reading.shop import (
    SIMULATED,
    SIMULATED_DATA,
    KpiRow,
    read_kpis,
    read_products,
    read_shop,
)

__all__ = [
    "PERIOD_DAYS",
    "SEVERITIES",
    "SIMULATED",
    "SIMULATED_DATA",
    "Connection",
    "Explanation",
    "Facts",
    "Findings",
    "KpiRow",
    "LockedError",
    "ReadError",
    "has_table",
    "lead_first",
    "missing",
    "period_end",
    "read_attributions",
    "read_explanation",
    "read_facts",
    "read_feedback",
    "read_findings",
    "read_kpis",
    "read_products",
    "read_run",
    "read_series",
    "read_shop",
    "read_table",
    "reading",
    "rows_of",
    "today",
]
