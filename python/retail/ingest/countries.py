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
    "great britain": "GB", "britain": "GB", "great britain and northern ireland": "GB",
    "united kingdom of great britain and northern ireland": "GB", "eire": "IE",
    "republic of ireland": "IE", "irish republic": "IE", "holland": "NL",
    "kingdom of the netherlands": "NL", "czech republic": "CZ", "slovak republic": "SK",
    "united states of america": "US", "federal republic of germany": "DE", "el": "GR",
    "hellas": "GR", "russian federation": "RU", "turkey": "TR", "republic of turkey": "TR",
    "republic of türkiye": "TR", "uae": "AE", "ksa": "SA", "kingdom of saudi arabia": "SA",
    "hong kong": "HK", "hong kong sar": "HK", "macao": "MO", "macau": "MO", "macao sar": "MO",
    "macau sar": "MO", "people's republic of china": "CN", "mainland china": "CN",
    "taiwan, province of china": "TW", "republic of korea": "KR", "korea, south": "KR",
    "korea, north": "KP", "democratic people's republic of korea": "KP", "viet nam": "VN",
    "lao people's democratic republic": "LA", "lao pdr": "LA", "burma": "MM",
    "syrian arab republic": "SY", "islamic republic of iran": "IR", "palestine": "PS",
    "state of palestine": "PS", "republic of moldova": "MD", "bosnia": "BA",
    "macedonia": "MK", "republic of north macedonia": "MK", "fyrom": "MK",
    "former yugoslav republic of macedonia": "MK", "kyrgyz republic": "KG",
    "republic of cyprus": "CY", "vatican": "VA", "holy see": "VA", "vatican city state": "VA",
    "ivory coast": "CI", "republic of south africa": "ZA", "united republic of tanzania": "TZ",
    "swaziland": "SZ", "republic of the congo": "CG", "democratic republic of the congo": "CD",
    "dr congo": "CD", "drc": "CD", "plurinational state of bolivia": "BO",
    "bolivarian republic of venezuela": "VE", "federated states of micronesia": "FM",
    "falkland islands (malvinas)": "FK", "st vincent and the grenadines": "VC",
    "virgin islands, british": "VG", "virgin islands, us": "VI",
}  # fmt: skip
"""Common names, and those of ISO 3166, that CLDR has not."""
PARTS = (
    "england", "scotland", "wales", "northern ireland", "england and wales", "schottland",
    "nordirland", "écosse", "angleterre", "pays de galles", "irlande du nord", "inglaterra",
    "escocia", "inghilterra", "scozia", "engeland", "schotland",
)  # fmt: skip
WHOLE = "GB"
"""A country whose shops may name its parts in its place."""
UNKNOWN = frozenset(
    (
        "unspecified", "unknown", "other", "others", "undefined", "not specified", "unbekannt",
        "inconnu", "desconocido", "sconosciuto",
    )
)  # fmt: skip
"""Words for no country; those for nothing at all are none of its spellings."""
GROUPS = frozenset(
    ("channel islands", "west indies", "european community", "european union", "rsa", "korea")
)
"""Names of several countries, or not certain ones, that are meant as they stand."""
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


def is_part(spelling: str) -> bool:
    """Whether a name is that of a part of `WHOLE`."""
    return _plain(spelling) in {_plain(part) for part in PARTS}


def _plain(text: str) -> str:
    """A spelling without capitals, accents, articles and signs, and its code in brackets.

    What ISO 3166 puts behind a name comes first, as in `Korea (the Republic of)`.
    """
    known = re.sub(r"(?<=\w)\s*\([A-Z]{2,3}\)\s*$", "", unicodedata.normalize("NFKC", text))
    known = unicodedata.normalize("NFKD", known.casefold())
    known = re.sub(r"[\u0300-\u036f.'`\u00b4\u2018\u2019]", "", known)
    known = re.sub(r"^(.*\w)\s*(?:\((.* of(?: the)?)\)|, (.* of(?: the)?))\s*$", r"\2\3 \1", known)
    known = re.sub(r"^\s*the |[,(]\s*the\s*\)?\s*$", "", known)
    known = re.sub(r"\band\b", "&", re.sub(r"\bsaint\b", "st", known))
    return " ".join(re.sub(r"[-,()]", " ", known).split())


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
    known |= {_plain(name): {code} for name, code in OTHER_NAMES.items()}
    return {name: next(iter(codes)) for name, codes in known.items() if len(codes) == 1}
