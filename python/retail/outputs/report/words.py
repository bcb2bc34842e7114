"""Judgements as people read them: how sure, good or bad, why not tested."""

from __future__ import annotations

from detect.records import ABNORMAL, SEASONAL, UNKNOWN

CONFIDENCE = ((0.99, "almost certain"), (0.9, "very likely"), (0.75, "likely"))
LEAST_SURE = "more likely than not"
DIRECTIONS = {"up": "higher is better", "down": "lower is better", "none": "neither way is better"}
EFFECTS = {
    "good": "Good news",
    "bad": "Bad news",
    "mixed": "Good and bad",
    "neutral": "Neutral",
}
NOT_KNOWN = {True: "known once the period is over", False: "not known"}
"""Money at stake that nobody can tell, by whether the period is not over."""
PERIODS = {"daily": "day", "weekly": "week"}
SEASONS = {
    ABNORMAL: "beyond the season",
    SEASONAL: "as the season",
    UNKNOWN: "may be the season",
}
"""How a trend compares with the year before, or a member with the rest."""


def season(kind: str | None) -> str:
    """How a trend compares; one of a file of an earlier version was not compared."""
    return SEASONS[kind or UNKNOWN]


def sureness(confidence: float) -> str:
    """Confidence in words."""
    return next((word for limit, word in CONFIDENCE if confidence >= limit), LEAST_SURE)
