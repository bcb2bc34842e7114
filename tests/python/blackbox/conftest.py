"""One shop for the package, built by the daily job, and commands run on it or on copies of it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, sync_playwright

import servers
from blackbox import saved, shop
from blackbox.commands import COMMANDS, ENVIRONMENTS
from blackbox.receivers import Receivers

PROJECT = Path(__file__).parents[3]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SETTINGS = ("RETAIL_", "ALERT_", "DBT_", "PREFECT_", "SPARK_", "MAKE", "MFLAGS")
"""Beginnings of the variables that commands listen to."""
FAR_FUTURE = "2099-12-31"
Done = subprocess.CompletedProcess[str]
Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Place:
    """A folder with a source, the DuckDB file built from it, and all else that commands write."""

    folder: Path
    dbt_files: Path

    @property
    def source(self) -> Path:
        return self.folder / "shop.csv"

    @property
    def database(self) -> Path:
        return self.folder / "retail.duckdb"

    def environment(self) -> dict[str, str]:
        return clean_environment() | {
            "RETAIL_SOURCE": str(self.source),
            "RETAIL_DB": str(self.database),
            "RETAIL_CACHE": str(self.folder / "landed"),
            "DBT_TARGET_PATH": str(self.dbt_files),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "PREFECT_HOME": str(self.folder / "prefect"),
        }

    def run(self, name: str, settings: dict[str, str] | None = None, **words: object) -> Done:
        """Run a command of the table to its end."""
        return subprocess.run(
            command(name, **words),
            cwd=PROJECT,
            env=self.environment() | (settings or {}),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def must(self, name: str, settings: dict[str, str] | None = None, **words: object) -> str:
        """Run a command that has to end well; what it says on standard output."""
        done = self.run(name, settings, **words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, query: str, *parameters: object) -> Rows:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def statuses(self) -> dict[object, object]:
        return dict(self.ask("select incident_id, status from insights.incidents"))  # type: ignore[arg-type]

    def copy(self, folder: Path) -> Place:
        """The same in another folder: the database, and whatever lies beside it."""
        for file in filter(Path.is_file, self.folder.iterdir()):
            shutil.copyfile(file, folder / file.name)
        return replace(self, folder=folder)


def clean_environment() -> dict[str, str]:
    """The environment without settings that could make one machine's shop another one's."""
    return {key: v for key, v in os.environ.items() if not key.startswith(SETTINGS)}


def command(name: str, **words: object) -> list[str]:
    """A command of the table, with its words filled in."""
    known = {"bin": Path(sys.executable).parent}
    known |= {f"{name}_bin": bin_of(name) for name in ENVIRONMENTS}
    return [word.format(**known, **words) for word in COMMANDS[name]]


def bin_of(environment: str) -> Path:
    """The programs of an environment that stands apart; those of the tests where it is missing."""
    folder = PROJECT / ENVIRONMENTS[environment][0]
    return folder / "bin" if (folder / "ready").exists() else Path(sys.executable).parent


def needs(environment: str) -> pytest.MarkDecorator:
    """Skip without an environment that stands apart; continuous integration must have it."""
    folder, package = ENVIRONMENTS[environment]
    is_apart = bin_of(environment) == PROJECT / folder / "bin"
    is_there = is_apart or find_spec(package) is not None
    return pytest.mark.skipif(
        not is_there and "CI" not in os.environ,
        reason=f"{package} is not installed: there is no {folder}, which make makes",
    )


def the_line(done: Done) -> str:
    """The one line of a command that could not do its work."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


# ------------------------------------------------------------------------------------- places

Make = Callable[[str, Callable[[Place], object]], Place]


@pytest.fixture(scope="session")
def dbt_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt keeps of a project that it has read: for all places, of this process alone."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, dbt_files: Path) -> Make:
    """Make a place once, whichever process of the test run asks for it first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, fill: Callable[[Place], object]) -> Place:
        place, made = Place(shared / f"shop-{name}", dbt_files), shared / f"shop-{name}.made"
        with (shared / f"shop-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(place.folder, ignore_errors=True)
                place.folder.mkdir()
                fill(place)
                made.touch()
        return place

    return make


@pytest.fixture(scope="session")
def built(once: Make) -> Place:
    """The shop after the daily job; read only."""

    def fill(place: Place) -> None:
        shop.write(place.source)
        place.must("job")

    return once("built", fill)


@pytest.fixture(scope="session")
def by_hand(once: Make) -> Place:
    """The shop after `dbt build` and a run of detection; read only."""

    def fill(place: Place) -> None:
        shop.write(place.source)
        place.must("build")
        place.must("detect")

    return once("by-hand", fill)


@pytest.fixture(scope="session")
def as_of(built: Place, once: Make) -> Place:
    """The shop as it would have been on the first day of its slump; read only."""

    def fill(place: Place) -> None:
        built.copy(place.folder)
        place.must("detect as of", day=shop.SLUMP)

    return once("as-of", fill)


@pytest.fixture(scope="session")
def answered(built: Place, once: Make) -> Place:
    """The shop after people have answered four of five incidents, and one more run; read only."""

    def fill(place: Place) -> None:
        built.copy(place.folder)
        place.must("acknowledge", id=saved.OUTAGE)
        place.must("snooze", id=saved.RETURNS, day=FAR_FUTURE)
        place.must("label", id=saved.GERMAN_DAY, verdict="false")
        place.must("label", id=saved.RUSH, verdict="real")
        place.must("detect")

    return once("answered", fill)


@pytest.fixture
def own(built: Place, tmp_path: Path) -> Place:
    """A copy of the shop to do anything with."""
    return built.copy(tmp_path)


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    with servers.web() as web, servers.mail() as mail:
        yield Receivers(web, mail)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and "CI" not in os.environ:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    assert found, "continuous integration has no Chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
