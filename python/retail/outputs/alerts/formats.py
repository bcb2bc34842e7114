"""A message in the forms that channels take: mail as text and HTML, Slack blocks, a Teams card."""

from __future__ import annotations

import html

from retail.outputs.alerts.message import Message, Picture, key, lines, shorten
from retail.outputs.alerts.records import Alert
from retail.outputs.report.colours import LIGHT
from retail.schema import AnomalyRow

Block = dict[str, object]
LEAD = ("anomaly_id", "kpi", "segment", "grain", "period_start", "actual", "expected", "owner")
"""Columns of the lead that a webhook gets."""
INCIDENT = (
    "incident_id", "severity", "confidence", "is_provisional", "status", "impact", "impact_lower",
    "impact_upper", "headline", "narrative", "root_cause",
)  # fmt: skip
"""Columns of the incident that a webhook gets."""
ORDINARY = "#b9c8d4"
"""Colour of a bar that nothing was found in."""
TALLEST, WIDEST, LEAST = 64, 16, 3
"""Pixels of the bars in a mail, which are cells of a table, since many clients show no SVG."""
LONGEST_HEADER, LONGEST_SECTION, LONGEST_FIELD, MOST_FIELDS = 150, 3000, 2000, 10
"""Most that Slack takes."""
TEXT = f"font-family:Arial,Helvetica,sans-serif;color:{LIGHT['ink']};"
SMALL = f"{TEXT}font-size:12px;color:{LIGHT['soft']};"


def as_text(message: Message) -> str:
    """The body of a mail, plain."""
    return "\n\n".join(lines(message)) + "\n"


def as_html(message: Message, picture: Picture | None = None) -> str:
    """The body of a mail in tables and inline styles, the form that old clients render too.

    Every text is escaped, and nothing is fetched from anywhere.
    """
    colour = LIGHT.get(message.effect, LIGHT["neutral"])
    facts = "".join(
        f'<tr><td style="{TEXT}padding:4px 14px 4px 0;color:{LIGHT["soft"]};vertical-align:top;'
        f'white-space:nowrap">{_e(name)}</td><td style="{TEXT}padding:4px 0">{_e(text)}</td></tr>'
        for name, text in message.facts
    )
    links = "".join(
        f'<a href="{_e(address)}" style="{TEXT}color:{LIGHT["link"]};font-weight:bold;'
        f'padding-right:18px">{_e(name)}</a>'
        for name, address in message.links
    )
    note = (
        f'<p style="{TEXT}color:{LIGHT["bad"]}"><b>{_e(message.note)}</b></p>'
        if message.note
        else ""
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_e(message.subject)}</title></head>"
        f'<body style="margin:0;padding:16px;background-color:{LIGHT["paper"]}">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        f'style="max-width:600px;background-color:{LIGHT["sheet"]};border-left:5px solid {colour}">'
        f'<tr><td style="padding:18px 20px">{note}'
        f'<h1 style="{TEXT}font-size:20px;line-height:1.3;margin:0 0 12px">'
        f"{_e(message.headline)}</h1>"
        f'<p style="{TEXT}font-size:15px;line-height:1.5;margin:0 0 14px">{_e(message.story)}</p>'
        f'<table role="presentation" cellpadding="0" cellspacing="0" style="font-size:14px">'
        f"{facts}</table>{_bars(picture, colour) if picture else ''}"
        f'<p style="{TEXT}font-size:14px;margin:18px 0 0">{links}</p>'
        f'<p style="{SMALL}margin:14px 0 0">{_e(message.reference)}</p>'
        "</td></tr></table></body></html>\n"
    )


def _e(text: str) -> str:
    return html.escape(text)


def _bars(picture: Picture, colour: str) -> str:
    """The picture as cells of a table that is as wide as there is room, what was found coloured."""
    drawn = "".join(
        _bar(share, colour if is_found else ORDINARY)
        for share, is_found in zip(picture.shares, picture.is_found, strict=True)
    )
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin-top:'
        f'14px;table-layout:fixed;max-width:{WIDEST * len(picture.shares)}px">'
        f'<tr style="vertical-align:bottom">{drawn}</tr></table>'
        f'<p style="{SMALL}margin:4px 0 0">{_e(picture.caption)}</p>'
    )


