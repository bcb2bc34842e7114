"""What of the figures, days, numbers and files of order lines is out of line, with an example."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping

import duckdb

from retail.formatting import price
from retail.storage.quoting import literal

FEWEST, SHARE = 5, 0.05
"""Orders, and share of them, from which on they are no accident."""
FEWEST_LINES = 20
"""From which on all of them alike say something."""
HUNDRED = 100
"""Money from whose median on whole numbers may be cents."""
WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "IDR", "HUF", "ISK", "XAF", "XOF", "PYG"})
"""Currencies that are written in whole numbers."""
BARCODE = 10**11
"""From here on a price is as long as the number below a barcode."""
TIMES_THE_MEDIAN = 100
FEWEST_IN_A_ROW, BY_CHANCE = 3, 0.01
"""Repeated orders in a row that are odd, and how improbable that must be among all."""
NEAR, TIMES_AS_MANY = 0.2, 5
"""How near two amounts are alike, by their logarithm: discounts and changed prices lie within, and
half as many pieces beyond. How many more lines must fit one reading than the other."""
GAP = 5
"""Years without lines that set some apart from the others."""
FIRST_YEAR, LAST_YEAR = 1980, 2100
NOON = 0.1
"""Share of lines between one and seven in the morning that no shop has by day alone."""
SAME_MOMENT = 0.3
"""Share of lines with the moment and customer of another from which on it is no accident."""
_TIME_OF_DAY = r"[T ](?:[1-9]|0[1-9]|[12]\d):\d\d|[T ]00?:(?:[1-5]\d|0[1-9])"
"""One that is not midnight, which dates have that have none."""
OTHER_FILES = (
    r"(?i)(?:^|[^a-z])(?:returns?|refunds?|retouren?|r[üu]cknahmen?|gutschrift(?:en)?|avoirs?"
    r"|credit.?notes?|cancel\w*|storn\w*|quotes?|quotations?|angebote?|devis|budget|forecast|drafts?)"
    r"(?:[^a-z]|$)"
)
"""Names of files and sheets of what is no sale."""
MONEY = "try_cast(coalesce(unit_price, line_amount) as double)"
"""SQL: the money that a line states."""
PIECES = "try_cast(quantity as double)"
UNIT_PRICE = (
    "round(coalesce(try_cast(unit_price as double), "
    "try_cast(line_amount as double) / nullif(try_cast(quantity as double), 0)), 2)"
)
AMOUNT = (
    "coalesce(try_cast(line_amount as double), "
    "try_cast(quantity as double) * try_cast(unit_price as double))"
)


def outliers(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    currencies: Collection[str],
    columns: Mapping[str, str],
    *,
    are_copies_open: bool,
) -> Iterator[str]:
    """Say what of some order lines is out of line.

    Args:
        connection: any DuckDB connection.
        rows: SQL of them, in the columns of raw.order_lines.
        currencies: what their files name.
        columns: of the first file, by the names that shop.yml has for the fields.
        are_copies_open: nobody has said what identical lines are.
    """
    if are_copies_open:
        yield from _repeated(connection, rows)
    yield from _other_money(connection, rows, columns)
    yield from _money(connection, rows, currencies)
    yield from _years(connection, rows)
    yield from _clock(connection, rows)
    yield from _numbers_of_lines(connection, rows)
    yield from _files(connection, rows)


def _repeated(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Orders of which every line is there as many times: tills repeat some lines, not all.

    Few of them in a row are a part of the file that is there twice, as after a copy and paste.
    """
    query = f"""
        with lines as (
            select invoice_no, source_file, count(*) as times, min(source_row) as row,
                max(source_row) as last_row, any_value(trim(invoice_date)) as moment
            from {rows}
            where trim(invoice_no) != ''
            group by invoice_no, source_file, stock_code, quantity, unit_price, line_amount,
                invoice_date
        ),

        orders as (
            select invoice_no, source_file, count(*) as lines, min(row) as row,
                max(last_row) as last_row, min(times) as least, arg_min(moment, row) as moment,
                min(times) > 1 and min(times) = max(times) as is_repeated
            from lines group by invoice_no, source_file
        ),

        runs as (
            select *, row_number() over (order by source_file, row)
                - row_number() over (partition by is_repeated order by source_file, row) as run
            from orders
        ),

        longest as (
            select count(*) as orders, min(row) as first_row, max(last_row) as last_row,
                source_file, arg_min(moment, row) as first, arg_max(moment, row) as last
            from runs where is_repeated
            group by source_file, run order by orders desc, first_row limit 1
        )

        select count(*) filter (lines > 1), count(*) filter (lines > 1 and is_repeated),
            min(invoice_no) filter (lines > 1 and is_repeated),
            arg_min(least, invoice_no) filter (lines > 1 and is_repeated),
            count(*), count(*) filter (is_repeated),
            (select (orders, source_file, first_row, first, last, last_row) from longest)
        from orders
    """  # noqa: S608 - by ingest.sql: quoted
    orders, repeated, number, times, every, alike, run = connection.execute(query).fetchall()[0]
    if repeated >= max(FEWEST, SHARE * orders):
        yield (
            f"{repeated:,} of {orders:,} orders with several lines have each of them {times} "
            f"times, such as {number}: if a line stands there once a payment, shipment or export, "
            "set lines.duplicates in shop.yml to drop"
        )
    elif run and run[0] >= FEWEST_IN_A_ROW:
        in_a_row, file, row, first, last, last_row = run
        by_chance = every * ((alike - in_a_row + 1) / (every - in_a_row + 2)) ** in_a_row
        if by_chance < BY_CHANCE:
            yield (
                f"{file} row {row}: {in_a_row:,} orders in a row, from {first} to {last}, have "
                f"each of their lines again, up to row {last_row}, as after a copy and paste, and "
                "count twice; set lines.duplicates in shop.yml to drop if they are copies"
            )


