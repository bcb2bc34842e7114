"""Where raw data is looked for, and workbooks and Parquet files as sources."""

from __future__ import annotations

import datetime as dt
import gzip
import inspect
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import openpyxl
import pyarrow
import pytest
from pyarrow.parquet import ParquetWriter, write_table

from retail import ingest, simulate
from retail.errors import RetailError
from retail.ingest import confined, parquet_cache
from retail.ingest.columns import PUBLIC_NAMES
from retail.ingest.simulated import SIMULATED_FILE
from retail.ingest.sources import PUBLIC_FILE, choose
from test_ingest_support import (
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

ADVICE = "set RETAIL_SOURCE to a file, folder or pattern"
AT = dt.datetime(2010, 12, 1, 8, 26)
AT_TEXT = "2010-12-01 08:26:00"
ISO_LINE = (*LINE[:4], AT_TEXT, *LINE[5:])


def labels(source: Path | str, tmp_path: Path) -> list[str]:
    found = ingest.resolve(tmp_path, {"RETAIL_SOURCE": str(source)})
    return [file.label for file in found.files]


# Where it is looked for ----------------------------------------------------------------------


def test_rows_are_known_by_the_path_below_what_was_asked_for(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "more/c.csv"):
        good_csv(tmp_path / "raw" / name)
    assert labels(tmp_path / "raw/a.csv", tmp_path) == ["a.csv"]
    assert labels(tmp_path / "raw", tmp_path) == ["raw/a.csv", "raw/b.csv", "raw/more/c.csv"]
    assert labels(tmp_path / "raw/*.csv", tmp_path) == ["a.csv", "b.csv"]
    assert labels(tmp_path / "raw/*/*.csv", tmp_path) == ["more/c.csv"]
    assert labels(tmp_path / "raw/**/*.csv", tmp_path) == ["a.csv", "b.csv", "more/c.csv"]


def test_a_relative_source_starts_at_the_project_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good_csv(tmp_path / "raw/a.csv")
    root = tmp_path / "project [1]"
    root.mkdir()
    monkeypatch.chdir("/")
    assert labels("../raw/a.csv", root) == ["a.csv"]
    assert labels("../raw/*.csv", root) == ["a.csv"]


def test_a_home_directory_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good_csv(tmp_path / "a.csv")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert labels("~/a.csv", Path("/")) == ["a.csv"]


def test_a_folder_of_every_form_is_read_and_what_is_left_out_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raw = tmp_path / "raw"
    good_csv(raw / "a.CSV")
    good_csv(raw / "b.tsv")
    (raw / "c.csv.gz").write_bytes(gzip.compress(good_csv(raw / "b.tsv").read_bytes()))
    book(raw / "d.xlsx", {"Sheet": [PUBLIC_NAMES, LINE]})
    parquet(raw / "e.parquet", f"select * from '{raw}/a.CSV'")
    for name in (".hidden.csv", "~$d.xlsx", "_delta_log/1.parquet", "readme.md"):
        write(raw / name, "x")
    landing = land(raw, tmp_path)
    assert [(file.source_file, file.form) for file in landing.files] == [
        ("raw/a.CSV", "csv"),
        ("raw/b.tsv", "csv"),
        ("raw/c.csv.gz", "csv"),
        ("raw/d.xlsx#Sheet", "xlsx"),
        ("raw/e.parquet", "parquet"),
    ]
    assert len(shown(landing)) == 5
    assert f"not read in {raw}, for their names: readme.md" in caplog.messages


def test_many_files_that_are_not_read_are_told_in_a_short_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good_csv(tmp_path / "raw/a.csv")
    for number in range(500):
        write(tmp_path / f"raw/{number:03}.pdf", "x")
    land(tmp_path / "raw", tmp_path)
    assert caplog.messages[0].startswith(f"not read in {tmp_path}/raw, for their names: 000.pdf, ")
    assert caplog.messages[0].endswith(", 011.pdf and 488 more")


def test_an_empty_day_in_a_folder_is_no_error(tmp_path: Path) -> None:
    good_csv(tmp_path / "raw/a.csv")
    write(tmp_path / "raw/b.csv", HEADER)
    landing = land(tmp_path / "raw", tmp_path)
    assert [(file.raw_rows, file.note) for file in landing.files] == [(1, None), (0, "no rows")]
    assert shown(landing) == [LINE]


@pytest.mark.parametrize(
    "name",
    ["it's.csv", "a b;--.csv", "Zoë 日本.csv", "*.csv", "[x]?.csv", 'k=v/"q".csv', "a\nb.csv"],
)
def test_any_file_name_works(tmp_path: Path, name: str) -> None:
    source = good_csv(tmp_path / "country=UK" / name)
    landing = land(source, tmp_path / "it's [here]")
    assert shown(landing) == [LINE]
    copied = tmp_path / "hive=1" / f"{source.name}.parquet"
    copied.parent.mkdir()
    shutil.copy(landing_parquet(landing), copied)
    assert shown(land(copied, tmp_path)) == [LINE]


def landing_parquet(landing: ingest.Landing) -> Path:
    """The landed file with the names of the public columns."""
    (landed,) = landing.landed
    (parquet,) = landed.parquets
    target = parquet.with_name("public.parquet")
    names = zip(("invoice_no", "stock_code", "description", "quantity"), PUBLIC_NAMES, strict=False)
    renamed = ", ".join(f"{field} as {name}" for field, name in names)
    with duckdb.connect() as connection:
        rows = connection.read_parquet(str(parquet)).project(
            f"{renamed}, invoice_date, unit_price, customer_id, country"
        )
        rows.write_parquet(str(target))
    return target


def test_what_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "other/readme.md", "x")
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "no.csv", tmp_path) == f"no.csv does not exist; {ADVICE}"
    assert refusal(tmp_path / "*.csv", tmp_path) == f"*.csv matches no file; {ADVICE}"
    nothing = (
        "has no file that ends in .csv, .csv.gz, .tsv, .tsv.gz, .xlsx, .xlsm, .xlsb, "
        ".xls, .ods, .parquet, .pq, .jsonl, .jsonl.gz, .ndjson, .ndjson.gz"
    )
    assert refusal(tmp_path / "empty", tmp_path) == f"empty {nothing}; {ADVICE}"
    assert refusal(tmp_path / "other", tmp_path) == f"other {nothing}; {ADVICE}"
    assert refusal(tmp_path / "pipe", tmp_path) == f"pipe is neither a file nor a folder; {ADVICE}"
    assert refusal("https://shop.example/a.csv", tmp_path) == (
        f"https:/shop.example/a.csv does not exist; {ADVICE}"
    )


