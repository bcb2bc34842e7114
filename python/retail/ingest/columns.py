"""The columns of an order line, under every name that is met."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import yaml

from retail.ingest.elsewhere import NAMES
from retail.ingest.errors import IngestError
from retail.ingest.forms.moments import join

if TYPE_CHECKING:
    from retail.ingest.mapping import Plan

PUBLIC_FIELDS = (
    "invoice_no",
    "stock_code",
    "description",
    "quantity",
    "invoice_date",
    "unit_price",
    "customer_id",
    "country",
)
"""What the public data set has of an order line."""
FIELDS = (*PUBLIC_FIELDS, "line_amount")
"""What is read of an order line."""
PLACE = ("source_file", "source_row", "parse_error", "raw_line")
"""Where a row came from, and what was wrong with it."""
MARKS = ("attributes", "line_mark")
"""What shop.yml adds to an order line: its dimensions, and what its rules say of it."""
COLUMNS = (*FIELDS, *PLACE, *MARKS)
"""The columns of raw.order_lines, each text but source_row."""
# As the public data set writes them, in the order of PUBLIC_FIELDS.
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
SETTING_NAMES: Mapping[str, str] = MappingProxyType(
    {"invoice_no": "order_id", "stock_code": "product", "invoice_date": "ordered_at"}
)
"""What shop.yml calls the fields that it calls otherwise."""
NEEDED = ("invoice_no", "stock_code", "quantity", "invoice_date", "unit_price")
"""Without the others, the KPIs that need them are off; the money of the line does for a price."""
WITHOUT: Mapping[str, str] = MappingProxyType(
    {
        "country": "every order counts as of an unknown country, and KPIs of countries say nothing",
        "customer_id": "every order counts as a guest's",
        "description": "products have no names and no categories",
    }
)
"""What a missing column makes of the order lines."""
AMOUNTS = ("quantity", "unit_price", "line_amount")
"""Fields that no other column may have a claim to: which one is meant makes the money."""
MONEY = ("unit_price", "line_amount")
PLACES = r"store(?!d)|filiale|branch|till$|tillno|register|terminal|kasse|location|outlet"
"""What the name of a column has that may say which store, or till, an order is of."""
MATTERS = re.compile(
    r"status|statut|^estado|estado$|^stato|(?:order|sale|invoice|document|payment|line|^)state$|tila$|durum"
    r"|currency|wahrung|devise|moneda|valuta|waluta|^mena$|moeda|parabirimi|通貨|валют|^ccy$|^fx$|zone"
    r"|discount|^(?:line|item|order|trade|total|cust(?:omer)?)?disc(?:$|amt|amount|pct|perc|rate|val)"
    r"|rebate|^rab$|^dto$|escompte|rabat|remise|korting|descuento|desconto|sconto|skonto|nachlass|ristourne|reduction|sleva"
    r"|zlava|indirim|скидк|折扣|割引|markdown|allowance|savings|voucher|promo|^off$|coupon"
    r"|refund|cancel|void|return|deleted|draft|fulfilled|^paid$|^ispaid|^captured$|^bezahlt$|^pagad[oa]$"
    r"|^betaald$|storn|annul|retour|rembours|erstattet|shipped$|geliefert|^sign$|vorzeichen|sollhaben"
    r"|debitcredit|^d[rc]{1,2}(?:cr|indicator)?$|direction|^movement$|^action$|^operation$|^event$|^reason$|^art$|^typ$"
    r"|belegtyp|buchungsart|(?:transaction|trans|order|doc)typ|^ampm$|meridi"
    r"|devol|devuelt|^reso$|rucknahme|ruckgabe|zwrot|anulowan|iade|tax|vat(?:$|[^a-z])|mwst|gst"
    rf"|{PLACES}"
    r"|^(?:transaction|order|document|line|row|record|sale|invoice|event|voucher|vch|movement|entry|doc|amount"
    r"|receipt)?(?:type|kind)$|^test|^cur(?:r|$)|^amountdescription$|^transaction$"
    r"|(?:exchange|fx|conversion)rate$|currencyfactor|^kurs$|umrechnungskurs|wechselkurs|tauxdechange"
    r"|tipodecambio|^changetype$|changeoper|^(?:cdc|dml)op$|^op(?:type|code)$|^metadataaction$"
    r"|^is(?:return|test|gift)|^version$|revision|superseded|amend|belegart|vorgangsart|documenttype|tipodocumento|typedocument|typedepiece|^tipo$"
    rf"|{NAMES}"
)
"""What the name of a column has that may say which lines count, or what their money is."""
DEBEZIUM = "__op"
"""What became of a row; without the underscores it may be who was at the till."""
OTHER_MONEY = re.compile(
    r"price|preis|^prix|precio|preco|prezzo|prijs|amount|betrag|montant|importe|importo|brutto|netto"
    r"|^(?:gross|net)|incl|excl|[ei]xvat|gst$"
)
"""What the name of a column has whose money may be meant in place of the one that is read."""
NO_SALES_MONEY = re.compile(
    "cost|purchase|einkauf|achat|acquisto|inkoop|msrp|rrp|uvp|compare|tax|vat$"
)
"""What else such a name has where it is what the shop pays, or what others ask."""
_DATE_LIKE, _NUMBER_LIKE = re.compile(r"\d.*[-/.: ].*\d|\d{5,}"), re.compile(r"-?\d[\d.,]*")
MOST_COLUMNS, MOST_LANDED = 16_384, 1_000
"""Columns that a file may have, and up to which all of them are landed: for settings to make order
lines of them, or to be looked into. DuckDB needs tens of kilobytes of memory for each."""
_MENTIONED_NAMES = 12
_MENTIONED_CHARACTERS = 30


_PLAINER = str.maketrans({"ø": "o", "ł": "l", "\u0131": "i", "đ": "d", "æ": "ae", "º": "o"})
"""Letters that Unicode does not take apart, but keyboards do."""


def normalise(name: str) -> str:
    """A name without capitals, accents and whatever separates its words, in any script."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[\W_]", "", plain.translate(_PLAINER))


