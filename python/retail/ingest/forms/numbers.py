"""Decide per file how its numbers are written, and rewrite them with a point and no grouping.

`1,234.50`, `1.234,50`, `12,50`, `1 234,50`, `£2.55`, `2.55 EUR`, `2€55`, `(2.55)`, `2.55-`, `12,-`
are read, and `2.55 CR`, a credit, which is below zero beside `2.55` or `2.55 DR`. A sign that
stands in one text twice, or before another sign, groups digits; one that is followed by other than
three digits is the decimal sign. Where all that is left is `1,234`, both are possible, and the file
is refused unless another number of it decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import duckdb

from retail.ingest.dates import Rows, merge_rows
from retail.ingest.errors import IngestError
from retail.storage.quoting import literal

Sign = Literal[".", ","]
POINT: Sign = "."
COMMA: Sign = ","
SETTING = "columns.unit_price.decimal"
"""What decides the decimal sign where the data do not; a key of shop.yml."""
STRAY = 0.05
"""Share up to which numbers of the other form are malformed rows, and do not question the file:
the share of malformed rows that a build takes."""
FEWEST_GROUPED = 5
"""Quantities of which all are thousands by the sign of the money, from which on that is odd."""
MONEY_SIGNS = (
    r"us\$|r\$|rs\.?|rp\.?|kr\.?|[$£€¥円₹₩₽₺₫₴₦฿₱]|zł|kč"
    r"|\b(?:usd|gbp|eur|chf|jpy|cad|aud|nzd|sek|nok|dkk|pln|czk|huf|ron|bgn|try|rub|uah|brl|mxn"
    r"|ars|clp|cop|inr|cny|krw|idr|vnd|thb|php|myr|sgd|hkd|twd|kwd|bhd|omr|jod|aed|sar|qar|ils"
    r"|egp|mad|zar|ngn|kes|tl|ft|lei)\b"
)
"""Signs and codes of currencies that stand beside an amount."""
CODES: Mapping[str, str] = MappingProxyType(
    {
        "us$": "usd", "r$": "brl", "rs": "inr", "₹": "inr", "rp": "idr", "£": "gbp", "€": "eur",
        "¥": "jpy", "円": "jpy", "₩": "krw", "₽": "rub", "₺": "try", "tl": "try", "₫": "vnd",
        "zł": "pln", "kč": "czk", "ft": "huf", "lei": "ron",
    }
)  # fmt: skip
"""Codes of ISO 4217 by the signs that mean one currency."""
DOLLAR = "$"
DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"})
"""Currencies that are written with it."""
NO_DOLLARS = frozenset({"EUR", "GBP", "JPY", "CHF", "INR", "PLN"})
"""Currencies that are surely not written with it."""
ONE_SIGN = (
    frozenset({"JPY", "CNY"}), frozenset({"GBP", "EGP", "GIP"}),
    frozenset({"INR", "PKR", "LKR", "NPR", "MUR"}),
)  # fmt: skip
"""Currencies that share a sign, which `CODES` has for the first."""
WITHOUT_DECIMALS = r"[¥円₩₫]|\b(?:jpy|krw|idr|vnd|clp)\b|\brp"
"""Signs of money in whole numbers: what stands before three digits groups them there."""
_BLANKS = "\\s\u00a0\u2009\u202f'’"
GROUPING_BLANKS = f"[{_BLANKS}]"
"""White space of any width, and the apostrophes that group digits in Switzerland."""
_GROUPS_NOTHING = (
    rf"(\d){GROUPING_BLANKS}+(\d{{1,2}}(?:[^\d{_BLANKS}]|{GROUPING_BLANKS}*$)|\d{{4,}})"
)
"""A blank before other than three digits, at the end of a number: `40 00` is not 4000."""
_WITHIN = "¤"
"""What stands for a sign of money between digits, as in `40€00`, where it is the decimal sign."""
_CREDIT, _DEBIT = r"^(?:cr\.?([\d.,]+)|([\d.,]+)cr\.?)$", r"^(?:\+|dr\.?)?([\d.,]+)(?:dr\.?)?$"
_MARKED = r"(?i)(?:^\s*{mark}\b|\d{mark}\.?\s*$|\b{mark}\.?\s*$)"
PLAIN = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
"""A number that everybody writes alike."""
ANY = rf"-?[\d.,]*\d[\d.,]*(?:{_WITHIN}\d\d)?"
"""Whatever may be a number, with either sign."""
COMMA_PROOF = (
    r"-?\d{1,3}(?:\.\d{3})+,\d*|-?\d+,(?:\d{1,2}|\d{4,})|-?(?:0|\d{4,}),\d+"
    rf"|-?\d{{1,3}}(?:\.\d{{3}}){{2,}}|-?\d{{1,3}}(?:\.\d{{3}})+{_WITHIN}\d\d"
)
POINT_PROOF = (
    r"-?\d{1,3}(?:,\d{2,3})*,\d{3}\.\d*|-?\d+\.(?:\d{1,2}|\d{4,})|-?(?:0|\d{4,})\.\d+"
    rf"|-?\d{{1,3}}(?:,\d{{2,3}})+,\d{{3}}|-?\d{{1,3}}(?:,\d{{3}})+{_WITHIN}\d\d"
)
EITHER = r"-?[1-9]\d{0,2}[.,]\d{3}"


@dataclass(frozen=True)
class NumberEvidence:
    """Numbers that prove a decimal comma, that prove a point, and that may have either."""

    comma: Rows | None = None
    point: Rows | None = None
    either: Rows | None = None


def bare(text: str) -> str:
    """SQL: a text without signs of currency and blanks, with a minus in front.

    A sign of money between digits becomes another sign, and a blank that groups none stays one.

    Args:
        text: SQL of the text.
    """
    between = literal(rf"(\d){GROUPING_BLANKS}*(?:{MONEY_SIGNS}){GROUPING_BLANKS}*(\d)")
    within = f"regexp_replace({text}, {between}, '\\1{_WITHIN}\\2', 'gi')"
    stripped = f"regexp_replace({within}, {literal(MONEY_SIGNS)}, '', 'gi')"
    apart = f"regexp_replace({stripped}, {literal(_GROUPS_NOTHING)}, '\\1¦\\2', 'g')"
    compact = f"regexp_replace({apart}, {literal(GROUPING_BLANKS)}, '', 'g')"
    minus = f"translate({compact}, '\u2212\u2013\uff0d\u25b3\u25b2', '-----')"
    whole = f"regexp_replace({minus}, '([0-9])[.,]--?$', '\\1')"
    in_front = f"regexp_replace({whole}, '^\\((.*)\\)$', '-\\1')"
    credit = f"regexp_replace({in_front}, {literal(_CREDIT)}, '-\\1\\2', 'i')"
    debit = f"regexp_replace({credit}, {literal(_DEBIT)}, '\\1', 'i')"
    return f"regexp_replace({debit}, '^([^-].*)-$', '-\\1')"


def gather(connection: duckdb.DuckDBPyConnection, rows: str, column: str) -> NumberEvidence:
    """Look at all texts of a column.

    Args:
        connection: any DuckDB connection.
        rows: SQL of a table with the column, and `source_row`.
        column: SQL of the text.
    """
    proofs = {"comma": COMMA_PROOF, "point": POINT_PROOF, "either": EITHER}
    is_whole = f"regexp_matches(given, {literal(WITHOUT_DECIMALS)}, 'i')"
    is_either = f"regexp_full_match(compact, {literal(EITHER)})"
    # What groups the digits of whole numbers proves that the other sign is the decimal one.
    whole = {
        "comma": f"or ({is_whole} and {is_either} and contains(compact, '.'))",
        "point": f"or ({is_whole} and {is_either} and contains(compact, ','))",
        "either": f"and not {is_whole}",
    }
    parts = ", ".join(
        f"count(*) filter ({like}), min(source_row) filter ({like}),"
        f" min_by(given, source_row) filter ({like})"
        for kind, pattern in proofs.items()
        for like in [f"where regexp_full_match(compact, {literal(pattern)}) {whole[kind]}"]
    )
    query = f"""
        select {parts}
        from (select source_row, {column} as given, {bare(column)} as compact from {rows})
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchall()[0]
    kinds = (found[i : i + 3] for i in range(0, len(found), 3))
    seen = (Rows(*rows) if rows[0] else None for rows in kinds)
    return NumberEvidence(**dict(zip(proofs, seen, strict=True)))


