"""The only package that knows DuckDB: reads KPI tables, writes insights, all or nothing."""

from __future__ import annotations

from detect.store.connection import changing, connect
from detect.store.earlier import read_earlier
from detect.store.inputs import SIMULATED, read_inputs
from detect.store.insights import (
    append,
    carry_over,
    read_history,
    read_table,
    rows_of,
    tell_anew,
    write_insights,
)
from detect.store.lines import (
    read_labels,
    read_lines,
    read_past_prices,
    read_product_names,
    read_reversals,
)
from detect.store.said import give_feedback, read_feedback
from detect.store.segments import read_cells

__all__ = [
    "SIMULATED",
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
    "read_labels",
    "read_lines",
    "read_past_prices",
    "read_product_names",
    "read_reversals",
    "read_table",
    "rows_of",
    "tell_anew",
    "write_insights",
]
