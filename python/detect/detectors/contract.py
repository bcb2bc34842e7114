"""What every detector takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from detect.records import Bools, Floats, Ints
from detect.view import View


@dataclass(frozen=True)
class Evidence:
    """What one detector says of every period, (S, T) each.

    `statistic` is signed (positive: higher than expected) and in the detector's own unit;
    `p_value` is the two-sided chance of it on undisturbed data, NaN where nothing can be said;
    `agrees` is whether it passes the threshold that the KPI's definition sets for this detector;
    `span` is how many observed periods, ending in this one, it rests on.
    """

    statistic: Floats
    p_value: Floats
    agrees: Bools
    span: Ints


@dataclass(frozen=True)
class Detector:
    """A detector's name as it appears in `methods`, its weight in the verdict, and its work.

    Weight 0 keeps it out of the verdict on single periods: a trend is no anomaly.
    """

    name: str
    weight: float
    look: Callable[[View], Evidence]
