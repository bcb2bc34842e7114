"""Order lines that come late, twice, restated or not at all: are tables built piece by piece right?

`python arrivals.py SEED STEPS FOLDER` changes the files of a small messy shop at random, builds
after each change what changed, and everything anew beside it. It prints a line per step, with each
table that is not the same.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from orders import write
from retail.jobs.daily.build import TABLES_ONLY, build

PROJECT = Path(__file__).parents[2]
FIRST = datetime(2011, 1, 3, 8)
DAYS = 25
WORDS = ("RED MUG", "MUG RED", "LANTERN", "CAKE STAND", "")
CODES = ("10001", "10002", "10003", "POST", "M", "GIFT_0001")
COUNTRIES = ("United Kingdom", "Germany", "", "Utopia")
Rows = list[list[str]]
Files = dict[str, Rows]
OF_THE_BUILD = {"landed_at", "bytes"}
"""Columns that say when and how a file was read, not what is in it."""


def some_row(chance: random.Random) -> list[str]:
    """One order line: most are plain, some can't be read, some take back a sale."""
    when = FIRST + timedelta(days=chance.randrange(DAYS), minutes=30 * chance.randrange(16))
    number = str(540000 + chance.randrange(60))
    quantity = chance.randrange(1, 6)
    if chance.random() < 0.15:
        number, quantity = f"C{number}", -quantity
    row = [
        number,
        chance.choice(CODES),
        chance.choice(WORDS),
        str(quantity),
        f"{when:%m/%d/%Y %H:%M}",
        chance.choice(("1.25", "2.5", "10", "0", "-3")),
        chance.choice(("100", "200", "300", "400", "")),
        chance.choice(COUNTRIES),
    ]
    if chance.random() < 0.05:
        row[chance.choice((3, 4, 5))] = "none"
    return row


def new_file(files: Files, chance: random.Random) -> None:
    """A file with lines of any day, so that some come late."""
    files[f"{chance.randrange(10**6)}.csv"] = [some_row(chance) for _ in range(30)]


def longer_file(files: Files, chance: random.Random) -> None:
    """Lines are added to a file, one of them twice."""
    rows = chance.choice(list(files.values()))
    rows += [some_row(chance) for _ in range(8)]
    rows.append(list(rows[-1]))


def restated(files: Files, chance: random.Random) -> None:
    """A line of a file says something else from now on."""
    chance.choice(chance.choice(list(files.values())))[:] = some_row(chance)


def inserted(files: Files, chance: random.Random) -> None:
    """A line before all others: each gets another number."""
    chance.choice(list(files.values())).insert(0, some_row(chance))


def taken_out(files: Files, chance: random.Random) -> None:
    """A day disappears from all files."""
    day = f"{FIRST + timedelta(days=chance.randrange(DAYS)):%m/%d/%Y}"
    for rows in files.values():
        rows[1:] = [row for row in rows[1:] if not row[4].startswith(day)]


def removed(files: Files, chance: random.Random) -> None:
    """A file is gone."""
    if len(files) > 1:
        del files[chance.choice(list(files))]


def copied(files: Files, chance: random.Random) -> None:
    """A file comes once more, under another name."""
    files[f"0{chance.randrange(10**6)}.csv"] = [*chance.choice(list(files.values()))]


def untouched(files: Files, chance: random.Random) -> None:
    """Nothing has changed."""


CHANGES: tuple[Callable[[Files, random.Random], None], ...] = (
    new_file, longer_file, restated, inserted, taken_out, removed, copied, untouched,
)  # fmt: skip


def put(files: Files, folder: Path) -> None:
    """Make the folder hold these files."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, rows in files.items():
        before = (folder / name).read_bytes() if (folder / name).exists() else b""
        write(folder / "draft", rows)
        if (folder / "draft").read_bytes() != before:
            (folder / "draft").replace(folder / name)
    (folder / "draft").unlink(missing_ok=True)


def differences(one: Path, other: Path) -> list[str]:
    """Tables of marts and what they are made of that are not the same in two files, row by row."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'other'"
            " and schema_name in ('marts', 'intermediate', 'staging')"
        ).fetchall()
        return [
            f"{schema}.{table}"
            for schema, table in tables
            if _differ(connection, f"{schema}.{table}")
        ]


def _differ(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    described = connection.execute(f"describe other.{table}").fetchall()
    columns = ", ".join(name for name, *_ in described if name not in OF_THE_BUILD)
    either = f"(select {columns} from {{0}}.{table} except all select {columns} from {{1}}.{table})"
    query = f"select * from {either.format('one', 'other')}"
    return bool(connection.execute(f"{query} union all {either.format('other', 'one')}").fetchall())


def main(seed: int, steps: int, folder: Path) -> int:
    """Change, build both ways, compare; returns how many steps went wrong."""
    chance = random.Random(seed)
    os.environ |= {
        "RETAIL_SOURCE": str(folder / "source"),
        "RETAIL_CACHE": str(folder / "landed"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    files: Files = {}
    new_file(files, chance)
    new_file(files, chance)
    wrong = 0
    for step in range(steps):
        change = chance.choice(CHANGES) if step else untouched
        change(files, chance)
        put(files, folder / "source")
        build(PROJECT, folder / "grown" / "retail.duckdb", TABLES_ONLY)
        (folder / "anew" / "retail.duckdb").unlink(missing_ok=True)
        build(PROJECT, folder / "anew" / "retail.duckdb", TABLES_ONLY)
        found = differences(folder / "grown" / "retail.duckdb", folder / "anew" / "retail.duckdb")
        wrong += bool(found)
        print(f"{change.__name__}:", *(found or ["the same"]), flush=True)
    return wrong


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
