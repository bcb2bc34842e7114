"""How fast each grain learns: all chosen by hand. Counts and decays are in periods of the grain."""

from __future__ import annotations

from dataclasses import dataclass

from detect.records import Grain


@dataclass(frozen=True)
class Smoother:
    """One smoother: how fast its level and trend move, and how far last year's drift leads it."""

    level: float
    trend: float = 0.0
    damping: float = 1.0
    yearly: float = 0.0


@dataclass(frozen=True)
class Tuning:
    """Everything that differs between the grains.

    score_decay: weight of a smoother's past score in the next period.
    season_prior: days without effect that a weekday's effect is shrunk by.
    season_floor: least weight of a new error in it, so that it can always change.
    scale_prior, scale_floor: the same of the error's scales.
    tail_decay: weight of a tail's past score in the next period.
    min_history: observations before a period is tested.
    year, year_window: periods of a year, and half width of the smoothing of last year's level.
    """

    ensemble: tuple[Smoother, ...]
    score_decay: float
    season_prior: float
    season_floor: float
    scale_prior: float
    scale_floor: float
    tail_decay: float
    min_history: int
    year: int
    year_window: int


DAILY = Tuning(
    ensemble=(
        Smoother(0.03),
        Smoother(0.07),
        Smoother(0.14),
        Smoother(0.28),
        Smoother(0.07, 0.005, 0.97),
        Smoother(0.14, 0.01, 0.97),
        Smoother(0.07, yearly=0.8),
        Smoother(0.14, yearly=0.8),
    ),
    score_decay=0.98,
    season_prior=2.0,
    season_floor=0.04,
    scale_prior=4.0,
    scale_floor=0.015,
    tail_decay=0.995,
    min_history=24,
    year=364,
    year_window=7,
)
WEEKLY = Tuning(
    ensemble=(
        Smoother(0.1),
        Smoother(0.2),
        Smoother(0.35),
        Smoother(0.6),
        Smoother(0.2, 0.05, 0.9),
        Smoother(0.35, 0.1, 0.9),
        Smoother(0.2, yearly=0.8),
        Smoother(0.35, yearly=0.8),
    ),
    score_decay=0.95,
    season_prior=2.0,
    season_floor=0.04,
    scale_prior=3.0,
    scale_floor=0.03,
    tail_decay=0.995,
    min_history=8,
    year=52,
    year_window=1,
)
TUNING: dict[Grain, Tuning] = {"daily": DAILY, "weekly": WEEKLY}
