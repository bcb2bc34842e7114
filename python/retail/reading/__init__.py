"""Read-only: the questions that terminal, report, dashboard, alerts and programs all ask."""

from __future__ import annotations

from detect.records import PERIOD_DAYS, SEVERITIES
from retail.reading.expected import read_series
from retail.reading.explained import Explained, Listed, of_name, read_explained, read_incidents
from retail.reading.facts import Facts, read_facts
from retail.reading.file import (
    Connection,
    LockedError,
    ReadError,
    has_table,
    missing,
    path_of,
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
    read_findings,
    read_run,
    today,
)
from retail.reading.history import (
    addition,
    read_feedback,
    read_sent_alerts,
    read_snapshots,
)
from retail.reading.revisions import read_revised
from retail.reading.shop import (
    SIMULATED,
    SIMULATED_DATA,
    KpiRow,
    read_kpis,
    read_left_out,
    read_money,
    read_products,
    read_shop,
)

__all__ = [
    "PERIOD_DAYS",
    "SEVERITIES",
    "SIMULATED",
    "SIMULATED_DATA",
    "Connection",
    "Explained",
    "Explanation",
    "Facts",
    "Findings",
    "KpiRow",
    "Listed",
    "LockedError",
    "ReadError",
    "addition",
    "has_table",
    "lead_first",
    "missing",
    "of_name",
    "path_of",
    "period_end",
    "read_attributions",
    "read_explained",
    "read_explanation",
    "read_facts",
    "read_feedback",
    "read_findings",
    "read_incidents",
    "read_kpis",
    "read_left_out",
    "read_money",
    "read_products",
    "read_revised",
    "read_run",
    "read_sent_alerts",
    "read_series",
    "read_shop",
    "read_snapshots",
    "read_table",
    "reading",
    "rows_of",
    "today",
]
