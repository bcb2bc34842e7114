"""What an earlier run worked out already, and need not be worked out again.

Each finding, each incident and the blind spots of each grain have a fingerprint: of the code, of
the record itself, and of the order lines of every period that its explanation looks at. Where it is
the one that an earlier run noted, the rows of that run are kept: they would come out the same.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy

import detect
import retail
from detect.anomalies import Scan
from detect.diagnostics import DetectionLimit
from detect.records import (
    PRICE_HISTORY,
    Anomaly,
    Attribution,
    Check,
    Days,
    DriverContribution,
    Grain,
)

Marks = dict[Grain, dict[dt.date, str]]
"""What the order lines of each period come to, as the segment tables note it."""


@dataclass(frozen=True)
class Fingerprint:
    """What something (`subject`: a finding, an incident, or blind spots) was worked out from."""

    subject: str
    input_hash: str


@dataclass(frozen=True)
class Earlier:
    """The last run's explanations, with what each was worked out from; empty where there are none.

    `marks` is None where the tables don't tell whether order lines changed: then nothing is kept.
    """

    prints: dict[str, str] = field(default_factory=dict)
    attributions: dict[str, list[Attribution]] = field(default_factory=dict)
    branches: dict[str, list[DriverContribution]] = field(default_factory=dict)
    doubts: dict[str, list[Check]] = field(default_factory=dict)
    detection_limits: dict[Grain, list[DetectionLimit]] = field(default_factory=dict)
    marks: Marks | None = None

    def holds(self, one: Fingerprint) -> bool:
        """Whether it was worked out from the same."""
        return self.marks is not None and self.prints.get(one.subject) == one.input_hash


def code() -> str:
    """What the code, the product's words and tables, and the libraries it counts with come to."""
    known = hashlib.sha256(f"{np.__version__} {scipy.__version__}".encode())
    for package in (detect, retail):
        for file in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            known.update(file.read_bytes())
    return known.hexdigest()


def of_finding(anomaly: Anomaly, periods: Days, marks: Marks, code: str) -> Fingerprint:
    """Fingerprint of a finding whose explanation compares some periods, (P,)."""
    itself = dataclasses.replace(anomaly, incident_id="", status="")
    days = [day.astype(dt.date) for day in periods]
    lines = [marks[anomaly.grain].get(day, "") for day in days]
    return Fingerprint(anomaly.anomaly_id, _hash(code, itself, days, lines))


def of_incident(
    name: str,
    members: Sequence[Anomaly],
    prints: dict[str, Fingerprint],
    revenue: float | None,
    marks: Marks,
) -> Fingerprint:
    """Fingerprint of an incident: its findings, the forecast revenue, and all lines up to it.

    Args:
        name: the incident's id.
        members: its findings.
        prints: fingerprints of the findings, by id.
        revenue: what was forecast for the lead's period.
        marks: what the order lines come to.
    """
    first = min(a.period_start for a in members) - PRICE_HISTORY
    last = max(a.period_end for a in members)
    lines = sorted((day, mark) for day, mark in marks["daily"].items() if first <= day <= last)
    findings = sorted(prints[a.anomaly_id].input_hash for a in members)
    return Fingerprint(name, _hash(findings, revenue, lines))


def of_scan(scan: Scan, known: object, code: str) -> Fingerprint:
    """Fingerprint of the blind spots of a grain: all that its scan was made from.

    Args:
        scan: what was found at the grain.
        known: what people said that the scan was made with.
        code: what the code comes to.
    """
    panel, calendar = scan.view.panel, scan.view.calendar
    arrays = [getattr(panel, f.name) for f in dataclasses.fields(panel)]
    arrays += [getattr(calendar, f.name) for f in dataclasses.fields(calendar)]
    parts = [a.tobytes() if isinstance(a, np.ndarray) else repr(a) for a in arrays]
    return Fingerprint(f"blind spots, {panel.grain}", _hash(code, known, parts))


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
