"""What reads each form of raw file into a Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from retail.ingest.delimited import write_delimited
from retail.ingest.exported import write_exported
from retail.ingest.mapping import Reader
from retail.ingest.rows import Piece
from retail.ingest.sources import Form, SourceFile
from retail.ingest.workbook import write_workbook

Writer = Callable[[duckdb.DuckDBPyConnection, SourceFile, Path, Reader], tuple[Piece, ...]]
WRITERS: Mapping[Form, Writer] = {
    "csv": write_delimited,
    "xlsx": write_workbook,
    "jsonl": write_exported,
    "table": write_exported,
}
"""By form; Parquet is shown where it is."""
