"""Propose from all rows of a file which lines are returns, are left out, or are no merchandise.

So too what an order's number is made of, and which columns its first line alone has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from retail.ingest.columns import AMOUNTS, MATTERS, MONEY, PLACES, field_of, normalise
from retail.ingest.forms.numbers import bare
from retail.ingest.mapping import is_currency
from retail.ingest.peek import Column, Peek
from retail.ingest.statuses import IS_RETURN, IS_VOID, RETURNED, STATUS, VOID, YES
from retail.ingest.suspicions import CREDIT_NOTES, CREDIT_SHARE, FEWEST, is_no_merchandise
from retail.ingest.unread import NEAR
from retail.storage.quoting import identifier, literal

Columns = Mapping[str, str]
"""Names of columns by the field that they are proposed for, as shop.yml calls it."""
FEW_MEMBERS, MOST_MEMBERS = 6, 40
"""Members of a column that may rule lines: by what they are, by its name; chosen by hand."""
USUAL = 0.5
"""Share of the rows, or orders, from which on something is no exception."""
COLLIDING, FOR_CERTAIN = 0.05, 0.8
"""Share of the order numbers that are of several stores, and of these those of several moments."""


def rules_of_lines(seen: Peek, columns: Columns) -> dict[str, object]:
    """Which lines are returns, are left out and are no merchandise, where columns tell."""
    ruling = [c for c in seen.columns if c.name not in columns.values() and _tells(c)]
    of_lines = [c for c in ruling if not STATUS.search(normalise(c.name))]
    of_orders = [c for c in ruling if c not in of_lines]
    has_negatives = _has_negatives(seen, columns)
    returns = [] if has_negatives else [*_marks(of_lines, IS_RETURN, RETURNED)]
    # An order that was sent back as a whole was sold before, on a day that nothing tells.
    undone = [] if has_negatives else [*_marks(of_orders, IS_RETURN, RETURNED)]
    left_out = _in_any([*_marks(ruling, IS_VOID, VOID), *undone])
    rules: dict[str, object] = {
        "return": _in_any(returns) or ("" if has_negatives else _credit_notes(seen, columns)),
        "ignore": " or ".join(filter(None, (left_out, _totals(seen, columns)))),
        "service": _services(seen, columns),
    }
    return {key: rule for key, rule in rules.items() if rule}


def _tells(column: Column) -> bool:
    """Whether a column may rule lines: by its name, or by what its few members are."""
    is_known = MATTERS.search(normalise(column.name)) and column.members <= MOST_MEMBERS
    return bool(is_known) or (
        column.members <= FEW_MEMBERS and any(re.fullmatch(RETURNED, m) for m in column.frequent)
    )


def _has_negatives(seen: Peek, columns: Columns) -> bool:
    signed = " or ".join(
        f"regexp_matches({seen.sql(columns[key])}, '^[(-]|-$')" for key in AMOUNTS if key in columns
    )
    (count,) = seen.ask(f"select count(*) filter ({signed}) from {seen.table}")  # noqa: S608 - quoted
    return count > 0


def _marks(
    ruling: Iterable[Column], asks: re.Pattern[str], words: str
) -> Iterator[tuple[str, list[str]]]:
    """The members of each column that say so in words, or yes where its name asks."""
    for column in ruling:
        is_flag = asks.search(normalise(column.name)) and column.members <= 2
        wanted = YES if is_flag else words
        yield column.name, [m for m in column.frequent if re.fullmatch(wanted, m)]


def _in_any(found: Iterable[tuple[str, list[str]]]) -> str:
    """An expression over the columns and members that were found."""
    return " or ".join(
        f"{identifier(name)} in ({', '.join(map(literal, members))})"
        for name, members in found
        if members
    )


def _credit_notes(seen: Peek, columns: Columns) -> str:
    """An expression over the numbers that are of credit notes; empty where none are for certain."""
    number = seen.sql(columns["order_id"])
    start = f"regexp_extract({number}, '^\\pL+[-_/#: ]*')"
    is_one = f"regexp_matches({number}, {literal(CREDIT_NOTES)})"
    query = f"""
        select list(start) filter (credits = lines), sum(credits), sum(lines), bool_and(
            credits in (0, lines) and (credits = 0 or start != '')
        )
        from (
            select {start} as start, count(*) filter ({is_one}) as credits, count(*) as lines
            from {seen.table} where {number} is not null group by start
        )
    """  # noqa: S608 - quoted
    starts, credits, lines, are_apart = seen.connection.execute(query).fetchall()[0]
    if not starts or not are_apart or credits >= CREDIT_SHARE * lines:
        return ""
    name = identifier(columns["order_id"])
    return " or ".join(f"{name} like {literal(f'{start}%')}" for start in sorted(starts))


def _totals(seen: Peek, columns: Columns) -> str:
    """An expression over rows of an order that name no product, where they repeat its money.

    Programs write a row for the order above its lines, or one for its payment below them.
    """
    (money,) = (columns[key] for key in MONEY if key in columns)
    number, product = seen.sql(columns["order_id"]), seen.sql(columns["product"])
    pieces = f"try_cast({bare(seen.sql(columns['quantity']))} as double)"
    amount = f"try_cast(replace({bare(seen.sql(money))}, ',', '') as double)"
    whole = f"{amount} * {pieces}" if "unit_price" in columns else amount
    query = f"""
        with orders as (
            select {number} as number, sum({whole}) filter ({product} is not null) as total
            from {seen.table} group by {number} having count({product}) between 1 and count(*) - 1
        )

        select count(*), count(*) filter (
            {seen.sql(money)} is null or abs({amount} - total) < {NEAR}
        )
        from {seen.table} inner join orders on {number} = number where {product} is null
    """  # noqa: S608 - quoted
    rows, repeating = seen.ask(query)
    return f"{identifier(columns['product'])} is null" if FEWEST <= rows == repeating else ""


def _services(seen: Peek, columns: Columns) -> list[str]:
    """Codes of what is no merchandise by its name."""
    named = [seen.sql(columns[key]) for key in ("product", "description") if key in columns]
    is_one = is_no_merchandise(*named)
    query = f"""
        select list(distinct {named[0]}) filter ({is_one}), count(*) filter ({is_one}), count(*)
        from {seen.table} where {named[0]} is not null
    """  # noqa: S608 - quoted
    codes, lines, every = seen.connection.execute(query).fetchall()[0]
    is_usual = not codes or len(codes) > MOST_MEMBERS or lines > USUAL * every
    return [] if is_usual else sorted(code for code in codes if "*" not in code)


def order_key(seen: Peek, columns: Columns) -> dict[str, object]:
    """Columns that make one order's number, where stores number theirs each for itself."""
    number, moment = seen.sql(columns["order_id"]), seen.sql(columns["ordered_at"])
    customer = seen.sql(columns["customer_id"]) if "customer_id" in columns else "null"
    for column in seen.columns:
        place = seen.sql(column.name)
        if not re.search(PLACES, normalise(column.name)) or not 1 < column.members <= MOST_MEMBERS:
            continue
        query = f"""
            with orders as (
                select count(distinct {place}) > 1 as is_shared,
                    count(distinct {moment}) > 1 or count(distinct {customer}) > 1 as is_several
                from {seen.table} where {number} is not null group by {number}
            )

            select count(*), count(*) filter (is_shared), count(*) filter (is_shared and is_several)
            from orders
        """  # noqa: S608 - quoted
        orders, shared, several = seen.ask(query)
        if shared >= COLLIDING * orders and several and several >= FOR_CERTAIN * shared:
            return {"order_id": [column.name, columns["order_id"]]}
    return {}


