"""Alerts to a webhook: one POST of JSON each, of the form that Slack takes."""

from __future__ import annotations

from retail.http import Address, post_json
from retail.outputs.alerts import message
from retail.outputs.alerts.records import Alert, Channel

NAME = "webhook"


def channel(address: Address, report: str, timeout: float) -> Channel:
    """The channel of a webhook.

    Args:
        address: where to.
        report: where the report is to be read; empty where that is not known.
        timeout: seconds for one message, answer included.
    """

    def send(alert: Alert) -> None:
        post_json(address, message.as_json(alert, message.write(alert, report)), timeout)

    return Channel(NAME, send)
