"""Alerts: each incident once, again when it got worse, and never a word that harms."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser

import findings
import servers
from conftest import Shop
from detect.records import Incident
from findings import AS_OF, incident
from retail import formatting
from retail.errors import RetailError
from retail.feedback import record
from retail.jobs.detection import store
from retail.outputs.alerts import digest, formats, job, message, settings
from retail.outputs.alerts.job import Outcome
from retail.outputs.alerts.read import read, with_series
from retail.outputs.alerts.records import Alert
from retail.outputs.alerts.selection import LEVELS, Rules, select
from retail.reading import read_sent_alerts, reading
from retail.schema import FeedbackRow
from retail.storage import feedback_file
from retail.storage.publish import staged_build
from servers import Mail, Web

SECRET = "T0P-S3CRET"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "retail.duckdb"


@pytest.fixture
def webhook() -> Iterator[Web]:
    with servers.web() as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mail]:
    with servers.mail() as server:
        yield server


def to_webhook(server: Web) -> dict[str, str]:
    return {"ALERT_WEBHOOK_URL": f"{server.url}/services/{SECRET}"}


def to_mailbox(server: Mail) -> dict[str, str]:
    return {
        "ALERT_SMTP_HOST": "127.0.0.1",
        "ALERT_SMTP_PORT": str(server.port),
        "ALERT_SMTP_SECURITY": "none",
        "ALERT_EMAIL_FROM": "shop@example.org",
        "ALERT_EMAIL_TO": "ann@example.org, bob@example.org",
    }


class Pauses(list[float]):
    """Waits that are noted, and not waited for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def send(
    database: Path,
    environment: dict[str, str],
    pauses: Pauses | None = None,
    *,
    simulated: bool = False,
) -> Outcome:
    return job.run(
        database,
        settings.read(environment),
        simulated=simulated,
        sleep=Pauses() if pauses is None else pauses,
    )


def noted(database: Path) -> list[tuple[str, str, str]]:
    with reading(database) as connection:
        rows = read_sent_alerts(connection)
    return sorted((row.channel, row.incident_id, row.reason) for row in rows)


# -------------------------------------------------------------------------------- what is due


def test_an_incident_is_sent_once_by_each_channel(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident())
    everywhere = to_webhook(webhook) | to_mailbox(mailbox)
    assert len(send(database, everywhere).sent) == 2
    assert send(database, everywhere).sent == ()
    assert (len(webhook.bodies), len(mailbox.messages)) == (1, 1)
    assert noted(database) == [("e-mail", "i1", "new"), ("webhook", "i1", "new")]


def test_a_new_run_of_detection_and_a_new_build_keep_what_was_sent(
    database: Path, webhook: Web
) -> None:
    findings.write(database, incident())
    send(database, to_webhook(webhook))
    with staged_build(database, store.carry_over) as copy:
        findings.write(copy, incident())
    assert send(database, to_webhook(webhook)).sent == ()


def test_what_is_sent_while_a_build_is_under_way_is_not_forgotten(
    database: Path, webhook: Web
) -> None:
    findings.write(database, incident())
    with staged_build(database, store.carry_over) as copy:
        send(database, to_webhook(webhook))
        given = FeedbackRow(
            "a-i1", "order_count", "all", "ack", None, None, dt.datetime(2024, 4, 1)
        )
        record.append(database, "feedback", [given])
        findings.write(copy, incident())
    assert noted(database) == [("webhook", "i1", "new")]
    assert store.read_feedback(database) == [given]
    with staged_build(database, store.carry_over):
        pass
    assert len(noted(database)) == 1


