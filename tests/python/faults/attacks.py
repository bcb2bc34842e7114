"""Raw files that nobody wrote by accident: each is refused in one line, in bounded time and memory.

An attack is made in a folder of its own, and that is named as RETAIL_SOURCE, or a database in it.
"""

from __future__ import annotations

import gzip
import os
import random
import sqlite3
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import duckdb
import openpyxl
import psutil

from faults.bench import DAILY, Bench, Shop, Tally, lay, seen
from prefork import ended

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ONES = ", ".join(f"'1' as {name}" for name in HEADER.split(","))
LINE = "536365,85123A,WHITE HEART,6,12/13/2010 8:26,2.55,17850,France"
LONGEST_SECONDS = 60
MOST_BYTES = 2 << 30
"""Of memory that a run and its readers may take at their height."""
BIG = 300_000_000
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

Attack = Callable[[Path], str]
"""Writes what is attacked with into a folder, and returns the name that the line has to have."""


def good(folder: Path) -> None:
    """A file that is read, beside the others."""
    (folder / "good.csv").write_text(f"{HEADER}\n{LINE}\n")


def pipe(folder: Path) -> str:
    """Nobody ever writes into it."""
    good(folder)
    os.mkfifo(folder / "a.csv")
    return "a.csv"


def device(folder: Path) -> str:
    """It never ends."""
    good(folder)
    (folder / "zero.csv").symlink_to("/dev/zero")
    return "zero.csv"


def broken_link(folder: Path) -> str:
    """It leads nowhere."""
    good(folder)
    (folder / "gone.csv").symlink_to(folder / "elsewhere.csv")
    return "gone.csv"


def sparse(folder: Path) -> str:
    """A quarter of a terabyte of zeros that take no room."""
    with (folder / "sparse.csv").open("w") as file:
        file.write(f"{HEADER}\n{LINE}\n")
        file.truncate(1 << 38)
    return "sparse.csv"


def long_line(folder: Path) -> str:
    """300 MB without an end."""
    with (folder / "long.csv").open("w") as file:
        file.write(f"{HEADER}\n" + "W" * BIG)
    return "long.csv"


def long_json_line(folder: Path) -> str:
    """An object of 300 MB."""
    with (folder / "long.jsonl").open("w") as file:
        file.write('{"InvoiceNo": "' + "W" * BIG + '"}\n')
    return "long.jsonl"


def many_columns(folder: Path) -> str:
    """100,000 of them."""
    names = [HEADER, *(f"c{i}" for i in range(100_000))]
    (folder / "wide.csv").write_text(",".join(names) + "\n" + "1," * 100_007 + "1\n")
    return "wide.csv"


def gzip_bomb(folder: Path) -> str:
    """A gigabyte of order lines in some megabytes."""
    with gzip.open(folder / "bomb.csv.gz", "wt", compresslevel=9) as file:
        file.write(f"{HEADER}\n")
        block = f"{LINE}\n" * 100_000
        for _ in range(150):
            file.write(block)
    return "bomb.csv.gz"


def far_cell(folder: Path) -> str:
    """A cell in the last corner of a sheet, and nothing between."""
    book = openpyxl.Workbook()
    assert book.active
    book.active.append(HEADER.split(","))
    book.active.cell(1_048_576, 16_384).value = 1
    book.save(folder / "far.xlsx")
    return "far.xlsx"


def many_strings(folder: Path) -> str:
    """A table of strings that says it has four billion."""
    strings = (
        f'<sst xmlns="{MAIN}" count="4000000000" uniqueCount="4000000000"><si><t>a</t></si></sst>'
    )
    _workbook(folder / "strings.xlsx", {"xl/sharedStrings.xml": strings.encode()})
    return "strings.xlsx"


def packed_cell(folder: Path) -> str:
    """A cell of 300 MB in 300 kB."""
    cell = b'<row r="2"><c r="A2" t="inlineStr"><is><t>' + b"A" * BIG + b"</t></is></c></row>"
    _workbook(folder / "cell.xlsx", {}, cell)
    return "cell.xlsx"


