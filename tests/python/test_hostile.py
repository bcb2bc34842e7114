"""One hostile shop through everything: what a user sees at each exit is text, and nothing acts."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest
import yaml
from streamlit.testing.v1 import AppTest

import servers
from conftest import PROJECT, Shop
from hostile import (
    BULK,
    DATABASE,
    DAYS,
    ESCAPE,
    FILE,
    FOLDER,
    FORMULA,
    MARKUP,
    SQL,
    START,
    TEXTS,
    Expected,
    write,
)
from retail.commands import main as retail
from retail.console import escape_control_chars
from retail.outputs.alerts import job as alerting
from retail.outputs.alerts import settings
from retail.outputs.dashboard import csv_file, order_lines, read, server
from retail.outputs.dashboard.records import Place
from retail.storage import atomic_publish
from retail.storage.errors import StorageError
from test_report import DRAWN, Tags

LABEL = f"{MARKUP}{SQL}{ESCAPE}\u202e"
SECRETS = {
    "ALERT_WEBHOOK_URL": "http://127.0.0.1:{web}/services/s3cret-webhook",
    "ALERT_SMTP_USER": "s3cret-user",
    "ALERT_SMTP_PASSWORD": "s3cret-password",
    "RETAIL_DOWNLOAD_URL": "https://data.example/online.zip?token=s3cret-token",
    "DBT_ENV_SECRET_ANYTHING": "s3cret-of-dbt",
}
OTHERS = {
    "ALERT_SMTP_HOST": "127.0.0.1",
    "ALERT_SMTP_PORT": "{mail}",
    "ALERT_SMTP_SECURITY": "none",
    "ALERT_EMAIL_FROM": "shop@example.org",
    "ALERT_EMAIL_TO": "owner@example.org",
}
NEEDLE = "s3cret"


@dataclass(frozen=True)
class Ran:
    """A shop after its daily job, what the job and dbt said, and what its tables have to hold."""

    database: Path
    folder: Path
    code: int
    out: str
    err: str
    dbt: str
    expected: Expected


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The daily job over the hostile shop, with secrets set and every endpoint failing."""
    folder = tmp_path_factory.mktemp("hostile")
    source, expected = write(folder)
    shop = Shop(hostile_project(folder), folder, str(source))
    database = folder / DATABASE
    with pytest.MonkeyPatch.context() as patch, servers.web() as web, servers.mail() as mail:
        web.answers, mail.refusals = [403], {"AUTH": ["535 no"] * 9}
        for name, value in (SECRETS | OTHERS | {"DBT_LOG_LEVEL_FILE": "debug"}).items():
            patch.setenv(name, value.format(web=web.port, mail=mail.port))
        done = shop.python("-m", "retail", "run", "--alert", "--db", str(database))
        assert "/services/s3cret-webhook" in web.paths
        built = shop.dbt("--debug", "run", "--select", "dim_measures")
        assert built.returncode == 0, built.stdout
    return Ran(database, folder, done.returncode, done.stdout, done.stderr, built.stdout, expected)


def hostile_project(folder: Path) -> Path:
    """The project with hostile words in every KPI's definition."""
    project = folder / "project"
    for name in ("models", "macros", "seeds", "analyses", "tests/data_tests"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / name, project)
    for path in (project / "models/marts/kpis").glob("*.yml"):
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        for metric in told.get("metrics", []):
            metric["label"] = f"{metric['label']} {LABEL}"
            metric["description"] = f"{FORMULA}{LABEL}"
            metric["config"]["meta"]["owner"] = f"{FORMULA}{LABEL}"
        path.write_text(yaml.safe_dump(told), encoding="utf-8")
    return project


def ask(ran: Ran, query: str, *values: object) -> list[tuple[object, ...]]:
    with duckdb.connect(str(ran.database), read_only=True) as connection:
        return connection.execute(query, list(values)).fetchall()


# ----------------------------------------------------------------------------------- tables


def test_every_raw_row_is_accounted_for(ran: Ran) -> None:
    assert ran.code == 1, ran.err  # the alerts could not be sent; everything else is done
    rows = ask(ran, "select source_file, raw_rows, malformed_rows from marts.dim_sources")
    assert rows == [(f"{FOLDER}/{FILE}", ran.expected.rows, ran.expected.malformed)]