_NAMES: Mapping[str, Sequence[str]] = yaml.safe_load(
    Path(__file__).with_name("column_names.yml").read_text(encoding="utf-8")
)
"""By field, and for the time of day: the names of its column, the surest first."""
_TIMES = {normalise(name): rank for rank, name in enumerate(_NAMES["time"])}
_RANKS = {
    normalise(name): (field, rank) for field in FIELDS for rank, name in enumerate(_NAMES[field])
}


@dataclass(frozen=True)
class Header:
    """Where the columns of an order line stand among all the columns of a file."""

    names: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    """Positions in ``names`` of each of the ``fields``: none where the file lacks it, two for a
    date and a time."""
    fields: tuple[str, ...] = FIELDS
    """What is landed: the fields of an order line, or all columns where a plan makes them later."""
    preset: str | None = None
    """The form of export that it was recognised as."""
    plan: Plan | None = None

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names of the columns that are not read."""
        used = {position for columns in self.columns for position in columns}
        used = self.plan.used if self.plan else used
        return tuple(name for i, name in enumerate(self.names) if i not in used)

    @property
    def suspicious(self) -> tuple[str, ...]:
        """Names of columns that are not read, and may say which lines count or what they cost.

        Where all columns are landed, they are looked into.
        """
        if self.plan:
            return ()
        return tuple(name for name in self.ignored if may_matter(name) or may_be_money(name))

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that the file lacks, and that an order line can do without."""
        at = self.plan.columns if self.plan else dict(zip(self.fields, self.columns, strict=True))
        return tuple(f for f in WITHOUT if f in at and not at[f])

    def names_at(self, places: Sequence[int]) -> list[str]:
        """Names of the columns at some positions, among those of joined files too."""
        every = self.plan.names if self.plan else self.names
        return [every[i] for i in places]

    def is_line(self, row: Sequence[str]) -> bool:
        """Whether a row above the header is no title but an order line, by its date and number."""
        places = (
            self.plan.columns if self.plan else dict(zip(self.fields, self.columns, strict=True))
        )
        date, quantity = (
            " ".join(row[i] for i in places.get(field, ()) if i < len(row))
            for field in ("invoice_date", "quantity")
        )
        return bool(_DATE_LIKE.search(date) and _NUMBER_LIKE.fullmatch(quantity.strip()))

    @property
    def date_names(self) -> list[str]:
        """Names of the columns of the date, where they are landed as it."""
        found = dict(zip(self.fields, self.columns, strict=True))
        return self.names_at(found.get("invoice_date", ()))

    @property
    def read_as(self) -> dict[str, str]:
        """What each field is read from, by its name in shop.yml: columns, or an expression."""
        if self.plan:
            return self.plan.read_as
        found = zip(self.fields, self.columns, strict=True)
        return {SETTING_NAMES.get(f, f): " + ".join(self.names_at(at)) for f, at in found if at}

    @classmethod
    def of_all(cls, names: Sequence[str], plan: Plan, preset: str | None = None) -> Header:
        """A header whose columns are all landed as they are, for a plan to make order lines of."""
        places = tuple((i,) for i in range(len(names)))
        return cls(tuple(names), places, text_columns(len(names)), preset, plan)

    @property
    def marks(self) -> tuple[str, ...]:
        """What is landed empty, where no plan fills it later."""
        return () if self.plan else MARKS

    @property
    def landed(self) -> tuple[str, ...]:
        """The columns that its rows are landed in; a plan makes order lines of them later."""
        return (*self.fields, *PLACE, *self.marks)

    def choose(self, row: Sequence[str]) -> list[str]:
        """The fields of a row, an empty text for each that is missing."""
        texts = ([row[i] for i in at] for at in self.columns)
        return [join(*found) if len(found) > 1 else "".join(found) for found in texts]


