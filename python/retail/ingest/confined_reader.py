"""Program: read files whose parser may crash or take all memory, in a process that may.

It is run by its path, so that it imports the parser alone and starts in a tenth of a second. What
it finds goes to its standard output as CSV, a kind and then cells in each row; ``END`` is the last
of a file that was read to its end.
"""

from __future__ import annotations

import csv
import datetime as dt
import resource
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import sqlite3

    import duckdb

MEMORY_BYTES = 4 << 30
CPU_SECONDS = 600
LONGEST_CELL, LONGEST_ROW, MOST_TEXT = 100_000, 1 << 20, 4 << 30
"""Characters; Excel itself allows 32,767 in a cell."""
MOST_ROWS, MOST_ROWS_A_BYTE = 10_000_000, 8
"""Rows that a Parquet file or a database may have, and how many a byte where it has more."""
LINES = ("line_items", "lineItems", "lines", "items", "order_items", "products", "details")
"""What lists of the lines of an order are called, where it has several lists."""
FEW_ODD, ODD_SHARE = 2, 0.01
"""So many objects with other keys than the rest, or such a share, are no habit of who wrote them:
a program that leaves out what is empty does so in more."""
MOST_SQLITE_ROWS = 1_000_000
"""Rows that a query on an SQLite file may give, or as many as it has bytes: a row takes some."""
TOO_MANY = "are too many for its size"
TOO_LONG = "a cell or a row is too long for any order line"
LONG_TYPES = ("varchar", "blob", "list", "array", "struct", "map", "union", "variant")
PAGE_SIZE, PAGE_CHECKSUM = 3, 4
"""Fields of the header of a Parquet page: bytes as they are stored, and their CRC-32."""
THRIFT_BOOLEANS, THRIFT_INTEGERS, THRIFT_BINARY, THRIFT_STRUCT = (1, 2), (4, 5, 6), 8, 12
ROW, REFUSED, LOCKED, END = "row", "refused", "locked", "end"

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
Lines = Iterator[list[str]]


def main() -> None:
    """Read in the form that is asked for: ``FORM PATH …``."""
    _limit()
    form, *words = sys.argv[1:]
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerows(_bounded(READERS[form](*words)))
    except Exception as error:  # whatever a parser raises
        writer.writerow([REFUSED, next(iter(str(error).splitlines()), type(error).__name__)])


def _limit() -> None:
    """Set the limits; a system that knows one of them not at all goes without."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: MOST_TEXT,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _bounded(rows: Lines) -> Lines:
    """Stop where a few packed bytes become more text than any order lines are."""
    text = 0
    for row in rows:
        characters = sum(map(len, row))
        text += characters
        if characters > LONGEST_ROW or max(map(len, row)) > LONGEST_CELL:
            yield [REFUSED, TOO_LONG]
            return
        if text > MOST_TEXT:
            yield [REFUSED, f"it unpacks to more than {MOST_TEXT:,} characters"]
            return
        yield row


def read_workbook(path: str) -> Lines:
    """Read the filled rows of all sheets of a workbook, each behind its sheet and its number."""
    from python_calamine import PasswordError, SheetTypeEnum, load_workbook

    if zipfile.is_zipfile(path):  # Excel asks to repair it; readers differ in which they take
        with zipfile.ZipFile(path) as packed:
            doubled = {name for name, n in Counter(packed.namelist()).items() if n > 1}
        if doubled:
            raise ValueError(f"it has {min(doubled)} twice")
    try:
        workbook = load_workbook(path)
        for sheet in workbook.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_name(sheet.name).iter_rows()
                for number, cells in enumerate(rows, start=1):
                    row = [as_text(cell) for cell in cells]
                    if any(row):
                        yield [ROW, sheet.name, str(number), *row]
    except PasswordError:
        yield [LOCKED]
    yield [END]


def as_text(cell: Cell) -> str:
    """Write a cell as text: numbers at their shortest, dates and times in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{Decimal(repr(cell)):f}"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    # calamine gives midnight as a date without a time.
    return f"{cell} 00:00:00" if isinstance(cell, dt.date) else str(cell)


def scan_parquet(*paths: str) -> Lines:
    """Decode every value of Parquet files, and name each file that has none that can't be."""
    with _duckdb() as connection:
        for path in paths:
            rows = f"read_parquet({_quoted(path)}, binary_as_string = true) as t"
            (count,) = connection.execute(f"select count(*) from {rows}").fetchall()[0]  # noqa: S608 - quoted
            if count > _most_rows(path):
                raise ValueError(f"{count:,} rows {TOO_MANY}")
            has_checksums = _verify_pages(connection, path)
            connection.execute(f"select bit_xor(hash(t)) from {rows}").fetchall()  # noqa: S608 - quoted
            _insist_on_short_cells(connection, rows)
            yield [ROW, path, str(has_checksums)]
    yield [END]


