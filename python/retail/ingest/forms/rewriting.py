"""Find out whether the rows of a file must be rewritten to be read, and how."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from retail.ingest.forms import moments, numbers
from retail.storage.quoting import literal

READ_NUMBER = rf"\s*{numbers.PLAIN}\s*"
NUMBERS = ("quantity", "unit_price", "line_amount")
IDS = ("invoice_no", "stock_code")
"""Whole numbers that a program may have written with `.0`; the models know it of customers."""
WHOLE, WITH_POINT = r"\s*\d+\s*", r"\s*\d+\.0+\s*"


@dataclass(frozen=True)
class Rewriting:
    """How the columns of a file are rewritten, and what proves that.

    `expressions` are SQL by column.
    """

    expressions: dict[str, str]
    evidence: str
    sign: numbers.Sign = numbers.POINT
    """The decimal sign of the file's numbers."""

    def of(self, rows: str) -> str:
        """SQL: the rows of a table, rewritten.

        Args:
            rows: SQL of the table.
        """
        columns = ", ".join(f"{sql} as {name}" for name, sql in self.expressions.items())
        return f"select * replace ({columns}) from {rows}"  # noqa: S608 - by ingest.sql: quoted


def find_rewriting(connection: duckdb.DuckDBPyConnection, rows: str, file: str) -> Rewriting | None:
    """Look at all rows of a file; None where they are read as they are.

    Args:
        connection: any DuckDB connection.
        rows: SQL of its rows, in the columns of raw.order_lines.
        file: its name, for a refusal.

    Raises:
        IngestError: its numbers may be read in two ways.
    """
    odd = {
        name: f"count(*) filter (where {name} is not null "
        f"and not regexp_full_match({name}, {literal(pattern)}))"
        for name, pattern in {
            "invoice_date": moments.READ, **dict.fromkeys(NUMBERS, READ_NUMBER)
        }.items()
    }  # fmt: skip
    odd |= {
        name: f"case when count(*) filter (where regexp_full_match({name}, {literal(WHOLE)})) = 0 "
        f"then count(*) filter (where regexp_full_match({name}, {literal(WITH_POINT)})) else 0 end"
        for name in IDS
    }
    query = f"select {', '.join(odd.values())} from {rows}"  # noqa: S608 - by ingest.sql: quoted
    counts = dict(zip(odd, connection.execute(query).fetchall()[0], strict=True))
    expressions, evidence = dict[str, str](), list[str]()
    sign: numbers.Sign = numbers.POINT
    if counts["invoice_date"]:
        form = moments.find_form(connection, rows, "invoice_date")
        expressions["invoice_date"] = moments.as_read("invoice_date", form)
        evidence.append(form.evidence and f"dates: {form.evidence}")
    if any(counts[name] for name in NUMBERS):
        found = [numbers.gather(connection, rows, name) for name in NUMBERS]
        sign, proof = numbers.decide(found, file)
        expressions |= {name: numbers.as_read(name, sign) for name in NUMBERS}
        word = "comma" if sign == numbers.COMMA else "point"
        evidence.append(proof and f"numbers with a decimal {word} ({proof})")
    for name in IDS:
        if counts[name]:
            expressions[name] = f"regexp_replace({name}, '^(\\s*\\d+)\\.0+(\\s*)$', '\\1\\2')"
            evidence.append(f"all numbers in {name} end in .0, which is left out")
    proven = "; ".join(filter(None, evidence))
    return Rewriting(expressions, proven, sign) if expressions else None
