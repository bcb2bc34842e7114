"""Send alerts: read, select, send, record."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retail.errors import RetailError
from retail.feedback import record
from retail.feedback.status import RECOVERED
from retail.http import PostError, with_retry
from retail.outputs.alerts import digest, message, settings
from retail.outputs.alerts.digest import due
from retail.outputs.alerts.message import Links
from retail.outputs.alerts.read import read, with_series
from retail.outputs.alerts.records import Alert, Candidates, Channel, Digest
from retail.outputs.alerts.selection import OVER, WORSE, Selection, select
from retail.outputs.alerts.settings import Settings
from retail.reading import SEVERITIES
from retail.reading import today as today_utc
from retail.schema import SentAlertRow

Sleep = Callable[[float], None]
NOT_SIMULATED = "the data are simulated, and nobody is alerted of them unless --simulated is given"


UNSET = Channel("any channel", lambda _: (), lambda _: ())
"""Stands in a dry run for channels that are not set up yet."""


@dataclass(frozen=True)
class Outcome:
    """What was sent, as (channel, headline), what a person is to know, and what went wrong."""

    sent: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def lines(outcome: Outcome, *, dry: bool = False) -> list[str]:
    """What was sent and what was not, one line each."""
    verb = "would be sent" if dry else "sent"
    sent = [f"{verb} by {channel}: {headline}" for channel, headline in outcome.sent]
    return [*(sent or [f"nothing {verb.removeprefix('would be ')}"]), *outcome.notes]


def run(
    path: Path,
    given: Settings | None = None,
    *,
    dry: bool = False,
    simulated: bool = False,
    sleep: Sleep = time.sleep,
    today: dt.date | None = None,
) -> Outcome:
    """Send every alert that is due, each channel for itself.

    An alert is recorded in the feedback file once its channel has taken it: a job that dies between
    the two sends it again the next time.

    Args:
        path: the finished DuckDB file.
        given: channels and rules; by default those of the environment.
        dry: choose, but send and note nothing.
        simulated: send also what is about simulated data.
        sleep: how to wait between attempts.
        today: the day by which snoozes end; by default today, in UTC.

    Raises:
        RetailError: the file or the rules do not allow it; nothing was sent.
    """
    chosen_by = settings.read() if given is None else given
    found = read(path, today or today_utc())
    if found.is_simulated and not simulated:
        return Outcome((), (NOT_SIMULATED,), chosen_by.problems)
    if not dry and chosen_by.channels:
        record.append(path, "alerts", [])  # if it can't be noted, it must not be sent
    channels = chosen_by.channels or ((UNSET,) if dry else ())
    parts = [_channel(path, c, found, chosen_by, dry, sleep) for c in channels]
    nobody = not chosen_by.channels and not chosen_by.problems
    return Outcome(
        tuple(item for part in parts for item in part.sent),
        (
            *((f"no channel is set up; {settings.HINT}",) if nobody else ()),
            *(note for part in parts for note in part.notes),
        ),
        (*chosen_by.problems, *(problem for part in parts for problem in part.problems)),
    )


def _channel(
    path: Path, channel: Channel, found: Candidates, given: Settings, dry: bool, sleep: Sleep
) -> Outcome:
    """Send what one channel is to send."""
    choice = select(found, channel.name, given.rules)
    digests = due(found, channel.name) if given.has_digest else []
    news: list[Alert | Digest] = [*choice.alerts, *digests]
    left_out = _left_out(channel, choice, given)
    if dry:
        full = [one if isinstance(one, Digest) else with_series(path, one) for one in news]
        named = ((f"{channel.name} for {one.owner or 'nobody'}", _shown(one)) for one in full)
        return Outcome(tuple(named), left_out, ())
    sent: list[Alert | Digest] = []
    failures: list[PostError] = []
    refused: dict[str, None] = {}
    for one in news:
        try:
            refused |= dict.fromkeys(_send(path, channel, one, sleep))
        except PostError as failure:
            failures.append(failure)
            if failure.may_pass:
                break  # nobody is there: the others would wait as long, and in vain
            continue
        _note(path, channel, one)
        sent.append(one)
    problems = tuple(
        f"{channel.name}: {len(news) - len(sent)} of {len(news)} not sent: "
        f"{failure}; the next run tries again"
        for failure in failures[:1]
    )
    notes = (*left_out, *_refused(channel, tuple(refused)))
    return Outcome(tuple((channel.name, _headline(one)) for one in sent), notes, problems)


def _headline(news: Alert | Digest) -> str:
    if isinstance(news, Digest):
        return digest.write(news, Links()).subject
    return {WORSE: "worse: ", OVER: "over: "}.get(news.reason, "") + news.incident.headline


def _shown(news: Alert | Digest) -> str:
    """What a dry run shows: all that a message says."""
    written = digest.write(news, Links()) if isinstance(news, Digest) else message.write(news)
    story = [] if isinstance(news, Digest) else [written.story, *written.picture]
    facts = [f"{name}: {text}" for name, text in written.facts]
    return "\n    ".join([_headline(news), *story, *facts])


def _send(path: Path, channel: Channel, news: Alert | Digest, sleep: Sleep) -> tuple[str, ...]:
    """Send an alert or a digest, and again if that may help; the receivers that were refused.

    Raises:
        PostError: nobody has it.
    """
    if isinstance(news, Digest):
        return with_retry(lambda: channel.send_digest(news), sleep)
    alert = with_series(path, news)
    return with_retry(lambda: channel.send(alert), sleep)


def _note(path: Path, channel: Channel, news: Alert | Digest) -> None:
    """Keep that an alert or a digest went out.

    Raises:
        RetailError: the file does not allow it any more.
    """
    try:
        record.append(path, "alerts", [_row(channel, news)])
    except RetailError as error:
        raise RetailError(f"sent, but not noted, so it will be sent again: {error}") from error


def _row(channel: Channel, news: Alert | Digest) -> SentAlertRow:
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if isinstance(news, Digest):
        return SentAlertRow(news.name, "", channel.name, digest.DIGEST, SEVERITIES[0], 0.0, now)
    incident = news.incident
    return SentAlertRow(
        incident_id=incident.incident_id,
        lead_anomaly_id=incident.lead_anomaly_id,
        channel=channel.name,
        reason=OVER if incident.status == RECOVERED else news.reason,
        severity=incident.severity,
        confidence=incident.confidence,
        sent_at=now,
    )


def _refused(channel: Channel, receivers: tuple[str, ...]) -> tuple[str, ...]:
    if not receivers:
        return ()
    return (
        f"{channel.name}: the server refused {', '.join(receivers)}, which is not tried again: "
        "the other receivers have the message",
    )


def _left_out(channel: Channel, choice: Selection, given: Settings) -> tuple[str, ...]:
    if not choice.too_old:
        return ()
    noun = "incident" if choice.too_old == 1 else "incidents"
    return (
        f"{channel.name}: left out {choice.too_old} {noun} that ended more than "
        f"{given.rules.max_age_days} days before the last day looked at (ALERT_MAX_AGE_DAYS)",
    )
