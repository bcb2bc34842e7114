"""The detectors: one file each, one contract, and this registry.

To add one, write a module with `look(view) -> Evidence` and enter it below. Weights say how much
each has to say in the verdict; those on the same residual share what they know.
"""

from __future__ import annotations

from detect.detectors import (
    companions,
    iqr,
    level_shift,
    mann_kendall,
    no_data,
    off_calendar,
    z_score,
)
from detect.detectors.contract import Detector, Evidence

DETECTORS: tuple[Detector, ...] = (
    Detector("z_score", 0.5, z_score.look),
    Detector("iqr", 0.15, iqr.look),
    Detector("level_shift", 0.15, level_shift.look),
    Detector("companions", 0.2, companions.look),
    Detector("mann_kendall", 0.0, mann_kendall.look),
    Detector("no_data", 0.0, no_data.look),
    Detector("calendar", 0.0, off_calendar.look),
)

__all__ = ["DETECTORS", "Detector", "Evidence"]
