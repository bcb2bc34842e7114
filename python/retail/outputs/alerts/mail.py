"""Alerts by e-mail: one message each, plain and HTML, through one SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime

from retail.http import PostError, within
from retail.outputs.alerts import digest, formats, message
from retail.outputs.alerts.message import Links, Message
from retail.outputs.alerts.records import Alert, Channel, Digest

Receivers = tuple[str, ...]
NAME = "e-mail"
STARTTLS, SSL, NONE = "starttls", "ssl", "none"
PORTS = {STARTTLS: 587, SSL: 465, NONE: 25}
STEPS = 3
"""A conversation may take so many times as long as one answer."""
TEMPORARY = range(400, 500)
"""Replies by which a server asks to be tried again later (RFC 5321, 4.2.1)."""


@dataclass(frozen=True)
class Server:
    """An SMTP server and who asks it; the password is not in its representation."""

    host: str
    port: int
    security: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    timeout: float


def channel(
    server: Server, sender: str, receivers_of: Callable[[str], Receivers], links: Links
) -> Channel:
    """The channel of e-mail.

    Args:
        server: who takes the messages.
        sender: address they come from.
        receivers_of: addresses they go to, by owner.
        links: where report and dashboard are to be read.
    """

    def send(alert: Alert) -> Receivers:
        return hand_over(compose(alert, sender, receivers_of(alert.owner), links))

    def send_digest(news: Digest) -> Receivers:
        words = digest.write(news, links)
        html = formats.as_html(words)
        return hand_over(_mail(words, news.name, sender, receivers_of(news.owner), html))

    def hand_over(mail: EmailMessage) -> Receivers:
        try:
            return within(STEPS * server.timeout, lambda: _deliver(server, mail))
        except TimeoutError:
            raise PostError(f"{server.host} did not answer in time", may_pass=True) from None

    return Channel(NAME, send, send_digest)


def compose(alert: Alert, sender: str, receivers: Receivers, links: Links) -> EmailMessage:
    """The message; its id is the same for the same news, so that mailboxes can tell a copy.

    What is sent of an incident later answers the first message, so that they are one thread.
    """
    words = message.write(alert, links)
    html = formats.as_html(words, message.picture(alert))
    mail = _mail(words, message.key(alert), sender, receivers, html)
    if alert.thread:
        first = f"<{alert.thread}@{Address(addr_spec=sender).domain}>"
        mail["In-Reply-To"] = mail["References"] = first
    return mail


def _mail(words: Message, key: str, sender: str, receivers: Receivers, html: str) -> EmailMessage:
    """A message as plain text and HTML."""
    domain = Address(addr_spec=sender).domain
    mail = EmailMessage()
    mail["Subject"] = words.subject
    mail["From"] = sender
    mail["To"] = ", ".join(receivers)
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = f"<{key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(formats.as_text(words))
    mail.add_alternative(html, subtype="html")
    return mail


def _deliver(server: Server, mail: EmailMessage) -> Receivers:
    """Hand a message over.

    Returns:
        The receivers that the server refused; the others have it.

    Raises:
        PostError: nobody has it; without the server's words, which may repeat ours.
    """
    try:
        with _session(server) as session:
            if server.security == STARTTLS:
                session.starttls(context=ssl.create_default_context())
            if server.user:
                session.login(server.user, server.password)
            return tuple(session.send_message(mail))
    except smtplib.SMTPResponseException as error:
        raise _refusal(server, error.smtp_code) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _refusal(server, min(codes, default=550)) from None
    except ssl.SSLCertVerificationError:
        raise PostError(f"{server.host} has no valid certificate", may_pass=False) from None
    except smtplib.SMTPNotSupportedError:
        raise PostError(
            f"{server.host} offers no {'encryption' if server.security == STARTTLS else 'login'}",
            may_pass=False,
        ) from None
    except UnicodeError:  # its text would repeat the password
        raise PostError("user and password may hold ASCII only", may_pass=False) from None
    except (OSError, smtplib.SMTPException):
        raise PostError(f"cannot reach {server.host}:{server.port}", may_pass=True) from None


@contextmanager
def _session(server: Server) -> Iterator[smtplib.SMTP]:
    """A conversation; what is said at its end takes no message back."""
    session = _connect(server)
    try:
        yield session
        with suppress(OSError):
            session.quit()
    finally:
        session.close()


def _connect(server: Server) -> smtplib.SMTP:
    if server.security == SSL:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=server.timeout)


def _refusal(server: Server, code: int) -> PostError:
    meaning = ": user or password refused" if code in (530, 534, 535) else ""
    return PostError(f"{server.host} answered {code}{meaning}", may_pass=code in TEMPORARY)
