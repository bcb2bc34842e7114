"""Run a Prefect server for as long as a schedule is served."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from retail.errors import RetailError

HOST = "127.0.0.1"
ADDRESS = "PREFECT_API_URL"
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.25
STOP_SECONDS = 20.0


@contextmanager
def some_server() -> Iterator[None]:
    """Start a server where the environment names none, and stop it at the end.

    Prefect's temporary server can run a flow, but schedules none. This one listens on this machine
    only.

    Raises:
        RetailError: it does not start.
    """
    if os.environ.get(ADDRESS):
        yield
        return
    port = _free_port()
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui"]
    server = subprocess.Popen(  # noqa: S603 - our own program, no shell
        [*command, "--host", HOST, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: the server goes when we are done with it
    )
    # Without this a plain `kill` before Prefect listens to it would leave the server behind.
    before = signal.signal(signal.SIGTERM, lambda *_: _leave(server))
    try:
        os.environ[ADDRESS] = f"http://{HOST}:{port}/api"
        _wait_for(server, f"http://{HOST}:{port}/api/health")
        yield
    finally:
        os.environ.pop(ADDRESS, None)
        server.terminate()
        server.wait()
        signal.signal(signal.SIGTERM, before)


def _leave(server: subprocess.Popen[bytes]) -> NoReturn:
    """End at once, with the server: to unwind a half-made event loop would only make noise."""
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=STOP_SECONDS)
    os._exit(0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(server: subprocess.Popen[bytes], address: str) -> None:
    """Wait until the server answers; this machine is never asked through a proxy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(address, timeout=1):
                return
        except OSError:
            time.sleep(PAUSE_SECONDS)
    raise RetailError(
        "Prefect's server does not start; `prefect server start` tells why, and PREFECT_API_URL "
        "names one that is there"
    )