def currency_of(
    connection: duckdb.DuckDBPyConnection, rows: str, column: str, file: str
) -> str | None:
    """Say which currency the signs beside the numbers of a column of money mean.

    Args:
        connection: any DuckDB connection.
        rows: SQL of a table with the column, and `source_row`.
        column: SQL of the text.
        file: its name, for the refusal.

    Returns:
        A code of ISO 4217, or a sign that several currencies have; None without signs.

    Raises:
        IngestError: they are of several.
    """
    signs = f"regexp_extract_all(lower({column}), {literal(MONEY_SIGNS)})"
    known, codes = (", ".join(map(literal, each)) for each in (CODES, CODES.values()))
    query = f"""
        select count(*) as times, min(source_row), min_by(given, source_row),
            coalesce(map([{known}], [{codes}])[sign], sign) as currency
        from (
            select source_row, {column} as given, rtrim({signs}[-1], '.') as sign
            from {rows} where regexp_matches({column}, '[^-0-9., ]')
        )
        where sign is not null
        group by currency order by times desc limit 2
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchall()
    if len(found) > 1:
        usual, other = (Rows(*row[:3]) for row in found)
        raise IngestError(
            f"{file} row {other.row}: '{other.value}' is in another currency, as {other.count:,} "
            f"numbers are, than row {usual.row}: '{usual.value}', as {usual.count:,} are; convert "
            "all to one (columns.unit_price.sql in shop.yml), or give each a source of its own"
        )
    return str(found[0][3]).upper() if found else None


def insist_on_few_credits(
    connection: duckdb.DuckDBPyConnection, rows: str, column: str, file: str
) -> None:
    """Refuse a column of which most numbers are credits, or some are debits and none is a credit.

    In a ledger of sales the credits are the sales; a number without a mark may be either.

    Raises:
        IngestError: it is such a column.
    """
    credit, debit = (
        f"regexp_matches({column}, {literal(_MARKED.format(mark=mark))})" for mark in ("cr", "dr")
    )
    query = f"""
        select count(*) filter ({credit}), count(*) filter ({debit}), count({column}),
            min(source_row) filter ({credit} or {debit}),
            arg_min({column}, source_row) filter ({credit} or {debit})
        from {rows}
    """  # noqa: S608 - by ingest.sql: quoted
    credits, debits, every, row, first = connection.execute(query).fetchall()[0]
    if credits * 2 > every or 0 < debits < every > credits == 0:
        raise IngestError(
            f"{file} row {row}: '{first}' is marked as a credit or a debit, as "
            f"{credits + debits:,} of {every:,} numbers are, and which are sales is not certain; "
            "set columns.unit_price.sql, or columns.line_amount.sql, in shop.yml"
        )


def insist_on_some_below_thousand(
    connection: duckdb.DuckDBPyConnection, rows: str, sign: Sign, file: str
) -> None:
    """Refuse quantities that would all be thousands by the decimal sign of the money.

    Raises:
        IngestError: each is written as `4,000` where money has a point, or the other way.
    """
    group = "," if sign == POINT else "."
    is_grouped = f"regexp_full_match(trim(quantity), '-?[1-9][0-9]{{0,2}}[{group}][0-9]{{3}}')"
    query = f"""
        select count(*) filter ({is_grouped}), count(quantity), min(source_row),
            arg_min(quantity, source_row)
        from {rows} where nullif(trim(quantity), '') is not null
    """  # noqa: S608 - by ingest.sql: quoted
    grouped, every, row, first = connection.execute(query).fetchall()[0]
    if grouped == every >= FEWEST_GROUPED:
        raise IngestError(
            f"{file} row {row}: the quantity '{first}' would be a thousand and more, and so would "
            f"all {every:,}, by the decimal sign of the money; set columns.quantity.decimal in "
            f'shop.yml to "{group}" if they have three decimals, else to "{sign}"'
        )


def insist_on_few_thousandths(
    connection: duckdb.DuckDBPyConnection, rows: str, column: str, sign: Sign, file: str
) -> None:
    """Refuse money that would all have three decimals by the sign of other columns, two of them 0.

    Raises:
        IngestError: most is written as `12.500`, and nothing has other decimals.
    """
    decimals = f"string_split({bare(column)}, {literal(sign)})"
    is_round = f"regexp_full_match({decimals}[2], '[0-9]00')"
    query = f"""
        select count(*) filter ({is_round}), count(*) filter (length({decimals}[2]) != 3),
            count({column}), min(source_row) filter ({is_round}),
            arg_min({column}, source_row) filter ({is_round})
        from {rows}
    """  # noqa: S608 - by ingest.sql: quoted
    thousandths, others, every, row, first = connection.execute(query).fetchall()[0]
    if not others and thousandths * 2 > every and thousandths >= FEWEST_GROUPED:
        raise IngestError(
            f"{file} row {row}: '{first}' has three decimals by the sign of other columns, or is a "
            f"thousand and more, and so are {thousandths:,} of {every:,} like it; set columns."
            f'{column}.decimal in shop.yml to "{sign}", or to "{COMMA if sign == POINT else POINT}"'
        )


def currency_in(name: str) -> str | None:
    """The currency that a column's name says its money is in, as `Unit Price (£)`; None of none."""
    plain = name.casefold()
    # `Orders` and `Corp.` have letters of rupees and rupiahs within.
    signs = [
        one[0].rstrip(".")
        for one in re.finditer(MONEY_SIGNS, plain)
        if not (one[0][0].isalpha() and plain[: one.start()][-1:].isalpha())
        and not (one[0][-1].isalpha() and plain[one.end() :][:1].isalpha())
    ]
    return CODES.get(signs[-1], signs[-1]).upper() if signs else None


