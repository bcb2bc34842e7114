"""The documented way without make: pip, dbt and detect as typed, in a fresh environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT
from orders import small_shop, write

SECONDS = 1800


def lines() -> list[str]:
    """Read the commands of the block that begins with pip."""
    text = (PROJECT / "docs/by-hand.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sh\n(pip install.*?)```", text, re.DOTALL)
    return [line.partition("  #")[0].strip() for line in block.splitlines()]


def test_the_page_says_how_to_do_without_make() -> None:
    assert lines() == [
        "pip install -r requirements.txt && pip install -e .",
        "dbt build",
        "python -m detect",
    ]


@pytest.mark.full
def test_what_the_page_says_gives_tables_and_findings(tmp_path: Path) -> None:
    """A copy of the tracked files, an environment that holds nothing, and the lines as they are."""
    project = tmp_path / "project"
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in tracked:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, project / name)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    source = write(tmp_path / "shop.csv", small_shop())
    dropped = ("RETAIL_", "DBT_", "PYTHON", "COV", "VIRTUAL_ENV")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(dropped)} | {
        "PATH": f"{tmp_path / 'venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "RETAIL_SOURCE": str(source),
    }
    for line in lines():
        done = subprocess.run(  # noqa: S602 - the page's own words
            line, shell=True, cwd=project, env=environment, timeout=SECONDS,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    with duckdb.connect(str(project / "retail.duckdb"), read_only=True) as connection:
        assert connection.execute("select status from insights.runs").fetchall() == [("finished",)]
        ((kpis,),) = connection.execute("select count(*) from marts.fct_kpis_daily").fetchall()
    assert kpis > 0
