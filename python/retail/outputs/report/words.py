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
PERIODS = {"daily": "day", "weekly": "week"}
SEASONS = {
    ABNORMAL: "beyond the season",
    SEASONAL: "as the season",
    UNKNOWN: "may be the season",
}
"""How a trend compares with the year before, or a member with the rest."""
NOT_TESTED = {
    "incomplete": "the data cover it only in part",
    "gap": "days of it are missing",
    "no_trade": "there was no trade",
    "closed": "the shop is usually closed then",
    "no_value": "it has no value: nothing to divide by",
    "warm_up": "it is still warming up: at the start of the data every customer looks new",
    "short_history": "there is too little history yet",
    "thin": "too many of the latest periods are without business",
}


def season(kind: str | None) -> str:
    """How a trend compares; one of a file of an earlier version was not compared."""
    return SEASONS[kind or UNKNOWN]


def sureness(confidence: float) -> str:
    """Confidence in words."""
    return next((word for limit, word in CONFIDENCE if confidence >= limit), LEAST_SURE)
