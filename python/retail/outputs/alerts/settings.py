"""What the environment asks for; the only place that knows the names of its variables."""

from __future__ import annotations

import ipaddress
import os
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address as MailAddress
from typing import TypeVar

from retail.errors import RetailError
from retail.http import Address
from retail.outputs.alerts import mail, webhook
from retail.outputs.alerts.message import Links
from retail.outputs.alerts.records import Channel
from retail.outputs.alerts.selection import Rules
from retail.reading import SEVERITIES

TIMEOUT_SECONDS = 10.0
WEEKLY = "weekly"
HINT = "set ALERT_WEBHOOK_URL, or ALERT_SMTP_HOST with ALERT_EMAIL_FROM and ALERT_EMAIL_TO"
Environment = Mapping[str, str]
Setting = TypeVar("Setting")


@dataclass(frozen=True)
class Settings:
    """The channels to use, those that are set up wrong (in one line each), and the rules."""

    channels: tuple[Channel, ...]
    problems: tuple[str, ...]
    rules: Rules
    has_digest: bool = False


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
    return Settings(tuple(channels), tuple(problems), _rules(given), _has_digest(given))


def _rules(given: Environment) -> Rules:
    severity = given.get("ALERT_MIN_SEVERITY") or Rules.min_severity
    if severity not in SEVERITIES:
        raise RetailError(f"ALERT_MIN_SEVERITY is {severity!r}; allowed: {', '.join(SEVERITIES)}")
    return Rules(severity, _number(given, "ALERT_MAX_AGE_DAYS", Rules.max_age_days, 100_000))


def _has_digest(given: Environment) -> bool:
    wanted = given.get("ALERT_DIGEST", "")
    if wanted not in ("", WEEKLY):
        raise RetailError(f"ALERT_DIGEST is {wanted!r}; allowed: {WEEKLY}")
    return bool(wanted)


def _number(given: Environment, name: str, default: int, most: int) -> int:
    text = given.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise RetailError(f"{name} is {text!r}; give a whole number from 0 to {most}")
    return int(text)


def _webhook(given: Environment) -> Channel | None:
    url = given.get("ALERT_WEBHOOK_URL", "")
    if not url:
        return None
    form = given.get("ALERT_WEBHOOK_FORMAT") or webhook.SLACK
    if form not in webhook.FORMS:
        allowed = ", ".join(webhook.FORMS)
        raise RetailError(f"ALERT_WEBHOOK_FORMAT is {form!r}; allowed: {allowed}")
    address_of = _by_owner(given, "ALERT_WEBHOOK_URL", _address)
    return webhook.channel(address_of, _links(given), TIMEOUT_SECONDS, form)


def _address(name: str, url: str) -> Address:
    try:
        return Address(url)
    except ValueError as error:
        raise RetailError(f"{name} is {error}; nothing went to the webhook") from None


def _by_owner(
    given: Environment, name: str, parse: Callable[[str, str], Setting]
) -> Callable[[str], Setting]:
    """A setting, and what it is for an owner with one of his own: `ALERT_EMAIL_TO_FINANCE`."""
    own = {key: parse(key, text) for key, text in given.items() if key.startswith(f"{name}_")}
    common = parse(name, given.get(name, ""))
    return lambda owner: own.get(f"{name}_{re.sub(r'[^A-Za-z0-9]', '_', owner).upper()}", common)


def _mail(given: Environment) -> Channel | None:
    host = given.get("ALERT_SMTP_HOST", "").strip()
    if not host:
        return None
    receivers_of = _by_owner(given, "ALERT_EMAIL_TO", _mailboxes)
    sender = _mailbox("ALERT_EMAIL_FROM", given.get("ALERT_EMAIL_FROM", ""))
    return mail.channel(_server(given, host), sender, receivers_of, _links(given))


def _mailboxes(name: str, text: str) -> mail.Receivers:
    receivers = tuple(_mailbox(name, part) for part in text.split(",") if part.strip())
    if not receivers:
        raise RetailError(f"{name} is not set; no e-mail was sent")
    return receivers


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


def _links(given: Environment) -> Links:
    """Where report and dashboard are to be read; only http(s) addresses are passed on."""
    pages = (given.get(name, "") for name in ("ALERT_REPORT_URL", "ALERT_DASHBOARD_URL"))
    return Links(*map(_page, pages))


def _page(text: str) -> str:
    is_address = urllib.parse.urlsplit(text).scheme in ("http", "https") and text.isprintable()
    return text if is_address and " " not in text else ""
