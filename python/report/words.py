"""Numbers, dates and judgements as people read them; every figure is one of a table's own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping

MINUS = "−"
SPACE = "\u00a0"
"""Keeps a number and its unit on one line."""
NOTHING = "–"
CONFIDENCE = ((0.99, "almost certain"), (0.9, "very likely"), (0.75, "likely"))
LEAST_SURE = "more likely than not"
TIMES = 10
"""From here on a rise is told as a multiple."""
ROUNDED_UP = 0.995
"""From here on a percentage is cut, not rounded: it must not read as certainty."""
DIRECTIONS = {"up": "higher is better", "down": "lower is better", "none": "neither way is better"}
EFFECTS = {
    "good": "Good news",
    "bad": "Bad news",
    "mixed": "Good and bad",
    "neutral": "Neutral",
}
CURRENCY = "currency"
PERIODS = {"daily": "day", "weekly": "week"}
NOT_TESTED = {
    "incomplete": "the data cover it only in part",
    "no_trade": "there was no trade",
    "closed": "the shop is usually closed then",
    "no_value": "it has no value: nothing to divide by",
    "warm_up": "it is still warming up: at the start of the data every customer looks new",
    "short_history": "there is too little history yet",
    "thin": "too many of the latest periods are without business",
}


def amount(value: float | None, unit: str, *, signed: bool = False) -> str:
    """A value in its unit, with as many digits as carry information.

    A unit of money may name the sign that it is written with, `currency £`.
    """
    if value is None:
        return NOTHING
    if unit == "ratio":
        return _signed(f"{100 * value:,.1f}", signed=signed) + SPACE + "%"
    is_whole = value == 0 or (unit == "count" and value == round(value))
    kind, _, mark = unit.partition(" ")
    digits = 0 if abs(value) >= 100 or is_whole else 2 if kind == CURRENCY else 1
    mark += SPACE if mark[-1:].isalpha() else ""
    return _signed(f"{value:,.{digits}f}", mark, signed=signed)


def _signed(number: str, mark: str = "", *, signed: bool) -> str:
    """A marked number with a real minus, and a plus where a sign is wanted; zero has none."""
    if not is_something(number):
        return mark + number.lstrip("-")
    if number.startswith("-"):
        return MINUS + mark + number[1:]
    return f"{'+' if signed else ''}{mark}{number}"


def is_something(number: str) -> bool:
    """Whether a number still differs from zero as it is shown."""
    return any(digit in number for digit in "123456789")


def percent(share: float | None, *, signed: bool = False) -> str:
    """A share as a percentage, never rounded up to certainty."""
    if share is None:
        return NOTHING
    if ROUNDED_UP <= share < 1 and not signed:
        return f"{int(share * 1000) / 10:.1f}{SPACE}%"
    return _signed(f"{100 * share:,.0f}", signed=signed) + SPACE + "%"


def rate(share: float) -> str:
    """A small share with one decimal."""
    return f"{100 * share:.1f}{SPACE}%"


def change(actual: float, expected: float, unit: str) -> str:
    """How far the actual is from the expected: in percent or as a multiple, in points, or units."""
    if unit == "ratio":
        return _signed(f"{100 * (actual - expected):,.1f}", signed=True) + " points"
    if expected > 0 and actual / expected >= TIMES:
        return f"×{actual / expected:,.0f}"
    if expected > 0:
        return percent(actual / expected - 1, signed=True)
    return amount(actual - expected, unit, signed=True)


def contribution(value: float, unit: str) -> str:
    """A part of a change, in the KPI's unit; of a share, in percentage points."""
    if unit == "ratio":
        return _signed(f"{100 * value:,.1f}", signed=True) + " points"
    return amount(value, unit, signed=True)


def sureness(confidence: float) -> str:
    """Confidence in words."""
    return next((word for limit, word in CONFIDENCE if confidence >= limit), LEAST_SURE)


def day(date: dt.date) -> str:
    """A date that can't be misread."""
    return f"{date.day} {date:%b} {date.year}"


def moment(time: dt.datetime) -> str:
    """A point in time, in UTC."""
    return f"{day(time.date())}, {time:%H:%M} UTC"


def period(start: dt.date, grain: str) -> str:
    """A day, or a week by its Monday."""
    return day(start) if grain == "daily" else f"week of {day(start)}"


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def age(then: dt.date, now: dt.date) -> str:
    """How long before `now` something was."""
    days = (now - then).days
    return "the same day" if days == 0 else f"{count(days, 'day')} before"


def place(segment: str, products: Mapping[str, str], *, brief: bool = False) -> str:
    """A segment (JSON text) in words; a product with its description, and code unless brief."""
    members: dict[str, str] = json.loads(segment)
    named = (_member(name, member, products, brief=brief) for name, member in members.items())
    return " and ".join(named)


def _member(dimension: str, member: str, products: Mapping[str, str], *, brief: bool) -> str:
    if dimension == "hour":
        return f"hour {member}:00" if member.isdigit() else member
    described = products.get(member) if dimension == "product" else None
    if not described:
        return member
    return described.strip() if brief else f"{described.strip()} ({member})"


def dimension(name: str) -> str:
    """The name of a dimension, or of several, in words."""
    return name.replace("_", " ")


def tight(text: str) -> str:
    """Text whose percentages stay on one line."""
    return text.replace(" %", f"{SPACE}%")


def upper_first(text: str) -> str:
    """For the start of a sentence."""
    return text[:1].upper() + text[1:]
