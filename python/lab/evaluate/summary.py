"""From cases to the figures that the tables show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from detect.records import ALL, Bools, Floats
from lab.evaluate.baseline_methods import Rule, scores
from lab.evaluate.measure import Copy
from lab.evaluate.run import Measured
from lab.evaluate.score import GRADUAL, Case, Finding, cases, own_findings, truth_of

DAYS_PER_MONTH, DAYS_PER_QUARTER = 365.25 / 12, 91.0
SIZES = ((0.0, 2.0), (2.0, 4.0), (4.0, 6.0), (6.0, 10.0), (10.0, np.inf))
LARGE = 4.0
CONFIDENCES = ((0.5, 0.7), (0.7, 0.9), (0.9, 0.95), (0.95, 1.01))
Find = Callable[[Copy], list[Finding]]


@dataclass(frozen=True)
class Caught:
    """Shares of some cases found on the day and within a week; median days until found."""

    cases: int
    on_the_day: float
    within_a_week: float
    delay: float | None


@dataclass(frozen=True)
class Method:
    """A method over all shops of one kind: what it caught, and how often it cried wolf.

    `equally_strict` is the share of large ones that it catches on the day with its limit raised
    until it has no more false alarms than this project.
    """

    name: str
    large: Caught
    all: Caught
    false_per_kpi_month: float
    equally_strict: float


@dataclass(frozen=True)
class Reliability:
    """Incidents of some confidence: how many, their mean, and the share that is right."""

    low: float
    high: float
    incidents: int
    mean: float
    right: float


def caught(found: Sequence[Case]) -> Caught:
    """Shares of cases that were found."""
    delays = [c.delay for c in found if c.delay is not None]
    return Caught(
        len(found),
        share([c.on_the_day for c in found]),
        share([c.within_a_week for c in found]),
        median(delays) if delays else None,
    )


def share(flags_: Sequence[bool]) -> float:
    """Share of what holds; NaN of nothing."""
    return sum(flags_) / len(flags_) if flags_ else float("nan")


def all_cases(measured: Measured, kind: str, find: Find) -> list[Case]:
    """Every planted case of the shops of one kind, as one method sees them."""
    controls = [copy for copy in measured.controls.values() if copy.kind == kind]
    before = {copy.shop: find(copy) for copy in controls}
    return [
        case
        for copy in measured.copies
        if copy.kind == kind
        for case in cases(copy, measured.controls[copy.shop], find(copy), before[copy.shop])
    ]


def sudden(found: Sequence[Case]) -> list[Case]:
    """Cases that begin on a day."""
    return [c for c in found if c.kind not in GRADUAL]


def own_method(measured: Measured, kind: str, name: str) -> Method:
    """This project's line in the comparison."""
    large, every, false = _judged(measured, kind, own_findings)
    return Method(name, large, every, false, large.on_the_day)


def rule_method(measured: Measured, kind: str, name: str, rule: Rule, strict: float) -> Method:
    """A usual rule's line in the comparison; `strict` are our false alarms per KPI-month."""
    scored = rule_scores(measured, kind, rule)
    large, every, false = _judged(measured, kind, beyond(scored, rule.limit))
    raised = beyond(scored, limit_for(scored, measured, strict))
    return Method(name, large, every, false, _judged(measured, kind, raised)[0].on_the_day)


def _judged(measured: Measured, kind: str, find: Find) -> tuple[Caught, Caught, float]:
    """Large cases, all cases, and false alarms per KPI-month."""
    found = sudden(all_cases(measured, kind, find))
    controls = [c for c in measured.controls.values() if c.kind == kind]
    false = sum(_whole(copy, f) for copy in controls for f in find(copy))
    large = [c for c in found if c.size >= LARGE]
    return caught(large), caught(found), false / _kpi_months(controls)


def _kpi_months(controls: Sequence[Copy]) -> float:
    """Months tested, times whole-shop KPIs."""
    return sum(tested_days(copy) / DAYS_PER_MONTH * _kpis(copy) for copy in controls)


def _whole(copy: Copy, finding: Finding) -> bool:
    return copy.grids[finding.grain].segment[finding.row] == ALL


