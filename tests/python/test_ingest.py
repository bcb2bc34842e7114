"""Delimited text: every form met in the wild, every broken line accounted for."""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retail import ingest
from retail.ingest.columns import PUBLIC_FIELDS, PUBLIC_NAMES
from retail.ingest.delimited import _copy_regular, _tolerant_rows, write_delimited
from retail.ingest.encodings import MIXED, Departures, as_cp1252, is_cp1252, open_text
from retail.ingest.lenient_csv import LONGEST_RECORD, read_records
from retail.ingest.mapping import Reader
from retail.ingest.sniff import LONGEST_LINE, survey
from retail.ingest.sources import SourceFile
from retail.ingest.workspace import open_duckdb
from test_ingest_support import (
    GOOD,
    HEADER,
    LINE,
    NAMES_II,
    OTHER_LINE,
    as_landed,
    good_csv,
    land,
    read,
    refusal,
    shown,
    write,
)

WITH_REASON = ("invoice_no", "source_row", "parse_error", "raw_line")


def table(
    rows: Sequence[Sequence[str]], names: Sequence[str] = PUBLIC_NAMES, **dialect: object
) -> str:
    """Write rows below a header, as Python's own writer does."""
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows([names, *rows])  # type: ignore[arg-type]
    return text.getvalue()


