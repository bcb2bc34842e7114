"""Rewrite dates and times as the models read them: ISO, or day and month in the file's order.

Read are `12/1/10 8:26`, `1-Dec-2010`, `Dec 1, 2010 8:26 PM`, `2010/12/01`, `2010-12-01T08:26:00Z`,
serial numbers of a spreadsheet, seconds and milliseconds since 1970, and a date and a time in two
columns. Whether `1/12/2010` has the day first is not decided here, only how the text is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from retail.storage.quoting import literal

Kind = Literal["text", "serial", "seconds", "milliseconds"]
FIRST_SERIAL, LAST_SERIAL = 25_569, 73_050
"""Days since 30 December 1899, from 1970 to 2099: what a number of days in a spreadsheet can be."""
FIRST_SECOND, LAST_SECOND = 315_532_800, 4_102_444_800
"""Seconds since 1970, from 1980 to 2099."""
LAST_CENTURY = 70
"""Two-digit years from here on are of the twentieth century, as in POSIX `strptime`."""
READ = (
    r"\s*(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?: +\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?)\s*"
)
"""A moment that the models read as it is."""
MONTHS = {
    1: "jan|january|januar|janvier|enero",
    2: "feb|february|februar|f[ée]vrier|febrero",
    3: "mar|march|m[äa]r|m[äa]rz|mars|marzo",
    4: "apr|april|avril|abril",
    5: "may|mai|mayo",
    6: "jun|june|juni|juin|junio",
    7: "jul|july|juli|juillet|julio",
    8: "aug|august|ao[ûu]t|agosto",
    9: "sep|sept|september|septembre|septiembre",
    10: "oct|okt|october|oktober|octobre|octubre",
    11: "nov|november|novembre|noviembre",
    12: "dec|dez|december|dezember|d[ée]cembre|diciembre",
}
HAS_ZONE = r":\d{2}.*(?:[Zz]|UTC|[+-]\d{2}(?::?\d{2})?)\s*$"
"""A moment that says in which zone it is."""
_ISO_FORMAT = "%Y-%m-%d %H:%M:%S"
_PLAIN_FORMAT = r"%[dm][/.-]%[dm][/.-]%[Yy](?: %H:%M(?::%S)?)?"
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
_TIME = r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?)?"
_ZONE = r"(?:\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?\s*$"
"""A zone behind the time, which is dropped: a shop's day is its own clock's day."""
_CLOCK = r"(\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp]\.?[Mm]\.?)?)"
_MIDNIGHT = r"[ T]0{1,2}:00(?::00)?$"
_NAMES = "|".join(f"{names}" for names in MONTHS.values())


@dataclass(frozen=True)
class Form:
    """How the moments of a file are written: as texts, or as numbers of one kind, and why."""

    kind: Kind
    evidence: str


def find_form(connection: duckdb.DuckDBPyConnection, rows: str, column: str) -> Form:
    """Say whether all moments of a column are numbers, and of what.

    Args:
        connection: any DuckDB connection.
        rows: SQL of a table with the column.
        column: SQL of the text.
    """
    query = f"""
        select
            count(number) = count(given) and count(given) > 0 as all_numbers,
            min(number) as lowest,
            max(number) as highest
        from (
            select {column} as given, try_cast({column} as double) as number
            from {rows}
            where {column} is not null
        )
    """  # noqa: S608 - by ingest.sql: quoted
    all_numbers, lowest, highest = connection.execute(query).fetchall()[0]
    if not all_numbers:
        return Form("text", "")
    span = f"all are numbers from {lowest:g} to {highest:g}"
    if lowest >= FIRST_SERIAL and highest <= LAST_SERIAL:
        return Form("serial", f"{span}: days of a spreadsheet")
    if lowest >= FIRST_SECOND and highest <= LAST_SECOND:
        return Form("seconds", f"{span}: seconds since 1970")
    if lowest >= FIRST_SECOND * 1000 and highest <= LAST_SECOND * 1000:
        return Form("milliseconds", f"{span}: milliseconds since 1970")
    return Form("text", "")


def count_zones(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, str]:
    """Count the moments of order lines that name a time zone; the first of them, if any."""
    query = f"""
        select count(*), arg_min(invoice_date, source_row) from {rows}
        where length(invoice_date) > 16 and regexp_matches(invoice_date, {literal(HAS_ZONE)})
    """  # noqa: S608 - by ingest.sql: quoted
    count, first = connection.execute(query).fetchall()[0]
    return int(count), str(first)


def as_read(text: str, form: Form) -> str:
    """SQL: a moment as the models read it; a text that is none stays as it is.

    Args:
        text: SQL of the text.
        form: how the file writes them.
    """
    number = f"try_cast({text} as double)"
    match form.kind:
        case "serial":
            # Rounded to the second: a spreadsheet keeps fractions of a day.
            seconds = f"cast(round(({number} - {FIRST_SERIAL}) * 86400) as bigint)"
            return f"cast(make_timestamp({seconds} * 1000000) as varchar)"
        case "seconds":
            return f"cast(make_timestamp(cast({number} as bigint) * 1000000) as varchar)"
        case "milliseconds":
            return f"cast(make_timestamp(cast({number} as bigint) * 1000) as varchar)"
    return _text(text)


def joined(date: str, time: str) -> str:
    """SQL: one text of a date and a time in two columns, without the date's own midnight.

    Args:
        date: SQL of the date.
        time: SQL of the time.
    """
    day = f"regexp_replace({date}, '[ T]0{{1,2}}:00(:00)?$', '')"
    clock = (
        f"regexp_extract({time}, '(\\d{{1,2}}:\\d{{2}}(:\\d{{2}})?\\s*([AaPp]\\.?[Mm]\\.?)?)', 1)"
    )
    return f"case when {time} is null or {clock} = '' then {date} else {day} || ' ' || {clock} end"


def field_sql(texts: Sequence[str]) -> str:
    """SQL: a field from its columns: NULL of none, itself of one, a date and a time of two."""
    return joined(*texts) if len(texts) > 1 else next(iter(texts), "null::varchar")


def join(date: str, time: str) -> str:
    """One text of a date and a time, as `joined` does it."""
    clock = re.search(_CLOCK, time)
    day = re.sub(_MIDNIGHT, "", date)
    return f"{day} {clock[1]}" if clock else date


def by_format(text: str, written: str | None) -> str:
    """SQL: a moment in ISO form where it fits a format of `strptime`; else the text as it is.

    Args:
        text: SQL of the text.
        written: the format; a plain order of day, month and year is decided per file, as without.
    """
    if not written or re.fullmatch(_PLAIN_FORMAT, written):
        return text
    has_time = "%H" in written or "%I" in written or "%s" in written
    formats = [written] if has_time else [written + time for time in _TIMES]
    listed = ", ".join(map(literal, formats))
    return f"coalesce(strftime(try_strptime(trim({text}), [{listed}]), '{_ISO_FORMAT}'), {text})"


def in_zone(text: str, zone: str | None) -> str:
    """SQL: a moment that names its zone, in the time of another; every other text as it is.

    Args:
        text: SQL of the text.
        zone: name of the zone, as `Europe/London`.
    """
    if not zone:
        return text
    offset = f"regexp_replace({text}, '\\s?([+-]\\d{{2}}):?(\\d{{2}})\\s*$', '\\1:\\2')"
    local = f"timezone({literal(zone)}, try_cast({offset} as timestamptz))"
    return (
        f"case when regexp_matches({text}, {literal(HAS_ZONE)}) "
        f"then coalesce(strftime({local}, '{_ISO_FORMAT}'), {text}) else {text} end"
    )


def _text(text: str) -> str:
    """SQL: month names, two-digit years, years in front and half days rewritten."""
    numeric = r"^\s*(\d{1,2})([/.-])(\d{1,2})[/.-](\d{2}|\d{4})" + _TIME + _ZONE
    year_first = r"^\s*(\d{4})([/.-])(\d{1,2})[/.-](\d{1,2})" + _TIME + _ZONE
    weekday, years = r"^\s*(?:[a-z]{2,9}\.?,?\s+)?", r"(\d{2}|\d{4})"
    day_name = rf"{weekday}(\d{{1,2}})[ .-]+({_NAMES})[a-z]*[ .,-]+{years}{_TIME}{_ZONE}"
    nth = r"(\d{1,2})(?:st|nd|rd|th)?"
    name_day = rf"{weekday}({_NAMES})[a-z]*[ .]+{nth}[ ,]+{years}{_TIME}{_ZONE}"

    def part(pattern: str, group: int) -> str:
        return f"regexp_extract({text}, {literal(pattern)}, {group}, 'i')"

    def clock(pattern: str, first: int) -> str:
        hour, minute, second, half = (part(pattern, first + i) for i in range(4))
        turned = (
            f"case when {half} = '' then cast({hour} as integer) "
            f"else cast({hour} as integer) % 12 + "
            f"case when lower({half}) like 'p%' then 12 else 0 end end"
        )
        return (
            f"case when {hour} = '' then '' else ' ' || lpad(cast({turned} as varchar), 2, '0') "
            f"|| ':' || {minute} || ':' || coalesce(nullif({second}, ''), '00') end"
        )

    def year(pattern: str, group: int) -> str:
        found = part(pattern, group)
        return (
            f"case when length({found}) = 2 then "
            f"case when {found} >= '{LAST_CENTURY}' then '19' else '20' end || {found} "
            f"else {found} end"
        )

    def month(pattern: str, group: int) -> str:
        found = part(pattern, group)
        whens = " ".join(
            f"when regexp_full_match({found}, {literal(names)}, 'i') then '{number:02}'"
            for number, names in MONTHS.items()
        )
        return f"case {whens} end"

    def two(sql: str) -> str:
        return f"lpad({sql}, 2, '0')"

    def matches(pattern: str) -> str:
        return f"regexp_matches({text}, {literal(pattern)}, 'i')"

    return f"""case
        when regexp_full_match({text}, {literal(READ)}) then {text}
        when {matches(numeric)} then {part(numeric, 1)} || {part(numeric, 2)} || {part(numeric, 3)}
            || {part(numeric, 2)} || {year(numeric, 4)} || {clock(numeric, 5)}
        when {matches(year_first)} then {part(year_first, 1)} || '-' || {two(part(year_first, 3))}
            || '-' || {two(part(year_first, 4))} || {clock(year_first, 5)}
        when {matches(day_name)} then {year(day_name, 3)} || '-' || {month(day_name, 2)} || '-'
            || {two(part(day_name, 1))} || {clock(day_name, 4)}
        when {matches(name_day)} then {year(name_day, 3)} || '-' || {month(name_day, 1)} || '-'
            || {two(part(name_day, 2))} || {clock(name_day, 4)}
        else {text}
    end"""
