"""A day on paper: invoices and their lines, before anything is numbered or sorted."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def stack(drafts: Sequence[Draft]) -> Draft:
    """Put drafts of one day together; at least one is needed."""
    heads = np.cumsum([0, *(len(draft.kind) for draft in drafts)])
    return Draft(
        kind=np.concatenate([d.kind for d in drafts]),
        minute=np.concatenate([d.minute for d in drafts]),
        customer=np.concatenate([d.customer for d in drafts]),
        country=np.concatenate([d.country for d in drafts]),
        invoice=np.concatenate([d.invoice + h for d, h in zip(drafts, heads, strict=False)]),
        code=np.concatenate([d.code for d in drafts]),
        text=np.concatenate([d.text for d in drafts]),
        quantity=np.concatenate([d.quantity for d in drafts]),
        price=np.concatenate([d.price for d in drafts]),
    )


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