def _insist_on_short_cells(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Refuse a text of hundreds of megabytes that compresses to nothing."""
    found = connection.sql(f"select * from {rows}")  # noqa: S608 - quoted
    kinds = zip(found.columns, found.types, strict=True)
    texts = [_named(name) for name, kind in kinds if kind.id in LONG_TYPES]
    longest = ", ".join(f"max(strlen({name}::varchar))" for name in texts)
    if texts:
        (lengths,) = connection.execute(f"select {longest} from {rows}").fetchall()  # noqa: S608 - quoted
        if max(filter(None, lengths), default=0) > LONGEST_CELL:
            raise ValueError(TOO_LONG)


def _verify_pages(connection: duckdb.DuckDBPyConnection, path: str) -> bool:
    """Compare the pages of a Parquet file with their checksums, which DuckDB does not look at.

    Returns:
        Whether all pages have one.
    """
    query = """
        select least(data_page_offset, nullif(dictionary_page_offset, 0)), total_compressed_size
        from parquet_metadata(?) where num_values > 0
    """
    has_checksums = True
    with open(path, "rb") as file:  # noqa: PTH123 - a file that is read in blocks
        for start, size in connection.execute(query, [path]).fetchall():
            file.seek(start)
            while file.tell() < start + size:
                known = _page_header(file)
                checksum = known.get(PAGE_CHECKSUM)
                page = file.read(known[PAGE_SIZE])
                has_checksums &= checksum is not None
                if checksum is not None and zlib.crc32(page) != checksum & 0xFFFFFFFF:
                    raise ValueError("a page differs from its checksum")
    return has_checksums


def _page_header(file: BinaryIO) -> dict[int, int]:
    """Read the numbers of a page's header, by their fields: a struct of Thrift's compact protocol.

    Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
    """
    numbers: dict[int, int] = {}
    field = 0
    while kind := file.read(1)[0]:
        field = field + (kind >> 4) if kind >> 4 else _zigzag(file)
        if (kind := kind & 0x0F) in THRIFT_INTEGERS:
            numbers[field] = _zigzag(file)
        elif kind == THRIFT_BINARY:
            file.seek(_varint(file), 1)
        elif kind == THRIFT_STRUCT:
            _page_header(file)
        elif kind not in THRIFT_BOOLEANS:
            raise ValueError("the header of a page is damaged")
    return numbers


def _zigzag(file: BinaryIO) -> int:
    number = _varint(file)
    return (number >> 1) ^ -(number & 1)


def _varint(file: BinaryIO) -> int:
    number = shift = 0
    while (byte := file.read(1)[0]) & 0x80:
        number |= (byte & 0x7F) << shift
        shift += 7
    return number | byte << shift


def export_json(path: str, target: str) -> Lines:
    """Copy JSON objects as texts into a Parquet file; what is no text as JSON writes it.

    Objects stand one on a line, or in an array. What is nested gets columns of its own, and an
    object with a list of lines a row for each of them.
    """
    given = f"{_quoted(path)}, records = true"
    with _duckdb() as connection:
        found = connection.sql(f"select * from read_json({given}, sample_size = -1)")  # noqa: S608 - quoted
        kinds = dict(zip(found.columns, found.types, strict=True))
        if any(kind.id in ("struct", "list") for kind in kinds.values()):
            rows = _nested(path, kinds)
        else:
            types = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in kinds)
            rows = f"select * from read_json({given}, columns = {{{types}}})"  # noqa: S608 - quoted
        _copy(connection, rows, target, path)
        yield from _odd_objects(connection, path)
    yield [END]


def _odd_objects(connection: duckdb.DuckDBPyConnection, path: str) -> Lines:
    """Say which few objects have other keys than the rest, as damage or a typing error leaves."""
    query = f"""
        with objects as (
            select row_number() over () as row, list_sort(json_keys(json)) as keys
            from read_json_objects({_quoted(path)})
        ),
        most as (select keys, count(*) as n from objects group by keys order by n desc limit 1)
        select
            objects.row,
            list_filter(most.keys, lambda key: not list_contains(objects.keys, key)) as lacks,
            list_filter(objects.keys, lambda key: not list_contains(most.keys, key)) as has,
            count(*) over () as odd,
            most.n as usual
        from objects, most where objects.keys != most.keys
        order by objects.row limit 1
    """  # noqa: S608 - quoted
    for row, lacks, has, odd, usual in connection.execute(query).fetchall():
        if odd < usual and odd <= max(FEW_ODD, ODD_SHARE * usual):
            parts = (("lacks", lacks), ("has", has))
            what = " and ".join(f"{verb} {', '.join(keys)}" for verb, keys in parts if keys)
            yield [ROW, f"{odd:,}: object {row} {what or 'has a key twice'}"]


def _nested(path: str, kinds: Mapping[str, Any]) -> str:
    """Query of a row for each line of nested objects; a name met twice has its place before it."""
    objects = f"select json as o from read_json_objects({_quoted(path)})"  # noqa: S608 - quoted
    if len(kinds) == 1 and (only := _lists(kinds)):  # {"orders": […]}
        objects = f"select unnest(cast(o->{_path(only)} as json[])) as o from ({objects})"  # noqa: S608 - quoted
        kinds = dict(kinds[only[0]].child.children)
    lists = _lists(kinds)
    lines = [name for name in LINES if name in lists][:1] or lists
    columns = {".".join(at): f"o->>{_path(at)}" for at in _leaves(kinds) if at[0] not in lists}
    if len(lines) == 1:
        for at in _leaves(dict(kinds[lines[0]].child.children)):
            name = ".".join(at)
            columns[name if name not in columns else f"{lines[0]}.{name}"] = f"l->>{_path(at)}"
        objects = f"select o, unnest(cast(o->{_path(lines)} as json[])) as l from ({objects})"  # noqa: S608 - quoted
    listed = ", ".join(f"{sql} as {_named(name)}" for name, sql in columns.items())
    return f"select {listed} from ({objects})"  # noqa: S608 - quoted


def _lists(kinds: Mapping[str, Any]) -> list[str]:
    """The names of lists of objects."""
    return [name for name, kind in kinds.items() if kind.id == "list" and kind.child.id == "struct"]


def _leaves(kinds: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Places of what is no object, below those that are."""
    for name, kind in kinds.items():
        if kind.id == "struct":
            yield from _leaves(dict(kind.children), (*above, name))
        else:
            yield (*above, name)


def _path(names: Sequence[str]) -> str:
    """SQL: where a value is, as DuckDB's JSON functions name it."""
    return _quoted("$" + "".join(f'."{name}"' for name in names))


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def list_duckdb(path: str) -> Lines:
    """List the tables and views of a DuckDB file."""
    query = """
        select table_schema, table_name from information_schema.tables
        where table_catalog = current_database()
            and table_schema not in ('information_schema', 'pg_catalog')
        order by all
    """
    with _duckdb(path) as connection:
        for row in connection.execute(query).fetchall():
            yield [ROW, *row]
    yield [END]


def export_duckdb(path: str, target: str, query: str) -> Lines:
    """Copy the rows of a query on a DuckDB file into a Parquet file; its views reach no other."""
    with _duckdb(path) as connection:
        connection.execute(f"set allowed_paths = [{_quoted(target)}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        _copy(connection, query, target, path)
    yield [END]


def _duckdb(path: str = "") -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file to read it, or DuckDB in memory."""
    import duckdb

    limits: dict[str, Any] = {"threads": 1, "memory_limit": "1GB", "temp_directory": ""}
    return duckdb.connect(path or ":memory:", read_only=bool(path), config=limits)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: str, path: str) -> None:
    most = _most_rows(path)
    rows = f"select * from (\n{query}\n) limit {most + 1}"  # noqa: S608 - it is asked for
    copy = f"copy ({rows}) to {_quoted(target)} (format parquet, compression zstd)"
    if connection.execute(copy).fetchall()[0][0] > most:
        raise ValueError(f"more than {most:,} rows {TOO_MANY}")
    _insist_on_short_cells(connection, f"read_parquet({_quoted(target)})")


def _most_rows(path: str) -> int:
    return max(MOST_ROWS, MOST_ROWS_A_BYTE * Path(path).stat().st_size)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def list_sqlite(path: str) -> Lines:
    """List the tables and views of an SQLite file."""
    query = "select name from sqlite_master where type in ('table', 'view') order by name"
    with _sqlite(path) as database:
        for (name,) in database.execute(query):
            yield [ROW, "main", name]
    yield [END]


def read_sqlite(path: str, query: str) -> Lines:
    """Read the names of the columns of a query, and then its rows."""
    with _sqlite(path) as database:
        rows = database.execute(query)
        yield [ROW, *(str(column[0]) for column in rows.description or ())]
        most = max(MOST_SQLITE_ROWS, Path(path).stat().st_size)
        for number, row in enumerate(rows):
            if number == most:
                raise ValueError(f"more than {most:,} rows {TOO_MANY}")
            yield [ROW, *("" if value is None else str(value) for value in row)]
    yield [END]


@contextmanager
def _sqlite(path: str) -> Iterator[sqlite3.Connection]:
    """Open an SQLite file to read it, as https://sqlite.org/security.html says of strange files."""
    import sqlite3

    with closing(sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True)) as database:
        for setting in ("query_only = on", "trusted_schema = off", "cell_size_check = on"):
            database.execute(f"pragma {setting}")
        yield database


READERS: Mapping[str, Callable[..., Lines]] = {
    "workbook": read_workbook,
    "parquet": scan_parquet,
    "json": export_json,
    "duckdb": export_duckdb,
    "duckdb-tables": list_duckdb,
    "sqlite": read_sqlite,
    "sqlite-tables": list_sqlite,
}

if __name__ == "__main__":
    main()
