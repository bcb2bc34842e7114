"""What every detector takes and gives, and what others need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from detect.features import DetectorInput
from detect.records import Bools, Floats, Ints


@dataclass(frozen=True)
class Evidence:
    """What one detector says of every period, (S, T) each.

    `statistic` is signed (positive: higher than expected) and in the detector's own unit;
    `p_value` is the two-sided chance of it on undisturbed data, NaN where nothing was tested;
    `agrees` is whether it passes the threshold that the KPI's definition sets for this detector;
    `span` is how many observed periods, ending in this one, it rests on.
    """

    statistic: Floats
    p_value: Floats
    agrees: Bools
    span: Ints


@dataclass(frozen=True)
class Detector:
    """A detector and its properties; its module calls it `DETECTOR`.

    `name` is what `methods` and `calibration` call it. `weight` is its part in the verdict on
    single periods, and `reason` says why it has that much: 0 keeps it out. `needs_other_kpis` is
    whether a series' evidence depends on the other series of the panel. `decides_alone` is whether
    its p-value is the verdict wherever it has one, whatever the others say.
    """

    name: str
    score: Callable[[DetectorInput], Evidence]
    weight: float
    reason: str
    needs_other_kpis: bool = False
    decides_alone: bool = False

    @property
    def in_detection_limits(self) -> bool:
        """Whether it is asked about values that did not come: they come in one series alone."""
        return self.weight > 0 and not self.needs_other_kpis
