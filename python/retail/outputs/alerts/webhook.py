"""Alerts to a webhook: one POST of JSON each, of the form that Slack or Teams takes."""

from __future__ import annotations

from collections.abc import Callable

from retail.http import Address, post_json
from retail.outputs.alerts import digest, formats, message
from retail.outputs.alerts.message import Links
from retail.outputs.alerts.records import Alert, Channel, Digest

NAME = "webhook"
SLACK, TEAMS = "slack", "teams"
FORMS = (SLACK, TEAMS)


def channel(
    address_of: Callable[[str], Address], links: Links, timeout: float, form: str = SLACK
) -> Channel:
    """The channel of a webhook.

    Args:
        address_of: where to, by owner.
        links: where report and dashboard are to be read.
        timeout: seconds for one message, answer included.
        form: of FORMS.
    """

    def send(alert: Alert) -> tuple[str, ...]:
        words = message.write(alert, links)
        body = formats.as_card(words) if form == TEAMS else formats.as_json(alert, words)
        post_json(address_of(alert.owner), body, timeout)
        return ()

    def send_digest(news: Digest) -> tuple[str, ...]:
        words = digest.write(news, links)
        body = formats.as_card(words) if form == TEAMS else formats.as_blocks(words)
        post_json(address_of(news.owner), body, timeout)
        return ()

    return Channel(NAME, send, send_digest)
