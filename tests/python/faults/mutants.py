"""Input files that nobody wrote on purpose: is every raw row accounted for?

Files that look real are cut, swapped, re-encoded and sprinkled with what breaks parsers. Each is
landed by the project's own code, and classified by the very SQL that dbt compiles, many files per
build, in one DuckDB. Then for every file:

- raw rows = accepted + duplicates + malformed, in `dim_sources` and by counting rows;
- every marked word of it is in an accepted or a rejected row, so nothing got lost on the way;
- or it is refused, in one line that names it.
"""

from __future__ import annotations

import json
import logging
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from faults.bench import WORKERS, Bench, Shop, Tally, in_batches
from retail.ingest.errors import IngestError
from retail.ingest.parquet_cache import Landing, land
from retail.ingest.sources import resolve
from retail.ingest.views import create_views

HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
OTHER_HEADER = b"Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
FILES_A_BUILD = 250
WANTED = ("dim_sources", "fct_order_lines", "fct_rejected_order_lines")
MARK = re.compile(r"MK[0-9]{6}Z")
"""A word in every description, so that a row can be found again wherever it went."""
START = datetime(2011, 1, 3, 8)
Rows = list[list[bytes]]


# ------------------------------------------------------------------------------------ real files


def some_file(chance: random.Random) -> bytes:
    """Order lines as shops export them: in one of the forms that are read."""
    header, date = chance.choice(((HEADER, "%m/%d/%Y %H:%M"), (OTHER_HEADER, "%Y-%m-%d %H:%M:%S")))
    rows = [_row(chance, date) for _ in range(chance.randrange(3, 25))]
    separator = chance.choice((b",", b",", b",", b";", b"\t", b"|"))
    end = chance.choice((b"\n", b"\r\n"))
    lines = [header.replace(b",", separator), *(separator.join(row) for row in rows)]
    return end.join(lines) + end


def _row(chance: random.Random, date: str) -> list[bytes]:
    when = START + timedelta(minutes=chance.randrange(60 * 24 * 300))
    number, quantity = f"{540_000 + chance.randrange(60)}", chance.randrange(1, 30)
    if chance.random() < 0.1:
        number, quantity = f"C{number}", -quantity
    words = chance.choice(("RED MUG", "LANTERN", 'SIGN ""HOME""', "CAKE, STAND", "CAF\xc9 SET", ""))
    text = f"{words} MK{chance.randrange(10**6):06}Z"
    described = f'"{text}"' if chance.random() < 0.3 or "," in text or '"' in text else text
    price = chance.choice(("2.55", "1.25", "0", "10", "0.001", "-3.5"))
    who = chance.choice(("17850", "12346.0", ""))
    country = chance.choice(("United Kingdom", "Germany", "EIRE", ""))
    code = chance.choice(("85123A", "POST", "M", "22423", "10002"))
    told = (number, code, described, str(quantity), f"{when:{date}}", price, who, country)
    return [field.encode("latin-1") for field in told]


# --------------------------------------------------------------------------------------- mutations

POISON = (
    b"\x00", b'"', b'""', b"'", b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\\", b"\xff",
    b"\xc3\xa9", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\x1a", b"\x0b", b"\xa0", b" ", b"=1+1",
    b"NULL", b"nan", b"inf", b"-0", b"1e400", b"9" * 40, b"0.000000001", b"1,5", b"1.5.5",
    b"31/02/2011",
    b"2/30/2011 25:61",
    b"0000-00-00", b"9999-12-31 23:59:59", b"12/1/2010 8:26 AM", b"\xf0\x9f\x92\xa5", b"<script>",
)  # fmt: skip
Mutation = Callable[[bytes, random.Random], bytes]


def cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def headless(content: bytes, chance: random.Random) -> bytes:
    return content[chance.randrange(len(content) + 1) :]


def hole(content: bytes, chance: random.Random) -> bytes:
    a, b = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:a] + content[min(b, a + 60) :]


