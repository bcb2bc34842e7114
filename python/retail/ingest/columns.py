"""The columns of an order line, under every name that is met."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from retail.ingest.errors import IngestError
from retail.ingest.forms.moments import join

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
NEEDED = ("invoice_no", "stock_code", "quantity", "invoice_date", "unit_price")
"""Without the others, the KPIs that need them are off."""
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "invoice_no": (
            "invoice no",
            "invoice",
            "invoice number",
            "invoice id",
            "order id",
            "order number",
            "order no",
            "order",
            "receipt",
            "receipt no",
            "receipt number",
            "transaction id",
            "bill no",
            "sales order",
            "rechnungsnummer",
            "rechnungsnr",
            "rechnung",
            "belegnummer",
            "belegnr",
            "bestellnummer",
            "auftragsnummer",
            "numero de facture",
            "numero facture",
            "numero commande",
            "factura",
            "numero factura",
        ),
        "stock_code": (
            "stock code",
            "sku",
            "product code",
            "product id",
            "item code",
            "item no",
            "item id",
            "item number",
            "article",
            "article no",
            "article number",
            "product sku",
            "product key",
            "lineitem sku",
            "artikelnummer",
            "artikelnr",
            "artikel nr",
            "artikelcode",
            "code article",
            "reference",
            "codigo producto",
        ),
        "description": (
            "description",
            "product name",
            "item name",
            "product description",
            "item description",
            "product title",
            "product",
            "item",
            "title",
            "lineitem name",
            "bezeichnung",
            "beschreibung",
            "artikelbezeichnung",
            "artikel",
            "produkt",
            "designation",
            "descripcion",
            "produit",
        ),
        "quantity": (
            "quantity",
            "qty",
            "units",
            "order quantity",
            "quantity ordered",
            "item quantity",
            "lineitem quantity",
            "menge",
            "anzahl",
            "stuckzahl",
            "stueckzahl",
            "quantite",
            "cantidad",
        ),
        "invoice_date": (
            "invoice date",
            "invoice timestamp",
            "invoice datetime",
            "order date",
            "ordered at",
            "order datetime",
            "order timestamp",
            "purchase date",
            "transaction date",
            "sale date",
            "created at",
            "date time",
            "timestamp",
            "date",
            "rechnungsdatum",
            "bestelldatum",
            "belegdatum",
            "datum",
            "date facture",
            "date commande",
            "fecha",
        ),
        "unit_price": (
            "unit price",
            "price",
            "item price",
            "item cost",
            "price per unit",
            "price each",
            "lineitem price",
            "product price",
            "selling price",
            "einzelpreis",
            "stuckpreis",
            "stueckpreis",
            "preis",
            "prix unitaire",
            "prix",
            "precio unitario",
            "precio",
        ),
        "customer_id": (
            "customer id",
            "customer",
            "customer no",
            "customer number",
            "customer key",
            "customer code",
            "client id",
            "user id",
            "buyer id",
            "customer email",
            "email",
            "kundennummer",
            "kundennr",
            "kunden nr",
            "kunden id",
            "kunde",
            "numero client",
            "client",
            "cliente",
        ),
        "country": (
            "country",
            "customer country",
            "ship country",
            "shipping country",
            "billing country",
            "country code",
            "land",
            "lieferland",
            "pays",
            "pais",
        ),
    }
)
"""By field: the names of its column, the surest first."""
AMOUNTS = ("quantity", "unit_price")
"""Fields that no other column may have a claim to: which one is meant makes the money."""
TIMES = (
    "invoice time", "order time", "purchase time", "transaction time", "sale time", "time",
    "uhrzeit", "zeit", "heure", "hora",
)  # fmt: skip
"""Names of a column with the time of day, where the date has one of its own."""
MATTERS = re.compile(
    r"status|state$|currency|wahrung|devise|zone|discount|rabatt|refund|cancel|void|tax"
)
"""What the name of a column has that may say which lines count, or what their money is."""
_MENTIONED_NAMES = 12
_MENTIONED_CHARACTERS = 30


def normalise(name: str) -> str:
    """A name without capitals, accents and whatever separates its words."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).casefold()
    return re.sub(r"[^a-z0-9]", "", plain)


