"""What other settings of a KPI would have found, as text for a terminal or as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detect.records import Anomaly, Kpi, Trend
from retail.console import escape_control_chars, json_text
from retail.formatting import amount, count, span, subject, upper_first, when

NAME, FIGURE = 30, 8
"""Widths of columns."""
MOST = 20
"""Findings that are listed, the latest ones."""
DAYS_OF_A_MONTH = 30.4375
FINDING = (
    "anomaly_id", "segment", "dimension", "grain", "period_start", "actual", "expected",
    "confidence", "severity",
)  # fmt: skip
"""What JSON has of a finding."""


@dataclass(frozen=True)
class Found:
    """What some settings find: the KPI's findings, the incidents that hold some, its trends."""

    findings: tuple[Anomaly, ...]
    trends: tuple[Trend, ...]

    @property
    def members(self) -> int:
        """Number of findings of members: products, countries and others."""
        return sum(bool(a.within) for a in self.findings)

    @property
    def incidents(self) -> int:
        """Number of incidents with a finding of the KPI."""
        return len({a.incident_id for a in self.findings})


@dataclass(frozen=True)
class Setting:
    """A setting with its present value and the one that is tried."""

    name: str
    value: float
    tried: float


@dataclass(frozen=True)
class Preview:
    """A KPI's findings under its own settings and under others.

    `first` and `last` are the days of the periods that were tested.
    """

    kpi: Kpi
    settings: tuple[Setting, ...]
    first: dt.date
    last: dt.date
    now: Found
    then: Found

    @property
    def months(self) -> float:
        """Length of the tested history."""
        return ((self.last - self.first).days + 1) / DAYS_OF_A_MONTH

    @property
    def gone(self) -> list[Anomaly]:
        """Findings that the other settings would not have reported."""
        kept = {a.anomaly_id for a in self.then.findings}
        return [a for a in self.now.findings if a.anomaly_id not in kept]

    @property
    def new(self) -> list[Anomaly]:
        """Findings that only the other settings would have reported."""
        known = {a.anomaly_id for a in self.now.findings}
        return [a for a in self.then.findings if a.anomaly_id not in known]


def text(shown: Preview) -> str:
    """Figures under both settings, and the findings that differ."""
    lines = [
        *_title(shown),
        "",
        *_table(shown),
        *_listed("No longer reported", shown.gone),
        *_listed("Reported as well", shown.new),
    ]
    return escape_control_chars("\n".join(line.rstrip() for line in lines))


def as_json(shown: Preview) -> str:
    """The same as one JSON object."""
    return json_text({
        "kpi": shown.kpi.name,
        "settings": {s.name: {"now": s.value, "then": s.tried} for s in shown.settings},
        "first": shown.first,
        "last": shown.last,
        "months": round(shown.months, 1),
        "now": _figures(shown.now, shown.months),
        "then": _figures(shown.then, shown.months),
        "no_longer_reported": [_finding(a) for a in shown.gone],
        "reported_as_well": [_finding(a) for a in shown.new],
    })  # fmt: skip


def _title(shown: Preview) -> Iterator[str]:
    yield f"{shown.kpi.label}, tested from {span(shown.first, shown.last, full=True)}"
    for setting in shown.settings:
        yield f"  {setting.name} {setting.tried:g} instead of {setting.value:g}"


def _table(shown: Preview) -> Iterator[str]:
    yield f"{'':<{NAME}}{'now':>{FIGURE}}{'then':>{FIGURE}}"
    now, then = (_figures(found, shown.months) for found in (shown.now, shown.then))
    for name, value in now.items():
        told = (f"{x:g}" for x in (value, then[name]))
        yield f"{upper_first(name.replace('_', ' ')):<{NAME}}" + "".join(
            f"{x:>{FIGURE}}" for x in told
        )


def _figures(found: Found, months: float) -> dict[str, float]:
    return {
        "findings_of_the_whole_shop": len(found.findings) - found.members,
        "findings_of_its_members": found.members,
        "of_medium_severity_or_more": sum(a.severity != "low" for a in found.findings),
        "incidents_with_one": found.incidents,
        "such_incidents_a_month": round(found.incidents / months, 1),
        "trends": len(found.trends),
    }


def _listed(title: str, findings: Sequence[Anomaly]) -> Iterator[str]:
    if not findings:
        return
    yield ""
    yield f"{title}:"
    for a in findings[-MOST:]:
        about = subject(a.kpi.label, a.dimension, a.segment)
        came, usual = (amount(x, a.kpi.unit) for x in (a.actual, a.expected))
        said = f"{came}, where {usual} was expected ({a.severity})"
        yield f"  {about} {when(a.period_start, a.grain, full=True)}: {said}"
    if len(findings) > MOST:
        yield f"  and {count(len(findings) - MOST, 'earlier one')}"


def _finding(a: Anomaly) -> dict[str, object]:
    return {name: getattr(a, name) for name in FINDING}
