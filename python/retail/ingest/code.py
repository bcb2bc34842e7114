"""Tell whether the project's code changed: tables that are built piece by piece then start anew."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

CODE = ("dbt_project.yml", "macros/**/*.sql", "models/**/*.sql", "models/**/*.yml", "seeds/**/*")
KPIS = ("models", "marts", "kpis")
"""What is written there makes tables that are always built whole."""


def code_hash(project: Path) -> str:
    """Hash of every file that a table may be made by, and of DuckDB's version.

    Args:
        project: root of the dbt project.

    Raises:
        OSError: a file can't be read.
    """
    files = sorted({file for pattern in CODE for file in project.glob(pattern) if file.is_file()})
    known = hashlib.sha256(duckdb.__version__.encode())
    for file in files:
        name = file.relative_to(project)
        if name.parts[: len(KPIS)] != KPIS:
            known.update(f"{name.as_posix()}\0{file.stat().st_size}\0".encode())
            known.update(file.read_bytes())
    return known.hexdigest()
