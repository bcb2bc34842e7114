"""A dump: one text file per table, one JSON list per row, sorted.

The first line of a file is a JSON object: column to type. Every further line is a row: each value
as DuckDB writes it as text (a decimal exactly, a double in the shortest form that reads back as the
same), or null. Rows are sorted by their text, so the order of writing does not matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

SCHEMAS = ("marts", "insights")
LEFT_OUT = {
    "run_id": "a random id",
    "started_at": "a clock",
    "finished_at": "a clock",
    "landed_at": "a clock",
    "location": "a path of this machine",
    "sent_at": "a clock",
    "given_at": "a clock",
    "code_version": "the release, not its results",
    "input_hash": "a hash of the code and of the versions of NumPy and SciPy",
    "row_hash": "DuckDB's hash() of the other columns: its value may change with DuckDB",
    "line_hash": "DuckDB's hash() of the other columns: its value may change with DuckDB",
    "source_checksum": "sums of DuckDB's hash() over order lines",
}
"""Columns that no dump holds, in whatever table they are, each with the reason."""
SEGMENT = (
    "period_start", "country", "region", "market", "product", "category", "customer_type",
    "order_size", "hour",
)  # fmt: skip
SERIES = ("kpi", "segment", "grain")
KEYS: dict[str, tuple[str, ...]] = {
    "marts.dim_countries": ("country",),
    "marts.dim_customers": ("customer_id",),
    "marts.dim_dates": ("date_day",),
    "marts.dim_dimensions": ("dimension",),
    "marts.dim_kpis": ("kpi",),
    "marts.dim_measures": ("measure", "grain"),
    "marts.dim_products": ("product",),
    "marts.dim_shop": ("home_country",),
    "marts.dim_sources": ("source_file",),
    "marts.dim_weeks": ("week_start",),
    "marts.fct_daily_volumes": ("date_day",),
    "marts.fct_dimensions_monthly": ("dimension", "month_start"),
    "marts.fct_kpi_lines": ("source_file", "source_row"),
    "marts.fct_kpi_lines_restated": ("source_file", "source_row", "weight"),
    "marts.fct_kpis_daily": ("kpi", "segment", "period_start"),
    "marts.fct_kpis_restated_daily": ("kpi", "segment", "period_start"),
    "marts.fct_kpis_weekly": ("kpi", "segment", "period_start"),
    "marts.fct_kpis_wide_daily": ("period_start",),
    "marts.fct_kpis_wide_weekly": ("period_start",),
    "marts.fct_measures_daily": ("order_date", "country", "orders", "active_customers"),
    "marts.fct_order_lines": ("source_file", "source_row"),
    "marts.fct_orders": ("invoice_no", "customer_id"),
    "marts.fct_rejected_order_lines": ("source_file", "source_row"),
    "marts.fct_reversals": ("sale_source_file", "sale_source_row"),
    "marts.fct_typical_orders_daily": ("kpi", "period_start"),
    "marts.fct_segments_daily": SEGMENT,
    "marts.fct_segments_weekly": SEGMENT,
    "insights.anomalies": ("anomaly_id",),
    "insights.attributions": ("anomaly_id", "analysis", "dimensions", "rank"),
    "insights.detection_limits": (*SERIES, "period_start"),
    "insights.confidence_ledger": ("confidence_from",),
    "insights.calibration": ("kpi", "grain", "method", "nominal_rate"),
    "insights.incident_checks": ("incident_id", "check_name"),
    "insights.early_attributions": ("warning_id", "analysis", "dimensions", "rank"),
    "insights.early_warnings": ("warning_id",),
    "insights.forecasts": (*SERIES, "period_start"),
    "insights.explanation_cache": ("subject",),
    "insights.renamed_products": ("product",),
    "insights.members_daily": ("order_date", "dimension", "member"),
    "insights.incidents": ("incident_id",),
    "insights.narrative_facts": ("incident_id", "sentence", "figure", "query"),
    "insights.revised_lines": ("order_date", "source_file", "source_row", "revision"),
    "insights.revisions": (*SERIES, "period_start"),
    "insights.revenue_drivers": (
        "incident_id",
        "grain",
        "period_start",
        "dimension",
        "member",
        "factor",
    ),
    "insights.trends": (*SERIES, "window_start", "window_end"),
}
"""What names a row where two dumps are compared; a table without is compared by whole rows."""


def write(database: Path, folder: Path) -> None:
    """Dump every table and view of `marts` and `insights` into `folder`.

    Args:
        database: a DuckDB file that nobody writes to.
        folder: where the files go, one per table; what an earlier dump left there is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jsonl"):
        old.unlink()
    with duckdb.connect(str(database), read_only=True) as connection:
        for table in tables(connection):
            with (folder / f"{table}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in _lines(connection, table))


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """List the tables and views of the dumped schemas, as `schema.name`."""
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where list_contains(?, table_schema) order by all",
        [list(SCHEMAS)],
    ).fetchall()
    return [f"{schema}.{name}" for schema, name in rows]


def _lines(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[str]:
    described = connection.execute(f"describe {table}").fetchall()
    columns = {name: kind for name, kind, *_ in described if name not in LEFT_OUT}
    yield json.dumps(columns)
    values = ", ".join(f'cast("{name}" as varchar)' for name in columns)
    connection.execute(
        f"select cast(to_json(list_value({values})) as varchar) as line from {table} order by line"
    )
    while rows := connection.fetchmany(10_000):
        for (line,) in rows:
            yield line