def _kpis(copy: Copy) -> int:
    return copy.grids["daily"].segment.count(ALL)


def tested_days(copy: Copy) -> float:
    """Calendar days from the first tested day to the last."""
    tested = np.flatnonzero(copy.grids["daily"].tested.any(axis=0))
    return float(tested[-1] - tested[0] + 1) if tested.size else 0.0


def false_incidents_per_quarter(measured: Measured, kind: str) -> float:
    """Incidents in undisturbed controls per 13 weeks."""
    controls = [c for c in measured.controls.values() if c.kind == kind]
    count = sum(len({a.incident_id for a in c.anomalies}) for c in controls)
    return count / (sum(tested_days(c) for c in controls) / DAYS_PER_QUARTER)


def precision(measured: Measured, kind: str) -> float:
    """Share of the incidents reported in copies, and not in their control, that were planted."""
    return share([right for _, right in _judged_incidents(measured, kind)])


def _judged_incidents(measured: Measured, kind: str) -> list[tuple[float, bool]]:
    """Confidence of every new incident, and whether what was planted explains any part of it."""
    out: dict[tuple[int, str], tuple[float, bool]] = {}
    for nth, copy in enumerate(c for c in measured.copies if c.kind == kind):
        for anomaly, is_right in truth_of(copy, measured.controls[copy.shop]):
            key = (nth, anomaly.incident_id)
            sure, right = out.get(key, (0.0, False))
            out[key] = (max(sure, anomaly.confidence), right or is_right)
    return list(out.values())


def reliability(measured: Measured) -> list[Reliability]:
    """Promised confidence of incidents against the share that was right."""
    kinds = {copy.kind for copy in measured.copies}
    pairs = [pair for kind in sorted(kinds) for pair in _judged_incidents(measured, kind)]
    out = []
    for low, high in CONFIDENCES:
        inside = [(c, right) for c, right in pairs if low <= c < high]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            out.append(Reliability(low, high, len(inside), mean, share([r for _, r in inside])))
    return out


def few(measured: Measured, kind: str, copies: int) -> Measured:
    """The first copies of one kind of shop, with the controls that they need."""
    chosen = [c for c in measured.copies if c.kind == kind][:copies]
    names = {c.shop for c in chosen}
    return Measured({n: c for n, c in measured.controls.items() if n in names}, chosen, [])


def rule_scores(measured: Measured, kind: str, rule: Rule) -> list[tuple[Copy, Floats]]:
    """A rule's scores of every control and copy of one kind of shop, where tested."""
    every = [*measured.controls.values(), *measured.copies]
    return [(copy, _scores(copy, rule)) for copy in every if copy.kind == kind]


def _scores(copy: Copy, rule: Rule) -> Floats:
    grid = copy.grids["daily"]
    traded = np.asarray((np.nan_to_num(grid.value) != 0).any(axis=0))
    tested: Bools = np.any(grid.tested, axis=1, keepdims=True)
    value = np.where(tested, grid.value, np.nan)
    return np.where(grid.tested, scores(rule, grid.period, value, traded), np.nan)


def beyond(scored: list[tuple[Copy, Floats]], limit: float) -> Find:
    """What a rule flags at a limit."""
    by_copy = {id(copy): score for copy, score in scored}

    def find(copy: Copy) -> list[Finding]:
        places = np.nonzero(np.nan_to_num(by_copy[id(copy)]) > limit)
        return [
            Finding("daily", int(row), int(column)) for row, column in zip(*places, strict=True)
        ]

    return find


def limit_for(scored: list[tuple[Copy, Floats]], measured: Measured, per_kpi_month: float) -> float:
    """The limit at which a rule has so many false alarms per KPI-month in the controls."""
    controls = {id(copy) for copy in measured.controls.values()}
    mine = [(copy, score) for copy, score in scored if id(copy) in controls]
    months = _kpi_months([copy for copy, _ in mine])
    whole = [score[np.array(copy.grids["daily"].segment) == ALL] for copy, score in mine]
    ranked = np.sort(np.concatenate([x[np.isfinite(x)] for x in whole]))
    if not ranked.size:
        return float("inf")
    return float(ranked[-min(int(per_kpi_month * months) + 1, ranked.size)])
