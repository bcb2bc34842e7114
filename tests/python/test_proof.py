"""`retail verify`: every sentence of every story is derived again, and none that was altered."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from conftest import Shop
from retail import formatting
from retail.commands import main as retail
from retail.reading import reading
from retail.reading.proof import Form, Story, known_stories, match, prove

ALTERED = 200
DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}")
WAYS = (
    ("above", "below"), ("more than", "less than"), ("rose", "fell"), ("unusually high",
    "unusually low"), ("probably not", "hardly"),
)  # fmt: skip


@pytest.fixture(scope="module")
def known(detected: Shop) -> list[tuple[Story, list[Form], list[Form]]]:
    with reading(detected.database) as connection:
        return list(known_stories(connection))


def figure(text: str, random: np.random.Generator, _: list[str]) -> str:
    """Another digit in a figure or a code."""
    found = list(re.finditer(r"\d", text))
    if not found:
        return text
    at = found[int(random.integers(len(found)))].start()
    return f"{text[:at]}{(int(text[at]) + int(random.integers(1, 10))) % 10}{text[at + 1 :]}"


def sign(text: str, random: np.random.Generator, _: list[str]) -> str:
    """Plus for minus, or a minus where there is none."""
    if "+" in text or "−" in text:
        return text.translate(str.maketrans("+−", "−+"))
    return text.replace("£", "−£", 1)


def name(text: str, random: np.random.Generator, names: list[str]) -> str:
    """Another KPI or another segment."""
    mine = [one for one in names if one.lower() in text.lower()]
    if not mine:
        return text
    old = max(mine, key=len)
    new = str(random.choice([one for one in names if one not in mine]))
    return re.sub(re.escape(old), lambda _: new, text, count=1, flags=re.IGNORECASE)


def direction(text: str, random: np.random.Generator, _: list[str]) -> str:
    """Up for down."""
    for some in WAYS:
        for old, new in (some, some[::-1]):
            if old in text:
                return text.replace(old, new, 1)
    return text


def unit(text: str, random: np.random.Generator, _: list[str]) -> str:
    """Another currency, or points for percent."""
    changed = text.replace("£", "$", 1)
    return changed if changed != text else text.replace(" %", " percentage points", 1)


def date(text: str, random: np.random.Generator, _: list[str]) -> str:
    """A day some days later."""

    def later(found: re.Match[str]) -> str:
        day = dt.datetime.strptime(found[0], "%d %B %Y").date()
        return formatting.day(day + dt.timedelta(days=int(random.integers(1, 40))), full=True)

    return DAY.sub(later, text, count=1)


ALTER: tuple[Callable[[str, np.random.Generator, list[str]], str], ...] = (
    figure, sign, name, direction, unit, date,
)  # fmt: skip


def altered(known: list[tuple[Story, list[Form], list[Form]]]) -> Iterator[tuple[Story, str, str]]:
    """Stories with one sentence altered, each by every means in turn."""
    random = np.random.default_rng(11)
    names = sorted({m for story, *_ in known for m in (story.segment, *LABELS) if m != "all"})
    for alter in ALTER:
        done = 0
        for _ in range(20 * ALTERED):
            story = known[int(random.integers(len(known)))][0]
            sentences = [
                row.sentence for row in match(story, story.narrative, forms(known, story))[0]
            ]
            old = str(random.choice(sentences))
            new = alter(old, random, names)
            if new != old and done < ALTERED / len(ALTER):
                done += 1
                yield story, alter.__name__, story.narrative.replace(old, new, 1)


LABELS = ("Total revenue", "Orders", "Return rate", "Average price", "Units sold")


def forms(known: list[tuple[Story, list[Form], list[Form]]], story: Story) -> list[Form]:
    return next(sentences for one, _, sentences in known if one == story)


def test_every_story_is_derived_again(known: list[tuple[Story, list[Form], list[Form]]]) -> None:
    assert len(known) >= 10
    for story, headlines, sentences in known:
        assert match(story, story.headline, headlines)[1] == []
        assert match(story, story.narrative, sentences)[1] == []


def test_no_altered_sentence_is(known: list[tuple[Story, list[Form], list[Form]]]) -> None:
    spoilt = list(altered(known))
    assert len(spoilt) >= ALTERED
    for story, how, narrative in spoilt:
        assert match(story, narrative, forms(known, story))[1], (how, narrative)


def test_the_facts_are_a_table_whose_queries_give_the_figures(detected: Shop) -> None:
    with reading(detected.database) as connection:
        rows = connection.execute(
            "select query, sentence, figure from insights.narrative_facts using sample 100 rows "
            "(reservoir, 7)"
        ).fetchall()
        stored = connection.execute("select count(*) from insights.narrative_facts").fetchall()
        assert stored == [(len(prove(connection)[0]),)]
        for query, sentence, figure in rows:
            assert figure.lower() in sentence.lower()
            assert connection.execute(query).fetchall()


def test_the_command_names_what_no_fact_gives(
    detected: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.duckdb"
    shutil.copyfile(detected.database, path)
    assert retail(["verify", "--db", str(path)]) == 0
    with duckdb.connect(str(path)) as connection:
        ((name,),) = connection.execute(
            "update insights.incidents set headline = 'All is well' where incident_id = "
            "(select min(incident_id) from insights.incidents) returning incident_id"
        ).fetchall()
    capsys.readouterr()
    assert retail(["verify", "--db", str(path)]) == 1
    assert f"{name}: no fact gives: All is well" in capsys.readouterr().out
