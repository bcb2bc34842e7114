"""What a rewrite may not touch: figures, dates, codes and names, taken out before and put back.

The endpoint sees a placeholder for each, such as [2], so it learns no figure and no product, and
text in a product's description can't talk to it. A rewrite is only accepted with every placeholder
once and in the same order: two figures that swap places would be as wrong as a changed one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from retail.errors import RetailError

DAY = r"\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"  # noqa: E501
FIGURE = r"[+−-]?\d[\d,.:]*\d|[+−-]?\d"
UNIT = r"(?: %| percentage points| (?:minute|hour|day)s?(?= later))?"
WAY = r"\((?:up|down)\)|\b(?:above|below)\b"
PLACEHOLDER = re.compile(r"\[(\d+)\]")
NUMBER_WORDS = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"
    r"|million|billion|hal(?:f|ves|ved)|thirds?|quarters?|fifth|tenth|doubled?|twice|twofold"
    r"|tripled?|tenfold|percent|zero)\b",
    re.IGNORECASE,
)
UNSAFE = re.compile(r"[<>`|{}#*\\]|https?:|www\.|[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
LONGEST = 2.0
"""Times the original that a rewrite may be long."""


class RefusedError(RetailError):
    """A rewrite that may not be used; the message says why."""


@dataclass(frozen=True)
class Masked:
    """A story with placeholders, what stands for each in order, and words that must stay."""

    text: str
    kept: tuple[str, ...]
    terms: tuple[str, ...]


def mask(story: str, names: Collection[str], terms: Collection[str]) -> Masked:
    """Take out of a story whatever a rewrite may not touch.

    Args:
        story: the original.
        names: products, customers, countries and codes of the tables: hidden, and kept.
        terms: names of KPIs: shown, for they carry the sense, and kept.
    """
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"[{len(kept)}]"

    spelt = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    named = rf"(?<![\w.,])(?:{spelt})(?![\w]|[.,]\d)|" if spelt else ""
    hidden = re.compile(rf"{named}{DAY}|(?:{FIGURE}){UNIT}|{WAY}")
    text = hidden.sub(hide, story)
    told = (term for term in terms if re.search(_word(term), text, re.IGNORECASE))
    return Masked(text, tuple(kept), tuple(told))


def unmask(rewritten: str, masked: Masked) -> str:
    """The rewrite with everything back in its place.

    Raises:
        RefusedError: something was changed, dropped, added or moved, or this is no plain sentence.
    """
    text = " ".join(rewritten.split())
    if not text:
        raise RefusedError("it is empty")
    if UNSAFE.search(text):
        raise RefusedError("it holds signs that are no part of a plain sentence")
    order = [int(number) for number in PLACEHOLDER.findall(text)]
    if order != list(range(1, len(masked.kept) + 1)):
        raise RefusedError("a figure, date, code or name is missing, repeated or moved")
    bare = PLACEHOLDER.sub("", text)
    if any(sign.isnumeric() for sign in bare) or "[" in bare or "]" in bare:
        raise RefusedError("it adds a figure")
    if _spelt(bare) - _spelt(masked.text):
        raise RefusedError("it adds a figure in words")
    if gone := [t for t in masked.terms if not re.search(_word(t), bare, re.IGNORECASE)]:
        raise RefusedError(f"it no longer names {gone[0]}")
    if len(text) > LONGEST * len(masked.text):
        raise RefusedError("it is more than twice as long")
    return PLACEHOLDER.sub(lambda found: masked.kept[int(found[1]) - 1], text)


def figures(text: str) -> list[str]:
    """Every figure of a text, in order."""
    return re.findall(FIGURE, text)


def _word(term: str) -> str:
    return rf"(?<!\w){re.escape(term)}(?!\w)"


def _spelt(text: str) -> set[str]:
    return {found.lower() for found in NUMBER_WORDS.findall(text)}
