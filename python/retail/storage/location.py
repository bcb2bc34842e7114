"""Where the DuckDB file is, and what a run writes beside it; and who else may write there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

DATABASE_VARIABLE = "RETAIL_DB"
DEFAULT_DATABASE = "retail.duckdb"
PLACES = {"RETAIL_CACHE": "landed", "DBT_TARGET_PATH": "target", "DBT_LOG_PATH": "logs"}
"""What a run writes below the project, by the environment variable that says otherwise."""
SHARED = stat.S_ISGID | stat.S_IWGRP


def default_database() -> Path:
    """The DuckDB file that the environment names, else the one in this folder."""
    return Path(os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE)


def places_beside(project: Path, database: Path) -> dict[str, str]:
    """Settings by which a project that may not be written to is built beside the database.

    Returns:
        No settings where the project may be written to; what the environment sets stays.
    """
    if os.access(project, os.W_OK):
        return {}
    beside = database.absolute().with_name(f".{database.name}.project")
    return {n: str(beside / place) for n, place in PLACES.items() if not os.environ.get(n)}


def share_with_group(folder: Path) -> None:
    """Have what this process makes be the group's, too, where a folder is a group's.

    Such a folder gives its group to what is made in it (setgid), and lets the group write.
    """
    if folder.is_dir() and folder.stat().st_mode & SHARED == SHARED:
        os.umask(os.umask(0) & ~stat.S_IRWXG)
