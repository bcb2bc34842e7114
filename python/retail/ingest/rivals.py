"""Say which of two columns with a name for the same was taken, where the other groups otherwise."""

from __future__ import annotations

import logging

import duckdb

from retail.ingest.columns import SETTING_NAMES, field_of
from retail.ingest.forms.rewriting import IGNORED
from retail.ingest.mapping import PlannedRows, marked_rows
from retail.ingest.nothing import is_nothing

WHAT = {"invoice_no": "orders", "stock_code": "products", "customer_id": "customers"}
FEW_OTHERS = 0.01
"""Share of the groups that may be others, as of a customer with two addresses."""
_log = logging.getLogger(__name__)


def warn_of_rivals(connection: duckdb.DuckDBPyConnection, lines: PlannedRows) -> None:
    """Warn of unread columns that would make other orders, products or customers of the lines."""
    plan = lines.plan
    for field in WHAT:
        setting = SETTING_NAMES.get(field, field)
        taken = plan.columns.get(field, ())
        if len(taken) == 1 and getattr(plan.shop.columns, setting).is_found_by_name:
            for i, name in enumerate(plan.names):
                if i not in plan.used and field_of(name) == field:
                    _warn_of_rival(connection, lines, field, taken[0], i)


def _warn_of_rival(
    connection: duckdb.DuckDBPyConnection, lines: PlannedRows, field: str, taken: int, other: int
) -> None:
    query = f"""
        with lines as (
            select source_row, trim(c{taken}) as one, trim(c{other}) as other
            from {marked_rows(lines)}
            where line_mark is distinct from '{IGNORED}'
                and not {is_nothing(f"c{taken}")} and not {is_nothing(f"c{other}")}
        ),

        others as (select one from lines group by one having min(other) < max(other)),

        ones as (select other from lines group by other having min(one) < max(one)),

        examples as (
            select * from lines where one in (from others) or other in (from ones)
            order by source_row limit 1
        )

        select count(*), count(distinct one), count(distinct other), count(distinct (one, other)),
            (select (source_row, one, other) from examples)
        from lines
    """  # noqa: S608 - names are made by mapping
    every, ones, others, pairs, example = connection.execute(query).fetchall()[0]
    # What is the same on every line, or of every line, is no number of orders or customers.
    tells_nothing = others == 1 or ones < others == every
    if tells_nothing or pairs - min(ones, others) <= FEW_OTHERS * pairs:
        return
    setting, names = SETTING_NAMES.get(field, field), lines.plan.names
    row, one, two = example
    _log.warning(
        "%s row %s: %s is read from %s, '%s', and %s is '%s': they are %s %s by the first, and %s "
        "by the second; set columns.%s in shop.yml to the one that is meant",
        lines.file, row, setting, names[taken], one, names[other], two, f"{ones:,}", WHAT[field],
        f"{others:,}", setting,
    )  # fmt: skip
