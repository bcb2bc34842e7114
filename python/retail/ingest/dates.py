"""Decide per file whether day or month comes first in dates such as `1/12/2010`.

All rows of a file are looked at. A number above 12 settles the order. Where no row has one, the
order under which the days lie close together does, or else the other files; what stays ambiguous
is refused, naming the setting that decides it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from retail.ingest.columns import shown_name
from retail.ingest.errors import IngestError

DateOrder = Literal["month first", "day first"]
MONTH_FIRST: DateOrder = "month first"
DAY_FIRST: DateOrder = "day first"
SETTING = "columns.ordered_at.format"
"""What decides the order where the data do not; a key of shop.yml."""
FORMATS: dict[DateOrder, str] = {DAY_FIRST: "%d/%m/%Y", MONTH_FIRST: "%m/%d/%Y"}

FEWEST_DAYS = 3
"""Distinct dates from which their density says something: of two, either order is plausible."""
SPARSER = 5
"""Times as long a span makes an order implausible. Consecutive days of a month, read the other way
round, become the same day of consecutive months: 30 times as long."""
NEAR_DAYS = 31
"""How far beyond the days of the other files those of a file are expected: in the next month."""

FEWEST_BEHIND, TIMES_AS_MANY = 6, 3
"""Last numbers of dates from which on they may be days, and how many more than first ones."""
FIRST_YEAR = 20
"""The first number from which on it may be the year, where nothing else says so: 2020."""
_MONTHS, _LONGEST_MONTH = 12, 31
_DATE = 10
"""Characters of a date without its time."""
_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?!\d)")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")
_COLUMN = shown_name("invoice_date")

Numbers = tuple[int, int, int]
"""First number, second number and year of a date."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a file that are alike: how many, and the first of them."""

    count: int
    row: int
    value: str


@dataclass(frozen=True)
class ShortDates:
    """Dates of a file with two digits for the year, which may be in front or behind."""

    rows: Rows
    sign: str
    """What stands between the numbers of the first of them."""
    numbers: tuple[Numbers, ...]
    """The distinct ones whose first number has two digits."""
    are_settled: bool
    """Whether the first number of others has one, which no year has."""

    @classmethod
    def of(cls, dates: Iterable[tuple[int, int, int, int, str, int, int, str]]) -> ShortDates:
        """Sum up dates: each with its numbers, their sign, its rows, and the first of these."""
        every = sorted(dates, key=lambda date: date[6])
        whole = [date for date in every if date[3] > 1]
        count = sum(date[5] for date in every)
        *_, sign, _, row, value = (whole or every)[0]
        numbers = tuple(sorted({date[:3] for date in whole}))
        return cls(Rows(count, row, value), sign, numbers, len(whole) < len(every))

    def with_others(self, others: ShortDates | None) -> ShortDates:
        """These and those of another part of the file."""
        if others is None:
            return self
        first = min(self, others, key=lambda one: one.rows.row)
        count = self.rows.count + others.rows.count
        numbers = tuple(sorted({*self.numbers, *others.numbers}))
        rows = Rows(count, first.rows.row, first.rows.value)
        are_settled = self.are_settled or others.are_settled
        return ShortDates(rows, first.sign, numbers, are_settled)


@dataclass(frozen=True)
class DateEvidence:
    """What the dates of a file say of their order."""

    month_first: Rows | None = None
    """Rows that are no date with the day first."""
    day_first: Rows | None = None
    """Rows that are no date with the month first."""
    either: Rows | None = None
    """Rows that are one day with the month first, and another with the day first."""
    numbers: tuple[Numbers, ...] = ()
    """The distinct dates among all of these."""
    iso_days: tuple[str, ...] = ()
    """The distinct days that are written year first."""
    short: ShortDates | None = None
    """Of the dates above those that were written with two digits for the year."""


@dataclass(frozen=True)
class Decision:
    """The order of a file's dates, None where it has none that need one; and what decided it."""

    order: DateOrder | None = None
    evidence: str = ""
    is_certain: bool = True


def gather(connection: duckdb.DuckDBPyConnection, lines: str) -> dict[str, DateEvidence]:
    """Collect what the dates of some order lines say of their order, by source file.

    Args:
        connection: any DuckDB connection.
        lines: SQL of a table with the columns of raw.order_lines.
    """
    query = f"""
        select source_file, left(ltrim(invoice_date), {_DATE}) as start,
            count(*), min(source_row), arg_min(invoice_date, source_row)
        from {lines} as order_lines
        where parse_error is null and invoice_date is not null
        group by 1, 2 order by 1, 2
    """  # noqa: S608 - by ingest.sql: quoted
    found: dict[str, list[tuple[str, Rows]]] = {}
    for source_file, start, *rows in connection.execute(query).fetchall():
        found.setdefault(source_file, []).append((start, Rows(*rows)))
    return {source_file: _sort(starts) for source_file, starts in found.items()}


