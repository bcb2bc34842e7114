"""Commands in forks of a process that has imported dbt and the project's packages already.

Most of what a short command of a test takes is the import of its libraries, and what dbt makes for
its first parse, and that parse. `make test-full` starts the commands of a `Shop` anew, as people
do; so do the tests of signals and black boxes, always.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from unittest.mock import patch

PRELOADED = (
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "dbt.task.build",
    "retail.commands.run",
    "retail.commands.detect",
    "retail.commands.report",
    "retail.commands.alerts",
    "retail.commands.source",
    "retail.commands.simulate",
    "warmed",
)
PATIENCE = 600.0


def start(
    words: Sequence[str], cwd: Path, environment: Mapping[str, str], out: Path, err: Path
) -> ForkServerProcess:
    """Start `dbt …`, or a package of the project with its words, in a process of its own.

    Args:
        words: the command and what follows it.
        cwd: where it is started.
        environment: all of its variables.
        out: gets its standard output, after what is there.
        err: gets its standard error; may be the same file.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    # Where `warmed` is, and before what is installed the code of this checkout.
    paths = (str(Path(__file__).parent), os.environ.get("PYTHONPATH", ""))
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths))):
        forkserver.ensure_running()
    given = (list(words), str(cwd), dict(environment), (str(out), str(err)))
    job = context.Process(target=_become, args=given)
    job.start()
    return job


def ended(job: ForkServerProcess) -> int:
    """Wait for a job; returns its exit code, negative where a signal ended it."""
    job.join(PATIENCE)
    code = job.exitcode
    if code is None:
        job.kill()
    assert code is not None, "a job did not end"
    job.close()
    return code


def run(
    words: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        code = ended(start(words, cwd, environment, out, err))
        return subprocess.CompletedProcess(list(words), code, out.read_text(), err.read_text())


def _become(words: list[str], cwd: str, environment: dict[str, str], said: tuple[str, str]) -> None:
    """In the new process: become the command."""
    for number, path in enumerate(said, start=1):
        with Path(path).open("ab", buffering=0) as file:
            os.dup2(file.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    importlib.import_module("warmed").hand_on(Path(cwd), environment)
    sys.argv = words
    if words[0] == "dbt":
        from dbt.cli.main import cli  # type: ignore[attr-defined]

        cli()
    else:
        logging.getLogger().handlers.clear()  # dbt's, which it adds where it is imported first
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
