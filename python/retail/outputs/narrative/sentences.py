"""Records to sentences: every number in them is one of the record's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detect.records import ALL, PERIOD_TO_DATE, Anomaly, Attribution, DriverContribution
from retail.formatting import (
    NO_NAMES,
    amount,
    change,
    contribution,
    factor,
    lower_first,
    percent,
    segment,
    upper_first,
    when,
)

WORDS = {"up": "above", "down": "below"}
WORTH_A_WORD = 0.25
"""Share of what moved revenue from which a factor is mentioned."""
WHOLE = 1.005
"""Share of a change that no longer rounds to all of it."""


def headline(
    anomaly: Anomaly, causes: list[Attribution], names: Mapping[str, str] = NO_NAMES
) -> str:
    """One line: what, how far from expected, when, and where it comes from."""
    where = f", from {segment(causes[0].segment, names, full=True)}" if causes else ""
    return f"{subject(anomaly)} {distance(anomaly)} {_when(anomaly)}{where}"


def narrative(
    anomaly: Anomaly,
    members: list[Anomaly],
    causes: list[Attribution],
    drivers: Sequence[DriverContribution] = (),
    checks: Sequence[str] = (),
    names: Mapping[str, str] = NO_NAMES,
) -> str:
    """A short paragraph: the lead, its cause, what to doubt, what else moved, how sure it is.

    Args:
        anomaly: the lead.
        members: all anomalies of the incident.
        causes: root causes of the lead, best first.
        drivers: the incident's KPI tree.
        checks: sentences about what speaks against it.
        names: descriptions of products by stock code.
    """
    sentences = [
        f"{subject(anomaly)} came to {amount(anomaly.actual, anomaly.kpi.unit)} {_when(anomaly)}, "
        f"where {amount(anomaly.expected, anomaly.kpi.unit)} was expected "
        f"(usual range: {amount(anomaly.lower, anomaly.kpi.unit)} "
        f"to {amount(anomaly.upper, anomaly.kpi.unit)}).",
        _cause(anomaly, causes, names),
        *checks,
        _factors(drivers, anomaly.kpi.money),
        _others(anomaly, members),
        f"It is {percent(max(a.confidence for a in members))} sure that this is no chance.",
    ]
    return " ".join(s for s in sentences if s)


def _cause(anomaly: Anomaly, causes: list[Attribution], names: Mapping[str, str]) -> str:
    if not causes:
        return "The change is broad-based: no segment is to blame."
    first = causes[0]
    by = f"{percent(first.share_of_change)}"
    came_to = contribution(first.contribution, anomaly.kpi.unit, full=True)
    who = upper_first(segment(first.segment, names, full=True))
    if first.share_of_change < 0:
        return f"{who} went against the change ({came_to}); the rest made it."
    if first.share_of_change > WHOLE:
        return (
            f"{who} accounts for more than all of the change: {by} of it ({came_to}), which other "
            "segments offset in part."
        )
    return f"{who} accounts for {by} of the change ({came_to})."


def _factors(drivers: Sequence[DriverContribution], money: str) -> str:
    """The factors that moved net revenue most."""
    whole = [b for b in drivers if b.dimension == ALL]
    total = sum(abs(b.contribution) for b in whole)
    told = [
        f"{factor(b.factor)} ({amount(b.contribution, money, signed=True)})"
        for b in sorted(whole, key=lambda b: -abs(b.contribution))
        if abs(b.contribution) >= WORTH_A_WORD * total > 0
    ]
    return f"Net revenue was moved most by {' and '.join(told)}." if told else ""


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
    if PERIOD_TO_DATE in anomaly.methods:
        return f"so far already {_beyond(anomaly)}"
    if "calendar" in anomaly.methods:
        return "on a day the shop is usually closed"
    return _beyond(anomaly)


def _beyond(anomaly: Anomaly) -> str:
    word = WORDS[anomaly.direction]
    size = change(anomaly.actual, anomaly.expected, anomaly.kpi.unit, signed=False, full=True)
    return f"{size} {word} expected"


def _when(anomaly: Anomaly) -> str:
    return when(anomaly.period_start, anomaly.grain, full=True)
