"""Two folders of dumps: which table, which key, which column, old and new value."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from dumps.tables import KEYS

Row = dict[str, str | None]


def differences(old: Path, new: Path) -> Iterator[str]:
    """Say, one line each, in which tables, columns, rows and cells two folders differ."""
    names = sorted({path.relative_to(f).as_posix() for f in (old, new) for path in _files(f)})
    for name in names:
        table = name.removesuffix(".jsonl")
        if not (old / name).exists():
            yield f"{table}: only in {new}"
        elif not (new / name).exists():
            yield f"{table}: only in {old}"
        else:
            yield from _of_table(table, old / name, new / name)


def _files(folder: Path) -> list[Path]:
    return list(folder.rglob("*.jsonl"))


def _of_table(table: str, old: Path, new: Path) -> Iterator[str]:
    """Compare one table; rows that are the same in both are never parsed."""
    (old_columns, old_lines), (new_columns, new_lines) = _read(old), _read(new)
    for name in old_columns | new_columns:
        if old_columns.get(name) != new_columns.get(name):
            was, now = old_columns.get(name, "not there"), new_columns.get(name, "not there")
            yield f"{table}: column {name}: {was} -> {now}"
    shared = [name for name in old_columns if name in new_columns]
    if list(old_columns) == list(new_columns):
        old_lines, new_lines = old_lines - new_lines, new_lines - old_lines
    wanted = KEYS.get(table.rpartition("/")[2], ())
    key = wanted if wanted and set(wanted) <= set(shared) else tuple(shared)
    before, after = _by_key(old_columns, old_lines, key), _by_key(new_columns, new_lines, key)
    for names in sorted(before.keys() | after.keys(), key=str):
        row = ", ".join(f"{k}={v}" for k, v in zip(key, names, strict=True))
        for what in _of_rows(before[names], after[names], shared):
            yield f"{table}: {row}: {what}"


def _read(path: Path) -> tuple[dict[str, str], Counter[str]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        return json.loads(next(file)), Counter(file)


def _by_key(
    columns: dict[str, str], lines: Counter[str], key: tuple[str, ...]
) -> defaultdict[tuple[str | None, ...], list[Row]]:
    found: defaultdict[tuple[str | None, ...], list[Row]] = defaultdict(list)
    for line in sorted(lines.elements()):
        row = dict(zip(columns, json.loads(line), strict=True))
        found[tuple(row[name] for name in key)].append(row)
    return found


def _of_rows(old: list[Row], new: list[Row], columns: list[str]) -> Iterator[str]:
    """Compare the rows of one key: usually one and one."""
    for was, now in zip(old, new, strict=False):
        yield from (
            f"{name}: {_shown(was[name])} -> {_shown(now[name])}"
            for name in columns
            if was[name] != now[name]
        )
    if len(old) != len(new):
        yield f"{len(old)} rows -> {len(new)} rows"


def _shown(value: str | None) -> str:
    return "null" if value is None else value
