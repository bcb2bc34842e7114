"""The detectors: one file each, one contract, and this registry."""

from __future__ import annotations

from importlib import import_module

from detect.detectors.contract import Detector, Evidence

MODULES = (
    "z_score",
    "iqr",
    "level_shift",
    "cross_kpi",
    "typical_order",
    "mann_kendall",
    "no_data",
    "unexpected_trading_day",
)
"""Files of this folder, in the order in which `methods` names their detectors."""

DETECTORS: tuple[Detector, ...] = tuple(
    import_module(f"{__name__}.{module}").DETECTOR for module in MODULES
)

__all__ = ["DETECTORS", "Detector", "Evidence"]