# Forms that must be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("iso-8859-1", "iso-8859-1"),
        ("utf-16", "utf-16"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_and_line_end_gives_the_same_rows(
    tmp_path: Path, encoding: str, told: str, end: str
) -> None:
    rows = [LINE, OTHER_LINE, (*LINE[:2], 'DOOR, 7"" £é', *LINE[3:])]
    source = write(tmp_path / "in.csv", table(rows, lineterminator=end), encoding)
    landing = land(source, tmp_path)
    assert shown(landing) == [as_landed(row) for row in rows]
    assert [file.encoding for file in landing.files] == [told]


def test_latin_1_far_behind_ascii_is_found(tmp_path: Path) -> None:
    rows = [LINE] * 60_000 + [(*LINE[:2], "£", *LINE[3:])]
    landing = land(write(tmp_path / "in.csv", table(rows), "iso-8859-1"), tmp_path)
    assert landing.files[0].encoding == "iso-8859-1"
    assert shown(landing)[-1][2] == "£"


def test_the_punctuation_of_cp1252_is_read_as_what_it_is(tmp_path: Path) -> None:
    texts = ["“CAFÉ” – €5…", "£", "„Œuvre” ™"]
    rows = [(*LINE[:2], text, *LINE[3:]) for text in texts]
    landing = land(write(tmp_path / "in.csv", table(rows), "cp1252"), tmp_path)
    assert shown(landing) == rows
    assert (landing.files[0].encoding, landing.files[0].note) == ("cp1252", None)


def test_a_byte_without_a_meaning_is_no_control_character(tmp_path: Path) -> None:
    content = table([(*LINE[:2], "A?B", *LINE[3:])]).encode().replace(b"A?B", b"A\x81\xa3B")
    (tmp_path / "in.csv").write_bytes(content)
    landing = land(tmp_path / "in.csv", tmp_path)
    assert shown(landing)[0][2] == "A\ufffd£B"
    told = "rows with bytes that mean nothing in cp1252: {} (row 2 as 'A\ufffd£B'{})"
    assert landing.files[0].note == told.format(1, "")
    more = content.replace(b"A\x81\xa3B", b"C\x8d").splitlines(keepends=True)[-1]
    (tmp_path / "in.csv").write_bytes(content + more)
    grown = land(tmp_path / "in.csv", tmp_path)
    assert grown.files[0].note == told.format(2, ", row 3 as 'C\ufffd'")


def test_a_byte_without_a_meaning_in_a_stray_line_is_told_too(tmp_path: Path) -> None:
    path = mixed(tmp_path / "in.csv", ["CAFÉ", "日本"] * 20, ["£"])
    path.write_bytes(path.read_bytes().replace(b"\xa3", b"\xa3\x8f"))
    note = land(path, tmp_path).files[0].note or ""
    assert note.endswith("; rows with bytes that mean nothing in cp1252: 1 (row 42 as '£\ufffd')")


def mixed(path: Path, utf_8: Sequence[str], cp1252: Sequence[str]) -> Path:
    """A file whose descriptions are in two encodings: one after the other, the first kind first."""
    head, good = HEADER.encode() + b"\r\n", GOOD.encode() + b"\r\n"
    texts = [*(text.encode() for text in utf_8), *(text.encode("cp1252") for text in cp1252)]
    path.write_bytes(head + b"".join(good.replace(b"WHITE HEART", text) for text in texts))
    return path


@pytest.mark.parametrize("few", [1, 4])
def test_single_lines_in_cp1252_leave_the_rest_of_a_utf_8_file_alone(
    tmp_path: Path, few: int
) -> None:
    texts, strays = ["CAFÉ", "Łódź", "日本", "plain"] * 10, ["“BEAUTÉ” £5 €"] * few
    landing = land(mixed(tmp_path / "in.csv", texts, strays), tmp_path)
    assert [row[2] for row in shown(landing)] == [*texts, *strays]
    (file,) = landing.files
    named = ", ".join(f"row {row} as '“BEAUTÉ” £5 €'" for row in range(42, 42 + min(few, 3)))
    told = f"rows that are not UTF-8 and are read as cp1252: {few} ({named})"
    assert (file.encoding, file.note) == ("utf-8 and cp1252", told)


def test_a_stray_byte_that_is_added_leaves_the_past_alone(tmp_path: Path) -> None:
    texts = ["CAFÉ", "日本"] * 40
    land(mixed(tmp_path / "in.csv", texts, []), tmp_path)
    grown = land(mixed(tmp_path / "in.csv", texts, ["£"]), tmp_path)
    assert [row[2] for row in shown(grown)] == [*texts, "£"]
    assert grown.files[0].encoding == "utf-8 and cp1252"


def test_a_line_of_both_is_read_as_a_whole_and_a_broken_one_too(tmp_path: Path) -> None:
    head, good = f"{HEADER}\n".encode(), f"{GOOD}\n".replace("France", "Åland").encode()
    broken = b"1,2,\xa3\n"
    quoted = GOOD.replace("WHITE HEART", '"a\nü"').encode("cp1252") + b"\n"
    (tmp_path / "in.csv").write_bytes(head + good * 9 + broken + quoted)
    landing = land(tmp_path / "in.csv", tmp_path)
    found = shown(landing, ("description", "country", "raw_line"))
    assert found[8:] == [
        ("WHITE HEART", "Åland", None), ("£", None, "1,2,£"), ("a\nü", "France", None)
    ]  # fmt: skip
    assert "row 11 as '1,2,£', row 12 as 'a ü'" in str(landing.files[0].note)


def test_a_cp1252_file_stays_one_though_a_line_of_it_happens_to_be_utf_8(tmp_path: Path) -> None:
    texts = [*["Spaß", "groß", "Käse"] * 5, "Spaß“"]
    rows = [(*LINE[:2], text, *LINE[3:]) for text in texts]
    landing = land(write(tmp_path / "in.csv", table(rows), "cp1252"), tmp_path)
    assert shown(landing) == rows
    assert landing.files[0].encoding == "cp1252 and utf-8"
    told = "rows that could be UTF-8 and are read as cp1252: 1 (row 17 as 'Spaß“')"
    assert landing.files[0].note == told


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_taken_from_the_header(tmp_path: Path, delimiter: str) -> None:
    rows = [LINE, (*LINE[:2], "a,b;c\td|e", *LINE[3:])]
    source = write(tmp_path / "in.csv", table(rows, delimiter=delimiter))
    assert read(source, tmp_path) == rows


@pytest.mark.parametrize(
    "names",
    [
        PUBLIC_NAMES,
        NAMES_II,
        PUBLIC_FIELDS,
        [name.upper() for name in NAMES_II],
        [f" {name} " for name in PUBLIC_NAMES],
    ],
)
def test_both_spellings_of_the_header_are_read(tmp_path: Path, names: Sequence[str]) -> None:
    assert read(write(tmp_path / "in.csv", table([LINE], names)), tmp_path) == [LINE]


def test_columns_may_stand_in_any_order_and_surplus_ones_are_told(tmp_path: Path) -> None:
    names = ["Note", *reversed(PUBLIC_NAMES), "Shop"]
    source = write(tmp_path / "in.csv", table([["x", *reversed(LINE), "y"]], names))
    landing = land(source, tmp_path)
    assert shown(landing) == [LINE]
    assert landing.files[0].note == "columns not read: Note, Shop"


def test_zeros_behind_a_gzip_are_nothing(tmp_path: Path) -> None:
    source = tmp_path / "in.csv.gz"
    source.write_bytes(gzip.compress(table([LINE]).encode()) + bytes(512))
    assert read(source, tmp_path) == [LINE]


def test_a_gzipped_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    for name in ("in.csv.gz", "in.csv"):
        (tmp_path / name).write_bytes(gzip.compress(table([LINE]).encode()))
        assert read(tmp_path / name, tmp_path) == [LINE]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{GOOD}",
        f"{HEADER}\n\n\n{GOOD}\n\n",
        f"\n\n{HEADER}\n{GOOD}\n",
        f"{HEADER}\r\n\r\n{GOOD}\r\n   \r\n",
        f"{HEADER}\r{GOOD}\r",
        f"{HEADER}\n{GOOD}\r\n",
        table([LINE], quoting=csv.QUOTE_ALL),
        f'{HEADER}\n  "{LINE[0]}" ,"{LINE[1]}"  ,{",".join(LINE[2:])}\n',
    ],
    ids=[
        "no line end at the end",
        "blank lines",
        "blank lines first",
        "lines of blanks",
        "carriage returns only",
        "mixed line ends",
        "all quoted",
        "blanks around quotes",
    ],
)
def test_oddities_of_well_formed_text_lose_nothing(tmp_path: Path, text: str) -> None:
    assert read(write(tmp_path / "in.csv", text), tmp_path) == [LINE]


