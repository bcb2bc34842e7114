"""Parquet files, workbooks and packed files that a disk or a transfer has damaged.

Each is read whole, refused in one line that names it, or read otherwise and that is said: a field
is lost, or the form has no checksum. In JSON a value may become another that is as good as the
first. Never does it end in anything else, nor take longer than a job may wait for it.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import openpyxl
from pyarrow.parquet import write_table

from faults.bench import Shop, Tally, in_batches
from faults.mutants import cut_off, flipped, headless, hole, some_file, swapped
from retail.ingest.errors import IngestError
from retail.ingest.exported import ODD
from retail.ingest.parquet_cache import WITHOUT_CHECKSUMS, land, lines_of
from retail.ingest.sources import resolve

Rows = list[tuple[object, ...]]
LONGEST_SECONDS = 60
FILES_A_BATCH = 100
DAMAGES = (cut_off, headless, hole, swapped, flipped, flipped, flipped)
CHECKED = "a_with_checksums.parquet"


def _rows(chance: random.Random) -> list[list[str]]:
    lines = some_file(chance).decode("latin-1").splitlines()
    sign = max(",;\t|", key=lines[0].count)
    return [line.replace('"', "").split(sign)[:8] for line in lines if line.count(sign) == 7]


def parquet(path: Path, chance: random.Random) -> None:
    header, *rows = _rows(chance)
    columns = ", ".join(f'"{name}"' for name in header)
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({columns.replace(',', ' varchar,')} varchar)")
        connection.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?, ?)", rows * 20)
        if path.name == CHECKED:
            write_table(connection.table("t").to_arrow_table(), path, write_page_checksum=True)
        else:
            connection.execute(f"copy t to '{path}' (format parquet)")


def workbook(path: Path, chance: random.Random) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    for row in _rows(chance):
        sheet.append(row)
    book.save(path)


def packed(path: Path, chance: random.Random) -> None:
    path.write_bytes(gzip.compress(some_file(chance)))


def objects(path: Path, chance: random.Random) -> None:
    header, *rows = _rows(chance)
    text = io.StringIO()
    json.dump([dict(zip(header, row, strict=True)) for row in rows], text)
    path.write_text(text.getvalue(), encoding="utf-8")


FORMS: tuple[tuple[str, Callable[[Path, random.Random], None]], ...] = (
    ("a.parquet", parquet), (CHECKED, parquet), ("a.xlsx", workbook), ("a.csv.gz", packed),
    ("a.json", objects),
)  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """So many files of one form to damage, in a folder of their own."""

    folder: Path
    form: int
    times: int
    seed: int


def damaged_files(_: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """So many damaged files, in turn of each form, each landed or refused."""
    tallies = [Tally(f"damaged {name.removeprefix('a').lstrip('._')}") for name, _ in FORMS]
    how = [Counter[str]() for _ in FORMS]
    each = -(-times // len(FORMS))
    batches = [
        Batch(
            folder / f"{form}_{first}",
            form,
            min(FILES_A_BATCH, each - first),
            chance.getrandbits(64),
        )
        for form in range(len(FORMS))
        for first in range(0, each, FILES_A_BATCH)
    ]
    for batch, found in zip(batches, in_batches(_do, batches), strict=True):
        for outcome, wrong in found:
            how[batch.form][outcome] += 1
            tallies[batch.form].count(wrong)
    for tally, counts in zip(tallies, how, strict=True):
        tally.notes = "; ".join(f"{count:,} {what}" for what, count in counts.most_common())
    return tallies


def _do(batch: Batch) -> list[tuple[str, str | None]]:
    """How each file of a batch is taken, and what is wrong with that."""
    logging.getLogger("retail").setLevel(logging.ERROR)
    chance = random.Random(batch.seed)
    name, write = FORMS[batch.form]
    found = []
    for turn in range(batch.times):
        place = batch.folder / str(turn)
        place.mkdir(parents=True)
        outcome, wrong = _try(place / name, write, chance)
        found.append((outcome, wrong and f"{batch.folder.name}/{turn}/{name}: {wrong}"))
        shutil.rmtree(place)
    return found


def _try(
    path: Path, write: Callable[[Path, random.Random], None], chance: random.Random
) -> tuple[str, str | None]:
    """How a damaged file is taken, and what is wrong with that."""
    wrong = None
    whole = _written(path, write, chance)
    damage = chance.choice(DAMAGES)
    damaged = damage(path.read_bytes(), chance)
    path.write_bytes(damaged)
    started = time.monotonic()
    try:
        outcome, wrong = _read(path, whole)
    except IngestError as error:
        outcome = "refused in one line"
        if path.name not in str(error) or "\n" in str(error):
            return outcome, f"refused with {str(error)!r}"
    except Exception as error:
        return "failed", f"{damage.__name__}: {error!r}"
    if time.monotonic() - started > LONGEST_SECONDS:
        return outcome, f"took {time.monotonic() - started:.0f} s"
    return outcome, wrong and f"{damage.__name__}: {wrong}"


def _read(path: Path, whole: Rows) -> tuple[str, str | None]:
    """How a damaged file is read, and what is wrong with that."""
    rows, note = _content(path)
    if rows == whole:
        return "read as it was written", None
    if ODD in note or WITHOUT_CHECKSUMS in note:
        return "read otherwise, and that is said", None
    if path.name.endswith("json"):
        return "with another value of a field", None
    return "read otherwise", "read otherwise without a word"


def _written(
    path: Path, write: Callable[[Path, random.Random], None], chance: random.Random
) -> Rows:
    """Write a file that is read while it is whole; returns its rows."""
    while True:
        write(path, chance)
        with suppress(IngestError):  # a few dates may have the day or the month first
            return _content(path)[0]


def _content(path: Path) -> tuple[Rows, str]:
    """The rows of a file, and what is noted of it."""
    root = path.parent
    shutil.rmtree(root / "landed", ignore_errors=True)
    landing = land(resolve(root, {"RETAIL_SOURCE": str(path)}), root / "landed")
    with duckdb.connect() as connection:
        rows = f"select * from {lines_of(landing.landed)} order by all"
        return connection.execute(rows).fetchall(), "; ".join(
            file.note or "" for file in landing.files
        )
