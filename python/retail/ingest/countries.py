"""Tell when several spellings mean one country, by the names of Unicode's CLDR (through Babel)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

LANGUAGES = (
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "tr", "cs", "hu", "ro",
    "el", "ru", "ja", "zh",
)  # fmt: skip
"""In whose names a country, or a month, is recognised."""
OTHER_NAMES = {
    "great britain": "GB", "united kingdom of great britain and northern ireland": "GB",
    "eire": "IE", "holland": "NL", "czech republic": "CZ", "united states of america": "US",
    "federal republic of germany": "DE", "russian federation": "RU",
}  # fmt: skip
"""Common names that CLDR has not."""
_CODE = 3
"""Characters up to which a spelling is a code."""


@dataclass(frozen=True)
class Country:
    """What a spelling stands for."""

    spelling: str
    country: str
    """The spelling that all of its kind are shown under."""
    standard_name: str | None
    """English name; None where it is not known as a country."""


def unify(lines: Mapping[str, int], home: str | None = None) -> tuple[Country, ...]:
    """Find one name for all spellings of a country.

    A country that is spelled in one way keeps its spelling. Of several the home country's is taken
    where it is among them, else the one that most lines have; codes, and names in small letters or
    capitals alone, come last.

    Args:
        lines: number of order lines by spelling.
        home: the shop's own country.
    """
    groups: dict[str, list[str]] = {}
    for spelling in lines:
        groups.setdefault(code_of(spelling) or _plain(spelling), []).append(spelling)
    home_group = (code_of(home) or _plain(home)) if home else None
    found = []
    for group, spellings in groups.items():
        named = max(spellings, key=lambda s: (len(s) > _CODE, _is_a_name(s), lines[s], s))
        shown = home if home and group == home_group else named
        found += [Country(spelling, shown, _names().get(group)) for spelling in spellings]
    return tuple(sorted(found, key=lambda country: country.spelling))


def code_of(spelling: str) -> str | None:
    """The ISO 3166 code of a country's name or code; None where it is not certain."""
    return _codes().get(_plain(spelling))


def _is_a_name(spelling: str) -> bool:
    return spelling not in (spelling.lower(), spelling.upper())


def _plain(text: str) -> str:
    """A spelling without capitals, dots and hyphens, and without its code in brackets."""
    known = re.sub(r"(?<=\w)\s*\([A-Z]{2,3}\)\s*$", "", unicodedata.normalize("NFKC", text))
    return " ".join(known.casefold().replace(".", "").replace("-", " ").split())


@cache
def _names() -> dict[str, str]:
    """English names by code."""
    # Imported late: nothing but a new spelling needs it.
    from babel import Locale

    territories = Locale("en").territories
    return {code: name for code, name in territories.items() if code.isalpha()}


@cache
def _codes() -> dict[str, str]:
    """Codes by every name, alias and code; a name that means two countries is left out."""
    from babel import Locale
    from babel.core import get_global

    known: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in _names():
                known.setdefault(_plain(name), set()).add(code)
    for alias, codes in get_global("territory_aliases").items():
        if len(codes) == 1 and codes[0] in _names():
            known.setdefault(_plain(alias), set()).add(codes[0])
    known |= {_plain(code): {code} for code in _names()}
    known |= {name: {code} for name, code in OTHER_NAMES.items()}
    return {name: next(iter(codes)) for name, codes in known.items() if len(codes) == 1}
