"""Draft a day: invoices and their lines, before they are numbered and sorted."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from retail.simulate.draws import IntArray


@dataclass(frozen=True, slots=True)
class Draft:
    """Invoices, arrays of shape (invoices,), and lines, arrays of shape (lines,).

    `invoice` is the position of a line's invoice; `minute` counts from the day's midnight. The
    rest is as in `lines.Lines`.
    """

    kind: IntArray
    minute: IntArray
    customer: IntArray
    country: IntArray
    invoice: IntArray
    code: IntArray
    text: IntArray
    quantity: IntArray
    price: IntArray


OF_LINES = ("invoice", "code", "text", "quantity", "price")
"""Fields of a draft that have a value per line."""


def stack(drafts: Sequence[Draft]) -> Draft:
    """Put drafts of one day together; at least one is needed."""
    heads = np.cumsum([0, *(len(draft.kind) for draft in drafts)])
    joined = {f.name: np.concatenate([getattr(d, f.name) for d in drafts]) for f in fields(Draft)}
    invoice = np.concatenate([d.invoice + h for d, h in zip(drafts, heads, strict=False)])
    return Draft(**(joined | {"invoice": invoice}))


def single_lines(
    kind: int,
    minute: IntArray,
    customer: IntArray,
    country: IntArray,
    code: IntArray,
    text: IntArray,
    quantity: IntArray,
    price: IntArray,
) -> Draft:
    """Make invoices of one line each; all arrays have the same shape."""
    size = len(minute)
    kinds = np.full(size, kind)
    return Draft(kinds, minute, customer, country, np.arange(size), code, text, quantity, price)