@pytest.mark.parametrize(
    ("changes", "is_sent_again"),
    [
        ({"severity": "critical"}, True),
        ({"confidence": 0.995}, True),
        ({"confidence": 0.98}, False),
        ({"severity": "medium"}, False),
        ({"confidence": 0.6}, False),
        ({"severity": "critical", "status": "acknowledged"}, False),
        ({"severity": "critical", "status": "snoozed"}, False),
        ({"severity": "critical", "status": "false"}, False),
    ],
)
def test_an_incident_is_sent_again_only_when_it_got_worse_and_nobody_has_answered(
    database: Path, webhook: Web, changes: dict[str, object], is_sent_again: bool
) -> None:
    findings.write(database, incident())
    send(database, to_webhook(webhook))
    findings.write(database, incident(**changes))
    send(database, to_webhook(webhook))
    assert len(webhook.bodies) == 1 + is_sent_again
    if is_sent_again:
        assert webhook.json[1]["incident"]["reason"] == "worse"  # type: ignore[index]
        assert str(webhook.json[1]["text"]).startswith(f"[{changes.get('severity', 'high')}, worse")


def test_a_confidence_that_wavers_around_a_level_is_sent_twice_at_most(
    database: Path, webhook: Web
) -> None:
    for step in range(6):
        findings.write(database, incident(confidence=LEVELS[-1] + (-1) ** (step + 1) * 0.002))
        send(database, to_webhook(webhook))
    assert len(webhook.bodies) == 2


def test_an_incident_under_another_name_but_with_the_same_lead_is_not_news(
    database: Path, webhook: Web
) -> None:
    findings.write(database, incident())
    send(database, to_webhook(webhook))
    with duckdb.connect(str(database)) as connection:
        connection.execute("update insights.incidents set incident_id = 'i2'")
        connection.execute("update insights.anomalies set incident_id = 'i2'")
    assert send(database, to_webhook(webhook)).sent == ()


def test_an_answer_given_since_the_last_run_is_honoured(database: Path, webhook: Web) -> None:
    findings.write(database, incident())
    given = FeedbackRow("a-i1", "order_count", "all", "ack", None, None, dt.datetime(2024, 4, 1))
    record.append(database, "feedback", [given])
    assert send(database, to_webhook(webhook)).sent == ()


def test_a_snooze_that_is_over_is_no_answer(database: Path, webhook: Web) -> None:
    findings.write(database, incident())
    until = dt.date(2024, 4, 10)
    given = FeedbackRow(
        "a-i1", "order_count", "all", "snooze", until, None, dt.datetime(2024, 4, 1)
    )
    record.append(database, "feedback", [given])
    everywhere = settings.read(to_webhook(webhook))
    assert job.run(database, everywhere, today=until).sent == ()
    assert len(job.run(database, everywhere, today=until + dt.timedelta(days=1)).sent) == 1


def test_old_and_mild_incidents_are_left_out_and_the_old_ones_counted(
    database: Path, webhook: Web
) -> None:
    days = [AS_OF - dt.timedelta(days=age) for age in (0, 14, 15, 400)]
    told = [incident(f"i{number}", day=day) for number, day in enumerate(days)]
    findings.write(database, *told, incident("mild", severity="low"))
    outcome = send(database, to_webhook(webhook))
    assert [body["incident"]["incident_id"] for body in webhook.json] == ["i1", "i0"]  # type: ignore[index]
    (note,) = outcome.notes
    assert "left out 2 incidents that ended more than 14 days before" in note
    assert "ALERT_MAX_AGE_DAYS" in note


def test_the_rules_are_those_of_the_environment() -> None:
    given = settings.read({"ALERT_MIN_SEVERITY": "critical", "ALERT_MAX_AGE_DAYS": "3"})
    assert given.rules == Rules("critical", 3)
    for wrong in ({"ALERT_MIN_SEVERITY": "loud"}, {"ALERT_MAX_AGE_DAYS": "-1"}):
        with pytest.raises(RetailError, match="ALERT_M"):
            settings.read(wrong)


def test_a_dry_run_says_what_would_be_sent_and_sends_and_notes_nothing(
    database: Path, webhook: Web
) -> None:
    findings.write(database, incident())
    before = database.read_bytes()
    outcome = job.run(database, settings.read(to_webhook(webhook)), dry=True)
    first, *rest = "\n".join(job.lines(outcome, dry=True)).splitlines()
    assert first == (
        "would be sent by webhook for Operations: Order count 50 % below expected on 30 March 2024"
    )
    assert rest[0] == "    Order count came to 45 on 30 March 2024, where 90 was expected."
    assert "    Check first: stock, price and listing of product 22502" in rest
    assert webhook.bodies == []
    assert database.read_bytes() == before


