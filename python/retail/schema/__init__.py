"""The insights tables, defined once: file, readers and documentation follow."""

from __future__ import annotations

from detect.records import ALL, GRAINS, OTHER, SO_FAR, Grain
from retail.schema.columns import Column, Source, Table
from retail.schema.tables import (
    TABLES,
    AnomalyRow,
    AttributionRow,
    BlindSpotRow,
    CalibrationRow,
    CheckRow,
    DriverRow,
    ExpectationRow,
    Feedback,
    IncidentRow,
    Rewrite,
    Run,
    SentAlert,
    TrendRow,
)

__all__ = [
    "ALL",
    "GRAINS",
    "OTHER",
    "SO_FAR",
    "TABLES",
    "AnomalyRow",
    "AttributionRow",
    "BlindSpotRow",
    "CalibrationRow",
    "CheckRow",
    "Column",
    "DriverRow",
    "ExpectationRow",
    "Feedback",
    "Grain",
    "IncidentRow",
    "Rewrite",
    "Run",
    "SentAlert",
    "Source",
    "Table",
    "TrendRow",
]
