"""The eight columns of an order line, under every spelling that is met."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retail.ingest.errors import IngestError

FIELDS = (
    "invoice_no",
    "stock_code",
    "description",
    "quantity",
    "invoice_date",
    "unit_price",
    "customer_id",
    "country",
)
# As the public data set writes them, in the order of FIELDS.
PUBLIC_NAMES = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
_SPELLINGS = {name.casefold(): field for name, field in zip(PUBLIC_NAMES, FIELDS, strict=True)} | {
    "invoice": "invoice_no",
    "price": "unit_price",
}
_MENTIONED_NAMES = 12
_MENTIONED_CHARACTERS = 30


@dataclass(frozen=True)
class Header:
    """Where the eight columns stand among all the columns of a file."""

    names: tuple[str, ...]
    positions: tuple[int, ...]
    """Position in ``names`` of each column, in the order of ``FIELDS``."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names of the columns that are not read."""
        return tuple(name for i, name in enumerate(self.names) if i not in self.positions)


def field_of(name: str) -> str | None:
    """Name the field a column holds; capitals, blanks and underscores don't matter."""
    return _SPELLINGS.get(re.sub(r"[\s_\ufeff]", "", name).casefold())


def count_known(names: Sequence[str]) -> int:
    """Count the different fields among the columns ``names``."""
    return len({field_of(name) for name in names} - {None})


def match_header(names: Sequence[str], where: str) -> Header:
    """Find the eight columns among ``names``.

    Args:
        names: the columns of a file, in its order.
        where: the file, as the error line names it.

    Raises:
        IngestError: a column is missing, or two columns claim to be the same one.
    """
    claims = [[i for i, name in enumerate(names) if field_of(name) == field] for field in FIELDS]
    missing = [name for name, claim in zip(PUBLIC_NAMES, claims, strict=True) if not claim]
    if missing:
        raise IngestError(
            f"{where} has no column {', '.join(missing)} (found: {mention(names)}); "
            "add what is missing or give the column its usual name"
        )
    for name, claim in zip(PUBLIC_NAMES, claims, strict=True):
        if len(claim) > 1:
            doubled = mention([names[i] for i in claim])
            raise IngestError(
                f"{where} has {len(claim)} columns for {name} ({doubled}); remove all but one"
            )
    return Header(tuple(names), tuple(claim[0] for claim in claims))


def mention(names: Sequence[str]) -> str:
    """List names within a sentence, cut short when there are many or they are long."""
    shown = [name.strip()[:_MENTIONED_CHARACTERS] or "''" for name in names[:_MENTIONED_NAMES]]
    rest = len(names) - len(shown)
    return (", ".join(shown) + (f" and {rest} more" if rest else "")) or "nothing"