def test_a_name_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    source = good_csv(Path(os.fsdecode(bytes(tmp_path / "a") + b"\xff.csv")))
    assert refusal(source, tmp_path) == f"a?.csv has a name that is not UTF-8: rename it; {ADVICE}"


def test_a_file_that_may_not_be_read_is_told() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        for path in (folder / "a.csv", folder / "b.xlsx", folder / "c.parquet"):
            good_csv(path).chmod(0)
            root = os.geteuid() == 0
            if root:
                os.seteuid(65534)  # nobody: a superuser may read everything
            try:
                assert refusal(path, folder) == f"cannot read {path.name}: permission denied"
            finally:
                if root:
                    os.seteuid(0)


def test_a_folder_that_may_not_be_read_is_told_by_its_own_name() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        good_csv(folder / "raw" / "a.csv")
        (folder / "raw" / "closed").mkdir(mode=0)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # nobody: a superuser may read everything
        try:
            message = refusal(folder / "raw", folder)
        finally:
            if root:
                os.seteuid(0)
        assert message == "cannot read raw/closed: permission denied"


@pytest.mark.parametrize("asked", ["raw", "raw/*.csv"])
def test_what_is_no_file_among_raw_files_is_refused_and_never_opened(
    tmp_path: Path, asked: str
) -> None:
    good_csv(tmp_path / "raw" / "a.csv")
    os.mkfifo(tmp_path / "raw" / "b.csv")
    told = "raw/b.csv is no file but a pipe, a device or a link to nothing: take it away"
    assert refusal(tmp_path / asked, tmp_path) == f"{told}; {ADVICE}"