def filled_down(seen: Peek, columns: Columns) -> dict[str, object] | None:
    """The columns that only the first line of an order has; None where there are none."""
    by, product = columns["order_id"], seen.sql(columns["product"])
    number = seen.sql(by)
    query = f"select count(*) filter ({number} is null and {product} is not null), count(*)"
    without, every = seen.ask(f"{query} from {seen.table}")
    is_numberless = without >= USUAL * every / 2
    test = _is_missing_below if is_numberless else _is_on_first_lines
    others = [
        column.name
        for column in seen.columns
        if column.name not in (by, columns["product"])
        and (field_of(column.name) or is_currency(column.name) or column.name in columns.values()
             or MATTERS.search(normalise(column.name)))
        and column.members and test(seen, number, seen.sql(column.name))
    ]  # fmt: skip
    found = [by, *others] if is_numberless else others
    return {"by": by, "columns": found} if found else None


def _is_missing_below(seen: Peek, number: str, text: str) -> bool:
    """Whether rows without a number have nothing in a column either."""
    query = f"select count({text}) from {seen.table} where {number} is null"  # noqa: S608 - quoted
    return seen.ask(query) == (0,)


def _is_on_first_lines(seen: Peek, number: str, text: str) -> bool:
    """Whether of orders with several lines the first alone has something in a column."""
    query = f"""
        with orders as (
            select count({text}) as filled, count(*) as lines,
                arg_min({text} is not null, source_row) as is_first
            from {seen.table} where {number} is not null group by {number} having count(*) > 1
        )

        select count(*), count(*) filter (filled = 1 and is_first) from orders where filled > 0
    """  # noqa: S608 - quoted
    orders, alone = seen.ask(query)
    return alone >= FEWEST and alone >= USUAL * orders
