"""What the columns say that no order line is made of: whether lines count, and other dates."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

import duckdb

from retail.formatting import price
from retail.ingest.columns import field_of, may_be_money, may_matter, mention, normalise
from retail.ingest.forms import moments, numbers
from retail.ingest.forms.rewriting import IGNORED, MONEY
from retail.ingest.mapping import UCI, Plan, PlannedRows, marked_rows
from retail.ingest.shop.reading import presets
from retail.ingest.shop.settings import Columns
from retail.ingest.statuses import (
    AN_AMOUNT,
    IS_FREE_TEXT,
    IS_STATUS,
    counts,
    is_harmless,
    is_of_returns,
    is_taken_back,
    is_under_way,
)
from retail.storage.quoting import identifier, literal

MOST_NAMED = 50
"""Members of a column in a rule that a sentence proposes; what is left is said once it is set."""
FEW_MEMBERS = 1000
"""Different texts up to which a column is looked into whatever its name; more are names and ids."""
DATE = r"^\s*(?:\pL+[.,]*\s+)?\d{1,4}[-/. ]+(?:\d{1,2}|\pL+)[-/., ]+\d{1,4}(?:\D|$)"
LOOKED_AT, ARE_DATES = 1000, 0.8
"""Rows from whose texts a column is known to have dates, and the share of them that are."""
AT_ONCE = 50
"""Columns of one query: it needs memory for each of them."""
FEWEST_DAYS, FEWEST_ROWS = 3, 10
"""Days of another column that make a single one odd, and rows that have it."""
NEAR, FEW_OTHERS = 0.011, 0.01
"""Rounding of an amount, and share of lines whose amounts may be otherwise."""
BESIDE_LINES = re.compile(
    r"total$(?<!itemtotal)(?<!linetotal)|^(?:order|cart|shipping|giftwrap|total|misc|other|direct)|fee|balance"
)
"""What else exports of known forms have money of: of the order, or for other than its lines."""
FEWEST_ORDERS = 5
"""Of several lines, from which on money that is the same on each is no accident."""
IS_WHOLE = re.compile("(?i)parent|bundle|kit|component|belongs|set.?(?:sku|id|code)")
"""Of a name of a column that says of what a line is a part."""
_log = logging.getLogger(__name__)


def look_into(
    connection: duckdb.DuckDBPyConnection, lines: PlannedRows, *, preset: str | None
) -> str:
    """Warn of what unread columns say, and name those that have dates.

    Args:
        connection: any DuckDB connection.
        lines: of a file.
        preset: the form that it is of, whose columns of money are known.
    """
    plan, file = lines.plan, lines.file
    is_of_preset = plan.shop.lines in [preset.lines for _, preset in presets().values()]
    ruled = plan.read_by_rules - {*plan.columns.get("description", ())}
    ruled -= {i for i in ruled if is_of_preset and may_matter(plan.names[i])}
    free = [i for i in range(len(plan.names)) if i not in ruled]
    telling = sorted({*free, *plan.ruling})
    if not telling:
        return ""
    texts = ", ".join(f"c{i}" for i in {*telling, *plan.columns["invoice_date"][:1]})
    connection.execute(
        "create or replace temp table looked_into as select source_row, invoice_no, stock_code, "  # noqa: S608 - names are made by mapping
        f"quantity, line_mark, is_return, money, {texts} "
        f"from {marked_rows(lines)}"
    )
    rows = "looked_into"
    _warn_of_members(connection, plan, _telling(connection, plan, telling, rows), rows, file)
    _warn_of_parts(connection, plan, free, rows, file)
    known = presets()[preset][1].columns if preset else Columns()
    if all(plan.shop.columns.is_usual(name, known) for name in MONEY):
        places = [i for i in free if not (preset and is_known(plan.names[i], preset))]
        _warn_of_money(connection, plan, places, rows, lines.rule_sign, file)
    note = _other_dates(connection, plan, free, rows, file)
    connection.execute("drop table looked_into")
    return note


def _telling(
    connection: duckdb.DuckDBPyConnection, plan: Plan, places: Sequence[int], rows: str
) -> list[int]:
    """The columns that may say which lines count: by their names, or by having few members."""
    counts = ", ".join(f"approx_count_distinct(c{i})" for i in places)
    found = connection.execute(f"select {counts} from {rows}").fetchall()[0]  # noqa: S608 - names are made by mapping
    return [
        i
        for i, members in zip(places, found, strict=True)
        if members <= FEW_MEMBERS or may_matter(plan.names[i]) or IS_FREE_TEXT.search(plan.names[i])
    ]


def _warn_of_members(
    connection: duckdb.DuckDBPyConnection, plan: Plan, places: Sequence[int], rows: str, file: str
) -> None:
    """Say which members of columns look as if their lines did not count, and no rule says so."""
    others: list[str] = []
    for first in range(0, len(places), AT_ONCE):
        others += _warn_of_some(connection, plan, places[first : first + AT_ONCE], rows, file)
    if others:
        _log.warning(
            "%s: %s not read, and may say which lines count or in what money they are",
            file, mention(others),
        )  # fmt: skip


def _warn_of_some(
    connection: duckdb.DuckDBPyConnection, plan: Plan, places: Sequence[int], rows: str, file: str
) -> list[str]:
    """Say it of some columns; returns the names of those that may tell, and hold no such word."""
    # What a rule of a column names, and lets count all the same, somebody has thought of.
    empty, of_rules, used = literal(""), plan.ruling, plan.used
    decided = ", ".join([empty, *map(literal, plan.words_of_rules)])
    query = " union all ".join(
        f"select {i}, {_some_rows(taken, text)}, {_some_rows(unknown, text)}, "  # noqa: S608 - names are made by mapping
        f"bool_and({harmless} or is_return or money < 0) or {_is_one_word(text)}, "
        f"{_are_currencies(text)} "
        f"from {rows} where line_mark is distinct from '{IGNORED}'"
        for i in places
        for name, text in [(plan.names[i], f"c{i}")]
        for counted in [
            "not is_return and coalesce(money, 0) >= 0 "
            f"and coalesce(lower(trim({text})), '') not in ({decided if i in of_rules else empty})"
        ]
        for harmless in [is_harmless(text, name)]
        for taken in [f"{counted} and {_says_so(name, text)}"]
        for may_be_new in [i in used and bool(IS_STATUS.search(normalise(name)))]
        for usual in [_is_usual(connection, text, rows) if may_be_new else "true"]
        for unknown in [f"{counted} and not ({_says_so(name, text)} or {usual})"]
    )
    others = []
    for i, *found, harmless, are_currencies in connection.execute(query).fetchall():
        name, taken, unknown = plan.names[i], found[:5], found[5:]
        if taken[0] and counts(name):
            _warn_of_count(name, taken, file)
        elif taken[0]:
            _warn_of_rows(plan, name, taken, file, "")
        elif (are_currencies or (may_matter(name) and not harmless)) and i not in used:
            others.append(name)
        if unknown[0]:
            _warn_of_rows(plan, name, unknown, file, ", a word that no rule has")
    return others


def _says_so(name: str, text: str) -> str:
    """SQL: whether a text says that its line does not count, or a number that a part of it does."""
    is_amount = f"coalesce(regexp_full_match({numbers.bare(text)}, {literal(AN_AMOUNT)}), false)"
    said = is_taken_back(name, text)
    return f"({said} or {is_amount})" if counts(name) else said


def _is_usual(connection: duckdb.DuckDBPyConnection, text: str, rows: str) -> str:
    """SQL: whether a word of a status is known to count, or is that of most rows."""
    query = f"""
        select lower(trim({text})) as word from {rows} where word is not null
        group by word having 2 * count(*) > (select count(*) from {rows})
    """  # noqa: S608 - names are made by mapping
    words = [word for (word,) in connection.execute(query).fetchall()]
    of_most = f"coalesce(lower(trim({text})) = {literal(words[0])}, false)" if words else "false"
    return f"{is_under_way(text)} or {of_most}"


def _some_rows(such: str, text: str) -> str:
    """SQL: the number of some rows, the first one, its text, their money, and all their texts."""
    return (
        f"count(*) filter ({such}), min(source_row) filter ({such}), "
        f"arg_min(trim({text}), source_row) filter ({such}), sum(money) filter ({such}), "
        f"list(distinct trim({text})) filter ({such})"
    )


def _warn_of_rows(plan: Plan, name: str, found: Sequence[Any], file: str, why: str) -> None:
    """Say that rows count which may not, and the whole of the rule by which they do not."""
    lines, row, first, money, members = found
    every = sorted({one.lower(): one for one in sorted(members, reverse=True)}.values())
    returns = [one for one in every if is_of_returns(name, [one])]
    others = [one for one in every if one not in returns]
    rules = {"return": (plan.shop.lines.returned, returns),
             "ignore": (plan.shop.lines.ignore, others)}  # fmt: skip
    _log.warning(
        "%s row %s: %s is %s%s, as in %s rows, which count as sales of %s; if they are none, "
        "set %s",
        file, row, name, first, why, f"{lines:,}", price(money),
        ", and ".join(
            f"lines.{key} in shop.yml to {_rule(before, name, wanted)}"
            for key, (before, wanted) in rules.items() if wanted
        ),
    )  # fmt: skip


def _rule(before: str | None, name: str, members: Sequence[str]) -> str:
    """The rule that there is, with some members of a column beside, as far as they fit a line."""
    named = f"{identifier(name)} in ({', '.join(map(literal, members[:MOST_NAMED]))})"
    rest = len(members) - MOST_NAMED
    whole = f"({before}) or {named}" if before else named
    return f"{whole} and {rest:,} more" if rest > 0 else whole


def _warn_of_count(name: str, found: Sequence[Any], file: str) -> None:
    """Say that what came back of a line, or never was, counts with it."""
    lines, row, first, money, _ = found
    _log.warning(
        "%s row %s: %s is %s, as in %s rows, and is not taken off their sales of %s; if it should "
        "be, set columns.quantity.sql in shop.yml where it is of pieces, or "
        "columns.line_amount.sql where it is money",
        file, row, name, first, f"{lines:,}", price(money),
    )  # fmt: skip


def _warn_of_parts(
    connection: duckdb.DuckDBPyConnection, plan: Plan, places: Sequence[int], rows: str, file: str
) -> None:
    """Say which column names another product of the order, that the line may be a part of."""
    for i in places:
        if not IS_WHOLE.search(plan.names[i]):
            continue
        query = f"""
            with lines as (select * from {rows} where line_mark is null and money > 0)

            select count(*), min(source_row), arg_min(trim(c{i}), source_row), sum(money)
            from lines where trim(c{i}) != trim(stock_code)
                and (invoice_no, trim(c{i})) in (select (invoice_no, trim(stock_code)) from lines)
        """  # noqa: S608 - names are made by mapping
        parts, row, whole, money = connection.execute(query).fetchall()[0]
        if parts:
            _log.warning(
                "%s row %s: %s is %s, another product of the order, as in %s rows, which count as "
                "sales of %s; if they are parts of a bundle whose price is on its own line, set "
                "lines.ignore in shop.yml to %s is not null",
                file, row, plan.names[i], whole, f"{parts:,}", price(money),
                identifier(plan.names[i]),
            )  # fmt: skip


def _warn_of_money(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    places: Sequence[int],
    rows: str,
    sign: numbers.Sign,
    file: str,
) -> None:
    """Say which columns have other money than the one that is read, in whichever lines."""
    names = plan.names
    money = [i for i in places if may_be_money(names[i]) and not may_matter(names[i])]
    for i in money:
        other = f"try_cast({numbers.as_read(f'trim(c{i})', sign)} as double)"
        query = f"""
            select count(*), count(*) filter (differs), min(source_row) filter (differs),
                arg_min((other, money), source_row) filter (differs),
                count(*) filter (is_turned), min(source_row) filter (is_turned),
                arg_min((other, money), source_row) filter (is_turned)
            from (
                select *, differs and other < 0 and money > 0 and not is_return as is_turned
                from (
                    select source_row, {other} as other, money, is_return, least(
                        abs(other - money),
                        abs(other - money / nullif(try_cast(quantity as double), 0))
                    ) > {NEAR} as differs
                    from {rows} where line_mark is distinct from '{IGNORED}'
                )
            )
            where other is not null and money is not null
        """  # noqa: S608 - names are made by mapping
        every, differing, row, pair, turned, first, signs = connection.execute(query).fetchall()[0]
        if not differing or _is_of_orders(connection, other, rows):
            continue
        if 0 < turned < every / 2:
            _log.warning(
                "%s row %s: %s is %s, and the line is read as %s of money, as their signs differ "
                "in %s of %s rows; if these are returns, set lines.return in shop.yml to %s < 0",
                file, first, names[i], *(f"{one:,.2f}" for one in signs), f"{turned:,}",
                f"{every:,}", identifier(names[i]),
            )  # fmt: skip
            differing -= turned
        if differing > FEW_OTHERS * every:
            _log.warning(
                "%s row %s: %s is %s, and the line is read as %s of money, as they differ in %s of "
                "%s rows; set columns.line_amount or columns.unit_price in shop.yml to it if it is "
                "what counts",
                file, row, names[i], *(f"{one:,.2f}" for one in pair), f"{differing:,}",
                f"{every:,}",
            )  # fmt: skip


def is_known(name: str, preset: str) -> bool:
    """Whether a form is known to have a column, beside the money that counts where it is of any."""
    headers, _ = presets()[preset]
    named = {normalise(one) for header in headers for one in header}
    is_of_order = preset != UCI and BESIDE_LINES.search(normalise(name))
    return normalise(name) in named or bool(is_of_order)


def _is_of_orders(connection: duckdb.DuckDBPyConnection, other: str, rows: str) -> bool:
    """Whether other money is that of the whole order on each of its lines, with what is added."""
    query = f"""
        with orders as (
            select min({other}) = max({other}) and min({other}) > sum(money) - {NEAR} as is_whole
            from {rows} where line_mark is distinct from '{IGNORED}' and {other} is not null
            group by invoice_no having min(money) < max(money)
        )

        select count(*), count(*) filter (is_whole) from orders
    """  # noqa: S608 - names are made by mapping
    orders, whole = connection.execute(query).fetchall()[0]
    return bool(orders >= FEWEST_ORDERS and whole >= (1 - FEW_OTHERS) * orders)


def _is_one_word(text: str) -> str:
    """SQL: whether a column has one and the same word on every line, which tells none apart."""
    return (
        f"(min(trim({text})) = max(trim({text})) and count(*) = count({text}) "
        f"and not bool_or(regexp_matches({text}, '[0-9%]')))"
    )


def _are_currencies(text: str) -> str:
    """SQL: whether a column has nothing but signs or codes of currencies, several of them."""
    return (
        f"min(lower(trim({text}))) < max(lower(trim({text}))) and "
        f"bool_and(regexp_full_match(lower(trim({text})), {literal(numbers.MONEY_SIGNS)}))"
    )


def _other_dates(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    places: Sequence[int],
    rows: str,
    file: str,
) -> str:
    """Name the columns with other dates; warn where one may be meant as well as the one taken."""
    are_dates = ", ".join(
        f"coalesce(avg(cast(regexp_matches(c{i}, {literal(DATE)}) as integer)), 0) >= {ARE_DATES}"
        for i in places
    )
    if not (places and plan.columns["invoice_date"]):
        return ""
    query = f"select {are_dates} from (from {rows} limit {LOOKED_AT})"  # noqa: S608 - names are made by mapping
    found = connection.execute(query).fetchall()[0]
    others = [i for i, is_date in zip(places, found, strict=True) if is_date]
    if not plan.shop.columns.ordered_at.names:
        for other in others:
            _warn_of_date(connection, plan, other, rows, file)
    named = mention([plan.names[i] for i in others])
    return f"dates in other columns: {named}" if others else ""


def _warn_of_date(
    connection: duckdb.DuckDBPyConnection, plan: Plan, other: int, rows: str, file: str
) -> None:
    taken = plan.columns["invoice_date"][0]
    days = [f"regexp_extract({_moment(i)}, '^[^ T]+')" for i in (taken, other)]
    query = f"""
        select count(*), count(*) filter (one != other), min(source_row) filter (one != other),
            arg_min((one, other), source_row) filter (one != other),
            count(distinct one), count(distinct other)
        from (select source_row, {days[0]} as one, {days[1]} as other from {rows}
            where line_mark is distinct from '{IGNORED}')
        where one is not null and other is not null
    """  # noqa: S608 - names are made by mapping
    every, differing, row, pair, of_one, of_other = connection.execute(query).fetchall()[0]
    is_constant = every >= FEWEST_ROWS and of_one == 1 and of_other >= FEWEST_DAYS
    if differing and (is_constant or field_of(plan.names[other]) == "invoice_date"):
        _log.warning(
            "%s row %s: ordered_at is read from %s, '%s', and %s is '%s', as they differ in %s of "
            "%s rows; set columns.ordered_at in shop.yml to the one that counts",
            file, row, plan.names[taken], pair[0], plan.names[other], pair[1],
            f"{differing:,}", f"{every:,}",
        )  # fmt: skip


def _moment(place: int) -> str:
    """SQL: a text as a moment in the models' form, if it is one."""
    return moments.as_read(f"trim(c{place})", moments.Form("text", ""))
