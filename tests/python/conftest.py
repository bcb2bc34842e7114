"""A built shop for the whole test run, and the means to build others."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

import prefork
from orders import small_shop, write
from retail.console.logs import OURS

PROJECT = Path(__file__).parents[2]
DBT = Path(sys.executable).with_name("dbt")
SIMULATED_DAYS = 150
FULL = bool(os.environ.get("RETAIL_TEST_FULL"))
"""Whether the slow forms are wanted too: `make test-full`."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make test-full` runs, and count it as deselected."""
    if FULL:
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("full")]


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
        return (
            {"DBT_LOG_LEVEL_FILE": "none"}
            | os.environ
            | {
                "RETAIL_SOURCE": self.source,
                "RETAIL_DB": str(self.database),
                "RETAIL_CACHE": str(self.folder / "landed"),
                "DBT_TARGET_PATH": str(self.folder / "target"),
                "DBT_LOG_PATH": str(self.folder / "logs"),
                "DBT_USE_COLORS": "false",
            }
        )

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def dbt(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(str(DBT), *words) if FULL else self._fork("dbt", *words)

    def build(self, *words: str) -> None:
        """Run `dbt build`, which has to end well."""
        done = self.dbt("build", *words)
        assert done.returncode == 0, done.stdout

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        is_module = words[0] == "-m" and not FULL
        return self._fork(*words[1:]) if is_module else self._run(sys.executable, *words)

    def _fork(self, *words: str) -> subprocess.CompletedProcess[str]:
        return prefork.run(words, self.project, self.environment())

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
    levels = {name: logging.getLogger(name).level for name in (*OURS, None)}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """A shell's background jobs do not hear it, and whoever runs the tests may be one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run: one for all workers of xdist."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Have one worker make what is in a folder; the others wait, and use it.

    Args:
        folder: below `shared`; made here.
        make: fills the folder. Where it fails, the next worker that asks tries anew.
    """
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def copied(shop: Shop, folder: Path) -> Shop:
    """Copy a built shop into a folder, for a test that changes it."""
    shutil.copytree(shop.folder, folder, dirs_exist_ok=True)
    source = Path(shop.source)
    if source.is_relative_to(shop.folder):
        source = folder / source.relative_to(shop.folder)
    return replace(shop, folder=folder, source=str(source))


@pytest.fixture(scope="session")
def shop_source(shared: Path) -> str:
    """The raw order lines that the session's shop is built from: the given ones, else simulated."""
    given = os.environ.get("RETAIL_SOURCE")
    if given:
        return str(Path(given).resolve())
    return str(once(shared / "simulated", _simulate) / "orders.csv")


def _simulate(folder: Path) -> None:
    out, days = folder / "orders.csv", str(SIMULATED_DAYS)
    subprocess.run(
        [sys.executable, "-m", "retail", "simulate", "--out", out, "--days", days],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="session")
def shop(shared: Path, shop_source: str) -> Shop:
    """The session's shop, built by `dbt build` with every data test and unit test; read only."""

    def make(folder: Path) -> None:
        Shop(PROJECT, folder, shop_source).build()

    return Shop(PROJECT, once(shared / "shop", make), shop_source)


@pytest.fixture(scope="session")
def shop_db(shop: Shop) -> Path:
    """The DuckDB file of the session's shop; read only."""
    return shop.database


@pytest.fixture(scope="session")
def detected(shared: Path, shop: Shop) -> Shop:
    """The session's shop after a run of detection, in a folder of its own; read only."""
    return _looked_at(shared / "detected", shop)


def _looked_at(folder: Path, shop: Shop) -> Shop:
    def make(folder: Path) -> None:
        own = replace(shop, folder=folder)
        shutil.copyfile(shop.database, own.database)
        done = own.python("-m", "detect", "--db", str(own.database), "--quiet")
        assert done.returncode == 0, done.stderr

    return replace(shop, folder=once(folder, make))


@pytest.fixture(scope="session")
def quick(shared: Path, request: pytest.FixtureRequest) -> Shop:
    """A simulated shop after a run of detection, for what holds of any shop; read only.

    In `make test-full`, and where no source is given, it is the session's.
    """
    if FULL or "RETAIL_SOURCE" not in os.environ:
        session: Shop = request.getfixturevalue("detected")
        return session
    source = str(once(shared / "simulated", _simulate) / "orders.csv")

    def make(folder: Path) -> None:
        Shop(PROJECT, folder, source).build("--exclude-resource-type", "unit_test")

    built = Shop(PROJECT, once(shared / "quick", make), source)
    return _looked_at(shared / "quick_detected", built)


@pytest.fixture(scope="session")
def small_built(shared: Path) -> Shop:
    """The shop of `orders.small_shop`, built by `dbt build` with every data test; read only."""

    def make(folder: Path) -> None:
        built = Shop(PROJECT, folder, str(write(folder / "shop.csv", small_shop())))
        built.build("--exclude-resource-type", "unit_test")

    folder = once(shared / "small", make)
    return Shop(PROJECT, folder, str(folder / "shop.csv"))


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