def test_a_row_of_empty_fields_is_a_row(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", f"{HEADER}\n,,,,,,,\n{GOOD}\n")
    assert read(source, tmp_path) == [(None,) * 8, LINE]


def test_rows_keep_their_order_and_number(tmp_path: Path) -> None:
    rows = [(str(i), *LINE[1:]) for i in range(70_000)]
    landing = land(write(tmp_path / "in.csv", table(rows)), tmp_path)
    numbered = shown(landing, ("invoice_no", "source_row", "source_file"))
    assert numbered == [(str(i), i + 2, "in.csv") for i in range(70_000)]


# Broken lines --------------------------------------------------------------------------------

BROKEN = {
    "too few fields": ("1,2,3", "expected 8 fields, found 3"),
    "too many fields": (f"{GOOD},9", "expected 8 fields, found 9"),
    "one empty field too many": (f"{GOOD},", "expected 8 fields, found 9"),
    "an unclosed quote": ('1,2,"open,4,5,6,7,8', "unbalanced quote"),
    "text after a quote": ('1,2,"a"b,4,5,6,7,8', "text after a closing quote"),
    "quoted, too few fields": ('1,"2",3', "expected 8 fields, found 3"),
    "nothing but a letter": ("x", "expected 8 fields, found 1"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_tolerant_reading_keeps_a_broken_line_whole_and_the_lines_around_it(
    tmp_path: Path, fault: str
) -> None:
    line, reason = BROKEN[fault]
    landing = land(write(tmp_path / "in.csv", f"{HEADER}\n{GOOD}\n{line}\n{GOOD}\n"), tmp_path)
    first = line.split(",")[0]
    assert shown(landing, WITH_REASON) == [
        (LINE[0], 2, None, None),
        (first, 3, reason, line),
        (LINE[0], 4, None, None),
    ]
    assert landing.files[0].note == "lines that do not split into the columns: 1"


def test_fields_of_a_broken_line_are_filled_as_far_as_they_go(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", f'{HEADER}\n1,2,3\n1,2,"3"x,4\n{GOOD},9\n')
    assert read(source, tmp_path) == [
        ("1", "2", "3", *[None] * 5),
        ("1", "2", *[None] * 6),
        LINE,
    ]


def test_a_quoted_field_may_run_over_lines_but_not_over_any_number(tmp_path: Path) -> None:
    for lines in (2, LONGEST_RECORD, LONGEST_RECORD + 1):
        field = "\n".join("abc"[i % 3] for i in range(lines))
        source = write(tmp_path / f"{lines}.csv", table([(*LINE[:2], field, *LINE[3:])]))
        rows = shown(land(source, tmp_path), ("description", "parse_error"))
        if lines <= LONGEST_RECORD:
            assert rows == [(field, None)]
        else:
            assert len(rows) == lines
            assert all(error for _, error in rows)


def test_the_shortest_run_of_lines_is_taken() -> None:
    lines = ['"a\n', "\n", 'b",2\n', '"c\n', "3,4\n"]
    records = [(record.fields, record.problem) for record in read_records(lines, ",", 2) if record]
    assert records == [
        (["a\n\nb", "2"], None),
        ([], "unbalanced quote"),
        (["3", "4"], None),
    ]


def test_an_unclosed_quote_does_not_swallow_good_lines(tmp_path: Path) -> None:
    inch = GOOD.replace("WHITE HEART", '12"')
    source = write(tmp_path / "in.csv", f'{HEADER}\n1,2,"open,4,5,6,7,8\n{GOOD}\n{GOOD}\n{inch}\n')
    rows = shown(land(source, tmp_path), ("description", "parse_error"))
    assert rows == [
        (None, "unbalanced quote"),
        ("WHITE HEART", None),
        ("WHITE HEART", None),
        ('12"', None),
    ]


def test_a_file_of_broken_lines_only_is_landed_line_by_line(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", HEADER + "\n" + 'a,"\n' * 1000)
    rows = shown(land(source, tmp_path), ("parse_error",))
    assert rows == [("unbalanced quote",)] * 1000


# Files that must be refused ------------------------------------------------------------------

ADVICE_EMPTY = "put order lines into it or take it away"
ADVICE_TEXT = "save it as CSV in UTF-8, as .xlsx or as Parquet"
ADVICE_COLUMN = "name what is meant under columns in shop.yml, or have `retail init` propose it"
REFUSED = {
    "an empty file": (b"", f"in.csv is empty; {ADVICE_EMPTY}"),
    "blank lines": (b"\n \r\n", f"in.csv is empty; {ADVICE_EMPTY}"),
    "a byte order mark": (b"\xef\xbb\xbf", f"in.csv is empty; {ADVICE_EMPTY}"),
    "an empty UTF-16 file": (b"\xff\xfe\n\0", f"in.csv is empty; {ADVICE_EMPTY}"),
    "a header only": (
        HEADER.encode(),
        "no order lines below the header of in.csv; give a file that has some",
    ),
    "a zero byte": (
        f"{HEADER}\n{GOOD}\n{GOOD}\0\n".encode() + f"{GOOD}\n".encode() * 99,
        "in.csv row 3 has a zero byte, which no text has; write the row anew",
    ),
    "a binary file": (b"\x7fELF\0\0\0\n" * 99, f"in.csv is not text; {ADVICE_TEXT}"),
    "a NUL far behind": (
        f"{HEADER}\n{GOOD}\n".encode() + f"{GOOD}\n".encode() * 70_000 + b"\0",
        "in.csv row 70003 has a zero byte, which no text has; write the row anew",
    ),
    "half a UTF-16 character": (
        HEADER.encode("utf-16") + b"\n\0\x00",
        f"in.csv is not text; {ADVICE_TEXT}",
    ),
    "a missing column": (
        HEADER.replace(",UnitPrice", "").encode() + b"\n1,2,3,4,5,6,7\n",
        "in.csv has no column UnitPrice (found: InvoiceNo, StockCode, Description, Quantity, "
        f"InvoiceDate, CustomerID, Country); {ADVICE_COLUMN}",
    ),
    "no header": (
        GOOD.encode(),
        "in.csv has no column InvoiceNo, StockCode, Quantity, InvoiceDate, "
        f"UnitPrice (found: {', '.join(LINE)}); {ADVICE_COLUMN}",
    ),
    "another table": (
        b"a\x1b[31m;" + b"b" * 99 + b";c" * 20 + b"\n",
        "in.csv has no column InvoiceNo, StockCode, Quantity, InvoiceDate, "
        f"UnitPrice (found: a?[31m, {'b' * 30}, {', '.join('c' * 10)} "
        f"and 10 more); {ADVICE_COLUMN}",
    ),
    "a column twice": (
        f"{HEADER},Price\n{GOOD},1\n".encode(),
        "in.csv has 2 columns for UnitPrice (UnitPrice, Price); "
        "set columns.unit_price in shop.yml to the one that is meant",
    ),
    "a broken gzip": (
        gzip.compress(os.urandom(3000))[:-9],
        "cannot read in.csv: its gzip is broken; fetch the file anew",
    ),
    "a gzip with something behind it": (
        gzip.compress(table([LINE]).encode()) + b"something else",
        "cannot read in.csv: its gzip is broken; fetch the file anew",
    ),
    "zeros in place of what was to be written": (
        table([LINE]).encode() + bytes(70 << 20),
        "in.csv has nothing but zeros for 68,157,440 bytes up to byte 69,206,016: it was never "
        "written there; fetch it anew",
    ),
    "an endless line that splits well": (
        f"{HEADER}\n{GOOD.replace('HEART', 'x' * LONGEST_LINE)}\n".encode(),
        f"in.csv has a line of more than {LONGEST_LINE:,} characters; "
        "save it as CSV with one order line per line",
    ),
    "an endless line": (
        f"{HEADER}\n".encode() + b"x" * (LONGEST_LINE * 6),
        f"in.csv has a line of more than {LONGEST_LINE:,} characters; "
        "save it as CSV with one order line per line",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_file_that_holds_no_order_lines_is_refused_in_one_line(
    tmp_path: Path, fault: str
) -> None:
    content, message = REFUSED[fault]
    (tmp_path / "in.csv").write_bytes(content)
    assert refusal(tmp_path / "in.csv", tmp_path) == message


# Properties ----------------------------------------------------------------------------------

# With £ alone a text in ISO-8859-1 is never valid UTF-8 by chance.
letters = st.sampled_from('ab 1,;"\n£|\t')
fields = st.text(letters, max_size=6).filter(lambda field: field.count("\n") <= 2)
rows_of_fields = st.lists(st.tuples(*[fields] * 8), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """One connection for all examples: opening it takes longer than reading one."""
    with open_duckdb() as connection:
        yield connection


@contextmanager
def workplace() -> Iterator[tuple[SourceFile, Path]]:
    """A file to read, and one to land it in."""
    with tempfile.TemporaryDirectory() as folder:
        yield SourceFile(Path(folder, "in.csv"), "in.csv"), Path(folder, "out.parquet")


@settings(max_examples=60)
@given(
    rows=rows_of_fields,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "iso-8859-1", "utf-16"]),
    names=st.permutations(range(8)),
)
@example(
    rows=[("",) * 8],
    delimiter=",",
    end="\n",
    quoting=csv.QUOTE_MINIMAL,
    encoding="utf-8",
    names=list(range(8)),
)
def test_what_a_csv_writer_writes_is_landed_as_it_was(
    connection: duckdb.DuckDBPyConnection,
    rows: list[tuple[str, ...]],
    delimiter: str,
    end: str,
    quoting: int,
    encoding: str,
    names: list[int],
) -> None:
    text = table(
        [[row[i] for i in names] for row in rows],
        [PUBLIC_NAMES[i] for i in names],
        delimiter=delimiter,
        lineterminator=end,
        quoting=quoting,
    )
    with workplace() as (source, target):
        write(source.path, text, encoding)
        (piece,) = write_delimited(connection, source, target, Reader())
        landed = connection.execute(f"select {', '.join(PUBLIC_FIELDS)} from '{target}'").fetchall()
    assert landed == [as_landed(row) for row in rows]
    assert piece.raw_rows == len(rows)


mutations = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.integers(0, 2),
        st.binary(max_size=3)
        | st.sampled_from(
            [b'"', b",", b"\n", b"\r\n", b"\r", b'""', b" ", b'",', b"\n\n", b"\xa3"]
        ),
    ),
    max_size=8,
)


def mutate(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for position, removed, added in changes:
        at = position % (len(data) + 1)
        data = data[:at] + added + data[at + removed :]
    return data


def decoded(path: Path, encoding: str) -> str:
    """The text of a file, each line of a mixed one in its own encoding."""
    with path.open("rb") as file, open_text(file, encoding, "\n") as text:
        lines = text.readlines()
    if encoding in MIXED:
        lines = [as_cp1252(one) if is_cp1252(one, encoding) else one for one in lines]
    return "".join(lines)


@settings(max_examples=100)
@given(rows=rows_of_fields, changes=mutations)
def test_tolerant_reading_accounts_for_every_line_of_a_damaged_file(
    connection: duckdb.DuckDBPyConnection,
    rows: list[tuple[str, ...]],
    changes: list[tuple[int, int, bytes]],
) -> None:
    body = table([LINE, *rows, LINE], lineterminator="\n").encode().split(b"\n", 1)[1]
    with workplace() as (source, target):
        source.path.write_bytes(HEADER.encode() + b"\n" + mutate(body, changes))
        try:
            (piece,) = write_delimited(connection, source, target, Reader())
        except ingest.IngestError:
            assert b"\0" in source.path.read_bytes()
            return
        query = f"select {', '.join(PUBLIC_FIELDS)}, raw_line from '{target}' order by source_row"
        landed = connection.execute(query).fetchall()
        text = decoded(source.path, piece.encoding or "")
    assert piece.raw_rows == len(landed)
    unused = [line.removesuffix("\r") for line in text.split("\n")[1:]]
    for *values, raw_line in landed:
        while not unused[0].strip(" "):
            del unused[0]
        if raw_line is None:
            del unused[: 1 + sum((value or "").count("\n") for value in values)]
        else:
            assert unused.pop(0) == raw_line
    assert not any(line.strip(" ") for line in unused)


@settings(max_examples=100)
@given(rows=rows_of_fields, changes=mutations, end=st.sampled_from(["\n", "\r\n"]))
def test_tolerant_reading_agrees_with_duckdb_where_duckdb_is_trusted(
    connection: duckdb.DuckDBPyConnection,
    rows: list[tuple[str, ...]],
    changes: list[tuple[int, int, bytes]],
    end: str,
) -> None:
    one_line = [[field.replace("\n", "") for field in row] for row in rows]
    head, body = table(one_line, lineterminator=end).split(end, 1)
    data = f"{head}{end}".encode() + mutate(body.encode(), changes[:2])
    with workplace() as (source, target):
        source.path.write_bytes(data)
        if b"\0" in data:
            return
        found = survey(source.path, Reader())
        if _copy_regular(connection, source, found, target, above=1) is None:
            return
        departures = Departures(found.encoding)
        fast = connection.execute(f"select * from '{target}'").fetchall()
        slow = _tolerant_rows(source, found, departures, above=1)
        assert fast == [as_landed(row) for row in slow]


def test_good_files_take_the_fast_way(tmp_path: Path) -> None:
    rows = [LINE, OTHER_LINE, (*LINE[:2], 'SAY "HI", NOW', *LINE[3:])]
    for name, text in {"lf.csv": table(rows, lineterminator="\n"), "crlf.csv": table(rows)}.items():
        assert survey(write(tmp_path / name, text), Reader()).records == len(rows)
    assert survey(good_csv(tmp_path / "many.csv", rows=80_000), Reader()).records == 80_000
