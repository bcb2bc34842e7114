"""The insights tables, defined once: file, readers and documentation follow."""

from __future__ import annotations

from detect.records import ALL, BREAKDOWN, GRAINS, OTHER, PERIOD_TO_DATE, ROOT_CAUSE, Grain
from retail.schema.reflection import Column, FromAttribute, Table
from retail.schema.tables import (
    FORMER,
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
    RevisedLineRow,
    RevisionRow,
    RunRow,
    SentAlertRow,
    TrendRow,
)

__all__ = [
    "ALL",
    "BREAKDOWN",
    "FORMER",
    "GRAINS",
    "OTHER",
    "PERIOD_TO_DATE",
    "ROOT_CAUSE",
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
    "RevisedLineRow",
    "RevisionRow",
    "RunRow",
    "SentAlertRow",
    "Table",
    "TrendRow",
]