def test_texts_are_in_the_tables_as_they_are_in_the_file(ran: Ran) -> None:
    for column in ("description", "country"):
        rows = ask(ran, f"select distinct {column} from marts.fct_order_lines")
        assert {text for (text,) in rows} >= set(TEXTS)
    (customers,) = ask(ran, "select list(customer_id) from marts.dim_customers")[0]
    assert {f"id {text}" for text in TEXTS} == set(customers)
    (labels,) = ask(ran, "select list(label) from marts.dim_kpis")[0]
    assert all(label.endswith(LABEL) for label in labels)


def test_kpis_are_what_the_order_lines_add_up_to(ran: Ran) -> None:
    query = "select period_start, value from marts.fct_kpis_daily where kpi = ? and segment = 'all'"
    revenue = dict(ask(ran, query, "total_revenue"))
    assert len(revenue) == DAYS
    assert revenue == pytest.approx({d: float(v) for d, v in ran.expected.revenue.items()})
    orders = dict(ask(ran, query, "order_count"))
    assert orders == {day: len(names) for day, names in ran.expected.orders.items()}
    countries = ask(
        ran,
        "select segment, cast(sum(numerator) as decimal(18, 2)) from marts.fct_kpis_weekly "
        "where kpi = 'revenue_by_country' group by segment",
    )
    assert {name: Decimal(value) for name, value in countries} == ran.expected.by_country


# --------------------------------------------------------------------------------- terminal


def test_the_bulk_order_is_found_and_its_hostile_country_named(ran: Ran) -> None:
    days = ask(ran, "select period_start from insights.anomalies where grain = 'daily'")
    assert (BULK,) in days
    causes = ask(ran, "select headline from insights.incidents where root_cause::varchar != '{}'")
    assert any(str(headline).endswith(f"country {ESCAPE}") for (headline,) in causes)


def test_nothing_that_a_terminal_obeys_is_printed(
    ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ask(ran, "select incident_id from insights.incidents")
    texts = [ran.out, ran.err]
    for words in (["list"], *(["explain", str(name)] for (name,) in rows)):
        for form in ([], ["--json"]):
            assert retail([*words, *form, "--db", str(ran.database)]) == 0
            texts.append(capsys.readouterr().out)
    assert any(row["headline"].endswith(ESCAPE) for row in json.loads(texts[3]))  # of list --json
    assert escape_control_chars(ESCAPE) in ran.out
    for text in texts:
        assert text == escape_control_chars(text)


@pytest.mark.parametrize("name", ["it's.duckdb", 'a"b.duckdb', "a; drop.duckdb", "a\x1b[2J.duckdb"])
def test_a_database_whose_name_dbt_cannot_quote_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="give RETAIL_DB another file name"):
        atomic_publish._refuse_an_unusable_name(tmp_path / name)


# -------------------------------------------------------------------------- report, dashboard


def assert_text_alone(page: Tags, *, scripts: int) -> None:
    """No element and no attribute of a page came out of the data."""
    assert len(page.named("script")) == scripts
    assert page.named("i", "iframe", "object", "base") == []
    assert all(DRAWN.fullmatch(unquote(image["src"])) for image, _ in page.named("img"))
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert not attributes.get("href", "#").startswith("javascript")


def test_the_report_shows_hostile_texts_and_obeys_none(ran: Ran) -> None:
    page = Tags(ran.database.with_name("report.html").read_text(encoding="utf-8"))
    assert_text_alone(page, scripts=1)
    shown = page.texts[0]
    assert shown == escape_control_chars(shown)
    assert MARKUP in shown
    assert SQL in shown
    assert escape_control_chars(FILE) in shown


@pytest.mark.parametrize("address", [{}, {"kpi": "total_revenue", "by": "country"}, None])
def test_the_dashboard_shows_hostile_texts_and_obeys_none(
    ran: Ran, monkeypatch: pytest.MonkeyPatch, address: dict[str, str] | None
) -> None:
    monkeypatch.setenv("RETAIL_DB", str(ran.database))
    shown = AppTest.from_file(str(server.APP), default_timeout=60)
    newest = ask(ran, "select incident_id from insights.incidents order by period_end desc")[0][0]
    for name, value in ({"incident": str(newest)} if address is None else address).items():
        shown.query_params[name] = value
    shown.run()
    assert not shown.exception
    parts = [part.proto.body for part in shown.get("html")]
    assert any("onerror" in part for part in parts)
    for part in parts:
        if not part.startswith("<script>"):  # that one is our own, and scrolls to the top
            assert_text_alone(Tags(f"<div>{part}</div>"), scripts=0)