def _other_money(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Mapping[str, str]
) -> Iterator[str]:
    """Prices that grow with the quantity, and money of lines that does not.

    Of each product, lines of another quantity than its most frequent are compared with these.
    """
    query = f"""
        with lines as (
            select source_file, source_row, upper(trim(stock_code)) as code, {PIECES} as pieces,
                {MONEY} as money, unit_price is not null as is_price
            from {rows}
            where {PIECES} > 0 and {MONEY} > 0 and (unit_price is null or line_amount is null)
        ),

        usual as (
            select code, is_price, pieces as usual_pieces, median(money) as usual_money,
                min(source_row) as usual_row
            from lines group by code, is_price, pieces
            qualify row_number() over (
                partition by code, is_price order by count(*) desc, pieces
            ) = 1
        ),

        compared as (
            select *, abs(ln(money / usual_money)) < {NEAR} as is_alike,
                abs(ln(money / usual_money) - ln(pieces / usual_pieces)) < {NEAR}
                    as is_in_proportion
            from lines inner join usual using (code, is_price)
            where abs(ln(pieces / usual_pieces)) > 2 * {NEAR}
        )

        select is_price, count(*), count(*) filter (is_alike), count(*) filter (is_in_proportion),
            arg_min((source_file, source_row, money, pieces, code, usual_money, usual_pieces),
                source_row) filter (if(is_price, is_in_proportion, is_alike))
        from compared group by is_price
    """  # noqa: S608 - by ingest.sql: quoted
    for is_price, lines, alike, in_proportion, example in connection.execute(query).fetchall():
        fitting, other = (in_proportion, alike) if is_price else (alike, in_proportion)
        if fitting < max(FEWEST, lines / 2, TIMES_AS_MANY * other):
            continue
        read, meant = ("unit_price", "line_amount")[:: 1 if is_price else -1]
        file, row, money, pieces, code, usual_money, usual_pieces = example
        yield (
            f"{file} row {row}: {columns.get(read, read)} is {price(money)} of {pieces:g} {code}, "
            f"and {price(usual_money)} of {usual_pieces:g}, as in {fitting:,} of {lines:,} lines: "
            + (
                "it grows with the quantity, and is read as the price of one piece"
                if is_price
                else "it does not grow with the quantity, and is read as the money of the line"
            )
            + f"; set columns.{meant} in shop.yml to it if it is the "
            + ("line's" if is_price else "price of one piece")
        )