def _sort(starts: Iterable[tuple[str, Rows]]) -> DateEvidence:
    kinds: dict[str, Rows | None] = {"month_first": None, "day_first": None, "either": None}
    numbers, iso_days = set[Numbers](), set[str]()
    for start, rows in starts:
        if match := _ISO.match(start):
            iso_days.add(match[0])
        if match := _NUMERIC.match(start):
            first, second, year = int(match[1]), int(match[3]), int(match[4])
            kind = _kind(first, second, year)
            if kind in kinds:
                kinds[kind] = merge_rows(kinds[kind], rows)
            if kind:
                numbers.add((first, second, year))
    return DateEvidence(
        kinds["month_first"],
        kinds["day_first"],
        kinds["either"],
        numbers=tuple(sorted(numbers)),
        iso_days=tuple(sorted(iso_days)),
    )


def _kind(first: int, second: int, year: int) -> str | None:
    """Say what the numbers of a date prove; None where they are no date in any order."""
    orders = [order for order in FORMATS if _day((first, second, year), order)]
    if first == second and orders:
        return "same"
    if len(orders) > 1:
        return "either"
    return orders[0].replace(" ", "_") if orders else None


def _day(numbers: Numbers, order: DateOrder) -> str | None:
    """The day that numbers stand for in one order, ISO; None where there is no such day."""
    first, second, year = numbers
    day, month = (first, second) if order == DAY_FIRST else (second, first)
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def merge_rows(one: Rows | None, other: Rows | None) -> Rows | None:
    """Count the rows of two sets, and name the first of all."""
    if one is None or other is None:
        return one or other
    first = min(one, other, key=lambda rows: rows.row)
    return Rows(one.count + other.count, first.row, first.value)


def merge(one: DateEvidence, other: DateEvidence) -> DateEvidence:
    """Put together what two parts of a file say."""
    return DateEvidence(
        merge_rows(one.month_first, other.month_first),
        merge_rows(one.day_first, other.day_first),
        merge_rows(one.either, other.either),
        tuple(sorted({*one.numbers, *other.numbers})),
        tuple(sorted({*one.iso_days, *other.iso_days})),
        one.short.with_others(other.short) if one.short else other.short,
    )


def read_evidence(stored: Mapping[str, Any]) -> DateEvidence:
    """Read evidence that was written as JSON."""

    def rows(kind: str) -> Rows | None:
        return Rows(**stored[kind]) if stored[kind] else None

    return DateEvidence(
        rows("month_first"),
        rows("day_first"),
        rows("either"),
        tuple((first, second, year) for first, second, year in stored["numbers"]),
        tuple(stored["iso_days"]),
        _read_short(stored["short"]),
    )


def _read_short(stored: Mapping[str, Any] | None) -> ShortDates | None:
    if stored is None:
        return None
    numbers = tuple((first, second, year) for first, second, year in stored["numbers"])
    return ShortDates(Rows(**stored["rows"]), stored["sign"], numbers, stored["are_settled"])


# Decide ----------------------------------------------------------------------------------------


def decide(
    found: Mapping[str, DateEvidence], given: DateOrder | None = None
) -> dict[str, Decision]:
    """Decide the order of day and month of each file.

    Args:
        found: what the dates of each file say.
        given: the order that a setting names, for all files.

    Raises:
        IngestError: a file has dates in both orders, or nothing decides.
    """
    if not given:
        _insist_on_years_behind(found)
    decided = {file: _by_own_rows(file, evidence, given) for file, evidence in found.items()}
    known = {file: decision for file, decision in decided.items() if decision}
    orders = {decision.order for decision in known.values() if decision.order}
    days_of = {
        file: {*found[file].iso_days, *_days(found[file], decision.order)}
        for file, decision in known.items()
    }
    days = set[str]().union(*days_of.values())
    share_days = _share_days(list(days_of.values()))
    return {
        file: decision or _by_neighbours(file, found[file], orders, days, share_days=share_days)
        for file, decision in decided.items()
    }


def _by_own_rows(file: str, found: DateEvidence, given: DateOrder | None) -> Decision | None:
    """Decide by a file's own rows; None where they do not."""
    if not (found.month_first or found.day_first or found.either):
        return Decision()
    if given:
        return Decision(given, f"{SETTING} says so")
    if found.month_first and found.day_first:
        raise _both_orders(file, found.month_first, found.day_first)
    if proof := found.month_first or found.day_first:
        _refuse_swapped_cells(file, found, proof)
        order = MONTH_FIRST if found.month_first else DAY_FIRST
        _refuse_swapped_texts(file, found, order)
        return Decision(order, f"row {proof.row} has {proof.value}")
    return _by_density(found)