def _workbook(path: Path, members: Mapping[str, bytes], rows: bytes = b"") -> None:
    """A workbook with other members, and rows behind its own."""
    book = openpyxl.Workbook()
    assert book.active
    book.active.append(HEADER.split(","))
    book.save(path)
    with zipfile.ZipFile(path) as packed:
        content = {name: packed.read(name) for name in packed.namelist()} | members
    kind = (
        '<Override PartName="/xl/sharedStrings.xml" '
        f'ContentType="{CONTENT_TYPE}.sharedStrings+xml"/>'
    )
    replaced = {
        "[Content_Types].xml": (b"</Types>", kind.encode() + b"</Types>"),
        "xl/worksheets/sheet1.xml": (b"</sheetData>", rows + b"</sheetData>"),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in content.items():
            packed.writestr(name, data.replace(*replaced.get(name, (b"", b""))))


def cut_parquet(folder: Path) -> str:
    """Its end, which says where everything is, is missing."""
    path = _parquet(folder / "cut.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    return "cut.parquet"


def zeroed_parquet(folder: Path) -> str:
    """Zeros where the values were, between a beginning and an end that are whole."""
    path = _parquet(folder / "zeroed.parquet")
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)
    path.write_bytes(content)
    return "zeroed.parquet"


def endless_parquet(folder: Path) -> str:
    """A hundred million equal rows in a few kilobytes."""
    with duckdb.connect() as connection:
        query = f"select {ONES} from range(100_000_000)"
        connection.execute(
            f"copy ({query}) to '{folder}/endless.parquet' (row_group_size 20_000_000)"
        )
    return "endless.parquet"


def long_cell_of_parquet(folder: Path) -> str:
    """A text of 300 MB in 30 kB."""
    with duckdb.connect() as connection:
        long = f"select * replace (repeat('W', {BIG}) as Country) from (select {ONES})"
        connection.execute(f"copy ({long}) to '{folder}/cell.parquet' (compression zstd)")
    return "cell.parquet"


def endless_duckdb(folder: Path) -> str:
    """A view of a thousand billion rows."""
    with duckdb.connect(str(folder / "endless.duckdb")) as connection:
        connection.execute(f"create view orders as select {ONES} from range(1_000_000_000_000)")
    return "endless.duckdb#orders"


def endless_sqlite(folder: Path) -> str:
    """A view that never ends."""
    numbers = "with recursive n(i) as (select 1 union all select i + 1 from n)"
    with closing(sqlite3.connect(folder / "endless.sqlite")) as connection:
        connection.execute(f"create view orders as {numbers} select {ONES} from n")
    return "endless.sqlite#orders"


def prying_duckdb(folder: Path) -> str:
    """A view of another file of the machine."""
    with duckdb.connect(str(folder / "prying.duckdb")) as connection:
        connection.execute("create view orders as from read_text('/etc/hostname')")
    return "prying.duckdb#orders"


def damaged_duckdb(folder: Path) -> str:
    """Other bytes in the middle of its blocks."""
    path = folder / "damaged.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table orders as select {ONES}, i from range(300_000) as t(i)")
    return f"{_overwritten(path, 3 * 4096).name}#orders"


def damaged_sqlite(folder: Path) -> str:
    """Other bytes behind its first page."""
    path = folder / "damaged.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"create table orders as select {ONES}")
        connection.executemany(
            "insert into orders (InvoiceNo) values (?)", ((str(i),) for i in range(100_000))
        )
    return f"{_overwritten(path, 4096).name}#orders"


def _overwritten(path: Path, first: int) -> Path:
    content = bytearray(path.read_bytes())
    content[first:] = random.Random(1).randbytes(len(content) - first)
    path.write_bytes(content)
    return path


def deep_json(folder: Path) -> str:
    """A list in a list, half a million times."""
    (folder / "deep.jsonl").write_text('{"a": ' + "[" * 500_000 + "]" * 500_000 + "}\n")
    return "deep.jsonl"


def _parquet(path: Path) -> Path:
    lines = path.with_suffix(".txt")
    rows = (LINE.replace("536365", str(536365 + number)) for number in range(5000))
    lines.write_text("\n".join([HEADER, *rows]))
    with duckdb.connect() as connection:
        connection.execute(f"copy (from read_csv('{lines}', all_varchar = true)) to '{path}'")
    lines.unlink()
    return path


ATTACKS: tuple[Attack, ...] = (
    pipe, device, broken_link, sparse, long_line, long_json_line, many_columns, gzip_bomb, far_cell,
    many_strings, packed_cell, cut_parquet, zeroed_parquet, endless_parquet, long_cell_of_parquet,
    endless_duckdb, endless_sqlite, prying_duckdb, damaged_duckdb, damaged_sqlite, deep_json,
)  # fmt: skip


def attacks(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """Each attack once, or some of them: one line says which file it is, and no table changes."""
    bench, before = shop.bench, seen(shop.good)
    tally = Tally("hostile raw file")
    longest, largest = 0.0, 0
    for attack in chance.sample(ATTACKS, min(times, len(ATTACKS))):
        raw = folder / attack.__name__
        raw.mkdir(parents=True)
        name = attack(raw)
        lay(bench, shop)
        started = time.monotonic()
        code, memory = _run(bench, raw / name if "#" in name else raw)
        seconds = time.monotonic() - started
        longest, largest = max(longest, seconds), max(largest, memory)
        wrong = _judge(bench, code, name, seconds, memory)
        if seen(bench.database) != before:
            wrong = "the tables were changed"
        tally.count(wrong and f"{attack.__name__}: {wrong}")
    tally.notes = (
        f"each refused in one line, within {longest:.0f} seconds and {largest / 1e9:.1f} GB"
    )
    return [tally]


def _run(bench: Bench, raw: Path) -> tuple[int, int]:
    """The exit code of a daily job, and the bytes of memory that it held with its children."""
    job = bench.start(DAILY, RETAIL_SOURCE=str(raw))
    largest = 0
    while job.is_alive():
        with suppress(psutil.NoSuchProcess):
            top = psutil.Process(job.pid)
            every = [top, *top.children(recursive=True)]
            largest = max(largest, sum(one.memory_info().rss for one in every))
        time.sleep(0.05)
    return ended(job), largest


def _judge(bench: Bench, code: int, name: str, seconds: float, memory: int) -> str | None:
    said = [line for line in bench.said().splitlines() if line.strip()]
    if code != 1:
        return f"ended with {code}: {said[-3:]}"
    if len(said) != 1 or name not in said[0]:
        return f"not one line that names {name}: {said[-5:]}"
    if seconds > LONGEST_SECONDS or memory > MOST_BYTES:
        return f"took {seconds:.0f} seconds and {memory:,} bytes"
    return None
