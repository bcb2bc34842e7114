"""What all raw files together say: the countries' spellings, whether order numbers come back.

One file alone does not tell these. They rest on the landed rows, so they are kept with them in the
cache and found again as long as these stay what they are.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from retail.formatting import NO_CURRENCY
from retail.ingest.cache import RawFile, digest
from retail.ingest.columns import mention
from retail.ingest.countries import GROUPS, UNKNOWN, WHOLE, Country, code_of, is_part, unify
from retail.ingest.dates import DAY_FIRST
from retail.ingest.errors import writing
from retail.ingest.forms.numbers import DOLLAR
from retail.ingest.mapping import UCI
from retail.ingest.nothing import is_nothing
from retail.ingest.shop import Shop
from retail.ingest.shop.settings import ACROSS_FILES, DROP, Duplicates
from retail.ingest.suspicions import suspicions
from retail.ingest.workspace import draft_in, keep
from retail.storage.durable import put_in_place
from retail.storage.quoting import literal

RETURNING = 0.05
"""Share of the order numbers from which on their coming back is a rule and no accident. The public
years have none; of a till that begins anew each day nearly all come back."""
FEWEST_RETURNING = 5
APART = 3
"""Distinct days on which a number has to be met, where no customer tells its orders apart: an order
of a guest may be changed or returned on a second day."""
MONTH = 31
"""Days between two lines of a guest from which on they are of two orders, whatever their number."""
DECIMAL_HABIT = 0.01
"""Share of the rows of the public data set's form from which on decimal quantities are meant: it is
of pieces, and a stray 2.5 is malformed. Other shops are taken at their first word."""
FACTS_ENDING = ".facts"
_FACTS_VERSION = 7


@dataclass(frozen=True)
class Facts:
    """What holds for all raw files of a shop."""

    is_uci: bool
    """Whether the rules of the public data set hold for all of them."""
    duplicates: Duplicates
    numbers_by_day: bool
    """Whether an order number is an order's on one day only."""
    decimal_quantities: bool
    """Whether quantities have decimals, as of kilograms or hours; else they are whole pieces."""
    name: str | None
    home_country: str | None
    """None of the public data set, whose country and currency are in dbt_project.yml."""
    currency: str | None
    countries: tuple[Country, ...]
    warnings: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What tables depend on that are not built anew with every build."""
        merged = [asdict(one) for one in self.countries if one.spelling != one.country]
        stored = asdict(self) | {"countries": merged, "warnings": ()}
        return hashlib.sha256(json.dumps(stored).encode()).hexdigest()


def gather_facts(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    files: Sequence[RawFile],
    currencies: Sequence[str],
    shop: Shop,
    cache: Path,
    identity: object,
) -> Facts:
    """Find what all files together say, or find it again.

    Args:
        connection: any DuckDB connection.
        rows: SQL of all order lines, in the columns of raw.order_lines.
        files: the raw files.
        currencies: what their columns of currencies name.
        shop: the settings of shop.yml.
        cache: folder of the landed files.
        identity: what tells these rows from any others.
    """
    asked = (_FACTS_VERSION, identity, shop.model_dump_json())
    place = cache / f"{digest(asked)}{FACTS_ENDING}"
    if found := _recall(place):
        return found
    facts = _gather(connection, rows, files, currencies, shop)
    with writing(cache), draft_in(cache, FACTS_ENDING) as draft:
        draft.write_text(json.dumps(asdict(facts)), encoding="utf-8")
        put_in_place(draft, place)
    return facts


def _recall(place: Path) -> Facts | None:
    try:
        stored = json.loads(place.read_text(encoding="utf-8"))
        keep(place)
        countries = tuple(Country(**country) for country in stored.pop("countries"))
        return Facts(countries=countries, warnings=tuple(stored.pop("warnings")), **stored)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _gather(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    files: Sequence[RawFile],
    currencies: Sequence[str],
    shop: Shop,
) -> Facts:
    is_uci = all(file.preset == UCI for file in files)
    lines = _countries(connection, rows)
    warnings: list[str] = []
    home = shop.shop.home_country
    countries = unify(lines, home)
    if home is None and lines and not is_uci:
        home = _most_frequent(countries, lines)
        if len({one.country for one in countries}) > 1:
            warnings.append(
                f"shop.home_country is not set in shop.yml: {home}, where most order lines come "
                "from, counts as domestic"
            )
    by_day, said = _numbers_come_back(connection, rows)
    warnings += said + _merged(countries) + ([] if is_uci else _unlisted(countries))
    day_first = [file.source_file for file in files if file.date_order == DAY_FIRST]
    warnings += suspicions(
        connection,
        rows,
        is_uci=is_uci,
        several=len(files) > 1,
        currencies=[*currencies, shop.shop.currency or ""],
        columns=json.loads(files[0].columns or "{}"),
        are_copies_open=shop.lines.duplicates is None,
        day_first=None if by_day else day_first,
        spellings={one.spelling: one.country for one in countries},
        returns=Path(shop.returns.path).name if shop.returns else None,
    )
    currency = _currency(shop, currencies, warnings, is_uci=is_uci)
    duplicates = shop.lines.duplicates or (DROP if is_uci else ACROSS_FILES)
    return Facts(
        is_uci=is_uci,
        duplicates=duplicates,
        numbers_by_day=by_day,
        decimal_quantities=_has_decimals(connection, rows, is_uci=is_uci),
        name=shop.shop.name,
        home_country=home,
        currency=currency,
        countries=countries,
        warnings=tuple(warnings),
    )


def _countries(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, int]:
    query = f"""
        select trim(country) as named, count(*) from {rows}
        where country is not null and not {is_nothing("country")} group by 1
    """  # noqa: S608 - by ingest.sql: quoted
    return dict(connection.execute(query).fetchall())


def _most_frequent(countries: Sequence[Country], lines: Mapping[str, int]) -> str:
    """The country that most order lines come from, whatever its spellings."""
    total = Counter[str]()
    for one in countries:
        total[one.country] += lines[one.spelling]
    return max(total, key=lambda name: (name.casefold() not in UNKNOWN, total[name], name))


def _merged(countries: Sequence[Country]) -> list[str]:
    """Say which spellings are taken for one country."""
    spelled: dict[str, list[str]] = {}
    for one in countries:
        spelled.setdefault(one.country, []).append(one.spelling)
    several = [
        f"{' and '.join(spellings)} are one country, {shown}"
        for shown, spellings in spelled.items()
        if len(spellings) > 1
    ]
    return [f"country: {'; '.join(several)}"] if several else []


def _unlisted(countries: Sequence[Country]) -> list[str]:
    """Say which countries are parts of another that is there too, and which no list has."""
    names = sorted({one.country for one in countries if one.standard_name is None})
    unlisted = [name for name in names if name.casefold() not in UNKNOWN | GROUPS]
    whole = [one.country for one in countries if code_of(one.spelling) == WHOLE]
    parts = [name for name in unlisted if is_part(name)]
    said = []
    if len({*parts, *whole}) > 1 and parts:
        shown = whole[0] if whole else "United Kingdom"
        said.append(
            f"country: {mention(parts)} are parts of {shown}, and count as countries of their own; "
            'to have them as one, set columns.country.sql in shop.yml to "case when COLUMN in '
            f'({", ".join(map(literal, parts))}) then {literal(shown)} else COLUMN end"'
        )
    if others := [name for name in unlisted if name not in parts]:
        said.append(
            f"country: {len(others):,} names are in no list of countries, such as {others[0]}, and "
            "count as countries of their own; if one means a country that is there by another "
            "name, or is none, set columns.country.sql in shop.yml"
        )
    return said


def _numbers_come_back(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[bool, list[str]]:
    """Whether order numbers begin anew, so that one is an order's on one day only.

    A number comes back where its sales are of several days and customers; where no customer is
    known, of at least `APART` days, or of two that lie a month apart.
    """
    day = "try_strptime(translate(day, '.-', '//'), ['%Y/%m/%d', '%d/%m/%Y', '%m/%d/%Y'])"
    query = f"""
        with sales as (
            select distinct
                upper(trim(invoice_no)) as number,
                regexp_extract(trim(invoice_date), '^[^ T]+') as day,
                trim(customer_id) as customer
            from {rows}
            where not starts_with(ltrim(quantity), '-') and line_mark is distinct from 'ignored'
                and invoice_date is not null and trim(invoice_no) != ''
        ),

        numbers as (
            select
                number,
                count(distinct day) as days,
                count(distinct coalesce(customer, '')) as customers,
                count(nullif(customer, '')) as known,
                date_diff('day', min({day}), max({day})) > {MONTH} as are_far,
                min(day) as first_day,
                max(day) as last_day
            from sales
            group by number
        )

        select
            count(*),
            count(*) filter (
                where (days > 1 and customers > 1)
                    or (known = 0 and (days >= {APART} or are_far))
            ),
            arg_max(number, days), arg_max(first_day, days), arg_max(last_day, days)
        from numbers
    """  # noqa: S608 - by ingest.sql: quoted
    numbers, back, number, first, last = connection.execute(query).fetchall()[0]
    if back * 2 <= numbers and (back < FEWEST_RETURNING or back < RETURNING * numbers):
        return False, []
    return True, [
        f"{back:,} of {numbers:,} order numbers come back on other days with other customers (as "
        f"{number}, on {first} and {last}): orders are numbered by day; if they are one order "
        "each, order_id in shop.yml is made of other columns"
    ]


def _has_decimals(connection: duckdb.DuckDBPyConnection, rows: str, *, is_uci: bool) -> bool:
    """Whether quantities with decimals are meant, not mistyped."""
    query = f"""
        select
            sum(lines) filter (
                regexp_full_match(quantity, '\\s*[-+]?[0-9]*[.][0-9]*[1-9][0-9]*\\s*')
            ),
            sum(lines)
        from (
            select quantity, count(*) as lines from {rows}
            where line_mark is distinct from 'ignored' group by quantity
        )
    """  # noqa: S608 - by ingest.sql: quoted
    decimals, every = connection.execute(query).fetchall()[0]
    return (decimals or 0) > (DECIMAL_HABIT * (every or 0) if is_uci else 0)


def _currency(
    shop: Shop, currencies: Sequence[str], warnings: list[str], *, is_uci: bool
) -> str | None:
    """The currency of all money: as shop.yml says, else as the files do."""
    named = sorted(set(currencies) - {DOLLAR})
    asked = shop.shop.currency
    if asked and named and named != [asked]:
        warnings.append(
            f"shop.currency is {asked} in shop.yml, and the files name {' and '.join(named)}"
        )
    if asked:
        return asked
    if named:
        return named[0]
    if is_uci:
        return None
    warnings.append("shop.currency is not set in shop.yml: money is shown without a currency")
    return NO_CURRENCY
