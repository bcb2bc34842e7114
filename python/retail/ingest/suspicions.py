"""What is odd about order lines without being wrong for certain, with a count and an example."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

import duckdb

from retail.formatting import price
from retail.ingest.columns import FIELDS
from retail.ingest.forms.rewriting import plain_id
from retail.ingest.nothing import is_nobody, is_nothing
from retail.ingest.outliers import AMOUNT, MONEY, PIECES, UNIT_PRICE, outliers
from retail.storage.quoting import literal

IDS = {"stock_code": "stock codes", "invoice_no": "order numbers", "customer_id": "customer ids"}
NOT_MERCHANDISE = (
    "shipping|postage|delivery|freight|carriage|handling|tip|gratuity|gift ?card|gift ?voucher"
    "|e-?gift|voucher|coupon|discount|deposit|rounding|surcharge|donation|store ?credit|test"
    "|versand|versandkosten|porto|trinkgeld|gutschein|geschenkkarte|rabatt|pfand|rundung"
    "|livraison|frais de port|pourboire|carte cadeau|remise|consigne|env[ií]o|propina|descuento"
    "|tarjeta regalo|spedizione|mancia|sconto|buono regalo|verzendkosten|fooi|korting|cadeaubon"
    "|frete|desconto|wysyłka|frakt|rabat|kargo|sub-?total|grand total|payment|gebühr|liefergebühr"
    "|lieferkosten|(?:standard|express) (?:shipping|delivery|versand|livraison)|service charge"
    "|(?:ups|dhl|fedex|usps|dpd|gls) (?:ground|paket|parcel|air|express)|eco ?tax"
    "|loyalty points|spese di spedizione|gastos de env[ií]o|dostawa|toimituskulut|nachnahme"
    "|nachnahmegebühr|mindermengenzuschlag|zwischensumme|доставка|运费|送料"
)
ONLY = (
    "exp[ée]dition|insurance|packaging|transport|gift ?wrap|total|sum|summe|tax|vat|gst|mwst|ust"
    "|steuer|tva|iva|btw|moms|fee|[a-z ]+ fee"
)
"""The same where nothing follows but a rate, as in `VAT 20%`: merchandise may begin with them."""
_AMOUNT = r"[£$€]? ?[0-9][0-9.,]* ?(?:[%£$€]|eur|euro|gbp|usd)? ?"
MAYBE = (
    rf"{_AMOUNT}(?:off|discount|rabatt|nachlass|remise|korting|sconto|descuento)(?:[^a-z].*)?"
    rf"|{_AMOUNT}(?:e-?)?(?:gift ?(?:card|voucher|certificate)|(?:geschenk)?gutschein|geschenkkarte"
    r"|carte cadeau|buono regalo|cadeaubon|tarjeta regalo)(?:[^a-z].*)?"
    r"|(?:\S+ ){1,5}(?:shipping|delivery|postage|freight|versand|versandkosten|livraison)"
    r"(?: (?:fee|charge|cost)s?)?"
    r"|(?:\S+ ){1,4}(?:gift ?(?:card|voucher|certificate)|store ?credit|discount|surcharge)"
    r"|(?:sales|state|county|city|local|excise|import) (?:tax|duty|duties)(?:[^a-z].*)?"
)
"""The same behind an amount or a word, as in `£50 Gift Card`: enough to be asked about."""
TAKEN_OFF = (
    r"(?:.*[^a-z])?(?:discount|promo|promotion|promoci[oó]n|off|coupon|voucher|gutschein|rabatt"
    r"|nachlass|remise|korting|sconto|descuento)(?:[^a-z].*)?"
)
"""The same of lines of pieces whose money is below zero."""
LARGE_SHARE, TIMES_THE_NEXT = 0.1, 5
"""Share of the orders from which on one customer is odd, where the next has so many times less."""
FEWEST_OF_ONE = 20
"""Orders from which on one customer may be all guests."""
FEWEST_APART, OTHERS_ALIKE = 3, 0.9
"""Orders of an id unlike all others from which on it may be of guests; share of ids that are alike.
Programs give 0, 1 or 99999, or a word, to whoever has no number."""
NOBODY = (None, 0, 0, 0, False)
MANY, MANY_IDS = 50, 10
"""Customers of whom one at least orders twice; and of whom one may be unlike all others."""
FEWEST = 5
"""Of orders, from which on they are no accident."""
CREDIT_NOTES = (
    r"(?i)^\s*(?:(?:CN|CRN|CR|CM|RN|RE?F|RFD|RET|RMA|GS|AV|NCR?|KN|KOR|FAKS)[-_/#: ]*[0-9]"
    r"|(?:credit|refund|return|retour|gutschrift|storno|avoir|abono|rectific|korekta|nota.cr)"
    r"|.*[-_/ ](?:R|RET|REF|CN|CR|refund|return|storno)[0-9]{0,2}\s*$)"
)
"""How the numbers of credit notes begin, or end, in many programs."""
CREDIT_SHARE = 0.4
"""Of the lines, below which such numbers are exceptions; where most begin so, they mean nothing."""
MIRRORED, BY_CHANCE = 0.8, 0.01
"""Share of the lines of a kind of number that repeat those of another kind, from which on they are
credit notes; how improbable that must be where customers buy the same again of their own accord."""
MOST_KINDS = 20
"""Of order numbers, beyond which they have no kinds, as of random letters and digits."""
HOURS_APART = 3
"""Between the lines of one order, from which on it may be two."""
ALL_ALIKE = 0.9
"""Share of the orders with several lines whose money is the same in all of them."""


def suspicions(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    *,
    is_uci: bool,
    several: bool,
    currencies: Collection[str] = (),
    columns: Mapping[str, str] = MappingProxyType({}),
    are_copies_open: bool = True,
    day_first: Collection[str] | None = (),
    spellings: Mapping[str, str] = MappingProxyType({}),
    returns: str | None = None,
) -> list[str]:
    """Say what is odd about some order lines.

    Args:
        connection: any DuckDB connection.
        rows: SQL of them, in the columns of raw.order_lines.
        is_uci: they are of the public data set's form, whose rules know their services.
        several: they are of several files.
        currencies: what their files name.
        columns: of the first file, by the names that shop.yml has for the fields.
        are_copies_open: nobody has said what identical lines are.
        day_first: files whose dates have the day first; None where a number is an order's on one
            day only, so that the same in two files means nothing.
        spellings: of countries, each with the one that is shown for it.
        returns: the file of which every line is a return.
    """
    counted = f"(select * from {rows} where line_mark is distinct from 'ignored')"  # noqa: S608 - by ingest.sql: quoted
    said = [one for name in IDS for one in _damaged(connection, counted, name)]
    said += _large_customer(connection, counted)
    said += [] if is_uci else _products_of_one_line(connection, counted)
    if several:
        connection.execute(f"create or replace temp table shared as {_in_two_files(counted)}")
        if connection.execute("from shared limit 1").fetchall():
            said += _with_other_figures(connection, counted)
            if day_first is not None:
                said += _with_other_lines(connection, counted, day_first)
                said += _not_in_another(connection, counted, day_first)
        connection.execute("drop table shared")
        said += [] if is_uci else _with_other_words(connection, counted, spellings)
    if returns:
        said += _returned_twice(connection, counted, returns)
    if not is_uci:
        said += _no_merchandise(connection, counted)
        said += _money_of_orders(connection, counted)
        said += _shared_numbers(connection, counted)
        said += _odd_signs(connection, counted, columns)
        said += _mirrored(connection, counted)
        said += outliers(connection, counted, currencies, columns, are_copies_open=are_copies_open)
    return said


def _damaged(connection: duckdb.DuckDBPyConnection, rows: str, name: str) -> Iterator[str]:
    """Ids in scientific notation, and those that differ in leading zeros or in capitals alone."""
    is_scientific = (
        "regexp_full_match(code, '[0-9]([.,][0-9]+)?[Ee][+][0-9]+|[0-9][.,][0-9]+[Ee][0-9]+')"
    )
    query = f"""
        with codes as (
            select distinct trim({name}) as code, upper(trim({name})) as plain
            from (select distinct {name} from {rows})
        ),

        zeros as (
            select min(plain) as one, max(plain) as other from codes
            where regexp_full_match(plain, '[0-9]+')
            group by ltrim(plain, '0') having count(distinct plain) > 1
        ),

        points as (
            select one.plain as one, other.plain as other
            from codes as one inner join codes as other
            on one.plain = nullif(regexp_extract(other.plain, '^([0-9]+)[.]0+$', 1), '')
        ),

        capitals as (
            select min(code) as one, max(code) as other from codes
            where not contains(code, '@')
            group by plain having count(*) > 1
        )

        select
            (select count(*) from codes where {is_scientific}),
            (select min(code) from codes where {is_scientific}),
            (select count(*) from zeros),
            (select any_value(one || ' and ' || other) from zeros),
            (select count(*) from points),
            (select min(one || ' and ' || other) from points),
            (select count(*) from capitals),
            (select any_value(one || ' and ' || other) from capitals)
    """  # noqa: S608 - by ingest.sql: quoted
    scientific, code, zeros, pair, points, both, capitals, two = connection.execute(
        query
    ).fetchall()[0]
    what = IDS[name]
    meant = what.rpartition(" ")[0] if name != "stock_code" else "product"
    if scientific:
        yield (
            f"{scientific:,} {what} are numbers in scientific notation, such as {code}: a "
            f"spreadsheet has taken their last digits, and different {meant}s may share one; "
            "export the file anew without opening it there"
        )
    if zeros:
        yield (
            f"{zeros:,} {what} differ from others in leading zeros alone, such as {pair}: "
            f"they count as different {meant}s"
        )
    if points and name != "customer_id":
        yield (
            f"{points:,} {what} are there with and without .0, such as {both}: they count as "
            f"different {meant}s; write them alike"
        )
    if capitals and name == "customer_id":
        yield (
            f"{capitals:,} {what} differ from others in capitals alone, such as {two}: they count "
            f'as different {meant}s; set columns.customer_id.sql to "lower(…)" if they are not'
        )


def _large_customer(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """A customer with most orders, and one whose id is unlike all others."""
    query = f"""
        with orders as (select distinct customer_id, invoice_no from {rows}),

        customers as (
            select trim(customer_id) as customer, count(distinct invoice_no) as orders,
                (select count(distinct invoice_no) from orders) as every,
                count(*) over () as customers,
                try_cast(regexp_extract(customer, '^\\D{{0,3}}(\\d+)(?:[.]0)?$', 1) as double) as n
            from orders
            where trim(customer_id) != '' and not {is_nobody("customer_id")}
            group by customer
        ),

        ids as (select list_sort(list(distinct n)) as n, count(n) as numbered from customers),

        ends as (
            select n[1] as least, n[2] as second, n[-2] as last_but_one, n[-1] as most, numbered
            from ids
        )

        select customer, orders, every, customers, numbered >= {OTHERS_ALIKE} * (customers - 1)
            and customers >= {MANY_IDS} and orders >= {FEWEST_APART} and (
                (customers.n is null and not regexp_matches(customer, '[0-9]'))
                or (customers.n = least and second - least > most - second)
                or (customers.n = most and most - last_but_one > last_but_one - least)
            ) as is_apart
        from customers, ends
        qualify is_apart or row_number() over (order by orders desc, customer) <= 2
        order by orders desc, customer
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchall()
    if found and found[0][1] == 1 and found[0][3] >= MANY:
        yield (
            f"each of {found[0][3]:,} customers has one order: if the column is of orders and "
            "not of people, set columns.customer_id in shop.yml to another"
        )
    large, (_, next_orders, *_) = (*found, NOBODY, NOBODY)[:2]
    is_large = large[1] >= FEWEST_OF_ONE and large[1] > max(
        LARGE_SHARE * large[2], TIMES_THE_NEXT * next_orders
    )
    apart = next((one for one in found if one[-1]), NOBODY)
    customer, orders, every, *_ = large if is_large else apart
    if customer:
        why = "" if is_large else ", and its id is unlike all others"
        yield (
            f"customer {customer} has {orders:,} of {every:,} orders{why}; if that stands for "
            "guests, set columns.customer_id in shop.yml to "
            f"{{sql: \"nullif(COLUMN, '{customer}')\"}}"
        )


