"""An alert in words: headline, money, cause, how sure and for whom; nothing in it can act."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from retail import formatting
from retail.formatting import percent, span, upper_first
from retail.outputs.alerts.records import Alert
from retail.outputs.alerts.selection import OVER, WORSE, key_of
from retail.outputs.report.incidents import ended, first_check
from retail.outputs.report.words import EFFECTS, NOT_KNOWN, sureness
from retail.reading import SIMULATED_DATA

LONGEST_SUBJECT = 180
FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Signs by which a spreadsheet takes a text for something to work out."""
BARS = 28
"""Periods of the picture: four weeks, or half a year of them."""
SIGNS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Links:
    """Where report and dashboard are to be read; empty where that is not known."""

    report: str = ""
    dashboard: str = ""


@dataclass(frozen=True)
class Message:
    """An alert as people read it, each text on one line.

    `subject` says the severity too, `facts` are names and texts, `links` names and addresses;
    `effect` is `bad`, `good`, `mixed` or `neutral`; `picture` is the series as signs, and in words.
    """

    subject: str
    headline: str
    effect: str
    note: str
    story: str
    facts: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    reference: str
    picture: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """The latest periods of the lead's series, up to that of the finding, each as a bar.

    `shares` are of the highest, `caption` says which periods they are, and how high that is.
    """

    shares: tuple[float, ...]
    is_found: tuple[bool, ...]
    caption: str


def write(alert: Alert, links: Links = Links()) -> Message:
    """The alert as people read it.

    No line can be taken for a formula by a spreadsheet, and no control character is left by which
    a header could be smuggled in.
    """
    incident = alert.incident
    again = {WORSE: f"{incident.severity}, worse than before", OVER: "over"}
    mark = "[SIMULATED] " if alert.is_simulated else ""
    headline = line(incident.headline)
    over = f"It is {ended(incident, alert.money)}. No more is sent about it."
    return Message(
        subject=shorten(
            f"{mark}[{again.get(alert.reason, incident.severity)}] {headline}", LONGEST_SUBJECT
        ),
        headline=headline,
        effect=incident.favourability,
        note=SIMULATED_DATA if alert.is_simulated else "",
        story=line(over if alert.reason == OVER else incident.narrative),
        facts=_facts(alert),
        links=pages(links, f"incident={incident.incident_id}", f"incident-{incident.incident_id}"),
        reference=f"Incident {incident.incident_id}",
        picture=_signs(picture(alert)),
    )


def _facts(alert: Alert) -> tuple[tuple[str, str], ...]:
    incident = alert.incident
    stake = formatting.at_stake(
        incident.impact, incident.impact_lower, incident.impact_upper, alert.money
    )
    early = "; the period is not over yet" if incident.is_provisional else ""
    end = ended(incident, alert.money)
    return (
        (
            "Money at stake",
            NOT_KNOWN[incident.is_provisional] if incident.impact is None else stake,
        ),
        ("Cause", line(alert.cause) or "no single part of the shop"),
        ("Check first", line(first_check(incident, alert.lead, alert.cause)) or "the figures"),
        ("How sure", f"{sureness(incident.confidence)} ({percent(incident.confidence)})"),
        ("Good or bad", EFFECTS[incident.favourability]),
        ("Severity", upper_first(incident.severity)),
        ("When", span(incident.period_start, incident.period_end, full=True) + early),
        ("For", line(alert.owner) or "nobody"),
        *((("Status", upper_first(end)),) if end and alert.reason != OVER else ()),
    )


def picture(alert: Alert) -> Picture | None:
    """What is drawn of the lead's series; nothing where it is too short, or never above zero."""
    lead = alert.lead
    known = [
        (row.period_start, row.value)
        for row in alert.series
        if lead and row.value is not None and row.period_start <= lead.period_start
    ][-BARS:]
    highest = max((value for _, value in known), default=0.0)
    if lead is None or len(known) < 2 or highest <= 0:
        return None
    first, last = (formatting.day(known[place][0]) for place in (0, -1))
    return Picture(
        tuple(max(value / highest, 0.0) for _, value in known),
        tuple(start == lead.period_start for start, _ in known),
        f"{first} to {last}, the highest {formatting.amount(highest, alert.unit)}",
    )


def _signs(drawn: Picture | None) -> tuple[str, ...]:
    """The picture where none can be shown: signs of eight heights, and what they are."""
    if drawn is None:
        return ()
    return "".join(SIGNS[round(share * (len(SIGNS) - 1))] for share in drawn.shares), drawn.caption


def pages(links: Links, query: str, anchor: str = "") -> tuple[tuple[str, str], ...]:
    """A place in the report and in the dashboard, where their addresses are known."""
    place = f"#{anchor}" if anchor else ""
    report = f"{links.report.partition('#')[0]}{place}" if links.report else ""
    sign = "&" if "?" in links.dashboard else "?"
    dashboard = f"{links.dashboard}{sign}{query}" if links.dashboard else ""
    named = (("Read the report", report), ("Answer in the dashboard", dashboard))
    return tuple((name, address) for name, address in named if address)


def line(text: str) -> str:
    """The text on one line, without control characters and marks that turn its direction."""
    kept = (" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    line = " ".join("".join(kept).split())
    return f"“{line}”" if line.startswith(FORMULAS) else line


def shorten(text: str, most: int) -> str:
    """Text of at most so many signs; what is left out shows."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def key(alert: Alert) -> str:
    """A key that is equal for equal messages, so that a receiver can drop a copy."""
    incident = alert.incident
    end = "-over" if alert.reason == OVER else ""
    return f"{key_of(incident.incident_id, incident.severity, incident.confidence)}{end}"


def lines(message: Message) -> list[str]:
    """The whole message as plain lines, the subject first."""
    return [
        message.subject,
        *([message.note] if message.note else []),
        message.story,
        *(["\n".join(message.picture)] if message.picture else []),
        *(f"{name}: {text}" for name, text in message.facts),
        *(f"{name}: {address}" for name, address in message.links),
        message.reference,
    ]
