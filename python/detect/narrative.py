"""Records to sentences: every number in them is one of the record's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from detect.records import ALL, CURRENCY, Anomaly, Attribution, Branch

WORDS = {"up": "above", "down": "below"}
NO_NAMES: Mapping[str, str] = {}
WORTH_A_WORD = 0.25
"""Share of what moved revenue from which a factor is mentioned."""
WHOLE = 1.005
"""Share of a change that no longer rounds to all of it."""
FRACTIONS_UP_TO = 10
"""Counts that were worked out, such as expected ones, have a decimal below this."""


def headline(
    anomaly: Anomaly, causes: list[Attribution], names: Mapping[str, str] = NO_NAMES
) -> str:
    """One line: what, how far from expected, when, and where it comes from."""
    where = f", from {place(causes[0].segment, names)}" if causes else ""
    return f"{subject(anomaly)} {distance(anomaly)} {when(anomaly)}{where}"


def tell(
    anomaly: Anomaly,
    members: list[Anomaly],
    causes: list[Attribution],
    branches: Sequence[Branch] = (),
    doubts: Sequence[str] = (),
    names: Mapping[str, str] = NO_NAMES,
) -> str:
    """A short paragraph: the lead, its cause, what to doubt, what else moved, how sure it is.

    Args:
        anomaly: the lead.
        members: all anomalies of the incident.
        causes: root causes of the lead, best first.
        branches: the incident's KPI tree.
        doubts: sentences about what speaks against it.
        names: descriptions of products by stock code.
    """
    sentences = [
        f"{subject(anomaly)} came to {amount(anomaly.actual, anomaly.kpi.unit)} {when(anomaly)}, "
        f"where {amount(anomaly.expected, anomaly.kpi.unit)} was expected "
        f"(usual range: {amount(anomaly.lower, anomaly.kpi.unit)} "
        f"to {amount(anomaly.upper, anomaly.kpi.unit)}).",
        _cause(anomaly, causes, names),
        *doubts,
        _factors(branches, anomaly.kpi.money),
        _others(anomaly, members),
        f"It is {percent(max(a.confidence for a in members))} sure that this is no chance.",
    ]
    return " ".join(s for s in sentences if s)


def _cause(anomaly: Anomaly, causes: list[Attribution], names: Mapping[str, str]) -> str:
    if not causes:
        return "The change is broad-based: no segment is to blame."
    first = causes[0]
    by = f"{percent(first.share_of_change)}"
    came_to = contribution(first.contribution, anomaly.kpi.unit)
    who = upper_first(place(first.segment, names))
    if first.share_of_change < 0:
        return f"{who} went against the change ({came_to}); the rest made it."
    if first.share_of_change > WHOLE:
        return (
            f"{who} accounts for more than all of the change: {by} of it ({came_to}), which other "
            "segments offset in part."
        )
    return f"{who} accounts for {by} of the change ({came_to})."


def _factors(branches: Sequence[Branch], money: str) -> str:
    """The factors that moved net revenue most."""
    whole = [b for b in branches if b.dimension == ALL]
    total = sum(abs(b.contribution) for b in whole)
    told = [
        f"{factor_name(b.factor)} ({amount(b.contribution, money, signed=True)})"
        for b in sorted(whole, key=lambda b: -abs(b.contribution))
        if abs(b.contribution) >= WORTH_A_WORD * total > 0
    ]
    return f"Net revenue was moved most by {' and '.join(told)}." if told else ""


def factor_name(factor: str) -> str:
    """A factor of the KPI tree in words."""
    return factor.replace("_", " ").replace("guest ", "guests’ ")


def _others(anomaly: Anomaly, members: list[Anomaly]) -> str:
    seen = {(anomaly.kpi.name, anomaly.segment)}
    parts = []
    for other in members:
        if (other.kpi.name, other.segment) not in seen:
            seen.add((other.kpi.name, other.segment))
            parts.append(f"{lower_first(subject(other))} ({other.direction})")
    return f"Also out of the ordinary: {', '.join(parts)}." if parts else ""


def subject(anomaly: Anomaly) -> str:
    """The KPI, and its segment where it has one."""
    return anomaly.kpi.label + ("" if anomaly.segment == ALL else f" of {anomaly.segment}")


def distance(anomaly: Anomaly) -> str:
    """How far the actual is from the expected, in percent or in the KPI's unit."""
    if "no_data" in anomaly.methods:
        return "missing: no trade at all"
    if "so_far" in anomaly.methods:
        return f"so far already {_beyond(anomaly)}"
    if "calendar" in anomaly.methods:
        return "on a day the shop is usually closed"
    return _beyond(anomaly)


