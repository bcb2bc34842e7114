"""Imported by the fork server of `prefork` alone: dbt, once it has parsed the project.

A first parse has dbt make the readers and schemas of its records: a fifth of a small build.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dbt.cli.main import dbtRunner

PROJECT = str(Path(__file__).parents[2])

with tempfile.TemporaryDirectory() as folder:
    os.environ |= {"RETAIL_SOURCE": folder, "RETAIL_DB": f"{folder}/retail.duckdb"}
    paths = ["--target-path", folder, "--log-path", folder]
    where = ["--project-dir", PROJECT, "--profiles-dir", PROJECT]
    dbtRunner().invoke(["--quiet", "parse", *paths, *where])