def test_folders_that_are_not_read_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good_csv(tmp_path / "raw" / "a.csv")
    good_csv(tmp_path / "raw" / "spark.csv" / "part-0.csv")
    good_csv(tmp_path / "2010" / "a.csv")
    (tmp_path / "raw" / "linked").symlink_to(tmp_path / "2010")
    (tmp_path / "raw" / "x.csv").mkdir()
    landing = land(tmp_path / "raw", tmp_path)
    assert [file.source_file for file in landing.files] == ["raw/a.csv", "raw/spark.csv/part-0.csv"]
    told = f"not read in {tmp_path}/raw, for they are links to folders or empty: linked, x.csv"
    assert told in warnings(caplog)


@pytest.mark.parametrize("variable", ["RETAIL_SOURCE", "RETAIL_SHOP"])
def test_the_home_of_nobody_is_refused(tmp_path: Path, variable: str) -> None:
    given = {variable: "~no-such-user/x"}
    with pytest.raises(ingest.IngestError, match="~no-such-user/x: there is no such user"):
        ingest.resolve(tmp_path, given)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_download_comes_before_the_simulated_shop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose(tmp_path, {}).origin == "simulated shop"
    monkeypatch.setattr(simulate, "simulate_shop", lambda _, out: good_csv(out, rows=3))
    landing = ingest.land(ingest.resolve(tmp_path, {"RETAIL_SOURCE": ""}), tmp_path / "landed")
    assert (landing.origin, landing.raw_rows) == ("simulated shop", 3)
    (warning,) = warnings(caplog)
    assert "no real data" in warning
    caplog.clear()
    parquet(tmp_path / PUBLIC_FILE, f"select * from '{tmp_path / SIMULATED_FILE}' limit 2")
    landing = ingest.land(ingest.resolve(tmp_path, {}), tmp_path / "landed")
    assert (landing.origin, landing.raw_rows) == ("public data set", 2)
    assert not warnings(caplog)


def test_a_shop_is_simulated_once_and_a_failure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RetailError("no room")

    monkeypatch.setattr(simulate, "simulate_shop", refuse)
    file = tmp_path / SIMULATED_FILE
    with pytest.raises(ingest.IngestError, match=f"^cannot simulate a shop into {file}: no room$"):
        ingest.resolve(tmp_path, {})
    good_csv(file)
    assert [source.path for source in ingest.resolve(tmp_path, {}).files] == [file]


def test_the_simulator_takes_what_it_is_given() -> None:
    inspect.signature(simulate.simulate_shop).bind(simulate.ShopConfig(), Path("out.csv"))


# Parquet -------


def test_parquet_is_decoded_by_another_process_first_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ", ".join(f"'{value}' as {name}" for value, name in zip(LINE, PUBLIC_NAMES, strict=True))
    paths = [parquet(tmp_path / "raw" / f"{n}.parquet", f"select {line}") for n in range(3)]
    asked: list[Sequence[Path]] = []
    scan = parquet_cache.scan_parquet
    monkeypatch.setattr(
        parquet_cache, "scan_parquet", lambda some: (asked.append(some), scan(some))[1]
    )
    for _ in range(2):
        land(tmp_path / "raw", tmp_path)
    assert asked == [paths, []]
    paths[1].write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    told = refusal(tmp_path / "raw", tmp_path)
    assert told.startswith("raw/1.parquet is not a readable Parquet file (")


