"""README and the models' own documentation, held against what is there."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from conftest import PROJECT, Shop
from retail.jobs.daily import operations

README = (PROJECT / "README.md").read_text(encoding="utf-8")
MODEL_FILES = sorted((PROJECT / "models").rglob("*.yml"))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands() -> list[str]:
    """Every command line in README's shell blocks, without its comment."""
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


def example_queries() -> Iterator[tuple[str, str]]:
    for number, query in enumerate(blocks(README, "sql")):
        yield f"README {number}", query
    for path in MODEL_FILES:
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            for query in blocks(model["description"], "sql"):
                yield model["name"], query


@pytest.fixture(scope="module")
def database(detected: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session's shop after a run of the daily job."""
    path = tmp_path_factory.mktemp("readme") / "retail.duckdb"
    shutil.copyfile(detected.database, path)
    operations.write(path, [])
    return path


@pytest.mark.parametrize(("where", "query"), list(example_queries()))
def test_every_example_query_runs(database: Path, where: str, query: str) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute(query).description, where


def test_every_model_has_an_example_query() -> None:
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    assert models == {where for where, _ in example_queries() if not where.startswith("README")}


def test_every_table_named_is_there_and_every_mart_is_named(database: Path) -> None:
    rows = re.findall(r"^\| (?:`\w+`(?:, )?)* ?\| (`.*?) \|", README, flags=re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    with duckdb.connect(str(database), read_only=True) as connection:
        query = "select table_name from information_schema.tables"
        there = {name for (name,) in connection.execute(query).fetchall()}
    marts = {path.stem for path in (PROJECT / "models/marts").rglob("*.sql")}
    assert marts <= named, marts - named
    assert named <= there, named - there


def test_the_kpi_table_is_that_of_the_yaml(shop: Shop) -> None:
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        kpis = connection.execute(
            "select kpi, description, owner, cadence from marts.dim_kpis"
        ).fetchall()
    expected = {f"| `{kpi}` | {what} | {owner} | {cadence} |" for kpi, what, owner, cadence in kpis}
    assert len(expected) == 15
    assert {line for line in README.splitlines() if line in expected} == expected


def test_the_kpi_example_is_accepted_as_it_stands() -> None:
    (example,) = [block for block in blocks(README, "yaml") if "metrics:" in block]
    (kpi,) = yaml.safe_load(example)["metrics"]
    assert kpi == yaml.safe_load((PROJECT / "tests/python/new_kpi.yml").read_text())["metrics"][0]


def test_every_make_target_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {"run", "test"} <= named <= targets


@functools.cache
def help_of(module: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("command", [c for c in commands() if " -m " in c])
def test_every_module_named_is_there(command: str) -> None:
    words = command.split(" -m ")[1].split()
    options = [word for word in words[1:] if word.startswith("--")]
    shown = help_of(words[0])
    assert shown.startswith("usage:")
    assert all(option in shown for option in options)


@pytest.mark.parametrize("setting", sorted(set(re.findall(r"`(RETAIL_\w+)`", README))))
def test_every_setting_named_is_read(setting: str) -> None:
    found = subprocess.run(
        ["git", "grep", "-l", setting, "--", "python", "profiles.yml"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (PROJECT / link).exists()


def test_no_placeholder_is_left() -> None:
    assert not re.findall(r"^[A-Z_]{5,}$", README, flags=re.MULTILINE)
