"""Spark servers in a process of their own on this machine, and the settings that lead to them."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = "127.0.0.1"
STARTS_WITHIN = 180.0
THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
SETTINGS = {
    "spark.driver.host": HERE,
    "spark.driver.bindAddress": HERE,
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
}
HTTP_PATH = "sql/protocolv1/o/0/shop"
"""Where dbt-spark's method `http` looks for the cluster `shop`."""
Way = tuple[list[str], dict[str, str]]
"""The command of a server, and the environment of those who are to use it."""


@contextmanager
def serving(kind: str, python: str, folder: Path) -> Iterator[dict[str, str]]:
    """Run a server for as long as the block lasts; gives the environment that leads to it."""
    port = _free_port()
    command, settings = KINDS[kind](Path(python), port, folder)
    # Spark finds itself by this Python, and leaves files where it is started.
    environment = os.environ | {"PYSPARK_PYTHON": python}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder / "server.log")
        yield settings
    finally:
        server.terminate()
        server.wait(60)


def _sail(python: Path, port: int, _: Path) -> Way:
    command = [str(python.with_name("sail")), "spark", "server", "--ip", HERE, "--port", str(port)]
    return command, {"SPARK_REMOTE": f"sc://{HERE}:{port}"}


def _connect(python: Path, port: int, _: Path) -> Way:
    where = {"spark.connect.grpc.binding.address": HERE, "spark.connect.grpc.binding.port": port}
    return _submit(python, CONNECT, where), {"SPARK_REMOTE": f"sc://{HERE}:{port}"}


def _thrift(python: Path, port: int, _: Path) -> Way:
    where = {"bind.host": HERE, "port": port}
    prefixed = {f"spark.hadoop.hive.server2.thrift.{key}": value for key, value in where.items()}
    return _submit(python, THRIFT, prefixed), _method("thrift", HERE, port)


def _http(python: Path, port: int, folder: Path) -> Way:
    """The same over HTTPS, which is all that dbt-spark speaks, with a certificate made for it."""
    store, certificate = folder / "store.p12", folder / "certificate.pem"
    key = ["-alias", "shop", "-keystore", str(store), "-storepass", "changeit"]
    made = ["-genkeypair", "-keyalg", "RSA", "-dname", "CN=localhost", "-ext", "SAN=dns:localhost"]
    written = ["-exportcert", "-rfc", "-file", str(certificate)]
    for words in (made, written):
        subprocess.run(["keytool", *words, *key], check=True, capture_output=True)
    where = {
        "transport.mode": "http",
        "thrift.bind.host": HERE,
        "thrift.http.port": port,
        "thrift.http.path": HTTP_PATH,
        "use.SSL": "true",
        "keystore.path": store,
        "keystore.password": "changeit",
    }
    prefixed = {f"spark.hadoop.hive.server2.{key}": value for key, value in where.items()}
    trusted = {"SSL_CERT_FILE": str(certificate), "DBT_ENV_SECRET_SPARK_TOKEN": "any"}
    client = _method("http", "localhost", port) | {"RETAIL_SPARK_CLUSTER": "shop"} | trusted
    return _submit(python, THRIFT, prefixed), client


KINDS: dict[str, Callable[[Path, int, Path], Way]] = {
    "sail": _sail,
    "connect": _connect,
    "thrift": _thrift,
    "http": _http,
}


def _submit(python: Path, main: str, settings: dict[str, object]) -> list[str]:
    pairs = [f"{key}={value}" for key, value in (SETTINGS | settings).items()]
    chosen = [word for pair in pairs for word in ("--conf", pair)]
    command = [str(python.with_name("spark-submit")), "--master", "local[2]"]
    return [*command, "--driver-memory", "2g", *chosen, "--class", main, "spark-internal"]


def _method(name: str, host: str, port: int) -> dict[str, str]:
    prefix = "RETAIL_SPARK_"
    return {f"{prefix}METHOD": name, f"{prefix}HOST": host, f"{prefix}PORT": str(port)}


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as taken:
        return int(taken.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection((HERE, port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"no server came up:\n{log.read_text(errors='replace')[-2000:]}")
