"""The insights tables, defined once: file, readers and documentation follow."""

from __future__ import annotations

from detect.records import ALL, GRAINS, OTHER, PERIOD_TO_DATE, Grain
from retail.schema.columns import Column, FromAttribute, OldName, Table
from retail.schema.tables import (
    OLD_NAMES,
    SNAPSHOTS,
    TABLES,
    AnomalyRow,
    AttributionRow,
    CalibrationRow,
    CheckRow,
    ConfidenceRow,
    DetectionLimitRow,
    DriverRow,
    FeedbackRow,
    ForecastRow,
    IncidentRow,
    NarrativeFactRow,
    RunRow,
    SentAlertRow,
    TrendRow,
    old_view,
)

__all__ = [
    "ALL",
    "GRAINS",
    "OLD_NAMES",
    "OTHER",
    "PERIOD_TO_DATE",
    "SNAPSHOTS",
    "TABLES",
    "AnomalyRow",
    "AttributionRow",
    "CalibrationRow",
    "CheckRow",
    "Column",
    "ConfidenceRow",
    "DetectionLimitRow",
    "DriverRow",
    "FeedbackRow",
    "ForecastRow",
    "FromAttribute",
    "Grain",
    "IncidentRow",
    "NarrativeFactRow",
    "OldName",
    "RunRow",
    "SentAlertRow",
    "Table",
    "TrendRow",
    "old_view",
]
