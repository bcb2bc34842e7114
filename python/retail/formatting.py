"""Money, counts, shares, dates and signs as people read them: written once for every screen.

Tables and charts take the short form, where a heading says the rest. A sentence asks for the
`full` one: `5 January 2011` for `5 Jan 2011`, `percentage points` for `points`, a member with the
name of its dimension.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal

MINUS = "−"
SPACE = "\u00a0"
"""Keeps a number and its unit on one line."""
NOTHING = "–"
CURRENCY, RATIO, COUNT = "currency", "ratio", "count"
"""Units; that of money may name the sign that it is written with, `currency £`."""
FRACTIONS_UP_TO = 10
"""Counts that were worked out, such as expected ones, have a decimal below this."""
WITHOUT_CENTS = frozenset({"¥", "₩", "Ft"})
"""Signs of currencies without a smaller coin in use."""
WHOLE_MONEY_FROM = 100
ROUNDED_UP = 0.995
"""From here on a percentage is cut, not rounded: it must not read as certainty, nor as all."""
FEWEST_IN_PERCENT = 10.0
"""Expected count up to which a percentage misleads, and the counts are shown; by hand."""
NO_CURRENCY = "XXX"
"""ISO 4217 for none: amounts of a shop whose currency is not known have no sign."""
MANY_TIMES = 10.0
"""Times something else from which a fraction says nothing; by hand."""
MOST_IN_PERCENT = 10.0
"""Times the expected from which a change is shown as an amount, not in percent; by hand."""
MONEY_FACTORS = ("price", "returns", "revenue")
"""Ends of the names of factors and measures that are money."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NO_NAMES: Mapping[str, str] = {}
PLACES = ("country", "region", "market")
"""Dimensions that other members are in."""
IN_SENTENCES = {
    ("customer_type", "guest"): "guests",
    ("customer_type", "new"): "new customers",
    ("customer_type", "returning"): "returning customers",
    ("market", "domestic"): "the domestic market",
    ("market", "international"): "the international market",
}
"""Members that a sentence names without their dimension."""


def amount(value: float | None, unit: str, *, signed: bool = False) -> str:
    """A value in its unit, with as many digits as carry information."""
    if value is None:
        return NOTHING
    if unit == RATIO:
        return f"{_signed(f'{100 * value:,.1f}', signed=signed)} %"
    return _signed(f"{value:,.{_digits(value, unit)}f}", _mark(unit), signed=signed)


def _digits(value: float, unit: str) -> int:
    """Decimals worth showing: a whole number of orders has none, nor what would be shown as one."""
    if unit == COUNT:
        return 0 if abs(value) >= FRACTIONS_UP_TO or round(value, 1) == round(value) else 1
    if abs(value) >= WHOLE_MONEY_FROM or _has_no_cents(value, unit):
        return 0
    return 2 if unit.startswith(CURRENCY) else 1


def _has_no_cents(value: float | Decimal, unit: str) -> bool:
    """Whether it is a whole amount of a currency that has no smaller coin."""
    return unit.partition(" ")[2] in WITHOUT_CENTS and value == round(value)


def whole(number: float) -> str:
    """A number of things without its noun."""
    return f"{number:,.0f}"


def quantity(pieces: float | Decimal) -> str:
    """A quantity without its noun: pieces are whole, kilograms and hours have their decimals."""
    return _signed(f"{pieces:,.3f}".rstrip("0").rstrip("."))


def price(value: float | Decimal, money: str = "") -> str:
    """A price, or a sum of order lines, to its last hundredth; without `money`, a mere number."""
    return _signed(f"{value:,.{0 if _has_no_cents(value, money) else 2}f}", _mark(money))


def exact(value: Decimal) -> str:
    """A sum of money to its last digit, at least two."""
    whole, _, fraction = f"{value:,.8f}".rstrip("0").partition(".")
    return _signed(f"{whole}.{fraction.ljust(2, '0')}")


def _mark(unit: str) -> str:
    """The sign of a currency, where the unit names a known one; letters stand apart."""
    mark = unit.partition(" ")[2].removeprefix(NO_CURRENCY)
    return f"{mark} " if mark[-1:].isalpha() else mark


def _signed(number: str, mark: str = "", *, signed: bool = False) -> str:
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
    """A share as a percentage; what is not quite all of it does not read as all."""
    if share is None:
        return NOTHING
    text = f"{share:,.0%}".removesuffix("%")
    if ROUNDED_UP <= abs(share) < 1:
        text = f"{math.copysign(int(abs(share) * 1000) / 10, share):.1f}"
    return f"{_signed(text, signed=signed)} %"


def rate(share: float) -> str:
    """A small share with one decimal."""
    return f"{100 * share:.1f} %"


def points(change: float, *, signed: bool = False, full: bool = False) -> str:
    """A change of a share, which is not a change in percent of it."""
    word = "percentage points" if full else "points"
    return f"{_signed(f'{100 * change:,.1f}', signed=signed)} {word}"


def contribution(value: float, unit: str, *, full: bool = False) -> str:
    """A part of a change, in the KPI's unit; of a share, in percentage points."""
    if unit == RATIO:
        return points(value, signed=True, full=full)
    return amount(value, unit, signed=True)