def differing(currencies: Iterable[str]) -> list[str]:
    """The currencies that are not one; a dollar without a country may be any of the dollars."""
    found = set(currencies)
    return sorted(found - {DOLLAR} if found & DOLLARS else found)


def apart(currencies: Iterable[str]) -> list[str]:
    """The currencies that are not one, where a sign that several have may be any of them."""
    codes = [one for one in differing(currencies) if one == DOLLAR or re.fullmatch("[A-Z]{3}", one)]
    surely = [one for one in codes if one != DOLLAR]
    if DOLLAR in codes and not NO_DOLLARS.issuperset(surely):
        codes = surely
    is_one = any(group.issuperset(codes) for group in ONE_SIGN)
    return [] if is_one or len(codes) < 2 else codes


def decide(found: Sequence[NumberEvidence], file: str) -> tuple[Sign, str]:
    """Decide the decimal sign of a file's numbers from the evidence of all of its columns.

    Returns:
        The sign, and what proves it (empty where nothing needs one).

    Raises:
        IngestError: both signs are proven, or there are only numbers that may be read in two ways.
    """
    commas = points = either = None
    for one in found:
        commas = merge_rows(commas, one.comma)
        points = merge_rows(points, one.point)
        either = merge_rows(either, one.either)
    if commas and points:
        rare, usual = sorted((commas, points), key=lambda rows: rows.count)
        if rare.count > STRAY * usual.count:
            raise _both_signs(file, commas, points)
        commas, points = (commas, None) if usual is commas else (None, points)
    if proof := commas or points:
        return (COMMA if commas else POINT), f"row {proof.row} has {proof.value}"
    if either:
        raise IngestError(
            f"{file} row {either.row}: '{either.value}' may be a thousand or have three decimals, "
            f"and so may {either.count:,} numbers of the file, without one that decides; "
            f'set {SETTING} in shop.yml to "." or ","'
        )
    return POINT, ""


