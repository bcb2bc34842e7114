"""Rewrite dates and times as the models read them: ISO, or day and month in the file's order.

Read are `12/1/10 8:26`, `1-Dec-2010`, `1er déc. 2010 à 8h26`, `Dec 1, 2010 8:26 PM PST`,
`2010/12/01`, `20101201`, `2010-W48-3`, `2010-12-01T08:26:00Z`, serial numbers of a spreadsheet,
seconds or parts of them since 1970, and a date and a time in two columns. Halves of the day are
known in as many languages, before the clock and behind it. Whether `1/12/2010` has the day first is
not decided here, only how the text is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import duckdb

from retail.ingest.errors import IngestError
from retail.ingest.forms import halves
from retail.ingest.forms.months import months
from retail.storage.quoting import literal

Kind = Literal["text", "serial", "seconds", "milliseconds", "microseconds", "nanoseconds"]
FIRST_SERIAL, LAST_SERIAL = 25_569, 73_050
"""Days since 30 December 1899, from 1970 to 2099: what a number of days in a spreadsheet can be."""
SINCE_1904 = "excel-1904"
"""The format in shop.yml of serial numbers out of a workbook that counts days since 1904."""
DAYS_TO_1904 = 1462
"""From 30 December 1899 to the first day of workbooks that were made on old Macs."""
FIRST_SECOND, LAST_SECOND = 315_532_800, 4_102_444_800
"""Seconds since 1970, from 1980 to 2099."""
SINCE_1970: Mapping[Kind, int] = MappingProxyType(
    {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
)
"""How many there are in a second."""
FEWEST_NUMBERS = 0.95
"""Share of the moments that are numbers, where numbers are meant: of the others one is the header
of a file that was put behind another, or a row of totals."""
_SCIENTIFIC = r"^\s*\d(?:[.,](\d*))?[eE][+]?0*(\d+)\s*$"
LAST_CENTURY = 70
"""Two-digit years from here on are of the twentieth century, as in POSIX `strptime`."""
READ = (
    r"\s*(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?: +\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?)\s*"
)
"""A moment that the models read as it is."""
_ABBREVIATIONS = r"[ECMP][SD]T|AK[SD]T|A[CEW][SD]T|CES?T|MES?Z|WES?T|EES?T|BST|MSK|IST|JST"
_BEHIND = r"(?:\[[^]]*\]| \d{4})?\s*$"
"""What may stand behind a zone: its name in brackets, or the year."""
HAS_ZONE = rf":\d{{2}}.*(?:[Zz]|UTC|GMT|[+-]\d{{2}}(?::?\d{{2}})?|\b(?:{_ABBREVIATIONS})){_BEHIND}"
"""A moment that says in which zone it is."""
_IS_MIDNIGHT = (
    rf"[T ]0{{1,2}}:00(?::00(?:[.,]0+)?)?\s*(?:[Zz]|UTC|GMT|[+-]\d{{2}}(?::?\d{{2}})?"
    rf"|(?:{_ABBREVIATIONS})){_BEHIND}"
)
IS_NOT_CONVERTED = (
    rf"^\s*(?:\pL+[.,]*\s+)?\d{{1,2}}[/.-]\d{{1,2}}[/.-]|(?:{_ABBREVIATIONS}){_BEHIND}"
)
"""One whose order of day and month is still open, or whose zone is an abbreviation."""
_ISO_FORMAT = "%Y-%m-%d %H:%M:%S"
_PLAIN_FORMAT = r"%[dm][/.-]%[dm][/.-]%[Yy](?: %H:%M(?::%S)?)?"
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
_WEEK_FORMATS = [f"{day}{time}" for day in ("%G-W%V-%u", "%Y-%j") for time in ("", *_TIMES[1:3])]
_HALF = r"([ap]\.?\s?m?\.?)?"
_TIME = (
    rf"(?:[ T,]+(?:- )?{_HALF}\s*(\d{{1,2}})[:.h](\d{{2}})"
    rf"(?:[:.](\d{{2}})(?:[.,]\d+)?)?\s*{_HALF})?"
)
_ZONE = rf"\s*(Z|UTC|GMT|[+-]\d{{2}}(?::?\d{{2}})?|{_ABBREVIATIONS})?"
_END = rf"{_ZONE}(?:\[[^]]*\])?\s*$"
_CLOCK = (
    r"^\s*(?:\d{4}-\d\d-\d\d[T ]|T)?"
    r"((?:HALF)?\s*(?:\d{1,2}[:h]|(?:0\d|[1-9]\d?)\.)\d{2}(?:[:.]\d{2})?\s*(?:HALF)?)"
    r"(?:[.,]\d+|\s+(?:Uhr|hrs?))?\s*$"
)
"""A time of day in a column of its own, perhaps with a day or parts of a second."""
_DIGITS = r"^\s*([01]?\d|2[0-3])([0-5]\d)([0-5]\d)?\s*$"
"""The same without colons, as in 902 and 090200."""
_PART_OF_DAY = r"^\s*(?:0?[.,](?:\d|\d{3,})|0)\s*$"
"""The same as a spreadsheet stores it. Two digits are left out: 0.25 may be 25 minutes as well."""
_HAS_CLOCK = r"\d[T ]\d{1,2}[:.h]\d{2}"
_MIDNIGHT = r"[ T]0{1,2}:00(?::00)?$"
_WEEKDAY = r"^\s*(?:\pL+[.,]*\s+)?"
_SHORT = r"^\s*(\d{1,2})([/.-])\s?(\d{1,2})[/.-]\s?(\d{2})(?:\D|$)"
_NTH, _YEAR = r"(\d{1,2})(?:er|st|nd|rd|th|º)?", r"(\d{2}|\d{4})"
_FILLING = r"(?:^|\s)(?:(?:à|at|um|kl\.?|klo|uhr)(?:\s|$)|del?\s+(\pL|\d{4}))"
"""Words between the parts of a moment; beside a clock `de` stands for the morning as well."""
_EASTERN = (
    ("[年月년월]", "-"), ("[日일]", " "), (r"\s?[时時點点시]\s?", ":"), (r"[分분]\s?(\d)", r":\1"),
    ("[分분秒초]", ""),
)  # fmt: skip
"""Words behind the parts of a moment, and what stands for them elsewhere."""
_CLOCK_PARTS = ("before", "hour", "minute", "second", "half")
_PATTERNS: Sequence[tuple[str, tuple[str, ...]]] = (
    (r"^\s*(\d{4})[/.-]\s?(\d{1,2})[/.-]\s?(\d{1,2})\.?" + _TIME + _END,
     ("y", "m", "d", *_CLOCK_PARTS, "zone")),
    (r"^\s*((?:19|20)\d{2})(0[1-9]|1[0-2])([0-2]\d|3[01])"
     rf"(?:[T ]?{_HALF}\s*(\d{{2}}):?(\d{{2}}):?(\d{{2}})?\s*{_HALF})?{_END}",
     ("y", "m", "d", *_CLOCK_PARTS, "zone")),
    (rf"{_WEEKDAY}{_NTH}[ ./,-]+(\pL+)[ ./,-]+{_YEAR}{_TIME}{_END}",
     ("d", "name", "y", *_CLOCK_PARTS, "zone")),
    (rf"{_WEEKDAY}(\pL+)[ ./-]+{_NTH}[ ./,-]+{_YEAR}{_TIME}{_END}",
     ("name", "d", "y", *_CLOCK_PARTS, "zone")),
    (rf"{_WEEKDAY}(\pL+) +{_NTH}{_TIME}{_ZONE} (\d{{4}})\s*$",
     ("name", "d", *_CLOCK_PARTS, "zone", "y")),
)  # fmt: skip
"""Moments of which each part is known, and the names of their groups."""
_NUMERIC = rf"{_WEEKDAY}(\d{{1,2}})([/.-])\s?(\d{{1,2}})[/.-]\s?{_YEAR}{_TIME}{_END}"


@dataclass(frozen=True)
class Form:
    """How the moments of a file are written: as texts, or as numbers of one kind, and why."""

    kind: Kind
    evidence: str


def find_form(connection: duckdb.DuckDBPyConnection, rows: str, column: str, file: str) -> Form:
    """Say whether all moments of a column are numbers, and of what.

    Args:
        connection: any DuckDB connection.
        rows: SQL of a table with the column, and `source_row`.
        column: SQL of the text.
        file: its name, for the refusal.

    Raises:
        IngestError: a spreadsheet has taken their last digits.
    """
    digits = f"regexp_extract({column}, {literal(_SCIENTIFIC)}, ['decimals', 'power'])"
    is_cut = f"length({digits}.decimals) < try_cast({digits}.power as integer)"
    query = f"""
        select
            count(number) > 0 and count(number) >= {FEWEST_NUMBERS} * count(given) as are_numbers,
            min(number) as lowest,
            max(number) as highest,
            count(*) filter (is_cut), min(source_row) filter (is_cut),
            min_by(given, source_row) filter (is_cut)
        from (
            select source_row, {column} as given, {_number(column)} as number, {is_cut} as is_cut
            from {rows}
        )
        where given is not null
    """  # noqa: S608 - by ingest.sql: quoted
    are_numbers, lowest, highest, cut, row, first = connection.execute(query).fetchall()[0]
    if not are_numbers:
        return Form("text", "")
    if cut:
        raise IngestError(
            f"{file} row {row}: the date '{first}' has lost its last digits in a spreadsheet, and "
            f"so have {cut:,} of the file; export the file anew without opening it there"
        )
    span = f"all are numbers from {lowest:g} to {highest:g}"
    if lowest >= FIRST_SERIAL and highest <= LAST_SERIAL:
        return Form("serial", f"{span}: days of a spreadsheet")
    for kind, parts in SINCE_1970.items():
        if lowest >= FIRST_SECOND * parts and highest <= LAST_SECOND * parts:
            return Form(kind, f"{span}: {kind} since 1970, in UTC")
    return Form("text", "")


def short_dates(
    connection: duckdb.DuckDBPyConnection, rows: str, column: str
) -> dict[str, list[tuple[int, int, int, int, str, int, int, str]]]:
    """The distinct dates whose year may be their first number or their last one, by source file.

    Args:
        connection: any DuckDB connection.
        rows: SQL of a table with the column, `source_file` and `source_row`.
        column: SQL of the text.

    Returns:
        Of each its three numbers, the digits of the first, the sign between them, how many rows
        have it, and the first of these.
    """
    names = "['one', 'sign', 'middle', 'last']"
    parts = f"regexp_extract({column}, {literal(_SHORT)}, {names})"
    query = f"""
        select source_file, s.one::integer, s.middle::integer, s.last::integer,
            min(length(s.one)), min(s.sign), count(*), min(source_row), arg_min(given, source_row)
        from (select source_file, source_row, {column} as given, {parts} as s from {rows})
        where s.one != '' group by 1, 2, 3, 4 order by 1, 2, 3, 4
    """  # noqa: S608 - by ingest.sql: quoted
    found: dict[str, list[tuple[int, int, int, int, str, int, int, str]]] = {}
    for source_file, *one in connection.execute(query).fetchall():
        found.setdefault(source_file, []).append(tuple(one))
    return found


def _number(text: str) -> str:
    """SQL: a moment that is a number, with a decimal comma or a point; NULL where it is none."""
    return f"try_cast(replace({text}, ',', '.') as double)"


def count_zones(
    connection: duckdb.DuckDBPyConnection, rows: str, zone: str | None
) -> tuple[int, str]:
    """Count the moments of order lines whose time zone is dropped; the first of them, if any.

    Args:
        connection: any DuckDB connection.
        rows: SQL of the order lines.
        zone: to which moments are converted, where that is possible; None where none are.
    """
    kept = f"and regexp_matches(invoice_date, {literal(IS_NOT_CONVERTED)})" if zone else ""
    query = f"""
        select count(*), arg_min(invoice_date, source_row) from {rows}
        where length(invoice_date) > 16 and regexp_matches(invoice_date, {literal(HAS_ZONE)}) {kept}
    """  # noqa: S608 - by ingest.sql: quoted
    count, first = connection.execute(query).fetchall()[0]
    return int(count), str(first)


def find_midnights(
    connection: duckdb.DuckDBPyConnection, rows: str, column: str
) -> tuple[int, str] | None:
    """How many moments are in a zone, and the first, where all of these are a midnight there.

    Such a column has days: in another zone many would be of the day before. One order may have been
    at midnight by chance.

    Args:
        connection: any DuckDB connection.
        rows: SQL of a table with the column, `source_row` and `invoice_no`.
        column: SQL of the text.
    """
    parts = " ".join(
        f"when number between {FIRST_SECOND * k} and {LAST_SECOND * k} "
        f"then number % {86_400 * k} = 0"
        for k in SINCE_1970.values()
    )
    query = f"""
        select count(*), arg_min(given, source_row), bool_and(is_midnight)
            and count(distinct (invoice_no, given)) > 1
        from (
            select source_row, invoice_no, given, case
                when regexp_matches(given, {literal(HAS_ZONE)})
                    then regexp_matches(given, {literal(_IS_MIDNIGHT)})
                {parts} end as is_midnight
            from (
                select source_row, invoice_no, {column} as given, {_number(column)} as number
                from {rows}
            )
        )
        where is_midnight is not null
    """  # noqa: S608 - by ingest.sql: quoted
    count, first, are_midnights = connection.execute(query).fetchall()[0]
    return (int(count), str(first)) if are_midnights else None


def as_read(text: str, form: Form, zone: str | None = None) -> str:
    """SQL: a moment as the models read it; a text that is none stays as it is.

    Args:
        text: SQL of the text.
        form: how the file writes them.
        zone: of the shop, to which moments in a known one are converted.
    """
    if form.kind == "text":
        return in_zone(_text(text, keeps_zone=bool(zone)), zone)
    if form.kind == "serial":
        # Rounded to the second: a spreadsheet keeps fractions of a day.
        seconds = f"cast(round(({_number(text)} - {FIRST_SERIAL}) * 86400) as bigint)"
        return f"coalesce(cast(make_timestamp({seconds} * 1000000) as varchar), {text})"
    seconds = f"cast(floor({_number(text)} / {SINCE_1970[form.kind]}) as bigint)"
    moment = f"cast(make_timestamp({seconds} * 1000000) as varchar)"
    in_utc = f"{moment} || 'Z'" if zone else moment
    return in_zone(f"coalesce({in_utc}, {text})", zone)


def joined(date: str, time: str) -> str:
    """SQL: one text of a date and a time in two columns, without the date's own midnight.

    Args:
        date: SQL of the date.
        time: SQL of the time.
    """
    day = f"regexp_replace({date}, {literal(_MIDNIGHT)}, '')"
    clock = f"regexp_extract({time}, {literal(_clock())}, 1)"
    parts = f"regexp_extract({time}, {literal(_DIGITS)}, ['h', 'm', 's'])"
    digits = f"{parts}.h || ':' || {parts}.m || ':' || coalesce(nullif({parts}.s, ''), '00')"
    seconds = f"cast(round({_number(time)} * 86400) as bigint) * 1000000"
    return (
        f"case when {time} is null or not regexp_matches({time}, '[0-9]') then {date} "
        f"when regexp_matches({day}, {literal(_HAS_CLOCK)}) then {date} "
        f"when {clock} != '' then {day} || ' ' || {clock} "
        f"when regexp_matches({time}, {literal(_DIGITS)}) then {day} || ' ' || {digits} "
        f"when regexp_matches({time}, {literal(_PART_OF_DAY)}) "
        f"then {day} || ' ' || strftime(make_timestamp({seconds}), '%H:%M:%S') "
        # What can't be read is kept, so that the row is malformed, and does not lose its time.
        f"else {day} || ' (' || trim({time}) || ')' end"
    )


def field_sql(texts: Sequence[str]) -> str:
    """SQL: a field from its columns: NULL of none, itself of one, a date and a time of two."""
    return joined(*texts) if len(texts) > 1 else next(iter(texts), "null::varchar")


def join(date: str, time: str) -> str:
    """One text of a date and a time, as `joined` does it."""
    day = re.sub(_MIDNIGHT, "", date)
    if not re.search("[0-9]", time) or re.search(_HAS_CLOCK, day):
        return date
    if clock := re.search(_clock(), time):
        return f"{day} {clock[1]}"
    if digits := re.search(_DIGITS, time):
        return f"{day} {digits[1]}:{digits[2]}:{digits[3] or '00'}"
    if re.search(_PART_OF_DAY, time):
        second = round(float(time.replace(",", ".")) * 86400)
        return f"{day} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"{day} ({time.strip()})"


def by_format(text: str, written: str | None) -> str:
    """SQL: a moment in ISO form where it fits a format of `strptime`; else the text as it is.

    Args:
        text: SQL of the text.
        written: the format; a plain order of day, month and year is decided per file, as without.
    """
    if not written or re.fullmatch(_PLAIN_FORMAT, written):
        return text
    if written == SINCE_1904:
        return f"coalesce(cast({_number(text)} + {DAYS_TO_1904} as varchar), {text})"
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


def _text(text: str, *, keeps_zone: bool) -> str:
    """SQL: month names, two-digit years, years in front and half days rewritten."""
    plain = f"regexp_replace({text}, '[\u00a0\u2009\u202f]', ' ', 'g')"
    for word, sign in (*_EASTERN, *_in_english()):
        plain = f"regexp_replace({plain}, {literal(word)}, {literal(sign)}, 'g')"
    plain = f"regexp_replace({plain}, {literal(_FILLING)}, ' \\1', 'gi')"
    weeks = ", ".join(map(literal, _WEEK_FORMATS))
    numeric = ("one", "sign", "other", "y", *_CLOCK_PARTS, "zone")
    open_order = f"s.one || s.sign || s.other || s.sign || ({_WHOLE_YEAR}) || {_WHOLE_CLOCK}"
    tried = [
        _found(plain, _NUMERIC, numeric, open_order),
        *(
            _found(plain, pattern, groups, _iso(groups, keeps_zone=keeps_zone))
            for pattern, groups in _PATTERNS
        ),
        f"strftime(try_strptime(replace({text}, 'T', ' '), [{weeks}]), '{_ISO_FORMAT}')",
    ]
    return (
        f"case when regexp_full_match({text}, {literal(READ)}) then {text} "
        f"else coalesce({', '.join(tried)}, {text}) end"
    )


def _in_english() -> Iterator[tuple[str, str]]:
    """Patterns of the halves of the day beside a clock, and what stands for them in English."""
    for word, pattern in halves.patterns().items():
        yield rf"(^|[^\pL])(?:{pattern})\s*(\d{{1,2}}[:.h]\d{{2}})", rf"\1 {word} \2"
        yield rf"([:.h]\d{{2}}(?:[.,]\d+)?\s*)(?:{pattern})(\s|$)", rf"\1{word}\2"


def _clock() -> str:
    """The pattern of a time of day in a column of its own, for RE2 and for Python."""
    return _CLOCK.replace("HALF", "|".join(halves.patterns().values()) + r"|[AaPp]\.?\s?[Mm]?\.?")


def _found(text: str, pattern: str, groups: Sequence[str], written: str) -> str:
    """SQL: what is written of the groups of a pattern; NULL where the text has it not."""
    names = ", ".join(map(literal, groups))
    groups_of = f"regexp_extract({text}, {literal(pattern)}, [{names}], 'i')"
    return f"list_transform([{groups_of}], lambda s: case when s.y != '' then {written} end)[1]"


_WHOLE_YEAR = (
    f"case when length(s.y) = 4 then '' when s.y >= '{LAST_CENTURY}' then '19' else '20' end || s.y"
)


_HOUR = (
    "case when s.before = '' and s.half = '' then cast(s.hour as integer) "
    "when s.before != '' and s.half != '' then null "
    "when starts_with(lower(s.before || s.half), 'p') and cast(s.hour as integer) < 24 "
    "then cast(s.hour as integer) % 12 + 12 "
    "when starts_with(lower(s.before || s.half), 'a') and cast(s.hour as integer) <= 12 "
    "then cast(s.hour as integer) % 12 end"
)
"""NULL where the hour is not of its half of the day."""
_WHOLE_CLOCK = (
    f"case when s.hour = '' then '' else ' ' || lpad(cast({_HOUR} as varchar), 2, '0') || ':' "
    "|| s.minute || ':' || coalesce(nullif(s.second, ''), '00') end"
)
_KNOWN_ZONE = (
    "case when s.hour = '' then '' when upper(s.zone) in ('Z', 'UTC', 'GMT') then 'Z' "
    "when length(s.zone) = 3 and s.zone < 'A' then s.zone || ':00' when s.zone < 'A' then s.zone "
    "else '' end"
)
"""A zone as the models read it; nothing for an abbreviation, as some mean several zones."""


def _iso(groups: Sequence[str], *, keeps_zone: bool) -> str:
    """SQL: a moment in ISO form, of the groups that are found of it."""
    month = "s.m"
    if "name" in groups:
        names = ", ".join(map(literal, months()))
        numbers = ", ".join(literal(str(number)) for number in months().values())
        month = f"map([{names}], [{numbers}])[lower(s.name)]"
    day = f"'-' || lpad({month}, 2, '0') || '-' || lpad(s.d, 2, '0')"
    zone = _KNOWN_ZONE if keeps_zone else "''"
    return f"({_WHOLE_YEAR}) || {day} || {_WHOLE_CLOCK} || {zone}"
