"""Files that are not what they were: raw data that move while they are read, a flipped bit."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb

from faults.bench import (
    BUILD,
    DAILY,
    DETECT,
    Bench,
    Seen,
    Shop,
    Tally,
    differing,
    lay,
    seen,
    undisturbed,
)
from retail.ingest.errors import IngestError
from retail.ingest.parquet_cache import land
from retail.ingest.sources import resolve
from retail.ingest.views import create_views

REPAIRS = 4
"""Of the damaged files that are told of, so many are repaired as the line says."""
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ROWS = 20_000

# ------------------------------------------------------------------- raw data that move meanwhile


def moving_raw_data(_: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """A raw file that grows, is cut short or replaced while it is landed."""
    folder.mkdir(parents=True)
    tally = Tally("raw file written while it is read")
    refused = 0
    for turn in range(times):
        raw = folder / f"{turn}.csv"
        raw.write_text(_rows("OLD", ROWS))
        if chance.random() < 0.5:  # only its end is read then
            land(resolve(folder, {"RETAIL_SOURCE": str(raw)}), folder / "landed")
            _grow(raw)
        act = chance.choice((_grow, _cut, _replace, _overwrite))
        mover = threading.Timer(chance.uniform(0, 0.15), act, (raw,))
        mover.start()
        try:
            landing = land(resolve(folder, {"RETAIL_SOURCE": str(raw)}), folder / "landed")
        except IngestError as error:
            mover.join()
            refused += 1
            is_told = re.search("changed while|is empty", str(error))  # a write begins with nothing
            tally.count(None if is_told else str(error))
            continue
        with duckdb.connect() as connection:
            create_views(connection, landing)
            found = connection.execute(
                "select description, count(*), min(quantity::int), max(quantity::int)"
                " from raw.order_lines group by all"
            ).fetchall()
        mover.join()
        tally.count(None if _is_of_one_moment(found) else f"{act.__name__}: {found}")
    tally.notes = f"{refused} times it said so and stopped, else one moment's rows were landed"
    return [tally]


def _rows(mark: str, count: int, first: int = 1) -> str:
    lines = (
        f"5{n % 10**5:05},10001,{mark},{n},1/15/2011 09:00,2.5,100,UK\n"
        for n in range(first, first + count)
    )
    return HEADER + "".join(lines)


def _grow(raw: Path) -> None:
    with raw.open("r+") as file:
        first = len(file.readlines())
        file.write(_rows("OLD", ROWS // 4, first).removeprefix(HEADER))


def _cut(raw: Path) -> None:
    with raw.open("r+") as file:
        file.truncate(raw.stat().st_size // 2)


def _replace(raw: Path) -> None:
    draft = raw.with_suffix(".draft")
    draft.write_text(_rows("NEW", ROWS + 5))
    draft.replace(raw)


def _overwrite(raw: Path) -> None:
    raw.write_text(_rows("NEW", ROWS))


def _is_of_one_moment(found: list[tuple[str | None, int, int, int]]) -> bool:
    """One mark, and every number from the first to the last.

    A file may be found cut, with a part of a line at its end: without a mark, it is malformed.
    """
    whole = [row for row in found if row[0] is not None]
    parts = sum(count for mark, count, *_ in found if mark is None)
    return parts <= 1 and len(whole) == 1 and whole[0][2] == 1 and whole[0][1] == whole[0][3]


# --------------------------------------------------------------------------- a file that is damaged


def _without_past(tables: Seen) -> Seen:
    """The tables of a first run, which compares its figures with none before."""
    return {t: held for t, held in tables.items() if not t.startswith("insights.revis")}


def damaged_databases(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """The published file with flipped bits, cut short, empty, zeroed, or another kind of file."""
    bench = shop.bench
    first = _without_past(undisturbed(shop, DAILY)[0])
    good = seen(shop.good)
    tally = Tally("damaged DuckDB file")
    told = repairs = 0
    for _ in range(times):
        lay(bench, shop)
        damage = chance.choice(DAMAGES)
        damage(bench.database, chance)
        before = bench.database.read_bytes()
        try:
            wrong = None if seen(bench.database) == good else "other figures, and nobody said so"
        except duckdb.Error:
            wrong = None
        words = chance.choice((DAILY, DETECT, ("retail", "list"), BUILD))
        code = bench.run(words)
        told += code != 0
        wrong = wrong or _told_of(bench, code, before)
        if not wrong and code != 0 and repairs < REPAIRS:
            repairs += 1
            bench.database.rename(bench.folder / "moved away")
            code = bench.run(DAILY)
            wrong = None if code == 0 else f"not repaired by moving it away: {bench.said()[-500:]}"
            if not wrong and (d := differing(_without_past(seen(bench.database)), first)):
                wrong = f"repaired, but other in {d}"
        tally.count(wrong and f"{damage.__name__}, {words[0]}: {wrong}")
    tally.notes = f"{told} told of in a line, else harmless; {repairs} repaired as the line says"
    return [tally]


def _told_of(bench: Bench, code: int, before: bytes) -> str | None:
    said = bench.said()
    if "Traceback" in said:
        return f"not one line: {said[-800:]}"
    if code == 0:
        return None
    if code < 0:
        return f"died of it ({code}): {said[-300:]}"
    if bench.database.read_bytes() != before:
        return "the file was changed"
    if bench.database.name not in said or "move it away" not in said:
        return f"does not say which file and what to do: {said[-800:]}"
    return None


def flipped(path: Path, chance: random.Random) -> None:
    """Some bits, anywhere."""
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 8, 200))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def flipped_in_its_head(path: Path, chance: random.Random) -> None:
    """A bit in the first pages, which say where everything is."""
    content = bytearray(path.read_bytes())
    content[chance.randrange(min(12_288, len(content)))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut(path: Path, chance: random.Random) -> None:
    """The end is missing."""
    path.write_bytes(path.read_bytes()[: chance.randrange(1, path.stat().st_size)])


def emptied(path: Path, chance: random.Random) -> None:
    """No byte is left."""
    path.write_bytes(b"")


def zeroed(path: Path, chance: random.Random) -> None:
    """Zeros from somewhere on, as after a power cut."""
    content = path.read_bytes()
    kept = chance.randrange(len(content))
    path.write_bytes(content[:kept] + bytes(len(content) - kept))


def of_another_kind(path: Path, chance: random.Random) -> None:
    """A text."""
    path.write_text("InvoiceNo,StockCode\n" * chance.randrange(1, 3000))


DAMAGES: tuple[Callable[[Path, random.Random], None], ...] = (
    flipped, flipped, flipped_in_its_head, cut, emptied, zeroed, of_another_kind,
)  # fmt: skip


def damaged_caches(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """Landed files with flipped bits, cut short, empty, gone; their records too."""
    folder.mkdir(parents=True)
    tally = Tally("damaged landed file")
    with duckdb.connect() as connection:
        good = _landed_rows(connection, shop.today, folder / "good")
        for turn in range(times):
            cache = folder / str(turn)
            shutil.copytree(folder / "good", cache)
            hurt = chance.choice(sorted(cache.iterdir()))
            damage = chance.choice((*DAMAGES, _removed))
            damage(hurt, chance)
            try:
                found = _landed_rows(connection, shop.today, cache)
                wrong = None if found == good else "other rows, and nobody said so"
            except (IngestError, duckdb.Error) as error:
                wrong = f"not repaired: {error}"
            tally.count(wrong and f"{damage.__name__} {hurt.suffix}: {wrong}")
            shutil.rmtree(cache)
    tally.notes = "landed again by itself, each time"
    return [tally]


def _removed(path: Path, chance: random.Random) -> None:
    path.unlink()


def _landed_rows(
    connection: duckdb.DuckDBPyConnection, raw: Path, cache: Path
) -> list[tuple[object, ...]]:
    create_views(connection, land(resolve(raw.parent, {"RETAIL_SOURCE": str(raw)}), cache))
    query = "select count(*), sum(cast(hash(order_lines) as hugeint)) from raw.order_lines"
    return connection.execute(query).fetchall()


# ----------------------------------------------------------------------------- a file that is held

HOLD = """\
import duckdb, sys
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reading")
print("open", flush=True)
sys.stdin.read()
"""


def held_databases(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """The published file, open in another program for reading or for writing."""
    bench = shop.bench
    good = seen(shop.good)
    every = (BUILD, DAILY, DETECT)
    complete = {words: undisturbed(shop, words)[0] for words in every}
    tally = Tally("DuckDB file open in another program")
    for turn in range(times):
        lay(bench, shop)
        words, how = every[turn % len(every)], ("reading", "writing")[turn // len(every) % 2]
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(bench.database), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holder.stdout
        holder.stdout.readline()
        code = bench.run(words)
        holder.communicate()
        now, said = seen(bench.database), bench.said()
        if how == "reading":
            tally.count(
                None if (code, now) == (0, complete[words]) else f"{words[0]}: {said[-500:]}"
            )
        else:
            is_told = code == 1 or (code == 2 and words == BUILD)
            is_told &= f"{bench.database}: " in said and "Traceback" not in said
            tally.count(None if is_told and now == good else f"{words[0]}: {code}, {said[-500:]}")
    tally.notes = "a reader is in nobody's way; a writer is waited for, and told of in a line"
    return [tally]
