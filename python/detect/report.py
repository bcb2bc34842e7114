"""Findings to text for a terminal, read in ten seconds, or to JSON for a program."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from console import harmless
from detect import feedback, narrative
from detect.records import ALL

if TYPE_CHECKING:
    from detect.desk import Explanation, Row
    from detect.pipeline import Outcome

SHOWN = 5
RECENT = dt.timedelta(days=28)
RESET = "\033[0m"
COLOURS = {"critical": "\033[1;31m", "high": "\033[31m", "medium": "\033[33m", "low": "\033[2m"}
NAME_WIDTH = 32
DIGITS = 1000
"""Numbers from here on are shown without decimals."""
LARGEST = 3
"""Segments shown of each dimension."""


def summary(outcome: Outcome, *, colour: bool) -> str:
    """What is new, what is going on, and what the reader must know about the data."""
    run = outcome.run
    lines = []
    if outcome.inputs.source.is_simulated:
        lines.append("SIMULATED DATA: these figures are of no real shop.")
    source = harmless(run.source)
    lines.append(f"{source} ({run.source_rows:,} rows), as of {narrative.day(run.as_of)}")
    waiting = [i for i in outcome.incidents if i.status == feedback.OPEN]
    lines.append(
        f"{_count(len(outcome.incidents), 'incident')} in all history, "
        f"{len(waiting)} of them open; the latest:"
    )
    for incident in sorted(waiting, key=lambda i: i.period_end)[-SHOWN:][::-1]:
        mark = _mark(incident.severity, colour=colour)
        sure, headline = narrative.percent(incident.confidence), harmless(incident.headline)
        lines.append(f"  {mark} {sure:>6}  {headline}")
    lines += map(harmless, _trends(outcome))
    if outcome.untested:
        lines.append(harmless(f"Too little history to test: {', '.join(outcome.untested)}."))
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
    """One line per incident, in their order."""
    lines = [
        f"{row['incident_id']}  {row['period_start']}  "
        f"{_mark(str(row['severity']), colour=colour)} "
        f"{narrative.percent(float(str(row['confidence']))):>6}  {row['status']:<12}  "
        f"{harmless(row['headline'])}"
        for row in incidents
    ]
    return "\n".join(lines) if lines else "No incidents."


def explanation(found: Explanation) -> str:
    """An incident in words, its anomalies, and where the one to explain comes from."""
    lines = [
        str(found.incident["headline"]),
        f"{found.incident['incident_id']}  {found.incident['severity']}  "
        f"{found.incident['status']}",
        "",
        str(found.incident["narrative"]),
        "",
        *(line for row in found.anomalies for line in _anomaly(row)),
    ]
    mine = [r for r in found.attributions if r["anomaly_id"] == found.lead["anomaly_id"]]
    lines += _segments(found, [r for r in mine if r["analysis"] == "breakdown"])
    lines += _causes([r for r in mine if r["analysis"] != "breakdown"])
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
    return "\n".join(harmless(" ".join(line.split("\n"))) for line in lines)


def _anomaly(row: Row) -> list[str]:
    """What came, what was expected, and who noticed."""
    where = "" if row["segment"] == ALL else f" of {row['segment']}"
    band = (
        f"at most {_number(row['upper'])}"
        if row.get("lower") is None
        else f"{_number(row['lower'])} to {_number(row['upper'])}"
    )
    least = "at least " if row.get("lower") is None else ""
    return [
        f"{row['anomaly_id']}  {row['kpi']}{where}, {row['grain']}, {row['period_start']}",
        f"    {least}{_number(row['actual'])}, expected {_number(row['expected'])} "
        f"(usual range: {band}), {row['effect']}",
        f"    {narrative.percent(float(str(row['confidence'])))} sure, {row['severity']}; "
        f"noticed by {str(row['methods']).replace('_', ' ')}",
    ]


def _segments(found: Explanation, rows: list[Row]) -> list[str]:
    """The largest contributions, one dimension after the other."""
    if not rows:
        return []
    name = found.lead["anomaly_id"]
    lines = ["", f"Where {name} comes from, one dimension at a time:"]
    for row in rows:
        if int(str(row["rank"])) <= LARGEST:
            lines.append(_segment(row, str(row["dimensions"]).replace("_", " ")))
    return lines


def _causes(rows: list[Row]) -> list[str]:
    """The segments that are named as the cause, best first."""
    if not rows:
        return ["", "No segment is named as the cause: the change is broad."]
    return ["", "Named as the cause:", *(_segment(row, "") for row in rows)]


def _segment(row: Row, dimension: str) -> str:
    members = json.loads(str(row["segment"]))
    text = ", ".join(members.values()) if dimension else narrative.place(members)
    share = row["share_of_change"]
    shown = "" if share is None else narrative.percent(float(str(share)))
    change = _number(row["contribution"])
    signed = change if change.startswith("-") else f"+{change}"
    return (
        f"    {dimension:<14}{text:<{NAME_WIDTH}.{NAME_WIDTH}}  {signed:>12}  {shown:>8}".rstrip()
    )


def _mark(severity: str, *, colour: bool) -> str:
    mark = f"{severity:<8}"
    return COLOURS[severity] + mark + RESET if colour else mark


def _number(value: object) -> str:
    number = float(str(value))
    return f"{number:,.0f}" if abs(number) >= DIGITS else f"{number:,.4g}"


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
    return _json(run | {"incidents": incidents})


def listing_as_json(incidents: list[Row]) -> str:
    """Incidents as a JSON array."""
    return _json([_nested(row, "root_cause") for row in incidents])


def explanation_as_json(found: Explanation) -> str:
    """A finding with all its rows as one JSON object."""
    parts = {
        "incident": _nested(found.incident, "root_cause"),
        "anomalies": found.anomalies,
        "attributions": [_nested(row, "segment") for row in found.attributions],
    }
    return _json(parts)


def _nested(row: Row, column: str) -> Row:
    """The row with a column of JSON text as what it stands for."""
    return row | {column: json.loads(str(row[column]))}


def _json(value: object) -> str:
    return harmless(json.dumps(value, indent=2, ensure_ascii=False, default=str))