_RANKS = {
    normalise(name): (field, rank)
    for field, names in NAMES.items()
    for rank, name in enumerate(names)
}
_TIMES = {normalise(name): rank for rank, name in enumerate(TIMES)}


@dataclass(frozen=True)
class Header:
    """Where the columns of an order line stand among all the columns of a file."""

    names: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    """Positions in ``names`` of each field, in the order of ``FIELDS``: none where the file lacks
    it, two for a date and a time."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names of the columns that are not read."""
        used = {position for columns in self.columns for position in columns}
        return tuple(name for i, name in enumerate(self.names) if i not in used)

    @property
    def suspicious(self) -> tuple[str, ...]:
        """Names of columns that are not read, and may say which lines count or what they cost."""
        return tuple(name for name in self.ignored if MATTERS.search(normalise(name)))

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that the file lacks."""
        return tuple(f for f, at in zip(FIELDS, self.columns, strict=True) if not at)

    def choose(self, row: Sequence[str]) -> list[str]:
        """The fields of a row, an empty text for each that is missing."""
        texts = ([row[i] for i in at] for at in self.columns)
        return [join(*found) if len(found) > 1 else "".join(found) for found in texts]


def field_of(name: str) -> str | None:
    """Name the field a column holds; capitals, accents and separators don't matter."""
    return _RANKS.get(normalise(name), (None, 0))[0]


def count_known(names: Sequence[str]) -> int:
    """Count the different fields among the columns ``names``."""
    return len({field_of(name) for name in names} - {None})


def is_header(names: Sequence[str]) -> bool:
    """Whether the columns ``names`` hold all that an order line needs."""
    return set(NEEDED) <= {field_of(name) for name in names}


def match_header(names: Sequence[str], where: str) -> Header:
    """Find the columns of an order line among ``names``.

    Args:
        names: the columns of a file, in its order.
        where: the file, as the error line names it.

    Raises:
        IngestError: a needed column is missing, or two columns have an equal claim to be one.
    """
    columns = {field: _claim(names, field, where) for field in FIELDS}
    public = dict(zip(FIELDS, PUBLIC_NAMES, strict=True))
    missing = [public[field] for field in NEEDED if not columns[field]]
    if missing:
        raise IngestError(
            f"{where} has no column {', '.join(missing)} (found: {mention(names)}); "
            "add what is missing or give the column its usual name"
        )
    if time := _time(names):
        columns["invoice_date"] = (*columns["invoice_date"], time)
    return Header(tuple(names), tuple(columns[field] for field in FIELDS))


def _claim(names: Sequence[str], field: str, where: str) -> tuple[int, ...]:
    """The position of the column with the surest name of a field; none where there is none."""
    ranks = [
        (rank, i)
        for i, name in enumerate(names)
        for found, rank in [_RANKS.get(normalise(name), ("", 0))]
        if found == field
    ]
    if not ranks:
        return ()
    best = min(ranks)
    rivals = [i for rank, i in ranks if rank == best[0] or field in AMOUNTS]
    if len(rivals) > 1:
        doubled = mention([names[i] for i in rivals])
        public = PUBLIC_NAMES[FIELDS.index(field)]
        raise IngestError(
            f"{where} has {len(rivals)} columns for {public} ({doubled}); remove all but one"
        )
    return (best[1],)


def _time(names: Sequence[str]) -> int | None:
    """The position of the column with the time of day; None where there is none."""
    found = [(_TIMES[known], i) for i, n in enumerate(names) if (known := normalise(n)) in _TIMES]
    return min(found)[1] if found else None


def mention(names: Sequence[str]) -> str:
    """List names within a sentence, cut short when there are many or they are long."""
    shown = [name.strip()[:_MENTIONED_CHARACTERS] or "''" for name in names[:_MENTIONED_NAMES]]
    rest = len(names) - len(shown)
    return (", ".join(shown) + (f" and {rest} more" if rest else "")) or "nothing"