def _products_of_one_line(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Products that are as many as lines, though names come back: numbers of lines."""
    query = f"""
        select count(distinct trim(stock_code)), count(*),
            count(distinct coalesce(trim(description), '')), min(stock_code)
        from {rows} where stock_code is not null
    """  # noqa: S608 - by ingest.sql: quoted
    products, lines, names, one = connection.execute(query).fetchall()[0]
    if products == lines >= MANY and (names <= 1 or names < lines / 2):
        yield (
            f"each of {lines:,} lines has a product of its own, such as {one}: if the column is "
            "of lines and not of products, set columns.product in shop.yml to another"
        )


def _with_other_figures(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Lines of one order, day and product that one file has otherwise than another."""
    columns = """count(*) as lines,
        bit_xor(hash(try_cast(quantity as double), try_cast(unit_price as double),
            try_cast(line_amount as double))) as content"""
    return _across_files(
        connection, rows, "upper(trim(invoice_no))", columns, "code",
        "(min(lines) < max(lines) or min(content) < max(content))",
        "products in other quantities or prices in another file", "from shared",
    )  # fmt: skip


def _with_other_words(
    connection: duckdb.DuckDBPyConnection, rows: str, spellings: Mapping[str, str]
) -> Iterator[str]:
    """Lines that another file has with another time, customer, name or country alone."""
    columns = f"""{PIECES} as pieces, try_cast(unit_price as double) as price,
        try_cast(line_amount as double) as money,
        list_sort(list(distinct {_words(spellings)})) as others"""
    number, same = "ltrim(upper(trim(invoice_no)), '#')", "code, pieces, price, money"
    return _across_files(
        connection, rows, number, columns, same, "min(others) < max(others)",
        "lines that another file has with another time, customer, name or country",
        _in_two_files(rows, number),
    )  # fmt: skip


def _words(spellings: Mapping[str, str]) -> str:
    """SQL: a hash of the moment, customer, name, country and number of a line, as models see them.

    Rows that have all of these alike are copies, of which one counts.
    """
    moment = "regexp_replace(trim(invoice_date), '(:\\d\\d):00(?:\\.0+)?$', '\\1')"
    clock = f"nullif(regexp_replace({moment}, '^[^ T]+[ T]?', ''), '')"
    customer = (
        f"case when not {is_nobody('customer_id')} then case when contains(customer_id, '@') "
        "then lower(trim(customer_id)) else regexp_replace(trim(customer_id), '[.]0+$', '') end end"
    )
    names, shown = (", ".join(map(literal, each)) for each in (spellings, spellings.values()))
    named = f"map([{names}], [{shown}])[trim(country)]" if spellings else "null"
    country = f"coalesce({named}, trim(country))"
    known = (f"case when not {is_nothing(text)} then nfc_normalize(trim({text})) end"
             for text in ("description", country))  # fmt: skip
    texts = (f"coalesce({text}, '')" for text in (clock, customer, *known))
    return f"hash({', '.join(texts)}, upper(trim(invoice_no)))"


def _across_files(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    number: str,
    columns: str,
    same: str,
    differ: str,
    what: str,
    shared: str,
) -> Iterator[str]:
    """Say how many orders have lines that differ between two files.

    Args:
        connection: any.
        rows: SQL of the order lines.
        number: SQL of an order's number.
        columns: SQL of what is compared, of the lines of one order, day, product and file.
        same: the columns beside number and day by which lines of two files are the same.
        differ: SQL over such lines: whether they differ.
        what: what such orders have, as words.
        shared: SQL of the numbers that several files have.
    """
    query = f"""
        with lines as (
            select {number} as number, upper(trim(stock_code)) as code, source_file,
                regexp_extract(trim(invoice_date), '^[^ T]+') as day, {columns}
            from {rows}
            where {number} in ({shared})
            group by all
        ),

        found as (
            select number, min(source_file) as one, max(source_file) as other from lines
            group by number, day, {same} having one < other and {differ}
        )

        select count(distinct number), min(number), min_by(one, number), min_by(other, number)
        from found
    """  # noqa: S608 - by ingest.sql: quoted
    orders, order, one, other = connection.execute(query).fetchall()[0]
    if orders:
        yield (
            f"{orders:,} orders have {what}, such as {order} in {one} and {other}: both count; "
            "take away the file that is out of date, or have order_id in shop.yml made of more "
            "columns"
        )


def _day(day_first: Collection[str]) -> str:
    """SQL: the day of a line; NULL where it is none."""
    day = "translate(regexp_extract(trim(invoice_date), '^[^ T]+'), '.-', '//')"
    first = ", ".join(map(literal, day_first)) or "null"
    return (
        f"cast(coalesce(try_strptime({day}, '%Y/%m/%d'), case when source_file in ({first}) "
        f"then try_strptime({day}, '%d/%m/%Y') else try_strptime({day}, '%m/%d/%Y') end) as date)"
    )


def _sold(rows: str, day_first: Collection[str]) -> str:
    """SQL: what was sold, by order and file."""
    return f"""
        select upper(trim(invoice_no)) as number, source_file,
            upper(trim(stock_code)) as code, {PIECES} as pieces, {MONEY} as money,
            {_day(day_first)} as day
        from {rows} where trim(invoice_no) != '' and {PIECES} > 0 and {MONEY} >= 0
    """  # noqa: S608 - by ingest.sql: quoted


def _in_two_files(rows: str, number: str = "upper(trim(invoice_no))") -> str:
    """SQL: the order numbers that several files have."""
    return f"""
        select {number} as number from {rows}
        where trim(invoice_no) != '' group by 1 having min(source_file) < max(source_file)
    """  # noqa: S608 - by ingest.sql: quoted


def _with_other_lines(
    connection: duckdb.DuckDBPyConnection, rows: str, day_first: Collection[str]
) -> Iterator[str]:
    """Orders that another file has with other products, or on another day.

    Only where most numbers that two files have in common are the same orders: stores may number
    theirs each for itself.
    """
    query = f"""
        with lines as (
            select distinct * from ({_sold(rows, day_first)})
            where number in (from shared)
        ),

        versions as (
            select number, source_file, list_sort(list(distinct day)) as days
            from lines group by all
        ),

        orders as (
            select number, count(*) as files, min(source_file) as one, max(source_file) as other,
                count(distinct days) > 1 as is_redated
            from versions group by number having one < other
        ),

        found as (
            select number, one, other, is_redated,
                number in (
                    select number from orders as whole inner join (
                        select number, count(distinct source_file) as shared from lines
                        group by number, code, pieces, money
                    ) using (number) where shared = files
                ) as is_same,
                number in (
                    select number from orders as whole inner join (
                        select number, count(distinct source_file) as shared from lines
                        group by number, code
                    ) using (number) where shared < files
                ) as lacks_some
            from orders
        )

        select count(*), count(*) filter (is_same),
            count(*) filter (is_same and lacks_some),
            arg_min((number, one, other), number) filter (is_same and lacks_some),
            count(*) filter (is_same and not lacks_some and is_redated),
            arg_min((number, one, other), number) filter (
                is_same and not lacks_some and is_redated
            )
        from found
    """  # noqa: S608 - by ingest.sql: quoted
    every, same, lacking, lacks, redated, moved = connection.execute(query).fetchall()[0]
    if same * 2 < every:
        return
    if lacking:
        yield (
            f"{lacking:,} orders have products in one file that they lack in another, such as "
            f"{lacks[0]} in {lacks[1]} and {lacks[2]}: all count; take away the file that is out "
            "of date, or have order_id in shop.yml made of more columns"
        )
    if redated:
        yield (
            f"{redated:,} orders are in two files with the same products on different days, such "
            f"as {moved[0]} in {moved[1]} and {moved[2]}: both count; take away the file that is "
            "out of date, or have order_id in shop.yml made of more columns"
        )


def _not_in_another(
    connection: duckdb.DuckDBPyConnection, rows: str, day_first: Collection[str]
) -> Iterator[str]:
    """Orders that a file lacks which has most others of the same days again, from another file.

    Its own first and last day may be cut.
    """
    query = f"""
        with files as (
            select distinct source_file from {rows}
            where upper(trim(invoice_no)) in (from shared)
        ),

        orders as (
            select number, source_file, min(day) as day,
                bit_xor(hash(code, pieces, money)) as content
            from ({_sold(rows, day_first)})
            where source_file in (select source_file from files)
            group by all having min(day) is not null
        ),

        spans as (
            select source_file, min(day) as first_day, max(day) as last_day from orders group by 1
        ),

        following as (
            select source_file as one, content = lead(content) over by_file as is_same,
                lead(source_file) over by_file as other
            from orders window by_file as (partition by number order by source_file)
        ),

        pairs as (
            select one, other from following where other is not null
            group by all having count(*) filter (is_same) * 2 >= count(*)
        ),

        both_ways as (select one, other from pairs union select other, one from pairs),

        within as (
            select orders.number, orders.day, one, other, again.number is null as is_gone
            from both_ways
            inner join spans on spans.source_file = both_ways.other
            inner join orders on orders.source_file = both_ways.one
                and orders.day > spans.first_day and orders.day < spans.last_day
            left join orders as again on again.source_file = both_ways.other
                and again.number = orders.number
        ),

        gone as (
            select * from within
            window files as (partition by one, other)
            qualify count(*) filter (is_gone) over files * 2 < count(*) over files
        )

        select count(distinct number), arg_min((number, day, one, other), number)
        from gone where is_gone
    """  # noqa: S608 - by ingest.sql: quoted
    orders, found = connection.execute(query).fetchall()[0]
    if orders:
        number, day, one, other = found
        yield (
            f"{orders:,} orders, such as {number} on {day} in {one}, have no line that counts in "
            f"{other}, which has most others of those days again: they count; if they were "
            "cancelled or deleted meanwhile, take away the file that is out of date"
        )


def _returned_twice(
    connection: duckdb.DuckDBPyConnection, rows: str, returns: str
) -> Iterator[str]:
    """Lines of the file of returns that another file has as returns, in other words alone."""
    same = ", ".join(f"coalesce(trim({name}), '')" for name in FIELDS)
    query = f"""
        with lines as (
            select upper({plain_id("invoice_no")}) as number,
                upper({plain_id("stock_code")}) as code,
                round({AMOUNT}, 2) as money, source_file as file, source_row as row,
                split_part(source_file, '#', 1) = {literal(returns)} as is_return,
                hash({same}) as content
            from {rows} where {AMOUNT} < 0 and trim(invoice_no) != ''
        ),

        found as (
            select twice.*, min_by(lines.file || ' row ' || lines.row, lines.row) as other
            from lines as twice inner join lines using (number, code, money)
            where twice.is_return and not lines.is_return and lines.content != twice.content
            group by all
        )

        select count(*), sum(money), min(row), arg_min((number, code, money, other), row) from found
    """  # noqa: S608 - by ingest.sql: quoted
    lines, money, row, example = connection.execute(query).fetchall()[0]
    if lines:
        number, code, one, other = example
        yield (
            f"{lines:,} lines of {returns} are returns in another file too, by order, product and "
            f"money, such as row {row}, {code} of order {number} for {price(one)}, in {other}: "
            f"both count, {price(money)} in all; take them out of one of the files, or returns "
            "out of shop.yml"
        )


def _no_merchandise(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    query = f"""
        select count(*), list_slice(list(distinct coalesce(nullif(code, ''), name)), 1, 3)
        from (
            select coalesce(trim(stock_code), '') as code, coalesce(trim(description), '') as name,
                {MONEY} as money, {PIECES} as pieces
            from {rows} where line_mark is null
        )
        where {is_no_merchandise("code", "name")}
            or (money != 0 and regexp_full_match(name, {literal(f"(?i){MAYBE}")}))
            or (money < 0 and pieces > 0 and regexp_full_match(name, {literal(f"(?i){TAKEN_OFF}")}))
    """  # noqa: S608 - by ingest.sql: quoted
    lines, codes = connection.execute(query).fetchall()[0]
    if lines:
        yield (
            f"{lines:,} lines are no merchandise by their names, such as "
            f"{', '.join(sorted(codes))}, and count as sales, or below zero as returns; list "
            "their codes under lines.service in shop.yml if they are none"
        )


def is_no_merchandise(*columns: str) -> str:
    """SQL: whether one of some texts names what is no merchandise.

    Args:
        columns: SQL of a code, of a name.
    """
    pattern = f"(?i)^(?:(?:{NOT_MERCHANDISE})(?:s|[^a-z]|$)|(?:{ONLY})[ 0-9.,%]*$)"
    return " or ".join(f"regexp_matches({column}, {literal(pattern)})" for column in columns)


def _money_of_orders(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    query = f"""
        with orders as (
            select invoice_no, count(distinct line_amount) as amounts,
                arg_max(line_amount, source_row) as amount
            from {rows} where line_amount is not null
            group by invoice_no
            having count(*) > 1 and count(distinct (stock_code, quantity)) > 1
        )

        select count(*), count(*) filter (amounts = 1), min(invoice_no), min_by(amount, invoice_no)
        from orders
    """  # noqa: S608 - by ingest.sql: quoted
    orders, alike, number, amount = connection.execute(query).fetchall()[0]
    if alike >= max(FEWEST, ALL_ALIKE * orders):
        yield (
            f"{alike:,} of {orders:,} orders with several lines have the same money on each, "
            f"such as {amount} in {number}: it is the order's, and counts once a line; set "
            "columns.line_amount or columns.unit_price in shop.yml to the money of a line"
        )


def _odd_signs(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Mapping[str, str]
) -> Iterator[str]:
    """Lines that may be returns, and are not by their signs."""
    is_credit = f"regexp_matches(invoice_no, {literal(CREDIT_NOTES)})"
    below = "coalesce(try_cast({} as double) < 0, false)"
    pieces, money = below.format("quantity"), below.format("coalesce(line_amount, unit_price)")
    # As the models have it: the price of a line whose money is given is that of one of its pieces.
    has_amount = "coalesce(try_cast(line_amount as double) > 0, false)"
    both = f"{pieces} and line_amount is null and {below.format('unit_price')}"
    turned, neither = f"{pieces} and {has_amount}", f"not {pieces} and not {money}"
    query = f"""
        select count(*) filter (where {both}), min(invoice_no) filter (where {both}),
            count(*) filter (where {turned}), arg_min(
                source_file || ' row ' || source_row || ', with ' || trim(quantity)
                || ' pieces and ' || trim(line_amount), (source_file, source_row)
            ) filter (where {turned}),
            count(*) filter (where {is_credit} and {neither}),
            min(invoice_no) filter (where {is_credit} and {neither}), count(*)
        from {rows}
    """  # noqa: S608 - by ingest.sql: quoted
    both_below, one, less, first, credits, other, every = connection.execute(query).fetchall()[0]
    if both_below:
        yield (
            f"{both_below:,} lines, such as of {one}, have quantity and money below zero, and "
            "count as adjustments; if they are returns, set columns.unit_price.sql in shop.yml "
            'to "abs(…)"'
        )
    if less:
        name = columns.get("line_amount", "line_amount")
        yield (
            f"{less:,} lines, first {first} of {name}, have a quantity below zero and money above, "
            "and count as adjustments; if they are returns, set columns.line_amount.sql in "
            'shop.yml to "case when QUANTITY < 0 then -abs(MONEY) else MONEY end"'
        )
    if 0 < credits < CREDIT_SHARE * every:
        yield (
            f"{credits:,} lines, such as of {other}, look like credit notes by their numbers, "
            "and count as sales, for nothing in them is below zero; if they are returns, set "
            "lines.return in shop.yml"
        )


def _mirrored(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """A kind of order number whose lines repeat those of another, in part or whole: credit notes.

    A kind is what is left of a number without its digits. A line repeats another with its product
    and price, and no more pieces, of the same customer or of a number with the same digits.
    """
    query = f"""
        with lines as (
            select trim(invoice_no) as number, regexp_replace(trim(invoice_no), '[0-9]+', '0', 'g')
                as kind, upper(trim(stock_code)) as code, {PIECES} as pieces, {UNIT_PRICE} as price,
                ['c' || nullif(trim(customer_id), ''), 'd' || nullif(digits, '')] as parties
            from (
                select *, regexp_replace(trim(invoice_no), '[^0-9]', '', 'g') as digits from {rows}
            )
            where invoice_no is not null and {MONEY} > 0 and {PIECES} > 0
        ),

        parties as (
            select *, unnest(parties) as party from lines
            where (select count(distinct kind) from lines) between 2 and {MOST_KINDS}
        ),

        most as (
            select code, price, party, kind, max(pieces) as pieces,
                arg_max(number, pieces) as number
            from parties group by all
        ),

        found as (
            select parties.number, parties.kind, code,
                bool_or(most.kind != parties.kind and most.pieces >= parties.pieces) as is_repeated,
                bool_or(most.kind = parties.kind and most.number != parties.number) as is_usual
            from parties inner join most using (code, price, party)
            group by parties.number, parties.kind, code, price, parties.pieces
        )

        select kind, count(*), count(*) filter (is_repeated), min(number) filter (is_repeated),
            count(*) filter (is_usual), sum(count(*)) over (),
            sum(count(*) filter (is_usual)) over ()
        from found group by kind order by kind
    """  # noqa: S608 - by ingest.sql: quoted
    for kind, lines, repeated, number, usual, every, all_usual in connection.execute(
        query
    ).fetchall():
        by_chance = max((usual + 1) / (lines + 2), (all_usual + 1) / (every + 2))
        is_sure = repeated >= MIRRORED * lines and by_chance**repeated < BY_CHANCE
        if lines < CREDIT_SHARE * every and is_sure and not re.match(CREDIT_NOTES, number):
            form = kind.replace("0", "%")
            yield (
                f"{repeated:,} of {lines:,} lines whose order numbers are like {form}, such as of "
                f"{number}, repeat lines of other orders, with their customer or number, and count "
                f'as sales; if they are returns, set lines.return in shop.yml to "order_id like '
                f"'{form}'\""
            )


def _shared_numbers(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[str]:
    """Numbers that may be of several orders of a day; orders with their customer on some lines."""
    clock = "regexp_extract(invoice_date, '[T ](\\d{1,2}):(\\d{2})', ['h', 'm'])"
    minute = f"(try_cast({clock}.h as integer) * 60 + try_cast({clock}.m as integer))"
    query = f"""
        with orders as (
            select trim(invoice_no) as number,
                regexp_extract(trim(invoice_date), '^[^ T]+') as day,
                count(distinct nullif(trim(customer_id), '')) as customers,
                count(customer_id) between 1 and count(*) - 1 as is_partly_known,
                max({minute}) - min({minute}) >= {HOURS_APART} * 60 as is_long
            from {rows} where not starts_with(ltrim(quantity), '-') group by 1, 2
        )

        select count(*), count(*) filter (customers > 1),
            arg_max(number, customers), arg_max(day, customers),
            count(*) filter (is_long and customers = 0),
            min(number) filter (is_long and customers = 0),
            count(*) filter (customers = 1 and is_partly_known),
            min(number) filter (customers = 1 and is_partly_known)
        from orders
    """  # noqa: S608 - by ingest.sql: quoted
    orders, shared, number, day, long, one, partly, other = connection.execute(query).fetchall()[0]
    if long >= max(FEWEST, 0.05 * orders):
        yield (
            f"{long:,} of {orders:,} orders have lines {HOURS_APART} hours and more apart, such as "
            f"{one}: if stores or tills number their orders each for itself, order_id in shop.yml "
            "is made of more columns, such as [Store, Receipt]"
        )
    if partly >= max(FEWEST, 0.05 * orders):
        yield (
            f"{partly:,} of {orders:,} orders have their customer on some lines alone, such as "
            f"{other}, and the others count as guests'; set fill_down in shop.yml to "
            "{by: ORDER, columns: [CUSTOMER]} to have it on each"
        )
    if shared >= max(FEWEST, 0.05 * orders):
        yield (
            f"{shared:,} of {orders:,} orders have several customers on one day, as {number} on "
            f"{day}: if stores or tills number their orders each for itself, order_id in "
            "shop.yml is made of more columns, such as [Store, Receipt]"
        )
