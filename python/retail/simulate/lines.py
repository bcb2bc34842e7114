"""Order lines as columns of numbers, and the words those numbers stand for.

Simulated days and days read from a file look the same here, so that an incident is written once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np

from retail.simulate.draws import BoolArray, IntArray

SALE, CREDIT, BAD_DEBT = 0, 1, 2
PREFIXES = ("", "C", "A")
MILLS = 1000  # prices are whole thousandths of a pound: the public file has 0.001
PENNY = MILLS // 100
MINUTES_PER_DAY = 1440
NO_CUSTOMER = 0
SERVICE_CODES = frozenset(
    {"POST", "DOT", "C2", "C3", "M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"}
)
SERVICE_PREFIXES = ("ADJUST", "GIFT", "TEST")


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of a file, each field an array of shape (rows,).

    Attributes:
        invoice: number without its letter.
        kind: position of the letter in `PREFIXES`.
        code: position of the stock code in the vocabulary.
        text: position of the description in the vocabulary.
        quantity: pieces, negative when they come back.
        minute: minutes since 1970-01-01 00:00.
        price: thousandths of a pound for one piece.
        customer: number, 0 for none.
        country: position of the country in the vocabulary.
        row: which row of the file it came from, -1 for one that was made up later.
    """

    invoice: IntArray
    kind: IntArray
    code: IntArray
    text: IntArray
    quantity: IntArray
    minute: IntArray
    price: IntArray
    customer: IntArray
    country: IntArray
    row: IntArray

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.invoice)

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return the rows at the given positions, or where a mask is true."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def amount(self) -> IntArray:
        """Quantity times price in thousandths of a pound."""
        return self.quantity * self.price


def join(parts: Sequence[Lines]) -> Lines:
    """Put rows under each other; no parts give no rows."""
    names = [field.name for field in fields(Lines)]
    empty = np.zeros(0, dtype=np.int64)
    return Lines(*(np.concatenate([empty, *(getattr(p, name) for p in parts)]) for name in names))


@dataclass(frozen=True)
class Vocabulary:
    """What the numbers in `Lines` stand for; positions are the numbers."""

    codes: tuple[str, ...]
    texts: tuple[str, ...]
    countries: tuple[str, ...]

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Stock codes trimmed and in capitals, so that `85123a` is `85123A`."""
        return tuple(code.strip().upper() for code in self.codes)

    @cached_property
    def code_ids(self) -> IntArray:
        """Number the codes so that spellings of one product have one number; shape (codes,)."""
        return _same(self.products)

    @cached_property
    def text_ids(self) -> IntArray:
        """Number the descriptions so that blanks around them do not count; shape (texts,)."""
        return _same(tuple(text.strip() for text in self.texts))

    @cached_property
    def merchandise(self) -> BoolArray:
        """Say for each code whether it is something to sell; shape (codes,)."""
        return np.array([not is_service(code) for code in self.products], dtype=np.bool_)


def _same(names: tuple[str, ...]) -> IntArray:
    first: dict[str, int] = {}
    return np.array([first.setdefault(name, len(first)) for name in names], dtype=np.int64)


def is_service(product: str) -> bool:
    """Say whether a stock code (trimmed, capitals) stands for a charge, not for merchandise."""
    return product in SERVICE_CODES or product.startswith(SERVICE_PREFIXES)


def is_sale(lines: Lines, words: Vocabulary) -> BoolArray:
    """Mark what counts as a sale: merchandise, no letter, positive quantity and price."""
    plain = (lines.kind == SALE) & (lines.quantity > 0) & (lines.price > 0)
    return np.asarray(plain & words.merchandise[lines.code], dtype=np.bool_)


def is_return(lines: Lines, words: Vocabulary) -> BoolArray:
    """Mark what counts as a return: merchandise on a credit note, negative quantity."""
    back = (lines.kind == CREDIT) & (lines.quantity < 0) & (lines.price > 0)
    return np.asarray(back & words.merchandise[lines.code], dtype=np.bool_)
