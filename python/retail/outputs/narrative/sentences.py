"""Records to sentences: every number in them is one of the record's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detect.members.scores import SILENCE
from detect.records import ALL, PERIOD_TO_DATE, Anomaly, Attribution, DriverContribution
from retail.formatting import (
    NO_NAMES,
    amount,
    change,
    contribution,
    count,
    factor,
    lower_first,
    percent,
    segment,
    upper_first,
    when,
)
from retail.formatting import subject as label_of

WORDS = {"up": "above", "down": "below"}
WORTH_A_WORD = 0.25
"""Share of what moved revenue from which a factor is mentioned."""
MOST_OTHERS = 8
"""Other series that a narrative names; chosen by hand."""
MANIFOLD = 10.0
"""Times the expected from which a member's surge is told as an amount, not in percent."""
WHOLE = 1.005
"""Share of a change that no longer rounds to all of it."""


def headline(
    anomaly: Anomaly, causes: list[Attribution], names: Mapping[str, str] = NO_NAMES
) -> str:
    """One line: what, how far from expected, when, and where it comes from."""
    narrower = _narrower(anomaly, causes[0]) if causes else {}
    where = f", from {segment(narrower, names, full=True)}" if narrower else ""
    return f"{subject(anomaly, names)} {distance(anomaly)} {_when(anomaly)}{where}"


def _narrower(anomaly: Anomaly, cause: Attribution) -> dict[str, str]:
    """What a cause says beyond the member that the finding is about."""
    return {d: m for d, m in cause.segment.items() if d not in anomaly.within}


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
        f"{subject(anomaly, names)} came to {amount(anomaly.actual, anomaly.kpi.unit)} "
        f"{_when(anomaly)}, where {amount(anomaly.expected, anomaly.kpi.unit)} was expected "
        f"(usual range: {amount(anomaly.lower, anomaly.kpi.unit)} "
        f"to {amount(anomaly.upper, anomaly.kpi.unit)}).",
        _cause(anomaly, causes, names),
        *checks,
        _factors(drivers, anomaly.kpi.money),
        _others(anomaly, members, names),
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


def _others(anomaly: Anomaly, members: list[Anomaly], names: Mapping[str, str]) -> str:
    """The other series of the incident, those of the whole shop first."""
    about = subject(anomaly, names)
    parts = {
        what: f"{lower_first(what)} ({other.direction})"
        for other in sorted(members, key=lambda a: bool(a.within))
        if (what := subject(other, names)) != about
    }
    told = list(parts.values())[:MOST_OTHERS]
    left = len(parts) - len(told)
    more = f" and {count(left, 'other')}" if left else ""
    return f"Also out of the ordinary: {', '.join(told)}{more}." if told else ""


def subject(anomaly: Anomaly, names: Mapping[str, str] = NO_NAMES) -> str:
    """The KPI, and the member that it is about where it has one."""
    dimension = next(iter(anomaly.within), None)
    return label_of(anomaly.kpi.label, dimension, anomaly.segment, names)


def distance(anomaly: Anomaly) -> str:
    """How far the actual is from the expected, in percent or in the KPI's unit."""
    if SILENCE in anomaly.methods:
        return "gone: no order at all"
    if "no_data" in anomaly.methods:
        return "missing: no trade at all"
    if PERIOD_TO_DATE in anomaly.methods:
        return f"so far already {_beyond(anomaly)}"
    if "calendar" in anomaly.methods:
        return "on a day the shop is usually closed"
    return _beyond(anomaly)


def _beyond(anomaly: Anomaly) -> str:
    word = WORDS[anomaly.direction]
    if anomaly.within and anomaly.actual > MANIFOLD * max(anomaly.expected, 0.0):
        return f"{amount(abs(anomaly.change), anomaly.kpi.unit)} {word} expected"
    size = change(anomaly.actual, anomaly.expected, anomaly.kpi.unit, signed=False, full=True)
    return f"{size} {word} expected"


def _when(anomaly: Anomaly) -> str:
    return when(anomaly.period_start, anomaly.grain, full=True)
