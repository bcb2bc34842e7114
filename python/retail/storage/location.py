"""Where the DuckDB file is: an environment variable, or a default."""

from __future__ import annotations

import os
from pathlib import Path

DATABASE_VARIABLE = "RETAIL_DB"
DEFAULT_DATABASE = "retail.duckdb"


def default_database() -> Path:
    """The DuckDB file that the environment names, else the one in this folder."""
    return Path(os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE)
