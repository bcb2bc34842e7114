"""Imported by the fork server of `prefork` alone: dbt, once it has parsed the project.

More than half of a small build is its parse. Every fork starts from this one (dbt's own partial
parsing); those of a `Shop` in `make test-full` parse anew, as a first run does.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[2]
PARSED = tempfile.TemporaryDirectory()
FILE = "partial_parse.msgpack"


def hand_on(folder: Path, environment: Mapping[str, str]) -> None:
    """Have a command that is about to start go on from what was parsed, where that is its project.

    Args:
        folder: the one the command is started in.
        environment: its variables; `DBT_TARGET_PATH` is where dbt looks for what was parsed.
    """
    target = Path(environment["DBT_TARGET_PATH"])
    if folder == PROJECT and not (target / FILE).exists():
        try:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(PARSED.name) / FILE, target)
        except OSError:  # of a full disk: dbt parses by itself
            (target / FILE).unlink(missing_ok=True)


def _parse() -> None:
    # Where the file lies and what it is filled from is no part of what is parsed: no model asks.
    DuckDBCredentials._connection_keys = lambda self: ("database", "schema")  # type: ignore[method-assign]
    os.environ |= {"RETAIL_SOURCE": PARSED.name, "RETAIL_DB": f"{PARSED.name}/retail.duckdb"}
    paths = ["--target-path", PARSED.name, "--log-path", PARSED.name]
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    dbtRunner().invoke(["--quiet", "--log-level-file", "none", "parse", *paths, *where])


_parse()
