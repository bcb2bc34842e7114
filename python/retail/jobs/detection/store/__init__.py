"""Detection's side of the DuckDB file: reads KPI tables, writes insights, all or nothing."""

from __future__ import annotations

from retail.jobs.detection.store.connection import connect, edit_copy
from retail.jobs.detection.store.inputs import (
    read_dates,
    read_inputs,
    read_panel,
    read_typical,
    typical_kpi,
)
from retail.jobs.detection.store.insights import (
    carry_over,
    read_feedback,
    read_runs,
    rows_of,
    write_insights,
)
from retail.jobs.detection.store.members import MemberDays, member_panels, read_members
from retail.jobs.detection.store.order_lines import (
    read_duplicate_shares,
    read_later_cancellations,
    read_line_counts,
    read_lines,
    read_past_prices,
    read_product_names,
    read_reversals,
)
from retail.jobs.detection.store.previous_run import read_cached_explanations
from retail.jobs.detection.store.revisions import read_revisions
from retail.jobs.detection.store.segments import count_segments, read_orders, read_segments

__all__ = [
    "MemberDays",
    "carry_over",
    "connect",
    "count_segments",
    "edit_copy",
    "member_panels",
    "read_cached_explanations",
    "read_dates",
    "read_duplicate_shares",
    "read_feedback",
    "read_inputs",
    "read_later_cancellations",
    "read_line_counts",
    "read_lines",
    "read_members",
    "read_orders",
    "read_panel",
    "read_past_prices",
    "read_product_names",
    "read_reversals",
    "read_revisions",
    "read_runs",
    "read_segments",
    "read_typical",
    "rows_of",
    "typical_kpi",
    "write_insights",
]
