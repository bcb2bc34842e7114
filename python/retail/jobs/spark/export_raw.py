"""Export the landed raw data as Parquet into the folder of a run, for Spark to read."""

from __future__ import annotations

import shutil
from pathlib import Path

from retail.ingest import Landing, create_views
from retail.ingest.errors import writing
from retail.ingest.last_run import last_source
from retail.ingest.parquet_cache import Landed, cache_folder, land_project
from retail.ingest.sql import copy_to_parquet
from retail.ingest.workspace import open_duckdb

SETTINGS = ("files", "shop", "countries", "holidays", "dimensions", "contracts")
"""Small raw tables: what was read, and what holds for it."""


def export_raw(project: Path, database: Path, folder: Path) -> None:
    """Land what is new and show it, and what holds for it, below `folder`.

    Args:
        project: the project root.
        database: the DuckDB file; without another word its last source is read.
        folder: made here; one folder of Parquet files for each raw table.

    Raises:
        IngestError: the raw data can't be read, or the folder not be written.
    """
    landing = land_project(project, cache_folder(project), last_source(database))
    with writing(folder):
        for table in ("order_lines", *SETTINGS):
            (folder / table).mkdir(parents=True)
        for number, landed in enumerate(landing.landed):
            _place(landed, folder / "order_lines", f"{number:06}")
        _write_settings(landing, folder)


def _place(landed: Landed, folder: Path, name: str) -> None:
    """Link a landed file, or copy it from another disk; what is read in place is written out."""
    if landed.query:
        with open_duckdb() as connection:
            connection.execute(copy_to_parquet(landed.query, folder / f"{name}.parquet"))
    for number, parquet in enumerate(landed.parquets):
        target = folder / f"{name}-{number:02}.parquet"
        try:
            target.hardlink_to(parquet)
        except OSError:
            shutil.copyfile(parquet, target)


def _write_settings(landing: Landing, folder: Path) -> None:
    with open_duckdb() as connection:
        create_views(connection, landing)
        for table in SETTINGS:
            query = f"select * from raw.{table}"  # noqa: S608 - one of ours
            connection.execute(copy_to_parquet(query, folder / table / f"{table}.parquet"))
