"""A webhook and a mailbox on this machine, and the settings that lead to them."""

from __future__ import annotations

from dataclasses import dataclass

import servers
from blackbox import saved

ALL_OF_THEM = {"ALERT_MAX_AGE_DAYS": "1000", "ALERT_MIN_SEVERITY": "low"}
"""Settings by which an incident is neither too old nor too mild for an alert."""


@dataclass(frozen=True)
class Receivers:
    """What people get alerts by."""

    web: servers.Web
    mail: servers.Mail

    @property
    def settings(self) -> dict[str, str]:
        return {
            "ALERT_WEBHOOK_URL": f"{self.web.url}/hook",
            "ALERT_SMTP_HOST": "127.0.0.1",
            "ALERT_SMTP_PORT": str(self.mail.port),
            "ALERT_SMTP_SECURITY": "none",
            "ALERT_EMAIL_FROM": "shop@example.org",
            "ALERT_EMAIL_TO": "ann@example.org",
        }

    def posted(self) -> list[str]:
        """Incidents that the webhook was told of, in their order."""
        return [str(body["incident"]["incident_id"]) for body in self.web.json]  # type: ignore[index]

    def mailed(self) -> list[str]:
        """Incidents that the mailbox was told of, in their order."""
        bodies = [message.get_body(("plain",)) for message in self.mail.messages]
        texts = [body.get_content() for body in bodies if body is not None]
        return [next(name for name in saved.INCIDENTS if name in text) for text in texts]