def change(
    actual: float, expected: float, unit: str, *, signed: bool = True, full: bool = False
) -> str:
    """How far the actual is from the expected: in percent, in points of a share, or in units.

    Without a sign it is the size alone, for a sentence that says `above` or `below`.
    """
    difference = actual - expected
    size = difference if signed else abs(difference)
    if unit == RATIO:
        return points(size, signed=signed, full=full)
    if expected > 0:
        return percent(size / expected, signed=signed)
    return amount(size, unit, signed=signed)


def in_percent(actual: float, expected: float, unit: str) -> bool:
    """Whether a percentage of the expected says something: not of a tiny base, nor a huge one."""
    fewest = FEWEST_IN_PERCENT if unit == COUNT else 0.0
    return expected > fewest and abs(actual - expected) <= MOST_IN_PERCENT * expected


def at_stake(value: float | None, lower: float | None, upper: float | None, money: str) -> str:
    """Money at stake with its interval; nothing where none is known."""
    if value is None:
        return NOTHING
    low, high = (amount(end, money, signed=True) for end in (lower, upper))
    return f"{amount(value, money, signed=True)} ({low} to {high})"


def day(date: dt.date, *, full: bool = False) -> str:
    """A date that can't be misread."""
    return f"{date.day} {date:{'%B' if full else '%b'}} {date.year}"


def weekday(date: dt.date) -> str:
    """The name of a day of the week."""
    return WEEKDAYS[date.weekday()]


def moment(time: dt.datetime) -> str:
    """A point in time, in UTC."""
    return f"{day(time.date())}, {time:%H:%M} UTC"


def span(first: dt.date, last: dt.date, *, full: bool = False) -> str:
    """A day, or the first and the last of several."""
    days = dict.fromkeys([day(first, full=full), day(last, full=full)])
    return " to ".join(days)


def period(start: dt.date, grain: str, *, full: bool = False) -> str:
    """A day, or a week by its Monday."""
    return ("" if grain == "daily" else "week of ") + day(start, full=full)


def when(start: dt.date, grain: str, *, full: bool = False) -> str:
    """A period within a sentence."""
    return f"{'on' if grain == 'daily' else 'in the'} {period(start, grain, full=full)}"


def times(factor: float) -> str:
    """How many times something else a value is: a whole number from ten on."""
    return f"{factor:,.0f}" if factor >= MANY_TIMES else f"{factor:.2g}"


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{whole(number)} {noun}" + ("" if number == 1 else "s")


def off(reasons: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What is off, and why, by label: one sentence for all with the same reason."""
    labels: dict[str, list[str]] = {}
    for label, reason in reasons:
        labels.setdefault(reason, []).append(label)
    return tuple(
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} off: {reason}."
        for reason, names in labels.items()
    )


def age(then: dt.date, now: dt.date) -> str:
    """How long before `now` something was."""
    days = (now - then).days
    return "the same day" if days == 0 else f"{count(days, 'day')} before"


def segment(
    members: Mapping[str, str], names: Mapping[str, str] = NO_NAMES, *, full: bool = False
) -> str:
    """A segment in words."""
    named = in_sentence if full else member
    parts = {name: named(name, value, names) for name, value in members.items()}
    where = [part for name, part in parts.items() if name in PLACES]
    what = [part for name, part in parts.items() if name not in PLACES]
    return " in ".join(" and ".join(some) for some in (what, where) if some)


def subject(
    label: str, dimension: str | None, member_: str, names: Mapping[str, str] = NO_NAMES
) -> str:
    """What a finding is about: the KPI, and the member it is of where it has one.

    A member's `Total revenue` or `Revenue by country` is its revenue.
    """
    if not dimension:
        return label
    plain = label.removeprefix("Total ").removesuffix(f" by {words(dimension)}")
    return f"{upper_first(plain)} of {in_sentence(dimension, member_, names)}"


def in_sentence(dimension: str, value: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """A member with the name of its dimension, or as people call it."""
    plain = f"{words(dimension)} {member(dimension, value, names)}"
    return IN_SENTENCES.get((dimension, value), plain)


def member(dimension: str, value: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """A member as people know it: a product by description and stock code, an hour as a time."""
    if dimension == "hour" and value.isdigit():
        return f"{value}:00"
    return product(value, names) if dimension == "product" else value


def product(code: str, names: Mapping[str, str]) -> str:
    """A product by description and stock code."""
    return f"{names[code].strip()} ({code})" if names.get(code) else code


def words(name: str) -> str:
    """The name of a dimension, a detector or a check in words."""
    return name.replace("_", " ")


def factor_value(name: str, value: float | None, money: str) -> str:
    """A factor of the KPI tree, or a measure: money, a number of things, or things per thing."""
    if value is None:
        return NOTHING
    if name.endswith(MONEY_FACTORS):
        return amount(value, money)
    return f"{value:,.2f}" if "_per_" in name else amount(value, COUNT)


def factor(name: str) -> str:
    """A factor of the KPI tree in words."""
    return words(name).replace("guest ", "guests’ ")


def tight(text: str) -> str:
    """Text whose percentages stay on one line."""
    return text.replace(" %", f"{SPACE}%")


def upper_first(text: str) -> str:
    """For the start of a sentence."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """For use inside a sentence."""
    return text[:1].lower() + text[1:]
