"""The tables that others may rely on, copied from the contract: columns, and what they hold."""

from __future__ import annotations

KINDS = {
    "text": {"VARCHAR", "JSON", "ENUM"},
    "number": {"DOUBLE", "DECIMAL", "FLOAT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"},
    "double": {"DOUBLE"},
    "day": {"DATE"},
    "moment": {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"},
    "yes or no": {"BOOLEAN"},
}
"""Types of DuckDB by which a column may hold what the contract says it holds."""

KPI_TABLE = {
    "text": "kpi segment",
    "day": "period_start",
    "double": "value",
    "number": "numerator denominator",
    "yes or no": "is_complete",
}
TABLES = {
    "marts.fct_order_lines": {
        "text": "line_type country market region product category customer_type order_size"
    },
    "marts.fct_rejected_order_lines": {"text": "reason"},
    "marts.dim_kpis": {"text": "kpi label description owner cadence unit direction"},
    "marts.fct_kpis_daily": KPI_TABLE,
    "marts.fct_kpis_weekly": KPI_TABLE,
    "insights.anomalies": {
        "text": "anomaly_id kpi segment grain direction severity methods incident_id",
        "day": "period_start",
        "number": "actual expected lower upper z_score iqr_score p_value confidence",
    },
    "insights.trends": {
        "text": "kpi segment grain direction method",
        "day": "window_start window_end",
        "number": "tau slope p_value confidence",
    },
    "insights.attributions": {
        "text": "anomaly_id analysis dimensions segment effect",
        "number": "rank actual expected contribution share_of_change",
    },
    "insights.incidents": {
        "text": "incident_id status severity headline narrative root_cause",
        "day": "period_start period_end",
        "number": "confidence",
    },
    "insights.runs": {
        "text": "run_id status source code_version",
        "moment": "started_at finished_at",
        "day": "as_of",
        "number": "source_rows anomalies",
    },
}
"""Columns by table and by kind."""

ANNOUNCED = {
    ("insights.anomalies", "dimension"): "text",
    ("insights.trends", "kind"): "text",
    ("insights.incidents", "impact"): "number",
}
"""Columns of the contract that did not exist when these tests were written."""

GRAINS = {"daily", "weekly"}
STATUSES = {"open", "acknowledged", "snoozed", "recovered"}
"""Of incidents that nobody has labelled."""


def columns(table: str) -> list[tuple[str, str]]:
    """Columns of a table, each with its kind."""
    return [(name, kind) for kind, names in TABLES[table].items() for name in names.split()]