def swapped(content: bytes, chance: random.Random) -> bytes:
    a, b, c = sorted(chance.randrange(len(content) + 1) for _ in range(3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def poisoned(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(content) + 1)
        content = content[:at] + chance.choice(POISON) + content[at:]
    return content


def flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 9) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def another_field(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    fields = lines[at].split(b",")
    fields[chance.randrange(len(fields))] = chance.choice(POISON)
    lines[at] = b",".join(fields)
    return b"\n".join(lines)


def fewer_or_more_fields(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    fields = lines[at].split(b",")
    if chance.random() < 0.5:
        del fields[chance.randrange(len(fields))]
    else:
        fields.insert(chance.randrange(len(fields) + 1), b"more")
    lines[at] = b",".join(fields)
    return b"\n".join(lines)


def twice(content: bytes, chance: random.Random) -> bytes:
    """The whole file once more, header and all; or a line."""
    if chance.random() < 0.5:
        return content + content
    lines = content.split(b"\n")
    return b"\n".join([*lines, chance.choice(lines)])


def blank_lines(content: bytes, chance: random.Random) -> bytes:
    blank = chance.choice((b"\n\n", b"\n  \n", b"\n,,,,,,,\n", b"\n\r\n"))
    return content.replace(b"\n", blank, chance.randrange(1, 4))


def other_ends(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n\r")))


def another_separator(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b",", chance.choice((b";", b"\t", b"|", b":", b", ")))


def doubled_header(content: bytes, chance: random.Random) -> bytes:
    head, _, rest = content.partition(b"\n")
    return head + chance.choice((b",", b",Country", b",InvoiceNo", b",x,y")) + b"\n" + rest


def huge_field(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + b"W" * chance.choice((5_000, 70_000, 300_000)) + content[at:]


def re_encoded(content: bytes, chance: random.Random) -> bytes:
    text = content.decode("latin-1")
    return text.encode(
        chance.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp500"))
    )


def left_alone(content: bytes, chance: random.Random) -> bytes:
    return content


MUTATIONS: tuple[Mutation, ...] = (
    cut_off, headless, hole, swapped, poisoned, poisoned, poisoned, flipped, another_field,
    another_field, fewer_or_more_fields, twice, blank_lines, other_ends, another_separator,
    doubled_header, huge_field, re_encoded, left_alone,
)  # fmt: skip


def mutant(chance: random.Random) -> bytes:
    """A file that looks real, changed once to three times."""
    content = some_file(chance)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        content = chance.choice(MUTATIONS)(content, chance)
    return content


# ------------------------------------------------------------------------- the project's own SQL


def compiled(bench: Bench) -> list[tuple[str, str]]:
    """Compile once with dbt: what makes the tables that account for rows, in order.

    Returns:
        Pairs of a relation and its SQL.
    """
    bench.folder.mkdir(parents=True, exist_ok=True)
    bench.source.write_bytes(some_file(random.Random(0)))
    seeded = bench.run(("dbt", "--quiet", "seed"))
    assert seeded == 0, bench.said()
    every = " ".join(f"+{model}" for model in WANTED)
    words = ("dbt", "--quiet", "compile", "--full-refresh", "--select", every)
    assert bench.run(words) == 0, bench.said()
    manifest = json.loads((bench.folder / "target" / "manifest.json").read_text())
    nodes: dict[str, Any] = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node.get("compiled_code")
    }
    order: list[str] = []

    def visit(name: str) -> None:
        if name in nodes and name not in order:
            for parent in nodes[name]["depends_on"]["nodes"]:
                visit(parent)
            order.append(name)

    for wanted in WANTED:
        visit(f"model.ecommerce_analytics.{wanted}")
    return [
        (f"{nodes[name]['schema']}.{nodes[name]['name']}", nodes[name]["compiled_code"])
        for name in order
    ]


def classify(
    connection: duckdb.DuckDBPyConnection,
    landings: Sequence[Landing],
    models: list[tuple[str, str]],
) -> None:
    """Make the tables of many landed files, as one build would."""
    whole = replace(
        landings[0],
        landed=tuple(one for landing in landings for one in landing.landed),
        files=tuple(file for landing in landings for file in landing.files),
    )
    create_views(connection, whole)
    for relation, query in models:
        connection.execute(f"create schema if not exists {relation.partition('.')[0]}")
        connection.execute(f"create or replace table {relation} as {query}")


# ------------------------------------------------------------------------------- is all accounted


@dataclass(frozen=True)
class Batch:
    """Names of files to mutate, and where they are landed and classified."""

    folder: Path
    models: list[tuple[str, str]]
    names: list[str]
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What came of the files of a batch: for each what is wrong, if anything, and its rows."""

    wrong: list[str | None]
    counts: Counter[str]


def mutants(_: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """So many mutated files, each landed and classified or refused."""
    bench = Bench(folder)
    models = compiled(bench)
    size = min(FILES_A_BUILD, -(-times // WORKERS))
    batches = []
    for first in range(0, times, size):
        names = [f"{turn:05}.csv" for turn in range(first, min(first + size, times))]
        place = folder / f"from_{first}"
        place.mkdir()
        shutil.copy(bench.database, place)
        batches.append(Batch(place, models, names, chance.getrandbits(64)))
    tally, counts = Tally("mutated input file"), Counter[str]()
    for outcome in in_batches(_one_build, batches):
        for wrong in outcome.wrong:
            tally.count(wrong)
        counts += outcome.counts
    tally.notes = (
        f"{counts['refused']:,} refused in a line; {counts['raw']:,} raw rows = "
        f"{counts['accepted']:,} accepted + {counts['duplicate']:,} duplicates"
        f" + {counts['malformed']:,} malformed + {counts['ignored']:,} empty or headers"
    )
    return [tally]


def _one_build(batch: Batch) -> Outcome:
    logging.getLogger("retail").setLevel(logging.ERROR)
    chance, outcome = random.Random(batch.seed), Outcome([], Counter())
    landings: dict[str, Landing] = {}
    for name in batch.names:
        raw = batch.folder / name
        raw.write_bytes(mutant(chance))
        try:
            cache = batch.folder / "landed"
            landings[name] = land(resolve(batch.folder, {"RETAIL_SOURCE": str(raw)}), cache)
        except IngestError as error:
            outcome.counts["refused"] += 1
            is_told = name in str(error) and "\n" not in str(error)
            outcome.wrong.append(None if is_told else f"{name}: refused with {str(error)!r}")
    with duckdb.connect(str(Bench(batch.folder).database)) as connection:
        classify(connection, list(landings.values()), batch.models)
        outcome.wrong.extend(
            accounted(connection, {n: (batch.folder / n).read_bytes() for n in landings}, outcome)
        )
    shutil.rmtree(batch.folder)
    return outcome


def accounted(
    connection: duckdb.DuckDBPyConnection, contents: Mapping[str, bytes], outcome: Outcome
) -> Iterator[str | None]:
    """What is wrong with the account of each file that was landed, or nothing."""
    found, kept = _accounts(connection), _marks(connection)
    for name, content in contents.items():
        yield _account(name, content, found, kept, outcome.counts)


def _accounts(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, ...]]:
    rows = connection.execute(
        """
        with accepted as (select source_file, count(*) as n from marts.fct_order_lines group by 1),
        rejected as (
            select source_file, count(*) filter (reason = 'duplicate') as duplicates,
                count(*) filter (reason = 'malformed') as malformed,
                count(*) filter (reason = 'ignored') as ignored
            from marts.fct_rejected_order_lines group by 1
        ),
        raw_lines as (select source_file, count(*) as n from raw.order_lines group by 1)
        select s.source_file, s.columns like '%"description"%', s.raw_rows, coalesce(l.n, 0),
            coalesce(a.n, 0), coalesce(r.duplicates, 0), coalesce(r.malformed, 0),
            coalesce(r.ignored, 0), s.accepted_rows, s.duplicate_rows, s.malformed_rows
        from marts.dim_sources as s
        left join accepted as a using (source_file)
        left join rejected as r using (source_file)
        left join raw_lines as l using (source_file)
        """
    ).fetchall()
    return {name: tuple(map(int, numbers)) for name, *numbers in rows}


def _marks(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """The marked words that are in an accepted or a rejected row of each file."""
    rows = connection.execute(
        """
        with kept as (
            select raw_lines.*
            from raw.order_lines as raw_lines
            semi join (
                select source_file, source_row from marts.fct_order_lines
            ) as accepted
                on raw_lines.source_file = accepted.source_file
                and raw_lines.source_row = accepted.source_row
        ),
        texts as (
            select source_file, concat_ws(' ', invoice_no, stock_code, description, quantity,
                invoice_date, unit_price, customer_id, country, raw_line) as text
            from kept
            union all
            select f.source_file, concat_ws(' ', r.invoice_no, r.stock_code, r.description,
                r.quantity, r.invoice_date, r.unit_price, r.customer_id, r.country, r.raw_line)
            from marts.fct_rejected_order_lines as r
            inner join raw.files as f on r.source_file = f.source_file
        )
        select source_file, list_distinct(flatten(list(regexp_extract_all(text, 'MK[0-9]{6}Z'))))
        from texts group by 1
        """
    ).fetchall()
    return {name: set(words) for name, words in rows}


def _account(
    name: str,
    content: bytes,
    found: Mapping[str, tuple[int, ...]],
    kept: Mapping[str, set[str]],
    counts: Counter[str],
) -> str | None:
    """What is wrong with the account of a file that was landed, or nothing."""
    if name not in found:
        return f"{name}: landed, but in no row of dim_sources"
    has_description, raw, landed, accepted, duplicates, malformed, ignored, *told = found[name]
    counts.update(
        raw=raw, accepted=accepted, duplicate=duplicates, malformed=malformed, ignored=ignored
    )
    if not raw == landed == accepted + duplicates + malformed + ignored or told != [
        accepted, duplicates, malformed,
    ]:  # fmt: skip
        return f"{name}: {found[name]}"
    # Where the header of their column is damaged, it is said not to be read.
    lost = _marked(content) - kept.get(name, set()) if has_description else None
    return f"{name}: {len(lost)} marked words are in no row: {sorted(lost)[:3]}" if lost else None


def _marked(content: bytes) -> set[str]:
    """The marked words of a file below its header, as its encoding has them.

    Where a byte is missing in UTF-16, all that follows is other characters, and no marked word.
    """
    encodings = ["latin-1"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content.count(b"\0") > len(content) // 3:
        encodings = ["utf-16-le", "utf-16-be"]
    found = [_words(content.decode(encoding, "replace")) for encoding in encodings]
    return max(found, key=len)


def _words(text: str) -> set[str]:
    end = r"\n+" if "\n" in text else r"\r+"
    below = re.split(end, text.lstrip("\r\n"), maxsplit=1)[1:]
    return set(MARK.findall("".join(below)))
