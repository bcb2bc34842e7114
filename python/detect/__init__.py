"""Detection: KPI tables in, insights out."""

from __future__ import annotations

from importlib import metadata

DISTRIBUTION = "ecommerce-analytics-intelligence"


def _version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "uninstalled"


VERSION = _version()