def may_matter(name: str) -> bool:
    """Whether a column may say by its name which lines count, or what their money is."""
    return name == DEBEZIUM or bool(MATTERS.search(normalise(name)))


def may_be_money(name: str) -> bool:
    """Whether a column may have by its name what is paid, in place of the one that is read."""
    known = normalise(name)
    is_named = bool(OTHER_MONEY.search(known)) and not NO_SALES_MONEY.search(known)
    return is_named or field_of(name) in MONEY


def text_columns(count: int) -> tuple[str, ...]:
    """Names of the columns of a file that is landed as it is: `c0`, `c1`, …."""
    return tuple(f"c{i}" for i in range(count))


def resolve(name: str, names: Sequence[str], where: str) -> str:
    """Find a column by its name, capitals and separators apart.

    Args:
        name: as a setting has it.
        names: the columns that there are.
        where: the setting, as the error line names it.

    Raises:
        IngestError: there is none.
    """
    if name in names:
        return name
    alike = [other for other in names if normalise(other) == normalise(name)]
    if alike:
        return alike[0]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"did you mean {near[0]}? " if near else ""
    raise IngestError(f"{where} names the column '{name}'; {meant}There are: {mention(names)}")


def shown_name(field: str) -> str:
    """What a field is called in messages: as the public data set has it."""
    return dict(zip(PUBLIC_FIELDS, PUBLIC_NAMES, strict=True)).get(field, "LineAmount")


def field_of(name: str) -> str | None:
    """Name the field a column holds; capitals, accents and separators don't matter."""
    return _rank(name)[0]


def _rank(name: str) -> tuple[str | None, int]:
    """The field of a column and how sure its name is, with or without what stands in brackets."""
    plain = re.sub(r"[(\[].*", "", name)
    return _RANKS.get(normalise(name)) or _RANKS.get(normalise(plain)) or (None, 0)


def by_surety(names: Sequence[str], field: str) -> list[str]:
    """The columns whose names are a field's, the surest first."""
    return sorted((n for n in names if field_of(n) == field), key=lambda name: _rank(name)[1])