def _by_density(found: DateEvidence) -> Decision | None:
    """Prefer the order under which the days lie close together."""
    spans = {order: _span(_days(found, order)) for order in FORMATS}
    for order, other in ((DAY_FIRST, MONTH_FIRST), (MONTH_FIRST, DAY_FIRST)):
        if len(found.numbers) >= FEWEST_DAYS and spans[order] * SPARSER <= spans[other]:
            evidence = f"its days then lie within {spans[order]} days, else {spans[other]}"
            return Decision(order, evidence, is_certain=False)
    return None


def _share_days(files: Sequence[set[str]]) -> bool:
    """Whether most files have most of their days in common with others.

    Files of one country or store each do; files of one month each do not.
    """
    times = Counter(day for days in files for day in days)
    common = [sum(times[day] > 1 for day in days) * 2 > len(days) for days in files]
    return sum(common) * 2 > len(files)


def _by_neighbours(
    file: str,
    found: DateEvidence,
    orders: set[DateOrder],
    days: set[str],
    *,
    share_days: bool,
) -> Decision:
    """Take the order of the other files, unless their days speak for the other one."""
    if len(orders) == 1:
        (order,) = orders
        (other,) = FORMATS.keys() - {order}
        usual = _days(found, order)
        if not _speak_for(_days(found, other), usual, days, share_days=share_days):
            return Decision(order, "the other files have it", is_certain=False)
    raise _ambiguous(file, found)


def _speak_for(other: set[str], usual: set[str], known: set[str], *, share_days: bool) -> bool:
    """Whether the days of other files are a reason not to read a file in their order.

    Args:
        other: its days in the other order.
        usual: its days in theirs.
        known: the days of the other files.
        share_days: the other files have the same days, so that it is no wonder if this one has.
    """
    if not _are_near(other, known):
        return False
    are_there_already = not share_days and known.issuperset(usual) and known.isdisjoint(other)
    return are_there_already or not _are_near(usual, known)


def _are_near(days: set[str], known: set[str]) -> bool:
    """Whether days lie in the span of others, or at most NEAR_DAYS beyond."""
    if not known:
        return False
    return _span(days | known) <= _span(known) + NEAR_DAYS


def _days(found: DateEvidence, order: DateOrder | None) -> set[str]:
    """The distinct days of a file's numeric dates, read in one order."""
    days = (_day(numbers, order) for numbers in found.numbers) if order else ()
    return set(filter(None, days))


def _span(days: set[str]) -> int:
    first, last = (dt.date.fromisoformat(day) for day in (min(days), max(days)))
    return (last - first).days + 1


# What can be wrong -----------------------------------------------------------------------------


def _name(file: str, rows: Rows) -> str:
    return f"{file} row {rows.row}: {_COLUMN} '{rows.value.strip()}'"


def _settings() -> str:
    return f"set {SETTING} in shop.yml to " + " or ".join(f'"{form}"' for form in FORMATS.values())


def _both_orders(file: str, month_first: Rows, day_first: Rows) -> IngestError:
    """Name the first row of the rarer order."""
    is_day_rarer = day_first.count <= month_first.count
    rare, usual = (day_first, month_first) if is_day_rarer else (month_first, day_first)
    order = MONTH_FIRST if is_day_rarer else DAY_FIRST
    rows = "row does" if usual.count == 1 else "rows do"
    return IngestError(
        f"{_name(file, rare)} does not fit {order}, as {usual.count:,} {rows} (row {usual.row}: "
        f"'{usual.value.strip()}'), and {rare.count:,} like it do not; write all dates in one "
        f"order, or {_settings()} and have the others set apart as malformed"
    )


def _ambiguous(file: str, found: DateEvidence) -> IngestError:
    rows = found.either
    assert rows
    return IngestError(
        f"{_name(file, rows)} may have the day first or the month first, and so may "
        f"{rows.count:,} rows of the file, without one that decides; {_settings()}"
    )


