"""What the environment asks for; the only place that knows the names of its variables."""

from __future__ import annotations

import ipaddress
import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address as MailAddress

from retail.errors import RetailError
from retail.http import Address
from retail.outputs.alerts import mail, webhook
from retail.outputs.alerts.records import Channel
from retail.outputs.alerts.selection import Rules
from retail.reading import SEVERITIES

TIMEOUT_SECONDS = 10.0
HINT = "set ALERT_WEBHOOK_URL, or ALERT_SMTP_HOST with ALERT_EMAIL_FROM and ALERT_EMAIL_TO"
Environment = Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """The channels to use, those that are set up wrong (in one line each), and the rules."""

    channels: tuple[Channel, ...]
    problems: tuple[str, ...]
    rules: Rules


def read(environment: Environment | None = None) -> Settings:
    """Read the settings; a channel that is set up wrong does not stand in another's way.

    Raises:
        RetailError: a rule can't be understood.
    """
    given = os.environ if environment is None else environment
    channels, problems = [], []
    for find in (_webhook, _mail):
        try:
            found = find(given)
        except RetailError as error:
            problems.append(str(error))
        else:
            channels += [found] if found else []
    return Settings(tuple(channels), tuple(problems), _rules(given))


def _rules(given: Environment) -> Rules:
    severity = given.get("ALERT_MIN_SEVERITY") or Rules.min_severity
    if severity not in SEVERITIES:
        raise RetailError(f"ALERT_MIN_SEVERITY is {severity!r}; allowed: {', '.join(SEVERITIES)}")
    return Rules(severity, _number(given, "ALERT_MAX_AGE_DAYS", Rules.max_age_days, 100_000))


def _number(given: Environment, name: str, default: int, most: int) -> int:
    text = given.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise RetailError(f"{name} is {text!r}; give a whole number from 0 to {most}")
    return int(text)


def _webhook(given: Environment) -> Channel | None:
    url = given.get("ALERT_WEBHOOK_URL", "")
    if not url:
        return None
    try:
        address = Address(url)
    except ValueError as error:
        raise RetailError(f"ALERT_WEBHOOK_URL is {error}; nothing went to the webhook") from None
    return webhook.channel(address, _report(given), TIMEOUT_SECONDS)


def _mail(given: Environment) -> Channel | None:
    host = given.get("ALERT_SMTP_HOST", "").strip()
    if not host:
        return None
    receivers = tuple(part for part in given.get("ALERT_EMAIL_TO", "").split(",") if part.strip())
    if not receivers:
        raise RetailError("ALERT_EMAIL_TO is not set; no e-mail was sent")
    return mail.channel(
        _server(given, host),
        _mailbox("ALERT_EMAIL_FROM", given.get("ALERT_EMAIL_FROM", "")),
        tuple(_mailbox("ALERT_EMAIL_TO", part) for part in receivers),
        _report(given),
    )


def _server(given: Environment, host: str) -> mail.Server:
    security = given.get("ALERT_SMTP_SECURITY") or mail.STARTTLS
    if security not in mail.PORTS:
        allowed = ", ".join(mail.PORTS)
        raise RetailError(f"ALERT_SMTP_SECURITY is {security!r}; allowed: {allowed}")
    user, password = given.get("ALERT_SMTP_USER", ""), given.get("ALERT_SMTP_PASSWORD", "")
    if user and security == mail.NONE and not _is_this_machine(host):
        raise RetailError(
            "ALERT_SMTP_SECURITY=none would send the password readable by anybody on the way; "
            "use starttls or ssl"
        )
    port = _number(given, "ALERT_SMTP_PORT", mail.PORTS[security], 65535)
    return mail.Server(host, port, security, user, password, TIMEOUT_SECONDS)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _mailbox(name: str, text: str) -> str:
    """An address like shop@example.org, and nothing else that a header could mean."""
    try:
        mailbox = MailAddress(addr_spec=text.strip())
    except (ValueError, IndexError, HeaderParseError):
        raise RetailError(f"{name} holds no e-mail address; give one like a@example.org") from None
    if not (mailbox.username and mailbox.domain and mailbox.addr_spec.isascii()):
        raise RetailError(f"{name} holds no e-mail address; give one like a@example.org")
    return mailbox.addr_spec


def _report(given: Environment) -> str:
    """Where the report is to be read; no other than an http(s) address is passed on."""
    text = given.get("ALERT_REPORT_URL", "")
    is_address = urllib.parse.urlsplit(text).scheme in ("http", "https") and text.isprintable()
    return text if is_address and " " not in text else ""
