"""Two users of one group in one folder, and a project that neither may write to."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT
from orders import small_shop, write
from retail.storage import feedback_file, run_log
from retail.storage.publish import only_one_at_work

ANN, BOB, TEAM = 54_001, 54_002, 54_000
"""Ids that no account has."""
# What Python and the project are read from may be closed to them; what they write is not.
CAN_READ = "-all,+dac_read_search"
CAPABILITIES = [f"--{kind}={CAN_READ}" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
STAGED = """
import logging, sys
from pathlib import Path
from retail.storage.publish import staged_build
import duckdb
logging.basicConfig(level="WARNING", format="%(message)s")
with staged_build(Path(sys.argv[1]), lambda _, __: None) as copy:
    duckdb.connect(str(copy)).execute("create or replace table t as select 1 as a").close()
    print("at work", flush=True)
    if len(sys.argv) > 2:
        sys.stdin.read()
"""
FEEDBACK = """
import sys
from pathlib import Path
from retail.storage.feedback_file import Addition, add
from retail.storage.location import share_with_group
share_with_group(Path(sys.argv[1]).parent)
add(Path(sys.argv[1]), [Addition("said", {"by": "text"}, [(sys.argv[2],)])])
"""

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can be several users"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that both can reach, which is nobody's yet."""
    with tempfile.TemporaryDirectory(prefix="team-") as made:
        yield Path(made)


def as_user(user: int, folder: Path, *command: str) -> list[str]:
    """A command as another user runs it, whose files are closed to all others by its umask."""
    who = [f"--reuid={user}", f"--regid={user}", f"--groups={TEAM}", *CAPABILITIES]
    shell = ["sh", "-c", 'umask 077; exec "$0" "$@"', sys.executable, *command]
    settings = {
        "HOME": str(folder), "PATH": os.environ["PATH"], "RETAIL_DB": str(folder / "shop.duckdb"),
        "RETAIL_SOURCE": str(folder / "shop.csv"),
    }  # fmt: skip
    return ["setpriv", *who, "env", "-i", *(f"{k}={v}" for k, v in settings.items()), *shell]


def run(user: int, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        as_user(user, folder, *command), cwd=PROJECT, capture_output=True, text=True, check=False
    )


def refused_to(user: int, act: Callable[[], object]) -> str:
    """What this process refuses to somebody else, without any right of root; empty for nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            act()
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as said:  # noqa: PTH123 - a pipe
        answer = said.read().decode()
    os.waitpid(child, 0)
    return answer


def build(database: Path) -> None:
    with only_one_at_work(database):
        pass


def test_a_lock_that_another_account_left_behind_is_taken_over_or_named(folder: Path) -> None:
    database = folder / "shop.duckdb"
    lock = folder / ".shop.duckdb.lock"
    folder.chmod(0o777)
    before = os.umask(0o077)
    try:
        assert refused_to(ANN, lambda: build(database)) == ""
        with only_one_at_work(folder / "held.duckdb"):
            held = refused_to(BOB, lambda: build(folder / "held.duckdb"))
    finally:
        os.umask(before)
    assert held.startswith("StorageError: another program is at work on ")
    assert refused_to(BOB, lambda: build(database)) == ""
    assert lock.stat().st_uid == BOB
    lock.chmod(0o600)  # as earlier versions left it
    named = f"StorageError: {lock} is of the user {BOB}, who may remove it; share the folder with"
    assert refused_to(ANN, lambda: build(database)).startswith(named)
    lock.chmod(0o644)
    folder.chmod(0o1777)
    assert refused_to(ANN, lambda: build(database)).startswith(named)
    folder.chmod(0o755)
    assert "permission denied; make room or allow" in refused_to(ANN, lambda: build(database))


def test_two_users_of_a_group_take_turns_beside_a_project_that_is_read_only(folder: Path) -> None:
    os.chown(folder, 0, TEAM)
    folder.chmod(0o2770)
    shutil.chown(write(folder / "shop.csv", small_shop()), group=TEAM)
    for user, words in ((ANN, []), (BOB, ["--force"]), (ANN, [])):
        done = run(user, folder, "-m", "retail", "run", *words)
        assert done.returncode == 0, done.stderr
        assert "can't be noted" not in done.stderr
    for user in (BOB, ANN):
        said = run(user, folder, "-c", FEEDBACK, str(folder / "shop.duckdb"), str(user))
        assert said.returncode == 0, said.stderr
    assert feedback_file.read(folder / "shop.duckdb", "said") == [{"by": "54002"}, {"by": "54001"}]
    assert [path for path in PROJECT.iterdir() if path.stat().st_uid in (ANN, BOB)] == []
    made = [path for path in folder.rglob("*") if path.name != "shop.csv"]
    closed = [path.name for path in made if not path.stat().st_mode & stat.S_IWGRP]
    assert closed == []
    runs = run_log.read(folder / "shop.duckdb")
    assert [run.whole.status for run in runs] == ["finished"] * 3


def test_what_another_account_left_behind_is_named_and_does_not_block(folder: Path) -> None:
    folder.chmod(0o777)
    database = folder / "shop.duckdb"
    killed = subprocess.Popen(
        as_user(ANN, folder, "-c", STAGED, str(database), "wait"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert killed.stdout
    assert killed.stdout.readline() == "at work\n"
    refused = run(BOB, folder, "-c", STAGED, str(database))
    assert "another program is at work on" in refused.stderr.splitlines()[-1]
    killed.kill()
    killed.communicate()
    left = folder / ".building-shop.duckdb"
    assert left.stat().st_uid == ANN
    done = run(BOB, folder, "-c", STAGED, str(database))
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        f"{left} is of a killed run of the user {ANN}, who may remove it; it does no harm"
    ]
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
    assert run(ANN, folder, "-c", STAGED, str(database)).returncode == 0
    assert not left.exists()
