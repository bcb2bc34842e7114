"""Sentences that facts allow: fixed words, and facts in their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retail import formatting as shown

END = r"(?= |$)"


@dataclass(frozen=True)
class Fact:
    """A figure as it is shown, the table and key that it is from, and the query that gives it."""

    figure: str
    table: str
    key: str
    query: str


@dataclass(frozen=True)
class Form:
    """A sentence that the facts allow, and these facts; of a list, how many it has in `total`."""

    pattern: re.Pattern[str]
    facts: tuple[Fact, ...]
    total: int | None = None

    def fits(self, sentence: str) -> bool:
        """Whether a list counts as many as there are."""
        if self.total is None:
            return True
        rest = re.search(r" and (\d+) others?\.$", sentence)
        listed = sentence.partition(": ")[2]
        for fact in sorted(self.facts, key=lambda fact: -len(fact.figure)):
            listed = listed.replace(fact.figure, "\0", 1)
        return listed.count("\0") + (int(rest[1]) if rest else 0) == self.total


def form(template: str, *, lead_in: str = "", **facts: Fact | None) -> Iterator[Form]:
    """The sentence of a template with facts in its places; none where a fact is missing.

    Args:
        template: with names of facts in braces.
        lead_in: a template before it, after which it begins in lower case.
        facts: by name.
    """
    used = [facts[name] for name in re.findall(r"{(\w+)}", lead_in + template)]
    known = tuple(fact for fact in used if fact is not None)
    if len(known) == len(used):
        texts = {name: fact.figure for name, fact in facts.items() if fact is not None}
        text = template.format(**texts)
        text = f"{lead_in.format(**texts)}{shown.lower_first(text)}" if lead_in else text
        yield Form(re.compile(re.escape(text) + END), known)


def list_form(
    before: str, items: Sequence[Fact], after: str = r"\.", total: int | None = None
) -> Form:
    """A sentence with some facts as a list; where all of a `total` count, the rest as a number."""
    counted = r"|\d+ others?" if total else ""
    pattern = re.escape(before) + listed(items, counted) + after
    return Form(re.compile(pattern + END), tuple(items), total)


def listed(items: Sequence[Fact], counted: str = "") -> str:
    """The pattern of a list."""
    longest = sorted((re.escape(item.figure) for item in items), key=len, reverse=True)
    one = "|".join(longest)
    return rf"(?:{one})(?:, (?:{one}))*(?: and (?:{one}{counted}))?"