def test_parquet_files_with_other_columns_beside_the_usual_ones_are_one_source(
    tmp_path: Path,
) -> None:
    line = ", ".join(f"'{value}' as {name}" for value, name in zip(LINE, PUBLIC_NAMES, strict=True))
    for n, other in enumerate(("extra", "other", "year"), start=1):
        path = tmp_path / "raw" / f"year=201{n}" / "in.parquet"
        parquet(path, f"select {line.replace(LINE[0], str(n))}, 5 as {other}")
    good_csv(tmp_path / "raw/a.csv")
    rows = read(tmp_path / "raw", tmp_path)
    assert rows == [LINE, *(("1", *LINE[1:]), ("2", *LINE[1:]), ("3", *LINE[1:]))]


def test_an_empty_parquet_file_has_no_rows_and_is_not_damaged(tmp_path: Path) -> None:
    table = pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in PUBLIC_NAMES})
    line = pyarrow.table({name: [value] for name, value in zip(PUBLIC_NAMES, LINE, strict=True)})
    (tmp_path / "raw").mkdir()
    write_table(table, tmp_path / "raw/empty.parquet")
    with ParquetWriter(tmp_path / "raw/some.parquet", line.schema) as file:
        for one in (line, table, line):
            file.write_table(one)
    landing = land(tmp_path / "raw", tmp_path)
    assert [(file.raw_rows, file.note) for file in landing.files] == [
        (0, "no rows"), (2, parquet_cache.WITHOUT_CHECKSUMS)
    ]  # fmt: skip
    assert shown(landing) == [LINE, LINE]


def test_a_column_that_is_called_like_the_number_of_a_row_is_refused_by_its_name(
    tmp_path: Path,
) -> None:
    line = ", ".join(f"'{value}' as {name}" for value, name in zip(LINE, PUBLIC_NAMES, strict=True))
    path = parquet(tmp_path / "in.parquet", f"select {line}, 1 as File_Row_Number")
    assert refusal(path, tmp_path) == (
        "in.parquet has a column File_Row_Number, a name that is needed to number its rows; "
        "rename that column"
    )


def test_the_longest_name_that_a_file_can_have_works(tmp_path: Path) -> None:
    assert read(good_csv(tmp_path / f"{'a' * 251}.csv"), tmp_path) == [LINE]


def test_a_page_of_parquet_that_differs_from_its_checksum_is_refused(tmp_path: Path) -> None:
    rows = [[f"53{n}", *LINE[1:]] for n in range(1000, 9000)]
    table = pyarrow.table(dict(zip(PUBLIC_NAMES, map(list, zip(*rows, strict=True)), strict=True)))
    paths = [tmp_path / "without.parquet", tmp_path / "with.parquet"]
    for path in paths:
        write_table(table, path, compression="none", write_page_checksum=path.stem == "with")
    noted = [land(path, tmp_path).files[0].note for path in paths]
    assert noted == [parquet_cache.WITHOUT_CHECKSUMS, None]
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"538765", b"538764"))
    assert land(paths[0], tmp_path).raw_rows == len(rows)
    assert refusal(paths[1], tmp_path) == (
        "with.parquet is not a readable Parquet file (a page differs from its checksum); "
        "write it anew"
    )


def test_a_parquet_file_that_is_written_after_it_was_looked_through_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ", ".join(f"'{value}' as {name}" for value, name in zip(LINE, PUBLIC_NAMES, strict=True))
    path = parquet(tmp_path / "in.parquet", f"select {line}")
    scan = parquet_cache.scan_parquet

    def scan_and_write(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
        found = list(scan(paths))
        os.utime(path, (1, 1))
        return found

    monkeypatch.setattr(parquet_cache, "scan_parquet", scan_and_write)
    message = "in.parquet changed while it was read; run again when it is complete"
    assert refusal(path, tmp_path) == message


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGABRT", "SIGXCPU", "SIGKILL"])
def test_a_reader_that_dies_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal: str
) -> None:
    die = f"import os, signal; os.kill(os.getpid(), signal.{signal})"
    monkeypatch.setattr(confined, "_PROGRAM", [sys.executable, "-c", die])
    source = book(tmp_path / "in.xlsx", {"A": [PUBLIC_NAMES, LINE]})
    told = refusal(source, tmp_path)
    assert re.match(r"in\.xlsx is not a readable workbook \((its reader crashed|reading it)", told)


