"""The insights tables, defined once: file, readers and documentation follow."""

from __future__ import annotations

from detect.records import ALL, GRAINS, OTHER, PERIOD_TO_DATE, Grain
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
    RenamedProductRow,
    RevisedLineRow,
    RevisionRow,
    RunRow,
    SentAlertRow,
    TrendRow,
)

__all__ = [
    "ALL",
    "FORMER",
    "GRAINS",
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
    "RenamedProductRow",
    "RevisedLineRow",
    "RevisionRow",
    "RunRow",
    "SentAlertRow",
    "Table",
    "TrendRow",
]
