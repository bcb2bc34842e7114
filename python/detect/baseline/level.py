"""A bank of robust exponential smoothers that share one forecast.

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
"""Errors beyond this many scales move the level no further."""
GROSS = 4.0
"""Errors beyond this many scales are outliers and move it less and less."""
PERSISTENT = 2.0
"""So many clipped errors of one sign in a row are a new level, not outliers."""
SCORE_HEAVINESS = 5.0
TREND_START = 10.0
SMALLEST = 1e-300


@dataclass
class Bank:
    """Levels and trends (members, S), log weights (members, S), and counts (S,)."""

    level: Floats
    trend: Floats
    score: Floats
    seen: Floats
    streak: Floats


@dataclass(frozen=True)
class Gains:
    """The bank's settings as columns (members, 1)."""

    level: Floats
    trend: Floats
    damping: Floats
    yearly: Floats


def start(series: int, tuning: Tuning) -> tuple[Bank, Gains]:
    """A bank that has seen nothing, for `series` series."""
    members = np.array([[m.level, m.trend, m.damping, m.yearly] for m in tuning.bank])
    columns = (members[:, [i]] for i in range(4))
    shape = (len(tuning.bank), series)
    return Bank(
        np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(series), np.zeros(series)
    ), Gains(*columns)


def weights(score: Floats) -> Floats:
    """Weights from log scores, adding up to one over the first axis."""
    raised = np.exp(score - score.max(axis=0))
    return np.asarray(raised / raised.sum(axis=0))


def predict(bank: Bank, gains: Gains, drift: Floats) -> tuple[Floats, Floats]:
    """Each member's next level (members, S) and their weighted mean (S,)."""
    members = bank.level + gains.damping * bank.trend + gains.yearly * drift
    return members, (weights(bank.score) * members).sum(axis=0)


def learn(
    bank: Bank, gains: Gains, members: Floats, target: Floats, scale: Floats, memory: float
) -> Floats:
    """Learn from deseasonalised values; returns the clipped error of the combined forecast (S,).

    Args:
        bank: changed in place.
        gains: the members' settings.
        members: what each member predicted, (members, S).
        target: the deseasonalised values, (S,), NaN where there is none.
        scale: the size of an ordinary error, (S,); infinite while nobody knows.
        memory: how much of a member's past score counts in the next period.
    """
    seen = np.isfinite(target)
    error = np.where(seen, target - members, 0.0)
    joint = np.where(bank.seen > 0, (weights(bank.score) * error).sum(axis=0), 0.0)
    bank.streak = np.where(seen, _streak(bank.streak, joint, scale), bank.streak)
    trusted = np.abs(bank.streak) >= PERSISTENT
    clipped = _clip(error, scale, trusted)
    pace = np.maximum(gains.level, 1 / (bank.seen + 1))
    bank.level = np.where(seen, members + pace * clipped, bank.level)
    moving = gains.trend * (bank.seen > TREND_START)
    bank.trend = np.where(seen, gains.damping * bank.trend + moving * clipped, bank.trend)
    likely = -0.5 * (SCORE_HEAVINESS + 1) * np.log1p((error / scale) ** 2 / SCORE_HEAVINESS)
    bank.score = np.where(seen, memory * bank.score + likely, bank.score)
    bank.seen = bank.seen + seen
    return _clip(joint, scale, trusted)


def _clip(error: Floats, scale: Floats, trusted: Bools) -> Floats:
    """Clip errors at CLIP scales, and let gross ones fade unless they have come to stay."""
    fade = np.minimum(1.0, GROSS * scale / np.maximum(np.abs(error), SMALLEST))
    fade = np.where(trusted | np.isinf(scale), 1.0, fade)
    return np.asarray(np.clip(error, -CLIP * scale, CLIP * scale) * fade)


def _streak(streak: Floats, error: Floats, scale: Floats) -> Floats:
    """Signed count of clipped errors of one sign in a row."""
    sign = np.sign(error) * (np.abs(error) > CLIP * scale)
    return np.where(sign == 0, 0.0, np.where(sign * streak > 0, streak + sign, sign))
