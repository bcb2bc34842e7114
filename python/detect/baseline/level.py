"""An ensemble of robust exponential smoothers that share one forecast.

Holt's damped trend and a yearly drift are among the members (Gardner, 1985; robust updates after
Gelper, Fried & Croux, 2010); each weighs as much as it has predicted well of late (dynamic model
averaging, Raftery, Kárný & Ettler, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect.baseline.tuning import Tuning
from detect.records import Bools, Floats

CLIP = 2.0
"""Errors beyond this many scales move the level no further; chosen by hand."""
GROSS = 4.0
"""Errors beyond this many scales are outliers and move it less and less; chosen by hand."""
PERSISTENT = 2.0
"""So many clipped errors of one sign in a row are a new level, not outliers; chosen by hand."""
SCORE_DEGREES_OF_FREEDOM = 5.0
"""Degrees of freedom of the Student's t that members are scored by, so that one outlier does not
decide between them; chosen by hand."""
TREND_START = 10.0
"""Observations before members learn a trend: fewer would take the level for one; chosen by hand."""
SMALLEST = 1e-300
"""Keeps a division by a weight of zero finite."""


@dataclass
class SmootherEnsemble:
    """Levels and trends (members, S), log weights (members, S), and counts (S,).

    `streak` counts clipped errors of one sign in a row, `adopted` values that were believed at
    once.
    """

    level: Floats
    trend: Floats
    score: Floats
    n_observed: Floats
    streak: Floats
    adopted: Floats


@dataclass(frozen=True)
class Gains:
    """The ensemble's settings as columns (members, 1)."""

    level: Floats
    trend: Floats
    damping: Floats
    yearly: Floats


def start(series: int, tuning: Tuning) -> tuple[SmootherEnsemble, Gains]:
    """Return an ensemble without observations, for `series` series."""
    members = np.array([[m.level, m.trend, m.damping, m.yearly] for m in tuning.ensemble])
    columns = (members[:, [i]] for i in range(4))
    shape = (len(tuning.ensemble), series)
    return SmootherEnsemble(
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(series),
        np.zeros(series),
        np.zeros(series),
    ), Gains(*columns)


def weights(score: Floats) -> Floats:
    """Weights from log scores, adding up to one over the first axis."""
    raised = np.exp(score - score.max(axis=0))
    return np.asarray(raised / raised.sum(axis=0))


def predict(ensemble: SmootherEnsemble, gains: Gains, drift: Floats) -> tuple[Floats, Floats]:
    """Each member's next level (members, S) and their weighted mean (S,)."""
    members = ensemble.level + gains.damping * ensemble.trend + gains.yearly * drift
    return members, (weights(ensemble.score) * members).sum(axis=0)


def learn(
    ensemble: SmootherEnsemble,
    gains: Gains,
    members: Floats,
    target: Floats,
    scale: Floats,
    decay: float,
) -> Floats:
    """Learn from deseasonalised values; returns the clipped error of the combined forecast (S,).

    Args:
        ensemble: changed in place.
        gains: the members' settings.
        members: what each member predicted, (members, S).
        target: the deseasonalised values, (S,), NaN where there is none.
        scale: the size of an ordinary error, (S,); infinite while nobody knows.
        decay: how much of a member's past score counts in the next period.
    """
    observed = np.isfinite(target)
    error = np.where(observed, target - members, 0.0)
    joint = np.where(ensemble.n_observed > 0, (weights(ensemble.score) * error).sum(axis=0), 0.0)
    ensemble.streak = np.where(observed, _streak(ensemble.streak, joint, scale), ensemble.streak)
    trusted = np.abs(ensemble.streak) >= PERSISTENT
    clipped = _clip(error, scale, trusted)
    pace = np.maximum(gains.level, 1 / (ensemble.n_observed + 1))
    ensemble.level = np.where(observed, members + pace * clipped, ensemble.level)
    moving = gains.trend * (ensemble.n_observed > TREND_START)
    ensemble.trend = np.where(
        observed, gains.damping * ensemble.trend + moving * clipped, ensemble.trend
    )
    likely = (
        -0.5
        * (SCORE_DEGREES_OF_FREEDOM + 1)
        * np.log1p((error / scale) ** 2 / SCORE_DEGREES_OF_FREEDOM)
    )
    ensemble.score = np.where(observed, decay * ensemble.score + likely, ensemble.score)
    ensemble.n_observed = ensemble.n_observed + observed
    return _clip(joint, scale, trusted)


def adopt(ensemble: SmootherEnsemble, target: Floats, observed: Bools) -> None:
    """Take deseasonalised values for the new level, or their mean where several follow, in place.

    Args:
        ensemble: changed.
        target: the values, (S,), NaN where there is none to adopt.
        observed: whether a series has a value in this period at all, (S,).
    """
    chosen = np.isfinite(target)
    ensemble.adopted = np.where(chosen, ensemble.adopted + 1, ensemble.adopted)
    ensemble.adopted = np.where(observed & ~chosen, 0.0, ensemble.adopted)
    step = (target - ensemble.level) / np.maximum(ensemble.adopted, 1.0)
    ensemble.level = np.where(chosen, ensemble.level + step, ensemble.level)
    ensemble.trend = np.where(chosen, 0.0, ensemble.trend)
    ensemble.streak = np.where(chosen, 0.0, ensemble.streak)


def restore(ensemble: SmootherEnsemble, level: Floats) -> None:
    """Go back to a level (S,) that is known to hold again, NaN where none is, in place."""
    known = np.isfinite(level)
    ensemble.level = np.where(known, level, ensemble.level)
    ensemble.trend = np.where(known, 0.0, ensemble.trend)
    ensemble.streak = np.where(known, 0.0, ensemble.streak)


def _clip(error: Floats, scale: Floats, trusted: Bools) -> Floats:
    """Clip errors at CLIP scales, and let gross ones fade unless they have come to stay."""
    fade = np.minimum(1.0, GROSS * scale / np.maximum(np.abs(error), SMALLEST))
    fade = np.where(trusted | np.isinf(scale), 1.0, fade)
    return np.asarray(np.clip(error, -CLIP * scale, CLIP * scale) * fade)


def _streak(streak: Floats, error: Floats, scale: Floats) -> Floats:
    """Signed count of clipped errors of one sign in a row."""
    sign = np.sign(error) * (np.abs(error) > CLIP * scale)
    return np.where(sign == 0, 0.0, np.where(sign * streak > 0, streak + sign, sign))
