"""The halves of a day, before noon and after, as Unicode's CLDR (through Babel) has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from retail.ingest import countries

LANGUAGES = (
    *countries.LANGUAGES, "ko", "ar", "fa", "ur", "he", "hi", "bn", "ta", "vi", "th", "ms", "bg",
    "hr", "sl", "sq", "lv", "uk", "af", "am",
)  # fmt: skip
"""More than of months: whoever writes his months in numbers has a word for these."""
OTHERS = {
    "am": ("vorm", "vormittags", "vm", "पूर्वाह्न", "pagi"),
    "pm": ("nachm", "nachmittags", "nm", "अपराह्न"),
}
"""Those that programs write, and CLDR has not."""
BLANKS = "[. \u00a0\u200c\u202f\u05f4']"
"""What may stand between the letters of one, and behind it."""


@cache
def patterns() -> Mapping[str, str]:
    """By the English word for a half: a pattern of its others, for RE2 and for Python.

    They match in small letters and in capitals, with dots and without; what means both halves in
    two languages is left out.
    """
    found = {"am": set[str](), "pm": set[str]()}
    for half, word in [*_words(), *((h, w) for h, words in OTHERS.items() for w in words)]:
        letters = word.casefold().translate(dict.fromkeys(map(ord, BLANKS)))
        found[half] |= {letters, letters.capitalize(), letters.upper()}
    both = found["am"] & found["pm"]
    return {half: _any_of(words - both) for half, words in found.items()}


def _any_of(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return "|".join("".join(f"{c}{BLANKS}?" for c in word) for word in longest_first)


def _words() -> Iterator[tuple[str, str]]:
    # Imported late: nothing but a date in words needs it.
    from babel import Locale

    for language in LANGUAGES:
        for forms in Locale(language).day_periods.values():
            for width in forms.values():
                for half in ("am", "pm"):
                    word = width.get(half) or ""
                    # A single letter of our script is another's in the next language.
                    if len(word.strip(".")) > 1 or not word.isascii():
                        yield half, word
