"""dbt-duckdb plugin: dbt builds in a private copy of the DuckDB file, published if all went well.

In profiles.yml, before other plugins:

    plugins:
      - module: warehouse.all_or_nothing

Commands that only read open the published file read-only, or an empty one where there is none.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dbt import flags
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.factory import cleanup_connections
from dbt.cli.exceptions import ExceptionExit
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from retail.storage.errors import StorageError
from retail.storage.publish import COPY_VARIABLE, as_before, is_private, private_copy
from retail.storage.quoting import identifier, literal

NOT_A_FILE = (":memory:", "md:")
SCHEMAS = frozenset(
    {
        "raw",
        "staging",
        "intermediate",
        "marts",
        "seeds",
        "insights",
        "operations",
        "main",
        "temp",
        "system",
    }
)
UNQUOTED = frozenset("'\";\\")
"""Signs in the name of a database that dbt's own queries would stumble over."""
OTHERS = "insights"
"""The schema of the file that dbt does not write."""
WRITES = frozenset({"build", "clone", "run", "run-operation", "seed", "snapshot"})
LOOKS_AT_RAW_DATA = frozenset({"freshness"})
"""Commands that want the raw files as they are now, and keep nothing."""
OVER = "CommandCompleted"
"""What dbt says at the very end of a command, however it ends, and whether it ended well."""


class Plugin(BasePlugin):
    """Decides which file dbt opens, and what becomes of it when the command is over."""

    def initialize(self, plugin_config: Mapping[str, Any]) -> None:
        """Choose the file by the command.

        Raises:
            StorageError: another program is at work on the file, it can't be read, or its name
                is that of a schema in it, or one that dbt can't write into a query.
        """
        # A full disk stops dbt's own log, too: traces of that would bury the line that counts.
        logging.raiseExceptions = False
        self._read_only = False
        if self.creds is None or self.creds.path.startswith(NOT_A_FILE):
            return
        self.creds.path = os.environ.get(COPY_VARIABLE) or self.creds.path
        database = Path(self.creds.path)
        _refuse_an_unusable_name(database)
        if is_private(database):
            return
        if _writes() or _command() in LOOKS_AT_RAW_DATA:
            self._lend(private_copy(database, _bring_over), to_publish=_writes())
        elif database.is_file():
            self._read_only = True
        else:
            self._lend(_empty(database), to_publish=False)

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Open the published file read-only where nothing is to be written."""
        if self._read_only:
            config["access_mode"] = "READ_ONLY"

    def _lend(self, lending: AbstractContextManager[Path], *, to_publish: bool) -> None:
        """Have dbt open another file until the command is over."""
        assert self.creds is not None
        credentials, given = self.creds, self.creds.path
        end = ExitStack()
        credentials.path = str(end.enter_context(lending))

        def when_over(message: EventMsg) -> None:
            if message.info.name == OVER:
                credentials.path = given
                _let_go()
                if to_publish:
                    _publish(end, message, Path(given))
                else:
                    _take_back(end)

        add_callback_to_manager(when_over)


class _UnwantedError(Exception):
    """Nobody wants what is in a private copy."""


def _take_back(lent: ExitStack, error: Exception | None = None) -> None:
    error = error or _UnwantedError()
    lent.__exit__(type(error), error, None)


def _publish(lent: ExitStack, message: EventMsg, database: Path) -> None:
    """Publish what a command built, if it ended well.

    Raises:
        ExceptionExit: it ended well, but can't be published; dbt ends with another exit code.
    """
    try:
        if message.data.success:
            _refuse_to_go_on(message.data.command)
            lent.close()
            return
    except StorageError as error:
        _take_back(lent, error)
        _say(f"nothing was published: {error}")
        raise ExceptionExit(error) from error
    why = as_before(database)
    try:
        _take_back(lent)
    except StorageError as error:
        why = str(error)
    _say(f"nothing was published: {why}")


def _refuse_to_go_on(command: str) -> None:
    """A build that failed has left nothing: what `dbt retry` adds would be half of the tables."""
    if command.split()[-1] == "retry":
        raise StorageError("dbt retry has nothing to go on from; run the whole command again")


def _say(line: str) -> None:
    fire_event(Note(msg=line), EventLevel.ERROR)


def _let_go() -> None:
    """Close the file: dbt keeps its connection for as long as the process lives."""
    cleanup_connections()  # type: ignore[no-untyped-call]
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


# ------------------------------------------------------------------------------ which file


def _command() -> str:
    return str(getattr(flags.GLOBAL_FLAGS, "WHICH", ""))


def _writes() -> bool:
    """Say whether the command may write tables; tests do where they keep what they found."""
    keeps = _command() == "test" and getattr(flags.GLOBAL_FLAGS, "STORE_FAILURES", False)
    return keeps or _command() in WRITES


@contextmanager
def _empty(database: Path) -> Iterator[Path]:
    """Lend an empty file of the same name."""
    with tempfile.TemporaryDirectory(prefix=f"{database.name}-") as folder:
        yield Path(folder) / database.name


def _bring_over(published: Path, copy: Path) -> None:
    """Replace the findings in a copy, which dbt does not write, by those in the published file."""
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"attach {literal(published)} as published (read_only)")
        of_published = "where database_name = 'published' and schema_name = ?"
        tables, views = (
            connection.execute(
                f"select {column} from {catalogue}() {of_published}",  # noqa: S608 - constants
                [OTHERS],
            ).fetchall()
            for column, catalogue in (("table_name", "duckdb_tables"), ("sql", "duckdb_views"))
        )
        connection.execute("begin")
        connection.execute(f"drop schema if exists {OTHERS} cascade")
        connection.execute(f"create schema {OTHERS}")
        for (name,) in tables:
            table = f"{OTHERS}.{identifier(name)}"
            connection.execute(f"create table {table} as from published.{table}")
        for (view,) in views:
            connection.execute(view)
        connection.execute("commit")


def _refuse_an_unusable_name(database: Path) -> None:
    """DuckDB names a database after its file."""
    if database.stem in SCHEMAS:
        raise StorageError(
            f"{database} has the name of a schema in it; give RETAIL_DB another file name"
        )
    if not UNQUOTED.isdisjoint(database.stem) or not database.stem.isprintable():
        raise StorageError(
            f"{database} has a quotation mark, semicolon, backslash or control character in its "
            "name, which dbt can't handle; give RETAIL_DB another file name (folders may have any)"
        )
