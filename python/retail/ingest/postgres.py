"""Read a table, or the rows of a query, from a PostgreSQL server, through its ADBC driver.

Every column is asked for as text, as `COPY … TO … CSV` writes it but for numbers of three decimals.
State and rows are those of one snapshot, so that a table that is written to meanwhile is read as it
was at one moment.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retail.ingest.errors import IngestError
from retail.ingest.fingerprint import Fingerprint
from retail.ingest.rows import copy
from retail.ingest.sources import SourceFile, find_table
from retail.ingest.workspace import open_duckdb
from retail.storage.errors import first_line
from retail.storage.quoting import identifier

CONNECT_SECONDS, STATEMENT_SECONDS = 10, 1800
INSTALL = "pip install 'adbc-driver-postgresql>=1.13,<2'"
TABLES = """
    select n.nspname, c.relname
    from pg_catalog.pg_class as c inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname != 'information_schema'
        and n.nspname not like 'pg\\_%'
    order by 1, 2
"""


@dataclass(frozen=True)
class Snapshot:
    """The rows that are asked for, as of one moment."""

    cursor: Any
    query: str
    names: tuple[str, ...]

    def fingerprint(self) -> Fingerprint:
        """What tells these rows from others: their bytes, number and sum of hashes."""
        state = f"""
            select count(*), coalesce(sum(octet_length(t::text)), 0),
                coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text
            from ({self.query}) as t
        """  # noqa: S608 - names quoted
        ((count, size, hashes),) = _ask(self.cursor, state)
        known = repr((self.names, count, hashes)).encode()
        return Fingerprint(int(size), checksum=hashlib.sha256(known).hexdigest())

    def export(self, connection: duckdb.DuckDBPyConnection, target: Path) -> None:
        """Write the rows into the Parquet file ``target``."""
        self.cursor.execute(self.query)
        connection.register("on_server", self.cursor.fetch_arrow())
        copy(connection, "select * from on_server", target)
        connection.unregister("on_server")


@contextmanager
def snapshot(source: SourceFile) -> Iterator[Snapshot]:
    """Have the rows of a source there as they are now.

    Raises:
        IngestError: the driver is not installed, no environment variable names the server, it can't
            be reached or refuses, or there is no such table; no message holds the address.
    """
    address = _address(source)
    dbapi = _driver(source)
    try:
        with dbapi.connect(address) as server, server.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read read only")
            cursor.execute(f"set statement_timeout = '{STATEMENT_SECONDS}s'")
            cursor.execute("set timezone = 'UTC'")
            cursor.execute("set datestyle = 'ISO'")
            yield _snapshot(cursor, source)
    except (dbapi.Error, duckdb.Error) as error:
        # What libpq says of an address that it can't read has all of it.
        said = first_line(error).replace(address, "…").replace(os.environ[str(source.server)], "…")
        raise IngestError(f"cannot read {source.label}: {said}") from None


def fingerprint(source: SourceFile) -> Fingerprint:
    """What the rows of a source are now.

    Raises:
        IngestError: as `snapshot`.
    """
    with snapshot(source) as rows:
        return rows.fingerprint()


def _address(source: SourceFile) -> str:
    given = os.environ.get(str(source.server), "")
    if not given:
        raise IngestError(
            f"{source.path} is a server that the environment variable {source.server} has to name: "
            "set it to postgresql://user:password@host/database"
        )
    if "connect_timeout" in given:
        return given
    mark = ("&" if "?" in given else "?") if "://" in given else " "
    return f"{given}{mark}connect_timeout={CONNECT_SECONDS}"


def _driver(source: SourceFile) -> Any:  # noqa: ANN401 - a module that may not be installed
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise IngestError(
            f"{source.label} is on PostgreSQL, whose driver is not installed: {INSTALL}"
        ) from error
    return dbapi


def _snapshot(cursor: Any, source: SourceFile) -> Snapshot:  # noqa: ANN401 - the driver's
    """Find the table, and the names of the columns."""
    if source.query:
        rows = f"(\n{source.query}\n)"
    else:
        tables = [(str(schema), str(name)) for schema, name in _ask(cursor, TABLES)]
        rows = ".".join(map(identifier, find_table(source, tables)))
    cursor.execute(f"select * from {rows} as t limit 0")  # noqa: S608 - quoted
    with open_duckdb() as connection:
        connection.register("none", cursor.fetch_arrow())
        names = tuple(connection.table("none").columns)
    columns = ", ".join(f"{_as_text(name)} as {identifier(name)}" for name in names)
    return Snapshot(cursor, f"select {columns} from {rows} as t", names)  # noqa: S608 - quoted


def _as_text(name: str) -> str:
    """SQL: a column as text; a number of three decimals gets a fourth, which no thousand has."""
    column = f"t.{identifier(name)}"
    number = f"{column}::text::numeric"
    text = f"{column}::text"
    # The inner case is reached by numbers alone: the order of a conjunction is the server's.
    return (
        f"case when pg_typeof({column})::text = 'numeric' then case when scale({number}) = 3 "
        f"then ({number} + 0.0000)::text else {text} end else {text} end"
    )


def _ask(cursor: Any, query: str) -> list[tuple[Any, ...]]:  # noqa: ANN401 - the driver's
    cursor.execute(query)
    with open_duckdb() as connection:
        connection.register("answer", cursor.fetch_arrow())
        return connection.table("answer").fetchall()
