"""What the last good run into a DuckDB file read."""

from __future__ import annotations

from pathlib import Path

import duckdb

from retail.ingest.sources import LastSource
from retail.storage.opening import PATIENCE_SECONDS, open_database


def last_source(database: Path) -> LastSource | None:
    """Read what a DuckDB file was built from; None where there is no such file, or no table yet.

    Raises:
        StorageError: the file can't be read.
    """
    if not database.is_file():
        return None
    with open_database(database, read_only=True, patience=PATIENCE_SECONDS) as connection:
        return read_last_source(connection, database)


def read_last_source(connection: duckdb.DuckDBPyConnection, database: Path) -> LastSource | None:
    """Read what an open DuckDB file was built from; files of older versions don't say from where.

    Args:
        connection: the open file, or a private copy of it.
        database: what messages call it.
    """
    for location in ("location", "cast(null as varchar)"):
        query = f"select origin, {location} from marts.dim_sources limit 1"  # noqa: S608 - one of two texts
        try:
            row = connection.execute(query).fetchone()
        except (duckdb.CatalogException, duckdb.BinderException):
            continue
        return LastSource(row[0], row[1], database) if row else None
    return None
