"""Find out whether the rows of a file must be rewritten to be read, and how."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import duckdb

from retail.ingest.dates import ShortDates
from retail.ingest.forms import moments, numbers
from retail.storage.quoting import literal

READ_NUMBER = rf"\s*{numbers.PLAIN}\s*"
MONEY = ("unit_price", "line_amount")
NUMBERS = ("quantity", *MONEY)
IDS = ("invoice_no", "stock_code")
"""Whole numbers that a program may have written with `.0`; the models know it of customers."""
TELLING = (*IDS, "description", "invoice_date", *MONEY, "customer_id")
"""Of a row that has none of these, nothing can be told."""
IGNORED = "ignored"
"""The mark of rows that are no order lines."""
WHOLE, WITH_POINT, DECIMAL = r"\s*\d+\s*", r"\s*\d+\.0+\s*", r"\s*\d+\.\d*[1-9]\d*\s*"


@dataclass(frozen=True)
class Rewriting:
    """How the columns of a file are rewritten, and what proves that.

    `expressions` are SQL by column.
    """

    expressions: dict[str, str]
    evidence: str
    sign: numbers.Sign = numbers.POINT
    """The decimal sign of the file's numbers."""
    kind: moments.Kind = "text"
    """What its moments are: texts, or numbers of one kind."""
    currency: str | None = None
    """What the signs beside its money mean."""
    short_dates: dict[str, ShortDates] = field(default_factory=dict)
    """Its dates with two digits for the year, by source file."""

    def of(self, rows: str) -> str:
        """SQL: the rows of a table, rewritten.

        Args:
            rows: SQL of the table.
        """
        columns = ", ".join(f"{sql} as {name}" for name, sql in self.expressions.items())
        return f"select * replace ({columns}) from {rows}"  # noqa: S608 - by ingest.sql: quoted


def is_no_line(date_names: Collection[str]) -> str:
    """SQL: whether a row has nothing in it, or is the header once more.

    Args:
        date_names: of the columns of the date.
    """
    empty = " and ".join(f"coalesce(trim({name}), '') = ''" for name in TELLING)
    names = ", ".join(literal(name.lower()) for name in date_names)
    return f"(({empty}) or coalesce(lower(trim(invoice_date)) in ({names}), false))"


def plain_id(text: str) -> str:
    """SQL: an id without blanks around it, and a number without the `.0` that a program wrote.

    Args:
        text: SQL of the text.
    """
    return f"regexp_replace(trim({text}), '^([0-9]+)[.]0+$', '\\1')"


def find_rewriting(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    file: str,
    zone: str | None = None,
    no_line: str | None = None,
    settled: Collection[str] = (),
) -> Rewriting | None:
    """Look at all rows of a file; None where they are read as they are.

    Args:
        connection: any DuckDB connection.
        rows: SQL of its rows, in the columns of raw.order_lines.
        file: its name, for a refusal.
        zone: of the shop, to which moments in a known one are converted.
        no_line: SQL of whether a row is to be marked as ignored; None where a plan does that.
        settled: columns of numbers that a setting has rewritten already.

    Raises:
        IngestError: its numbers may be read in two ways, or its dates are cut.
    """
    numeric = [name for name in NUMBERS if name not in settled]
    odd = {
        name: f"count(*) filter (where {name} is not null "
        f"and not regexp_full_match({name}, {literal(pattern)}))"
        for name, pattern in {
            "invoice_date": moments.READ, **dict.fromkeys(numeric, READ_NUMBER)
        }.items()
    }  # fmt: skip
    # What has three digits behind its one point, wherever it has any, may be a thousand.
    for name in {*MONEY} - {*settled}:
        odd[name] += (
            f" + case when count(*) filter (where contains({name}, '.') and {name}[-4] != '.') = 0 "
            f"then count(*) filter (where {name}[-4] = '.') else 0 end"
        )
    odd |= {
        name: f"count(*) filter (where contains({name}, '.') "
        f"and regexp_full_match({name}, {literal(WITH_POINT)}))"
        for name in IDS
    }
    odd["line_mark"] = f"count(*) filter (where {no_line})" if no_line else "0"
    query = f"select {', '.join(odd.values())} from {rows}"  # noqa: S608 - by ingest.sql: quoted
    counts = dict(zip(odd, connection.execute(query).fetchall()[0], strict=True))
    expressions, evidence = dict[str, str](), list[str]()
    kind: moments.Kind = "text"
    currency: str | None = None
    sign: numbers.Sign = numbers.POINT
    short: dict[str, ShortDates] = {}
    if counts["invoice_date"]:
        form = moments.find_form(connection, rows, "invoice_date", file)
        kind = form.kind
        if kind == "text":
            found_dates = moments.short_dates(connection, rows, "invoice_date")
            short = {name: ShortDates.of(dates) for name, dates in found_dates.items()}
        expressions["invoice_date"] = moments.as_read("invoice_date", form, zone)
        evidence.append(form.evidence and f"dates: {form.evidence}")
    if any(counts[name] for name in numeric):
        signs = [numbers.currency_of(connection, rows, name, file) for name in MONEY]
        currency = next(filter(None, signs), None)
        for name in MONEY:
            numbers.insist_on_few_credits(connection, rows, name, file)
        found = [numbers.gather(connection, rows, name) for name in numeric]
        sign, proof = numbers.decide(found, file)
        numbers.insist_on_some_below_thousand(connection, rows, sign, file)
        for name in {*MONEY} - {*settled}:
            numbers.insist_on_few_thousandths(connection, rows, name, sign, file)
        expressions |= {name: numbers.as_read(name, sign) for name in numeric}
        word = "comma" if sign == numbers.COMMA else "point"
        evidence.append(proof and f"numbers with a decimal {word} ({proof})")
    if counts["line_mark"]:
        expressions["line_mark"] = f"case when {no_line} then '{IGNORED}' end"
        evidence.append(f"rows that are empty or the header once more: {counts['line_mark']:,}")
    for name in IDS:
        if counts[name] and _is_of_whole_number(connection, rows, name):
            expressions[name] = f"regexp_replace({name}, '^(\\s*\\d+)\\.0+(\\s*)$', '\\1\\2')"
            evidence.append(f"{counts[name]:,} numbers in {name} end in .0, which is left out")
    proven = "; ".join(filter(None, evidence))
    rewriting = Rewriting(expressions, proven, sign, kind, currency, short)
    return rewriting if expressions else None


def _is_of_whole_number(connection: duckdb.DuckDBPyConnection, rows: str, name: str) -> bool:
    """Whether `1.0` is the number 1 in a column of ids, and no code of its own.

    It is where no number is without a point, or one of them is with and without it, or where it
    numbers an order; but not beside 1.5.
    """
    of_numbers = f"regexp_full_match({name}, {literal(WITH_POINT)})"
    query = f"""
        with codes as (
            select distinct trim({name}) as code, {of_numbers} as with_point,
                regexp_full_match({name}, {literal(WHOLE)}) as whole,
                regexp_full_match({name}, {literal(DECIMAL)}) as decimal
            from {rows}
        )

        select not bool_or(whole), bool_or(decimal), (
            select count(*) > 0 from codes as one inner join codes as other
            on other.whole and one.with_point and regexp_extract(one.code, '^[0-9]+') = other.code
        ) from codes where whole or with_point or decimal
    """  # noqa: S608 - by ingest.sql: quoted
    none_is_whole, some_have_decimals, some_are_both = connection.execute(query).fetchall()[0]
    is_known = some_are_both or name == "invoice_no"
    return bool(none_is_whole or (is_known and not some_have_decimals))