# --------------------------------------------------------------------------------- what fails


def test_a_channel_that_fails_does_not_stop_the_other_and_is_tried_again_next_time(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident())
    webhook.answers = [500]
    everywhere = to_webhook(webhook) | to_mailbox(mailbox)
    pauses = Pauses()
    outcome = send(database, everywhere, pauses)
    (problem,) = outcome.problems
    assert problem.startswith("webhook: 1 of 1 not sent: 127.0.0.1 answered 500")
    assert len(mailbox.messages) == 1
    assert len(webhook.bodies) == 1 + len(pauses) == 3
    assert noted(database) == [("e-mail", "i1", "new")]
    webhook.answers = [200]
    assert [channel for channel, _ in send(database, everywhere).sent] == ["webhook"]


def test_a_short_failure_is_waited_for(database: Path, webhook: Web, mailbox: Mail) -> None:
    findings.write(database, incident())
    webhook.answers = [503, 429, 200]
    mailbox.refusals = {"DATA": ["451 try later"]}
    outcome = send(database, to_webhook(webhook) | to_mailbox(mailbox))
    assert outcome.problems == ()
    assert len(outcome.sent) == 2


def test_a_refused_message_is_not_repeated_and_the_next_one_goes_out(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident("i1"), incident("i2"))
    webhook.answers = [400, 200]
    mailbox.refusals = {"DATA": ["554 no"]}
    outcome = send(database, to_webhook(webhook) | to_mailbox(mailbox))
    assert [channel for channel, _ in outcome.sent] == ["webhook", "e-mail"]
    assert len(outcome.problems) == 2
    assert noted(database) == [("e-mail", "i2", "new"), ("webhook", "i2", "new")]


def test_a_refused_receiver_is_named_and_the_others_get_no_message_twice(
    database: Path, mailbox: Mail
) -> None:
    findings.write(database, incident())
    mailbox.refusals = {"RCPT": ["550 no such user"]}
    outcome = send(database, to_mailbox(mailbox))
    assert (len(outcome.sent), outcome.problems) == (1, ())
    (note,) = outcome.notes
    assert note.startswith("e-mail: the server refused ann@example.org, ")
    assert mailbox.receivers == ["bob@example.org"]
    again = send(database, to_mailbox(mailbox))
    assert (again.sent, again.notes, len(mailbox.messages)) == ((), (), 1)


def test_where_every_receiver_is_refused_nothing_is_sent(database: Path, mailbox: Mail) -> None:
    findings.write(database, incident())
    mailbox.refusals = {"RCPT": ["550 no such user", "550 no such user"]}
    outcome = send(database, to_mailbox(mailbox))
    assert (outcome.sent, outcome.notes, noted(database)) == ((), (), [])
    assert "1 of 1 not sent: 127.0.0.1 answered 550" in outcome.problems[0]


def test_what_a_server_says_after_it_took_a_message_does_not_send_it_again(
    database: Path, mailbox: Mail
) -> None:
    findings.write(database, incident())
    mailbox.refusals = {"QUIT": ["451 busy"]}
    assert send(database, to_mailbox(mailbox)).problems == ()
    assert len(mailbox.messages) == 1


def test_nobody_is_waited_for_once_per_incident(database: Path) -> None:
    findings.write(database, *(incident(f"i{number}") for number in range(5)))
    pauses = Pauses()
    outcome = send(database, {"ALERT_WEBHOOK_URL": f"http://127.0.0.1:9/{SECRET}"}, pauses)
    assert len(pauses) == 2
    assert "5 of 5 not sent: cannot reach 127.0.0.1" in outcome.problems[0]


