"""What people get without asking: a page that needs no network, and each alert once."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from blackbox import saved
from blackbox.conftest import Place
from blackbox.receivers import ALL_OF_THEM, Receivers

ADDRESSES = {"src", "srcset", "data", "poster", "background", "action", "formaction"}
LOADING = {"link", "script", "img", "iframe", "object", "embed", "base", "image", "use"}


class Page(HTMLParser):
    """The text of a page, the addresses that it would load, and its style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loaded: list[str] = []
        self.code: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            if name in ADDRESSES or (tag in LOADING and name.endswith("href")):
                self.loaded.append(value or "")
            if name == "style":
                self.code.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        (self.code if self.inside in ("style", "script") else self.words).append(data)

    @property
    def text(self) -> str:
        """As it is read: with plain blanks."""
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def page(built: Place, tmp_path_factory: pytest.TempPathFactory) -> Page:
    path = tmp_path_factory.mktemp("report") / "page.html"
    built.must("report", path=path)
    return Page(path.read_text(encoding="utf-8"))


def test_the_report_needs_nothing_from_elsewhere(page: Page) -> None:
    assert [a for a in page.loaded if not a.startswith(("data:", "#"))] == []
    code = "".join(page.code)
    assert page.code
    assert not any(word in code for word in ("http:", "https:", "@import", "url(//", "fetch("))


def test_the_report_tells_every_kpi_and_every_incident(built: Place, page: Page) -> None:
    labels = built.ask("select label from marts.dim_kpis")
    assert [label for (label,) in labels if str(label) not in page.text] == []
    told = built.ask("select headline from insights.incidents")
    assert [line for (line,) in told if " ".join(str(line).split()) not in page.text] == []


def test_the_job_leaves_a_report_beside_the_database(built: Place) -> None:
    (path,) = built.folder.glob("*.html")
    assert "Return rate" in Page(path.read_text(encoding="utf-8")).text


# ------------------------------------------------------------------------------------ alerts


def test_an_incident_is_sent_once_and_again_only_when_it_is_worse(
    as_of: Place, tmp_path: Path, receivers: Receivers
) -> None:
    mine = as_of.copy(tmp_path)
    mine.must("alerts", receivers.settings)
    assert receivers.posted() == receivers.mailed() == [saved.SLUMP]
    mine.must("alerts", receivers.settings)
    assert len(receivers.posted()) == len(receivers.mailed()) == 1
    before = mine.ask("select severity from insights.incidents where incident_id = ?", saved.SLUMP)
    mine.must("detect")
    after = mine.ask("select severity from insights.incidents where incident_id = ?", saved.SLUMP)
    assert (before, after) == ([("medium",)], [("critical",)])
    mine.must("alerts", receivers.settings)
    assert receivers.posted() == receivers.mailed() == [saved.SLUMP, saved.SLUMP]
    assert "worse" in str(receivers.web.json[-1]["text"]).splitlines()[0]
    assert "worse" in receivers.mail.messages[-1]["Subject"]


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(
    own: Place, receivers: Receivers
) -> None:
    query = "select headline from insights.incidents where incident_id = ?"
    ((headline,),) = own.ask(query, saved.SLUMP)
    assert str(headline) in own.must("alerts, dry", receivers.settings)
    assert receivers.posted() == receivers.mailed() == []
    assert str(headline) in own.must("alerts", receivers.settings)
    assert receivers.posted() == receivers.mailed() == [saved.SLUMP]
    assert str(headline) in str(receivers.web.json[0]["text"])
    assert str(headline) in receivers.mail.messages[0]["Subject"]
    assert receivers.web.paths == ["/hook"]
    assert receivers.mail.receivers == ["ann@example.org"]


def test_what_is_answered_is_not_sent(
    answered: Place, tmp_path: Path, receivers: Receivers
) -> None:
    answered.copy(tmp_path).must("alerts", receivers.settings | ALL_OF_THEM)
    for told in (receivers.posted(), receivers.mailed()):
        assert saved.SLUMP in told
        assert not {saved.OUTAGE, saved.RETURNS, saved.GERMAN_DAY} & set(told)


def test_what_is_acknowledged_since_the_last_run_is_not_sent(
    own: Place, receivers: Receivers
) -> None:
    own.must("acknowledge", id=saved.OUTAGE)
    own.must("alerts", receivers.settings | ALL_OF_THEM)
    assert set(receivers.posted()) == saved.INCIDENTS - {saved.OUTAGE}
    assert sorted(receivers.mailed()) == sorted(receivers.posted())
    assert len(receivers.posted()) == len(saved.INCIDENTS) - 1
