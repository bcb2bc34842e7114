"""An alert in words, for people and for programs; nothing in it can act."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass

from retail.formatting import at_stake, percent, span
from retail.outputs.alerts.records import Alert
from retail.outputs.alerts.selection import WORSE, level
from retail.reading import SIMULATED_DATA
from retail.schema import AnomalyRow

LONGEST_SUBJECT = 180
FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Signs by which a spreadsheet takes a text for something to work out."""
LEAD = ("anomaly_id", "kpi", "segment", "grain", "period_start", "actual", "expected", "owner")
"""Columns of the lead that a webhook is told."""


@dataclass(frozen=True)
class Message:
    """A subject of one line, and the text as paragraphs of one line each."""

    subject: str
    paragraphs: tuple[str, ...]


def write(alert: Alert, report: str = "") -> Message:
    """The alert as people read it.

    No line can be taken for a formula by a spreadsheet, and no control character is left by which
    a header could be smuggled in.

    Args:
        alert: the alert.
        report: where the report is to be read; empty where that is not known.
    """
    incident = alert.incident
    again = ", worse than before" if alert.reason == WORSE else ""
    early = "; the period is not over yet" if incident.is_provisional else ""
    mark = "[SIMULATED] " if alert.is_simulated else ""
    subject = f"{mark}[{incident.severity}{again}] {_line(incident.headline)}"
    days = span(incident.period_start, incident.period_end, full=True)
    sure = percent(incident.confidence)
    stake = at_stake(incident.impact, incident.impact_lower, incident.impact_upper, alert.money)
    about = (
        f"Incident {incident.incident_id}, {days}{early}; {sure} sure. Money at stake: {stake}. "
        f"Owner: {_line(alert.lead.owner if alert.lead else 'nobody')}. "
        f"Seen it? `retail ack {incident.incident_id}` (or snooze, or label)."
    )
    parts = [SIMULATED_DATA if alert.is_simulated else "", _line(incident.narrative), about]
    parts.append(f"Report: {report}" if report else "")
    return Message(_short(subject), tuple(part for part in parts if part))


def _line(text: str) -> str:
    """The text on one line, without control characters and marks that turn its direction."""
    kept = (" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    line = " ".join("".join(kept).split())
    return f"“{line}”" if line.startswith(FORMULAS) else line


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SUBJECT else f"{text[: LONGEST_SUBJECT - 1]}…"


def key(alert: Alert) -> str:
    """The same for the same news: by it a receiver can drop what came twice."""
    incident = alert.incident
    return f"{incident.incident_id}-{incident.severity}-{level(incident.confidence)}"


def as_text(message: Message) -> str:
    """The body of an e-mail, plain."""
    return "\n\n".join(message.paragraphs) + "\n"


def as_html(message: Message) -> str:
    """The body of an e-mail as HTML: every text escaped, nothing fetched from anywhere."""
    paragraphs = "\n".join(f"<p>{html.escape(text)}</p>" for text in message.paragraphs)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"></head>'
        '<body style="font-family: sans-serif; max-width: 40em">\n'
        f'<h1 style="font-size: 1.2em">{html.escape(message.subject)}</h1>\n{paragraphs}\n'
        "</body></html>\n"
    )


def as_json(alert: Alert, message: Message) -> dict[str, object]:
    """The body of a webhook: `text` as Slack and its likes show it, and the plain `incident`.

    In `text` the signs that Slack gives a meaning to are escaped as it asks for, so that no
    channel is called and no link is made. `incident` has the cells as they are.
    """
    incident = alert.incident
    return {
        "text": "\n".join(_slack(text) for text in (message.subject, *message.paragraphs)),
        "incident": {
            "alert_key": key(alert),
            "reason": alert.reason,
            "is_simulated": alert.is_simulated,
            "incident_id": incident.incident_id,
            "period_start": incident.period_start.isoformat(),
            "period_end": incident.period_end.isoformat(),
            "severity": incident.severity,
            "confidence": incident.confidence,
            "is_provisional": incident.is_provisional,
            "status": incident.status,
            "impact": incident.impact,
            "impact_lower": incident.impact_lower,
            "impact_upper": incident.impact_upper,
            "headline": incident.headline,
            "narrative": incident.narrative,
            "root_cause": incident.root_cause,
            "lead": _lead(alert.lead) if alert.lead else {},
        },
    }


def _lead(row: AnomalyRow) -> dict[str, object]:
    """The finding that the incident is told by."""
    cells = {name: getattr(row, name) for name in LEAD}
    return cells | {"period_start": row.period_start.isoformat()}


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