def test_a_redirect_is_a_refusal(database: Path, webhook: Web) -> None:
    findings.write(database, incident())
    webhook.answers = [302]
    assert "answered 302" in send(database, to_webhook(webhook)).problems[0]
    assert len(webhook.bodies) == 1


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"ALERT_SMTP_HOST": "h"}, "ALERT_EMAIL_TO is not set"),
        ({"ALERT_SMTP_HOST": "h", "ALERT_EMAIL_TO": "a@b.org"}, "ALERT_EMAIL_FROM holds no"),
        (
            {"ALERT_SMTP_HOST": "h", "ALERT_EMAIL_TO": "a@b.org\nBcc: x@y.org",
             "ALERT_EMAIL_FROM": "a@b.org"},
            "ALERT_EMAIL_TO holds no",
        ),
        (
            {"ALERT_SMTP_HOST": "mail.example.org", "ALERT_EMAIL_TO": "a@b.org",
             "ALERT_EMAIL_FROM": "a@b.org", "ALERT_SMTP_SECURITY": "none",
             "ALERT_SMTP_USER": "u", "ALERT_SMTP_PASSWORD": SECRET},
            "readable by anybody",
        ),
        ({"ALERT_WEBHOOK_URL": f"file:///etc/{SECRET}"}, "not an http or https address"),
        ({"ALERT_WEBHOOK_URL": f"http://host/{SECRET}\n"}, "not an http or https address"),
        ({"ALERT_WEBHOOK_URL": f"http://[{SECRET}"}, "ALERT_WEBHOOK_URL is"),
    ],
)  # fmt: skip
def test_a_channel_that_is_set_up_wrong_is_told_in_one_line_without_its_secret(
    environment: dict[str, str], told: str
) -> None:
    (problem,) = settings.read(environment).problems
    assert told in problem
    assert SECRET not in problem
    assert "\n" not in problem


def test_without_a_channel_nothing_happens_and_the_way_to_one_is_told(database: Path) -> None:
    findings.write(database, incident())
    outcome = job.run(database, settings.read({}))
    assert outcome.sent == outcome.problems == ()
    assert "ALERT_WEBHOOK_URL" in outcome.notes[0]


def test_a_file_that_cannot_take_a_note_gets_nothing_sent(
    database: Path, webhook: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings.write(database, incident())
    record.append(database, "alerts", [])
    monkeypatch.setattr(feedback_file, "PATIENCE_SECONDS", 0.0)
    with closing(sqlite3.connect(feedback_file.path_of(database))) as other:
        other.execute("begin immediate")
        with pytest.raises(RetailError, match="locked by another program"):
            send(database, to_webhook(webhook))
    assert webhook.bodies == []


def test_a_missing_file_is_told_in_one_line(database: Path) -> None:
    with pytest.raises(RetailError, match="no such database"):
        job.run(database, settings.read({}))


# ------------------------------------------------------------------------------ what is read

HOSTILE = incident(
    headline="Order count <script>alert(1)</script> & <!channel>\r\nBcc: spy@example.org",
    narrative="=HYPERLINK(\"http://evil\")\r\n.\r\nDATA <img src=x onerror=alert(1)>\u202e\u2028",
    root_cause={"product": '=cmd|"/c calc"!A1'},
)  # fmt: skip


def test_hostile_text_does_no_harm_in_an_e_mail(database: Path, mailbox: Mail) -> None:
    findings.write(database, HOSTILE)
    assert send(database, to_mailbox(mailbox)).problems == ()
    (mail,) = mailbox.messages
    assert mailbox.receivers == ["ann@example.org", "bob@example.org"]
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("[high] Order count <script>alert(1)</script>")
    page, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))  # type: ignore[union-attr]
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page + text
    assert "http" not in page.replace("http://evil", "")
    assert "<a" not in page


def test_hostile_text_does_no_harm_in_a_webhook(database: Path, webhook: Web) -> None:
    findings.write(database, HOSTILE)
    assert send(database, to_webhook(webhook)).problems == ()
    (body,) = webhook.json
    text = str(body["text"])
    assert "<" not in text
    assert "&lt;!channel&gt;" in text
    assert not any(line.startswith(("=", "+", "-", "@")) for line in text.splitlines())
    assert body["incident"]["root_cause"] == HOSTILE.root_cause  # type: ignore[index]