def test_what_is_taken_away_runs_nothing_in_a_spreadsheet(ran: Ran) -> None:
    found = read.lines(ran.database, Place(START, START + dt.timedelta(DAYS), (), ()), 100_000)
    lines = map(dataclasses.astuple, found.largest)
    text = csv_file.rows_as_csv(order_lines.COLUMNS, lines).decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    assert len(rows) == len(found.largest) == ran.expected.rows - ran.expected.malformed
    assert {row["description"].removeprefix("'") for row in rows} >= {FORMULA, *TEXTS[3:6]}
    for row in rows:
        for column, value in row.items():
            if column not in ("quantity", "units") and not column.endswith(("price", "revenue")):
                assert not value.startswith(csv_file.FORMULA), column


# ------------------------------------------------------------------------- mails and webhooks


@dataclass(frozen=True)
class Sent:
    web: servers.Web
    mail: servers.Mail


@pytest.fixture(scope="module")
def sent(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """What goes out of the hostile shop once its channels work."""
    database = tmp_path_factory.mktemp("sent") / "shop.duckdb"
    shutil.copyfile(ran.database, database)
    with servers.web() as web, servers.mail() as mail:
        given = {
            name: value.format(web=web.port, mail=mail.port)
            for name, value in (SECRETS | OTHERS).items()
        }
        outcome = alerting.run(database, settings.read(given | {"ALERT_MIN_SEVERITY": "low"}))
        assert outcome.problems == ()
        assert web.bodies
        assert len(mail.messages) == len(web.bodies)
        yield Sent(web, mail)


def test_a_mail_has_its_own_headers_alone_and_no_markup_but_its_own(sent: Sent) -> None:
    for mail in sent.mail.messages:
        assert set(mail.keys()) == {
            "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
            "Content-Type",
        }  # fmt: skip
        assert str(mail["Subject"]) == escape_control_chars(mail["Subject"])
        body = mail.get_body(("html",))
        assert body is not None
        assert_text_alone(Tags(body.get_content().replace("<!doctype html>", "")), scripts=0)
        plain = mail.get_body(("plain",))
        assert plain is not None
        for line in plain.get_content().splitlines():
            assert line == escape_control_chars(line)
            assert not line.startswith(csv_file.FORMULA)
    assert sent.mail.receivers == ["owner@example.org"] * len(sent.mail.messages)


def test_a_webhook_gets_one_object_in_whose_text_nothing_is_a_link_or_a_call(sent: Sent) -> None:
    for body in sent.web.json:
        text = str(body["text"])
        assert text == escape_control_chars(text)
        assert "<" not in text
        assert set(body) == {"text", "incident", "blocks"}
        for shown in texts_of(body["blocks"]):
            assert shown["type"] == "plain_text"
            assert str(shown["text"]) == escape_control_chars(str(shown["text"]))


def texts_of(value: object) -> Iterator[dict[str, object]]:
    """Every text object of Slack's blocks."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


# ---------------------------------------------------------------------------------- secrets


def test_no_secret_is_in_anything_that_the_daily_job_wrote_or_said(ran: Ran) -> None:
    assert "webhook: " in ran.err
    assert "e-mail: " in ran.err
    assert "user or password refused" in ran.err
    assert NEEDLE not in ran.out + ran.err + ran.dbt
    files = [path for path in ran.folder.rglob("*") if path.is_file()]
    assert {"dbt.log", "run_results.json", "manifest.json", "report.html"} <= {
        path.name for path in files
    }
    assert [path for path in files if NEEDLE.encode() in path.read_bytes()] == []
    for schema, table in ask(ran, "select table_schema, table_name from information_schema.tables"):
        found = ask(
            ran,
            f'select count(*) from "{schema}"."{table}" as t where contains(t::varchar, ?)',
            NEEDLE,
        )
        assert found == [(0,)], table
