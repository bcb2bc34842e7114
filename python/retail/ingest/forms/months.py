"""The months by their names, as Unicode's CLDR (through Babel) has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from retail.ingest.countries import LANGUAGES

OTHERS = {"mrz": 3, "sept": 9}
"""Common abbreviations that CLDR has not."""
SHORTEST = 3
"""Characters from which on the beginning of a name means it, where it is of one month."""


@cache
def months() -> Mapping[str, int]:
    """Numbers by name, abbreviation, or the beginning of a name; what means two is left out."""
    exact, parts = dict[str, set[int]](), dict[str, set[int]]()
    for name, number in [*_names(), *OTHERS.items()]:
        exact.setdefault(name, set()).add(number)
        for length in range(SHORTEST, len(name)):
            parts.setdefault(name[:length], set()).add(number)
    every = parts | exact
    return {name: next(iter(numbers)) for name, numbers in every.items() if len(numbers) == 1}


def _names() -> Iterator[tuple[str, int]]:
    # Imported late: nothing but a month in words needs it.
    from babel import Locale

    for language in LANGUAGES:
        for forms in Locale(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in forms[width].items():
                    if name.rstrip(".").isalpha():
                        yield name.rstrip(".").casefold(), number