def test_an_alert_tells_the_incident_in_words_and_in_plain_fields(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident(narrative="Orders fell to 45."))
    report = {"ALERT_REPORT_URL": "https://example.org/report.html"}
    send(database, to_webhook(webhook) | to_mailbox(mailbox) | report)
    (body,) = webhook.json
    for words in ("[high] Order count", "Orders fell to 45.", "Incident i1", "/report.html"):
        assert words in str(body["text"])
        assert words in str(mailbox.messages[0]).replace("=\n", "")  # its lines are wrapped
    plain = body["incident"]
    assert plain["narrative"] == "Orders fell to 45."  # type: ignore[index]
    assert plain["lead"]["kpi"] == "order_count"  # type: ignore[index]
    assert (plain["severity"], plain["confidence"]) == ("high", 0.97)  # type: ignore[index]
    assert "SIMULATED" not in str(body["text"])


@pytest.mark.parametrize(
    ("direction", "cause", "check"),
    [
        ("down", {"product": "22502"}, "stock, price and listing of 22502"),
        ("up", {"product": "22502"}, "the largest orders and the price of 22502"),
        ("up", {"country": "France"}, "the largest orders of country France"),
        ("down", {}, "that all order lines came in; then shop, payment and prices"),
        ("up", {}, "the largest orders, and that no lines came in twice"),
    ],
)
def test_where_to_begin_to_look_follows_from_cause_and_direction(
    database: Path, direction: str, cause: dict[str, str], check: str
) -> None:
    findings.write(database, incident(root_cause=cause))
    with duckdb.connect(str(database)) as connection:
        connection.execute("update insights.anomalies set direction = ?", [direction])
    (alert,) = select(read(database, AS_OF), "x", Rules()).alerts
    assert dict(message.write(alert).facts)["Check first"].replace("product ", "") == check


def over(**changes: object) -> Incident:
    return incident(status="recovered", recovered_on=AS_OF, impact=-1234.0, **changes)


