"""SQL texts: how texts are read and Parquet is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from retail.ingest.columns import COLUMNS
from retail.storage.quoting import literal

ROW_HASH = f"cast(hash(hash({', '.join(COLUMNS)})) >> 1 as bigint)"
"""Tells a row from every other, of any file; the same for as long as DuckDB's version is.

Hashed twice: DuckDB combines the last column by XOR alone, so that in the XOR of two rows a last
column that they share would cancel out, and no change of it be seen.
"""
OTHER_ROW_HASH = f"cast(hash({ROW_HASH}) >> 1 as bigint)"
"""The same for a row whose date is read with the day first: it is another row then."""


def nulls(names: Iterable[str]) -> str:
    """Write further columns of a SELECT, each after a comma and empty."""
    return "".join(f", null::varchar as {name}" for name in names)


def read_csv(path: Path, columns: Iterable[str], **options: str) -> str:
    """Call DuckDB's strict CSV reader: every column text, nothing guessed.

    Args:
        path: the file.
        columns: names for its columns, in its order.
        options: further options, their values in SQL.
    """
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    fixed = {
        "auto_detect": "false",
        "strict_mode": "true",
        "hive_partitioning": "false",
        "quote": "'\"'",
        "escape": "'\"'",
        "columns": f"{{{types}}}",
    }
    settings = ", ".join(f"{name} = {value}" for name, value in (fixed | options).items())
    return f"read_csv({literal(path)}, {settings})"


def read_parquet(paths: Iterable[Path], **options: str) -> str:
    """Call DuckDB's Parquet reader; the names of folders are not taken for columns."""
    fixed = {"hive_partitioning": "false"}
    settings = ", ".join(f"{name} = {value}" for name, value in (fixed | options).items())
    return f"read_parquet([{', '.join(map(literal, paths))}], {settings})"


def copy_to_parquet(query: str, path: Path) -> str:
    """Write the rows of ``query`` into a Parquet file, in their order."""
    return f"copy ({query}) to {literal(path)} (format parquet, compression zstd)"
