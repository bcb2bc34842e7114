"""The insights tables, defined once: file, readers and documentation follow."""

from __future__ import annotations

from detect.records import ALL, GRAINS, OTHER, SO_FAR, Grain
from retail.schema.columns import Column, OldName, Source, Table
from retail.schema.tables import (
    OLD_NAMES,
    TABLES,
    AnomalyRow,
    AttributionRow,
    CalibrationRow,
    CheckRow,
    DetectionLimitRow,
    DriverRow,
    Feedback,
    ForecastRow,
    IncidentRow,
    Rewrite,
    Run,
    SentAlert,
    TrendRow,
    old_view,
)

__all__ = [
    "ALL",
    "GRAINS",
    "OLD_NAMES",
    "OTHER",
    "SO_FAR",
    "TABLES",
    "AnomalyRow",
    "AttributionRow",
    "CalibrationRow",
    "CheckRow",
    "Column",
    "DetectionLimitRow",
    "DriverRow",
    "Feedback",
    "ForecastRow",
    "Grain",
    "IncidentRow",
    "OldName",
    "Rewrite",
    "Run",
    "SentAlert",
    "Source",
    "Table",
    "TrendRow",
    "old_view",
]