def _beyond(anomaly: Anomaly) -> str:
    word = WORDS[anomaly.direction]
    if anomaly.kpi.unit == "ratio":
        return f"{points(abs(anomaly.change))} {word} expected"
    if anomaly.expected > 0:
        return f"{percent(abs(anomaly.relative_change))} {word} expected"
    return f"{amount(abs(anomaly.change), anomaly.kpi.unit)} {word} expected"


def points(change: float) -> str:
    """A change of a share, which is not a change in percent of it."""
    return f"{100 * change:.1f} percentage points"


def when(anomaly: Anomaly) -> str:
    """The period in words."""
    if anomaly.grain == "daily":
        return f"on {day(anomaly.period_start)}"
    return f"in the week of {day(anomaly.period_start)}"


def day(date: dt.date) -> str:
    """A date as people write it."""
    return f"{date.day} {date:%B %Y}"


def place(segment: Mapping[str, str], names: Mapping[str, str] = NO_NAMES) -> str:
    """A segment in words, products by description and code."""
    return " and ".join(
        f"product {product(member, names)}"
        if name == "product"
        else f"{name.replace('_', ' ')} {member}"
        for name, member in segment.items()
    )


def product(code: str, names: Mapping[str, str]) -> str:
    """A product by description and stock code."""
    return f"{names[code]} ({code})" if code in names else code


def percent(share: float) -> str:
    """A share as a percentage, never rounded up to certainty."""
    if 0.995 <= share < 1:
        return f"{int(share * 1000) / 10:.1f} %"
    return f"{share:,.0%}".replace("%", " %")


def amount(value: float, unit: str, *, signed: bool = False) -> str:
    """A value in its unit, with as many digits as carry information."""
    scaled, digits, suffix = value, _digits(value, unit), " %" if unit == "ratio" else ""
    if unit == "ratio":
        scaled = 100 * value
    # Adding zero takes the sign off a negative zero.
    rounded = round(scaled, digits) + 0.0
    sign = "+" if signed and rounded > 0 else ""
    return sign + marked(f"{rounded:,.{digits}f}", unit) + suffix


def marked(number: str, unit: str) -> str:
    """A number with the sign of its currency, where its unit names one: `currency £`."""
    mark = unit.partition(" ")[2]
    space = " " if mark[-1:].isalpha() else ""
    minus = "-" if number.startswith("-") else ""
    return f"{minus}{mark}{space}{number.removeprefix('-')}"


def _digits(value: float, unit: str) -> int:
    """Decimals worth showing: a whole number of orders has none."""
    if unit == "ratio":
        return 1
    if unit == "count":
        return 0 if abs(value) >= FRACTIONS_UP_TO or value == round(value) else 1
    return 0 if abs(value) >= 100 else 2 if unit.startswith(CURRENCY) else 1


def contribution(value: float, unit: str) -> str:
    """What a segment added: to a share it adds percentage points, not percent."""
    if unit != "ratio":
        return amount(value, unit, signed=True)
    return f"{amount(value, unit, signed=True).removesuffix(' %')} percentage points"


def upper_first(text: str) -> str:
    """For the start of a sentence."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """For use inside a sentence."""
    return text[:1].lower() + text[1:]