def _bar(share: float, colour: str) -> str:
    height = max(round(TALLEST * share), 1 if colour == ORDINARY else LEAST)
    return (
        f'<td style="vertical-align:bottom;padding-right:2px;height:{TALLEST}px">'
        f'<div style="height:{height}px;line-height:{height}px;font-size:1px;'
        f'background-color:{colour}">&nbsp;</div></td>'
    )


# ------------------------------------------------------------------------------- webhooks


def as_json(alert: Alert, message: Message) -> dict[str, object]:
    """The body of a webhook: `text` and `blocks` for Slack and its likes, the plain `incident`.

    In what Slack reads the signs that it gives a meaning to are escaped as it asks for, so that no
    channel is called and no link is made. `incident` has the cells as they are.
    """
    incident = alert.incident
    return as_blocks(message) | {
        "incident": {
            "alert_key": key(alert),
            "reason": alert.reason,
            "is_simulated": alert.is_simulated,
            "period_start": incident.period_start.isoformat(),
            "period_end": incident.period_end.isoformat(),
            **{name: getattr(incident, name) for name in INCIDENT},
            "lead": _lead(alert.lead) if alert.lead else {},
        },
    }


def as_blocks(message: Message) -> dict[str, object]:
    """What Slack shows: blocks, and as text where it can't."""
    return {"text": "\n".join(map(_slack, lines(message))), "blocks": _blocks(message)}


def _lead(row: AnomalyRow) -> dict[str, object]:
    """The finding that leads the incident."""
    cells = {name: getattr(row, name) for name in LEAD}
    return cells | {"period_start": row.period_start.isoformat()}


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(message: Message) -> list[Block]:
    """Slack's blocks: header, story, facts, buttons that open a page, and the name to look up."""
    told = [message.note, message.story, "\n".join(message.picture)]
    fields = [_plain(shorten(f"{name}: {text}", LONGEST_FIELD)) for name, text in message.facts]
    blocks: list[Block] = [
        {"type": "header", "text": _plain(shorten(message.subject, LONGEST_HEADER))}
    ]
    blocks += [
        {"type": "section", "text": _plain(shorten(text, LONGEST_SECTION))} for text in told if text
    ]
    blocks += [
        {"type": "section", "fields": fields[at : at + MOST_FIELDS]}
        for at in range(0, len(fields), MOST_FIELDS)
    ]
    buttons = [
        {"type": "button", "text": _plain(name), "url": address} for name, address in message.links
    ]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    blocks.append({"type": "context", "elements": [_plain(message.reference)]})
    return blocks


def _plain(text: str) -> Block:
    """A text in which Slack makes nothing of any sign."""
    return {"type": "plain_text", "text": text, "emoji": False}


def as_card(message: Message) -> dict[str, object]:
    """The body of a webhook of Teams: one adaptive card."""
    colour = {"bad": "attention", "good": "good"}.get(message.effect, "default")
    note = [_block(message.note, weight="bolder", color="attention")] if message.note else []
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            *note,
            _block(message.subject, weight="bolder", size="medium", color=colour),
            _block(message.story),
            *(_block(text, spacing="small") for text in message.picture),
            {
                "type": "FactSet",
                "facts": [
                    {"title": name, "value": _no_markdown(text)} for name, text in message.facts
                ],
            },
            _block(message.reference, isSubtle=True, size="small"),
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": name, "url": url} for name, url in message.links
        ],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _block(text: str, **looks: object) -> dict[str, object]:
    return {"type": "TextBlock", "text": _no_markdown(text), "wrap": True, **looks}


def _no_markdown(text: str) -> str:
    """Text that a card, which reads Markdown, shows as it is: brackets make no link."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>~#" else sign for sign in text)
