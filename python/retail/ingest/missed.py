"""What expressions and joins of shop.yml miss: numbers that are not read, rows without a match."""

from __future__ import annotations

import logging

import duckdb

from retail.ingest.errors import IngestError
from retail.ingest.forms.rewriting import IGNORED, plain_id
from retail.ingest.mapping import PlannedRows, marked_rows, matched, numbers_of_rules
from retail.ingest.nothing import is_nothing
from retail.storage.quoting import identifier, literal

NUMBER_LIKE = r"[-+(\p{Sc}\s]*[\d.,'\s]*\d[\d.,'\s]*[%‰)\p{Sc}+-]*\s*"
"""Texts that people take for numbers, whether they are read as one or not."""
_log = logging.getLogger(__name__)


def insist_on_rules(connection: duckdb.DuckDBPyConnection, lines: PlannedRows) -> None:
    """Refuse numbers that an expression asks for and that are not read: it would be true of none.

    Raises:
        IngestError: a text that looks like a number is not read as one.
    """
    for setting, rows, found, is_made in numbers_of_rules(lines):
        for place, number in found.items():
            name = lines.plan.names[place]
            text = f"trim(c{place})"
            unread = f"{number} is null and {is_made}"
            like = f"{unread} and regexp_full_match({text}, {literal(NUMBER_LIKE)})"
            query = f"""
                select count(*) filter ({like}), min(source_row) filter ({like}),
                    arg_min({text}, source_row) filter ({like}), count(*) filter ({unread}),
                    min(source_row), arg_min({text}, source_row), count(*)
                from {rows} where not {is_nothing(text)} and parse_error is null
            """  # noqa: S608 - names are made by mapping
            likes, row, given, none, first, word, every = connection.execute(query).fetchall()[0]
            if likes:
                raise IngestError(
                    f"{lines.file} row {row}: {name} is '{given}', as in {likes:,} rows, which "
                    f"{setting} in shop.yml reads as a number, and which is none; compare it as a "
                    f"text there, take what is no digit away, as by cast(replace({identifier(name)}"
                    ", '%', '') as double), or set columns.unit_price.decimal to its decimal sign"
                )
            if none == every > 0 and setting.startswith("lines."):
                _log.warning(
                    "%s row %s: %s is '%s', which is no number, and so are all %s texts of it: "
                    "%s in shop.yml compares it with a number, and is true of no row",
                    lines.file, first, name, word, f"{every:,}", setting,
                )  # fmt: skip


def warn_of_unmatched(connection: duckdb.DuckDBPyConnection, lines: PlannedRows) -> None:
    """Say how many lines have no row in a file that is joined."""
    plan = lines.plan
    for number, one in enumerate(plan.joined):
        keys = [plain_id(f"c{plan.column(left, 'join.on')}") for left, _ in one.keys]
        is_there = " and ".join(f"not {is_nothing(key)}" for key in keys)
        missed = f"not {matched(number)}"
        query = f"""
            select count(*) filter ({missed}), min(source_row) filter ({missed}),
                arg_min(concat_ws(' and ', {", ".join(keys)}), source_row) filter ({missed}),
                count(*)
            from {marked_rows(lines)}
            where line_mark is distinct from '{IGNORED}' and parse_error is null and {is_there}
        """  # noqa: S608 - names are made by mapping
        missing, row, key, every = connection.execute(query).fetchall()[0]
        if missing:
            _log.warning(
                "%s row %s: %s is %s, which no row of %s has, and so in %s of %s rows: its columns "
                "are empty there; see that join.on in shop.yml names what is alike in both files",
                lines.file, row, " and ".join(left for left, _ in one.keys), key, one.path.name,
                f"{missing:,}", f"{every:,}",
            )  # fmt: skip
