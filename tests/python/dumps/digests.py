"""Digests of dumps: the committed ones, those of a folder, and where they differ.

Each table has two. `sha256` is of the dump, byte for byte. `rounded` is of the same rows with every
double at six significant digits: another processor may add and exponentiate in another order, and
its last digits then differ. `marts` has exact decimals and quotients of them: there only the first
counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

DIGESTS = Path(__file__).with_name("digests.json")
ACCEPT = "make dumps ARGS=--accept"
DIGITS = 6
NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?|-?\d+[eE][-+]?\d+")
EXACT = "marts."


@dataclass(frozen=True)
class Digest:
    """What a dumped table comes to."""

    rows: int
    sha256: str
    rounded: str


Digests = dict[str, Digest]


@dataclass(frozen=True)
class Golden:
    """What is known of a shop: its raw data (sha256), and every table made of them."""

    source: str
    tables: Digests


def of_file(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_folder(folder: Path) -> Digests:
    """Digest every table that was dumped into a folder."""
    return {path.stem: _of_table(path) for path in sorted(folder.glob("*.jsonl"))}


def _of_table(path: Path) -> Digest:
    with path.open(encoding="utf-8", newline="\n") as file:
        columns, lines = json.loads(next(file)), list(file)
    exact = of_file(path)
    if path.stem.startswith(EXACT):
        return Digest(len(lines), exact, exact)
    rounded = hashlib.sha256(json.dumps(columns).encode())
    for line in sorted(json.dumps(list(_rounded(columns, line))) for line in lines):
        rounded.update(line.encode())
    return Digest(len(lines), exact, rounded.hexdigest())


def _rounded(columns: dict[str, str], line: str) -> Iterator[str | None]:
    for kind, value in zip(columns.values(), json.loads(line), strict=True):
        if value is None or kind not in ("DOUBLE", "JSON"):
            yield value
        else:
            yield NUMBER.sub(lambda number: f"{float(number[0]):.{DIGITS}g}", value)


def read() -> dict[str, Golden]:
    """Read the committed digests: shop to what is known of it."""
    text = DIGESTS.read_text(encoding="utf-8") if DIGESTS.exists() else "{}"
    return {
        shop: Golden(
            known["source"], {name: Digest(**digest) for name, digest in known["tables"].items()}
        )
        for shop, known in json.loads(text).items()
    }


def accept(found: dict[str, Golden]) -> None:
    """Note the digests of these shops; those of others stay."""
    known = {shop: asdict(golden) for shop, golden in (read() | found).items()}
    text = json.dumps(known, indent=2, sort_keys=True)
    DIGESTS.write_text(f"{text}\n", encoding="utf-8")


def differing(shop: str, found: Digests, known: Digests) -> list[str]:
    """Name the tables that differ from what is known, one line each."""
    return [
        f"{shop}: {table}: {_difference(found.get(table), known.get(table))}"
        for table in sorted(found.keys() | known.keys())
        if not _is_same(found.get(table), known.get(table))
    ]


def last_digits(shop: str, found: Digests, known: Digests) -> list[str]:
    """Name the tables that are the known ones to six digits, but not byte for byte."""
    return [
        f"{shop}: {table}: the same to {DIGITS} digits, but not byte for byte"
        for table in sorted(found.keys() & known.keys())
        if found[table].sha256 != known[table].sha256 and _is_same(found[table], known[table])
    ]


def _is_same(found: Digest | None, known: Digest | None) -> bool:
    return found is not None and known is not None and found.rounded == known.rounded


def _difference(found: Digest | None, known: Digest | None) -> str:
    if known is None:
        return "not among the digests"
    if found is None:
        return "missing"
    if found.rows != known.rows:
        return f"{known.rows:,} rows -> {found.rows:,} rows"
    return f"{found.rows:,} rows, with other values"
