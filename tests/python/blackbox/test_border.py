"""These tests know the product from outside alone, or they could not outlive its inside."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from blackbox import contract

FILES = sorted(Path(__file__).parent.glob("*.py"))
ALLOWED = {"blackbox", "duckdb", "playwright", "pytest", "servers", "yaml"}
"""`servers` is test code that imports nothing of the project either."""


def imported(path: Path) -> set[str]:
    """Packages that a file imports, whether above or within a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_of_the_project_is_imported(path: Path) -> None:
    assert imported(path) - ALLOWED <= sys.stdlib_module_names


def test_the_servers_import_nothing_of_the_project() -> None:
    assert imported(FILES[0].parents[1] / "servers.py") <= sys.stdlib_module_names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_tables_of_the_contract_are_asked_for(path: Path) -> None:
    schemas = "raw|staging|intermediate|marts|insights|operations|seeds"
    asked = set(re.findall(rf"\b(?:{schemas})\.\w+", path.read_text(encoding="utf-8")))
    assert asked <= set(contract.TABLES)