def count_known(names: Sequence[str]) -> int:
    """Count the different fields among the columns ``names``."""
    return len({field_of(name) for name in names} - {None})


def is_header(names: Sequence[str]) -> bool:
    """Whether the columns ``names`` hold all that an order line needs."""
    found = {field for name in names if (field := field_of(name))}
    return not missing_fields(found)


def missing_fields(found: Collection[str]) -> list[str]:
    """The fields that an order line needs and has not."""
    has_money = "unit_price" in found or "line_amount" in found
    return [f for f in NEEDED if f not in found and not (f == "unit_price" and has_money)]


def insist_on_titles(header: Header, above: Sequence[Sequence[str]], where: str) -> None:
    """Refuse a file in which order lines stand above the header, as when it was sorted.

    Raises:
        IngestError: they do.
    """
    lines = [row for row in above if header.is_line(row)]
    if lines:
        raise IngestError(
            f"{where} has {len(lines)} order lines above its header, such as "
            f"'{mention(lines[0])}'; put the header first"
        )


def insist_on_few(names: Sequence[str], where: str, most: int = MOST_COLUMNS) -> None:
    """Refuse a file with more columns than any spreadsheet has, or than can be landed.

    Raises:
        IngestError: it has.
    """
    if len(names) > most:
        raise IngestError(
            f"{where} has {len(names):,} columns, and {most:,} at most are read; "
            "leave out what is no order line"
        )


def match_header(names: Sequence[str], where: str) -> Header:
    """Find the columns of an order line among ``names``.

    Args:
        names: the columns of a file, in its order.
        where: the file, as the error line names it.

    Raises:
        IngestError: a needed column is missing, or two columns have an equal claim to be one.
    """
    columns = find_columns(names, where)
    return Header(tuple(names), tuple(columns[field] for field in FIELDS))


def find_columns(
    names: Sequence[str], where: str, given: Mapping[str, tuple[int, ...]] = MappingProxyType({})
) -> dict[str, tuple[int, ...]]:
    """Find the columns of each field by their names, but for those that are given.

    Args:
        names: the columns of a file, in its order.
        where: the file, as the error line names it.
        given: positions of fields that settings name; none where they say it otherwise.

    Raises:
        IngestError: a needed column is missing, or two columns have an equal claim to be one.
    """
    taken = {i for at in given.values() for i in at}
    free = ["" if i in taken else name for i, name in enumerate(names)]
    columns = {field: given.get(field, ()) for field in FIELDS}
    for field in FIELDS:
        # A price and the money of the line say the same, or which is meant is given.
        has_money = columns["unit_price"] or not given.keys().isdisjoint(MONEY)
        if field not in given and not (field in MONEY and has_money):
            columns[field] = _claim(free, field, where)
    found = {field for field in FIELDS if columns[field]} | set(given)
    if missing := [shown_name(field) for field in missing_fields(found)]:
        raise IngestError(
            f"{where} has no column {', '.join(missing)} (found: {mention(names)}); "
            "name what is meant under columns in shop.yml, or have `retail init` propose it"
        )
    if "invoice_date" not in given and (time := _time(free)):
        columns["invoice_date"] = (*columns["invoice_date"], time)
    return columns


def _claim(names: Sequence[str], field: str, where: str) -> tuple[int, ...]:
    """The position of the column with the surest name of a field; none where there is none."""
    ranks = [
        (rank, i) for i, name in enumerate(names) for found, rank in [_rank(name)] if found == field
    ]
    if not ranks:
        return ()
    best = min(ranks)
    rivals = [i for rank, i in ranks if rank == best[0] or field in AMOUNTS]
    if len(rivals) > 1:
        doubled = mention([names[i] for i in rivals])
        raise IngestError(
            f"{where} has {len(rivals)} columns for {shown_name(field)} ({doubled}); "
            f"set columns.{SETTING_NAMES.get(field, field)} in shop.yml to the one that is meant"
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