# Workbooks -----------------------------------------------------------------------------------


def book(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    """Write a workbook."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(path)
    return path


def test_cells_become_texts_as_a_csv_would_have_them(tmp_path: Path) -> None:
    cells = [
        [536365, "85123A", "WHITE HEART", 6, AT, 2.55, 17850, "France"],
        ["C536379", "D", None, -1, dt.datetime(2010, 12, 2), 0.001, None, True],
        ["000123", 22, " x ", 1e15, "12/13/2010 8:26", 1e-7, 12345.5, dt.time(8, 26)],
    ]
    source = book(tmp_path / "in.xlsx", {"Orders": [PUBLIC_NAMES, *cells]})
    assert read(source, tmp_path) == [
        ISO_LINE,
        ("C536379", "D", None, "-1", "2010-12-02 00:00:00", "0.001", None, "True"),
        ("000123", "22", " x ", "1" + "0" * 15, LINE[4], "0.0000001", "12345.5", "08:26:00"),
    ]


def test_every_minute_of_a_year_comes_back_exactly(tmp_path: Path) -> None:
    times = [AT + dt.timedelta(minutes=997 * i) for i in range(527)]
    cells = [[*LINE[:4], at, *LINE[5:]] for at in times]
    source = book(tmp_path / "in.xlsx", {"Orders": [PUBLIC_NAMES, *cells]})
    assert [row[4] for row in read(source, tmp_path)] == [str(at) for at in times]


def test_all_sheets_that_have_the_columns_are_read_and_the_others_told(tmp_path: Path) -> None:
    source = book(
        tmp_path / "in.xlsx",
        {
            "Year 2009-2010": [[], NAMES_II, LINE, [], [None] * 8, OTHER_LINE],
            "Notes": [["hello"]],
            "Empty": [],
            "Year 2010-2011": [[None, None, *PUBLIC_NAMES, "x"], [None, None, *LINE, "y"]],
        },
    )
    landing = land(source, tmp_path)
    assert shown(landing) == [LINE, as_landed(OTHER_LINE), LINE]
    others = "sheets not read, for their columns: in.xlsx#Notes"
    assert [(file.source_file, file.raw_rows, file.note) for file in landing.files] == [
        ("in.xlsx#Year 2009-2010", 2, others),
        ("in.xlsx#Year 2010-2011", 1, f"columns not read: x; {others}"),
    ]
    assert shown(landing, ("source_file", "source_row"))[1] == ("in.xlsx#Year 2009-2010", 6)


def test_of_very_many_columns_those_are_landed_that_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    header = ",".join([HEADER, *(f"c{i}" for i in range(1200)), "Cancelled"])
    write(tmp_path / "in.csv", f"{header}\n{','.join(LINE)}{',x' * 1201}\n")
    assert read(tmp_path / "in.csv", tmp_path) == [as_landed(LINE)]
    assert "in.csv: Cancelled not read, and may say which lines count" in caplog.text


def test_a_cell_far_from_all_others_does_not_make_a_sheet_wide(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    assert workbook.active
    for row in (PUBLIC_NAMES, LINE):
        workbook.active.append(row)
    workbook.active.cell(2, 16_384).value = "here?"
    workbook.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx", tmp_path) == [as_landed(LINE)]


def test_a_workbook_without_order_lines_is_refused_in_one_line(tmp_path: Path) -> None:
    source = book(
        tmp_path / "in.xlsx",
        {"A": [["a"]], "B": [["b"], PUBLIC_NAMES[:5]], "C": [PUBLIC_NAMES[:5]]},
    )
    assert refusal(source, tmp_path).startswith(
        "in.xlsx has no column UnitPrice (found: InvoiceNo, "
    )
    source = book(tmp_path / "in.xlsx", {"A": [PUBLIC_NAMES]})
    assert refusal(source, tmp_path).startswith("no order lines below the header of in.xlsx")
    source = book(tmp_path / "in.xlsx", {"A": []})
    assert refusal(source, tmp_path).startswith("in.xlsx is empty; ")
    whole = book(tmp_path / "in.xlsx", {"A": [PUBLIC_NAMES, LINE]}).read_bytes()
    for content in (b"", b"no workbook", whole[: len(whole) // 2]):
        source.write_bytes(content)
        assert refusal(source, tmp_path).startswith("in.xlsx is not a readable workbook (")


# Parquet -------------------------------------------------------------------------------------


def parquet(path: Path, query: str) -> Path:
    """Write the rows of a query as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Asia/Tokyo'")
        quoted = str(path).replace("'", "''")
        connection.execute(f"copy ({query}) to '{quoted}' (format parquet)")
    return path


def typed(
    quantity: str = "6",
    at: str = f"timestamp '{AT_TEXT}'",
    price: str = "2.55::double",
    customer: str = "17850.0::double",
    text: str = "'WHITE HEART'",
) -> str:
    """One order line in types of one's own."""
    values = ("536365::bigint", "'85123A'", text, quantity, at, price, customer, "'France'")
    return "select " + ", ".join(
        f'{value} as "{name}"' for value, name in zip(values, NAMES_II, strict=True)
    )


def test_parquet_of_any_types_is_read_in_place_as_text(tmp_path: Path) -> None:
    queries = [
        typed(),
        typed(quantity="6::double", price="2.55::decimal(9, 2)", customer="17850::integer"),
        typed(at=f"timestamptz '{AT_TEXT}+00'", text="'WHITE HEART'::blob"),
        typed(at="date '2010-12-01'", customer="'nan'::double", text="''", price="2.55::float"),
    ]
    for i, query in enumerate(queries):
        parquet(tmp_path / f"raw/{i}.parquet", query)
    landing = land(tmp_path / "raw", tmp_path)
    assert shown(landing) == [
        (*ISO_LINE[:6], "17850.0", "France"),
        (*ISO_LINE[:3], "6.0", *ISO_LINE[4:]),
        (*ISO_LINE[:4], f"{AT_TEXT}Z", "2.55", "17850.0", "France"),
        (*LINE[:2], None, "6", "2010-12-01 00:00:00", "2.55", None, "France"),
    ]
    assert shown(landing, ("source_row", "parse_error", "raw_line")) == [(1, None, None)] * 4
    assert not list((tmp_path / ingest.LANDED_FOLDER).glob("*.parquet"))  # nothing was copied


def test_rows_of_parquet_are_numbered_in_their_order(tmp_path: Path) -> None:
    numbers = 'select * exclude (i) replace (i::varchar as "Invoice")'
    query = f"{numbers} from ({typed()}) cross join range(300000) as r (i)"
    landing = land(parquet(tmp_path / "in.parquet", query), tmp_path)
    numbered = shown(landing, ("invoice_no", "source_row"))
    assert numbered == [(str(i), i + 1) for i in range(300_000)]


def test_parquet_without_order_lines_is_refused_in_one_line(tmp_path: Path) -> None:
    source = parquet(tmp_path / "in.parquet", f'select * exclude "Price" from ({typed()})')
    assert refusal(source, tmp_path).startswith("in.parquet has no column UnitPrice (found: ")
    source = parquet(tmp_path / "in.parquet", f"from ({typed()}) where false")
    assert refusal(source, tmp_path).startswith("no order lines below the header of in.parquet")
    whole = parquet(tmp_path / "in.parquet", typed()).read_bytes()
    for content in (b"", b"no parquet", whole[:-20]):
        source.write_bytes(content)
        assert refusal(source, tmp_path).startswith("in.parquet is not a readable Parquet file (")