def _both_signs(file: str, commas: Rows, points: Rows) -> IngestError:
    return IngestError(
        f"{file} row {commas.row}: '{commas.value}' has a decimal comma, as {commas.count:,} "
        f"numbers have, and row {points.row}: '{points.value}' a decimal point, as "
        f"{points.count:,} have; write all numbers alike"
    )


def as_read(text: str, sign: Sign) -> str:
    """SQL: a number with a point and no grouping; a text that is none stays as it is.

    Args:
        text: SQL of the text.
        sign: the decimal sign of the file.
    """
    group = "," if sign == POINT else "."
    # The other groups may be of two digits, as in lakh and crore.
    digits = rf"\d{{1,3}}(?:\{group}\d{{2,3}})*\{group}\d{{3}}|\d+"
    written = rf"-?(?:{digits})?(?:\{sign}\d*|{_WITHIN}\d\d)?(?:[eE][+-]?\d+)?"
    number = bare(text)
    ungrouped = f"translate({number}, {literal(group)}, '')"
    plain = f"translate({ungrouped}, {literal(sign + _WITHIN)}, '..')"
    return (
        f"case when {literal(sign)} = '.' and regexp_full_match({text}, {literal(PLAIN)}) "
        f"then {text} when regexp_full_match({number}, {literal(written)}) "
        f"and regexp_matches({number}, '[0-9]') then {plain} else {text} end"
    )
