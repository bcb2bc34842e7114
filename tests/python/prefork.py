"""Commands in forks of a process that has imported dbt and the project's packages already.

Most of what a short command of a test takes is the import of its libraries. `make test-full` starts
each command anew, as people do; so do the tests of signals, kills and black boxes, always.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PRELOADED = (
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "dbt.task.build",
    "detect.cli",
    "daily.cli",
    "report.cli",
    "alerts.cli",
)
TIMEOUT_SECONDS = 600.0


class Server:
    """A process that forks for each command; it ends when its owner does."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run `dbt …` or `-m package …` to its end."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            asked = {
                "words": list(words), "cwd": str(cwd), "env": dict(env),
                "out": str(out), "err": str(err),
            }  # fmt: skip
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(list(words), code, out.read_text(), err.read_text())

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def serve() -> int:
    """Read commands as lines of JSON, and answer each by its exit code."""
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            return _act(**asked)
        print(_ended(child), flush=True)
    return 0


def _ended(child: int) -> int:
    """Wait for a child; its exit code, negative where a signal ended it."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)


def _act(words: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> int:
    """Become the command."""
    for number, path in ((0, os.devnull), (1, out), (2, err)):
        os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    try:
        return _code(_command(words))
    except SystemExit as end:
        return _code(end.code)
    except BaseException:
        traceback.print_exc()
        return 1


def _command(words: list[str]) -> Any:  # noqa: ANN401 - whatever a command gives
    sys.argv = words
    if words[0] == "dbt":
        from dbt.cli.main import cli  # type: ignore[attr-defined]

        return cli()
    sys.argv = words[1:]
    logging.getLogger().handlers.clear()  # dbt's, which it adds where it is imported first
    return runpy.run_module(words[1], run_name="__main__", alter_sys=True) and 0


def _code(said: Any) -> int:  # noqa: ANN401 - whatever `sys.exit` was given
    """The exit code of what `sys.exit` was given."""
    if said is None or isinstance(said, int):
        return said or 0
    print(said, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(serve())
