"""Level shift: a change that stays, though no single day of it need stand out.

One at the KPI's limit (`thresholds.level_shift`) opens an episode by day: see `detect.episodes`.
It agrees for as long as the episode lasts. Until it is over, and while its periods are among those
that a shift is measured from, nothing more is measured.
"""

from __future__ import annotations

import numpy as np

from detect import level_shifts
from detect.compress_missing import unpack
from detect.detectors.contract import Detector, Evidence
from detect.features import DetectorInput


def score(features: DetectorInput) -> Evidence:
    """The strongest shift ending in each period, in sigmas, and its chance, (S, T)."""
    grain, series = features.panel.grain, features.panel.series
    shifts = level_shifts.measure(
        features.forecast, features.learned & features.forecast.ready, grain
    )
    packed, spans = level_shifts.strongest(shifts.z, shifts.spans)
    z = np.where(features.episodes.is_settled, unpack(packed, shifts.index), np.nan)
    # The spans overlap, so that trying all of them costs less than their number.
    trials = np.sqrt(shifts.spans.size)
    p_value = np.minimum(1.0, trials * level_shifts.chance(z, grain))
    p_value = np.where(features.tested & features.episodes.is_settled, p_value, np.nan)
    span = np.nan_to_num(unpack(spans.astype(np.float64), shifts.index)).astype(np.int64)
    limit = np.array([s.kpi.level_shift_threshold for s in series])[:, None]
    agrees = (features.tested & (np.abs(z) >= limit)) | features.episodes.is_active
    return Evidence(z, p_value, agrees, span)


DETECTOR = Detector(
    name="level_shift",
    score=score,
    weight=0.15,
    reason="residuals that z_score has judged one by one; only their run is its own",
)