def _money(
    connection: duckdb.DuckDBPyConnection, rows: str, currencies: Collection[str]
) -> Iterator[str]:
    """Money in cents, barcodes in place of prices, and one line with more than all others."""
    query = f"""
        select count(*), count(*) filter (contains(given, '.')), median(money),
            count(*) filter (money % 10 != 0), min(given),
            count(*) filter (money >= {BARCODE}), arg_max(given, money),
            coalesce(sum(amount), 0), coalesce(max(amount), 0), coalesce(median(amount), 0),
            arg_max(number, amount)
        from (
            select trim(invoice_no) as number, trim(coalesce(unit_price, line_amount)) as given,
                abs({MONEY}) as money, abs({AMOUNT}) as amount
            from {rows}
        )
        where money > 0
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchall()[0]
    lines, fractions, median, uneven, given, codes, code, total, most, usual, number = found
    if lines < FEWEST_LINES:
        return
    if codes:
        yield (
            f"{codes:,} prices, such as {code}, are as long as the number below a barcode; set "
            "columns.unit_price in shop.yml to the column of prices, or leave the rows out "
            "(lines.ignore)"
        )
    elif most * 2 > total and most > TIMES_THE_MEDIAN * usual:
        yield (
            f"one line, of order {number}, has {price(most)} of {price(total)} in all; if its "
            "price or quantity is mistyped, leave it out (lines.ignore in shop.yml)"
        )
    elif (
        not fractions
        and median >= HUNDRED
        and uneven * 2 >= lines
        and WITHOUT_CENTS.isdisjoint(currencies)
    ):
        yield (
            f"all {lines:,} amounts are whole numbers, such as {given}; if they are cents, set "
            'columns.unit_price.sql, or columns.line_amount.sql, in shop.yml to "COLUMN / 100"'
        )


def _years(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Few lines of years far from all others, and years in which nobody sold anything."""
    query = f"""
        select try_cast(regexp_extract(invoice_date, '\\d{{4}}') as integer) as year, count(*),
            min(invoice_date), arg_min(trim(invoice_no), invoice_date)
        from {rows} group by year having year is not null order by year
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchall()
    every = sum(lines for _, lines, *_ in found)
    far = list[tuple[int, int, str, str]]()
    for (before, *_), (after, *_) in itertools.pairwise(found):
        if after - before > GAP:
            sides = ([r for r in found if r[0] <= before], [r for r in found if r[0] >= after])
            fewer = min(sides, key=lambda side: sum(r[1] for r in side))
            far += [row for row in fewer if row not in far]
    lines = sum(row[1] for row in far)
    if far and lines <= SHARE * every:
        yield (
            f"{lines:,} lines are more than {GAP} years from all others, such as of order "
            f"{far[0][3]} on {far[0][2]}; if their dates are mistyped, leave them out "
            "(lines.ignore in shop.yml)"
        )
    elif odd := [row for row in found if not FIRST_YEAR <= row[0] < LAST_YEAR]:
        yield (
            f"{sum(row[1] for row in odd):,} lines are of years such as {odd[0][0]}; if the "
            "calendar is another, or the year stands elsewhere, set columns.ordered_at in shop.yml"
        )


def _clock(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Times of day that go up to twelve, as where the halves of the day were lost."""
    query = f"""
        select count(hour), count(*) filter (hour not between 1 and 12),
            count(*) filter (hour between 1 and 6), count(*) filter (hour between 7 and 11),
            min(invoice_date) filter (hour between 1 and 6)
        from (
            select invoice_date,
                try_cast(regexp_extract(invoice_date, '[T ](\\d{{1,2}}):', 1) as integer) as hour
            from {rows}
        )
    """  # noqa: S608 - by ingest.sql: quoted
    lines, beyond, early, later, first = connection.execute(query).fetchall()[0]
    if lines >= FEWEST_LINES and not beyond and later and early >= NOON * lines:
        yield (
            f"no line is later than 12:59, and {early:,} of {lines:,} are between 1:00 and 6:59, "
            f"such as {first}: if AM and PM are lost, or in a column of their own, set "
            "columns.ordered_at in shop.yml, or export the file anew with 24 hours"
        )


def _numbers_of_lines(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Order numbers of which each has one line, where lines of one moment and customer are many."""
    query = f"""
        with lines as (
            select invoice_no, count(*) over (
                partition by invoice_date, coalesce(customer_id, '')
            ) > 1 and regexp_matches(invoice_date, {literal(_TIME_OF_DAY)}) as is_shared
            from {rows}
        )

        select count(*), count(distinct invoice_no), count(*) filter (is_shared),
            min(invoice_no) filter (is_shared)
        from lines
    """  # noqa: S608 - by ingest.sql: quoted
    lines, numbers, shared, one = connection.execute(query).fetchall()[0]
    if lines == numbers >= FEWEST_LINES and shared >= SAME_MOMENT * lines:
        yield (
            f"each of {lines:,} lines has an order number of its own, and {shared:,}, such as "
            f"{one}, have moment and customer of another: if the number is the line's, set "
            "columns.order_id in shop.yml to the order's"
        )


def _files(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Files and sheets of returns, quotes and the like by their names, which count as sales."""
    query = f"""
        select source_file, count(*),
            count(*) filter (starts_with(quantity, '-') or {MONEY} < 0), sum({AMOUNT})
        from {rows} group by source_file order by source_file
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchall()
    is_other = f"select regexp_matches(?, {literal(OTHER_FILES)})"
    named = [row for row in found if connection.execute(is_other, [row[0]]).fetchall()[0][0]]
    if len(named) == len(found):
        return
    for file, lines, below, money in named:
        if not below and money:
            yield (
                f"{file} is of no sales by its name, and {lines:,} lines of it count as sales of "
                f"{price(money)}; take it away, or name it under returns in shop.yml"
            )
