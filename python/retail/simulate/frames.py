"""Order lines to a table of text, spelled as in the public files."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from retail.simulate.config import Dialect
from retail.simulate.draws import IntArray
from retail.simulate.lines import PREFIXES, Lines, Vocabulary
from retail.simulate.text import COLUMNS, customer_text, minute_text, price_text


def to_frame(lines: Lines, words: Vocabulary, dialect: Dialect) -> pd.DataFrame:
    """Return rows as text, columns in the dialect's order, each a category.

    What is empty in the file is a missing value, so that a CSV shows nothing and no quotes.
    """
    numbers = lines.invoice * len(PREFIXES) + lines.kind
    columns = (
        _spell(numbers, invoice_text),
        _spell(lines.code, words.codes.__getitem__),
        _spell(lines.text, words.texts.__getitem__),
        _spell(lines.quantity, str),
        _spell(lines.minute, lambda minute: minute_text(minute, dialect)),
        _spell(lines.price, price_text),
        _spell(lines.customer, lambda customer: customer_text(customer, dialect)),
        _spell(lines.country, words.countries.__getitem__),
    )
    return pd.DataFrame(dict(zip(COLUMNS[dialect], columns, strict=True)))


def invoice_text(number: int) -> str:
    """Spell an invoice given as number times letters plus letter: `536365` or `C536379`."""
    digits, kind = divmod(number, len(PREFIXES))
    return f"{PREFIXES[kind]}{digits}"


def _spell(values: IntArray, spelling: Callable[[int], str]) -> "pd.Categorical[str]":
    """Spell each different value once; two values may have the same spelling."""
    different, place = np.unique(values, return_inverse=True)
    texts = [spelling(value) for value in different.tolist()]
    known = {text: nth for nth, text in enumerate(dict.fromkeys(text for text in texts if text))}
    codes = np.array([known.get(text, -1) for text in texts], dtype=np.int64)
    return pd.Categorical.from_codes(codes[place], pd.Index(list(known), dtype="str"))
