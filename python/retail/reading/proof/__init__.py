"""Derive every sentence of the stories again, by SQL: what no fact gives is no sentence of a story.

A fact is a query that gives one figure, name, direction or day of an incident, from the marts where
they have it. A form is a sentence with places for facts. The forms that the facts of an incident
allow are all that its story may say; no code that writes stories has a part in this.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from retail.reading.file import Connection
from retail.reading.measures import read_member_columns
from retail.reading.proof.asking import STORIES, Answers, Asker, Story
from retail.reading.proof.causes import causes
from retail.reading.proof.checks import checks
from retail.reading.proof.forms import Form
from retail.reading.proof.openings import headlines, openings
from retail.reading.proof.others import before, ends, events, lists, typical
from retail.reading.shop import read_money, read_products
from retail.schema import NarrativeFactRow


@dataclass(frozen=True)
class Fault:
    """Words of a story that no fact gives."""

    incident_id: str
    words: str


def prove(
    connection: Connection, but: Container[str] = ()
) -> tuple[list[NarrativeFactRow], list[Fault]]:
    """Derive the stories of a file again.

    Args:
        connection: from `reading`, or of the job that has just written them.
        but: ids of incidents to leave out.

    Returns:
        The facts of every sentence, and what no fact gives.
    """
    facts: list[NarrativeFactRow] = []
    faults: list[Fault] = []
    for story, short, long in known_stories(connection, but):
        for words, forms in ((story.headline, short), (story.narrative, long)):
            found, wrong = match(story, words, forms)
            facts += found
            faults += wrong
    return facts, faults


def known_stories(
    connection: Connection, but: Container[str] = ()
) -> Iterator[tuple[Story, list[Form], list[Form]]]:
    """Every story but some, with what its headline and its sentences may say."""
    money, names = read_money(connection), read_products(connection)
    columns = dict(read_member_columns(connection))
    answers = Answers(connection)
    for row in connection.execute(STORIES).fetchall():
        story = Story(*row)
        if story.incident_id in but:
            continue
        ask = Asker(answers, story, money, names, columns)
        yield story, list(headlines(ask)), list(_sentences(ask))


def match(
    story: Story, words: str, forms: Sequence[Form]
) -> tuple[list[NarrativeFactRow], list[Fault]]:
    """Take a text apart, sentence by sentence, each by the longest form that fits."""
    facts: list[NarrativeFactRow] = []
    at = 0
    while at < len(words):
        fitting = [
            (m.end(), m[0], form)
            for form in forms
            if (m := form.pattern.match(words, at)) and form.fits(m[0])
        ]
        if not fitting:
            return facts, [Fault(story.incident_id, words[at:])]
        end, sentence, form = max(fitting, key=lambda one: one[0])
        facts += [
            NarrativeFactRow(
                story.incident_id, sentence, fact.figure, fact.table, fact.key, fact.query
            )
            for fact in form.facts
            if fact.figure.lower() in sentence.lower()
        ]
        at = end + 1
    return facts, []


def _sentences(ask: Asker) -> Iterator[Form]:
    """What a story may say."""
    for part in (openings, ends, causes, checks, events, typical, lists, before):
        yield from part(ask)
