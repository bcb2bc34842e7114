"""Start a Spark in this process, or join one: what dbt's `session` method then finds.

Sail speaks Spark Connect and needs no Java; PySpark is Apache Spark itself, on this machine's JVM.
"""

from __future__ import annotations

import os
import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from retail.errors import RetailError
from retail.jobs.daily.build import environment
from retail.storage.errors import first_line

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DRIVER_MEMORY = "4g"
REMOTE_VARIABLE = "SPARK_REMOTE"
METHOD_VARIABLE = "RETAIL_SPARK_METHOD"
CONNECT_PORT = 15002
"""Where Spark Connect listens by default."""
CONNECT_SECONDS = 10
Kind = Literal["sail", "spark", "connect", "cluster"]


@dataclass(frozen=True)
class Engine:
    """What builds the tables; `workers` is of Sail alone, `address` of Spark Connect."""

    kind: Kind
    workers: int = 0
    address: str = ""


def read(words: str) -> Engine:
    """Read the name of an engine.

    Args:
        words: `sail`, `sail:N` with N workers, `spark`, `sc://HOST:PORT`, or `cluster` for what
            RETAIL_SPARK_METHOD and its like say.

    Raises:
        RetailError: there is no such engine.
    """
    sail = re.fullmatch(r"sail(?::([1-9][0-9]?))?", words)
    if sail:
        return Engine("sail", workers=int(sail[1] or 0))
    if words.startswith("sc://"):
        return Engine("connect", address=words)
    if words == "spark":
        return Engine("spark")
    if words == "cluster":
        return Engine("cluster")
    raise RetailError(
        f"there is no engine {words!r}; "
        "say sail, sail:N (with N workers), spark, sc://HOST:PORT or cluster"
    )


@contextmanager
def running(engine: Engine, scratch: Path) -> Iterator[None]:
    """Have the engine there for as long as the block lasts.

    Raises:
        RetailError: it is not installed, does not start, or can't be reached.
    """
    match engine.kind:
        case "sail":
            with _sail(engine.workers) as address, _session(address):
                yield
        case "connect":
            with _session(engine.address):
                yield
        case "spark":
            with _jvm(scratch):
                yield
        case "cluster" if (os.environ.get(METHOD_VARIABLE) or "session") == "session":
            with _session(_remote()):
                yield
        case "cluster":
            yield


def _remote() -> str:
    """Where the cluster is; without it dbt would start a Spark of its own in this folder."""
    address = os.environ.get(REMOTE_VARIABLE, "")
    if not address:
        raise RetailError(
            f"which cluster? Set {METHOD_VARIABLE} to thrift or http and RETAIL_SPARK_HOST to its "
            f"name, or {REMOTE_VARIABLE} to sc://HOST:PORT"
        )
    return address


@contextmanager
def _sail(workers: int) -> Iterator[str]:
    """Run Sail's server in this process, on a port of this machine alone; gives its address."""
    try:
        from pysail.spark import SparkConnectServer
    except ImportError as error:
        raise _not_installed("Sail") from error
    cluster = {
        "SAIL_MODE": "local-cluster",
        "SAIL_CLUSTER__WORKER_INITIAL_COUNT": str(workers),
        "SAIL_CLUSTER__WORKER_MAX_COUNT": str(workers),
        # All parts of a statement start together: a KPI table is a union of fifteen.
        "SAIL_CLUSTER__WORKER_TASK_SLOTS": "64",
        # Partitions of every step, or the planner would count the driver's cores alone.
        "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(2 * workers),
    }
    quiet = {"RUST_LOG": os.environ.get("RUST_LOG", "off")}
    with environment(**quiet, **(cluster if workers else {})):
        server = SparkConnectServer()
        server.start()
        host, port = server.listening_address
        try:
            yield f"sc://{host}:{port}"
        finally:
            server.stop()


@contextmanager
def _session(address: str) -> Iterator[None]:
    """Join a Spark Connect server; dbt, in the same process, finds this very session."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise _not_installed("PySpark") from error
    _check_reachable(address)
    with environment(**{REMOTE_VARIABLE: address}), warnings.catch_warnings():
        # dbt-spark asks for Hive's catalogue before every statement; a server has the one it has.
        warnings.filterwarnings("ignore", "Failed to set spark.sql.catalogImplementation")
        try:
            session = SparkSession.builder.remote(address).getOrCreate()
            session.sql("select 1").collect()
        except Exception as error:  # whatever the network and gRPC raise
            raise RetailError(f"no Spark at {address}: {first_line(error)}") from error
        with _stopped_afterwards(session):
            yield


def _check_reachable(address: str) -> None:
    """Look whether anybody is there: Spark Connect itself would try for ten minutes."""
    try:
        parts = urlsplit(address)
        if not parts.hostname:
            raise ValueError("it names no host")
        where = parts.hostname, parts.port or CONNECT_PORT
        socket.create_connection(where, timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise RetailError(f"no Spark at {address}: {first_line(error)}") from error


@contextmanager
def _jvm(scratch: Path) -> Iterator[None]:
    """Run Apache Spark in a JVM beside this process, its catalogue in memory."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise _not_installed("PySpark") from error
    builder = SparkSession.builder.master("local[*]").appName("ecommerce-analytics")
    for name, value in _jvm_settings(scratch).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # py4j's, when the JVM is not there or dies
        raise RetailError(
            f"Spark did not start ({first_line(error)}); it wants Java 17 "
            "(Debian: apt-get install openjdk-17-jre-headless), or take --engine sail"
        ) from error
    session.sparkContext.setLogLevel("ERROR")
    with _stopped_afterwards(session):
        yield


def _jvm_settings(scratch: Path) -> dict[str, str]:
    return {
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Derby's metastore takes one process at a time and leaves folders.
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(scratch),
        "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


@contextmanager
def _stopped_afterwards(session: SparkSession) -> Iterator[None]:
    try:
        yield
    finally:
        session.stop()


def _not_installed(what: str) -> RetailError:
    return RetailError(
        f"{what} is not installed; `make run-spark` installs it, and pip as this project's [spark]"
    )
