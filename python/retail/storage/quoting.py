"""Quote names and values for SQL."""

from __future__ import annotations

from pathlib import Path


def identifier(name: str) -> str:
    """Write a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | Path | None) -> str:
    """Write a value as an SQL literal."""
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