def _insist_on_years_behind(found: Mapping[str, DateEvidence]) -> None:
    """Refuse dates such as `26-01-03` whose year is in front, or may be.

    All files together say it: of days in the twenties alone nothing else does.

    Raises:
        IngestError: the first number hardly varies and the last one does as days do; or all may be
            read in both ways, and lie no closer together with the year behind.
    """
    every_short = {file: one.short for file, one in found.items() if one.short}
    short = {file: one for file, one in every_short.items() if one.numbers}
    if not short:
        return
    every = {numbers for one in short.values() for numbers in one.numbers}
    file, first = next(iter(short.items()))
    for name, one, numbers in (
        *((name, one, {*one.numbers}) for name, one in short.items()), (file, first, every)
    ):  # fmt: skip
        firsts, lasts = ({date[at] for date in numbers} for at in (0, 2))
        if len(lasts) >= max(FEWEST_BEHIND, TIMES_AS_MANY * len(firsts)):
            raise IngestError(
                f"{name} row {one.rows.row}: the date '{one.rows.value.strip()}' seems to have its "
                f"year in front: of all like it the first number is one of {len(firsts)}, and the "
                f"last one of {len(lasts)}; {_years(one.sign)}"
            )
    are_settled = any(one.are_settled for one in every_short.values())
    if not are_settled and _may_begin_with_years(every):
        one, _, other = re.findall(r"\d+", first.rows.value)[:3]
        raise IngestError(
            f"{_name(file, first.rows)} may be of 20{one} or of 20{other}, with the "
            f"year in front or behind, and so may {first.rows.count:,} rows of the file, without "
            f"one that decides; {_years(first.sign)}"
        )


def _may_begin_with_years(dates: Collection[Numbers]) -> bool:
    """Whether the first numbers of dates may as well be their years, and are not their days."""
    # With the year behind, as they are read: others are malformed.
    read = {day: date for date in dates if (day := _day(_behind(date), DAY_FIRST))}
    in_front = {date: _day(_in_front(date), DAY_FIRST) for date in read.values()}
    is_settled = any(date[0] < FIRST_YEAR or not day for date, day in in_front.items())
    if is_settled or all(first == last for first, _, last in in_front):
        return False
    of_behind, of_front = _span({*read}), _span({day for day in in_front.values() if day})
    return len(read) < FEWEST_DAYS or of_behind * SPARSER > of_front


def _in_front(date: Numbers) -> Numbers:
    """Day, month and year of a date with the year in front."""
    return date[2], date[1], 2000 + date[0]


def _behind(date: Numbers) -> Numbers:
    """Day, month and year of a date with the year behind."""
    return date[0], date[1], 2000 + date[2]


def _years(sign: str) -> str:
    """The settings that tell where the year is."""
    in_front, behind = (sign.join(parts) for parts in (("%y", "%m", "%d"), ("%d", "%m", "%y")))
    return f'set {SETTING} in shop.yml to "{in_front}", or to "{behind}"'


def _refuse_swapped_cells(file: str, found: DateEvidence, proof: Rows) -> None:
    """Refuse what a spreadsheet does to a file of the other order.

    It takes every date that fits its own order for one, day and month swapped, and leaves the
    others as texts. Then no text has a day up to 12, and no date one above it.
    """
    is_swapped = (
        len(found.numbers) >= FEWEST_DAYS <= len(found.iso_days)
        and all(max(first, second) > _MONTHS for first, second, _ in found.numbers)
        and all(int(day[-2:]) <= _MONTHS for day in found.iso_days)
    )
    if is_swapped:
        raise IngestError(
            f"{_name(file, proof)} and all dates like it have days above {_MONTHS}, all others "
            f"days up to {_MONTHS}: a spreadsheet has swapped day and month of these; "
            "export the file anew without opening it there"
        )


def _refuse_swapped_texts(file: str, found: DateEvidence, order: DateOrder) -> None:
    """Refuse the same where the spreadsheet has written all of them as texts.

    The months of the dates that can only be read in one order are then those of the others read in
    the other order, and of these read in the first most months are none of them.
    """
    settled = {_month(n, order) for n in found.numbers if max(n[:2]) > _MONTHS}
    either = [n for n in found.numbers if max(n[:2]) <= _MONTHS and n[0] != n[1]]
    other = MONTH_FIRST if order == DAY_FIRST else DAY_FIRST
    outside = {_month(n, order) for n in either} - settled
    if len(outside) >= FEWEST_DAYS and settled.issuperset(_month(n, other) for n in either):
        rows = found.either
        assert rows
        raise IngestError(
            f"{_name(file, rows)} and {rows.count:,} rows like it lie in the months of the other "
            f"dates of the file only {other}, and these only {order}: a spreadsheet has swapped "
            "day and month of some; export the file anew without opening it there"
        )


def _month(numbers: Numbers, order: DateOrder) -> tuple[int, int]:
    """Month and year of a date, read in one order."""
    return (numbers[1] if order == DAY_FIRST else numbers[0]), numbers[2]
