"""Reuse the explanations of an earlier run whose inputs are unchanged.

Each finding, each incident, each story and the detection limits of each grain have an input hash:
of the code, of the record itself, and of the order lines of every period that the explanation uses.
Where an earlier run stored the same hash, its rows are reused: the result would be the same.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from bisect import bisect_left
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
    Incident,
)
from retail.schema import NarrativeFactRow

PeriodHashes = dict[Grain, dict[dt.date, str]]
"""Checksum of the order lines of each period, from the segment tables."""


@dataclass(frozen=True)
class InputHash:
    """Hash of the inputs of a `subject`: a finding, an incident, its story, or detection limits."""

    subject: str
    input_hash: str


@dataclass(frozen=True)
class CachedExplanations:
    """The last run's explanations, with a hash of the inputs of each; empty where there are none.

    `period_hashes` is None where the tables don't tell whether order lines changed: then nothing is
    reused.
    """

    input_hashes: dict[str, str] = field(default_factory=dict)
    attributions: dict[str, list[Attribution]] = field(default_factory=dict)
    drivers: dict[str, list[DriverContribution]] = field(default_factory=dict)
    checks: dict[str, list[Check]] = field(default_factory=dict)
    detection_limits: dict[Grain, list[DetectionLimit]] = field(default_factory=dict)
    facts: dict[str, list[NarrativeFactRow]] = field(default_factory=dict)
    period_hashes: PeriodHashes | None = None

    def has(self, one: InputHash) -> bool:
        """Whether the explanation of a subject is stored for the same inputs."""
        return (
            self.period_hashes is not None and self.input_hashes.get(one.subject) == one.input_hash
        )


def hash_code() -> str:
    """Return a hash of the code and of the versions of NumPy and SciPy."""
    known = hashlib.sha256(f"{np.__version__} {scipy.__version__}".encode())
    for package in (detect, retail):
        for file in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            known.update(file.read_bytes())
    return known.hexdigest()


def hash_days(period_hashes: PeriodHashes | None, code_hash: str) -> dict[dt.date, str]:
    """Hash what the members of each day follow from: its order lines, and the prices before."""
    lines = (period_hashes or {}).get("daily", {})
    days = sorted(lines)
    return {
        day: _hash(code_hash, [(past, lines[past]) for past in days[first : nth + 1]])
        for nth, day in enumerate(days)
        for first in [bisect_left(days, day - PRICE_HISTORY)]
    }


def hash_finding(
    anomaly: Anomaly, periods: Days, period_hashes: PeriodHashes, code_hash: str
) -> InputHash:
    """Hash the inputs of a finding whose explanation compares some periods, (P,)."""
    itself = dataclasses.replace(anomaly, incident_id="", status="")
    days = [day.astype(dt.date) for day in periods]
    lines = [period_hashes[anomaly.grain].get(day, "") for day in days]
    return InputHash(anomaly.anomaly_id, _hash(code_hash, itself, days, lines))


def hash_incident(
    name: str,
    members: Sequence[Anomaly],
    input_hashes: dict[str, InputHash],
    revenue: tuple[float | None, ...],
    period_hashes: PeriodHashes,
) -> InputHash:
    """Hash the inputs of an incident: its findings, the forecast revenue, and all lines up to it.

    Args:
        name: the incident's id.
        members: its findings.
        input_hashes: those of the findings, by id.
        revenue: forecast for the periods that may lead.
        period_hashes: of the order lines.
    """
    first = min(a.period_start for a in members) - PRICE_HISTORY
    last = max(a.period_end for a in members)
    lines = sorted(
        (day, mark) for day, mark in period_hashes["daily"].items() if first <= day <= last
    )
    findings = sorted(input_hashes[a.anomaly_id].input_hash for a in members)
    return InputHash(name, _hash(findings, revenue, lines))


def hash_story(incident: Incident, input_hash: str) -> InputHash:
    """Hash what the facts of a story follow from: its words, and the inputs of its incident."""
    words = (incident.headline, incident.narrative, incident.lead.anomaly_id)
    return InputHash(f"story of {incident.incident_id}", _hash(words, input_hash))


def hash_scan(scan: Scan, code_hash: str) -> InputHash:
    """Hash the inputs of the detection limits of a grain: series, calendar, and what was learned.

    Args:
        scan: of the grain; what people said and what was planned shows in what it learned from.
        code_hash: from `hash_code`.
    """
    seen = scan.features
    records = (seen.panel, seen.calendar, seen.calendar.dates)
    found = [getattr(one, field.name) for one in records for field in dataclasses.fields(one)]
    found += [seen.known, seen.adopted, seen.noise, seen.episodes.restored]
    found += [seen.episodes.is_settled, scan.joint, scan.p_value]
    # The repr of a long array leaves out its middle.
    parts = [a.tobytes() if isinstance(a, np.ndarray) else repr(a) for a in found]
    return InputHash(f"blind spots, {seen.panel.grain}", _hash(code_hash, parts))


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
