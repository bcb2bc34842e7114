"""Findings to text for a terminal, read in ten seconds, or to JSON for a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from detect.records import ABNORMAL
from retail.console import escape_control_chars, json_text
from retail.feedback.status import in_words
from retail.formatting import (
    amount,
    at_stake,
    contribution,
    count,
    day,
    factor,
    lower_first,
    percent,
    segment,
    subject,
    upper_first,
    words,
)
from retail.reading import (
    SIMULATED,
    SIMULATED_DATA,
    Explained,
    KpiRow,
    Listed,
    read_findings,
    read_kpis,
    read_left_out,
    read_money,
    read_revised,
    read_run,
    read_table,
    reading,
)
from retail.reading.file import known
from retail.reading.selection import going_on, need_attention, open_incidents
from retail.schema import (
    ALL,
    BREAKDOWN,
    ROOT_CAUSE,
    AnomalyRow,
    AttributionRow,
    IncidentRow,
    RunRow,
    TrendRow,
)

if TYPE_CHECKING:
    from retail.jobs.detection.pipeline import Outcome

RESET = "\033[0m"
COLOURS = {"critical": "\033[1;31m", "high": "\033[31m", "medium": "\033[33m", "low": "\033[2m"}
NAME_WIDTH = 44
LARGEST = 3
"""Segments shown of each dimension."""
INCIDENT = (
    "incident_id", "period_start", "period_end", "severity", "confidence", "status",
    "is_provisional", "headline", "narrative", "root_cause", "favourability", "impact",
    "impact_lower", "impact_upper", "recovered_on",
)  # fmt: skip
"""What JSON has of an incident."""


@dataclass(frozen=True)
class Summary:
    """Content of a summary: the last run, its incidents, and the trends that go on."""

    run: RunRow
    incidents: tuple[IncidentRow, ...]
    trends: tuple[TrendRow, ...]
    kpis: dict[str, KpiRow]
    money: str
    revised: tuple[str, ...]
    left_out: tuple[str, ...]


def read(path: Path) -> Summary:
    """Read the content of a summary."""
    with reading(path) as connection:
        run, kpis = read_run(connection), read_kpis(connection)
        trends = read_table(connection, TrendRow, "trends")
        incidents = read_findings(connection).incidents
        going = going_on(trends, kpis, run.as_of)
        revised, left_out = read_revised(connection), read_left_out(connection, kpis)
        return Summary(run, incidents, going, kpis, read_money(connection), revised, left_out)


def summary(path: Path, untested: Sequence[str] = (), *, colour: bool) -> str:
    """What is new, what is going on, and what the reader must know about the data.

    Args:
        path: the finished file.
        untested: KPIs with too little history at their own cadence.
        colour: mark severities by colour.
    """
    found = read(path)
    lines = []
    if SIMULATED in found.run.source:
        lines.append(SIMULATED_DATA)
    rows = count(found.run.source_rows, "row")
    source = escape_control_chars(found.run.source)
    lines.append(f"{source} ({rows}), as of {day(found.run.as_of, full=True)}")
    lines += map(escape_control_chars, found.revised)
    waiting = len(open_incidents(found.incidents))
    lines.append(
        f"{count(len(found.incidents), 'incident')} in all history, "
        + (f"{waiting} of them open; the gravest of late:" if waiting else "none of them open.")
    )
    shown = need_attention(found.incidents, found.run.as_of)
    for incident in shown:
        mark = _mark(incident.severity, colour=colour)
        sure = percent(incident.confidence)
        money = amount(incident.impact, found.money, signed=True)
        headline = escape_control_chars(incident.headline)
        lines.append(f"  {incident.incident_id}  {mark} {sure:>6}  {money:>9}  {headline}")
    if waiting > len(shown):
        lines.append(f"  … and {waiting - len(shown)} more; `retail list` has all.")
    if found.incidents:
        lines.append("`retail explain ID` explains one, `retail ack ID` acknowledges it.")
    lines += map(escape_control_chars, (*_trends(found), *found.left_out))
    if untested:
        lines.append(escape_control_chars(f"Too little history to test: {', '.join(untested)}."))
    return "\n".join(lines)


def _trends(found: Summary) -> list[str]:
    """Trends still going on: those beyond the season by name, and how many others."""
    moves = [
        f"{lower_first(found.kpis[t.kpi].label)} {percent(t.relative_change, signed=True)} "
        f"since {day(t.window_start, full=True)}"
        for t in found.trends
        if t.kind == ABNORMAL
    ]
    left = len(found.trends) - len(moves)
    rest = f"{count(left, 'trend')} as the season, or perhaps so: see the report." if left else ""
    return [*([f"Trends: {', '.join(moves)}."] if moves else []), *([rest] if rest else [])]


def listing(found: Listed, *, colour: bool) -> str:
    """One line per incident, in their order, and one of settled figures that changed."""
    lines = [
        f"{row.incident_id}  {row.period_start}  {_mark(row.severity, colour=colour)} "
        f"{percent(row.confidence):>6}  {row.status:<12}  "
        f"{amount(row.impact, found.money, signed=True):>9}  {escape_control_chars(row.headline)}"
        for row in found.incidents
    ]
    return "\n".join([*(lines or ["No incidents."]), *map(escape_control_chars, found.revised)])


def explanation(found: Explained) -> str:
    """An incident in words, its anomalies, and where the one to explain comes from."""
    incident = found.incident
    stake = at_stake(incident.impact, incident.impact_lower, incident.impact_upper, found.money)
    lines = [
        incident.headline,
        f"{incident.incident_id}  {incident.severity}  {incident.status}",
        f"Money at stake: {stake}",
        *(upper_first(in_words(said)) for said in found.said),
        "",
        incident.narrative,
        "",
        *(line for row in found.members for line in _anomaly(row, found)),
        *_segments(found),
        *_causes(found),
        *_factors(found),
    ]
    lines += ["", "What was checked:"] if found.why.checks else []
    lines += [f"  {words(r.check_name):<16}  {r.verdict:<10}  {r.detail}" for r in found.why.checks]
    return "\n".join(escape_control_chars(" ".join(line.split("\n"))) for line in lines)


def _anomaly(row: AnomalyRow, found: Explained) -> list[str]:
    """What came, what was expected, and who noticed."""
    kpi = found.kpis[row.kpi]
    about = subject(kpi.label, row.dimension, row.segment, found.products)
    upper = amount(row.upper, kpi.unit)
    band = (
        f"{amount(row.lower, kpi.unit)} to {upper}" if row.lower is not None else f"up to {upper}"
    )
    least = "at least " if row.is_early else ""
    return [
        f"{row.anomaly_id}  {about} ({row.kpi}), {row.grain}, {row.period_start}",
        f"    {least}{amount(row.actual, kpi.unit)}, expected {amount(row.expected, kpi.unit)} "
        f"(usual range: {band}), {row.favourability}",
        f"    {percent(row.confidence)} sure, {row.severity}; noticed by {words(row.methods)}",
    ]


def _segments(found: Explained) -> list[str]:
    """The largest contributions, one dimension after the other."""
    rows = _of_first(found, BREAKDOWN)
    if not rows:
        return []
    return [
        "",
        f"Where {found.members[0].anomaly_id} comes from, one dimension at a time:",
        *(_segment(row, found, words(row.dimensions)) for row in rows if row.rank <= LARGEST),
    ]


def _causes(found: Explained) -> list[str]:
    """The segments that are named as the cause, best first."""
    rows = _of_first(found, ROOT_CAUSE)
    if not rows:
        return ["", "No segment is named as the cause: the change is broad."]
    return ["", "Named as the cause:", *(_segment(row, found, "") for row in rows)]


def _of_first(found: Explained, analysis: str) -> list[AttributionRow]:
    name = found.members[0].anomaly_id
    return [r for r in found.attributions if (r.anomaly_id, r.analysis) == (name, analysis)]


def _segment(row: AttributionRow, found: Explained, dimension: str) -> str:
    text = segment(row.segment, found.products, full=not dimension)
    share = "" if row.share_of_change is None else percent(row.share_of_change)
    change = contribution(row.contribution, found.kpis[found.members[0].kpi].unit)
    return (
        f"    {dimension:<14}{text:<{NAME_WIDTH}.{NAME_WIDTH}}  {change:>12}  {share:>8}".rstrip()
    )


def _factors(found: Explained) -> list[str]:
    """What moved net revenue in the whole shop."""
    whole = [row for row in found.why.drivers if row.dimension == ALL]
    lines = [
        f"  {factor(row.factor):<{NAME_WIDTH}}  {contribution(row.contribution, found.money):>12}"
        for row in whole
    ]
    return ["", "What moved net revenue:", *lines] if whole else []


def _mark(severity: str, *, colour: bool) -> str:
    mark = f"{severity:<8}"
    return COLOURS[severity] + mark + RESET if colour else mark


def as_json(outcome: Outcome) -> str:
    """Run and incidents as one JSON object."""
    incidents = [{name: known(getattr(i, name)) for name in INCIDENT} for i in outcome.incidents]
    run = {
        "run_id": outcome.run.run_id,
        "as_of": outcome.run.as_of,
        "source": outcome.run.source,
        "source_rows": outcome.run.source_rows,
        "is_simulated": outcome.inputs.source.is_simulated,
        "anomalies": len(outcome.anomalies),
        "trends": len(outcome.trends),
        "largest_gap": outcome.explanations.largest_gap,
        "untested": list(outcome.untested),
    }
    return json_text(run | {"incidents": incidents})


def listing_as_json(incidents: Sequence[IncidentRow]) -> str:
    """Incidents as a JSON array."""
    return json_text(incidents)


def explanation_as_json(found: Explained) -> str:
    """A finding with all its rows as one JSON object."""
    parts = {
        "incident": found.incident,
        "anomalies": found.members,
        "attributions": found.attributions,
        "said": found.said,
    }
    return json_text(parts)
