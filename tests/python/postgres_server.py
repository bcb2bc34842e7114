"""A PostgreSQL server of Debian's packages, on a socket of its own, while a block lasts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
"""Where Debian keeps what is not in PATH."""


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server, and give its address; skip the test where there is no PostgreSQL."""
    found = shutil.which("initdb", path=os.pathsep.join([*map(str, PROGRAMS), os.environ["PATH"]]))
    if not found:
        if "CI" in os.environ:
            pytest.fail("no PostgreSQL here: .ci/run installs it")
        pytest.skip("no PostgreSQL here (Debian: apt-get install postgresql)")
    # A server refuses to run as root, and a socket's path may have 107 characters.
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        if user:
            shutil.chown(folder, "nobody", "nogroup")
        place, programs = Path(folder), Path(found).resolve().parent

        def run(program: str, *words: str) -> None:
            command = [str(programs / program), "-D", str(place / "data"), *words]
            ended = subprocess.run(
                command, cwd=place, capture_output=True, text=True, check=False, **user
            )  # type: ignore[call-overload]
            assert ended.returncode == 0, ended.stdout + ended.stderr

        run("initdb", "-U", "shop", "--auth=trust", "-E", "UTF8", "--no-sync")
        options = f"-k {place} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-o", options, "-l", str(place / "log"), "-w", "start")
        try:
            yield f"postgresql:///postgres?host={place}&user=shop"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
