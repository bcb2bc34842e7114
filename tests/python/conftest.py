"""A built shop for the whole test run, and the means to build others."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from console.logs import OURS

PROJECT = Path(__file__).parents[2]
DBT = Path(sys.executable).with_name("dbt")
SIMULATED_DAYS = 150
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_unconfigure() -> None:
    """Lets DuckDB go before the interpreter does, or it complains after pytest's closing line."""
    # Hypothesis leaves a callback in the collector, and with it whatever the callback can reach.
    gc.callbacks.clear()


@dataclass(frozen=True)
class Shop:
    """A project, and one folder for the DuckDB file it builds and all else that it writes."""

    project: Path
    folder: Path
    source: str

    @property
    def database(self) -> Path:
        return self.folder / "retail.duckdb"

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "RETAIL_SOURCE": self.source,
            "RETAIL_DB": str(self.database),
            "RETAIL_CACHE": str(self.folder / "landed"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_USE_COLORS": "false",
        }

    def dbt(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(str(DBT), *words)

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, *words)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.project,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command line that is told to be quiet stays so in its process: not in the next test."""
    levels = {name: logging.getLogger(name).level for name in OURS}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session")
def shop_source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The raw order lines that the session's shop is built from: the given ones, else simulated."""
    given = os.environ.get("RETAIL_SOURCE")
    if given:
        return str(Path(given).resolve())
    path = tmp_path_factory.mktemp("source") / "orders.csv"
    subprocess.run(
        [sys.executable, "-m", "simulate", "--out", path, "--days", str(SIMULATED_DAYS)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    return str(path)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, shop_source: str) -> Shop:
    """The session's shop, built by `dbt build` with every data test and unit test; read only."""
    shop = Shop(PROJECT, tmp_path_factory.mktemp("shop"), shop_source)
    built = shop.dbt("build")
    assert built.returncode == 0, built.stdout
    return shop


@pytest.fixture(scope="session")
def shop_db(shop: Shop) -> Path:
    """The DuckDB file of the session's shop; read only."""
    return shop.database


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and "CI" not in os.environ:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    assert found, "continuous integration has no Chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
