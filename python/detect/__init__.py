"""Detection: what moved in some KPIs, and why. Tables in, findings out.

In a notebook, without any file:

    from detect import find_anomalies, find_root_causes

    found = find_anomalies(df)  # date, value
    found.anomalies.sort_values("confidence")

`python -m detect` does the same with the KPI tables of a DuckDB file, explains what it finds from
the order lines, and writes the `insights` tables.
"""

from __future__ import annotations

import warnings
from importlib import import_module, metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detect.api import Result, find_anomalies
    from detect.attribution.search import find_root_causes

__all__ = ["VERSION", "Result", "find_anomalies", "find_root_causes"]

DISTRIBUTION = "ecommerce-analytics-intelligence"
HOMES = {
    "Result": "detect.api",
    "find_anomalies": "detect.api",
    "find_root_causes": "detect.attribution.search",
}


RENAMED = {"detect": "find_anomalies"}
"""Old names, which go with the next version, and the new ones."""


def __getattr__(name: str) -> object:
    """Import what a notebook asks for only then: the command line goes without pandas."""
    if name in RENAMED:
        text = (
            f"detect.{name} is now detect.{RENAMED[name]}; the old name goes with the next version"
        )
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        name = RENAMED[name]
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)


def _version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "uninstalled"


VERSION = _version()
