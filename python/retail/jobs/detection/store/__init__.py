"""The only package that knows DuckDB: reads KPI tables, writes insights, all or nothing."""

from __future__ import annotations

from retail.jobs.detection.store.connection import changing, connect
from retail.jobs.detection.store.inputs import read_inputs
from retail.jobs.detection.store.insights import (
    append,
    carry_over,
    give_feedback,
    read_feedback,
    read_history,
    rows_of,
    tell_anew,
    write_insights,
)
from retail.jobs.detection.store.order_lines import (
    read_lines,
    read_past_prices,
    read_product_names,
    read_reversals,
)
from retail.jobs.detection.store.previous_run import read_earlier
from retail.jobs.detection.store.segments import read_cells

__all__ = [
    "append",
    "carry_over",
    "changing",
    "connect",
    "give_feedback",
    "read_cells",
    "read_earlier",
    "read_feedback",
    "read_history",
    "read_inputs",
    "read_lines",
    "read_past_prices",
    "read_product_names",
    "read_reversals",
    "rows_of",
    "tell_anew",
    "write_insights",
]