def test_an_incident_that_was_sent_is_closed_once_with_its_total(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    everywhere = to_webhook(webhook) | to_mailbox(mailbox)
    findings.write(database, incident())
    send(database, everywhere)
    findings.write(database, over())
    send(database, everywhere)
    send(database, everywhere)
    assert noted(database).count(("webhook", "i1", "over")) == 1
    assert len(webhook.bodies) == len(mailbox.messages) == 2
    assert webhook.json[1]["incident"]["reason"] == "over"  # type: ignore[index]
    assert str(webhook.json[1]["text"]).startswith("[over] Order count")
    assert "by 31 Mar 2024, −1,234 in all" in str(webhook.json[1]["text"])


def test_what_was_over_before_anybody_heard_of_it_is_sent_once(
    database: Path, webhook: Web
) -> None:
    findings.write(database, over())
    for _ in range(2):
        send(database, to_webhook(webhook))
    (body,) = webhook.json
    assert str(body["text"]).startswith("[high] Order count")
    assert "Status: Over by 31 Mar 2024" in str(body["text"])


def test_the_messages_of_an_incident_are_one_thread_in_a_mailbox(
    database: Path, mailbox: Mail
) -> None:
    for news in (incident(), incident(severity="critical"), over(severity="critical")):
        findings.write(database, news)
        send(database, to_mailbox(mailbox))
    first, *later = mailbox.messages
    assert first["In-Reply-To"] is None
    assert len(later) == 2
    assert {(m["In-Reply-To"], m["References"]) for m in later} == {(first["Message-ID"],) * 2}
    assert len({m["Message-ID"] for m in mailbox.messages}) == 3


def test_an_owner_with_a_setting_of_his_own_gets_his_alerts_there(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident())
    own = {
        "ALERT_EMAIL_TO_OPERATIONS": "ops@example.org",
        "ALERT_EMAIL_TO_FINANCE": "cash@example.org",
        "ALERT_WEBHOOK_URL_OPERATIONS": f"{webhook.url}/operations",
    }
    send(database, to_webhook(webhook) | to_mailbox(mailbox) | own)
    assert mailbox.receivers == ["ops@example.org"]
    assert webhook.paths == ["/operations"]


def test_slack_gets_blocks_that_hold_no_markup(database: Path, webhook: Web) -> None:
    findings.write(database, HOSTILE)
    pages = {
        "ALERT_REPORT_URL": "https://example.org/report.html",
        "ALERT_DASHBOARD_URL": "https://example.org/dashboard?theme=dark",
    }
    send(database, to_webhook(webhook) | pages)
    blocks = webhook.json[0]["blocks"]
    assert isinstance(blocks, list)
    assert [block["type"] for block in blocks] == [
        "header", "section", "section", "actions", "context",
    ]  # fmt: skip
    assert len(blocks[0]["text"]["text"]) <= 150
    assert "mrkdwn" not in str(blocks)
    assert [button["url"] for button in blocks[3]["elements"]] == [
        "https://example.org/report.html#incident-i1",
        "https://example.org/dashboard?theme=dark&incident=i1",
    ]


def test_teams_gets_an_adaptive_card(database: Path, webhook: Web) -> None:
    findings.write(database, incident(headline="Orders of [x](http://evil) *fell*"))
    send(database, to_webhook(webhook) | {"ALERT_WEBHOOK_FORMAT": "teams"})
    (attachment,) = webhook.json[0]["attachments"]  # type: ignore[misc,attr-defined]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"], card["actions"]) == ("AdaptiveCard", "1.4", [])
    assert card["body"][0]["text"] == r"\[high\] Orders of \[x\](http://evil) \*fell\*"
    facts = {fact["title"]: fact["value"] for fact in card["body"][2]["facts"]}
    assert facts["How sure"] == "very likely (97 %)"
    assert facts["Check first"].startswith("stock, price and listing of")
    assert facts["For"] == "Operations"


DIGEST = {"ALERT_DIGEST": "weekly", "ALERT_EMAIL_TO_FINANCE": "cash@example.org"}


def test_each_owner_gets_one_digest_of_a_week_that_is_over(
    quick: Shop, tmp_path: Path, mailbox: Mail, webhook: Web
) -> None:
    path = tmp_path / "own.duckdb"
    shutil.copyfile(quick.database, path)
    everywhere = to_mailbox(mailbox) | to_webhook(webhook) | DIGEST
    send(path, everywhere)
    news = [m for m in mailbox.messages if "Week of " in m["Subject"]]
    with duckdb.connect(str(path), read_only=True) as connection:
        ((as_of,),) = connection.execute("select max(as_of) from insights.runs").fetchall()
        rows = connection.execute(
            """
            select owner, label, kpis.value from marts.dim_kpis
            inner join marts.fct_kpis_weekly as kpis using (kpi)
            where kpis.segment = 'all' and kpi = 'order_count' and kpis.period_start = ?
            """,
            [digest.last_week(as_of)],
        ).fetchall()
    assert [m["Subject"].partition(" for ")[2].partition(":")[0] for m in news] == [
        "Finance", "Marketing", "Operations", "Product",
    ]  # fmt: skip
    assert "cash@example.org" in mailbox.receivers
    ((owner, label, value),) = rows
    (mine,) = [m for m in news if f" for {owner}:" in m["Subject"]]
    assert (
        f"{label}: {formatting.amount(value, 'count')}" in mine.get_body(("plain",)).get_content()
    )
    before = len(mailbox.messages), len(webhook.bodies)
    assert send(path, everywhere).sent == ()
    assert (len(mailbox.messages), len(webhook.bodies)) == before


def test_a_digest_has_what_began_what_is_over_and_what_is_still_open(
    database: Path, webhook: Web
) -> None:
    day = AS_OF - dt.timedelta(days=3)
    findings.write(
        database,
        incident("new", day=day, headline="It began"),
        incident("old", day=AS_OF - dt.timedelta(days=40), headline="It goes on"),
        incident("over", day=AS_OF - dt.timedelta(days=30), recovered_on=day, status="recovered",
                 headline="=It is over"),
        *(incident(f"more{i}", day=AS_OF - dt.timedelta(days=50 + i)) for i in range(12)),
    )  # fmt: skip
    outcome = job.run(database, settings.read({"ALERT_DIGEST": "weekly"}), dry=True)
    told = "\n".join(job.lines(outcome, dry=True))
    assert "Week of 25 March 2024 for Operations: 1 new, 1 over, 13 still open" in told
    for line in ("New, high: It began", "Over, high: “=It is over", "Still open: 3 more incidents"):
        assert f"    {line}" in told
    send(database, to_webhook(webhook) | {"ALERT_DIGEST": "weekly"})
    (news,) = [body for body in webhook.json if "incident" not in body]
    blocks = news["blocks"]
    assert isinstance(blocks, list)
    assert max(len(block.get("fields", ())) for block in blocks) <= 10


@pytest.mark.parametrize(
    ("as_of", "monday"),
    [("2024-03-31", "2024-03-25"), ("2024-04-01", "2024-03-25"), ("2024-03-30", "2024-03-18")],
)
def test_a_week_is_over_on_its_sunday(as_of: str, monday: str) -> None:
    assert digest.last_week(dt.date.fromisoformat(as_of)) == dt.date.fromisoformat(monday)


def test_an_unknown_rhythm_is_refused() -> None:
    with pytest.raises(RetailError, match="ALERT_DIGEST is 'hourly'; allowed: weekly"):
        settings.read({"ALERT_DIGEST": "hourly"})


def test_a_dry_run_needs_no_channel(database: Path) -> None:
    findings.write(database, incident())
    first, *notes = job.lines(job.run(database, settings.read({}), dry=True), dry=True)
    assert first.startswith("would be sent by any channel for Operations: Order count 50 % below")
    assert "no channel is set up" in notes[0]


def test_no_alert_tells_anybody_to_type_a_command(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident())
    send(database, to_webhook(webhook) | to_mailbox(mailbox))
    assert "retail " not in str(webhook.json) + str(mailbox.messages[0])


def test_every_alert_of_a_real_shop_has_a_picture_of_its_series(quick: Shop) -> None:
    """Also of a product, a country or a type of customer, of which nothing is forecast."""
    found = read(quick.database, AS_OF)
    drawn = {}
    for news in found.incidents:
        lead = found.leads[news.lead_anomaly_id]
        alert = with_series(quick.database, Alert(news, lead, "new", is_simulated=False))
        picture = message.picture(alert)
        assert picture is not None
        assert len(picture.shares) <= message.BARS
        assert picture.is_found == (*[False] * (len(picture.shares) - 1), True)
        written = message.write(alert)
        body = formats.as_html(written, picture)
        assert body.count("&nbsp;") == len(picture.shares)
        assert picture.caption in body
        signs, caption = written.picture
        assert len(signs) == len(picture.shares)
        assert {*signs} <= {*message.SIGNS}
        for form in (formats.as_blocks(written), formats.as_card(written)):
            assert signs in str(form)
            assert caption in str(form)
        assert signs in formats.as_text(written)
        drawn[lead.dimension or "", lead.segment] = picture
    assert len({dimension for dimension, _ in drawn}) > 1


def test_the_bars_of_a_mail_fit_a_phone(browser: Browser, tmp_path: Path) -> None:
    picture = message.Picture((0.5,) * message.BARS, (False,) * message.BARS, "28 days")
    told = message.Message("s", "h", "bad", "", "story", (), (), "r")
    (tmp_path / "mail.html").write_text(formats.as_html(told, picture), encoding="utf-8")
    page = browser.new_page(viewport={"width": 360, "height": 640})
    page.goto((tmp_path / "mail.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_a_long_headline_is_seen_to_be_cut(database: Path, webhook: Web) -> None:
    findings.write(database, incident(headline="Orders of " + "x" * 200))
    send(database, to_webhook(webhook))
    blocks = webhook.json[0]["blocks"]
    assert isinstance(blocks, list)
    told = blocks[0]["text"]["text"]
    assert len(told) == formats.LONGEST_HEADER
    assert told.endswith("x…")


def test_of_simulated_data_nobody_is_alerted(database: Path, webhook: Web) -> None:
    findings.write(database, incident(), source="simulated shop: orders.csv")
    outcome = send(database, to_webhook(webhook))
    assert not webhook.json
    assert outcome.sent == ()
    assert "simulated" in outcome.notes[0]


def test_an_alert_of_simulated_data_that_was_asked_for_says_so_in_its_subject(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident(), source="simulated shop: orders.csv")
    send(database, {**to_webhook(webhook), **to_mailbox(mailbox)}, simulated=True)
    assert str(webhook.json[0]["text"]).startswith("[SIMULATED] [")
    assert str(mailbox.messages[0]["Subject"]).startswith("[SIMULATED] [")
    assert "SIMULATED DATA" in str(webhook.json[0]["text"])


def test_the_last_run_counts_also_after_the_clock_was_set_back(database: Path) -> None:
    findings.write(database, incident())
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into insights.runs by name select * replace (as_of - 1 as as_of, "
            "finished_at - interval 1 day as finished_at) from insights.runs"
        )
    assert read(database, AS_OF).as_of == AS_OF - dt.timedelta(days=1)


def test_the_same_news_has_the_same_key_so_that_a_copy_is_known(
    database: Path, webhook: Web, mailbox: Mail
) -> None:
    findings.write(database, incident())
    for _ in range(2):
        send(database, to_webhook(webhook) | to_mailbox(mailbox))
        feedback_file.path_of(database).unlink()  # as if it had died before the record
    keys = {body["incident"]["alert_key"] for body in webhook.json}  # type: ignore[index]
    assert len(webhook.bodies) == 2
    assert len(keys) == len({mail["Message-ID"] for mail in mailbox.messages}) == 1


# -------------------------------------------------------------------- encryption, and secrets


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    both = folder / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_mail_goes_encrypted_and_only_to_a_server_with_a_valid_certificate(
    database: Path, certificate: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings.write(database, incident())
    with servers.mail(certificate, wrapped=security == "ssl") as server:
        given = to_mailbox(server) | {
            "ALERT_SMTP_HOST": "localhost",
            "ALERT_SMTP_SECURITY": security,
            "ALERT_SMTP_USER": "ann",
            "ALERT_SMTP_PASSWORD": SECRET,
        }
        (problem,) = send(database, given).problems
        assert "no valid certificate" in problem
        assert server.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
        assert send(database, given).problems == ()
        assert server.logins == [f"\0ann\0{SECRET}"]
        assert server.was_encrypted == [True]


def test_mail_is_not_sent_to_a_server_that_cannot_encrypt(database: Path, mailbox: Mail) -> None:
    findings.write(database, incident())
    given = to_mailbox(mailbox) | {"ALERT_SMTP_SECURITY": "starttls"}
    (problem,) = send(database, given).problems
    assert "offers no encryption" in problem
    assert mailbox.messages == []


@pytest.mark.parametrize("refusal", [{"AUTH": [f"535 no such password: {SECRET}"]}, {}])
def test_no_secret_is_ever_told(
    database: Path, webhook: Web, mailbox: Mail, refusal: dict[str, list[str]]
) -> None:
    findings.write(database, incident())
    mailbox.refusals = refusal
    webhook.answers = [(404, f"no service at {SECRET}".encode())]
    given = to_webhook(webhook) | to_mailbox(mailbox)
    given |= {"ALERT_SMTP_USER": "ann", "ALERT_SMTP_PASSWORD": SECRET + ("" if refusal else "é")}
    done = subprocess.run(
        [sys.executable, "-m", "retail", "alerts", "--db", database],
        env=os.environ | given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert SECRET not in done.stdout + done.stderr
    assert SECRET not in repr(settings.read(given)) + repr(send(database, given))
    assert SECRET.encode() not in database.read_bytes()


def test_the_choice_is_the_same_whatever_order_the_table_is_in(database: Path) -> None:
    findings.write(database, incident("b"), incident("a"))
    chosen = select(read(database, AS_OF), "webhook", Rules())
    assert [alert.incident.incident_id for alert in chosen.alerts] == ["a", "b"]
