"""Findings to text for a terminal, read in ten seconds, or to JSON for a program."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from detect import feedback, narrative

if TYPE_CHECKING:
    from detect.desk import Explanation, Row
    from detect.pipeline import Outcome

SHOWN = 5
RECENT = dt.timedelta(days=28)
RESET = "\033[0m"
COLOURS = {"critical": "\033[1;31m", "high": "\033[31m", "medium": "\033[33m", "low": "\033[2m"}
NAME_WIDTH = 32


def summary(outcome: Outcome, *, colour: bool) -> str:
    """What is new, what is going on, and what the reader must know about the data."""
    run = outcome.run
    lines = []
    if outcome.inputs.source.is_simulated:
        lines.append("SIMULATED DATA: these figures are of no real shop.")
    lines.append(f"{run.source} ({run.source_rows:,} rows), as of {narrative.day(run.as_of)}")
    waiting = [i for i in outcome.incidents if i.status == feedback.OPEN]
    lines.append(
        f"{_count(len(outcome.incidents), 'incident')} in all history, "
        f"{len(waiting)} of them open; the latest:"
    )
    for incident in sorted(waiting, key=lambda i: i.period_end)[-SHOWN:][::-1]:
        mark = _mark(incident.severity, colour=colour)
        lines.append(f"  {mark} {narrative.percent(incident.confidence):>6}  {incident.headline}")
    lines += _trends(outcome)
    if outcome.untested:
        lines.append(f"Too little history to test: {', '.join(outcome.untested)}.")
    return "\n".join(lines)


def _trends(outcome: Outcome) -> list[str]:
    """Trends still going on, one line."""
    since = outcome.run.as_of - RECENT
    going = {t.kpi.label: t for t in outcome.trends if t.window_end >= since and t.segment == "all"}
    if not going:
        return []
    moves = ", ".join(
        f"{narrative.lower_first(label)} {'+' if t.change > 0 else '−'}"
        f"{narrative.percent(abs(t.change))} since {narrative.day(t.window_start)}"
        for label, t in sorted(going.items(), key=lambda item: -abs(item[1].change))[:SHOWN]
    )
    return [f"Trends: {moves}."]


def listing(incidents: list[Row], *, colour: bool) -> str:
    """One line per incident, newest last."""
    lines = [
        f"{row['incident_id']}  {row['period_start']}  "
        f"{_mark(str(row['severity']), colour=colour)} "
        f"{narrative.percent(float(str(row['confidence']))):>6}  {row['status']:<12}  "
        f"{row['headline']}"
        for row in incidents
    ]
    return "\n".join(lines) if lines else "No incidents."


def explanation(found: Explanation) -> str:
    """An incident in words, its anomalies, where the first comes from, and what speaks against."""
    lines = [str(found.incident["headline"]), "", str(found.incident["narrative"]), ""]
    for row in found.anomalies:
        lines.append(
            f"{row['anomaly_id']}  {row['kpi']:<{NAME_WIDTH}.{NAME_WIDTH}}  {row['grain']:<6}  "
            f"{row['period_start']}  {_number(row['actual']):>12}  expected "
            f"{_number(row['expected']):>12}  {row['methods']}"
        )
    lead = found.incident["lead_anomaly_id"]
    reasons = [r for r in found.attributions if r["anomaly_id"] == lead]
    lines += [""] if reasons else []
    lines += [
        f"  {r['segment']!s:<{NAME_WIDTH}.{NAME_WIDTH}}  {_number(r['contribution']):>12}  "
        f"{narrative.percent(float(str(r['share_of_change']))):>7}  {r['analysis']}"
        for r in reasons
        if int(str(r["rank"])) <= SHOWN
    ]
    lines += ["", "What moved net revenue:"] if found.branches else []
    lines += [
        f"  {narrative.factor_name(str(r['factor'])):<{NAME_WIDTH}}  "
        f"{_number(r['contribution']):>12}"
        for r in found.branches
        if r["dimension"] == "all"
    ]
    lines += ["", "What was checked:"] if found.doubts else []
    lines += [
        f"  {str(r['check_name']).replace('_', ' '):<16}  {r['verdict']!s:<10}  {r['detail']}"
        for r in found.doubts
    ]
    return "\n".join(lines)


def _mark(severity: str, *, colour: bool) -> str:
    mark = f"{severity:<8}"
    return COLOURS[severity] + mark + RESET if colour else mark


def _number(value: object) -> str:
    return f"{float(str(value)):,.4g}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def as_json(outcome: Outcome) -> str:
    """Run and incidents as one JSON object."""
    incidents = [
        {
            "incident_id": i.incident_id,
            "period_start": i.period_start.isoformat(),
            "period_end": i.period_end.isoformat(),
            "severity": i.severity,
            "confidence": i.confidence,
            "status": i.status,
            "is_provisional": i.is_provisional,
            "headline": i.headline,
            "narrative": i.narrative,
            "root_cause": i.root_cause,
        }
        for i in outcome.incidents
    ]
    run = {
        "run_id": outcome.run.run_id,
        "as_of": outcome.run.as_of.isoformat(),
        "source": outcome.run.source,
        "source_rows": outcome.run.source_rows,
        "is_simulated": outcome.inputs.source.is_simulated,
        "anomalies": len(outcome.anomalies),
        "trends": len(outcome.trends),
        "largest_gap": outcome.reasons.largest_gap,
        "untested": list(outcome.untested),
    }
    return json.dumps(run | {"incidents": incidents}, indent=2, ensure_ascii=False)
